// What the tests of graphs share: a graph in an arena, tensors filled with reproducible numbers, shapes written as text.
#pragma once

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ir/build.h"
#include "ir/interpret.h"
#include "ir/op.h"

#define MAX_INPUTS 32

typedef struct Lab {
    Arena *arena;
    Diagnostics *diag;
    Graph *g;
    uint64_t random;
    InterpretEnv env;
    Tensor inputs[MAX_INPUTS];
    uint32_t input_count;
} Lab;

static inline Lab *lab_new(DType float_type) {
    Arena *arena = arena_new();
    Lab *lab = NEW(arena, Lab);
    lab->arena = arena;
    lab->diag = diag_new(arena, &(DiagOptions){0});
    lab->g = graph_new(arena, lab->diag, float_type);
    lab->random = 42;
    lab->env =
        (InterpretEnv){.N = 3, .inputs = lab->inputs, .scalars = {[SCALAR_LR] = 0.5, [SCALAR_STEP] = 3, [SCALAR_SEED] = 7}};
    return lab;
}

static inline void lab_free(Lab *lab) { arena_free(lab->arena); }

static inline uint64_t lab_bits(Lab *lab) { // splitmix64
    uint64_t z = lab->random += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static inline double lab_uniform(Lab *lab, double low, double high) {
    return low + (high - low) * (double)(lab_bits(lab) >> 11) * 0x1p-53;
}

static inline uint32_t lab_below(Lab *lab, uint32_t limit) { return (uint32_t)(lab_bits(lab) % limit); }

// "(N, 2·N, 4)" → Shape; *end is set behind it when not NULL.
static inline Shape shape_read(const char *text, const char **end) {
    Shape shape = {0};
    assert_int_equal(*text, '(');
    for (text++; *text != ')';) {
        if (*text == ',' || *text == ' ') {
            text++;
            continue;
        }
        char *after = (char *)text;
        Dim dim = {.size = *text == 'N' ? 1 : strtoll(text, &after, 10)};
        if (strncmp(after, "·", strlen("·")) == 0) after += strlen("·");
        if (*after == 'N') {
            dim.batch = true;
            after++;
        }
        assert_ptr_not_equal(after, text);
        shape.dim[shape.rank++] = dim;
        text = after;
    }
    if (end) *end = text + 1;
    return shape;
}

// An input of the graph; its numbers come with lab_fill.
static inline NodeId lab_input(Lab *lab, const char *shape, DType dtype) {
    assert_true(lab->input_count < MAX_INPUTS);
    return graph_append(lab->g, OP_INPUT, NULL, 0, &(Attr){.index = lab->input_count++}, shape_read(shape, NULL), dtype);
}

// Numbers for every INPUT of the graph, for batch size N: floats in low … high, integers 0 … 2, bools.
static inline void lab_fill(Lab *lab, int64_t N, double low, double high) {
    lab->env.N = N;
    lab->env.input_count = lab->input_count;
    for (NodeId id = 0; id < lab->g->count; id++) {
        const Node *node = graph_node(lab->g, id);
        if (node->op != OP_INPUT) continue;
        Tensor tensor = tensor_new(lab->arena, node->dtype, &node->shape, N);
        for (int64_t i = 0; i < tensor.count; i++) {
            double value = lab_uniform(lab, low, high);
            if (tensor.f) tensor.f[i] = node->dtype == DT_F32 ? (double)(float)value : value;
            else tensor.i[i] = (int64_t)lab_below(lab, node->dtype == DT_BOOL ? 2 : 3);
        }
        lab->inputs[node->attr.index] = tensor;
    }
}

static inline Tensor lab_value(Lab *lab, const Graph *g, NodeId id) {
    assert_int_not_equal(id, NODE_NONE);
    Tensor *values = NEW_ARRAY(lab->arena, Tensor, g->count);
    NodeId failed = NODE_NONE;
    assert_true(interpret(lab->arena, g, &lab->env, &id, 1, values, &failed));
    return values[id];
}

static inline void assert_tensor(Lab *lab, NodeId id, const double *expected, size_t count) {
    Tensor value = lab_value(lab, lab->g, id);
    assert_int_equal(value.count, count);
    for (size_t i = 0; i < count; i++) {
        double got = value.f ? value.f[i] : (double)value.i[i];
        bool same =
            isnan(expected[i]) ? isnan(got) : got == expected[i] || fabs(got - expected[i]) <= 1e-12 * fabs(expected[i]);
        if (!same) fail_msg("element %zu is %.17g, expected %.17g", i, got, expected[i]);
    }
}

#define ASSERT_TENSOR(lab, id, ...)                                                                                            \
    assert_tensor(lab, id, (const double[]){__VA_ARGS__}, sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

// A literal F64 vector.
#define VECTOR(lab, ...)                                                                                                       \
    build_literal((lab)->g, shape_of(1, (int64_t[]){sizeof((const double[]){__VA_ARGS__}) / sizeof(double)}), DT_F64,          \
                  (const double[]){__VA_ARGS__})

// The text of a graph, without the caller's having to free it.
static inline const char *lab_print(Lab *lab, const Graph *g, const Output *outputs, size_t count) {
    StrBuf buf = {0};
    graph_print(g, outputs, count, &buf);
    char *text = arena_strdup(lab->arena, buf.text ? buf.text : "");
    strbuf_free(&buf);
    return text;
}

// The one message that was reported.
static inline const char *lab_message(Lab *lab) {
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    diag_print(lab->diag, file);
    fclose(file);
    const char *copy = arena_strdup(lab->arena, text);
    free(text);
    return copy;
}

// An application of `op` as in a sample of the op table, its operands fresh inputs. Conditions are bool inputs.
static inline NodeId lab_sample(Lab *lab, Op op, const OpSample *sample, NodeId *operands, size_t *count) {
    *count = 0;
    for (const char *text = sample->operands; *text; text += *text == ' ') {
        size_t i = *count;
        bool condition =
            (op == OP_WHERE && i == 0) || (op == OP_CHECKED && i == 1) || op == OP_NOT || op == OP_AND || op == OP_OR;
        const char *end;
        shape_read(text, &end);
        char *one = arena_strndup(lab->arena, text, (size_t)(end - text));
        operands[(*count)++] = lab_input(lab, one, condition ? DT_BOOL : DT_F64);
        text = end;
        if (!*text) break;
    }
    Shape shape = sample->result ? shape_read(sample->result, NULL) : shape_scalar();
    return graph_append(lab->g, op, operands, *count, &sample->attr, shape, DT_F64);
}
