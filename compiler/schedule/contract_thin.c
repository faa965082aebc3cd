// Contractions of a few samples. There is hardly any arithmetic then: what counts is that the weights pass through the core
// once, in the order in which they lie in memory, and that nothing is copied first. Register tiles do neither: they walk panels
// of columns, short pieces far apart. So a product with the batch has a second kernel, for small batches:
//
//     rows      y = x·W, k the rows of W: a few rows of W at a time, whole, added to sums in the first cache
//     dots      y = x·Wᵀ, k along the rows of W: each result a dot product, several at a time
//     updates   W' = f(W, xᵀ·d), k the batch: a few rows of the result at a time, whole
//
// Rows and updates add in the same order as register tiles do: a sample's results do not depend on how many there are. Dots
// do not: they are what gradients of inputs need.
#include "schedule/contract.h"

enum {
    MOST_FOR_ROWS = 4, // samples
    MOST_FOR_DOTS = 24,
    MOST_FOR_FAR_DOTS = 8,
    MOST_FOR_UPDATES = 64,
    MOST_FOR_ONE_ROW = 2, // of an update at a time, where the weights do not fit the second cache
    LEAST_WEIGHTS = 2048, // fewer: not worth a kernel of its own
    ROWS_AT_ONCE = 8,     // of W
    DOTS_AT_ONCE = 4,     // rows of W
    DOTS_SAMPLES = 2,
    DOTS_A_TILE = 64,
    SUMS_BYTES = 2048,       // of one sample in the first cache
    UPDATE_BYTES = 16 << 10, // of a tile of the grid
    UPDATE_REGISTERS = 16,   // of a tile: fewer rows than elsewhere, so that the hardware follows all of W, momentum, …
};

_Static_assert(CHUNK % ROWS_AT_ONCE == 0 && DOTS_A_TILE % DOTS_AT_ONCE == 0, "tiles have no remainders but the last one's");

typedef enum Thin { THIN_NONE, THIN_ROWS, THIN_DOTS, THIN_UPDATES } Thin;

static Thin kind_of(Contract *c) {
    Dim rows = c->node->shape.dim[c->row_axis], lanes = c->node->shape.dim[c->lane_axis];
    if (!c->e->s->fuse || c->rank != 2 || lanes.batch || rows.batch == c->k.batch) return THIN_NONE;
    if (contract_weight_bytes(c) < LEAST_WEIGHTS * (int64_t)dtype_size(c->node->dtype)) return THIN_NONE;
    bool contiguous = contract_stride(c, c->lane_operand, c->lane_k_first, false) == 1;
    if (c->k.batch) return contiguous && c->k.size == 1 ? THIN_UPDATES : THIN_NONE;
    if (rows.size != 1) return THIN_NONE;
    if (contiguous) return THIN_ROWS;
    bool along_k = contract_stride(c, c->lane_operand, c->lane_k_first, true) == 1 &&
                   contract_stride(c, c->row_operand, c->row_k_first, true) == 1;
    return along_k ? THIN_DOTS : THIN_NONE;
}

// ---- Rows

typedef struct Rows {
    Contract *c;
    KBufId part, sums; // [MOST_FOR_ROWS][width]
    int64_t width;
    Range lanes;
    KIdx sample;
    KIdx k;               // of the rows of W at hand
    KVal x[ROWS_AT_ONCE]; // of the sample, in every lane
    uint32_t count;       // of rows of W
} Rows;

static KAccess sum_at(const Rows *r, KBufId buf, KIdx lane) {
    KIdx local = idx_add(lane, idx_scale(r->lanes.lo, -1));
    return contract_scratch_access(buf, idx_add(idx_scale(r->sample, r->width), local), 1);
}

// Scratch memory has room for whole vectors: masks are for what lies in buffers.
static KVal load_sum(const Rows *r, KBufId buf, KIdx lane) {
    Emit *e = r->c->e;
    KMask mask = e->mask;
    KAccess access = sum_at(r, buf, lane);
    KVal value;
    e->mask = (KMask){0};
    emit_load(e, &access, r->c->node->dtype, true, &value);
    e->mask = mask;
    return value;
}

