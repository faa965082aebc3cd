// Checks a kernel before anything is made of it: that values are defined before they are used and have the types that the
// operations ask for, that registers' indices are constants inside the array, and that every access lies inside its buffer.
//
// Accesses are checked for a number of batch sizes. With N known, the largest value of an index is found by replacing its
// variables, innermost first, by their largest (or, under a negative coefficient, smallest) value, which is affine in the
// variables further out. A bound min(a, b) gives two candidates, of which the smaller one holds. So tails such as
// `for i in 0..min(64, N - m)` are seen exactly, where plain interval arithmetic would call them out of bounds.
#include "schedule/kernel.h"

#include <string.h>

#include "support/vec.h"

typedef struct Range { // what is known of a loop variable while its loop is open
    bool open;
    int depth; // of its loop; grid variables are outermost
    bool unroll;
    bool grid;
    KIdx lo;
    KIdx hi, hi2;
    bool has_hi2;
    int64_t back; // the largest value is at most bound − back: 1, or the step of a whole loop
    int64_t step;
    bool exact;   // starts at lo, so that lo + n·step is known
    int64_t last; // grid: the largest value, for the N at hand
} Range;

typedef struct Verifier {
    const Kernel *kernel;
    Range *ranges;  // by variable; one more at the end: the lane
    bool *defined;  // by value
    KIdx *first_lo; // by variable: where the latest loop that did not resume started
    bool *ran;      // by variable: some loop over it has stood before
    int64_t N;
    int depth;
} Verifier;

#define FAIL(v, ...) fail((v), __FILE__, __LINE__, __VA_ARGS__)

