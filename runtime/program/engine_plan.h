// What a run of an entry needs and does not change from one batch to the next: addresses, tile counts, and how many threads
// each step is worth. Made once for each batch size; an epoch has two (the last batch is smaller), evaluation as well.
#pragma once

#include "program/engine.h"
#include "program/sharing.h"
#include "program/tuning.h"

#define NETRT_PLAN_SLOTS 4

struct NetrtPlan {
    int64_t N;                            // 0: the slot is free
    const void *inputs[NETRT_MAX_INPUTS]; // the addresses were made with these
    uint64_t last_use;
    NetrtSharing sharing;
    char **pointers;     // buffers of all steps, one step after the other
    int64_t *tiles;      // of each step
    NetrtTuning *tuning; // of each step
};

// NETRT_PLAN_SLOTS empty plans for an entry in one piece of memory; free() it. NULL if memory is short.
NetrtPlan *netrt_plans_create(const NetrtEntry *entry);

// The plan for N samples and the engine's inputs, made now if there is none: the one unused for longest gives way.
NetrtPlan *netrt_plan_find(const NetrtEngine *engine, int entry, int64_t N);

// Address of a buffer for batches of N samples.
char *netrt_ref_address(const NetrtEngine *engine, const NetrtRef *ref, int64_t N);

// Whether a step is for batches of N samples; for others it has no tiles, and another one stands in.
bool netrt_step_is_for(const NetrtStep *step, int64_t N);

// ⌈(fixed + per_sample × N) / block⌉, at least 0.
int64_t netrt_extent(const NetrtExtent *extent, int64_t N);
