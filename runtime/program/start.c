// How every program begins and ends: the name it was called by, the version of its runtime, its one message of what went wrong.
#include <stdio.h>
#include <string.h>

#include "program/commands.h"
#include "threads/cpus.h"

bool netrt_isa_check(int isa, int has, NetrtError *error) {
    static const char *const march[] = {"x86-64", "x86-64-v3", "x86-64-v4"};
    if (isa <= has) return true;
    return netrt_fail(error, "needs %s, this machine has %s: compile it with netc on this machine, or with -march=%s",
                      netrt_isa_name(isa), netrt_isa_name(has), march[has]);
}

int netrt_start(const NetrtProgram *program, int argc, char **argv, NetrtDispatch *dispatch) {
    NetrtContext context = {.program = program, .command = argc > 0 ? argv[0] : program->name};
    const char *slash = strrchr(context.command, '/');
    context.name = slash && slash[1] ? slash + 1 : context.command;
    NetrtError error = {0};
    int status;
    if (program->abi == NETRT_ABI) {
        status = dispatch(&context, argc, argv, &error);
    } else {
        status = NETRT_FAILED;
        netrt_fail(&error, "was linked with the runtime of another version of netc: compile %s again", program->source);
    }
    if ((fflush(stdout) || ferror(stdout)) && status == NETRT_DONE) {
        status = NETRT_FAILED;
        netrt_fail(&error, "standard output could not be written");
    }
    if (error.message[0] && (status == NETRT_FAILED || status == NETRT_USAGE))
        fprintf(stderr, "%s: %s\n", context.name, error.message);
    return status;
}
