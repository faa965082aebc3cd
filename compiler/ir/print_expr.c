// A node as mathematics that a person reads, for grad_fn and explanations:
//
//     t1 = exp(x - max(x, dim=1))
//     y = t1 / sum(t1, dim=1)
//
// What only adapts shapes and types (EXPAND, RESHAPE by axes of size 1, CAST between floats) is left out. What is used more
// than once, and is more than a name or a number, gets a line of its own, and so does what is nested very deeply: nobody can
// read that, and writing it recurses.
#include <stdlib.h>
#include <string.h>

#include "ir/graph.h"

enum { MOST_NESTED = 64 }; // levels of operations in a line

// How tightly an expression binds, loosest first.
typedef enum Precedence { PREC_COMPARE, PREC_SUM, PREC_PRODUCT, PREC_SIGN, PREC_POWER, PREC_ATOM } Precedence;

typedef struct Writer {
    const Graph *g;
    StrBuf *out;
    uint32_t *uses; // by NodeId: how often it is needed, seen through what is left out
    uint32_t *line; // by NodeId: n when the node has been written as tn, else 0
    uint32_t lines;
    bool names; // nodes with a name stand by it
} Writer;

static bool is_adapting(const Graph *g, const Node *node) {
    if (node->op == OP_EXPAND) return true;
    if (node->op == OP_CAST) return dtype_is_float(node->dtype) && graph_node(g, node->operands[0])->dtype != DT_BOOL;
    if (node->op != OP_RESHAPE) return false;
    const Shape *from = &graph_node(g, node->operands[0])->shape, *to = &node->shape;
    uint32_t i = 0, k = 0;
    for (;;) {
        while (i < from->rank && from->dim[i].size == 1 && !from->dim[i].batch) i++;
        while (k < to->rank && to->dim[k].size == 1 && !to->dim[k].batch) k++;
        if (i == from->rank || k == to->rank) return i == from->rank && k == to->rank;
        if (!dim_equal(from->dim[i++], to->dim[k++])) return false;
    }
}

static NodeId seen_through(const Graph *g, NodeId id) {
    while (is_adapting(g, graph_node(g, id))) id = graph_node(g, id)->operands[0];
    return id;
}

static bool is_name(const Node *node) { return op_info[node->op].class == CLASS_SOURCE; }

static bool is_atom(const Writer *w, NodeId id) {
    const Node *node = graph_node(w->g, id);
    return is_name(node) || (w->names && node->name);
}

// ---- Pieces

static void write_node(Writer *w, NodeId id, Precedence around);

static void write_number(Writer *w, const Node *node) {
    if (node->attr.constant.data) strbuf_add(w->out, "tensor([…])");
    else if (node->dtype == DT_BOOL) strbuf_add(w->out, node->attr.constant.integer ? "True" : "False");
    else if (!dtype_is_float(node->dtype)) strbuf_printf(w->out, "%lld", (long long)node->attr.constant.integer);
    else {
        char text[32]; // 0.1, not the digits of the double next to the float
        for (int digits = 1; digits <= 17; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, node->attr.constant.number);
            double back = strtod(text, NULL);
            if (node->dtype == DT_F32 ? (float)back == (float)node->attr.constant.number : back == node->attr.constant.number)
                break;
        }
        strbuf_add(w->out, text);
    }
}

static void write_source(Writer *w, const Node *node) {
    if (node->op == OP_CONST) write_number(w, node);
    else if (node->name) strbuf_add(w->out, node->name);
    else if (node->op == OP_SCALAR) strbuf_add(w->out, scalar_text(node->attr.index));
    else if (node->op == OP_VAR || node->op == OP_INPUT)
        strbuf_printf(w->out, "%s%u", op_info[node->op].name, node->attr.index);
    else strbuf_printf(w->out, "%s()", op_info[node->op].name);
}

static void write_axes(Writer *w, const Node *node) {
    uint32_t axes = node->attr.reduce.axes;
    if (node->shape.rank == 0) return; // over everything
    bool several = axes & (axes - 1);
    strbuf_add(w->out, several ? ", dim=(" : ", dim=");
    for (uint32_t i = 0, written = 0; i < MAX_RANK; i++) {
        if (axes & 1u << i) strbuf_printf(w->out, written++ ? ", %u" : "%u", i);
    }
    if (several) strbuf_add(w->out, ")");
}

