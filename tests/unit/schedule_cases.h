// Graphs by hand, for the tests of scheduling: each is what one part of the scheduler must get right.
#pragma once

#include "schedule_rig.h"

typedef struct Case {
    const char *name;
    void (*build)(Rig *rig, int64_t p);
    int64_t p;
    bool fails; // its check
} Case;

#define TEXT(rig, ...) arena_printf((rig)->arena, __VA_ARGS__)

static inline NodeId binary(Rig *rig, Op op, NodeId a, NodeId b) { return build_binary(rig->g, op, a, b); }
static inline NodeId unary(Rig *rig, Op op, NodeId a) { return build_unary(rig->g, op, a); }
static inline NodeId number(Rig *rig, double value) { return build_float(rig->g, value); }
static inline Dim fixed(int64_t size) { return (Dim){size, false}; }
static inline Dim batch(int64_t size) { return (Dim){size, true}; }

// ---- Maps

static void map_rows(Rig *rig, int64_t p) {
    NodeId x = rig_input(rig, TEXT(rig, "(N, %lld)", (long long)p), DT_F32);
    NodeId bias = rig_var(rig, TEXT(rig, "(%lld,)", (long long)p));
    NodeId y = unary(rig, OP_TANH, binary(rig, OP_ADD, x, bias));
    rig_result(rig, binary(rig, OP_MUL, y, number(rig, 3)));
    rig_result(rig, build_cast(rig->g, binary(rig, OP_GT, y, number(rig, 0)), DT_I64));
}

static void map_bytes(Rig *rig, int64_t p) {
    NodeId x = rig_input(rig, TEXT(rig, "(N, 2, %lld)", (long long)p), DT_U8);
    x = build_cast(rig->g, x, rig->program->float_type);
    NodeId mean = build_literal(rig->g, rig_shape("(2, 1)"), DT_F64, (double[]){0.25, 0.5});
    x = binary(rig, OP_SUB, binary(rig, OP_DIV, x, number(rig, 255)), build_cast(rig->g, mean, rig->program->float_type));
    rig_result(rig, x);
}

static void map_columns(Rig *rig, int64_t p) { // broadcast of a column and of a row of variables; lanes of a single element
    NodeId a = rig_var(rig, TEXT(rig, "(%lld, 1)", (long long)p)), b = rig_var(rig, "(3,)");
    rig_result(rig, binary(rig, OP_MUL, a, b));
    NodeId n = build_cast(rig->g, build_scalar(rig->g, SCALAR_N), rig->program->float_type);
    rig_result(rig, binary(rig, OP_ADD, n, number(rig, 1)));
    rig_result(rig, binary(rig, OP_MUL, rig_var(rig, "()"), build_scalar(rig->g, SCALAR_LR)));
}

static void sources(Rig *rig, int64_t p) {
    Graph *g = rig->g;
    NodeId x = rig_input(rig, TEXT(rig, "(N, %lld)", (long long)p), DT_F32);
    Shape shape = graph_node(g, x)->shape;
    rig_result(rig, build_random(g, OP_RAND, shape));
    rig_result(rig, binary(rig, OP_ADD, x, build_random(g, OP_RANDN, shape)));
    rig_result(rig, build_iota(g, shape, 0));
    rig_result(rig, build_iota(g, shape, 1));
    rig_result(rig, build_random(g, OP_RAND, rig_shape("(5, 3)")));
    rig_result(rig, build_literal(g, rig_shape("(2, 3)"), DT_F64, (double[]){1, 2, 3, 4, 5, 6.5}));
    NodeId kept = build_cast(g, binary(rig, OP_LT, build_random(g, OP_RAND, shape), number(rig, 0.5)), g->float_type);
    rig_result(rig, binary(rig, OP_MUL, x, kept)); // dropout, and its mask once more
    rig_result(rig, build_reduce(g, OP_SUM, kept, 1, false, false));
}

static void random_batch_last(Rig *rig, int64_t p) {
    NodeId x = rig_input(rig, TEXT(rig, "(N, %lld)", (long long)p), DT_F32);
    NodeId r = build_random(rig->g, OP_RAND, rig_shape(TEXT(rig, "(%lld, N)", (long long)p)));
    rig_result(rig, binary(rig, OP_ADD, x, build_transpose(rig->g, r, 0, 1)));
}

static void checked(Rig *rig, int64_t p) {
    NodeId x = rig_input(rig, "(N, 5)", DT_I64);
    NodeId holds = binary(rig, OP_LT, x, build_int(rig->g, p));
    rig_result(rig, build_checked(rig->g, x, holds, "too large"));
}

