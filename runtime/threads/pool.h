// A few threads that share the tiles of a step.
//
// Tiles are claimed from an atomic counter, by whoever comes first: results may not depend on who computes which, and kernels
// are made so. A thread without work spins for some tens of microseconds, because the next step is near, then sleeps. The
// caller works too and never waits for a helper that has not begun: a job that is done before the others wake costs nothing.
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct NetrtPool NetrtPool;

// Computes first ≤ tile < last as the thread of this number (0 is the caller).
typedef void NetrtPoolTask(void *context, int thread, int64_t first, int64_t last);

// With this many threads, the caller included; NULL if memory is short. Fewer if the system gives no more threads.
// `flush`: the helpers treat subnormal numbers as zero.
NetrtPool *netrt_pool_create(int threads, bool flush);
void netrt_pool_destroy(NetrtPool *pool);
int netrt_pool_threads(const NetrtPool *pool);

// Runs the task over all tiles on about `threads` threads (a helper that is late from a job before may join) and returns when
// they are done. One caller at a time.
void netrt_pool_run(NetrtPool *pool, NetrtPoolTask *task, void *context, int64_t tiles, int threads);
