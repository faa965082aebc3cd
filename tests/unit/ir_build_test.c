// Building: PyTorch's promotion, NumPy's broadcasting, PyTorch's matmul, constants that take their shape and type at once.
#include "ir_test_support.h"

static void assert_node(Lab *lab, NodeId id, Op op, DType dtype, const char *shape) {
    assert_int_not_equal(id, NODE_NONE);
    const Node *node = graph_node(lab->g, id);
    assert_string_equal(op_info[node->op].name, op_info[op].name);
    assert_string_equal(dtype_text(node->dtype), dtype_text(dtype));
    assert_string_equal(shape_text(lab->arena, &node->shape), shape);
}

static void types_meet_as_in_pytorch(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    Graph *g = lab->g;
    NodeId f = lab_input(lab, "(3,)", DT_F32), i = lab_input(lab, "(3,)", DT_I64), p = lab_input(lab, "(3,)", DT_BOOL);
    NodeId u = lab_input(lab, "(3,)", DT_U8), lr = build_scalar(g, SCALAR_LR), step = build_scalar(g, SCALAR_STEP);
    NodeId loss = build_reduce(g, OP_SUM, f, 1, false, false);
    assert_node(lab, build_binary(g, OP_MUL, f, lr), OP_MUL, DT_F32, "(3,)");
    assert_node(lab, build_binary(g, OP_MUL, loss, lr), OP_MUL, DT_F32, "()");
    assert_node(lab, build_binary(g, OP_MUL, lr, step), OP_MUL, DT_F64, "()");
    assert_node(lab, build_binary(g, OP_DIV, step, step), OP_DIV, DT_F64, "()");
    assert_node(lab, build_binary(g, OP_DIV, i, i), OP_DIV, DT_F32, "(3,)");
    assert_node(lab, build_binary(g, OP_DIV, i, step), OP_DIV, DT_F32, "(3,)");
    assert_node(lab, build_binary(g, OP_MUL, i, lr), OP_MUL, DT_F32, "(3,)");
    assert_node(lab, build_binary(g, OP_ADD, i, p), OP_ADD, DT_I64, "(3,)");
    assert_node(lab, build_binary(g, OP_ADD, p, p), OP_ADD, DT_I64, "(3,)");
    assert_node(lab, build_binary(g, OP_ADD, u, u), OP_ADD, DT_I64, "(3,)");
    assert_node(lab, build_binary(g, OP_EQ, p, p), OP_EQ, DT_BOOL, "(3,)");
    assert_node(lab, build_binary(g, OP_LT, p, i), OP_LT, DT_BOOL, "(3,)");
    assert_node(lab, build_binary(g, OP_AND, i, p), OP_AND, DT_BOOL, "(3,)");
    assert_node(lab, build_unary(g, OP_EXP, i), OP_EXP, DT_F32, "(3,)");
    assert_node(lab, build_unary(g, OP_EXP, step), OP_EXP, DT_F64, "()");
    assert_int_equal(build_unary(g, OP_FLOOR, i), i);
    assert_node(lab, build_unary(g, OP_NEG, p), OP_NEG, DT_I64, "(3,)");
    assert_node(lab, build_where(g, p, f, build_int(g, 0)), OP_WHERE, DT_F32, "(3,)");
    assert_node(lab, build_mean(g, i, 1, false), OP_DIV, DT_F32, "()");
    assert_node(lab, build_reduce(g, OP_MAX, p, 1, false, false), OP_CAST, DT_BOOL, "()");
    assert_node(lab, build_reduce(g, OP_SUM, build_bool(g, true), 0, false, false), OP_CONST, DT_I64, "()"); // a count
    assert_node(lab, build_concat(g, (NodeId[]){i, f}, 2, 0), OP_CONCAT, DT_F32, "(6,)");
    lab_free(lab);
}

