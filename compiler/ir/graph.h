// The tensor graph: a pure SSA, one flat array of nodes in topological order. An operand always precedes its user.
//
// A dimension is a constant or a multiple of the batch size N, known only at run time. At most one dimension of a shape
// depends on N. Elementwise operands have exactly the result's shape: broadcasting is an explicit EXPAND, promotion an
// explicit CAST (ir/build.h inserts both). There is one float type in a program's tensors (F32, or F64 with --dtype=f64);
// run-time scalars (lr, step, …) are F64 or I64 of rank 0 until they meet a tensor.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/arena.h"
#include "support/diag.h"
#include "support/strbuf.h"

typedef enum DType { DT_BOOL, DT_U8, DT_I64, DT_F32, DT_F64, DTYPE_COUNT } DType;

#define MAX_RANK 8

typedef struct Dim {
    int64_t size; // the size, or the factor of N
    bool batch;   // size × N
} Dim;

typedef struct Shape {
    uint8_t rank;
    Dim dim[MAX_RANK];
} Shape;

typedef enum Op {
#define X(id, name, operands, class) OP_##id,
#include "ir/ops.def"
#undef X
    OP_COUNT
} Op;

typedef enum OpClass {
    CLASS_SOURCE,
    CLASS_ELEMENTWISE,
    CLASS_MOVEMENT,
    CLASS_REDUCTION,
    CLASS_CONTRACTION,
} OpClass;

typedef enum ScalarKind {
    SCALAR_N,      // I64: samples in this batch
    SCALAR_STEP,   // I64: 0 at the first step
    SCALAR_STEPS,  // I64: steps of the whole run
    SCALAR_EPOCH,  // I64
    SCALAR_EPOCHS, // I64
    SCALAR_LR,     // F64: the literal rate of the optimiser (--lr replaces it); schedules multiply it
    SCALAR_SEED,   // I64: of the run, for RAND
    SCALAR_KINDS
} ScalarKind;

typedef uint32_t NodeId;
#define NODE_NONE UINT32_MAX

// DRAW_INTEGERS gives I64, the others F32; DRAW_SEED draws nothing: the generator starts anew.
typedef enum DrawKind { DRAW_UNIFORM, DRAW_NORMAL, DRAW_ORTHOGONAL, DRAW_INTEGERS, DRAW_SEED } DrawKind;

// Which fields count is a matter of the op; all others are zero. Compare with attr_equal.
// clang-format off
typedef struct Attr {
    union {
        struct {
            double number;        // F32, F64
            int64_t integer;      // BOOL, U8, I64
            const double *data;   // a literal tensor in row-major order, or NULL: every element is the number above
            size_t count;         // of data
        } constant;
        uint32_t index;           // VAR, INPUT, SCALAR
        uint32_t axis;            // IOTA, CONCAT
        struct { uint32_t place; } random;                                  // ordinal in elaboration: never merged
        struct { DrawKind kind; uint32_t order; double a, b; } draw;        // uniform or integers [a, b), normal(mean a, std b), a orthogonal rows, seed a
        struct { uint32_t axes; bool share_ties; } reduce;                  // bit i: axis i of the operand
        struct { uint8_t axis[MAX_RANK]; } permutation;
        struct { Dim start[MAX_RANK]; int64_t step[MAX_RANK]; } slice;      // a start may be a multiple of N
        struct { Dim low[MAX_RANK], high[MAX_RANK]; int64_t interior[MAX_RANK]; } pad; // low, high ≥ 0
        struct { bool transpose_a, transpose_b; } matmul;
        struct { const char *message; } checked;
    };
} Attr;
// clang-format on

// The calls that led to a node, innermost first: notes of a diagnostic, lines of a profile.
typedef struct CallSite {
    Span span;
    const char *what; // "forward of Linear", "relu"
    const struct CallSite *outer;
} CallSite;

typedef struct Node {
    Op op;
    DType dtype;
    Shape shape;
    uint32_t operand_count;
    const NodeId *operands;
    Attr attr;
    Span span;
    const CallSite *site;
    const char *name; // what the user called it, for --emit and docs; may be NULL
} Node;

typedef struct Graph {
    Arena *arena;
    Diagnostics *diag;
    Node *nodes;
    uint32_t count;
    uint32_t capacity;
    DType float_type;       // DT_F32 or DT_F64
    Span span;              // given to nodes that are appended now
    const CallSite *site;   // likewise
    uint32_t random_places; // RAND and RANDN handed out so far
    uint32_t draws;         // DRAW handed out so far
    bool plain_scalars;     // integers of rank 0 become float_type, not F64, where an op needs floats
    // Where mistakes go; NULL: to diag at `span`, with notes for the call sites. The elaborator puts the user's line first.
    void (*report)(void *context, MessageId id, const char *message);
    void *report_context;
} Graph;

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION // as EVAL_STEP_LIMIT
#define GRAPH_NODE_LIMIT 20000
#else
#define GRAPH_NODE_LIMIT 1000000
#endif

