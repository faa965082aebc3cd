// Shape rules: every sample of the op table is accepted, what does not fit is refused with both shapes named.
#include "ir_test_support.h"

static void samples_have_shapes(void **state) {
    (void)state;
    for (Op op = 0; op < OP_COUNT; op++) {
        assert_non_null(op_doc(op));
        if (op_info[op].class == CLASS_SOURCE) continue;
        assert_non_null(op_defs[op]->samples);
        for (const OpSample *sample = op_defs[op]->samples; sample->operands; sample++) {
            Lab *lab = lab_new(DT_F64);
            NodeId operands[MAX_INPUTS];
            size_t count;
            if (lab_sample(lab, op, sample, operands, &count) == NODE_NONE)
                fail_msg("%s %s: %s", op_info[op].name, sample->operands, lab_message(lab));
            graph_verify(lab->g, NULL, 0, "a sample");
            lab_free(lab);
        }
    }
}

static void dimensions_compare_for_every_batch(void **state) {
    (void)state;
    assert_true(dim_equal((Dim){0, true}, (Dim){0, false})); // no samples times anything is nothing
    assert_true(dim_equal((Dim){3, true}, (Dim){3, true}));
    assert_false(dim_equal((Dim){3, true}, (Dim){3, false}));
    assert_false(dim_equal((Dim){3, true}, (Dim){2, true}));
    Shape batch = shape_read("(4, 2·N)", NULL), fixed = shape_read("(4, 2)", NULL);
    uint32_t axis = 9;
    assert_true(shape_batch_axis(&batch, &axis));
    assert_int_equal(axis, 1);
    assert_true(shape_batch_axis(&batch, NULL));
    assert_false(shape_batch_axis(&fixed, &axis));
    assert_false(shape_equal(&batch, &fixed));
    assert_int_equal(dim_value(batch.dim[1], 5), 10);
    assert_int_equal(dtype_size(DT_BOOL) + dtype_size(DT_U8) + dtype_size(DT_I64) + dtype_size(DT_F32) + dtype_size(DT_F64),
                     22);
    for (int kind = 0; kind < SCALAR_KINDS; kind++) assert_non_null(scalar_text((ScalarKind)kind));
}

typedef struct Refusal {
    Op op;
    const char *operands, *result;
    Attr attr;
    const char *message;
} Refusal;

#define SIZE(n) {.size = (n)}
#define OF_BATCH(n) {.size = (n), .batch = true}

