// See trainer.h. The order of random draws is PyTorch's: initial parameters, then the loader of each epoch.
#include "program/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t steps_of_epoch(int64_t count, int64_t batch, bool drop_last) {
    return drop_last ? count / batch : (count + batch - 1) / batch;
}

static bool check(const NetrtContext *context, const NetrtTrainer *trainer, NetrtError *error) {
    const NetrtProgram *program = context->program;
    if (trainer->train->accumulate > 1)
        return netrt_fail(error, "accumulate=%lld is not in this version: compile with accumulate=1",
                          (long long)trainer->train->accumulate);
    if (trainer->split->count == 0) return netrt_fail(error, "%s has no training samples", program->data.name);
    if (trainer->epoch_steps == 0)
        return netrt_fail(error, "a batch of %lld is more than the %lld training samples, and drop_last=True drops it",
                          (long long)trainer->batch, (long long)trainer->split->count);
    if (!trainer->halves) return netrt_require_entry(context, NETRT_TRAIN_STEP, error);
    return netrt_require_entry(context, NETRT_GRADIENTS, error) && netrt_require_entry(context, NETRT_APPLY, error);
}

static bool reserve(NetrtTrainer *trainer, NetrtError *error) {
    NetrtEngine *engine = &trainer->session->engine;
    int64_t N = trainer->batch < trainer->split->count ? trainer->batch : trainer->split->count;
    trainer->order = malloc((size_t)trainer->split->count * sizeof *trainer->order);
    if (!trainer->order) return netrt_fail(error, "not enough memory for %lld samples", (long long)trainer->split->count);
    if (!trainer->halves) return netrt_engine_reserve(engine, NETRT_TRAIN_STEP, N, error);
    return netrt_engine_reserve(engine, NETRT_GRADIENTS, N, error) && netrt_engine_reserve(engine, NETRT_APPLY, N, error);
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
    trainer->halves = train->clip_grad_norm > 0 || train->clip_grad_value > 0 || !program->entries[NETRT_TRAIN_STEP].steps;
    trainer->epoch_steps = steps_of_epoch(trainer->split->count, trainer->batch, train->drop_last != 0);
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
        epochs = (planned + trainer->epoch_steps - 1) / trainer->epoch_steps;
    }
    scalars[NETRT_EPOCHS].i = epochs;
    scalars[NETRT_STEPS].i = planned;
    scalars[NETRT_LR].f = options->lr;
    scalars[NETRT_SEED].i = options->seed;
    return true;
}

void netrt_trainer_close(NetrtTrainer *trainer) {
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
    trainer->seen = 0;
    trainer->loss_sum = trainer->correct_sum = 0;
    netrt_session_bind(trainer->session, split);
}

bool netrt_trainer_step(NetrtTrainer *trainer, NetrtError *error) {
    NetrtEngine *engine = &trainer->session->engine;
    int64_t left = trainer->split->count - trainer->seen, N = left < trainer->batch ? left : trainer->batch;
    memcpy(engine->index, trainer->order + trainer->seen, (size_t)N * sizeof *engine->index);
    engine->scalars[NETRT_STEP].i = trainer->steps;
    if (!netrt_engine_run(engine, trainer->halves ? NETRT_GRADIENTS : NETRT_TRAIN_STEP, N, error)) return false;
    trainer->loss = netrt_engine_metric(engine, trainer->loss_metric);
    trainer->loss_sum += trainer->loss * (double)N;
    if (trainer->correct_metric) trainer->correct_sum += netrt_engine_metric(engine, trainer->correct_metric);
    if (trainer->halves) {
        netrt_clip_gradients(engine->program, engine->vars, trainer->train->clip_grad_norm, trainer->train->clip_grad_value);
        if (!netrt_engine_run(engine, NETRT_APPLY, N, error)) return false;
    }
    trainer->seen += N;
    trainer->steps++;
    return true;
}

double netrt_trainer_loss(const NetrtTrainer *trainer) { return trainer->loss_sum / (double)trainer->seen; }

double netrt_trainer_accuracy(const NetrtTrainer *trainer) {
    return trainer->correct_metric ? trainer->correct_sum / (double)trainer->seen : NAN;
}
