// See samples.h. What a file holds is told by its first bytes, for names lie.
#include "program/samples.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/idx.h"
#include "data/npy.h"
#include "data/pgm.h"

static const struct {
    const char *prefix;
    int split;
} splits[] = {{"test:", NETRT_SPLIT_TEST}, {"train:", NETRT_SPLIT_TRAIN}};

int netrt_samples_split(const char *argument) {
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++)
        if (strncmp(argument, splits[i].prefix, strlen(splits[i].prefix)) == 0) return splits[i].split;
    return -1;
}

static bool open_sample(const NetrtContext *context, const NetrtSession *session, const char *argument, NetrtSamples *samples,
                        NetrtError *error) {
    int which = netrt_samples_split(argument), target = netrt_target_input(context->program);
    const NetrtSplit *split = &session->data.splits[which];
    const char *number = strchr(argument, ':') + 1;
    char *end;
    errno = 0;
    long long i = strtoll(number, &end, 10);
    if (end == number || *end || errno)
        return netrt_fail(error, "%s: a sample is named by its number, as in test:17", argument);
    if (i < 0 || i >= split->count)
        return netrt_fail(error, "%s: the %s set has samples 0 to %lld", argument,
                          which == NETRT_SPLIT_TEST ? "test" : "training", (long long)split->count - 1);
    memcpy(samples->inputs, split->rows, sizeof samples->inputs);
    samples->first = netrt_split_row(split, i);
    samples->count = 1;
    if (context->program->class_target && target >= 0) samples->targets = split->rows[target];
    return true;
}

static bool begins(const unsigned char *bytes, size_t count, const char *magic, size_t length) {
    return count >= length && memcmp(bytes, magic, length) == 0;
}

static bool read_array(const char *path, NetrtArray *array, NetrtError *error) {
    unsigned char head[8];
    FILE *file = fopen(path, "re");
    if (!file) return netrt_fail(error, "%s: %s", path, strerror(errno));
    size_t count = fread(head, 1, sizeof head, file);
    bool bad = ferror(file);
    fclose(file);
    if (bad) return netrt_fail(error, "%s could not be read", path);
    if (begins(head, count, "\x93NUMPY", 6)) return netrt_npy_read(path, array, error);
    if (begins(head, count, "P5", 2) || begins(head, count, "P2", 2)) return netrt_pgm_read(path, array, error);
    if (begins(head, count, "\x1f\x8b", 2))
        return strstr(path, ".npy") ? netrt_npy_read(path, array, error) : netrt_idx_read(path, array, error);
    if (begins(head, count, "\0\0", 2)) return netrt_idx_read(path, array, error);
    if (begins(head, count, "\x89PNG", 4))
        return netrt_fail(error, "%s: PNG pictures are not in this version; make it a PGM", path);
    return netrt_fail(error, "%s is not a picture or array that predict reads: PGM, .npy, an IDX file, or test:17", path);
}

static bool open_file(const NetrtContext *context, const char *path, NetrtSamples *samples, NetrtError *error) {
    int input = -1;
    for (int i = 0; i < context->program->input_count; i++) {
        if (context->program->inputs[i].target) continue;
        if (input >= 0)
            return netrt_fail(error, "%s: this model has several inputs; name samples of the data set, as in test:17", path);
        input = i;
    }
    if (input < 0) return netrt_fail(error, "%s: this model has no input", path);
    if (!read_array(path, &samples->array, error)) return false;
    if (!netrt_rows_from_array(&samples->array, &context->program->inputs[input], path, &samples->rows, error)) return false;
    samples->inputs[input] = samples->rows.data;
    samples->count = samples->rows.count;
    return samples->count > 0 || netrt_fail(error, "%s has no samples", path);
}

bool netrt_samples_open(const NetrtContext *context, const NetrtSession *session, const char *argument, NetrtSamples *samples,
                        NetrtError *error) {
    *samples = (NetrtSamples){0};
    bool ok = netrt_samples_split(argument) >= 0 ? open_sample(context, session, argument, samples, error)
                                                 : open_file(context, argument, samples, error);
    if (!ok) netrt_samples_close(samples);
    return ok;
}

void netrt_samples_close(NetrtSamples *samples) {
    netrt_rows_close(&samples->rows);
    netrt_array_close(&samples->array);
    *samples = (NetrtSamples){0};
}