static void checked_effect(Rig *rig, int64_t p) {
    NodeId x = rig_input(rig, "(N, 21)", DT_I64);
    NodeId holds = binary(rig, OP_LT, build_reduce(rig->g, OP_SUM, x, 2, false, false), build_int(rig->g, p));
    NodeId check = build_checked(rig->g, build_reduce(rig->g, OP_MAX, x, 2, false, false), holds, "too much");
    rig_output(rig, OUTPUT_EFFECT, 0, check);
    rig_result(rig, build_cast(rig->g, x, rig->program->float_type));
}

// A check of what is in memory, or known when compiling, which shares its kernel with nothing.
static void lone_effect(Rig *rig, int64_t p) {
    NodeId x = rig_input(rig, "(N, 21)", DT_I64);
    NodeId check = build_checked(rig->g, x, binary(rig, OP_LT, x, build_int(rig->g, p)), "too large");
    rig_output(rig, OUTPUT_EFFECT, 0, check);
    rig_result(rig, build_iota(rig->g, rig_shape("(3)"), 0));
}

static void constant_effect(Rig *rig, int64_t p) {
    NodeId known = build_bool(rig->g, p > 0);
    rig_output(rig, OUTPUT_EFFECT, 0, build_checked(rig->g, known, known, "never so"));
    rig_result(rig, build_iota(rig->g, rig_shape("(3)"), 0));
}

static void drawn(Rig *rig, int64_t p) { // two variables' first numbers, and a state that starts from one of them
    const char *shape = TEXT(rig, "(%lld, 3)", (long long)p);
    uint32_t a = rig_new_var(rig, shape), b = rig_new_var(rig, shape), c = rig_new_var(rig, shape);
    NodeId x = build_draw(rig->g, rig_shape(shape), DRAW_UNIFORM, -1, 1);
    rig_assign(rig, a, x);
    rig_assign(rig, b, binary(rig, OP_MUL, build_draw(rig->g, rig_shape(shape), DRAW_NORMAL, 0, 1), number(rig, 2)));
    rig_assign(rig, c, x);
}

// ---- Reductions

static NodeId softmax(Rig *rig, NodeId x, uint32_t axis) {
    NodeId top = build_reduce(rig->g, OP_MAX, x, 1u << axis, true, false);
    NodeId e = unary(rig, OP_EXP, binary(rig, OP_SUB, x, top));
    return binary(rig, OP_DIV, e, build_reduce(rig->g, OP_SUM, e, 1u << axis, true, false));
}

static void row_softmax(Rig *rig, int64_t p) {
    NodeId x = rig_input(rig, TEXT(rig, "(N, %lld)", (long long)p), DT_F32);
    NodeId y = softmax(rig, x, 1);
    rig_result(rig, y);
    rig_result(rig, build_reduce(rig->g, OP_ARGMAX, x, 2, false, false));
    rig_result(rig, build_mean(rig->g, unary(rig, OP_LOG, binary(rig, OP_ADD, y, number(rig, 0.01))), 3, false));
}

static void classes(Rig *rig, int64_t p) { // cross entropy and its gradient: labels, and their number in the whole batch
    Graph *g = rig->g;
    NodeId x = rig_input(rig, TEXT(rig, "(N, %lld)", (long long)p), DT_F32), label = rig_input(rig, "(N,)", DT_I64);
    Shape full = graph_node(g, x)->shape, column = {.rank = 2, .dim = {full.dim[0], fixed(1)}};
    NodeId is_one = build_cast(g, binary(rig, OP_NE, label, build_int(g, -100)), g->float_type);
    NodeId scale =
        build_expand(g, binary(rig, OP_DIV, number(rig, -1), build_reduce(g, OP_SUM, is_one, 1, false, false)), full);
    NodeId mask = binary(rig, OP_EQ, build_expand(g, build_reshape(g, label, column), full), build_iota(g, full, 1));
    NodeId zero = build_full(g, full, g->float_type, 0), hot = build_where(g, mask, scale, zero), y = softmax(rig, x, 1);
    NodeId total = build_expand(g, build_reduce(g, OP_SUM, hot, 2, true, false), full);
    rig_result(rig, binary(rig, OP_SUB, hot, binary(rig, OP_MUL, total, y)));
    NodeId chosen = build_reduce(g, OP_SUM, build_where(g, mask, unary(rig, OP_LOG, y), zero), 2, false, false);
    rig_output(rig, OUTPUT_METRIC, 0, build_reduce(g, OP_SUM, chosen, 1, false, false));
    rig_result(rig, binary(rig, OP_EQ, build_reduce(g, OP_ARGMAX, x, 2, false, false), label));
}

