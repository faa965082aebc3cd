// `profile`: where the time of a training step goes, or that of a prediction.
//
// Steps are run in turns with the clock read around each kernel and without; the medians of the former are the kernels' times,
// that of the latter the step's. Reading the clock takes some tens of nanoseconds, which are measured and taken off. Data,
// order and gathering of batches are those of training; nothing is saved.
#include "program/profile.h"

#include <stdlib.h>
#include <string.h>

#include "program/engine_plan.h"
#include "program/trainer.h"
#include "report/progress.h"
#include "threads/peak.h"

#define WARM_SECONDS 0.05
#define SECONDS 1.0 // of measuring, unless --steps says how much
#define FEWEST_STEPS 5
#define MOST_STEPS 2000
#define MOST_ASKED 1000000 // whose times are kept, for medians

typedef struct Profiler {
    const NetrtContext *context;
    NetrtSession session;
    NetrtTrainer trainer;            // of training
    NetrtSplit split;                // of inference: where batches come from
    int64_t first;                   // the next batch's first sample
    void *made_up[NETRT_MAX_INPUTS]; // rows of zeros, for a program without a data set
    double *laps[NETRT_ENTRIES];
    double *walls; // [steps]
    NetrtProfile profile;
} Profiler;

// ---- One step

// An epoch's last batch may be smaller, so a new epoch begins before it.
static bool train_step(Profiler *p, NetrtError *error, double *seconds) {
    NetrtTrainer *trainer = &p->trainer;
    int64_t left = trainer->split->count - trainer->seen;
    if (left < p->profile.N * trainer->train->accumulate && trainer->seen > 0) netrt_trainer_epoch(trainer, 0);
    double begin = netrt_now();
    bool ok = netrt_trainer_step(trainer, error);
    *seconds = netrt_now() - begin;
    return ok;
}

static bool predict_step(Profiler *p, NetrtError *error, double *seconds) {
    NetrtEngine *engine = &p->session.engine;
    int64_t N = p->profile.N;
    if (p->first + N > p->split.count) p->first = 0;
    double begin = netrt_now();
    for (int64_t i = 0; i < N; i++) engine->index[i] = netrt_split_row(&p->split, p->first + i);
    bool ok = netrt_engine_run(engine, NETRT_PREDICT, N, error);
    *seconds = netrt_now() - begin;
    p->first += N;
    return ok;
}

// With the kernels timed or without.
static bool step(Profiler *p, bool timed, NetrtError *error, double *seconds) {
    for (int e = 0; e < NETRT_ENTRIES; e++) p->session.engine.laps[e] = timed ? p->laps[e] : NULL;
    return p->profile.inference ? predict_step(p, error, seconds) : train_step(p, error, seconds);
}

// ---- Many of them

// Until caches are warm, the clock is up, and it is decided how many threads each kernel is worth. *least: a step's seconds.
static bool warm_up(Profiler *p, NetrtError *error, double *least) {
    int fewest = 2;
    for (int threads = p->profile.threads; threads > 1; threads = (threads + 1) / 2) fewest += 5;
    double end = netrt_now() + WARM_SECONDS, seconds;
    for (int i = 0; i < fewest || netrt_now() < end; i++) {
        if (!step(p, false, error, &seconds)) return false;
        if (i == 0 || seconds < *least) *least = seconds;
    }
    return true;
}

static int64_t steps_to_measure(const Profiler *p, double seconds) {
    if (p->context->options.steps) return p->context->options.steps;
    double steps = SECONDS / 2 / (seconds + 1e-9);
    return steps < FEWEST_STEPS ? FEWEST_STEPS : steps > MOST_STEPS ? MOST_STEPS : (int64_t)steps;
}

static bool open_samples(Profiler *p, NetrtError *error) {
    NetrtProfile *profile = &p->profile;
    if (profile->steps > MOST_ASKED)
        return netrt_fail(error, "a profile keeps the times of at most %d steps; try fewer --steps", MOST_ASKED);
    p->walls = calloc((size_t)profile->steps, sizeof *p->walls);
    bool ok = p->walls != NULL;
    for (int64_t k = 0; ok && k < profile->count; k++) {
        profile->kernels[k].samples = calloc((size_t)profile->steps, sizeof(double));
        ok = profile->kernels[k].samples != NULL;
    }
    return ok || netrt_fail(error, "not enough memory for %lld steps; try fewer --steps", (long long)profile->steps);
}

