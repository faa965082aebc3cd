// `summary`: the layers, and what the model and its batches take.
#include <stdio.h>
#include <string.h>

#include "program/engine.h"
#include "program/commands.h"
#include "program/var.h"
#include "report/json.h"
#include "report/text.h"

typedef struct Totals {
    int64_t params, frozen, flops;
    int64_t params_bytes, states_bytes;
} Totals;

static Totals total(const NetrtProgram *program) {
    Totals totals = {0};
    for (int64_t v = 0; v < program->var_count; v++) {
        const NetrtVar *var = &program->vars[v];
        int64_t count = netrt_var_count(var), bytes = count * (int64_t)netrt_dtype_size(var->dtype);
        if (var->kind == NETRT_PARAM) totals.params += count;
        if (var->kind == NETRT_PARAM && var->frozen) totals.frozen += count;
        if (var->kind == NETRT_PARAM || var->kind == NETRT_BUFFER) totals.params_bytes += bytes;
        if (var->kind == NETRT_STATE) totals.states_bytes += bytes;
    }
    for (int64_t l = 0; l < program->layer_count; l++) totals.flops += program->layers[l].flops;
    return totals;
}

enum { SHAPE_TEXT = 8 + 24 * NETRT_MAX_RANK }; // no number has more than 20 digits

// "(N, 128)"; a multiple of the batch is "2N".
static void shape_text(const NetrtLayer *layer, char text[SHAPE_TEXT]) {
    size_t at = (size_t)snprintf(text, SHAPE_TEXT, "(");
    for (int a = 0; a < layer->rank; a++) {
        const char *separator = a ? ", " : "";
        long long d = layer->shape[a];
        if (a != layer->batch_axis) at += (size_t)snprintf(text + at, SHAPE_TEXT - at, "%s%lld", separator, d);
        else if (d == 1) at += (size_t)snprintf(text + at, SHAPE_TEXT - at, "%sN", separator);
        else at += (size_t)snprintf(text + at, SHAPE_TEXT - at, "%s%lldN", separator, d);
    }
    snprintf(text + at, SHAPE_TEXT - at, ")");
}

// Of the layer's output for one sample.
static int64_t output_bytes(const NetrtProgram *program, const NetrtLayer *layer) {
    int64_t bytes = (int64_t)netrt_dtype_size(program->float_type);
    for (int a = 0; a < layer->rank; a++) bytes *= layer->shape[a];
    return bytes;
}

static void print_layers(const NetrtProgram *program) {
    NetrtTable table = {.align = "lllrrr", .columns = 6};
    netrt_table_row(&table, (const char *[]){"layer", "type", "output", "parameters", "FLOPs", "memory"});
    netrt_table_rule(&table);
    for (int64_t l = 0; l < program->layer_count; l++) {
        const NetrtLayer *layer = &program->layers[l];
        char path[160], shape[SHAPE_TEXT], params[32], flops[32], memory[32];
        const char *dot = strrchr(layer->path, '.'); // an inner layer shows its own name under its parent's
        snprintf(path, sizeof path, "%*s%s", (int)(layer->depth > 20 ? 40 : 2 * layer->depth), "",
                 layer->depth > 0 && dot ? dot + 1 : layer->path);
        shape_text(layer, shape);
        netrt_table_row(&table, (const char *[]){path, layer->type, shape, netrt_text_count(params, layer->params),
                                                 netrt_text_count(flops, layer->flops),
                                                 netrt_text_bytes(memory, output_bytes(program, layer))});
    }
    Totals totals = total(program);
    char params[32], flops[32], memory[32];
    netrt_table_rule(&table);
    netrt_table_row(&table,
                    (const char *[]){"total", "", "", netrt_text_count(params, totals.params),
                                     netrt_text_count(flops, totals.flops), netrt_text_bytes(memory, totals.params_bytes)});
    netrt_table_print(&table, stdout);
    netrt_table_free(&table);
    puts(
        "\nFLOPs and memory of a layer are those of its forward pass and output for one sample; the total is the parameters'.");
    if (totals.frozen) printf("%s of the parameters are frozen.\n", netrt_text_count(params, totals.frozen));
    if (totals.states_bytes)
        printf("The optimizer keeps %s beside the parameters.\n", netrt_text_bytes(memory, totals.states_bytes));
}

static const char *const entry_names[NETRT_ENTRIES] = {"init",       "training step", "gradients", "update",
                                                       "evaluation", "prediction",    "loss",      "calculation"};

static void print_plan(const NetrtProgram *program, int64_t batch) {
    NetrtTable table = {.align = "lrrrr", .columns = 5};
    char title[48];
    snprintf(title, sizeof title, "batch of %lld", (long long)batch);
    netrt_table_row(&table, (const char *[]){"workspace", "steps", "fixed", "each 16 samples", title});
    netrt_table_rule(&table);
    for (int e = 0; e < NETRT_ENTRIES; e++) {
        const NetrtEntry *entry = &program->entries[e];
        char steps[32], fixed[32], each[32], all[32];
        int64_t bytes;
        if (!entry->steps) continue;
        if (netrt_engine_workspace(entry, batch, &bytes)) netrt_text_bytes(all, bytes);
        else snprintf(all, sizeof all, "too much");
        netrt_table_row(&table, (const char *[]){entry_names[e], netrt_text_count(steps, entry->step_count),
                                                 netrt_text_bytes(fixed, entry->workspace_fixed),
                                                 netrt_text_bytes(each, entry->workspace_per_block), all});
    }
    putchar('\n');
    netrt_table_print(&table, stdout);
    netrt_table_free(&table);
}

static void put_count(const char *name, int64_t value) { printf(",\"%s\":%lld", name, (long long)value); }

static void print_json(const NetrtProgram *program, int64_t batch) {
    for (int64_t l = 0; l < program->layer_count; l++) {
        const NetrtLayer *layer = &program->layers[l];
        char shape[SHAPE_TEXT];
        shape_text(layer, shape);
        fputs("{\"layer\":", stdout);
        netrt_json_string(stdout, layer->path);
        fputs(",\"type\":", stdout);
        netrt_json_string(stdout, layer->type);
        fputs(",\"output\":", stdout);
        netrt_json_string(stdout, shape);
        put_count("parameters", layer->params);
        put_count("flops", layer->flops);
        put_count("output_bytes", output_bytes(program, layer));
        puts("}");
    }
    Totals totals = total(program);
    printf("{\"parameters\":%lld", (long long)totals.params);
    put_count("frozen", totals.frozen);
    put_count("flops", totals.flops);
    put_count("parameter_bytes", totals.params_bytes);
    put_count("state_bytes", totals.states_bytes);
    put_count("batch_size", batch);
    int64_t bytes;
    if (program->entries[NETRT_TRAIN_STEP].steps && netrt_engine_workspace(&program->entries[NETRT_TRAIN_STEP], batch, &bytes))
        put_count("train_workspace_bytes", bytes);
    if (program->entries[NETRT_EVALUATE].steps && netrt_engine_workspace(&program->entries[NETRT_EVALUATE], batch, &bytes))
        put_count("evaluate_workspace_bytes", bytes);
    puts("}");
}

int netrt_command_summary(const NetrtContext *context, NetrtError *error) {
    (void)error;
    int64_t batch = context->options.batch_size ? context->options.batch_size : context->program->train.batch_size;
    if (context->options.json) {
        print_json(context->program, batch);
    } else {
        print_layers(context->program);
        print_plan(context->program, batch);
    }
    return NETRT_DONE;
}