static void shapes_are_broadcast(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    Graph *g = lab->g;
    NodeId batch = lab_input(lab, "(N, 1, 4)", DT_F32), rows = lab_input(lab, "(3, 1)", DT_F32),
           column = lab_input(lab, "(N, 1)", DT_F32);
    assert_node(lab, build_binary(g, OP_ADD, batch, rows), OP_ADD, DT_F32, "(N, 3, 4)");
    NodeId half = build_binary(g, OP_MUL, rows, build_float(g, 0.5));
    assert_node(lab, graph_node(g, half)->operands[1], OP_CONST, DT_F32, "(3, 1)"); // neither CAST nor EXPAND
    assert_int_equal(build_binary(g, OP_ADD, rows, lab_input(lab, "(4, 2)", DT_F32)), NODE_NONE);
    assert_non_null(
        strstr(lab_message(lab), "add: shapes (3, 1) and (4, 2) do not fit: axis -2 is 3 in one and 4 in the other"));
    NodeId flat = build_reshape(g, column, shape_read("(N,)", NULL));
    assert_int_equal(build_binary(g, OP_SUB, column, flat), NODE_NONE);
    assert_non_null(strstr(lab_message(lab), "sub: shapes (N, 1) and (N,) would give (N, N), but only one dimension"));
    assert_int_equal(build_expand(g, rows, shape_read("(3, 1)", NULL)), rows);
    assert_node(lab, build_sum_to(g, build_expand(g, rows, shape_read("(N, 3, 4)", NULL)), shape_read("(3, 1)", NULL)),
                OP_RESHAPE, DT_F32, "(3, 1)");
    lab_free(lab);
}

