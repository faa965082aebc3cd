// Map groups: loops over every element of one shape. Where all that is read and written lies in memory in the same order the
// shape does not matter and one loop runs over everything ("flat"); otherwise one loop an axis, lanes along the last.
#include "schedule/internal.h"
#include "schedule/loops.h"

enum { CACHE_LINE = 64 }; // bytes

Range range_of(Emit *e, const char *name, Dim dim, int64_t block) {
    Range range = {.extent = idx_dim(dim), .lo = idx_const(0), .hi = idx_dim(dim)};
    if (!e->grid || e->k->grid_count == 3 || block == 0) return range;
    KVar var = emit_var(e, name);
    e->k->grid[e->k->grid_count++] = (KGrid){.var = var, .extent = {dim.batch ? 0 : dim.size, dim.batch ? dim.size : 0, block}};
    range.lo = idx_var(var);
    range.hi = idx_add(idx_var(var), idx_const(block));
    range.cut = true;
    range.even = !dim.batch && dim.size % e->k->lanes == 0 && block % e->k->lanes == 0;
    return range;
}

KStmt *range_for(Emit *e, KVar var, const Range *range, int64_t step) {
    KStmt *loop = emit_for(e, var, range->lo, range->hi, step);
    if (range->cut) loop->has_hi2 = true, loop->hi2 = range->extent;
    return loop;
}

KIdx range_loop(Emit *e, const char *name, const Range *range) {
    if (!range->cut && range->extent.base == 1 && range->extent.base_n == 0) return idx_const(0);
    KVar var = emit_var(e, name);
    range_for(e, var, range, 1);
    return idx_var(var);
}

void range_end(Emit *e, const Range *range) {
    if (!range->cut && range->extent.base == 1 && range->extent.base_n == 0) return;
    emit_end(e);
}

void range_lanes(Emit *e, const char *name, const Range *range, LaneBody *body, void *context) {
    emit_lanes(e, name, range->lo, range->hi, range->cut ? &range->extent : NULL, range->even, body, context);
}

// ---- Flat

typedef struct FlatCheck {
    const Schedule *s;
    int32_t group;
    struct {
        NodeId *items;
        size_t count, capacity;
    } gathered; // inputs, rows of which are read
    bool plain; // reads or writes something row-major
    int64_t order[MAX_RANK];
    bool ordered; // reads or writes a variable with strides `order`, which is not row-major
} FlatCheck;

static bool flat_var(FlatCheck *c, uint32_t var) {
    const Plan *plan = c->s->plan;
    if (var_is_row_major(plan, var)) {
        c->plain = true;
        return true;
    }
    if (c->ordered && memcmp(c->order, plan->vars[var].stride, sizeof c->order) != 0) return false;
    memcpy(c->order, plan->vars[var].stride, sizeof c->order);
    c->ordered = true;
    return true;
}

static bool flat_node(FlatCheck *c, NodeId id, Dim count) {
    const Schedule *s = c->s;
    const Node *node = graph_node(s->g, id);
    if (shape_count(&node->shape).size == 1 && !shape_count(&node->shape).batch && count.size != 1) return true; // a scalar
    uint32_t batch = 0;
    if (shape_batch_axis(&node->shape, &batch) && batch != 0) return false;
    if (!dim_equal(shape_count(&node->shape), count)) return false;
    if (s->kept[id] && s->group_of[id] != c->group) {
        c->plain = true;
        return true;
    }
    switch (node->op) {
    case OP_CONST: return node->attr.constant.data == NULL || (c->plain = true);
    case OP_VAR: return flat_var(c, node->attr.index);
    case OP_INPUT: VEC_PUSH(s->arena, &c->gathered, id); return c->plain = true;
    case OP_RAND:
    case OP_RANDN: return c->plain = true;
    case OP_EXPAND: {
        const Shape *from = &graph_node(s->g, node->operands[0])->shape;
        return shape_count(from).size == 1 && !shape_count(from).batch;
    }
    case OP_RESHAPE: return c->plain = true, flat_node(c, node->operands[0], count);
    default: break;
    }
    if (op_info[node->op].class != CLASS_ELEMENTWISE) return false;
    for (uint32_t i = 0; i < node->operand_count; i++)
        if (!flat_node(c, node->operands[i], count)) return false;
    return true;
}

static bool map_is_flat(const Schedule *s, const Group *group, FlatCheck *check) {
    *check = (FlatCheck){.s = s, .group = (int32_t)(group - s->groups.items)};
    if (group->full.rank == 0) return false;
    for (size_t i = 0; i < group->members.count; i++) {
        NodeId id = group->members.items[i];
        if (!flat_node(check, id, shape_count(&group->full))) return false;
        if (s->kept[id] && s->buffers[id].used) check->plain = true;
        for (size_t w = 0; w < s->writes.count; w++)
            if (s->writes.items[w].node == id && s->writes.items[w].in_place && !flat_var(check, s->writes.items[w].var))
                return false;
    }
    return !(check->plain && check->ordered);
}

