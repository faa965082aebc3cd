// Warnings about what a model computes, found in its graph and not by the names of its layers: the training forward and its
// loss, before anything is differentiated.
#include "elaborate/whole.h"

// What is known of the graph's nodes, each an array over them.
typedef struct Survey {
    Eval *eval;
    const Graph *g;
    bool *in_loss;       // the loss needs it
    bool *reached;       // the loss or the model's outputs do
    bool *from_input;    // its value depends on the model's input
    bool *learned;       // its value depends on parameters that training changes, and on no input
    uint32_t *consumers; // reached nodes that read it
} Survey;

static const Node *node_of(const Survey *s, NodeId id) { return graph_node(s->g, id); }

static void reach(Survey *s, const Value *value) {
    if (value->kind == VALUE_TENSOR) s->reached[value->tensor] = true;
    bool list = value->kind == VALUE_TUPLE || value->kind == VALUE_LIST;
    for (size_t i = 0; list && i < value->list->count; i++) reach(s, &value->list->items[i]);
}

static const Parameter *parameter_of(const Survey *s, const Node *node) { return s->eval->parameters.items[node->attr.index]; }

static Survey survey(Eval *eval, const Whole *whole) {
    uint32_t count = eval->graph->count;
    Survey s = {eval,
                eval->graph,
                NEW_ARRAY(eval->arena, bool, count),
                NEW_ARRAY(eval->arena, bool, count),
                NEW_ARRAY(eval->arena, bool, count),
                NEW_ARRAY(eval->arena, bool, count),
                NEW_ARRAY(eval->arena, uint32_t, count)};
    s.in_loss[whole->training.loss] = s.reached[whole->training.loss] = true;
    reach(&s, &whole->training.output);
    for (NodeId i = count; i-- > 0;) {
        const Node *node = node_of(&s, i);
        for (uint32_t k = 0; s.reached[i] && k < node->operand_count; k++) {
            s.reached[node->operands[k]] = true;
            s.in_loss[node->operands[k]] |= s.in_loss[i];
            s.consumers[node->operands[k]]++;
        }
    }
    for (NodeId i = 0; i < count; i++) {
        const Node *node = node_of(&s, i);
        s.from_input[i] = node->op == OP_INPUT && !eval->program->inputs[node->attr.index].target;
        bool learned = node->op == OP_VAR && parameter_of(&s, node)->kind == VAR_PARAM && !parameter_of(&s, node)->frozen;
        for (uint32_t k = 0; k < node->operand_count; k++) {
            s.from_input[i] |= s.from_input[node->operands[k]];
            learned |= s.learned[node->operands[k]];
        }
        s.learned[i] = learned && !s.from_input[i];
    }
    return s;
}

// ---- unused-parameter, no-effect
static void unused_parameters(const Survey *s, const Whole *whole) {
    for (size_t i = 0; i < whole->variables.count;) {
        const Parameter *first = whole->variables.items[i];
        const char *names = NULL;
        size_t count = 0;
        for (; i < whole->variables.count; i++) { // those of one layer are said together
            const Parameter *p = whole->variables.items[i];
            if (p->user_span.file != first->user_span.file || p->user_span.begin != first->user_span.begin) break;
            if (p->kind != VAR_PARAM || s->in_loss[p->var]) continue;
            names = count++ ? arena_printf(s->eval->arena, "%s, %s", names, p->name) : p->name;
        }
        if (!count) continue;
        diag_warning(s->eval->diag, WARNING_UNUSED_PARAMETER, first->user_span, MSG(UNUSED_PARAMETER), names,
                     count > 1 ? "take" : "takes");
    }
}

static void ignored_input(const Survey *s, Span model) {
    for (NodeId i = 0; i < s->g->count; i++) {
        if (s->reached[i] && s->from_input[i]) return;
    }
    diag_warning(s->eval->diag, WARNING_NO_EFFECT, model, MSG(INPUT_IGNORED));
}

// ---- double-softmax: exp(x) / sum(exp(x)) inside log(sum(exp(…))), along the same axes
static NodeId strip(const Survey *s, NodeId x) {
    while (node_of(s, x)->op == OP_RESHAPE || node_of(s, x)->op == OP_EXPAND || node_of(s, x)->op == OP_CAST)
        x = node_of(s, x)->operands[0];
    return x;
}

// The x of sum(exp(x)) over axes, or NODE_NONE.
static NodeId sum_of_exp(const Survey *s, NodeId id, uint32_t *axes) {
    const Node *sum = node_of(s, strip(s, id));
    if (sum->op != OP_SUM || node_of(s, sum->operands[0])->op != OP_EXP) return NODE_NONE;
    *axes = sum->attr.reduce.axes;
    return node_of(s, sum->operands[0])->operands[0];
}

