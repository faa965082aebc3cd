// Running plans: a program with an entry for each case, built by hand, whose scheduled kernels are executed step by step and
// compared with the interpreter of the graph. Memory that nobody has written is NaN, and each block ends where a page begins
// that nobody may touch.
#pragma once

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "ir/build.h"
#include "ir/interpret.h"
#include "ir_test_support.h"
#include "schedule/plan.h"
#include "support/vec.h"

enum { RIG_ITEMS = 256, RIG_MORE_ROWS = 3 };

typedef struct Rig {
    Arena *arena;
    Diagnostics *diag;
    Program *program;
    Graph *g; // of the entry that is being built
    Entry *entry;
    EntryKind kind;
    const char *names[ENTRY_COUNT];
    Graph *meaning[ENTRY_COUNT]; // what the interpreter runs: the graph as it was built
    Output *meaning_outputs[ENTRY_COUNT];
    bool fails[ENTRY_COUNT]; // a check is meant to fail
    Variable vars[RIG_ITEMS];
    InputSpec inputs[RIG_ITEMS];
    double low, high; // of the numbers in variables and inputs
} Rig;

// How the steps of an entry are executed: by the interpreter of kernels, or as the caller does it. NULL, or a failed check.
typedef const char *RigStep(void *context, const Plan *plan, EntryKind entry, size_t step, const KernelCall *call);

static inline Rig *rig_new(DType float_type) {
    Arena *arena = arena_new();
    Rig *rig = NEW(arena, Rig);
    rig->arena = arena;
    rig->diag = diag_new(arena, &(DiagOptions){0});
    rig->program = NEW(arena, Program);
    *rig->program = (Program){.arena = arena, .name = "test", .source = "test.net", .float_type = float_type};
    rig->program->vars = rig->vars;
    rig->program->inputs = rig->inputs;
    rig->low = -2;
    rig->high = 2;
    return rig;
}

static inline void rig_free(Rig *rig) { arena_free(rig->arena); }

// ---- Building

static inline void rig_begin(Rig *rig, const char *name) {
    assert_true(rig->kind < ENTRY_COUNT);
    rig->entry = &rig->program->entries[rig->kind];
    rig->names[rig->kind] = name;
    rig->g = graph_new(rig->arena, rig->diag, rig->program->float_type);
    rig->entry->graph = rig->g;
    rig->entry->outputs = NEW_ARRAY(rig->arena, Output, RIG_ITEMS);
}

static inline Shape rig_shape(const char *text) { return shape_read(text, NULL); }

static inline NodeId rig_read(Rig *rig, uint32_t var) {
    return graph_append(rig->g, OP_VAR, NULL, 0, &(Attr){.index = var}, rig->vars[var].shape, rig->vars[var].dtype);
}

static inline uint32_t rig_new_var(Rig *rig, const char *shape) {
    assert_true(rig->program->var_count < RIG_ITEMS);
    uint32_t index = (uint32_t)rig->program->var_count++;
    rig->vars[index] = (Variable){.kind = VAR_PARAM, .dtype = rig->program->float_type, .shape = rig_shape(shape)};
    rig->vars[index].name = arena_printf(rig->arena, "v%u", index);
    return index;
}

static inline NodeId rig_var(Rig *rig, const char *shape) { return rig_read(rig, rig_new_var(rig, shape)); }

static inline NodeId rig_input(Rig *rig, const char *shape, DType dtype) {
    assert_true(rig->program->input_count < RIG_ITEMS);
    uint32_t index = (uint32_t)rig->program->input_count++;
    if (dtype_is_float(dtype)) dtype = rig->program->float_type;
    rig->inputs[index] = (InputSpec){.dtype = dtype, .shape = rig_shape(shape)};
    rig->inputs[index].name = arena_printf(rig->arena, "in%u", index);
    return graph_append(rig->g, OP_INPUT, NULL, 0, &(Attr){.index = index}, rig->inputs[index].shape, dtype);
}

static inline void rig_output(Rig *rig, OutputRole role, uint32_t index, NodeId node) {
    assert_int_not_equal(node, NODE_NONE);
    size_t at = rig->entry->output_count++;
    assert_true(at < RIG_ITEMS);
    rig->entry->outputs[at] = (Output){role, index, arena_printf(rig->arena, "out%zu", at), node};
}

static inline void rig_result(Rig *rig, NodeId node) { rig_output(rig, OUTPUT_RESULT, 0, node); }
static inline void rig_assign(Rig *rig, uint32_t var, NodeId node) { rig_output(rig, OUTPUT_ASSIGN, var, node); }