static void write_call(Writer *w, const Node *node, const char *name) {
    strbuf_printf(w->out, "%s(", name);
    for (uint32_t i = 0; i < node->operand_count; i++) {
        if (i) strbuf_add(w->out, ", ");
        write_node(w, node->operands[i], PREC_COMPARE);
    }
    if (op_info[node->op].class == CLASS_REDUCTION) write_axes(w, node);
    if (node->op == OP_CONCAT) strbuf_printf(w->out, ", dim=%u", node->attr.axis);
    if (node->op == OP_RESHAPE) {
        Arena *arena = arena_new();
        if (arena) strbuf_printf(w->out, ", %s", shape_text(arena, &node->shape));
        arena_free(arena);
    }
    strbuf_add(w->out, ")");
}

// x[1:, ::2]: what is cut off, along each axis.
static void write_slice(Writer *w, const Node *node) {
    const Shape *from = &graph_node(w->g, node->operands[0])->shape;
    write_node(w, node->operands[0], PREC_ATOM);
    strbuf_add(w->out, "[");
    for (uint32_t i = 0; i < node->shape.rank; i++) {
        Dim start = node->attr.slice.start[i], size = node->shape.dim[i], whole = from->dim[i];
        int64_t step = node->attr.slice.step[i], end = start.size + (size.size - 1) * step + 1;
        if (i) strbuf_add(w->out, ", ");
        if (start.size) strbuf_printf(w->out, start.batch ? "%lld·N" : "%lld", (long long)start.size);
        strbuf_add(w->out, ":");
        if (end + step - 1 < whole.size) strbuf_printf(w->out, size.batch ? "%lld·N" : "%lld", (long long)end);
        if (step != 1) strbuf_printf(w->out, ":%lld", (long long)step);
    }
    strbuf_add(w->out, "]");
}

// pad(x, (low, high), …): zeros before and after, for each axis from the first one on; a third number is zeros in between.
static void write_pad(Writer *w, const Node *node) {
    strbuf_add(w->out, "pad(");
    write_node(w, node->operands[0], PREC_COMPARE);
    for (uint32_t i = 0; i < node->shape.rank; i++) {
        Dim low = node->attr.pad.low[i], high = node->attr.pad.high[i];
        strbuf_printf(w->out, low.batch ? ", (%lld·N" : ", (%lld", (long long)low.size);
        strbuf_printf(w->out, high.batch ? ", %lld·N" : ", %lld", (long long)high.size);
        if (node->attr.pad.interior[i]) strbuf_printf(w->out, ", %lld", (long long)node->attr.pad.interior[i]);
        strbuf_add(w->out, ")");
    }
    strbuf_add(w->out, ")");
}

static void write_permute(Writer *w, const Node *node) {
    write_node(w, node->operands[0], PREC_ATOM);
    if (node->shape.rank == 2) {
        strbuf_add(w->out, ".T");
        return;
    }
    strbuf_add(w->out, ".permute(");
    for (uint32_t i = 0; i < node->shape.rank; i++) strbuf_printf(w->out, i ? ", %u" : "%u", node->attr.permutation.axis[i]);
    strbuf_add(w->out, ")");
}

// ---- Operators

typedef struct Infix {
    const char *text;
    Precedence precedence, left, right; // what the operands must bind at least as tightly as
} Infix;

static bool infix(Op op, Infix *result) {
    switch (op) {
    case OP_ADD: *result = (Infix){" + ", PREC_SUM, PREC_SUM, PREC_SUM}; return true;
    case OP_SUB: *result = (Infix){" - ", PREC_SUM, PREC_SUM, PREC_PRODUCT}; return true;
    case OP_MUL: *result = (Infix){" * ", PREC_PRODUCT, PREC_PRODUCT, PREC_PRODUCT}; return true;
    case OP_DIV: *result = (Infix){" / ", PREC_PRODUCT, PREC_PRODUCT, PREC_SIGN}; return true;
    case OP_MATMUL: *result = (Infix){" @ ", PREC_PRODUCT, PREC_PRODUCT, PREC_SIGN}; return true;
    case OP_FLOORDIV: *result = (Infix){" // ", PREC_PRODUCT, PREC_PRODUCT, PREC_SIGN}; return true;
    case OP_MOD: *result = (Infix){" % ", PREC_PRODUCT, PREC_PRODUCT, PREC_SIGN}; return true;
    case OP_POW: *result = (Infix){" ** ", PREC_POWER, PREC_ATOM, PREC_SIGN}; return true;
    case OP_EQ: *result = (Infix){" == ", PREC_COMPARE, PREC_SUM, PREC_SUM}; return true;
    case OP_NE: *result = (Infix){" != ", PREC_COMPARE, PREC_SUM, PREC_SUM}; return true;
    case OP_LT: *result = (Infix){" < ", PREC_COMPARE, PREC_SUM, PREC_SUM}; return true;
    case OP_LE: *result = (Infix){" <= ", PREC_COMPARE, PREC_SUM, PREC_SUM}; return true;
    case OP_GT: *result = (Infix){" > ", PREC_COMPARE, PREC_SUM, PREC_SUM}; return true;
    case OP_GE: *result = (Infix){" >= ", PREC_COMPARE, PREC_SUM, PREC_SUM}; return true;
    default: return false;
    }
}

