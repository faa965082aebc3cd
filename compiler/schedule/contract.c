// Contraction groups: a matmul and what is done to its result while it is in registers.
//
// One axis of the result is the lane axis (the one that is contiguous in what is written), the other the row axis. A tile of
// the grid is a block of rows × one panel of `vectors` registers of lanes; in it a register tile of rows × vectors
// accumulates over k, one broadcast of the row operand against the vectors of the lane operand. The remaining rows run
// through smaller register tiles, the last panel through a narrower one with a mask.
//
// Operands are copied to the thread's scratch memory first ("packed") where reading them in place would be slow: a lane
// operand that is not contiguous along the lanes, and either operand when each k lies on another page (pitches of a power of
// two even share one set of the cache).
//
// A long k is cut into chunks, each summed from zero in registers and added to what waits in scratch: that is closer to the
// true sum than one long chain, and a chunk of the lane operand stays in the first cache. Where something is added to the
// product (a bias) the sums start from that. Chunk and start are those of common BLAS libraries, so that PyTorch on such a
// machine gives the same bits.
#include "schedule/contract.h"

#include "support/diag.h"

// k from one row of what a tile's end reads to the next when it is asked for.
enum { K_A_FETCH = 4 };

KVal contract_lane_value(Contract *c, KIdx k, KIdx lane, KIdx in_panel) {
    Emit *e = c->e;
    if (!c->packs) {
        Coord at[MAX_RANK];
        contract_operand_coords(c, c->lane_k_first, (Coord){idx_add(c->k_lo, k), 0}, (Coord){lane, 1}, at);
        return emit_splat(e, emit_node(e, c->lane_operand, at));
    }
    KAccess access = contract_packed_lane(c, k, in_panel, 1);
    KMask mask = e->mask;
    KVal value;
    e->mask = (KMask){0};
    emit_load(e, &access, c->node->dtype, true, &value);
    e->mask = mask;
    return value;
}

KVal contract_row_value(Contract *c, KIdx k, KIdx row) {
    Emit *e = c->e;
    Coord at[MAX_RANK];
    if (c->rows_packed) {
        KAccess access = contract_packed_row(c, k, row, 0);
        KVal value;
        emit_load(e, &access, c->node->dtype, false, &value);
        return emit_splat(e, value);
    }
    contract_operand_coords(c, c->row_k_first, (Coord){idx_add(c->k_lo, k), 0}, (Coord){row, 0}, at);
    return emit_splat(e, emit_node(e, c->row_operand, at));
}

static KAccess sum_access(const Contract *c, KIdx row, KIdx step) {
    KIdx local = idx_add(idx_scale(idx_add(row, idx_scale(c->rows.lo, -1)), c->panel_width), step);
    return contract_scratch_access(c->sum_scratch, idx_add(c->sum_base, local), 1);
}

typedef struct Tile {
    const Panel *panel;
    KIdx row;
    uint32_t rows;
    KReg acc, b;
    KVar r, v;
    bool long_k;
} Tile;

// acc = 0, or for the result the sums.
static void tile_start(Contract *c, const Tile *t, Phase phase) {
    Emit *e = c->e;
    DType dtype = c->node->dtype;
    KVal value = phase != PHASE_RESULT ? emit_splat(e, emit_const(e, dtype, 0, 0)) : 0;
    emit_unroll(e, t->r, t->rows);
    emit_unroll(e, t->v, t->panel->vectors);
    if (phase == PHASE_RESULT) {
        KAccess access = sum_access(c, idx_add(t->row, idx_var(t->r)), idx_scale(idx_var(t->v), e->k->lanes));
        emit_load(e, &access, dtype, true, &value);
    }
    emit_set(e, t->acc, idx_var(t->r), idx_var(t->v), value);
    emit_end(e);
    emit_end(e);
}