static bool is_normalised(const Survey *s, NodeId id, uint32_t axes) {
    const Node *node = node_of(s, id);
    uint32_t own;
    if (node->op != OP_DIV || node_of(s, node->operands[0])->op != OP_EXP) return false;
    NodeId x = sum_of_exp(s, node->operands[1], &own);
    return x != NODE_NONE && own == axes && x == node_of(s, node->operands[0])->operands[0];
}

static void double_softmax(const Survey *s) {
    for (NodeId i = 0; i < s->g->count; i++) {
        const Node *node = node_of(s, i);
        uint32_t axes;
        if (!s->reached[i] || node->op != OP_LOG) continue;
        NodeId x = sum_of_exp(s, node->operands[0], &axes);
        if (x == NODE_NONE) continue;
        if (node_of(s, x)->op == OP_SUB) x = node_of(s, x)->operands[0]; // less its maximum
        if (!is_normalised(s, x, axes)) continue;
        diag_warning(s->eval->diag, WARNING_DOUBLE_SOFTMAX, node_of(s, x)->span, MSG(DOUBLE_SOFTMAX));
        diag_note(s->eval->diag, node->span, MSG(NOTE_ONCE_MORE));
        diag_hint(s->eval->diag, MSG(HINT_DOUBLE_SOFTMAX));
    }
}

// ---- linear-linear: (x @ A + b) @ C where nobody else sees what is between
// Whether the node is x @ A with a learned matrix A.
static bool is_linear_map(const Survey *s, NodeId id) {
    const Node *node = node_of(s, id);
    if (node->op != OP_MATMUL || node->attr.matmul.transpose_a) return false;
    return s->from_input[node->operands[0]] && s->learned[node->operands[1]] && node_of(s, node->operands[1])->shape.rank == 2;
}

static Dim last_dim(const Node *node) { return node->shape.rank ? node->shape.dim[node->shape.rank - 1] : (Dim){1, false}; }

// What the node is an affine function of, element by element or by moving whole rows; NODE_NONE when it is none.
static NodeId affine_in(const Survey *s, NodeId id) {
    const Node *node = node_of(s, id);
    const NodeId *x = node->operands;
    switch (node->op) {
    case OP_NEG:
    case OP_CAST:
    case OP_EXPAND: return x[0];
    case OP_RESHAPE: return dim_equal(last_dim(node), last_dim(node_of(s, x[0]))) ? x[0] : NODE_NONE;
    case OP_ADD:
    case OP_SUB:
    case OP_MUL:
        if (s->from_input[x[0]] && s->from_input[x[1]]) return NODE_NONE;
        return s->from_input[x[0]] ? x[0] : x[1];
    case OP_DIV: return s->from_input[x[1]] ? NODE_NONE : x[0];
    case OP_WHERE: // a mask that does not come from the data
        if (s->from_input[x[0]] || (s->from_input[x[1]] && s->from_input[x[2]])) return NODE_NONE;
        return s->from_input[x[1]] ? x[1] : x[2];
    default: return NODE_NONE;
    }
}

// A row of a table, chosen by an integer, is written as a product too.
static bool is_lookup(const Survey *s, NodeId map) {
    NodeId x = node_of(s, map)->operands[0];
    for (;;) {
        const Node *node = node_of(s, x);
        if (node->op == OP_CAST && !dtype_is_float(node_of(s, node->operands[0])->dtype)) return true;
        if (node->op != OP_RESHAPE && node->op != OP_EXPAND && node->op != OP_PERMUTE && node->op != OP_CAST) return false;
        x = node->operands[0];
    }
}

static void linear_linear(const Survey *s) {
    for (NodeId i = 0; i < s->g->count; i++) {
        if (!s->reached[i] || !is_linear_map(s, i)) continue;
        NodeId x = node_of(s, i)->operands[0];
        while (x != NODE_NONE && s->consumers[x] == 1 && s->from_input[x] && !is_linear_map(s, x)) x = affine_in(s, x);
        if (x == NODE_NONE || s->consumers[x] != 1 || !is_linear_map(s, x) || is_lookup(s, x)) continue;
        int64_t in = last_dim(node_of(s, node_of(s, x)->operands[0])).size, inner = last_dim(node_of(s, x)).size;
        int64_t out = last_dim(node_of(s, i)).size;
        if (inner < in && inner < out) continue; // a bottleneck: the two together are less than one map could be
        diag_warning(s->eval->diag, WARNING_LINEAR_LINEAR, node_of(s, i)->span, MSG(LINEAR_LINEAR), (long long)in,
                     (long long)inner, (long long)out, (long long)in, (long long)out);
        diag_note(s->eval->diag, node_of(s, x)->span, MSG(NOTE_FIRST_MAP));
        diag_hint(s->eval->diag, MSG(HINT_LINEAR_LINEAR));
    }
}

