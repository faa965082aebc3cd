// The kernel language: what the scheduler writes, --emit=kernels prints, the code generator turns into LLVM IR, and a scalar
// interpreter executes as an oracle.
//
// A kernel is a loop nest over buffers. Its grid cuts the work into tiles that may run in any order on any thread; a tile is
// a list of statements. Values are SSA and either scalars or vectors of `lanes` elements; registers are the only thing that is
// assigned twice (accumulators), and are arrays indexed by unrolled loop variables. All indices are affine in loop variables
// and N, in elements, and are checked against the buffers' sizes when the kernel is made.
#pragma once

#include "ir/graph.h"

typedef uint16_t KVar;   // a loop variable, index into Kernel.vars
typedef uint32_t KVal;   // a value, index into Kernel.vals
typedef uint16_t KReg;   // a register array, index into Kernel.regs
typedef uint16_t KBufId; // a buffer, index into Kernel.bufs

#define KVAL_NONE UINT32_MAX
#define KBUF_NONE UINT16_MAX
#define K_MAX_TERMS 10

// base + base_n × N + Σ coef × var
typedef struct KIdx {
    int64_t base, base_n;
    uint32_t count;
    struct KTerm {
        KVar var;
        int64_t coef;
    } term[K_MAX_TERMS];
} KIdx;

typedef struct KExtent { // ⌈(fixed + per_n × N) / block⌉
    int64_t fixed, per_n, block;
} KExtent;

typedef enum KBufRole { KBUF_DATA, KBUF_SCRATCH } KBufRole;

typedef struct KBuf {
    const char *name;
    DType dtype;            // BOOL is stored as bytes 0 and 1
    KBufRole role;          // SCRATCH: the thread's own memory at scratch_offset; DATA: buffers[its position among DATA]
    int64_t count, count_n; // elements: count + count_n × N, for bounds checking
    int64_t scratch_offset; // bytes
} KBuf;

// An element, or `lanes` elements, of a buffer. Element of lane i: idx + i × lane_stride, plus, when gather_buf is set,
// gather_stride × (int32 element of gather_buf at gather_idx [+ i when gather_lanes]).
typedef struct KAccess {
    KBufId buf;
    KIdx idx;
    int64_t lane_stride; // 1: contiguous; 0 in a vector: the same element in every lane; else strided
    KBufId gather_buf;   // KBUF_NONE for none
    KIdx gather_idx;
    int64_t gather_stride;
    bool gather_lanes; // each lane has a row of its own
} KAccess;

// Lanes i with i < limit take part; a masked load gives 0 elsewhere. No mask: has == false.
typedef struct KMask {
    bool has;
    KIdx limit;
} KMask;

typedef enum KOp {
    K_CONST,   // number / integer, scalar
    K_INDEX,   // idx as an I64 scalar
    K_LANES,   // I64 vector 0, 1, 2, …
    K_SCALAR,  // run-time scalar number `scalar`: I64, or F64 for SCALAR_LR
    K_SPLAT,   // scalar a to all lanes
    K_LOAD,    // access, mask
    K_READ,    // register reg[r][v]
    K_ELEMENT, // elementwise op (OP_NEG … OP_WHERE, OP_CAST to dtype) on args
    K_FMA,     // args[0] × args[1] + args[2]; fused where the target has it
    K_MASKED,  // args[0] in the lanes of mask, args[1] elsewhere (both vectors)
    K_REDUCE,  // vector args[0] to a scalar by `op` (OP_ADD, OP_MUL, OP_MAXIMUM, OP_MINIMUM, OP_OR) in a fixed tree:
               //   halves are combined, lane i with lane i + lanes/2, until one is left
    K_RANDOM,  // uniform (or normal) draw for logical index args[0] (I64), place, and the run's seed and step (ir/rng.h)
} KOp;

typedef enum KStmtKind {
    KS_FOR,       // var from lo while var < hi, by step
    KS_LET,       // dst = op …
    KS_STORE,     // access = value, mask
    KS_SET,       // register reg[r][v] = value (also its initialisation)
    KS_TRANSPOSE, // register reg, `lanes` vectors: lane j of vector i and lane i of vector j change places
    KS_CHECK,     // a BOOL value, scalar or vector (under mask), must hold; message
    KS_PREFETCH,  // the line of memory that access (of one element) lies in, or beyond its buffer, may soon be read
    KS_COMMENT,   // text, for the reader of --emit=kernels
} KStmtKind;

