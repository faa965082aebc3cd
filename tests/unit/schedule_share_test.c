// Kernels of the same structure share their statements, in an entry and between entries, and cost next to no memory.
#include "schedule_cases.h"

static Plan *plan_of(Rig *rig) { return schedule(rig->arena, rig->program, target_row(0), &(ScheduleOptions){.fuse = true}); }

// relu(x @ w) `depth` times, with weights of their own.
static void chain(Rig *rig, int64_t depth, int64_t width) {
    rig_begin(rig, "chain");
    const char *shape = TEXT(rig, "(%lld, %lld)", (long long)width, (long long)width);
    NodeId x = rig_input(rig, TEXT(rig, "(N, %lld)", (long long)width), DT_F32);
    for (int64_t i = 0; i < depth; i++)
        x = binary(rig, OP_MAXIMUM, build_matmul(rig->g, x, rig_var(rig, shape)), number(rig, 0));
    rig_result(rig, x);
    rig_end(rig, NULL);
}

static size_t distinct(const Plan *plan, EntryKind entry) {
    size_t count = 0;
    for (size_t i = 0; i < plan->entries[entry].steps.count; i++) count += !plan->entries[entry].steps.items[i].kernel->same;
    return count;
}

static void equal_layers(void **state) {
    (void)state;
    Rig *rig = rig_new(DT_F32);
    chain(rig, 6, 40);
    chain(rig, 9, 40);
    chain(rig, 3, 41);
    Plan *plan = plan_of(rig);
    assert_true(distinct(plan, 0) >= 1 && distinct(plan, 0) <= 3); // the first may read the data set, the last is kept apart
    assert_int_equal(distinct(plan, 1), 0);
    assert_true(distinct(plan, 2) >= 1);
    const PlanEntry *entry = &plan->entries[1];
    assert_true(entry->steps.count >= 9);
    for (size_t i = 0; i < entry->steps.count; i++) {
        const PlanStep *step = &entry->steps.items[i];
        assert_ptr_equal(step->kernel->body.items, step->kernel->same->body.items);
        assert_null(step->kernel->same->same);
        size_t buffers = 0;
        for (size_t b = 0; b < step->kernel->bufs.count; b++) buffers += step->kernel->bufs.items[b].role == KBUF_DATA;
        assert_int_equal(step->ref_count, buffers);
    }
    // What is a kernel's own: which weights it multiplies by.
    assert_string_not_equal(entry->steps.items[3].name, entry->steps.items[4].name);
    const PlanRef *a = entry->steps.items[3].refs, *b = entry->steps.items[4].refs;
    assert_memory_not_equal(a, b, entry->steps.items[3].ref_count * sizeof *a);
    rig_free(rig);
}

static size_t bytes_for(int64_t depth) {
    Rig *rig = rig_new(DT_F32);
    chain(rig, depth, 40);
    size_t before = arena_bytes(rig->arena);
    plan_of(rig);
    size_t bytes = arena_bytes(rig->arena) - before;
    rig_free(rig);
    return bytes;
}

static void an_equal_kernel_is_small(void **state) {
    (void)state;
    size_t few = bytes_for(10), many = bytes_for(110);
    assert_true(many > few && many - few < 100 * 16384);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(equal_layers), cmocka_unit_test(an_equal_kernel_is_small)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
