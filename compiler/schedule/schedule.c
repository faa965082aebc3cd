// From a program to a plan: the layout of the variables, then for each entry groups, order, memory and kernels.
//
// Requires simplified, verified graphs. Every kernel is verified as soon as it is made (share.c).
#include "schedule/internal.h"

#include "support/diag.h"

static int64_t round_up(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }

// ---- Variables

// A weight (out, in) that is multiplied transposed is stored (in, out): lanes then run along the outputs.
static bool wants_transposed(const Program *program, uint32_t var) {
    if (program->vars[var].shape.rank != 2) return false;
    for (size_t e = 0; e < ENTRY_COUNT; e++) {
        const Graph *g = program->entries[e].present ? program->entries[e].graph : NULL;
        for (NodeId id = 0; g && id < g->count; id++) {
            const Node *node = &g->nodes[id];
            if (node->op != OP_MATMUL) continue;
            const Node *b = &g->nodes[node->operands[1]];
            if (b->op == OP_VAR && b->attr.index == var && node->attr.matmul.transpose_b) return true;
        }
    }
    return false;
}

static void lay_out_vars(Plan *plan, Arena *perm, bool transpose) {
    const Program *program = plan->program;
    plan->vars = NEW_ARRAY(perm, PlanVar, program->var_count + 1);
    int64_t offset = 0;
    for (size_t i = 0; i < program->var_count; i++) {
        const Variable *var = &program->vars[i];
        PlanVar *at = &plan->vars[i];
        bool of_param = var->kind == VAR_STATE || var->kind == VAR_GRADIENT;
        uint32_t like = of_param && shape_equal(&program->vars[var->param].shape, &var->shape) ? var->param : (uint32_t)i;
        int64_t stride = 1;
        for (uint32_t axis = var->shape.rank; axis-- > 0;) {
            at->stride[axis] = stride;
            stride *= var->shape.dim[axis].size;
        }
        if (transpose && wants_transposed(program, like)) {
            at->stride[0] = 1;
            at->stride[1] = var->shape.dim[0].size;
        }
        at->offset = offset;
        offset = round_up(offset + stride * (int64_t)dtype_size(var->dtype), 64);
    }
    plan->vars_bytes = offset;
}

// ---- Kernels

static Emit *begin_kernel(Schedule *s, const char *name, const char *lines) {
    Arena *arena = arena_new(); // until end_kernel
    Emit *e = NEW(arena, Emit);
    e->s = s;
    e->arena = arena;
    e->k = NEW(arena, Kernel);
    e->k->arena = arena;
    e->k->name = name;
    e->k->lines = lines;
    e->k->lanes = s->plan->target->vector_bytes / (uint32_t)dtype_size(s->g->float_type);
    return e;
}

static const Kernel *add_kernel(Schedule *s, const Emit *e) {
    const Kernel *k = shared_kernel(s->shared, e->k);
    if (k->scratch_bytes > s->plan->scratch_bytes) s->plan->scratch_bytes = k->scratch_bytes;
    PlanStep step = {.kernel = k, .ref_count = e->refs.count, .name = k->name, .lines = k->lines};
    step.refs = NEW_ARRAY(s->arena, PlanRef, e->refs.count);
    for (size_t i = 0; i < e->refs.count; i++) step.refs[i] = e->refs.items[i];
    VEC_PUSH(s->arena, &s->out->steps, step);
    return k;
}

// The kernel as the plan has it; NULL if it does nothing.
static const Kernel *end_kernel(Emit *e) {
    const Kernel *k = e->k->body.count > 0 ? add_kernel(e->s, e) : NULL;
    arena_free(e->arena);
    return k;
}

static void emit_group(Emit *e, const Group *group) {
    e->group = group;
    emit_forget(e);
    cost_group(e->s, group, e->k);
    switch (group->kind) {
    case GROUP_MAP: emit_map(e, group); break;
    case GROUP_REDUCE: emit_reduce(e, group); break;
    case GROUP_CONTRACT: emit_contract(e, group); break;
    case GROUP_COPY: emit_copy(e, group); break;
    case GROUP_DRAW: BUG("a draw is no kernel");
    }
}

static void add_draw(Schedule *s, size_t place) {
    const Group *group = &s->groups.items[s->order[place]];
    const Node *node = graph_node(s->g, group->anchor);
    PlanStep step = {
        .draw = true, .ref_count = 1, .draw_kind = node->attr.draw.kind, .a = node->attr.draw.a, .b = node->attr.draw.b};
    step.draw_count = shape_count(&node->shape).size;
    step.refs = NEW(s->arena, PlanRef);
    *step.refs = buffer_ref(s, group->anchor);
    step.name = "draw";
    step.lines = label_lines(s, s->order + place, 1);
    VEC_PUSH(s->arena, &s->out->steps, step);
}

// Batches of a few samples have a kernel of their own where that is faster.
static void add_thin(Schedule *s, const Group *group, const Kernel *usual) {
    Emit *e = begin_kernel(s, usual->name, usual->lines);
    e->grid = true;
    e->group = group;
    e->k->most_samples = usual->least_samples - 1;
    e->k->flops = usual->flops;
    e->k->flops_n = usual->flops_n;
    e->k->bytes = usual->bytes;
    e->k->bytes_n = usual->bytes_n;
    emit_contract_thin(e, group);
    end_kernel(e);
}

