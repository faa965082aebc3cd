// What `profile` measured (profile.c) and shows (profile_show.c).
#pragma once

#include "program/commands.h"

typedef struct NetrtProfileKernel {
    const NetrtStep *step;
    int entry;
    double nanoseconds; // a step's: of all its batches where gradients are accumulated
    double runs;        // in a step
    double *samples;    // [NetrtProfile.steps]
    int threads;        // that it was worth at the end
} NetrtProfileKernel;

typedef struct NetrtProfile {
    const NetrtProgram *program;
    bool inference;
    int threads;
    int64_t N;      // samples of a batch
    int64_t steps;  // measured: so many with the kernels timed, so many without
    double batches; // of a step
    double step;    // nanoseconds
    double peak;    // operations in a second; 0: not known
    double clock;   // nanoseconds that reading the clock takes, taken off each kernel
    NetrtProfileKernel *kernels;
    int64_t count;
} NetrtProfile;

void netrt_profile_table(const NetrtProfile *profile);
void netrt_profile_json(const NetrtProfile *profile);
