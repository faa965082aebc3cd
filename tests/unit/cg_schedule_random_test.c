// Random graphs with their gradients and updates: whatever the scheduler makes of them computes what the graph means. Most are
// executed by the interpreter of kernels, some as generated code. RANDOM_FIRST and RANDOM_COUNT say which.
#include "cg_support.h"
#include "schedule_random.h"

static uint64_t setting(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void count_ops(const Rig *rig, uint32_t *seen) {
    for (EntryKind entry = 0; entry < rig->kind; entry++) {
        const Entry *e = &rig->program->entries[entry];
        bool *needed = graph_needed(rig->arena, e->graph, e->outputs, e->output_count);
        bool has[OP_COUNT] = {0};
        for (NodeId id = 0; id < e->graph->count; id++)
            if (needed[id]) has[e->graph->nodes[id].op] = true;
        for (size_t op = 0; op < OP_COUNT; op++) seen[op] += has[op];
    }
}

static void interpreted(void **state) {
    (void)state;
    uint64_t first = setting("RANDOM_FIRST", 1), count = setting("RANDOM_COUNT", 300);
    uint32_t seen[OP_COUNT] = {0};
    unsigned targets = 0;
    while (target_row(targets)) targets++;
    for (uint64_t seed = first; seed < first + count; seed++) {
        Rig *rig = rig_new(DT_F64);
        random_entry(rig, seed);
        count_ops(rig, seen);
        for (int fuse = 0; fuse < 2; fuse++) {
            const Target *target = target_row((unsigned)((seed + (uint64_t)fuse) % targets));
            Plan *plan = schedule(rig->arena, rig->program, target, &(ScheduleOptions){.fuse = fuse});
            for (int64_t N = 1; N <= 17; N += 8) rig_check(rig, plan, 0, N, fuse ? "fused" : "unfused", NULL, NULL);
        }
        rig_free(rig);
    }
    for (size_t op = 0; op < OP_COUNT; op++) {
        if (getenv("RANDOM_FIRST")) print_message("%6u graphs with %s\n", seen[op], op_info[op].name);
        else if (op != OP_DRAW && op != OP_STOP_GRADIENT) assert_true(seen[op] > 0); // which simplify() drops
    }
}

static const char *run_generated(void *context, const Plan *plan, EntryKind entry, size_t index, const KernelCall *call) {
    const Loaded *loaded = context;
    int32_t failed = cg_run_step(&loaded->program->entries[entry].steps[index], call);
    return failed ? plan->messages.items[failed - 1] : NULL;
}

static void generated(void **state) {
    (void)state;
    uint64_t first = setting("RANDOM_FIRST", 1001), count = setting("RANDOM_COUNT", 4);
    const Target *target;
    for (uint64_t program = 0; program < count; program++) {
        Rig *rig = rig_new(DT_F64);
        for (uint64_t i = 0; i < ENTRY_COUNT; i++) random_entry(rig, first + program * ENTRY_COUNT + i);
        for (unsigned row = 0; (target = target_row(row)); row++) {
            if (!cg_target_runs_here(target)) continue;
            Plan *plan = schedule(rig->arena, rig->program, target, &(ScheduleOptions){.fuse = true});
            Loaded loaded = cg_load(plan, true);
            for (EntryKind entry = 0; entry < rig->kind; entry++)
                for (int64_t N = 1; N <= 17; N += 8) rig_check(rig, plan, entry, N, "generated", run_generated, &loaded);
            dlclose(loaded.handle);
        }
        rig_free(rig);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(interpreted), cmocka_unit_test(generated)};
    cmocka_set_test_filter(getenv("CASE"));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
