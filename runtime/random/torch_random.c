// PyTorch's CPU generator, drawn number by number as PyTorch draws them: uniforms, normals, permutations, epochs of a loader.
//
// Results must be PyTorch's bit for bit, so every rounding here is deliberate: where PyTorch's vector code fuses a product with
// a sum, fmaf does, and the file is compiled without contraction of its own. The shapes of the formulas were found by trying
// both forms against PyTorch 2.13 (AVX2 and AVX-512 machines run the same code there).
#include "random/torch_random.h"

#include <math.h>

enum { WORDS = 624, MIDDLE = 397, BLOCK = 16 };

void netrt_torch_seed(NetrtTorchRandom *random, uint64_t seed) {
    uint32_t *state = random->state;
    state[0] = (uint32_t)seed;
    for (uint32_t i = 1; i < WORDS; i++) state[i] = 1812433253u * (state[i - 1] ^ (state[i - 1] >> 30)) + i;
    random->used = WORDS;
    random->has_next_normal = false;
    random->next_normal = 0;
}

// One step of MT19937's recurrence for a word: the high bit of it, the low bits of its successor, and a word 397 further.
static uint32_t twist(uint32_t word, uint32_t next, uint32_t far_word) {
    uint32_t mixed = (word & 0x80000000u) | (next & 0x7fffffffu);
    return far_word ^ (mixed >> 1) ^ ((next & 1) ? 0x9908b0dfu : 0);
}

static void next_block(NetrtTorchRandom *random) {
    uint32_t *s = random->state;
    for (int i = 0; i < WORDS - MIDDLE; i++) s[i] = twist(s[i], s[i + 1], s[i + MIDDLE]);
    for (int i = WORDS - MIDDLE; i < WORDS - 1; i++) s[i] = twist(s[i], s[i + 1], s[i + MIDDLE - WORDS]);
    s[WORDS - 1] = twist(s[WORDS - 1], s[0], s[MIDDLE - 1]);
    random->used = 0;
}