static const Refusal refusals[] = {
    {OP_ADD, "(3, 4) (3, 5)", NULL, {{{0}}}, "add: shapes differ: (3, 4) and (3, 5)"},
    {OP_ADD, "(N, 4) (3, 4)", NULL, {{{0}}}, "add: shapes differ: (N, 4) and (3, 4)"},
    {OP_WHERE, "(3,) (4,) (4,)", NULL, {{{0}}}, "where: shapes differ: (3,) and (4,)"},
    {OP_CHECKED, "(3,) (4,)", NULL, {{{0}}}, "check: shapes differ: (3,) and (4,)"},
    {OP_RESHAPE, "(3, 4)", "(5,)", {{{0}}}, "cannot reshape (3, 4) to (5,): the numbers of elements, 12 and 5, are not equal"},
    {OP_RESHAPE, "(N, 4)", "(12,)", {{{0}}}, "the numbers of elements, 4·N and 12, are not equal for every batch size N"},
    {OP_RESHAPE, "(2·N, 4)", "(N, 4)", {{{0}}}, "the numbers of elements, 8·N and 4·N, are not equal"},
    {OP_RESHAPE, "(N, N)", "(N,)", {{{0}}}, "only one dimension of a tensor can depend on the batch size N"},
    {OP_PERMUTE, "(3, 4)", NULL, {.permutation = {{0, 0}}}, "permute: the axes of (3, 4) must each be named once"},
    {OP_PERMUTE, "(3, 4)", NULL, {.permutation = {{0, 2}}}, "permute: the axes of (3, 4) must each be named once"},
    {OP_EXPAND, "(3,)", "(4,)", {{{0}}}, "cannot expand (3,) to (4,)"},
    {OP_EXPAND, "(3,)", "(3, 4)", {{{0}}}, "cannot expand (3,) to (3, 4)"},
    {OP_EXPAND, "(2, 3)", "(3,)", {{{0}}}, "cannot expand (2, 3) to (3,)"},
    {OP_EXPAND, "(N, 1)", "(N, N)", {{{0}}}, "expand to (N, N): only one dimension"},
    {OP_SLICE,
     "(5,)",
     "(3,)",
     {.slice = {{SIZE(3)}, {1}}},
     "slice: axis 0 of (5,) holds no 3 elements from 3 on in steps of 1"},
    {OP_SLICE,
     "(5,)",
     "(3,)",
     {.slice = {{SIZE(1)}, {2}}},
     "slice: axis 0 of (5,) holds no 3 elements from 1 on in steps of 2"},
    {OP_SLICE, "(5,)", "(3,)", {.slice = {{SIZE(0)}, {0}}}, "step at least 1"},
    {OP_SLICE, "(N, 5)", "(3, 5)", {.slice = {{SIZE(0)}, {1, 1}}}, "whole multiples of N: (3, 5) of (N, 5)"},
    {OP_SLICE, "(2·N,)", "(N,)", {.slice = {{SIZE(1)}, {1}}}, "whole multiples of N: (N,) of (2·N,)"},
    {OP_SLICE, "(2·N,)", "(2·N,)", {.slice = {{OF_BATCH(1)}, {1}}}, "whole multiples of N: (2·N,) of (2·N,)"},
    {OP_SLICE, "(3·N,)", "(N,)", {.slice = {{SIZE(0)}, {2}}}, "whole multiples of N: (N,) of (3·N,)"},
    {OP_PAD, "(3,)", NULL, {.pad = {{SIZE(-1)}, {SIZE(0)}, {0}}}, "pad: amounts must be at least 0"},
    {OP_PAD, "(N,)", NULL, {.pad = {{SIZE(1)}, {SIZE(0)}, {0}}}, "neither a constant nor a multiple of N"},
    {OP_PAD, "(N,)", NULL, {.pad = {{OF_BATCH(1)}, {SIZE(1)}, {1}}}, "pad: the batch dimension of (N,) takes zeros either"},
    {OP_CONCAT, "(3, 4) (3, 5)", NULL, {.axis = 0}, "concat along axis 0: shapes differ elsewhere: (3, 4) and (3, 5)"},
    {OP_CONCAT, "(3, 4) (3,)", NULL, {.axis = 0}, "concat along axis 0: shapes differ elsewhere: (3, 4) and (3,)"},
    {OP_CONCAT, "(N, 4) (3, 4)", NULL, {.axis = 0}, "neither a constant nor a multiple of N: (N, 4) and (3, 4)"},
    {OP_CONCAT, "(3,) (3,)", NULL, {.axis = 1}, "concat: (3,) has no axis 1"},
    {OP_CONCAT, "", NULL, {.axis = 0}, "concat needs at least one tensor"},
    {OP_SLICE, "(3, 4)", "(3,)", {.slice = {{SIZE(0)}, {1}}}, "slice: (3, 4) cannot become (3,)"},
    {OP_SUM, "(3,)", NULL, {.reduce = {2, false}}, "sum: no such axes of (3,)"},
    {OP_SUM, "(3,)", NULL, {.reduce = {0, false}}, "sum: no such axes of (3,)"},
    {OP_ARGMAX, "(3, 4)", NULL, {.reduce = {3, false}}, "argmax takes one axis"},
    {OP_MATMUL, "(3, 4) (5, 4)", NULL, {{{0}}}, "matmul: shapes do not fit: (3, 4) and (5, 4)"},
    {OP_MATMUL,
     "(3, 4) (5, 4)",
     NULL,
     {.matmul = {true, true}},
     "matmul: shapes do not fit: (3, 4) transposed and (5, 4) transposed"},
    {OP_MATMUL, "(2, 3, 4) (3, 4, 5)", NULL, {{{0}}}, "matmul: shapes do not fit: (2, 3, 4) and (3, 4, 5)"},
    {OP_MATMUL, "(4,) (4,)", NULL, {{{0}}}, "matmul: shapes do not fit: (4,) and (4,)"},
    {OP_MATMUL,
     "(N, 4) (4, N)",
     NULL,
     {{{0}}},
     "matmul of (N, 4) and (4, N) would be (N, N), but only one dimension of a tensor can depend on the batch size N"},
};

