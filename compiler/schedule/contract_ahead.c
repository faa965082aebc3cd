// Fetching ahead, while a register tile sums: the next piece of the lane operand (a panel's chunk of k), a few lines at a time,
// and what the tile's own end reads.
//
// Weights that do not fit the second cache come from the third, or from memory. A core can wait for a dozen or two lines at
// once; where a piece is read only when it is needed, that is a tenth of the time of a batch of 64 and more of a smaller one.
// Nothing in the hardware foresees the pieces: their rows lie far apart.
#include "schedule/contract.h"

enum {
    SLOT = 16, // k between one time of asking and the next: some 400 cycles of multiply-adds
    TILES = 2, // register tiles after which all of the next piece has been asked for
    LINE = 64, // bytes
};

static int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// The lane operand as rows of memory: along the lanes, one a k; or along k, one a lane.
typedef struct Piece {
    bool along_lanes;
    int64_t k; // at most
    int64_t rows, lines_a_row;
} Piece;

static Piece piece_of(Contract *c) {
    Piece p = {.k = c->chunk ? c->chunk : c->k.size};
    p.along_lanes = contract_stride(c, c->lane_operand, c->lane_k_first, false) == 1;
    int64_t bytes = (p.along_lanes ? c->panel_width : p.k) * (int64_t)dtype_size(c->node->dtype);
    p.rows = p.along_lanes ? p.k : c->panel_width;
    p.lines_a_row = ceil_div(bytes, LINE);
    return p;
}

bool contract_fetches_ahead(Contract *c) {
    Dim lanes = c->node->shape.dim[c->lane_axis], rows = c->node->shape.dim[c->row_axis];
    if (!c->e->s->fuse || c->rank != 2 || lanes.batch || c->k.batch || !rows.batch) return false;
    if (contract_weight_bytes(c) <= c->e->s->plan->target->ahead_bytes) return false;
    return contract_stride(c, c->lane_operand, c->lane_k_first, false) == 1 ||
           contract_stride(c, c->lane_operand, c->lane_k_first, true) == 1;
}

// Rows `from` to `from` + count of the piece whose first k and lane these are, up to `end` of them.
static void fetch_rows(Contract *c, const Piece *p, KIdx k, KIdx lane, KIdx from, int64_t count, KIdx end) {
    Emit *e = c->e;
    KVar row = emit_var(e, "p"), line = emit_var(e, "l");
    KStmt *loop = emit_for(e, row, from, idx_add(from, idx_const(count)), 1);
    loop->has_hi2 = true;
    loop->hi2 = end;
    emit_unroll(e, line, p->lines_a_row);
    KIdx along = idx_scale(idx_var(line), LINE / (int64_t)dtype_size(c->node->dtype));
    Coord at[MAX_RANK], at_k = {idx_add(k, p->along_lanes ? idx_var(row) : along), 0},
                        at_lane = {idx_add(lane, p->along_lanes ? along : idx_var(row)), 0};
    contract_operand_coords(c, c->lane_k_first, at_k, at_lane, at);
    KStmt fetch = {.kind = KS_PREFETCH, .far = true};
    DType dtype;
    emit_access(e, c->lane_operand, at, &fetch.access, &dtype);
    emit_stmt(e, fetch);
    emit_end(e);
    emit_end(e);
}

void contract_k_loop_ahead(Contract *c, const Panel *panel, KIdx row, uint32_t rows, KVar k) {
    Emit *e = c->e;
    Piece p = piece_of(c);
    int64_t slots = ceil_div(p.k, SLOT), count = ceil_div(p.rows, TILES * slots);
    KVar slot = emit_var(e, "s");
    emit_for(e, slot, idx_const(0), idx_const(slots), 1);
    KIdx local = idx_add(row, idx_scale(c->rows.lo, -1));
    KIdx from = idx_add(idx_scale(local, count * slots / rows), idx_scale(idx_var(slot), count));
    KIdx all = idx_const(p.rows), next_lane = idx_add(panel->lane, idx_const(c->panel_width));
    // The chunk after this one; after the last one the next panel's first.
    if (c->k_cut) {
        KIdx left = idx_add(c->k_left, idx_const(-c->chunk));
        contract_open_if(c, left);
        contract_open_if(c, idx_add(all, idx_scale(from, -1)));
        fetch_rows(c, &p, idx_add(c->k_lo, idx_const(c->chunk)), panel->lane, from, count, p.along_lanes ? left : all);
        emit_end(e);
        emit_end(e);
    }
    if (!panel->last) {
        if (c->k_cut) contract_open_if(c, idx_add(idx_const(c->chunk + 1), idx_scale(c->k_left, -1)));
        fetch_rows(c, &p, idx_const(0), next_lane, from, count, all);
        if (c->k_cut) emit_end(e);
    }
    KIdx first = idx_scale(idx_var(slot), SLOT);
    KStmt *loop = emit_for(e, k, first, idx_add(first, idx_const(SLOT)), 1);
    loop->has_hi2 = true;
    loop->hi2 = c->k_cut ? c->k_left : c->k_count;
}

// ---- What the end of a register tile reads

static bool varies(const KIdx *idx, KVar var) {
    for (uint32_t i = 0; i < idx->count; i++)
        if (idx->term[i].var == var) return true;
    return false;
}

void contract_collect_fetches(Contract *c, KVar row, const KBlock *block, KBlock *out) {
    Emit *e = c->e;
    for (size_t i = 0; i < block->count; i++) {
        const KStmt *s = &block->items[i];
        if (s->kind == KS_FOR) contract_collect_fetches(c, row, &s->body, out);
        bool load = s->kind == KS_LET && s->op == K_LOAD && s->access.lane_stride == 1 && varies(&s->access.idx, row);
        if (!load || e->k->bufs.items[s->access.buf].role != KBUF_DATA) continue;
        KStmt fetch = {.kind = KS_PREFETCH, .access = s->access, .mask = s->mask};
        VEC_PUSH(e->arena, out, fetch);
    }
}
