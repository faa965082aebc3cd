// The mask of a relu, read from its result.
//
//     c = x <= 0;  y = where(c, 0, x);  dx = where(c, 0, dy)
//
// The backward pass would need x, or the mask, besides y, which the next layer saves anyway. Since y <= 0 holds exactly where
// x <= 0 does (also for NaN), users of c other than y's own where take y <= 0: then x needs no memory. The same with
// c = x > 0, y = where(c, x, 0), and with a leaky relu's slope ≥ 0 in place of 0.
//
// Requires, preserves: a graph in which every node is needed. Leaves nodes behind that nothing uses.
#include "simplify/rewrite.h"

typedef struct Relu {
    NodeId condition, x, zero; // c, x and the constant 0 it is compared with
    bool found;
} Relu;

// x · slope with slope ≥ 0, or the constant 0: what a relu gives where it is closed.
static bool is_closed_branch(const Graph *g, NodeId id, NodeId x) {
    const Node *node = graph_node(g, id);
    if (node_is_splat(g, id)) return node->attr.constant.number == 0;
    return node->op == OP_MUL && node->operands[0] == x && node_is_splat(g, node->operands[1]) &&
           graph_node(g, node->operands[1])->attr.constant.number >= 0;
}

static Relu match(const Graph *g, const Node *node) {
    Relu relu = {.condition = NODE_NONE};
    if (node->op != OP_WHERE || !dtype_is_float(node->dtype)) return relu;
    const Node *test = graph_node(g, node->operands[0]);
    if (test->op != OP_LE && test->op != OP_GT) return relu;
    NodeId x = test->operands[0], zero = test->operands[1];
    if (!node_is_splat(g, zero) || graph_node(g, zero)->attr.constant.number != 0) return relu;
    NodeId open = node->operands[test->op == OP_LE ? 2 : 1], closed = node->operands[test->op == OP_LE ? 1 : 2];
    if (open != x || !is_closed_branch(g, closed, x)) return relu;
    return (Relu){.condition = node->operands[0], .x = x, .zero = zero, .found = true};
}

// Whether x is used by the test, the relu and the relu's slope alone, and the test by others than the relu.
static bool is_worth_it(const Graph *g, const uint32_t *uses, NodeId y, const Relu *relu) {
    const Node *node = graph_node(g, y), *test = graph_node(g, relu->condition);
    NodeId closed = node->operands[test->op == OP_LE ? 1 : 2];
    uint32_t expected = node_is_splat(g, closed) ? 2 : 3;
    return uses[relu->x] == expected && uses[relu->condition] > 1;
}

static Graph *copy_graph(const Graph *g) {
    Graph *copy = NEW(g->arena, Graph);
    *copy = *g;
    copy->nodes = NULL;
    copy->count = copy->capacity = 0;
    return copy;
}

Graph *simplify_saved_relu(Graph *g, Output *outputs, size_t count, uint32_t *changed) {
    Arena *scratch = arena_new();
    uint32_t *uses = NEW_ARRAY(scratch, uint32_t, g->count + 1u);
    for (size_t i = 0; i < count; i++) uses[outputs[i].node]++;
    for (NodeId id = 0; id < g->count; id++) {
        const Node *node = graph_node(g, id);
        for (uint32_t i = 0; i < node->operand_count; i++) uses[node->operands[i]]++;
    }
    // Users of a test precede or follow the relu, so each node of the test is mapped to the relu's once that exists.
    NodeId *map = NEW_ARRAY(scratch, NodeId, g->count + 1u), *replaced = NEW_ARRAY(scratch, NodeId, g->count + 1u);
    for (NodeId id = 0; id < g->count; id++) replaced[id] = NODE_NONE;
    Graph *copy = copy_graph(g);
    for (NodeId id = 0; id < g->count; id++) {
        const Node *node = graph_node(g, id);
        NodeId *operands = NEW_ARRAY(scratch, NodeId, node->operand_count + 1u);
        for (uint32_t i = 0; i < node->operand_count; i++) {
            NodeId from = node->operands[i];
            operands[i] = replaced[from] != NODE_NONE ? replaced[from] : map[from];
            *changed += replaced[from] != NODE_NONE;
        }
        copy->span = node->span;
        copy->site = node->site;
        map[id] = graph_append(copy, node->op, operands, node->operand_count, &node->attr, node->shape, node->dtype);
        copy->nodes[map[id]].name = node->name;
        Relu relu = match(g, node);
        if (!relu.found || replaced[relu.condition] != NODE_NONE || !is_worth_it(g, uses, id, &relu)) continue;
        NodeId test[] = {map[id], map[relu.zero]};
        replaced[relu.condition] = graph_append(copy, graph_node(g, relu.condition)->op, test, 2, NULL, node->shape, DT_BOOL);
    }
    if (*changed) {
        for (size_t i = 0; i < count; i++) outputs[i].node = map[outputs[i].node];
    }
    arena_free(scratch);
    return *changed ? copy : g;
}
