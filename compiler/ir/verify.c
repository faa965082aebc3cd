// The checker that runs after every stage: each node is what its op's shape rule says, each operand precedes its user, and
// the outputs exist. What is broken here is netc's own mistake.
#include "ir/op.h"

static void verify_node(const Graph *g, NodeId id, const char *stage) {
    const Node *node = graph_node(g, id);
    if ((unsigned)node->op >= OP_COUNT) BUG("after %s: %%%u has no op", stage, id);
    const char *name = op_info[node->op].name;
    for (uint32_t i = 0; i < node->operand_count; i++) {
        if (node->operands[i] >= id) BUG("after %s: %%%u = %s uses %%%u before it is made", stage, id, name, node->operands[i]);
    }
    OpCall call = {.arena = g->arena,
                   .nodes = g->nodes,
                   .op = node->op,
                   .operands = node->operands,
                   .count = node->operand_count,
                   .attr = &node->attr,
                   .shape = node->shape,
                   .dtype = node->dtype};
    if (!op_infer(&call)) BUG("after %s: %%%u: %s", stage, id, call.message);
    if (!shape_equal(&call.shape, &node->shape) || call.dtype != node->dtype) {
        BUG("after %s: %%%u = %s is %s %s, but its operands make it %s %s", stage, id, name, dtype_text(node->dtype),
            shape_text(g->arena, &node->shape), dtype_text(call.dtype), shape_text(g->arena, &call.shape));
    }
}

void graph_verify(const Graph *g, const Output *outputs, size_t count, const char *stage) {
    for (NodeId id = 0; id < g->count; id++) verify_node(g, id, stage);
    for (size_t i = 0; i < count; i++) {
        if (outputs[i].node >= g->count) BUG("after %s: output %zu is no node", stage, i);
        Op op = graph_node(g, outputs[i].node)->op;
        if (outputs[i].role == OUTPUT_METRIC && graph_node(g, outputs[i].node)->shape.rank != 0) {
            BUG("after %s: metric %s is no scalar", stage, outputs[i].name);
        }
        if (outputs[i].role == OUTPUT_EFFECT && op != OP_CHECKED && op != OP_DRAW) {
            BUG("after %s: output %zu is an effect, but %s has none", stage, i, op_info[op].name);
        }
    }
}