static void column_softmax(Rig *rig, int64_t p) {
    NodeId x = rig_var(rig, TEXT(rig, "(%lld, 19)", (long long)p));
    rig_result(rig, softmax(rig, x, 0));
    rig_result(rig, build_reduce(rig->g, OP_ARGMAX, x, 1, false, false));
}

static void sums(Rig *rig, int64_t p) {
    Graph *g = rig->g;
    NodeId x = rig_input(rig, TEXT(rig, "(N, %lld)", (long long)p), DT_F32);
    rig_result(rig, build_reduce(g, OP_SUM, x, 1, false, false));
    rig_result(rig, build_reduce(g, OP_SUM, x, 2, false, false));
    rig_result(rig, build_reduce(g, OP_SUM, x, 3, false, false));
    rig_result(rig, build_reduce(g, OP_SUM, x, 3, true, false));
    rig_result(rig, build_mean(g, x, 1, true));
    rig_output(rig, OUTPUT_METRIC, 0, build_mean(g, binary(rig, OP_MUL, x, x), 3, false));
}

static void extremes(Rig *rig, int64_t p) {
    Graph *g = rig->g;
    NodeId x = rig_input(rig, TEXT(rig, "(N, %lld)", (long long)p), DT_F32);
    NodeId small = unary(rig, OP_COS, x), whole = rig_input(rig, TEXT(rig, "(N, %lld)", (long long)p), DT_I64);
    static const Op ops[] = {OP_PROD, OP_MAX, OP_MIN};
    for (uint32_t axes = 1; axes < 4; axes++) {
        for (size_t i = 0; i < 3; i++) rig_result(rig, build_reduce(g, ops[i], i ? x : small, axes, false, false));
        rig_result(rig, build_reduce(g, OP_MAX, whole, axes, false, false));
        rig_result(rig, build_reduce(g, OP_SUM, whole, axes, false, false));
    }
}

static void argmaxes(Rig *rig, int64_t p) { // many equal elements: the first wins
    Graph *g = rig->g;
    NodeId whole = rig_input(rig, TEXT(rig, "(N, %lld)", (long long)p), DT_I64);
    NodeId x = build_cast(g, whole, rig->program->float_type);
    rig_result(rig, build_reduce(g, OP_ARGMAX, x, 1, false, false));
    rig_result(rig, build_reduce(g, OP_ARGMAX, x, 2, true, false));
    rig_result(rig, build_reduce(g, OP_ARGMAX, whole, 2, false, false));
    NodeId nan = unary(rig, OP_LOG, unary(rig, OP_NEG, x)); // NaN where x > 0, −∞ elsewhere: the first NaN
    NodeId same = unary(rig, OP_LOG, unary(rig, OP_NEG, binary(rig, OP_MUL, x, number(rig, 2)))); // whose maximum is known
    for (uint32_t axes = 1; axes < 3; axes++) {
        rig_result(rig, build_reduce(g, OP_MAX, same, axes, false, false));
        rig_result(rig, build_reduce(g, OP_ARGMAX, same, axes, false, false));
    }
    rig_result(rig, build_reduce(g, OP_ARGMAX, nan, 2, false, false));
    rig_result(rig, build_reduce(g, OP_ARGMAX, nan, 1, false, false));
    NodeId none = binary(rig, OP_SUB, x, number(rig, INFINITY)); // −∞ everywhere
    rig_result(rig, build_reduce(g, OP_ARGMAX, none, 2, false, false));
}

static void middle(Rig *rig, int64_t p) {
    NodeId x = rig_input(rig, TEXT(rig, "(N, 3, %lld, 5)", (long long)p), DT_F32);
    static const uint32_t axes[] = {2, 4, 8, 1 | 4, 1 | 8, 2 | 8, 1 | 4 | 8, 1 | 2 | 4, 15};
    for (size_t i = 0; i < sizeof axes / sizeof *axes; i++)
        rig_result(rig, build_reduce(rig->g, i % 3 == 2 ? OP_MAX : OP_SUM, x, axes[i], i % 2, false));
}

static void normalised(Rig *rig, int64_t p) { // batch norm: mean and variance over (N, H), and what follows
    Graph *g = rig->g;
    NodeId x = rig_input(rig, TEXT(rig, "(N, 3, %lld)", (long long)p), DT_F32);
    NodeId mean = build_mean(g, x, 1 | 4, true), d = binary(rig, OP_SUB, x, mean);
    NodeId variance = build_mean(g, binary(rig, OP_MUL, d, d), 1 | 4, true);
    NodeId scale = unary(rig, OP_RSQRT, binary(rig, OP_ADD, variance, number(rig, 1e-3)));
    uint32_t running = rig_new_var(rig, "(3,)");
    rig_result(rig, binary(rig, OP_MUL, d, scale));
    NodeId flat = build_reshape(g, mean, rig_shape("(3,)"));
    NodeId old = binary(rig, OP_MUL, rig_read(rig, running), number(rig, 0.9));
    rig_assign(rig, running, binary(rig, OP_ADD, old, binary(rig, OP_MUL, flat, number(rig, 0.1))));
}

