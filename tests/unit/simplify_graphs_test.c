// What the simplifier makes of graphs as networks have them: no transposes left, relu's mask read from its result, pieces
// put together, effects and random draws untouched.
#include "ir_test_support.h"

#include "autodiff/differentiate.h"
#include "simplify/simplify.h"

static uint32_t count_op(const Graph *g, Op op) {
    uint32_t count = 0;
    for (NodeId id = 0; id < g->count; id++) count += graph_node(g, id)->op == op;
    return count;
}

static uint32_t count_users(const Graph *g, NodeId x) {
    uint32_t count = 0;
    for (NodeId id = 0; id < g->count; id++) {
        const Node *node = graph_node(g, id);
        for (uint32_t i = 0; i < node->operand_count; i++) count += node->operands[i] == x;
    }
    return count;
}

static NodeId relu(Graph *g, NodeId x) {
    NodeId zero = build_float(g, 0);
    return build_where(g, build_binary(g, OP_LE, x, zero), zero, x);
}

static NodeId linear(Lab *lab, NodeId x, const char *weight, const char *bias) {
    NodeId w = lab_input(lab, weight, DT_F32), b = lab_input(lab, bias, DT_F32);
    return build_binary(lab->g, OP_ADD, build_matmul(lab->g, x, build_transpose(lab->g, w, 0, 1)), b);
}

static NodeId mean_of_squares(Graph *g, NodeId y) {
    return build_mean(g, build_binary(g, OP_POW, y, build_int(g, 2)), (1u << graph_node(g, y)->shape.rank) - 1, false);
}

// The gradients with respect to every input but the first, as outputs, simplified.
static Graph *training_graph(Lab *lab, NodeId loss, Output *outputs, size_t *count) {
    NodeId wrt[MAX_INPUTS] = {0}, grads[MAX_INPUTS];
    size_t found = 0;
    for (NodeId id = 0; id < lab->g->count; id++) {
        if (graph_node(lab->g, id)->op == OP_INPUT && graph_node(lab->g, id)->attr.index > 0) wrt[found++] = id;
    }
    assert_true(differentiate(lab->g, loss, wrt, found, grads));
    outputs[0] = (Output){OUTPUT_METRIC, 0, "loss", loss};
    for (size_t i = 0; i < found; i++) outputs[i + 1] = (Output){OUTPUT_RESULT, 0, "gradient", grads[i]};
    *count = found + 1;
    return simplify(lab->g, outputs, *count);
}

static void a_perceptron_has_no_transposes(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    NodeId h = relu(lab->g, linear(lab, lab_input(lab, "(N, 8)", DT_F32), "(16, 8)", "(16,)"));
    h = relu(lab->g, linear(lab, h, "(12, 16)", "(12,)"));
    h = linear(lab, h, "(10, 12)", "(10,)");
    Output outputs[8];
    size_t count;
    Graph *g = training_graph(lab, mean_of_squares(lab->g, h), outputs, &count);
    assert_int_equal(count_op(g, OP_PERMUTE), 0);
    assert_int_equal(count_op(g, OP_RESHAPE), 0);
    assert_int_equal(count_op(g, OP_POW), 0);
    assert_int_equal(count_op(g, OP_MATMUL), 3 + 3 + 2); // forward, weights, inputs of all layers but the first
    // The sums before the relus serve the relus alone: the backward pass reads the relus' results.
    uint32_t relus = 0;
    for (NodeId id = 0; id < g->count; id++) {
        const Node *node = graph_node(g, id);
        if (node->op != OP_WHERE || graph_node(g, node->operands[2])->op != OP_ADD) continue;
        relus++;
        assert_int_equal(count_users(g, node->operands[2]), 2);
        assert_int_equal(count_users(g, node->operands[0]), 1);
    }
    assert_int_equal(relus, 2);
    lab_free(lab);
}