static void matmul_takes_any_rank(void **state) {
    (void)state;
    static const char *const cases[][3] = {
        {"(3,)", "(3,)", "()"},
        {"(3,)", "(3, 4)", "(4,)"},
        {"(N, 3)", "(3,)", "(N,)"},
        {"(N, 3)", "(3, 4)", "(N, 4)"},
        {"(N, 5, 3)", "(3, 4)", "(N, 5, 4)"},
        {"(5, N, 3)", "(3, 4)", "(5, N, 4)"},
        {"(N, 5, 3)", "(3,)", "(N, 5)"},
        {"(N, 2, 5, 3)", "(N, 2, 3, 5)", "(N, 2, 5, 5)"},
        {"(2, 5, 3)", "(N, 1, 3, 4)", "(N, 2, 5, 4)"},
        {"(5, 3)", "(N, 3, 4)", "(N, 5, 4)"},
        {"(3,)", "(N, 3, 4)", "(N, 4)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Lab *lab = lab_new(DT_F32);
        NodeId a = lab_input(lab, cases[i][0], DT_F32), b = lab_input(lab, cases[i][1], DT_F32), c = build_matmul(lab->g, a, b);
        assert_int_not_equal(c, NODE_NONE);
        assert_string_equal(shape_text(lab->arena, &graph_node(lab->g, c)->shape), cases[i][2]);
        graph_verify(lab->g, NULL, 0, "matmul");
        lab_free(lab);
    }
}

// All rows of a batch of matrices times one matrix are one product of two matrices.
static void leading_axes_become_one(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    NodeId x = lab_input(lab, "(N, 7, 3)", DT_F32), w = lab_input(lab, "(3, 4)", DT_F32), y = build_matmul(lab->g, x, w);
    assert_node(lab, y, OP_RESHAPE, DT_F32, "(N, 7, 4)");
    assert_node(lab, graph_node(lab->g, y)->operands[0], OP_MATMUL, DT_F32, "(7·N, 4)");
    lab_free(lab);
}

static void matmul_says_what_does_not_fit(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    NodeId x = lab_input(lab, "(N, 784)", DT_F32), w = lab_input(lab, "(100, 10)", DT_F32);
    assert_int_equal(build_matmul(lab->g, x, w), NODE_NONE);
    assert_non_null(
        strstr(lab_message(lab), "matmul: shapes (N, 784) and (100, 10) do not fit: the inner sizes are 784 and 100"));
    assert_int_equal(build_matmul(lab->g, x, build_transpose(lab->g, x, 0, 1)), NODE_NONE);
    assert_non_null(strstr(lab_message(lab), "matmul of (N, 784) and (784, N) would be (N, N)"));
    assert_int_equal(build_matmul(lab->g, x, build_float(lab->g, 1)), NODE_NONE);
    assert_non_null(strstr(lab_message(lab), "matmul needs vectors or matrices, got (N, 784) and ()"));
    lab_free(lab);
}

static void what_has_failed_stays_failed(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    Graph *g = lab->g;
    NodeId x = lab_input(lab, "(3, 4)", DT_F32), none = NODE_NONE;
    Dim one = {.size = 1};
    Shape shape = shape_read("(3, 4)", NULL);
    assert_int_equal(build_expand(g, none, shape), NODE_NONE);
    assert_int_equal(build_reshape(g, none, shape), NODE_NONE);
    assert_int_equal(build_transpose(g, none, 0, 1), NODE_NONE);
    assert_int_equal(build_slice(g, none, 0, one, one, 1), NODE_NONE);
    assert_int_equal(build_pad(g, none, 0, one, one), NODE_NONE);
    assert_int_equal(build_concat(g, (NodeId[]){x, none}, 2, 0), NODE_NONE);
    assert_int_equal(build_reduce(g, OP_SUM, none, 1, false, false), NODE_NONE);
    assert_int_equal(build_sum_to(g, none, shape), NODE_NONE);
    assert_int_equal(build_mean(g, none, 1, true), NODE_NONE);
    assert_int_equal(build_matmul(g, none, x), NODE_NONE);
    assert_int_equal(build_matmul(g, x, none), NODE_NONE);
    // A splat takes a new shape at once, if it can.
    NodeId splat = build_splat(g, shape, DT_F32, 2, 2);
    assert_node(lab, build_reshape(g, splat, shape_read("(2, 6)", NULL)), OP_CONST, DT_F32, "(2, 6)");
    assert_int_equal(build_reshape(g, splat, shape_read("(2, 5)", NULL)), NODE_NONE);
    assert_int_equal(build_expand(g, splat, shape_read("(2, 4)", NULL)), NODE_NONE);
    // So do matrices whose leading axes do not fit, and one that no axis is left of.
    assert_int_equal(build_matmul(g, lab_input(lab, "(2, 3, 4)", DT_F32), lab_input(lab, "(3, 4, 5)", DT_F32)), NODE_NONE);
    assert_int_equal(build_matmul(g, lab_input(lab, "(N, 2, 4)", DT_F32), lab_input(lab, "(4, N)", DT_F32)), NODE_NONE);
    assert_int_equal(build_mean(g, x, 1u << 5, false), NODE_NONE);
    assert_int_equal(build_matmul(g, x, build_float(g, 1)), NODE_NONE);
    assert_int_equal(build_matmul(g, build_float(g, 1), x), NODE_NONE);
    lab_free(lab);
}

static void what_changes_nothing_is_the_operand(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    Graph *g = lab->g;
    NodeId x = lab_input(lab, "(3, 4)", DT_F32), p = lab_input(lab, "(3, 4)", DT_BOOL), u = lab_input(lab, "(3, 4)", DT_U8);
    Dim none = {0}, one = {.size = 1}, three = {.size = 3};
    assert_int_equal(build_concat(g, &x, 1, 0), x);
    assert_int_equal(build_reduce(g, OP_SUM, x, 0, false, false), x);
    assert_int_equal(build_transpose(g, x, 1, 1), x);
    assert_int_equal(build_slice(g, x, 0, none, three, 1), x);
    assert_int_equal(build_pad(g, x, 0, none, none), x);
    assert_node(lab, build_pad(g, x, 0, none, one), OP_PAD, DT_F32, "(4, 4)");
    assert_node(lab, build_reduce(g, OP_MIN, p, 3, false, true), OP_CAST, DT_BOOL, "()"); // all
    assert_node(lab, build_reduce(g, OP_SUM, p, 1, true, false), OP_RESHAPE, DT_I64, "(1, 4)");
    assert_node(lab, build_reduce(g, OP_PROD, u, 1, false, true), OP_PROD, DT_I64, "(4,)");
    assert_node(lab, build_reduce(g, OP_PROD, p, 0, false, false), OP_CAST, DT_I64, "(3, 4)"); // over no axis, a number still
    assert_node(lab, build_reduce(g, OP_PROD, p, 3, false, false), OP_PROD, DT_I64, "()");
    lab_free(lab);
}

static void ops_are_described(void **state) {
    (void)state;
    static const char *const classes[] = {[CLASS_SOURCE] = "source",
                                          [CLASS_ELEMENTWISE] = "elementwise",
                                          [CLASS_MOVEMENT] = "movement",
                                          [CLASS_REDUCTION] = "reduction",
                                          [CLASS_CONTRACTION] = "contraction"};
    bool seen[sizeof classes / sizeof *classes] = {false};
    for (Op op = 0; op < OP_COUNT; op++) {
        assert_true(strlen(op_doc(op)) > 0);
        assert_string_equal(op_class_text(op_info[op].class), classes[op_info[op].class]);
        seen[op_info[op].class] = true;
    }
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) assert_true(seen[i]);
}

static void draws_are_numbered(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    Shape shape = shape_of(1, (int64_t[]){3});
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(graph_node(lab->g, build_draw(lab->g, shape, DRAW_NORMAL, 0, 1))->attr.draw.order, i);
        assert_int_equal(graph_node(lab->g, build_random(lab->g, OP_RANDN, shape))->attr.random.place, i);
    }
    lab_free(lab);
}

