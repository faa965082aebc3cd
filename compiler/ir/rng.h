// The counter-based generator behind RAND and RANDN, bit by bit. The interpreter uses these functions; generated code
// computes the same in vectors.
//
// A draw depends on (seed, step, place, index) alone: the run's seed, the step, the node's attr.random.place, and the logical
// row-major index of the element. No state is kept, so layouts, tiles and threads do not matter. Per stream, that is per
// (seed, step, place), two 32-bit words `key` and `high` are derived once, in scalar code. Each element then costs one
// Philox2x32-10 block (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
//
//     counter = (low 32 bits of index, high ^ upper 32 bits of index)
//     10 rounds: product = 0xD256D193 × counter.0 (64 bits)
//                counter = (upper(product) ^ key ^ counter.1, lower(product)); key += 0x9E3779B9
//     words   = counter
//
// The stream is derived by two such blocks, keyed by the seed's halves, so that every bit of seed, step and place counts:
//
//     a    = philox(key = low(seed),          counter = (low(step), place))
//     b    = philox(key = high(seed) ^ a.0,   counter = (a.1, high(step) ^ 0x6E657463))
//     key  = b.0, high = b.1
//
// Uniforms: u = (words.0 >> 8) × 2⁻²⁴, in [0, 1); the same 24 bits in F32 and, widened, in F64, exact in both.
// Normals:  u1 = ((words.0 >> 8) + 1) × 2⁻²⁴, in (0, 1]; u2 = (words.1 >> 8) × 2⁻²⁴, in [0, 1);
//           z = √(−2 ln u1) · cos(2π u2), computed in the node's type within 2 ulp. u1 and u2 are exact in F32. Since u2 is
//           exact, reduce the argument before multiplying by 2π: with q = nearest integer to 4·u2 and t = u2 − q/4 (exact),
//           cos(2π u2) is cos(2πt), −sin(2πt), −cos(2πt), sin(2πt) for q mod 4 = 0, 1, 2, 3. It is exactly 0 at u2 = ¼, ¾.
#pragma once

#include <math.h>
#include <stdint.h>

typedef struct RngWords {
    uint32_t word[2];
} RngWords;

typedef struct RngStream {
    uint32_t key, high;
} RngStream;

#define RNG_MULTIPLIER 0xD256D193u
#define RNG_WEYL 0x9E3779B9u
#define RNG_ROUNDS 10
#define RNG_DOMAIN 0x6E657463u // "netc"

static inline RngWords rng_philox(uint32_t key, uint32_t counter0, uint32_t counter1) {
    for (int round = 0; round < RNG_ROUNDS; round++) {
        uint64_t product = (uint64_t)RNG_MULTIPLIER * counter0;
        counter0 = (uint32_t)(product >> 32) ^ key ^ counter1;
        counter1 = (uint32_t)product;
        key += RNG_WEYL;
    }
    return (RngWords){{counter0, counter1}};
}

static inline RngStream rng_stream(uint64_t seed, uint64_t step, uint32_t place) {
    RngWords a = rng_philox((uint32_t)seed, (uint32_t)step, place);
    RngWords b = rng_philox((uint32_t)(seed >> 32) ^ a.word[0], a.word[1], (uint32_t)(step >> 32) ^ RNG_DOMAIN);
    return (RngStream){.key = b.word[0], .high = b.word[1]};
}

static inline RngWords rng_words(RngStream stream, uint64_t index) {
    return rng_philox(stream.key, (uint32_t)index, stream.high ^ (uint32_t)(index >> 32));
}

static inline double rng_uniform(RngWords words) { return (words.word[0] >> 8) * 0x1p-24; }

static inline double rng_normal(RngWords words) {
    double u1 = ((words.word[0] >> 8) + 1) * 0x1p-24;
    double u2 = (words.word[1] >> 8) * 0x1p-24;
    double quarter = nearbyint(4 * u2);
    double angle = 6.283185307179586476925 * (u2 - quarter / 4);
    double turned[] = {cos(angle), -sin(angle), -cos(angle), sin(angle)};
    return sqrt(-2 * log(u1)) * turned[(int)quarter & 3];
}
