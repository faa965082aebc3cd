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

enum { FILES = 2 * NETRT_MAX_INPUTS, TRAIN = 0, TEST = NETRT_MAX_INPUTS }; // files lie as NetrtDataset.arrays does
_Static_assert(FILES == NETRT_MOST_FILES, "a path for each file");

typedef struct Opening {
    const NetrtProgram *program;
    const NetrtData *data;
    int x[NETRT_MAX_INPUTS], x_count; // the program's inputs that are no targets, in order
    int y;                            // its target; −1 if there is none
    NetrtDataFiles files;             // paths are also what messages call the arrays
    NetrtDataset *set;
    NetrtError *error;
} Opening;

static bool reads_target(const Opening *o) { return o->y >= 0 && !o->data->target_is_input; }

static bool find_inputs(Opening *o) {
    const NetrtProgram *program = o->program;
    const int64_t wanted = o->data->x_count > 1 ? o->data->x_count : 1;
    if (program->input_count > NETRT_MAX_INPUTS)
        return netrt_fail(o->error, "the program has more inputs than a data set can feed");
    for (int i = 0; i < program->input_count; i++) {
        const NetrtInput *input = &program->inputs[i];
        if (!input->target) {
            o->x[o->x_count++] = i;
        } else if (o->y >= 0) {
            return netrt_fail(o->error, "a data set has one target, but the program wants '%.60s' besides '%.60s'", input->name,
                              program->inputs[o->y].name);
        } else {
            o->y = i;
        }
    }
    if (!o->x_count) return netrt_fail(o->error, "the program has no input that a data set could feed");
    if (o->x_count == wanted) return true;
    if (wanted == 1) return netrt_fail(o->error, "a data set has one input, but the program wants %d", o->x_count);
    return netrt_fail(o->error, "the data set has files for %lld inputs, but the program wants %d", (long long)wanted,
                      o->x_count);
}

// ---- Arrays

static bool make_synthetic(Opening *o, int part) {
    bool test = part == TEST;
    int64_t count = test ? netrt_synthetic_test_count(o->data->count) : o->data->count;
    int x = part + o->x[0], y = part + (o->y >= 0 ? o->y : 1); // targets that nobody asks for have a place behind the input
    for (int i = 0; i < 2; i++) {
        snprintf(o->files.paths[i ? y : x], NETRT_PATH_BYTES, "synthetic %.60s (%s)", o->data->kind ? o->data->kind : "data",
                 i ? "targets" : "inputs");
    }
    return netrt_synthetic_make(o->data, count, test, &o->set->arrays[x], &o->set->arrays[y], o->error);
}

static bool read_part(Opening *o, int part) {
    if (strcmp(o->data->format, "synthetic") == 0) return make_synthetic(o, part);
    bool idx = strcmp(o->data->format, "idx") == 0;
    for (int i = part; i < part + NETRT_MAX_INPUTS; i++) {
        if (!o->files.names[i]) continue;
        if (!(idx ? netrt_idx_read : netrt_npy_read)(o->files.paths[i], &o->set->arrays[i], o->error)) return false;
    }
    return true;
}

// ---- Checks

// The rows of array `from` as the program's input `i` reads them.
static bool take_rows(Opening *o, int part, int i, int from) {
    const char *path = o->files.paths[part + from];
    NetrtRows *rows = &o->set->converted[part + i];
    if (!netrt_rows_from_array(&o->set->arrays[part + from], &o->program->inputs[i], path, rows, o->error)) return false;
    if (rows->count > INT32_MAX) return netrt_fail(o->error, "%s: has more than %d samples", path, INT32_MAX);
    return rows->count > 0 || netrt_fail(o->error, "%s: holds no samples", path);
}

static bool check_labels(const Opening *o, int part) {
    const int file = part + o->y;
    const NetrtRows *rows = &o->set->converted[file];
    int64_t classes = o->data->class_count, elements = o->set->arrays[file].count;
    if (o->program->inputs[o->y].dtype != NETRT_I64 || classes <= 0) return true;
    const int64_t *labels = rows->data;
    for (int64_t k = 0; k < elements; k++) {
        if (labels[k] < 0 || labels[k] >= classes) {
            return netrt_fail(o->error, "%s: label %lld of sample %lld is outside the classes 0 to %lld", o->files.paths[file],
                              (long long)labels[k], (long long)(k / (elements / rows->count)), (long long)classes - 1);
        }
    }
    return true;
}

// Reads the files of a split and hangs their rows on it.
static bool open_split(Opening *o, int part, NetrtSplit *split) {
    if (!read_part(o, part)) return false;
    for (int i = 0; i < o->program->input_count; i++) {
        const bool own = i != o->y || reads_target(o);
        const int from = own ? i : o->x[0], first = o->x[0];
        if (!take_rows(o, part, i, from)) return false;
        const NetrtRows *rows = &o->set->converted[part + i];
        split->rows[i] = rows->data;
        if (i == first) split->count = split->row_count = rows->count;
        if (i > first && rows->count != split->count) {
            return netrt_fail(o->error, "%s has %lld samples, but %s has %lld", o->files.paths[part + first],
                              (long long)split->count, o->files.paths[part + from], (long long)rows->count);
        }
    }
    return !reads_target(o) || check_labels(o, part);
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

// Which file each input of the program has.
static bool name_files(Opening *o, int part, const char *const *x, const char *y) {
    for (int i = 0; i < o->x_count; i++) {
        o->files.names[part + o->x[i]] = x ? x[i] : NULL;
        if (!x || !x[i]) return netrt_fail(o->error, "%s names no file of inputs", o->program->source);
    }
    if (!reads_target(o)) return true;
    o->files.names[part + o->y] = y;
    return y || netrt_fail(o->error, "%s names no file of targets", o->program->source);
}

static bool open_all(Opening *o, const char *folder, unsigned splits) {
    const NetrtData *data = o->data;
    if (!data->format) return netrt_fail(o->error, "%s names no data set (data = …)", o->program->source);
    bool synthetic = strcmp(data->format, "synthetic") == 0;
    if (!synthetic && strcmp(data->format, "idx") != 0 && strcmp(data->format, "npy") != 0) {
        return netrt_fail(o->error, "data sets of the format '%.40s' cannot be read", data->format);
    }
    if (!find_inputs(o)) return false;
    bool train = splits & (1u << NETRT_SPLIT_TRAIN | 1u << NETRT_SPLIT_VALIDATION);
    bool test = (splits & 1u << NETRT_SPLIT_TEST) && (synthetic || (data->test_x && data->test_x[0]));
    if (!synthetic) {
        if (train && !name_files(o, TRAIN, data->train_x, data->train_y)) return false;
        if (test && !name_files(o, TEST, data->test_x, data->test_y)) return false;
        if (!netrt_locate(data, folder, &o->files, o->error)) return false;
        memcpy(o->set->folder, o->files.folder, sizeof o->set->folder);
    }
    if (train && !open_split(o, TRAIN, &o->set->splits[NETRT_SPLIT_TRAIN])) return false;
    if (test && !open_split(o, TEST, &o->set->splits[NETRT_SPLIT_TEST])) return false;
    return !train || cut_validation(o);
}

bool netrt_dataset_open(const NetrtProgram *program, const char *folder, unsigned splits, NetrtDataset *out,
                        NetrtError *error) {
    *out = (NetrtDataset){0};
    Opening *opening = calloc(1, sizeof *opening);
    if (!opening) return netrt_fail(error, "not enough memory to open the data set");
    opening->program = program;
    opening->data = &program->data;
    opening->y = -1;
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
