// Expressions and their derivatives as text.
#include "ir_test_support.h"

#include "autodiff/differentiate.h"
#include "simplify/simplify.h"

static const char *text_of(Lab *lab, NodeId id, const char *name) {
    StrBuf buf = {0};
    graph_print_expr(lab->g, id, name, &buf);
    const char *text = arena_strdup(lab->arena, buf.text);
    strbuf_free(&buf);
    return text;
}

static NodeId named(Lab *lab, const char *shape, const char *name) {
    NodeId id = lab_input(lab, shape, DT_F32);
    lab->g->nodes[id].name = name;
    return id;
}

static void expressions_read_like_pythons(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    Graph *g = lab->g;
    NodeId x = named(lab, "(3, 4)", "x"), w = named(lab, "(5, 4)", "w"), b = named(lab, "(5,)", "b");
    NodeId half = build_float(g, 0.1), three = build_float(g, 3), minus = build_float(g, -2);
    NodeId linear = build_binary(g, OP_ADD, build_matmul(g, x, build_transpose(g, w, 0, 1)), b);
    assert_string_equal(text_of(lab, linear, "y"), "y = x @ w.T + b\n");
    NodeId sum = build_binary(g, OP_ADD, x, three), product = build_binary(g, OP_MUL, sum, half);
    assert_string_equal(text_of(lab, product, "y"), "y = 0.1 * (x + 3)\n");
    assert_string_equal(text_of(lab, build_binary(g, OP_SUB, x, sum), "y"), "y = x - (x + 3)\n");
    assert_string_equal(text_of(lab, build_binary(g, OP_DIV, x, product), "y"), "y = x / (0.1 * (x + 3))\n");
    assert_string_equal(text_of(lab, build_binary(g, OP_POW, sum, minus), "y"), "y = (x + 3) ** -2\n");
    assert_string_equal(text_of(lab, build_binary(g, OP_ADD, x, minus), "y"), "y = x - 2\n");
    assert_string_equal(text_of(lab, build_unary(g, OP_NEG, build_binary(g, OP_MUL, x, x)), "y"), "y = -x ** 2\n");
    NodeId relu = build_where(g, build_binary(g, OP_LE, x, build_float(g, 0)), build_float(g, 0), x);
    assert_string_equal(text_of(lab, relu, "y"), "y = where(x <= 0, 0, x)\n");
    assert_string_equal(text_of(lab, build_reduce(g, OP_SUM, relu, 2, true, false), "y"),
                        "y = sum(where(x <= 0, 0, x), dim=1)\n");
    assert_string_equal(text_of(lab, build_reduce(g, OP_MAX, x, 3, true, false), "y"), "y = max(x)\n");
    NodeId cube = named(lab, "(2, 3, 4)", "z");
    assert_string_equal(text_of(lab, build_reduce(g, OP_SUM, cube, 5, false, false), "y"), "y = sum(z, dim=(0, 2))\n");
    assert_string_equal(text_of(lab, build_transpose(g, cube, 0, 1), "y"), "y = z.permute(1, 0, 2)\n");
    NodeId flat = build_reshape(g, cube, shape_read("(6, 4)", NULL)),
           unit = build_reshape(g, cube, shape_read("(2, 1, 3, 4)", NULL));
    assert_string_equal(text_of(lab, flat, "y"), "y = reshape(z, (6, 4))\n");
    assert_string_equal(text_of(lab, unit, "y"), "y = z\n");
    assert_string_equal(text_of(lab, build_binary(g, OP_MUL, cube, build_scalar(g, SCALAR_LR)), "y"), "y = z * lr\n");
    lab_free(lab);
}

static void shared_parts_get_names(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    Graph *g = lab->g;
    NodeId x = named(lab, "(3, 4)", "x"), e = build_unary(g, OP_EXP, x);
    NodeId y = build_binary(g, OP_DIV, e, build_reduce(g, OP_SUM, e, 2, true, false));
    assert_string_equal(text_of(lab, y, "softmax"), "t1 = exp(x)\nsoftmax = t1 / sum(t1, dim=1)\n");
    NodeId deep = x; // as text without names this would be 2^40 times x
    for (int i = 0; i < 40; i++) deep = build_binary(g, OP_ADD, build_unary(g, OP_SIN, deep), build_unary(g, OP_COS, deep));
    assert_true(strlen(text_of(lab, deep, "y")) < 4000);
    lab_free(lab);
}

