// The vector mathematics of generated code against the C library in f64: the largest error in units of the last place (ulp)
// over dense samples, and what happens at zeros, infinities and NaN, for each target that this machine runs. It prints what
// it found. Subnormal arguments may count as zero, subnormal results may come out as zero.
#include <float.h>
#include <math.h>

#include "cg_support.h"

typedef struct Function {
    Op op;
    double (*real)(double);
    double bound;    // ulp
    float low, high; // where it is sampled densely, besides everywhere
} Function;

static double rsqrt(double x) { return 1 / sqrt(x); }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static const Function functions[] = {
    {OP_EXP, exp, 2, -90, 90},         {OP_LOG, log, 2, 0.5F, 2},         {OP_LOG1P, log1p, 2, -0.999F, 2},
    {OP_TANH, tanh, 2, -10, 10},       {OP_SIGMOID, sigmoid, 2, -90, 20}, {OP_ERF, erf, 4, -4.5F, 4.5F},
    {OP_SIN, sin, 2, -100, 100},       {OP_COS, cos, 2, -100, 100},       {OP_RSQRT, rsqrt, 2, 0.1F, 10},
    {OP_SQRT, sqrt, 0.5001, 0.1F, 10}, {OP_ATAN, atan, 2, -10, 10},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions, SAMPLES = 1 << 18 };

// y[i] = f(x[i]), or pow(x[i], x2[i])
static Kernel *map_kernel(Arena *arena, Op op, uint32_t lanes) {
    KernelBuilder b = kb_new(arena, op_info[op].name, lanes);
    KBufId x = kb_buf(&b, "x", DT_F32, 0, 1), y = kb_buf(&b, "y", DT_F32, 0, 1), z = 0;
    if (op_info[op].operands == 2) z = kb_buf(&b, "z", DT_F32, 0, 1);
    KVar i = kb_grid(&b, "i", (KExtent){0, 1, 256}), j = kb_var(&b, "j");
    KIdx limit = kb_plus(kb_n(1), i, -1);
    KStmt *loop = kb_for(&b, j, kb_idx(0), limit, lanes);
    loop->has_hi2 = true;
    loop->hi2 = kb_idx(256);
    KIdx at = kb_plus(kb_of(i), j, 1);
    KMask mask = kb_lanes_below(kb_plus(limit, j, -1));
    KVal a = kb_vload(&b, x, at, mask);
    KVal result = op_info[op].operands == 2 ? kb_op2(&b, op, a, kb_vload(&b, z, at, mask)) : kb_op1(&b, op, a);
    kb_store(&b, y, at, mask, result);
    kb_end(&b);
    kernel_verify(b.kernel);
    return b.kernel;
}

