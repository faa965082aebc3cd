// The listing of a kernel: --emit=kernels shows it to people, and the code generator compares kernels by it.
//
//     kernel "fc1 forward"  # mnist.net:3
//       16 lanes, 0 + 200704·N flops, 401408 + 1296·N bytes
//       data x: f32[784·N], w: f32[100352], y: f32[128·N]
//       registers acc: f32x16[6][4]
//     for each tile m in 0..N step 64, n in 0..128 step 64 {
//       for k in 0..784 {
//         unroll r in 0..6 {
//           %7: f32x16 = splat(x[784·m + k + 784·r])
//           unroll v in 0..4 {
//             acc[r][v] = fma(%7, w[128·k + n + 16·v, 16 lanes], acc[r][v])
//
// People see a value that is used once where it is used, unless something in between could change it. The structure has a
// line for each statement, numbers instead of names, and nothing that does not matter for what is computed.
#include "schedule/kernel.h"

#include <string.h>

typedef struct Printer {
    const Kernel *kernel;
    StrBuf *out;
    bool structure;
    int depth;
    uint32_t *uses;            // of each value
    const KStmt **shown_later; // the LET whose expression is printed where it is used
} Printer;

static void print_expr(Printer *p, const KStmt *let);

// ---- Small things

static const char *type_name(DType dtype) {
    switch (dtype) {
    case DT_BOOL: return "bool";
    case DT_U8: return "u8";
    case DT_I64: return "i64";
    case DT_F32: return "f32";
    case DT_F64: return "f64";
    default: BUG("no such type: %d", (int)dtype);
    }
}

static void print_type(Printer *p, DType dtype, bool vector) {
    strbuf_add(p->out, type_name(dtype));
    if (vector) strbuf_printf(p->out, "x%u", p->kernel->lanes);
}

static void new_line(Printer *p) { strbuf_printf(p->out, "\n%*s", 2 * p->depth, ""); }

static void print_var(Printer *p, KVar var) {
    if (p->structure) strbuf_printf(p->out, "i%u", var);
    else strbuf_add(p->out, p->kernel->vars.items[var]);
}

static void print_buf(Printer *p, KBufId buf) {
    if (p->structure) strbuf_printf(p->out, "b%u", buf);
    else strbuf_add(p->out, p->kernel->bufs.items[buf].name);
}

// One summand with its sign: "a + ", "- b", "784·m".
static void print_term(Printer *p, bool *first, int64_t coef, KVar var, bool is_n) {
    if (coef == 0) return;
    if (*first) strbuf_add(p->out, coef < 0 ? "-" : "");
    else strbuf_add(p->out, coef < 0 ? " - " : " + ");
    *first = false;
    uint64_t size = coef < 0 ? 0 - (uint64_t)coef : (uint64_t)coef;
    if (size != 1) strbuf_printf(p->out, "%llu·", (unsigned long long)size);
    if (is_n) strbuf_add(p->out, "N");
    else print_var(p, var);
}

static void print_constant(Printer *p, bool *first, int64_t value) {
    if (value == 0 && !*first) return;
    if (*first) strbuf_printf(p->out, "%lld", (long long)value);
    else
        strbuf_printf(p->out, " %c %llu", value < 0 ? '-' : '+',
                      value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value);
    *first = false;
}

// What is added comes before what is taken away: "m + 64", "N - m", "10 - j".
static void print_idx(Printer *p, const KIdx *idx) {
    bool first = true;
    if (idx->base_n > 0) print_term(p, &first, idx->base_n, 0, true);
    for (uint32_t i = 0; i < idx->count; i++)
        if (idx->term[i].coef > 0) print_term(p, &first, idx->term[i].coef, idx->term[i].var, false);
    bool constant_first = first;
    if (constant_first) print_constant(p, &first, idx->base);
    if (idx->base_n < 0) print_term(p, &first, idx->base_n, 0, true);
    for (uint32_t i = 0; i < idx->count; i++)
        if (idx->term[i].coef < 0) print_term(p, &first, idx->term[i].coef, idx->term[i].var, false);
    if (!constant_first) print_constant(p, &first, idx->base);
}

static void print_linear(Printer *p, int64_t fixed, int64_t per_n) {
    bool first = true;
    print_term(p, &first, per_n, 0, true);
    print_constant(p, &first, fixed);
}

