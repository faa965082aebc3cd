// Random graphs, with their gradients: what the simplifier leaves computes what was there before, for two batch sizes; a
// second simplification changes nothing more; relu's mask is read from its result.
#include "ir_test_support.h"

#include "autodiff/differentiate.h"
#include "simplify/rewrite.h"
#include "simplify/simplify.h"

#define GRAPHS 400
#define STEPS 24
#define POOL (STEPS + 8)

typedef struct Pool {
    Lab *lab;
    NodeId id[POOL];
    uint32_t count;
} Pool;

static NodeId pick(Pool *pool) { return pool->id[lab_below(pool->lab, pool->count)]; }
static const Node *look(Pool *pool, NodeId id) { return graph_node(pool->lab->g, id); }

static uint32_t some_axes(Pool *pool, const Shape *shape) {
    return shape->rank ? 1 + lab_below(pool->lab, (1u << shape->rank) - 1) : 0;
}

static NodeId random_unary(Pool *pool) {
    static const Op ops[] = {OP_NEG, OP_ABS, OP_SIGN, OP_SIN, OP_COS, OP_TANH, OP_SIGMOID, OP_ERF, OP_STOP_GRADIENT};
    return build_unary(pool->lab->g, ops[lab_below(pool->lab, sizeof ops / sizeof *ops)], pick(pool));
}

static NodeId random_constant(Pool *pool) {
    static const double values[] = {0, 1, -1, 2, 0.5, 3, -0.25, 255};
    return build_float(pool->lab->g, values[lab_below(pool->lab, sizeof values / sizeof *values)]);
}

// Functions with a domain get an argument inside it.
static NodeId random_guarded(Pool *pool) {
    Graph *g = pool->lab->g;
    NodeId x = pick(pool), positive = build_binary(g, OP_ADD, build_unary(g, OP_ABS, x), build_float(g, 0.5));
    switch (lab_below(pool->lab, 6)) {
    case 0: return build_unary(g, OP_LOG, positive);
    case 1: return build_unary(g, OP_SQRT, positive);
    case 2: return build_unary(g, OP_RSQRT, positive);
    case 3: return build_binary(g, OP_DIV, build_float(g, 1), positive);
    case 4: return build_unary(g, OP_EXP, build_unary(g, OP_TANH, x));
    default: {
        static const double powers[] = {0, 1, 2, 3, 4, 0.5, -0.5, -1, -2, 1.7};
        return build_binary(g, OP_POW, positive, build_float(g, powers[lab_below(pool->lab, 10)]));
    }
    }
}

static NodeId random_binary(Pool *pool) {
    static const Op ops[] = {OP_ADD, OP_SUB, OP_MUL, OP_ADD, OP_SUB, OP_MUL, OP_MINIMUM, OP_MAXIMUM, OP_DIV};
    Op op = ops[lab_below(pool->lab, sizeof ops / sizeof *ops)];
    NodeId a = pick(pool),
           b = lab_below(pool->lab, 3) || op == OP_MAXIMUM || op == OP_MINIMUM ? pick(pool) : random_constant(pool);
    if (op == OP_DIV) b = build_float(pool->lab->g, lab_below(pool->lab, 2) ? 3 : -4);
    if (op == OP_SUB && lab_below(pool->lab, 4) == 0) return build_binary(pool->lab->g, op, b, a);
    return build_binary(pool->lab->g, op, a, b);
}

static NodeId random_where(Pool *pool) {
    Graph *g = pool->lab->g;
    NodeId x = pick(pool), zero = build_float(g, 0.0625),
           condition = build_binary(g, lab_below(pool->lab, 2) ? OP_LE : OP_GT, x, zero);
    if (lab_below(pool->lab, 2)) { // a relu
        zero = build_float(g, 0);
        return build_where(g, build_binary(g, OP_LE, x, zero), zero, x);
    }
    if (lab_below(pool->lab, 3) == 0) condition = build_unary(g, OP_NOT, condition);
    return build_where(g, condition, pick(pool), pick(pool));
}

