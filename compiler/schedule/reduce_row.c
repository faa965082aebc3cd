// What the passes over a row share. A reduction group goes over each row several times: for the maximum, for the sum of what
// depends on it, for what is kept. What is the same all along the row (a label, and whether it is a class) is computed once,
// before; what is dear (an exponential) and wanted by more than one pass stays in scratch memory, which the first cache holds.
#include "schedule/reduce.h"

enum { LONGEST_ROW = 4096 }; // elements of what stays in scratch memory

typedef struct RowValue {
    KBufId buf;
    uint32_t first;  // pass that computes it; 0: none yet
    uint64_t passes; // a bit for each that wants it
} RowValue;

// ---- Invariants. A lane coordinate other than 0 marks the axes along the row.

static void invariants(Reduce *r, NodeId id, const Coord *at) {
    Emit *e = r->e;
    const Schedule *s = r->s;
    const Node *node = graph_node(s->g, id);
    if (reduce_member(r, id) != SIZE_MAX || node->op == OP_CONST) return;
    bool along = false;
    for (uint32_t i = 0; i < node->shape.rank; i++) along |= at[i].lane != 0;
    if (!along) {
        emit_node(e, id, at);
        return;
    }
    OpClass class = op_info[node->op].class;
    if (s->kept[id] || (class != CLASS_ELEMENTWISE && class != CLASS_MOVEMENT)) return;
    Coord below[MAX_RANK] = {0};
    if (class == CLASS_MOVEMENT) {
        if (!emit_follows(e, node)) return;
        emit_movement(e, node, at, below);
        at = below;
    }
    for (uint32_t i = 0; i < node->operand_count; i++) invariants(r, node->operands[i], at);
}

void reduce_row_invariants(Reduce *r) {
    Coord at[MAX_RANK];
    for (uint32_t i = 0; i < r->group->full.rank; i++) at[i] = r->group->reduced >> i & 1 ? (Coord){idx_const(0), 1} : r->at[i];
    for (size_t i = 0; i < r->group->members.count; i++) {
        NodeId id = r->group->members.items[i];
        const Node *node = graph_node(r->s->g, id);
        OpClass class = op_info[node->op].class;
        bool full = class == CLASS_REDUCTION || (class == CLASS_ELEMENTWISE && reduce_is_full(r, id));
        for (uint32_t o = 0; full && o < node->operand_count; o++) invariants(r, node->operands[o], at);
    }
}

// ---- What stays in scratch memory

static void want(Reduce *r, NodeId id, uint32_t pass) {
    const Schedule *s = r->s;
    const Node *node = graph_node(s->g, id);
    size_t member = reduce_member(r, id);
    if (member == SIZE_MAX ? s->kept[id] : !reduce_is_full(r, id)) return;
    if (member != SIZE_MAX) {
        RowValue *value = &r->row_values[member];
        if (value->passes >> pass & 1) return;
        value->passes |= UINT64_C(1) << pass;
        if (value->first && op_is_heavy(node->op)) return;
        if (!value->first) value->first = pass;
    }
    for (uint32_t i = 0; i < node->operand_count; i++) want(r, node->operands[i], pass);
}

static bool wanted_again(const RowValue *value) { return value->passes >> (value->first + 1) != 0; }

void reduce_row_plan(Reduce *r) {
    const Group *group = r->group;
    int64_t lanes = r->e->k->lanes;
    Dim row = group->full.dim[r->lane_axis];
    // A row of a few vectors stays in registers.
    if (!r->rows || r->inner_count || row.batch || row.size <= 4 * lanes || row.size > LONGEST_ROW || r->levels > 60) return;
    r->row_values = NEW_ARRAY(r->e->arena, RowValue, group->members.count);
    for (uint32_t pass = 1; pass <= r->levels + 1; pass++)
        for (size_t i = 0; i < group->members.count; i++) {
            NodeId id = group->members.items[i];
            if (pass <= r->levels && !reduce_is_full(r, id) && r->level[i] == pass) {
                if (reduce_is_reduction(r, i)) want(r, graph_node(r->s->g, id)->operands[0], pass);
            } else if (pass > r->levels && reduce_is_full(r, id) && r->s->kept[id]) want(r, id, pass);
        }
    for (size_t i = 0; i < group->members.count; i++) {
        const Node *node = graph_node(r->s->g, group->members.items[i]);
        RowValue *value = &r->row_values[i];
        if (!op_is_heavy(node->op) || !value->first || !wanted_again(value)) value->first = 0;
        else value->buf = emit_scratch(r->e, node->dtype, row.size + lanes); // the last vector may begin at its end
    }
}

// Scratch memory has room for whole vectors: the mask is for what lies in buffers.
void reduce_row_visit(Reduce *r) {
    Emit *e = r->e;
    KMask mask = e->mask;
    for (size_t i = 0; r->row_values && i < r->group->members.count; i++) {
        const RowValue *value = &r->row_values[i];
        if (!value->first || !(value->passes >> r->phase & 1)) continue;
        NodeId id = r->group->members.items[i];
        KAccess access = {.buf = value->buf, .idx = r->at[r->lane_axis].idx, .lane_stride = 1, .gather_buf = KBUF_NONE};
        if (value->first == r->phase) {
            KVal made = emit_splat(e, emit_node(e, id, r->at));
            emit_stmt(e, (KStmt){.kind = KS_STORE, .access = access, .value = made});
        } else {
            KVal stored;
            e->mask = (KMask){0};
            emit_load(e, &access, graph_node(r->s->g, id)->dtype, true, &stored);
            e->mask = mask;
            emit_know(e, id, r->at, stored);
        }
    }
}
