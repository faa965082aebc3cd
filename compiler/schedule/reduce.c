// Reduction groups: softmax and its gradient, statistics, bias gradients.
//
// The axes that stay are the outer loops, the axes that vanish the inner ones. Lanes run along the last axis in memory: if
// that vanishes (rows), a vector accumulator is combined in a fixed tree at the end of each row; if it stays (columns), the
// lanes are results. Reductions that need others are later phases over the same inner loops; what they share is computed
// again in each phase, unless a row is so short that it stays in registers.
#include "schedule/loops.h"
#include "schedule/reduce.h"

#include <math.h>

#include "support/diag.h"

enum { UNROLL = 4 }; // accumulators of a column, so that additions need not wait for each other

static bool is_reduction(const Schedule *s, NodeId id) { return op_info[graph_node(s->g, id)->op].class == CLASS_REDUCTION; }

bool reduce_is_reduction(const Reduce *r, size_t member) { return is_reduction(r->s, r->group->members.items[member]); }

bool reduce_is_full(const Reduce *r, NodeId id) {
    return !is_reduction(r->s, id) && shape_equal(&graph_node(r->s->g, id)->shape, &r->group->full);
}

size_t reduce_member(const Reduce *r, NodeId id) {
    for (size_t i = 0; i < r->group->members.count; i++)
        if (r->group->members.items[i] == id) return i;
    return SIZE_MAX;
}

// An argmax finds its place in a pass of its own where the group knows the maximum: SIZE_MAX if it does not.
static size_t maximum_for(const Reduce *r, size_t member) {
    const Node *node = graph_node(r->s->g, r->group->members.items[member]);
    for (size_t i = 0; node->op == OP_ARGMAX && i < member; i++) {
        const Node *other = graph_node(r->s->g, r->group->members.items[i]);
        if (other->op == OP_MAX && other->operands[0] == node->operands[0]) return i;
    }
    return SIZE_MAX;
}

static void find_levels(Reduce *r) {
    r->level = NEW_ARRAY(r->e->arena, uint32_t, r->group->members.count);
    for (size_t i = 0; i < r->group->members.count; i++) {
        const Node *node = graph_node(r->s->g, r->group->members.items[i]);
        for (uint32_t o = 0; o < node->operand_count; o++) {
            size_t operand = reduce_member(r, node->operands[o]);
            if (operand != SIZE_MAX && r->level[operand] > r->level[i]) r->level[i] = r->level[operand];
        }
        size_t maximum = maximum_for(r, i);
        if (maximum != SIZE_MAX && r->level[maximum] > r->level[i]) r->level[i] = r->level[maximum];
        r->level[i] += reduce_is_reduction(r, i);
        if (r->level[i] > r->levels) r->levels = r->level[i];
    }
}

// ---- Combining

static Op combine_op(Op op) {
    switch (op) {
    case OP_SUM: return OP_ADD;
    case OP_PROD: return OP_MUL;
    case OP_MAX:
    case OP_ARGMAX: return OP_MAXIMUM;
    case OP_MIN: return OP_MINIMUM;
    default: BUG("no reduction: %s", op_info[op].name);
    }
}

static KVal neutral(Emit *e, Op op, DType dtype) {
    switch (op) {
    case OP_SUM: return emit_const(e, dtype, 0, 0);
    case OP_PROD: return emit_const(e, dtype, 1, 1);
    case OP_MIN: return emit_const(e, dtype, INFINITY, dtype == DT_BOOL ? 1 : INT64_MAX);
    default: return emit_const(e, dtype, -INFINITY, dtype == DT_BOOL ? 0 : INT64_MIN);
    }
}

static DType operand_dtype(const Reduce *r, const Node *node) { return graph_node(r->s->g, node->operands[0])->dtype; }

static KVal masked(Emit *e, KVal value, KVal other) {
    if (!e->mask.has) return value;
    KValInfo info = e->k->vals.items[value];
    return emit_let(e, info.dtype, true, (KStmt){.op = K_MASKED, .args = {value, emit_splat(e, other)}, .mask = e->mask});
}

// Where along the reduced axis we are.
static KVal place_now(Reduce *r, const Node *node) {
    Emit *e = r->e;
    uint32_t axis = 0;
    while (!(node->attr.reduce.axes >> axis & 1)) axis++;
    KVal place = emit_let(e, DT_I64, false, (KStmt){.op = K_INDEX, .idx = r->at[axis].idx});
    if (!r->at[axis].lane) return place;
    return emit_element(e, OP_ADD, DT_I64, (KVal[]){place, emit_let(e, DT_I64, true, (KStmt){.op = K_LANES})}, 2);
}

static KVal nowhere(Emit *e) { return emit_const(e, DT_I64, 0, INT64_MAX); }

