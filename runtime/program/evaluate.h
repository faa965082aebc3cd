// Loss and accuracy over all samples of a split, in inference mode.
#pragma once

#include "program/session.h"

typedef struct NetrtEvaluation {
    double loss;     // mean over the samples
    double accuracy; // fraction; NaN when targets are no classes
    int64_t correct, count;
    bool interrupted; // Ctrl-C came: the rest means nothing
} NetrtEvaluation;

// Evaluates in batches of up to `batch` samples (0: a size that suits caches). `confusion`, if not NULL, has class_count² zeros
// and counts [true class × class_count + predicted class].
bool netrt_evaluate(NetrtSession *session, const NetrtSplit *split, int64_t batch, int64_t *confusion, NetrtEvaluation *out,
                    NetrtError *error);

// The batch size meant by 0.
int64_t netrt_evaluation_batch(const NetrtEntry *entry, int64_t count);