static void clear_laps(Profiler *p) {
    for (int e = 0; e < NETRT_ENTRIES; e++)
        if (p->laps[e]) memset(p->laps[e], 0, (size_t)p->context->program->entries[e].step_count * sizeof(double));
}

// Of the kernel among the steps of its entry.
static int64_t place_of(const NetrtProfile *profile, const NetrtProfileKernel *kernel) {
    return kernel->step - profile->program->entries[kernel->entry].steps;
}

static void keep_laps(Profiler *p, int64_t sample) {
    NetrtProfile *profile = &p->profile;
    for (int64_t k = 0; k < profile->count; k++) {
        NetrtProfileKernel *kernel = &profile->kernels[k];
        double taken = p->laps[kernel->entry][place_of(profile, kernel)] - kernel->runs * profile->clock;
        kernel->samples[sample] = taken > 0 ? taken : 0;
    }
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *samples, int64_t count) {
    qsort(samples, (size_t)count, sizeof *samples, compare);
    return count % 2 ? samples[count / 2] : (samples[count / 2 - 1] + samples[count / 2]) / 2;
}

static bool measure(Profiler *p, NetrtError *error) {
    NetrtProfile *profile = &p->profile;
    double seconds;
    if (!warm_up(p, error, &seconds)) return false;
    profile->steps = steps_to_measure(p, seconds);
    if (!open_samples(p, error)) return false;
    for (int64_t i = 0; i < profile->steps; i++) {
        clear_laps(p);
        if (!step(p, true, error, &seconds)) return false;
        keep_laps(p, i);
        if (!step(p, false, error, &p->walls[i])) return false;
    }
    for (int64_t k = 0; k < profile->count; k++) {
        NetrtProfileKernel *kernel = &profile->kernels[k];
        kernel->nanoseconds = median(kernel->samples, profile->steps);
        kernel->threads = netrt_engine_threads(&p->session.engine, kernel->entry, place_of(profile, kernel), profile->N);
    }
    profile->step = 1e9 * median(p->walls, profile->steps);
    return true;
}

// Nanoseconds between two readings that follow each other: the least of many means.
static double clock_cost(void) {
    enum { READINGS = 200 };
    double least = 1;
    for (int i = 0; i < 20; i++) {
        double begin = netrt_now();
        for (int r = 1; r < READINGS; r++) netrt_now();
        double mean = (netrt_now() - begin) / READINGS;
        if (mean < least) least = mean;
    }
    return 1e9 * least;
}

static bool measure_all(Profiler *p, NetrtError *error) {
    NetrtProfile *profile = &p->profile;
    const NetrtEngine *engine = &p->session.engine;
    profile->clock = clock_cost();
    // Before and after: the clock of a processor may rise or fall on the way.
    profile->peak = netrt_peak(engine->pool, profile->program->isa, profile->program->float_type);
    if (!measure(p, error)) return false;
    double after = netrt_peak(engine->pool, profile->program->isa, profile->program->float_type);
    if (after > profile->peak) profile->peak = after;
    return true;
}

// ---- What there is to run

static bool open_entry(Profiler *p, int entry, double runs, NetrtError *error) {
    const NetrtEntry *e = &p->context->program->entries[entry];
    NetrtProfile *profile = &p->profile;
    size_t count = (size_t)(profile->count + e->step_count);
    NetrtProfileKernel *kernels = realloc(profile->kernels, (count + 1) * sizeof *kernels);
    if (kernels) profile->kernels = kernels;
    p->laps[entry] = calloc((size_t)e->step_count + 1, sizeof(double));
    if (!kernels || !p->laps[entry]) return netrt_fail(error, "not enough memory");
    for (int64_t s = 0; s < e->step_count; s++)
        if (netrt_step_is_for(&e->steps[s], profile->N))
            kernels[profile->count++] = (NetrtProfileKernel){.step = &e->steps[s], .entry = entry, .runs = runs};
    return true;
}

