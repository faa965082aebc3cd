// Random graphs for the tests of scheduling: all ops, any axis may be the batch, gradients, updates of variables that cross
// each other. What does not fit is reported to nobody and skipped.
#pragma once

#include "autodiff/differentiate.h"
#include "schedule_rig.h"
#include "simplify/simplify.h"

enum { RANDOM_STEPS = 22, RANDOM_POOL = RANDOM_STEPS + 24, RANDOM_MOST = 400, RANDOM_VARS = 5 };

typedef struct Random {
    Rig *rig;
    Graph *g;
    uint64_t state;
    NodeId pool[RANDOM_POOL];
    uint32_t count;
} Random;

static inline uint32_t random_below(Random *r, uint32_t limit) {
    r->state += 0x9E3779B97F4A7C15u;
    return (uint32_t)(rig_mix(r->state) >> 20) % limit;
}

static inline const Node *random_node(const Random *r, NodeId id) { return graph_node(r->g, id); }

// A member of the pool, of a kind of type if there is one.
static inline NodeId random_pick(Random *r, bool (*wanted)(DType)) {
    for (int tries = 0; tries < 20; tries++) {
        NodeId id = r->pool[random_below(r, r->count)];
        if (wanted(random_node(r, id)->dtype)) return id;
    }
    return r->pool[0];
}

static inline bool is_integer(DType dtype) { return dtype == DT_I64; }
static inline bool is_truth(DType dtype) { return dtype == DT_BOOL; }
static inline bool is_any(DType dtype) { return dtype != DT_U8; }
static inline NodeId random_float(Random *r) { return random_pick(r, dtype_is_float); }

static NodeId random_unary(Random *r) {
    static const Op ops[] = {OP_NEG,  OP_ABS,     OP_SIGN, OP_SIN,   OP_COS,   OP_ATAN,
                             OP_TANH, OP_SIGMOID, OP_ERF,  OP_FLOOR, OP_ROUND, OP_STOP_GRADIENT};
    return build_unary(r->g, ops[random_below(r, 12)], random_float(r));
}

static NodeId random_guarded(Random *r) { // functions with a domain
    NodeId x = random_float(r), positive = build_binary(r->g, OP_ADD, build_unary(r->g, OP_ABS, x), build_float(r->g, 0.5));
    switch (random_below(r, 7)) {
    case 0: return build_unary(r->g, OP_LOG, positive);
    case 1: return build_unary(r->g, OP_SQRT, positive);
    case 2: return build_unary(r->g, OP_RSQRT, positive);
    case 3: return build_unary(r->g, OP_LOG1P, positive);
    case 4: return build_unary(r->g, OP_EXP, build_unary(r->g, OP_TANH, x));
    case 5: return build_binary(r->g, OP_DIV, build_unary(r->g, OP_TANH, random_float(r)), positive);
    default: return build_binary(r->g, OP_POW, positive, build_unary(r->g, OP_TANH, random_float(r)));
    }
}

static NodeId random_binary(Random *r) {
    static const Op ops[] = {OP_ADD, OP_SUB, OP_MUL, OP_MINIMUM, OP_MAXIMUM};
    return build_binary(r->g, ops[random_below(r, 5)], random_float(r), random_float(r));
}

static NodeId random_integers(Random *r) {
    static const Op ops[] = {OP_ADD, OP_SUB, OP_MUL, OP_MINIMUM, OP_MAXIMUM, OP_FLOORDIV, OP_MOD};
    Op op = ops[random_below(r, 7)];
    NodeId a = random_pick(r, is_integer), b = random_pick(r, is_integer);
    if (op == OP_FLOORDIV || op == OP_MOD) b = build_int(r->g, random_below(r, 2) ? 3 : -2);
    if (op == OP_MUL)
        a = build_binary(r->g, OP_MOD, a, build_int(r->g, 7)), b = build_binary(r->g, OP_MOD, b, build_int(r->g, 5));
    return build_binary(r->g, op, a, b);
}

static NodeId random_truth(Random *r) {
    static const Op ops[] = {OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_AND, OP_OR};
    Op op = ops[random_below(r, 8)];
    if (op == OP_AND || op == OP_OR) return build_binary(r->g, op, random_pick(r, is_truth), random_pick(r, is_truth));
    if (random_below(r, 3) == 0) return build_unary(r->g, OP_NOT, random_pick(r, is_truth));
    bool whole = op == OP_EQ || op == OP_NE || random_below(r, 2);
    if (whole) return build_binary(r->g, op, random_pick(r, is_integer), random_pick(r, is_integer));
    return build_binary(r->g, op, random_float(r), build_float(r->g, 0.0625));
}

static NodeId random_where(Random *r) {
    if (random_below(r, 4) == 0) {
        NodeId x = random_float(r);
        return build_checked(r->g, x, build_binary(r->g, OP_LT, x, build_float(r->g, INFINITY)), "not finite");
    }
    return build_where(r->g, random_pick(r, is_truth), random_float(r), random_float(r));
}

