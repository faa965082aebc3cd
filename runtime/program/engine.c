// Memory, and the walk over the steps.
#include "program/engine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "data/large_pages.h"
#include "program/engine_plan.h"
#include "program/watch.h"
#include "threads/denormals.h"

// ---- Memory. Mapped, so that it is zero, aligned, and returned to the system.

static bool map_memory(char **memory, int64_t bytes, const char *purpose, NetrtError *error) {
    *memory = NULL;
    if (bytes <= 0) return true;
    *memory = netrt_map((size_t)bytes);
    return *memory || netrt_fail(error, "not enough memory: %s needs %.1f MB%s", purpose, (double)bytes / 1e6,
                                 strcmp(purpose, "a batch") ? "" : "; try a smaller --batch-size");
}

static void unmap_memory(char **memory, int64_t bytes) {
    if (*memory) munmap(*memory, (size_t)bytes);
    *memory = NULL;
}

static int64_t aligned(int64_t bytes) { return (bytes + NETRT_ALIGN - 1) / NETRT_ALIGN * NETRT_ALIGN; }

bool netrt_engine_open(NetrtEngine *engine, const NetrtProgram *program, int threads, NetrtError *error) {
    *engine = (NetrtEngine){.program = program, .vars_bytes = program->vars_bytes, .flush = program->float_type == NETRT_F32};
    engine->pool = netrt_pool_create(threads, engine->flush);
    if (!engine->pool) return netrt_fail(error, "not enough memory for %d threads", threads);
    threads = netrt_pool_threads(engine->pool);
    engine->calls = calloc((size_t)threads, sizeof *engine->calls);
    int64_t scratch = aligned(program->scratch_bytes);
    bool ok = engine->calls || netrt_fail(error, "not enough memory for %d threads", threads);
    ok = ok &&
         (netrt_mul_checked(scratch, threads, &engine->scratch_bytes) || netrt_fail(error, "too many threads: %d", threads));
    ok = ok && map_memory(&engine->scratch, engine->scratch_bytes, "each thread", error);
    ok = ok && map_memory(&engine->vars, engine->vars_bytes, "the model", error);
    if (!ok) {
        netrt_engine_close(engine);
        return false;
    }
    for (int t = 0; t < threads; t++)
        engine->calls[t] = (NetrtCall){.scalars = engine->scalars,
                                       .failed = &engine->failed,
                                       .scratch = engine->scratch ? engine->scratch + scratch * t : NULL};
    engine->scalars[NETRT_STEPS].i = engine->scalars[NETRT_EPOCHS].i = 1;
    engine->scalars[NETRT_LR].f = program->train.lr;
    return true;
}

void netrt_engine_close(NetrtEngine *engine) {
    netrt_pool_destroy(engine->pool);
    for (int e = 0; e < NETRT_ENTRIES; e++) free(engine->plans[e]);
    free(engine->calls);
    free(engine->index);
    unmap_memory(&engine->scratch, engine->scratch_bytes);
    unmap_memory(&engine->workspace, engine->workspace_bytes);
    unmap_memory(&engine->vars, engine->vars_bytes);
    *engine = (NetrtEngine){0};
}

bool netrt_engine_workspace(const NetrtEntry *entry, int64_t N, int64_t *bytes) {
    return netrt_mul_checked(entry->workspace_per_block, N / NETRT_BLOCK + (N % NETRT_BLOCK != 0), bytes) &&
           !__builtin_add_overflow(*bytes, entry->workspace_fixed, bytes);
}

