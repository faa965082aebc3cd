// Indices, masks, loads and stores.
//
// An address is built as (buffer + what loops and N say) + constant: the unrolled copies of an access share the first part, and
// the second one becomes the displacement of an instruction. Terms are added from the outermost loop inwards, so that partial
// sums move out of inner loops. A masked access never touches what its mask leaves out.
#include "codegen/gen.h"

#include "codegen/llvm_compat.h"

typedef struct Affine {
    Value dynamic; // i64; NULL for 0
    int64_t constant;
} Affine;

static Value times(const Gen *g, Value x, int64_t coef) {
    return coef == 1 ? x : LLVMBuildNSWMul(g->builder, x, gen_i64(g, coef), "");
}

static Value plus(const Gen *g, Value a, Value b) { return a ? LLVMBuildNSWAdd(g->builder, a, b, "") : b; }

static Affine affine(Gen *g, const KIdx *idx) {
    Affine sum = {.constant = idx->base};
    if (idx->base_n) sum.dynamic = times(g, gen_n(g), idx->base_n);
    bool used[K_MAX_TERMS] = {false};
    for (uint32_t round = 0; round < idx->count; round++) {
        uint32_t best = K_MAX_TERMS;
        for (uint32_t i = 0; i < idx->count; i++)
            if (!used[i] && (best == K_MAX_TERMS || g->vars[idx->term[i].var].depth < g->vars[idx->term[best].var].depth))
                best = i;
        used[best] = true;
        const GenVar *var = &g->vars[idx->term[best].var];
        int64_t coef = idx->term[best].coef;
        sum.constant += coef * var->offset;
        if (var->base && coef) sum.dynamic = plus(g, sum.dynamic, times(g, var->base, coef));
    }
    return sum;
}

Value gen_idx(Gen *g, const KIdx *idx) {
    Affine sum = affine(g, idx);
    if (!sum.dynamic) return gen_i64(g, sum.constant);
    return sum.constant ? LLVMBuildNSWAdd(g->builder, sum.dynamic, gen_i64(g, sum.constant), "") : sum.dynamic;
}

int64_t gen_idx_constant(Gen *g, const KIdx *idx) {
    Affine sum = affine(g, idx);
    if (sum.dynamic) BUG("kernel %s: an index that must be constant is not", g->kernel->name);
    return sum.constant;
}

// ---- Masks

// min(max(limit, 0), lanes) as i32, so that comparing takes one vector of 32-bit numbers.
static Value clamped_limit(Gen *g, const KMask *mask, uint32_t lanes) {
    Value args[] = {gen_idx(g, &mask->limit), gen_i64(g, lanes)};
    args[0] = gen_intrinsic(g, "llvm.smin", g->i64, args, 2);
    args[1] = gen_i64(g, 0);
    return LLVMBuildTrunc(g->builder, gen_intrinsic(g, "llvm.smax", g->i64, args, 2), g->i32, "");
}

Value gen_mask(Gen *g, const KMask *mask, uint32_t lanes) {
    Value limit = gen_splat(g, clamped_limit(g, mask, lanes), lanes);
    return LLVMBuildICmp(g->builder, LLVMIntULT, gen_iota(g, LLVMTypeOf(limit)), limit, "mask");
}

// ---- Addresses

static DType dtype_of(const Gen *g, const KAccess *a) { return g->kernel->bufs.items[a->buf].dtype; }
static LLVMTypeRef memory_type(const Gen *g, DType dtype) { return dtype == DT_BOOL ? g->i8 : gen_dtype(g, dtype); }

static Value offset_pointer(const Gen *g, LLVMTypeRef element, Value base, Affine at, int64_t size) {
    if (at.dynamic) base = LLVMBuildInBoundsGEP2(g->builder, element, base, &at.dynamic, 1, "");
    if (at.constant) {
        Value bytes = gen_i64(g, at.constant * size);
        base = LLVMBuildInBoundsGEP2(g->builder, g->i8, base, &bytes, 1, "");
    }
    return base;
}

// Where the row of a gather begins, in elements.
static Value gathered_row(Gen *g, const KAccess *a) {
    Value pointer = offset_pointer(g, g->i32, g->bases[a->gather_buf], affine(g, &a->gather_idx), 4);
    Value row = LLVMBuildSExt(g->builder, LLVMBuildLoad2(g->builder, g->i32, pointer, ""), g->i64, "row");
    return times(g, row, a->gather_stride);
}

