// A kernel becomes a function of NetrtKernel's type:
//
//     for (tile = first; tile < last; tile++) {
//         grid variables from tile, by division with the (run-time) numbers of tiles
//         the body: loops with their variables in phis, registers in allocas that LLVM promotes
//     }
//
// Unrolled loops are expanded here, with the variable constant. The innermost loop around multiply-adds is unrolled a few
// times as well. What does not change (N, scalars, buffers' addresses) is loaded once, in the entry block.
#include "codegen/gen.h"

#include <math.h>
#include <netrt.h>
#include <string.h>

// ---- The entry block

static LLVMBasicBlockRef enter_entry(Gen *g) {
    LLVMBasicBlockRef here = gen_here(g);
    gen_at(g, g->entry);
    return here;
}

Value gen_entry_load(Gen *g, LLVMTypeRef type, Value base, uint64_t offset, const char *name) {
    LLVMBasicBlockRef here = enter_entry(g);
    Value at = gen_i64(g, (int64_t)offset);
    Value pointer = LLVMBuildInBoundsGEP2(g->builder, g->i8, base, &at, 1, "");
    Value loaded = LLVMBuildLoad2(g->builder, type, pointer, name);
    gen_at(g, here);
    return loaded;
}

Value gen_n(Gen *g) {
    if (!g->N) g->N = gen_entry_load(g, g->i64, g->call, offsetof(NetrtCall, N), "N");
    return g->N;
}

Value gen_scalar(Gen *g, ScalarKind kind) {
    if (kind == SCALAR_N) return gen_n(g);
    if (!g->scalars) g->scalars = gen_entry_load(g, g->ptr, g->call, offsetof(NetrtCall, scalars), "scalars");
    return gen_entry_load(g, kind == SCALAR_LR ? g->f64 : g->i64, g->scalars, kind * sizeof(NetrtScalar), scalar_text(kind));
}

static void load_bases(Gen *g) {
    uint64_t data = 0;
    for (size_t i = 0; i < g->kernel->bufs.count; i++) {
        const KBuf *buf = &g->kernel->bufs.items[i];
        if (buf->role == KBUF_DATA) {
            g->bases[i] = gen_entry_load(g, g->ptr, g->buffers, data++ * sizeof(char *), buf->name);
            continue;
        }
        if (!g->scratch) g->scratch = gen_entry_load(g, g->ptr, g->call, offsetof(NetrtCall, scratch), "scratch");
        Value at = gen_i64(g, buf->scratch_offset);
        g->bases[i] = LLVMBuildInBoundsGEP2(g->builder, g->i8, g->scratch, &at, 1, buf->name);
    }
}

static void make_registers(Gen *g) {
    for (size_t i = 0; i < g->kernel->regs.count; i++) {
        const KRegInfo *reg = &g->kernel->regs.items[i];
        size_t count = (size_t)reg->rows * reg->columns;
        g->regs[i] = NEW_ARRAY(g->arena, Value, count);
        for (size_t e = 0; e < count; e++)
            g->regs[i][e] = LLVMBuildAlloca(g->builder, gen_type(g, reg->dtype, reg->vector ? g->kernel->lanes : 1), reg->name);
    }
}

static Value reg_element(Gen *g, const KStmt *s) {
    const KRegInfo *reg = &g->kernel->regs.items[s->reg];
    return g->regs[s->reg][gen_idx_constant(g, &s->r) * reg->columns + gen_idx_constant(g, &s->v)];
}

static uint32_t lanes_of(const Gen *g, KVal val) { return g->kernel->vals.items[val].vector ? g->kernel->lanes : 1; }

// ---- Values

enum { MOST_LANES = 64 };

// Lanes of two vectors, chosen by their numbers: of a first, then of b.
static Value pick(const Gen *g, Value a, Value b, const uint32_t *lane, uint32_t count) {
    Value numbers[MOST_LANES];
    for (uint32_t i = 0; i < count; i++) numbers[i] = LLVMConstInt(g->i32, lane[i], 0);
    return LLVMBuildShuffleVector(g->builder, a, b, LLVMConstVector(numbers, count), "");
}