// The entry is complete; `change` (simplify, or NULL) makes of its graph the one that is scheduled.
static inline void rig_end(Rig *rig, Graph *(*change)(const Graph *g, Output *outputs, size_t count)) {
    Entry *entry = rig->entry;
    graph_verify(rig->g, entry->outputs, entry->output_count, "building");
    rig->meaning[rig->kind] = rig->g;
    rig->meaning_outputs[rig->kind] = NEW_ARRAY(rig->arena, Output, RIG_ITEMS);
    memcpy(rig->meaning_outputs[rig->kind], entry->outputs, entry->output_count * sizeof(Output));
    if (change) entry->graph = change(rig->g, entry->outputs, entry->output_count);
    entry->present = true;
    rig->kind++;
}

// ---- Numbers

static inline uint64_t rig_mix(uint64_t x) {
    x = (x + 1) * 0x9E3779B97F4A7C15u;
    x ^= x >> 31;
    x *= 0xBF58476D1CE4E5B9u;
    return x ^ x >> 29;
}

static inline Tensor rig_tensor(const Rig *rig, Arena *arena, DType dtype, const Shape *shape, int64_t N, uint64_t seed) {
    Tensor tensor = tensor_new(arena, dtype, shape, N);
    for (int64_t i = 0; i < tensor.count; i++) {
        uint64_t random = rig_mix(seed * 1000003 + (uint64_t)i);
        double real = rig->low + (rig->high - rig->low) * (double)(random >> 11) * 0x1p-53;
        if (tensor.f) tensor.f[i] = dtype == DT_F32 ? (double)(float)real : real;
        else tensor.i[i] = (int64_t)(random >> 20) % (dtype == DT_BOOL ? 2 : dtype == DT_U8 ? 256 : 3);
    }
    return tensor;
}

static inline void rig_put(void *memory, DType dtype, int64_t at, const Tensor *tensor, int64_t i) {
    switch (dtype) {
    case DT_F32: ((float *)memory)[at] = (float)tensor->f[i]; break;
    case DT_F64: ((double *)memory)[at] = tensor->f[i]; break;
    case DT_I64: ((int64_t *)memory)[at] = tensor->i[i]; break;
    default: ((uint8_t *)memory)[at] = (uint8_t)tensor->i[i];
    }
}

static inline double rig_get(const void *memory, DType dtype, int64_t at) {
    switch (dtype) {
    case DT_F32: return (double)((const float *)memory)[at];
    case DT_F64: return ((const double *)memory)[at];
    case DT_I64: return (double)((const int64_t *)memory)[at];
    default: return (double)((const uint8_t *)memory)[at];
    }
}

// ---- Memory

typedef struct RigBlock {
    char *data, *map;
    size_t bytes, map_bytes;
} RigBlock;

static inline RigBlock rig_block(size_t bytes) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (bytes + page - 1) / page * page;
    RigBlock b = {.bytes = bytes, .map_bytes = room + page};
    b.map = mmap(NULL, b.map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(b.map != MAP_FAILED);
    memset(b.map, 0xFF, room); // NaN
    assert_int_equal(mprotect(b.map + room, page, PROT_NONE), 0);
    b.data = b.map + room - bytes;
    return b;
}

static inline void rig_release(RigBlock *b) { munmap(b->map, b->map_bytes); }

// One run of an entry: the numbers it starts from, and where they lie.
typedef struct RigRun {
    const Rig *rig;
    const Plan *plan;
    EntryKind entry;
    int64_t N;
    double tolerance;
    const char *what;
    RigBlock vars, workspace, index, scratch, inputs[RIG_ITEMS];
    bool used[RIG_ITEMS]; // inputs
} RigRun;

static inline char *rig_address(const RigRun *run, PlanRef ref) {
    int64_t at = ref.fixed + ref.per_block * ((run->N + 15) / 16);
    switch (ref.space) {
    case SPACE_VARS: return run->vars.data + at;
    case SPACE_WORKSPACE: return run->workspace.data + at;
    case SPACE_INPUT: return run->inputs[ref.index].data + at;
    case SPACE_INDEX: return run->index.data + at;
    case SPACE_CONST: return (char *)run->plan->constants.items[ref.index].data;
    }
    return NULL;
}

// The element's place in a variable, and in a buffer: row-major with the batch outermost.
static inline int64_t rig_place(const Tensor *tensor, const Shape *shape, const int64_t *stride, int64_t i) {
    int64_t own[MAX_RANK], next = 1, at = 0;
    uint32_t batch = MAX_RANK;
    shape_batch_axis(shape, &batch);
    for (uint32_t axis = shape->rank; axis-- > 0;) {
        if (axis == batch) continue;
        own[axis] = next;
        next *= tensor->size[axis];
    }
    if (batch < shape->rank) own[batch] = next;
    for (uint32_t axis = shape->rank; axis-- > 0;) {
        at += i % tensor->size[axis] * (stride ? stride[axis] : own[axis]);
        i /= tensor->size[axis];
    }
    return at;
}

