// Accumulation of gradients: a step from several batches, for batches that would not fit into memory as one.
#pragma once

#include "data/error.h"
#include "netrt.h"

typedef struct NetrtAccumulator {
    const NetrtProgram *program;
    int64_t batches; // of a full step: what each gradient is divided by
    void *sums;      // of every gradient, one after the other, in the program's float type
} NetrtAccumulator;

// With one batch a step nothing is kept.
bool netrt_accumulator_open(NetrtAccumulator *accumulator, const NetrtProgram *program, int64_t batches, NetrtError *error);
void netrt_accumulator_close(NetrtAccumulator *accumulator);

// Adds what `gradients` left in the program's gradients, divided by the number of batches, to the sums of this step's earlier
// batches (`first`: there are none), and leaves the sums in the gradients. That is what (loss / batches).backward() does.
void netrt_accumulator_add(NetrtAccumulator *accumulator, char *vars, bool first);
