// The workspace: every kept value gets a place such that values which are live at the same time do not overlap. Offsets are
// known at compile time: values that grow with the batch lie behind the fixed ones, in bytes per block of 16 samples.
#include "schedule/internal.h"

#include "support/diag.h"

static int64_t round_up(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

static int64_t bytes_of(const Buffer *buffer) { return buffer->per_block ? buffer->per_block : buffer->fixed; }

static bool overlaps_in_time(const Buffer *a, const Buffer *b) { return a->first <= b->last && b->first <= a->last; }

// The lowest offset at which `buffer` overlaps none of those already placed that are live with it.
static int64_t first_fit(const Buffer *const *placed, size_t count, const Buffer *buffer) {
    int64_t at = 0;
    for (size_t i = 0; i < count; i++) { // placed is sorted by offset
        const Buffer *other = placed[i];
        if (!overlaps_in_time(other, buffer)) continue;
        if (at + bytes_of(buffer) <= other->offset) break;
        int64_t end = other->offset + bytes_of(other);
        if (end > at) at = end;
    }
    return at;
}

static int64_t place_all(Schedule *s, bool per_block) {
    const Buffer **placed = NEW_ARRAY(s->arena, const Buffer *, s->g->count);
    size_t count = 0;
    int64_t total = 0;
    for (size_t o = 0; o < s->order_count; o++) {
        const Group *group = &s->groups.items[s->order[o]];
        for (size_t m = 0; m < group->members.count; m++) {
            Buffer *buffer = &s->buffers[group->members.items[m]];
            if (!buffer->used || (buffer->per_block != 0) != per_block) continue;
            buffer->offset = first_fit(placed, count, buffer);
            size_t i = count++;
            for (; i > 0 && placed[i - 1]->offset > buffer->offset; i--) placed[i] = placed[i - 1];
            placed[i] = buffer;
            int64_t end = buffer->offset + bytes_of(buffer);
            if (end > total) total = end;
        }
    }
    return total;
}

// A group at `place` reads what its members' operands need, through nodes that are computed on the way.
static void extend(Schedule *s, NodeId id, uint32_t place, int32_t group) {
    const Node *node = graph_node(s->g, id);
    for (uint32_t i = 0; i < node->operand_count; i++) {
        NodeId operand = node->operands[i];
        if (s->kept[operand]) {
            if (s->buffers[operand].last < place) s->buffers[operand].last = place;
        } else if (s->group_of[operand] != group) extend(s, operand, place, group);
    }
}

void schedule_memory(Schedule *s) {
    s->buffers = NEW_ARRAY(s->arena, Buffer, s->g->count);
    for (NodeId id = 0; id < s->g->count; id++) {
        if (!s->needed[id] || !s->kept[id]) continue;
        const Node *node = graph_node(s->g, id);
        Dim count = shape_count(&node->shape);
        int64_t element = (int64_t)dtype_size(node->dtype);
        uint32_t place = s->groups.items[s->group_of[id]].place;
        Buffer *buffer = &s->buffers[id];
        *buffer = (Buffer){.used = true, .first = place, .last = place};
        if (count.batch) buffer->per_block = round_up(count.size * element * 16, 64);
        else buffer->fixed = round_up(count.size * element, 64);
    }
    uint32_t end = (uint32_t)s->order_count;
    for (size_t o = 0; o < s->order_count; o++) {
        const Group *group = &s->groups.items[s->order[o]];
        for (size_t m = 0; m < group->members.count; m++) extend(s, group->members.items[m], (uint32_t)o, (int32_t)s->order[o]);
    }
    for (size_t i = 0; i < s->entry->output_count; i++) {
        const Output *output = &s->entry->outputs[i];
        if (output->role == OUTPUT_METRIC || output->role == OUTPUT_RESULT) s->buffers[output->node].last = end;
    }
    for (size_t i = 0; i < s->writes.count; i++)
        if (!s->writes.items[i].in_place) s->buffers[s->writes.items[i].node].last = end;
    // Small groups that share a kernel run in order, but a value may not take the place of one that the same kernel reads
    // through another name: what is live in a run of small groups is live in all of it.
    for (size_t o = 0; o < s->order_count; o++) {
        size_t run = o;
        while (run + 1 < s->order_count && s->groups.items[s->order[o]].small && s->groups.items[s->order[run + 1]].small)
            run++;
        for (NodeId id = 0; run > o && id < s->g->count; id++) {
            Buffer *buffer = &s->buffers[id];
            if (!buffer->used) continue;
            if (buffer->first > o && buffer->first <= run) buffer->first = (uint32_t)o;
            if (buffer->last >= o && buffer->last < run) buffer->last = (uint32_t)run;
        }
        o = run;
    }
    // What is only written to a variable in place needs no memory of its own.
    for (size_t i = 0; i < s->writes.count; i++) {
        const VarWrite *write = &s->writes.items[i];
        Buffer *buffer = &s->buffers[write->node];
        if (write->in_place && buffer->last == buffer->first) {
            bool read = false; // by a later member of a run of small groups
            for (NodeId id = 0; id < s->g->count && !read; id++)
                for (uint32_t j = 0; s->needed[id] && j < s->g->nodes[id].operand_count; j++)
                    read |= s->g->nodes[id].operands[j] == write->node && s->group_of[id] != s->group_of[write->node];
            if (!read) buffer->used = false;
        }
    }
    s->out->workspace_fixed = place_all(s, false);
    s->out->workspace_per_block = place_all(s, true);
}

PlanRef buffer_ref(const Schedule *s, NodeId id) {
    const Buffer *buffer = &s->buffers[id];
    if (!buffer->used) BUG("%%%u is read but not kept", id);
    PlanRef ref = {.space = SPACE_WORKSPACE, .fixed = buffer->offset};
    if (buffer->per_block) ref.fixed = s->out->workspace_fixed, ref.per_block = buffer->offset;
    return ref;
}
