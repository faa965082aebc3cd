// Plans of hand-made graphs, executed: the kernels' interpreter, and code generated for every target that runs here, give what
// the interpreter of the graph gives; fused and node by node, in both float types, for batches around the lengths of vectors.
// Fused f32 code is made for all targets, the other kinds for one target each.
#include "cg_support.h"
#include "schedule_cases.h"
#include "simplify/simplify.h"

static void add_case(Rig *rig, const Case *c, bool simple) {
    rig_begin(rig, arena_printf(rig->arena, "%s %lld", c->name, (long long)c->p));
    rig->fails[rig->kind] = c->fails;
    c->build(rig, c->p);
    rig_end(rig, simple ? simplify : NULL);
}

// ---- By the interpreter of kernels: a test for each case

static void interpreted(void **state) {
    const Case *c = *state;
    for (int i = 0; i < 8; i++) {
        bool fuse = i & 1, simple = i & 2;
        Rig *rig = rig_new(i & 4 ? DT_F32 : DT_F64);
        add_case(rig, c, simple);
        const char *what = arena_printf(rig->arena, "%s, %s, %s", fuse ? "fused" : "unfused",
                                        simple ? "simplified" : "as it is", i & 4 ? "f32" : "f64");
        const Target *target;
        for (unsigned row = 0; (target = target_row(row)); row++) {
            Plan *plan = schedule(rig->arena, rig->program, target, &(ScheduleOptions){.fuse = fuse});
            for (size_t b = 0; b < BATCHES; b++)
                if (b % 4 == 1 || (fuse && simple)) rig_check(rig, plan, 0, batches[b], what, NULL, NULL);
        }
        rig_free(rig);
    }
}

// ---- As generated: an object for as many cases as a program has entries

static const char *run_generated(void *context, const Plan *plan, EntryKind entry, size_t index, const KernelCall *call) {
    const Loaded *loaded = context;
    const NetrtStep *step = &loaded->program->entries[entry].steps[index];
    int32_t failed = cg_run_step(step, call);
    return failed ? plan->messages.items[failed - 1] : NULL;
}

static void generated(void **state) {
    size_t first = *(const size_t *)*state;
    for (int i = 0; i < 4; i++) {
        bool fuse = i & 1;
        Rig *rig = rig_new(i & 2 ? DT_F64 : DT_F32);
        for (size_t c = first; c < first + ENTRY_COUNT && c < CASES; c++) add_case(rig, &cases[c], true);
        const char *what = arena_printf(rig->arena, "%s, generated, %s", fuse ? "fused" : "unfused", i & 2 ? "f64" : "f32");
        const Target *target;
        for (unsigned row = 0; (target = target_row(row)); row++) {
            if (!cg_target_runs_here(target) || (i != 1 && row != (first / ENTRY_COUNT + (size_t)i) % 3)) continue;
            Plan *plan = schedule(rig->arena, rig->program, target, &(ScheduleOptions){.fuse = fuse});
            Loaded loaded = cg_load(plan, fuse);
            for (EntryKind entry = 0; entry < rig->kind; entry++)
                for (size_t b = 0; b < BATCHES; b++) rig_check(rig, plan, entry, batches[b], what, run_generated, &loaded);
            dlclose(loaded.handle);
        }
        rig_free(rig);
    }
}

// What each target of this machine makes of the rig's program; `change` alters the target first, if it is not NULL.
typedef void PlanCheck(Rig *rig, const Plan *plan, Loaded *loaded);
static void on_every_target(Rig *rig, void (*change)(Target *), PlanCheck *check) {
    const Target *row;
    rig_end(rig, simplify);
    for (unsigned t = 0; (row = target_row(t)); t++) {
        if (!cg_target_runs_here(row)) continue;
        Target target = *row;
        if (change) change(&target);
        Plan *plan = schedule(rig->arena, rig->program, &target, &(ScheduleOptions){.fuse = true});
        Loaded loaded = cg_load(plan, true);
        check(rig, plan, &loaded);
        dlclose(loaded.handle);
    }
    rig_free(rig);
}

// ---- Weights that do not fit the second cache, here by making that small: what comes next is asked for while tiles sum

static size_t count_far(const KBlock *block) {
    size_t count = 0;
    for (size_t i = 0; i < block->count; i++) {
        const KStmt *s = &block->items[i];
        count += s->kind == KS_FOR ? count_far(&s->body) : s->kind == KS_PREFETCH && s->far;
    }
    return count;
}

static void far_from_1_kb(Target *target) { target->ahead_bytes = 1024; }

static void check_ahead(Rig *rig, const Plan *plan, Loaded *loaded) {
    size_t far = 0;
    for (size_t k = 0; k < plan->entries[0].steps.count; k++)
        if (!plan->entries[0].steps.items[k].draw) far += count_far(&plan->entries[0].steps.items[k].kernel->body);
    assert_true(far >= 2); // the product, and the gradient of its input
    for (size_t b = 0; b < BATCHES; b++) {
        rig_check(rig, plan, 0, batches[b], "ahead", run_generated, loaded);
        if (b % 4 == 1) rig_check(rig, plan, 0, batches[b], "ahead, interpreted", NULL, NULL);
    }
}

static void fetching_ahead(void **state) {
    (void)state;
    static const int64_t sizes[][2] = {{250, 70}, {41, 200}, {195, 130}, {192, 64}}; // in and out: whole chunks, panels, or not
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        Rig *rig = rig_new(i & 1 ? DT_F32 : DT_F64);
        rig_begin(rig, arena_printf(rig->arena, "large layer %lld", (long long)sizes[i][0]));
        layer(rig, sizes[i][0], sizes[i][1]);
        on_every_target(rig, far_from_1_kb, check_ahead);
    }
}