static NodeId random_movement(Pool *pool) {
    Graph *g = pool->lab->g;
    NodeId x = pick(pool);
    Shape shape = look(pool, x)->shape;
    if (shape.rank == 0) return x;
    uint32_t axis = lab_below(pool->lab, shape.rank);
    Dim dim = shape.dim[axis];
    switch (lab_below(pool->lab, 6)) {
    case 0: return build_transpose(g, x, axis, lab_below(pool->lab, shape.rank));
    case 1: { // one more axis, or one less
        if (shape.rank < 4 && lab_below(pool->lab, 2)) {
            memmove(&shape.dim[axis + 1], &shape.dim[axis], (shape.rank - axis) * sizeof *shape.dim);
            shape.dim[axis] = (Dim){1, false};
            shape.rank++;
            return build_reshape(g, x, shape);
        }
        return build_reshape(g, x, (Shape){.rank = 1, .dim = {shape_count(&shape)}});
    }
    case 2:
        if (dim.batch || dim.size < 2) return x;
        return build_slice(g, x, axis, (Dim){lab_below(pool->lab, 2), false}, (Dim){dim.size - 1, false}, 1);
    case 3: return build_pad(g, x, axis, (Dim){dim.batch ? 1 : 2, dim.batch}, (Dim){1, dim.batch});
    case 4: return build_concat(g, (NodeId[]){x, x}, 2, axis);
    default:
        if (shape.rank > 3) return x;
        memmove(&shape.dim[1], &shape.dim[0], shape.rank * sizeof *shape.dim);
        shape.dim[0] = (Dim){2, false};
        shape.rank++;
        return build_expand(g, x, shape);
    }
}

// What backward passes of unrolled recurrences look like: pieces of one tensor, put together again.
static NodeId random_pieces(Pool *pool) {
    Graph *g = pool->lab->g;
    NodeId x = pick(pool);
    Shape shape = look(pool, x)->shape;
    if (shape.rank == 0 || shape.dim[shape.rank - 1].batch || shape.dim[shape.rank - 1].size < 3) return x;
    uint32_t axis = shape.rank - 1u;
    NodeId a = build_slice(g, x, axis, (Dim){0, false}, (Dim){1, false}, 1);
    NodeId b = build_slice(g, x, axis, (Dim){1, false}, (Dim){shape.dim[axis].size - 1, false}, 1);
    return build_binary(g, OP_MUL, build_unary(g, OP_SIN, a), build_unary(g, OP_COS, b));
}

static NodeId random_reduction(Pool *pool) {
    static const Op ops[] = {OP_SUM, OP_SUM, OP_SUM, OP_MAX, OP_MIN, OP_PROD};
    NodeId x = pick(pool);
    uint32_t axes = some_axes(pool, &look(pool, x)->shape);
    Op op = ops[lab_below(pool->lab, sizeof ops / sizeof *ops)];
    if (op == OP_PROD) x = build_unary(pool->lab->g, OP_COS, x);
    if (lab_below(pool->lab, 4) == 0) return build_mean(pool->lab->g, x, axes, lab_below(pool->lab, 2));
    return build_reduce(pool->lab->g, op, x, axes, lab_below(pool->lab, 2), lab_below(pool->lab, 2));
}

static NodeId random_matmul(Pool *pool) {
    NodeId a = pick(pool), b = pick(pool);
    const Shape *x = &look(pool, a)->shape, *y = &look(pool, b)->shape;
    if (x->rank < 2 || y->rank < 2) return a;
    if (lab_below(pool->lab, 2)) a = build_transpose(pool->lab->g, a, x->rank - 1u, x->rank - 2u);
    if (lab_below(pool->lab, 2)) b = build_transpose(pool->lab->g, b, y->rank - 1u, y->rank - 2u);
    return build_matmul(pool->lab->g, build_unary(pool->lab->g, OP_TANH, a), b);
}

