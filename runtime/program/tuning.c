// The search of tuning.h. A trial is one call that warms caches and wakes threads, then CALLS measured ones.
#include "program/tuning.h"

#define CALLS 3
#define TOO_SHORT 4000.0 // nanoseconds of a step on one thread below which sharing is not even tried
#define WORTH 0.93       // more threads must be at least this much faster
#define REST 1e8         // nanoseconds of this step between two looks: another program may have come or gone
#define FEWEST_CALLS 100 // between them, so that looking costs little
#define MOST_CALLS 2000

int netrt_tuning_next(NetrtTuning *tuning, int most, int64_t tiles, bool *timed) {
    *timed = false;
    if (most <= 1 || tiles <= 1) return 1;
    if (tuning->best == 0) *tuning = (NetrtTuning){.best = 1, .trial = 1};
    if (tuning->trial == 0) {
        if (--tuning->rest > 0) return tuning->best;
        *tuning = (NetrtTuning){.best = 1, .trial = 1};
    }
    *timed = true;
    return tuning->trial;
}

static void decide(NetrtTuning *tuning) {
    tuning->trial = 0;
    double calls = REST / (tuning->best_time + 1);
    tuning->rest = (int16_t)(calls < FEWEST_CALLS ? FEWEST_CALLS : calls > MOST_CALLS ? MOST_CALLS : calls);
}

void netrt_tuning_report(NetrtTuning *tuning, int most, double nanoseconds) {
    if (tuning->trial == 0) return;
    if (tuning->calls++ == 0) return;
    if (tuning->calls == 2 || nanoseconds < tuning->trial_time) tuning->trial_time = (float)nanoseconds;
    if (tuning->calls <= CALLS) return;
    bool first = tuning->trial == 1, better = first || tuning->trial_time < WORTH * tuning->best_time;
    if (better) {
        tuning->best = tuning->trial;
        tuning->best_time = tuning->trial_time;
    }
    if (!better || tuning->trial == most || (first && tuning->trial_time < TOO_SHORT)) {
        decide(tuning);
        return;
    }
    tuning->trial = (int16_t)(2 * tuning->trial < most ? 2 * tuning->trial : most);
    tuning->calls = 0;
}
