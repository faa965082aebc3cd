// The program by hand: trains 784-128-64-10 with cross-entropy on batches of 64, on one thread, and can do nothing else.
//
// It is what generated code is measured against: what somebody writes who knows the processor and has only this network in
// mind. What makes it fast:
//   - Every product runs in one kernel that keeps a tile of the result in registers: 6 rows by 4 vectors with AVX-512, 6 by 2
//     with AVX2. A value of the left side is broadcast, a row of the right side loaded once for all rows of the tile.
//   - The large weights lie in panels of a tile's width, and their product is cut along the inputs, so that a piece of a panel
//     and the inputs that it meets stay in the first cache. Nothing is packed while training.
//   - Images stay bytes. Those of a batch are gathered, converted and normalised on their way into blocks of 48 inputs, which
//     serve the forward product (a row at a time) and the gradient of the weights (a column at a time).
//   - Bias, ReLU, its mask and the optimiser's update happen while the tile is in registers: no gradient of weights is stored.
//   - What nobody needs is not computed: there is no gradient of the images.
//   - Subnormal numbers count as zero, and lanes without an output are exactly zero.
//
//     cc -O3 -march=native -DRATE=0.02f [-DADAM] by_hand.c -lm
//     by_hand IMAGES LABELS PARAMETERS        two IDX files; the initial W1 b1 W2 b2 W3 b3 as raw floats in PyTorch's order
//
// It answers lines on standard input:
//     check STEPS FILE    that many steps from the initial parameters, batches in order: writes the parameters, prints the
//     losses time STEPS          of shuffled epochs: prints the seconds that they took, and those of the processor
#define _GNU_SOURCE
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "vector.h"

// eˣ for x ≤ 0: 2ⁿ · 2ᶠ, |f| ≤ ½.
INLINE Vector exponential(Vector x) {
    Vector t = larger(multiply(x, broadcast(1.44269504f)), broadcast(-126));
    Vector n = nearest_integer(t), f = subtract(t, n), p = broadcast(1.535336188e-4f);
    static const float coefficients[] = {1.339887440e-3f, 9.618437357e-3f, 5.550332471e-2f,
                                         2.402264791e-1f, 6.931472028e-1f, 1};
    UNROLLED for (int i = 0; i < 6; i++) p = multiply_add(p, f, broadcast(coefficients[i]));
    return multiply(p, power_of_two(n));
}

// ---- The network

enum { BATCH = 64, IN = 784, WIDE = 128, NARROW = 64, OUT = 10, OUT_LANES = 16 };
enum { ROWS = 6, VECTORS = LANES == 16 ? 4 : 2, PANEL = VECTORS * LANES }; // a tile; more of either would not fit the registers
enum { BLOCK = 48, BLOCKS = IN / BLOCK, REST = IN % BLOCK, CHUNK = 2 };    // inputs: 16 blocks of 48 and one of 16; 2 at a time
enum { PITCH = BATCH + 1, X_SIZE = BLOCKS * BLOCK * PITCH + REST * PITCH }; // odd: blocks do not fall onto the same cache sets
enum { OUT_VECTORS = OUT_LANES / LANES, OUT_ROWS = OUT_VECTORS == 1 ? 16 : 4 };
enum { PARAMETERS = WIDE * IN + WIDE + NARROW * WIDE + NARROW + OUT * NARROW + OUT };

typedef struct Parameters {
    float w1[WIDE / PANEL][IN][PANEL], b1[WIDE];
    float w2[NARROW / PANEL][WIDE][PANEL], b2[NARROW];
    float w3[NARROW][OUT_LANES], b3[OUT_LANES];
} Parameters;

enum { COUNT = sizeof(Parameters) / sizeof(float) }; // from a parameter to its first moment, and on to its second

typedef struct Trainer {
    Parameters parameters;
#ifdef ADAM
    Parameters moments[2];
#endif
    float w2_turned[WIDE / PANEL][NARROW][PANEL]; // w2 the other way round, refreshed by each update
    float x[X_SIZE];
    float h1[BATCH][WIDE], h2[BATCH][NARROW];                                      // after ReLU
    float d1[WIDE / PANEL][BATCH][PANEL], d2[BATCH][NARROW], d3[BATCH][OUT_LANES]; // gradients before it, times `scale`
    int labels[BATCH];
    double loss; // summed over the batch
    int64_t step;
    Vector rate, root; // Adam's: −rate / (1 − β₁ᵗ) and 1 / √(1 − β₂ᵗ)
} Trainer;

