// Reshapes across the batch. Values lie in memory with the batch outermost, wherever it stands in their shape: so a reshape
// that moves elements between the batch and the axes before it, such as (3, N, 4) → (3·N, 4), changes their order by distances
// that only the run knows. Here it becomes slices and concatenations, whose parts begin at multiples of N.
#include "ir/build.h"
#include "schedule/internal.h"

// A shape as three axes: all before the batch, the batch, all behind it.
static Shape in_three(const Shape *shape, uint32_t batch) {
    Shape three = {.rank = 3, .dim = {{1, false}, shape->dim[batch], {1, false}}};
    for (uint32_t i = 0; i < shape->rank; i++)
        if (i != batch) three.dim[i < batch ? 0 : 2].size *= shape->dim[i].size;
    return three;
}

static bool crosses(const Graph *g, const Node *node) {
    if (node->op != OP_RESHAPE) return false;
    const Shape *from = &graph_node(g, node->operands[0])->shape;
    uint32_t a, b;
    if (!shape_batch_axis(from, &a) || !shape_batch_axis(&node->shape, &b)) return false;
    Shape x = in_three(from, a), y = in_three(&node->shape, b);
    return x.dim[0].size != y.dim[0].size || (x.dim[0].size != 1 && x.dim[2].size != y.dim[2].size);
}

// The elements of x, of shape (before, batch, behind), one after the other.
static NodeId flattened(Arena *arena, Graph *g, NodeId x, Shape three) {
    size_t count = (size_t)three.dim[0].size;
    Shape flat = {.rank = 1, .dim = {{three.dim[1].size * three.dim[2].size, true}}};
    NodeId *parts = NEW_ARRAY(arena, NodeId, count);
    for (size_t i = 0; i < count; i++)
        parts[i] = build_reshape(g, build_slice(g, x, 0, (Dim){(int64_t)i, false}, (Dim){1, false}, 1), flat);
    return count == 1 ? parts[0] : build_concat(g, parts, count, 0);
}

// And back.
static NodeId in_rows(Arena *arena, Graph *g, NodeId x, Shape three) {
    size_t count = (size_t)three.dim[0].size;
    Shape row = three;
    row.dim[0].size = 1;
    Dim size = {three.dim[1].size * three.dim[2].size, true};
    NodeId *parts = NEW_ARRAY(arena, NodeId, count);
    for (size_t i = 0; i < count; i++)
        parts[i] = build_reshape(g, build_slice(g, x, 0, (Dim){(int64_t)i * size.size, true}, size, 1), row);
    return count == 1 ? parts[0] : build_concat(g, parts, count, 0);
}

static NodeId lower(Arena *arena, Graph *g, const Node *node, NodeId x) {
    uint32_t a = 0, b = 0;
    Shape from = graph_node(g, x)->shape;
    shape_batch_axis(&from, &a);
    shape_batch_axis(&node->shape, &b);
    Shape before = in_three(&from, a), after = in_three(&node->shape, b);
    NodeId flat = flattened(arena, g, build_reshape(g, x, before), before);
    return build_reshape(g, in_rows(arena, g, flat, after), node->shape);
}

const Graph *schedule_lower(Arena *arena, const Graph *g, Output *outputs, size_t count) {
    bool any = false;
    for (NodeId id = 0; id < g->count; id++) any |= crosses(g, &g->nodes[id]);
    if (!any) return g;
    Graph *lowered = graph_new(arena, g->diag, g->float_type);
    NodeId *now = NEW_ARRAY(arena, NodeId, g->count);
    for (NodeId id = 0; id < g->count; id++) {
        const Node *node = &g->nodes[id];
        lowered->span = node->span;
        lowered->site = node->site;
        if (crosses(g, node)) {
            now[id] = lower(arena, lowered, node, now[node->operands[0]]);
            continue;
        }
        NodeId *operands = NEW_ARRAY(arena, NodeId, node->operand_count + 1u);
        for (uint32_t i = 0; i < node->operand_count; i++) operands[i] = now[node->operands[i]];
        now[id] = graph_append(lowered, node->op, operands, node->operand_count, &node->attr, node->shape, node->dtype);
        lowered->nodes[now[id]].name = node->name;
    }
    for (size_t i = 0; i < count; i++) outputs[i].node = now[outputs[i].node];
    return lowered;
}
