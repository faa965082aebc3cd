// --log: a row for each epoch, or each logged step, as CSV or as JSON lines (by the name's ending).
#pragma once

#include <stdio.h>

#include "data/error.h"
#include "program/evaluate.h"

typedef struct NetrtTrainLog {
    FILE *file; // NULL: no log was asked for
    const char *path;
    bool json;
    bool steps; // rows are steps, not epochs
} NetrtTrainLog;

bool netrt_train_log_open(NetrtTrainLog *log, const char *path, bool steps, NetrtError *error);
void netrt_train_log_step(NetrtTrainLog *log, int64_t step, int64_t epoch, double loss);
void netrt_train_log_epoch(NetrtTrainLog *log, int64_t step, int64_t epoch, double loss, const NetrtEvaluation *validation,
                           const NetrtEvaluation *test);
// False if not everything could be written; `error` may be NULL.
bool netrt_train_log_close(NetrtTrainLog *log, NetrtError *error);
