// Simplify: rebuilds the graph until no rewrite applies. See rewrite.h for how, and the tables for what.
//
// Requires a verified graph in which everything to be differentiated is (STOP_GRADIENT and the sharing of ties are dropped).
// Preserves what each output computes within rounding, and every effect. Leaves only nodes that an output needs.
#include "simplify/simplify.h"

#include <string.h>

#include "ir/op.h"
#include "simplify/rewrite.h"

#define MAX_DEPTH 200 // of rows at work on each other's results; beyond it nodes stay as they are
#define MAX_PASSES 50
#define FOLDED_ELEMENTS (INT64_C(1) << 22) // of literals that are made: 32 MB

const RewriteTable *rewrite_table(size_t index) {
    static const RewriteTable *const tables[REWRITE_TABLES] = {&constant_rewrites, &algebra_rewrites, &movement_rewrites,
                                                               &outward_rewrites, &reduce_rewrites};
    return tables[index];
}

size_t rewrite_count(void) {
    size_t count = 0;
    for (size_t i = 0; i < REWRITE_TABLES; i++) count += rewrite_table(i)->count;
    return count;
}

const Rewrite *rewrite_row(size_t index) {
    for (size_t i = 0; i < REWRITE_TABLES; i++) {
        if (index < rewrite_table(i)->count) return &rewrite_table(i)->rows[index];
        index -= rewrite_table(i)->count;
    }
    return NULL;
}

// ---- Common subexpressions

static bool is_unique(Op op) { return op == OP_RAND || op == OP_RANDN || op == OP_DRAW; }

static bool is_commutative(Op op) {
    return op == OP_ADD || op == OP_MUL || op == OP_MINIMUM || op == OP_MAXIMUM || op == OP_EQ || op == OP_NE || op == OP_AND ||
           op == OP_OR;
}

static uint64_t node_hash(const Node *node) {
    uint64_t hash = attr_hash(node->op, &node->attr) + node->dtype;
    bool sum = is_commutative(node->op); // both orders of operands hash alike
    for (uint32_t i = 0; i < node->operand_count; i++) {
        uint64_t one = (node->operands[i] + 1) * 0x9E3779B97F4A7C15u;
        hash = sum ? hash + (one ^ one >> 31) : (hash ^ one) * 0xBF58476D1CE4E5B9u ^ hash >> 31;
    }
    for (uint32_t i = 0; i < node->shape.rank; i++) hash = hash * 31 + (uint64_t)node->shape.dim[i].size;
    return hash ^ hash >> 32;
}

static bool same_node(const Node *a, const Node *b) {
    if (a->op != b->op || a->dtype != b->dtype || a->operand_count != b->operand_count || is_unique(a->op)) return false;
    if (!shape_equal(&a->shape, &b->shape) || !attr_equal(a->op, &a->attr, &b->attr)) return false;
    if (a->operand_count == 0 || memcmp(a->operands, b->operands, a->operand_count * sizeof *a->operands) == 0) return true;
    return is_commutative(a->op) && a->operands[0] == b->operands[1] && a->operands[1] == b->operands[0];
}

static uint32_t find_slot(const Maker *m, const Node *node) {
    uint32_t mask = m->table_size - 1;
    uint32_t slot = (uint32_t)node_hash(node) & mask;
    while (m->table[slot] != NODE_NONE && !same_node(at(m, m->table[slot]), node)) slot = (slot + 1) & mask;
    return slot;
}

static void grow_table(Maker *m) {
    if (m->g->count * 2 < m->table_size) return;
    m->table_size *= 2;
    m->table = NEW_ARRAY(m->scratch, NodeId, m->table_size);
    memset(m->table, 0xFF, m->table_size * sizeof *m->table);
    for (NodeId id = 0; id < m->g->count; id++) m->table[find_slot(m, at(m, id))] = id;
}

static NodeId intern(Maker *m, const Node *node) {
    uint32_t slot = find_slot(m, node);
    if (m->table[slot] != NODE_NONE) return m->table[slot];
    NodeId id = graph_append(m->g, node->op, node->operands, node->operand_count, &node->attr, node->shape, node->dtype);
    if (id == NODE_NONE) BUG("simplify made a wrong %s", op_info[node->op].name);
    m->table[slot] = id;
    grow_table(m);
    return id;
}

// ---- Making nodes

static bool describe(Maker *m, Op op, const NodeId *operands, size_t count, const Attr *attr, Shape shape, DType dtype,
                     Node *node, const char **message) {
    OpCall call = {.arena = m->g->arena,
                   .nodes = m->g->nodes,
                   .op = op,
                   .operands = operands,
                   .count = count,
                   .attr = attr,
                   .shape = shape,
                   .dtype = dtype};
    if (!op_infer(&call)) {
        *message = call.message;
        return false;
    }
    *node = (Node){.op = op,
                   .dtype = call.dtype,
                   .shape = call.shape,
                   .operand_count = (uint32_t)count,
                   .operands = operands,
                   .attr = *call.attr};
    return true;
}