// y = where(x > 0, x, slope · x): the same, but for a slope that turns the sign.
static void masks_of_other_relus(void **state) {
    (void)state;
    static const double slopes[] = {0, 0.25, -1};
    for (size_t i = 0; i < sizeof slopes / sizeof *slopes; i++) {
        Lab *lab = lab_new(DT_F64);
        Graph *g = lab->g;
        NodeId x = build_unary(g, OP_SIN, lab_input(lab, "(N, 4)", DT_F64)), w = lab_input(lab, "(N, 4)", DT_F64), grad;
        NodeId closed = slopes[i] == 0 ? build_float(g, 0) : build_binary(g, OP_MUL, x, build_float(g, slopes[i]));
        NodeId y = build_where(g, build_binary(g, OP_GT, x, build_float(g, 0)), x, closed);
        NodeId loss = build_reduce(g, OP_SUM, build_binary(g, OP_MUL, y, w), 3, false, false);
        assert_true(differentiate(g, loss, &x, 1, &grad));
        Output outputs[] = {{OUTPUT_RESULT, 0, "y", y}, {OUTPUT_RESULT, 0, "dx", grad}};
        Graph *simple = simplify(g, outputs, 2);
        NodeId saved = graph_node(simple, outputs[0].node)->operands[1]; // x
        assert_string_equal(op_info[graph_node(simple, saved)->op].name, "sin");
        assert_int_equal(count_op(simple, OP_GT), slopes[i] < 0 ? 1 : 2);
        lab_fill(lab, 3, -2, 2);
        Tensor old = lab_value(lab, g, grad), new = lab_value(lab, simple, outputs[1].node);
        for (int64_t k = 0; k < old.count; k++) assert_true(fabs(old.f[k] - new.f[k]) < 1e-12);
        lab_free(lab);
    }
}

// Only a comparison with 0 can be made with the relu's result instead.
static void masks_that_are_no_relu(void **state) {
    (void)state;
    enum { HALF, LITERAL, INPUT, INTEGER, VARIANTS };
    for (int variant = 0; variant < VARIANTS; variant++) {
        Lab *lab = lab_new(DT_F64);
        Graph *g = lab->g;
        DType dtype = variant == INTEGER ? DT_I64 : DT_F64;
        NodeId w = lab_input(lab, "(N, 4)", dtype), x = lab_input(lab, "(N, 4)", dtype), limit = w;
        x = build_unary(g, OP_NEG, x);
        if (variant == HALF) limit = build_float(g, 0.5);
        if (variant == LITERAL) limit = build_literal(g, shape_of(1, (int64_t[]){4}), DT_F64, (double[]){-1, 0.5, -0.5, 1});
        if (variant == INTEGER) limit = build_int(g, -1);
        NodeId test = build_binary(g, OP_LE, x, limit), zero = build_int(g, 0);
        NodeId y = build_where(g, test, zero, x), masked = build_where(g, test, zero, w);
        Output outputs[] = {{OUTPUT_RESULT, 0, "y", y}, {OUTPUT_RESULT, 0, "masked", masked}};
        Graph *simple = simplify(g, outputs, 2);
        assert_int_equal(count_op(simple, OP_LE), 1);
        lab_fill(lab, 3, -2, 2);
        Tensor old = lab_value(lab, g, masked), new = lab_value(lab, simple, outputs[1].node);
        for (int64_t k = 0; k < old.count; k++) assert_true(old.f ? old.f[k] == new.f[k] : old.i[k] == new.i[k]);
        lab_free(lab);
    }
}

// Where x is kept all the same, for another user, its mask is made once, from x.
static void masks_of_values_that_are_kept(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F64);
    Graph *g = lab->g;
    NodeId x = build_unary(g, OP_SIN, lab_input(lab, "(N, 4)", DT_F64)), w = lab_input(lab, "(N, 4)", DT_F64);
    NodeId zero = build_float(g, 0), test = build_binary(g, OP_LE, x, zero);
    Output outputs[] = {{OUTPUT_RESULT, 0, "y", build_where(g, test, zero, x)},
                        {OUTPUT_RESULT, 0, "masked", build_where(g, test, zero, w)},
                        {OUTPUT_RESULT, 0, "x", x}};
    Graph *simple = simplify(g, outputs, 3);
    assert_int_equal(count_op(simple, OP_LE), 1);
    lab_free(lab);
}

