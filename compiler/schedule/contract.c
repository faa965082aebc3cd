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
#include "schedule/internal.h"
#include "schedule/loops.h"

#include "support/diag.h"

enum {
    MOST_ROWS = 12,    // of a register tile
    LONG_PITCH = 4096, // bytes from one k to the next from which an operand is packed
    CHUNK = 192,       // of k
    TRANSPOSED = 16,   // k at a time when a panel is transposed
};

typedef struct Contract {
    Emit *e;
    const Group *group;
    const Node *node;
    uint32_t rank;
    uint32_t row_axis, lane_axis; // of the result
    NodeId row_operand, lane_operand;
    bool row_k_first, lane_k_first; // the operand's last two axes are (k, other), else (other, k)
    Dim k;
    Coord at[MAX_RANK];               // of the result; its leading axes are batches of the product
    uint32_t most_rows, most_vectors; // the register tile
    bool pack_lanes, pack_rows;
    bool transposes; // the lanes are not contiguous: packing them is expensive
    KBufId lane_scratch, row_scratch, sum_scratch;
    int64_t panel_width, row_pitch; // elements between one k and the next in scratch
    int64_t chunk;                  // most k at a time
    NodeId sum;                     // the member that adds `start` to the product, or the product itself
    NodeId start;                   // NODE_NONE: zero
    KIdx k_lo, k_count;             // of the chunk now; k_left: the bound by the end of k
    KIdx k_left;
    bool k_cut;
    Range rows;
    int64_t row_span; // most rows of a tile of the grid
} Contract;

typedef enum Phase {
    PHASE_ALL,    // from zero over all of k to the result
    PHASE_CHUNK,  // partial sums over a chunk of k
    PHASE_RESULT, // from the sums to the result
} Phase;

static void operand_coords(const Contract *c, bool k_first, Coord k, Coord other, Coord *at) {
    for (uint32_t i = 0; i + 2 < c->rank; i++) at[i] = c->at[i];
    at[c->rank - 2] = k_first ? k : other;
    at[c->rank - 1] = k_first ? other : k;
}

static KStmt *k_loop(Contract *c, KVar k) {
    KStmt *loop = emit_for(c->e, k, idx_const(0), c->k_count, 1);
    if (c->k_cut) loop->has_hi2 = true, loop->hi2 = c->k_left;
    return loop;
}

static KAccess scratch_access(KBufId buf, KIdx idx, int64_t lane_stride) {
    return (KAccess){.buf = buf, .idx = idx, .lane_stride = lane_stride, .gather_buf = KBUF_NONE};
}

// k counts from the start of the chunk.
static KVal lane_value(Contract *c, KIdx k, KIdx lane, KIdx in_panel) {
    Emit *e = c->e;
    if (!c->pack_lanes) {
        Coord at[MAX_RANK];
        operand_coords(c, c->lane_k_first, (Coord){idx_add(c->k_lo, k), 0}, (Coord){lane, 1}, at);
        return emit_splat(e, emit_node(e, c->lane_operand, at));
    }
    KAccess access = scratch_access(c->lane_scratch, idx_add(idx_scale(k, c->panel_width), in_panel), 1);
    KMask mask = e->mask;
    KVal value;
    e->mask = (KMask){0};
    emit_load(e, &access, c->node->dtype, true, &value);
    e->mask = mask;
    return value;
}

static KVal row_value(Contract *c, KIdx k, KIdx row) {
    Emit *e = c->e;
    KVal value;
    if (c->pack_rows) {
        KIdx local = idx_add(row, idx_scale(c->rows.lo, -1));
        KAccess access = scratch_access(c->row_scratch, idx_add(idx_scale(k, c->row_pitch), local), 0);
        emit_load(e, &access, c->node->dtype, false, &value);
    } else {
        Coord at[MAX_RANK];
        operand_coords(c, c->row_k_first, (Coord){idx_add(c->k_lo, k), 0}, (Coord){row, 0}, at);
        value = emit_node(e, c->row_operand, at);
    }
    return emit_splat(e, value);
}

typedef struct Panel {
    KIdx lane; // its first lane
    uint32_t vectors;
    const KIdx *limit; // lanes that exist from there, when the panel is not full
} Panel;

static void lane_mask(Contract *c, const Panel *panel, KIdx step) {
    c->e->mask = (KMask){0};
    if (panel->limit) c->e->mask = (KMask){.has = true, .limit = idx_add(*panel->limit, idx_scale(step, -1))};
}

