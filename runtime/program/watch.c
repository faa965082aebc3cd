// See watch.h.
#include "program/watch.h"

#include <stdlib.h>

#include "program/finite.h"

bool netrt_watch_open(NetrtWatch *watch, const NetrtProgram *program, NetrtError *error) {
    *watch = (NetrtWatch){.program = program};
    for (int e = 0; e < NETRT_ENTRIES; e++) {
        size_t steps = (size_t)program->entries[e].step_count;
        watch->usual[e] = calloc(2, steps + 1);
        if (!watch->usual[e]) {
            netrt_watch_close(watch);
            return netrt_fail(error, "not enough memory for --check-finite");
        }
        watch->now[e] = watch->usual[e] + steps + 1;
    }
    return true;
}

void netrt_watch_close(NetrtWatch *watch) {
    for (int e = 0; e < NETRT_ENTRIES; e++) free(watch->usual[e]);
    *watch = (NetrtWatch){0};
}

void netrt_watch_step(NetrtWatch *watch, int entry, int64_t index, char *const *buffers, int64_t N) {
    const NetrtStep *step = &watch->program->entries[entry].steps[index];
    uint8_t *worst = &watch->now[entry][index];
    for (int64_t i = 0; i < step->write_count; i++) {
        const NetrtWrite *write = &step->writes[i];
        uint8_t found = netrt_classify(buffers[write->buffer], write->dtype, write->count + write->per_sample * N);
        if (found > *worst) *worst = found;
    }
}

void netrt_watch_good(NetrtWatch *watch) {
    for (int e = 0; e < NETRT_ENTRIES; e++) {
        for (int64_t s = 0; s < watch->program->entries[e].step_count; s++) {
            if (watch->now[e][s] > watch->usual[e][s]) watch->usual[e][s] = watch->now[e][s];
            watch->now[e][s] = NETRT_FINITE;
        }
    }
}

const NetrtStep *netrt_watch_first(const NetrtWatch *watch, const char **what) {
    static const int order[] = {NETRT_TRAIN_STEP, NETRT_GRADIENTS, NETRT_APPLY};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        const int e = order[i];
        for (int64_t s = 0; s < watch->program->entries[e].step_count; s++) {
            if (watch->now[e][s] <= watch->usual[e][s]) continue;
            *what = watch->now[e][s] == NETRT_HAS_NAN ? "NaN" : "Inf";
            return &watch->program->entries[e].steps[s];
        }
    }
    return NULL;
}