// A check is an effect, also where both its operands are known.
static void known_checks_stay(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F64);
    Graph *g = lab->g;
    NodeId values = build_literal(g, shape_of(1, (int64_t[]){2}), DT_F64, (double[]){1, 2});
    NodeId one[] = {build_float(g, 1), build_bool(g, false)};
    NodeId two[] = {values, build_expand(g, build_bool(g, false), shape_of(1, (int64_t[]){2}))};
    Attr attr = {.checked = {"never"}};
    Output outputs[] = {{OUTPUT_EFFECT, 0, NULL, graph_append(g, OP_CHECKED, one, 2, &attr, shape_scalar(), DT_F64)},
                        {OUTPUT_EFFECT, 0, NULL, graph_append(g, OP_CHECKED, two, 2, &attr, shape_scalar(), DT_F64)}};
    assert_int_equal(count_op(simplify(g, outputs, 2), OP_CHECKED), 2);
    lab_free(lab);
}

// What folding would make too large to keep stays an operation: neither a loop without end nor a literal of any size.
static void large_literals_stay(void **state) {
    (void)state;
    enum { COUNT = 5000 };
    Lab *lab = lab_new(DT_F64);
    Graph *g = lab->g;
    double *a = NEW_ARRAY(lab->arena, double, COUNT), *b = NEW_ARRAY(lab->arena, double, COUNT);
    for (int i = 0; i < COUNT; i++) a[i] = i, b[i] = 3 * i;
    NodeId x = build_literal(g, shape_of(1, (int64_t[]){COUNT}), DT_F64, a), sum;
    NodeId y = build_literal(g, shape_of(1, (int64_t[]){COUNT}), DT_F64, b);
    sum = build_binary(g, OP_ADD, x, y);
    NodeId part = build_literal(g, shape_of(1, (int64_t[]){COUNT / 2}), DT_F64, a);
    NodeId other = build_literal(g, shape_of(1, (int64_t[]){COUNT / 2}), DT_F64, b);
    NodeId whole = graph_append(g, OP_CONCAT, (NodeId[]){part, other}, 2, &(Attr){.axis = 0}, shape_scalar(), DT_BOOL);
    Output outputs[] = {{OUTPUT_RESULT, 0, "sum", sum}, {OUTPUT_RESULT, 0, "whole", whole}};
    Graph *simple = simplify(g, outputs, 2);
    assert_int_equal(count_op(simple, OP_ADD), 1);
    assert_int_equal(count_op(simple, OP_CONCAT), 1);
    lab_free(lab);
}

// Sums of sums are one, unless a batch of them is left in between.
static void sums_of_sums(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F64);
    Graph *g = lab->g;
    NodeId x = lab_input(lab, "(N, 3, 2)", DT_F64);
    NodeId inner = build_reduce(g, OP_SUM, x, 1u << 2, false, false); // (N, 3)
    NodeId rows = build_reduce(g, OP_SUM, inner, 1u << 1, false, false), total = build_reduce(g, OP_SUM, rows, 1, false, false);
    Output one[] = {{OUTPUT_RESULT, 0, "rows", rows}}, two[] = {{OUTPUT_RESULT, 0, "total", total}};
    assert_int_equal(count_op(simplify(g, one, 1), OP_SUM), 1);
    assert_int_equal(count_op(simplify(g, two, 1), OP_SUM), 2);
    lab_free(lab);
}

// Pieces of a batch: starts and sizes that count in N.
static void pieces_of_the_batch(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F64);
    Graph *g = lab->g;
    NodeId x = lab_input(lab, "(3N, 2)", DT_F64), y = lab_input(lab, "(N, 2)", DT_F64);
    Dim N = {1, true}, two = {2, true}, none = {0};
    NodeId later = build_slice(g, x, 0, N, two, 1);                                // x[N:3N]
    NodeId first = build_slice(g, later, 0, none, N, 1);                           // x[N:2N]
    NodeId last = build_slice(g, later, 0, N, N, 1);                               // x[2N:3N]
    NodeId front = build_slice(g, build_slice(g, x, 0, none, two, 1), 0, N, N, 1); // x[N:2N] again
    NodeId both =
        graph_append(g, OP_CONCAT, (NodeId[]){y, build_unary(g, OP_EXP, y)}, 2, &(Attr){.axis = 0}, shape_scalar(), DT_BOOL);
    NodeId second = build_slice(g, both, 0, N, N, 1); // exp(y)
    Output outputs[] = {{OUTPUT_RESULT, 0, "first", first},
                        {OUTPUT_RESULT, 0, "last", last},
                        {OUTPUT_RESULT, 0, "front", front},
                        {OUTPUT_RESULT, 0, "second", second}};
    NodeId before[] = {first, last, front, second};
    Graph *simple = simplify(g, outputs, 4);
    assert_int_equal(count_op(simple, OP_SLICE), 2);
    assert_int_equal(count_op(simple, OP_CONCAT), 0);
    lab_fill(lab, 3, -2, 2);
    for (size_t i = 0; i < 4; i++) {
        Tensor old = lab_value(lab, g, before[i]), new = lab_value(lab, simple, outputs[i].node);
        assert_int_equal(old.count, new.count);
        for (int64_t k = 0; k < old.count; k++) assert_true(old.f[k] == new.f[k]);
    }
    lab_free(lab);
}

