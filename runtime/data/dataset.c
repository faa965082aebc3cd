// Opens a program's data set. See dataset.h.
#include "data/dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/counter_random.h"
#include "data/idx.h"
#include "data/locate.h"
#include "data/npy.h"
#include "data/synthetic.h"

enum { TRAIN_X, TRAIN_Y, TEST_X, TEST_Y, FILES };

typedef struct Opening {
    const NetrtProgram *program;
    const NetrtData *data;
    const NetrtInput *input, *target; // target: NULL if the program has none
    int32_t input_index, target_index;
    NetrtDataFiles files; // paths are also what messages call the arrays
    NetrtDataset *set;
    NetrtError *error;
} Opening;

static bool reads_target(const Opening *o) { return o->target && !o->data->target_is_input; }

static bool find_inputs(Opening *o) {
    const NetrtProgram *program = o->program;
    if (program->input_count > NETRT_MAX_INPUTS)
        return netrt_fail(o->error, "the program has more inputs than a data set can feed");
    for (int32_t i = 0; i < (int32_t)program->input_count; i++) {
        const NetrtInput *input = &program->inputs[i];
        const NetrtInput **place = input->target ? &o->target : &o->input;
        if (*place) {
            return netrt_fail(o->error, "a data set has one %s, but the program wants '%.60s' besides '%.60s'",
                              input->target ? "target" : "input", input->name, (*place)->name);
        }
        *place = input;
        if (input->target) o->target_index = i;
        else o->input_index = i;
    }
    return o->input || netrt_fail(o->error, "the program has no input that a data set could feed");
}

// ---- Arrays

static bool make_synthetic(Opening *o, int first) {
    bool test = first == TEST_X;
    int64_t count = test ? netrt_synthetic_test_count(o->data->count) : o->data->count;
    for (int i = first; i < first + 2; i++) {
        snprintf(o->files.paths[i], NETRT_PATH_BYTES, "synthetic %.60s (%s)", o->data->kind ? o->data->kind : "data",
                 i == first ? "inputs" : "targets");
    }
    return netrt_synthetic_make(o->data, count, test, &o->set->arrays[first], &o->set->arrays[first + 1], o->error);
}

static bool read_file(Opening *o, int i) {
    bool idx = strcmp(o->data->format, "idx") == 0;
    return (idx ? netrt_idx_read : netrt_npy_read)(o->files.paths[i], &o->set->arrays[i], o->error);
}

static bool read_pair(Opening *o, int first) {
    if (strcmp(o->data->format, "synthetic") == 0) return make_synthetic(o, first);
    return read_file(o, first) && (!reads_target(o) || read_file(o, first + 1));
}

// ---- Checks

// The rows of file i as the program's input `input` reads them.
static bool take_rows(Opening *o, int i, int array, const NetrtInput *input) {
    const char *path = o->files.paths[array];
    NetrtRows *rows = &o->set->converted[i];
    if (!netrt_rows_from_array(&o->set->arrays[array], input, path, rows, o->error)) return false;
    if (rows->count > INT32_MAX) return netrt_fail(o->error, "%s: has more than %d samples", path, INT32_MAX);
    return rows->count > 0 || netrt_fail(o->error, "%s: holds no samples", path);
}

static bool check_labels(const Opening *o, int i) {
    const NetrtRows *rows = &o->set->converted[i];
    int64_t classes = o->data->class_count, elements = o->set->arrays[i].count;
    if (o->target->dtype != NETRT_I64 || classes <= 0) return true;
    const int64_t *labels = rows->data;
    for (int64_t k = 0; k < elements; k++) {
        if (labels[k] < 0 || labels[k] >= classes) {
            return netrt_fail(o->error, "%s: label %lld of sample %lld is outside the classes 0 to %lld", o->files.paths[i],
                              (long long)labels[k], (long long)(k / (elements / rows->count)), (long long)classes - 1);
        }
    }
    return true;
}

// Reads the files of a split and hangs their rows on it.
static bool open_split(Opening *o, int first, NetrtSplit *split) {
    NetrtRows *x = &o->set->converted[first], *y = &o->set->converted[first + 1];
    if (!read_pair(o, first) || !take_rows(o, first, first, o->input)) return false;
    split->count = split->row_count = x->count;
    split->rows[o->input_index] = x->data;
    if (!o->target) return true;
    bool own = reads_target(o);
    if (!take_rows(o, first + 1, own ? first + 1 : first, o->target)) return false;
    split->rows[o->target_index] = y->data;
    if (y->count != x->count) {
        return netrt_fail(o->error, "%s has %lld samples, but %s has %lld", o->files.paths[first], (long long)x->count,
                          o->files.paths[own ? first + 1 : first], (long long)y->count);
    }
    return !own || check_labels(o, first + 1);
}