static NodeId random_cast(Random *r) { return build_cast(r->g, random_pick(r, is_any), r->g->float_type); }

static NodeId random_source(Random *r) {
    Shape shape = random_node(r, random_pick(r, is_any))->shape;
    switch (random_below(r, 3)) {
    case 0: return shape.rank ? build_iota(r->g, shape, random_below(r, shape.rank)) : build_int(r->g, 5);
    case 1: return build_random(r->g, random_below(r, 2) ? OP_RAND : OP_RANDN, shape);
    default: return build_literal(r->g, rig_shape("(4,)"), r->g->float_type, (double[]){1, -0.5, 0.25, 3});
    }
}

static NodeId random_reshape(Random *r, NodeId x, Shape shape) {
    uint32_t axis = random_below(r, shape.rank);
    switch (random_below(r, 4)) {
    case 0: // flat
        return build_reshape(r->g, x, (Shape){.rank = 1, .dim = {shape_count(&shape)}});
    case 1: // one more axis
        if (shape.rank > 3) return x;
        memmove(&shape.dim[axis + 1], &shape.dim[axis], (shape.rank - axis) * sizeof *shape.dim);
        shape.dim[axis] = (Dim){1, false};
        shape.rank++;
        return build_reshape(r->g, x, shape);
    case 2: // an axis halved
        if (shape.rank > 3 || shape.dim[axis].size % 2) return x;
        memmove(&shape.dim[axis + 1], &shape.dim[axis], (shape.rank - axis) * sizeof *shape.dim);
        shape.dim[axis].size /= 2;
        shape.dim[axis + 1] = (Dim){2, false};
        shape.rank++;
        return build_reshape(r->g, x, shape);
    default: // two axes joined
        if (axis + 1u == shape.rank) return x;
        shape.dim[axis].size *= shape.dim[axis + 1].size;
        shape.dim[axis].batch |= shape.dim[axis + 1].batch;
        memmove(&shape.dim[axis + 1], &shape.dim[axis + 2], (shape.rank - axis - 2u) * sizeof *shape.dim);
        shape.rank--;
        return build_reshape(r->g, x, shape);
    }
}

static NodeId random_movement(Random *r) {
    Graph *g = r->g;
    NodeId x = random_pick(r, is_any);
    Shape shape = random_node(r, x)->shape;
    if (shape.rank == 0) return x;
    uint32_t axis = random_below(r, shape.rank);
    Dim dim = shape.dim[axis];
    switch (random_below(r, 8)) {
    case 0:
    case 1: return build_transpose(g, x, axis, random_below(r, shape.rank));
    case 2:
    case 3: return random_reshape(r, x, shape);
    case 4:
        if (dim.size < 2) return x;
        if (dim.batch) return build_slice(g, x, axis, (Dim){random_below(r, 2), true}, (Dim){dim.size - 1, true}, 1);
        return build_slice(g, x, axis, (Dim){random_below(r, 2), false}, (Dim){dim.size / 2, false}, 1 + random_below(r, 2));
    case 5:
        return build_pad(g, x, axis, (Dim){dim.batch ? 1 : random_below(r, 3), dim.batch},
                         (Dim){random_below(r, 2), dim.batch});
    case 6: return build_concat(g, (NodeId[]){x, build_unary(g, OP_NEG, x), x}, 2 + random_below(r, 2), axis);
    default:
        if (shape.rank > 3) return x;
        memmove(&shape.dim[1], &shape.dim[0], shape.rank * sizeof *shape.dim);
        shape.dim[0] = (Dim){2, false};
        shape.rank++;
        return build_expand(g, x, shape);
    }
}

static NodeId random_reduction(Random *r) {
    static const Op ops[] = {OP_SUM, OP_SUM, OP_MAX, OP_MIN, OP_PROD, OP_ARGMAX};
    Op op = ops[random_below(r, 6)];
    NodeId x = op == OP_PROD ? build_unary(r->g, OP_COS, random_float(r)) : random_pick(r, is_any);
    if (!is_any(random_node(r, x)->dtype) || random_node(r, x)->dtype == DT_BOOL) x = random_float(r);
    uint32_t rank = random_node(r, x)->shape.rank;
    if (rank == 0) return x;
    uint32_t axes = op == OP_ARGMAX ? 1u << random_below(r, rank) : 1 + random_below(r, (1u << rank) - 1);
    return build_reduce(r->g, op, x, axes, random_below(r, 2), random_below(r, 2));
}

static NodeId random_softmax(Random *r) {
    NodeId x = random_float(r);
    uint32_t rank = random_node(r, x)->shape.rank;
    if (rank == 0) return x;
    uint32_t axes = 1u << random_below(r, rank);
    NodeId top = build_unary(r->g, OP_STOP_GRADIENT, build_reduce(r->g, OP_MAX, x, axes, true, false));
    NodeId e = build_unary(r->g, OP_EXP, build_binary(r->g, OP_SUB, x, top));
    return build_binary(r->g, OP_DIV, e, build_reduce(r->g, OP_SUM, e, axes, true, false));
}