static void pack_one(Contract *c, const Panel *panel, KIdx k, KIdx in_panel, int64_t lane) {
    Emit *e = c->e;
    Coord at[MAX_RANK];
    operand_coords(c, c->lane_k_first, (Coord){idx_add(c->k_lo, k), 0}, (Coord){idx_add(panel->lane, in_panel), lane}, at);
    KVal value = emit_node(e, c->lane_operand, at);
    if (lane) value = emit_splat(e, value);
    KAccess access = scratch_access(c->lane_scratch, idx_add(idx_scale(k, c->panel_width), in_panel), lane);
    emit_stmt(e, (KStmt){.kind = KS_STORE, .access = access, .value = value});
}

// Transposed on the way: element by element, for a few k along every lane, so that what is written stays in the cache.
static void pack_transposed(Contract *c, const Panel *panel) {
    Emit *e = c->e;
    KVar k = emit_var(e, "k"), lane = emit_var(e, "l"), u = emit_var(e, "u");
    for (int step = TRANSPOSED; step; step = step == TRANSPOSED ? 1 : 0) {
        KStmt *loop = k_loop(c, k);
        loop->step = step;
        loop->whole = step > 1;
        loop->resume = step == 1;
        loop = emit_for(e, lane, idx_const(0), idx_const((int64_t)panel->vectors * e->k->lanes), 1);
        if (panel->limit) loop->has_hi2 = true, loop->hi2 = *panel->limit;
        if (step > 1) emit_unroll(e, u, step);
        pack_one(c, panel, step > 1 ? idx_add(idx_var(k), idx_var(u)) : idx_var(k), idx_var(lane), 0);
        if (step > 1) emit_end(e);
        emit_end(e);
        emit_end(e);
    }
}

// The panel of the lane operand, k by k, with the lanes side by side; lanes beyond the mask hold nothing of use.
static void pack_lanes(Contract *c, const Panel *panel) {
    Emit *e = c->e;
    if (c->transposes) {
        pack_transposed(c, panel);
        return;
    }
    KVar k = emit_var(e, "k"), v = emit_var(e, "v");
    k_loop(c, k);
    emit_unroll(e, v, panel->vectors);
    KIdx step = idx_scale(idx_var(v), e->k->lanes);
    lane_mask(c, panel, step);
    pack_one(c, panel, idx_var(k), step, 1);
    e->mask = (KMask){0};
    emit_end(e);
    emit_end(e);
}

typedef struct PackRows {
    Contract *c;
    KVar k;
} PackRows;

static void pack_rows_body(Emit *e, void *context, KIdx row) {
    PackRows *p = context;
    Contract *c = p->c;
    Coord at[MAX_RANK];
    operand_coords(c, c->row_k_first, (Coord){idx_add(c->k_lo, idx_var(p->k)), 0}, (Coord){row, 1}, at);
    KVal value = emit_splat(e, emit_node(e, c->row_operand, at));
    KIdx local = idx_add(row, idx_scale(c->rows.lo, -1));
    KAccess access = scratch_access(c->row_scratch, idx_add(idx_scale(idx_var(p->k), c->row_pitch), local), 1);
    emit_stmt(e, (KStmt){.kind = KS_STORE, .access = access, .value = value, .mask = e->mask});
}

// The tile's rows of the row operand, k by k, with the rows side by side.
static void pack_rows(Contract *c) {
    PackRows p = {c, emit_var(c->e, "k")};
    k_loop(c, p.k);
    range_lanes(c->e, "i", &c->rows, pack_rows_body, &p);
    emit_end(c->e);
}

static KAccess sum_access(const Contract *c, KIdx row, KIdx step) {
    KIdx local = idx_add(row, idx_scale(c->rows.lo, -1));
    return scratch_access(c->sum_scratch, idx_add(idx_scale(local, c->panel_width), step), 1);
}

