// Fusion: which nodes are computed together, and which values are kept in memory.
//
// Requires a verified graph. Every needed node ends up in a group, or outside all groups: then it is computed wherever it is
// used (constants, movements, cheap elementwise chains of what is in memory). A node joins the group of one of its operands
// when it is elementwise over the group's shape (or, in a reduction group, over what the reductions leave) and nothing else
// that it reads depends on that group: so the groups' graph stays free of cycles.
#include "schedule/internal.h"

#include "support/diag.h"

// In simple operations: from when a value that is used several times is kept instead of computed again; up to when the mask of
// a result is computed again from that result instead of stored.
enum { KEEP_FROM = 24, MASK_LIMIT = 5 };

// The same for each element, up to which a map is computed in every pass of the reduction group that reads it.
enum { ROW_LIMIT = 10 };

// Members of a group up to which reductions join it that only read things of the same shape: a kernel's time to compile grows
// faster than its length.
enum { MOST_SIDE_BY_SIDE = 24 };

static OpClass class_of(const Schedule *s, NodeId id) { return op_info[graph_node(s->g, id)->op].class; }

bool reshape_run(const Shape *result, const Shape *operand, uint32_t *i, uint32_t *j) {
    int64_t left = 1, right = 1;
    bool left_batch = false, right_batch = false;
    do {
        // The side that is behind takes its next axis: the one without the batch, or the smaller one.
        bool behind = left_batch != right_batch ? right_batch : left <= right;
        if (*i < result->rank && (behind || *j >= operand->rank)) {
            left *= result->dim[*i].size;
            left_batch |= result->dim[(*i)++].batch;
        } else if (*j < operand->rank) {
            right *= operand->dim[*j].size;
            right_batch |= operand->dim[(*j)++].batch;
        } else return false;
    } while (left != right || left_batch != right_batch);
    return true;
}

bool reshape_is_affine(const Shape *result, const Shape *operand) {
    uint32_t i = 0, j = 0;
    while (i < result->rank || j < operand->rank) {
        uint32_t first = j, wide = 0; // operand axes in this run that are longer than 1
        if (!reshape_run(result, operand, &i, &j)) return false;
        for (uint32_t axis = first; axis < j; axis++) wide += operand->dim[axis].size != 1 || operand->dim[axis].batch;
        if (wide > 1) return false;
    }
    return true;
}

bool var_is_row_major(const Plan *plan, uint32_t var) {
    const Shape *shape = &plan->program->vars[var].shape;
    int64_t stride = 1;
    for (uint32_t i = shape->rank; i-- > 0;) {
        if (shape->dim[i].size != 1 && plan->vars[var].stride[i] != stride) return false;
        stride *= shape->dim[i].size;
    }
    return true;
}

bool node_is_view(const Schedule *s, NodeId id) {
    for (;;) {
        const Node *node = graph_node(s->g, id);
        if (s->kept[id] || node->op == OP_VAR) return true;
        if (node->op == OP_RESHAPE) {
            const Node *operand = graph_node(s->g, node->operands[0]);
            if (!reshape_is_affine(&node->shape, &operand->shape) && !s->kept[node->operands[0]]) return false;
        } else if (node->op != OP_PERMUTE && node->op != OP_EXPAND && node->op != OP_SLICE) return false;
        id = node->operands[0];
    }
}

// ---- Sets of groups

static void add_reach(const Schedule *s, uint64_t *set, NodeId id) {
    int32_t group = s->group_of[id];
    const uint64_t *more = group >= 0 ? s->groups.items[group].needs : s->reach[id];
    if (group >= 0) set_add(set, (size_t)group);
    if (more)
        for (size_t w = 0; w < s->words; w++) set[w] |= more[w];
}

// Group `index` now reads operand: so does every group that reads group `index`.
static void add_need(Schedule *s, int32_t index, NodeId operand) {
    if (s->group_of[operand] == index) return;
    Group *group = &s->groups.items[index];
    add_reach(s, group->needs, operand);
    for (size_t i = 0; i < s->groups.count; i++) {
        Group *other = &s->groups.items[i];
        if (set_has(other->needs, (size_t)index))
            for (size_t w = 0; w < s->words; w++) other->needs[w] |= group->needs[w];
    }
}