bool netrt_engine_reserve(NetrtEngine *engine, int kind, int64_t N, NetrtError *error) {
    const NetrtEntry *entry = &engine->program->entries[kind];
    int64_t bytes;
    if (N < 1 || N > INT32_MAX || !netrt_engine_workspace(entry, N, &bytes))
        return netrt_fail(error, "a batch of %lld samples is too large; try a smaller --batch-size", (long long)N);
    bool moved = false;
    if (N > engine->capacity) {
        // Kernels read whole blocks of the index, so the last one is filled up.
        size_t count = (size_t)((N + NETRT_BLOCK - 1) / NETRT_BLOCK * NETRT_BLOCK);
        int32_t *index = aligned_alloc(NETRT_ALIGN, (size_t)aligned((int64_t)(count * sizeof *index)));
        if (!index)
            return netrt_fail(error, "not enough memory for a batch of %lld samples; try a smaller --batch-size", (long long)N);
        memset(index, 0, count * sizeof *index);
        free(engine->index);
        engine->index = index;
        engine->capacity = N;
        moved = true;
    }
    if (bytes > engine->workspace_bytes) {
        unmap_memory(&engine->workspace, engine->workspace_bytes);
        engine->workspace_bytes = 0;
        if (!map_memory(&engine->workspace, bytes, "a batch", error)) return false;
        engine->workspace_bytes = bytes;
        moved = true;
    }
    for (int e = 0; moved && e < NETRT_ENTRIES; e++)
        for (int i = 0; engine->plans[e] && i < NETRT_PLAN_SLOTS; i++) engine->plans[e][i].N = 0;
    if (!engine->plans[kind]) engine->plans[kind] = netrt_plans_create(entry);
    return engine->plans[kind] || netrt_fail(error, "not enough memory");
}

// ---- Running

typedef struct Shared {
    NetrtKernel *kernel;
    char *const *buffers;
    const NetrtCall *calls;
} Shared;

