// See derivation.h. The named nodes and what y needs of the rest are copied into a graph of their own, in which variables are
// VARs: there y is differentiated and simplified, and the program's graph stays as it is.
#include "driver/derivation.h"

#include <string.h>

#include "autodiff/differentiate.h"
#include "ir/build.h"
#include "simplify/simplify.h"

typedef struct Copy {
    Arena *arena;
    const Graph *from;
    Graph *g;
    NodeId y;           // of `from`
    const char **named; // by NodeId of `from`, up to y: the user's name, or NULL
    bool *needed;
    bool *derived; // comes from a named node
    NodeId *map;   // to g
    const char *name;
} Copy;

static bool is_variable(const Copy *c, NodeId id) { return id != c->y && c->named[id] && !c->derived[id]; }

static bool is_float(const Copy *c, NodeId id) { return dtype_is_float(graph_node(c->from, id)->dtype); }

static void look(Copy *c, const NamedNode *names, size_t count) {
    size_t size = c->y + 1u;
    c->named = NEW_ARRAY(c->arena, const char *, size);
    c->needed = NEW_ARRAY(c->arena, bool, size);
    c->derived = NEW_ARRAY(c->arena, bool, size);
    c->map = NEW_ARRAY(c->arena, NodeId, size);
    for (size_t i = 0; i < count; i++)
        if (names[i].node <= c->y) c->named[names[i].node] = names[i].name;
    for (NodeId id = 0; id <= c->y; id++) {
        const Node *node = graph_node(c->from, id);
        for (uint32_t i = 0; i < node->operand_count; i++)
            c->derived[id] |= c->derived[node->operands[i]] || c->named[node->operands[i]];
    }
    c->needed[c->y] = true;
    for (NodeId id = c->y + 1; id-- > 0;) {
        const Node *node = graph_node(c->from, id);
        if (!c->needed[id] || is_variable(c, id)) continue;
        for (uint32_t i = 0; i < node->operand_count; i++) c->needed[node->operands[i]] = true;
    }
}

// A variable: an input where its shape depends on the batch, which a VAR's cannot.
static NodeId append_variable(Copy *c, const Node *like, uint32_t index) {
    uint32_t axis;
    Attr attr = {.index = index};
    return graph_append(c->g, shape_batch_axis(&like->shape, &axis) ? OP_INPUT : OP_VAR, NULL, 0, &attr, like->shape,
                        like->dtype);
}

static void copy_nodes(Copy *c) {
    uint32_t variables = 0;
    for (NodeId id = 0; id <= c->y; id++) {
        if (!c->needed[id]) continue;
        const Node *node = graph_node(c->from, id);
        NodeId *operands = NEW_ARRAY(c->arena, NodeId, node->operand_count + 1);
        for (uint32_t i = 0; i < node->operand_count; i++) operands[i] = c->map[node->operands[i]];
        bool variable = is_variable(c, id);
        bool constant = !variable && node->op == OP_STOP_GRADIENT && graph_node(c->from, node->operands[0])->op == OP_CONST;
        if (variable) {
            c->map[id] = append_variable(c, node, variables++);
        } else if (constant) {
            c->map[id] = operands[0];
        } else {
            c->map[id] = graph_append(c->g, node->op, operands, node->operand_count, &node->attr, node->shape, node->dtype);
        }
        if (c->map[id] == NODE_NONE) BUG("a node cannot be copied: %s", op_info[node->op].name);
        if (!constant) c->g->nodes[c->map[id]].name = c->named[id];
    }
    c->g->nodes[c->map[c->y]].name = c->name;
}

// Whether each element of y depends on that element of the variable alone.
static bool is_elementwise(const Copy *c, NodeId variable) {
    bool *on_path = NEW_ARRAY(c->arena, bool, c->y + 1u);
    const Shape *shape = &graph_node(c->from, variable)->shape;
    on_path[variable] = true;
    for (NodeId id = variable + 1; id <= c->y; id++) {
        const Node *node = graph_node(c->from, id);
        if (!c->needed[id]) continue;
        for (uint32_t i = 0; i < node->operand_count; i++) on_path[id] |= on_path[node->operands[i]];
        if (on_path[id] && (op_info[node->op].class != CLASS_ELEMENTWISE || !shape_equal(&node->shape, shape))) return false;
    }
    return true;
}