static inline _Noreturn void rig_fail(const RigRun *run, const char *text) {
    const Entry *entry = &run->rig->program->entries[run->entry];
    StrBuf buf = {0};
    graph_print(entry->graph, entry->outputs, entry->output_count, &buf);
    puts(buf.text ? buf.text : "");
    strbuf_free(&buf);
    if (getenv("RIG_KERNELS")) {
        plan_print(run->plan, &buf);
        puts(buf.text ? buf.text : "");
    }
    fail_msg("%s (%s, %s), N = %lld: %s", run->rig->names[run->entry], run->plan->target->name, run->what, (long long)run->N,
             text);
    abort();
}

static inline void rig_compare(const RigRun *run, const char *name, DType dtype, const Shape *shape, const int64_t *stride,
                               const void *memory, const Tensor *expected) {
    for (int64_t i = 0; i < expected->count; i++) {
        double got = rig_get(memory, dtype, rig_place(expected, shape, stride, i));
        double wanted = expected->f ? expected->f[i] : (double)expected->i[i];
        if (got == wanted || (isnan(got) && isnan(wanted))) continue;
        if (expected->f && fabs(got - wanted) <= run->tolerance * (1 + fmax(fabs(got), fabs(wanted)))) continue;
        char text[160];
        snprintf(text, sizeof text, "%s[%lld of %lld] is %.17g, expected %.17g", name, (long long)i, (long long)expected->count,
                 got, wanted);
        rig_fail(run, text);
    }
}

// What the runtime draws, for the tests: a number that says which element it is.
static inline const Tensor *rig_draw(void *context, const Node *node) {
    Tensor *tensor = NEW(context, Tensor);
    *tensor = tensor_new(context, node->dtype, &node->shape, 1);
    for (int64_t i = 0; i < tensor->count; i++) tensor->f[i] = (double)(i + 1) / 4;
    return tensor;
}

static inline const char *rig_steps(const RigRun *run, RigStep *execute, void *context) {
    const PlanEntry *entry = &run->plan->entries[run->entry];
    for (size_t i = 0; i < entry->steps.count; i++) {
        const PlanStep *step = &entry->steps.items[i];
        if (step->draw) {
            for (int64_t d = 0; d < step->draw_count; d++) ((float *)rig_address(run, step->refs[0]))[d] = (float)(d + 1) / 4;
            continue;
        }
        if (!kernel_is_for(step->kernel, run->N)) continue;
        void *buffers[RIG_ITEMS];
        assert_true(step->ref_count <= RIG_ITEMS);
        for (size_t b = 0; b < step->ref_count; b++) buffers[b] = rig_address(run, step->refs[b]);
        KernelCall call = {.buffers = buffers,
                           .scratch = run->scratch.data,
                           .N = run->N,
                           .lr = 0.125,
                           .step = 7,
                           .steps = 100,
                           .epoch = 2,
                           .epochs = 5,
                           .seed = 0x1234567};
        const char *failed =
            execute ? execute(context, run->plan, run->entry, i, &call) : kernel_interpret(step->kernel, &call);
        if (failed) return failed;
    }
    return NULL;
}