// By halves: lane i with lane i + lanes/2, until one is left. The largest or smallest of floats is NaN where one of them is:
// that is asked once, beside the halving, which is then one instruction a step.
static Value reduce(Gen *g, const KStmt *s) {
    DType dtype = g->kernel->vals.items[s->dst].dtype;
    Value x = g->vals[s->args[0]];
    bool largest = s->element == OP_MAXIMUM, extreme = dtype_is_float(dtype) && (largest || s->element == OP_MINIMUM);
    Value nan = extreme ? gen_any(g, LLVMBuildFCmp(g->builder, LLVMRealUNO, x, x, "")) : NULL;
    for (uint32_t half = gen_lanes(x) / 2; half > 0; half /= 2) {
        uint32_t low[MOST_LANES], high[MOST_LANES];
        for (uint32_t i = 0; i < half; i++) low[i] = i, high[i] = i + half;
        Value poison = LLVMGetPoison(LLVMTypeOf(x));
        GenArgs args = {.dtype = dtype, .result = dtype};
        args.value[0] = pick(g, x, poison, low, half);
        args.value[1] = pick(g, x, poison, high, half);
        if (extreme) {
            LLVMRealPredicate better = largest ? LLVMRealOGT : LLVMRealOLT;
            x = gen_select(g, LLVMBuildFCmp(g->builder, better, args.value[0], args.value[1], ""), args.value[0],
                           args.value[1]);
        } else {
            x = gen_elementwise(g, s->element, &args);
        }
    }
    if (LLVMGetTypeKind(LLVMTypeOf(x)) == LLVMVectorTypeKind) x = gen_extract(g, x, 0);
    return extreme ? gen_select(g, nan, gen_number(LLVMTypeOf(x), NAN), x) : x;
}

// One step of a transposition: in vectors i and i + size, of blocks of `size` lanes every other one changes places.
static void exchange(const Gen *g, Value *x, uint32_t lanes, uint32_t size) {
    for (uint32_t i = 0; i < lanes; i++) {
        if (i & size) continue;
        uint32_t low[MOST_LANES], high[MOST_LANES];
        for (uint32_t lane = 0; lane < lanes; lane++) {
            low[lane] = lane & size ? lanes + lane - size : lane;
            high[lane] = lane & size ? lanes + lane : lane + size;
        }
        Value a = x[i], b = x[i + size];
        x[i] = pick(g, a, b, low, lanes);
        x[i + size] = pick(g, a, b, high, lanes);
    }
}

// By halves (J. O. Eklundh, IEEE Trans. Comput. C-21, 1972): log2(lanes) steps of `lanes` shuffles.
static void transpose(Gen *g, const KStmt *s) {
    const KRegInfo *reg = &g->kernel->regs.items[s->reg];
    uint32_t lanes = g->kernel->lanes;
    LLVMTypeRef type = gen_type(g, reg->dtype, lanes);
    Value x[MOST_LANES];
    for (uint32_t i = 0; i < lanes; i++) x[i] = LLVMBuildLoad2(g->builder, type, g->regs[s->reg][i], "");
    for (uint32_t size = 1; size < lanes; size *= 2) exchange(g, x, lanes, size);
    for (uint32_t i = 0; i < lanes; i++) LLVMBuildStore(g->builder, x[i], g->regs[s->reg][i]);
}

static Value element(Gen *g, const KStmt *s) {
    GenArgs args = {.result = g->kernel->vals.items[s->dst].dtype};
    for (int i = 0; i < op_info[s->element].operands; i++) {
        args.value[i] = g->vals[s->args[i]];
        args.constant[i] = g->constants[s->args[i]];
    }
    args.dtype = g->kernel->vals.items[s->args[s->element == OP_WHERE ? 1 : 0]].dtype;
    return gen_elementwise(g, s->element, &args);
}