// As PyTorch computes it, step by step: one multiplication and one addition would round otherwise.
static void normalized_bytes_are_rounded_as_written(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    Graph *g = lab->g;
    NodeId x = build_cast(g, lab_input(lab, "(N, 4)", DT_U8), DT_F32);
    x = build_binary(g, OP_DIV, x, build_float(g, 255));
    x = build_binary(g, OP_DIV, build_binary(g, OP_SUB, x, build_float(g, 0.1307)), build_float(g, 0.3081));
    Output output = {OUTPUT_RESULT, 0, "x", x};
    assert_string_equal(lab_print(lab, simplify(g, &output, 1), NULL, 0), "%0 = input 0 : uint8 (N, 4)\n"
                                                                          "%1 = cast %0 : float32 (N, 4)\n"
                                                                          "%2 = const 255 : float32 (N, 4)\n"
                                                                          "%3 = div %1 %2 : float32 (N, 4)\n"
                                                                          "%4 = const -0.1307 : float32 (N, 4)\n"
                                                                          "%5 = add %3 %4 : float32 (N, 4)\n"
                                                                          "%6 = const 0.3081 : float32 (N, 4)\n"
                                                                          "%7 = div %5 %6 : float32 (N, 4)\n");
    lab_free(lab);
}

// (N, T, C) through two layers: flat in between, the reshapes meet and vanish.
static void sequences_stay_flat_between_layers(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    NodeId h = relu(lab->g, linear(lab, lab_input(lab, "(N, 7, 8)", DT_F32), "(16, 8)", "(16,)"));
    Output output = {OUTPUT_RESULT, 0, "y", linear(lab, h, "(10, 16)", "(10,)")};
    Graph *g = simplify(lab->g, &output, 1);
    assert_int_equal(count_op(g, OP_RESHAPE), 2); // of the input and of the result
    assert_string_equal(op_info[graph_node(g, output.node)->op].name, "reshape");
    lab_free(lab);
}

// A recurrence over slices of its input, as long as the language promises: the gradient of the input is one concat, the graph
// grows with the number of steps and not with its square.
static void long_recurrences_stay_linear(void **state) {
    (void)state;
    enum { T = 200 };
    Lab *lab = lab_new(DT_F32);
    Graph *g = lab->g;
    NodeId other = lab_input(lab, "(4, 4)", DT_F32), x = lab_input(lab, "(N, 200, 4)", DT_F32);
    NodeId h = build_full(g, shape_read("(N, 4)", NULL), DT_F32, 0);
    for (int64_t t = 0; t < T; t++) {
        NodeId step = build_slice(g, x, 1, (Dim){.size = t}, (Dim){.size = 1}, 1);
        step = build_reshape(g, step, shape_read("(N, 4)", NULL));
        h = build_unary(g, OP_TANH, build_binary(g, OP_ADD, step, build_matmul(g, h, other)));
    }
    Output outputs[4];
    size_t count;
    g = training_graph(lab, mean_of_squares(g, h), outputs, &count);
    assert_int_equal(count_op(g, OP_PAD), 0);
    assert_int_equal(count_op(g, OP_CONCAT), 1);
    assert_true(g->count < 16 * T);
    lab_free(lab);
}

