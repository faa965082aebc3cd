// Movement ops: result[i] = a[map(i)]. Each holds for every batch size, or is refused.
#include "ir/op.h"

static bool infer_reshape(OpCall *call) {
    const Node *x = op_operand(call, 0);
    Dim have = shape_count(&x->shape), want = shape_count(&call->shape);
    if (!dim_equal(have, want)) {
        const char *why = have.batch == want.batch ? "" : " for every batch size N";
        return op_fail(call, MSG(RESHAPE_COUNT), op_shape(call, &x->shape), op_shape(call, &call->shape),
                       dim_text(call->arena, have), dim_text(call->arena, want), why);
    }
    call->dtype = x->dtype;
    return true;
}

static bool infer_permute(OpCall *call) {
    const Node *x = op_operand(call, 0);
    uint32_t seen = 0;
    call->shape = x->shape;
    for (uint32_t i = 0; i < x->shape.rank; i++) {
        uint32_t axis = call->attr->permutation.axis[i];
        if (axis >= x->shape.rank || (seen & 1u << axis)) {
            return op_fail(call, MSG(OP_PERMUTE), op_shape(call, &x->shape));
        }
        seen |= 1u << axis;
        call->shape.dim[i] = x->shape.dim[axis];
    }
    call->dtype = x->dtype;
    return true;
}

static bool infer_expand(OpCall *call) {
    const Node *x = op_operand(call, 0);
    call->dtype = x->dtype;
    bool fits = x->shape.rank <= call->shape.rank;
    for (uint32_t i = 0; fits && i < x->shape.rank; i++) {
        Dim from = x->shape.dim[i], to = call->shape.dim[call->shape.rank - x->shape.rank + i];
        fits = dim_equal(from, to) || (from.size == 1 && !from.batch);
    }
    if (fits) return true;
    return op_fail(call, MSG(OP_EXPAND), op_shape(call, &x->shape), op_shape(call, &call->shape));
}

// A slice of the batch dimension must be a multiple of N again, and its complement as well (it is padded back by the adjoint):
// whole blocks of N, or every step-th element of all.
static bool slice_of_batch_fits(Dim dim, Dim start, Dim size, int64_t step) {
    if (!size.batch) return false;
    if (step == 1) return (start.batch || start.size == 0) && start.size + size.size <= dim.size;
    return !start.batch && start.size < step && size.size * step == dim.size;
}

static bool infer_slice(OpCall *call) {
    const Node *x = op_operand(call, 0);
    call->dtype = x->dtype;
    if (call->shape.rank != x->shape.rank) {
        return op_fail(call, MSG(OP_SLICE), op_shape(call, &x->shape), op_shape(call, &call->shape));
    }
    for (uint32_t i = 0; i < x->shape.rank; i++) {
        Dim dim = x->shape.dim[i], start = call->attr->slice.start[i], size = call->shape.dim[i];
        int64_t step = call->attr->slice.step[i];
        if (start.size < 0 || step < 1) return op_fail(call, MSG(OP_SLICE_START));
        if (dim.batch) {
            if (!slice_of_batch_fits(dim, start, size, step)) {
                return op_fail(call, MSG(OP_SLICE_BATCH), op_shape(call, &call->shape), op_shape(call, &x->shape));
            }
            continue;
        }
        int64_t last;
        if (size.batch || start.batch || __builtin_mul_overflow(size.size - 1, step, &last) ||
            __builtin_add_overflow(last, start.size, &last) || last >= dim.size) {
            return op_fail(call, MSG(OP_SLICE_RANGE), i, op_shape(call, &x->shape), dim_text(call->arena, size),
                           dim_text(call->arena, start), (long long)step);
        }
    }
    return true;
}

// low + dim + (dim − 1) · interior + high, which must be a constant or a multiple of N.
static bool padded_dim(Dim dim, Dim low, Dim high, int64_t interior, Dim *result) {
    int64_t between, constant = 0, batch = 0;
    if (__builtin_mul_overflow(dim.size, interior, &between)) return false;
    const Dim parts[] = {low, dim, high, {.size = between, .batch = dim.batch}, {.size = -interior}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        int64_t *sum = parts[i].batch ? &batch : &constant;
        if (__builtin_add_overflow(*sum, parts[i].size, sum)) return false;
    }
    if (batch != 0 && constant != 0) return false;
    *result = batch ? (Dim){.size = batch, .batch = true} : (Dim){.size = constant};
    return true;
}

static bool infer_pad(OpCall *call) {
    const Node *x = op_operand(call, 0);
    call->dtype = x->dtype;
    call->shape = x->shape;
    for (uint32_t i = 0; i < x->shape.rank; i++) {
        Dim low = call->attr->pad.low[i], high = call->attr->pad.high[i];
        int64_t interior = call->attr->pad.interior[i];
        if (low.size < 0 || high.size < 0 || interior < 0) return op_fail(call, MSG(OP_PAD_NEGATIVE));
        if (x->shape.dim[i].batch && interior && (low.batch || high.batch)) {
            return op_fail(call, MSG(OP_PAD_BATCH), op_shape(call, &x->shape));
        }
        if (!padded_dim(x->shape.dim[i], low, high, interior, &call->shape.dim[i])) {
            return op_fail(call, MSG(OP_PAD_SUM), i, op_shape(call, &x->shape), dim_text(call->arena, low),
                           dim_text(call->arena, high));
        }
    }
    return true;
}

