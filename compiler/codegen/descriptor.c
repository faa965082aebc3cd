// Writes `netrt_program`, the one symbol that the object exports: every table of runtime/include/netrt.h as constants. Each
// function here writes one structure of that header; constant.h's FIELD checks it against the declaration.
#include <netrt.h>

#include "codegen/constant.h"
#include "codegen/gen.h"

#define SAME(a, b) _Static_assert((int)(a) == (int)(b), "netrt.h and the compiler number " #a " alike")
SAME(NETRT_BOOL, DT_BOOL);
SAME(NETRT_U8, DT_U8);
SAME(NETRT_I64, DT_I64);
SAME(NETRT_F32, DT_F32);
SAME(NETRT_F64, DT_F64);
SAME(NETRT_N, SCALAR_N);
SAME(NETRT_STEP, SCALAR_STEP);
SAME(NETRT_STEPS, SCALAR_STEPS);
SAME(NETRT_EPOCH, SCALAR_EPOCH);
SAME(NETRT_EPOCHS, SCALAR_EPOCHS);
SAME(NETRT_LR, SCALAR_LR);
SAME(NETRT_SEED, SCALAR_SEED);
SAME(NETRT_SCALARS, SCALAR_KINDS);
SAME(NETRT_SPACE_VARS, SPACE_VARS);
SAME(NETRT_SPACE_WORKSPACE, SPACE_WORKSPACE);
SAME(NETRT_SPACE_INPUT, SPACE_INPUT);
SAME(NETRT_SPACE_INDEX, SPACE_INDEX);
SAME(NETRT_SPACE_CONST, SPACE_CONST);
SAME(NETRT_PARAM, VAR_PARAM);
SAME(NETRT_BUFFER, VAR_BUFFER);
SAME(NETRT_STATE, VAR_STATE);
SAME(NETRT_GRADIENT, VAR_GRADIENT);
SAME(NETRT_INIT, ENTRY_INIT);
SAME(NETRT_TRAIN_STEP, ENTRY_TRAIN_STEP);
SAME(NETRT_GRADIENTS, ENTRY_GRADIENTS);
SAME(NETRT_APPLY, ENTRY_APPLY);
SAME(NETRT_EVALUATE, ENTRY_EVALUATE);
SAME(NETRT_PREDICT, ENTRY_PREDICT);
SAME(NETRT_LOSS, ENTRY_LOSS);
SAME(NETRT_CALCULATE, ENTRY_CALCULATE);
SAME(NETRT_ENTRIES, ENTRY_COUNT);
SAME(NETRT_MAX_RANK, MAX_RANK);

typedef struct Writer {
    Gen *g;
    const Plan *plan;
    Value *constants; // address of each of the plan's
} Writer;

static Value i64(const Writer *w, int64_t value) { return gen_i64(w->g, value); }
static Value i32(const Writer *w, int64_t value) { return constant_i32(w->g, value); }
static Value f64(const Writer *w, double value) { return constant_f64(w->g, value); }
static Value text(const Writer *w, const char *string) { return constant_string(w->g, string); }

// An array of structures; the type is that of the first.
static Value array_of(const Writer *w, const Value *elements, size_t count, bool some) {
    LLVMTypeRef type = count ? LLVMTypeOf(elements[0]) : w->g->i8;
    return constant_array(w->g, type, elements, count, some);
}

// int64_t[NETRT_MAX_RANK]
static Value eight(const Writer *w, const int64_t *values, size_t count) {
    Value elements[NETRT_MAX_RANK];
    for (size_t i = 0; i < NETRT_MAX_RANK; i++) elements[i] = i64(w, i < count ? values[i] : 0);
    return LLVMConstArray2(w->g->i64, elements, NETRT_MAX_RANK);
}

static Value dims(const Writer *w, const Shape *shape, size_t from) {
    int64_t sizes[MAX_RANK] = {0};
    for (size_t i = from; i < shape->rank; i++) sizes[i - from] = shape->dim[i].size;
    return eight(w, sizes, shape->rank - from);
}