// A graph of STEPS random ops; what does not fit is reported and skipped.
static NodeId random_scalar(Lab *lab) {
    Pool pool = {.lab = lab};
    static const char *const shapes[] = {"(N, 4)", "(4,)", "(3, 4)", "(N, 1)", "()", "(4, 3)"};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) pool.id[pool.count++] = lab_input(lab, shapes[i], DT_F64);
    pool.id[pool.count++] = build_scalar(lab->g, SCALAR_LR);
    static NodeId (*const makers[])(Pool *) = {random_unary,  random_guarded,  random_binary,   random_binary,
                                               random_where,  random_movement, random_movement, random_reduction,
                                               random_matmul, random_pieces};
    NodeId total = build_float(lab->g, 0);
    for (int step = 0; step < STEPS; step++) {
        NodeId made = makers[lab_below(lab, sizeof makers / sizeof *makers)](&pool);
        if (made == NODE_NONE || !dtype_is_float(look(&pool, made)->dtype)) continue;
        Dim count = shape_count(&look(&pool, made)->shape);
        if (count.size > 200) continue;
        pool.id[pool.count++] = made;
        NodeId bounded = build_unary(lab->g, OP_TANH, made);
        NodeId mean = build_mean(lab->g, bounded, (1u << look(&pool, made)->shape.rank) - 1, false);
        total = build_binary(lab->g, OP_ADD, total, mean);
    }
    return total;
}

static Tensor *evaluate(Lab *lab, const Graph *g, const Output *outputs, size_t count) {
    NodeId wanted[7];
    for (size_t i = 0; i < count; i++) wanted[i] = outputs[i].node;
    Tensor *values = NEW_ARRAY(lab->arena, Tensor, g->count);
    assert_true(interpret(lab->arena, g, &lab->env, wanted, count, values, NULL));
    return values;
}

static void assert_same(Lab *lab, uint64_t seed, const Tensor *old, const Tensor *new) {
    assert_int_equal(old->count, new->count);
    for (int64_t i = 0; i < old->count; i++) {
        double a = old->f[i], b = new->f[i];
        if ((isnan(a) && isnan(b)) || a == b || fabs(a - b) <= 1e-9 * fabs(a) + 1e-12) continue;
        fail_msg("graph %llu, N = %lld: %.17g became %.17g", (unsigned long long)seed, (long long)lab->env.N, a, b);
    }
}

static void check_graph(uint64_t seed, uint32_t *fired, uint32_t *differentiated) {
    Lab *lab = lab_new(DT_F64);
    lab->random = seed * 7919;
    NodeId y = random_scalar(lab), wrt[6], grads[6];
    for (uint32_t i = 0; i < 6; i++) wrt[i] = i; // the inputs come first
    bool differentiable = differentiate(lab->g, y, wrt, 6, grads);
    size_t count = differentiable ? 7 : 1; // the gradient of PROD along a batch axis among others may have no shape
    *differentiated += differentiable;
    Output outputs[7] = {{OUTPUT_METRIC, 0, "y", y}}, original[7];
    for (size_t i = 1; i < count; i++) outputs[i] = (Output){OUTPUT_RESULT, 0, "dx", grads[i - 1]};
    memcpy(original, outputs, sizeof outputs);
    graph_verify(lab->g, outputs, count, "building");
    Graph *simple = simplify_counting(lab->g, outputs, count, fired);
    graph_verify(simple, outputs, count, "simplify");
    assert_true(simple->count <= lab->g->count);
    for (int64_t N = 1; N <= 3; N += 2) {
        lab_fill(lab, N, -2, 2);
        Tensor *old = evaluate(lab, lab->g, original, count), *new = evaluate(lab, simple, outputs, count);
        for (size_t i = 0; i < count; i++) assert_same(lab, seed, &old[original[i].node], &new[outputs[i].node]);
    }
    Output again[7];
    memcpy(again, outputs, sizeof outputs);
    Graph *twice = simplify(simple, again, count);
    assert_string_equal(lab_print(lab, simple, outputs, count), lab_print(lab, twice, again, count));
    lab_free(lab);
}

// And the test is worth its name: nearly all graphs can be differentiated, nearly all rows apply somewhere.
static void simplified_graphs_compute_the_same(void **state) {
    (void)state;
    uint32_t *fired = test_calloc(rewrite_count(), sizeof *fired), differentiated = 0, silent = 0;
    for (uint64_t seed = 1; seed <= GRAPHS; seed++) check_graph(seed, fired, &differentiated);
    for (size_t i = 0; i < rewrite_count(); i++) {
        if (!fired[i]) print_message("no random graph has: %s\n", rewrite_row(i)->name);
        silent += !fired[i];
    }
    test_free(fired);
    assert_true(differentiated > GRAPHS * 9 / 10);
    assert_true(silent < rewrite_count() / 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(simplified_graphs_compute_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
