// Whether a batch is worth more than one thread at all, found by trying both ways: what tuning.h finds for each step holds
// while the other processors are free, but where another program takes one away, a helper that is put to sleep in the middle of
// its share holds everybody up. So the means of whole runs decide, over windows of time, and the way that is slower is looked
// at more and more rarely.
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct NetrtSharing {
    double mean[2];   // nanoseconds of a run, alone and shared, in the latest window of each; 0: not known
    double sum;       // of this window's runs
    int64_t runs;     // in this window
    int32_t alone;    // this window's way
    int32_t looking;  // this window is a look at the other way
    int32_t stay;     // windows until the next look
    int32_t patience; // windows from a look that changed nothing to the next one
    int32_t settling; // runs so far that were not counted
} NetrtSharing;

// Whether the next run is shared among threads; a zeroed NetrtSharing has seen none.
bool netrt_sharing_next(const NetrtSharing *sharing);

// Reports how long that run took.
void netrt_sharing_report(NetrtSharing *sharing, double nanoseconds);