bool can_make(Maker *m, Op op, const NodeId *operands, size_t count, const Attr *attr, Shape shape, DType dtype) {
    Node node;
    const char *message;
    return describe(m, op, operands, count, attr, shape, dtype, &node, &message);
}

static NodeId rewrite(Maker *m, const Node *node) {
    size_t index = 0;
    for (size_t t = 0; t < REWRITE_TABLES; t++) {
        const RewriteTable *table = rewrite_table(t);
        for (size_t i = 0; i < table->count; i++, index++) {
            NodeId result = table->rows[i].function(m, node);
            if (result == NODE_NONE) continue;
            m->total_fired++;
            m->fired[index]++;
            return result;
        }
    }
    return NODE_NONE;
}

// Two rows that undo each other are a defect; a release build only leaves such a node as it is.
static void went_in_circles(const char *what) {
#ifndef NDEBUG
    BUG("simplify: %s", what);
#else
    (void)what;
#endif
}

NodeId make(Maker *m, Op op, const NodeId *operands, size_t count, const Attr *attr, Shape shape, DType dtype) {
    Node node;
    const char *message;
    if (!describe(m, op, operands, count, attr, shape, dtype, &node, &message)) {
        BUG("simplify made a wrong %s: %s", op_info[op].name, message);
    }
    if (m->depth == MAX_DEPTH) went_in_circles("rows undo each other");
    if (m->depth < MAX_DEPTH) {
        m->depth++;
        NodeId result = rewrite(m, &node);
        m->depth--;
        if (result != NODE_NONE) return result;
    }
    return intern(m, &node);
}

// ---- Passes

static Graph *graph_like(const Graph *g) {
    Graph *copy = graph_new(g->arena, g->diag, g->float_type);
    copy->random_places = g->random_places;
    copy->draws = g->draws;
    copy->report = g->report;
    copy->report_context = g->report_context;
    return copy;
}

// By NodeId: whether the node's value, moved perhaps, is cut to a whole number, so that x · (1/3) must not stand for x / 3.
static bool *find_exact(Arena *scratch, const Graph *g) {
    bool *exact = NEW_ARRAY(scratch, bool, g->count + 1u);
    for (NodeId id = g->count; id-- > 0;) {
        const Node *node = graph_node(g, id);
        bool cuts = node->op == OP_FLOOR || node->op == OP_ROUND || (node->op == OP_CAST && !dtype_is_float(node->dtype));
        bool passes_on = exact[id] && op_info[node->op].class == CLASS_MOVEMENT;
        for (uint32_t i = 0; (cuts || passes_on) && i < node->operand_count; i++) exact[node->operands[i]] = true;
    }
    return exact;
}

static Graph *rebuild(const Graph *g, Output *outputs, size_t count, uint32_t *fired, uint32_t *total_fired,
                      int64_t *foldable) {
    Arena *scratch = arena_new();
    Maker m = {.g = graph_like(g), .scratch = scratch, .table_size = 1024, .fired = fired, .foldable = foldable};
    m.table = NEW_ARRAY(scratch, NodeId, m.table_size);
    memset(m.table, 0xFF, m.table_size * sizeof *m.table);
    bool *needed = graph_needed(scratch, g, outputs, count);
    bool *exact = find_exact(scratch, g);
    NodeId *map = NEW_ARRAY(scratch, NodeId, g->count + 1u);
    for (NodeId id = 0; id < g->count; id++) {
        if (!needed[id]) continue;
        const Node *node = graph_node(g, id);
        NodeId *operands = NEW_ARRAY(scratch, NodeId, node->operand_count + 1u);
        for (uint32_t i = 0; i < node->operand_count; i++) operands[i] = map[node->operands[i]];
        m.g->span = node->span;
        m.g->site = node->site;
        m.exact = exact[id];
        map[id] = make(&m, node->op, operands, node->operand_count, &node->attr, node->shape, node->dtype);
        if (!m.g->nodes[map[id]].name) m.g->nodes[map[id]].name = node->name;
    }
    for (size_t i = 0; i < count; i++) outputs[i].node = map[outputs[i].node];
    *total_fired = m.total_fired;
    arena_free(scratch);
    return m.g;
}

Graph *simplify_counting(const Graph *g, Output *outputs, size_t count, uint32_t *fired) {
    Graph *result = NULL;
    uint32_t *counts = fired ? fired : NEW_ARRAY(g->arena, uint32_t, rewrite_count());
    int64_t foldable = FOLDED_ELEMENTS;
    for (int pass = 0;; pass++) {
        if (pass == MAX_PASSES) {
            went_in_circles("no end of passes");
            break;
        }
        uint32_t changed = 0;
        result = rebuild(result ? result : g, outputs, count, counts, &changed, &foldable);
        if (changed == 0) result = simplify_saved_relu(result, outputs, count, &changed);
        if (changed == 0) break;
    }
#ifndef NDEBUG
    graph_verify(result, outputs, count, "simplify");
#endif
    return result;
}

Graph *simplify(const Graph *g, Output *outputs, size_t count) { return simplify_counting(g, outputs, count, NULL); }
