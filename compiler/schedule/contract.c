// Contraction groups: a matmul and what is done to its result while it is in registers.
//
// One axis of the result is the lane axis (the one that is contiguous in what is written), the other the row axis. A tile of
// the grid is a block of rows × one panel of `vectors` registers of lanes; in it a register tile of rows × vectors
// accumulates over k, one broadcast of the row operand against the vectors of the lane operand. The remaining rows run
// through smaller register tiles, the last panel through a narrower one with a mask. If the lane operand is not contiguous
// along the lanes its panel is copied to the thread's scratch memory first.
#include "schedule/internal.h"
#include "schedule/loops.h"

#include "support/diag.h"

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
    bool pack;
    KBufId panel;
    uint32_t panel_width;
    Range rows;
} Contract;

static void operand_coords(const Contract *c, bool k_first, Coord k, Coord other, Coord *at) {
    for (uint32_t i = 0; i + 2 < c->rank; i++) at[i] = c->at[i];
    at[c->rank - 2] = k_first ? k : other;
    at[c->rank - 1] = k_first ? other : k;
}

static KVal lane_value(Contract *c, KIdx k, KIdx lane, KIdx in_panel) {
    Emit *e = c->e;
    KVal value;
    if (c->pack) {
        KAccess access = {.buf = c->panel, .lane_stride = 1, .gather_buf = KBUF_NONE};
        access.idx = idx_add(idx_scale(k, c->panel_width), in_panel);
        KMask mask = e->mask;
        e->mask = (KMask){0};
        emit_load(e, &access, c->node->dtype, true, &value);
        e->mask = mask;
        return value;
    }
    Coord at[MAX_RANK];
    operand_coords(c, c->lane_k_first, (Coord){k, 0}, (Coord){lane, 1}, at);
    return emit_splat(e, emit_node(e, c->lane_operand, at));
}

