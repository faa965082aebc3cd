// Wall time and memory of the stages, as a table: each stage's part of the arena, and the process's largest size until then.
#include "driver/stopwatch.h"

#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void stopwatch_start(Stopwatch *watch, const Arena *arena) { *watch = (Stopwatch){.arena = arena, .start = now()}; }

static long resident(void) {
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0;
}

void stopwatch_lap(Stopwatch *watch, const char *stage) {
    if (watch->count == STOPWATCH_LAPS) return;
    watch->laps[watch->count++] = (Lap){stage, now() - watch->start, arena_bytes(watch->arena), resident()};
}

static void print_row(StrBuf *out, const char *stage, double seconds, double total, size_t bytes, long kilobytes) {
    strbuf_printf(out, "%-14s %10.2f %6.1f %10zu %12ld\n", stage, 1e3 * seconds, total > 0 ? 100 * seconds / total : 0,
                  bytes / 1000, kilobytes);
}

void stopwatch_print(const Stopwatch *watch, StrBuf *out) {
    Lap before = {0}, last = watch->count ? watch->laps[watch->count - 1] : before;
    double llvm = 0;
    strbuf_printf(out, "%-14s %10s %6s %10s %12s\n", "stage", "ms", "%", "arena KB", "process KB");
    for (unsigned i = 0; i < watch->count; i++) {
        Lap lap = watch->laps[i];
        double seconds = lap.seconds - before.seconds;
        if (strncmp(lap.stage, "LLVM", 4) == 0) llvm += seconds;
        print_row(out, lap.stage, seconds, last.seconds, lap.bytes - before.bytes, lap.resident);
        before = lap;
    }
    print_row(out, "total", last.seconds, last.seconds, last.bytes, last.resident);
    if (watch->kernels == 0) return;
    strbuf_printf(out, "%zu kernels, %zu of them distinct; LLVM takes %.0f %% of the time\n", watch->kernels, watch->distinct,
                  100 * llvm / last.seconds);
}
