// The table of commands, and how the one that was asked for is found and run.
#include "program/commands.h"

#include <stdio.h>
#include <string.h>

#include "report/suggest.h"
#include "threads/cpus.h"

typedef struct Command {
    const char *name;
    unsigned number;                                            // its bit in the table of options
    int (*run)(const NetrtContext *context, NetrtError *error); // NULL: not in this version
    const char *arguments, *help;
} Command;

static const Command commands[] = {
    {"train", NETRT_TRAIN, netrt_command_train, "", "trains, evaluates on the test set each epoch, saves the parameters"},
    {"test", NETRT_TEST, netrt_command_test, "", "loss, accuracy, per-class table and confusion matrix on the test set"},
    {"predict", NETRT_PREDICT_COMMAND, netrt_command_predict, " INPUT…",
     "a class and its probability for each input: PNG, PGM, .npy, an IDX file, or test:17"},
    {"summary", NETRT_SUMMARY, netrt_command_summary, "", "a table of layers: output shape, parameters, FLOPs, memory"},
    {"gradcheck", NETRT_GRADCHECK, netrt_command_gradcheck, "", "symbolic against numerical gradients, for each parameter"},
    {"grad", NETRT_GRAD, netrt_command_grad, " --input X.npy --target Y.npy -o G.safetensors",
     "loss and the gradient of every parameter for one batch"},
    {"init", NETRT_INIT_COMMAND, netrt_command_init, " -o W.safetensors", "the initial parameters"},
    {"profile", NETRT_PROFILE, netrt_command_profile, " [--inference]",
     "where a step's time goes: each kernel with its .net lines, time, GFLOP/s, bytes/s, share of the measured peak"},
    {"export", 0, NULL, NULL, NULL},
};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static void print_overview(const NetrtContext *context) {
    printf("%s: made from %s by %s\n\n", context->name, context->program->source, context->program->compiler);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (commands[i].run) printf("  %s %-10s %s\n", context->command, commands[i].name, commands[i].help);
    printf("\n%s alone trains. %s COMMAND --help lists the options of a command; these are train's:\n\n", context->command,
           context->command);
    netrt_options_help(NETRT_TRAIN);
}

static void print_help(const NetrtContext *context, const Command *command) {
    printf("%s %s%s\n    %s\n\n", context->command, command->name, command->arguments, command->help);
    netrt_options_help(command->number);
}

static const Command *find_command(const char *word, NetrtError *error) {
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, word) != 0) continue;
        if (commands[i].run) return &commands[i];
        netrt_fail(error, "%s is not in this version", word);
        return NULL;
    }
    const char *near = netrt_suggest(word, &commands[0].name, COMMAND_COUNT, sizeof *commands);
    if (near) netrt_fail(error, "unknown command \"%s\": did you mean %s?", word, near);
    else netrt_fail(error, "unknown command \"%s\": --help lists them", word);
    return NULL;
}

static int run_command(NetrtContext *context, const Command *command, int argc, char **argv, NetrtError *error) {
    const NetrtProgram *program = context->program;
    if (!netrt_options_parse(program, command->number, argc, argv, &context->options, error)) return NETRT_USAGE;
    if (context->options.help) {
        print_help(context, command);
        return NETRT_DONE;
    }
    if (context->options.argument_count > 0 && command->number != NETRT_PREDICT_COMMAND) {
        netrt_fail(error, "%s takes no argument \"%s\"", command->name, context->options.arguments[0]);
        return NETRT_USAGE;
    }
    if (command->number & NETRT_RUNS && !netrt_isa_check(program->isa, netrt_cpus_isa(), error)) return NETRT_USAGE;
    return command->run(context, error);
}

static int dispatch(NetrtContext *context, int argc, char **argv, NetrtError *error) {
    const char *word = argc > 1 ? argv[1] : NULL;
    if (word && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)) {
        print_overview(context);
        return NETRT_DONE;
    }
    if (word && strcmp(word, "--version") == 0) {
        printf("%s (%s, %s)\n", context->name, context->program->source, context->program->compiler);
        return NETRT_DONE;
    }
    if (!word || word[0] == '-') return run_command(context, &commands[0], argc > 0 ? argc - 1 : 0, argv + 1, error);
    const Command *command = find_command(word, error);
    return command ? run_command(context, command, argc - 2, argv + 2, error) : NETRT_USAGE;
}

int netrt_run(const NetrtProgram *program, int argc, char **argv) { return netrt_start(program, argc, argv, dispatch); }