// The first place that holds the maximum, or NaN where that is the maximum.
static void accumulate_place(Reduce *r, size_t member, const Node *node, KVal value) {
    Emit *e = r->e;
    KIdx zero = idx_const(0);
    KVal maximum = emit_node(e, r->group->members.items[maximum_for(r, member)], r->at); // known, wherever
    KVal hit = emit_element(e, OP_EQ, DT_BOOL, (KVal[]){value, maximum}, 2);
    KVal nan = emit_element(e, OP_NE, DT_BOOL, (KVal[]){value, value}, 2);
    hit = emit_element(e, OP_OR, DT_BOOL, (KVal[]){hit, nan}, 2);
    KVal place = emit_element(e, OP_WHERE, DT_I64, (KVal[]){hit, place_now(r, node), nowhere(e)}, 3);
    if (e->k->regs.items[r->arg[member]].vector) place = emit_splat(e, place);
    if (r->rows) place = masked(e, place, nowhere(e));
    KVal args[] = {emit_read(e, r->arg[member], zero, zero), place};
    emit_set(e, r->arg[member], zero, zero, emit_element(e, OP_MINIMUM, DT_I64, args, 2));
}

static void accumulate_argmax(Reduce *r, size_t member, const Node *node, KVal value) {
    Emit *e = r->e;
    KIdx zero = idx_const(0);
    KVal place = place_now(r, node);
    KVal best = emit_read(e, r->acc[member], zero, zero), index = emit_read(e, r->arg[member], zero, zero);
    KVal better = emit_element(e, OP_GT, DT_BOOL, (KVal[]){value, best}, 2);
    KVal nan = emit_element(e, OP_NE, DT_BOOL, (KVal[]){value, value}, 2);
    KVal old = emit_element(e, OP_EQ, DT_BOOL, (KVal[]){best, best}, 2);
    better = emit_element(e, OP_OR, DT_BOOL, (KVal[]){better, emit_element(e, OP_AND, DT_BOOL, (KVal[]){nan, old}, 2)}, 2);
    DType dtype = e->k->vals.items[value].dtype;
    KVal new_best = emit_element(e, OP_WHERE, dtype, (KVal[]){better, value, best}, 3);
    KVal new_index = emit_element(e, OP_WHERE, DT_I64, (KVal[]){better, place, index}, 3);
    emit_set(e, r->acc[member], zero, zero, new_best);
    emit_set(e, r->arg[member], zero, zero, new_index);
}

static void accumulate(Reduce *r, size_t member) {
    Emit *e = r->e;
    const Node *node = graph_node(r->s->g, r->group->members.items[member]);
    KVal value = emit_node(e, node->operands[0], r->at);
    if (maximum_for(r, member) != SIZE_MAX) {
        accumulate_place(r, member, node, value);
        return;
    }
    if (e->k->regs.items[r->acc[member]].vector) value = emit_splat(e, value);
    if (r->rows) value = masked(e, value, neutral(e, node->op, operand_dtype(r, node)));
    if (node->op == OP_ARGMAX) {
        accumulate_argmax(r, member, node, value);
        return;
    }
    KVal acc = emit_read(e, r->acc[member], idx_const(0), r->slot);
    KVal sum = emit_element(e, combine_op(node->op), node->dtype, (KVal[]){acc, value}, 2);
    emit_set(e, r->acc[member], idx_const(0), r->slot, sum);
}

// What happens at one place of the inner loops.
static void visit(Reduce *r) {
    reduce_row_visit(r);
    for (size_t i = 0; i < r->group->members.count; i++) {
        NodeId id = r->group->members.items[i];
        if (r->storing ? reduce_is_full(r, id) : is_reduction(r->s, id) && r->level[i] == r->phase) {
            if (r->storing) emit_keep(r->e, id, r->at);
            else accumulate(r, i);
        }
    }
}

static void lane_body(Emit *e, void *context, KIdx at) {
    Reduce *r = context;
    (void)e;
    r->at[r->lane_axis] = (Coord){at, 1};
    visit(r);
}

// ---- Inner loops

static bool can_unroll(const Reduce *r) {
    for (size_t i = 0; i < r->group->members.count; i++)
        if (graph_node(r->s->g, r->group->members.items[i])->op == OP_ARGMAX) return false;
    return !r->storing && !r->rows && r->inner_count > 0;
}

