// The training loop without anything that is shown: the order of samples, batches, steps, running means.
#pragma once

#include "program/accumulate.h"
#include "program/session.h"

typedef struct NetrtTrainer {
    NetrtSession *session;
    const NetrtSplit *split;
    const NetrtTrain *train;
    int64_t batch;         // samples in a full batch
    int64_t epoch_batches; // batches of an epoch
    int64_t epoch_steps;   // steps of an epoch: updates of the parameters
    bool shuffle;
    bool halves;                  // gradients, accumulation, clipping, apply instead of the fused step
    NetrtAccumulator accumulator; // of the batches of a step
    int32_t *order;               // [split->count]: rows in this epoch's order
    const NetrtOutput *loss_metric, *correct_metric;
    // ---- so far
    int64_t steps;                // of the whole run
    int64_t batches;              // of this epoch
    int64_t seen;                 // samples of this epoch
    double loss;                  // mean over the samples of the last step
    double loss_sum, correct_sum; // over this epoch's samples
} NetrtTrainer;

// Reserves memory and sets the run's scalars from the options. The session holds parameters and the training split.
bool netrt_trainer_open(NetrtTrainer *trainer, const NetrtContext *context, NetrtSession *session, NetrtError *error);
void netrt_trainer_close(NetrtTrainer *trainer);

// Begins epoch number `epoch`, counted from 0: draws its order.
void netrt_trainer_epoch(NetrtTrainer *trainer, int64_t epoch);

// The next step of this epoch, of one batch or as many as are accumulated; at most epoch_steps of them. The last step of an
// epoch may have fewer batches: they are divided by the same number and applied all the same.
bool netrt_trainer_step(NetrtTrainer *trainer, NetrtError *error);

// Means over the samples of this epoch so far; there is an accuracy if there is a correct_metric.
double netrt_trainer_loss(const NetrtTrainer *trainer);
double netrt_trainer_accuracy(const NetrtTrainer *trainer);

// Clips the gradients as torch.nn.utils.clip_grad_norm_ and clip_grad_value_ do; 0 is no limit.
void netrt_clip_gradients(const NetrtProgram *program, char *vars, double norm, double value);