static void store_sum(const Rows *r, KBufId buf, KIdx lane, KVal value) {
    emit_stmt(r->c->e, (KStmt){.kind = KS_STORE, .access = sum_at(r, buf, lane), .value = emit_splat(r->c->e, value)});
}

static void clear_part(Emit *e, void *context, KIdx lane) {
    const Rows *r = context;
    store_sum(r, r->part, lane, emit_const(e, r->c->node->dtype, 0, 0));
}

static void start_sum(Emit *e, void *context, KIdx lane) {
    const Rows *r = context;
    Contract *c = r->c;
    c->at[c->row_axis] = (Coord){r->sample, 0};
    c->at[c->lane_axis] = (Coord){lane, 1};
    KVal value = c->start == NODE_NONE ? emit_const(e, c->node->dtype, 0, 0) : emit_node(e, c->start, c->at);
    store_sum(r, r->sums, lane, value);
}

static void add_part(Emit *e, void *context, KIdx lane) {
    const Rows *r = context;
    KVal parts[] = {load_sum(r, r->sums, lane), load_sum(r, r->part, lane)};
    store_sum(r, r->sums, lane, emit_element(e, OP_ADD, r->c->node->dtype, parts, 2));
}

static void add_rows(Emit *e, void *context, KIdx lane) {
    const Rows *r = context;
    KVal sum = load_sum(r, r->part, lane);
    for (uint32_t i = 0; i < r->count; i++) {
        KStmt fma = {.op = K_FMA, .args = {r->x[i]}};
        fma.args[1] = contract_lane_value(r->c, idx_add(r->k, idx_const(i)), lane, idx_const(0));
        fma.args[2] = sum;
        sum = emit_let(e, r->c->node->dtype, true, fma);
    }
    store_sum(r, r->part, lane, sum);
}

static void keep_members(Contract *c, KIdx row, Coord lane, NodeId known, KVal value) {
    Emit *e = c->e;
    size_t before = e->known.count;
    c->at[c->row_axis] = (Coord){row, 0};
    c->at[c->lane_axis] = lane;
    emit_know(e, known, NULL, value);
    contract_keep(c);
    e->known.count = before;
}

static void finish_row(Emit *e, void *context, KIdx lane) {
    const Rows *r = context;
    Contract *c = r->c;
    (void)e;
    bool whole = r->part == r->sums;
    keep_members(c, r->sample, (Coord){lane, 1}, whole ? c->group->anchor : c->sum, load_sum(r, r->sums, lane));
}

// Every sample, every vector of the tile's lanes.
static void each_sample(Rows *r, LaneBody *body) {
    Emit *e = r->c->e;
    KVar sample = emit_var(e, "i");
    emit_for(e, sample, idx_const(0), idx_dim(r->c->node->shape.dim[r->c->row_axis]), 1);
    r->sample = idx_var(sample);
    range_lanes(e, "j", &r->lanes, body, r);
    emit_end(e);
}

// A few rows of W, or what is left of the chunk one by one, times all samples.
static void some_rows(Rows *r, KVar k, uint32_t count) {
    Contract *c = r->c;
    Emit *e = c->e;
    KStmt *loop = contract_k_loop(c, k);
    loop->step = count;
    loop->whole = count > 1;
    loop->resume = count == 1;
    r->k = idx_var(k);
    r->count = count;
    KVar sample = emit_var(e, "i");
    emit_for(e, sample, idx_const(0), idx_dim(c->node->shape.dim[c->row_axis]), 1);
    r->sample = idx_var(sample);
    for (uint32_t i = 0; i < count; i++) r->x[i] = contract_row_value(c, idx_add(r->k, idx_const(i)), r->sample);
    range_lanes(e, "j", &r->lanes, add_rows, r);
    emit_end(e);
    emit_end(e);
}

static void all_rows(Rows *r) {
    each_sample(r, clear_part);
    KVar k = emit_var(r->c->e, "k");
    some_rows(r, k, ROWS_AT_ONCE);
    if (r->c->k.size % ROWS_AT_ONCE) some_rows(r, k, 1); // chunks are whole
}