static void inner_loops(Reduce *r) {
    Emit *e = r->e;
    uint32_t plain = r->inner_count - can_unroll(r);
    Range range[MAX_RANK];
    for (uint32_t i = 0; i < plain; i++) {
        range[i] = range_of(e, "", r->group->full.dim[r->inner[i]], 0);
        r->at[r->inner[i]] = (Coord){range_loop(e, "k", &range[i]), 0};
    }
    if (r->rows) {
        Range lanes = range_of(e, "", r->group->full.dim[r->lane_axis], 0);
        range_lanes(e, "j", &lanes, lane_body, r);
    } else if (can_unroll(r)) {
        uint32_t axis = r->inner[plain];
        KIdx extent = idx_dim(r->group->full.dim[axis]);
        KVar var = emit_var(e, "k"), u = emit_var(e, "u");
        emit_for(e, var, idx_const(0), extent, UNROLL)->whole = true;
        emit_unroll(e, u, UNROLL);
        r->slot = idx_var(u);
        r->at[axis] = (Coord){idx_add(idx_var(var), idx_var(u)), 0};
        visit(r);
        emit_end(e);
        emit_end(e);
        emit_for(e, var, idx_const(0), extent, 1)->resume = true;
        r->slot = idx_const(0);
        r->at[axis] = (Coord){idx_var(var), 0};
        visit(r);
        emit_end(e);
    } else {
        visit(r);
    }
    for (uint32_t i = plain; i-- > 0;) range_end(e, &range[i]);
}

static void begin_phase(Reduce *r) {
    Emit *e = r->e;
    bool vector = r->rows || r->at[r->lane_axis].lane != 0;
    for (size_t i = 0; i < r->group->members.count; i++) {
        NodeId id = r->group->members.items[i];
        if (!is_reduction(r->s, id) || r->level[i] != r->phase) continue;
        const Node *node = graph_node(r->s->g, id);
        bool place = maximum_for(r, i) != SIZE_MAX;
        if (place || node->op == OP_ARGMAX) {
            r->arg[i] = emit_reg(e, "place", DT_I64, vector, 1, 1);
            KVal none = place ? nowhere(e) : emit_const(e, DT_I64, 0, 0);
            emit_set(e, r->arg[i], idx_const(0), idx_const(0), vector ? emit_splat(e, none) : none);
        }
        if (place) continue;
        DType dtype = operand_dtype(r, node);
        uint32_t slots = can_unroll(r) ? UNROLL : 1;
        r->acc[i] = emit_reg(e, op_info[node->op].name, dtype, vector, 1, slots);
        KVal start = neutral(e, node->op, dtype);
        if (vector) start = emit_splat(e, start);
        for (uint32_t u = 0; u < slots; u++) emit_set(e, r->acc[i], idx_const(0), idx_const(u), start);
    }
}

// The accumulators' sum, in a fixed order: ((0 + 1) + (2 + 3)), then lane i with lane i + half.
static KVal combine(Reduce *r, size_t member, const Node *node) {
    Emit *e = r->e;
    const KRegInfo *reg = &e->k->regs.items[r->acc[member]];
    uint32_t slots = reg->columns;
    bool vector = reg->vector;
    DType dtype = reg->dtype;
    KVal part[UNROLL];
    for (uint32_t u = 0; u < slots; u++) part[u] = emit_read(e, r->acc[member], idx_const(0), idx_const(u));
    for (uint32_t step = 1; step < slots; step *= 2)
        for (uint32_t u = 0; u < slots; u += 2 * step)
            part[u] = emit_element(e, combine_op(node->op), dtype, (KVal[]){part[u], part[u + step]}, 2);
    if (!r->rows || !vector) return part[0];
    return emit_let(e, dtype, false, (KStmt){.op = K_REDUCE, .element = combine_op(node->op), .args = {part[0]}});
}

static KVal combine_argmax(Reduce *r, size_t member, const Node *node) {
    Emit *e = r->e;
    KIdx zero = idx_const(0);
    KVal index = emit_read(e, r->arg[member], zero, zero);
    if (!r->rows) return index;
    if (maximum_for(r, member) != SIZE_MAX)
        return emit_let(e, DT_I64, false, (KStmt){.op = K_REDUCE, .element = OP_MINIMUM, .args = {index}});
    KVal best = emit_read(e, r->acc[member], zero, zero);
    KVal top = emit_splat(e, combine(r, member, node));
    KVal hit = emit_element(e, OP_EQ, DT_BOOL, (KVal[]){best, top}, 2);
    KVal nan = emit_element(e, OP_NE, DT_BOOL, (KVal[]){best, best}, 2);
    hit = emit_element(e, OP_OR, DT_BOOL, (KVal[]){hit, nan}, 2);
    index = emit_element(e, OP_WHERE, DT_I64, (KVal[]){hit, index, nowhere(e)}, 3);
    return emit_let(e, DT_I64, false, (KStmt){.op = K_REDUCE, .element = OP_MINIMUM, .args = {index}});
}