static bool infer_concat(OpCall *call) {
    if (call->count == 0) return op_fail(call, MSG(OP_CONCAT_NONE));
    const Node *first = op_operand(call, 0);
    uint32_t axis = call->attr->axis;
    call->shape = first->shape;
    call->dtype = first->dtype;
    if (axis >= first->shape.rank) return op_fail(call, MSG(OP_CONCAT_AXIS), op_shape(call, &first->shape), axis);
    for (size_t i = 1; i < call->count; i++) {
        const Node *part = op_operand(call, i);
        if (part->dtype != first->dtype) {
            return op_fail(call, MSG(CONCAT_TYPES), dtype_text(first->dtype), dtype_text(part->dtype));
        }
        Shape aligned = part->shape;
        if (aligned.rank == first->shape.rank) aligned.dim[axis] = first->shape.dim[axis];
        if (!shape_equal(&aligned, &first->shape)) {
            return op_fail(call, MSG(CONCAT_SHAPES), axis, op_shape(call, &first->shape), op_shape(call, &part->shape));
        }
        Dim *sum = &call->shape.dim[axis];
        if (sum->batch != part->shape.dim[axis].batch) {
            return op_fail(call, MSG(CONCAT_BATCH), op_shape(call, &first->shape), op_shape(call, &part->shape));
        }
        if (__builtin_add_overflow(sum->size, part->shape.dim[axis].size, &sum->size))
            return op_fail(call, MSG(CONCAT_TOO_LARGE));
    }
    return true;
}

#define D(n) {.size = (n)}
#define BATCH(n) {.size = (n), .batch = true}

static const OpSample reshapes[] = {{"(12,)", "(3, 4)"},  {"(N, 3, 4)", "(N, 12)"},  {"(1,)", "()"},
                                    {"(N, 4)", "(4·N,)"}, {"(2·N, 3)", "(N, 2, 3)"}, {NULL}};
static const OpSample permutes[] = {{"(3, 4)", NULL, {.permutation = {{1, 0}}}},
                                    {"(N, 3, 5)", NULL, {.permutation = {{2, 0, 1}}}},
                                    {"(1, 4, N)", NULL, {.permutation = {{2, 1, 0}}}},
                                    {NULL}};
static const OpSample expands[] = {{"()", "(3, 4)"},     {"(4,)", "(N, 4)"},   {"(3, 1)", "(5, 3, 4)"},
                                   {"(1, 4)", "(N, 4)"}, {"(N, 1)", "(N, 3)"}, {NULL}};
static const OpSample slices[] = {{"(5,)", "(3,)", {.slice = {{D(1)}, {1}}}},
                                  {"(N, 5)", "(N, 2)", {.slice = {{D(0), D(1)}, {1, 3}}}},
                                  {"(3·N, 2)", "(N, 1)", {.slice = {{BATCH(1), D(1)}, {1, 1}}}},
                                  {"(2·N, 3)", "(N, 3)", {.slice = {{D(1), D(0)}, {2, 1}}}},
                                  {NULL}};
static const OpSample pads[] = {{"(3,)", NULL, {.pad = {{D(1)}, {D(2)}, {0}}}},
                                {"(N, 3)", NULL, {.pad = {{D(0), D(1)}, {D(0), D(0)}, {0, 2}}}},
                                {"(N, 2)", NULL, {.pad = {{BATCH(1)}, {BATCH(2)}, {0}}}},
                                {"(N, 2)", NULL, {.pad = {{D(0)}, {D(1)}, {1}}}},
                                {NULL}};
static const OpSample concats[] = {{"(3,) (4,)", NULL, {.axis = 0}},
                                   {"(N, 3) (N, 1) (N, 5)", NULL, {.axis = 1}},
                                   {"(N, 3) (2·N, 3)", NULL, {.axis = 0}},
                                   {"(4, 1)", NULL, {.axis = 0}},
                                   {NULL}};

const OpDef op_def_RESHAPE = {.doc = "the same elements, in row-major order, in another shape",
                              .infer = infer_reshape,
                              .dtypes = DTYPES_ALL,
                              .samples = reshapes};
const OpDef op_def_PERMUTE = {
    .doc = "axes in another order", .infer = infer_permute, .dtypes = DTYPES_ALL, .samples = permutes};
const OpDef op_def_EXPAND = {.doc = "broadcast: repeats along new axes and along axes of size 1",
                             .infer = infer_expand,
                             .dtypes = DTYPES_ALL,
                             .samples = expands};
const OpDef op_def_SLICE = {
    .doc = "a range of each axis, with a step", .infer = infer_slice, .dtypes = DTYPES_ALL, .samples = slices};
const OpDef op_def_PAD = {.doc = "zeros before, after and between the elements of each axis",
                          .infer = infer_pad,
                          .dtypes = DTYPES_ALL,
                          .samples = pads};
const OpDef op_def_CONCAT = {
    .doc = "tensors one after the other along an axis", .infer = infer_concat, .dtypes = DTYPES_ALL, .samples = concats};
