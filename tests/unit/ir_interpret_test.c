// The interpreter is the oracle of everything behind it, so it is tested against PyTorch's numbers (2.13.0), op by op.
#include "ir_test_support.h"

#include "ir/rng.h"

#define NAN_ ((double)NAN)

static void elementwise_ops_are_pytorchs(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F64);
    Graph *g = lab->g;
    NodeId x = VECTOR(lab, -2.5, -0.5, 0.5, 1.5, 2.5), nan = build_float(g, NAN), two = build_float(g, 2);
    ASSERT_TENSOR(lab, build_unary(g, OP_ROUND, x), -2, -0.0, 0, 2, 2);
    ASSERT_TENSOR(lab, build_unary(g, OP_FLOOR, x), -3, -1, 0, 1, 2);
    ASSERT_TENSOR(lab, build_unary(g, OP_ABS, x), 2.5, 0.5, 0.5, 1.5, 2.5);
    ASSERT_TENSOR(lab, build_unary(g, OP_SIGN, x), -1, -1, 1, 1, 1);
    ASSERT_TENSOR(lab, build_unary(g, OP_SIGN, nan), 0);
    ASSERT_TENSOR(lab, build_binary(g, OP_MOD, x, build_float(g, -1.2)), -0.10000000000000009, -0.5, -0.7, -0.8999999999999999,
                  -1.0999999999999999);
    ASSERT_TENSOR(lab, build_binary(g, OP_FLOORDIV, x, build_float(g, 0.1)), -25, -5, 4, 14, 24);
    ASSERT_TENSOR(lab, build_unary(g, OP_ERF, build_float(g, 0.3)), 0.3286267594591274);
    ASSERT_TENSOR(lab, build_unary(g, OP_SIGMOID, VECTOR(lab, 0.3, -800)), 0.574442516811659, 0);
    ASSERT_TENSOR(lab, build_unary(g, OP_RSQRT, build_float(g, 4)), 0.5);
    ASSERT_TENSOR(lab, build_unary(g, OP_LOG1P, build_float(g, 1e-20)), 1e-20);
    ASSERT_TENSOR(lab, build_binary(g, OP_MAXIMUM, nan, two), NAN_);
    ASSERT_TENSOR(lab, build_binary(g, OP_MINIMUM, two, nan), NAN_);
    ASSERT_TENSOR(lab, build_binary(g, OP_POW, VECTOR(lab, -2, 0, 4), VECTOR(lab, 3, 0, 0.5)), -8, 1, 2);
    ASSERT_TENSOR(lab, build_binary(g, OP_SUB, x, two), -4.5, -2.5, -1.5, -0.5, 0.5);
    ASSERT_TENSOR(lab, build_binary(g, OP_LE, x, build_float(g, 0.5)), 1, 1, 1, 0, 0);
    ASSERT_TENSOR(lab, build_binary(g, OP_LE, nan, two), 0);
    ASSERT_TENSOR(lab, build_where(g, build_binary(g, OP_GT, x, build_float(g, 0)), x, build_float(g, 9)), 9, 9, 0.5, 1.5, 2.5);
    ASSERT_TENSOR(lab, build_cast(g, x, DT_I64), -2, 0, 0, 1, 2);
    ASSERT_TENSOR(lab, build_cast(g, x, DT_BOOL), 1, 1, 1, 1, 1);
    double least = (double)INT64_MIN; // what an int64 cannot hold
    ASSERT_TENSOR(lab, build_cast(g, VECTOR(lab, NAN, 1e300, -1e300, INFINITY, -0x1p63), DT_I64), least, least, least, least,
                  least);
    ASSERT_TENSOR(lab, build_cast(g, VECTOR(lab, 255, 256, 3.9), DT_U8), 255, 0, 3);
    lab_free(lab);
}

static NodeId integers(Lab *lab, size_t count, const double *data) {
    return build_literal(lab->g, shape_of(1, (int64_t[]){(int64_t)count}), DT_I64, data);
}

static void integers_are_pythons(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F64);
    NodeId a = integers(lab, 4, (double[]){7, -7, 7, -7}), b = integers(lab, 4, (double[]){3, 3, -3, -3}),
           zero = build_int(lab->g, 0);
    ASSERT_TENSOR(lab, build_binary(lab->g, OP_FLOORDIV, a, b), 2, -3, -3, 2);
    ASSERT_TENSOR(lab, build_binary(lab->g, OP_MOD, a, b), 1, 2, -2, -1);
    ASSERT_TENSOR(lab, build_binary(lab->g, OP_DIV, a, build_int(lab->g, 2)), 3.5, -3.5, 3.5, -3.5);
    ASSERT_TENSOR(lab, build_binary(lab->g, OP_FLOORDIV, a, zero), 0, 0, 0, 0);
    ASSERT_TENSOR(lab, build_binary(lab->g, OP_MOD, a, zero), 0, 0, 0, 0);
    ASSERT_TENSOR(lab, build_binary(lab->g, OP_POW, b, build_int(lab->g, 3)), 27, 27, -27, -27);
    NodeId least = build_int(lab->g, INT64_MIN);
    ASSERT_TENSOR(lab, build_binary(lab->g, OP_FLOORDIV, least, build_int(lab->g, -1)), (double)INT64_MIN);
    ASSERT_TENSOR(lab, build_unary(lab->g, OP_NEG, least), (double)INT64_MIN);
    lab_free(lab);
}