Graph *graph_new(Arena *arena, Diagnostics *diag, DType float_type);

// Appends a node; the op's shape rule computes shape and dtype from the operands. A user's mistake (shapes that do not fit,
// a second batch dimension, overflow, too many nodes) is reported at g->span with both shapes, and NODE_NONE returned.
// An operand that is NODE_NONE gives NODE_NONE silently. Sources, CAST, RESHAPE, EXPAND, SLICE take their shape or dtype
// from `shape` and `dtype`, which other ops ignore. attr may be NULL.
NodeId graph_append(Graph *g, Op op, const NodeId *operands, size_t count, const Attr *attr, Shape shape, DType dtype);

// A user's mistake at g->span, through g->report if that is set.
void graph_error(Graph *g, MessageId id, const char *format, ...) __attribute__((format(printf, 3, 4)));

static inline const Node *graph_node(const Graph *g, NodeId id) { return &g->nodes[id]; }

// One row of the op table.
typedef struct OpInfo {
    const char *name;
    int operands;
    OpClass class;
} OpInfo;

extern const OpInfo op_info[OP_COUNT];
const char *op_doc(Op op);                // one line, for `netc --list ops`
const char *op_class_text(OpClass class); // "elementwise"

// Whether two nodes of this op have the same attributes (constants by their bits), and a hash that agrees with it.
bool attr_equal(Op op, const Attr *a, const Attr *b);
uint64_t attr_hash(Op op, const Attr *attr);

// ---- Shapes and types
int64_t dim_value(Dim dim, int64_t N);
bool dim_equal(Dim a, Dim b);
bool shape_equal(const Shape *a, const Shape *b);
bool shape_batch_axis(const Shape *shape, uint32_t *axis); // the axis that depends on N
Dim shape_count(const Shape *shape);                       // the number of elements, as a constant or a multiple of N
Shape shape_of(size_t rank, const int64_t *sizes);         // constants only
Shape shape_scalar(void);
const char *shape_text(Arena *arena, const Shape *shape); // "(N, 784)", "(2·N, 3)", "(4,)", "()"
const char *dim_text(Arena *arena, Dim dim);              // "N", "2·N", "784"
bool dtype_is_float(DType dtype);
size_t dtype_size(DType dtype);           // bytes in memory
const char *dtype_text(DType dtype);      // "float32"
const char *scalar_text(ScalarKind kind); // "lr"
DType scalar_dtype(ScalarKind kind);
const char *draw_text(DrawKind kind); // "uniform"

// ---- Whole graphs
// What a graph computes for whom: each output keeps its node (and what that needs) alive.
typedef enum OutputRole {
    OUTPUT_ASSIGN, // the new value of variable `index`
    OUTPUT_METRIC, // a scalar reported to the runtime under `name`
    OUTPUT_RESULT, // a tensor handed to the runtime under `name`
    OUTPUT_EFFECT, // a CHECKED or DRAW node that must happen although nobody uses its value
} OutputRole;

typedef struct Output {
    OutputRole role;
    uint32_t index;
    const char *name;
    NodeId node;
} Output;

// Checks every invariant named in this file; calls BUG with the stage's name when one is broken.
void graph_verify(const Graph *g, const Output *outputs, size_t count, const char *stage);

// By NodeId: whether an output needs the node. In `arena`.
bool *graph_needed(Arena *arena, const Graph *g, const Output *outputs, size_t count);

// The text of --emit=graph: a node a line, "%3 = matmul %1 %2.T : float32 (N, 128)    # mnist.net:3 fc1". With outputs: only
// the nodes that they need, then a line for each ("assign fc1.weight = %7").
void graph_print(const Graph *g, const Output *outputs, size_t count, StrBuf *out);

// A node as mathematics: "y = 2 * x", after a line "t1 = …" for each part that is used more than once.
void graph_print_expr(const Graph *g, NodeId id, const char *name, StrBuf *out);

// Several nodes as mathematics, each on a line "NAME = …", in which nodes that have a name stand by it. Parts that are used
// more than once get lines t1, t2, … from *parts + 1 on; *parts counts them.
typedef struct Equation {
    NodeId node;
    const char *name;
} Equation;
void graph_print_equations(const Graph *g, const Equation *equations, size_t count, uint32_t *parts, StrBuf *out);
