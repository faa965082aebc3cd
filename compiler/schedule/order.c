// The order of execution, and which variables are overwritten in place.
//
// Requires groups without cycles. A variable may be written in place by the group that computes its new value if every other
// group that reads the old value can run before: those are added as needs of the writer. Where that would close a cycle the
// new value goes to a buffer of its own and is copied at the end. Small groups are put off until somebody needs them, so
// that they meet and share a kernel.
#include "schedule/internal.h"

#include "support/diag.h"

static int64_t count_of(const Shape *shape) { return shape_count(shape).size; }

// Little work for one thread: then a kernel of its own costs more than it gains.
static bool is_small(const Group *group) {
    if (group->kind != GROUP_MAP && group->kind != GROUP_REDUCE) return false;
    uint32_t axis;
    bool batch = shape_batch_axis(&group->full, &axis);
    int64_t count = count_of(&group->full);
    if (!batch) return count <= TILE_ELEMENTS;
    bool reduces_batch = group->kind == GROUP_REDUCE && (group->reduced >> axis & 1);
    return reduces_batch ? count <= TILE_ELEMENTS : count <= 2;
}

// Whether a member reads variable `var` anywhere else than at its own place (as an operand of a contraction, transposed, …).
static bool reads_elsewhere(const Schedule *s, NodeId id, uint32_t var, bool moved, int32_t group) {
    const Node *node = graph_node(s->g, id);
    if (node->op == OP_VAR) return moved && node->attr.index == var;
    if (node->op == OP_INPUT || (s->kept[id] && s->group_of[id] != group)) return false;
    bool moves = moved || op_info[node->op].class == CLASS_MOVEMENT || op_info[node->op].class == CLASS_CONTRACTION ||
                 op_info[node->op].class == CLASS_REDUCTION;
    for (uint32_t i = 0; i < node->operand_count; i++) {
        NodeId operand = node->operands[i];
        if (s->group_of[operand] == group && s->group_of[id] == group) continue; // looked at on its own
        if (reads_elsewhere(s, operand, var, moves, group)) return true;
    }
    return false;
}

// Which groups read which variables, through nodes that are computed on the way.
typedef struct Readers {
    Schedule *s;
    uint64_t *groups; // by variable: a set
    uint32_t *seen;   // by node: 1 + the last group that was there
} Readers;

static void find_reads(Readers *r, NodeId id, uint32_t group) {
    const Schedule *s = r->s;
    const Node *node = graph_node(s->g, id);
    if (r->seen[id] == group + 1) return;
    r->seen[id] = group + 1;
    if (node->op == OP_VAR) set_add(r->groups + node->attr.index * s->words, group);
    for (uint32_t i = 0; i < node->operand_count; i++) {
        NodeId operand = node->operands[i];
        bool own = s->group_of[operand] == (int32_t)group;
        if (!own && (!s->kept[operand] || graph_node(s->g, operand)->op == OP_VAR)) find_reads(r, operand, group);
    }
}

static Readers find_readers(Schedule *s) {
    Readers r = {.s = s};
    r.groups = NEW_ARRAY(s->arena, uint64_t, s->plan->program->var_count * s->words + 1);
    r.seen = NEW_ARRAY(s->arena, uint32_t, s->g->count);
    for (uint32_t i = 0; i < s->groups.count; i++)
        for (size_t m = 0; m < s->groups.items[i].members.count; m++) find_reads(&r, s->groups.items[i].members.items[m], i);
    return r;
}

static bool reads_var(const Readers *r, size_t group, uint32_t var) { return set_has(r->groups + var * r->s->words, group); }

static bool group_reads_elsewhere(const Schedule *s, const Group *group, uint32_t var) {
    int32_t index = (int32_t)(group - s->groups.items);
    for (size_t i = 0; i < group->members.count; i++) {
        NodeId id = group->members.items[i];
        if (graph_node(s->g, id)->op == OP_VAR && graph_node(s->g, id)->attr.index == var && group->kind != GROUP_MAP)
            return true;
        if (reads_elsewhere(s, id, var, false, index)) return true;
    }
    return false;
}

