// The table of targets, best first. Adding a machine is adding a row: the scheduler takes vector width, registers and tile from
// it, the code generator the processor's name.
//
// The tile is rows × vectors of accumulators of a contraction. Of those that fit the registers the one with the fewest loads
// per multiply-add wins: 6 × 4 takes 24 of AVX-512's 32 registers and leaves room for 4 loaded vectors and broadcasts. SSE2
// has no broadcasting load, so that rows cost more than vectors, and needs a register for each product.
#include "schedule/target.h"

#include <stddef.h>
#include <string.h>

// = NETRT_ISA_*
enum { ISA_BASE, ISA_AVX2, ISA_AVX512 };

static const Target targets[] = {
    {
        .name = "avx512",
        .shown = "AVX-512",
        .march = "x86-64-v4",
        .isa = ISA_AVX512,
        .cpu = "x86-64-v4",
        .features = "-prefer-256-bit",
        .vector_bytes = 64,
        .registers = 32,
        .fma = true,
        .tile_rows = 6,
        .tile_vectors = 4,
        .l1_bytes = 48 << 10,
        .l2_bytes = 1 << 20,
        .ahead_bytes = 512 << 10,
    },
    {
        .name = "avx2",
        .shown = "AVX2",
        .march = "x86-64-v3",
        .isa = ISA_AVX2,
        .cpu = "x86-64-v3",
        .features = "",
        .vector_bytes = 32,
        .registers = 16,
        .fma = true,
        .tile_rows = 6,
        .tile_vectors = 2,
        .l1_bytes = 32 << 10,
        .l2_bytes = 512 << 10,
        .ahead_bytes = 2 << 20,
    },
    {
        .name = "sse2",
        .shown = "SSE2",
        .march = "x86-64",
        .isa = ISA_BASE,
        .cpu = "x86-64",
        .features = "",
        .vector_bytes = 16,
        .registers = 16,
        .fma = false,
        .tile_rows = 2,
        .tile_vectors = 4,
        .l1_bytes = 32 << 10,
        .l2_bytes = 256 << 10,
        .ahead_bytes = 8 << 20,
    },
};

enum { TARGET_COUNT = sizeof targets / sizeof *targets };

const Target *target_row(unsigned index) { return index < TARGET_COUNT ? &targets[index] : NULL; }

// Whether this processor, and the operating system that must save its registers, can run code for `isa`.
static bool runs_here(int isa) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    if (isa == ISA_AVX2) return avx2;
    if (isa == ISA_AVX512)
        return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
#endif
    return isa == ISA_BASE;
}

const Target *target_find(const char *march) {
    if (strcmp(march, "x86-64-v2") == 0) march = "x86-64"; // nothing in between is worth a row of its own
    for (unsigned i = 0; i < TARGET_COUNT; i++) {
        const Target *target = &targets[i];
        if (strcmp(march, "native") == 0 ? runs_here(target->isa)
                                         : strcmp(march, target->march) == 0 || strcmp(march, target->name) == 0)
            return target;
    }
    return NULL;
}