static void f32_is_rounded_after_every_op(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    NodeId tenth = build_full(lab->g, shape_scalar(), DT_F32, 0.1), three = build_full(lab->g, shape_scalar(), DT_F32, 3);
    ASSERT_TENSOR(lab, build_binary(lab->g, OP_MUL, tenth, three), (double)(0.1f * 3.0f));
    ASSERT_TENSOR(lab, build_unary(lab->g, OP_EXP, tenth), (double)(float)exp((double)0.1f));
    lab_free(lab);
}

static void movement_moves(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F64);
    Graph *g = lab->g;
    NodeId x = build_reshape(g, VECTOR(lab, 1, 2, 3, 4, 5, 6), shape_read("(2, 3)", NULL));
    ASSERT_TENSOR(lab, build_transpose(g, x, 0, 1), 1, 4, 2, 5, 3, 6);
    ASSERT_TENSOR(lab, build_slice(g, x, 1, (Dim){.size = 0}, (Dim){.size = 2}, 2), 1, 3, 4, 6);
    ASSERT_TENSOR(lab, build_pad(g, x, 0, (Dim){.size = 1}, (Dim){.size = 0}), 0, 0, 0, 1, 2, 3, 4, 5, 6);
    ASSERT_TENSOR(lab, build_concat(g, (NodeId[]){x, x}, 2, 1), 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6);
    ASSERT_TENSOR(lab, build_expand(g, VECTOR(lab, 7, 8), shape_read("(2, 2)", NULL)), 7, 8, 7, 8);
    ASSERT_TENSOR(lab, build_iota(g, shape_read("(2, 3)", NULL), 0), 0, 0, 0, 1, 1, 1);
    Attr spread = {.pad = {.low = {{.size = 1}}, .interior = {2}}};
    NodeId y = VECTOR(lab, 1, 2);
    ASSERT_TENSOR(lab, graph_append(g, OP_PAD, &y, 1, &spread, shape_scalar(), DT_F64), 0, 1, 0, 0, 2);
    NodeId batch = build_iota(g, shape_read("(2·N,)", NULL), 0);
    ASSERT_TENSOR(lab, build_slice(g, batch, 0, (Dim){1, true}, (Dim){1, true}, 1), 3, 4, 5);
    ASSERT_TENSOR(lab, build_slice(g, batch, 0, (Dim){1, false}, (Dim){1, true}, 2), 1, 3, 5);
    lab_free(lab);
}

static void reductions_combine(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F64);
    Graph *g = lab->g;
    NodeId x = build_reshape(g, VECTOR(lab, 1, 7, 3, 4, 5, 7), shape_read("(2, 3)", NULL));
    ASSERT_TENSOR(lab, build_reduce(g, OP_SUM, x, 1, false, false), 5, 12, 10);
    ASSERT_TENSOR(lab, build_reduce(g, OP_SUM, x, 2, true, false), 11, 16);
    ASSERT_TENSOR(lab, build_reduce(g, OP_PROD, x, 2, false, false), 21, 140);
    ASSERT_TENSOR(lab, build_reduce(g, OP_MAX, x, 3, false, false), 7);
    ASSERT_TENSOR(lab, build_reduce(g, OP_MIN, x, 1, false, false), 1, 5, 3);
    ASSERT_TENSOR(lab, build_reduce(g, OP_ARGMAX, x, 2, false, false), 1, 2);
    ASSERT_TENSOR(lab, build_mean(g, x, 1, false), 2.5, 6, 5);
    ASSERT_TENSOR(lab, build_mean(g, build_expand(g, build_float(g, 4), shape_read("(N, 2)", NULL)), 3, false), 4);
    ASSERT_TENSOR(lab, build_reduce(g, OP_MAX, VECTOR(lab, 1, NAN, 2), 1, false, false), NAN_);
    ASSERT_TENSOR(lab, build_reduce(g, OP_ARGMAX, VECTOR(lab, 1, NAN, 2), 1, false, false), 1);
    ASSERT_TENSOR(lab, build_reduce(g, OP_ARGMAX, VECTOR(lab, 1, 3, 3), 1, false, false), 1);
    NodeId any = build_binary(g, OP_GT, x, build_float(g, 5));
    ASSERT_TENSOR(lab, build_reduce(g, OP_MAX, any, 1, false, false), 0, 1, 1);
    ASSERT_TENSOR(lab, build_reduce(g, OP_SUM, any, 3, false, false), 2);
    lab_free(lab);
}

