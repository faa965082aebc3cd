// The counter-based generator of ir/rng.h in vectors: bit for bit the same words, hence the same uniforms.
#include "codegen/gen.h"

#include "ir/rng.h"

typedef struct Words {
    Value first, second; // i32
} Words;

static Value bits32(Value like, uint32_t value) { return gen_integer(LLVMTypeOf(like), value); }
static Value exclusive(const Gen *g, Value a, Value b) { return LLVMBuildXor(g->builder, a, b, ""); }

static Value upper_half(const Gen *g, Value x) {
    Value shifted = LLVMBuildLShr(g->builder, x, gen_integer(LLVMTypeOf(x), 32), "");
    return LLVMBuildTrunc(g->builder, shifted, gen_with_element(x, g->i32), "");
}
static Value lower_half(const Gen *g, Value x) { return LLVMBuildTrunc(g->builder, x, gen_with_element(x, g->i32), ""); }

static Words philox(const Gen *g, Value key, Words counter) {
    LLVMTypeRef wide = gen_with_element(counter.first, g->i64);
    for (int round = 0; round < RNG_ROUNDS; round++) {
        Value extended = LLVMBuildZExt(g->builder, counter.first, wide, "");
        Value product = LLVMBuildMul(g->builder, extended, gen_integer(wide, RNG_MULTIPLIER), "");
        counter.first = exclusive(g, exclusive(g, upper_half(g, product), key), counter.second);
        counter.second = lower_half(g, product);
        key = LLVMBuildAdd(g->builder, key, bits32(key, RNG_WEYL), "");
    }
    return counter;
}

// Computed in the entry block, once for a call: seed and step are scalars of the run.
static void stream(Gen *g, uint32_t place, Value *key, Value *high) {
    Value seed = gen_scalar(g, SCALAR_SEED), step = gen_scalar(g, SCALAR_STEP);
    LLVMBasicBlockRef here = gen_here(g);
    gen_at(g, g->entry);
    Words a = philox(g, lower_half(g, seed), (Words){lower_half(g, step), LLVMConstInt(g->i32, place, 0)});
    Value b1 = exclusive(g, upper_half(g, step), LLVMConstInt(g->i32, RNG_DOMAIN, 0));
    Words b = philox(g, exclusive(g, upper_half(g, seed), a.first), (Words){a.second, b1});
    *key = b.first;
    *high = b.second;
    gen_at(g, here);
}

static Value fraction(const Gen *g, Value word, LLVMTypeRef type, uint32_t plus) {
    Value top = LLVMBuildLShr(g->builder, word, bits32(word, 8), "");
    if (plus) top = LLVMBuildAdd(g->builder, top, bits32(word, plus), "");
    return LLVMBuildFMul(g->builder, LLVMBuildSIToFP(g->builder, top, type, ""), gen_number(type, 0x1p-24), "");
}

// √(−2 ln u1) · cos(2π u2), computed in f64 for both types: by polynomials for f32, by the C library for f64.
static Value normal_from(Gen *g, Words words, DType dtype) {
    LLVMTypeRef wide = gen_with_element(words.first, g->f64);
    Value u1 = fraction(g, words.first, wide, 1), u2 = fraction(g, words.second, wide, 0);
    Value quarter = gen_intrinsic(g, "llvm.rint", wide, (Value[]){LLVMBuildFMul(g->builder, u2, gen_number(wide, 4), "")}, 1);
    Value t = LLVMBuildFSub(g->builder, u2, LLVMBuildFMul(g->builder, quarter, gen_number(wide, 0.25), ""), "");
    Value log, cosine, sine, angle = LLVMBuildFMul(g->builder, t, gen_number(wide, 6.283185307179586476925), "");
    if (dtype == DT_F32) {
        log = LLVMBuildFMul(g->builder, math_log2_wide(g, u1), gen_number(wide, 0.69314718055994530942), "");
        cosine = math_cos_wide(g, angle);
        sine = math_sin_wide(g, angle);
    } else {
        log = gen_libm(g, "log", &u1, 1);
        cosine = gen_libm(g, "cos", &angle, 1);
        sine = gen_libm(g, "sin", &angle, 1);
    }
    // quarter 0: cos, 1: −sin, 2: −cos, 3: sin, 4: cos again
    Value odd = LLVMBuildOr(g->builder, LLVMBuildFCmp(g->builder, LLVMRealOEQ, quarter, gen_number(wide, 1), ""),
                            LLVMBuildFCmp(g->builder, LLVMRealOEQ, quarter, gen_number(wide, 3), ""), "");
    Value minus = LLVMBuildOr(g->builder, LLVMBuildFCmp(g->builder, LLVMRealOEQ, quarter, gen_number(wide, 1), ""),
                              LLVMBuildFCmp(g->builder, LLVMRealOEQ, quarter, gen_number(wide, 2), ""), "");
    Value turned = gen_select(g, odd, sine, cosine);
    turned = gen_select(g, minus, LLVMBuildFNeg(g->builder, turned, ""), turned);
    Value radius = LLVMBuildFMul(g->builder, log, gen_number(wide, -2), "");
    radius = gen_intrinsic(g, "llvm.sqrt", wide, &radius, 1);
    return LLVMBuildFMul(g->builder, radius, turned, "");
}

Value gen_random(Gen *g, uint32_t place, bool normal, Value index, DType dtype) {
    Value key, high;
    stream(g, place, &key, &high);
    uint32_t lanes = gen_lanes(index);
    Words counter = {lower_half(g, index), exclusive(g, gen_splat(g, high, lanes), upper_half(g, index))};
    Words words = philox(g, gen_splat(g, key, lanes), counter);
    LLVMTypeRef type = gen_with_element(index, gen_dtype(g, dtype));
    if (!normal) return fraction(g, words.first, type, 0);
    Value z = normal_from(g, words, dtype);
    return dtype == DT_F32 ? LLVMBuildFPTrunc(g->builder, z, type, "") : z;
}