// ---- Validation

// Takes floor(fraction × n) (0.29 of 100 is 29) of the training samples for validation: going through them in order, each is
// taken with the probability that is left to fulfil, so every choice is equally likely and both parts stay in the files' order.
static bool cut_validation(Opening *o) {
    NetrtSplit *train = &o->set->splits[NETRT_SPLIT_TRAIN], *validation = &o->set->splits[NETRT_SPLIT_VALIDATION];
    int64_t n = train->count, wanted = (int64_t)(o->data->validation * (double)n + 1e-6);
    if (!(o->data->validation > 0) || wanted < 1) return true;
    if (wanted >= n) return netrt_fail(o->error, "validation=%g leaves no samples to train with", o->data->validation);
    int32_t *kept = malloc((size_t)(n - wanted) * sizeof *kept), *taken = malloc((size_t)wanted * sizeof *taken);
    o->set->index[0] = kept;
    o->set->index[1] = taken;
    if (!kept || !taken) return netrt_fail(o->error, "not enough memory to cut off the validation samples");
    CounterRandom random = counter_start(o->data->seed, 'v', (uint64_t)n);
    int64_t chosen = 0;
    for (int64_t i = 0; i < n; i++) {
        bool take = (int64_t)((counter_next(&random) >> 32) * (uint64_t)(n - i) >> 32) < wanted - chosen;
        if (take) taken[chosen++] = (int32_t)i;
        else kept[i - chosen] = (int32_t)i;
    }
    *validation = *train;
    train->count = n - wanted;
    train->index = kept;
    validation->count = wanted;
    validation->index = taken;
    return true;
}

// ---- The whole

static bool open_all(Opening *o, const char *folder, unsigned splits) {
    const NetrtData *data = o->data;
    if (!data->format) return netrt_fail(o->error, "%s names no data set (data = …)", o->program->source);
    bool synthetic = strcmp(data->format, "synthetic") == 0;
    if (!synthetic && strcmp(data->format, "idx") != 0 && strcmp(data->format, "npy") != 0) {
        return netrt_fail(o->error, "data sets of the format '%.40s' cannot be read", data->format);
    }
    if (!find_inputs(o)) return false;
    bool train = splits & (1u << NETRT_SPLIT_TRAIN | 1u << NETRT_SPLIT_VALIDATION);
    bool test = (splits & 1u << NETRT_SPLIT_TEST) && (synthetic || data->test_x);
    if (!synthetic) {
        unsigned pair = reads_target(o) ? 3 : 1;
        unsigned wanted = (train ? pair << TRAIN_X : 0) | (test ? pair << TEST_X : 0);
        const char *names[FILES] = {data->train_x, data->train_y, data->test_x, data->test_y};
        for (int i = 0; i < FILES; i++) {
            if ((wanted >> i & 1) && !names[i]) {
                return netrt_fail(o->error, "%s names no file of %s", o->program->source, i % 2 ? "targets" : "inputs");
            }
        }
        if (!netrt_locate(data, folder, wanted, &o->files, o->error)) return false;
        memcpy(o->set->folder, o->files.folder, sizeof o->set->folder);
    }
    if (train && !open_split(o, TRAIN_X, &o->set->splits[NETRT_SPLIT_TRAIN])) return false;
    if (test && !open_split(o, TEST_X, &o->set->splits[NETRT_SPLIT_TEST])) return false;
    return !train || cut_validation(o);
}

bool netrt_dataset_open(const NetrtProgram *program, const char *folder, unsigned splits, NetrtDataset *out,
                        NetrtError *error) {
    *out = (NetrtDataset){0};
    Opening *opening = calloc(1, sizeof *opening);
    if (!opening) return netrt_fail(error, "not enough memory to open the data set");
    opening->program = program;
    opening->data = &program->data;
    opening->set = out;
    opening->error = error;
    bool done = open_all(opening, folder, splits);
    free(opening);
    if (!done) netrt_dataset_close(out);
    return done;
}

void netrt_dataset_close(NetrtDataset *dataset) {
    for (int i = 0; i < FILES; i++) {
        netrt_rows_close(&dataset->converted[i]);
        netrt_array_close(&dataset->arrays[i]);
    }
    free(dataset->index[0]);
    free(dataset->index[1]);
    *dataset = (NetrtDataset){0};
}
