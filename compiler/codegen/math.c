// Vector mathematics in f32: exp, sigmoid, tanh, erf, atan, log, log1p. Each works on any number of lanes, without branches.
//
// Method: reduce the argument to a small interval, approximate there by a polynomial, undo the reduction by exponent bits.
// The polynomials are minimax fits (Remez exchange in 40 digits on the relative error of the whole function), their
// coefficients rounded to f32; "fit" below is that error before rounding. tests/unit/cg_math_test.c checks the bounds of the
// results: 2 ulp, erf 4 ulp. Subnormal arguments and results may be taken for zero, since compiled programs run with FTZ/DAZ.
// Nothing here needs FMA: the high parts of split constants have few enough bits that their products are exact.
#include "codegen/gen.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static Value number(Value like, double value) { return gen_number(LLVMTypeOf(like), value); }
static Value absolute(const Gen *g, Value x) { return gen_intrinsic(g, "llvm.fabs", LLVMTypeOf(x), &x, 1); }
static Value integers(const Gen *g, Value x) { return gen_bits(g, x, gen_with_element(x, g->i32)); }
static Value floats(const Gen *g, Value bits) { return gen_bits(g, bits, gen_with_element(bits, g->f32)); }

static Value with_sign(const Gen *g, Value size, Value sign) {
    return gen_intrinsic(g, "llvm.copysign", LLVMTypeOf(size), (Value[]){size, sign}, 2);
}

// NaN stays NaN: the comparison with it is false. One minps or maxps each.
static Value at_most(const Gen *g, Value x, double limit) {
    return gen_select(g, gen_less(g, number(x, limit), x), number(x, limit), x);
}
static Value at_least(const Gen *g, Value x, double limit) {
    return gen_select(g, gen_less(g, x, number(x, limit)), number(x, limit), x);
}

Value math_polynomial(const Gen *g, Value x, const double *coefficients, size_t count) {
    Value sum = number(x, coefficients[count - 1]);
    for (size_t i = count - 1; i-- > 0;) sum = gen_mul_add(g, sum, x, number(x, coefficients[i]));
    return sum;
}

// ---- exp and what is made of it

// 2^n for the integers n = −126 … 127.
static Value power_of_two(const Gen *g, Value n) {
    LLVMTypeRef type = LLVMTypeOf(n);
    Value biased = LLVMBuildAdd(g->builder, n, gen_integer(type, 127), "");
    return floats(g, LLVMBuildShl(g->builder, biased, gen_integer(type, 23), ""));
}

// e^x = 2^n · e^r with n = x/ln 2 rounded and |r| ≤ ln 2 / 2; e^r = 1 + r + r²·q(r), fit 2⁻²⁸. Adding 1.5 × 2²³ rounds to a
// whole number and leaves it in the low bits. 2^n is applied in two halves, so that overflow and underflow come about by
// themselves.
Value math_exp(Gen *g, Value x) {
    static const double q[] = {0x1.fffffcp-2, 0x1.55549p-3, 0x1.5558cap-5, 0x1.123b8cp-7, 0x1.6a51cap-10};
    x = at_least(g, at_most(g, x, 89), -110);
    Value magic = number(x, 0x1.8p23);
    Value shifted = gen_mul_add(g, x, number(x, 0x1.715476p0), magic);
    Value n = LLVMBuildFSub(g->builder, shifted, magic, "");
    Value high = gen_mul_add(g, n, number(x, -0x1.62e4p-1), x); // exact
    Value r = gen_mul_add(g, n, number(x, -0x1.7f7d1cp-20), high);
    Value lost = gen_mul_add(g, n, number(x, -0x1.7f7d1cp-20), LLVMBuildFSub(g->builder, high, r, ""));
    Value square = gen_mul(g, r, r);
    Value e = gen_mul_add(g, square, math_polynomial(g, r, q, COUNT(q)), lost);
    e = LLVMBuildFAdd(g->builder, LLVMBuildFAdd(g->builder, e, r, ""), number(x, 1), "");
    LLVMTypeRef type = gen_with_element(x, g->i32);
    Value whole = LLVMBuildSub(g->builder, integers(g, shifted), gen_integer(type, 0x4b400000), "");
    Value half = LLVMBuildAShr(g->builder, whole, gen_integer(type, 1), "");
    Value rest = LLVMBuildSub(g->builder, whole, half, "");
    e = LLVMBuildFMul(g->builder, e, power_of_two(g, half), "");
    return LLVMBuildFMul(g->builder, e, power_of_two(g, rest), "");
}