// Where lane 0 is, but for gather_lanes.
static Value first_pointer(Gen *g, const KAccess *a) {
    DType dtype = dtype_of(g, a);
    Affine at = affine(g, &a->idx);
    if (a->gather_buf != KBUF_NONE && !a->gather_lanes) at.dynamic = plus(g, at.dynamic, gathered_row(g, a));
    return offset_pointer(g, memory_type(g, dtype), g->bases[a->buf], at, (int64_t)dtype_size(dtype));
}

// Offsets of the lanes from first_pointer in elements: i64 vector.
static Value lane_offsets(Gen *g, const KAccess *a, uint32_t lanes, Value mask) {
    LLVMTypeRef wide = gen_vector_of(g->i64, lanes);
    Value offsets = LLVMBuildMul(g->builder, gen_iota(g, wide), gen_integer(wide, (uint64_t)a->lane_stride), "");
    if (!a->gather_lanes) return offsets;
    Value pointer = offset_pointer(g, g->i32, g->bases[a->gather_buf], affine(g, &a->gather_idx), 4);
    LLVMTypeRef narrow = gen_vector_of(g->i32, lanes);
    Value rows = NULL;
    if (mask) rows = compat_masked_load(g->module, g->builder, narrow, pointer, 4, mask);
    else {
        rows = LLVMBuildLoad2(g->builder, narrow, pointer, "");
        LLVMSetAlignment(rows, 4);
    }
    rows = LLVMBuildSExt(g->builder, rows, wide, "");
    rows = LLVMBuildMul(g->builder, rows, gen_integer(wide, (uint64_t)a->gather_stride), "");
    return LLVMBuildAdd(g->builder, offsets, rows, "");
}

static Value lane_pointers(Gen *g, const KAccess *a, uint32_t lanes, Value mask) {
    Value offsets = lane_offsets(g, a, lanes, mask);
    return LLVMBuildGEP2(g->builder, memory_type(g, dtype_of(g, a)), first_pointer(g, a), &offsets, 1, "");
}

// ---- Loads

static Value plain_load(const Gen *g, LLVMTypeRef type, Value pointer, unsigned align) {
    Value load = LLVMBuildLoad2(g->builder, type, pointer, "");
    LLVMSetAlignment(load, align);
    return load;
}

// One element, or 0 when lane 0 takes no part: then memory is not touched.
static Value load_if(Gen *g, const KAccess *a, LLVMTypeRef type, Value condition, unsigned align) {
    LLVMBasicBlockRef before = gen_here(g), then = gen_block(g, "load"), after = gen_block(g, "loaded");
    LLVMBuildCondBr(g->builder, condition, then, after);
    gen_at(g, then);
    Value loaded = plain_load(g, type, first_pointer(g, a), align);
    LLVMBuildBr(g->builder, after);
    gen_at(g, after);
    Value phi = LLVMBuildPhi(g->builder, type, "");
    LLVMAddIncoming(phi, (Value[]){LLVMConstNull(type), loaded}, (LLVMBasicBlockRef[]){before, then}, 2);
    return phi;
}

static Value load_same(Gen *g, const KAccess *a, const KMask *mask, uint32_t lanes, LLVMTypeRef element, unsigned align) {
    if (!mask->has) return gen_splat(g, plain_load(g, element, first_pointer(g, a), align), lanes);
    Value any = LLVMBuildICmp(g->builder, LLVMIntSGT, gen_idx(g, &mask->limit), gen_i64(g, 0), "");
    Value all = gen_splat(g, load_if(g, a, element, any, align), lanes);
    if (lanes == 1) return all;
    return gen_select(g, gen_mask(g, mask, lanes), all, LLVMConstNull(LLVMTypeOf(all)));
}

// Lanes that lie apart, each loaded by itself: gather instructions are slow on many processors, and slower since they were
// patched against leaks.
static Value load_apart(Gen *g, const KAccess *a, uint32_t lanes, LLVMTypeRef element, unsigned align) {
    Value base = first_pointer(g, a);
    Value offsets = a->gather_lanes ? lane_offsets(g, a, lanes, NULL) : NULL;
    Value result = LLVMGetPoison(gen_vector_of(element, lanes));
    for (uint32_t lane = 0; lane < lanes; lane++) {
        Value offset = offsets ? gen_extract(g, offsets, lane) : gen_i64(g, lane * a->lane_stride);
        Value pointer = LLVMBuildInBoundsGEP2(g->builder, element, base, &offset, 1, "");
        result = gen_insert(g, result, plain_load(g, element, pointer, align), lane);
    }
    return result;
}