static void misfits_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const Refusal *refusal = &refusals[i];
        Lab *lab = lab_new(DT_F64);
        NodeId operands[MAX_INPUTS];
        size_t count;
        OpSample sample = {refusal->operands, refusal->result, refusal->attr};
        assert_int_equal(lab_sample(lab, refusal->op, &sample, operands, &count), NODE_NONE);
        const char *message = lab_message(lab);
        if (!strstr(message, refusal->message)) fail_msg("%s %s: %s", op_info[refusal->op].name, refusal->operands, message);
        lab_free(lab);
    }
}

static void types_are_refused(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    NodeId i = lab_input(lab, "(3,)", DT_I64), f = lab_input(lab, "(3,)", DT_F32), p = lab_input(lab, "(3,)", DT_BOOL);
    assert_int_equal(graph_append(lab->g, OP_ADD, (NodeId[]){f, i}, 2, NULL, shape_scalar(), DT_F32), NODE_NONE);
    assert_non_null(strstr(lab_message(lab), "add: types differ: float32 and int64"));
    assert_int_equal(graph_append(lab->g, OP_EXP, &i, 1, NULL, shape_scalar(), DT_F32), NODE_NONE);
    assert_non_null(strstr(lab_message(lab), "exp is not defined for int64"));
    assert_int_equal(graph_append(lab->g, OP_WHERE, (NodeId[]){f, f, f}, 3, NULL, shape_scalar(), DT_F32), NODE_NONE);
    assert_non_null(strstr(lab_message(lab), "where needs a bool condition, got float32"));
    assert_int_equal(graph_append(lab->g, OP_SUM, &p, 1, &(Attr){.reduce = {1, false}}, shape_scalar(), DT_F32), NODE_NONE);
    assert_non_null(strstr(lab_message(lab), "sum is not defined for bool"));
    assert_int_equal(graph_append(lab->g, OP_CHECKED, (NodeId[]){f, f}, 2, NULL, shape_scalar(), DT_F32), NODE_NONE);
    assert_non_null(strstr(lab_message(lab), "check needs a bool condition, got float32"));
    assert_int_equal(graph_append(lab->g, OP_CONCAT, (NodeId[]){f, i}, 2, NULL, shape_scalar(), DT_F32), NODE_NONE);
    assert_non_null(strstr(lab_message(lab), "concat: types differ: float32 and int64"));
    assert_int_equal(graph_append(lab->g, OP_RAND, NULL, 0, NULL, shape_read("(3,)", NULL), DT_I64), NODE_NONE);
    assert_non_null(strstr(lab_message(lab), "random numbers are floats, not int64"));
    lab_free(lab);
}