static void effects_and_draws_are_kept(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    Graph *g = lab->g;
    NodeId x = lab_input(lab, "(3,)", DT_F32);
    NodeId check = build_checked(g, x, build_binary(g, OP_GT, x, build_float(g, 0)), "positive");
    Shape shape = shape_read("(3,)", NULL);
    NodeId first = build_random(g, OP_RAND, shape), second = build_random(g, OP_RAND, shape);
    NodeId drawn = build_draw(g, shape, DRAW_UNIFORM, 0, 1), overridden = build_draw(g, shape, DRAW_UNIFORM, 0, 1);
    Output outputs[] = {{OUTPUT_RESULT, 0, "difference", build_binary(g, OP_SUB, first, second)},
                        {OUTPUT_EFFECT, 0, NULL, check},
                        {OUTPUT_EFFECT, 0, NULL, overridden},
                        {OUTPUT_ASSIGN, 0, "p", drawn}};
    g = simplify(g, outputs, 4);
    assert_int_equal(count_op(g, OP_RAND), 2);
    assert_int_equal(count_op(g, OP_CHECKED), 1);
    assert_int_equal(count_op(g, OP_DRAW), 2);
    assert_int_equal(graph_node(g, outputs[2].node)->attr.draw.order, 1);
    lab_free(lab);
}

// 49 · (1/49) is less than 1: what will be rounded down is divided.
static void whole_numbers_are_divided_exactly(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F64);
    Graph *g = lab->g;
    NodeId x = build_full(g, shape_read("(N, 2)", NULL), DT_F64, 49), y = lab_input(lab, "(N, 2)", DT_F64);
    NodeId quotient = build_reshape(g, build_binary(g, OP_DIV, y, x), shape_read("(2·N,)", NULL));
    NodeId z = build_unary(g, OP_FLOOR, quotient);
    Output output = {OUTPUT_RESULT, 0, "z", z};
    g = simplify(g, &output, 1);
    assert_int_equal(count_op(g, OP_DIV), 1);
    lab_fill(lab, 3, 49, 49);
    assert_true(lab_value(lab, g, output.node).f[0] == 1);
    lab_free(lab);
}

// A reciprocal or a product of constants that the type cannot hold is not made.
static void constants_stay_within_the_type(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    Graph *g = lab->g;
    NodeId x = lab_input(lab, "(3,)", DT_F32), large = build_float(g, 1e30), small = build_float(g, 1e-45);
    Output outputs[] = {
        {OUTPUT_RESULT, 0, "a", build_binary(g, OP_MUL, build_binary(g, OP_MUL, x, large), large)},
        {OUTPUT_RESULT, 0, "b", build_binary(g, OP_DIV, x, small)},
        {OUTPUT_RESULT, 0, "c", build_binary(g, OP_DIV, x, build_float(g, 0))},
    };
    g = simplify(g, outputs, 3);
    assert_int_equal(count_op(g, OP_MUL), 2);
    assert_int_equal(count_op(g, OP_DIV), 2);
    lab_free(lab);
}

// where(x <= 0, f(x), x) is a relu only if f(x) has the sign of x.
static void masks_of_what_is_no_relu(void **state) {
    (void)state;
    static const Op ops[] = {OP_ADD, OP_SUB, OP_MUL, OP_MAXIMUM};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        Lab *lab = lab_new(DT_F64);
        Graph *g = lab->g;
        NodeId x = build_unary(g, OP_SIN, lab_input(lab, "(N, 4)", DT_F64)), w = lab_input(lab, "(N, 4)", DT_F64), grad;
        NodeId other = ops[i] == OP_MUL ? build_unary(g, OP_COS, w) : x;
        NodeId closed = build_binary(g, ops[i], other, build_float(g, 3));
        NodeId y = build_where(g, build_binary(g, OP_LE, x, build_float(g, 0)), closed, x);
        NodeId loss = build_reduce(g, OP_SUM, build_binary(g, OP_MUL, y, w), 3, false, false);
        assert_true(differentiate(g, loss, &x, 1, &grad));
        Output outputs[] = {{OUTPUT_RESULT, 0, "y", y}, {OUTPUT_RESULT, 0, "dx", grad}};
        Graph *simple = simplify(g, outputs, 2);
        assert_int_equal(count_op(simple, OP_LE), 1);
        lab_free(lab);
    }
}

