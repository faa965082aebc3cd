// The FMA peak of a core: multiply-adds on registers alone, as many as it can do, with its widest vectors.
//
//     cc -O3 -march=native peak.c
//
// It answers lines on standard input: "time COUNT" does COUNT · 10⁸ multiply-adds of f32 and prints the seconds that they took,
// and those of the processor.
#define _GNU_SOURCE
#include <immintrin.h>
#include <stdio.h>
#include <time.h>

#if defined(__AVX512F__)
enum { LANES = 16, CHAINS = 24 };
typedef __m512 Vector;
#define broadcast _mm512_set1_ps
#define multiply_add _mm512_fmadd_ps
#elif defined(__FMA__)
enum { LANES = 8, CHAINS = 12 };
typedef __m256 Vector;
#define broadcast _mm256_set1_ps
#define multiply_add _mm256_fmadd_ps
#else // no FMA: a multiplication and an addition
enum { LANES = 4, CHAINS = 12 };
typedef __m128 Vector;
#define broadcast _mm_set1_ps
#define multiply_add(a, b, c) _mm_add_ps(_mm_mul_ps(a, b), c)
#endif

// As many independent chains as hide the latency; `sink` keeps the compiler from dropping them.
static void multiply_adds(long count, volatile float *sink) {
    const Vector factor = broadcast(*sink), term = broadcast(*sink);
    Vector chains[CHAINS];
    for (int i = 0; i < CHAINS; i++) chains[i] = broadcast((float)i);
    for (long n = 0; n < count; n += (long)CHAINS * LANES) {
        _Pragma("GCC unroll 24") for (int i = 0; i < CHAINS; i++) chains[i] = multiply_add(chains[i], factor, term);
    }
    Vector all = chains[0];
    for (int i = 1; i < CHAINS; i++) all = multiply_add(all, factor, chains[i]);
    *sink = ((const float *)&all)[0];
}

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
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
