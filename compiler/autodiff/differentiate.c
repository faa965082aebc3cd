// Reverse mode, graph to graph. Only what lies on a path from a wanted x to y is differentiated; contributions to one node
// are added in the order of its users from last to first, so the result is the same every time.
//
// Requires a verified graph; appends to it and leaves what is there alone.
#include "autodiff/differentiate.h"

#include "autodiff/rule.h"

#define X(id, name, operands, class) extern const GradientRule gradient_rule_##id;
#include "ir/ops.def"
#undef X

const GradientRule *const gradient_rules[OP_COUNT] = {
#define X(id, name, operands, class) [OP_##id] = &gradient_rule_##id,
#include "ir/ops.def"
#undef X
};

typedef struct Reverse {
    Graph *g;
    NodeId y;
    bool *active;    // lies on a path from some wanted x to y; by NodeId up to y
    NodeId *adjoint; // dy/dnode so far, or NODE_NONE
} Reverse;

// Operands through which a gradient flows.
static bool carries(const Graph *g, const Node *node, uint32_t i) {
    return gradient_rules[node->op]->kind == GRADIENT_RULE && dtype_is_float(graph_node(g, node->operands[i])->dtype);
}

static void find_active(Reverse *r, Arena *scratch, const NodeId *wrt, size_t count) {
    bool *reaches_y = NEW_ARRAY(scratch, bool, r->y + 1u);
    for (size_t i = 0; i < count; i++) {
        if (wrt[i] <= r->y) r->active[wrt[i]] = true;
    }
    for (NodeId id = 0; id <= r->y; id++) {
        const Node *node = graph_node(r->g, id);
        if (!dtype_is_float(node->dtype)) continue;
        for (uint32_t i = 0; i < node->operand_count; i++) {
            if (carries(r->g, node, i) && r->active[node->operands[i]]) r->active[id] = true;
        }
    }
    reaches_y[r->y] = true;
    for (NodeId id = r->y + 1; id-- > 0;) {
        const Node *node = graph_node(r->g, id);
        for (uint32_t i = 0; reaches_y[id] && i < node->operand_count; i++) {
            if (carries(r->g, node, i)) reaches_y[node->operands[i]] = true;
        }
        r->active[id] = r->active[id] && reaches_y[id];
    }
}

static bool flow_through(Reverse *r, Arena *scratch, NodeId id) {
    Node node = *graph_node(r->g, id);
    bool *wanted = NEW_ARRAY(scratch, bool, node.operand_count + 1u);
    NodeId *dx = NEW_ARRAY(scratch, NodeId, node.operand_count + 1u);
    bool any = false;
    for (uint32_t i = 0; i < node.operand_count; i++) {
        dx[i] = NODE_NONE;
        wanted[i] = carries(r->g, &node, i) && r->active[node.operands[i]];
        any |= wanted[i];
    }
    if (!any) return true;
    // The new nodes belong to the line and the layer of the node that they differentiate.
    r->g->span = node.span;
    r->g->site = node.site;
    Adjoint adjoint = {.g = r->g, .y = id, .dy = r->adjoint[id], .node = node, .wanted = wanted, .dx = dx};
    gradient_rules[node.op]->function(&adjoint);
    for (uint32_t i = 0; i < node.operand_count; i++) {
        if (!wanted[i]) continue;
        NodeId *sum = &r->adjoint[node.operands[i]];
        *sum = *sum == NODE_NONE ? dx[i] : build_binary(r->g, OP_ADD, *sum, dx[i]);
        if (dx[i] == NODE_NONE || *sum == NODE_NONE) return false; // the mistake is reported
    }
    return true;
}

static bool check_arguments(Graph *g, NodeId y, const NodeId *wrt, size_t count) {
    if (y == NODE_NONE) return false;
    const Node *node = graph_node(g, y);
    if (node->shape.rank != 0 || !dtype_is_float(node->dtype)) {
        graph_error(g, MSG(GRAD_OF_SCALAR), dtype_text(node->dtype), shape_text(g->arena, &node->shape));
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (wrt[i] == NODE_NONE) return false;
        if (dtype_is_float(graph_node(g, wrt[i])->dtype)) continue;
        graph_error(g, MSG(GRAD_WRT_TYPE), dtype_text(graph_node(g, wrt[i])->dtype));
        return false;
    }
    return true;
}

bool differentiate(Graph *g, NodeId y, const NodeId *wrt, size_t count, NodeId *grads) {
    if (!check_arguments(g, y, wrt, count)) return false;
    Span span = g->span;
    const CallSite *site = g->site;
    Arena *scratch = arena_new();
    Reverse r = {.g = g, .y = y, .active = NEW_ARRAY(scratch, bool, y + 1u), .adjoint = NEW_ARRAY(scratch, NodeId, y + 1u)};
    find_active(&r, scratch, wrt, count);
    for (NodeId id = 0; id <= y; id++) r.adjoint[id] = NODE_NONE;
    r.adjoint[y] = build_full(g, shape_scalar(), graph_node(g, y)->dtype, 1);
    bool done = r.adjoint[y] != NODE_NONE;
    for (NodeId id = y + 1; done && id-- > 0;) {
        if (r.active[id] && r.adjoint[id] != NODE_NONE) done = flow_through(&r, scratch, id);
    }
    g->span = span;
    g->site = site;
    for (size_t i = 0; done && i < count; i++) {
        NodeId sum = wrt[i] <= y ? r.adjoint[wrt[i]] : NODE_NONE;
        grads[i] = sum == NODE_NONE ? build_zeros_like(g, wrt[i]) : sum;
        done = grads[i] != NODE_NONE;
    }
    arena_free(scratch);
    return done;
}