// Groups that read the old value must run before the writer; false (and nothing changed) if one of them needs the writer.
static bool write_in_place(Schedule *s, const Readers *readers, const VarWrite *write) {
    int32_t writer = s->group_of[write->node];
    if (writer < 0) return false;
    Group *target = &s->groups.items[writer];
    if (!shape_equal(&graph_node(s->g, write->node)->shape, &s->plan->program->vars[write->var].shape)) return false;
    if (target->kind == GROUP_DRAW || target->kind == GROUP_COPY || group_reads_elsewhere(s, target, write->var)) return false;
    for (size_t i = 0; i < s->groups.count; i++)
        if ((int32_t)i != writer && set_has(s->groups.items[i].needs, (size_t)writer) && reads_var(readers, i, write->var))
            return false;
    for (size_t i = 0; i < s->groups.count; i++) {
        if ((int32_t)i == writer || !reads_var(readers, i, write->var)) continue;
        set_add(target->needs, i);
        for (size_t w = 0; w < s->words; w++) target->needs[w] |= s->groups.items[i].needs[w];
    }
    for (size_t i = 0; i < s->groups.count; i++)
        if (set_has(s->groups.items[i].needs, (size_t)writer))
            for (size_t w = 0; w < s->words; w++) s->groups.items[i].needs[w] |= target->needs[w];
    return true;
}

// What cannot be written in place is copied when the entry's last kernel has run: by then nobody reads the old value.
static void collect_writes(Schedule *s) {
    Readers readers = find_readers(s);
    for (size_t i = 0; i < s->entry->output_count; i++) {
        const Output *output = &s->entry->outputs[i];
        if (output->role != OUTPUT_ASSIGN) continue;
        VarWrite write = {.var = output->index, .node = output->node};
        write.in_place = write_in_place(s, &readers, &write);
        VEC_PUSH(s->arena, &s->writes, write);
    }
}

static void visit(Schedule *s, size_t index, bool *done) {
    if (done[index]) return;
    done[index] = true;
    for (size_t i = 0; i < s->groups.count; i++)
        if (set_has(s->groups.items[index].needs, i)) visit(s, i, done);
    s->groups.items[index].place = (uint32_t)s->order_count;
    s->order[s->order_count++] = (uint32_t)index;
}

static bool needs_only_small(const Schedule *s, const Group *group) {
    for (size_t i = 0; i < s->groups.count; i++)
        if (set_has(group->needs, i) && !s->groups.items[i].small) return false;
    return true;
}

// Draws take from one generator, so each waits for those before it in the text.
static void order_draws(Schedule *s) {
    for (size_t i = 0; i < s->groups.count; i++) {
        Group *group = &s->groups.items[i];
        if (group->kind != GROUP_DRAW) continue;
        for (size_t j = 0; j < s->groups.count; j++) {
            const Group *other = &s->groups.items[j];
            if (other->kind != GROUP_DRAW) continue;
            if (graph_node(s->g, other->anchor)->attr.draw.order < graph_node(s->g, group->anchor)->attr.draw.order)
                set_add(group->needs, j);
        }
    }
}

void schedule_order(Schedule *s) {
    collect_writes(s);
    order_draws(s);
    schedule_ride(s);
    bool *done = NEW_ARRAY(s->arena, bool, s->groups.count + 1);
    s->order = NEW_ARRAY(s->arena, uint32_t, s->groups.count + 1);
    for (size_t i = 0; i < s->groups.count; i++) {
        Group *group = &s->groups.items[i];
        done[i] = group->members.count == 0; // its only reader took it over
        group->small = done[i] || (s->fuse && is_small(group));
    }
    for (size_t i = 0; i < s->groups.count; i++)
        if (s->groups.items[i].small && needs_only_small(s, &s->groups.items[i])) visit(s, i, done);
    for (size_t i = 0; i < s->groups.count; i++)
        if (!s->groups.items[i].small) visit(s, i, done);
    for (size_t i = 0; i < s->groups.count; i++) visit(s, i, done);
}
