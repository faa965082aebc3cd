// Vector mathematics in f32 by way of f64: sin, cos, pow, and the parts of normal random numbers. Where an argument must be
// reduced, or a logarithm multiplied, with more than 24 bits, two vectors of doubles are simpler and no slower than pairs of
// floats. Polynomials as in math.c.
#include "codegen/gen.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static Value number(Value like, double value) { return gen_number(LLVMTypeOf(like), value); }
static Value absolute(const Gen *g, Value x) { return gen_intrinsic(g, "llvm.fabs", LLVMTypeOf(x), &x, 1); }
static Value widen(const Gen *g, Value x) { return LLVMBuildFPExt(g->builder, x, gen_with_element(x, g->f64), ""); }
static Value narrow(const Gen *g, Value x) { return LLVMBuildFPTrunc(g->builder, x, gen_with_element(x, g->f32), ""); }

// ---- Sine and cosine

// On |r| ≤ π/4: sin r = r + r³·s(r²), fit 2⁻²⁷; cos r = 1 − r²/2 + r⁴·c(r²), fit 2⁻³².
static Value sine_or_cosine(const Gen *g, Value r, Value use_cosine) {
    static const double s[] = {-0x1.555546p-3, 0x1.110732p-7, -0x1.99407p-13};
    static const double c[] = {0x1.55554ap-5, -0x1.6c0c2cp-10, 0x1.99e8eep-16};
    Value square = gen_mul(g, r, r);
    Value sine = gen_mul_add(g, gen_mul(g, r, square), math_polynomial(g, square, s, COUNT(s)), r);
    Value cosine = gen_mul(g, gen_mul(g, square, square), math_polynomial(g, square, c, COUNT(c)));
    cosine = gen_mul_add(g, square, number(r, -0.5), cosine);
    return gen_select(g, use_cosine, LLVMBuildFAdd(g->builder, cosine, number(r, 1), ""), sine);
}

// x = n·π/2 + r. π/2 is split so that n times its first 33 bits is exact for |n| < 2²⁰; n lands in the low bits of a sum with
// 1.5 × 2⁵².
static Value reduce_quarter_turns(const Gen *g, Value x, Value *quarter) {
    Value wide = widen(g, x);
    Value magic = number(wide, 0x1.8p52);
    Value shifted = gen_mul_add(g, wide, number(wide, 0x1.45f306dc9c883p-1), magic);
    Value n = LLVMBuildFSub(g->builder, shifted, magic, "");
    Value r = gen_mul_add(g, n, number(wide, -0x1.921fb544p+0), wide);
    r = gen_mul_add(g, n, number(wide, -0x1.0b4611a626331p-34), r);
    Value bits = gen_bits(g, shifted, gen_with_element(x, g->i64));
    *quarter = LLVMBuildTrunc(g->builder, bits, gen_with_element(x, g->i32), "");
    return narrow(g, r);
}

// Arguments beyond 2²⁰, infinities and NaN go to the C library, lane by lane. The branch costs nothing where none occurs.
static Value with_large(Gen *g, Value x, Value result, const char *name) {
    Value large = LLVMBuildFCmp(g->builder, LLVMRealUGE, absolute(g, x), number(x, 0x1p20), "");
    LLVMBasicBlockRef here = gen_here(g), slow = gen_block(g, "large"), after = gen_block(g, "");
    LLVMBuildCondBr(g->builder, gen_any(g, large), slow, after);
    gen_at(g, slow);
    Value wide = widen(g, x);
    Value mixed = gen_select(g, large, narrow(g, gen_libm(g, name, &wide, 1)), result);
    LLVMBuildBr(g->builder, after);
    gen_at(g, after);
    Value phi = LLVMBuildPhi(g->builder, LLVMTypeOf(x), "");
    LLVMAddIncoming(phi, (Value[]){result, mixed}, (LLVMBasicBlockRef[]){here, slow}, 2);
    return phi;
}