typedef struct KStmt KStmt;

typedef struct KBlock {
    KStmt *items;
    size_t count, capacity;
} KBlock;

struct KStmt {
    KStmtKind kind;
    // KS_FOR
    KVar var;
    KIdx lo, hi, hi2;
    bool has_hi2; // the bound is min(hi, hi2)
    bool resume;  // starts where the previous loop over the same variable stopped, instead of at lo
    bool whole;   // runs only while var + step ≤ bound (full steps)
    bool unroll;  // copies of the body with var constant (lo, hi constants): needed to index registers
    int64_t step;
    KBlock body;
    // KS_LET
    KVal dst;
    KOp op;
    Op element; // K_ELEMENT, K_REDUCE
    KVal args[3];
    double number;
    int64_t integer;
    uint32_t scalar; // ScalarKind; place of a draw
    bool normal;     // K_RANDOM
    KIdx idx;        // K_INDEX
    // K_LOAD, KS_STORE, K_MASKED, KS_CHECK, KS_PREFETCH
    KAccess access;
    KMask mask;
    bool far; // KS_PREFETCH: into the second cache only
    // KS_STORE, KS_SET, KS_CHECK
    KVal value;
    // K_READ, KS_SET, KS_TRANSPOSE
    KReg reg;
    KIdx r, v;        // constants, or unrolled loop variables
    const char *text; // KS_CHECK's message, KS_COMMENT
};

typedef struct KValInfo {
    DType dtype;
    bool vector;
} KValInfo;

typedef struct KRegInfo {
    const char *name;
    DType dtype;
    bool vector;
    uint16_t rows, columns;
} KRegInfo;

typedef struct KGrid { // variable = block × (its tile number)
    KVar var;
    KExtent extent;
} KGrid;

typedef struct Kernel {
    Arena *arena;
    const char *name;  // "fc1 forward"
    const char *lines; // "mnist.net:3"
    // An earlier kernel of the same structure, whose statements, variables, values and registers these are; NULL: there is
    // none.
    const struct Kernel *same;
    uint32_t lanes; // elements of a vector value; a power of two
    KGrid grid[3];  // first outermost; grid_count of them
    uint32_t grid_count;
    int64_t least_samples, most_samples; // batches that it is for; most 0: no limit
    struct {
        const char **items;
        size_t count, capacity;
    } vars;
    struct {
        KValInfo *items;
        size_t count, capacity;
    } vals;
    struct {
        KRegInfo *items;
        size_t count, capacity;
    } regs;
    struct {
        KBuf *items;
        size_t count, capacity;
    } bufs;
    KBlock body;
    double flops, flops_n, bytes, bytes_n; // cost: a + b × N
    int64_t scratch_bytes;
} Kernel;

// Whether the kernel is for batches of N samples; for others another step of the plan stands in.
static inline bool kernel_is_for(const Kernel *kernel, int64_t N) {
    return N >= kernel->least_samples && (kernel->most_samples == 0 || N <= kernel->most_samples);
}

void kernel_print(const Kernel *kernel, StrBuf *out); // --emit=kernels

// Text that is equal exactly when two kernels compute the same: the listing without names of kernel, lines and buffers.
void kernel_print_structure(const Kernel *kernel, StrBuf *out);

// Checks types, registers' indices, and that every access lies inside its buffer for every N ≥ 1 that can occur; calls BUG.
void kernel_verify(const Kernel *kernel);

// The second oracle: runs all tiles on plain memory. F32 values are rounded to float after every operation (an FMA once).
// Returns the message of a failed check, or NULL.
typedef struct KernelCall {
    void *const *buffers; // one for each KBUF_DATA, in order
    void *scratch;
    int64_t N;
    double lr;
    int64_t step, steps, epoch, epochs, seed;
} KernelCall;
const char *kernel_interpret(const Kernel *kernel, const KernelCall *call);