static void matmul_reads_transposed_operands(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F64);
    Graph *g = lab->g;
    NodeId a = build_reshape(g, VECTOR(lab, 1, 2, 3, 4, 5, 6), shape_read("(2, 3)", NULL));
    NodeId b = build_reshape(g, VECTOR(lab, 1, 0, 2, 1, 0, 3), shape_read("(3, 2)", NULL));
    NodeId at = build_transpose(g, a, 0, 1), bt = build_transpose(g, b, 0, 1);
    for (int flags = 0; flags < 4; flags++) {
        NodeId operands[] = {flags & 1 ? at : a, flags & 2 ? bt : b};
        Attr attr = {.matmul = {flags & 1, flags & 2}};
        ASSERT_TENSOR(lab, graph_append(g, OP_MATMUL, operands, 2, &attr, shape_scalar(), DT_F64), 5, 11, 14, 23);
    }
    NodeId stack = build_reshape(g, VECTOR(lab, 1, 2, 3, 4), shape_read("(2, 1, 2)", NULL));
    NodeId columns = build_reshape(g, VECTOR(lab, 1, 1, 2, 0), shape_read("(2, 2, 1)", NULL));
    ASSERT_TENSOR(lab, build_matmul(g, stack, columns), 3, 6);
    ASSERT_TENSOR(lab, build_matmul(g, stack, VECTOR(lab, 1, 10)), 21, 43);
    ASSERT_TENSOR(lab, build_matmul(g, VECTOR(lab, 1, 2, 3), VECTOR(lab, 1, 10, 100)), 321);
    ASSERT_TENSOR(lab, build_matmul(g, VECTOR(lab, 1, 2, 3), b), 5, 11);
    lab_free(lab);
}

static void checks_stop(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F64);
    NodeId x = VECTOR(lab, 1, 2, 3), failed = NODE_NONE;
    NodeId fine = build_checked(lab->g, x, build_binary(lab->g, OP_GT, x, build_float(lab->g, 0)), "positive");
    ASSERT_TENSOR(lab, fine, 1, 2, 3);
    NodeId bad = build_checked(lab->g, x, build_binary(lab->g, OP_GT, x, build_float(lab->g, 1)), "more than one");
    NodeId wanted = build_unary(lab->g, OP_NEG, bad);
    Tensor *values = NEW_ARRAY(lab->arena, Tensor, lab->g->count);
    assert_false(interpret(lab->arena, lab->g, &lab->env, &wanted, 1, values, &failed));
    assert_int_equal(failed, bad);
    lab_free(lab);
}

// The known answers of Philox2x32-10 that its authors publish, and netc's own streams, which must never change.
static void random_numbers_are_fixed(void **state) {
    (void)state;
    static const uint32_t known[][5] = {{0, 0, 0, 0xff1dae59, 0x6cd10df2},
                                        {0xffffffff, 0xffffffff, 0xffffffff, 0x2c3f628b, 0xab4fd7ad},
                                        {0x13198a2e, 0x243f6a88, 0x85a308d3, 0xdd7ce038, 0xf62a4c12}};
    for (size_t i = 0; i < 3; i++) {
        RngWords words = rng_philox(known[i][0], known[i][1], known[i][2]);
        assert_int_equal(words.word[0], known[i][3]);
        assert_int_equal(words.word[1], known[i][4]);
    }
    Lab *lab = lab_new(DT_F64);
    Shape two = shape_read("(2,)", NULL);
    ASSERT_TENSOR(lab, build_random(lab->g, OP_RAND, two), 0.97523248195648193, 0.69137281179428101); // seed 7, step 3, place 0
    NodeId second = build_random(lab->g, OP_RANDN, two);
    assert_int_equal(graph_node(lab->g, second)->attr.random.place, 1);
    RngWords words = rng_words(rng_stream(7, 3, 0), 0);
    assert_true(fabs(rng_normal(words) - -0.035777220075181346) < 1e-15);
    assert_true(rng_normal((RngWords){{0, 0x40000000}}) == 0); // a quarter turn is exactly 0
    lab_free(lab);
}

static void random_numbers_are_spread(void **state) {
    (void)state;
    double uniform = 0, normal = 0, square = 0;
    RngStream stream = rng_stream(1, 2, 3);
    for (uint64_t i = 0; i < 100000; i++) {
        RngWords words = rng_words(stream, i);
        double z = rng_normal(words);
        uniform += rng_uniform(words) / 100000;
        normal += z / 100000;
        square += z * z / 100000;
    }
    assert_true(fabs(uniform - 0.5) < 0.005 && fabs(normal) < 0.015 && fabs(square - 1) < 0.02);
    RngStream others[] = {rng_stream(2, 2, 3), rng_stream(1, 3, 3), rng_stream(1, 2, 4), rng_stream(1ull << 32 | 1, 2, 3)};
    for (size_t i = 0; i < 4; i++) assert_true(others[i].key != stream.key || others[i].high != stream.high);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elementwise_ops_are_pytorchs),
        cmocka_unit_test(integers_are_pythons),
        cmocka_unit_test(f32_is_rounded_after_every_op),
        cmocka_unit_test(movement_moves),
        cmocka_unit_test(reductions_combine),
        cmocka_unit_test(matmul_reads_transposed_operands),
        cmocka_unit_test(checks_stop),
        cmocka_unit_test(random_numbers_are_fixed),
        cmocka_unit_test(random_numbers_are_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
