// What an op is: one OpDef each, in the file of its family (ops_source.c, ops_elementwise.c, ops_movement.c, ops_reduce.c).
// The table is generated from ops.def, so an op that is listed without a definition does not link. Its gradient rule stands
// in autodiff/rules_*.c under the same scheme.
#pragma once

#include "ir/graph.h"

// An application of an op whose result's shape and type are asked for.
typedef struct OpCall {
    Arena *arena;
    const Node *nodes; // of the graph
    Op op;
    const NodeId *operands;
    size_t count;
    const Attr *attr;
    Shape shape;          // in: as the caller asked for (sources, RESHAPE, EXPAND, SLICE); out: the result's
    DType dtype;          // in: as the caller asked for (sources, CAST); out: the result's
    MessageId message_id; // why the call is wrong, when the rule returned false
    const char *message;
} OpCall;

// Sets the message and returns false, so that a rule can say: return op_fail(call, …).
bool op_fail(OpCall *call, MessageId id, const char *format, ...) __attribute__((format(printf, 3, 4)));
// Checks the call and sets its shape and dtype, or its message: the op's rule, and what holds for every tensor.
bool op_infer(OpCall *call);
static inline const Node *op_operand(const OpCall *call, size_t i) { return &call->nodes[call->operands[i]]; }
const char *op_shape(const OpCall *call, const Shape *shape); // for messages

typedef uint32_t DTypeSet;
#define DTYPES(dtype) (1u << (dtype))
#define DTYPES_FLOAT (DTYPES(DT_F32) | DTYPES(DT_F64))
#define DTYPES_NUMBER (DTYPES_FLOAT | DTYPES(DT_I64))
#define DTYPES_ALL (DTYPES_NUMBER | DTYPES(DT_BOOL) | DTYPES(DT_U8))

// What the tests that are generated from the table try. Shapes as in "(N, 4) (4, 3)".
typedef struct OpSample {
    const char *operands;
    const char *result; // of ops that are told their shape, else NULL
    Attr attr;
} OpSample;

typedef struct OpDef {
    const char *doc;
    bool (*infer)(OpCall *call);          // shape rule: checks everything, sets call->shape and call->dtype
    DTypeSet dtypes;                      // what the operands may be
    double (*real)(const double *x);      // elementwise: the meaning for one element of floats …
    int64_t (*integer)(const int64_t *x); // … and of integers and booleans, where they are allowed
    const OpSample *samples;              // ends with .operands == NULL; NULL for sources
    double low, high;                     // range of values in which the op is smooth; both 0: −2 … 2
} OpDef;

extern const OpDef *const op_defs[OP_COUNT];
