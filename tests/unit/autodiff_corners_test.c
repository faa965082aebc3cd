// Gradients at ties and corners, against what PyTorch 2.13.0 gives there; and what differentiate() promises besides.
#include "ir_test_support.h"

#include "autodiff/differentiate.h"

static NodeId gradient_of_sum(Lab *lab, NodeId y, NodeId x) {
    uint32_t rank = graph_node(lab->g, y)->shape.rank;
    NodeId dx, sum = build_reduce(lab->g, OP_SUM, y, (1u << rank) - 1, false, false);
    assert_true(differentiate(lab->g, sum, &x, 1, &dx));
    return dx;
}

static void ties(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F64);
    Graph *g = lab->g;
    NodeId a = VECTOR(lab, 1, 2, 3), b = VECTOR(lab, 2, 2, 2), c = VECTOR(lab, 1, 3, 3), d = VECTOR(lab, 1, 1, 3);
    NodeId maximum = build_binary(g, OP_MAXIMUM, a, b), minimum = build_binary(g, OP_MINIMUM, a, b);
    ASSERT_TENSOR(lab, gradient_of_sum(lab, maximum, a), 0, 0.5, 1);
    ASSERT_TENSOR(lab, gradient_of_sum(lab, maximum, b), 1, 0.5, 0);
    NodeId scaled = build_binary(g, OP_MUL, maximum, VECTOR(lab, 3, 5, 7));
    ASSERT_TENSOR(lab, gradient_of_sum(lab, scaled, a), 0, 2.5, 7);
    ASSERT_TENSOR(lab, gradient_of_sum(lab, minimum, a), 1, 0.5, 0);
    ASSERT_TENSOR(lab, gradient_of_sum(lab, minimum, b), 0, 0.5, 1);
    ASSERT_TENSOR(lab, gradient_of_sum(lab, build_reduce(g, OP_MAX, c, 1, false, true), c), 0, 0.5, 0.5);
    ASSERT_TENSOR(lab, gradient_of_sum(lab, build_reduce(g, OP_MAX, c, 1, false, false), c), 0, 1, 0);
    ASSERT_TENSOR(lab, gradient_of_sum(lab, build_reduce(g, OP_MIN, d, 1, false, false), d), 1, 0, 0);
    ASSERT_TENSOR(lab, gradient_of_sum(lab, build_reduce(g, OP_MIN, d, 1, false, true), d), 0.5, 0.5, 0);
    lab_free(lab);
}

static void corners(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F64);
    Graph *g = lab->g;
    NodeId x = VECTOR(lab, -1, 0, 2), zero = build_float(g, 0);
    ASSERT_TENSOR(lab, gradient_of_sum(lab, build_unary(g, OP_ABS, x), x), -1, 0, 1);
    ASSERT_TENSOR(lab, gradient_of_sum(lab, build_unary(g, OP_SQRT, VECTOR(lab, 4)), x), 0, 0, 0); // no path: zeros
    NodeId root = VECTOR(lab, 0, 4);
    ASSERT_TENSOR(lab, gradient_of_sum(lab, build_unary(g, OP_SQRT, root), root), INFINITY, 0.25);
    NodeId relu = build_where(g, build_binary(g, OP_LE, x, zero), zero, x);
    ASSERT_TENSOR(lab, gradient_of_sum(lab, relu, x), 0, 0, 1);
    ASSERT_TENSOR(lab, gradient_of_sum(lab, build_unary(g, OP_FLOOR, x), x), 0, 0, 0);
    ASSERT_TENSOR(lab, gradient_of_sum(lab, build_binary(g, OP_MUL, build_unary(g, OP_STOP_GRADIENT, x), x), x), -1, 0, 2);
    lab_free(lab);
}

static void powers(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F64);
    Graph *g = lab->g;
    NodeId x = VECTOR(lab, 0, 0, 0, 2, -2), n = VECTOR(lab, 0, 1, 2, 0, 3), y = build_binary(g, OP_POW, x, n);
    ASSERT_TENSOR(lab, gradient_of_sum(lab, y, x), 0, 1, 0, 0, 12);
    ASSERT_TENSOR(lab, gradient_of_sum(lab, y, n), 0, 0, 0, 0.6931471805599453, NAN);
    NodeId base = VECTOR(lab, 0, 0, 0, 2), m = VECTOR(lab, 0, 1, -1, 3);
    ASSERT_TENSOR(lab, gradient_of_sum(lab, build_binary(g, OP_POW, base, m), m), 0, 0, -INFINITY, 5.545177444479562);
    NodeId z = VECTOR(lab, 0, 2);
    static const double exponents[] = {0, 1, 2, 0.5};
    static const double expected[][2] = {{0, 0}, {1, 1}, {0, 4}, {INFINITY, 0.35355339059327373}};
    for (size_t i = 0; i < 4; i++) {
        assert_tensor(lab, gradient_of_sum(lab, build_binary(g, OP_POW, z, build_float(g, exponents[i])), z), expected[i], 2);
    }
    lab_free(lab);
}

