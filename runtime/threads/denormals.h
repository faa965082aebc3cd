// Subnormal numbers as zero, per thread. They slow f32 training down by half when activations fade out; f64 programs, which
// check gradients, and the drawing of initial parameters keep them.
#pragma once

#include <stdint.h>

#if defined(__SSE2__)
#include <xmmintrin.h>

#define NETRT_FTZ_DAZ 0x8040u

// Returns what netrt_denormals_restore() puts back.
static inline uint32_t netrt_denormals_flush(void) {
    uint32_t before = _mm_getcsr();
    _mm_setcsr(before | NETRT_FTZ_DAZ);
    return before;
}
static inline void netrt_denormals_restore(uint32_t before) { _mm_setcsr(before); }

#elif defined(__aarch64__)
static inline uint32_t netrt_denormals_flush(void) {
    uint64_t before;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" ::"r"(before | 1u << 24));
    return (uint32_t)before;
}
static inline void netrt_denormals_restore(uint32_t before) { __asm__ volatile("msr fpcr, %0" ::"r"((uint64_t)before)); }

#else
static inline uint32_t netrt_denormals_flush(void) { return 0; }
static inline void netrt_denormals_restore(uint32_t before) { (void)before; }
#endif
