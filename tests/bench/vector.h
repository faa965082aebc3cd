// The widest vectors of floats that the processor has, under names that do not tell how wide they are.
#pragma once

#include <immintrin.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("GCC unroll 32")

#ifdef __AVX512F__
enum { LANES = 16 };
typedef __m512 Vector;
#define load _mm512_load_ps
#define store _mm512_store_ps
#define broadcast _mm512_set1_ps
#define add _mm512_add_ps
#define subtract _mm512_sub_ps
#define multiply _mm512_mul_ps
#define divide _mm512_div_ps
#define multiply_add _mm512_fmadd_ps
#define square_root _mm512_sqrt_ps
#define larger _mm512_max_ps
#define largest_lane _mm512_reduce_max_ps
#define sum_of_lanes _mm512_reduce_add_ps
INLINE Vector nearest_integer(Vector x) { return _mm512_roundscale_ps(x, 0); }
INLINE Vector power_of_two(Vector n) { return _mm512_scalef_ps(broadcast(1), n); }
INLINE Vector where_positive(Vector x, Vector y) {
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GT_OQ), y);
}
INLINE Vector from_bytes(const uint8_t *bytes) {
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)bytes)));
}
#elif defined(__AVX2__) && defined(__FMA__)
enum { LANES = 8 };
typedef __m256 Vector;
#define load _mm256_load_ps
#define store _mm256_store_ps
#define broadcast _mm256_set1_ps
#define add _mm256_add_ps
#define subtract _mm256_sub_ps
#define multiply _mm256_mul_ps
#define divide _mm256_div_ps
#define multiply_add _mm256_fmadd_ps
#define square_root _mm256_sqrt_ps
#define larger _mm256_max_ps
INLINE Vector nearest_integer(Vector x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
INLINE Vector power_of_two(Vector n) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23));
}
INLINE Vector where_positive(Vector x, Vector y) { return _mm256_and_ps(_mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_GT_OQ), y); }
INLINE Vector from_bytes(const uint8_t *bytes) {
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)bytes)));
}
INLINE float largest_lane(Vector x) {
    __m128 half = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(half, _mm_movehdup_ps(half)));
}
INLINE float sum_of_lanes(Vector x) {
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)));
}
#else // no FMA: a multiplication and an addition. This is all that the FMA peak needs.
enum { LANES = 4 };
typedef __m128 Vector;
#define store _mm_store_ps
#define broadcast _mm_set1_ps
#define multiply_add(a, b, c) _mm_add_ps(_mm_mul_ps(a, b), c)
#endif