// Fills all memory of a run; what the interpreter of the graph needs goes to `env`.
static inline void rig_fill(RigRun *run, Arena *arena, InterpretEnv *env) {
    const Rig *rig = run->rig;
    const PlanEntry *entry = &run->plan->entries[run->entry];
    int64_t N = run->N, rows = N + RIG_MORE_ROWS;
    run->vars = rig_block((size_t)run->plan->vars_bytes);
    run->workspace = rig_block((size_t)(entry->workspace_fixed + entry->workspace_per_block * ((N + 15) / 16)));
    run->scratch = rig_block(((size_t)run->plan->scratch_bytes + 63) / 64 * 64);
    run->index = rig_block((size_t)N * 4);
    for (int64_t i = 0; i < N; i++) ((int32_t *)run->index.data)[i] = (int32_t)((i * 7 + 2) % rows);
    Tensor *vars = NEW_ARRAY(arena, Tensor, RIG_ITEMS), *inputs = NEW_ARRAY(arena, Tensor, RIG_ITEMS);
    for (size_t v = 0; v < rig->program->var_count; v++) {
        const Variable *var = &rig->vars[v];
        vars[v] = rig_tensor(rig, arena, var->dtype, &var->shape, 1, v);
        for (int64_t i = 0; i < vars[v].count; i++)
            rig_put(run->vars.data + run->plan->vars[v].offset, var->dtype,
                    rig_place(&vars[v], &var->shape, run->plan->vars[v].stride, i), &vars[v], i);
    }
    const Graph *g = rig->meaning[run->entry];
    for (NodeId id = 0; id < g->count; id++) {
        uint32_t index = g->nodes[id].attr.index;
        if (g->nodes[id].op != OP_INPUT || run->used[index]) continue;
        const InputSpec *spec = &rig->inputs[index];
        Tensor all = rig_tensor(rig, arena, spec->dtype, &spec->shape, rows, 1000 + index);
        inputs[index] = tensor_new(arena, spec->dtype, &spec->shape, N);
        int64_t row = inputs[index].count / N;
        run->used[index] = true;
        run->inputs[index] = rig_block((size_t)all.count * dtype_size(spec->dtype));
        for (int64_t i = 0; i < all.count; i++) rig_put(run->inputs[index].data, spec->dtype, i, &all, i);
        for (int64_t i = 0; i < inputs[index].count; i++) {
            int64_t from = (int64_t)((int32_t *)run->index.data)[i / row] * row + i % row;
            if (all.f) inputs[index].f[i] = all.f[from];
            else inputs[index].i[i] = all.i[from];
        }
    }
    *env = (InterpretEnv){.N = N,
                          .vars = vars,
                          .var_count = rig->program->var_count,
                          .inputs = inputs,
                          .input_count = rig->program->input_count,
                          .draw = rig_draw,
                          .context = arena,
                          .scalars = {[SCALAR_N] = (double)N,
                                      [SCALAR_STEP] = 7,
                                      [SCALAR_STEPS] = 100,
                                      [SCALAR_EPOCH] = 2,
                                      [SCALAR_EPOCHS] = 5,
                                      [SCALAR_LR] = 0.125,
                                      [SCALAR_SEED] = 0x1234567}};
}

static inline void rig_compare_outputs(const RigRun *run, const InterpretEnv *env, const Tensor *values) {
    const Rig *rig = run->rig;
    const Output *outputs = rig->meaning_outputs[run->entry];
    const PlanEntry *entry = &run->plan->entries[run->entry];
    size_t result = 0, metric = 0;
    const Tensor *expected[RIG_ITEMS];
    for (size_t v = 0; v < rig->program->var_count; v++) expected[v] = &env->vars[v];
    for (size_t o = 0; o < rig->program->entries[run->entry].output_count; o++) {
        const Tensor *value = &values[outputs[o].node];
        if (outputs[o].role == OUTPUT_ASSIGN) expected[outputs[o].index] = value;
        if (outputs[o].role != OUTPUT_RESULT && outputs[o].role != OUTPUT_METRIC) continue;
        const PlanOutput *out =
            outputs[o].role == OUTPUT_RESULT ? &entry->results.items[result++] : &entry->metrics.items[metric++];
        rig_compare(run, out->name, out->dtype, &out->shape, NULL, rig_address(run, out->ref), value);
    }
    for (size_t v = 0; v < rig->program->var_count; v++)
        rig_compare(run, rig->vars[v].name, rig->vars[v].dtype, &rig->vars[v].shape, run->plan->vars[v].stride,
                    run->vars.data + run->plan->vars[v].offset, expected[v]);
}

// Runs an entry of the plan, and compares all that it writes and all that it must not write.
static inline void rig_check(const Rig *rig, const Plan *plan, EntryKind entry, int64_t N, const char *what, RigStep *execute,
                             void *context) {
    Arena *arena = arena_new();
    RigRun run = {.rig = rig, .plan = plan, .entry = entry, .N = N, .what = what};
    run.tolerance = rig->program->float_type == DT_F32 ? 1e-4 : 1e-10;
    InterpretEnv env;
    rig_fill(&run, arena, &env);
    const Graph *g = rig->meaning[entry];
    size_t count = rig->program->entries[entry].output_count;
    NodeId wanted[RIG_ITEMS];
    for (size_t i = 0; i < count; i++) wanted[i] = rig->meaning_outputs[entry][i].node;
    Tensor *values = NEW_ARRAY(arena, Tensor, g->count);
    bool holds = interpret(arena, g, &env, wanted, count, values, NULL);
    const char *failed = rig_steps(&run, execute, context);
    if (holds == rig->fails[entry]) rig_fail(&run, "the case is not what it says");
    if (holds != !failed) rig_fail(&run, failed ? failed : "no check failed");
    if (holds) rig_compare_outputs(&run, &env, values);
    rig_release(&run.vars);
    rig_release(&run.workspace);
    rig_release(&run.scratch);
    rig_release(&run.index);
    for (size_t i = 0; i < RIG_ITEMS; i++)
        if (run.used[i]) rig_release(&run.inputs[i]);
    arena_free(arena);
}
