// Elementwise operations on scalars and vectors. What each means for one element is in ir/ops_elementwise.c; this follows it,
// NaN, infinities and ties included.
#include "codegen/gen.h"

#include <math.h>

// ---- Rounding to whole numbers

// SSE2 has no instruction for it: adding and taking away 2²³ rounds away the fraction of anything smaller.
static Value round_by_adding(const Gen *g, Value x) {
    LLVMTypeRef type = LLVMTypeOf(x);
    Value large = gen_number(type, 0x1p23);
    Value size = gen_intrinsic(g, "llvm.fabs", type, &x, 1);
    Value whole = LLVMBuildFSub(g->builder, LLVMBuildFAdd(g->builder, size, large, ""), large, "");
    whole = gen_select(g, gen_less(g, size, large), whole, size);
    return gen_intrinsic(g, "llvm.copysign", type, (Value[]){whole, x}, 2);
}

static bool by_adding(const Gen *g, Value x) { return g->target->vector_bytes == 16 && gen_element(LLVMTypeOf(x)) == g->f32; }

Value gen_round(const Gen *g, Value x) {
    return by_adding(g, x) ? round_by_adding(g, x) : gen_intrinsic(g, "llvm.rint", LLVMTypeOf(x), &x, 1);
}

Value gen_floor(const Gen *g, Value x) {
    if (!by_adding(g, x)) return gen_intrinsic(g, "llvm.floor", LLVMTypeOf(x), &x, 1);
    Value whole = round_by_adding(g, x);
    Value lower = LLVMBuildFSub(g->builder, whole, gen_number(LLVMTypeOf(x), 1), "");
    return gen_select(g, gen_less(g, x, whole), lower, whole);
}

// ---- Floats

static Value is_nan(const Gen *g, Value x) { return LLVMBuildFCmp(g->builder, LLVMRealUNO, x, x, ""); }

// The smaller (or larger) one; NaN if either is. minps(a, b) is a < b ? a : b, so NaN in b comes through by itself, and NaN
// in a needs a further look, unless the other one is a known number and may stand first.
static Value float_extreme(const Gen *g, bool smaller, const GenArgs *args) {
    LLVMRealPredicate predicate = smaller ? LLVMRealOLT : LLVMRealOGT;
    Value a = args->value[0], b = args->value[1];
    if (args->constant[1].known && args->constant[1].number == args->constant[1].number) {
        Value swap = a;
        a = b;
        b = swap;
    }
    Value chosen = gen_select(g, LLVMBuildFCmp(g->builder, predicate, a, b, ""), a, b);
    if (args->constant[0].known || args->constant[1].known) return chosen;
    return gen_select(g, is_nan(g, a), a, chosen);
}

// A quotient by a constant, rounded as a division rounds it: the product with the reciprocal is off by an ulp at most, and what
// it leaves of the dividend, exact in an FMA, corrects it (P. Markstein, IBM J. Res. Dev. 34, 1990). An infinite dividend
// leaves NaN: there the product is right.
static Value float_div(const Gen *g, const GenArgs *args) {
    Value a = args->value[0], b = args->value[1];
    double c = args->constant[1].number;
    LLVMTypeRef type = LLVMTypeOf(a);
    bool usual = args->constant[1].known && fabs(c) > 0x1p-64 && fabs(c) < 0x1p64;
    if (!usual || !g->target->fma || gen_element(type) != g->f32) return gen_div(g, a, b);
    Value reciprocal = gen_number(type, (double)(float)(1 / (double)(float)c)), divisor = gen_number(type, -(double)(float)c);
    Value product = LLVMBuildFMul(g->builder, a, reciprocal, "");
    Value rest = gen_intrinsic(g, "llvm.fma", type, (Value[]){product, divisor, a}, 3);
    Value quotient = gen_intrinsic(g, "llvm.fma", type, (Value[]){rest, reciprocal, product}, 3);
    return gen_select(g, is_nan(g, rest), product, quotient);
}