// The gradient of the loss is scaled where it arises, so that what SGD adds to a weight is simply a product.
#ifdef ADAM
static const float scale = 1.0f / BATCH;
#else
static const float scale = -RATE / BATCH;
#endif

#define EACH_VECTOR(rows, vectors) UNROLLED for (int r = 0; r < (rows); r++) UNROLLED for (int v = 0; v < (vectors); v++)

// tile[r][v] += Σ_k left[r · row + k · next] · right[k · pitch + v …]
INLINE void product(int rows, int vectors, int depth, const float *left, long row, long next, const float *right, long pitch,
                    Vector tile[][VECTORS]) {
    _Pragma("GCC unroll 4") for (int k = 0; k < depth; k++) {
        Vector loaded[VECTORS];
        UNROLLED for (int v = 0; v < vectors; v++) loaded[v] = load(right + k * pitch + v * LANES);
        UNROLLED for (int r = 0; r < rows; r++) {
            Vector value = broadcast(left[r * row + k * next]);
            UNROLLED for (int v = 0; v < vectors; v++) tile[r][v] = multiply_add(value, loaded[v], tile[r][v]);
        }
    }
}

// Each row begins with the same values (a bias), or with its own.
INLINE void begin(int rows, int vectors, const float *values, long pitch, Vector tile[][VECTORS]) {
    EACH_VECTOR(rows, vectors) tile[r][v] = load(values + r * pitch + v * LANES);
}

INLINE void begin_with_zero(int rows, int vectors, Vector tile[][VECTORS]) {
    EACH_VECTOR(rows, vectors) tile[r][v] = broadcast(0);
}

INLINE void put(int rows, int vectors, float *values, long pitch, Vector tile[][VECTORS]) {
    EACH_VECTOR(rows, vectors) store(values + r * pitch + v * LANES, tile[r][v]);
}

INLINE void relu(int rows, Vector tile[][VECTORS]) { EACH_VECTOR(rows, VECTORS) tile[r][v] = larger(tile[r][v], broadcast(0)); }

// Keeps what belongs to a positive activation.
INLINE void relu_mask(int rows, const float *activations, long pitch, Vector tile[][VECTORS]) {
    EACH_VECTOR(rows, VECTORS) tile[r][v] = where_positive(load(activations + r * pitch + v * LANES), tile[r][v]);
}

// CALL(rows, first) for all tiles of `count` rows.
#define EACH_TILE(count, CALL)                                                                                                 \
    do {                                                                                                                       \
        int first_ = 0;                                                                                                        \
        for (; first_ + ROWS <= (count); first_ += ROWS) CALL(ROWS, first_);                                                   \
        if ((count) % ROWS) CALL((count) % ROWS, first_);                                                                      \
    } while (0)

// ---- Forward

static float *block_of(Trainer *t, int block) { return t->x + block * PITCH * BLOCK; }

static void gather(Trainer *t, const uint8_t *images, const uint8_t *labels, const int *index) {
    const Vector factor = broadcast((float)(1 / (255 * 0.3081))), shift = broadcast((float)(-0.1307 / 0.3081));
    for (int r = 0; r < BATCH; r++) {
        const uint8_t *image = images + (size_t)index[r] * IN;
        t->labels[r] = labels[index[r]];
        for (int block = 0; block <= BLOCKS; block++) {
            int width = block < BLOCKS ? BLOCK : REST;
            for (int k = 0; k < width; k += LANES)
                store(block_of(t, block) + r * width + k, multiply_add(from_bytes(image + block * BLOCK + k), factor, shift));
        }
    }
}