uint32_t netrt_torch_random32(NetrtTorchRandom *random) {
    if (random->used >= WORDS) next_block(random);
    uint32_t y = random->state[random->used++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

uint64_t netrt_torch_random64(NetrtTorchRandom *random) {
    uint64_t high = netrt_torch_random32(random);
    return high << 32 | netrt_torch_random32(random);
}

// Multiples of 2⁻²⁴ in [0, 1).
static float unit_float(NetrtTorchRandom *random) { return (float)(netrt_torch_random32(random) & 0xffffffu) * 0x1p-24f; }

// Multiples of 2⁻⁵³ in [0, 1).
static double unit_double(NetrtTorchRandom *random) {
    return (double)(netrt_torch_random64(random) & ((UINT64_C(1) << 53) - 1)) * 0x1p-53;
}

void netrt_torch_uniform(NetrtTorchRandom *random, float *out, int64_t n, double a, double b) {
    float from = (float)a, to = (float)b, width = to - from;
    for (int64_t i = 0; i < n; i++) {
        float x = fmaf(unit_float(random), width, from);
        out[i] = x >= to ? from : x; // b itself, met by rounding, becomes a
    }
}

// ---- Normals, 16 or more at a time: Box–Muller in f32, with logarithm, sine and cosine from the Cephes library's polynomials.

// Horner's scheme with fused steps; coefficients from the highest power.
static float polynomial(float x, const float *coefficients, int count) {
    float y = coefficients[0];
    for (int i = 1; i < count; i++) y = fmaf(y, x, coefficients[i]);
    return y;
}

// ln x of a normal positive number: x = m · 2^e with √½ ≤ m < √2, and a polynomial in m − 1.
static float log_float(float x) {
    static const float p[] = {7.0376836292e-2f,  -1.1514610310e-1f, 1.1676998740e-1f,  -1.2420140846e-1f, 1.4249322787e-1f,
                              -1.6668057665e-1f, 2.0000714765e-1f,  -2.4999993993e-1f, 3.3333331174e-1f};
    int exponent;
    float m = frexpf(x, &exponent); // ½ ≤ m < 1
    if (m < 0.70710678f) {
        exponent -= 1;
        m = (m - 1) + m;
    } else {
        m -= 1;
    }
    float e = (float)exponent, square = m * m;
    float y = polynomial(m, p, 9) * m;
    y = fmaf(y, square, e * -2.12194440e-4f); // ln 2 = 0.693359375 − 2.12194440e-4: the first part times e is exact
    y -= square * 0.5f;
    return (m + y) + e * 0.693359375f;
}

// Sine and cosine of 0 ≤ x < 2π: reduced by multiples of π/4 in three parts, then a polynomial for either.
static void sincos_float(float x, float *sine, float *cosine) {
    static const float sine_p[] = {-1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f};
    static const float cosine_p[] = {2.443315711809948e-5f, -1.388731625493765e-3f, 4.166664568298827e-2f};
    int octant = ((int)(x * 1.27323954473516f) + 1) & ~1;
    float k = (float)octant;
    float r = fmaf(k, -0.78515625f, x);
    r = fmaf(k, -2.4187564849853515625e-4f, r);
    r = fmaf(k, -3.77489497744594108e-8f, r);
    float square = r * r;
    float c = polynomial(square, cosine_p, 3) * square;
    c = fmaf(c, square, -(square * 0.5f)) + 1;
    float s = fmaf(polynomial(square, sine_p, 3) * square, r, r);
    bool swap = octant & 2;
    *sine = swap ? c : s;
    *cosine = swap ? s : c;
    if (octant & 4) *sine = -*sine;
    if ((octant + 2) & 4) *cosine = -*cosine;
}

// Turns 16 uniforms into normals in place: element j makes a pair with element j + 8.
static void normal_block(float *x, float mean, float std) {
    for (int j = 0; j < BLOCK / 2; j++) {
        float radius = sqrtf(-2 * log_float(1 - x[j])), sine, cosine;
        sincos_float(6.283185307179586f * x[j + BLOCK / 2], &sine, &cosine);
        x[j] = fmaf(radius * cosine, std, mean);
        x[j + BLOCK / 2] = fmaf(radius * sine, std, mean);
    }
}

// Fewer than 16 are drawn one by one in f64; the second one of a pair waits in the generator for the next call.
static double normal_one(NetrtTorchRandom *random) {
    if (random->has_next_normal) {
        random->has_next_normal = false;
        return random->next_normal;
    }
    double angle = 6.283185307179586 * unit_double(random);
    double radius = sqrt(-2 * log1p(-unit_double(random)));
    random->next_normal = radius * sin(angle);
    random->has_next_normal = true;
    return radius * cos(angle);
}

void netrt_torch_normal(NetrtTorchRandom *random, float *out, int64_t n, double mean, double std) {
    if (n < BLOCK) {
        for (int64_t i = 0; i < n; i++) out[i] = (float)(normal_one(random) * std + mean);
        return;
    }
    for (int64_t i = 0; i < n; i++) out[i] = unit_float(random);
    for (int64_t i = 0; i + BLOCK <= n; i += BLOCK) normal_block(out + i, (float)mean, (float)std);
    if (n % BLOCK != 0) {
        float *tail = out + n - BLOCK; // overlaps the last whole block: drawn anew
        for (int i = 0; i < BLOCK; i++) tail[i] = unit_float(random);
        normal_block(tail, (float)mean, (float)std);
    }
}

void netrt_torch_integers(NetrtTorchRandom *random, int64_t *out, int64_t n, int64_t low, int64_t high) {
    uint64_t range = (uint64_t)high - (uint64_t)low;
    bool wide = range >= UINT64_C(1) << 28;
    for (int64_t i = 0; i < n; i++) {
        uint64_t drawn = wide ? netrt_torch_random64(random) : netrt_torch_random32(random);
        out[i] = (int64_t)((uint64_t)low + drawn % range);
    }
}

// ---- Permutations

void netrt_torch_randperm(NetrtTorchRandom *random, int32_t *out, int64_t n) {
    for (int64_t i = 0; i < n; i++) out[i] = (int32_t)i;
    for (int64_t i = 0; i < n - 1; i++) {
        int64_t j = i + (int64_t)(netrt_torch_random32(random) % (uint32_t)(n - i));
        int32_t swapped = out[i];
        out[i] = out[j];
        out[j] = swapped;
    }
}

void netrt_torch_epoch_order(NetrtTorchRandom *random, int32_t *out, int64_t n) {
    netrt_torch_random64(random); // the loader's base seed, which its workers would use
    NetrtTorchRandom sampler;
    netrt_torch_seed(&sampler, netrt_torch_random64(random));
    netrt_torch_randperm(&sampler, out, n);
}