static Value float_sign(const Gen *g, Value x) {
    LLVMTypeRef type = LLVMTypeOf(x);
    Value zero = gen_number(type, 0);
    Value negative = gen_select(g, gen_less(g, x, zero), gen_number(type, -1), zero);
    return gen_select(g, gen_less(g, zero, x), gen_number(type, 1), negative);
}

// Whether `rest` must move to the divisor's side: it is not 0 and has another sign.
static Value other_sign(const Gen *g, Value rest, Value divisor) {
    Value zero = gen_number(LLVMTypeOf(rest), 0);
    Value differs = LLVMBuildXor(g->builder, gen_less(g, rest, zero), gen_less(g, divisor, zero), "");
    return LLVMBuildAnd(g->builder, LLVMBuildFCmp(g->builder, LLVMRealUNE, rest, zero, ""), differs, "");
}

static Value float_mod(const Gen *g, Value a, Value b) {
    Value rest = LLVMBuildFRem(g->builder, a, b, "");
    return gen_select(g, other_sign(g, rest, b), LLVMBuildFAdd(g->builder, rest, b, ""), rest);
}

static Value float_floordiv(const Gen *g, Value a, Value b) {
    LLVMTypeRef type = LLVMTypeOf(a);
    Value one = gen_number(type, 1), zero = gen_number(type, 0);
    Value rest = LLVMBuildFRem(g->builder, a, b, ""), plain = LLVMBuildFDiv(g->builder, a, b, "");
    Value quotient = LLVMBuildFDiv(g->builder, LLVMBuildFSub(g->builder, a, rest, ""), b, "");
    quotient = gen_select(g, other_sign(g, rest, b), LLVMBuildFSub(g->builder, quotient, one, ""), quotient);
    Value whole = gen_floor(g, quotient);
    Value up =
        LLVMBuildFCmp(g->builder, LLVMRealOGT, LLVMBuildFSub(g->builder, quotient, whole, ""), gen_number(type, 0.5), "");
    whole = gen_select(g, up, LLVMBuildFAdd(g->builder, whole, one, ""), whole);
    Value signed_zero = gen_intrinsic(g, "llvm.copysign", type, (Value[]){zero, plain}, 2);
    whole = gen_select(g, LLVMBuildFCmp(g->builder, LLVMRealOEQ, quotient, zero, ""), signed_zero, whole);
    return gen_select(g, LLVMBuildFCmp(g->builder, LLVMRealOEQ, b, zero, ""), plain, whole);
}

static Value float_pow(Gen *g, const GenArgs *args) {
    Value x = args->value[0];
    if (args->constant[1].known && args->constant[1].number == 2) return gen_mul(g, x, x);
    if (args->constant[1].known && args->constant[1].number == 1) return x;
    return math_function(g, OP_POW, args->dtype, args->value);
}

// Tables of predicates begin at the first of the six comparisons, which follow one another in ops.def.
enum { COMPARISONS = OP_EQ };
_Static_assert(OP_GE - OP_EQ == 5, "six comparisons");

static Value float_compare(const Gen *g, Op op, Value a, Value b) {
    static const LLVMRealPredicate predicates[] = {
        [OP_EQ - COMPARISONS] = LLVMRealOEQ, [OP_NE - COMPARISONS] = LLVMRealUNE, [OP_LT - COMPARISONS] = LLVMRealOLT,
        [OP_LE - COMPARISONS] = LLVMRealOLE, [OP_GT - COMPARISONS] = LLVMRealOGT, [OP_GE - COMPARISONS] = LLVMRealOGE,
    };
    return LLVMBuildFCmp(g->builder, predicates[op - COMPARISONS], a, b, "");
}

