// Packing: which operands of a contraction are copied to scratch memory first, and how. See contract.c for why.
#include "schedule/contract.h"

// Register tiles of full panels in a tile of the grid; more where a copy is shared by them.
enum { MOST_TILES = 16, MOST_TILES_PACKED = 86 };
_Static_assert((int)MOST_TILES >= (int)MOST_ROWS, "a tile of the grid has whole register tiles of every height");

void contract_operand_coords(const Contract *c, bool k_first, Coord k, Coord other, Coord *at) {
    for (uint32_t i = 0; i + 2 < c->rank; i++) at[i] = c->at[i];
    at[c->rank - 2] = k_first ? k : other;
    at[c->rank - 1] = k_first ? other : k;
}

KStmt *contract_k_loop(Contract *c, KVar k) {
    KStmt *loop = emit_for(c->e, k, idx_const(0), c->k_count, 1);
    if (c->k_cut) loop->has_hi2 = true, loop->hi2 = c->k_left;
    return loop;
}

KAccess contract_scratch_access(KBufId buf, KIdx idx, int64_t lane_stride) {
    return (KAccess){.buf = buf, .idx = idx, .lane_stride = lane_stride, .gather_buf = KBUF_NONE};
}

KAccess contract_packed_lane(const Contract *c, KIdx k, KIdx in_panel, int64_t lane) {
    KIdx in_piece = idx_add(idx_scale(k, c->panel_width), in_panel);
    return contract_scratch_access(c->lane_scratch, idx_add(c->lane_base, in_piece), lane);
}

KAccess contract_packed_row(const Contract *c, KIdx k, KIdx row, int64_t lane) {
    KIdx local = idx_add(row, idx_scale(c->row_first, -1));
    return contract_scratch_access(c->row_scratch, idx_add(idx_scale(k, c->rows_packed), local), lane);
}

void contract_lane_mask(Contract *c, const Panel *panel, KIdx step) {
    c->e->mask = (KMask){0};
    if (panel->limit) c->e->mask = (KMask){.has = true, .limit = idx_add(*panel->limit, idx_scale(step, -1))};
}

static void pack_one(Contract *c, const Panel *panel, KIdx k, KIdx in_panel, int64_t lane) {
    Emit *e = c->e;
    Coord at[MAX_RANK];
    contract_operand_coords(c, c->lane_k_first, (Coord){idx_add(c->k_lo, k), 0}, (Coord){idx_add(panel->lane, in_panel), lane},
                            at);
    KVal value = emit_node(e, c->lane_operand, at);
    if (lane) value = emit_splat(e, value);
    KAccess access = contract_packed_lane(c, k, in_panel, lane);
    emit_stmt(e, (KStmt){.kind = KS_STORE, .access = access, .value = value});
}

// Transposed on the way, element by element from lane `first` of the panel on: for a few k along every lane, so that what is
// written stays in the cache.
static void pack_elements(Contract *c, const Panel *panel, int64_t first) {
    Emit *e = c->e;
    KVar k = emit_var(e, "k"), lane = emit_var(e, "l"), u = emit_var(e, "u");
    for (int step = TRANSPOSED; step; step = step == TRANSPOSED ? 1 : 0) {
        KStmt *loop = contract_k_loop(c, k);
        loop->step = step;
        loop->whole = step > 1;
        loop->resume = step == 1;
        loop = emit_for(e, lane, idx_const(first), idx_const((int64_t)panel->vectors * e->k->lanes), 1);
        if (panel->limit) loop->has_hi2 = true, loop->hi2 = *panel->limit;
        if (step > 1) emit_unroll(e, u, step);
        pack_one(c, panel, step > 1 ? idx_add(idx_var(k), idx_var(u)) : idx_var(k), idx_var(lane), 0);
        if (step > 1) emit_end(e);
        emit_end(e);
        emit_end(e);
    }
}

