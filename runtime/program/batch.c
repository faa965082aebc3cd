// See batch.h.
#include "program/batch.h"

#include "data/npy.h"

unsigned netrt_batch_splits(const NetrtContext *context) { return context->options.input.count ? 0 : 1u << NETRT_SPLIT_TRAIN; }

static bool read_files(const NetrtContext *context, NetrtSession *session, NetrtBatch *batch, NetrtError *error) {
    const NetrtProgram *program = context->program;
    const NetrtTexts *files = &context->options.input;
    int wanted = 0, next = 0;
    for (int i = 0; i < program->input_count; i++) wanted += !program->inputs[i].target;
    if (files->count != wanted)
        return netrt_fail(error, "--input is given %d times, but the model has %d inputs: give a file for each, in their order",
                          files->count, wanted);
    for (int i = 0; i < program->input_count; i++) {
        const NetrtInput *input = &program->inputs[i];
        const char *path = input->target ? context->options.target : files->items[next++];
        if (!path) return netrt_fail(error, "--input X.npy needs --target Y.npy beside it");
        if (!netrt_npy_read(path, &batch->arrays[i], error)) return false;
        if (!netrt_rows_from_array(&batch->arrays[i], input, path, &batch->rows[i], error)) return false;
        if (i > 0 && batch->rows[i].count != batch->N)
            return netrt_fail(error, "%s has %lld samples, but %s has %lld", path, (long long)batch->rows[i].count,
                              files->items[0], (long long)batch->N);
        batch->N = batch->rows[i].count;
        session->engine.inputs[i] = batch->rows[i].data;
    }
    return batch->N > 0 || netrt_fail(error, "%s has no samples", files->items[0]);
}

static void take_first(const NetrtContext *context, NetrtSession *session, int64_t most, NetrtBatch *batch) {
    const NetrtSplit *split = &session->data.splits[NETRT_SPLIT_TRAIN];
    int64_t asked = context->options.batch_size ? context->options.batch_size : most;
    netrt_session_bind(session, split);
    batch->N = asked < split->count ? asked : split->count;
}

bool netrt_batch_open(const NetrtContext *context, NetrtSession *session, int64_t most, NetrtBatch *batch, NetrtError *error) {
    *batch = (NetrtBatch){0};
    if (context->options.input.count == 0) {
        take_first(context, session, most, batch);
        return true;
    }
    bool ok = read_files(context, session, batch, error);
    if (!ok) netrt_batch_close(batch);
    return ok;
}

void netrt_batch_close(NetrtBatch *batch) {
    for (int i = 0; i < NETRT_MAX_INPUTS; i++) {
        netrt_rows_close(&batch->rows[i]);
        netrt_array_close(&batch->arrays[i]);
    }
    *batch = (NetrtBatch){0};
}

bool netrt_batch_reserve(const NetrtBatch *batch, NetrtEngine *engine, int entry, NetrtError *error) {
    if (!netrt_engine_reserve(engine, entry, batch->N, error)) return false;
    netrt_engine_consecutive(engine, 0, batch->N);
    return true;
}
