// Writing kernels by hand, for the tests of the kernel language and of code generation. Statements are appended to the
// innermost open loop.
#pragma once

#include <string.h>

#include "schedule/kernel.h"
#include "support/vec.h"

enum { KB_DEPTH = 16 };

typedef struct KernelBuilder {
    Kernel *kernel;
    KStmt open[KB_DEPTH]; // loops, outermost first
    size_t depth;
} KernelBuilder;

static inline KernelBuilder kb_new(Arena *arena, const char *name, uint32_t lanes) {
    Kernel *kernel = NEW(arena, Kernel);
    kernel->arena = arena;
    kernel->name = name;
    kernel->lines = "test.net:1";
    kernel->lanes = lanes;
    return (KernelBuilder){.kernel = kernel};
}

// ---- Indices
static inline KIdx kb_idx(int64_t base) { return (KIdx){.base = base}; }
static inline KIdx kb_n(int64_t per_n) { return (KIdx){.base_n = per_n}; }
static inline KIdx kb_plus(KIdx idx, KVar var, int64_t coef) {
    idx.term[idx.count++] = (struct KTerm){var, coef};
    return idx;
}
static inline KIdx kb_of(KVar var) { return kb_plus(kb_idx(0), var, 1); }
static inline KMask kb_lanes_below(KIdx limit) { return (KMask){.has = true, .limit = limit}; }
#define KB_ALL ((KMask){0})

// ---- Declarations
static inline KVar kb_var(KernelBuilder *b, const char *name) {
    VEC_PUSH(b->kernel->arena, &b->kernel->vars, name);
    return (KVar)(b->kernel->vars.count - 1);
}

static inline KVar kb_grid(KernelBuilder *b, const char *name, KExtent extent) {
    KVar var = kb_var(b, name);
    b->kernel->grid[b->kernel->grid_count++] = (KGrid){var, extent};
    return var;
}

static inline KBufId kb_buf(KernelBuilder *b, const char *name, DType dtype, int64_t count, int64_t count_n) {
    KBuf buf = {.name = name, .dtype = dtype, .count = count, .count_n = count_n};
    VEC_PUSH(b->kernel->arena, &b->kernel->bufs, buf);
    return (KBufId)(b->kernel->bufs.count - 1);
}

static inline KReg kb_reg(KernelBuilder *b, const char *name, DType dtype, bool vector, uint16_t rows, uint16_t columns) {
    KRegInfo reg = {.name = name, .dtype = dtype, .vector = vector, .rows = rows, .columns = columns};
    VEC_PUSH(b->kernel->arena, &b->kernel->regs, reg);
    return (KReg)(b->kernel->regs.count - 1);
}

// ---- Statements
static inline void kb_push(KernelBuilder *b, KStmt stmt) {
    KBlock *block = b->depth ? &b->open[b->depth - 1].body : &b->kernel->body;
    VEC_PUSH(b->kernel->arena, block, stmt);
}

static inline KStmt *kb_for(KernelBuilder *b, KVar var, KIdx lo, KIdx hi, int64_t step) {
    b->open[b->depth] = (KStmt){.kind = KS_FOR, .var = var, .lo = lo, .hi = hi, .step = step};
    return &b->open[b->depth++];
}
static inline void kb_unroll(KernelBuilder *b, KVar var, int64_t count) {
    kb_for(b, var, kb_idx(0), kb_idx(count), 1)->unroll = true;
}
static inline void kb_end(KernelBuilder *b) {
    b->depth--;
    kb_push(b, b->open[b->depth]);
}

static inline KVal kb_let(KernelBuilder *b, DType dtype, bool vector, KStmt stmt) {
    KValInfo info = {dtype, vector};
    VEC_PUSH(b->kernel->arena, &b->kernel->vals, info);
    stmt.kind = KS_LET;
    stmt.dst = (KVal)(b->kernel->vals.count - 1);
    kb_push(b, stmt);
    return stmt.dst;
}