// ---- Gradients of weights: sums over the batch

// A weight (rows, lanes) minus its gradient times `rate`.
static void update(Rig *rig, int64_t rows, int64_t lanes, double rate) {
    NodeId x = rig_input(rig, arena_printf(rig->arena, "(N, %lld)", (long long)lanes), DT_F32);
    NodeId dy = rig_input(rig, arena_printf(rig->arena, "(N, %lld)", (long long)rows), DT_F32);
    uint32_t weight = rig_new_var(rig, arena_printf(rig->arena, "(%lld, %lld)", (long long)rows, (long long)lanes));
    NodeId dw = binary(rig, OP_MUL, matmul(rig, dy, x, true, false), number(rig, rate));
    rig_assign(rig, weight, binary(rig, OP_SUB, rig_read(rig, weight), dw));
}

static void check_chunks(Rig *rig, const Plan *plan, Loaded *loaded) {
    static const int64_t samples[] = {1, 191, 192, 193, 383, 384, 385};
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        rig_check(rig, plan, 0, samples[i], "generated", run_generated, loaded);
}

// Cut into chunks where an operand is packed: whole chunks, one sample less and one more, each with its update, which must
// happen once. The width is the pitch of what is summed, from which copies depend.
static void chunks_of_the_batch(void **state) {
    (void)state;
    static const int64_t widths[] = {2100, 530, 300};
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        Rig *rig = rig_new(DT_F32);
        rig_begin(rig, arena_printf(rig->arena, "chunks of the batch, %lld wide", (long long)widths[w]));
        update(rig, 25, widths[w], 0.01);
        on_every_target(rig, NULL, check_chunks);
    }
}

static void check_cut_rows(Rig *rig, const Plan *plan, Loaded *loaded) {
    rig_check(rig, plan, 0, 70, "generated", run_generated, loaded);
    rig_check(rig, plan, 0, 200, "generated", run_generated, loaded);
}

// The rows of a weight that is cut into tiles of the grid, where its last panel is narrower and has taller register tiles.
static void rows_of_a_cut_weight(void **state) {
    (void)state;
    static const struct {
        int64_t rows, lanes; // on AVX-512, AVX2, SSE2 in turn: a last panel of 3, 1, and 1 vectors
    } sizes[] = {{600, 1048}, {1040, 260}, {360, 258}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        Rig *rig = rig_new(DT_F64);
        rig_begin(rig, arena_printf(rig->arena, "%lld rows", (long long)sizes[i].rows));
        update(rig, sizes[i].rows, sizes[i].lanes, 1);
        on_every_target(rig, NULL, check_cut_rows);
    }
}

static size_t most_scratch(const Plan *plan) {
    size_t most = 0;
    for (size_t k = 0; k < plan->entries[0].steps.count; k++) {
        const PlanStep *step = &plan->entries[0].steps.items[k];
        size_t count = 0;
        for (size_t b = 0; !step->draw && b < step->kernel->bufs.count; b++)
            count += step->kernel->bufs.items[b].role == KBUF_SCRATCH;
        if (count > most) most = count;
    }
    return most;
}

static void second_cache_of_1_kb(Target *target) { target->l2_bytes = 1024; }

static void check_large_update(Rig *rig, const Plan *plan, Loaded *loaded) {
    static const int64_t samples[] = {1, 6, 17, 192, 193, 400};
    assert_true(plan->target->vector_bytes > 32 || most_scratch(plan) == 3);
    for (size_t n = 0; n < sizeof samples / sizeof *samples; n++) {
        rig_check(rig, plan, 0, samples[n], "rows before panels", run_generated, loaded);
        if (samples[n] < 20) rig_check(rig, plan, 0, samples[n], "rows before panels, interpreted", NULL, NULL);
    }
}

// Of weights that do not fit the second cache, here by making that small: rows before panels, where panels are narrow.
static void large_updates(void **state) {
    (void)state;
    static const int64_t sizes[][2] = {{250, 300}, {97, 259}, {192, 256}, {61, 73}}; // in and out
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        Rig *rig = rig_new(i < 3 ? DT_F64 : DT_F32);
        rig_begin(rig, arena_printf(rig->arena, "large update %lld", (long long)sizes[i][0]));
        layer(rig, sizes[i][0], sizes[i][1]);
        on_every_target(rig, second_cache_of_1_kb, check_large_update);
    }
}

int main(void) {
    static struct CMUnitTest tests[CASES + CASES / ENTRY_COUNT + 5];
    static char names[CASES][64];
    static size_t first[CASES];
    size_t count = 0;
    for (size_t i = 0; i < CASES; i++) {
        snprintf(names[i], sizeof names[i], "%s %lld", cases[i].name, (long long)cases[i].p);
        tests[count++] = (struct CMUnitTest){.name = names[i], .test_func = interpreted, .initial_state = (void *)&cases[i]};
    }
    for (size_t i = 0; i < CASES; i += ENTRY_COUNT) {
        first[i] = i;
        tests[count++] = (struct CMUnitTest){.name = "generated", .test_func = generated, .initial_state = &first[i]};
    }
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(fetching_ahead);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(chunks_of_the_batch);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(rows_of_a_cut_weight);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(large_updates);
    cmocka_set_test_filter(getenv("CASE"));
    return _cmocka_run_group_tests("cg_schedule_test", tests, count, NULL, NULL);
}