Value gen_load(Gen *g, const KAccess *a, const KMask *mask, uint32_t lanes) {
    DType dtype = dtype_of(g, a);
    LLVMTypeRef element = memory_type(g, dtype), type = gen_vector_of(element, lanes);
    unsigned align = (unsigned)dtype_size(dtype);
    Value loaded;
    if (lanes == 1 && a->gather_lanes) {
        KAccess one = *a; // a vector of one lane
        one.gather_lanes = false;
        return gen_load(g, &one, mask, 1);
    }
    if (lanes == 1 || (a->lane_stride == 0 && !a->gather_lanes)) loaded = load_same(g, a, mask, lanes, element, align);
    else if (a->lane_stride == 1 && !a->gather_lanes && mask->has)
        loaded = compat_masked_load(g->module, g->builder, type, first_pointer(g, a), align, gen_mask(g, mask, lanes));
    else if (a->lane_stride == 1 && !a->gather_lanes) loaded = plain_load(g, type, first_pointer(g, a), align);
    else if (mask->has) {
        Value lane_mask = gen_mask(g, mask, lanes);
        loaded = compat_masked_gather(g->module, g->builder, type, lane_pointers(g, a, lanes, lane_mask), align, lane_mask);
    } else loaded = load_apart(g, a, lanes, element, align);
    if (dtype == DT_BOOL) return LLVMBuildICmp(g->builder, LLVMIntNE, loaded, LLVMConstNull(type), "");
    return loaded;
}

// ---- Stores

static void plain_store(const Gen *g, Value value, Value pointer, unsigned align) {
    LLVMSetAlignment(LLVMBuildStore(g->builder, value, pointer), align);
}

static void store_one(Gen *g, const KAccess *a, const KMask *mask, Value value, unsigned align) {
    if (!mask->has) {
        plain_store(g, value, first_pointer(g, a), align);
        return;
    }
    LLVMBasicBlockRef then = gen_block(g, "store"), after = gen_block(g, "stored");
    Value any = LLVMBuildICmp(g->builder, LLVMIntSGT, gen_idx(g, &mask->limit), gen_i64(g, 0), "");
    LLVMBuildCondBr(g->builder, any, then, after);
    gen_at(g, then);
    plain_store(g, value, first_pointer(g, a), align);
    LLVMBuildBr(g->builder, after);
    gen_at(g, after);
}

void gen_store(Gen *g, const KAccess *a, const KMask *mask, Value value, uint32_t lanes) {
    DType dtype = dtype_of(g, a);
    unsigned align = (unsigned)dtype_size(dtype);
    if (lanes == 1 && a->gather_lanes) {
        KAccess one = *a;
        one.gather_lanes = false;
        gen_store(g, &one, mask, value, 1);
        return;
    }
    if (dtype == DT_BOOL) value = LLVMBuildZExt(g->builder, value, gen_vector_of(g->i8, lanes), "");
    Value lane_mask = lanes > 1 && mask->has ? gen_mask(g, mask, lanes) : NULL;
    if (lanes == 1) store_one(g, a, mask, value, align);
    else if (a->lane_stride == 1 && !a->gather_lanes && !lane_mask) plain_store(g, value, first_pointer(g, a), align);
    else if (a->lane_stride == 1 && !a->gather_lanes)
        compat_masked_store(g->module, g->builder, value, first_pointer(g, a), align, lane_mask);
    else {
        if (!lane_mask) lane_mask = gen_integer(gen_vector_of(g->i1, lanes), 1);
        Value pointers = lane_pointers(g, a, lanes, lane_mask);
        compat_masked_scatter(g->module, g->builder, value, pointers, align, lane_mask);
    }
}

// The address may lie beyond the buffer: no inbounds.
void gen_prefetch(Gen *g, const KAccess *a, bool far) {
    enum { READ = 0, SECOND_CACHE = 2, EVERY_CACHE = 3, DATA = 1 }; // as llvm.prefetch numbers them
    Affine at = affine(g, &a->idx);
    if (a->gather_buf != KBUF_NONE) at.dynamic = plus(g, at.dynamic, gathered_row(g, a));
    LLVMTypeRef type = memory_type(g, dtype_of(g, a));
    Value pointer = g->bases[a->buf], constant = gen_i64(g, at.constant);
    if (at.dynamic) pointer = LLVMBuildGEP2(g->builder, type, pointer, &at.dynamic, 1, "");
    pointer = LLVMBuildGEP2(g->builder, type, pointer, &constant, 1, "");
    Value args[] = {pointer, LLVMConstInt(g->i32, READ, 0), LLVMConstInt(g->i32, far ? SECOND_CACHE : EVERY_CACHE, 0),
                    LLVMConstInt(g->i32, DATA, 0)};
    gen_intrinsic(g, "llvm.prefetch", g->ptr, args, 4);
}