static void emit_rows(Contract *c) {
    Emit *e = c->e;
    DType dtype = c->node->dtype;
    Dim lanes = c->node->shape.dim[c->lane_axis];
    Rows r = {.c = c, .width = SUMS_BYTES / (int64_t)dtype_size(dtype)};
    r.lanes = range_of(e, "lanes", lanes, r.width);
    emit_scalars(e, c->group);
    int64_t room = MOST_FOR_ROWS * r.width + e->k->lanes; // the last vector may begin before a tile's end
    r.part = r.sums = emit_scratch(e, dtype, room);
    if (c->k.size <= CHUNK) {
        all_rows(&r);
    } else {
        r.sums = emit_scratch(e, dtype, room);
        each_sample(&r, start_sum);
        contract_begin_chunk(c, CHUNK);
        all_rows(&r);
        each_sample(&r, add_part);
        emit_end(e);
    }
    each_sample(&r, finish_row);
}

// ---- Dots

typedef struct Dots {
    Contract *c;
    KReg acc;      // [rows of W][samples]
    KVar row, one; // which of them
    KIdx sample, first;
    uint32_t rows, samples;
} Dots;

// acc[row][sample] += W[first + row] × d[sample], along k.
static void add_products(Emit *e, void *context, KIdx k) {
    const Dots *d = context;
    Contract *c = d->c;
    DType dtype = c->node->dtype;
    Coord at[MAX_RANK];
    KVal along[DOTS_SAMPLES];
    for (uint32_t i = 0; i < d->samples; i++) {
        Coord sample = {idx_add(d->sample, idx_const(i)), 0};
        contract_operand_coords(c, c->row_k_first, (Coord){k, 1}, sample, at);
        along[i] = emit_splat(e, emit_node(e, c->row_operand, at));
    }
    emit_unroll(e, d->row, d->rows);
    contract_operand_coords(c, c->lane_k_first, (Coord){k, 1}, (Coord){idx_add(d->first, idx_var(d->row)), 0}, at);
    KVal weights = emit_node(e, c->lane_operand, at);
    for (uint32_t i = 0; i < d->samples; i++) {
        KStmt fma = {.op = K_FMA, .args = {along[i], weights}};
        fma.args[2] = emit_read(e, d->acc, idx_var(d->row), idx_const(i));
        emit_set(e, d->acc, idx_var(d->row), idx_const(i), emit_let(e, dtype, true, fma));
    }
    emit_end(e);
}

static void dots_of_samples(Dots *d, KVar sample, uint32_t samples) {
    Contract *c = d->c;
    Emit *e = c->e;
    DType dtype = c->node->dtype;
    KStmt *loop = emit_for(e, sample, idx_const(0), idx_dim(c->node->shape.dim[c->row_axis]), samples);
    loop->whole = samples > 1;
    loop->resume = samples < DOTS_SAMPLES;
    d->sample = idx_var(sample);
    d->samples = samples;
    d->acc = emit_reg(e, "acc", dtype, true, d->rows, samples);
    KVal none = emit_splat(e, emit_const(e, dtype, 0, 0));
    emit_unroll(e, d->row, d->rows);
    emit_unroll(e, d->one, samples);
    emit_set(e, d->acc, idx_var(d->row), idx_var(d->one), none);
    emit_end(e);
    emit_end(e);
    emit_lanes(e, "k", idx_const(0), idx_dim(c->k), NULL, false, add_products, d);
    emit_unroll(e, d->row, d->rows);
    emit_unroll(e, d->one, samples);
    KStmt total = {.op = K_REDUCE, .element = OP_ADD, .args = {emit_read(e, d->acc, idx_var(d->row), idx_var(d->one))}};
    KVal value = emit_let(e, dtype, false, total);
    Coord lane = {idx_add(d->first, idx_var(d->row)), 0};
    keep_members(c, idx_add(d->sample, idx_var(d->one)), lane, c->group->anchor, value);
    emit_end(e);
    emit_end(e);
    emit_end(e);
}

static void some_dots(Contract *c, const Range *lanes, KVar lane, uint32_t rows) {
    Emit *e = c->e;
    KStmt *loop = range_for(e, lane, lanes, rows);
    loop->whole = rows > 1;
    loop->resume = rows == 1;
    Dots d = {.c = c, .row = emit_var(e, "u"), .one = emit_var(e, "s"), .first = idx_var(lane), .rows = rows};
    KVar sample = emit_var(e, "i");
    dots_of_samples(&d, sample, DOTS_SAMPLES);
    dots_of_samples(&d, sample, 1);
    emit_end(e);
}

