// The pool: every tile once, whatever the number of threads; processors that may be used; subnormals per thread.
#define _GNU_SOURCE // NOLINT(bugprone-reserved-identifier): the C library's own switch, for sched_setaffinity
#include "rt_files.h"

#include <sched.h>

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
            netrt_pool_run(pool, count, &tally, tiles, 1 + job % (threads + 1)); // once in a while more than there are
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
    assert_int_equal(netrt_cpus_from_quota("100000"), 0);
    assert_int_equal(netrt_cpus_from_quota("100000 0"), 0);
    assert_int_equal(netrt_cpus_from_quota("1e300 1"), 0);
    assert_in_range(netrt_cpus_isa(), NETRT_ISA_BASE, NETRT_ISA_AVX512);
}

// The affinity mask counts.
static void processors_of_the_mask(void **state) {
    (void)state;
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    int first = 0;
    while (!CPU_ISSET(first, &all)) first++;
    assert_in_range(netrt_cpus_available(), 1, CPU_COUNT(&all));
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(netrt_cpus_available(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
}

// Writes a file of a made-up system, with the folders that it is in.
static void put(void **state, const char *name, const char *text) {
    char path[256];
    snprintf(path, sizeof path, "%s", in_folder(state, name));
    for (char *slash = strchr(path + strlen(((Folder *)*state)->path) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0777); // it may be there
        *slash = '/';
    }
    write_file(path, text, strlen(text));
}

// Control groups: the tightest of our own and of those around it; version 2, version 1, and files that say nothing.
static void processors_of_groups(void **state) {
    const char *root = ((Folder *)*state)->path;
    assert_int_equal(netrt_cpus_from_groups(root), 0); // no groups at all
    put(state, "proc/self/cgroup", "");
    assert_int_equal(netrt_cpus_from_groups(root), 0);
    put(state, "proc/self/cgroup", "0::/\n");
    assert_int_equal(netrt_cpus_from_groups(root), 0); // a root without a limit
    put(state, "sys/fs/cgroup/cpu.max", "350000 100000\n");
    assert_int_equal(netrt_cpus_from_groups(root), 4); // a container
    put(state, "proc/self/cgroup", "0::/user.slice/job\n");
    assert_int_equal(netrt_cpus_from_groups(root), 4);
    put(state, "sys/fs/cgroup/user.slice/cpu.max", "200000 100000\n");
    put(state, "sys/fs/cgroup/user.slice/job/cpu.max", "max 100000\n");
    assert_int_equal(netrt_cpus_from_groups(root), 2); // of the group around our own
    put(state, "sys/fs/cgroup/user.slice/job/cpu.max", "50000 100000\n");
    assert_int_equal(netrt_cpus_from_groups(root), 1);
    put(state, "proc/self/cgroup", "4:cpu,cpuacct:/job\n");
    assert_int_equal(netrt_cpus_from_groups(root), 0); // version 1
    put(state, "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n");
    assert_int_equal(netrt_cpus_from_groups(root), 0);
    put(state, "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    assert_int_equal(netrt_cpus_from_groups(root), 3);
    put(state, "proc/self/cgroup", "0::/user.slice\n");
    assert_int_equal(netrt_cpus_from_groups(root), 2); // both: the tighter one
    put(state, "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    put(state, "proc/self/cgroup", "4:cpu,cpuacct:/job\n");
    assert_int_equal(netrt_cpus_from_groups(root), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tile_once),
        cmocka_unit_test(sleeping_helpers),
        cmocka_unit_test(flushing_helpers),
        cmocka_unit_test(denormals),
        cmocka_unit_test(processors),
        cmocka_unit_test(processors_of_the_mask),
        cmocka_unit_test_setup_teardown(processors_of_groups, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