static NodeId square_root_of_mean(Graph *g, NodeId x) { return build_unary(g, OP_SQRT, build_mean(g, x, 3, false)); }
static NodeId cube(Graph *g, NodeId x) { return build_binary(g, OP_POW, x, build_int(g, 3)); }
static NodeId square(Graph *g, NodeId x) { return build_binary(g, OP_POW, x, build_int(g, 2)); }
static NodeId relu(Graph *g, NodeId x) {
    return build_where(g, build_binary(g, OP_LE, x, build_float(g, 0)), build_float(g, 0), x);
}
static NodeId silu(Graph *g, NodeId x) { return build_binary(g, OP_MUL, x, build_unary(g, OP_SIGMOID, x)); }
#define UNARY(name, op)                                                                                                        \
    static NodeId name##_of(Graph *g, NodeId x) { return build_unary(g, op, x); }
UNARY(exp, OP_EXP)
UNARY(log, OP_LOG)
UNARY(log1p, OP_LOG1P)
UNARY(sqrt, OP_SQRT)
UNARY(rsqrt, OP_RSQRT)
UNARY(sin, OP_SIN)
UNARY(cos, OP_COS)
UNARY(tanh, OP_TANH)
UNARY(sigmoid, OP_SIGMOID)
UNARY(abs, OP_ABS)
UNARY(floor, OP_FLOOR)

// The derivative of the sum of f(x), simplified, as users read it.
static void derivatives_are_tidy(void **state) {
    (void)state;
    static const struct {
        NodeId (*function)(Graph *g, NodeId x);
        const char *expected;
    } cases[] = {
        {exp_of, "dx = exp(x)\n"},
        {log_of, "dx = 1 / x\n"},
        {log1p_of, "dx = 1 / (x + 1)\n"},
        {sqrt_of, "dx = 0.5 / sqrt(x)\n"},
        {sin_of, "dx = cos(x)\n"},
        {cos_of, "dx = -sin(x)\n"},
        {tanh_of, "dx = 1 - tanh(x) ** 2\n"},
        {sigmoid_of, "t1 = sigmoid(x)\ndx = t1 * (1 - t1)\n"},
        {abs_of, "dx = sign(x)\n"},
        {floor_of, "dx = 0\n"},
        {relu, "dx = where(x <= 0, 0, 1)\n"},
        {square, "dx = 2 * x\n"},
        {cube, "dx = 3 * x ** 2\n"},
        {silu, "t1 = sigmoid(x)\ndx = t1 + x * t1 * (1 - t1)\n"},
        {rsqrt_of, "t1 = rsqrt(x)\ndx = -0.5 * t1 ** 2 * t1\n"},
        {square_root_of_mean, "dx = 0.125 / sqrt(0.25 * sum(x))\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Lab *lab = lab_new(DT_F32);
        NodeId x = named(lab, "(2, 2)", "x"), y = cases[i].function(lab->g, x), dx;
        if (graph_node(lab->g, y)->shape.rank) y = build_reduce(lab->g, OP_SUM, y, 3, false, false);
        assert_true(differentiate(lab->g, y, &x, 1, &dx));
        Output output = {OUTPUT_RESULT, 0, "dx", dx};
        lab->g = simplify(lab->g, &output, 1);
        assert_string_equal(text_of(lab, output.node, "dx"), cases[i].expected);
        lab_free(lab);
    }
}

// One after the other they would be one line that nobody reads, and a recursion as deep.
static void deep_expressions_are_cut_into_lines(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    NodeId y = named(lab, "(3,)", "x");
    for (int i = 0; i < 200000; i++) y = build_unary(lab->g, OP_SIN, y);
    const char *text = text_of(lab, y, "y");
    assert_memory_equal(text, "t1 = sin(sin(", 13);
    assert_non_null(strstr(text, "\nt2 = sin("));
    const char *last = strstr(text, "\ny = sin(");
    assert_non_null(last);
    for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) assert_true(end - line < 512);
    lab_free(lab);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_read_like_pythons),
        cmocka_unit_test(shared_parts_get_names),
        cmocka_unit_test(deep_expressions_are_cut_into_lines),
        cmocka_unit_test(derivatives_are_tidy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
