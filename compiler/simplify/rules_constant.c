// Constants: what is known when compiling is computed when compiling, exactly as the interpreter would.
#include <math.h>
#include <string.h>

#include "ir/interpret.h"
#include "simplify/rewrite.h"

#define LITERAL_LIMIT 4096 // elements of a folded literal tensor

static bool all_splats(const Maker *m, const Node *node) {
    for (uint32_t i = 0; i < node->operand_count; i++) {
        const Node *x = arg(m, node, i);
        if (x->op != OP_CONST || x->attr.constant.data) return false;
    }
    return node->operand_count > 0;
}

// One element of the node's result, from one element of each operand.
static NodeId fold_elementwise(Maker *m, const Node *node) {
    if (op_info[node->op].class != CLASS_ELEMENTWISE || node->op == OP_CHECKED || !all_splats(m, node)) return NODE_NONE;
    double x[3];
    int64_t n[3];
    bool integers = true;
    for (uint32_t i = 0; i < node->operand_count; i++) {
        const Node *operand = arg(m, node, i);
        bool is_float = dtype_is_float(operand->dtype);
        n[i] = operand->attr.constant.integer;
        x[i] = is_float ? operand->attr.constant.number : (double)n[i];
        if (i + 1 == node->operand_count) integers = !is_float;
    }
    if (integers && dtype_is_float(node->dtype))
        return make_splat(m, node->shape, node->dtype, (double)interpret_int(node->op, n));
    if (dtype_is_float(node->dtype)) return make_splat(m, node->shape, node->dtype, interpret_float(node->op, x));
    Attr attr;
    memset(&attr, 0, sizeof attr);
    int64_t value = integers ? interpret_int(node->op, n) : cast_to_int(node->dtype, interpret_float(node->op, x));
    attr.constant.integer = node->dtype == DT_BOOL ? value != 0 : node->dtype == DT_U8 ? (uint8_t)value : value;
    return make(m, OP_CONST, NULL, 0, &attr, node->shape, node->dtype);
}

// Every element is the same wherever it is moved to. (Zeros may also be padded.)
static NodeId fold_movement(Maker *m, const Node *node) {
    if (op_info[node->op].class != CLASS_MOVEMENT || !all_splats(m, node)) return NODE_NONE;
    const Node *first = arg(m, node, 0);
    for (uint32_t i = 1; i < node->operand_count; i++) {
        if (!attr_equal(OP_CONST, &first->attr, &arg(m, node, i)->attr)) return NODE_NONE;
    }
    if (node->op == OP_PAD && !is_splat_of(m, node->operands[0], 0)) return NODE_NONE;
    return make(m, OP_CONST, NULL, 0, &first->attr, node->shape, node->dtype);
}

static NodeId fold_reduction(Maker *m, const Node *node) {
    if (!all_splats(m, node)) return NODE_NONE;
    const Node *x = arg(m, node, 0);
    if (node->op == OP_ARGMAX) return make_splat(m, node->shape, DT_I64, 0);
    bool keeps = node->op == OP_MAX || node->op == OP_MIN || (node->op == OP_SUM && is_splat_of(m, node->operands[0], 0)) ||
                 (node->op == OP_PROD && is_splat_of(m, node->operands[0], 1));
    return keeps ? make(m, OP_CONST, NULL, 0, &x->attr, node->shape, node->dtype) : NODE_NONE;
}

static bool is_small_constant(const Node *x) {
    Dim count = shape_count(&x->shape);
    return x->op == OP_CONST && !count.batch && count.size <= LITERAL_LIMIT;
}

// The numbers of an op on constants, in the graph's arena; NULL when they cannot be had.
static const double *interpreted(const Maker *m, const Node *node, Arena *scratch) {
    Graph *g = graph_new(scratch, m->g->diag, m->g->float_type);
    NodeId *operands = NEW_ARRAY(scratch, NodeId, node->operand_count);
    for (uint32_t i = 0; i < node->operand_count; i++) {
        const Node *x = arg(m, node, i);
        operands[i] = graph_append(g, OP_CONST, NULL, 0, &x->attr, x->shape, x->dtype);
    }
    NodeId result = graph_append(g, node->op, operands, node->operand_count, &node->attr, node->shape, node->dtype);
    Tensor *values = NEW_ARRAY(scratch, Tensor, g->count);
    if (result == NODE_NONE || !interpret(scratch, g, &(InterpretEnv){.N = 1}, &result, 1, values, NULL)) return NULL;
    const Tensor *value = &values[result];
    double *data = NEW_ARRAY(m->g->arena, double, (size_t)value->count);
    for (int64_t i = 0; i < value->count; i++) {
        data[i] = value->f ? value->f[i] : (double)value->i[i];
        if (!value->f && (int64_t)data[i] != value->i[i]) return NULL; // an integer that a double cannot hold
    }
    return data;
}

// Literal tensors go through the interpreter. EXPAND would only make them larger. What a long chain of them leaves on the way
// is never freed, so that there is a limit for all of it.
static NodeId fold_literals(Maker *m, const Node *node) {
    Dim count = shape_count(&node->shape);
    OpClass class = op_info[node->op].class;
    if (class == CLASS_SOURCE || node->op == OP_CHECKED || node->op == OP_EXPAND || count.batch || count.size > LITERAL_LIMIT) {
        return NODE_NONE;
    }
    for (uint32_t i = 0; i < node->operand_count; i++) {
        if (!is_small_constant(arg(m, node, i))) return NODE_NONE;
    }
    if (count.size > *m->foldable) return NODE_NONE;
    *m->foldable -= count.size;
    Arena *scratch = arena_new();
    const double *data = interpreted(m, node, scratch);
    arena_free(scratch);
    if (!data) return NODE_NONE;
    Attr attr;
    memset(&attr, 0, sizeof attr);
    attr.constant.data = data;
    attr.constant.count = (size_t)count.size;
    return make(m, OP_CONST, NULL, 0, &attr, node->shape, node->dtype);
}

// A literal whose numbers are all the same is one number.
static NodeId literal_to_splat(Maker *m, const Node *node) {
    if (node->op != OP_CONST || !node->attr.constant.data) return NODE_NONE;
    const double *data = node->attr.constant.data;
    for (size_t i = 1; i < node->attr.constant.count; i++) {
        if (data[i] != data[0] || signbit(data[i]) != signbit(data[0])) return NODE_NONE;
    }
    return make_splat(m, node->shape, node->dtype, data[0]);
}

static const Rewrite rows[] = {
    {"fold elementwise", "(add x (mul 2 3))", "(add x 6)", fold_elementwise},
    {"fold movement", "(mul x (reshape (3 4) (pad 0 0 4 (full (8) 0))))", "(mul x 0)", fold_movement},
    {"fold reduction", "(add v (max 0 (full (7 4) 3)))", "(add v 3)", fold_reduction},
    {"fold literals", "(mul v (add (literal 1 2 3 4) 1))", "(mul v (literal 2 3 4 5))", fold_literals},
    {"literal to splat", "(mul v (literal 5 5 5 5))", "(mul v 5)", literal_to_splat},
};
const RewriteTable constant_rewrites = {rows, sizeof rows / sizeof *rows};