// ---- Movements

static void joined(Rig *rig, int64_t p) {
    Graph *g = rig->g;
    NodeId x = rig_input(rig, TEXT(rig, "(N, %lld)", (long long)p), DT_F32), w = rig_input(rig, "(N, 2)", DT_F32);
    rig_result(rig, build_concat(g, (NodeId[]){x, w, x}, 3, 1));
    NodeId twice = build_concat(g, (NodeId[]){x, unary(rig, OP_SIN, x)}, 2, 0);
    rig_result(rig, twice);
    rig_result(rig, build_slice(g, twice, 0, batch(1), batch(1), 1));
    rig_result(rig, build_slice(g, twice, 0, fixed(0), batch(1), 2));
    rig_result(rig, build_pad(g, x, 1, fixed(1), fixed(2)));
    rig_result(rig, build_pad(g, x, 0, batch(1), batch(2)));
    rig_result(rig, build_reduce(g, OP_SUM, build_pad(g, x, 1, fixed(3), fixed(0)), 1, false, false));
    if (p < 4) return;
    rig_result(rig, build_slice(g, x, 1, fixed(1), fixed(p - 2), 1));
    rig_result(rig, build_slice(g, x, 1, fixed(1), fixed((p - 1) / 2), 2));
    rig_result(rig, unary(rig, OP_EXP, build_slice(g, x, 1, fixed(p - 1), fixed(1), 1)));
}

static void turned(Rig *rig, int64_t p) { // reshapes that need division
    Graph *g = rig->g;
    NodeId x = rig_input(rig, TEXT(rig, "(N, 4, %lld)", (long long)p), DT_F32);
    NodeId t = build_transpose(g, x, 1, 2);
    rig_result(rig, t);
    rig_result(rig, build_reshape(g, t, rig_shape(TEXT(rig, "(N, %lld)", (long long)(4 * p)))));
    rig_result(rig, build_reshape(g, unary(rig, OP_SIN, t), rig_shape(TEXT(rig, "(N, 2, %lld)", (long long)(2 * p)))));
    NodeId v = rig_var(rig, TEXT(rig, "(%lld, 6)", (long long)p));
    rig_result(rig, build_reshape(g, build_transpose(g, v, 0, 1), rig_shape(TEXT(rig, "(3, %lld)", (long long)(2 * p)))));
    rig_result(rig, build_reshape(g, x, rig_shape(TEXT(rig, "(%lld·N,)", (long long)(4 * p)))));
    NodeId last = build_permute(g, x, (uint8_t[]){2, 1, 0}); // the batch is the last axis
    rig_result(rig, last);
    rig_result(rig, build_reduce(g, OP_SUM, last, 2, false, false));
    rig_result(rig, build_reduce(g, OP_SUM, last, 1, false, false));
    rig_result(rig, softmax(rig, last, 2));
    rig_result(rig, build_reduce(g, OP_ARGMAX, last, 4, false, false));
    rig_result(rig, binary(rig, OP_MUL, last, rig_var(rig, "(4, 1)")));
    NodeId middle_batch = build_permute(g, x, (uint8_t[]){1, 0, 2});
    rig_result(rig, build_concat(g, (NodeId[]){middle_batch, middle_batch}, 2, 0));
    rig_result(rig, build_concat(g, (NodeId[]){middle_batch, middle_batch}, 2, 1));
    NodeId rows = build_reshape(g, x, rig_shape(TEXT(rig, "(4·N, %lld)", (long long)p)));
    rig_result(rig, build_reduce(g, OP_MAX, rows, 2, false, false));
}

static void across_batch(Rig *rig, int64_t p) { // reshapes that move elements between the batch and the axes before it
    Graph *g = rig->g;
    NodeId x = rig_input(rig, TEXT(rig, "(N, 3, %lld)", (long long)(2 * p)), DT_F32);
    NodeId steps = build_transpose(g, x, 0, 1); // (3, N, 2·p), as recurrent layers have it
    NodeId rows = build_reshape(g, steps, rig_shape(TEXT(rig, "(3·N, %lld)", (long long)(2 * p))));
    rig_result(rig, rows);
    rig_result(rig, softmax(rig, rows, 0));
    rig_result(rig, build_reshape(g, unary(rig, OP_SIN, rows), rig_shape(TEXT(rig, "(3, N, %lld)", (long long)(2 * p)))));
    rig_result(rig, build_reshape(g, x, rig_shape(TEXT(rig, "(%lld, N)", (long long)(6 * p)))));
    rig_result(rig, build_reshape(g, steps, rig_shape(TEXT(rig, "(3, 2·N, %lld)", (long long)p))));
    rig_result(rig, build_reshape(g, steps, rig_shape(TEXT(rig, "(N, %lld)", (long long)(6 * p)))));
}