// ---- Expressions

static void print_value(Printer *p, KVal val) {
    if (p->shown_later && p->shown_later[val]) print_expr(p, p->shown_later[val]);
    else strbuf_printf(p->out, "%%%u", val);
}

static void print_access(Printer *p, const KAccess *a, const KMask *mask, bool vector) {
    print_buf(p, a->buf);
    strbuf_add(p->out, "[");
    print_idx(p, &a->idx);
    if (a->gather_buf != KBUF_NONE) {
        strbuf_printf(p->out, " + %lld·", (long long)a->gather_stride);
        print_buf(p, a->gather_buf);
        strbuf_add(p->out, "[");
        print_idx(p, &a->gather_idx);
        strbuf_add(p->out, a->gather_lanes ? " + lane]" : "]");
    }
    if (vector && a->lane_stride == 1) strbuf_printf(p->out, ", %u lanes", p->kernel->lanes);
    else if (vector && a->lane_stride == 0 && !a->gather_lanes) strbuf_add(p->out, ", every lane");
    else if (vector) strbuf_printf(p->out, ", lanes by %lld", (long long)a->lane_stride);
    if (mask->has) {
        strbuf_add(p->out, ", lane < ");
        print_idx(p, &mask->limit);
    }
    strbuf_add(p->out, "]");
}

static void print_reg_name(Printer *p, KReg reg) {
    if (p->structure) strbuf_printf(p->out, "r%u", reg);
    else strbuf_add(p->out, p->kernel->regs.items[reg].name);
}

static void print_reg(Printer *p, const KStmt *s) {
    print_reg_name(p, s->reg);
    strbuf_add(p->out, "[");
    print_idx(p, &s->r);
    strbuf_add(p->out, "][");
    print_idx(p, &s->v);
    strbuf_add(p->out, "]");
}

static void print_arguments(Printer *p, const char *name, const KStmt *let, size_t count) {
    strbuf_printf(p->out, "%s(", name);
    for (size_t i = 0; i < count; i++) {
        if (i) strbuf_add(p->out, ", ");
        print_value(p, let->args[i]);
    }
    if (let->op == K_MASKED) {
        strbuf_add(p->out, ", lane < ");
        print_idx(p, &let->mask.limit);
    }
    strbuf_add(p->out, ")");
}

static size_t argument_count(const KStmt *let) {
    switch (let->op) {
    case K_SPLAT:
    case K_REDUCE:
    case K_RANDOM: return 1;
    case K_MASKED: return 2;
    case K_FMA: return 3;
    case K_ELEMENT: return (size_t)op_info[let->element].operands;
    default: return 0;
    }
}

static void print_expr(Printer *p, const KStmt *let) {
    const KValInfo *info = &p->kernel->vals.items[let->dst];
    switch (let->op) {
    case K_CONST:
        if (dtype_is_float(info->dtype)) strbuf_add_double(p->out, let->number);
        else strbuf_printf(p->out, "%lld", (long long)let->integer);
        return;
    case K_INDEX: print_idx(p, &let->idx); return;
    case K_LANES: strbuf_add(p->out, "lane"); return;
    case K_SCALAR: strbuf_add(p->out, scalar_text((ScalarKind)let->scalar)); return;
    case K_SPLAT: print_arguments(p, "splat", let, 1); return;
    case K_LOAD: print_access(p, &let->access, &let->mask, info->vector); return;
    case K_READ: print_reg(p, let); return;
    case K_ELEMENT:
        print_arguments(p, let->element == OP_CAST ? type_name(info->dtype) : op_info[let->element].name, let,
                        argument_count(let));
        return;
    case K_FMA: print_arguments(p, "fma", let, 3); return;
    case K_MASKED: print_arguments(p, "masked", let, 2); return;
    case K_REDUCE:
        strbuf_printf(p->out, "reduce_%s(", op_info[let->element].name);
        print_value(p, let->args[0]);
        strbuf_add(p->out, ")");
        return;
    case K_RANDOM:
        strbuf_printf(p->out, "%s(place %u, ", let->normal ? "normal" : "uniform", let->scalar);
        print_value(p, let->args[0]);
        strbuf_add(p->out, ")");
        return;
    }
    BUG("no such kernel operation: %d", (int)let->op);
}

