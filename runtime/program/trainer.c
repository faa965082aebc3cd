// See trainer.h. The order of random draws is PyTorch's: initial parameters, then the loader of each epoch.
#include "program/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t batches_of_epoch(int64_t count, int64_t batch, bool drop_last) {
    return count / batch + (!drop_last && count % batch != 0);
}

static bool check(const NetrtContext *context, const NetrtTrainer *trainer, NetrtError *error) {
    if (trainer->epoch_steps == 0)
        return netrt_fail(error, "a batch of %lld is more than the %lld training samples, and drop_last=True drops it",
                          (long long)trainer->batch, (long long)trainer->split->count);
    if (trainer->train->accumulate > trainer->epoch_batches)
        return netrt_fail(error, "accumulate=%lld is more than an epoch's %lld batches of %lld samples: no step would be whole",
                          (long long)trainer->train->accumulate, (long long)trainer->epoch_batches, (long long)trainer->batch);
    if (!trainer->halves) return netrt_require_entry(context, NETRT_TRAIN_STEP, error);
    return netrt_require_entry(context, NETRT_GRADIENTS, error) && netrt_require_entry(context, NETRT_APPLY, error);
}

static bool reserve(NetrtTrainer *trainer, NetrtError *error) {
    NetrtEngine *engine = &trainer->session->engine;
    int64_t N = trainer->batch < trainer->split->count ? trainer->batch : trainer->split->count;
    trainer->order = malloc((size_t)trainer->split->count * sizeof *trainer->order);
    if (!trainer->order) return netrt_fail(error, "not enough memory for %lld samples", (long long)trainer->split->count);
    if (!trainer->halves) return netrt_engine_reserve(engine, NETRT_TRAIN_STEP, N, error);
    return netrt_engine_reserve(engine, NETRT_GRADIENTS, N, error) && netrt_engine_reserve(engine, NETRT_APPLY, N, error) &&
           netrt_accumulator_open(&trainer->accumulator, engine->program, trainer->train->accumulate, error);
}

bool netrt_trainer_open(NetrtTrainer *trainer, const NetrtContext *context, NetrtSession *session, NetrtError *error) {
    const NetrtProgram *program = context->program;
    const NetrtOptions *options = &context->options;
    const NetrtTrain *train = &program->train;
    *trainer = (NetrtTrainer){.session = session,
                              .split = &session->data.splits[NETRT_SPLIT_TRAIN],
                              .train = train,
                              .batch = options->batch_size ? options->batch_size : train->batch_size,
                              .shuffle = options->shuffle};
    bool clip = train->clip_grad_norm > 0 || train->clip_grad_value > 0;
    trainer->halves = clip || train->accumulate > 1 || !program->entries[NETRT_TRAIN_STEP].steps;
    trainer->epoch_batches = batches_of_epoch(trainer->split->count, trainer->batch, train->drop_last != 0);
    trainer->epoch_steps = batches_of_epoch(trainer->epoch_batches, train->accumulate, false);
    if (!check(context, trainer, error) || !reserve(trainer, error)) {
        netrt_trainer_close(trainer);
        return false;
    }
    const NetrtEntry *entry = &program->entries[trainer->halves ? NETRT_GRADIENTS : NETRT_TRAIN_STEP];
    trainer->loss_metric = netrt_entry_metric(entry, "loss");
    trainer->correct_metric = netrt_entry_metric(entry, "correct");
    NetrtScalar *scalars = session->engine.scalars;
    // --steps cuts a run short and leaves its schedules as they are; only a longer run has a later end.
    int64_t epochs = options->epochs, planned;
    if (!netrt_mul_checked(epochs, trainer->epoch_steps, &planned)) planned = INT64_MAX;
    if (options->steps > planned) {
        planned = options->steps;
        epochs = planned / trainer->epoch_steps + (planned % trainer->epoch_steps != 0);
    }
    scalars[NETRT_EPOCHS].i = epochs;
    scalars[NETRT_STEPS].i = planned;
    scalars[NETRT_LR].f = options->lr;
    scalars[NETRT_SEED].i = options->seed;
    return true;
}