static void shared_task(void *context, int thread, int64_t first, int64_t last) {
    const Shared *shared = context;
    shared->kernel(shared->buffers, &shared->calls[thread], first, last);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void run_kernel(NetrtEngine *engine, const NetrtStep *step, char *const *buffers, int64_t tiles, int most,
                       NetrtTuning *tuning) {
    bool timed = false;
    int threads = engine->share ? most : netrt_tuning_next(tuning, most, tiles, &timed);
    double begin = timed ? now() : 0;
    if (threads == 1) {
        step->kernel(buffers, &engine->calls[0], 0, tiles);
    } else {
        Shared shared = {step->kernel, buffers, engine->calls};
        netrt_pool_run(engine->pool, shared_task, &shared, tiles, threads);
    }
    if (timed) netrt_tuning_report(tuning, most, now() - begin);
}

// Programs of both kinds draw the same f32 numbers; an f64 one widens them in a kernel.
static void draw(NetrtEngine *engine, const NetrtStep *step, void *out) {
    int64_t rows = (int64_t)step->a;
    switch (step->kind) {
    case NETRT_STEP_DRAW_UNIFORM: netrt_torch_uniform(&engine->random, out, step->count, step->a, step->b); break;
    case NETRT_STEP_DRAW_NORMAL: netrt_torch_normal(&engine->random, out, step->count, step->a, step->b); break;
    case NETRT_STEP_DRAW_INTEGERS:
        netrt_torch_integers(&engine->random, out, step->count, (int64_t)step->a, (int64_t)step->b);
        break;
    case NETRT_STEP_SEED: netrt_torch_seed(&engine->random, (uint64_t)step->a); break;
    default: netrt_torch_orthogonal(&engine->random, out, rows, step->count / rows);
    }
}

static void run_step(NetrtEngine *engine, const NetrtStep *step, char *const *buffers, int64_t tiles, int most,
                     NetrtTuning *tuning) {
    if (step->kind == NETRT_STEP_KERNEL) run_kernel(engine, step, buffers, tiles, most, tuning);
    else draw(engine, step, buffers[0]);
}

// All steps, on `most` threads at most.
static void run_steps(NetrtEngine *engine, int kind, int64_t N, const NetrtPlan *plan, int most) {
    const NetrtEntry *entry = &engine->program->entries[kind];
    char *const *buffers = plan->pointers;
    double *laps = engine->laps[kind];
    for (int64_t s = 0; s < entry->step_count; s++) {
        double begin = laps ? now() : 0;
        run_step(engine, &entry->steps[s], buffers, plan->tiles[s], most, &plan->tuning[s]);
        if (laps) laps[s] += now() - begin;
        if (engine->watch) netrt_watch_step(engine->watch, kind, s, buffers, N);
        buffers += entry->steps[s].buffer_count;
        netrt_ahead_fetch(&engine->ahead, engine->program, engine->inputs, entry->step_count - s);
    }
    engine->ahead = (NetrtAhead){0};
}

static void run_tuned(NetrtEngine *engine, int kind, int64_t N, NetrtPlan *plan, int most) {
    bool tuned = most > 1 && !engine->share;
    double begin = tuned ? now() : 0;
    run_steps(engine, kind, N, plan, tuned && !netrt_sharing_next(&plan->sharing) ? 1 : most);
    if (tuned) netrt_sharing_report(&plan->sharing, now() - begin);
}

bool netrt_engine_run(NetrtEngine *engine, int kind, int64_t N, NetrtError *error) {
    NetrtPlan *plan = netrt_plan_find(engine, kind, N);
    engine->failed = 0;
    engine->scalars[NETRT_N].i = N;
    for (int t = 0; t < netrt_pool_threads(engine->pool); t++) engine->calls[t].N = N;
    // The helpers always flush subnormals, which initial parameters and calculators must keep: those are computed here alone.
    bool keep = kind == NETRT_INIT || kind == NETRT_CALCULATE, flush = engine->flush && !keep;
    uint32_t before = flush ? netrt_denormals_flush() : 0;
    run_tuned(engine, kind, N, plan, keep ? 1 : netrt_pool_threads(engine->pool));
    if (flush) netrt_denormals_restore(before);
    if (engine->failed == 0) return true;
    int64_t message = engine->failed - 1;
    return netrt_fail(error, "%s",
                      message >= 0 && message < engine->program->message_count ? engine->program->messages[message]
                                                                               : "a check of the program failed");
}

int netrt_engine_threads(const NetrtEngine *engine, int entry, int64_t step, int64_t N) {
    const NetrtPlan *plan = netrt_plan_find(engine, entry, N);
    int tuned = netrt_sharing_next(&plan->sharing) ? plan->tuning[step].best : 1;
    int best = engine->share ? netrt_pool_threads(engine->pool) : tuned;
    return best > 1 && plan->tiles[step] > 1 ? best : 1;
}

bool netrt_engine_init(NetrtEngine *engine, int64_t seed, NetrtError *error) {
    netrt_torch_seed(&engine->random, (uint64_t)seed);
    engine->scalars[NETRT_SEED].i = seed;
    if (!engine->program->entries[NETRT_INIT].steps) return true;
    return netrt_engine_reserve(engine, NETRT_INIT, 1, error) && netrt_engine_run(engine, NETRT_INIT, 1, error);
}

void netrt_engine_consecutive(NetrtEngine *engine, int64_t first, int64_t N) {
    for (int64_t i = 0; i < N; i++) engine->index[i] = (int32_t)(first + i);
}

// ---- Outputs

static const NetrtOutput *find_output(const NetrtOutput *outputs, int64_t count, const char *name) {
    for (int64_t i = 0; i < count; i++)
        if (strcmp(outputs[i].name, name) == 0) return &outputs[i];
    return NULL;
}

const NetrtOutput *netrt_entry_metric(const NetrtEntry *entry, const char *name) {
    return find_output(entry->metrics, entry->metric_count, name);
}

const NetrtOutput *netrt_entry_result(const NetrtEntry *entry, const char *name) {
    return find_output(entry->results, entry->result_count, name);
}

const void *netrt_engine_output(const NetrtEngine *engine, const NetrtOutput *output) {
    return netrt_ref_address(engine, &output->ref, engine->scalars[NETRT_N].i);
}

double netrt_engine_metric(const NetrtEngine *engine, const NetrtOutput *metric) {
    return netrt_number(netrt_engine_output(engine, metric), metric->dtype, 0);
}
