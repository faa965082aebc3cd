// An op of the graph: what it computes, an example of its shapes from its row in the table, and its gradient.
#include "elaborate/explain_parts.h"
#include "ir/op.h"

static const char *const letters[] = {"a", "b", "c", "d"};

static bool find_op(const char *name, Op *op) {
    for (int i = 0; i < OP_COUNT; i++) {
        *op = (Op)i;
        if (!strcmp(op_info[i].name, name)) return true;
    }
    return false;
}

// The type of operand i: the first that the op allows, or a condition.
static DType operand_type(const OpDef *def, Op op, size_t i) {
    bool condition = (op == OP_WHERE && i == 0) || (op == OP_CHECKED && i == 1);
    if (condition || !(def->dtypes & DTYPES_NUMBER)) return DT_BOOL;
    return def->dtypes & DTYPES_FLOAT ? DT_F32 : DT_I64;
}

static void tell_sample(Explainer *e, Op op, const OpDef *def, const OpSample *sample) {
    Graph *g = e->eval->graph;
    NodeId operands[4];
    size_t count = 0;
    e->call = arena_printf(e->eval->arena, "%s(", op_info[op].name);
    for (const char *text = sample->operands; *text == '(' && count < 4; text += *text == ' ') {
        Shape shape = explain_shape(&text);
        operands[count] = explain_tensor(e, letters[count], shape, operand_type(def, op, count));
        if (operands[count] == NODE_NONE) return;
        e->call = arena_printf(e->eval->arena, "%s%s%s", e->call, count ? ", " : "", letters[count]);
        count++;
    }
    e->call = arena_printf(e->eval->arena, "%s)", e->call);
    const char *result = sample->result;
    Shape shape = result ? explain_shape(&result) : shape_scalar();
    NodeId y = graph_append(g, op, operands, count, &sample->attr, shape, g->float_type);
    if (y == NODE_NONE) return;
    explain_example(e, y);
    explain_derivation(e, "y", y);
}

bool explain_op(Explainer *e, const char *name) {
    Op op;
    if (!find_op(name, &op)) return false;
    const OpDef *def = op_defs[op];
    strbuf_printf(e->out, "%s: an op of the graph (%s)\n%s\n", name, op_class_text(op_info[op].class), def->doc);
    if (def->samples && def->samples->operands) tell_sample(e, op, def, def->samples);
    return true;
}