INLINE void forward_1_tile(Trainer *t, int rows, int r, int panel, int block) {
    float *h = &t->h1[r][panel * PANEL];
    Vector tile[ROWS][VECTORS];
    if (block == 0) begin(rows, VECTORS, t->parameters.b1 + panel * PANEL, 0, tile);
    else begin(rows, VECTORS, h, WIDE, tile);
    for (int b = block; b < block + CHUNK; b++)
        product(rows, VECTORS, BLOCK, block_of(t, b) + r * BLOCK, BLOCK, 1, t->parameters.w1[panel][b * BLOCK], PANEL, tile);
    if (block + CHUNK == BLOCKS) {
        product(rows, VECTORS, REST, block_of(t, BLOCKS) + r * REST, REST, 1, t->parameters.w1[panel][IN - REST], PANEL, tile);
        relu(rows, tile);
    }
    put(rows, VECTORS, h, WIDE, tile);
}

// The images of the next batch are fetched meanwhile, a few at a time.
static void forward_1(Trainer *t, const uint8_t *images, const int *next) {
    enum { EACH = BATCH / (BLOCKS / CHUNK * (WIDE / PANEL)) };
    for (int block = 0; block < BLOCKS; block += CHUNK)
        for (int panel = 0; panel < WIDE / PANEL; panel++) {
            for (int r = 0; r < EACH; r++, next++)
                for (int k = 0; k < IN + 63; k += 64) _mm_prefetch((const char *)images + (size_t)*next * IN + k, _MM_HINT_T1);
#define TILE(rows, r) forward_1_tile(t, rows, r, panel, block)
            EACH_TILE(BATCH, TILE);
#undef TILE
        }
}

INLINE void forward_2_tile(Trainer *t, int rows, int r, int panel) {
    Vector tile[ROWS][VECTORS];
    begin(rows, VECTORS, t->parameters.b2 + panel * PANEL, 0, tile);
    product(rows, VECTORS, WIDE, t->h1[r], WIDE, 1, t->parameters.w2[panel][0], PANEL, tile);
    relu(rows, tile);
    put(rows, VECTORS, &t->h2[r][panel * PANEL], NARROW, tile);
}

static void forward_2(Trainer *t) {
    for (int panel = 0; panel < NARROW / PANEL; panel++) {
#define TILE(rows, r) forward_2_tile(t, rows, r, panel)
        EACH_TILE(BATCH, TILE);
#undef TILE
    }
}

// From the logits of a row to the gradient of its loss.
INLINE void cross_entropy(Trainer *t, int r, const Vector logits[OUT_VECTORS]) {
    static const float used[OUT_LANES] __attribute__((aligned(64))) = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    float shifted[OUT_LANES] __attribute__((aligned(64)));
    Vector e[OUT_VECTORS], all = logits[0], sum = broadcast(0);
    UNROLLED for (int v = 1; v < OUT_VECTORS; v++) all = larger(all, logits[v]);
    const Vector top = broadcast(largest_lane(all));
    UNROLLED for (int v = 0; v < OUT_VECTORS; v++) {
        Vector z = subtract(logits[v], top);
        store(shifted + v * LANES, z);
        e[v] = multiply(exponential(z), load(used + v * LANES));
        sum = add(sum, e[v]);
    }
    const float total = sum_of_lanes(sum);
    UNROLLED for (int v = 0; v < OUT_VECTORS; v++) store(&t->d3[r][v * LANES], multiply(e[v], broadcast(scale / total)));
    t->d3[r][t->labels[r]] -= scale;
    t->loss += logf(total) - shifted[t->labels[r]];
}

static void forward_3(Trainer *t) {
    t->loss = 0;
    for (int r = 0; r < BATCH; r += OUT_ROWS) {
        Vector tile[OUT_ROWS][VECTORS];
        begin(OUT_ROWS, OUT_VECTORS, t->parameters.b3, 0, tile);
        product(OUT_ROWS, OUT_VECTORS, NARROW, t->h2[r], NARROW, 1, t->parameters.w3[0], OUT_LANES, tile);
        UNROLLED for (int i = 0; i < OUT_ROWS; i++) cross_entropy(t, r + i, tile[i]);
    }
}

// ---- Backward

