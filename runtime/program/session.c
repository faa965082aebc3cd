// See session.h.
#include "program/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpoint/safetensors.h"
#include "threads/cpus.h"

#define MOST_THREADS 1024

void netrt_default_save(const NetrtContext *context, char *path, size_t size) {
    snprintf(path, size, "%s.safetensors", context->name);
}

static bool load(const NetrtContext *context, NetrtSession *session, const char *path, NetrtError *error) {
    return netrt_vars_load(context->program, session->engine.vars, NETRT_SAVED_KINDS, path, error);
}

static bool load_trained(const NetrtContext *context, NetrtSession *session, NetrtError *error) {
    char path[1024];
    if (context->options.load) return load(context, session, context->options.load, error);
    netrt_default_save(context, path, sizeof path);
    if (access(path, F_OK) != 0)
        return netrt_fail(error, "%s is not here: run %s train first, or give --load FILE", path, context->command);
    return load(context, session, path, error);
}

static bool load_initial(const NetrtContext *context, NetrtSession *session, NetrtError *error) {
    if (!netrt_engine_init(&session->engine, context->options.seed, error)) return false;
    return !context->options.load || load(context, session, context->options.load, error);
}

static bool open_data(const NetrtContext *context, unsigned splits, NetrtSession *session, NetrtError *error) {
    if (splits == 0) return true;
    if (!context->program->data.format)
        return netrt_fail(error, "%s names no data set: this needs one, as in data = MNIST()", context->program->source);
    return netrt_dataset_open(context->program, context->options.data, splits, &session->data, error);
}

bool netrt_session_open(const NetrtContext *context, NetrtStart start, unsigned splits, NetrtSession *session,
                        NetrtError *error) {
    int64_t threads = context->options.threads;
    *session = (NetrtSession){0};
    if (threads > MOST_THREADS) return netrt_fail(error, "--threads can be at most %d", MOST_THREADS);
    if (threads == 0) threads = netrt_cpus_available();
    if (!netrt_engine_open(&session->engine, context->program, (int)threads, error)) return false;
    const char *share = getenv("NETC_SHARE");
    session->engine.share = share && strcmp(share, "always") == 0;
    bool ok = start == NETRT_START_INITIAL ? load_initial(context, session, error) : load_trained(context, session, error);
    if (ok && open_data(context, splits, session, error)) return true;
    netrt_session_close(session);
    return false;
}

void netrt_session_close(NetrtSession *session) {
    netrt_engine_close(&session->engine);
    netrt_dataset_close(&session->data);
}

bool netrt_require_entry(const NetrtContext *context, int entry, NetrtError *error) {
    static const char *const lacks[NETRT_ENTRIES] = {[NETRT_INIT] = "parameters",
                                                     [NETRT_TRAIN_STEP] = "model, loss and data to train with",
                                                     [NETRT_GRADIENTS] = "loss to differentiate",
                                                     [NETRT_APPLY] = "optimizer",
                                                     [NETRT_EVALUATE] = "loss to evaluate",
                                                     [NETRT_PREDICT] = "model",
                                                     [NETRT_LOSS] = "loss"};
    if (context->program->entries[entry].steps) return true;
    return netrt_fail(error, "%s has no %s", context->program->source, lacks[entry]);
}

int netrt_target_input(const NetrtProgram *program) {
    for (int i = 0; i < program->input_count; i++)
        if (program->inputs[i].target) return i;
    return -1;
}

void netrt_session_bind(NetrtSession *session, const NetrtSplit *split) {
    memcpy(session->engine.inputs, split->rows, sizeof session->engine.inputs);
}
