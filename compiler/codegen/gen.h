// Inside the code generator: the module under construction, the function under construction, and shorthand for building IR.
//
// A value of a kernel is an LLVM scalar or vector: BOOL is i1, U8 i8, I64 i64, F32 float, F64 double. With one lane a
// vector is a scalar. In memory BOOL is a byte.
#pragma once

#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>

#include "codegen/codegen.h"

typedef LLVMValueRef Value;

typedef struct GenVar { // a loop variable: base + offset
    Value base;         // NULL: a constant
    int64_t offset;
    int depth;  // of its loop: outer variables are added first, so that sums move out of inner loops
    Value exit; // where its latest loop stopped, for a loop that resumes
} GenVar;

typedef struct GenConstant { // what is known of a value when compiling
    bool known;
    double number;
} GenConstant;

typedef struct Gen {
    LLVMContextRef context;
    LLVMModuleRef module;
    LLVMTargetMachineRef machine;
    LLVMTargetDataRef layout;
    LLVMBuilderRef builder;
    Arena *arena; // as long as the module
    const Plan *plan;
    const Target *target;
    bool optimize;
    LLVMTypeRef i1, i8, i32, i64, f32, f64, ptr, none;
    LLVMTypeRef kernel_type; // NetrtKernel
    LLVMValueRef main;       // NetrtMain: what the executable does

    // The function under construction
    const Kernel *kernel;
    LLVMValueRef function;
    LLVMBasicBlockRef entry;   // holds allocas and what is loaded once; ended last
    Value buffers, call;       // arguments
    Value N, scalars, scratch; // loaded in the entry, NULL until needed
    Value *bases;              // of each buffer
    Value *vals;
    GenConstant *constants; // of each value
    Value **regs;           // alloca of each register's element
    GenVar *vars;
    int depth;
    unsigned copies; // of the statement at hand that unrolled loops make
} Gen;

// ---- build.c: types, constants, instructions
LLVMTypeRef gen_dtype(const Gen *g, DType dtype);
LLVMTypeRef gen_type(const Gen *g, DType dtype, uint32_t lanes); // a scalar for one lane
LLVMTypeRef gen_vector_of(LLVMTypeRef element, uint32_t lanes);
LLVMTypeRef gen_with_element(Value like, LLVMTypeRef element); // as many lanes as `like` has
uint32_t gen_lanes(Value value);                               // 1 for a scalar
LLVMTypeRef gen_element(LLVMTypeRef type);
Value gen_i64(const Gen *g, int64_t value);
Value gen_number(LLVMTypeRef type, double value);    // float or double, in every lane
Value gen_integer(LLVMTypeRef type, uint64_t value); // in every lane
Value gen_iota(const Gen *g, LLVMTypeRef type);      // 0, 1, 2, …
Value gen_splat(const Gen *g, Value scalar, uint32_t lanes);
Value gen_extract(const Gen *g, Value vector, uint32_t lane); // of a scalar: itself
Value gen_insert(const Gen *g, Value vector, Value element, uint32_t lane);
Value gen_intrinsic(const Gen *g, const char *name, LLVMTypeRef overload, Value *args, unsigned count);
Value gen_libm(const Gen *g, const char *name, const Value *args, unsigned count); // double, lane by lane
Value gen_any(const Gen *g, Value mask);                                           // i1: some lane
void gen_attribute(const Gen *g, Value function, const char *name);
Value gen_function(Gen *g, const char *name, LLVMTypeRef type); // internal; becomes g->function
LLVMBasicBlockRef gen_block(const Gen *g, const char *name);    // appended to the function
void gen_at(const Gen *g, LLVMBasicBlockRef block);
LLVMBasicBlockRef gen_here(const Gen *g);

// Float arithmetic. `contract` is set, so that LLVM may fuse; nothing else is relaxed.
Value gen_add(const Gen *g, Value a, Value b);
Value gen_sub(const Gen *g, Value a, Value b);
Value gen_mul(const Gen *g, Value a, Value b);
Value gen_div(const Gen *g, Value a, Value b);
Value gen_mul_add(const Gen *g, Value a, Value b, Value c); // a·b + c: fused where the target can
Value gen_select(const Gen *g, Value condition, Value a, Value b);
Value gen_less(const Gen *g, Value a, Value b);          // ordered
Value gen_bits(const Gen *g, Value x, LLVMTypeRef type); // bitcast

// ---- function.c: a kernel
void gen_kernel(Gen *g, const Kernel *kernel, const char *name);
Value gen_entry_load(Gen *g, LLVMTypeRef type, Value base, uint64_t offset, const char *name);
Value gen_n(Gen *g);
Value gen_scalar(Gen *g, ScalarKind kind);

// ---- memory.c: indices, loads, stores
Value gen_idx(Gen *g, const KIdx *idx);
int64_t gen_idx_constant(Gen *g, const KIdx *idx);         // of unrolled variables and numbers alone
Value gen_mask(Gen *g, const KMask *mask, uint32_t lanes); // i1 vector
Value gen_load(Gen *g, const KAccess *access, const KMask *mask, uint32_t lanes);
void gen_store(Gen *g, const KAccess *access, const KMask *mask, Value value, uint32_t lanes);
void gen_prefetch(Gen *g, const KAccess *access, bool far); // of one element, into all caches or the second at most

// ---- elementwise.c, math_*.c, random.c
typedef struct GenArgs {
    DType dtype; // of the first operand (of the second for WHERE)
    DType result;
    Value value[3];
    GenConstant constant[3];
} GenArgs;
Value gen_elementwise(Gen *g, Op op, const GenArgs *args);
Value gen_round(const Gen *g, Value x); // half to even
Value gen_floor(const Gen *g, Value x);

// A function of F32 (math_*) or F64 (the C library's): EXP, LOG, LOG1P, SIN, COS, ATAN, TANH, SIGMOID, ERF, POW.
Value math_function(Gen *g, Op op, DType dtype, const Value *args);
Value math_exp(Gen *g, Value x); // f32, any number of lanes
Value math_sigmoid(Gen *g, Value x);
Value math_tanh(Gen *g, Value x);
Value math_erf(Gen *g, Value x);
Value math_log(Gen *g, Value x);
Value math_log1p(Gen *g, Value x);
Value math_sin(Gen *g, Value x);
Value math_cos(Gen *g, Value x);
Value math_atan(Gen *g, Value x);
Value math_pow(Gen *g, Value x, Value y);
Value math_log2_wide(Gen *g, Value x);    // f64, of positive normal numbers, within 2⁻⁵⁰ or so
Value math_cos_wide(Gen *g, Value angle); // f64, of |angle| ≤ π/4, within 2⁻³³
Value math_sin_wide(Gen *g, Value angle);
Value math_polynomial(const Gen *g, Value x, const double *coefficients, size_t count); // constant term first

Value gen_random(Gen *g, uint32_t place, bool normal, Value index, DType dtype);

// ---- descriptor.c
// step_kernels[entry][step]: its function.
void gen_descriptor(Gen *g, Value *const *step_kernels, const CodegenOptions *options);

// ---- emit.c
void emit_open(Gen *g); // target machine, layout and triple
void emit_optimize(Gen *g);
void emit_module(Gen *g, CodegenKind kind, CodegenResult *result);
void emit_close(Gen *g);
