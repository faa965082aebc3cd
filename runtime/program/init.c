// `init`: the initial parameters of a seed, in a file.
#include <stdio.h>

#include "checkpoint/safetensors.h"
#include "program/session.h"
#include "report/json.h"

int netrt_command_init(const NetrtContext *context, NetrtError *error) {
    const char *path = context->options.output;
    if (!path) {
        netrt_fail(error, "init needs a file for the parameters: %s init -o W.safetensors", context->command);
        return NETRT_USAGE;
    }
    NetrtSession session;
    NetrtMeta metadata[] = {{"format", "pt"}, {"made_by", context->program->compiler}, {"source", context->program->source}};
    if (!netrt_session_open(context, NETRT_START_INITIAL, 0, &session, error)) return NETRT_FAILED;
    bool ok = netrt_vars_save(context->program, session.engine.vars, NETRT_SAVED_KINDS, path, metadata,
                              sizeof metadata / sizeof *metadata, error);
    netrt_session_close(&session);
    if (ok && context->options.json) {
        fputs("{\"saved\":", stdout);
        netrt_json_string(stdout, path);
        printf(",\"seed\":%lld}\n", (long long)context->options.seed);
    } else if (ok) fprintf(stderr, "saved %s (seed %lld)\n", path, (long long)context->options.seed);
    return ok ? NETRT_DONE : NETRT_FAILED;
}
