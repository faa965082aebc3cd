// Wall time and arena memory of the stages, as a table.
#include "driver/stopwatch.h"

#include <sys/resource.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void stopwatch_start(Stopwatch *watch, const Arena *arena) { *watch = (Stopwatch){.arena = arena, .start = now()}; }

void stopwatch_lap(Stopwatch *watch, const char *stage) {
    if (watch->count == STOPWATCH_LAPS) return;
    watch->laps[watch->count++] = (Lap){stage, now() - watch->start, arena_bytes(watch->arena)};
}

void stopwatch_print(const Stopwatch *watch, StrBuf *out) {
    strbuf_printf(out, "%-10s %10s %10s\n", "stage", "ms", "arena KB");
    Lap before = {0};
    for (unsigned i = 0; i < watch->count; i++) {
        Lap lap = watch->laps[i];
        strbuf_printf(out, "%-10s %10.2f %10zu\n", lap.stage, 1e3 * (lap.seconds - before.seconds),
                      (lap.bytes - before.bytes) / 1000);
        before = lap;
    }
    strbuf_printf(out, "%-10s %10.2f %10zu\n", "total", 1e3 * before.seconds, before.bytes / 1000);
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) == 0) strbuf_printf(out, "largest memory of the process: %ld KB\n", usage.ru_maxrss);
}