static bool depends_on(const Schedule *s, NodeId id, int32_t group) {
    int32_t own = s->group_of[id];
    if (own == group) return true;
    const uint64_t *set = own >= 0 ? s->groups.items[own].needs : s->reach[id];
    return set && set_has(set, (size_t)group);
}

static void join(Schedule *s, NodeId id, int32_t group) {
    s->group_of[id] = group;
    VEC_PUSH(s->arena, &s->groups.items[group].members, id);
    const Node *node = graph_node(s->g, id);
    for (uint32_t i = 0; i < node->operand_count; i++) add_need(s, group, node->operands[i]);
}

static int32_t new_group(Schedule *s, GroupKind kind, NodeId id, Shape full, uint32_t reduced) {
    Group group = {.kind = kind, .anchor = id, .full = full, .reduced = reduced};
    group.needs = NEW_ARRAY(s->arena, uint64_t, s->words);
    VEC_PUSH(s->arena, &s->groups, group);
    int32_t index = (int32_t)(s->groups.count - 1);
    join(s, id, index);
    return index;
}

// ---- Joining

static bool is_elementwise(const Schedule *s, NodeId id) { return class_of(s, id) == CLASS_ELEMENTWISE; }

// Whether `shape`, its unit axes aside, is what the group's reductions leave of the full shape.
static bool is_left_over(const Group *group, const Shape *shape) {
    uint32_t j = 0;
    for (uint32_t i = 0; i < group->full.rank; i++) {
        if (group->reduced >> i & 1) continue;
        Dim dim = group->full.dim[i];
        if (dim.size == 1 && !dim.batch) continue;
        while (j < shape->rank && shape->dim[j].size == 1 && !shape->dim[j].batch) j++;
        if (j >= shape->rank || !dim_equal(shape->dim[j++], dim)) return false;
    }
    while (j < shape->rank && shape->dim[j].size == 1 && !shape->dim[j].batch) j++;
    return j == shape->rank;
}

// What a member of a reduction group is: a value for each element of the full shape, or one for each of what is left.
static bool fits(const Schedule *s, const Group *group, NodeId id) {
    const Node *node = graph_node(s->g, id);
    switch (group->kind) {
    case GROUP_MAP:
    case GROUP_CONTRACT: return is_elementwise(s, id) && shape_equal(&node->shape, &group->full);
    case GROUP_REDUCE:
        if (class_of(s, id) == CLASS_REDUCTION) {
            return shape_equal(&graph_node(s->g, node->operands[0])->shape, &group->full) &&
                   node->attr.reduce.axes == group->reduced;
        }
        if (is_elementwise(s, id)) return shape_equal(&node->shape, &group->full) || is_left_over(group, &node->shape);
        if (node->op == OP_RESHAPE) return is_left_over(group, &node->shape);
        if (node->op == OP_EXPAND) {
            // Only back along the axes that were reduced.
            const Shape *from = &graph_node(s->g, node->operands[0])->shape;
            if (!shape_equal(&node->shape, &group->full) || !is_left_over(group, from)) return false;
            uint32_t skip = node->shape.rank - from->rank;
            for (uint32_t i = 0; i < node->shape.rank; i++) {
                bool missing = i < skip || (from->dim[i - skip].size == 1 && !from->dim[i - skip].batch);
                bool unit = node->shape.dim[i].size == 1 && !node->shape.dim[i].batch;
                if (!unit && missing != (group->reduced >> i & 1)) return false;
            }
            return true;
        }
        return false;
    default: return false;
    }
}

static bool may_join(const Schedule *s, NodeId id, int32_t group) {
    if (!fits(s, &s->groups.items[group], id)) return false;
    const Node *node = graph_node(s->g, id);
    for (uint32_t i = 0; i < node->operand_count; i++)
        if (s->group_of[node->operands[i]] != group && depends_on(s, node->operands[i], group)) return false;
    return true;
}

// The groups that must run before `group` if the node is in it, in s->candidate.
static void find_needs(Schedule *s, NodeId id, int32_t group) {
    const Node *node = graph_node(s->g, id);
    memset(s->candidate, 0, s->words * sizeof *s->candidate);
    for (uint32_t i = 0; i < node->operand_count; i++)
        if (s->group_of[node->operands[i]] != group) add_reach(s, s->candidate, node->operands[i]);
}