// acc[r][v] += row operand × lane operand at k.
static void multiply_add(Contract *c, const Tile *t, KVar k) {
    Emit *e = c->e;
    KVar row = emit_var(e, "r");
    KIdx zero = idx_const(0), step = idx_scale(idx_var(t->v), e->k->lanes);
    emit_unroll(e, t->v, t->panel->vectors);
    contract_lane_mask(c, t->panel, step);
    emit_set(e, t->b, zero, idx_var(t->v), contract_lane_value(c, idx_var(k), idx_add(t->panel->lane, step), step));
    e->mask = (KMask){0};
    emit_end(e);
    emit_unroll(e, row, t->rows);
    KVal a = contract_row_value(c, idx_var(k), idx_add(t->row, idx_var(row)));
    emit_unroll(e, t->v, t->panel->vectors);
    KStmt fma = {.op = K_FMA, .args = {a}};
    fma.args[1] = emit_read(e, t->b, zero, idx_var(t->v));
    fma.args[2] = emit_read(e, t->acc, idx_var(row), idx_var(t->v));
    emit_set(e, t->acc, idx_var(row), idx_var(t->v), emit_let(e, c->node->dtype, true, fma));
    emit_end(e);
    emit_end(e);
}

static void fetch_row(Emit *e, const Tile *t, const KBlock *fetches) {
    emit_unroll(e, t->v, t->panel->vectors);
    for (size_t i = 0; i < fetches->count; i++) emit_stmt(e, fetches->items[i]);
    emit_end(e);
}

// Σ over k. What the tile's end will read is asked for on the way: a row of it every few k, or all of it first.
static void tile_sum(Contract *c, const Tile *t, const KBlock *fetches) {
    Emit *e = c->e;
    KVar k = emit_var(e, "k");
    bool ahead = c->ahead && t->rows == c->tile_rows && !(t->panel->last && !c->k_cut);
    bool spread = fetches->count > 0 && t->long_k && !ahead;
    if (spread) {
        emit_for(e, t->r, idx_const(0), idx_const(t->rows), 1);
        fetch_row(e, t, fetches);
        KIdx first = idx_scale(idx_var(t->r), K_A_FETCH);
        KStmt *part = emit_for(e, k, first, idx_add(first, idx_const(K_A_FETCH)), 1);
        part->has_hi2 = true;
        part->hi2 = c->k_count;
        multiply_add(c, t, k);
        emit_end(e);
        emit_end(e);
    } else if (fetches->count > 0) {
        emit_unroll(e, t->r, t->rows);
        fetch_row(e, t, fetches);
        emit_end(e);
    }
    if (ahead) contract_k_loop_ahead(c, t->panel, t->row, t->rows, k);
    else contract_k_loop(c, k)->lo = idx_const(spread ? K_A_FETCH * (int64_t)t->rows : 0);
    multiply_add(c, t, k);
    emit_end(e);
    if (ahead) emit_end(e);
}

// What is done to the result, element by element, and where it is kept; or the sums to scratch.
static void tile_end(Contract *c, const Tile *t, Phase phase) {
    Emit *e = c->e;
    KIdx step = idx_scale(idx_var(t->v), e->k->lanes);
    emit_unroll(e, t->r, t->rows);
    emit_unroll(e, t->v, t->panel->vectors);
    KVal value = emit_read(e, t->acc, idx_var(t->r), idx_var(t->v));
    if (phase == PHASE_CHUNK) {
        KAccess access = sum_access(c, idx_add(t->row, idx_var(t->r)), step);
        KVal so_far;
        emit_load(e, &access, c->node->dtype, true, &so_far);
        value = emit_element(e, OP_ADD, c->node->dtype, (KVal[]){so_far, value}, 2);
        emit_stmt(e, (KStmt){.kind = KS_STORE, .access = access, .value = value});
    } else {
        contract_lane_mask(c, t->panel, step);
        c->at[c->row_axis] = (Coord){idx_add(t->row, idx_var(t->r)), 0};
        c->at[c->lane_axis] = (Coord){idx_add(t->panel->lane, step), 1};
        emit_know(e, phase == PHASE_RESULT ? c->sum : c->group->anchor, NULL, value);
        contract_keep(c);
        e->mask = (KMask){0};
    }
    emit_end(e);
    emit_end(e);
}

