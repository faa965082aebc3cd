// Shapes and types: dimensions that may be multiples of the batch size N, and how both are written.
#include "ir/graph.h"

int64_t dim_value(Dim dim, int64_t N) { return dim.batch ? dim.size * N : dim.size; }

// Nothing is a multiple of N as well as a constant, so zero has one spelling for comparisons.
bool dim_equal(Dim a, Dim b) { return a.size == b.size && (a.batch == b.batch || a.size == 0); }

bool shape_equal(const Shape *a, const Shape *b) {
    if (a->rank != b->rank) return false;
    for (uint32_t i = 0; i < a->rank; i++) {
        if (!dim_equal(a->dim[i], b->dim[i])) return false;
    }
    return true;
}

bool shape_batch_axis(const Shape *shape, uint32_t *axis) {
    for (uint32_t i = 0; i < shape->rank; i++) {
        if (shape->dim[i].batch) {
            if (axis) *axis = i;
            return true;
        }
    }
    return false;
}

Dim shape_count(const Shape *shape) {
    Dim count = {.size = 1};
    for (uint32_t i = 0; i < shape->rank; i++) {
        count.size *= shape->dim[i].size;
        count.batch |= shape->dim[i].batch;
    }
    return count;
}

Shape shape_of(size_t rank, const int64_t *sizes) {
    if (rank > MAX_RANK) BUG("shape_of: rank %zu", rank);
    Shape shape = {.rank = (uint8_t)rank};
    for (size_t i = 0; i < rank; i++) shape.dim[i] = (Dim){.size = sizes[i]};
    return shape;
}

Shape shape_scalar(void) { return (Shape){0}; }

static char *dim_write(char *at, char *end, Dim dim) {
    int written;
    if (!dim.batch) written = snprintf(at, (size_t)(end - at), "%lld", (long long)dim.size);
    else if (dim.size == 1) written = snprintf(at, (size_t)(end - at), "N");
    else written = snprintf(at, (size_t)(end - at), "%lld·N", (long long)dim.size);
    return at + written;
}

const char *dim_text(Arena *arena, Dim dim) {
    char text[32];
    dim_write(text, text + sizeof text, dim);
    return arena_strdup(arena, text);
}

const char *shape_text(Arena *arena, const Shape *shape) {
    char text[MAX_RANK * 28 + 4];
    char *at = text, *end = text + sizeof text;
    *at++ = '(';
    for (uint32_t i = 0; i < shape->rank; i++) {
        if (i) at += snprintf(at, (size_t)(end - at), ", ");
        at = dim_write(at, end, shape->dim[i]);
    }
    if (shape->rank == 1) *at++ = ','; // as Python writes a tuple of one
    *at++ = ')';
    *at = '\0';
    return arena_strdup(arena, text);
}

bool dtype_is_float(DType dtype) { return dtype == DT_F32 || dtype == DT_F64; }

size_t dtype_size(DType dtype) {
    switch (dtype) {
    case DT_BOOL:
    case DT_U8: return 1;
    case DT_F32: return 4;
    case DT_I64:
    case DT_F64: return 8;
    case DTYPE_COUNT: break;
    }
    BUG("dtype_size: %d", (int)dtype);
}

const char *dtype_text(DType dtype) {
    switch (dtype) {
    case DT_BOOL: return "bool";
    case DT_U8: return "uint8";
    case DT_I64: return "int64";
    case DT_F32: return "float32";
    case DT_F64: return "float64";
    case DTYPE_COUNT: break;
    }
    BUG("dtype_text: %d", (int)dtype);
}

const char *draw_text(DrawKind kind) {
    switch (kind) {
    case DRAW_UNIFORM: return "uniform";
    case DRAW_NORMAL: return "normal";
    case DRAW_ORTHOGONAL: return "orthogonal";
    case DRAW_INTEGERS: return "integers";
    case DRAW_SEED: return "seed";
    }
    BUG("draw_text: %d", (int)kind);
}

const char *scalar_text(ScalarKind kind) {
    switch (kind) {
    case SCALAR_N: return "N";
    case SCALAR_STEP: return "step";
    case SCALAR_STEPS: return "steps";
    case SCALAR_EPOCH: return "epoch";
    case SCALAR_EPOCHS: return "epochs";
    case SCALAR_LR: return "lr";
    case SCALAR_SEED: return "seed";
    case SCALAR_KINDS: break;
    }
    BUG("scalar_text: %d", (int)kind);
}

DType scalar_dtype(ScalarKind kind) { return kind == SCALAR_LR ? DT_F64 : DT_I64; }