static void emit_dots(Contract *c) {
    Emit *e = c->e;
    Range lanes = range_of(e, "lanes", c->node->shape.dim[c->lane_axis], DOTS_A_TILE);
    emit_scalars(e, c->group);
    KVar lane = emit_var(e, "j");
    some_dots(c, &lanes, lane, DOTS_AT_ONCE);
    if (c->node->shape.dim[c->lane_axis].size % DOTS_AT_ONCE) some_dots(c, &lanes, lane, 1);
}

// ---- Updates

static void update_panel(Contract *c, const Panel *panel, void *context) {
    const TileRows *rows = context;
    contract_tile(c, panel, rows->first, rows->count, PHASE_ALL, false);
}

static void all_updates(Contract *c, const Range *tile, const Range *lanes, int64_t at_once) {
    TileRows rows;
    contract_rows_before_panels(c, tile, lanes, at_once, update_panel, &rows, &rows);
}

static void emit_updates(Contract *c) {
    Emit *e = c->e;
    Dim rows = c->node->shape.dim[c->row_axis], lanes = c->node->shape.dim[c->lane_axis];
    contract_choose_tile(c);
    int64_t at_once = UPDATE_REGISTERS / c->most_vectors;
    if (at_once > c->most_rows) at_once = c->most_rows;
    if (at_once > rows.size) at_once = rows.size;
    int64_t block = UPDATE_BYTES / (lanes.size * (int64_t)dtype_size(c->node->dtype)) / at_once * at_once;
    Range tile = range_of(e, "rows", rows, block > 0 ? block : at_once), all = range_of(e, "j", lanes, 0);
    emit_scalars(e, c->group);
    contract_ride(c, &tile, &all);
    if (contract_weight_bytes(c) <= e->s->plan->target->l2_bytes) {
        all_updates(c, &tile, &all, at_once);
        return;
    }
    KIdx more = idx_add(idx_dim(c->k), idx_const(-MOST_FOR_ONE_ROW));
    contract_open_if(c, idx_add(idx_const(1), idx_scale(more, -1)));
    all_updates(c, &tile, &all, 1);
    emit_end(e);
    contract_open_if(c, more);
    all_updates(c, &tile, &all, at_once);
    emit_end(e);
}

// ---- All of it

// Every few rows of an update read all of d, which is not packed: it must stay near, the more so where W does.
static int64_t samples_of_update(Contract *c) {
    const Target *target = c->e->s->plan->target;
    contract_choose_tile(c);
    int64_t sample = c->node->shape.dim[c->lane_axis].size * (int64_t)dtype_size(c->node->dtype);
    int64_t most = contract_far_apart(c) ? 8 * target->tile_vectors : MOST_FOR_UPDATES;
    int64_t near = (contract_weight_bytes(c) > target->l2_bytes ? target->l2_bytes / 4 : target->l1_bytes / 2) / sample;
    return near > most ? most : near > MOST_FOR_ROWS ? near : MOST_FOR_ROWS;
}

// Weights from far away are fetched ahead by register tiles; dot products of more than a few samples wait for them.
static int64_t samples_of_dots(const Contract *c) {
    return contract_weight_bytes(c) > 4 * (int64_t)c->e->s->plan->target->l2_bytes ? MOST_FOR_FAR_DOTS : MOST_FOR_DOTS;
}

// Up to how many samples each way is the faster one, as measured.
int64_t contract_thin_samples(Emit *e, const Group *group) {
    Contract c;
    contract_open(&c, e, group);
    switch (kind_of(&c)) {
    case THIN_ROWS: return MOST_FOR_ROWS;
    case THIN_DOTS: return samples_of_dots(&c);
    case THIN_UPDATES: return samples_of_update(&c);
    case THIN_NONE: break;
    }
    return 0;
}

void emit_contract_thin(Emit *e, const Group *group) {
    Contract c;
    contract_open(&c, e, group);
    switch (kind_of(&c)) {
    case THIN_ROWS: emit_rows(&c); break;
    case THIN_DOTS: emit_dots(&c); break;
    case THIN_UPDATES: emit_updates(&c); break;
    case THIN_NONE: break;
    }
}
