// Calculators: programs without a model. One entry computes everything that the text prints, then it is printed in order.
#include <stdio.h>
#include <string.h>

#include "program/commands.h"
#include "program/engine.h"
#include "report/tensor_text.h"
#include "threads/cpus.h"

static void print_piece(const NetrtEngine *engine, const NetrtPrint *piece) {
    fputs(piece->text, stdout);
    if (piece->result < 0) return;
    const NetrtOutput *output = &engine->program->entries[NETRT_CALCULATE].results[piece->result];
    NetrtTensor tensor = {netrt_engine_output(engine, output), output->dtype, output->rank, output->shape};
    if (piece->number) netrt_number_print(stdout, &tensor);
    else netrt_tensor_print(stdout, &tensor);
}

// How many pieces stand before the check that failed: Python would have printed them. Every kernel has run all the same.
static int64_t printed_before(const NetrtEngine *engine) {
    const NetrtProgram *program = engine->program;
    if (engine->failed <= 0 || engine->failed > program->message_count) return 0;
    int64_t i = 0;
    while (i < program->print_count &&
           !(program->prints[i].check && strcmp(program->prints[i].check, program->messages[engine->failed - 1]) == 0))
        i++;
    return i < program->print_count ? i : 0;
}

static int calculate(const NetrtContext *context, NetrtError *error) {
    const NetrtProgram *program = context->program;
    NetrtEngine engine;
    if (!netrt_engine_open(&engine, program, 1, error)) return NETRT_FAILED;
    engine.scalars[NETRT_SEED].i = context->options.seed;
    netrt_torch_seed(&engine.random, (uint64_t)context->options.seed);
    bool ok = netrt_engine_reserve(&engine, NETRT_CALCULATE, 1, error) && netrt_engine_run(&engine, NETRT_CALCULATE, 1, error);
    int64_t count = ok ? program->print_count : printed_before(&engine);
    for (int64_t i = 0; i < count; i++) print_piece(&engine, &program->prints[i]);
    fflush(stdout);
    netrt_engine_close(&engine);
    return ok ? NETRT_DONE : NETRT_FAILED;
}

static void print_help(const NetrtContext *context) {
    printf("%s: made from %s by %s\n\n%s alone computes and prints; it has no model, and so no commands.\n\n", context->name,
           context->program->source, context->program->compiler, context->command);
    netrt_options_help(NETRT_CALCULATE_COMMAND);
}

static int dispatch(NetrtContext *context, int argc, char **argv, NetrtError *error) {
    const NetrtProgram *program = context->program;
    if (argc > 1 && (strcmp(argv[1], "--version") == 0)) {
        printf("%s (%s, %s)\n", context->name, program->source, program->compiler);
        return NETRT_DONE;
    }
    if (argc > 1 && argv[1][0] != '-') {
        netrt_fail(error, "%s has no model, so there is no command \"%s\": %s alone computes and prints", program->source,
                   argv[1], context->command);
        return NETRT_USAGE;
    }
    if (!netrt_options_parse(program, NETRT_CALCULATE_COMMAND, argc > 0 ? argc - 1 : 0, argv + 1, &context->options, error))
        return NETRT_USAGE;
    if (context->options.help) {
        print_help(context);
        return NETRT_DONE;
    }
    if (context->options.argument_count > 0) {
        netrt_fail(error, "a program without a model takes no argument \"%s\"", context->options.arguments[0]);
        return NETRT_USAGE;
    }
    if (!netrt_isa_check(program->isa, netrt_cpus_isa(), error)) return NETRT_USAGE;
    return calculate(context, error);
}

int netrt_calculate(const NetrtProgram *program, int argc, char **argv) { return netrt_start(program, argc, argv, dispatch); }
