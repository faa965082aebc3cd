// A program as text: its layers for --check, its entries for --emit=graph, its gradients as mathematics for --emit=grad.
#include "driver/show.h"

#include <string.h>

static const char *const entry_names[ENTRY_COUNT] = {
    [ENTRY_INIT] = "init",   [ENTRY_TRAIN_STEP] = "train_step", [ENTRY_GRADIENTS] = "gradients",
    [ENTRY_APPLY] = "apply", [ENTRY_EVALUATE] = "evaluate",     [ENTRY_PREDICT] = "predict",
    [ENTRY_LOSS] = "loss",   [ENTRY_CALCULATE] = "calculate",
};

// ---- Layers
enum { COLUMNS = 5, CELL = 160 };

typedef struct Row {
    char cell[COLUMNS][CELL];
} Row;

// 1234567 → "1,234,567"
static void count_text(char *text, int64_t number) {
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)number);
    char *to = text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-') *to++ = ',';
        *to++ = digits[i];
    }
    *to = 0;
}

static size_t width_of(const char *text) { // columns: bytes of UTF-8 that start a character
    size_t width = 0;
    for (; *text; text++) width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static void print_row(const Row *row, const size_t *widths, StrBuf *out) {
    size_t pending = 0; // blanks at the end of a line are left out
    for (int c = 0; c < COLUMNS; c++) {
        size_t blanks = widths[c] - width_of(row->cell[c]);
        bool right = c >= 3;
        if (right) pending += blanks;
        if (*row->cell[c]) {
            strbuf_printf(out, "%*s%s", (int)pending, "", row->cell[c]);
            pending = 0;
        }
        pending += right ? 2 : blanks + 2;
    }
    strbuf_add(out, "\n");
}

static void layer_row(Arena *arena, const LayerRow *layer, Row *row) {
    const char *dot = strrchr(layer->path, '.'); // an inner layer shows its own name under its parent's
    snprintf(row->cell[0], CELL, "%*s%s", layer->depth > 20 ? 40 : 2 * layer->depth, "",
             layer->depth > 0 && dot ? dot + 1 : layer->path);
    snprintf(row->cell[1], CELL, "%s", layer->type);
    snprintf(row->cell[2], CELL, "%s", shape_text(arena, &layer->output));
    count_text(row->cell[3], layer->params);
    count_text(row->cell[4], layer->flops);
}

static void show_calculator(const Program *program, StrBuf *out) {
    size_t tensors = 0;
    const Entry *entry = &program->entries[ENTRY_CALCULATE];
    for (size_t i = 0; i < entry->output_count; i++) tensors += entry->outputs[i].role == OUTPUT_RESULT;
    strbuf_printf(out, "a calculator: no model, %zu tensor%s to compute and print\n", tensors, tensors == 1 ? "" : "s");
}

void show_summary(const Program *program, StrBuf *out) {
    if (program->entries[ENTRY_CALCULATE].present) {
        show_calculator(program, out);
        return;
    }
    Arena *arena = program->arena;
    size_t count = program->layer_count + 2;
    Row *rows = NEW_ARRAY(arena, Row, count);
    rows[0] = (Row){{"layer", "type", "output", "parameters", "FLOPs"}};
    int64_t params = 0, frozen = 0, flops = 0;
    for (size_t i = 0; i < program->layer_count; i++) {
        layer_row(arena, &program->layers[i], &rows[i + 1]);
        flops += program->layers[i].flops;
    }
    for (size_t i = 0; i < program->var_count; i++) {
        const Variable *var = &program->vars[i];
        if (var->kind != VAR_PARAM) continue;
        params += shape_count(&var->shape).size;
        if (var->frozen) frozen += shape_count(&var->shape).size;
    }
    Row *total = &rows[count - 1];
    *total = (Row){{"total"}};
    count_text(total->cell[3], params);
    count_text(total->cell[4], flops);

    size_t widths[COLUMNS] = {0};
    for (size_t i = 0; i < count; i++)
        for (int c = 0; c < COLUMNS; c++)
            if (width_of(rows[i].cell[c]) > widths[c]) widths[c] = width_of(rows[i].cell[c]);
    for (size_t i = 0; i < count; i++) print_row(&rows[i], widths, out);
    if (frozen) {
        char text[64];
        count_text(text, frozen);
        strbuf_printf(out, "%s of the parameters are frozen.\n", text);
    }
}

// ---- Graphs

// "fc1.weight", "fc1.weight.velocity" of a state, "fc1.weight.grad"
static const char *var_name(const Program *program, uint32_t index) {
    const Variable *var = &program->vars[index];
    if (var->kind != VAR_STATE) return var->name;
    return arena_printf(program->arena, "%s.%s", program->vars[var->param].name, var->name);
}

void show_graphs(const Program *program, StrBuf *out) {
    for (int e = 0; e < ENTRY_COUNT; e++) {
        const Entry *entry = &program->entries[e];
        if (!entry->present) continue;
        strbuf_printf(out, "%sentry %s\n", out->length ? "\n" : "", entry_names[e]);
        Output *named = NEW_ARRAY(program->arena, Output, entry->output_count);
        for (size_t i = 0; i < entry->output_count; i++) {
            named[i] = entry->outputs[i];
            if (named[i].role == OUTPUT_ASSIGN) named[i].name = var_name(program, named[i].index);
        }
        graph_print(entry->graph, named, entry->output_count, out);
    }
}

// Of a calculator, what it prints: derivatives are among it.
static void show_results(const Program *program, StrBuf *out) {
    const Entry *entry = &program->entries[ENTRY_CALCULATE];
    for (size_t i = 0; entry->present && i < entry->output_count; i++) {
        const Output *output = &entry->outputs[i];
        if (output->role != OUTPUT_RESULT) continue;
        if (out->length) strbuf_add(out, "\n");
        graph_print_expr(entry->graph, output->node, arena_printf(program->arena, "result %s", output->name), out);
    }
}

void show_grad(const Program *program, StrBuf *out) {
    show_results(program, out);
    const Entry *entry = &program->entries[ENTRY_GRADIENTS];
    for (size_t i = 0; entry->present && i < entry->output_count; i++) {
        const Output *output = &entry->outputs[i];
        bool loss = output->role == OUTPUT_METRIC && strcmp(output->name, "loss") == 0;
        bool gradient = output->role == OUTPUT_ASSIGN && program->vars[output->index].kind == VAR_GRADIENT;
        if (!loss && !gradient) continue;
        if (out->length) strbuf_add(out, "\n");
        graph_print_expr(entry->graph, output->node, gradient ? var_name(program, output->index) : "loss", out);
    }
}