// Coordinates of a value that has only the axes that stay, unit axes aside.
static void outer_coords(const Reduce *r, const Shape *shape, Coord *out) {
    uint32_t axis = 0;
    for (uint32_t i = 0; i < shape->rank; i++) {
        out[i] = (Coord){idx_const(0), 0};
        if (shape->dim[i].size == 1 && !shape->dim[i].batch) continue;
        while (r->group->reduced >> axis & 1 || (r->group->full.dim[axis].size == 1 && !r->group->full.dim[axis].batch)) axis++;
        out[i] = r->at[axis++];
    }
}

static void end_phase(Reduce *r) {
    Emit *e = r->e;
    for (size_t i = 0; i < r->group->members.count; i++) {
        NodeId id = r->group->members.items[i];
        const Node *node = graph_node(r->s->g, id);
        if (r->level[i] != r->phase) continue;
        if (is_reduction(r->s, id)) {
            emit_know(e, id, NULL, node->op == OP_ARGMAX ? combine_argmax(r, i, node) : combine(r, i, node));
        } else if (!reduce_is_full(r, id)) {
            Coord at[MAX_RANK];
            outer_coords(r, &node->shape, at);
            emit_node(e, id, at); // here, not again at every place of the inner loops
        }
    }
}

// One place of the outer loops: all phases, then what is kept.
static void outer_body(Reduce *r) {
    Emit *e = r->e;
    size_t known = e->known.count;
    if (r->rows) reduce_row_invariants(r);
    for (r->phase = 1; r->phase <= r->levels; r->phase++) {
        begin_phase(r);
        inner_loops(r);
        end_phase(r);
    }
    bool full = false;
    for (size_t i = 0; i < r->group->members.count; i++) {
        NodeId id = r->group->members.items[i];
        full |= reduce_is_full(r, id) && r->s->kept[id];
        if (reduce_is_full(r, id)) continue;
        Coord at[MAX_RANK];
        outer_coords(r, &graph_node(r->s->g, id)->shape, at);
        emit_keep(e, id, at);
    }
    if (full) {
        r->storing = true;
        inner_loops(r);
        r->storing = false;
    }
    e->known.count = known;
}

static void outer_lanes(Emit *e, void *context, KIdx at) {
    Reduce *r = context;
    (void)e;
    r->at[r->lane_axis] = (Coord){at, 1};
    outer_body(r);
}

static Reduce begin_reduce(Emit *e, const Group *group) {
    Reduce r = {.e = e, .group = group, .s = e->s};
    r.acc = NEW_ARRAY(e->arena, KReg, group->members.count);
    r.arg = NEW_ARRAY(e->arena, KReg, group->members.count);
    find_levels(&r);
    return r;
}

void emit_rider(Emit *e, const Group *rider, const Range *columns) {
    Reduce r = begin_reduce(e, rider);
    r.lane_axis = 1;
    r.inner[r.inner_count++] = 0;
    range_lanes(e, "j", columns, outer_lanes, &r);
}

void emit_reduce(Emit *e, const Group *group) {
    Reduce r = begin_reduce(e, group);
    uint32_t axes[MAX_RANK], outer[MAX_RANK], outer_count = 0;
    uint32_t rank = memory_order(e->s, group, axes);
    r.lane_axis = axes[rank - 1];
    for (uint32_t i = rank; i-- > 0;) { // the last axis that is longer than 1
        Dim dim = group->full.dim[axes[i]];
        if (dim.size == 1 && !dim.batch) continue;
        r.lane_axis = axes[i];
        break;
    }
    r.rows = group->reduced >> r.lane_axis & 1;
    int64_t inner = 1;
    for (uint32_t i = 0; i < rank; i++) {
        if (axes[i] == r.lane_axis) continue;
        if (group->reduced >> axes[i] & 1) r.inner[r.inner_count++] = axes[i];
        else outer[outer_count++] = axes[i];
    }
    for (uint32_t i = 0; i < rank; i++)
        if (i != 0) inner *= group->full.dim[axes[i]].size;
    reduce_row_plan(&r);
    int64_t block = inner >= TILE_ELEMENTS ? 1 : TILE_ELEMENTS / inner;
    Range range[MAX_RANK];
    for (uint32_t i = 0; i < outer_count; i++) range[i] = range_of(e, "block", group->full.dim[outer[i]], i == 0 ? block : 0);
    Range lanes = {0};
    if (!r.rows) lanes = range_of(e, "block", group->full.dim[r.lane_axis], outer_count ? 0 : 4 * (int64_t)e->k->lanes);
    emit_scalars(e, group);
    for (uint32_t i = 0; i < outer_count; i++) r.at[outer[i]] = (Coord){range_loop(e, "i", &range[i]), 0};
    if (r.rows) outer_body(&r);
    else range_lanes(e, "j", &lanes, outer_lanes, &r);
    for (uint32_t i = outer_count; i-- > 0;) range_end(e, &range[i]);
}
