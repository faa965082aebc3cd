// Runs a kernel on plain memory, an element at a time: the oracle between the graph's interpreter and generated code. Where it
// and the graph disagree, the scheduler is wrong; where it and generated code disagree, the code generator is.
//
// Floats of F32 are kept in doubles and rounded after every operation. An fma is rounded once, as the machine's is.
#include "schedule/kernel.h"

#include <math.h>
#include <string.h>

#include "ir/interpret.h"
#include "ir/rng.h"

typedef union Lane {
    double f;  // F32, F64
    int64_t i; // BOOL, U8, I64
} Lane;

typedef struct Machine {
    const Kernel *kernel;
    const KernelCall *call;
    char **bases; // of each buffer
    int64_t *vars;
    Lane *vals;         // lanes of value v from vals[v × lanes]
    Lane **regs;        // of each register array: [(r × columns + v) × lanes]
    const char *failed; // message of a failed check
} Machine;

static int64_t evaluate(const Machine *m, const KIdx *idx) {
    int64_t result = idx->base + idx->base_n * m->call->N;
    for (uint32_t i = 0; i < idx->count; i++) result += idx->term[i].coef * m->vars[idx->term[i].var];
    return result;
}

static uint32_t lane_count(const Machine *m, bool vector) { return vector ? m->kernel->lanes : 1; }
static Lane *value(const Machine *m, KVal val) { return &m->vals[(size_t)val * m->kernel->lanes]; }
static KValInfo info_of(const Machine *m, KVal val) { return m->kernel->vals.items[val]; }

static bool takes_part(const Machine *m, const KMask *mask, uint32_t lane) {
    return !mask->has || (int64_t)lane < evaluate(m, &mask->limit);
}

static Lane *reg_element(const Machine *m, const KStmt *s) {
    const KRegInfo *reg = &m->kernel->regs.items[s->reg];
    int64_t at = evaluate(m, &s->r) * reg->columns + evaluate(m, &s->v);
    return &m->regs[s->reg][(size_t)at * m->kernel->lanes];
}

// ---- Memory

static char *element_address(const Machine *m, const KAccess *a, uint32_t lane) {
    int64_t index = evaluate(m, &a->idx) + (int64_t)lane * a->lane_stride;
    if (a->gather_buf != KBUF_NONE) {
        int32_t row;
        int64_t at = evaluate(m, &a->gather_idx) + (a->gather_lanes ? lane : 0);
        memcpy(&row, m->bases[a->gather_buf] + at * (int64_t)sizeof row, sizeof row);
        index += a->gather_stride * row;
    }
    return m->bases[a->buf] + index * (int64_t)dtype_size(m->kernel->bufs.items[a->buf].dtype);
}

static Lane load_element(DType dtype, const char *from) {
    Lane lane = {.i = 0};
    if (dtype == DT_BOOL || dtype == DT_U8) lane.i = *(const uint8_t *)from;
    else if (dtype == DT_F32) {
        float f;
        memcpy(&f, from, sizeof f);
        lane.f = f;
    } else memcpy(&lane, from, sizeof lane); // I64, F64
    return lane;
}

static void store_element(DType dtype, char *to, Lane lane) {
    if (dtype == DT_BOOL || dtype == DT_U8) *(uint8_t *)to = (uint8_t)lane.i;
    else if (dtype == DT_F32) {
        float f = (float)lane.f;
        memcpy(to, &f, sizeof f);
    } else memcpy(to, &lane, sizeof lane);
}

static void load(const Machine *m, const KStmt *s, KValInfo dst, Lane *to) {
    for (uint32_t lane = 0; lane < lane_count(m, dst.vector); lane++) {
        to[lane].i = 0; // of a float too: all bits are zero
        if (takes_part(m, &s->mask, lane)) to[lane] = load_element(dst.dtype, element_address(m, &s->access, lane));
    }
}

static void store(const Machine *m, const KStmt *s) {
    KValInfo info = info_of(m, s->value);
    for (uint32_t lane = 0; lane < lane_count(m, info.vector); lane++)
        if (takes_part(m, &s->mask, lane))
            store_element(info.dtype, element_address(m, &s->access, lane), value(m, s->value)[lane]);
}

// ---- Values

static double rounded(DType dtype, double x) { return dtype == DT_F32 ? (double)(float)x : x; }

