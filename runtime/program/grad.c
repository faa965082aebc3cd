// `grad`: the loss and the gradients of one batch, for other programs to compare with.
#include <stdio.h>

#include "checkpoint/safetensors.h"
#include "program/batch.h"
#include "report/json.h"

static bool run(const NetrtContext *context, NetrtSession *session, NetrtBatch *batch, NetrtError *error) {
    NetrtEngine *engine = &session->engine;
    const NetrtOutput *loss = netrt_entry_metric(&context->program->entries[NETRT_GRADIENTS], "loss");
    const char *path = context->options.output;
    if (!netrt_batch_reserve(batch, engine, NETRT_GRADIENTS, error)) return false;
    if (!netrt_engine_run(engine, NETRT_GRADIENTS, batch->N, error)) return false;
    if (path && !netrt_vars_save(context->program, engine->vars, 1u << NETRT_GRADIENT, path, NULL, 0, error)) return false;
    fputs(context->options.json ? "{\"loss\":" : "loss ", stdout);
    netrt_json_number(stdout, netrt_engine_metric(engine, loss));
    puts(context->options.json ? "}" : "");
    if (path) fprintf(stderr, "saved the gradients in %s\n", path);
    return true;
}

int netrt_command_grad(const NetrtContext *context, NetrtError *error) {
    NetrtSession session;
    NetrtBatch batch;
    if (context->options.target && !context->options.input.count) {
        netrt_fail(error, "--target Y.npy needs --input X.npy beside it");
        return NETRT_USAGE;
    }
    if (!netrt_require_entry(context, NETRT_GRADIENTS, error)) return NETRT_FAILED;
    if (!netrt_session_open(context, NETRT_START_INITIAL, netrt_batch_splits(context), &session, error)) return NETRT_FAILED;
    bool ok = netrt_batch_open(context, &session, context->program->train.batch_size, &batch, error);
    if (ok) {
        ok = run(context, &session, &batch, error);
        netrt_batch_close(&batch);
    }
    netrt_session_close(&session);
    return ok ? NETRT_DONE : NETRT_FAILED;
}
