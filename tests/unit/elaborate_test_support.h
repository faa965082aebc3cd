// Elaborating a piece of text in a test, and what came of it.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "elaborate/elaborate.h"

typedef struct Elaborated {
    Arena *arena;
    bool ok;
    Program program;
    char *printed; // what print said
    char *said;    // errors and warnings
} Elaborated;

static inline Elaborated elaborate_with(const char *text, const Define *defines, size_t define_count) {
    Elaborated result = {.arena = arena_new()};
    Diagnostics *diag = diag_new(result.arena, &(DiagOptions){0});
    StrBuf printed = {0};
    uint32_t file = diag_add_file(diag, "test.net", text, strlen(text), false);
    const Ast *tree = parse_file(result.arena, diag, file);
    ElaborateOptions options = {.float_type = DT_F32, .defines = defines, .define_count = define_count, .printed = &printed};
    result.ok = elaborate(result.arena, diag, tree, file, &options, &result.program);
    result.printed = strdup(printed.text ? printed.text : "");
    strbuf_free(&printed);
    size_t length;
    FILE *out = open_memstream(&result.said, &length);
    diag_print(diag, out);
    fclose(out);
    for (int i = 0; result.ok && i < ENTRY_COUNT; i++) {
        const Entry *entry = &result.program.entries[i];
        if (entry->present) graph_verify(entry->graph, entry->outputs, entry->output_count, "elaborate");
    }
    return result;
}

static inline Elaborated elaborate_text(const char *text) { return elaborate_with(text, NULL, 0); }

static inline void elaborated_free(Elaborated *result) {
    free(result->printed);
    free(result->said);
    arena_free(result->arena);
}

#define A_MODEL "\ninput = Tensor(4)\nmodel = Linear(4, 2)\nloss = MSELoss()\n"

static inline const Variable *variable(const Elaborated *result, const char *name) {
    for (size_t i = 0; i < result->program.var_count; i++) {
        if (!strcmp(result->program.vars[i].name, name)) return &result->program.vars[i];
    }
    return NULL;
}

// "fc1.weight fc1.bias …": the variables of a kind, in their order.
static inline const char *names_of(const Elaborated *result, VarKind kind) {
    StrBuf text = {0};
    for (size_t i = 0; i < result->program.var_count; i++) {
        const Variable *var = &result->program.vars[i];
        if (var->kind == kind) strbuf_printf(&text, "%s%s", text.length ? " " : "", var->name);
    }
    const char *kept = arena_strdup(result->arena, text.text ? text.text : "");
    strbuf_free(&text);
    return kept;
}

// What an entry assigns to a variable.
static inline const Node *assigned(const Elaborated *result, EntryKind kind, const char *name) {
    const Entry *entry = &result->program.entries[kind];
    for (size_t i = 0; i < entry->output_count; i++) {
        const Output *output = &entry->outputs[i];
        if (output->role == OUTPUT_ASSIGN && !strcmp(result->program.vars[output->index].name, name)) {
            return graph_node(entry->graph, output->node);
        }
    }
    return NULL;
}

static inline const Output *output_named(const Elaborated *result, EntryKind kind, const char *name) {
    const Entry *entry = &result->program.entries[kind];
    for (size_t i = 0; i < entry->output_count; i++) {
        if (entry->outputs[i].name && !strcmp(entry->outputs[i].name, name)) return &entry->outputs[i];
    }
    return NULL;
}