void contract_tile(Contract *c, const Panel *panel, KIdx row, uint32_t rows, Phase phase, bool long_k) {
    Emit *e = c->e;
    Tile t = {.panel = panel, .row = row, .rows = rows, .r = emit_var(e, "r"), .v = emit_var(e, "v"), .long_k = long_k};
    t.acc = emit_reg(e, "acc", c->node->dtype, true, rows, panel->vectors);
    t.b = emit_reg(e, "b", c->node->dtype, true, 1, panel->vectors);
    tile_start(c, &t, phase);
    tile_end(c, &t, phase);
    if (phase == PHASE_RESULT) return;
    // What the end reads (parameters to be updated, what masks come from) is fetched while the tile sums.
    KBlock *block = &e->open[e->depth - 1].body, fetches = {0};
    KStmt end = block->items[--block->count];
    if (phase == PHASE_ALL && rows > 1) contract_collect_fetches(c, t.r, &end.body, &fetches);
    tile_sum(c, &t, &fetches);
    emit_stmt(e, end);
}

static void row_loop(Contract *c, KVar var, int64_t step, bool resume) {
    KStmt *loop = range_for(c->e, var, &c->rows, step);
    loop->whole = true;
    loop->resume = resume;
}

int64_t contract_tile_rows(const Contract *c, int64_t vectors) {
    int64_t rows = vectors == c->most_vectors ? c->most_rows : (int64_t)c->most_rows * c->most_vectors / vectors;
    return rows < MOST_ROWS ? rows : MOST_ROWS;
}

int64_t contract_last_vectors(const Contract *c) {
    Dim extent = c->node->shape.dim[c->lane_axis];
    int64_t vector = c->e->k->lanes, width = c->most_vectors * vector;
    return extent.batch ? 1 : (extent.size % width + vector - 1) / vector;
}

// The tile's rows in register tiles: as many as fit, then the rest in smaller ones. Where nothing is summed, one by one.
static void row_tiles(Contract *c, const Panel *panel, Phase phase) {
    Emit *e = c->e;
    if (phase == PHASE_RESULT) {
        KVar var = emit_var(e, "i");
        row_loop(c, var, 1, false);
        contract_tile(c, panel, idx_var(var), 1, phase, false);
        emit_end(e);
        return;
    }
    Dim extent = c->node->shape.dim[c->row_axis];
    int64_t rows = contract_tile_rows(c, panel->vectors);
    // Of the rest, as few at a time as still keep the multiply-adds from waiting for each other.
    int64_t few = LEAST_SUMS / panel->vectors, rest[] = {few < 4 ? few : 4, 1, 0}, *left = rest;
    if (!extent.batch) {
        if (rows > extent.size) rows = extent.size;
        rest[0] = extent.size % rows;
        rest[1] = 0;
    }
    while (*left >= rows) left++;
    c->tile_rows = (uint32_t)rows;
    bool long_k = c->k.batch || c->k.size >= K_A_FETCH * rows;
    KVar var = emit_var(e, "i");
    row_loop(c, var, rows, false);
    contract_tile(c, panel, idx_var(var), (uint32_t)rows, phase, long_k);
    emit_end(e);
    for (; *left; left++) {
        row_loop(c, var, *left, true);
        contract_tile(c, panel, idx_var(var), (uint32_t)*left, phase, long_k);
        emit_end(e);
    }
}

static void panel_at_once(Contract *c, const Panel *panel) {
    c->k_lo = idx_const(0);
    c->k_count = idx_dim(c->k);
    c->k_cut = false;
    contract_pack(c, panel);
    row_tiles(c, panel, PHASE_ALL);
}

void contract_start_sums(Contract *c, const Panel *panel) {
    Emit *e = c->e;
    KVar i = emit_var(e, "i"), v = emit_var(e, "v");
    row_loop(c, i, 1, false);
    emit_unroll(e, v, panel->vectors);
    KIdx step = idx_scale(idx_var(v), e->k->lanes);
    KVal value;
    if (c->start == NODE_NONE) {
        value = emit_const(e, c->node->dtype, 0, 0);
    } else {
        contract_lane_mask(c, panel, step);
        c->at[c->row_axis] = (Coord){idx_var(i), 0};
        c->at[c->lane_axis] = (Coord){idx_add(panel->lane, step), 1};
        value = emit_node(e, c->start, c->at);
        e->mask = (KMask){0};
    }
    KAccess access = sum_access(c, idx_var(i), step);
    emit_stmt(e, (KStmt){.kind = KS_STORE, .access = access, .value = emit_splat(e, value)});
    emit_end(e);
    emit_end(e);
}