static void sources_are_refused(void **state) {
    (void)state;
    static const double numbers[] = {1, 2};
    static const struct {
        Op op;
        const char *shape;
        Attr attr;
        const char *message;
    } rows[] = {
        {OP_CONST,
         "(N,)",
         {.constant = {.data = numbers, .count = 2}},
         "a literal tensor cannot depend on the batch size: (N,)"},
        {OP_CONST, "(3,)", {.constant = {.data = numbers, .count = 2}}, "a tensor of shape (3,) needs 3 numbers, got 2"},
        {OP_VAR, "(N, 3)", {{{0}}}, "the shape of a parameter or state cannot depend on the batch size: (N, 3)"},
        {OP_SCALAR, "()", {.index = SCALAR_KINDS}, "there is no run-time scalar"},
        {OP_IOTA, "(3,)", {.axis = 1}, "iota: axis 1 of shape (3,)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Lab *lab = lab_new(DT_F32);
        Shape shape = shape_read(rows[i].shape, NULL);
        assert_int_equal(graph_append(lab->g, rows[i].op, NULL, 0, &rows[i].attr, shape, DT_F32), NODE_NONE);
        const char *message = lab_message(lab);
        if (!strstr(message, rows[i].message)) fail_msg("%s: %s", op_info[rows[i].op].name, message);
        lab_free(lab);
    }
}

static void sizes_do_not_overflow(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    assert_int_equal(lab_input(lab, "(3000000000, 3000000000)", DT_F32), NODE_NONE);
    assert_non_null(strstr(lab_message(lab), "a tensor of shape (3000000000, 3000000000) is too large"));
    assert_int_equal(lab_input(lab, "(N, 1000000000000)", DT_F32), NODE_NONE);
    assert_int_equal(lab_input(lab, "(0, 3)", DT_F32), NODE_NONE);
    assert_non_null(strstr(lab_message(lab), "the size of a dimension must be at least 1: (0, 3)"));
    NodeId x = lab_input(lab, "(4000000000,)", DT_F32);
    assert_int_equal(graph_append(lab->g, OP_EXPAND, &x, 1, NULL, shape_read("(4000000000, 4000000000)", NULL), DT_F32),
                     NODE_NONE);
    Attr attr = {.pad = {.low = {{.size = INT64_MAX}}}};
    assert_int_equal(graph_append(lab->g, OP_PAD, &x, 1, &attr, shape_scalar(), DT_F32), NODE_NONE);
    Shape deep = {.rank = MAX_RANK + 1};
    assert_int_equal(graph_append(lab->g, OP_INPUT, NULL, 0, NULL, deep, DT_F32), NODE_NONE);
    assert_non_null(strstr(lab_message(lab), "a tensor has at most 8 dimensions"));
    lab_free(lab);
}

static void a_missing_operand_stays_missing(void **state) {
    (void)state;
    Lab *lab = lab_new(DT_F32);
    NodeId x = lab_input(lab, "(3,)", DT_F32);
    assert_int_equal(build_binary(lab->g, OP_ADD, x, NODE_NONE), NODE_NONE);
    assert_int_equal(build_matmul(lab->g, NODE_NONE, x), NODE_NONE);
    assert_int_equal(build_mean(lab->g, NODE_NONE, 1, false), NODE_NONE);
    assert_int_equal(build_where(lab->g, x, NODE_NONE, x), NODE_NONE);
    assert_int_equal(build_concat(lab->g, (NodeId[]){x, NODE_NONE}, 2, 0), NODE_NONE);
    assert_int_equal(diag_error_count(lab->diag), 0);
    lab_free(lab);
}

static void shapes_read_like_pythons(void **state) {
    (void)state;
    Arena *arena = arena_new();
    static const char *const texts[] = {"()", "(4,)", "(N,)", "(2·N, 3)", "(1, 28, 28)"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        Shape shape = shape_read(texts[i], NULL);
        assert_string_equal(shape_text(arena, &shape), texts[i]);
    }
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dimensions_compare_for_every_batch),
        cmocka_unit_test(samples_have_shapes),
        cmocka_unit_test(misfits_are_refused),
        cmocka_unit_test(types_are_refused),
        cmocka_unit_test(sources_are_refused),
        cmocka_unit_test(sizes_do_not_overflow),
        cmocka_unit_test(a_missing_operand_stays_missing),
        cmocka_unit_test(shapes_read_like_pythons),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
