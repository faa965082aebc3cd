// netc's own random numbers for data sets: SplitMix64, a generator that any (seed, index) can start, so that sample i can be
// drawn without the ones before it. Integers only, the same on every machine.
#pragma once

#include <stdint.h>

typedef struct CounterRandom {
    uint64_t state;
} CounterRandom;

static inline uint64_t counter_next(CounterRandom *random) {
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

// The stream of the index-th thing of a kind: each argument passes through the generator, so that neighbours have nothing in
// common.
static inline CounterRandom counter_start(int64_t seed, uint64_t kind, uint64_t index) {
    CounterRandom random = {(uint64_t)seed};
    random.state = counter_next(&random) ^ kind;
    random.state = counter_next(&random) ^ index;
    random.state = counter_next(&random);
    return random;
}

// A whole number from low to high, both included; the span is small enough for its bias to mean nothing.
static inline int32_t counter_range(CounterRandom *random, int32_t low, int32_t high) {
    return low + (int32_t)((counter_next(random) >> 32) % (uint64_t)(high - low + 1));
}

// A multiple of 2⁻²⁴ in [0, 1).
static inline double counter_unit(CounterRandom *random) { return (double)(counter_next(random) >> 40) * 0x1p-24; }

// A bell: twelve uniforms, mean 0, variance 1, within ±6. Exact sums, so the same everywhere.
static inline double counter_bell(CounterRandom *random) {
    double sum = -6;
    for (int i = 0; i < 12; i++) sum += counter_unit(random);
    return sum;
}
