// Shared by the files of the scheduler, in the order in which they work on an entry's graph:
//
//     lower.c     reshapes across the batch become copies of parts
//     fuse.c      which nodes are computed together (groups), which values are kept in memory
//     ride.c      which sums over the batch a contraction computes by the way
//     order.c     the order of the groups; which updates may happen in place; which small groups share a kernel
//     memory.c    the workspace
//     emit.c      a node's value at given coordinates, as statements of the kernel language
//     nest.c, reduce.c, contract*.c, copy.c    the loops around them, one file for each kind of group
//     label.c     what a kernel is called
//     share.c     equal kernels once
//     cost.c      the arithmetic and the memory traffic of a group
//     schedule.c  all of it, for every entry
#pragma once

#include "schedule/plan.h"
#include "support/vec.h"

// Elements of a tile of a map or reduction, and at most in a group that is too small to share among threads: a few
// microseconds.
enum { TILE_ELEMENTS = 4096 };

// ---- Groups

typedef enum GroupKind {
    GROUP_MAP,      // elementwise: every member has the shape `full`
    GROUP_REDUCE,   // members have the shape `full`, or what is left of it without the axes in `reduced`
    GROUP_CONTRACT, // a MATMUL and elementwise members of its shape
    GROUP_COPY,     // one CONCAT or PAD: parts are written to places of the result
    GROUP_DRAW,     // one DRAW, done by the runtime
} GroupKind;

typedef struct Group {
    GroupKind kind;
    NodeId anchor; // its first member
    Shape full;
    uint32_t reduced; // axes of `full`
    bool small;       // so little work that it shares a kernel with its neighbours
    struct {
        NodeId *items;
        size_t count, capacity;
    } members;                 // in topological order
    uint64_t *needs;           // groups that must have run before, transitively
    uint32_t place;            // in the order of execution
    const struct Group *rider; // of a contraction: reductions over k of its lane operand; their members are members here, too
} Group;

// Where a node's value is kept: a buffer of the workspace, row-major.
typedef struct Buffer {
    bool used;
    int64_t fixed, per_block; // bytes: fixed + per_block × ⌈N/16⌉; one of the two is 0
    int64_t offset;
    uint32_t first, last; // places in the order of execution between which it is live
} Buffer;

typedef struct VarWrite { // an OUTPUT_ASSIGN
    uint32_t var;
    NodeId node;
    bool in_place; // else through the node's buffer and a copy at the end
} VarWrite;

typedef struct Schedule {
    Arena *arena;
    Plan *plan;
    const Graph *g;
    const Entry *entry;
    PlanEntry *out;
    bool fuse;
    bool *needed;
    uint32_t *uses;
    int32_t *group_of; // −1: computed where it is used
    bool *kept;        // has a buffer, or is the value of a variable written in place
    Buffer *buffers;
    struct {
        Group *items;
        size_t count, capacity;
    } groups;
    size_t words;        // of a set of groups
    uint64_t **reach;    // of a node outside groups: the groups that it reads
    uint64_t *candidate; // a set to work with
    struct {
        VarWrite *items;
        size_t count, capacity;
    } writes;
    uint32_t *order; // groups in the order of execution
    size_t order_count;
    struct Taken *taken; // by node: cost.c's own
    struct Shared *shared;
} Schedule;

// Lowers what a single kernel cannot do; outputs are renumbered. The graph itself when there is nothing of the kind.
const Graph *schedule_lower(Arena *arena, const Graph *g, Output *outputs, size_t count);
void schedule_fuse(Schedule *s);                  // groups and `kept`
void schedule_order(Schedule *s);                 // order, places, in_place, small groups next to each other
void schedule_memory(Schedule *s);                // buffers' offsets, the entry's workspace
PlanRef buffer_ref(const Schedule *s, NodeId id); // where a kept value lies, once the workspace is planned
// Moves a node to the members of the group, in topological order. It is the caller who takes it out of another group.
void group_take(Schedule *s, int32_t group, NodeId id);
void schedule_ride(Schedule *s); // part of schedule_order
// The kernels of all entries, each structure once.
typedef struct Shared Shared;
Shared *shared_new(Arena *perm);
void shared_free(Shared *shared);
// A verified copy, in the plan's memory, of a kernel that lies in memory of its own.
const Kernel *shared_kernel(Shared *shared, const Kernel *made);

// What a kernel that computes these groups is called, and the lines that it comes from: "mnist.net:3,5".
const char *label_name(const Schedule *s, const uint32_t *groups, size_t count);
const char *label_lines(const Schedule *s, const uint32_t *groups, size_t count);
// Adds what the group costs to its kernel's FLOPs and bytes. Needs the workspace planned.
void cost_group(Schedule *s, const Group *group, Kernel *k);

