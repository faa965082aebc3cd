// The commands of a compiled program. Each returns the program's exit status; with 1 and 2 `error` says why, in one line.
#pragma once

#include "program/options.h"

typedef struct NetrtContext {
    const NetrtProgram *program;
    const char *command; // as the user typed it: "./mnist"
    const char *name;    // its last part: "mnist"
    NetrtOptions options;
} NetrtContext;

enum { NETRT_DONE = 0, NETRT_FAILED = 1, NETRT_USAGE = 2, NETRT_INTERRUPTED = 130 };

int netrt_command_train(const NetrtContext *context, NetrtError *error);
int netrt_command_test(const NetrtContext *context, NetrtError *error);
int netrt_command_predict(const NetrtContext *context, NetrtError *error);
int netrt_command_summary(const NetrtContext *context, NetrtError *error);
int netrt_command_init(const NetrtContext *context, NetrtError *error);
int netrt_command_grad(const NetrtContext *context, NetrtError *error);
int netrt_command_gradcheck(const NetrtContext *context, NetrtError *error);
int netrt_command_profile(const NetrtContext *context, NetrtError *error);

// Runs a program: `dispatch` reads the arguments and returns the exit status. Prints the error, if any.
typedef int NetrtDispatch(NetrtContext *context, int argc, char **argv, NetrtError *error);
int netrt_start(const NetrtProgram *program, int argc, char **argv, NetrtDispatch *dispatch);

// What main() of a program with a model does: finds the command (train when there is none), reads its options, runs it. Prints
// the error, if any.
int netrt_run(const NetrtProgram *program, int argc, char **argv);

// What main() of a calculator, a program without a model, does: computes, and prints what the text prints.
int netrt_calculate(const NetrtProgram *program, int argc, char **argv);

// False, with a message, if kernels that need `isa` cannot run on a machine that has `has` (NETRT_ISA_…).
bool netrt_isa_check(int isa, int has, NetrtError *error);