// ---- Which values are shown where they are used

static bool has_value(const KStmt *s) { return s->kind == KS_STORE || s->kind == KS_SET || s->kind == KS_CHECK; }

static void count_uses(Printer *p, const KBlock *block) {
    for (size_t i = 0; i < block->count; i++) {
        const KStmt *s = &block->items[i];
        if (s->kind == KS_FOR) count_uses(p, &s->body);
        else if (s->kind == KS_LET)
            for (size_t a = 0; a < argument_count(s); a++) p->uses[s->args[a]]++;
        else if (has_value(s)) p->uses[s->value]++;
    }
}

static bool uses_value(const KStmt *s, KVal val) {
    if (s->kind != KS_LET) return has_value(s) && s->value == val;
    for (size_t a = 0; a < argument_count(s); a++)
        if (s->args[a] == val) return true;
    return false;
}

static bool changes_memory(const KStmt *s) {
    return s->kind == KS_STORE || s->kind == KS_SET || s->kind == KS_TRANSPOSE || s->kind == KS_FOR;
}

// A value used once, in its own block, is shown at its use unless a register or buffer may change on the way.
static void choose_places(Printer *p, const KBlock *block) {
    for (size_t i = 0; i < block->count; i++) {
        const KStmt *let = &block->items[i];
        if (let->kind == KS_FOR) choose_places(p, &let->body);
        if (let->kind != KS_LET || p->uses[let->dst] != 1) continue;
        for (size_t j = i + 1; j < block->count; j++) {
            if (uses_value(&block->items[j], let->dst)) {
                p->shown_later[let->dst] = let;
                break;
            }
            if (changes_memory(&block->items[j])) break;
        }
    }
}

// ---- Statements

static void print_block(Printer *p, const KBlock *block);

static void print_for(Printer *p, const KStmt *s) {
    strbuf_add(p->out, s->unroll ? "unroll " : "for ");
    print_var(p, s->var);
    strbuf_add(p->out, " in ");
    if (s->resume) strbuf_add(p->out, "rest");
    else print_idx(p, &s->lo);
    strbuf_add(p->out, s->has_hi2 ? "..min(" : "..");
    print_idx(p, &s->hi);
    if (s->has_hi2) {
        strbuf_add(p->out, ", ");
        print_idx(p, &s->hi2);
        strbuf_add(p->out, ")");
    }
    if (s->step != 1) strbuf_printf(p->out, " step %lld", (long long)s->step);
    if (s->whole) strbuf_add(p->out, " whole");
    strbuf_add(p->out, " {");
    print_block(p, &s->body);
    new_line(p);
    strbuf_add(p->out, "}");
}

static void print_check(Printer *p, const KStmt *s) {
    strbuf_add(p->out, "check ");
    print_value(p, s->value);
    if (s->mask.has) {
        strbuf_add(p->out, ", lane < ");
        print_idx(p, &s->mask.limit);
    }
    strbuf_printf(p->out, " : \"%s\"", s->text);
}

static void print_stmt(Printer *p, const KStmt *s) {
    if (s->kind == KS_COMMENT && p->structure) return;
    if (s->kind == KS_LET && p->shown_later && p->shown_later[s->dst]) return;
    new_line(p);
    switch (s->kind) {
    case KS_FOR: print_for(p, s); return;
    case KS_LET:
        strbuf_printf(p->out, "%%%u: ", s->dst);
        print_type(p, p->kernel->vals.items[s->dst].dtype, p->kernel->vals.items[s->dst].vector);
        strbuf_add(p->out, " = ");
        print_expr(p, s);
        return;
    case KS_STORE: print_access(p, &s->access, &s->mask, p->kernel->vals.items[s->value].vector); break;
    case KS_SET: print_reg(p, s); break;
    case KS_TRANSPOSE:
        strbuf_add(p->out, "transpose ");
        print_reg_name(p, s->reg);
        return;
    case KS_CHECK: print_check(p, s); return;
    case KS_PREFETCH:
        strbuf_add(p->out, s->far ? "prefetch far " : "prefetch ");
        print_access(p, &s->access, &s->mask, false);
        return;
    case KS_COMMENT: strbuf_printf(p->out, "# %s", s->text); return;
    }
    strbuf_add(p->out, " = ");
    print_value(p, s->value);
}