// The next run of axes i…, j… that hold the same elements in both shapes of a reshape, as short as can be; both are moved past
// it. False at the end of shapes that do not match.
bool reshape_run(const Shape *result, const Shape *operand, uint32_t *i, uint32_t *j);
// A RESHAPE through which coordinates can be followed without division: each operand axis comes from whole result axes.
bool reshape_is_affine(const Shape *result, const Shape *operand);
bool op_is_heavy(Op op); // to compute, beside the simple ones
// A chain of movements over something in memory: reading it costs no arithmetic.
bool node_is_view(const Schedule *s, NodeId id);
bool var_is_row_major(const Plan *plan, uint32_t var);

static inline bool set_has(const uint64_t *set, size_t i) { return set[i / 64] >> (i % 64) & 1; }
static inline void set_add(uint64_t *set, size_t i) { set[i / 64] |= UINT64_C(1) << (i % 64); }

// ---- Emission

typedef struct Coord { // of lane i: idx + i × lane
    KIdx idx;
    int64_t lane;
} Coord;

typedef struct Known { // a value that has been computed
    NodeId node;
    bool anywhere; // whatever the coordinates: of a member at the current place
    bool flat;     // the coordinates are those of Emit.flat
    Coord at[MAX_RANK];
    KVal value;
} Known;

typedef struct Emit {
    Schedule *s;
    Arena *arena;
    Kernel *k;
    const Group *group;
    bool grid; // the outermost loop may become the kernel's grid
    bool flat; // every tensor is seen as (rows, columns): coordinates 0 and 1
    int64_t flat_columns;
    KMask mask; // of the lanes now
    KStmt open[24];
    size_t known_at[24]; // known values when the loop was opened
    size_t depth;
    struct {
        Known *items;
        size_t count, capacity;
    } known;
    struct {
        PlanRef *items;
        size_t count, capacity;
    } refs; // one for each KBUF_DATA
} Emit;

KIdx idx_const(int64_t value);
KIdx idx_dim(Dim dim);
KIdx idx_var(KVar var);
KIdx idx_add(KIdx a, KIdx b);
KIdx idx_scale(KIdx a, int64_t factor);
bool idx_equal(const KIdx *a, const KIdx *b);

KVar emit_var(Emit *e, const char *name);
KStmt *emit_for(Emit *e, KVar var, KIdx lo, KIdx hi, int64_t step);
void emit_unroll(Emit *e, KVar var, int64_t count);
void emit_end(Emit *e);
void emit_stmt(Emit *e, KStmt stmt);
KVal emit_let(Emit *e, DType dtype, bool vector, KStmt stmt);
KReg emit_reg(Emit *e, const char *name, DType dtype, bool vector, uint32_t rows, uint32_t columns);
void emit_set(Emit *e, KReg reg, KIdx r, KIdx v, KVal value);
KVal emit_read(Emit *e, KReg reg, KIdx r, KIdx v);
KVal emit_const(Emit *e, DType dtype, double number, int64_t integer);
KVal emit_element(Emit *e, Op op, DType dtype, const KVal *args, size_t count);
KVal emit_splat(Emit *e, KVal value);                              // vectors stay as they are
void emit_know(Emit *e, NodeId node, const Coord *at, KVal value); // at NULL: anywhere
void emit_forget(Emit *e);

// The value of a node at coordinates (one for each axis of its shape). A vector if a lane coordinate is not 0.
KVal emit_node(Emit *e, NodeId id, const Coord *at);
bool emit_follows(const Emit *e, const Node *node); // a movement whose operand's coordinates follow from its own, as these:
void emit_movement(const Emit *e, const Node *node, const Coord *at, Coord *out); // coordinates of a movement's operand
// How a view is read at coordinates; false if id is no view.
bool emit_access(Emit *e, NodeId id, const Coord *at, KAccess *access, DType *dtype);
void emit_load(Emit *e, const KAccess *access, DType dtype, bool vector, KVal *value);
KBufId emit_scratch(Emit *e, DType dtype, int64_t count);
// Stores a member's value to wherever it is kept: its buffer, and the variables that it is written to.
void emit_keep(Emit *e, NodeId id, const Coord *at);
void emit_scalars(Emit *e, const Group *group); // values that no coordinate changes, before the loops

// Loops `var` over lo ≤ var < hi in vectors, calling body at each with the mask set; short constant ranges are written out.
// extent: a second bound, or NULL. even: there are only whole vectors.
typedef void LaneBody(Emit *e, void *context, KIdx at);
void emit_lanes(Emit *e, const char *name, KIdx lo, KIdx hi, const KIdx *extent, bool even, LaneBody *body, void *context);

void emit_map(Emit *e, const Group *group);
void emit_reduce(Emit *e, const Group *group);
void emit_contract(Emit *e, const Group *group);
// The same for batches of a few samples; up to how many: 0 if there is no better way than emit_contract's.
int64_t contract_thin_samples(Emit *e, const Group *group);
void emit_contract_thin(Emit *e, const Group *group);
void emit_copy(Emit *e, const Group *group);