// Small groups in one kernel: its time to compile grows faster than its length.
enum { MOST_TOGETHER = 64 };

static void make_steps(Schedule *s) {
    for (size_t o = 0; o < s->order_count;) {
        const Group *group = &s->groups.items[s->order[o]];
        if (group->kind == GROUP_DRAW) {
            add_draw(s, o);
            o++;
            continue;
        }
        size_t end = o + 1;
        while (group->small && end < s->order_count && end - o < MOST_TOGETHER && s->groups.items[s->order[end]].small) end++;
        Emit *e = begin_kernel(s, label_name(s, s->order + o, end - o), label_lines(s, s->order + o, end - o));
        e->grid = !group->small;
        e->group = group;
        int64_t thin = group->kind == GROUP_CONTRACT ? contract_thin_samples(e, group) : 0;
        if (thin) e->k->least_samples = thin + 1;
        for (; o < end; o++) emit_group(e, &s->groups.items[s->order[o]]);
        const Kernel *usual = end_kernel(e);
        if (thin && usual) add_thin(s, group, usual);
    }
}

// ---- Variables that could not be written in place

static void copy_write(Schedule *s, const VarWrite *write) {
    const Variable *var = &s->plan->program->vars[write->var];
    Emit *e = begin_kernel(s, arena_printf(s->arena, "copy %s", var->name), "");
    const int64_t *stride = s->plan->vars[write->var].stride;
    KBuf from = {.name = "value", .dtype = var->dtype, .count = shape_count(&var->shape).size};
    KBuf to = from;
    to.name = var->name;
    VEC_PUSH(e->arena, &e->k->bufs, from);
    VEC_PUSH(e->arena, &e->k->bufs, to);
    PlanRef source = buffer_ref(s, write->node), target = {.space = SPACE_VARS, .fixed = s->plan->vars[write->var].offset};
    VEC_PUSH(e->arena, &e->refs, source);
    VEC_PUSH(e->arena, &e->refs, target);
    KIdx read = idx_const(0), put = idx_const(0);
    e->k->bytes = 2.0 * (double)from.count * (double)dtype_size(var->dtype);
    int64_t row_major = from.count;
    for (uint32_t i = 0; i < var->shape.rank; i++) {
        KVar loop = emit_var(e, "i");
        row_major /= var->shape.dim[i].size;
        emit_for(e, loop, idx_const(0), idx_dim(var->shape.dim[i]), 1);
        read = idx_add(read, idx_scale(idx_var(loop), row_major));
        put = idx_add(put, idx_scale(idx_var(loop), stride[i]));
    }
    KVal value;
    emit_load(e, &(KAccess){.buf = 0, .idx = read, .gather_buf = KBUF_NONE}, var->dtype, false, &value);
    emit_stmt(e, (KStmt){.kind = KS_STORE, .access = {.buf = 1, .idx = put, .gather_buf = KBUF_NONE}, .value = value});
    for (uint32_t i = 0; i < var->shape.rank; i++) emit_end(e);
    end_kernel(e);
}

static void collect_outputs(Schedule *s) {
    for (size_t i = 0; i < s->entry->output_count; i++) {
        const Output *output = &s->entry->outputs[i];
        if (output->role != OUTPUT_METRIC && output->role != OUTPUT_RESULT) continue;
        const Node *node = graph_node(s->g, output->node);
        PlanOutput out = {.name = output->name, .dtype = node->dtype, .shape = node->shape, .ref = buffer_ref(s, output->node)};
        if (output->role == OUTPUT_METRIC) VEC_PUSH(s->arena, &s->out->metrics, out);
        else VEC_PUSH(s->arena, &s->out->results, out);
    }
}

static void schedule_entry(Plan *plan, Shared *shared, Arena *perm, const Entry *given, PlanEntry *out, bool fuse) {
    Entry *entry = NEW(perm, Entry);
    *entry = *given;
    entry->outputs = NEW_ARRAY(perm, Output, given->output_count + 1);
    for (size_t i = 0; i < given->output_count; i++) entry->outputs[i] = given->outputs[i];
    const Graph *g = schedule_lower(perm, given->graph, entry->outputs, entry->output_count);
    Schedule s = {.arena = perm, .plan = plan, .g = g, .entry = entry, .out = out, .fuse = fuse, .shared = shared};
    out->present = true;
    schedule_fuse(&s);
    schedule_order(&s);
    schedule_memory(&s);
    make_steps(&s);
    for (size_t i = 0; i < s.writes.count; i++)
        if (!s.writes.items[i].in_place) copy_write(&s, &s.writes.items[i]);
    collect_outputs(&s);
}

Plan *schedule(Arena *perm, const Program *program, const Target *target, const ScheduleOptions *options) {
    Plan *plan = NEW(perm, Plan);
    plan->program = program;
    plan->target = target;
    lay_out_vars(plan, perm, options->fuse);
    Shared *shared = shared_new(perm);
    for (size_t i = 0; i < ENTRY_COUNT; i++)
        if (program->entries[i].present)
            schedule_entry(plan, shared, perm, &program->entries[i], &plan->entries[i], options->fuse);
    shared_free(shared);
    return plan;
}