static bool profile_training(Profiler *p, NetrtError *error) {
    NetrtTrainer *trainer = &p->trainer;
    if (!netrt_trainer_open(trainer, p->context, &p->session, error)) return false;
    int64_t count = trainer->split->count, accumulate = trainer->train->accumulate;
    p->profile.N = trainer->batch < count ? trainer->batch : count;
    p->profile.batches = (double)(accumulate < trainer->epoch_batches ? accumulate : trainer->epoch_batches);
    bool ok = trainer->halves
                  ? open_entry(p, NETRT_GRADIENTS, p->profile.batches, error) && open_entry(p, NETRT_APPLY, 1, error)
                  : open_entry(p, NETRT_TRAIN_STEP, 1, error);
    netrt_trainer_epoch(trainer, 0);
    ok = ok && measure_all(p, error);
    netrt_trainer_close(trainer);
    return ok;
}

// Time does not depend on what the rows hold, so a program that names no data set gets zeros.
static bool make_rows(Profiler *p, NetrtError *error) {
    const NetrtProgram *program = p->context->program;
    p->split.count = p->profile.N;
    for (int i = 0; i < program->input_count; i++) {
        const NetrtInput *input = &program->inputs[i];
        int64_t bytes = (int64_t)netrt_dtype_size(input->dtype);
        bool fits = netrt_mul_checked(bytes, p->profile.N, &bytes);
        for (int a = 0; fits && a < input->rank; a++) fits = netrt_mul_checked(bytes, input->shape[a], &bytes);
        p->made_up[i] = fits ? calloc(1, (size_t)bytes) : NULL;
        if (!p->made_up[i]) return netrt_fail(error, "not enough memory for a batch; try a smaller --batch-size");
        p->split.rows[i] = p->made_up[i];
    }
    return true;
}

static bool profile_inference(Profiler *p, NetrtError *error) {
    const NetrtProgram *program = p->context->program;
    int64_t asked = p->context->options.batch_size;
    p->profile.N = asked ? asked : program->train.batch_size;
    p->profile.batches = 1;
    if (program->data.format) p->split = p->session.data.splits[NETRT_SPLIT_TRAIN];
    else if (!make_rows(p, error)) return false;
    if (p->profile.N > p->split.count) p->profile.N = p->split.count;
    netrt_session_bind(&p->session, &p->split);
    return netrt_engine_reserve(&p->session.engine, NETRT_PREDICT, p->profile.N, error) &&
           open_entry(p, NETRT_PREDICT, 1, error) && measure_all(p, error);
}

static void close_profiler(Profiler *p) {
    for (int64_t k = 0; k < p->profile.count; k++) free(p->profile.kernels[k].samples);
    free(p->profile.kernels);
    free(p->walls);
    for (int e = 0; e < NETRT_ENTRIES; e++) free(p->laps[e]);
    for (int i = 0; i < NETRT_MAX_INPUTS; i++) free(p->made_up[i]);
    netrt_session_close(&p->session);
}

int netrt_command_profile(const NetrtContext *context, NetrtError *error) {
    const NetrtProgram *program = context->program;
    bool inference = context->options.inference, data = program->data.format != NULL;
    Profiler p = {.context = context, .profile = {.program = program, .inference = inference}};
    if (!inference && !data) {
        netrt_fail(error, "%s names no data set to train with: profile --inference needs none", program->source);
        return NETRT_FAILED;
    }
    if (inference && !netrt_require_entry(context, NETRT_PREDICT, error)) return NETRT_FAILED;
    if (!netrt_session_open(context, NETRT_START_TRAINED, data ? 1u << NETRT_SPLIT_TRAIN : 0, &p.session, error))
        return NETRT_FAILED;
    p.profile.threads = netrt_pool_threads(p.session.engine.pool);
    bool ok = inference ? profile_inference(&p, error) : profile_training(&p, error);
    if (ok && context->options.json) netrt_profile_json(&p.profile);
    else if (ok) netrt_profile_table(&p.profile);
    close_profiler(&p);
    return ok ? NETRT_DONE : NETRT_FAILED;
}