static void write_matmul_operand(Writer *w, const Node *node, uint32_t i, Precedence around) {
    bool transposed = i == 0 ? node->attr.matmul.transpose_a : node->attr.matmul.transpose_b;
    const Node *operand = graph_node(w->g, seen_through(w->g, node->operands[i]));
    if (operand->op == OP_CONST && !operand->attr.constant.data) { // the same number everywhere: its shape counts here
        Shape shape = graph_node(w->g, node->operands[i])->shape;
        Arena *scratch = arena_new();
        if (scratch) strbuf_printf(w->out, "full(%s, ", shape_text(scratch, &shape));
        arena_free(scratch);
        write_number(w, operand);
        strbuf_add(w->out, transposed ? ").T" : ")");
        return;
    }
    write_node(w, node->operands[i], transposed ? PREC_ATOM : around);
    if (transposed) strbuf_add(w->out, ".T");
}

static void write_infix(Writer *w, const Node *node, const Infix *form) {
    NodeId a = seen_through(w->g, node->operands[0]), b = seen_through(w->g, node->operands[1]);
    if (node->op == OP_MATMUL) {
        write_matmul_operand(w, node, 0, form->left);
        strbuf_add(w->out, form->text);
        write_matmul_operand(w, node, 1, form->right);
        return;
    }
    const Node *right = graph_node(w->g, b);
    bool factor = node->op == OP_MUL && right->op == OP_CONST && graph_node(w->g, a)->op != OP_CONST; // 2 * x, not x * 2
    bool minus = node->op == OP_ADD && right->op == OP_CONST && !right->attr.constant.data && right->attr.constant.number < 0;
    write_node(w, factor ? b : a, form->left);
    if (minus) { // x - 3, not x + -3
        Node positive = *right;
        positive.attr.constant.number = -right->attr.constant.number;
        strbuf_add(w->out, " - ");
        write_number(w, &positive);
        return;
    }
    strbuf_add(w->out, form->text);
    write_node(w, factor ? a : b, form->right);
}

// A product of something with itself reads as a square.
static bool is_square(const Graph *g, const Node *node) {
    return node->op == OP_MUL && seen_through(g, node->operands[0]) == seen_through(g, node->operands[1]);
}

// A sum divided by the number of its terms; the node of the sum, or NULL.
static const Node *mean_of(const Graph *g, const Node *node) {
    if (node->op != OP_DIV) return NULL;
    const Node *sum = graph_node(g, seen_through(g, node->operands[0]));
    const Node *count = graph_node(g, seen_through(g, node->operands[1]));
    if (sum->op != OP_SUM || count->op != OP_CONST || count->attr.constant.data) return NULL;
    double terms = 1;
    const Shape *shape = &graph_node(g, sum->operands[0])->shape;
    for (uint32_t i = 0; i < shape->rank; i++) {
        if (!(sum->attr.reduce.axes & 1u << i)) continue;
        if (shape->dim[i].batch) return NULL;
        terms *= (double)shape->dim[i].size;
    }
    return count->attr.constant.number == terms ? sum : NULL;
}

static Precedence precedence_of(const Graph *g, const Node *node) {
    Infix form;
    if (is_square(g, node)) return PREC_POWER;
    if (mean_of(g, node)) return PREC_ATOM;
    if (node->op == OP_NEG) return PREC_SIGN;
    if (node->op == OP_CONST && !node->attr.constant.data && node->attr.constant.number < 0) return PREC_SIGN;
    return infix(node->op, &form) ? form.precedence : PREC_ATOM;
}

