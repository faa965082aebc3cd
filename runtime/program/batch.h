// The one batch that `grad` and `gradcheck` work on: two .npy files, or the first samples of the data set.
#pragma once

#include "program/session.h"

typedef struct NetrtBatch {
    NetrtArray arrays[NETRT_MAX_INPUTS];
    NetrtRows rows[NETRT_MAX_INPUTS];
    int64_t N;
} NetrtBatch;

// The splits that the session must have been opened with for this.
unsigned netrt_batch_splits(const NetrtContext *context);

// Binds the batch to the engine: its inputs and its index. `most` samples are taken of the data set unless --batch-size is
// given.
bool netrt_batch_open(const NetrtContext *context, NetrtSession *session, int64_t most, NetrtBatch *batch, NetrtError *error);
void netrt_batch_close(NetrtBatch *batch);

// Reserves an entry for the batch and fills the index anew, which reserving may have moved.
bool netrt_batch_reserve(const NetrtBatch *batch, NetrtEngine *engine, int entry, NetrtError *error);
