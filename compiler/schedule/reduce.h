// What reduce.c (the loops of a reduction group) and reduce_row.c (what the passes over a row share) know about one group.
#pragma once

#include "schedule/internal.h"

typedef struct Reduce {
    Emit *e;
    const Group *group;
    const Schedule *s;
    uint32_t lane_axis;
    bool rows;                             // the lane axis vanishes
    uint32_t inner[MAX_RANK], inner_count; // without the lane axis
    Coord at[MAX_RANK];                    // of the full shape
    uint32_t *level;                       // by member: reductions that must be over before
    uint32_t levels;
    uint32_t phase;
    bool storing;                // the last pass: full values are kept
    KReg *acc, *arg;             // by member
    KIdx slot;                   // which accumulator
    struct RowValue *row_values; // by member; NULL: none
} Reduce;

bool reduce_is_reduction(const Reduce *r, size_t member);
bool reduce_is_full(const Reduce *r, NodeId id);  // a value for each element of the full shape
size_t reduce_member(const Reduce *r, NodeId id); // SIZE_MAX if it is none

void reduce_row_invariants(Reduce *r); // computes, before the passes over a row, what is the same all along it
void reduce_row_plan(Reduce *r);       // which values stay in scratch memory from one pass over the row to the next
void reduce_row_visit(Reduce *r);      // makes or reads them at a place of the row, before anybody wants them there
