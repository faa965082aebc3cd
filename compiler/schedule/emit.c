// The parts that kernels are made of: indices, loops, statements, and what is already known in the open blocks.
#include "schedule/internal.h"

#include "support/diag.h"

// ---- Indices
KIdx idx_const(int64_t value) { return (KIdx){.base = value}; }
KIdx idx_dim(Dim dim) { return dim.batch ? (KIdx){.base_n = dim.size} : idx_const(dim.size); }
KIdx idx_var(KVar var) { return (KIdx){.count = 1, .term = {{var, 1}}}; }

KIdx idx_add(KIdx a, KIdx b) {
    a.base += b.base;
    a.base_n += b.base_n;
    for (uint32_t i = 0; i < b.count; i++) {
        uint32_t j = 0;
        while (j < a.count && a.term[j].var != b.term[i].var) j++;
        if (j < a.count) {
            a.term[j].coef += b.term[i].coef;
            if (a.term[j].coef == 0) a.term[j] = a.term[--a.count];
        } else {
            if (a.count == K_MAX_TERMS) BUG("an index with more than %d loop variables", K_MAX_TERMS);
            a.term[a.count++] = b.term[i];
        }
    }
    return a;
}

KIdx idx_scale(KIdx a, int64_t factor) {
    if (factor == 0) return idx_const(0);
    a.base *= factor;
    a.base_n *= factor;
    for (uint32_t i = 0; i < a.count; i++) a.term[i].coef *= factor;
    return a;
}

bool idx_equal(const KIdx *a, const KIdx *b) {
    if (a->base != b->base || a->base_n != b->base_n || a->count != b->count) return false;
    for (uint32_t i = 0; i < a->count; i++) {
        uint32_t j = 0;
        while (j < b->count && b->term[j].var != a->term[i].var) j++;
        if (j == b->count || a->term[i].coef != b->term[j].coef) return false;
    }
    return true;
}

// ---- Statements
KVar emit_var(Emit *e, const char *name) {
    VEC_PUSH(e->arena, &e->k->vars, name);
    return (KVar)(e->k->vars.count - 1);
}

void emit_stmt(Emit *e, KStmt stmt) {
    KBlock *block = e->depth ? &e->open[e->depth - 1].body : &e->k->body;
    VEC_PUSH(e->arena, block, stmt);
}

KStmt *emit_for(Emit *e, KVar var, KIdx lo, KIdx hi, int64_t step) {
    if (e->depth == sizeof e->open / sizeof *e->open) BUG("a kernel with too many nested loops");
    e->known_at[e->depth] = e->known.count;
    e->open[e->depth] = (KStmt){.kind = KS_FOR, .var = var, .lo = lo, .hi = hi, .step = step};
    return &e->open[e->depth++];
}

void emit_unroll(Emit *e, KVar var, int64_t count) { emit_for(e, var, idx_const(0), idx_const(count), 1)->unroll = true; }

void emit_end(Emit *e) {
    e->depth--;
    e->known.count = e->known_at[e->depth];
    KStmt loop = e->open[e->depth];
    if (loop.body.count) emit_stmt(e, loop);
}

KVal emit_let(Emit *e, DType dtype, bool vector, KStmt stmt) {
    KValInfo info = {dtype, vector};
    VEC_PUSH(e->arena, &e->k->vals, info);
    stmt.kind = KS_LET;
    stmt.dst = (KVal)(e->k->vals.count - 1);
    emit_stmt(e, stmt);
    return stmt.dst;
}

KReg emit_reg(Emit *e, const char *name, DType dtype, bool vector, uint32_t rows, uint32_t columns) {
    KRegInfo reg = {.name = name, .dtype = dtype, .vector = vector, .rows = (uint16_t)rows, .columns = (uint16_t)columns};
    VEC_PUSH(e->arena, &e->k->regs, reg);
    return (KReg)(e->k->regs.count - 1);
}

void emit_set(Emit *e, KReg reg, KIdx r, KIdx v, KVal value) {
    emit_stmt(e, (KStmt){.kind = KS_SET, .reg = reg, .r = r, .v = v, .value = value});
}

KVal emit_read(Emit *e, KReg reg, KIdx r, KIdx v) {
    const KRegInfo *info = &e->k->regs.items[reg];
    return emit_let(e, info->dtype, info->vector, (KStmt){.op = K_READ, .reg = reg, .r = r, .v = v});
}

KVal emit_const(Emit *e, DType dtype, double number, int64_t integer) {
    return emit_let(e, dtype, false, (KStmt){.op = K_CONST, .number = number, .integer = integer});
}

KVal emit_splat(Emit *e, KVal value) {
    KValInfo info = e->k->vals.items[value];
    return info.vector ? value : emit_let(e, info.dtype, true, (KStmt){.op = K_SPLAT, .args = {value}});
}

KVal emit_element(Emit *e, Op op, DType dtype, const KVal *args, size_t count) {
    KStmt stmt = {.op = K_ELEMENT, .element = op, .args = {KVAL_NONE, KVAL_NONE, KVAL_NONE}};
    bool vector = false;
    for (size_t i = 0; i < count; i++) vector |= e->k->vals.items[args[i]].vector;
    for (size_t i = 0; i < count; i++) stmt.args[i] = vector ? emit_splat(e, args[i]) : args[i];
    return emit_let(e, dtype, vector, stmt);
}

// ---- What is known
void emit_know(Emit *e, NodeId node, const Coord *at, KVal value) {
    Known known = {.node = node, .anywhere = at == NULL, .flat = e->flat, .value = value};
    uint32_t rank = e->flat ? 2 : graph_node(e->s->g, node)->shape.rank;
    for (uint32_t i = 0; at && i < rank; i++) known.at[i] = at[i];
    VEC_PUSH(e->arena, &e->known, known);
}

void emit_forget(Emit *e) { e->known.count = 0; }

void emit_lanes(Emit *e, const char *name, KIdx lo, KIdx hi, const KIdx *extent, bool even, LaneBody *body, void *context) {
    int64_t lanes = e->k->lanes;
    KMask outer = e->mask;
    bool constant = lo.count == 0 && hi.count == 0 && lo.base_n == 0 && hi.base_n == 0;
    int64_t count = constant ? hi.base - lo.base : 0;
    KIdx end = extent ? *extent : hi;
    if (constant && count <= 4 * lanes) {
        for (int64_t i = 0; i < count; i += lanes) {
            KIdx at = idx_add(lo, idx_const(i));
            e->mask = (KMask){.has = i + lanes > count, .limit = idx_const(count - i)};
            body(e, context, at);
        }
        e->mask = outer;
        return;
    }
    KVar var = emit_var(e, name);
    KStmt *loop = emit_for(e, var, lo, hi, lanes);
    loop->whole = true;
    if (extent) loop->has_hi2 = true, loop->hi2 = *extent;
    e->mask = (KMask){0};
    body(e, context, idx_var(var));
    emit_end(e);
    if (!even && (!constant || count % lanes)) {
        loop = emit_for(e, var, lo, hi, lanes);
        loop->resume = true;
        if (extent) loop->has_hi2 = true, loop->hi2 = *extent;
        e->mask = (KMask){.has = true, .limit = idx_add(end, idx_scale(idx_var(var), -1))};
        body(e, context, idx_var(var));
        emit_end(e);
    }
    e->mask = outer;
}