static Value float_op(Gen *g, Op op, const GenArgs *args) {
    Value a = args->value[0], b = args->value[1];
    LLVMTypeRef type = LLVMTypeOf(a);
    switch (op) {
    case OP_NEG: return LLVMBuildFNeg(g->builder, a, "");
    case OP_ABS: return gen_intrinsic(g, "llvm.fabs", type, &a, 1);
    case OP_SIGN: return float_sign(g, a);
    case OP_SQRT: return gen_intrinsic(g, "llvm.sqrt", type, &a, 1);
    case OP_RSQRT: return LLVMBuildFDiv(g->builder, gen_number(type, 1), gen_intrinsic(g, "llvm.sqrt", type, &a, 1), "");
    case OP_FLOOR: return gen_floor(g, a);
    case OP_ROUND: return gen_round(g, a);
    case OP_EXP:
    case OP_LOG:
    case OP_LOG1P:
    case OP_SIN:
    case OP_COS:
    case OP_ATAN:
    case OP_TANH:
    case OP_SIGMOID:
    case OP_ERF: return math_function(g, op, args->dtype, args->value);
    case OP_ADD: return gen_add(g, a, b);
    case OP_SUB: return gen_sub(g, a, b);
    case OP_MUL: return gen_mul(g, a, b);
    case OP_DIV: return float_div(g, args);
    case OP_FLOORDIV: return float_floordiv(g, a, b);
    case OP_MOD: return float_mod(g, a, b);
    case OP_POW: return float_pow(g, args);
    case OP_MINIMUM: return float_extreme(g, true, args);
    case OP_MAXIMUM: return float_extreme(g, false, args);
    case OP_EQ:
    case OP_NE:
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE: return float_compare(g, op, a, b);
    default: BUG("%s of floats", op_info[op].name);
    }
}

// ---- Integers: they wrap; a division by zero gives 0

static Value compare(const Gen *g, LLVMIntPredicate predicate, Value a, Value b) {
    return LLVMBuildICmp(g->builder, predicate, a, b, "");
}

// Division with a divisor that cannot trap (1 where the result is known anyway), rounded down. *rest has the divisor's sign.
static Value int_floordiv(const Gen *g, Value a, Value b, Value *rest) {
    LLVMTypeRef type = LLVMTypeOf(a);
    Value zero = LLVMConstNull(type), one = gen_integer(type, 1);
    Value by_zero = compare(g, LLVMIntEQ, b, zero);
    Value by_minus_one = compare(g, LLVMIntEQ, b, gen_integer(type, UINT64_MAX));
    Value safe = gen_select(g, LLVMBuildOr(g->builder, by_zero, by_minus_one, ""), one, b);
    Value quotient = LLVMBuildSDiv(g->builder, a, safe, "");
    Value remainder = LLVMBuildSub(g->builder, a, LLVMBuildMul(g->builder, quotient, safe, ""), "");
    Value differs = compare(g, LLVMIntSLT, LLVMBuildXor(g->builder, remainder, safe, ""), zero);
    Value down = LLVMBuildAnd(g->builder, compare(g, LLVMIntNE, remainder, zero), differs, "");
    *rest = gen_select(g, down, LLVMBuildAdd(g->builder, remainder, safe, ""), remainder);
    quotient = gen_select(g, down, LLVMBuildSub(g->builder, quotient, one, ""), quotient);
    quotient = gen_select(g, by_minus_one, LLVMBuildNeg(g->builder, a, ""), quotient);
    return gen_select(g, by_zero, zero, quotient);
}