static void single_elements(Rig *rig, int64_t p) { // of other tensors, in a pass over everything
    Graph *g = rig->g;
    NodeId x = rig_var(rig, TEXT(rig, "(%lld,)", (long long)p)), y = rig_var(rig, "(3,)");
    NodeId last = build_slice(g, unary(rig, OP_NEG, y), 0, fixed(2), fixed(1), 1);
    NodeId first = build_slice(g, x, 0, fixed(0), fixed(1), 1);
    rig_result(rig, binary(rig, OP_ADD, x, build_reshape(g, last, rig_shape("()"))));
    rig_result(rig, binary(rig, OP_MUL, binary(rig, OP_ADD, x, last), first));
}

// ---- Contractions

static NodeId matmul(Rig *rig, NodeId a, NodeId b, bool ta, bool tb) {
    return graph_append(rig->g, OP_MATMUL, (NodeId[]){a, b}, 2, &(Attr){.matmul = {ta, tb}}, (Shape){0}, DT_F32);
}

static void layer(Rig *rig, int64_t in, int64_t out) { // its value, its gradients and its update
    Graph *g = rig->g;
    NodeId x = rig_input(rig, TEXT(rig, "(N, %lld)", (long long)in), DT_F32);
    uint32_t weight = rig_new_var(rig, TEXT(rig, "(%lld, %lld)", (long long)out, (long long)in));
    uint32_t offset = rig_new_var(rig, TEXT(rig, "(%lld,)", (long long)out));
    NodeId w = rig_read(rig, weight), b = rig_read(rig, offset);
    NodeId y = binary(rig, OP_MAXIMUM, binary(rig, OP_ADD, matmul(rig, x, w, false, true), b), number(rig, 0));
    rig_result(rig, y);
    NodeId dw = matmul(rig, y, x, true, false); // K along the batch
    NodeId lr = build_scalar(g, SCALAR_LR);
    rig_result(rig, matmul(rig, y, w, false, false));
    rig_assign(rig, weight, binary(rig, OP_SUB, w, binary(rig, OP_MUL, lr, dw)));
    rig_assign(rig, offset, binary(rig, OP_SUB, b, binary(rig, OP_MUL, lr, build_reduce(g, OP_SUM, y, 1, false, false))));
}

static void linear(Rig *rig, int64_t p) { layer(rig, p, 10); }
static void wide(Rig *rig, int64_t p) { layer(rig, 41, p); }

static void products(Rig *rig, int64_t p) { // all ways operands may lie, p × 5 by 5 × 18 and the like
    for (int i = 0; i < 4; i++) {
        NodeId a = rig_var(rig, i & 1 ? TEXT(rig, "(5, %lld)", (long long)p) : TEXT(rig, "(%lld, 5)", (long long)p));
        NodeId b = rig_var(rig, i & 2 ? "(18, 5)" : "(5, 18)");
        rig_result(rig, matmul(rig, a, b, i & 1, i & 2));
        NodeId x = rig_input(rig, TEXT(rig, "(N, %lld)", (long long)p), DT_F32);
        NodeId w = rig_var(rig, i & 1 ? TEXT(rig, "(7, %lld)", (long long)p) : TEXT(rig, "(%lld, 7)", (long long)p));
        rig_result(rig, i & 2 ? matmul(rig, w, x, !(i & 1), true) : matmul(rig, x, w, false, i & 1)); // batch last, or first
    }
}

static void strided(Rig *rig, int64_t p) { // lanes from operands that do not lie along them
    Graph *g = rig->g;
    NodeId a = rig_var(rig, TEXT(rig, "(3, %lld)", (long long)p)), b = rig_var(rig, TEXT(rig, "(40, %lld)", (long long)p));
    NodeId every = build_slice(g, b, 0, fixed(1), fixed(19), 2);
    rig_result(rig, matmul(rig, a, every, false, true));
    NodeId x = rig_input(rig, TEXT(rig, "(N, %lld, 4)", (long long)p), DT_F32);
    NodeId column =
        build_reshape(g, build_slice(g, x, 2, fixed(1), fixed(1), 1), rig_shape(TEXT(rig, "(N, %lld)", (long long)p)));
    rig_result(rig, matmul(rig, a, column, false, true)); // (3, N)
    rig_result(rig, matmul(rig, column, column, true, false));
    rig_result(rig, matmul(rig, unary(rig, OP_TANH, column), b, false, true));
}

