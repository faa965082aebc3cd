// Every elementwise op of the table, on every type that it takes, in vectors and in scalars, against the kernel interpreter
// (hence against the op table's own meaning): special values included, for each target that this machine runs, with and
// without optimization.
#include "cg_support.h"

#include "ir/op.h"

enum { MAX_KERNELS = 512, ELEMENTS = 403 };

typedef struct Suite {
    Arena *arena;
    Kernel *kernels[MAX_KERNELS];
    size_t count;
} Suite;

// y[i] = op(x0[i], x1[i], x2[i]) for N elements; the last operand is `constant` when that is not NaN.
static void add_map(Suite *suite, Op op, DType operand, DType result, bool vector, uint32_t lanes, double constant) {
    const char *name = arena_printf(suite->arena, "%s of %s%s to %s%s", op_info[op].name, dtype_text(operand),
                                    vector ? " vectors" : "", dtype_text(result), isnan(constant) ? "" : ", a constant");
    KernelBuilder b = kb_new(suite->arena, name, lanes);
    int operands = op_info[op].operands;
    DType types[] = {operand, operand, operand};
    if (op == OP_WHERE) types[0] = DT_BOOL;
    if (op == OP_CHECKED) types[1] = DT_BOOL;
    KBufId x[3];
    for (int i = 0; i < operands; i++) x[i] = kb_buf(&b, "x", types[i], 0, 1);
    KBufId y = kb_buf(&b, "y", result, 0, 1);
    KVar i = kb_grid(&b, "i", (KExtent){0, 1, vector ? lanes : 1});
    KMask mask = vector ? kb_lanes_below(kb_plus(kb_n(1), i, -1)) : KB_ALL;
    KVal args[3] = {0};
    for (int a = 0; a < operands; a++) args[a] = kb_load_access(&b, kb_at(x[a], kb_of(i), 1), mask, vector);
    if (!isnan(constant)) {
        args[operands - 1] = kb_number(&b, operand, constant);
        if (vector) args[operands - 1] = kb_splat(&b, args[operands - 1]);
    }
    kb_store(&b, y, kb_of(i), mask, kb_element(&b, op, result, args[0], args[1], args[2]));
    kernel_verify(b.kernel);
    assert_true(suite->count < MAX_KERNELS);
    suite->kernels[suite->count++] = b.kernel;
}

static bool is_comparison(Op op) { return op >= OP_EQ && op <= OP_GE; }

static void add_op(Suite *suite, Op op, bool vector, uint32_t lanes) {
    for (DType dtype = 0; dtype < DTYPE_COUNT; dtype++) {
        if (!(op_defs[op]->dtypes & DTYPES(dtype))) continue;
        if (op == OP_CAST) {
            for (DType to = 0; to < DTYPE_COUNT; to++) add_map(suite, op, dtype, to, vector, lanes, NAN);
            continue;
        }
        DType result = is_comparison(op) ? DT_BOOL : dtype;
        add_map(suite, op, dtype, result, vector, lanes, NAN);
        if (!dtype_is_float(dtype)) continue;
        if (op == OP_MINIMUM || op == OP_MAXIMUM) add_map(suite, op, dtype, result, vector, lanes, 0.5);
        if (op == OP_POW) add_map(suite, op, dtype, result, vector, lanes, 2);
        if (op == OP_DIV) add_map(suite, op, dtype, result, vector, lanes, 255);
    }
}

static void check(const char *march, uint32_t lanes, bool optimize) {
    const Target *target = target_find(march);
    if (!cg_target_runs_here(target)) return;
    Suite suite = {.arena = arena_new()};
    for (Op op = 0; op < OP_COUNT; op++) {
        if (op_info[op].class != CLASS_ELEMENTWISE) continue;
        add_op(&suite, op, true, lanes);
        if (lanes > 1) add_op(&suite, op, false, lanes);
    }
    Loaded loaded = cg_load(cg_plan(suite.arena, suite.kernels, suite.count, target), optimize);
    for (size_t i = 0; i < suite.count; i++)
        cg_compare(&loaded, i, suite.kernels[i], arena_printf(suite.arena, "%s: %s", march, suite.kernels[i]->name), ELEMENTS,
                   true, NULL);
    dlclose(loaded.handle);
    arena_free(suite.arena);
}

static void avx512(void **state) {
    (void)state;
    check("avx512", 16, true);
}
static void avx2(void **state) {
    (void)state;
    check("avx2", 8, true);
}
static void sse2(void **state) {
    (void)state;
    check("sse2", 4, true);
}
static void one_lane(void **state) {
    (void)state;
    check("native", 1, true);
}
static void not_optimized(void **state) {
    (void)state;
    check("native", 4, false);
}

// A division by a constant becomes multiplications; every quotient must still be the one that a division rounds to.
static void exact_quotients(void **state) {
    (void)state;
    static const double divisors[] = {255, 0.3081, 3, 0.1, 1e-5, 7e9, 10, 49};
    enum { DIVISORS = sizeof divisors / sizeof *divisors, COUNT = 20000 };
    static const char *const targets[] = {"avx512", "avx2", "sse2"};
    static float x[COUNT], unused[COUNT], y[COUNT];
    uint64_t random = 1;
    for (int i = 0; i < COUNT; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        double fraction = (double)(random >> 11) * 0x1p-53;
        x[i] = i < 256 ? (float)i : (float)ldexp(fraction - 0.5, (int)(random % 60) - 30);
    }
    for (size_t t = 0; t < sizeof targets / sizeof *targets; t++) {
        const Target *target = target_find(targets[t]);
        if (!cg_target_runs_here(target)) continue;
        Suite suite = {.arena = arena_new()};
        for (int d = 0; d < DIVISORS; d++) add_map(&suite, OP_DIV, DT_F32, DT_F32, true, target->vector_bytes / 4, divisors[d]);
        Loaded loaded = cg_load(cg_plan(suite.arena, suite.kernels, suite.count, target), true);
        for (size_t d = 0; d < DIVISORS; d++) {
            void *buffers[] = {x, unused, y};
            assert_int_equal(cg_run(&loaded, d, &(KernelCall){.buffers = buffers, .N = COUNT}), 0);
            for (int i = 0; i < COUNT; i++) {
                volatile float divisor = (float)divisors[d];
                float quotient = x[i] / divisor;
                if (y[i] != quotient) fail_msg("%s: %a / %a is %a, not %a", targets[t], x[i], divisor, quotient, y[i]);
            }
        }
        dlclose(loaded.handle);
        arena_free(suite.arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(avx512),   cmocka_unit_test(avx2),          cmocka_unit_test(sse2),
        cmocka_unit_test(one_lane), cmocka_unit_test(not_optimized), cmocka_unit_test(exact_quotients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
