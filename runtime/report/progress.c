// See progress.h.
#include "report/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LIVE_INTERVAL 0.1
#define PLAIN_INTERVAL 10.0

double netrt_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void netrt_progress_open(NetrtProgress *progress, bool quiet) {
    const char *terminal = getenv("TERM");
    bool live = isatty(STDERR_FILENO) && !(terminal && strcmp(terminal, "dumb") == 0);
    *progress = (NetrtProgress){.quiet = quiet, .live = live};
    progress->next = netrt_now() + (live ? LIVE_INTERVAL : PLAIN_INTERVAL);
}

bool netrt_progress_due(const NetrtProgress *progress, double now) { return !progress->quiet && now >= progress->next; }

// Back to the line's start and clear it.
static void wipe(NetrtProgress *progress) {
    if (progress->shown) fputs("\r\033[K", stderr);
    progress->shown = false;
}

void netrt_progress_show(NetrtProgress *progress, double now, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    wipe(progress);
    vfprintf(stderr, format, arguments);
    if (!progress->live) fputc('\n', stderr);
    fflush(stderr);
    progress->shown = progress->live;
    progress->next = now + (progress->live ? LIVE_INTERVAL : PLAIN_INTERVAL);
    va_end(arguments);
}

static void put_line(NetrtProgress *progress, const char *format, va_list arguments) {
    wipe(progress);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void netrt_progress_line(NetrtProgress *progress, const char *format, ...) {
    va_list arguments;
    if (progress->quiet) return;
    va_start(arguments, format);
    put_line(progress, format, arguments);
    va_end(arguments);
}

void netrt_progress_warn(NetrtProgress *progress, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    put_line(progress, format, arguments);
    va_end(arguments);
}

void netrt_progress_close(NetrtProgress *progress) {
    wipe(progress);
    fflush(stderr);
}