static Value batch_axis(const Writer *w, const Shape *shape) {
    uint32_t axis;
    return i32(w, shape_batch_axis(shape, &axis) ? (int64_t)axis : -1);
}

// ---- Steps

static Value ref(const Writer *w, const PlanRef *r) {
    Fields f = FIELDS(w->g, NetrtRef);
    bool constant = r->space == SPACE_CONST;
    FIELD(&f, NetrtRef, space, i32(w, r->space));
    FIELD(&f, NetrtRef, index, i32(w, constant ? 0 : (int64_t)r->index));
    FIELD(&f, NetrtRef, fixed, i64(w, r->fixed));
    FIELD(&f, NetrtRef, per_block, i64(w, r->per_block));
    FIELD(&f, NetrtRef, data, constant ? w->constants[r->index] : LLVMConstNull(w->g->ptr));
    return fields_end(&f);
}

static Value extent(const Writer *w, KExtent e) {
    Fields f = FIELDS(w->g, NetrtExtent);
    FIELD(&f, NetrtExtent, fixed, i64(w, e.fixed));
    FIELD(&f, NetrtExtent, per_sample, i64(w, e.per_n));
    FIELD(&f, NetrtExtent, block, i64(w, e.block));
    return fields_end(&f);
}

static Value grid(const Writer *w, const Kernel *kernel) {
    Value extents[3];
    for (uint32_t i = 0; i < 3; i++)
        extents[i] = extent(w, kernel && i < kernel->grid_count ? kernel->grid[i].extent : (KExtent){1, 0, 1});
    return LLVMConstArray2(LLVMTypeOf(extents[0]), extents, 3);
}

static int step_kind(const PlanStep *step) {
    if (!step->draw) return NETRT_STEP_KERNEL;
    switch (step->draw_kind) {
    case DRAW_UNIFORM: return NETRT_STEP_DRAW_UNIFORM;
    case DRAW_NORMAL: return NETRT_STEP_DRAW_NORMAL;
    case DRAW_ORTHOGONAL: return NETRT_STEP_DRAW_ORTHOGONAL;
    case DRAW_INTEGERS: return NETRT_STEP_DRAW_INTEGERS;
    case DRAW_SEED: return NETRT_STEP_SEED;
    }
    BUG("a draw of no kind");
}

static void mark_stores(const KBlock *block, bool *written) {
    for (size_t i = 0; i < block->count; i++) {
        const KStmt *statement = &block->items[i];
        if (statement->kind == KS_STORE) written[statement->access.buf] = true;
        if (statement->kind == KS_FOR) mark_stores(&statement->body, written);
    }
}

// What --check-finite looks at after the step.
static Value writes(const Writer *w, const Kernel *k, size_t *count) {
    bool *written = NEW_ARRAY(w->g->arena, bool, k->bufs.count + 1);
    Value *elements = NEW_ARRAY(w->g->arena, Value, k->bufs.count + 1);
    mark_stores(&k->body, written);
    int64_t position = 0; // among the buffers that the step gives the kernel
    for (size_t i = 0; i < k->bufs.count; i++) {
        const KBuf *buf = &k->bufs.items[i];
        if (buf->role != KBUF_DATA) continue;
        if (written[i] && dtype_is_float(buf->dtype)) {
            Fields f = FIELDS(w->g, NetrtWrite);
            FIELD(&f, NetrtWrite, buffer, i32(w, position));
            FIELD(&f, NetrtWrite, dtype, i32(w, buf->dtype));
            FIELD(&f, NetrtWrite, count, i64(w, buf->count));
            FIELD(&f, NetrtWrite, per_sample, i64(w, buf->count_n));
            elements[(*count)++] = fields_end(&f);
        }
        position++;
    }
    return array_of(w, elements, *count, false);
}

