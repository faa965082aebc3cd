// Gradients of large weights, for targets whose panels are narrow: rows of the weight are the outer loop, panels the inner one.
//
// The usual order, panel by panel, goes down a weight 64 bytes at a time, and comes back to each row of the batch for each of
// its columns: where rows are 4 KB apart, all of these lines fight for one set of the first cache. Here a tile of the grid is a
// block of rows × a group of panels, both operands are packed, and every row is updated for the length of the group.
//
//     for each tile rows × panels {
//         pack the group's panels
//         for each ROWS_PACKED rows { pack them; for each few of these { for each panel { register tile } } }
//     }
//
// More samples than a chunk are summed in chunks, as elsewhere. Measured with AVX2 in docs/performance.md.
#include "schedule/contract.h"

enum {
    GROUP_LANES = 256,
    ROWS_PACKED = 48,
    ROWS_A_TILE = 192, // of the grid
};

typedef struct Update {
    Range lanes;
    TileRows rows;
    Phase phase;
} Update;

// Bytes that the group writes to variables of the weight's shape: the weight, and what the optimiser keeps for it.
static int64_t updated_bytes(const Contract *c) {
    const Schedule *s = c->e->s;
    int64_t count = 0;
    for (size_t i = 0; i < s->writes.count; i++) {
        NodeId node = s->writes.items[i].node;
        bool own = s->group_of[node] == s->group_of[c->group->anchor];
        count += own && s->writes.items[i].in_place && shape_equal(&graph_node(s->g, node)->shape, &c->group->full);
    }
    return count * contract_weight_bytes(c);
}

bool contract_in_groups(Contract *c) {
    const Target *target = c->e->s->plan->target;
    Dim rows = c->node->shape.dim[c->row_axis], lanes = c->node->shape.dim[c->lane_axis];
    if (!c->e->s->fuse || c->rank != 2 || !c->k.batch || rows.batch || lanes.batch) return false;
    return contract_holds_panel(c) && updated_bytes(c) > 6 * target->l2_bytes && ROWS_PACKED % c->most_rows == 0 &&
           rows.size >= ROWS_PACKED && GROUP_LANES % c->panel_width == 0 && lanes.size >= 4 * c->panel_width &&
           contract_stride(c, c->lane_operand, c->lane_k_first, false) == 1 &&
           contract_stride(c, c->row_operand, c->row_k_first, false) == 1;
}

// Where the panel lies in the group's scratch memory.
static void enter_panel(Contract *c, const Panel *panel, const Update *u) {
    KIdx before = idx_add(panel->lane, idx_scale(u->lanes.lo, -1));
    c->lane_base = idx_scale(before, CHUNK);
    c->sum_base = idx_scale(before, ROWS_A_TILE);
}

static void pack_panel(Contract *c, const Panel *panel, void *context) {
    enter_panel(c, panel, context);
    contract_pack(c, panel);
}

static void start_panel(Contract *c, const Panel *panel, void *context) {
    enter_panel(c, panel, context);
    contract_start_sums(c, panel);
}

static void tile_of_panel(Contract *c, const Panel *panel, void *context) {
    const Update *u = context;
    enter_panel(c, panel, u);
    contract_tile(c, panel, u->rows.first, u->rows.count, u->phase, true);
}

typedef struct PackRows {
    Contract *c;
    KIdx k;
} PackRows;

static void pack_rows_at(Emit *e, void *context, KIdx row) {
    const PackRows *p = context;
    Contract *c = p->c;
    Coord at[MAX_RANK];
    contract_operand_coords(c, c->row_k_first, (Coord){idx_add(c->k_lo, p->k), 0}, (Coord){row, 1}, at);
    KVal value = emit_splat(e, emit_node(e, c->row_operand, at));
    emit_stmt(e, (KStmt){.kind = KS_STORE, .access = contract_packed_row(c, p->k, row, 1), .value = value, .mask = e->mask});
}

static void pack_rows(Contract *c, const Range *rows) {
    KVar k = emit_var(c->e, "k");
    contract_k_loop(c, k);
    range_lanes(c->e, "i", rows, pack_rows_at, &(PackRows){c, idx_var(k)});
    emit_end(c->e);
}

// Every row of the tile of the grid times the group's packed panels.
static void all_rows(Contract *c, Update *u, Phase phase) {
    Emit *e = c->e;
    KVar block = emit_var(e, "i0");
    range_for(e, block, &c->rows, ROWS_PACKED);
    Range packed = c->rows;
    packed.lo = c->row_first = idx_var(block);
    packed.hi = idx_add(packed.lo, idx_const(ROWS_PACKED));
    packed.cut = true;
    c->rows_packed = ROWS_PACKED;
    pack_rows(c, &packed);
    u->phase = phase;
    contract_rows_before_panels(c, &packed, &u->lanes, c->most_rows, tile_of_panel, u, &u->rows);
    c->rows_packed = 0;
    emit_end(e);
}

static void sums_of_panel(Contract *c, const Panel *panel, void *context) {
    enter_panel(c, panel, context);
    contract_finish_sums(c, panel);
}

void emit_contract_groups(Contract *c) {
    Emit *e = c->e;
    DType dtype = c->node->dtype;
    Update u = {0};
    c->rows = range_of(e, "rows", c->node->shape.dim[c->row_axis], ROWS_A_TILE);
    c->row_span = ROWS_A_TILE;
    u.lanes = range_of(e, "panels", c->node->shape.dim[c->lane_axis], GROUP_LANES);
    c->packs = c->packs_chunks = c->in_groups = true;
    c->chunk = CHUNK;
    // The last vector of each may reach beyond.
    c->lane_scratch = emit_scratch(e, dtype, CHUNK * (GROUP_LANES + c->panel_width));
    c->row_scratch = emit_scratch(e, dtype, CHUNK * ROWS_PACKED + e->k->lanes);
    c->sum_scratch = emit_scratch(e, dtype, ROWS_A_TILE * (GROUP_LANES + c->panel_width));
    emit_scalars(e, c->group);
    contract_ride(c, &c->rows, &u.lanes);
    contract_open_if(c, idx_add(idx_const(CHUNK + 1), idx_scale(idx_dim(c->k), -1)));
    contract_panels(c, &u.lanes, pack_panel, &u);
    all_rows(c, &u, PHASE_ALL);
    emit_end(e);
    contract_open_if(c, idx_add(idx_dim(c->k), idx_const(-CHUNK)));
    contract_panels(c, &u.lanes, start_panel, &u);
    contract_begin_chunk(c, CHUNK);
    contract_panels(c, &u.lanes, pack_panel, &u);
    all_rows(c, &u, PHASE_CHUNK);
    emit_end(e);
    contract_panels(c, &u.lanes, sums_of_panel, &u);
    emit_end(e);
}