static void gathered(Rig *rig, int64_t p) { // products straight from the data set
    NodeId x = rig_input(rig, TEXT(rig, "(N, %lld)", (long long)p), DT_U8);
    x = binary(rig, OP_DIV, build_cast(rig->g, x, rig->program->float_type), number(rig, 255));
    NodeId w = rig_var(rig, TEXT(rig, "(33, %lld)", (long long)p));
    NodeId y = matmul(rig, x, w, false, true);
    rig_result(rig, y);
    rig_result(rig, matmul(rig, y, x, true, false));
}

static void batched(Rig *rig, int64_t p) {
    Graph *g = rig->g;
    NodeId q = rig_input(rig, TEXT(rig, "(N, %lld, 6)", (long long)p), DT_F32);
    NodeId k = rig_input(rig, TEXT(rig, "(N, %lld, 6)", (long long)p), DT_F32);
    NodeId scores = softmax(rig, matmul(rig, q, k, false, true), 2);
    rig_result(rig, scores);
    rig_result(rig, matmul(rig, scores, k, false, false));
    rig_result(rig, matmul(rig, q, k, true, false));
    rig_result(rig, matmul(rig, scores, q, true, false));
    NodeId heads = build_transpose(g, build_reshape(g, q, rig_shape(TEXT(rig, "(N, %lld, 2, 3)", (long long)p))), 1, 2);
    NodeId other = build_transpose(g, build_reshape(g, k, rig_shape(TEXT(rig, "(N, %lld, 2, 3)", (long long)p))), 1, 2);
    NodeId y = matmul(rig, heads, other, false, true); // (N, 2, p, p)
    rig_result(rig, y);
    y = build_transpose(g, matmul(rig, y, other, false, false), 1, 2);
    rig_result(rig, build_reshape(g, y, rig_shape(TEXT(rig, "(N, %lld, 6)", (long long)p))));
    rig_result(rig, build_matmul(g, rig_var(rig, "(2, 3, 6)"), rig_var(rig, TEXT(rig, "(2, 6, %lld)", (long long)p))));
}

// ---- Variables

static void swapped(Rig *rig, int64_t p) {
    uint32_t a = rig_new_var(rig, TEXT(rig, "(%lld,)", (long long)p)), b = rig_new_var(rig, TEXT(rig, "(%lld,)", (long long)p));
    NodeId x = rig_read(rig, a), y = rig_read(rig, b);
    rig_assign(rig, a, y);
    rig_assign(rig, b, x);
}

static void crossed(Rig *rig, int64_t p) { // each new value needs both old ones
    const char *shape = TEXT(rig, "(%lld, 3)", (long long)p);
    uint32_t a = rig_new_var(rig, shape), b = rig_new_var(rig, shape);
    NodeId x = rig_read(rig, a), y = rig_read(rig, b);
    rig_assign(rig, a, binary(rig, OP_ADD, x, unary(rig, OP_SIN, y)));
    rig_assign(rig, b, binary(rig, OP_MUL, y, unary(rig, OP_COS, x)));
}

static void exchanged(Rig *rig, int64_t p) { // each new value needs the other's old one only
    const char *shape = TEXT(rig, "(%lld, 3)", (long long)p);
    uint32_t a = rig_new_var(rig, shape), b = rig_new_var(rig, shape);
    NodeId x = rig_read(rig, a), y = rig_read(rig, b), z = binary(rig, OP_MUL, rig_var(rig, shape), number(rig, 2));
    rig_assign(rig, a, binary(rig, OP_ADD, z, unary(rig, OP_SIN, y)));
    rig_assign(rig, b, binary(rig, OP_MUL, z, unary(rig, OP_COS, x)));
}

static void momentum(Rig *rig, int64_t p) { // both updates in one pass, the new velocity used at once
    const char *shape = TEXT(rig, "(%lld, 5)", (long long)p);
    uint32_t weight = rig_new_var(rig, shape), velocity = rig_new_var(rig, shape);
    NodeId w = rig_read(rig, weight), v = rig_read(rig, velocity), g = unary(rig, OP_TANH, w);
    NodeId new_v = binary(rig, OP_ADD, binary(rig, OP_MUL, v, number(rig, 0.9)), g);
    rig_assign(rig, velocity, new_v);
    rig_assign(rig, weight, binary(rig, OP_SUB, w, binary(rig, OP_MUL, new_v, build_scalar(rig->g, SCALAR_LR))));
    rig_result(rig, new_v);
}

