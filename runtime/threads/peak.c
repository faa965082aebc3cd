// See peak.h. Twelve chains of dependent operations hide the latency of all processors so far. The loops are assembly, so that
// they are the same in every build of the runtime.
#include "threads/peak.h"

#include <time.h>

#include "netrt.h"

#if defined(__x86_64__)

#define CHAINS 12
#define ROUNDS 2000 // of all chains: a tile of some microseconds
#define TILES 256   // for each thread: about a millisecond
#define TRIES 12
#define MOST_SECONDS 0.1 // of all tries: where instructions are emulated one is enough

#define INTO_EACH(op) op("0") op("1") op("2") op("3") op("4") op("5") op("6") op("7") op("8") op("9") op("10") op("11")
#define CLEAR(n) "xorps %%xmm" n ", %%xmm" n "\n\t"
// `clean` empties the upper halves of the registers that xorps leaves alone.
#define LOOP(clean, instructions)                                                                                              \
    do {                                                                                                                       \
        int64_t rounds = ROUNDS;                                                                                               \
        __asm__ volatile(clean INTO_EACH(CLEAR) CLEAR("14") CLEAR("15") "1:\n\t" instructions "dec %0\n\tjnz 1b\n\t" clean     \
                         : "+r"(rounds)                                                                                        \
                         :                                                                                                     \
                         : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",      \
                           "xmm11", "xmm14", "xmm15");                                                                         \
    } while (0)

#define FMA_512_F32(n) "vfmadd231ps %%zmm14, %%zmm15, %%zmm" n "\n\t"
#define FMA_512_F64(n) "vfmadd231pd %%zmm14, %%zmm15, %%zmm" n "\n\t"
#define FMA_256_F32(n) "vfmadd231ps %%ymm14, %%ymm15, %%ymm" n "\n\t"
#define FMA_256_F64(n) "vfmadd231pd %%ymm14, %%ymm15, %%ymm" n "\n\t"
#define MUL_128_F32(n) "mulps %%xmm15, %%xmm" n "\n\t"
#define ADD_128_F32(n) "addps %%xmm15, %%xmm" n "\n\t"
#define MUL_128_F64(n) "mulpd %%xmm15, %%xmm" n "\n\t"
#define ADD_128_F64(n) "addpd %%xmm15, %%xmm" n "\n\t"
// Half of the chains multiply, half add: what SSE2 has instead.
#define IN_TURNS(mul, add)                                                                                                     \
    mul("0") add("1") mul("2") add("3") mul("4") add("5") mul("6") add("7") mul("8") add("9") mul("10") add("11")
#define CLEAN "vzeroupper\n\t"

static void fma_512_f32(void) { LOOP(CLEAN, INTO_EACH(FMA_512_F32)); }
static void fma_512_f64(void) { LOOP(CLEAN, INTO_EACH(FMA_512_F64)); }
static void fma_256_f32(void) { LOOP(CLEAN, INTO_EACH(FMA_256_F32)); }
static void fma_256_f64(void) { LOOP(CLEAN, INTO_EACH(FMA_256_F64)); }
static void sse2_f32(void) { LOOP("", IN_TURNS(MUL_128_F32, ADD_128_F32)); }
static void sse2_f64(void) { LOOP("", IN_TURNS(MUL_128_F64, ADD_128_F64)); }

typedef struct Loop {
    void (*run)(void);
    double operations; // of an instruction
} Loop;

static void run_tiles(void *context, int thread, int64_t first, int64_t last) {
    (void)thread;
    const Loop *loop = context;
    for (int64_t t = first; t < last; t++) loop->run();
}

static double seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

double netrt_peak(NetrtPool *pool, int isa, int32_t dtype) {
    static const Loop loops[][2] = {
        [NETRT_ISA_BASE] = {{sse2_f32, 4}, {sse2_f64, 2}},
        [NETRT_ISA_AVX2] = {{fma_256_f32, 16}, {fma_256_f64, 8}},
        [NETRT_ISA_AVX512] = {{fma_512_f32, 32}, {fma_512_f64, 16}},
    };
    Loop loop = loops[isa][dtype == NETRT_F64];
    int threads = netrt_pool_threads(pool);
    double best = 0, work = loop.operations * CHAINS * ROUNDS * TILES * threads;
    double end = seconds() + MOST_SECONDS;
    for (int i = 0; i < TRIES && (i == 0 || seconds() < end); i++) {
        double begin = seconds();
        netrt_pool_run(pool, run_tiles, &loop, (int64_t)TILES * threads, threads);
        double rate = work / (seconds() - begin);
        if (rate > best) best = rate;
    }
    return best;
}

#else
double netrt_peak(NetrtPool *pool, int isa, int32_t dtype) {
    (void)pool, (void)isa, (void)dtype;
    return 0;
}
#endif
