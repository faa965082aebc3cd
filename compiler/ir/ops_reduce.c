// Reductions along axes, which vanish from the shape, and the contraction.
#include "ir/op.h"

static bool infer_reduce(OpCall *call) {
    const Node *x = op_operand(call, 0);
    uint32_t axes = call->attr->reduce.axes;
    if (!(op_defs[call->op]->dtypes & DTYPES(x->dtype))) {
        return op_fail(call, MSG(OP_TYPE), op_info[call->op].name, dtype_text(x->dtype));
    }
    if (axes == 0 || axes >> x->shape.rank) {
        return op_fail(call, MSG(OP_AXES), op_info[call->op].name, op_shape(call, &x->shape));
    }
    call->shape = (Shape){0};
    for (uint32_t i = 0; i < x->shape.rank; i++) {
        if (!(axes & 1u << i)) call->shape.dim[call->shape.rank++] = x->shape.dim[i];
    }
    call->dtype = x->dtype;
    return true;
}

static bool infer_argmax(OpCall *call) {
    uint32_t axes = call->attr->reduce.axes;
    if (axes & (axes - 1)) return op_fail(call, MSG(ARGMAX_AXES));
    if (!infer_reduce(call)) return false;
    call->dtype = DT_I64;
    return true;
}

static bool infer_matmul(OpCall *call) {
    const Node *a = op_operand(call, 0), *b = op_operand(call, 1);
    if (a->dtype != b->dtype || !dtype_is_float(a->dtype)) {
        return op_fail(call, MSG(MATMUL_TYPES), dtype_text(a->dtype), dtype_text(b->dtype));
    }
    uint32_t rank = a->shape.rank;
    bool ta = call->attr->matmul.transpose_a, tb = call->attr->matmul.transpose_b;
    bool fits = rank == b->shape.rank && rank >= 2;
    call->shape = a->shape;
    for (uint32_t i = 0; fits && i + 2 < rank; i++) fits = dim_equal(a->shape.dim[i], b->shape.dim[i]);
    if (fits) {
        call->shape.dim[rank - 2] = a->shape.dim[ta ? rank - 1 : rank - 2];
        call->shape.dim[rank - 1] = b->shape.dim[tb ? rank - 2 : rank - 1];
        fits = dim_equal(a->shape.dim[ta ? rank - 2 : rank - 1], b->shape.dim[tb ? rank - 1 : rank - 2]);
    }
    if (!fits) {
        return op_fail(call, MSG(OP_MATMUL), op_shape(call, &a->shape), ta ? " transposed" : "", op_shape(call, &b->shape),
                       tb ? " transposed" : "");
    }
    call->dtype = a->dtype;
    return true;
}

#define AXES(bits)                                                                                                             \
    NULL, {                                                                                                                    \
        .reduce = {(bits), false }                                                                                             \
    }
#define SHARED(bits)                                                                                                           \
    NULL, {                                                                                                                    \
        .reduce = {(bits), true }                                                                                              \
    }
#define TRANSPOSED(a, b)                                                                                                       \
    NULL, {                                                                                                                    \
        .matmul = {(a), (b) }                                                                                                  \
    }

static const OpSample sums[] = {{"(5,)", AXES(1)},   {"(3, 4)", AXES(1)},    {"(3, 4)", AXES(2)},    {"(N, 4)", AXES(1)},
                                {"(N, 4)", AXES(2)}, {"(3, N, 4)", AXES(5)}, {"(N, 1, 5)", AXES(7)}, {NULL}};
static const OpSample extremes[] = {
    {"(5,)", AXES(1)},   {"(3, 4)", AXES(2)},   {"(N, 4)", AXES(1)},      {"(3, N, 4)", AXES(5)},
    {"(5,)", SHARED(1)}, {"(3, 4)", SHARED(1)}, {"(N, 1, 5)", SHARED(7)}, {NULL}};
static const OpSample argmaxes[] = {{"(5,)", AXES(1)}, {"(3, 4)", AXES(1)}, {"(N, 4)", AXES(2)}, {NULL}};
static const OpSample matmuls[] = {{"(3, 4) (4, 5)", TRANSPOSED(false, false)},
                                   {"(4, 3) (4, 5)", TRANSPOSED(true, false)},
                                   {"(3, 4) (5, 4)", TRANSPOSED(false, true)},
                                   {"(4, 3) (5, 4)", TRANSPOSED(true, true)},
                                   {"(N, 4) (4, 3)", TRANSPOSED(false, false)},
                                   {"(N, 4) (N, 3)", TRANSPOSED(true, false)},
                                   {"(N, 3, 4) (N, 4, 1)", TRANSPOSED(false, false)},
                                   {"(2, 4, N) (2, 5, 4)", TRANSPOSED(true, true)},
                                   {NULL}};

#define REDUCE .infer = infer_reduce, .dtypes = DTYPES_NUMBER
const OpDef op_def_SUM = {.doc = "sum along axes", REDUCE, .samples = sums};
const OpDef op_def_PROD = {.doc = "product along axes", REDUCE, .samples = sums};
const OpDef op_def_MAX = {.doc = "largest element along axes", REDUCE, .samples = extremes};
const OpDef op_def_MIN = {.doc = "smallest element along axes", REDUCE, .samples = extremes};
const OpDef op_def_ARGMAX = {.doc = "index of the first largest element along one axis",
                             .infer = infer_argmax,
                             .dtypes = DTYPES_NUMBER,
                             .samples = argmaxes};
const OpDef op_def_MATMUL = {.doc = "matrix product (…, M, K) @ (…, K, N); either operand may be stored transposed",
                             .infer = infer_matmul,
                             .dtypes = DTYPES_FLOAT,
                             .samples = matmuls};