static void read_later(Rig *rig, int64_t p) { // the old value is also read by a product and a reduction
    uint32_t var = rig_new_var(rig, TEXT(rig, "(%lld, %lld)", (long long)p, (long long)p));
    NodeId w = rig_read(rig, var), x = rig_input(rig, TEXT(rig, "(N, %lld)", (long long)p), DT_F32);
    rig_result(rig, matmul(rig, x, w, false, true));
    rig_result(rig, build_reduce(rig->g, OP_MAX, w, 1, false, false));
    rig_assign(rig, var, binary(rig, OP_MUL, w, number(rig, 0.5)));
}

static void of_itself(Rig *rig, int64_t p) { // new values that need other elements of the old one
    const char *square = TEXT(rig, "(%lld, %lld)", (long long)p, (long long)p);
    uint32_t a = rig_new_var(rig, square), b = rig_new_var(rig, square), c = rig_new_var(rig, square);
    uint32_t d = rig_new_var(rig, "()"), e = rig_new_var(rig, square), f = rig_new_var(rig, TEXT(rig, "(%lld,)", (long long)p));
    Graph *g = rig->g;
    NodeId x = rig_read(rig, a);
    rig_assign(rig, a, binary(rig, OP_SUB, x, build_mean(g, x, 3, false)));
    rig_assign(rig, b, build_transpose(g, rig_read(rig, b), 0, 1));
    x = rig_read(rig, c);
    rig_assign(rig, c, softmax(rig, x, 0));
    x = rig_read(rig, d);
    rig_assign(rig, d, binary(rig, OP_ADD, x, build_reduce(g, OP_SUM, rig_read(rig, e), 3, false, false)));
    x = rig_read(rig, e);
    rig_assign(rig, e, matmul(rig, x, x, false, true));
    x = rig_read(rig, f);
    if (p > 1) {
        NodeId head = build_slice(g, x, 0, fixed(1), fixed(p - 1), 1), tail = build_slice(g, x, 0, fixed(0), fixed(1), 1);
        x = build_concat(g, (NodeId[]){head, tail}, 2, 0); // rotated
    }
    rig_assign(rig, f, x);
}

static void turned_var(Rig *rig, int64_t p) { // a variable that is stored transposed: all that is done to one
    Graph *g = rig->g;
    uint32_t var = rig_new_var(rig, TEXT(rig, "(9, %lld)", (long long)p));
    NodeId w = rig_read(rig, var), x = rig_input(rig, TEXT(rig, "(N, %lld)", (long long)p), DT_F32);
    NodeId y = matmul(rig, x, w, false, true);
    rig_result(rig, build_reshape(g, w, rig_shape(TEXT(rig, "(%lld, 9)", (long long)p))));
    rig_result(rig, build_reduce(g, OP_SUM, w, 1, false, false));
    rig_result(rig, build_reduce(g, OP_ARGMAX, w, 2, false, false));
    rig_result(rig, unary(rig, OP_EXP, build_transpose(g, w, 0, 1)));
    NodeId norm = unary(rig, OP_SQRT, build_reduce(g, OP_SUM, binary(rig, OP_MUL, w, w), 3, false, false));
    NodeId step = binary(rig, OP_DIV, matmul(rig, y, x, true, false), norm);
    rig_assign(rig, var, binary(rig, OP_SUB, w, binary(rig, OP_MUL, step, number(rig, 0.01))));
}

static void assigned_twice(Rig *rig, int64_t p) { // one value for two variables and a result; constants; another's value
    const char *shape = TEXT(rig, "(%lld, 4)", (long long)p);
    uint32_t a = rig_new_var(rig, shape), b = rig_new_var(rig, shape), c = rig_new_var(rig, shape), d = rig_new_var(rig, shape);
    NodeId value = binary(rig, OP_ADD, rig_read(rig, a), rig_read(rig, c));
    rig_assign(rig, a, value);
    rig_assign(rig, b, value);
    rig_result(rig, value);
    rig_assign(rig, c, build_full(rig->g, rig_shape(shape), rig->program->float_type, 3));
    rig_assign(rig, d, rig_read(rig, a));
    rig_result(rig, rig_read(rig, a));
}

// A mean along an axis and the derivative of its square: what the reduction leaves, stretched again over that axis.
static void mean_and_back(Rig *rig, int64_t p) {
    Graph *g = rig->g;
    NodeId x = rig_input(rig, TEXT(rig, "(N, 3, %lld)", (long long)p), DT_F32);
    NodeId target = rig_input(rig, TEXT(rig, "(N, %lld)", (long long)p), DT_F32);
    Shape full = graph_node(g, x)->shape;
    NodeId difference = binary(rig, OP_SUB, build_reduce(g, OP_SUM, x, 1u << 1, false, false), target);
    rig_result(rig, build_reduce(g, OP_SUM, binary(rig, OP_MUL, difference, difference), 3, false, false));
    Shape column = {.rank = 3, .dim = {full.dim[0], fixed(1), full.dim[2]}};
    rig_result(rig, build_expand(g, build_reshape(g, difference, column), full));
}

