// How many threads a step is worth, found by trying: 1, 2, 4, … threads in turn, a few times each, until more do not help.
//
// Waking a thread and moving data between caches costs microseconds, and how many depends on the machine and on what else it
// does; so nothing is assumed. A step that takes a few microseconds never wakes anybody. Results do not depend on any of this.
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct NetrtTuning {
    float best_time, trial_time; // nanoseconds; the smallest of the calls tried
    int16_t best, trial;         // threads; trial 0: decided
    int16_t calls;               // of this trial, the unmeasured first one included
    int16_t rest;                // calls until the decision is looked at again
} NetrtTuning;

// Threads for the next call (a zeroed NetrtTuning has seen none), and whether it is to be timed.
int netrt_tuning_next(NetrtTuning *tuning, int most, int64_t tiles, bool *timed);

// Reports how long the timed call took.
void netrt_tuning_report(NetrtTuning *tuning, int most, double nanoseconds);
