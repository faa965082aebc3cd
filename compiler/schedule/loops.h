// Ranges of one axis: the whole of it, or what a tile of the grid covers.
#pragma once

#include "schedule/internal.h"

typedef struct Range {
    KIdx extent; // of the axis
    KIdx lo, hi; // hi may reach beyond the extent when `cut`
    bool cut;    // by the grid
    bool even;   // into whole vectors, each tile
} Range;

// The axis, cut into tiles of `block` when the kernel still may grow its grid; block 0: never.
Range range_of(Emit *e, const char *name, Dim dim, int64_t block);
KStmt *range_for(Emit *e, KVar var, const Range *range, int64_t step); // opens a loop over it
KIdx range_loop(Emit *e, const char *name, const Range *range);        // opens a loop with step 1; none for an axis of size 1
void range_end(Emit *e, const Range *range);
void range_lanes(Emit *e, const char *name, const Range *range, LaneBody *body, void *context);

// Axes of the group's full shape, outermost first, as they lie in the memory that the group writes.
uint32_t memory_order(const Schedule *s, const Group *group, uint32_t *axes);

// Reductions over the batch of (N, C), for the columns in the range: a group's rider.
void emit_rider(Emit *e, const Group *rider, const Range *columns);