static NodeId sum_of(Graph *g, NodeId x) {
    if (x == NODE_NONE) return x;
    uint32_t rank = graph_node(g, x)->shape.rank;
    return rank ? build_reduce(g, OP_SUM, x, (1u << rank) - 1, false, false) : x;
}

// The derivative's node, and its name: "dy/dx", or "dL/dx" by way of "dL/dy". NODE_NONE when the graph is full, which is
// reported.
static Equation derivative(Copy *c, NodeId variable) {
    Graph *g = c->g;
    NodeId y = c->map[c->y], dx;
    const char *left = c->name;
    if (graph_node(g, y)->shape.rank && !is_elementwise(c, variable)) {
        NodeId flow = append_variable(c, graph_node(g, y), UINT32_MAX);
        if (flow == NODE_NONE) return (Equation){NODE_NONE, NULL};
        g->nodes[flow].name = arena_printf(c->arena, "dL/d%s", c->name);
        y = build_binary(g, OP_MUL, y, flow);
        left = "L";
    }
    NodeId x = c->map[variable];
    if (!differentiate(g, sum_of(g, y), &x, 1, &dx)) return (Equation){NODE_NONE, NULL};
    return (Equation){dx, arena_printf(c->arena, "d%s/d%s", left, c->named[variable])};
}

// A letter for what has no name.
static const char *free_name(const NamedNode *names, size_t count) {
    static const char *const letters[] = {"f", "g", "h", "q", "result"};
    for (size_t l = 0; l + 1 < sizeof letters / sizeof *letters; l++) {
        bool taken = false;
        for (size_t i = 0; i < count; i++) taken |= !strcmp(names[i].name, letters[l]);
        if (!taken) return letters[l];
    }
    return "result";
}

static void simplify_equations(Copy *c, Equation *equations, size_t count) {
    Output *outputs = NEW_ARRAY(c->arena, Output, count + 1);
    for (size_t i = 0; i < count; i++) outputs[i] = (Output){OUTPUT_RESULT, 0, equations[i].name, equations[i].node};
    c->g = simplify(c->g, outputs, count);
    for (size_t i = 0; i < count; i++) equations[i].node = outputs[i].node;
}

const char *derivation_text(Arena *arena, const Graph *g, NodeId y, const char *name, const NamedNode *names, size_t count) {
    Copy c = {.arena = arena, .from = g, .g = graph_new(arena, g->diag, g->float_type), .y = y};
    c.g->span = g->span; // where mistakes are reported
    c.g->report = g->report;
    c.g->report_context = g->report_context;
    c.name = name ? name : free_name(names, count);
    look(&c, names, count);
    copy_nodes(&c);
    Equation *equations = NEW_ARRAY(arena, Equation, 2u * c.y + 3);
    size_t forward = 0, variables = 0;
    for (NodeId id = 0; id < y; id++)
        if (c.needed[id] && c.named[id] && c.derived[id]) equations[forward++] = (Equation){c.map[id], c.named[id]};
    equations[forward++] = (Equation){c.map[y], c.name};
    StrBuf text = {0};
    uint32_t parts = 0;
    graph_print_equations(c.g, equations, forward, &parts, &text);
    for (NodeId id = 0; id < y && is_float(&c, y); id++) {
        if (!c.needed[id] || !is_variable(&c, id) || !is_float(&c, id)) continue;
        equations[forward + variables] = derivative(&c, id);
        if (equations[forward + variables].node != NODE_NONE) variables++;
    }
    bool short_form = forward == 1 && variables == 1 && parts == 0;
    size_t line = text.length;
    simplify_equations(&c, equations, forward + variables);
    graph_print_equations(c.g, equations + forward, variables, &parts, &text);
    if (short_form && parts == 0) { // on one line
        StrBuf joined = {0};
        strbuf_printf(&joined, "%.*s, %s", (int)line - 1, text.text, text.text + line);
        strbuf_free(&text);
        text = joined;
    }
    if (text.length) text.length--; // the last line ends with what it is part of
    const char *kept = arena_strndup(arena, text.text ? text.text : "", text.length);
    strbuf_free(&text);
    return kept;
}