static Lane cast(DType from, DType to, Lane x) {
    Lane result = {.i = 0};
    double number = dtype_is_float(from) ? x.f : (double)x.i;
    if (dtype_is_float(to)) result.f = to == DT_F32 && from == DT_I64 ? (double)(float)x.i : rounded(to, number);
    else if (dtype_is_float(from)) result.i = cast_to_int(to, x.f);
    else result.i = to == DT_BOOL ? x.i != 0 : to == DT_U8 ? (uint8_t)x.i : x.i;
    return result;
}

// One lane of an elementwise op. A condition (of WHERE) is an integer whatever the other operands are.
static Lane element(Op op, DType dst, DType operand, const Lane *args, int count) {
    Lane result = {.i = 0};
    if (op == OP_CAST) return cast(operand, dst, args[0]);
    if (op == OP_WHERE) return args[0].i ? args[1] : args[2];
    if (op == OP_STOP_GRADIENT || op == OP_CHECKED) return args[0];
    if (!dtype_is_float(operand)) {
        int64_t x[3] = {0};
        for (int i = 0; i < count; i++) x[i] = args[i].i;
        result.i = interpret_int(op, x);
        return result;
    }
    double x[3] = {0};
    for (int i = 0; i < count; i++) x[i] = args[i].f;
    double y = interpret_float(op, x);
    if (dst == DT_BOOL) result.i = y != 0;
    else result.f = rounded(dst, y);
    return result;
}

static Lane fused(DType dtype, Lane a, Lane b, Lane c) {
    return (Lane){.f = dtype == DT_F32 ? (double)fmaf((float)a.f, (float)b.f, (float)c.f) : fma(a.f, b.f, c.f)};
}

static Lane reduce(const Machine *m, const KStmt *s, DType dtype) {
    uint32_t width = m->kernel->lanes;
    Lane tree[width];
    memcpy(tree, value(m, s->args[0]), width * sizeof *tree);
    for (width /= 2; width > 0; width /= 2)
        for (uint32_t i = 0; i < width; i++) tree[i] = element(s->element, dtype, dtype, (Lane[]){tree[i], tree[i + width]}, 2);
    return tree[0];
}

static Lane run_scalar(const Machine *m, uint32_t kind) {
    switch ((ScalarKind)kind) {
    case SCALAR_N: return (Lane){.i = m->call->N};
    case SCALAR_STEP: return (Lane){.i = m->call->step};
    case SCALAR_STEPS: return (Lane){.i = m->call->steps};
    case SCALAR_EPOCH: return (Lane){.i = m->call->epoch};
    case SCALAR_EPOCHS: return (Lane){.i = m->call->epochs};
    case SCALAR_LR: return (Lane){.f = m->call->lr};
    case SCALAR_SEED: return (Lane){.i = m->call->seed};
    case SCALAR_KINDS: break;
    }
    BUG("no run-time scalar %u", kind);
}

static Lane draw(const Machine *m, const KStmt *s, DType dtype, int64_t index) {
    RngStream stream = rng_stream((uint64_t)m->call->seed, (uint64_t)m->call->step, s->scalar);
    RngWords words = rng_words(stream, (uint64_t)index);
    double x = s->normal ? rng_normal(words) : rng_uniform(words);
    return (Lane){.f = rounded(dtype, x)};
}

static Lane compute(const Machine *m, const KStmt *s, KValInfo dst, uint32_t lane) {
    Lane args[3] = {{0}};
    int count = s->op == K_ELEMENT ? op_info[s->element].operands : s->op == K_FMA ? 3 : s->op == K_MASKED ? 2 : 1;
    for (int i = 0; i < count; i++) args[i] = value(m, s->args[i])[s->op == K_SPLAT ? 0 : lane];
    switch (s->op) {
    case K_SPLAT: return args[0];
    case K_ELEMENT: return element(s->element, dst.dtype, info_of(m, s->args[0]).dtype, args, count);
    case K_FMA: return fused(dst.dtype, args[0], args[1], args[2]);
    case K_MASKED: return args[takes_part(m, &s->mask, lane) ? 0 : 1];
    case K_RANDOM: return draw(m, s, dst.dtype, args[0].i);
    default: BUG("no such kernel operation: %d", (int)s->op);
    }
}