// ---- Loops

static void keep_members(Emit *e, const Coord *at) {
    for (size_t i = 0; i < e->group->members.count; i++) emit_keep(e, e->group->members.items[i], at);
}

typedef struct MapBody {
    Coord at[MAX_RANK];
    uint32_t lane_axis;
} MapBody;

static void map_body(Emit *e, void *context, KIdx at) {
    MapBody *body = context;
    body->at[body->lane_axis] = (Coord){at, 1};
    size_t known = e->known.count;
    keep_members(e, body->at);
    e->known.count = known;
}

// The rows of a batch lie anywhere in the data set, each a miss of all caches that nothing foresees: all of a tile's are asked
// for before the first is read.
static void fetch_rows(Emit *e, const FlatCheck *check, const Range *rows, int64_t columns) {
    for (size_t i = 0; i < check->gathered.count; i++) {
        KAccess access;
        DType dtype;
        NodeId input = check->gathered.items[i];
        int64_t line = CACHE_LINE / (int64_t)dtype_size(graph_node(e->s->g, input)->dtype);
        Coord at[MAX_RANK] = {{range_loop(e, "i", rows), 0}};
        KVar j = emit_var(e, "j");
        emit_for(e, j, idx_const(0), idx_const(columns), line);
        at[1] = (Coord){idx_var(j), 0};
        emit_access(e, input, at, &access, &dtype);
        emit_stmt(e, (KStmt){.kind = KS_PREFETCH, .access = access});
        emit_end(e);
        range_end(e, rows);
    }
}

static void emit_flat(Emit *e, const FlatCheck *check) {
    const Shape *shape = &e->group->full;
    Dim count = shape_count(shape);
    MapBody body = {.lane_axis = 1};
    e->flat = true;
    if (check->gathered.count) {
        Dim rows = shape->dim[0], columns = {count.size / shape->dim[0].size, false};
        e->flat_columns = columns.size;
        int64_t block = columns.size >= TILE_ELEMENTS ? 1 : TILE_ELEMENTS / columns.size;
        Range range = range_of(e, "rows", rows, block);
        emit_scalars(e, e->group);
        fetch_rows(e, check, &range, columns.size);
        body.at[0] = (Coord){range_loop(e, "i", &range), 0};
        emit_lanes(e, "j", idx_const(0), idx_dim(columns), NULL, false, map_body, &body);
        range_end(e, &range);
    } else {
        Range range = range_of(e, "block", count, TILE_ELEMENTS);
        emit_scalars(e, e->group);
        range_lanes(e, "i", &range, map_body, &body);
    }
    e->flat = false;
}

uint32_t memory_order(const Schedule *s, const Group *group, uint32_t *axes) {
    const Shape *shape = &group->full;
    uint32_t batch = MAX_RANK, count = 0;
    shape_batch_axis(shape, &batch);
    if (batch < shape->rank) axes[count++] = batch;
    for (uint32_t i = 0; i < shape->rank; i++)
        if (i != batch) axes[count++] = i;
    const int64_t *stride = NULL;
    for (size_t i = 0; i < s->writes.count; i++) {
        const VarWrite *write = &s->writes.items[i];
        if (write->in_place && s->group_of[write->node] == (int32_t)(group - s->groups.items) &&
            shape_equal(&graph_node(s->g, write->node)->shape, shape))
            stride = s->plan->vars[write->var].stride;
    }
    for (uint32_t i = 1; stride && i < count; i++)
        for (uint32_t j = i; j > 0 && stride[axes[j - 1]] < stride[axes[j]]; j--) {
            uint32_t swap = axes[j];
            axes[j] = axes[j - 1];
            axes[j - 1] = swap;
        }
    return count;
}

void emit_map(Emit *e, const Group *group) {
    FlatCheck check;
    if (map_is_flat(e->s, group, &check)) {
        emit_flat(e, &check);
        return;
    }
    uint32_t axes[MAX_RANK];
    uint32_t rank = memory_order(e->s, group, axes);
    MapBody body = {0};
    if (rank == 0) {
        keep_members(e, body.at);
        return;
    }
    int64_t inner = 1;
    for (uint32_t i = 1; i < rank; i++) inner *= group->full.dim[axes[i]].size;
    Range range[MAX_RANK];
    int64_t block = inner >= TILE_ELEMENTS ? 1 : TILE_ELEMENTS / inner;
    for (uint32_t i = 0; i < rank; i++) {
        range[i] = range_of(e, "block", group->full.dim[axes[i]], i == 0 ? block : 0);
        if (i == 0) emit_scalars(e, group);
        if (i + 1 < rank) body.at[axes[i]] = (Coord){range_loop(e, "i", &range[i]), 0};
    }
    body.lane_axis = axes[rank - 1];
    range_lanes(e, "j", &range[rank - 1], map_body, &body);
    for (uint32_t i = rank - 1; i-- > 0;) range_end(e, &range[i]);
}