// result = 1; while (rest) { if (rest is odd) result *= base; base *= base; rest /= 2 }, and what a negative exponent gives.
static Value int_pow_function(Gen *g, LLVMTypeRef *type) {
    *type = LLVMFunctionType(g->i64, (LLVMTypeRef[]){g->i64, g->i64}, 2, 0);
    Value function = LLVMGetNamedFunction(g->module, "netc.pow.i64");
    if (function) return function;
    LLVMBasicBlockRef here = gen_here(g);
    Value outer = g->function;
    function = gen_function(g, "netc.pow.i64", *type);
    LLVMBasicBlockRef entry = gen_block(g, "entry"), loop = gen_block(g, "loop"), done = gen_block(g, "done");
    LLVMBasicBlockRef negative = gen_block(g, "negative");
    Value x = LLVMGetParam(function, 0), y = LLVMGetParam(function, 1), zero = gen_i64(g, 0), one = gen_i64(g, 1);
    gen_at(g, entry);
    Value odd = LLVMBuildTrunc(g->builder, y, g->i1, "");
    LLVMBuildCondBr(g->builder, compare(g, LLVMIntSLT, y, zero), negative, loop);
    gen_at(g, negative);
    Value minus_one = gen_i64(g, -1);
    Value of_minus_one = gen_select(g, odd, minus_one, one);
    Value fraction = gen_select(g, compare(g, LLVMIntEQ, x, minus_one), of_minus_one, zero);
    LLVMBuildRet(g->builder, gen_select(g, compare(g, LLVMIntEQ, x, one), one, fraction));
    gen_at(g, loop);
    Value result = LLVMBuildPhi(g->builder, g->i64, ""), base = LLVMBuildPhi(g->builder, g->i64, "");
    Value rest = LLVMBuildPhi(g->builder, g->i64, "");
    Value factor = gen_select(g, LLVMBuildTrunc(g->builder, rest, g->i1, ""), base, one);
    Value next[] = {LLVMBuildMul(g->builder, result, factor, ""), LLVMBuildMul(g->builder, base, base, ""),
                    LLVMBuildLShr(g->builder, rest, one, "")};
    LLVMBuildCondBr(g->builder, compare(g, LLVMIntEQ, next[2], zero), done, loop);
    LLVMBasicBlockRef from[] = {entry, loop};
    LLVMAddIncoming(result, (Value[]){one, next[0]}, from, 2);
    LLVMAddIncoming(base, (Value[]){x, next[1]}, from, 2);
    LLVMAddIncoming(rest, (Value[]){y, next[2]}, from, 2);
    gen_at(g, done);
    LLVMBuildRet(g->builder, next[0]);
    g->function = outer;
    gen_at(g, here);
    return function;
}

static Value int_pow(Gen *g, Value a, Value b) {
    LLVMTypeRef type;
    Value function = int_pow_function(g, &type), result = LLVMGetPoison(LLVMTypeOf(a));
    for (uint32_t lane = 0; lane < gen_lanes(a); lane++) {
        Value args[] = {gen_extract(g, a, lane), gen_extract(g, b, lane)};
        result = gen_insert(g, result, LLVMBuildCall2(g->builder, type, function, args, 2, ""), lane);
    }
    return result;
}

static Value int_sign(const Gen *g, Value x) {
    LLVMTypeRef type = LLVMTypeOf(x);
    Value positive = LLVMBuildZExt(g->builder, compare(g, LLVMIntSGT, x, LLVMConstNull(type)), type, "");
    Value negative = LLVMBuildZExt(g->builder, compare(g, LLVMIntSLT, x, LLVMConstNull(type)), type, "");
    return LLVMBuildSub(g->builder, positive, negative, "");
}

static Value int_compare(const Gen *g, Op op, DType dtype, Value a, Value b) {
    static const LLVMIntPredicate of_signed[] = {
        [OP_EQ - COMPARISONS] = LLVMIntEQ,  [OP_NE - COMPARISONS] = LLVMIntNE,  [OP_LT - COMPARISONS] = LLVMIntSLT,
        [OP_LE - COMPARISONS] = LLVMIntSLE, [OP_GT - COMPARISONS] = LLVMIntSGT, [OP_GE - COMPARISONS] = LLVMIntSGE,
    };
    static const LLVMIntPredicate of_unsigned[] = {
        [OP_EQ - COMPARISONS] = LLVMIntEQ,  [OP_NE - COMPARISONS] = LLVMIntNE,  [OP_LT - COMPARISONS] = LLVMIntULT,
        [OP_LE - COMPARISONS] = LLVMIntULE, [OP_GT - COMPARISONS] = LLVMIntUGT, [OP_GE - COMPARISONS] = LLVMIntUGE,
    };
    return compare(g, (dtype == DT_I64 ? of_signed : of_unsigned)[op - COMPARISONS], a, b);
}