static void let(const Machine *m, const KStmt *s) {
    KValInfo dst = info_of(m, s->dst);
    Lane *to = value(m, s->dst);
    uint32_t lanes = lane_count(m, dst.vector);
    switch (s->op) {
    case K_CONST:
        if (dtype_is_float(dst.dtype)) to->f = rounded(dst.dtype, s->number);
        else to->i = s->integer;
        return;
    case K_INDEX: to->i = evaluate(m, &s->idx); return;
    case K_SCALAR: *to = run_scalar(m, s->scalar); return;
    case K_REDUCE: *to = reduce(m, s, dst.dtype); return;
    case K_LOAD: load(m, s, dst, to); return;
    case K_READ: memcpy(to, reg_element(m, s), lanes * sizeof *to); return;
    case K_LANES:
        for (uint32_t lane = 0; lane < lanes; lane++) to[lane].i = lane;
        return;
    default:
        for (uint32_t lane = 0; lane < lanes; lane++) to[lane] = compute(m, s, dst, lane);
    }
}

// ---- Statements

static void run_block(Machine *m, const KBlock *block);

static void run_for(Machine *m, const KStmt *s) {
    int64_t end = evaluate(m, &s->hi);
    if (s->has_hi2) {
        int64_t other = evaluate(m, &s->hi2);
        if (other < end) end = other;
    }
    if (s->whole) end -= s->step - 1;
    if (!s->resume) m->vars[s->var] = evaluate(m, &s->lo);
    for (; m->vars[s->var] < end; m->vars[s->var] += s->step) run_block(m, &s->body);
}

static void transpose(const Machine *m, const KStmt *s) {
    uint32_t lanes = m->kernel->lanes;
    Lane *square = m->regs[s->reg];
    for (uint32_t i = 0; i < lanes; i++)
        for (uint32_t j = 0; j < i; j++) {
            Lane other = square[i * lanes + j];
            square[i * lanes + j] = square[j * lanes + i];
            square[j * lanes + i] = other;
        }
}

static void check(Machine *m, const KStmt *s) {
    uint32_t lanes = lane_count(m, info_of(m, s->value).vector);
    for (uint32_t lane = 0; lane < lanes; lane++)
        if (takes_part(m, &s->mask, lane) && !value(m, s->value)[lane].i) m->failed = s->text;
}

static void run_block(Machine *m, const KBlock *block) {
    for (size_t i = 0; i < block->count; i++) {
        const KStmt *s = &block->items[i];
        switch (s->kind) {
        case KS_FOR: run_for(m, s); break;
        case KS_LET: let(m, s); break;
        case KS_STORE: store(m, s); break;
        case KS_SET:
            memcpy(reg_element(m, s), value(m, s->value), lane_count(m, info_of(m, s->value).vector) * sizeof(Lane));
            break;
        case KS_TRANSPOSE: transpose(m, s); break;
        case KS_CHECK: check(m, s); break;
        case KS_PREFETCH:
        case KS_COMMENT: break;
        }
    }
}

static void run_tiles(Machine *m, uint32_t axis) {
    const Kernel *k = m->kernel;
    if (axis == k->grid_count) {
        run_block(m, &k->body);
        return;
    }
    const KExtent *e = &k->grid[axis].extent;
    int64_t tiles = (e->fixed + e->per_n * m->call->N + e->block - 1) / e->block;
    for (int64_t tile = 0; tile < tiles; tile++) {
        m->vars[k->grid[axis].var] = tile * e->block;
        run_tiles(m, axis + 1);
    }
}

const char *kernel_interpret(const Kernel *kernel, const KernelCall *call) {
    Arena *scratch = arena_new();
    Machine m = {.kernel = kernel, .call = call};
    m.bases = NEW_ARRAY(scratch, char *, kernel->bufs.count + 1);
    m.vars = NEW_ARRAY(scratch, int64_t, kernel->vars.count + 1);
    m.vals = NEW_ARRAY(scratch, Lane, (kernel->vals.count + 1) * kernel->lanes);
    m.regs = NEW_ARRAY(scratch, Lane *, kernel->regs.count + 1);
    size_t data = 0;
    for (size_t i = 0; i < kernel->bufs.count; i++) {
        const KBuf *buf = &kernel->bufs.items[i];
        m.bases[i] = buf->role == KBUF_SCRATCH ? (char *)call->scratch + buf->scratch_offset : call->buffers[data++];
    }
    for (size_t i = 0; i < kernel->regs.count; i++) {
        const KRegInfo *reg = &kernel->regs.items[i];
        m.regs[i] = NEW_ARRAY(scratch, Lane, (size_t)reg->rows * reg->columns * kernel->lanes);
    }
    run_tiles(&m, 0);
    arena_free(scratch);
    return m.failed;
}