void netrt_trainer_close(NetrtTrainer *trainer) {
    netrt_accumulator_close(&trainer->accumulator);
    free(trainer->order);
    trainer->order = NULL;
}

void netrt_trainer_epoch(NetrtTrainer *trainer, int64_t epoch) {
    NetrtEngine *engine = &trainer->session->engine;
    const NetrtSplit *split = trainer->split;
    if (trainer->shuffle) netrt_torch_epoch_order(&engine->random, trainer->order, split->count);
    for (int64_t i = 0; i < split->count; i++)
        trainer->order[i] = netrt_split_row(split, trainer->shuffle ? trainer->order[i] : i);
    engine->scalars[NETRT_EPOCH].i = epoch;
    trainer->batches = trainer->seen = 0;
    trainer->loss_sum = trainer->correct_sum = 0;
    netrt_session_bind(trainer->session, split);
}

// The next batch through train_step or gradients; *samples of this step so far.
static bool run_batch(NetrtTrainer *trainer, int64_t *samples, NetrtError *error) {
    NetrtEngine *engine = &trainer->session->engine;
    int64_t left = trainer->split->count - trainer->seen, N = left < trainer->batch ? left : trainer->batch;
    memcpy(engine->index, trainer->order + trainer->seen, (size_t)N * sizeof *engine->index);
    int64_t more = left - N < trainer->batch ? left - N : trainer->batch;
    engine->ahead = (NetrtAhead){.rows = trainer->order + trainer->seen + N, .count = more};
    if (!netrt_engine_run(engine, trainer->halves ? NETRT_GRADIENTS : NETRT_TRAIN_STEP, N, error)) return false;
    double loss = netrt_engine_metric(engine, trainer->loss_metric);
    trainer->loss_sum += loss * (double)N;
    if (trainer->correct_metric) trainer->correct_sum += netrt_engine_metric(engine, trainer->correct_metric);
    trainer->loss = *samples ? trainer->loss + (loss - trainer->loss) * (double)N / (double)(*samples + N) : loss;
    *samples += N;
    trainer->seen += N;
    trainer->batches++;
    return true;
}

// Draws in a forward depend on seed and step alone, so each batch of a step gets a seed of its own; the first has the run's.
static int64_t seed_of_batch(int64_t seed, int64_t batch) {
    return (int64_t)((uint64_t)seed + (uint64_t)batch * 0x9E3779B97F4A7C15u);
}

bool netrt_trainer_step(NetrtTrainer *trainer, NetrtError *error) {
    NetrtEngine *engine = &trainer->session->engine;
    NetrtScalar *scalars = engine->scalars;
    const int64_t seed = scalars[NETRT_SEED].i, left = trainer->epoch_batches - trainer->batches;
    const int64_t batches = left < trainer->train->accumulate ? left : trainer->train->accumulate;
    int64_t samples = 0;
    bool ok = true;
    scalars[NETRT_STEP].i = trainer->steps;
    for (int64_t b = 0; ok && b < batches; b++) {
        scalars[NETRT_SEED].i = seed_of_batch(seed, b);
        ok = run_batch(trainer, &samples, error);
        if (ok) netrt_accumulator_add(&trainer->accumulator, engine->vars, b == 0);
    }
    scalars[NETRT_SEED].i = seed;
    if (ok && trainer->halves) {
        netrt_clip_gradients(engine->program, engine->vars, trainer->train->clip_grad_norm, trainer->train->clip_grad_value);
        ok = netrt_engine_run(engine, NETRT_APPLY, scalars[NETRT_N].i, error);
    }
    trainer->steps += ok;
    return ok;
}

double netrt_trainer_loss(const NetrtTrainer *trainer) {
    double loss = trainer->loss_sum / (double)trainer->seen;
    return isnan(loss) ? NAN : loss; // its sign would be printed
}

double netrt_trainer_accuracy(const NetrtTrainer *trainer) { return trainer->correct_sum / (double)trainer->seen; }