static void common_subexpressions_are_computed_once(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    Graph *g = lab->g;
    NodeId x = lab_input(lab, "(3,)", DT_F32), y = lab_input(lab, "(3,)", DT_F32);
    Output outputs[] = {
        {OUTPUT_RESULT, 0, "a", build_binary(g, OP_ADD, x, y)}, {OUTPUT_RESULT, 0, "b", build_binary(g, OP_ADD, y, x)},
        {OUTPUT_RESULT, 0, "c", build_binary(g, OP_SUB, x, y)}, {OUTPUT_RESULT, 0, "d", build_binary(g, OP_SUB, y, x)},
        {OUTPUT_RESULT, 0, "e", build_binary(g, OP_MUL, x, y)}, {OUTPUT_RESULT, 0, "f", build_binary(g, OP_MUL, y, x)},
    };
    g = simplify(g, outputs, 6);
    assert_int_equal(g->count, 6);
    assert_int_equal(outputs[0].node, outputs[1].node);
    assert_int_not_equal(outputs[2].node, outputs[3].node);
    assert_int_equal(outputs[4].node, outputs[5].node);
    lab_free(lab);
}

// Each graph of one output must stay as it is, or compute what it did.
static void what_must_not_be_simplified(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F64);
    Graph *g = lab->g;
    NodeId x = lab_input(lab, "(3,)", DT_F64), y = lab_input(lab, "(3,)", DT_F64), i = lab_input(lab, "(3,)", DT_I64);
    NodeId both = build_concat(g, (NodeId[]){x, y}, 2, 0), threes = build_full(g, shape_read("(2, 3)", NULL), DT_F64, 3);
    NodeId ones = build_full(g, shape_read("(2, 3)", NULL), DT_F64, 1), two = build_float(g, 2);
    NodeId cut = build_cast(g, build_binary(g, OP_MUL, x, build_float(g, 10)), DT_I64);
    const NodeId cases[] = {
        build_slice(g, both, 0, (Dim){.size = 2}, (Dim){.size = 3}, 1), // across the seam
        build_slice(g, both, 0, (Dim){.size = 1}, (Dim){.size = 3}, 2),
        build_slice(g, both, 0, (Dim){.size = 0}, (Dim){.size = 4}, 1),
        build_reduce(g, OP_SUM, ones, 1, false, false), // 2, not 1
        build_reduce(g, OP_SUM, threes, 3, false, false),
        build_reduce(g, OP_PROD, threes, 2, false, false), // 27
        build_cast(g, cut, DT_F64),                        // whole numbers, not x · 10
        build_cast(g, build_cast(g, x, DT_F32), DT_F64),   // rounded
        build_cast(g, build_cast(g, i, DT_BOOL), DT_I64),
        build_cast(g, build_binary(g, OP_NE, i, build_int(g, 1)), DT_F64),
        build_binary(g, OP_MUL, build_binary(g, OP_SUB, x, y), build_float(g, 0)),
        build_binary(g, OP_POW, two, x),
        build_binary(g, OP_DIV, two, build_binary(g, OP_ADD, x, two)),
        build_binary(g, OP_SUB, two, build_binary(g, OP_ADD, x, two)),
    };
    lab_fill(lab, 3, 0.3, 2);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        Output output = {OUTPUT_RESULT, 0, "r", cases[k]};
        Graph *simple = simplify(g, &output, 1);
        Tensor old = lab_value(lab, g, cases[k]), new = lab_value(lab, simple, output.node);
        assert_int_equal(old.count, new.count);
        for (int64_t at = 0; at < old.count; at++) {
            double a = old.f ? old.f[at] : (double)old.i[at], b = new.f ? new.f[at] : (double)new.i[at];
            if (fabs(a - b) > 1e-12 * fabs(a)) fail_msg("case %zu: %.17g became %.17g", k, a, b);
        }
    }
    lab_free(lab);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_perceptron_has_no_transposes),
        cmocka_unit_test(masks_of_other_relus),
        cmocka_unit_test(masks_that_are_no_relu),
        cmocka_unit_test(masks_of_values_that_are_kept),
        cmocka_unit_test(known_checks_stay),
        cmocka_unit_test(large_literals_stay),
        cmocka_unit_test(pieces_of_the_batch),
        cmocka_unit_test(sums_of_sums),
        cmocka_unit_test(normalized_bytes_are_rounded_as_written),
        cmocka_unit_test(sequences_stay_flat_between_layers),
        cmocka_unit_test(long_recurrences_stay_linear),
        cmocka_unit_test(effects_and_draws_are_kept),
        cmocka_unit_test(whole_numbers_are_divided_exactly),
        cmocka_unit_test(constants_stay_within_the_type),
        cmocka_unit_test(masks_of_what_is_no_relu),
        cmocka_unit_test(common_subexpressions_are_computed_once),
        cmocka_unit_test(what_must_not_be_simplified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