// With e = e^−|x|: 1/(1 + e), or e/(1 + e) below 0, where 1/(1 + e^−x) would lose another half ulp in the sum.
Value math_sigmoid(Gen *g, Value x) {
    Value one = number(x, 1);
    Value e = math_exp(g, LLVMBuildFNeg(g->builder, absolute(g, x), ""));
    Value above = gen_select(g, gen_less(g, x, number(x, 0)), e, one);
    return LLVMBuildFDiv(g->builder, above, LLVMBuildFAdd(g->builder, one, e, ""), "");
}

// Below 0.625: x + x³·q(x²), fit 2⁻²⁷; above: 1 − 2/(e^2x + 1), which is 1 in f32 from 9.02 on.
Value math_tanh(Gen *g, Value x) {
    static const double q[] = {-0x1.555532p-2, 0x1.110728p-3, -0x1.b83c76p-5, 0x1.5227p-6, -0x1.75e288p-8};
    Value size = absolute(g, x), square = gen_mul(g, x, x);
    Value cube = gen_mul(g, size, square);
    Value small = gen_mul_add(g, cube, math_polynomial(g, square, q, COUNT(q)), size);
    Value capped = at_most(g, size, 10);
    Value e = math_exp(g, LLVMBuildFAdd(g->builder, capped, capped, ""));
    Value quotient = LLVMBuildFDiv(g->builder, number(x, 2), LLVMBuildFAdd(g->builder, e, number(x, 1), ""), "");
    Value large = LLVMBuildFSub(g->builder, number(x, 1), quotient, "");
    return with_sign(g, gen_select(g, gen_less(g, size, number(x, 0.625)), small, large), x);
}

// Below 1: x + x·p(x²), fit 2⁻²⁹; above: 1 − e^q(|x|), fit 2⁻²⁹ on 0.95 … 4, after which it is 1 in f32.
Value math_erf(Gen *g, Value x) {
    static const double p[] = {0x1.06eba8p-3, -0x1.81273ep-2,  0x1.ce2cf8p-4, -0x1.b7f91p-6,
                               0x1.5405bep-8, -0x1.a3f71ep-11, 0x1.496a12p-14};
    static const double q[] = {-0x1.00aec8p-12, -0x1.20a22ep+0, -0x1.4668b4p-1, -0x1.a88232p-4,
                               0x1.69e12ap-6,   -0x1.8a5368p-9, 0x1.9387f6p-13};
    Value size = absolute(g, x), square = gen_mul(g, x, x);
    Value small = gen_mul_add(g, x, math_polynomial(g, square, p, COUNT(p)), x);
    Value e = math_exp(g, math_polynomial(g, at_most(g, size, 4), q, COUNT(q)));
    Value large = with_sign(g, LLVMBuildFSub(g->builder, number(x, 1), e, ""), x);
    return gen_select(g, gen_less(g, size, number(x, 1)), small, large);
}

// Up to 1: x + x³·q(x²), fit 2⁻²⁸; beyond: π/2 less that of 1/x.
Value math_atan(Gen *g, Value x) {
    static const double q[] = {-0x1.55553ep-2, 0x1.9991fep-3,  -0x1.2421b6p-3, 0x1.c09a02p-4,  -0x1.583498p-4,
                               0x1.dac9f4p-5,  -0x1.fed178p-6, 0x1.65a66ep-7,  -0x1.d63002p-10};
    Value size = absolute(g, x), one = number(x, 1);
    Value beyond = gen_less(g, one, size);
    Value t = gen_select(g, beyond, LLVMBuildFDiv(g->builder, one, size, ""), size);
    Value square = gen_mul(g, t, t);
    Value y = gen_mul_add(g, gen_mul(g, t, square), math_polynomial(g, square, q, COUNT(q)), t);
    Value rest = LLVMBuildFSub(g->builder, number(x, 0x1.921fb6p0), y, "");
    return with_sign(g, gen_select(g, beyond, rest, y), x);
}

// ---- log