static void write_whole(Writer *w, const Node *node) {
    Infix form;
    const Node *sum = mean_of(w->g, node);
    if (is_name(node)) write_source(w, node);
    else if (sum && !(w->names && sum->name)) write_call(w, sum, "mean");
    else if (is_square(w->g, node)) {
        write_node(w, node->operands[0], PREC_ATOM);
        strbuf_add(w->out, " ** 2");
    } else if (node->op == OP_NEG) {
        strbuf_add(w->out, "-");
        write_node(w, node->operands[0], PREC_SIGN);
    } else if (node->op == OP_PERMUTE) write_permute(w, node);
    else if (node->op == OP_SLICE) write_slice(w, node);
    else if (node->op == OP_PAD) write_pad(w, node);
    else if (infix(node->op, &form)) write_infix(w, node, &form);
    else write_call(w, node, op_info[node->op].name);
}

static void write_node(Writer *w, NodeId id, Precedence around) {
    id = seen_through(w->g, id);
    if (w->line[id]) {
        strbuf_printf(w->out, "t%u", w->line[id]);
        return;
    }
    const Node *node = graph_node(w->g, id);
    if (w->names && node->name) {
        strbuf_add(w->out, node->name);
        return;
    }
    bool parentheses = precedence_of(w->g, node) < around;
    if (parentheses) strbuf_add(w->out, "(");
    write_whole(w, node);
    if (parentheses) strbuf_add(w->out, ")");
}

// How often each node is needed, seen through what is left out; what is an atom needs nothing itself.
static void count_uses(Writer *w, NodeId root) {
    for (NodeId at = root + 1; at-- > 0;) {
        const Node *node = graph_node(w->g, at);
        if (!w->uses[at] || (at != root && is_atom(w, at))) continue;
        bool square = is_square(w->g, node); // written once
        for (uint32_t i = 0; i < (square ? 1 : node->operand_count); i++) w->uses[seen_through(w->g, node->operands[i])]++;
    }
}

// How many levels of other operations stand in a node that has no line of its own. depth: by NodeId, 0 for what is an atom.
static uint32_t depth_of(const Writer *w, NodeId id, const uint32_t *depth) {
    const Node *node = graph_node(w->g, id);
    uint32_t most = 0;
    for (uint32_t i = 0; i < node->operand_count; i++) {
        uint32_t inner = depth[seen_through(w->g, node->operands[i])];
        if (inner > most) most = inner;
    }
    return most + 1;
}

static void write_equation(Writer *w, NodeId id, const char *name) {
    Arena *scratch = arena_new();
    uint32_t *depth = NEW_ARRAY(scratch, uint32_t, id + 1u);
    w->uses = NEW_ARRAY(scratch, uint32_t, id + 1u);
    id = seen_through(w->g, id);
    w->uses[id] = 1;
    count_uses(w, id);
    for (NodeId at = 0; at < id; at++) {
        if (!w->uses[at] || is_atom(w, at) || w->line[at]) continue;
        depth[at] = depth_of(w, at, depth);
        if (w->uses[at] < 2 && depth[at] < MOST_NESTED) continue;
        depth[at] = 0;
        strbuf_printf(w->out, "t%u = ", w->lines + 1);
        write_whole(w, graph_node(w->g, at));
        strbuf_add(w->out, "\n");
        w->line[at] = ++w->lines;
    }
    const Node *node = graph_node(w->g, id);
    strbuf_printf(w->out, "%s = ", name);
    bool other = w->names && node->name && strcmp(node->name, name) != 0;
    if (other || w->line[id]) write_node(w, id, PREC_COMPARE);
    else write_whole(w, node);
    strbuf_add(w->out, "\n");
    arena_free(scratch);
}

void graph_print_equations(const Graph *g, const Equation *equations, size_t count, uint32_t *parts, StrBuf *out) {
    Arena *scratch = arena_new();
    Writer w = {.g = g, .out = out, .lines = *parts, .names = true, .line = NEW_ARRAY(scratch, uint32_t, g->count + 1u)};
    for (size_t i = 0; i < count; i++) write_equation(&w, equations[i].node, equations[i].name);
    *parts = w.lines;
    arena_free(scratch);
}

void graph_print_expr(const Graph *g, NodeId id, const char *name, StrBuf *out) {
    Arena *scratch = arena_new();
    Writer w = {.g = g, .out = out, .line = NEW_ARRAY(scratch, uint32_t, g->count + 1u)};
    write_equation(&w, id, name);
    arena_free(scratch);
}