static void graphs_print_a_node_a_line(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    Graph *g = lab->g;
    NodeId unused = lab_input(lab, "(3,)", DT_F32);
    uint32_t file = diag_add_file(lab->diag, "nets/a.net", "x = 1\ny = x\n", 12, false);
    NodeId x = lab_input(lab, "(N, 6)", DT_F32);
    g->nodes[x].name = "input";
    g->span = (Span){file, 6, 11};
    NodeId w = graph_append(g, OP_VAR, NULL, 0, &(Attr){.index = 0}, shape_read("(2, 4)", NULL), DT_F32);
    g->nodes[w].name = "fc.weight";
    NodeId s = build_slice(g, x, 1, (Dim){.size = 1}, (Dim){.size = 2}, 2), p = build_pad(g, s, 0, (Dim){1, true}, (Dim){0});
    NodeId m = build_matmul(g, p, w);
    NodeId t = build_transpose(g, m, 0, 1), r = build_reduce(g, OP_MAX, t, 3, false, true);
    NodeId c = build_concat(g, (NodeId[]){x, x}, 2, 0), lr = build_scalar(g, SCALAR_LR), tenth = build_float(g, 0.1);
    NodeId k = build_binary(g, OP_MUL, r, build_binary(g, OP_ADD, lr, tenth));
    g->nodes[k].name = "y";
    NodeId literal = build_literal(g, shape_of(1, (int64_t[]){3}), DT_I64, (double[]){1, 2, 3});
    NodeId d = build_draw(g, shape_of(1, (int64_t[]){3}), DRAW_UNIFORM, -0.5, 0.5);
    NodeId check = build_checked(g, x, build_binary(g, OP_GT, x, build_float(g, 0.1)), "positive");
    Output outputs[] = {{OUTPUT_METRIC, 0, "loss", k},    {OUTPUT_RESULT, 0, "c", c},  {OUTPUT_RESULT, 0, "n", literal},
                        {OUTPUT_ASSIGN, 0, "fc.bias", d}, {OUTPUT_ASSIGN, 4, NULL, d}, {OUTPUT_EFFECT, 0, NULL, check}};
    (void)unused;
    assert_string_equal(lab_print(lab, g, outputs, sizeof outputs / sizeof *outputs),
                        "%1 = input input : float32 (N, 6)\n"
                        "%2 = var fc.weight : float32 (2, 4)                     # a.net:2\n"
                        "%3 = slice %1 [:, 1 +2 by 2] : float32 (N, 2)           # a.net:2\n"
                        "%4 = pad %3 [N+:+0, :] : float32 (2·N, 2)               # a.net:2\n"
                        "%5 = matmul %4 %2 : float32 (2·N, 4)                    # a.net:2\n"
                        "%6 = permute %5 (1, 0) : float32 (4, 2·N)               # a.net:2\n"
                        "%7 = max %6 axes=0,1 share_ties : float32 ()            # a.net:2\n"
                        "%8 = concat %1 %1 axis=0 : float32 (2·N, 6)             # a.net:2\n"
                        "%9 = scalar lr : float64 ()                             # a.net:2\n"
                        "%10 = const 0.1 : float64 ()                            # a.net:2\n"
                        "%11 = add %9 %10 : float64 ()                           # a.net:2\n"
                        "%12 = cast %11 : float32 ()                             # a.net:2\n"
                        "%13 = mul %7 %12 : float32 ()                           # a.net:2 y\n"
                        "%14 = const [1 2 3] : int64 (3,)                        # a.net:2\n"
                        "%15 = draw uniform -0.5 0.5 order=0 : float32 (3,)      # a.net:2\n"
                        "%18 = const 0.1 : float32 (N, 6)                        # a.net:2\n"
                        "%19 = gt %1 %18 : bool (N, 6)                           # a.net:2\n"
                        "%20 = checked %1 %19 \"positive\" : float32 (N, 6)        # a.net:2\n"
                        "metric loss = %13\n"
                        "result c = %8\n"
                        "result n = %14\n"
                        "assign fc.bias = %15\n"
                        "assign 4 = %15\n"
                        "effect %20\n");
    lab_free(lab);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_meet_as_in_pytorch),
        cmocka_unit_test(shapes_are_broadcast),
        cmocka_unit_test(matmul_takes_any_rank),
        cmocka_unit_test(leading_axes_become_one),
        cmocka_unit_test(matmul_says_what_does_not_fit),
        cmocka_unit_test(ops_are_described),
        cmocka_unit_test(draws_are_numbered),
        cmocka_unit_test(graphs_print_a_node_a_line),
        cmocka_unit_test(what_has_failed_stays_failed),
        cmocka_unit_test(what_changes_nothing_is_the_operand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