static void products_with_zeros(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F64);
    Graph *g = lab->g;
    NodeId one = VECTOR(lab, 0, 2, 3), two = VECTOR(lab, 0, 0, 3);
    NodeId d_one = gradient_of_sum(lab, build_reduce(g, OP_PROD, one, 1, false, false), one);
    ASSERT_TENSOR(lab, d_one, 6, 0, 0);
    ASSERT_TENSOR(lab, gradient_of_sum(lab, build_reduce(g, OP_PROD, two, 1, false, false), two), 0, 0, 0);
    ASSERT_TENSOR(lab, gradient_of_sum(lab, d_one, one), 5, 3, 2); // d/dx of (bc + ac + ab) at (0, 2, 3)
    NodeId batch = lab_input(lab, "(N,)", DT_F64),
           dx = gradient_of_sum(lab, build_reduce(g, OP_PROD, batch, 1, false, false), batch);
    lab_fill(lab, 3, 1, 2);
    memcpy(lab->inputs[0].f, (double[]){0, 2, 3}, 3 * sizeof(double));
    ASSERT_TENSOR(lab, dx, 6, 0, 0);
    memcpy(lab->inputs[0].f, (double[]){0, 0, 3}, 3 * sizeof(double));
    ASSERT_TENSOR(lab, dx, 0, 0, 0);
    memcpy(lab->inputs[0].f, (double[]){4, 2, 3}, 3 * sizeof(double));
    ASSERT_TENSOR(lab, dx, 6, 12, 8);
    lab_free(lab);
}

static void several_paths_add_up(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F64);
    Graph *g = lab->g;
    NodeId x = build_float(g, 3), square = build_binary(g, OP_MUL, x, x), y = build_binary(g, OP_ADD, square, x), grads[3];
    NodeId wrt[] = {x, square, y};
    assert_true(differentiate(g, y, wrt, 3, grads));
    ASSERT_TENSOR(lab, grads[0], 7);
    ASSERT_TENSOR(lab, grads[1], 1);
    ASSERT_TENSOR(lab, grads[2], 1);
    NodeId cube = build_binary(g, OP_MUL, square, x), first, second, third;
    assert_true(differentiate(g, cube, &x, 1, &first));
    assert_true(differentiate(g, first, &x, 1, &second));
    assert_true(differentiate(g, second, &x, 1, &third));
    ASSERT_TENSOR(lab, second, 18);
    ASSERT_TENSOR(lab, third, 6);
    lab_free(lab);
}

// What leads nowhere is not differentiated: no product for the gradient of an input that nobody asked for.
static void only_paths_are_differentiated(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    NodeId x = lab_input(lab, "(N, 4)", DT_F32), w = lab_input(lab, "(4, 3)", DT_F32), dw;
    NodeId y = build_mean(lab->g, build_matmul(lab->g, x, w), 3, false);
    NodeId before = lab->g->count;
    assert_true(differentiate(lab->g, y, &w, 1, &dw));
    uint32_t products = 0;
    for (NodeId id = before; id < lab->g->count; id++) products += graph_node(lab->g, id)->op == OP_MATMUL;
    assert_int_equal(products, 1);
    lab_free(lab);
}

static void what_cannot_be_differentiated(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    NodeId x = lab_input(lab, "(3,)", DT_F32), i = lab_input(lab, "(3,)", DT_I64), grad;
    assert_false(differentiate(lab->g, x, &x, 1, &grad));
    assert_non_null(strstr(lab_message(lab), "only a float scalar can be differentiated, not a float32 tensor of shape (3,)"));
    NodeId sum = build_reduce(lab->g, OP_SUM, x, 1, false, false);
    assert_false(differentiate(lab->g, sum, &i, 1, &grad));
    assert_non_null(strstr(lab_message(lab), "no gradient with respect to a tensor of type int64"));
    assert_false(differentiate(lab->g, NODE_NONE, &x, 1, &grad));
    lab_free(lab);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ties),
        cmocka_unit_test(corners),
        cmocka_unit_test(powers),
        cmocka_unit_test(products_with_zeros),
        cmocka_unit_test(several_paths_add_up),
        cmocka_unit_test(only_paths_are_differentiated),
        cmocka_unit_test(what_cannot_be_differentiated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