static Value step(const Writer *w, const PlanStep *s, Value function) {
    Value *refs = NEW_ARRAY(w->g->arena, Value, s->ref_count + 1);
    for (size_t i = 0; i < s->ref_count; i++) refs[i] = ref(w, &s->refs[i]);
    const Kernel *k = s->draw ? NULL : s->kernel;
    const char *name = s->name ? s->name : k ? k->name : "";
    const char *lines = s->lines ? s->lines : k && k->lines ? k->lines : "";
    Fields f = FIELDS(w->g, NetrtStep);
    FIELD(&f, NetrtStep, kind, i32(w, step_kind(s)));
    FIELD(&f, NetrtStep, buffer_count, i32(w, (int64_t)s->ref_count));
    FIELD(&f, NetrtStep, kernel, function ? function : LLVMConstNull(w->g->ptr));
    FIELD(&f, NetrtStep, buffers, array_of(w, refs, s->ref_count, false));
    FIELD(&f, NetrtStep, grid, grid(w, k));
    FIELD(&f, NetrtStep, least_samples, i64(w, k ? k->least_samples : 0));
    FIELD(&f, NetrtStep, most_samples, i64(w, k ? k->most_samples : 0));
    FIELD(&f, NetrtStep, count, i64(w, s->draw_count));
    FIELD(&f, NetrtStep, a, f64(w, s->a));
    FIELD(&f, NetrtStep, b, f64(w, s->b));
    FIELD(&f, NetrtStep, flops, f64(w, k ? k->flops : 0));
    FIELD(&f, NetrtStep, flops_per_sample, f64(w, k ? k->flops_n : 0));
    FIELD(&f, NetrtStep, bytes, f64(w, k ? k->bytes : 0));
    FIELD(&f, NetrtStep, bytes_per_sample, f64(w, k ? k->bytes_n : 0));
    FIELD(&f, NetrtStep, name, text(w, name));
    FIELD(&f, NetrtStep, lines, text(w, lines));
    size_t write_count = 0;
    FIELD(&f, NetrtStep, writes, k ? writes(w, k, &write_count) : LLVMConstNull(w->g->ptr));
    FIELD(&f, NetrtStep, write_count, i64(w, (int64_t)write_count));
    return fields_end(&f);
}

static Value output(const Writer *w, const PlanOutput *o) {
    Fields f = FIELDS(w->g, NetrtOutput);
    FIELD(&f, NetrtOutput, name, text(w, o->name));
    FIELD(&f, NetrtOutput, dtype, i32(w, o->dtype));
    FIELD(&f, NetrtOutput, rank, i32(w, o->shape.rank));
    FIELD(&f, NetrtOutput, shape, dims(w, &o->shape, 0));
    FIELD(&f, NetrtOutput, batch_axis, batch_axis(w, &o->shape));
    fields_padding(&f, 4);
    FIELD(&f, NetrtOutput, ref, ref(w, &o->ref));
    return fields_end(&f);
}

static Value outputs(const Writer *w, const PlanOutput *items, size_t count) {
    Value *elements = NEW_ARRAY(w->g->arena, Value, count + 1);
    for (size_t i = 0; i < count; i++) elements[i] = output(w, &items[i]);
    return array_of(w, elements, count, false);
}

static Value entry(const Writer *w, const PlanEntry *e, const Value *functions) {
    Value *steps = NEW_ARRAY(w->g->arena, Value, e->steps.count + 1);
    for (size_t i = 0; i < e->steps.count; i++) steps[i] = step(w, &e->steps.items[i], functions[i]);
    Fields f = FIELDS(w->g, NetrtEntry);
    FIELD(&f, NetrtEntry, steps, array_of(w, steps, e->steps.count, e->present));
    FIELD(&f, NetrtEntry, step_count, i64(w, (int64_t)e->steps.count));
    FIELD(&f, NetrtEntry, workspace_fixed, i64(w, e->workspace_fixed));
    FIELD(&f, NetrtEntry, workspace_per_block, i64(w, e->workspace_per_block));
    FIELD(&f, NetrtEntry, metrics, outputs(w, e->metrics.items, e->metrics.count));
    FIELD(&f, NetrtEntry, metric_count, i64(w, (int64_t)e->metrics.count));
    FIELD(&f, NetrtEntry, results, outputs(w, e->results.items, e->results.count));
    FIELD(&f, NetrtEntry, result_count, i64(w, (int64_t)e->results.count));
    return fields_end(&f);
}