// ---- zero-weights: with them a later map sees nothing of the input, though its operand is computed from it
static bool is_zero_node(const Survey *s, NodeId id) {
    const Node *node = node_of(s, strip(s, id));
    bool drawn = node->op == OP_DRAW && (node->attr.draw.kind == DRAW_UNIFORM || node->attr.draw.kind == DRAW_NORMAL);
    if (drawn) return node->attr.draw.a == 0 && node->attr.draw.b == 0;
    if (node->op != OP_CONST || node->attr.constant.data) return false;
    return dtype_is_float(node->dtype) ? node->attr.constant.number == 0 : node->attr.constant.integer == 0;
}

static bool keeps_zero(Op op) {
    static const Op ops[] = {OP_NEG,   OP_ABS,  OP_SIGN,          OP_SQRT,  OP_SIN, OP_ATAN, OP_TANH, OP_ERF, OP_FLOOR,
                             OP_ROUND, OP_CAST, OP_STOP_GRADIENT, OP_LOG1P, OP_SUM, OP_MAX,  OP_MIN,  OP_PROD};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if (ops[i] == op) return true;
    }
    return op_info[op].class == CLASS_MOVEMENT;
}

// Whether the node is zero when `zero` says which of its operands are.
static bool becomes_zero(const Node *node, const bool *zero) {
    uint32_t zeros = 0;
    for (uint32_t k = 0; k < node->operand_count; k++) zeros += zero[node->operands[k]];
    if (node->op == OP_MUL || op_info[node->op].class == CLASS_CONTRACTION) return zeros > 0;
    if (node->op == OP_DIV) return zero[node->operands[0]];
    bool all = node->op == OP_ADD || node->op == OP_SUB || node->op == OP_MAXIMUM || node->op == OP_MINIMUM;
    return node->operand_count && zeros == node->operand_count && (all || keeps_zero(node->op));
}

// Which values depend on the input at first, when the parameter with node `weights` (or NODE_NONE) is zero.
static bool *first_dependence(const Survey *s, NodeId weights, const bool *from_input) {
    bool *zero = NEW_ARRAY(s->eval->arena, bool, s->g->count), *depends = NEW_ARRAY(s->eval->arena, bool, s->g->count);
    for (NodeId i = 0; i < s->g->count; i++) {
        const Node *node = node_of(s, i);
        zero[i] = i == weights || (node->op == OP_CONST && is_zero_node(s, i)) || becomes_zero(node, zero);
        depends[i] = node->op == OP_INPUT && from_input[i];
        for (uint32_t k = 0; k < node->operand_count; k++) depends[i] |= depends[node->operands[k]];
        depends[i] &= !zero[i];
    }
    return depends;
}

static Span initial_span(const Eval *eval, const Parameter *parameter) {
    Span span = parameter->user_span;
    for (size_t i = 0; i < eval->overrides.count; i++) {
        const Override *path = eval->overrides.items[i];
        for (size_t k = 0; !path->option && k < path->targets.count; k++) {
            if (path->targets.items[k] == parameter) span = path->value_span;
        }
    }
    return span;
}

static void zero_weights(const Survey *s, const Whole *whole) {
    const bool *usual = NULL;
    for (size_t p = 0; p < whole->variables.count; p++) {
        const Parameter *parameter = whole->variables.items[p];
        bool candidate = parameter->kind == VAR_PARAM && parameter->shape.rank >= 2 && s->reached[parameter->var] &&
                         parameter->initial != NODE_NONE && is_zero_node(s, parameter->initial);
        if (!candidate) continue;
        if (!usual) usual = first_dependence(s, NODE_NONE, s->from_input);
        const bool *depends = first_dependence(s, parameter->var, s->from_input);
        for (NodeId i = 0; i < s->g->count; i++) {
            if (!s->reached[i] || !is_linear_map(s, i)) continue;
            NodeId x = node_of(s, i)->operands[0];
            if (!usual[x] || depends[x]) continue;
            diag_warning(s->eval->diag, WARNING_ZERO_WEIGHTS, initial_span(s->eval, parameter), MSG(ZERO_WEIGHTS),
                         parameter->name);
            diag_note(s->eval->diag, node_of(s, i)->span, MSG(NOTE_SEES_NOTHING));
            diag_hint(s->eval->diag, MSG(HINT_ZERO_WEIGHTS));
            break;
        }
    }
}

void warn_about_graph(Eval *eval, const Whole *whole) {
    Survey s = survey(eval, whole);
    unused_parameters(&s, whole);
    ignored_input(&s, scope_find_here(eval->top, "model")->span);
    double_softmax(&s);
    linear_linear(&s);
    zero_weights(&s, whole);
}