// sin of x + turned·π/2.
static Value turned_sine(Gen *g, Value x, unsigned turned, const char *name) {
    Value quarter, r = reduce_quarter_turns(g, x, &quarter);
    LLVMTypeRef type = LLVMTypeOf(quarter);
    Value zero = LLVMConstNull(type);
    if (turned) quarter = LLVMBuildAdd(g->builder, quarter, gen_integer(type, turned), "");
    Value odd = LLVMBuildAnd(g->builder, quarter, gen_integer(type, 1), "");
    Value y = sine_or_cosine(g, r, LLVMBuildICmp(g->builder, LLVMIntNE, odd, zero, ""));
    if (!turned) // keeps −0, which the reduction turns into +0
        y = gen_select(g, gen_less(g, absolute(g, x), number(x, 0x1p-13)), x, y);
    Value half = LLVMBuildAnd(g->builder, quarter, gen_integer(type, 2), "");
    Value sign = LLVMBuildShl(g->builder, half, gen_integer(type, 30), "");
    y = gen_bits(g, LLVMBuildXor(g->builder, gen_bits(g, y, type), sign, ""), LLVMTypeOf(x));
    return with_large(g, x, y, name);
}

Value math_sin(Gen *g, Value x) { return turned_sine(g, x, 0, "sin"); }
Value math_cos(Gen *g, Value x) { return turned_sine(g, x, 1, "cos"); }

// Of |angle| ≤ π/4 in f64, by Taylor's series: the next term is below 2⁻³³.
Value math_cos_wide(Gen *g, Value angle) {
    static const double c[] = {1, -1.0 / 2, 1.0 / 24, -1.0 / 720, 1.0 / 40320, -1.0 / 3628800};
    return math_polynomial(g, LLVMBuildFMul(g->builder, angle, angle, ""), c, COUNT(c));
}

Value math_sin_wide(Gen *g, Value angle) {
    static const double s[] = {1, -1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880, -1.0 / 39916800};
    Value series = math_polynomial(g, LLVMBuildFMul(g->builder, angle, angle, ""), s, COUNT(s));
    return LLVMBuildFMul(g->builder, angle, series, "");
}

// ---- pow

// x = 2^e · m with √½ ≤ m < √2; with s = (m − 1)/(m + 1), log2(m) = s·p(s²), fit 2⁻⁵².
Value math_log2_wide(Gen *g, Value x) {
    static const double p[] = {0x1.71547652b82ffp+1, 0x1.ec709dc39c930p-1, 0x1.2776c516bd5ecp-1, 0x1.a617565d89738p-2,
                               0x1.484fb365809d5p-2, 0x1.0bb6cc9e2f6f1p-2, 0x1.f19c09548f78dp-3};
    LLVMTypeRef type = gen_with_element(x, g->i64), narrow_type = gen_with_element(x, g->i32);
    Value root_half = gen_integer(type, 0x3fe6a09e667f3bcd);
    Value bits = LLVMBuildSub(g->builder, gen_bits(g, x, type), root_half, "");
    Value low = LLVMBuildAnd(g->builder, bits, gen_integer(type, 0xfffffffffffff), "");
    Value m = gen_bits(g, LLVMBuildAdd(g->builder, low, root_half, ""), LLVMTypeOf(x));
    Value high = LLVMBuildTrunc(g->builder, LLVMBuildLShr(g->builder, bits, gen_integer(type, 32), ""), narrow_type, "");
    Value exponent = LLVMBuildAShr(g->builder, high, gen_integer(narrow_type, 20), "");
    Value e = LLVMBuildSIToFP(g->builder, exponent, LLVMTypeOf(x), "");
    Value one = number(x, 1);
    Value s = LLVMBuildFDiv(g->builder, LLVMBuildFSub(g->builder, m, one, ""), LLVMBuildFAdd(g->builder, m, one, ""), "");
    return gen_mul_add(g, s, math_polynomial(g, LLVMBuildFMul(g->builder, s, s, ""), p, COUNT(p)), e);
}

