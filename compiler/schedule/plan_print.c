// --emit=kernels: every entry's steps, each with its kernel's listing, and the memory that it needs.
#include "schedule/plan.h"

static const char *const entry_names[ENTRY_COUNT] = {"init",     "train_step", "gradients", "apply",
                                                     "evaluate", "predict",    "loss",      "calculate"};

// How many of them run, whatever the batch: those for a few samples each stand in for one that is not.
static size_t steps_of_a_run(const PlanEntry *entry) {
    size_t count = 0;
    for (size_t i = 0; i < entry->steps.count; i++)
        count += entry->steps.items[i].draw || entry->steps.items[i].kernel->most_samples == 0;
    return count;
}

void plan_print(const Plan *plan, StrBuf *out) {
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        const PlanEntry *entry = &plan->entries[i];
        if (!entry->present) continue;
        strbuf_printf(out, "# %s: %zu steps, workspace %lld bytes + %lld for each 16 samples\n", entry_names[i],
                      steps_of_a_run(entry), (long long)entry->workspace_fixed, (long long)entry->workspace_per_block);
        for (size_t j = 0; j < entry->steps.count; j++) {
            const PlanStep *step = &entry->steps.items[j];
            if (!step->draw) {
                kernel_print(step->kernel, out);
                strbuf_add(out, "\n");
                continue;
            }
            strbuf_printf(out, "draw %lld numbers, %s(", (long long)step->draw_count, draw_text(step->draw_kind));
            strbuf_add_double(out, step->a);
            strbuf_add(out, ", ");
            strbuf_add_double(out, step->b);
            strbuf_printf(out, ")    # %s\n\n", step->lines);
        }
    }
}
