// What a kernel costs, for profiles: the arithmetic that its groups ask for, and the memory that they must read and write.
//
// Both are those of the mathematics, not of the code: an element counts once however often a loop comes back to it. FLOPs are
// operations on floats whose result is a float: two for each product of a contraction, one for each element of an elementwise
// op or of what a reduction combines; exp counts as add does, conversions and choices not at all. Bytes are those of every
// element of a variable, input, constant or kept value that is read, once, and of those that are written, once.
#include "schedule/internal.h"

// How much of a node's value the group has asked for until now.
struct Taken {
    uint32_t by; // 1 + the group
    Dim count;
};

typedef struct Cost {
    Schedule *s;
    uint32_t index; // of the group
    Kernel *k;
} Cost;

static void add(double *fixed, double *per_n, Dim count, double each) {
    *(count.batch ? per_n : fixed) += (double)count.size * each;
}

static void add_flops(Cost *c, Dim count, double each) { add(&c->k->flops, &c->k->flops_n, count, each); }
static void add_bytes(Cost *c, Dim count, size_t each) { add(&c->k->bytes, &c->k->bytes_n, count, (double)each); }

// Of a number of elements and another that depends on N, the first is the smaller: a part of a batch is a multiple of N.
static Dim smaller(Dim a, Dim b) {
    if (a.batch != b.batch) return a.batch ? b : a;
    return a.size < b.size ? a : b;
}

// Of `wanted` elements of a node those that nobody in the group has asked for before.
static Dim take(Cost *c, NodeId id, Dim wanted) {
    struct Taken *taken = &c->s->taken[id];
    Dim all = shape_count(&graph_node(c->s->g, id)->shape), before = {0, all.batch}, after;
    if (taken->by == c->index + 1) before = taken->count;
    wanted = smaller(wanted, all);
    after = before.size == 0 ? wanted : before.batch != wanted.batch ? all : (Dim){before.size + wanted.size, wanted.batch};
    after = smaller(after, all);
    *taken = (struct Taken){c->index + 1, after};
    return after.batch == before.batch ? (Dim){after.size - before.size, after.batch} : after;
}

// Whether the value lies in memory when the group begins.
static bool is_read(const Cost *c, NodeId id) {
    const Node *node = graph_node(c->s->g, id);
    bool kept = c->s->kept[id] && c->s->group_of[id] != (int32_t)c->index && c->s->buffers[id].used;
    return kept || node->op == OP_VAR || node->op == OP_INPUT || (node->op == OP_CONST && node->attr.constant.data);
}

static void want(Cost *c, NodeId id, Dim wanted);

static void want_all(Cost *c, NodeId id) { want(c, id, shape_count(&graph_node(c->s->g, id)->shape)); }

static bool is_arithmetic(const Node *node) {
    return dtype_is_float(node->dtype) && node->op != OP_CAST && node->op != OP_WHERE && node->op != OP_CHECKED &&
           node->op != OP_STOP_GRADIENT;
}

static void want_contraction(Cost *c, const Node *node) {
    const Shape *a = &graph_node(c->s->g, node->operands[0])->shape;
    Dim k = a->dim[a->rank - (node->attr.matmul.transpose_a ? 2 : 1)], count = shape_count(&node->shape);
    count.batch |= k.batch; // one of them at most
    add_flops(c, count, 2 * (double)k.size);
    for (uint32_t i = 0; i < node->operand_count; i++) want_all(c, node->operands[i]);
}

// The group needs `wanted` elements of the node's value.
static void want(Cost *c, NodeId id, Dim wanted) {
    const Node *node = graph_node(c->s->g, id);
    Dim taken = take(c, id, wanted);
    if (taken.size == 0) return;
    if (is_read(c, id)) {
        add_bytes(c, taken, dtype_size(node->dtype));
        return;
    }
    switch (op_info[node->op].class) {
    case CLASS_SOURCE: return;
    case CLASS_CONTRACTION: want_contraction(c, node); return;
    case CLASS_REDUCTION:
        if (dtype_is_float(graph_node(c->s->g, node->operands[0])->dtype))
            add_flops(c, shape_count(&graph_node(c->s->g, node->operands[0])->shape), 1);
        want_all(c, node->operands[0]);
        return;
    case CLASS_ELEMENTWISE:
        if (is_arithmetic(node)) add_flops(c, taken, 1);
        break;
    case CLASS_MOVEMENT: break;
    }
    for (uint32_t i = 0; i < node->operand_count; i++) want(c, node->operands[i], taken);
}

void cost_group(Schedule *s, const Group *group, Kernel *k) {
    Cost c = {.s = s, .index = (uint32_t)(group - s->groups.items), .k = k};
    if (!s->taken) s->taken = NEW_ARRAY(s->arena, struct Taken, s->g->count);
    for (size_t i = 0; i < group->members.count; i++) {
        NodeId id = group->members.items[i];
        const Node *node = graph_node(s->g, id);
        Dim count = shape_count(&node->shape);
        want(&c, id, count);
        if (s->kept[id] && s->buffers[id].used) add_bytes(&c, count, dtype_size(node->dtype));
        for (size_t w = 0; w < s->writes.count; w++)
            if (s->writes.items[w].node == id && s->writes.items[w].in_place) add_bytes(&c, count, dtype_size(node->dtype));
    }
}