static NodeId random_matmul(Random *r) {
    NodeId a = random_float(r), b = random_float(r);
    const Shape *x = &random_node(r, a)->shape, *y = &random_node(r, b)->shape;
    if (x->rank < 2 || y->rank < 2) return a;
    bool ta = random_below(r, 2), tb = random_below(r, 2);
    uint32_t i = x->rank - 1u, j = y->rank - 1u;
    if (random_below(r, 3) == 0) a = build_unary(r->g, OP_TANH, a);
    if (ta) a = build_transpose(r->g, a, i, i - 1);
    if (tb) b = build_transpose(r->g, b, j, j - 1);
    return build_matmul(r->g, a, b);
}

// Updates: a step along the gradient, or whatever has the variable's shape, each perhaps with what others get.
static inline void random_updates(Random *r, uint32_t first, const NodeId *grads) {
    NodeId lr = build_scalar(r->g, SCALAR_LR);
    for (uint32_t v = 0; v < RANDOM_VARS; v++) {
        NodeId value = r->pool[v], found = NODE_NONE;
        for (uint32_t i = RANDOM_VARS; i < r->count; i++) {
            const Node *node = random_node(r, r->pool[i]);
            if (shape_equal(&node->shape, &r->rig->vars[first + v].shape) && node->dtype == r->g->float_type &&
                random_below(r, 2))
                found = r->pool[i];
        }
        switch (random_below(r, 4)) {
        case 0: continue;
        case 1:
            if (found == NODE_NONE) continue;
            value = found;
            break;
        default:
            if (!grads) continue;
            value = build_binary(r->g, OP_SUB, value, build_binary(r->g, OP_MUL, grads[v], lr));
        }
        rig_assign(r->rig, first + v, value);
    }
}

// An entry with a random graph, simplified, its outputs, gradients and updates.
static inline void random_entry(Rig *rig, uint64_t seed) {
    rig_begin(rig, arena_printf(rig->arena, "graph %llu", (unsigned long long)seed));
    Random r = {.rig = rig, .g = rig->g, .state = seed * 7919};
    uint32_t first = (uint32_t)rig->program->var_count;
    static const char *const vars[RANDOM_VARS] = {"(4,)", "(3, 4)", "(4, 4)", "(4, 3)", "()"};
    for (uint32_t i = 0; i < RANDOM_VARS; i++) r.pool[r.count++] = rig_var(rig, vars[i]);
    r.pool[r.count++] = rig_input(rig, "(N, 4)", DT_F64);
    r.pool[r.count++] = rig_input(rig, random_below(&r, 2) ? "(N, 3, 4)" : "(N, 4, 2)", DT_F64);
    r.pool[r.count++] = rig_input(rig, random_below(&r, 2) ? "(N, 18)" : "(N, 1)", DT_F64);
    NodeId whole = rig_input(rig, random_below(&r, 2) ? "(N, 4)" : "(N,)", DT_I64);
    r.pool[r.count++] = whole;
    r.pool[r.count++] = build_binary(r.g, OP_EQ, whole, build_int(r.g, 1));
    r.pool[r.count++] = build_cast(r.g, rig_input(rig, "(N, 3)", DT_U8), random_below(&r, 2) ? DT_I64 : r.g->float_type);
    r.pool[r.count++] = build_scalar(r.g, SCALAR_N);
    static NodeId (*const makers[])(Random *) = {
        random_unary,   random_guarded, random_binary, random_binary,    random_integers, random_truth,
        random_where,   random_cast,    random_source, random_movement,  random_movement, random_movement,
        random_softmax, random_matmul,  random_matmul, random_reduction, random_reduction};
    NodeId total = build_float(r.g, 0);
    for (int step = 0; step < RANDOM_STEPS; step++) {
        NodeId made = makers[random_below(&r, sizeof makers / sizeof *makers)](&r);
        if (made == NODE_NONE || shape_count(&random_node(&r, made)->shape).size > RANDOM_MOST) continue;
        r.pool[r.count++] = made;
        if (random_below(&r, 4) == 0) rig_result(rig, made);
        if (!dtype_is_float(random_node(&r, made)->dtype)) continue;
        NodeId bounded = build_unary(r.g, OP_TANH, made);
        total =
            build_binary(r.g, OP_ADD, total, build_mean(r.g, bounded, (1u << random_node(&r, made)->shape.rank) - 1, false));
    }
    total = build_cast(r.g, total, r.g->float_type);
    rig_output(rig, OUTPUT_METRIC, 0, total);
    NodeId grads[RANDOM_VARS];
    bool smooth = differentiate(r.g, total, r.pool, RANDOM_VARS, grads); // PROD's along a batch axis has no shape, say
    random_updates(&r, first, smooth ? grads : NULL);
    rig->g = simplify(r.g, rig->entry->outputs, rig->entry->output_count);
    rig->entry->graph = rig->g;
    rig_end(rig, NULL);
}
