// Shorthand for building IR: types, constants, and instructions that work alike on scalars and vectors.
#include "codegen/gen.h"

#include <stdio.h>
#include <string.h>

// ---- Types

LLVMTypeRef gen_dtype(const Gen *g, DType dtype) {
    switch (dtype) {
    case DT_BOOL: return g->i1;
    case DT_U8: return g->i8;
    case DT_I64: return g->i64;
    case DT_F32: return g->f32;
    case DT_F64: return g->f64;
    default: BUG("no such type: %d", (int)dtype);
    }
}

LLVMTypeRef gen_vector_of(LLVMTypeRef element, uint32_t lanes) { return lanes == 1 ? element : LLVMVectorType(element, lanes); }
LLVMTypeRef gen_type(const Gen *g, DType dtype, uint32_t lanes) { return gen_vector_of(gen_dtype(g, dtype), lanes); }

static bool is_vector(LLVMTypeRef type) { return LLVMGetTypeKind(type) == LLVMVectorTypeKind; }

uint32_t gen_lanes(Value value) {
    LLVMTypeRef type = LLVMTypeOf(value);
    return is_vector(type) ? LLVMGetVectorSize(type) : 1;
}

LLVMTypeRef gen_element(LLVMTypeRef type) { return is_vector(type) ? LLVMGetElementType(type) : type; }
LLVMTypeRef gen_with_element(Value like, LLVMTypeRef element) { return gen_vector_of(element, gen_lanes(like)); }

// ---- Constants

enum { MAX_LANES = 64 };

static Value every_lane(LLVMTypeRef type, Value element) {
    if (!is_vector(type)) return element;
    Value elements[MAX_LANES];
    uint32_t lanes = LLVMGetVectorSize(type);
    if (lanes > MAX_LANES) BUG("%u lanes", lanes);
    for (uint32_t i = 0; i < lanes; i++) elements[i] = element;
    return LLVMConstVector(elements, lanes);
}

Value gen_i64(const Gen *g, int64_t value) { return LLVMConstInt(g->i64, (uint64_t)value, 1); }
Value gen_number(LLVMTypeRef type, double value) { return every_lane(type, LLVMConstReal(gen_element(type), value)); }
Value gen_integer(LLVMTypeRef type, uint64_t value) { return every_lane(type, LLVMConstInt(gen_element(type), value, 1)); }

Value gen_iota(const Gen *g, LLVMTypeRef type) {
    (void)g;
    if (!is_vector(type)) return LLVMConstNull(type);
    Value elements[MAX_LANES];
    uint32_t lanes = LLVMGetVectorSize(type);
    for (uint32_t i = 0; i < lanes; i++) elements[i] = LLVMConstInt(LLVMGetElementType(type), i, 0);
    return LLVMConstVector(elements, lanes);
}

// ---- Vectors

Value gen_splat(const Gen *g, Value scalar, uint32_t lanes) {
    if (lanes == 1) return scalar;
    LLVMTypeRef type = gen_vector_of(LLVMTypeOf(scalar), lanes);
    if (LLVMIsConstant(scalar)) return every_lane(type, scalar);
    Value first = LLVMBuildInsertElement(g->builder, LLVMGetPoison(type), scalar, LLVMConstInt(g->i32, 0, 0), "");
    return LLVMBuildShuffleVector(g->builder, first, LLVMGetPoison(type), LLVMConstNull(gen_vector_of(g->i32, lanes)), "");
}

Value gen_extract(const Gen *g, Value vector, uint32_t lane) {
    if (!is_vector(LLVMTypeOf(vector))) return vector;
    return LLVMBuildExtractElement(g->builder, vector, LLVMConstInt(g->i32, lane, 0), "");
}

Value gen_insert(const Gen *g, Value vector, Value element, uint32_t lane) {
    if (!is_vector(LLVMTypeOf(vector))) return element;
    return LLVMBuildInsertElement(g->builder, vector, element, LLVMConstInt(g->i32, lane, 0), "");
}

Value gen_any(const Gen *g, Value mask) {
    uint32_t lanes = gen_lanes(mask);
    if (lanes == 1) return mask;
    LLVMTypeRef bits = LLVMIntTypeInContext(g->context, lanes);
    return LLVMBuildICmp(g->builder, LLVMIntNE, gen_bits(g, mask, bits), LLVMConstNull(bits), "");
}

// ---- Calls

Value gen_intrinsic(const Gen *g, const char *name, LLVMTypeRef overload, Value *args, unsigned count) {
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    if (id == 0) BUG("LLVM has no intrinsic %s", name);
    Value function = LLVMGetIntrinsicDeclaration(g->module, id, &overload, 1);
    return LLVMBuildCall2(g->builder, LLVMIntrinsicGetType(g->context, id, &overload, 1), function, args, count, "");
}