typedef struct Tile {
    const Panel *panel;
    KIdx row;
    uint32_t rows;
    KReg acc, b;
    KVar r, v;
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

// acc[r][v] += Σ over k of row operand × lane operand.
static void tile_sum(Contract *c, const Tile *t) {
    Emit *e = c->e;
    KVar k = emit_var(e, "k");
    KIdx zero = idx_const(0), step = idx_scale(idx_var(t->v), e->k->lanes);
    k_loop(c, k);
    emit_unroll(e, t->v, t->panel->vectors);
    lane_mask(c, t->panel, step);
    emit_set(e, t->b, zero, idx_var(t->v), lane_value(c, idx_var(k), idx_add(t->panel->lane, step), step));
    e->mask = (KMask){0};
    emit_end(e);
    emit_unroll(e, t->r, t->rows);
    KVal a = row_value(c, idx_var(k), idx_add(t->row, idx_var(t->r)));
    emit_unroll(e, t->v, t->panel->vectors);
    KStmt fma = {.op = K_FMA, .args = {a}};
    fma.args[1] = emit_read(e, t->b, zero, idx_var(t->v));
    fma.args[2] = emit_read(e, t->acc, idx_var(t->r), idx_var(t->v));
    emit_set(e, t->acc, idx_var(t->r), idx_var(t->v), emit_let(e, c->node->dtype, true, fma));
    emit_end(e);
    emit_end(e);
    emit_end(e);
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
        lane_mask(c, t->panel, step);
        c->at[c->row_axis] = (Coord){idx_add(t->row, idx_var(t->r)), 0};
        c->at[c->lane_axis] = (Coord){idx_add(t->panel->lane, step), 1};
        emit_know(e, phase == PHASE_RESULT ? c->sum : c->group->anchor, NULL, value);
        for (size_t i = 0; i < c->group->members.count; i++) emit_keep(e, c->group->members.items[i], c->at);
        e->mask = (KMask){0};
    }
    emit_end(e);
    emit_end(e);
}

static void register_tile(Contract *c, const Panel *panel, KIdx row, uint32_t rows, Phase phase) {
    Emit *e = c->e;
    Tile t = {.panel = panel, .row = row, .rows = rows, .r = emit_var(e, "r"), .v = emit_var(e, "v")};
    t.acc = emit_reg(e, "acc", c->node->dtype, true, rows, panel->vectors);
    t.b = emit_reg(e, "b", c->node->dtype, true, 1, panel->vectors);
    tile_start(c, &t, phase);
    if (phase != PHASE_RESULT) tile_sum(c, &t);
    tile_end(c, &t, phase);
}

static bool row_loop(Contract *c, KVar var, int64_t step, bool resume) {
    KStmt *loop = emit_for(c->e, var, c->rows.lo, c->rows.hi, step);
    if (c->rows.cut) loop->has_hi2 = true, loop->hi2 = c->rows.extent;
    loop->whole = true;
    loop->resume = resume;
    return true;
}

// The tile's rows in register tiles: as many as fit, then the rest in smaller ones.
static void row_tiles(Contract *c, const Panel *panel, Phase phase) {
    Emit *e = c->e;
    Dim extent = c->node->shape.dim[c->row_axis];
    int64_t budget = (int64_t)c->most_rows * c->most_vectors;
    int64_t rows = panel->vectors == c->most_vectors ? c->most_rows : budget / panel->vectors;
    if (rows > MOST_ROWS) rows = MOST_ROWS;
    int64_t rest[3] = {4, 1, 0};
    if (!extent.batch) {
        if (rows > extent.size) rows = extent.size;
        rest[0] = extent.size % rows;
        rest[1] = 0;
    } else if (rows <= 4) {
        rest[0] = 1;
        rest[1] = 0;
    }
    KVar var = emit_var(e, "i");
    row_loop(c, var, rows, false);
    register_tile(c, panel, idx_var(var), (uint32_t)rows, phase);
    emit_end(e);
    for (int i = 0; rest[i]; i++) {
        row_loop(c, var, rest[i], true);
        register_tile(c, panel, idx_var(var), (uint32_t)rest[i], phase);
        emit_end(e);
    }
}

static void pack(Contract *c, const Panel *panel) {
    if (c->pack_lanes) pack_lanes(c, panel);
    if (c->pack_rows) pack_rows(c);
}

static void panel_at_once(Contract *c, const Panel *panel) {
    c->k_lo = idx_const(0);
    c->k_count = idx_dim(c->k);
    c->k_cut = false;
    pack(c, panel);
    row_tiles(c, panel, PHASE_ALL);
}