INLINE void backward_2_tile(Trainer *t, const float turned[OUT][NARROW], int rows, int r, int panel) {
    Vector tile[ROWS][VECTORS];
    begin_with_zero(rows, VECTORS, tile);
    product(rows, VECTORS, OUT, t->d3[r], OUT_LANES, 1, &turned[0][panel * PANEL], NARROW, tile);
    relu_mask(rows, &t->h2[r][panel * PANEL], NARROW, tile);
    put(rows, VECTORS, &t->d2[r][panel * PANEL], NARROW, tile);
}

static void backward_2(Trainer *t) {
    float turned[OUT][NARROW] __attribute__((aligned(64)));
    for (int k = 0; k < NARROW; k++)
        for (int n = 0; n < OUT; n++) turned[n][k] = t->parameters.w3[k][n];
    for (int panel = 0; panel < NARROW / PANEL; panel++) {
#define TILE(rows, r) backward_2_tile(t, turned, rows, r, panel)
        EACH_TILE(BATCH, TILE);
#undef TILE
    }
}

INLINE void backward_1_tile(Trainer *t, int rows, int r, int panel) {
    Vector tile[ROWS][VECTORS];
    begin_with_zero(rows, VECTORS, tile);
    product(rows, VECTORS, NARROW, t->d2[r], NARROW, 1, t->w2_turned[panel][0], PANEL, tile);
    relu_mask(rows, &t->h1[r][panel * PANEL], WIDE, tile);
    put(rows, VECTORS, t->d1[panel][r], PANEL, tile);
}

static void backward_1(Trainer *t) {
    for (int panel = 0; panel < WIDE / PANEL; panel++) {
#define TILE(rows, r) backward_1_tile(t, rows, r, panel)
        EACH_TILE(BATCH, TILE);
#undef TILE
    }
}

// ---- Update

INLINE void update(Trainer *t, float *w, Vector gradient) {
#ifdef ADAM
    Vector m = load(w + COUNT), v = load(w + 2 * COUNT);
    m = multiply_add(broadcast(0.1f), subtract(gradient, m), m);
    v = multiply_add(broadcast(0.001f), subtract(multiply(gradient, gradient), v), v);
    store(w + COUNT, m);
    store(w + 2 * COUNT, v);
    gradient = divide(multiply(m, t->rate), multiply_add(square_root(v), t->root, broadcast(1e-8f)));
#endif
    (void)t;
    store(w, add(load(w), gradient));
}

// What an update will touch is fetched while its gradient is computed.
INLINE void fetch(const float *w) {
    _mm_prefetch((const char *)w, _MM_HINT_T0);
#ifdef ADAM
    _mm_prefetch((const char *)(w + COUNT), _MM_HINT_T0);
    _mm_prefetch((const char *)(w + 2 * COUNT), _MM_HINT_T0);
#endif
}

// Rows of weights: `inputs` are the columns of a batch, `next` floats apart from one sample to the next.
INLINE void update_tile(Trainer *t, int rows, int vectors, const float *inputs, long next, const float *d, long pitch, float *w,
                        long row) {
    Vector tile[16][VECTORS];
    begin_with_zero(rows, vectors, tile);
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < vectors; v++) fetch(w + r * row + v * LANES);
    product(rows, vectors, BATCH, inputs, 1, next, d, pitch, tile);
    EACH_VECTOR(rows, vectors) update(t, w + r * row + v * LANES, tile[r][v]);
}

static void update_1(Trainer *t) {
    for (int block = 0; block <= BLOCKS; block++)
        for (int panel = 0; panel < WIDE / PANEL; panel++) {
            float *x = block_of(t, block), *w = t->parameters.w1[panel][block * BLOCK], *d = t->d1[panel][0];
            if (block < BLOCKS) {
#define TILE(rows, k) update_tile(t, rows, VECTORS, x + (k), BLOCK, d, PANEL, w + (k) * PANEL, PANEL)
                EACH_TILE(BLOCK, TILE);
#undef TILE
            } else {
#define TILE(rows, k) update_tile(t, rows, VECTORS, x + (k), REST, d, PANEL, w + (k) * PANEL, PANEL)
                EACH_TILE(REST, TILE);
#undef TILE
            }
        }
}