static void print_block(Printer *p, const KBlock *block) {
    p->depth++;
    for (size_t i = 0; i < block->count; i++) print_stmt(p, &block->items[i]);
    p->depth--;
}

// ---- Head

static void print_bufs(Printer *p) {
    const Kernel *k = p->kernel;
    for (size_t i = 0; i < k->bufs.count; i++) {
        const KBuf *buf = &k->bufs.items[i];
        new_line(p);
        strbuf_add(p->out, buf->role == KBUF_SCRATCH ? "scratch " : "data ");
        print_buf(p, (KBufId)i);
        strbuf_printf(p->out, ": %s", type_name(buf->dtype));
        if (!p->structure) { // sizes are for checking only
            strbuf_add(p->out, "[");
            print_linear(p, buf->count, buf->count_n);
            strbuf_add(p->out, "]");
        }
        if (buf->role == KBUF_SCRATCH) strbuf_printf(p->out, " at byte %lld", (long long)buf->scratch_offset);
    }
}

static void print_regs(Printer *p) {
    for (size_t i = 0; i < p->kernel->regs.count; i++) {
        const KRegInfo *reg = &p->kernel->regs.items[i];
        new_line(p);
        if (p->structure) strbuf_printf(p->out, "register r%zu: ", i);
        else strbuf_printf(p->out, "register %s: ", reg->name);
        print_type(p, reg->dtype, reg->vector);
        strbuf_printf(p->out, "[%u][%u]", reg->rows, reg->columns);
    }
}

static void print_grid(Printer *p) {
    const Kernel *k = p->kernel;
    strbuf_add(p->out, "\nfor each tile");
    for (uint32_t i = 0; i < k->grid_count; i++) {
        const KGrid *grid = &k->grid[i];
        strbuf_add(p->out, i ? ", " : " ");
        print_var(p, grid->var);
        strbuf_add(p->out, " in 0..");
        print_linear(p, grid->extent.fixed, grid->extent.per_n);
        if (grid->extent.block != 1) strbuf_printf(p->out, " step %lld", (long long)grid->extent.block);
    }
    strbuf_add(p->out, " {");
}

static void print_cost(Printer *p, const char *what, double fixed, double per_n) {
    if (per_n == 0) strbuf_printf(p->out, ", %.0f %s", fixed, what);
    else if (fixed == 0) strbuf_printf(p->out, ", %.0f·N %s", per_n, what);
    else strbuf_printf(p->out, ", %.0f + %.0f·N %s", fixed, per_n, what);
}

static void print_kernel(Printer *p) {
    const Kernel *k = p->kernel;
    if (!p->structure) {
        strbuf_printf(p->out, "kernel \"%s\"", k->name ? k->name : "");
        if (k->lines) strbuf_printf(p->out, "  # %s", k->lines);
    }
    p->depth = 1;
    new_line(p);
    strbuf_printf(p->out, "%u lanes", k->lanes);
    if (!p->structure) {
        print_cost(p, "flops", k->flops, k->flops_n);
        print_cost(p, "bytes", k->bytes, k->bytes_n);
        if (k->most_samples) strbuf_printf(p->out, ", for up to %lld samples", (long long)k->most_samples);
        else if (k->least_samples) strbuf_printf(p->out, ", from %lld samples on", (long long)k->least_samples);
    }
    print_bufs(p);
    print_regs(p);
    print_grid(p);
    p->depth = 0;
    print_block(p, &k->body);
    strbuf_add(p->out, "\n}\n");
}

void kernel_print(const Kernel *kernel, StrBuf *out) {
    Arena *scratch = arena_new();
    Printer p = {.kernel = kernel, .out = out};
    p.uses = NEW_ARRAY(scratch, uint32_t, kernel->vals.count + 1);
    p.shown_later = NEW_ARRAY(scratch, const KStmt *, kernel->vals.count + 1);
    count_uses(&p, &kernel->body);
    choose_places(&p, &kernel->body);
    print_kernel(&p);
    arena_free(scratch);
}

void kernel_print_structure(const Kernel *kernel, StrBuf *out) {
    Printer p = {.kernel = kernel, .out = out, .structure = true};
    print_kernel(&p);
}