// A square of `lanes` lanes from `lane` on and as many k: read along k, transposed in registers, written along the lanes.
static void pack_square(Contract *c, const Panel *panel, KReg square, KIdx k, KIdx lane) {
    Emit *e = c->e;
    KIdx zero = idx_const(0);
    KVar u = emit_var(e, "u");
    Coord at[MAX_RANK];
    emit_unroll(e, u, e->k->lanes);
    contract_operand_coords(c, c->lane_k_first, (Coord){idx_add(c->k_lo, k), 1},
                            (Coord){idx_add(idx_add(panel->lane, lane), idx_var(u)), 0}, at);
    emit_set(e, square, idx_var(u), zero, emit_node(e, c->lane_operand, at));
    emit_end(e);
    emit_stmt(e, (KStmt){.kind = KS_TRANSPOSE, .reg = square});
    emit_unroll(e, u, e->k->lanes);
    KIdx to = idx_add(idx_scale(idx_add(k, idx_var(u)), c->panel_width), lane);
    KVal value = emit_read(e, square, idx_var(u), zero);
    emit_stmt(e, (KStmt){.kind = KS_STORE, .access = contract_scratch_access(c->lane_scratch, to, 1), .value = value});
    emit_end(e);
}

// `whole` lanes of the panel in squares, then what is left of k element by element.
static void pack_squares(Contract *c, const Panel *panel, int64_t whole) {
    Emit *e = c->e;
    int64_t lanes = e->k->lanes;
    KVar k = emit_var(e, "k"), lane = emit_var(e, "l");
    KReg square = emit_reg(e, "square", c->node->dtype, true, e->k->lanes, 1);
    KStmt *loop = contract_k_loop(c, k);
    loop->step = lanes;
    loop->whole = true;
    emit_for(e, lane, idx_const(0), idx_const(whole), lanes);
    pack_square(c, panel, square, idx_var(k), idx_var(lane));
    emit_end(e);
    emit_end(e);
    if (!c->k.batch && c->k.size % lanes == 0 && (!c->k_cut || c->chunk % lanes == 0)) return;
    contract_k_loop(c, k)->resume = true;
    emit_for(e, lane, idx_const(0), idx_const(whole), 1);
    pack_one(c, panel, idx_var(k), idx_var(lane), 0);
    emit_end(e);
    emit_end(e);
}

static void pack_transposed(Contract *c, const Panel *panel) {
    const Emit *e = c->e;
    int64_t lanes = e->k->lanes, all = panel->vectors * lanes, whole = c->squares ? all : 0;
    if (panel->limit && whole) {
        Dim extent = c->node->shape.dim[c->lane_axis]; // its last panel
        whole = extent.batch ? 0 : extent.size % (c->most_vectors * lanes) / lanes * lanes;
    }
    if (whole) pack_squares(c, panel, whole);
    if (whole < all) pack_elements(c, panel, whole);
}

// The panel of the lane operand, k by k, with the lanes side by side; lanes beyond the mask hold nothing of use.
void contract_pack(Contract *c, const Panel *panel) {
    Emit *e = c->e;
    if (!c->packs) return;
    if (c->transposes) {
        pack_transposed(c, panel);
        return;
    }
    KVar k = emit_var(e, "k"), v = emit_var(e, "v");
    contract_k_loop(c, k);
    emit_unroll(e, v, panel->vectors);
    KIdx step = idx_scale(idx_var(v), e->k->lanes);
    contract_lane_mask(c, panel, step);
    pack_one(c, panel, idx_var(k), step, 1);
    e->mask = (KMask){0};
    emit_end(e);
    emit_end(e);
}

// How an operand is read: the element stride of one step of k, or of one step of its other axis; 0 if it is no view.
int64_t contract_stride(Contract *c, NodeId operand, bool k_first, bool of_k) {
    Emit probe = *c->e;
    Kernel kernel = *c->e->k;
    probe.k = &kernel;
    KAccess access;
    DType dtype;
    Coord at[MAX_RANK] = {0};
    contract_operand_coords(c, k_first, (Coord){idx_const(0), of_k}, (Coord){idx_const(0), !of_k}, at);
    return emit_access(&probe, operand, at, &access, &dtype) ? access.lane_stride : 0;
}

