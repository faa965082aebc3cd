// Where a mathematical function is asked for: of F64 the C library computes it, lane by lane; of F32 our own code, inline, so
// that its constants stay in registers, or as a function that is made once for each number of lanes. The latter serves
// unrolled code: twenty-four copies of erf in the epilogue of a tile take LLVM 40 ms.
#include "codegen/gen.h"

enum { MAX_INLINE_COPIES = 4 };

static Value inline_math(Gen *g, Op op, const Value *args) {
    switch (op) {
    case OP_EXP: return math_exp(g, args[0]);
    case OP_LOG: return math_log(g, args[0]);
    case OP_LOG1P: return math_log1p(g, args[0]);
    case OP_SIN: return math_sin(g, args[0]);
    case OP_COS: return math_cos(g, args[0]);
    case OP_ATAN: return math_atan(g, args[0]);
    case OP_TANH: return math_tanh(g, args[0]);
    case OP_SIGMOID: return math_sigmoid(g, args[0]);
    case OP_ERF: return math_erf(g, args[0]);
    case OP_POW: return math_pow(g, args[0], args[1]);
    default: BUG("%s is no mathematical function", op_info[op].name);
    }
}

static Value shared_math(Gen *g, Op op, const Value *args) {
    unsigned count = (unsigned)op_info[op].operands;
    LLVMTypeRef value = LLVMTypeOf(args[0]);
    LLVMTypeRef type = LLVMFunctionType(value, (LLVMTypeRef[]){value, value}, count, 0);
    const char *name = arena_printf(g->arena, "netc.%s.f32x%u", op_info[op].name, gen_lanes(args[0]));
    Value function = LLVMGetNamedFunction(g->module, name);
    if (!function) {
        LLVMBasicBlockRef here = gen_here(g);
        Value outer = g->function;
        function = gen_function(g, name, type);
        gen_attribute(g, function, "willreturn");
        gen_attribute(g, function, "memory"); // touches none
        gen_at(g, gen_block(g, "entry"));
        Value parameters[] = {LLVMGetParam(function, 0), count == 2 ? LLVMGetParam(function, 1) : NULL};
        LLVMBuildRet(g->builder, inline_math(g, op, parameters));
        g->function = outer;
        gen_at(g, here);
    }
    return LLVMBuildCall2(g->builder, type, function, (Value *)args, count, "");
}

static Value of_libm(Gen *g, Op op, const Value *args) {
    switch (op) {
    case OP_EXP: return gen_libm(g, "exp", args, 1);
    case OP_LOG: return gen_libm(g, "log", args, 1);
    case OP_LOG1P: return gen_libm(g, "log1p", args, 1);
    case OP_SIN: return gen_libm(g, "sin", args, 1);
    case OP_COS: return gen_libm(g, "cos", args, 1);
    case OP_ATAN: return gen_libm(g, "atan", args, 1);
    case OP_TANH: return gen_libm(g, "tanh", args, 1);
    case OP_ERF: return gen_libm(g, "erf", args, 1);
    case OP_POW: return gen_libm(g, "pow", args, 2);
    case OP_SIGMOID: break;
    default: BUG("%s is no function of the C library", op_info[op].name);
    }
    Value one = gen_number(LLVMTypeOf(args[0]), 1), minus = LLVMBuildFNeg(g->builder, args[0], "");
    return LLVMBuildFDiv(g->builder, one, LLVMBuildFAdd(g->builder, one, gen_libm(g, "exp", &minus, 1), ""), "");
}

Value math_function(Gen *g, Op op, DType dtype, const Value *args) {
    if (dtype == DT_F64) return of_libm(g, op, args);
    return g->copies > MAX_INLINE_COPIES ? shared_math(g, op, args) : inline_math(g, op, args);
}