void contract_begin_chunk(Contract *c, int64_t size) {
    KVar chunk = emit_var(c->e, "k0");
    emit_for(c->e, chunk, idx_const(0), idx_dim(c->k), size);
    c->k_lo = idx_var(chunk);
    c->k_count = idx_const(size);
    c->k_left = idx_add(idx_dim(c->k), idx_scale(idx_var(chunk), -1));
    c->k_cut = true;
}

void contract_finish_sums(Contract *c, const Panel *panel) { row_tiles(c, panel, PHASE_RESULT); }

static void panel_in_chunks(Contract *c, const Panel *panel) {
    Emit *e = c->e;
    bool packs = c->packs;
    contract_start_sums(c, panel);
    contract_begin_chunk(c, c->chunk);
    c->packs = c->packs_chunks;
    contract_pack(c, panel);
    row_tiles(c, panel, PHASE_CHUNK);
    c->packs = packs;
    emit_end(e);
    contract_finish_sums(c, panel);
}

// Runs its body once if `condition` is positive: the kernel language's way to choose by N.
void contract_open_if(Contract *c, KIdx condition) {
    emit_for(c->e, emit_var(c->e, "once"), idx_const(0), condition, INT32_MAX);
}

static void panel_rows(Contract *c, const Panel *panel, void *context) {
    (void)context;
    if (c->chunk == 0) {
        panel_at_once(c, panel);
    } else if (c->k.batch) {
        contract_open_if(c, idx_add(idx_const(c->chunk + 1), idx_scale(idx_dim(c->k), -1)));
        panel_at_once(c, panel);
        emit_end(c->e);
        contract_open_if(c, idx_add(idx_dim(c->k), idx_const(-c->chunk)));
        panel_in_chunks(c, panel);
        emit_end(c->e);
    } else if (c->k.size > c->chunk) {
        panel_in_chunks(c, panel);
    } else {
        panel_at_once(c, panel);
    }
}

void contract_panels(Contract *c, const Range *lanes, PanelBody *body, void *context) {
    Emit *e = c->e;
    Dim extent = c->node->shape.dim[c->lane_axis];
    int64_t vector = e->k->lanes, width = c->most_vectors * vector;
    int64_t count = extent.batch ? INT64_MAX : extent.size;
    KVar var = emit_var(e, "j");
    if (count >= width) {
        range_for(e, var, lanes, width)->whole = true;
        body(c, &(Panel){.lane = idx_var(var), .vectors = c->most_vectors}, context);
        emit_end(e);
    }
    if (!extent.batch && count % width == 0) return;
    int64_t left = contract_last_vectors(c);
    bool exact = !extent.batch && count % vector == 0;
    KStmt *last = range_for(e, var, lanes, exact || extent.batch ? left * vector : width);
    last->whole = exact;
    last->resume = count >= width;
    // Where the last panel of a constant axis lies is known; where it lies in a group depends on that.
    KIdx lane = extent.batch || c->in_groups ? idx_var(var) : idx_const(count - count % width);
    KIdx limit = idx_add(idx_dim(extent), idx_scale(lane, -1));
    body(c, &(Panel){.lane = lane, .vectors = (uint32_t)left, .limit = exact ? NULL : &limit, .last = true}, context);
    emit_end(e);
}

void contract_rows_before_panels(Contract *c, const Range *rows, const Range *lanes, int64_t at_once, PanelBody *body,
                                 void *context, TileRows *now) {
    Emit *e = c->e;
    int64_t left = c->node->shape.dim[c->row_axis].size % at_once;
    KVar row = emit_var(e, "i");
    for (int64_t count = at_once; count; count = count == at_once ? left : 0) {
        KStmt *loop = range_for(e, row, rows, count);
        loop->whole = true;
        loop->resume = count < at_once;
        *now = (TileRows){idx_var(row), (uint32_t)count};
        contract_panels(c, lanes, body, context);
        emit_end(e);
    }
}

