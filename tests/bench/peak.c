// The FMA peak of a core: multiply-adds on registers alone, as many as it can do, with its widest vectors.
//
//     cc -O3 -march=native peak.c
//
// It answers lines on standard input: "time COUNT" does COUNT · 10⁸ multiply-adds of f32 and prints the seconds that they took,
// and those of the processor.
#define _GNU_SOURCE
#include <stdio.h>

#include "clock.h"
#include "vector.h"

enum { CHAINS = LANES == 16 ? 24 : 12 };

// As many independent chains as hide the latency; `sink` keeps the compiler from dropping them.
static void multiply_adds(long count, volatile float *sink) {
    const Vector factor = broadcast(*sink), term = broadcast(*sink);
    Vector chains[CHAINS];
    for (int i = 0; i < CHAINS; i++) chains[i] = broadcast((float)i);
    for (long n = 0; n < count; n += (long)CHAINS * LANES) {
        UNROLLED for (int i = 0; i < CHAINS; i++) chains[i] = multiply_add(chains[i], factor, term);
    }
    Vector all = chains[0];
    for (int i = 1; i < CHAINS; i++) all = multiply_add(all, factor, chains[i]);
    float lanes[LANES] __attribute__((aligned(64)));
    store(lanes, all);
    *sink = lanes[0];
}

int main(void) {
    char line[64];
    long count;
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "time %ld", &count) != 1) return fprintf(stderr, "peak: what is '%s'?\n", line), 2;
        volatile float value = 0.5f;
        double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
        multiply_adds(count * 100000000L, &value);
        printf("%.9g %.9g\n", seconds(CLOCK_MONOTONIC) - wall, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
        fflush(stdout);
    }
    return 0;
}
