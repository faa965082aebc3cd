// Resolves the offsets of a step table into addresses, once for each batch size.
#include "program/engine_plan.h"

#include <stdlib.h>
#include <string.h>

static size_t buffer_total(const NetrtEntry *entry) {
    size_t total = 0;
    for (int64_t s = 0; s < entry->step_count; s++) total += entry->steps[s].buffer_count;
    return total;
}

static void *take(char **next, size_t bytes) {
    void *piece = *next;
    *next += bytes;
    return piece;
}

NetrtPlan *netrt_plans_create(const NetrtEntry *entry) {
    size_t steps = (size_t)entry->step_count, buffers = buffer_total(entry);
    size_t each = buffers * sizeof(char *) + steps * (sizeof(int64_t) + sizeof(NetrtTuning));
    NetrtPlan *plans = calloc(1, NETRT_PLAN_SLOTS * (sizeof(NetrtPlan) + each));
    if (!plans) return NULL;
    char *next = (char *)(plans + NETRT_PLAN_SLOTS); // from the strictest alignment to the least
    for (int i = 0; i < NETRT_PLAN_SLOTS; i++) plans[i].pointers = take(&next, buffers * sizeof(char *));
    for (int i = 0; i < NETRT_PLAN_SLOTS; i++) plans[i].tiles = take(&next, steps * sizeof(int64_t));
    for (int i = 0; i < NETRT_PLAN_SLOTS; i++) plans[i].tuning = take(&next, steps * sizeof(NetrtTuning));
    return plans;
}

int64_t netrt_extent(const NetrtExtent *extent, int64_t N) {
    int64_t size = extent->fixed + extent->per_sample * N, block = extent->block > 0 ? extent->block : 1;
    return size > 0 ? (size + block - 1) / block : 0;
}

bool netrt_step_is_for(const NetrtStep *step, int64_t N) {
    return N >= step->least_samples && (step->most_samples == 0 || N <= step->most_samples);
}

static int64_t tile_count(const NetrtStep *step, int64_t N) {
    if (!netrt_step_is_for(step, N)) return 0;
    return netrt_extent(&step->grid[0], N) * netrt_extent(&step->grid[1], N) * netrt_extent(&step->grid[2], N);
}

char *netrt_ref_address(const NetrtEngine *engine, const NetrtRef *ref, int64_t N) {
    char *base = NULL;
    switch (ref->space) {
    case NETRT_SPACE_VARS: base = engine->vars; break;
    case NETRT_SPACE_WORKSPACE: base = engine->workspace; break;
    case NETRT_SPACE_INPUT: base = (char *)(uintptr_t)engine->inputs[ref->index]; break; // kernels only read it
    case NETRT_SPACE_INDEX: base = (char *)engine->index; break;
    case NETRT_SPACE_CONST: base = (char *)(uintptr_t)ref->data; break;
    }
    if (!base) return NULL; // a target that this entry does not read
    return base + ref->fixed + ref->per_block * ((N + NETRT_BLOCK - 1) / NETRT_BLOCK);
}

static void resolve(const NetrtEngine *engine, const NetrtEntry *entry, NetrtPlan *plan, int64_t N) {
    plan->N = N;
    plan->sharing = (NetrtSharing){0};
    memcpy(plan->inputs, engine->inputs, sizeof plan->inputs);
    char **pointer = plan->pointers;
    for (int64_t s = 0; s < entry->step_count; s++) {
        const NetrtStep *step = &entry->steps[s];
        plan->tiles[s] = step->kind == NETRT_STEP_KERNEL ? tile_count(step, N) : 0;
        plan->tuning[s] = (NetrtTuning){0};
        for (uint32_t b = 0; b < step->buffer_count; b++) *pointer++ = netrt_ref_address(engine, &step->buffers[b], N);
    }
}

NetrtPlan *netrt_plan_find(const NetrtEngine *engine, int entry, int64_t N) {
    NetrtPlan *plans = engine->plans[entry], *oldest = plans;
    uint64_t latest = 0;
    for (int i = 0; i < NETRT_PLAN_SLOTS; i++)
        if (plans[i].last_use > latest) latest = plans[i].last_use;
    for (int i = 0; i < NETRT_PLAN_SLOTS; i++) {
        NetrtPlan *plan = &plans[i];
        if (plan->N == N && memcmp(plan->inputs, engine->inputs, sizeof plan->inputs) == 0) {
            if (plan->last_use != latest) plan->last_use = latest + 1;
            return plan;
        }
        if (plan->last_use < oldest->last_use) oldest = plan;
    }
    resolve(engine, &engine->program->entries[entry], oldest, N);
    oldest->last_use = latest + 1;
    return oldest;
}