// product + x, where nobody else wants the product: then the sums may start from x.
static void find_start(Contract *c) {
    const Schedule *s = c->e->s;
    NodeId product = c->group->anchor;
    c->sum = product;
    c->start = NODE_NONE;
    if (s->kept[product] || s->uses[product] != 1) return;
    for (size_t i = 1; i < c->group->members.count; i++) {
        NodeId id = c->group->members.items[i];
        const Node *node = graph_node(s->g, id);
        if (node->op != OP_ADD || (node->operands[0] != product && node->operands[1] != product)) continue;
        c->sum = id;
        c->start = node->operands[node->operands[0] == product];
        return;
    }
}

void contract_keep(Contract *c) {
    for (size_t i = 0; i < c->group->members.count; i++) {
        NodeId id = c->group->members.items[i];
        if (shape_equal(&graph_node(c->e->s->g, id)->shape, &c->group->full)) emit_keep(c->e, id, c->at);
    }
}

void contract_ride(Contract *c, const Range *rows, const Range *lanes) {
    if (!c->group->rider) return;
    if (rows->cut) contract_open_if(c, idx_add(idx_const(1), idx_scale(rows->lo, -1)));
    emit_rider(c->e, c->group->rider, lanes);
    if (rows->cut) emit_end(c->e);
}

void contract_open(Contract *c, Emit *e, const Group *group) {
    const Node *node = graph_node(e->s->g, group->anchor);
    *c = (Contract){.e = e, .group = group, .node = node, .rank = node->shape.rank};
    uint32_t axes[MAX_RANK];
    memory_order(e->s, group, axes);
    bool swapped = axes[c->rank - 1] == c->rank - 2;
    bool ta = node->attr.matmul.transpose_a, tb = node->attr.matmul.transpose_b;
    c->lane_axis = swapped ? c->rank - 2 : c->rank - 1;
    c->row_axis = swapped ? c->rank - 1 : c->rank - 2;
    c->row_operand = node->operands[swapped];
    c->lane_operand = node->operands[!swapped];
    c->row_k_first = swapped ? !tb : ta;
    c->lane_k_first = swapped ? ta : !tb;
    const Shape *a = &graph_node(e->s->g, node->operands[0])->shape;
    c->k = a->dim[ta ? c->rank - 2 : c->rank - 1];
    c->k_lo = idx_const(0);
    c->k_count = idx_dim(c->k);
    find_start(c);
}

void contract_choose_tile(Contract *c) {
    const Target *target = c->e->s->plan->target;
    Dim lanes = c->node->shape.dim[c->lane_axis];
    c->most_vectors = target->tile_vectors;
    c->most_rows = target->tile_rows;
    int64_t needed = lanes.batch ? c->most_vectors : (lanes.size + c->e->k->lanes - 1) / c->e->k->lanes;
    if (needed < c->most_vectors) {
        c->most_rows = c->most_rows * c->most_vectors / (uint32_t)needed;
        if (c->most_rows > MOST_ROWS) c->most_rows = MOST_ROWS;
        c->most_vectors = (uint32_t)needed;
    }
    c->panel_width = (int64_t)c->most_vectors * c->e->k->lanes;
}

void emit_contract(Emit *e, const Group *group) {
    Contract c;
    contract_open(&c, e, group);
    contract_choose_tile(&c);
    if (contract_in_groups(&c)) {
        emit_contract_groups(&c);
        return;
    }
    Range batch[MAX_RANK];
    for (uint32_t i = 0; i + 2 < c.rank; i++) batch[i] = range_of(e, "batch", c.node->shape.dim[i], i == 0 ? 1 : 0);
    for (uint32_t i = 0; i + 2 < c.rank; i++) c.at[i] = (Coord){range_loop(e, "b", &batch[i]), 0};
    contract_plan_packing(&c);
    c.ahead = contract_fetches_ahead(&c);
    Range lanes = range_of(e, "panel", c.node->shape.dim[c.lane_axis], (int64_t)c.most_vectors * e->k->lanes);
    emit_scalars(e, group);
    contract_ride(&c, &c.rows, &lanes);
    contract_panels(&c, &lanes, panel_rows, NULL);
    for (uint32_t i = c.rank - 2; i-- > 0;) range_end(e, &batch[i]);
}