// 2^t for |t| ≤ 1000: n + r with n whole and |r| ≤ ½, fit 2⁻⁴⁰.
static Value exp2_wide(const Gen *g, Value t) {
    static const double p[] = {1,
                               0x1.62e42fef859c2p-1,
                               0x1.ebfbdff935a00p-3,
                               0x1.c6b08dd5a2d4ap-5,
                               0x1.3b2ab5c195ca8p-7,
                               0x1.5d8746c146b0dp-10,
                               0x1.430acff96fbc4p-13,
                               0x1.00dbcdd765401p-16,
                               0x1.61aee3e94f966p-20};
    LLVMTypeRef type = gen_with_element(t, g->i64);
    Value magic = number(t, 0x1.8p52);
    Value shifted = LLVMBuildFAdd(g->builder, t, magic, "");
    Value r = LLVMBuildFSub(g->builder, t, LLVMBuildFSub(g->builder, shifted, magic, ""), "");
    Value bits = LLVMBuildShl(g->builder, gen_bits(g, shifted, type), gen_integer(type, 52), "");
    Value scale = gen_bits(g, LLVMBuildAdd(g->builder, bits, gen_integer(type, 0x3ff0000000000000), ""), LLVMTypeOf(t));
    return LLVMBuildFMul(g->builder, math_polynomial(g, r, p, COUNT(p)), scale, "");
}

// |x|^y = 2^(y·log2|x|), where x is neither 0 nor infinite; those give ±inf as the logarithm.
static Value pow_of_size(Gen *g, Value size, Value y) {
    Value wide = widen(g, size), infinity = number(wide, __builtin_inf());
    Value log = math_log2_wide(g, wide);
    log = gen_select(g, LLVMBuildFCmp(g->builder, LLVMRealOEQ, wide, number(wide, 0), ""), number(wide, -__builtin_inf()), log);
    log = gen_select(g, LLVMBuildFCmp(g->builder, LLVMRealUGE, wide, infinity, ""), wide, log); // inf, NaN
    Value t = LLVMBuildFMul(g->builder, log, widen(g, y), "");
    t = gen_select(g, gen_less(g, number(t, 200), t), number(t, 200), t);
    t = gen_select(g, gen_less(g, t, number(t, -200)), number(t, -200), t);
    return narrow(g, exp2_wide(g, t));
}

static Value both(const Gen *g, Value a, Value b) { return LLVMBuildAnd(g->builder, a, b, ""); }
static Value equal(const Gen *g, Value a, Value b) { return LLVMBuildFCmp(g->builder, LLVMRealOEQ, a, b, ""); }

// As the C library's, with all its special cases.
Value math_pow(Gen *g, Value x, Value y) {
    LLVMTypeRef bits = gen_with_element(x, g->i32);
    Value one = number(x, 1), infinity = number(x, __builtin_inf());
    Value size = absolute(g, x), y_size = absolute(g, y);
    Value result = pow_of_size(g, size, y);
    // A whole y is odd when y/2 is not whole. From 2²⁴ on all floats are even.
    Value whole = equal(g, gen_floor(g, y), y);
    Value half = LLVMBuildFMul(g->builder, y, number(y, 0.5), "");
    Value odd = both(g, whole, LLVMBuildFCmp(g->builder, LLVMRealUNE, gen_floor(g, half), half, ""));
    Value sign = both(g, LLVMBuildICmp(g->builder, LLVMIntSLT, gen_bits(g, x, bits), LLVMConstNull(bits), ""), odd);
    // 1^y and x^0 are 1, also for NaN; so is (−1)^±inf.
    Value unit = both(g, equal(g, size, one), LLVMBuildFCmp(g->builder, LLVMRealORD, y, y, ""));
    unit = LLVMBuildOr(g->builder, unit, equal(g, x, one), "");
    unit = LLVMBuildOr(g->builder, unit, equal(g, y, number(y, 0)), "");
    result = gen_select(g, unit, one, result);
    result = gen_select(g, sign, LLVMBuildFNeg(g->builder, result, ""), result);
    // A negative number to a broken power is no number.
    Value negative = both(g, gen_less(g, x, number(x, 0)), gen_less(g, size, infinity));
    Value broken = both(g, LLVMBuildNot(g->builder, whole, ""), gen_less(g, y_size, infinity));
    return gen_select(g, both(g, negative, broken), number(x, __builtin_nan("")), result);
}
