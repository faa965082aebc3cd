// --check-finite: which step of an entry was the first to write a NaN or an infinity.
//
// Some write infinities as a matter of course (a mask of −inf, a division that a condition discards), and buffers have padding
// that nobody reads. So a step is suspect only if it wrote something that it did not write in the runs that went well.
#pragma once

#include "data/error.h"
#include "netrt.h"

typedef struct NetrtWatch {
    const NetrtProgram *program;
    uint8_t *usual[NETRT_ENTRIES]; // of each step: the worst that it wrote in runs that went well
    uint8_t *now[NETRT_ENTRIES];   // and in the runs since the last netrt_watch_good
} NetrtWatch;

bool netrt_watch_open(NetrtWatch *watch, const NetrtProgram *program, NetrtError *error);
void netrt_watch_close(NetrtWatch *watch);

// Looks at what step `index` of an entry just wrote.
void netrt_watch_step(NetrtWatch *watch, int entry, int64_t index, char *const *buffers, int64_t N);

// Forgets the steps of a run whose results are numbers.
void netrt_watch_good(NetrtWatch *watch);

// The first suspect since, in the order of forward, backward, update; NULL if there is none. *what: "NaN" or "Inf".
const NetrtStep *netrt_watch_first(const NetrtWatch *watch, const char **what);
