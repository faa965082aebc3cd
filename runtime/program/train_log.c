// See train_log.h. Rows are written as they come, so that a run can be watched and an interrupted one leaves what it had.
#include "program/train_log.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "report/json.h"

static bool ends_with(const char *text, const char *end) {
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0;
}

bool netrt_train_log_open(NetrtTrainLog *log, const char *path, bool steps, NetrtError *error) {
    *log = (NetrtTrainLog){.path = path, .steps = steps};
    if (!path) return true;
    log->json = ends_with(path, ".jsonl");
    if (!log->json && !ends_with(path, ".csv")) return netrt_fail(error, "--log %s: the name must end in .csv or .jsonl", path);
    log->file = fopen(path, "we");
    if (!log->file) return netrt_fail(error, "--log %s: %s", path, strerror(errno));
    if (log->json) return true;
    fputs(steps ? "step,epoch,loss\n" : "step,epoch,train_loss,validation_loss,validation_accuracy,test_loss,test_accuracy\n",
          log->file);
    return true;
}

// A value of a row; in CSV what there is not is empty, in JSON it is left out.
static void put(NetrtTrainLog *log, const char *name, double value, bool present) {
    if (log->json && !present) return;
    if (log->json) fprintf(log->file, ",\"%s\":", name);
    else fputc(',', log->file);
    if (log->json) netrt_json_number(log->file, value);
    else if (present) fprintf(log->file, "%.17g", value);
}

static void begin(NetrtTrainLog *log, int64_t step, int64_t epoch) {
    fprintf(log->file, log->json ? "{\"step\":%lld,\"epoch\":%lld" : "%lld,%lld", (long long)step, (long long)epoch);
}

static void end(NetrtTrainLog *log) { fputs(log->json ? "}\n" : "\n", log->file); }

void netrt_train_log_step(NetrtTrainLog *log, int64_t step, int64_t epoch, double loss) {
    if (!log->file || !log->steps) return;
    begin(log, step, epoch);
    put(log, "loss", loss, true);
    end(log);
}

void netrt_train_log_epoch(NetrtTrainLog *log, int64_t step, int64_t epoch, double loss, const NetrtEvaluation *validation,
                           const NetrtEvaluation *test) {
    if (!log->file || log->steps) return;
    begin(log, step, epoch);
    put(log, "train_loss", loss, true);
    put(log, "validation_loss", validation->loss, validation->count > 0);
    put(log, "validation_accuracy", validation->accuracy, validation->count > 0 && !isnan(validation->accuracy));
    put(log, "test_loss", test->loss, test->count > 0);
    put(log, "test_accuracy", test->accuracy, test->count > 0 && !isnan(test->accuracy));
    end(log);
    fflush(log->file);
}

bool netrt_train_log_close(NetrtTrainLog *log, NetrtError *error) {
    if (!log->file) return true;
    bool bad = ferror(log->file) != 0;
    bad |= fclose(log->file) != 0;
    log->file = NULL;
    if (bad && error) netrt_fail(error, "--log %s could not be written: is the disk full?", log->path);
    return !bad;
}