// How many groups would have to run before `group` that need not now, if the node joined it.
static uint32_t new_needs(Schedule *s, NodeId id, int32_t group) {
    find_needs(s, id, group);
    uint32_t count = 0;
    for (size_t w = 0; w < s->words; w++)
        count += (uint32_t)__builtin_popcountll(s->candidate[w] & ~s->groups.items[group].needs[w]);
    return count;
}

// Whether both wait for the same: neither the group nor the node is delayed when they are together.
static bool same_needs(Schedule *s, NodeId id, int32_t group) {
    find_needs(s, id, group);
    return memcmp(s->candidate, s->groups.items[group].needs, s->words * sizeof *s->candidate) == 0;
}

// Of the operands' groups that the node may join the one that has to wait for the fewest others because of it; among equals
// the latest. −1: none.
static int32_t best_group(Schedule *s, NodeId id) {
    const Node *node = graph_node(s->g, id);
    int32_t best = -1;
    uint32_t least = UINT32_MAX;
    for (uint32_t i = 0; i < node->operand_count; i++) {
        int32_t group = s->group_of[node->operands[i]];
        if (group < 0 || !may_join(s, id, group)) continue;
        uint32_t needs = new_needs(s, id, group);
        if (needs > least || (needs == least && group < best)) continue;
        best = group;
        least = needs;
    }
    return best;
}

static bool reduces_batch(const Group *group) {
    uint32_t batch;
    return shape_batch_axis(&group->full, &batch) && group->reduced >> batch & 1;
}

// A reduction may join a group of the same shape and axes that feeds it through nodes outside groups, or that merely reads
// the same things: the loss and the count of right answers in one pass. What is summed over the batch is read by later passes
// over the batch, so it is not delayed for company: both wait for the same.
static int32_t reduction_group(Schedule *s, NodeId id) {
    int32_t best = best_group(s, id);
    for (int32_t i = (int32_t)s->groups.count - 1; best < 0 && i >= 0; i--) {
        const Group *group = &s->groups.items[i];
        if (group->kind == GROUP_REDUCE && group->members.count < MOST_SIDE_BY_SIDE && may_join(s, id, i) &&
            (!reduces_batch(group) || same_needs(s, id, i)))
            best = i;
    }
    return best;
}

// ---- Which node is what

bool op_is_heavy(Op op) {
    switch (op) {
    case OP_EXP:
    case OP_LOG:
    case OP_LOG1P:
    case OP_SIN:
    case OP_COS:
    case OP_ATAN:
    case OP_TANH:
    case OP_SIGMOID:
    case OP_ERF:
    case OP_POW:
    case OP_RAND:
    case OP_RANDN: return true;
    default: return false;
    }
}

// What computing it again at another place would cost, in simple operations; what is in memory costs 1. In a group that goes
// over rows of the shape `row` (NULL: elsewhere), what is the same all along a row costs nothing.
static uint32_t cost_again(const Schedule *s, NodeId id, const Shape *row, uint32_t limit) {
    const Node *node = graph_node(s->g, id);
    if (s->kept[id] || node->op == OP_VAR || node->op == OP_INPUT) return 1;
    bool heavy = op_is_heavy(node->op);
    if (row && !heavy && (node->op == OP_EXPAND || !dim_equal(shape_count(&node->shape), shape_count(row)))) return 0;
    if (!row && s->group_of[id] >= 0 && (class_of(s, id) == CLASS_CONTRACTION || class_of(s, id) == CLASS_REDUCTION))
        return limit;
    uint32_t cost = heavy ? limit : node->operand_count > 0;
    for (uint32_t i = 0; i < node->operand_count && cost < limit; i++)
        cost += cost_again(s, node->operands[i], row, limit - cost);
    return cost < limit ? cost : limit;
}

static void keep(Schedule *s, NodeId id) {
    s->kept[id] = true;
    if (s->group_of[id] < 0) {
        const Node *node = graph_node(s->g, id);
        GroupKind kind = node->op == OP_DRAW                           ? GROUP_DRAW
                         : node->op == OP_CONCAT || node->op == OP_PAD ? GROUP_COPY
                                                                       : GROUP_MAP;
        new_group(s, kind, id, node->shape, 0);
    }
}

