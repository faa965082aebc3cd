// The pool of pool.h.
//
// One word, the ticket, says which job is open and how many of its chunks are unclaimed: job << 24 | left. A helper reads the
// ticket, then the job's fields, then claims by compare-and-swap. Fields change only when nothing is left of the job before,
// so if something was left and the swap succeeds, the fields that were read are that job's.
#include "threads/pool.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "threads/denormals.h"

#define LINE 64 // bytes of a cache line: what different threads write lies apart
#define CHUNK_BITS 24
#define CHUNK_MASK ((UINT64_C(1) << CHUNK_BITS) - 1)
#define CHUNKS_PER_THREAD 4    // evens out tiles of unequal cost
#define SPIN_NANOSECONDS 50000 // longer than a step's serial parts, shorter than anybody notices

typedef struct Helper {
    _Alignas(LINE) _Atomic uint32_t calls; // to this helper so far: what it waits on
    _Atomic uint32_t asleep;
    pthread_t handle;
    NetrtPool *pool;
    int number;
} Helper;

struct NetrtPool {
    _Alignas(LINE) _Atomic uint64_t ticket;
    _Alignas(LINE) _Atomic int64_t done; // chunks of the open job
    // The open job.
    _Alignas(LINE) _Atomic bool quit;
    _Atomic(NetrtPoolTask *) task;
    _Atomic(void *) context;
    _Atomic int64_t tiles, chunk, chunks;
    _Alignas(LINE) int helper_count;
    bool flush;
    Helper *helpers;
};

static void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void futex(_Atomic uint32_t *word, int operation, uint32_t value) {
    syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
}

// Claims and computes chunks of the open job until none is left.
static void work(NetrtPool *pool, int thread) {
    for (;;) {
        uint64_t ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
        int64_t left = (int64_t)(ticket & CHUNK_MASK);
        NetrtPoolTask *task = atomic_load_explicit(&pool->task, memory_order_relaxed);
        void *context = atomic_load_explicit(&pool->context, memory_order_relaxed);
        int64_t tiles = atomic_load_explicit(&pool->tiles, memory_order_relaxed);
        int64_t chunk = atomic_load_explicit(&pool->chunk, memory_order_relaxed);
        int64_t chunks = atomic_load_explicit(&pool->chunks, memory_order_relaxed);
        if (left == 0) return;
        if (!atomic_compare_exchange_weak_explicit(&pool->ticket, &ticket, ticket - 1, memory_order_acq_rel,
                                                   memory_order_relaxed))
            continue;
        int64_t first = (chunks - left) * chunk, last = first + chunk < tiles ? first + chunk : tiles;
        task(context, thread, first, last);
        atomic_fetch_add_explicit(&pool->done, 1, memory_order_release);
    }
}

// Waits until the helper was called more often than `seen` times: awake at first, then asleep.
static void wait_for_call(Helper *helper, uint32_t seen) {
    for (int64_t end = now() + SPIN_NANOSECONDS; now() < end;) {
        for (int i = 0; i < 32; i++) {
            if (atomic_load_explicit(&helper->calls, memory_order_acquire) != seen) return;
            pause_briefly();
        }
    }
    // Both sides use one total order: either the caller sees the sleeper, or we see its call.
    atomic_store(&helper->asleep, 1);
    while (atomic_load(&helper->calls) == seen) futex(&helper->calls, FUTEX_WAIT_PRIVATE, seen);
    atomic_store(&helper->asleep, 0);
}

static void *helper_main(void *argument) {
    Helper *helper = argument;
    NetrtPool *pool = helper->pool;
    if (pool->flush) netrt_denormals_flush();
    for (uint32_t seen = 0;;) {
        wait_for_call(helper, seen);
        seen = atomic_load_explicit(&helper->calls, memory_order_acquire);
        if (atomic_load_explicit(&pool->quit, memory_order_relaxed)) return NULL;
        work(pool, helper->number);
    }
}

// Only the helpers that a job is worth are called: the others sleep on.
static void call_helpers(NetrtPool *pool, int count) {
    for (int i = 0; i < count; i++) {
        Helper *helper = &pool->helpers[i];
        atomic_fetch_add(&helper->calls, 1);
        if (atomic_load(&helper->asleep)) futex(&helper->calls, FUTEX_WAKE_PRIVATE, 1);
    }
}

void netrt_pool_run(NetrtPool *pool, NetrtPoolTask *task, void *context, int64_t tiles, int threads) {
    if (tiles <= 0) return;
    if (threads > netrt_pool_threads(pool)) threads = netrt_pool_threads(pool);
    if (threads <= 1 || tiles == 1) {
        task(context, 0, 0, tiles);
        return;
    }
    int64_t parts = (int64_t)threads * CHUNKS_PER_THREAD, chunk = (tiles + parts - 1) / parts,
            chunks = (tiles + chunk - 1) / chunk;
    // The last job's ticket has nothing left: nobody acts on these fields before the new ticket.
    atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
    atomic_store_explicit(&pool->task, task, memory_order_relaxed);
    atomic_store_explicit(&pool->context, context, memory_order_relaxed);
    atomic_store_explicit(&pool->tiles, tiles, memory_order_relaxed);
    atomic_store_explicit(&pool->chunk, chunk, memory_order_relaxed);
    atomic_store_explicit(&pool->chunks, chunks, memory_order_relaxed);
    uint64_t job = (atomic_load_explicit(&pool->ticket, memory_order_relaxed) >> CHUNK_BITS) + 1;
    atomic_store_explicit(&pool->ticket, job << CHUNK_BITS | (uint64_t)chunks, memory_order_release);
    call_helpers(pool, threads - 1);
    work(pool, 0);
    // A helper may have been interrupted in its chunk: after a while let the system run it on this processor.
    for (int spins = 0; atomic_load_explicit(&pool->done, memory_order_acquire) < chunks; spins++) {
        if (spins < 4096) pause_briefly();
        else syscall(SYS_sched_yield);
    }
}

NetrtPool *netrt_pool_create(int threads, bool flush) {
    NetrtPool *pool = aligned_alloc(LINE, sizeof *pool);
    if (!pool) return NULL;
    *pool = (NetrtPool){.flush = flush};
    if (threads <= 1) return pool;
    pool->helpers = aligned_alloc(LINE, ((size_t)threads - 1) * sizeof *pool->helpers);
    if (!pool->helpers) {
        free(pool);
        return NULL;
    }
    for (int i = 0; i < threads - 1; i++) {
        pool->helpers[i] = (Helper){.pool = pool, .number = i + 1};
        if (pthread_create(&pool->helpers[i].handle, NULL, helper_main, &pool->helpers[i])) break;
        pool->helper_count++;
    }
    return pool;
}

void netrt_pool_destroy(NetrtPool *pool) {
    if (!pool) return;
    atomic_store(&pool->quit, true);
    call_helpers(pool, pool->helper_count);
    for (int i = 0; i < pool->helper_count; i++) pthread_join(pool->helpers[i].handle, NULL);
    free(pool->helpers);
    free(pool);
}

int netrt_pool_threads(const NetrtPool *pool) { return pool->helper_count + 1; }
