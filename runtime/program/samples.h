// The samples that an argument of `predict` names: test:17, or a file of one sample or many.
#pragma once

#include "program/session.h"

typedef struct NetrtSamples {
    const void *inputs[NETRT_MAX_INPUTS]; // rows for the engine
    int64_t first, count;                 // rows first … first + count − 1
    const int64_t *targets;               // class of each row, where the data set knows it; else NULL
    NetrtArray array;
    NetrtRows rows;
} NetrtSamples;

// Whether the argument names a sample of the data set, and of which split: NETRT_SPLIT_…, −1 for a file.
int netrt_samples_split(const char *argument);

// Opens what `argument` names; the session holds the data set if a split is named.
bool netrt_samples_open(const NetrtContext *context, const NetrtSession *session, const char *argument, NetrtSamples *samples,
                        NetrtError *error);
void netrt_samples_close(NetrtSamples *samples);
