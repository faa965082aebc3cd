// See evaluate.h. Batches are added up in order, in f64, so the result does not depend on the number of threads.
#include "program/evaluate.h"

#include <math.h>

#include "program/interrupt.h"

#define BATCH 256
#define WORKSPACE_LIMIT (8 << 20) // bytes; wide models get smaller batches

int64_t netrt_evaluation_batch(const NetrtEntry *entry, int64_t count) {
    int64_t batch = BATCH, bytes;
    while (batch > NETRT_BLOCK && netrt_engine_workspace(entry, batch, &bytes) && bytes > WORKSPACE_LIMIT) batch /= 2;
    return batch < count ? batch : count;
}

static void count_confusion(const NetrtSession *session, const NetrtOutput *predicted, const int64_t *targets, int64_t N,
                            int64_t *confusion) {
    const NetrtEngine *engine = &session->engine;
    int64_t classes = engine->program->data.class_count;
    const int64_t *classes_predicted = netrt_engine_output(engine, predicted);
    for (int64_t i = 0; i < N; i++) {
        int64_t truth = targets[engine->index[i]], guess = classes_predicted[i];
        if (truth >= 0 && truth < classes && guess < classes) confusion[truth * classes + guess]++;
    }
}

bool netrt_evaluate(NetrtSession *session, const NetrtSplit *split, int64_t batch, int64_t *confusion, NetrtEvaluation *out,
                    NetrtError *error) {
    NetrtEngine *engine = &session->engine;
    const NetrtEntry *entry = &engine->program->entries[NETRT_EVALUATE];
    const NetrtOutput *loss = netrt_entry_metric(entry, "loss"), *correct = netrt_entry_metric(entry, "correct");
    const NetrtOutput *predicted = netrt_entry_result(entry, "predicted");
    int target = netrt_target_input(engine->program);
    if (batch == 0) batch = netrt_evaluation_batch(entry, split->count);
    if (batch > split->count) batch = split->count;
    if (!netrt_engine_reserve(engine, NETRT_EVALUATE, batch, error)) return false;
    netrt_session_bind(session, split);
    double loss_sum = 0, correct_sum = 0;
    *out = (NetrtEvaluation){.count = split->count};
    for (int64_t first = 0; first < split->count && !out->interrupted; first += batch) {
        int64_t N = split->count - first < batch ? split->count - first : batch;
        for (int64_t i = 0; i < N; i++) engine->index[i] = netrt_split_row(split, first + i);
        if (!netrt_engine_run(engine, NETRT_EVALUATE, N, error)) return false;
        loss_sum += netrt_engine_metric(engine, loss) * (double)N;
        if (correct) correct_sum += netrt_engine_metric(engine, correct);
        if (confusion && predicted && target >= 0) count_confusion(session, predicted, split->rows[target], N, confusion);
        out->interrupted = netrt_interrupted();
    }
    out->loss = isnan(loss_sum) ? NAN : loss_sum / (double)split->count; // the sign of a NaN would be printed
    out->correct = (int64_t)correct_sum;
    out->accuracy = correct ? correct_sum / (double)split->count : NAN;
    return true;
}