static Value int_op(Gen *g, Op op, const GenArgs *args) {
    Value a = args->value[0], b = args->value[1], rest;
    LLVMTypeRef type = LLVMTypeOf(a);
    switch (op) {
    case OP_NEG: return LLVMBuildNeg(g->builder, a, "");
    case OP_ABS: return gen_intrinsic(g, "llvm.abs", type, (Value[]){a, LLVMConstNull(g->i1)}, 2);
    case OP_SIGN: return int_sign(g, a);
    case OP_NOT: return LLVMBuildNot(g->builder, a, "");
    case OP_ADD: return LLVMBuildAdd(g->builder, a, b, "");
    case OP_SUB: return LLVMBuildSub(g->builder, a, b, "");
    case OP_MUL: return LLVMBuildMul(g->builder, a, b, "");
    case OP_FLOORDIV: return int_floordiv(g, a, b, &rest);
    case OP_MOD:
        int_floordiv(g, a, b, &rest);
        return gen_select(g, compare(g, LLVMIntEQ, b, LLVMConstNull(type)), LLVMConstNull(type), rest);
    case OP_POW: return int_pow(g, a, b);
    case OP_MINIMUM: return gen_select(g, compare(g, LLVMIntSLT, a, b), a, b);
    case OP_MAXIMUM: return gen_select(g, compare(g, LLVMIntSGT, a, b), a, b);
    case OP_AND: return LLVMBuildAnd(g->builder, a, b, "");
    case OP_OR: return LLVMBuildOr(g->builder, a, b, "");
    case OP_EQ:
    case OP_NE:
    case OP_LT:
    case OP_LE:
    case OP_GT:
    case OP_GE: return int_compare(g, op, args->dtype, a, b);
    default: BUG("%s of integers", op_info[op].name);
    }
}

// ---- Casts

// Cut off towards zero. What does not fit, and NaN, gives the smallest int64: fptosi alone would be undefined there.
static Value float_to_i64(const Gen *g, Value x) {
    LLVMTypeRef type = LLVMTypeOf(x), wide = gen_with_element(x, g->i64);
    Value above = LLVMBuildFCmp(g->builder, LLVMRealOGE, x, gen_number(type, -0x1p63), "");
    Value below = LLVMBuildFCmp(g->builder, LLVMRealOLT, x, gen_number(type, 0x1p63), "");
    Value fits = LLVMBuildAnd(g->builder, above, below, "");
    Value safe = gen_select(g, fits, x, LLVMConstNull(type));
    return gen_select(g, fits, LLVMBuildFPToSI(g->builder, safe, wide, ""), gen_integer(wide, (uint64_t)INT64_MIN));
}

static Value cast(const Gen *g, DType from, DType to, Value x) {
    LLVMTypeRef type = gen_with_element(x, gen_dtype(g, to));
    if (from == to) return x;
    if (to == DT_BOOL && dtype_is_float(from))
        return LLVMBuildFCmp(g->builder, LLVMRealUNE, x, LLVMConstNull(LLVMTypeOf(x)), "");
    if (to == DT_BOOL) return compare(g, LLVMIntNE, x, LLVMConstNull(LLVMTypeOf(x)));
    if (dtype_is_float(from) && dtype_is_float(to)) return LLVMBuildFPCast(g->builder, x, type, "");
    if (dtype_is_float(from))
        return to == DT_I64 ? float_to_i64(g, x) : LLVMBuildTrunc(g->builder, float_to_i64(g, x), type, "");
    if (!dtype_is_float(to)) return LLVMBuildIntCast2(g->builder, x, type, 0, ""); // BOOL and U8 are never negative
    if (from == DT_BOOL) return gen_select(g, x, gen_number(type, 1), gen_number(type, 0));
    if (from == DT_U8) x = LLVMBuildZExt(g->builder, x, gen_with_element(x, g->i32), "");
    return LLVMBuildSIToFP(g->builder, x, type, "");
}

Value gen_elementwise(Gen *g, Op op, const GenArgs *args) {
    switch (op) {
    case OP_CAST: return cast(g, args->dtype, args->result, args->value[0]);
    case OP_STOP_GRADIENT:
    case OP_CHECKED: return args->value[0];
    case OP_WHERE: return gen_select(g, args->value[0], args->value[1], args->value[2]);
    default: return dtype_is_float(args->dtype) ? float_op(g, op, args) : int_op(g, op, args);
    }
}