// The panel of the lane operand at `lane`, k by k, with the lanes side by side; lanes beyond the mask are zero.
static void pack_panel(Contract *c, KIdx lane, uint32_t vectors, const KIdx *limit) {
    Emit *e = c->e;
    KVar k = emit_var(e, "k"), v = emit_var(e, "v");
    emit_for(e, k, idx_const(0), idx_dim(c->k), 1);
    emit_unroll(e, v, vectors);
    KIdx step = idx_scale(idx_var(v), e->k->lanes);
    e->mask = (KMask){0};
    if (limit) e->mask = (KMask){.has = true, .limit = idx_add(*limit, idx_scale(step, -1))};
    Coord at[MAX_RANK];
    operand_coords(c, c->lane_k_first, (Coord){idx_var(k), 0}, (Coord){idx_add(lane, step), 1}, at);
    KVal value = emit_splat(e, emit_node(e, c->lane_operand, at));
    KAccess access = {.buf = c->panel, .lane_stride = 1, .gather_buf = KBUF_NONE};
    access.idx = idx_add(idx_scale(idx_var(k), c->panel_width), step);
    emit_stmt(e, (KStmt){.kind = KS_STORE, .access = access, .value = value});
    e->mask = (KMask){0};
    emit_end(e);
    emit_end(e);
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

// acc[r][v] += Σ over k of row operand × lane operand, then everything that is kept is stored.
static void register_tile(Contract *c, const Panel *panel, KIdx row, uint32_t rows) {
    Emit *e = c->e;
    DType dtype = c->node->dtype;
    int64_t lanes = e->k->lanes;
    KReg acc = emit_reg(e, "acc", dtype, true, rows, panel->vectors);
    KReg b = emit_reg(e, "b", dtype, true, 1, panel->vectors);
    KVar r = emit_var(e, "r"), v = emit_var(e, "v"), k = emit_var(e, "k");
    KIdx zero = idx_const(0), step = idx_scale(idx_var(v), lanes);

    KVal none = emit_splat(e, emit_const(e, dtype, 0, 0));
    emit_unroll(e, r, rows);
    emit_unroll(e, v, panel->vectors);
    emit_set(e, acc, idx_var(r), idx_var(v), none);
    emit_end(e);
    emit_end(e);

    emit_for(e, k, zero, idx_dim(c->k), 1);
    emit_unroll(e, v, panel->vectors);
    lane_mask(c, panel, step);
    emit_set(e, b, zero, idx_var(v), lane_value(c, idx_var(k), idx_add(panel->lane, step), step));
    e->mask = (KMask){0};
    emit_end(e);
    emit_unroll(e, r, rows);
    Coord at[MAX_RANK];
    operand_coords(c, c->row_k_first, (Coord){idx_var(k), 0}, (Coord){idx_add(row, idx_var(r)), 0}, at);
    KVal a = emit_splat(e, emit_node(e, c->row_operand, at));
    emit_unroll(e, v, panel->vectors);
    KVal args[3] = {a, emit_read(e, b, zero, idx_var(v)), emit_read(e, acc, idx_var(r), idx_var(v))};
    KVal sum = emit_let(e, dtype, true, (KStmt){.op = K_FMA, .args = {args[0], args[1], args[2]}});
    emit_set(e, acc, idx_var(r), idx_var(v), sum);
    emit_end(e);
    emit_end(e);
    emit_end(e);

    emit_unroll(e, r, rows);
    emit_unroll(e, v, panel->vectors);
    lane_mask(c, panel, step);
    c->at[c->row_axis] = (Coord){idx_add(row, idx_var(r)), 0};
    c->at[c->lane_axis] = (Coord){idx_add(panel->lane, step), 1};
    emit_know(e, c->group->anchor, NULL, emit_read(e, acc, idx_var(r), idx_var(v)));
    for (size_t i = 0; i < c->group->members.count; i++) emit_keep(e, c->group->members.items[i], c->at);
    e->mask = (KMask){0};
    emit_end(e);
    emit_end(e);
}

static bool row_loop(Contract *c, KVar var, int64_t step, bool resume) {
    KStmt *loop = emit_for(c->e, var, c->rows.lo, c->rows.hi, step);
    if (c->rows.cut) loop->has_hi2 = true, loop->hi2 = c->rows.extent;
    loop->whole = true;
    loop->resume = resume;
    return true;
}

static void panel_rows(Contract *c, const Panel *panel) {
    Emit *e = c->e;
    if (c->pack) pack_panel(c, panel->lane, panel->vectors, panel->limit);
    Dim extent = c->node->shape.dim[c->row_axis];
    int64_t budget = (int64_t)c->most_rows * c->most_vectors;
    int64_t rows = panel->vectors == c->most_vectors ? c->most_rows : budget / panel->vectors;
    if (rows > 12) rows = 12;
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
    register_tile(c, panel, idx_var(var), (uint32_t)rows);
    emit_end(e);
    for (int i = 0; rest[i]; i++) {
        row_loop(c, var, rest[i], true);
        register_tile(c, panel, idx_var(var), (uint32_t)rest[i]);
        emit_end(e);
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
    KIdx limit = idx_add(idx_dim(extent), idx_scale(idx_var(var), -1));
    bool exact = !extent.batch && count % lanes == 0;
    panel_rows(c, &(Panel){.lane = idx_var(var), .vectors = (uint32_t)left, .limit = exact ? NULL : &limit});
    emit_end(e);
}

// Whether reading the operand along the other axis gives contiguous lanes.
static bool contiguous(Contract *c, NodeId operand, bool k_first) {
    Emit probe = *c->e;
    Kernel kernel = *c->e->k;
    probe.k = &kernel;
    KAccess access;
    DType dtype;
    Coord at[MAX_RANK] = {0};
    operand_coords(c, k_first, (Coord){idx_const(0), 0}, (Coord){idx_const(0), 1}, at);
    return !emit_access(&probe, operand, at, &access, &dtype) || access.lane_stride == 1 || access.lane_stride == 0;
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
    Dim lanes = node->shape.dim[c.lane_axis], rows = node->shape.dim[c.row_axis];
    c.most_vectors = e->s->plan->target->tile_vectors;
    c.most_rows = e->s->plan->target->tile_rows;
    int64_t needed = lanes.batch ? c.most_vectors : (lanes.size + e->k->lanes - 1) / e->k->lanes;
    if (needed < c.most_vectors) {
        c.most_rows = c.most_rows * c.most_vectors / (uint32_t)needed;
        if (c.most_rows > 12) c.most_rows = 12;
        c.most_vectors = (uint32_t)needed;
    }
    Range batch[MAX_RANK];
    for (uint32_t i = 0; i + 2 < c.rank; i++) batch[i] = range_of(e, "batch", node->shape.dim[i], i == 0 ? 1 : 0);
    bool narrow = e->k->grid_count < 2;
    for (uint32_t i = 0; i + 2 < c.rank; i++) c.at[i] = (Coord){range_loop(e, "b", &batch[i]), 0};
    c.pack = !c.k.batch && !contiguous(&c, c.lane_operand, c.lane_k_first);
    int64_t block = (int64_t)c.most_rows * (c.pack ? 40 : 16);
    c.rows = narrow && (rows.batch || rows.size > block) ? range_of(e, "rows", rows, block) : range_of(e, "rows", rows, 0);
    c.panel_width = c.most_vectors * e->k->lanes;
    if (c.pack) c.panel = emit_scratch(e, node->dtype, c.k.size * c.panel_width);
    panels(&c);
    for (uint32_t i = c.rank - 2; i-- > 0;) range_end(e, &batch[i]);
    double work = 2.0 * (double)c.k.size;
    bool with_n = c.k.batch;
    for (uint32_t i = 0; i < c.rank; i++) work *= (double)node->shape.dim[i].size, with_n |= node->shape.dim[i].batch;
    *(with_n ? &e->k->flops_n : &e->k->flops) += work;
}
