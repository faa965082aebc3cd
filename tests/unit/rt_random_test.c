// The random numbers are PyTorch's, bit for bit: seeds, sizes around the blocks of 16, mixed calls, permutations, epochs.
// Expectations: expected/torch_random.py.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "random/torch_random.h"

enum { SEED, UNIFORM, NORMAL, PERMUTATION, EPOCH };

static const struct Draw {
    int kind;
    int64_t n; // elements; SEED: the seed
    double a, b;
    uint32_t first, last;
    uint64_t hash;
} draws[] = {
#include "expected/torch_random.inc"
};
enum { DRAWS = sizeof draws / sizeof *draws, MOST = 1 << 20 };

static uint64_t fnv(const uint32_t *words, int64_t n) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int64_t i = 0; i < n; i++) {
        for (int shift = 0; shift < 32; shift += 8) hash = (hash ^ (words[i] >> shift & 255)) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static void draw(NetrtTorchRandom *random, const struct Draw *call, void *out) {
    switch (call->kind) {
    case UNIFORM: netrt_torch_uniform(random, out, call->n, call->a, call->b); break;
    case NORMAL: netrt_torch_normal(random, out, call->n, call->a, call->b); break;
    case PERMUTATION: netrt_torch_randperm(random, out, call->n); break;
    default: netrt_torch_epoch_order(random, out, call->n); break;
    }
}

static void test_equals_pytorch(void **state) {
    (void)state;
    uint32_t *out = malloc(MOST * sizeof *out);
    assert_non_null(out);
    NetrtTorchRandom random;
    netrt_torch_seed(&random, 0);
    for (int i = 0; i < DRAWS; i++) {
        if (draws[i].kind == SEED) {
            netrt_torch_seed(&random, (uint64_t)draws[i].n);
            continue;
        }
        draw(&random, &draws[i], out);
        uint32_t first = out[0], last = out[draws[i].n - 1];
        if (first != draws[i].first || last != draws[i].last || fnv(out, draws[i].n) != draws[i].hash) {
            fail_msg("row %d of torch_random.inc (kind %d, n %lld): first %08x, last %08x instead of %08x, %08x", i,
                     draws[i].kind, (long long)draws[i].n, first, last, draws[i].first, draws[i].last);
        }
    }
    free(out);
}

// A copy of the structure goes on as the original does: that is how a generator's state is saved.
static void test_copy_continues(void **state) {
    (void)state;
    NetrtTorchRandom random, copy;
    float a[7], b[7];
    netrt_torch_seed(&random, 11);
    netrt_torch_normal(&random, a, 3, 0, 1);
    copy = random;
    netrt_torch_normal(&random, a, 7, 0, 1);
    netrt_torch_normal(&copy, b, 7, 0, 1);
    assert_memory_equal(a, b, sizeof a);
    assert_true(netrt_torch_random64(&random) == netrt_torch_random64(&copy));
}

static void test_empty(void **state) {
    (void)state;
    NetrtTorchRandom random, copy;
    netrt_torch_seed(&random, 1);
    copy = random;
    netrt_torch_uniform(&random, NULL, 0, 0, 1);
    netrt_torch_normal(&random, NULL, 0, 0, 1);
    netrt_torch_randperm(&random, NULL, 0);
    assert_memory_equal(random.state, copy.state, sizeof random.state);
    assert_int_equal(random.used, copy.used);
}

// Rows, or columns if there are fewer of them, of length 1 at right angles.
static void orthogonal(void **state) {
    (void)state;
    static const int64_t shapes[][2] = {{1, 1}, {1, 5}, {5, 1}, {7, 4}, {4, 7}, {33, 33}, {64, 200}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        int64_t rows = shapes[s][0], columns = shapes[s][1];
        bool wide = rows < columns;
        int64_t count = wide ? rows : columns, length = wide ? columns : rows;
        float matrix[64 * 200];
        NetrtTorchRandom random;
        netrt_torch_seed(&random, 7);
        netrt_torch_orthogonal(&random, matrix, rows, columns);
        for (int64_t i = 0; i < count; i++)
            for (int64_t j = 0; j <= i; j++) {
                double sum = 0;
                for (int64_t k = 0; k < length; k++) {
                    float a = wide ? matrix[i * columns + k] : matrix[k * columns + i];
                    float b = wide ? matrix[j * columns + k] : matrix[k * columns + j];
                    sum += (double)a * (double)b;
                }
                assert_true(fabs(sum - (i == j)) < 1e-6);
            }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_pytorch),
        cmocka_unit_test(test_copy_continues),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(orthogonal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