int64_t contract_weight_bytes(const Contract *c) {
    Dim rows = c->node->shape.dim[c->row_axis], other = rows.batch ? c->k : rows;
    return c->node->shape.dim[c->lane_axis].size * other.size * (int64_t)dtype_size(c->node->dtype);
}

static int64_t pitch_bytes(Contract *c) {
    return contract_stride(c, c->lane_operand, c->lane_k_first, true) * (int64_t)dtype_size(c->node->dtype);
}

bool contract_holds_panel(const Contract *c) {
    return CHUNK * c->panel_width * (int64_t)dtype_size(c->node->dtype) < c->e->s->plan->target->l1_bytes;
}

// Whether each k lies on another page and, as far as pitches are powers of two, in the same set of a cache. A copy is worth it
// from a shorter pitch on where the first cache then holds it, and from a shorter one still where it is surely read by many
// rows: a batch may be small.
bool contract_far_apart(Contract *c) {
    bool few_rows = c->node->shape.dim[c->row_axis].batch;
    return pitch_bytes(c) >= (!contract_holds_panel(c) ? 2 * LONG_PITCH : few_rows ? LONG_PITCH : LONG_PITCH / 2);
}

// Panels of a few samples stay in the first cache as they are; those of many leave it from a shorter pitch on.
static bool far_apart_in_chunks(Contract *c) {
    bool many = c->k.batch && !c->node->shape.dim[c->row_axis].batch;
    return many && contract_holds_panel(c) && pitch_bytes(c) >= LONG_PITCH / 4;
}

// Rows of a tile of the grid: about as many register tiles, but whole ones of every panel's height.
static int64_t row_block(const Contract *c, int64_t tiles) {
    int64_t rows = c->most_rows, last = contract_last_vectors(c), unit = rows;
    while (last && unit % contract_tile_rows(c, last)) unit += rows;
    return tiles * rows / unit * unit; // never none: unit is at most MOST_ROWS register tiles
}

void contract_plan_packing(Contract *c) {
    Dim rows = c->node->shape.dim[c->row_axis];
    bool many_rows = rows.batch || rows.size >= 4 * (int64_t)c->most_rows;
    bool gathers = contract_stride(c, c->lane_operand, c->lane_k_first, false) > 1;
    bool long_k = c->k.batch || c->k.size >= 32;
    c->transposes = gathers;
    c->squares = gathers && contract_stride(c, c->lane_operand, c->lane_k_first, true) == 1;
    c->packs = gathers || (long_k && many_rows && contract_far_apart(c));
    c->packs_chunks = c->packs || (many_rows && far_apart_in_chunks(c));
    int64_t block = row_block(c, c->packs_chunks ? MOST_TILES_PACKED : MOST_TILES);
    bool cut = c->e->k->grid_count < 2 && (rows.batch || rows.size > block);
    c->rows = range_of(c->e, "rows", rows, cut ? block : 0);
    c->row_span = c->rows.cut ? block : rows.size;
    // Scratch must have a size that is known: without a cut of the rows by the grid there is none for a batch of them.
    if (!c->rows.cut && rows.batch) c->packs = c->packs_chunks = false;
    bool chunks = c->k.batch ? c->packs_chunks : c->k.size > CHUNK && (c->rows.cut || !rows.batch);
    c->chunk = chunks ? CHUNK : c->packs ? c->k.size : 0;
    DType dtype = c->node->dtype;
    if (c->packs_chunks) c->lane_scratch = emit_scratch(c->e, dtype, c->chunk * c->panel_width);
    if (chunks) c->sum_scratch = emit_scratch(c->e, dtype, c->row_span * c->panel_width);
}
