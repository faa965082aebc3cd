// The pool: every tile once, whatever the number of threads; processors that may be used; subnormals per thread.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "netrt.h"
#include "threads/cpus.h"
#include "threads/denormals.h"
#include "threads/pool.h"

typedef struct Tally {
    int32_t done[512]; // plain: two threads on one tile are a race that the thread sanitizer sees
    int32_t *per_thread;
    int most_thread;
} Tally;

static void count(void *context, int thread, int64_t first, int64_t last) {
    Tally *tally = context;
    for (int64_t t = first; t < last; t++) tally->done[t]++;
    tally->per_thread[16 * thread]++; // a line of its own
}

static void every_tile_once(void **state) {
    (void)state;
    for (int threads = 1; threads <= 8; threads++) {
        NetrtPool *pool = netrt_pool_create(threads, false);
        assert_non_null(pool);
        assert_int_equal(netrt_pool_threads(pool), threads);
        Tally tally = {.per_thread = calloc(16 * 8, sizeof(int32_t))};
        int32_t expected[512] = {0};
        for (int job = 0; job < 2000; job++) {
            int64_t tiles = (job * 7) % 513;
            netrt_pool_run(pool, count, &tally, tiles, 1 + job % threads);
            for (int64_t t = 0; t < tiles; t++) expected[t]++;
        }
        for (int t = 0; t < 512; t++) assert_int_equal(tally.done[t], expected[t]);
        netrt_pool_destroy(pool);
        free(tally.per_thread);
    }
}

// Helpers that went to sleep wake up again, and a pool that nobody used ends.
static void sleeping_helpers(void **state) {
    (void)state;
    netrt_pool_destroy(netrt_pool_create(4, true));
    NetrtPool *pool = netrt_pool_create(4, true);
    Tally tally = {.per_thread = calloc(16 * 4, sizeof(int32_t))};
    for (int job = 0; job < 20; job++) {
        usleep(500);
        netrt_pool_run(pool, count, &tally, 100, 4);
    }
    for (int t = 0; t < 100; t++) assert_int_equal(tally.done[t], 20);
    netrt_pool_destroy(pool);
    free(tally.per_thread);
}

typedef struct Flushes {
    int32_t seen[64]; // 1: no, 2: yes, of each tile
} Flushes;

static void note_flush(void *context, int thread, int64_t first, int64_t last) {
    Flushes *flushes = context;
    volatile float tiny = 1e-38f;
    for (int64_t t = first; t < last; t++) flushes->seen[t] = thread == 0 ? 0 : tiny * 0.5f == 0 ? 2 : 1;
    usleep(200); // so that the others get a share
}

static void flushing_helpers(void **state) {
    (void)state;
    for (int flush = 0; flush < 2; flush++) {
        NetrtPool *pool = netrt_pool_create(4, flush != 0);
        Flushes flushes = {{0}};
        netrt_pool_run(pool, note_flush, &flushes, 64, 4);
        for (int t = 0; t < 64; t++) assert_true(flushes.seen[t] == 0 || flushes.seen[t] == 1 + flush);
        netrt_pool_destroy(pool);
    }
}

static void denormals(void **state) {
    (void)state;
    volatile float tiny = 1e-38f;
    uint32_t before = netrt_denormals_flush();
    assert_true(tiny * 0.5f == 0);
    netrt_denormals_restore(before);
    assert_true(tiny * 0.5f > 0);
}

static void processors(void **state) {
    (void)state;
    assert_int_equal(netrt_cpus_from_quota("max 100000"), 0);
    assert_int_equal(netrt_cpus_from_quota("200000 100000"), 2);
    assert_int_equal(netrt_cpus_from_quota("150000 100000"), 2);
    assert_int_equal(netrt_cpus_from_quota("50000 100000"), 1);
    assert_int_equal(netrt_cpus_from_quota("-1 100000"), 0);
    assert_int_equal(netrt_cpus_from_quota(""), 0);
    assert_true(netrt_cpus_available() >= 1);
    assert_in_range(netrt_cpus_isa(), NETRT_ISA_BASE, NETRT_ISA_AVX512);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tile_once), cmocka_unit_test(sleeping_helpers), cmocka_unit_test(flushing_helpers),
        cmocka_unit_test(denormals),       cmocka_unit_test(processors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