// ---- The model

// A state is named after its parameter too: "fc1.weight/velocity". A gradient has its parameter's name.
static const char *var_name(const Writer *w, const Variable *var) {
    if (var->kind == VAR_STATE) return arena_printf(w->g->arena, "%s/%s", w->plan->program->vars[var->param].name, var->name);
    return var->kind == VAR_GRADIENT ? w->plan->program->vars[var->param].name : var->name;
}

static Value variable(const Writer *w, size_t index) {
    const Variable *var = &w->plan->program->vars[index];
    const PlanVar *place = &w->plan->vars[index];
    bool owned = var->kind == VAR_STATE || var->kind == VAR_GRADIENT;
    Fields f = FIELDS(w->g, NetrtVar);
    FIELD(&f, NetrtVar, name, text(w, var_name(w, var)));
    FIELD(&f, NetrtVar, aliases, constant_strings(w->g, var->aliases, var->alias_count, true));
    FIELD(&f, NetrtVar, kind, i32(w, var->kind));
    FIELD(&f, NetrtVar, dtype, i32(w, var->dtype));
    FIELD(&f, NetrtVar, rank, i32(w, var->shape.rank));
    FIELD(&f, NetrtVar, frozen, i32(w, var->frozen));
    FIELD(&f, NetrtVar, shape, dims(w, &var->shape, 0));
    FIELD(&f, NetrtVar, stride, eight(w, place->stride, var->shape.rank));
    FIELD(&f, NetrtVar, offset, i64(w, place->offset));
    FIELD(&f, NetrtVar, param, i64(w, owned ? (int64_t)var->param : 0));
    return fields_end(&f);
}

// The rows of an input are shown without the batch, which is dimension 0.
static Value input(const Writer *w, const InputSpec *spec) {
    Fields f = FIELDS(w->g, NetrtInput);
    FIELD(&f, NetrtInput, name, text(w, spec->name));
    FIELD(&f, NetrtInput, dtype, i32(w, spec->dtype));
    FIELD(&f, NetrtInput, target, i32(w, spec->target));
    FIELD(&f, NetrtInput, rank, i32(w, spec->shape.rank - 1));
    fields_padding(&f, 4);
    FIELD(&f, NetrtInput, shape, dims(w, &spec->shape, 1));
    return fields_end(&f);
}

static Value layer(const Writer *w, const LayerRow *row) {
    Fields f = FIELDS(w->g, NetrtLayer);
    FIELD(&f, NetrtLayer, path, text(w, row->path));
    FIELD(&f, NetrtLayer, type, text(w, row->type));
    FIELD(&f, NetrtLayer, depth, i64(w, row->depth));
    FIELD(&f, NetrtLayer, rank, i32(w, row->output.rank));
    FIELD(&f, NetrtLayer, batch_axis, batch_axis(w, &row->output));
    FIELD(&f, NetrtLayer, shape, dims(w, &row->output, 0));
    FIELD(&f, NetrtLayer, params, i64(w, row->params));
    FIELD(&f, NetrtLayer, flops, i64(w, row->flops));
    return fields_end(&f);
}

static Value print(const Writer *w, const PrintPiece *piece) {
    Fields f = FIELDS(w->g, NetrtPrint);
    FIELD(&f, NetrtPrint, text, text(w, piece->text));
    FIELD(&f, NetrtPrint, result, i32(w, piece->result));
    FIELD(&f, NetrtPrint, number, i32(w, piece->number));
    FIELD(&f, NetrtPrint, check, text(w, piece->check));
    return fields_end(&f);
}