// The rows of a batch lie anywhere in the data set. A product that goes along each of them, and is all that reads them, takes
// them from there; one that goes from row to row (the gradient of a weight) would rather have them side by side.
static bool reads_rows_once(const Schedule *s, const Node *matmul) {
    NodeId id = matmul->operands[0];
    const Node *input = graph_node(s->g, id);
    return input->op == OP_INPUT && input->dtype == s->g->float_type && s->uses[id] == 1 && matmul->shape.rank == 2 &&
           !matmul->attr.matmul.transpose_a;
}

// What cannot be computed on the way to its user is kept, and that is settled before anything is placed: of a contraction's
// operand what its movements start from, and what a reshape reads that would need division.
static void force(const Schedule *s, bool *forced, NodeId id) {
    const Node *node = graph_node(s->g, id);
    if (node->op == OP_MATMUL) {
        for (uint32_t i = 0; i < 2; i++) {
            NodeId base = node->operands[i];
            for (;;) {
                const Node *at = graph_node(s->g, base);
                if (at->op != OP_PERMUTE && at->op != OP_EXPAND && at->op != OP_SLICE && at->op != OP_RESHAPE) break;
                base = at->operands[0];
                if (at->op == OP_RESHAPE && !reshape_is_affine(&at->shape, &graph_node(s->g, base)->shape)) break;
            }
            forced[base] |= graph_node(s->g, base)->op != OP_VAR && !(i == 0 && reads_rows_once(s, node));
        }
    } else if (node->op == OP_RESHAPE && !reshape_is_affine(&node->shape, &graph_node(s->g, node->operands[0])->shape)) {
        forced[node->operands[0]] = true;
    } else if (node->op == OP_CONCAT || node->op == OP_PAD) {
        forced[id] = true;
    }
}

// must_run: an effect, which is computed although nobody reads it.
static void place_node(Schedule *s, NodeId id, bool must_keep, bool must_run) {
    const Node *node = graph_node(s->g, id);
    switch (class_of(s, id)) {
    case CLASS_CONTRACTION: new_group(s, GROUP_CONTRACT, id, node->shape, 0); break;
    case CLASS_REDUCTION: {
        int32_t group = s->fuse ? reduction_group(s, id) : -1;
        const Shape *full = &graph_node(s->g, node->operands[0])->shape;
        if (group >= 0) join(s, id, group);
        else new_group(s, GROUP_REDUCE, id, *full, node->attr.reduce.axes);
        break;
    }
    case CLASS_ELEMENTWISE:
    case CLASS_MOVEMENT: {
        int32_t group = s->fuse && node->op != OP_CONCAT && node->op != OP_PAD ? best_group(s, id) : -1;
        if (group >= 0) join(s, id, group);
        else if (must_keep || must_run || !s->fuse || (s->uses[id] > 1 && cost_again(s, id, NULL, KEEP_FROM) >= KEEP_FROM))
            keep(s, id);
        break;
    }
    case CLASS_SOURCE:
        if (node->op == OP_DRAW || must_keep || (op_is_heavy(node->op) && (s->uses[id] > 1 || !s->fuse))) keep(s, id);
        break;
    }
    if (must_keep) keep(s, id);
    if (s->group_of[id] >= 0 || node->operand_count == 0) return;
    s->reach[id] = NEW_ARRAY(s->arena, uint64_t, s->words);
    for (uint32_t i = 0; i < node->operand_count; i++) add_reach(s, s->reach[id], node->operands[i]);
}

// A member that is read outside its group is kept, unless it is cheap to compute again from what is in memory.
static void keep_what_is_read(Schedule *s) {
    for (NodeId id = 0; id < s->g->count; id++) {
        if (!s->needed[id]) continue;
        const Node *node = graph_node(s->g, id);
        for (uint32_t i = 0; i < node->operand_count; i++) {
            NodeId operand = node->operands[i];
            if (s->group_of[operand] < 0 || s->kept[operand] || s->group_of[operand] == s->group_of[id]) continue;
            bool again = is_elementwise(s, operand) && graph_node(s->g, operand)->dtype == DT_BOOL &&
                         cost_again(s, operand, NULL, MASK_LIMIT) < MASK_LIMIT;
            if (!again) s->kept[operand] = true;
        }
    }
}