_Noreturn static void fail(Verifier *v, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

_Noreturn static void fail(Verifier *v, const char *file, int line, const char *format, ...) {
    StrBuf message = {0};
    va_list args;
    va_start(args, format);
    strbuf_vprintf(&message, format, args);
    va_end(args);
    strbuf_add(&message, "\n");
    kernel_print(v->kernel, &message);
    netc_bug(file, line, "kernel \"%s\": %s", v->kernel->name ? v->kernel->name : "", message.text);
}

static const char *var_name(const Verifier *v, KVar var) {
    return var < v->kernel->vars.count ? v->kernel->vars.items[var] : "lane";
}

// ---- Bounds

static void idx_add(Verifier *v, KIdx *to, const KIdx *from, int64_t times) {
    to->base += from->base * times;
    to->base_n += from->base_n * times;
    for (uint32_t i = 0; i < from->count; i++) {
        uint32_t at = 0;
        while (at < to->count && to->term[at].var != from->term[i].var) at++;
        if (at == to->count) {
            if (to->count == K_MAX_TERMS) FAIL(v, "an index has more than %d terms", K_MAX_TERMS);
            to->term[to->count++] = (struct KTerm){from->term[i].var, 0};
        }
        to->term[at].coef += from->term[i].coef * times;
    }
}

// Removes the innermost variable of `idx`. False when none is left.
static bool take_innermost(const Verifier *v, KIdx *idx, struct KTerm *taken) {
    uint32_t best = 0;
    if (idx->count == 0) return false;
    for (uint32_t i = 1; i < idx->count; i++)
        if (v->ranges[idx->term[i].var].depth > v->ranges[idx->term[best].var].depth) best = i;
    *taken = idx->term[best];
    idx->term[best] = idx->term[--idx->count];
    return true;
}

// `idx` + coef × the largest value under `bound`. Where bound − lo is a constant, the steps are counted exactly.
static KIdx with_last(Verifier *v, const Range *range, const KIdx *bound, KIdx idx, int64_t coef) {
    KIdx length = {0};
    idx_add(v, &length, bound, 1);
    idx_add(v, &length, &range->lo, -1);
    bool constant = range->exact;
    for (uint32_t i = 0; i < length.count; i++) constant = constant && length.term[i].coef == 0;
    if (!constant) {
        idx.base -= coef * range->back;
        idx_add(v, &idx, bound, coef);
        return idx;
    }
    int64_t steps = length.base + length.base_n * v->N - range->back;
    steps = steps < 0 ? -1 : steps / range->step;
    idx.base += coef * steps * range->step;
    idx_add(v, &idx, &range->lo, coef);
    return idx;
}

// The largest value of `idx`, or the smallest when sign is −1; never less than the truth.
static int64_t extreme(Verifier *v, KIdx idx, int sign) {
    struct KTerm term;
    if (!take_innermost(v, &idx, &term)) return idx.base + idx.base_n * v->N;
    if (term.coef == 0) return extreme(v, idx, sign);
    const Range *range = &v->ranges[term.var];
    bool upper = (term.coef > 0) == (sign > 0);
    if (range->grid) {
        idx.base += upper ? term.coef * range->last : 0;
        return extreme(v, idx, sign);
    }
    if (!upper) {
        idx_add(v, &idx, &range->lo, term.coef);
        return extreme(v, idx, sign);
    }
    int64_t result = extreme(v, with_last(v, range, &range->hi, idx, term.coef), sign);
    if (range->has_hi2) {
        int64_t other = extreme(v, with_last(v, range, &range->hi2, idx, term.coef), sign);
        if ((other < result) == (sign > 0)) result = other;
    }
    return result;
}

static void check_inside(Verifier *v, const KIdx *idx, KBufId buf_id) {
    const KBuf *buf = &v->kernel->bufs.items[buf_id];
    int64_t size = buf->count + buf->count_n * v->N;
    int64_t low = extreme(v, *idx, -1), high = extreme(v, *idx, 1);
    if (high < low) return; // never runs with this N
    if (low < 0) FAIL(v, "index %lld of %s is negative (N = %lld)", (long long)low, buf->name, (long long)v->N);
    if (high >= size)
        FAIL(v, "index %lld of %s, which has %lld elements (N = %lld)", (long long)high, buf->name, (long long)size,
             (long long)v->N);
}

// Lanes are one more variable, innermost: 0 ≤ lane < min(lanes, limit).
static void check_lanes_inside(Verifier *v, KIdx idx, int64_t stride, const KMask *mask, bool vector, KBufId buf) {
    KVar lane = (KVar)v->kernel->vars.count;
    Range *range = &v->ranges[lane];
    *range = (Range){.open = true, .depth = v->depth + 1, .back = 1, .step = 1};
    range->hi.base = vector ? v->kernel->lanes : 1;
    if (mask->has) {
        range->has_hi2 = true;
        range->hi2 = mask->limit;
    }
    if (range->has_hi2 && extreme(v, mask->limit, 1) <= 0) return;
    KIdx by_lane = {.count = 1, .term = {{lane, vector ? stride : 0}}};
    if (!vector) by_lane.count = 0;
    idx_add(v, &idx, &by_lane, 1);
    check_inside(v, &idx, buf);
}

static void check_vars(Verifier *v, const KIdx *idx) {
    if (idx->count > K_MAX_TERMS) FAIL(v, "an index has %u terms", idx->count);
    for (uint32_t i = 0; i < idx->count; i++) {
        KVar var = idx->term[i].var;
        if (var >= v->kernel->vars.count) FAIL(v, "no variable %u", var);
        if (!v->ranges[var].open) FAIL(v, "variable %s is used outside of its loop", var_name(v, var));
    }
}

static void check_mask(Verifier *v, const KMask *mask) {
    if (mask->has) check_vars(v, &mask->limit);
}

static void check_access(Verifier *v, const KStmt *s, bool vector) {
    const KAccess *a = &s->access;
    check_vars(v, &a->idx);
    if (a->gather_buf != KBUF_NONE) check_vars(v, &a->gather_idx);
    check_mask(v, &s->mask);
    if (a->buf >= v->kernel->bufs.count) FAIL(v, "no buffer %u", a->buf);
    if (a->gather_buf == KBUF_NONE) {
        check_lanes_inside(v, a->idx, a->lane_stride, &s->mask, vector, a->buf);
        return;
    }
    if (a->gather_buf >= v->kernel->bufs.count) FAIL(v, "no buffer %u", a->gather_buf);
    if (a->gather_lanes && !vector) FAIL(v, "a scalar access gathers lanes");
    check_vars(v, &a->gather_idx);
    // One row for all lanes is looked up whatever the mask says.
    if (a->gather_lanes) check_lanes_inside(v, a->gather_idx, 1, &s->mask, vector, a->gather_buf);
    else check_inside(v, &a->gather_idx, a->gather_buf);
    // Which row it will be is known at run time only; inside row 0 the access must fit.
    check_lanes_inside(v, a->idx, a->lane_stride, &s->mask, vector, a->buf);
}

// What is asked for need not be there: only the row of a gather is looked up.
static void check_prefetch(Verifier *v, const KStmt *s) {
    const KAccess *a = &s->access;
    check_vars(v, &a->idx);
    if (a->buf >= v->kernel->bufs.count) FAIL(v, "no buffer %u", a->buf);
    if (a->gather_buf == KBUF_NONE) return;
    if (a->gather_buf >= v->kernel->bufs.count) FAIL(v, "no buffer %u", a->gather_buf);
    check_vars(v, &a->gather_idx);
    check_inside(v, &a->gather_idx, a->gather_buf);
}

// ---- Types

static KValInfo info_of(Verifier *v, KVal val) {
    if (val >= v->kernel->vals.count) FAIL(v, "no value %%%u", val);
    if (!v->defined[val]) FAIL(v, "value %%%u is used before, or outside of, its definition", val);
    return v->kernel->vals.items[val];
}

static void expect(Verifier *v, KVal val, DType dtype, bool vector) {
    KValInfo info = info_of(v, val);
    if (info.dtype != dtype || info.vector != vector)
        FAIL(v, "value %%%u is %s %s, not %s %s", val, info.vector ? "vector" : "scalar", dtype_text(info.dtype),
             vector ? "vector" : "scalar", dtype_text(dtype));
}

static bool is_comparison(Op op) { return op >= OP_EQ && op <= OP_GE; }
static bool is_logical(Op op) { return op == OP_AND || op == OP_OR || op == OP_NOT; }

static void check_element(Verifier *v, const KStmt *s, KValInfo dst) {
    if (s->element >= OP_COUNT || op_info[s->element].class != CLASS_ELEMENTWISE)
        FAIL(v, "%%%u: op %d is not elementwise", s->dst, (int)s->element);
    int count = op_info[s->element].operands;
    KValInfo first = info_of(v, s->args[0]);
    if (first.vector != dst.vector) FAIL(v, "%%%u: %s mixes vectors and scalars", s->dst, op_info[s->element].name);
    if (s->element == OP_CAST) return;
    if (s->element == OP_WHERE || s->element == OP_CHECKED) {
        expect(v, s->args[s->element == OP_WHERE ? 0 : 1], DT_BOOL, dst.vector);
        expect(v, s->args[s->element == OP_WHERE ? 1 : 0], dst.dtype, dst.vector);
        if (s->element == OP_WHERE) expect(v, s->args[2], dst.dtype, dst.vector);
        return;
    }
    DType dtype = is_comparison(s->element) ? first.dtype : is_logical(s->element) ? DT_BOOL : dst.dtype;
    for (int i = 0; i < count; i++) expect(v, s->args[i], dtype, dst.vector);
    if (is_comparison(s->element) && dst.dtype != DT_BOOL) FAIL(v, "%%%u: a comparison gives bool", s->dst);
}

static void check_reg(Verifier *v, const KStmt *s, KValInfo info) {
    if (s->reg >= v->kernel->regs.count) FAIL(v, "no register %u", s->reg);
    const KRegInfo *reg = &v->kernel->regs.items[s->reg];
    if (reg->dtype != info.dtype || reg->vector != info.vector) FAIL(v, "register %s has another type", reg->name);
    check_vars(v, &s->r);
    check_vars(v, &s->v);
    const KIdx *both[] = {&s->r, &s->v};
    for (int i = 0; i < 2; i++) {
        for (uint32_t t = 0; t < both[i]->count; t++)
            if (!v->ranges[both[i]->term[t].var].unroll)
                FAIL(v, "register %s is indexed by %s, whose loop is not unrolled", reg->name,
                     var_name(v, both[i]->term[t].var));
        int64_t low = extreme(v, *both[i], -1), high = extreme(v, *both[i], 1);
        if (low < 0 || high >= (i ? reg->columns : reg->rows))
            FAIL(v, "index %lld..%lld of register %s[%u][%u]", (long long)low, (long long)high, reg->name, reg->rows,
                 reg->columns);
    }
}

static void check_let(Verifier *v, const KStmt *s) {
    if (s->dst >= v->kernel->vals.count) FAIL(v, "no value %%%u", s->dst);
    if (v->defined[s->dst]) FAIL(v, "value %%%u is defined twice", s->dst);
    KValInfo dst = v->kernel->vals.items[s->dst];
    switch (s->op) {
    case K_CONST:
        if (dst.vector) FAIL(v, "%%%u: a constant is scalar", s->dst);
        break;
    case K_INDEX:
        if (dst.vector || dst.dtype != DT_I64) FAIL(v, "%%%u: an index is an i64 scalar", s->dst);
        check_vars(v, &s->idx);
        break;
    case K_LANES:
        if (!dst.vector || dst.dtype != DT_I64) FAIL(v, "%%%u: lanes are an i64 vector", s->dst);
        break;
    case K_SCALAR:
        if (s->scalar >= SCALAR_KINDS || dst.vector || dst.dtype != (s->scalar == SCALAR_LR ? DT_F64 : DT_I64))
            FAIL(v, "%%%u: no such run-time scalar", s->dst);
        break;
    case K_SPLAT:
        if (!dst.vector) FAIL(v, "%%%u: a splat is a vector", s->dst);
        expect(v, s->args[0], dst.dtype, false);
        break;
    case K_LOAD:
        check_access(v, s, dst.vector);
        if (v->kernel->bufs.items[s->access.buf].dtype != dst.dtype) FAIL(v, "%%%u: loaded with another type", s->dst);
        break;
    case K_READ: check_reg(v, s, dst); break;
    case K_ELEMENT: check_element(v, s, dst); break;
    case K_FMA:
        if (!dtype_is_float(dst.dtype)) FAIL(v, "%%%u: fma of integers", s->dst);
        for (int i = 0; i < 3; i++) expect(v, s->args[i], dst.dtype, dst.vector);
        break;
    case K_MASKED:
        check_mask(v, &s->mask);
        if (!s->mask.has || !dst.vector) FAIL(v, "%%%u: masked needs a mask and vectors", s->dst);
        for (int i = 0; i < 2; i++) expect(v, s->args[i], dst.dtype, true);
        break;
    case K_REDUCE:
        if (dst.vector) FAIL(v, "%%%u: a reduction gives a scalar", s->dst);
        expect(v, s->args[0], dst.dtype, true);
        break;
    case K_RANDOM:
        if (!dtype_is_float(dst.dtype)) FAIL(v, "%%%u: random numbers are floats", s->dst);
        expect(v, s->args[0], DT_I64, dst.vector);
        break;
    }
    v->defined[s->dst] = true;
}

// ---- Statements

static void check_block(Verifier *v, const KBlock *block);

static bool never_runs(Verifier *v, const Range *range) {
    KIdx length = range->hi;
    idx_add(v, &length, &range->lo, -1);
    return extreme(v, length, 1) < range->back;
}

static void check_for(Verifier *v, const KStmt *s) {
    if (s->var >= v->kernel->vars.count) FAIL(v, "no variable %u", s->var);
    Range *range = &v->ranges[s->var];
    if (range->open) FAIL(v, "variable %s has two loops, one inside the other", var_name(v, s->var));
    if (s->step <= 0) FAIL(v, "the loop over %s has step %lld", var_name(v, s->var), (long long)s->step);
    if (s->resume && !v->ran[s->var]) FAIL(v, "the loop over %s resumes none", var_name(v, s->var));
    if (!s->resume) {
        check_vars(v, &s->lo);
        v->first_lo[s->var] = s->lo;
    }
    check_vars(v, &s->hi);
    if (s->has_hi2) check_vars(v, &s->hi2);
    if (s->unroll && (s->resume || s->has_hi2 || s->lo.count || s->lo.base_n || s->hi.count || s->hi.base_n))
        FAIL(v, "the unrolled loop over %s has bounds that are not constant", var_name(v, s->var));
    *range = (Range){.open = true,
                     .unroll = s->unroll,
                     .depth = ++v->depth,
                     .lo = v->first_lo[s->var],
                     .hi = s->hi,
                     .hi2 = s->hi2,
                     .has_hi2 = s->has_hi2,
                     .back = s->whole ? s->step : 1,
                     .step = s->step,
                     .exact = !s->resume};
    if (!never_runs(v, range)) check_block(v, &s->body);
    v->depth--;
    range->open = false;
    v->ran[s->var] = true;
}

static void check_stmt(Verifier *v, const KStmt *s) {
    switch (s->kind) {
    case KS_FOR: check_for(v, s); return;
    case KS_LET: check_let(v, s); return;
    case KS_STORE: {
        KValInfo info = info_of(v, s->value);
        check_access(v, s, info.vector);
        if (v->kernel->bufs.items[s->access.buf].dtype != info.dtype) FAIL(v, "%%%u is stored with another type", s->value);
        return;
    }
    case KS_SET: check_reg(v, s, info_of(v, s->value)); return;
    case KS_TRANSPOSE: {
        if (s->reg >= v->kernel->regs.count) FAIL(v, "no register %u", s->reg);
        const KRegInfo *reg = &v->kernel->regs.items[s->reg];
        if (!reg->vector || (uint32_t)reg->rows * reg->columns != v->kernel->lanes)
            FAIL(v, "register %s is no square of %u vectors", reg->name, v->kernel->lanes);
        return;
    }
    case KS_CHECK:
        check_mask(v, &s->mask);
        if (info_of(v, s->value).dtype != DT_BOOL || !s->text) FAIL(v, "a check needs a bool and a message");
        return;
    case KS_PREFETCH: check_prefetch(v, s); return;
    case KS_COMMENT: return;
    }
    FAIL(v, "no such statement: %d", (int)s->kind);
}

// What a block defines is not visible after it.
static void check_block(Verifier *v, const KBlock *block) {
    for (size_t i = 0; i < block->count; i++) check_stmt(v, &block->items[i]);
    for (size_t i = 0; i < block->count; i++)
        if (block->items[i].kind == KS_LET) v->defined[block->items[i].dst] = false;
}

static void check_with(Verifier *v, int64_t N) {
    const Kernel *k = v->kernel;
    v->N = N;
    memset(v->ranges, 0, (k->vars.count + 1) * sizeof *v->ranges);
    memset(v->ran, 0, k->vars.count * sizeof *v->ran);
    for (uint32_t i = 0; i < k->grid_count; i++) {
        const KExtent *e = &k->grid[i].extent;
        if (k->grid[i].var >= k->vars.count || e->block <= 0) FAIL(v, "grid axis %u is wrong", i);
        int64_t tiles = (e->fixed + e->per_n * N + e->block - 1) / e->block;
        if (tiles <= 0) return;
        v->ranges[k->grid[i].var] = (Range){.open = true, .grid = true, .last = (tiles - 1) * e->block};
    }
    check_block(v, &k->body);
}

void kernel_verify(const Kernel *kernel) {
    static const int64_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 127, 128, 129, 1000};
    Arena *scratch = arena_new();
    Verifier v = {.kernel = kernel};
    v.ranges = NEW_ARRAY(scratch, Range, kernel->vars.count + 1);
    v.defined = NEW_ARRAY(scratch, bool, kernel->vals.count + 1);
    v.first_lo = NEW_ARRAY(scratch, KIdx, kernel->vars.count + 1);
    v.ran = NEW_ARRAY(scratch, bool, kernel->vars.count + 1);
    if (kernel->grid_count > 3) FAIL(&v, "%u grid axes", kernel->grid_count);
    if (kernel->lanes == 0 || kernel->lanes & (kernel->lanes - 1)) FAIL(&v, "%u lanes", kernel->lanes);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (kernel_is_for(kernel, sizes[i])) check_with(&v, sizes[i]);
    arena_free(scratch);
}