static Value data(const Writer *w, const DataSpec *d) {
    Value nothing = LLVMConstNull(w->g->ptr);
    Fields f = FIELDS(w->g, NetrtData);
    FIELD(&f, NetrtData, format, text(w, d->present ? d->format : NULL));
    FIELD(&f, NetrtData, name, text(w, d->name));
    FIELD(&f, NetrtData, kind, text(w, d->kind));
    FIELD(&f, NetrtData, folder, text(w, d->folder));
    FIELD(&f, NetrtData, fetch, text(w, d->fetch));
    FIELD(&f, NetrtData, not_in, constant_strings(w->g, d->not_in, d->not_in_count, true));
    FIELD(&f, NetrtData, train_x, constant_strings(w->g, d->train_x, d->x_count, false));
    FIELD(&f, NetrtData, test_x, constant_strings(w->g, d->test_x, d->x_count, false));
    FIELD(&f, NetrtData, x_count, i64(w, (int64_t)d->x_count));
    FIELD(&f, NetrtData, train_y, text(w, d->train_y));
    FIELD(&f, NetrtData, test_y, text(w, d->test_y));
    FIELD(&f, NetrtData, classes, constant_strings(w->g, d->classes, d->class_count, false));
    FIELD(&f, NetrtData, class_count, i64(w, (int64_t)d->class_count));
    FIELD(&f, NetrtData, count, i64(w, d->count));
    FIELD(&f, NetrtData, seed, i64(w, d->seed));
    FIELD(&f, NetrtData, validation, f64(w, d->validation));
    FIELD(&f, NetrtData, target_is_input, i32(w, d->target_is_input));
    FIELD(&f, NetrtData, channels, i32(w, 0));
    FIELD(&f, NetrtData, mean, nothing);
    FIELD(&f, NetrtData, std, nothing);
    return fields_end(&f);
}

static Value train(const Writer *w, const Program *p) {
    const TrainSpec *t = &p->train;
    Fields f = FIELDS(w->g, NetrtTrain);
    FIELD(&f, NetrtTrain, epochs, i64(w, t->epochs));
    FIELD(&f, NetrtTrain, batch_size, i64(w, t->batch_size));
    FIELD(&f, NetrtTrain, shuffle, i64(w, t->shuffle));
    FIELD(&f, NetrtTrain, seed, i64(w, t->seed));
    FIELD(&f, NetrtTrain, drop_last, i64(w, t->drop_last));
    FIELD(&f, NetrtTrain, accumulate, i64(w, t->accumulate));
    FIELD(&f, NetrtTrain, clip_grad_norm, f64(w, t->clip_grad_norm));
    FIELD(&f, NetrtTrain, clip_grad_value, f64(w, t->clip_grad_value));
    FIELD(&f, NetrtTrain, patience, i64(w, t->patience));
    FIELD(&f, NetrtTrain, validate_every, i64(w, t->validate_every));
    FIELD(&f, NetrtTrain, lr, f64(w, p->lr));
    return fields_end(&f);
}

// ---- The whole

static Value variables(const Writer *w) {
    size_t count = w->plan->program->var_count;
    Value *elements = NEW_ARRAY(w->g->arena, Value, count + 1);
    for (size_t i = 0; i < count; i++) elements[i] = variable(w, i);
    return array_of(w, elements, count, false);
}

static Value inputs(const Writer *w) {
    size_t count = w->plan->program->input_count;
    Value *elements = NEW_ARRAY(w->g->arena, Value, count + 1);
    for (size_t i = 0; i < count; i++) elements[i] = input(w, &w->plan->program->inputs[i]);
    return array_of(w, elements, count, false);
}