void gen_attribute(const Gen *g, Value function, const char *name) {
    unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));
    LLVMAddAttributeAtIndex(function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex,
                            LLVMCreateEnumAttribute(g->context, kind, 0));
}

static Value libm_function(const Gen *g, const char *name, unsigned count, LLVMTypeRef *type) {
    LLVMTypeRef parameters[] = {g->f64, g->f64};
    *type = LLVMFunctionType(g->f64, parameters, count, 0);
    Value function = LLVMGetNamedFunction(g->module, name);
    if (function) return function;
    function = LLVMAddFunction(g->module, name, *type);
    gen_attribute(g, function, "nounwind");
    gen_attribute(g, function, "willreturn");
    gen_attribute(g, function, "memory"); // touches none
    return function;
}

Value gen_libm(const Gen *g, const char *name, const Value *args, unsigned count) {
    LLVMTypeRef type;
    Value function = libm_function(g, name, count, &type);
    Value result = LLVMGetPoison(LLVMTypeOf(args[0]));
    for (uint32_t lane = 0; lane < gen_lanes(args[0]); lane++) {
        Value each[2];
        for (unsigned i = 0; i < count; i++) each[i] = gen_extract(g, args[i], lane);
        result = gen_insert(g, result, LLVMBuildCall2(g->builder, type, function, each, count, ""), lane);
    }
    return result;
}

// ---- Functions and blocks

static void add_string_attribute(const Gen *g, const char *name, const char *value) {
    LLVMAttributeRef attribute =
        LLVMCreateStringAttribute(g->context, name, (unsigned)strlen(name), value, (unsigned)strlen(value));
    LLVMAddAttributeAtIndex(g->function, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, attribute);
}

// Without the widths LLVM splits 512-bit vectors, or passes them in memory.
static void add_attributes(const Gen *g) {
    char bits[16];
    snprintf(bits, sizeof bits, "%u", 8 * g->target->vector_bytes);
    add_string_attribute(g, "target-cpu", g->target->cpu);
    if (*g->target->features) add_string_attribute(g, "target-features", g->target->features);
    add_string_attribute(g, "prefer-vector-width", bits);
    add_string_attribute(g, "min-legal-vector-width", bits);
    gen_attribute(g, g->function, "nounwind");
}

Value gen_function(Gen *g, const char *name, LLVMTypeRef type) {
    g->function = LLVMAddFunction(g->module, name, type);
    LLVMSetLinkage(g->function, LLVMInternalLinkage);
    add_attributes(g);
    return g->function;
}

LLVMBasicBlockRef gen_block(const Gen *g, const char *name) {
    return LLVMAppendBasicBlockInContext(g->context, g->function, name);
}
void gen_at(const Gen *g, LLVMBasicBlockRef block) { LLVMPositionBuilderAtEnd(g->builder, block); }
LLVMBasicBlockRef gen_here(const Gen *g) { return LLVMGetInsertBlock(g->builder); }

// ---- Float arithmetic

static Value contracted(Value value) {
    if (LLVMIsAInstruction(value) && LLVMCanValueUseFastMathFlags(value))
        LLVMSetFastMathFlags(value, LLVMFastMathAllowContract);
    return value;
}

Value gen_add(const Gen *g, Value a, Value b) { return contracted(LLVMBuildFAdd(g->builder, a, b, "")); }
Value gen_sub(const Gen *g, Value a, Value b) { return contracted(LLVMBuildFSub(g->builder, a, b, "")); }
Value gen_mul(const Gen *g, Value a, Value b) { return contracted(LLVMBuildFMul(g->builder, a, b, "")); }
Value gen_div(const Gen *g, Value a, Value b) { return contracted(LLVMBuildFDiv(g->builder, a, b, "")); }

Value gen_mul_add(const Gen *g, Value a, Value b, Value c) {
    if (!g->target->fma) return gen_add(g, gen_mul(g, a, b), c); // llvm.fma would call a function
    return gen_intrinsic(g, "llvm.fma", LLVMTypeOf(a), (Value[]){a, b, c}, 3);
}

Value gen_select(const Gen *g, Value condition, Value a, Value b) { return LLVMBuildSelect(g->builder, condition, a, b, ""); }
Value gen_less(const Gen *g, Value a, Value b) { return LLVMBuildFCmp(g->builder, LLVMRealOLT, a, b, ""); }
Value gen_bits(const Gen *g, Value x, LLVMTypeRef type) { return LLVMBuildBitCast(g->builder, x, type, ""); }