static Value let_value(Gen *g, const KStmt *s) {
    KValInfo dst = g->kernel->vals.items[s->dst];
    uint32_t lanes = lanes_of(g, s->dst);
    LLVMTypeRef type = gen_type(g, dst.dtype, lanes);
    const Value *vals = g->vals;
    switch (s->op) {
    case K_CONST:
        if (!dtype_is_float(dst.dtype)) return LLVMConstInt(type, (uint64_t)s->integer, 1);
        return LLVMConstReal(type, dst.dtype == DT_F32 ? (double)(float)s->number : s->number);
    case K_INDEX: return gen_idx(g, &s->idx);
    case K_LANES: return gen_iota(g, type);
    case K_SCALAR: return gen_scalar(g, (ScalarKind)s->scalar);
    case K_SPLAT: return gen_splat(g, vals[s->args[0]], lanes);
    case K_LOAD: return gen_load(g, &s->access, &s->mask, lanes);
    case K_READ: return LLVMBuildLoad2(g->builder, type, reg_element(g, s), "");
    case K_ELEMENT: return element(g, s);
    case K_FMA: return gen_mul_add(g, vals[s->args[0]], vals[s->args[1]], vals[s->args[2]]);
    case K_MASKED: return gen_select(g, gen_mask(g, &s->mask, lanes), vals[s->args[0]], vals[s->args[1]]);
    case K_REDUCE: return reduce(g, s);
    case K_RANDOM: return gen_random(g, s->scalar, s->normal, vals[s->args[0]], dst.dtype);
    }
    BUG("no such kernel operation: %d", (int)s->op);
}

static void let(Gen *g, const KStmt *s) {
    g->vals[s->dst] = let_value(g, s);
    GenConstant constant = {0};
    if (s->op == K_CONST && dtype_is_float(g->kernel->vals.items[s->dst].dtype))
        constant = (GenConstant){.known = true, .number = s->number};
    else if (s->op == K_SPLAT) constant = g->constants[s->args[0]];
    g->constants[s->dst] = constant;
}

// ---- Loops

static void block(Gen *g, const KBlock *b);

static void expand(Gen *g, const KStmt *s) {
    GenVar *var = &g->vars[s->var];
    int64_t end = gen_idx_constant(g, &s->hi) - (s->whole ? s->step - 1 : 0), at = gen_idx_constant(g, &s->lo);
    unsigned outer = g->copies;
    if (at < end) g->copies *= (unsigned)((end - at + s->step - 1) / s->step);
    for (; at < end; at += s->step) {
        *var = (GenVar){.offset = at, .depth = 0};
        block(g, &s->body);
    }
    g->copies = outer;
    var->base = NULL;
    var->exit = gen_i64(g, at);
}

// Where a loop with constant bounds stops; NULL for others.
static Value constant_exit(const Gen *g, Value start, Value end, int64_t step) {
    if (!LLVMIsAConstantInt(start) || !LLVMIsAConstantInt(end)) return NULL;
    int64_t from = LLVMConstIntGetSExtValue(start), to = LLVMConstIntGetSExtValue(end);
    return from >= to ? start : gen_i64(g, from + (to - from + step - 1) / step * step);
}

// do { `copies` times the body } while (var < end), if it runs at all. Returns where var stopped.
static Value loop(Gen *g, const KStmt *s, Value start, Value end, unsigned copies) {
    const char *name = g->kernel->vars.items[s->var];
    Value exit = constant_exit(g, start, end, (int64_t)copies * s->step);
    if (exit == start) return start;
    LLVMBasicBlockRef before = gen_here(g), body = gen_block(g, name), after = gen_block(g, "");
    if (exit) LLVMBuildBr(g->builder, body);
    else LLVMBuildCondBr(g->builder, LLVMBuildICmp(g->builder, LLVMIntSLT, start, end, ""), body, after);
    gen_at(g, body);
    Value at = LLVMBuildPhi(g->builder, g->i64, name);
    for (unsigned copy = 0; copy < copies; copy++) {
        g->vars[s->var] = (GenVar){.base = at, .offset = copy * s->step, .depth = g->depth};
        block(g, &s->body);
    }
    Value next = LLVMBuildNSWAdd(g->builder, at, gen_i64(g, copies * s->step), "");
    LLVMBasicBlockRef latch = gen_here(g);
    LLVMBuildCondBr(g->builder, LLVMBuildICmp(g->builder, LLVMIntSLT, next, end, ""), body, after);
    LLVMAddIncoming(at, (Value[]){start, next}, (LLVMBasicBlockRef[]){before, latch}, 2);
    gen_at(g, after);
    if (exit) return exit;
    Value stopped = LLVMBuildPhi(g->builder, g->i64, "");
    LLVMAddIncoming(stopped, (Value[]){start, next}, (LLVMBasicBlockRef[]){before, latch}, 2);
    return stopped;
}