static inline KVal kb_number(KernelBuilder *b, DType dtype, double number) {
    return kb_let(b, dtype, false, (KStmt){.op = K_CONST, .number = number, .integer = (int64_t)number});
}
static inline KVal kb_splat(KernelBuilder *b, KVal scalar) {
    return kb_let(b, b->kernel->vals.items[scalar].dtype, true, (KStmt){.op = K_SPLAT, .args = {scalar}});
}
static inline KVal kb_numbers(KernelBuilder *b, DType dtype, double number) { return kb_splat(b, kb_number(b, dtype, number)); }

static inline KAccess kb_at(KBufId buf, KIdx idx, int64_t lane_stride) {
    return (KAccess){.buf = buf, .idx = idx, .lane_stride = lane_stride, .gather_buf = KBUF_NONE};
}
static inline KVal kb_load_access(KernelBuilder *b, KAccess access, KMask mask, bool vector) {
    return kb_let(b, b->kernel->bufs.items[access.buf].dtype, vector, (KStmt){.op = K_LOAD, .access = access, .mask = mask});
}
static inline KVal kb_load(KernelBuilder *b, KBufId buf, KIdx idx) {
    return kb_load_access(b, kb_at(buf, idx, 0), KB_ALL, false);
}
static inline KVal kb_vload(KernelBuilder *b, KBufId buf, KIdx idx, KMask mask) {
    return kb_load_access(b, kb_at(buf, idx, 1), mask, true);
}
static inline void kb_store_access(KernelBuilder *b, KAccess access, KMask mask, KVal value) {
    kb_push(b, (KStmt){.kind = KS_STORE, .access = access, .mask = mask, .value = value});
}
static inline void kb_store(KernelBuilder *b, KBufId buf, KIdx idx, KMask mask, KVal value) {
    kb_store_access(b, kb_at(buf, idx, 1), mask, value);
}

static inline KVal kb_element(KernelBuilder *b, Op op, DType dtype, KVal x, KVal y, KVal z) {
    return kb_let(b, dtype, b->kernel->vals.items[x].vector, (KStmt){.op = K_ELEMENT, .element = op, .args = {x, y, z}});
}
static inline KVal kb_op1(KernelBuilder *b, Op op, KVal x) {
    return kb_element(b, op, b->kernel->vals.items[x].dtype, x, 0, 0);
}
static inline KVal kb_op2(KernelBuilder *b, Op op, KVal x, KVal y) {
    return kb_element(b, op, op >= OP_EQ && op <= OP_GE ? DT_BOOL : b->kernel->vals.items[x].dtype, x, y, 0);
}
static inline KVal kb_cast(KernelBuilder *b, DType dtype, KVal x) { return kb_element(b, OP_CAST, dtype, x, 0, 0); }
static inline KVal kb_fma(KernelBuilder *b, KVal x, KVal y, KVal z) {
    KValInfo info = b->kernel->vals.items[z];
    return kb_let(b, info.dtype, info.vector, (KStmt){.op = K_FMA, .args = {x, y, z}});
}
static inline KVal kb_reduce(KernelBuilder *b, Op op, KVal x) {
    return kb_let(b, b->kernel->vals.items[x].dtype, false, (KStmt){.op = K_REDUCE, .element = op, .args = {x}});
}
static inline KVal kb_read(KernelBuilder *b, KReg reg, KIdx r, KIdx v) {
    const KRegInfo *info = &b->kernel->regs.items[reg];
    return kb_let(b, info->dtype, info->vector, (KStmt){.op = K_READ, .reg = reg, .r = r, .v = v});
}
static inline void kb_set(KernelBuilder *b, KReg reg, KIdx r, KIdx v, KVal value) {
    kb_push(b, (KStmt){.kind = KS_SET, .reg = reg, .r = r, .v = v, .value = value});
}