static Value layers(const Writer *w) {
    size_t count = w->plan->program->layer_count;
    Value *elements = NEW_ARRAY(w->g->arena, Value, count + 1);
    for (size_t i = 0; i < count; i++) elements[i] = layer(w, &w->plan->program->layers[i]);
    return array_of(w, elements, count, false);
}

static Value prints(const Writer *w) {
    size_t count = w->plan->program->print_count;
    Value *elements = NEW_ARRAY(w->g->arena, Value, count + 1);
    for (size_t i = 0; i < count; i++) elements[i] = print(w, &w->plan->program->prints[i]);
    return array_of(w, elements, count, false);
}

static Value entries(const Writer *w, Value *const *step_kernels) {
    Value elements[ENTRY_COUNT];
    for (int i = 0; i < ENTRY_COUNT; i++) elements[i] = entry(w, &w->plan->entries[i], step_kernels[i]);
    return LLVMConstArray2(LLVMTypeOf(elements[0]), elements, ENTRY_COUNT);
}

static Value program(const Writer *w, Value *const *step_kernels, const CodegenOptions *options) {
    const Plan *plan = w->plan;
    const Program *p = plan->program;
    Fields f = FIELDS(w->g, NetrtProgram);
    FIELD(&f, NetrtProgram, abi, i32(w, NETRT_ABI));
    FIELD(&f, NetrtProgram, isa, i32(w, plan->target->isa));
    FIELD(&f, NetrtProgram, float_type, i32(w, p->float_type));
    FIELD(&f, NetrtProgram, class_target, i32(w, p->class_target));
    FIELD(&f, NetrtProgram, main, w->g->main);
    FIELD(&f, NetrtProgram, name, text(w, p->name));
    FIELD(&f, NetrtProgram, source, text(w, p->source));
    FIELD(&f, NetrtProgram, compiler, text(w, options->compiler));
    FIELD(&f, NetrtProgram, vars, variables(w));
    FIELD(&f, NetrtProgram, var_count, i64(w, (int64_t)p->var_count));
    FIELD(&f, NetrtProgram, vars_bytes, i64(w, plan->vars_bytes));
    FIELD(&f, NetrtProgram, scratch_bytes, i64(w, plan->scratch_bytes));
    FIELD(&f, NetrtProgram, inputs, inputs(w));
    FIELD(&f, NetrtProgram, input_count, i64(w, (int64_t)p->input_count));
    FIELD(&f, NetrtProgram, messages, constant_strings(w->g, plan->messages.items, plan->messages.count, false));
    FIELD(&f, NetrtProgram, message_count, i64(w, (int64_t)plan->messages.count));
    FIELD(&f, NetrtProgram, layers, layers(w));
    FIELD(&f, NetrtProgram, layer_count, i64(w, (int64_t)p->layer_count));
    FIELD(&f, NetrtProgram, prints, prints(w));
    FIELD(&f, NetrtProgram, print_count, i64(w, (int64_t)p->print_count));
    FIELD(&f, NetrtProgram, data, data(w, &p->data));
    FIELD(&f, NetrtProgram, train, train(w, p));
    FIELD(&f, NetrtProgram, entries, entries(w, step_kernels));
    return fields_end(&f);
}

void gen_descriptor(Gen *g, Value *const *step_kernels, const CodegenOptions *options) {
    const Plan *plan = g->plan;
    Writer w = {.g = g, .plan = plan, .constants = NEW_ARRAY(g->arena, Value, plan->constants.count + 1)};
    for (size_t i = 0; i < plan->constants.count; i++)
        w.constants[i] = constant_bytes(g, plan->constants.items[i].data, plan->constants.items[i].bytes);
    Value whole = program(&w, step_kernels, options);
    Value global = LLVMAddGlobal(g->module, LLVMTypeOf(whole), "netrt_program");
    LLVMSetInitializer(global, whole);
    LLVMSetGlobalConstant(global, 1);
}
