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
    static const size_t sizes[DTYPE_COUNT] = {[DT_BOOL] = 1, [DT_U8] = 1, [DT_I64] = 8, [DT_F32] = 4, [DT_F64] = 8};
    if ((unsigned)dtype >= DTYPE_COUNT) BUG("dtype_size: %d", (int)dtype);
    return sizes[dtype];
}

const char *dtype_text(DType dtype) {
    static const char *const names[DTYPE_COUNT] = {
        [DT_BOOL] = "bool", [DT_U8] = "uint8", [DT_I64] = "int64", [DT_F32] = "float32", [DT_F64] = "float64"};
    if ((unsigned)dtype >= DTYPE_COUNT) BUG("dtype_text: %d", (int)dtype);
    return names[dtype];
}

const char *draw_text(DrawKind kind) {
    static const char *const names[] = {[DRAW_UNIFORM] = "uniform",
                                        [DRAW_NORMAL] = "normal",
                                        [DRAW_ORTHOGONAL] = "orthogonal",
                                        [DRAW_INTEGERS] = "integers",
                                        [DRAW_SEED] = "seed"};
    if ((unsigned)kind >= sizeof names / sizeof *names) BUG("draw_text: %d", (int)kind);
    return names[kind];
}

const char *scalar_text(ScalarKind kind) {
    static const char *const names[SCALAR_KINDS] = {
        [SCALAR_N] = "N",           [SCALAR_STEP] = "step", [SCALAR_STEPS] = "steps", [SCALAR_EPOCH] = "epoch",
        [SCALAR_EPOCHS] = "epochs", [SCALAR_LR] = "lr",     [SCALAR_SEED] = "seed"};
    if ((unsigned)kind >= SCALAR_KINDS) BUG("scalar_text: %d", (int)kind);
    return names[kind];
}

DType scalar_dtype(ScalarKind kind) { return kind == SCALAR_LR ? DT_F64 : DT_I64; }