static void turn_2(Trainer *t) {
    for (int k = 0; k < WIDE; k += 4)
        for (int n = 0; n < NARROW; n += 4) {
            const float *from = &t->parameters.w2[n / PANEL][k][n % PANEL];
            float *to = &t->w2_turned[k / PANEL][n][k % PANEL];
            __m128 a = _mm_load_ps(from), b = _mm_load_ps(from + PANEL);
            __m128 c = _mm_load_ps(from + 2 * PANEL), d = _mm_load_ps(from + 3 * PANEL);
            _MM_TRANSPOSE4_PS(a, b, c, d);
            _mm_store_ps(to, a);
            _mm_store_ps(to + PANEL, b);
            _mm_store_ps(to + 2 * PANEL, c);
            _mm_store_ps(to + 3 * PANEL, d);
        }
}

static void update_2_and_3(Trainer *t) {
    for (int panel = 0; panel < NARROW / PANEL; panel++) {
        float *w = t->parameters.w2[panel][0], *d = &t->d2[0][panel * PANEL];
#define TILE(rows, k) update_tile(t, rows, VECTORS, t->h1[0] + (k), WIDE, d, NARROW, w + (k) * PANEL, PANEL)
        EACH_TILE(WIDE, TILE);
#undef TILE
    }
    for (int k = 0; k < NARROW; k += OUT_ROWS)
        update_tile(t, OUT_ROWS, OUT_VECTORS, t->h2[0] + k, NARROW, t->d3[0], OUT_LANES, t->parameters.w3[k], OUT_LANES);
    turn_2(t);
}

INLINE void update_bias(Trainer *t, float *bias, const float *d, int width, int pitch) {
    for (int n = 0; n < width; n += LANES) {
        Vector sums[4] = {broadcast(0), broadcast(0), broadcast(0), broadcast(0)};
        for (int r = 0; r < BATCH; r += 4)
            UNROLLED for (int i = 0; i < 4; i++) sums[i] = add(sums[i], load(d + (r + i) * pitch + n));
        update(t, bias + n, add(add(sums[0], sums[1]), add(sums[2], sums[3])));
    }
}

static void step(Trainer *t, const uint8_t *images, const uint8_t *labels, const int *index, const int *next) {
    t->step++;
#ifdef ADAM
    t->rate = broadcast((float)(-RATE / (1 - pow(0.9, (double)t->step))));
    t->root = broadcast((float)(1 / sqrt(1 - pow(0.999, (double)t->step))));
#endif
    gather(t, images, labels, index);
    forward_1(t, images, next);
    forward_2(t);
    forward_3(t);
    backward_2(t);
    backward_1(t);
    update_1(t);
    update_2_and_3(t);
    for (int panel = 0; panel < WIDE / PANEL; panel++)
        update_bias(t, t->parameters.b1 + panel * PANEL, t->d1[panel][0], PANEL, PANEL);
    update_bias(t, t->parameters.b2, t->d2[0], NARROW, NARROW);
    update_bias(t, t->parameters.b3, t->d3[0], OUT_LANES, OUT_LANES);
}

// ---- Parameters as PyTorch has them

static void copy(float *ours, float *theirs, bool back) { *(back ? theirs : ours) = *(back ? ours : theirs); }

static void convert(Trainer *t, float *values, bool back) {
    Parameters *p = &t->parameters;
    for (int n = 0; n < WIDE; n++)
        for (int k = 0; k < IN; k++) copy(&p->w1[n / PANEL][k][n % PANEL], values++, back);
    for (int n = 0; n < WIDE; n++) copy(&p->b1[n], values++, back);
    for (int n = 0; n < NARROW; n++)
        for (int k = 0; k < WIDE; k++) copy(&p->w2[n / PANEL][k][n % PANEL], values++, back);
    for (int n = 0; n < NARROW; n++) copy(&p->b2[n], values++, back);
    for (int n = 0; n < OUT; n++)
        for (int k = 0; k < NARROW; k++) copy(&p->w3[k][n], values++, back);
    for (int n = 0; n < OUT; n++) copy(&p->b3[n], values++, back);
}

