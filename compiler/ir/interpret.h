// A plain scalar interpreter of the graph: it folds constants, and it is the oracle that generated code is tested against.
#pragma once

#include "ir/graph.h"

// Elements in row-major order. Floats of F32 are rounded to float after every op. Integers and booleans are in `i`.
typedef struct Tensor {
    DType dtype;
    uint8_t rank;
    int64_t size[MAX_RANK];
    int64_t count;
    double *f;  // F32, F64
    int64_t *i; // BOOL, U8, I64
} Tensor;

typedef struct InterpretEnv {
    int64_t N;
    const Tensor *vars; // by Attr.index
    size_t var_count;
    const Tensor *inputs;
    size_t input_count;
    double scalars[SCALAR_KINDS];
    const Tensor *(*draw)(void *context, const Node *node); // for DRAW; may be NULL
    void *context;
} InterpretEnv;

Tensor tensor_new(Arena *arena, DType dtype, const Shape *shape, int64_t N); // zeros

// Evaluates every node that `wanted` needs; results are in `arena`, indexed by NodeId (entries not needed have count −1).
// Returns false and sets *failed to the node when a CHECKED condition is false.
bool interpret(Arena *arena, const Graph *g, const InterpretEnv *env, const NodeId *wanted, size_t wanted_count, Tensor *values,
               NodeId *failed);

// Scalar meaning of an elementwise op on one element, shared with constant folding and the kernel interpreter.
double interpret_float(Op op, const double *operands); // comparisons give 0 or 1, WHERE takes its condition so
int64_t interpret_int(Op op, const int64_t *operands);
int64_t cast_to_int(DType dtype, double value); // to BOOL, U8 or I64, as CAST does