// sums = 0, or what is added to the product.
static void start_sums(Contract *c, const Panel *panel) {
    Emit *e = c->e;
    KVar i = emit_var(e, "i"), v = emit_var(e, "v");
    row_loop(c, i, 1, false);
    emit_unroll(e, v, panel->vectors);
    KIdx step = idx_scale(idx_var(v), e->k->lanes);
    KVal value;
    if (c->start == NODE_NONE) {
        value = emit_const(e, c->node->dtype, 0, 0);
    } else {
        lane_mask(c, panel, step);
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

static void panel_in_chunks(Contract *c, const Panel *panel) {
    Emit *e = c->e;
    start_sums(c, panel);
    KVar chunk = emit_var(e, "k0");
    emit_for(e, chunk, idx_const(0), idx_dim(c->k), c->chunk);
    c->k_lo = idx_var(chunk);
    c->k_count = idx_const(c->chunk);
    c->k_left = idx_add(idx_dim(c->k), idx_scale(idx_var(chunk), -1));
    c->k_cut = true;
    pack(c, panel);
    row_tiles(c, panel, PHASE_CHUNK);
    emit_end(e);
    row_tiles(c, panel, PHASE_RESULT);
}

// Runs its body once if `condition` is positive: the kernel language's way to choose by N.
static void open_if(Contract *c, KIdx condition) { emit_for(c->e, emit_var(c->e, "once"), idx_const(0), condition, INT32_MAX); }

static void panel_rows(Contract *c, const Panel *panel) {
    if (c->chunk == 0) {
        panel_at_once(c, panel);
    } else if (c->k.batch) {
        open_if(c, idx_add(idx_const(c->chunk + 1), idx_scale(idx_dim(c->k), -1)));
        panel_at_once(c, panel);
        emit_end(c->e);
        open_if(c, idx_add(idx_dim(c->k), idx_const(-c->chunk)));
        panel_in_chunks(c, panel);
        emit_end(c->e);
    } else if (c->k.size > c->chunk) {
        panel_in_chunks(c, panel);
    } else {
        panel_at_once(c, panel);
    }
}

// All panels of the tile: full ones, then what is left of the axis.
static void panels(Contract *c) {
    Emit *e = c->e;
    Dim extent = c->node->shape.dim[c->lane_axis];
    int64_t lanes = e->k->lanes, width = c->most_vectors * lanes;
    Range range = range_of(e, "panel", extent, width);
    int64_t count = extent.batch ? INT64_MAX : extent.size;
    KVar var = emit_var(e, "j");
    emit_scalars(e, c->group);
    if (count >= width) {
        KStmt *loop = emit_for(e, var, range.lo, range.hi, width);
        if (range.cut) loop->has_hi2 = true, loop->hi2 = range.extent;
        loop->whole = true;
        panel_rows(c, &(Panel){.lane = idx_var(var), .vectors = c->most_vectors});
        emit_end(e);
    }
    if (!extent.batch && count % width == 0) return;
    int64_t step = extent.batch ? lanes : width;
    KStmt *loop = emit_for(e, var, range.lo, range.hi, step);
    if (range.cut) loop->has_hi2 = true, loop->hi2 = range.extent;
    loop->resume = count >= width;
    int64_t left = extent.batch ? 1 : (count % width + lanes - 1) / lanes;
    // Where the last panel of a constant axis lies is known.
    KIdx lane = extent.batch ? idx_var(var) : idx_const(count - count % width);
    KIdx limit = idx_add(idx_dim(extent), idx_scale(lane, -1));
    bool exact = !extent.batch && count % lanes == 0;
    panel_rows(c, &(Panel){.lane = lane, .vectors = (uint32_t)left, .limit = exact ? NULL : &limit});
    emit_end(e);
}

// How an operand is read: the element stride of one step of k, or of one step of its other axis; 0 if it is no view.
static int64_t operand_stride(Contract *c, NodeId operand, bool k_first, bool of_k) {
    Emit probe = *c->e;
    Kernel kernel = *c->e->k;
    probe.k = &kernel;
    KAccess access;
    DType dtype;
    Coord at[MAX_RANK] = {0};
    operand_coords(c, k_first, (Coord){idx_const(0), of_k}, (Coord){idx_const(0), !of_k}, at);
    return emit_access(&probe, operand, at, &access, &dtype) ? access.lane_stride : 0;
}

static bool long_pitch(Contract *c, NodeId operand, bool k_first) {
    int64_t bytes = operand_stride(c, operand, k_first, true) * (int64_t)dtype_size(c->node->dtype);
    return bytes >= LONG_PITCH;
}

static void plan_packing(Contract *c) {
    Dim rows = c->node->shape.dim[c->row_axis];
    bool many_rows = rows.batch || rows.size >= 4 * (int64_t)c->most_rows;
    Dim lanes = c->node->shape.dim[c->lane_axis];
    bool many_lanes = lanes.batch || lanes.size >= 2 * (int64_t)c->e->k->lanes;
    bool gathers = operand_stride(c, c->lane_operand, c->lane_k_first, false) > 1;
    bool long_k = c->k.batch || c->k.size >= 32;
    c->transposes = gathers;
    c->pack_lanes = gathers || (long_k && many_rows && long_pitch(c, c->lane_operand, c->lane_k_first));
    c->pack_rows = long_k && many_lanes && c->row_k_first && long_pitch(c, c->row_operand, c->row_k_first) &&
                   operand_stride(c, c->row_operand, c->row_k_first, false) == 1;
    int64_t block = (int64_t)c->most_rows * (gathers ? 86 : 16);
    bool cut = c->e->k->grid_count < 2 && (rows.batch || rows.size > block);
    c->rows = range_of(c->e, "rows", rows, cut ? block : 0);
    c->row_span = c->rows.cut ? block : rows.size;
    // Scratch must have a size that is known: without a cut of the rows by the grid there is none for a batch of them.
    if (!c->rows.cut && rows.batch) c->pack_lanes = c->pack_rows = false;
    bool packs = c->pack_lanes || c->pack_rows;
    bool chunks = c->k.batch ? packs : c->k.size > CHUNK && (c->rows.cut || !rows.batch);
    c->chunk = chunks ? CHUNK : packs ? c->k.size : 0;
    DType dtype = c->node->dtype;
    c->panel_width = (int64_t)c->most_vectors * c->e->k->lanes;
    if (c->pack_lanes) c->lane_scratch = emit_scratch(c->e, dtype, c->chunk * c->panel_width);
    c->row_pitch = (c->row_span / c->e->k->lanes + 1) * c->e->k->lanes; // room for the lanes beyond the last row
    if (c->pack_rows) c->row_scratch = emit_scratch(c->e, dtype, c->chunk * c->row_pitch);
    if (chunks) c->sum_scratch = emit_scratch(c->e, dtype, c->row_span * c->panel_width);
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

void emit_contract(Emit *e, const Group *group) {
    const Node *node = graph_node(e->s->g, group->anchor);
    Contract c = {.e = e, .group = group, .node = node, .rank = node->shape.rank};
    uint32_t axes[MAX_RANK];
    memory_order(e->s, group, axes);
    bool swapped = axes[c.rank - 1] == c.rank - 2;
    bool ta = node->attr.matmul.transpose_a, tb = node->attr.matmul.transpose_b;
    c.lane_axis = swapped ? c.rank - 2 : c.rank - 1;
    c.row_axis = swapped ? c.rank - 1 : c.rank - 2;
    c.row_operand = node->operands[swapped];
    c.lane_operand = node->operands[!swapped];
    c.row_k_first = swapped ? !tb : ta;
    c.lane_k_first = swapped ? ta : !tb;
    const Shape *a = &graph_node(e->s->g, node->operands[0])->shape;
    c.k = a->dim[ta ? c.rank - 2 : c.rank - 1];
    Dim lanes = node->shape.dim[c.lane_axis];
    c.most_vectors = e->s->plan->target->tile_vectors;
    c.most_rows = e->s->plan->target->tile_rows;
    int64_t needed = lanes.batch ? c.most_vectors : (lanes.size + e->k->lanes - 1) / e->k->lanes;
    if (needed < c.most_vectors) {
        c.most_rows = c.most_rows * c.most_vectors / (uint32_t)needed;
        if (c.most_rows > MOST_ROWS) c.most_rows = MOST_ROWS;
        c.most_vectors = (uint32_t)needed;
    }
    Range batch[MAX_RANK];
    for (uint32_t i = 0; i + 2 < c.rank; i++) batch[i] = range_of(e, "batch", node->shape.dim[i], i == 0 ? 1 : 0);
    for (uint32_t i = 0; i + 2 < c.rank; i++) c.at[i] = (Coord){range_loop(e, "b", &batch[i]), 0};
    find_start(&c);
    plan_packing(&c);
    panels(&c);
    for (uint32_t i = c.rank - 2; i-- > 0;) range_end(e, &batch[i]);
    double work = 2.0 * (double)c.k.size;
    bool with_n = c.k.batch;
    for (uint32_t i = 0; i < c.rank; i++) work *= (double)node->shape.dim[i].size, with_n |= node->shape.dim[i].batch;
    *(with_n ? &e->k->flops_n : &e->k->flops) += work;
}
