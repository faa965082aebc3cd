// What training says while it runs, on standard error: one line that is rewritten in place on a terminal, plain lines
// elsewhere.
#pragma once

#include <stdbool.h>

typedef struct NetrtProgress {
    bool quiet;  // nothing but warnings
    bool live;   // standard error is a terminal
    bool shown;  // a live line stands there
    double next; // seconds on netrt_now()'s clock when the next line is due
} NetrtProgress;

// Seconds on a clock that only goes forward.
double netrt_now(void);

void netrt_progress_open(NetrtProgress *progress, bool quiet);

// Whether it is time for a line: some times a second on a terminal, rarely elsewhere. Asking costs a few nanoseconds.
bool netrt_progress_due(const NetrtProgress *progress, double now);

// Shows how far it is; the next such line takes its place.
void netrt_progress_show(NetrtProgress *progress, double now, const char *format, ...) __attribute__((format(printf, 3, 4)));
// A line that stays; not when quiet.
void netrt_progress_line(NetrtProgress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));
// A line that is printed in any case.
void netrt_progress_warn(NetrtProgress *progress, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Takes the live line away.
void netrt_progress_close(NetrtProgress *progress);