static const Case cases[] = {
    {"map", map_rows, 1, false},
    {"map", map_rows, 16, false},
    {"map", map_rows, 37, false},
    {"map of bytes", map_bytes, 3, false},
    {"map of bytes", map_bytes, 50, false},
    {"columns", map_columns, 1, false},
    {"columns", map_columns, 23, false},
    {"sources", sources, 1, false},
    {"sources", sources, 21, false},
    {"random, batch last", random_batch_last, 3, false},
    {"check", checked, 3, false},
    {"failing check", checked, 1, true},
    {"effect", checked_effect, 100, false},
    {"failing effect", checked_effect, 3, true},
    {"lone effect", lone_effect, 100, false},
    {"failing lone effect", lone_effect, 1, true},
    {"constant effect", constant_effect, 1, false},
    {"failing constant effect", constant_effect, 0, true},
    {"draw", drawn, 5, false},
    {"softmax", row_softmax, 1, false},
    {"softmax", row_softmax, 3, false},
    {"softmax", row_softmax, 10, false},
    {"softmax", row_softmax, 16, false},
    {"softmax", row_softmax, 17, false},
    {"softmax", row_softmax, 64, false},
    {"softmax", row_softmax, 65, false},
    {"softmax", row_softmax, 200, false},
    {"classes", classes, 1, false},
    {"classes", classes, 10, false},
    {"classes", classes, 130, false},
    {"softmax of columns", column_softmax, 1, false},
    {"softmax of columns", column_softmax, 70, false},
    {"sums", sums, 1, false},
    {"sums", sums, 3, false},
    {"sums", sums, 40, false},
    {"sums", sums, 300, false},
    {"extremes", extremes, 1, false},
    {"extremes", extremes, 18, false},
    {"argmax", argmaxes, 1, false},
    {"argmax", argmaxes, 10, false},
    {"argmax", argmaxes, 35, false},
    {"axes in the middle", middle, 1, false},
    {"axes in the middle", middle, 20, false},
    {"batch norm", normalised, 1, false},
    {"batch norm", normalised, 18, false},
    {"concat, pad, slice", joined, 1, false},
    {"concat, pad, slice", joined, 9, false},
    {"concat, pad, slice", joined, 34, false},
    {"permute, reshape", turned, 1, false},
    {"permute, reshape", turned, 5, false},
    {"permute, reshape", turned, 17, false},
    {"across the batch", across_batch, 1, false},
    {"across the batch", across_batch, 9, false},
    {"single elements", single_elements, 1, false},
    {"single elements", single_elements, 4, false},
    {"single elements", single_elements, 100, false},
    {"linear", linear, 1, false},
    {"linear", linear, 3, false},
    {"linear", linear, 16, false},
    {"linear", linear, 17, false},
    {"linear", linear, 100, false},
    {"linear", linear, 400, false},
    {"wide layer", wide, 64, false},
    {"wide layer", wide, 600, false},
    {"products", products, 1, false},
    {"products", products, 7, false},
    {"products", products, 70, false},
    {"strided products", strided, 1, false},
    {"strided products", strided, 20, false},
    {"products of inputs", gathered, 2, false},
    {"products of inputs", gathered, 49, false},
    {"batched products", batched, 1, false},
    {"mean and back", mean_and_back, 5, false},
    {"mean and back", mean_and_back, 64, false},
    {"batched products", batched, 7, false},
    {"batched products", batched, 18, false},
    {"swap", swapped, 1, false},
    {"swap", swapped, 50, false},
    {"crossed updates", crossed, 1, false},
    {"crossed updates", crossed, 2000, false},
    {"exchanged values", exchanged, 1, false},
    {"exchanged values", exchanged, 2000, false},
    {"momentum", momentum, 1, false},
    {"momentum", momentum, 1000, false},
    {"old value read later", read_later, 3, false},
    {"old value read later", read_later, 70, false},
    {"update of itself", of_itself, 1, false},
    {"update of itself", of_itself, 7, false},
    {"update of itself", of_itself, 66, false},
    {"transposed variable", turned_var, 1, false},
    {"transposed variable", turned_var, 5, false},
    {"transposed variable", turned_var, 33, false},
    {"assigned twice", assigned_twice, 1, false},
    {"assigned twice", assigned_twice, 30, false},
};

enum { CASES = sizeof cases / sizeof *cases };
static const int64_t batches[] = {1, 2, 3, 5, 7, 16, 17, 33, 64, 65};
enum { BATCHES = sizeof batches / sizeof *batches };