// ---- Joining afterwards: what only one reduction group reads

enum { NOBODY = -1, SEVERAL = -2 };

// By group: the only other one that reads what it computes.
static int32_t *find_readers(const Schedule *s) {
    int32_t *reader = NEW_ARRAY(s->arena, int32_t, s->groups.count + 1);
    for (size_t i = 0; i < s->groups.count; i++) reader[i] = NOBODY;
    for (NodeId id = 0; id < s->g->count; id++) {
        const Node *node = graph_node(s->g, id);
        for (uint32_t i = 0; s->needed[id] && i < node->operand_count; i++) {
            int32_t from = s->group_of[node->operands[i]], to = s->group_of[id];
            if (from < 0 || from == to) continue;
            reader[from] = to >= 0 && (reader[from] == NOBODY || reader[from] == to) ? to : SEVERAL;
        }
    }
    return reader;
}

void group_take(Schedule *s, int32_t index, NodeId id) {
    Group *group = &s->groups.items[index];
    s->group_of[id] = index;
    VEC_PUSH(s->arena, &group->members, id);
    NodeId *members = group->members.items;
    for (size_t m = group->members.count - 1; m > 0 && members[m - 1] > id; m--) {
        members[m] = members[m - 1];
        members[m - 1] = id;
    }
}

// A map that one reduction group over the same shape reads, and nobody else, is computed there: again in each pass, but
// without a buffer. It could not join before, for none of its operands was in that group.
static void absorb_maps(Schedule *s, const bool *forced) {
    const int32_t *readers = find_readers(s);
    for (size_t i = 0; i < s->groups.count; i++) {
        Group *map = &s->groups.items[i];
        NodeId id = map->anchor;
        if (map->kind != GROUP_MAP || map->members.count != 1 || forced[id] || readers[i] < 0) continue;
        const Group *group = &s->groups.items[readers[i]];
        if (group->kind != GROUP_REDUCE || !is_elementwise(s, id) || !shape_equal(&group->full, &map->full)) continue;
        s->kept[id] = false; // for the question
        s->kept[id] = cost_again(s, id, &map->full, ROW_LIMIT) >= ROW_LIMIT;
        if (s->kept[id]) continue;
        map->members.count = 0;
        group_take(s, readers[i], id);
    }
}

void schedule_fuse(Schedule *s) {
    const Graph *g = s->g;
    s->needed = graph_needed(s->arena, g, s->entry->outputs, s->entry->output_count);
    s->uses = NEW_ARRAY(s->arena, uint32_t, g->count);
    s->group_of = NEW_ARRAY(s->arena, int32_t, g->count);
    s->kept = NEW_ARRAY(s->arena, bool, g->count);
    s->reach = NEW_ARRAY(s->arena, uint64_t *, g->count);
    bool *forced = NEW_ARRAY(s->arena, bool, g->count);
    size_t most = 2;
    for (NodeId id = 0; id < g->count; id++) {
        s->group_of[id] = -1;
        if (!s->needed[id]) continue;
        most += g->nodes[id].operand_count > 0 || g->nodes[id].op == OP_DRAW || op_is_heavy(g->nodes[id].op);
        for (uint32_t i = 0; i < g->nodes[id].operand_count; i++) s->uses[g->nodes[id].operands[i]]++;
    }
    most += s->entry->output_count;
    s->words = (most + 63) / 64 + 1;
    s->candidate = NEW_ARRAY(s->arena, uint64_t, s->words);
    bool *effects = NEW_ARRAY(s->arena, bool, g->count);
    for (size_t i = 0; i < s->entry->output_count; i++) {
        const Output *output = &s->entry->outputs[i];
        *(output->role == OUTPUT_EFFECT ? &effects[output->node] : &forced[output->node]) = true;
    }
    for (NodeId id = 0; id < g->count; id++)
        if (s->needed[id]) force(s, forced, id);
    for (NodeId id = 0; id < g->count; id++)
        if (s->needed[id]) place_node(s, id, forced[id], effects[id]);
    if (s->fuse) absorb_maps(s, forced);
    keep_what_is_read(s);
}