// x = 2^e · m with √½ ≤ m < √2, taken from the bits.
static Value split_exponent(const Gen *g, Value x, Value *mantissa) {
    LLVMTypeRef type = gen_with_element(x, g->i32);
    Value root_half = gen_integer(type, 0x3f3504f3);
    Value bits = LLVMBuildSub(g->builder, integers(g, x), root_half, "");
    Value low = LLVMBuildAnd(g->builder, bits, gen_integer(type, 0x7fffff), "");
    *mantissa = floats(g, LLVMBuildAdd(g->builder, low, root_half, ""));
    return LLVMBuildAShr(g->builder, bits, gen_integer(type, 23), "");
}

// log(2^e · (1 + f)) = e·ln 2 + f − f²/2 + f³·q(f), fit 2⁻³⁰; the small parts are added first.
static Value log_of_parts(const Gen *g, Value exponent, Value f) {
    static const double q[] = {0x1.555548p-2,  -0x1.000006p-2, 0x1.99a4b4p-3,  -0x1.555c54p-3, 0x1.23377cp-3,
                               -0x1.fc2118p-4, 0x1.e6eea8p-4,  -0x1.de4164p-4, 0x1.14619cp-4};
    Value e = LLVMBuildSIToFP(g->builder, exponent, LLVMTypeOf(f), "");
    Value square = gen_mul(g, f, f);
    Value y = gen_mul(g, gen_mul(g, f, square), math_polynomial(g, f, q, COUNT(q)));
    y = gen_mul_add(g, e, number(f, 0x1.7f7d1cp-20), y);
    y = gen_mul_add(g, square, number(f, -0.5), y);
    return gen_mul_add(g, e, number(f, 0x1.62e4p-1), LLVMBuildFAdd(g->builder, f, y, ""));
}

// What a logarithm is outside of its domain: below `low` NaN, at it −inf, at +inf and NaN the argument.
static Value log_edges(const Gen *g, Value x, Value low, Value inside, Value result) {
    Value below = gen_select(g, gen_less(g, x, low), number(x, __builtin_nan("")), number(x, -__builtin_inf()));
    Value above = LLVMBuildFCmp(g->builder, LLVMRealUGE, x, number(x, __builtin_inf()), "");
    return gen_select(g, above, x, gen_select(g, inside, result, below));
}

Value math_log(Gen *g, Value x) {
    Value mantissa, exponent = split_exponent(g, x, &mantissa);
    Value result = log_of_parts(g, exponent, LLVMBuildFSub(g->builder, mantissa, number(x, 1), ""));
    Value normal = LLVMBuildFCmp(g->builder, LLVMRealOGE, x, number(x, 0x1p-126), "");
    return log_edges(g, x, number(x, 0), normal, result);
}

// With u = 1 + x rounded, what rounding lost is exactly 1 − (u − x) or x − (u − 1); it is added to the mantissa of u. So
// f is x itself where the exponent is 0.
Value math_log1p(Gen *g, Value x) {
    Value one = number(x, 1);
    Value u = LLVMBuildFAdd(g->builder, x, one, "");
    Value lost_of_large = LLVMBuildFSub(g->builder, one, LLVMBuildFSub(g->builder, u, x, ""), "");
    Value lost_of_small = LLVMBuildFSub(g->builder, x, LLVMBuildFSub(g->builder, u, one, ""), "");
    Value lost = gen_select(g, gen_less(g, one, x), lost_of_large, lost_of_small);
    Value mantissa, exponent = split_exponent(g, u, &mantissa);
    Value most = gen_integer(LLVMTypeOf(exponent), 126); // the largest floats have 127 and 128, but nothing was lost there
    Value bounded = gen_intrinsic(g, "llvm.smin", LLVMTypeOf(exponent), (Value[]){exponent, most}, 2);
    Value scale = power_of_two(g, LLVMBuildNeg(g->builder, bounded, ""));
    Value f = gen_mul_add(g, lost, scale, LLVMBuildFSub(g->builder, mantissa, one, ""));
    Value result = log_of_parts(g, exponent, f);
    result = gen_select(g, gen_less(g, absolute(g, x), number(x, 0x1p-25)), x, result); // keeps −0
    return log_edges(g, x, number(x, -1), gen_less(g, number(x, -1), x), result);
}
