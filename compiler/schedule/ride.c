// Sums that ride along: a bias's gradient is what its weight's gradient, a contraction over the batch, reads anyway.
//
// Runs when it is known where every group writes. A reduction group over the batch of (N, C) joins a contraction whose lanes
// are these C columns and come from the same value, unless one of the two has to wait for the other. Its members are then the
// contraction's, for everybody who asks what is computed where; how they are reduced stays as Group.rider, and contract.c
// emits it for the columns of each tile of the first rows.
#include "schedule/internal.h"

#include "schedule/loops.h"

// A single column has no lanes.
static bool sums_columns(const Schedule *s, const Group *group) {
    return group->kind == GROUP_REDUCE && group->members.count > 0 && group->full.rank == 2 && group->full.dim[0].batch &&
           group->full.dim[1].size > 1 && group->reduced == 1 &&
           op_info[graph_node(s->g, group->anchor)->op].class == CLASS_REDUCTION;
}

// Whether the group is a contraction over the batch, and the value is what its lanes are read from.
static bool has_lanes_of(const Schedule *s, const Group *group, NodeId value) {
    const Node *node = graph_node(s->g, group->anchor);
    uint32_t batch, axes[MAX_RANK];
    if (group->kind != GROUP_CONTRACT || (node->operands[0] != value && node->operands[1] != value)) return false;
    if (group->full.rank != 2 || shape_batch_axis(&group->full, &batch)) return false;
    memory_order(s, group, axes);
    return node->operands[axes[1] == 1] == value;
}

static void take_along(Schedule *s, int32_t index, Group *sums) {
    Group *group = &s->groups.items[index], *rider = NEW(s->arena, Group);
    size_t gone = (size_t)(sums - s->groups.items);
    *rider = *sums;
    group->rider = rider;
    sums->members.items = NULL;
    sums->members.count = sums->members.capacity = 0;
    for (size_t i = 0; i < rider->members.count; i++) group_take(s, index, rider->members.items[i]);
    for (size_t w = 0; w < s->words; w++) group->needs[w] |= sums->needs[w];
    for (size_t i = 0; i < s->groups.count; i++) {
        Group *other = &s->groups.items[i];
        if (!set_has(other->needs, gone) && !set_has(other->needs, (size_t)index)) continue;
        set_add(other->needs, (size_t)index);
        for (size_t w = 0; w < s->words; w++) other->needs[w] |= group->needs[w];
    }
}

void schedule_ride(Schedule *s) {
    for (size_t i = 0; s->fuse && i < s->groups.count; i++) {
        Group *sums = &s->groups.items[i];
        if (!sums_columns(s, sums)) continue;
        NodeId from = graph_node(s->g, sums->anchor)->operands[0];
        for (size_t j = 0; j < s->groups.count; j++) {
            const Group *group = &s->groups.items[j];
            if (group->rider || !has_lanes_of(s, group, from)) continue;
            if (set_has(group->needs, i) || set_has(sums->needs, j)) continue;
            take_along(s, (int32_t)j, sums);
            break;
        }
    }
}