static float float_of(uint32_t bits) {
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static bool subnormal(double x) { return x != 0 && fabs(x) < (double)FLT_MIN; }

// Distance of `got` from the exact result in units of the last place of a float of that size.
static double ulp_error(float got, double exact) {
    if (isnan(exact)) return isnan(got) ? 0 : INFINITY;
    if (subnormal(exact) || exact == 0) {
        if (!signbit(got) != !signbit(exact) && exact == 0 && got == 0) return INFINITY;
        return fabs((double)got) <= (double)FLT_MIN ? 0 : INFINITY;
    }
    float rounded = (float)exact;
    if (isinf(rounded) || isinf(got)) return rounded == got || fabs(exact) > 0x1.fffffcp127 ? 0 : INFINITY;
    int exponent;
    frexp(exact, &exponent);
    return fabs((double)got - exact) / ldexp(1, exponent - 24);
}

// Half of the samples anywhere among all floats, half in the interesting range; special values first.
static void fill(float *x, float low, float high) {
    static const float special[] = {0.0F,    -0.0F,    1.0F,    -1.0F,    INFINITY,  -INFINITY, NAN,
                                    FLT_MAX, -FLT_MAX, FLT_MIN, 0x1p-30F, -0x1p-30F, 88.72F,    88.73F,
                                    -87.33F, -87.34F,  -103.9F, -104.F,   1e9F,      1e20F};
    size_t n = sizeof special / sizeof *special;
    for (size_t i = 0; i < SAMPLES; i++) {
        uint64_t mixed = (i + 1) * 0x9E3779B97F4A7C15u;
        mixed ^= mixed >> 29;
        mixed *= 0xBF58476D1CE4E5B9u;
        if (i < n) x[i] = special[i];
        else if (i % 2) x[i] = float_of((uint32_t)(mixed >> 32));
        else x[i] = low + (high - low) * ((float)i / SAMPLES);
        if (subnormal(x[i])) x[i] = 0;
    }
}

static void check_function(const Loaded *loaded, size_t index, const Target *target, float *x, float *y) {
    const Function *f = &functions[index];
    fill(x, f->low, f->high);
    void *buffers[] = {x, y};
    KernelCall call = {.buffers = buffers, .N = SAMPLES};
    cg_run(loaded, index, &call);
    double worst = 0;
    float at = 0;
    for (size_t i = 0; i < SAMPLES; i++) {
        double error = ulp_error(y[i], f->real((double)x[i]));
        if (error > worst) {
            worst = error;
            at = x[i];
        }
        if (error == INFINITY) fail_msg("%s: %s(%a) = %a", target->name, op_info[f->op].name, (double)x[i], (double)y[i]);
    }
    print_message("  %-7s %-8s %.3f ulp at %a\n", target->name, op_info[f->op].name, worst, (double)at);
    if (worst > f->bound) fail_msg("%s: %s is off by %.3f ulp at %a", target->name, op_info[f->op].name, worst, (double)at);
}

static void check_pow(const Loaded *loaded, const Target *target, float *x, float *y, float *z) {
    static const float special[] = {0.0F,  -0.0F, 1,     -1,   2,     -2,         3,        -3,        0.5F,
                                    -0.5F, 2.5F,  -2.5F, 1e9F, -1e9F, 16777217.F, INFINITY, -INFINITY, NAN};
    size_t n = sizeof special / sizeof *special;
    fill(x, 0, 20);
    fill(z, -30, 30);
    for (size_t i = 0; i < SAMPLES; i += 2) x[i] = (float)(i % 4999) / 250; // both moderate
    for (size_t i = 0; i < n * n; i++) {
        x[i] = special[i / n];
        z[i] = special[i % n];
    }
    void *buffers[] = {x, y, z};
    KernelCall call = {.buffers = buffers, .N = SAMPLES};
    cg_run(loaded, FUNCTIONS, &call);
    double worst = 0;
    for (size_t i = 0; i < SAMPLES; i++) {
        double error = ulp_error(y[i], pow((double)x[i], (double)z[i]));
        if (error > 4) fail_msg("%s: pow(%a, %a) = %a: %f ulp", target->name, (double)x[i], (double)z[i], (double)y[i], error);
        if (error > worst) worst = error;
    }
    print_message("  %-7s pow      %.3f ulp\n", target->name, worst);
}

static void check_target(const Target *target, uint32_t lanes, bool optimize) {
    if (!cg_target_runs_here(target)) {
        print_message("  %s: not on this machine\n", target->name);
        return;
    }
    Arena *arena = arena_new();
    Kernel *kernels[FUNCTIONS + 1];
    for (size_t i = 0; i < FUNCTIONS; i++) kernels[i] = map_kernel(arena, functions[i].op, lanes);
    kernels[FUNCTIONS] = map_kernel(arena, OP_POW, lanes);
    Loaded loaded = cg_load(cg_plan(arena, kernels, FUNCTIONS + 1, target), optimize);
    float *x = malloc(SAMPLES * sizeof *x), *y = malloc(SAMPLES * sizeof *y), *z = malloc(SAMPLES * sizeof *z);
    for (size_t i = 0; i < FUNCTIONS; i++) check_function(&loaded, i, target, x, y);
    check_pow(&loaded, target, x, y, z);
    free(x);
    free(y);
    free(z);
    dlclose(loaded.handle);
    arena_free(arena);
}

static void avx512(void **state) {
    (void)state;
    check_target(target_find("avx512"), 16, true);
}
static void avx2(void **state) {
    (void)state;
    check_target(target_find("avx2"), 8, true);
}
static void sse2(void **state) {
    (void)state;
    check_target(target_find("sse2"), 4, true);
}
static void scalars(void **state) {
    (void)state;
    check_target(target_find("native"), 1, true);
}
static void not_optimized(void **state) {
    (void)state;
    check_target(target_find("native"), 8, false);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(avx512),  cmocka_unit_test(avx2),          cmocka_unit_test(sse2),
        cmocka_unit_test(scalars), cmocka_unit_test(not_optimized),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
