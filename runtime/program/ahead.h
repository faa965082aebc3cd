// The rows of the next batch, fetched into the second cache while this one is computed. They lie anywhere in the data set, so
// that each would be a miss of all caches that no hardware foresees.
#pragma once

#include <stdint.h>

#include "netrt.h"

typedef struct NetrtAhead {
    const int32_t *rows; // [count] of the inputs: the next batch's; NULL where none is known
    int64_t count;
    int64_t done; // rows that have been asked for
} NetrtAhead;

// Asks for a part of the rows: for all that are left when `steps` of this batch are still to come and each asks once.
// `inputs` are the rows of each input of the program. Rows beyond what the cache may spare are left out.
void netrt_ahead_fetch(NetrtAhead *ahead, const NetrtProgram *program, const void *const *inputs, int64_t steps);