static void restart(Trainer *t, float *initial) {
    memset(t, 0, sizeof *t);
    convert(t, initial, false);
    for (int n = OUT; n < OUT_LANES; n++) t->parameters.b3[n] = -1e30f; // never the largest; its gradient is zero
    turn_2(t);
}

// ---- The program

typedef struct Data {
    uint8_t *images, *labels;
    int count;
    int *order;
    float initial[PARAMETERS];
} Data;

static void *read_file(const char *path, long skip, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) return perror(path), exit(1), NULL;
    *size = (size_t)(ftell(file) - skip);
    void *bytes = aligned_alloc(4096, (*size + 8191) / 4096 * 4096);
    if (!bytes || fseek(file, skip, SEEK_SET) || fread(bytes, 1, *size, file) != *size) return perror(path), exit(1), NULL;
    fclose(file);
    return bytes;
}

static void read_data(Data *data, char **paths) {
    size_t images, labels, parameters;
    data->images = read_file(paths[0], 16, &images);
    data->labels = read_file(paths[1], 8, &labels);
    float *initial = read_file(paths[2], 0, &parameters);
    data->count = (int)labels;
    if (images != labels * IN || labels < BATCH || parameters != sizeof data->initial) {
        fprintf(stderr, "by_hand: these are no images of 28 x 28 with their labels, or no parameters of 784-128-64-10\n");
        exit(1);
    }
    memcpy(data->initial, initial, sizeof data->initial);
    free(initial);
    data->order = malloc(labels * sizeof *data->order);
    for (int i = 0; i < data->count; i++) data->order[i] = i;
}

static void shuffle(Data *data, uint64_t *random) {
    for (int i = data->count - 1; i > 0; i--) {
        *random ^= *random << 13, *random ^= *random >> 7, *random ^= *random << 17;
        int j = (int)((*random >> 32) * (uint64_t)(i + 1) >> 32), held = data->order[i];
        data->order[i] = data->order[j], data->order[j] = held;
    }
}

static void check(Trainer *t, Data *data, int steps, const char *path) {
    float *values = malloc(sizeof data->initial);
    double *losses = malloc((size_t)steps * sizeof *losses);
    FILE *file = fopen(path, "wb");
    int index[BATCH];
    restart(t, data->initial);
    for (int s = 0; s < steps; s++) {
        for (int i = 0; i < BATCH; i++) index[i] = s % (data->count / BATCH) * BATCH + i;
        step(t, data->images, data->labels, index, index);
        losses[s] = t->loss / BATCH;
    }
    convert(t, values, true);
    if (!file || fwrite(values, sizeof data->initial, 1, file) != 1 || fclose(file)) perror(path), exit(1);
    for (int s = 0; s < steps; s++) printf("%.9g%c", losses[s], s + 1 < steps ? ' ' : '\n');
    free(losses);
    free(values);
}

static void measure(Trainer *t, Data *data, int steps) {
    static uint64_t random = 88172645463325252u;
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    while (steps > 0) {
        shuffle(data, &random);
        for (int i = 0; i + BATCH <= data->count && steps > 0; i += BATCH, steps--) {
            const int *index = data->order + i, *next = i + 2 * BATCH <= data->count ? index + BATCH : index;
            step(t, data->images, data->labels, index, next);
        }
    }
    printf("%.9g %.9g\n", seconds(CLOCK_MONOTONIC) - wall, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
}

int main(int argc, char **argv) {
    if (argc != 4) return fprintf(stderr, "usage: by_hand IMAGES LABELS PARAMETERS\n"), 2;
    Data data;
    Trainer *t = aligned_alloc(4096, (sizeof *t + 4095) / 4096 * 4096);
    char line[4200], path[4096];
    int count;
    read_data(&data, argv + 1);
    restart(t, data.initial);
    _mm_setcsr(_mm_getcsr() | 0x8040); // subnormal results and operands are zero
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "check %d %4095[^\n]", &count, path) == 2) check(t, &data, count, path);
        else if (sscanf(line, "time %d", &count) == 1) measure(t, &data, count);
        else return fprintf(stderr, "by_hand: what is '%s'?\n", line), 2;
        fflush(stdout);
    }
    return 0;
}