// Statements that the body of a loop expands to; 0 when another loop is inside, or there is no multiply-add.
static unsigned fma_body_size(const KBlock *b, bool *has_fma) {
    unsigned size = 0;
    for (size_t i = 0; i < b->count; i++) {
        const KStmt *s = &b->items[i];
        if (s->kind == KS_FOR && !s->unroll) return 0;
        if (s->kind == KS_FOR) {
            unsigned inside = fma_body_size(&s->body, has_fma);
            if (inside == 0 && s->body.count) return 0;
            size += inside * (unsigned)((s->hi.base - s->lo.base + s->step - 1) / s->step);
        } else if (s->kind != KS_COMMENT) size++;
        if (s->kind == KS_LET && s->op == K_FMA) *has_fma = true;
    }
    return size;
}

enum { UNROLLED_SIZE = 200, MAX_COPIES = 4 }; // statements in the unrolled body; measured, see below in choose_copies

// Copies of a multiply-add loop's body. A large tile (6 × 4) hides the loop's own instructions behind its 24 multiply-adds;
// small ones, of remainders and narrow layers, gain up to a third by four copies.
static unsigned choose_copies(const Gen *g, const KStmt *s) {
    bool has_fma = false;
    unsigned size = g->optimize ? fma_body_size(&s->body, &has_fma) : 0;
    if (!has_fma || size == 0) return 1;
    unsigned copies = UNROLLED_SIZE / size;
    return copies >= MAX_COPIES ? MAX_COPIES : copies >= 2 ? 2 : 1;
}

static Value minimum(Gen *g, Value a, Value b) { return gen_intrinsic(g, "llvm.smin", g->i64, (Value[]){a, b}, 2); }

static void for_loop(Gen *g, const KStmt *s) {
    if (s->unroll) {
        expand(g, s);
        return;
    }
    GenVar *var = &g->vars[s->var];
    Value start = s->resume ? var->exit : gen_idx(g, &s->lo);
    Value end = gen_idx(g, &s->hi);
    if (s->has_hi2) end = minimum(g, end, gen_idx(g, &s->hi2));
    if (s->whole) end = LLVMBuildSub(g->builder, end, gen_i64(g, s->step - 1), "");
    g->depth++;
    unsigned copies = choose_copies(g, s);
    if (copies > 1) {
        Value whole = LLVMBuildSub(g->builder, end, gen_i64(g, (copies - 1) * s->step), "");
        start = loop(g, s, start, whole, copies);
    }
    start = loop(g, s, start, end, 1);
    g->depth--;
    *var = (GenVar){.exit = start};
}

// ---- Statements

static int32_t message_number(const Gen *g, const char *text) {
    for (size_t i = 0; i < g->plan->messages.count; i++)
        if (strcmp(g->plan->messages.items[i], text) == 0) return (int32_t)i + 1;
    BUG("kernel %s: the plan lacks the message \"%s\"", g->kernel->name, text);
}

static void check(Gen *g, const KStmt *s) {
    uint32_t lanes = lanes_of(g, s->value);
    Value bad = LLVMBuildNot(g->builder, g->vals[s->value], "");
    if (s->mask.has) bad = LLVMBuildAnd(g->builder, bad, gen_mask(g, &s->mask, lanes), "");
    LLVMBasicBlockRef failed = gen_block(g, "failed"), after = gen_block(g, "checked");
    LLVMBuildCondBr(g->builder, gen_any(g, bad), failed, after);
    gen_at(g, failed);
    Value place = gen_entry_load(g, g->ptr, g->call, offsetof(NetrtCall, failed), "");
    LLVMBuildStore(g->builder, LLVMConstInt(g->i32, (uint64_t)message_number(g, s->text), 0), place);
    LLVMBuildBr(g->builder, after);
    gen_at(g, after);
}

static void block(Gen *g, const KBlock *b) {
    for (size_t i = 0; i < b->count; i++) {
        const KStmt *s = &b->items[i];
        switch (s->kind) {
        case KS_FOR: for_loop(g, s); break;
        case KS_LET: let(g, s); break;
        case KS_STORE: gen_store(g, &s->access, &s->mask, g->vals[s->value], lanes_of(g, s->value)); break;
        case KS_SET: LLVMBuildStore(g->builder, g->vals[s->value], reg_element(g, s)); break;
        case KS_TRANSPOSE: transpose(g, s); break;
        case KS_CHECK: check(g, s); break;
        case KS_PREFETCH: gen_prefetch(g, &s->access, s->far); break;
        case KS_COMMENT: break;
        }
    }
}

// ---- The function

static Value extent(Gen *g, const KExtent *e) {
    if (e->per_n == 0) return gen_i64(g, (e->fixed + e->block - 1) / e->block);
    Value n = LLVMBuildNSWMul(g->builder, gen_n(g), gen_i64(g, e->per_n), "");
    n = LLVMBuildNSWAdd(g->builder, n, gen_i64(g, e->fixed + e->block - 1), "");
    return e->block == 1 ? n : LLVMBuildUDiv(g->builder, n, gen_i64(g, e->block), "");
}

// The last axis runs fastest. The outermost needs no remainder: tile < the product of all.
static void split_tile(Gen *g, Value tile, const Value *counts) {
    for (uint32_t axis = g->kernel->grid_count; axis-- > 0;) {
        const KGrid *grid = &g->kernel->grid[axis];
        Value at = axis ? LLVMBuildURem(g->builder, tile, counts[axis], "") : tile;
        if (axis) tile = LLVMBuildUDiv(g->builder, tile, counts[axis], "");
        Value base = LLVMBuildNSWMul(g->builder, at, gen_i64(g, grid->extent.block), g->kernel->vars.items[grid->var]);
        g->vars[grid->var] = (GenVar){.base = base, .depth = 0};
    }
}

static void tile_loop(Gen *g) {
    Value first = LLVMGetParam(g->function, 2), last = LLVMGetParam(g->function, 3);
    LLVMBasicBlockRef start = gen_block(g, "start"), tile_block = gen_block(g, "tile");
    gen_at(g, start);
    Value counts[3];
    for (uint32_t axis = 1; axis < g->kernel->grid_count; axis++) counts[axis] = extent(g, &g->kernel->grid[axis].extent);
    LLVMBasicBlockRef done = gen_block(g, "done");
    LLVMBuildCondBr(g->builder, LLVMBuildICmp(g->builder, LLVMIntSLT, first, last, ""), tile_block, done);
    gen_at(g, tile_block);
    Value tile = LLVMBuildPhi(g->builder, g->i64, "tile");
    split_tile(g, tile, counts);
    g->depth = 1;
    block(g, &g->kernel->body);
    Value next = LLVMBuildNSWAdd(g->builder, tile, gen_i64(g, 1), "");
    LLVMAddIncoming(tile, (Value[]){first, next}, (LLVMBasicBlockRef[]){start, gen_here(g)}, 2);
    LLVMBuildCondBr(g->builder, LLVMBuildICmp(g->builder, LLVMIntSLT, next, last, ""), tile_block, done);
    gen_at(g, done);
    LLVMBuildRetVoid(g->builder);
    gen_at(g, g->entry);
    LLVMBuildBr(g->builder, start);
}

void gen_kernel(Gen *g, const Kernel *kernel, const char *name) {
    g->kernel = kernel;
    gen_function(g, name, g->kernel_type);
    g->buffers = LLVMGetParam(g->function, 0);
    g->call = LLVMGetParam(g->function, 1);
    g->N = g->scalars = g->scratch = NULL;
    g->copies = 1;
    g->bases = NEW_ARRAY(g->arena, Value, kernel->bufs.count + 1);
    g->vals = NEW_ARRAY(g->arena, Value, kernel->vals.count + 1);
    g->constants = NEW_ARRAY(g->arena, GenConstant, kernel->vals.count + 1);
    g->regs = NEW_ARRAY(g->arena, Value *, kernel->regs.count + 1);
    g->vars = NEW_ARRAY(g->arena, GenVar, kernel->vars.count + 1);
    g->entry = gen_block(g, "entry");
    gen_at(g, g->entry);
    load_bases(g);
    make_registers(g);
    tile_loop(g);
}
