// The data set of a program: finds its files, checks them against what the program's kernels expect, and gives their rows.
//
// Rows stay as they lie in the files (bytes stay bytes, mapped from unpacked files); kernels gather and convert them.
#pragma once

#include "data/array.h"

#define NETRT_MAX_INPUTS 8

enum { NETRT_SPLIT_TRAIN, NETRT_SPLIT_VALIDATION, NETRT_SPLIT_TEST, NETRT_SPLITS };

typedef struct NetrtSplit {
    int64_t count;                      // samples; 0: there is no such split (no test files, no validation asked for)
    const void *rows[NETRT_MAX_INPUTS]; // [i]: the base that NETRT_SPACE_INPUT + i refers to, for program->inputs[i]
    const int32_t *index;               // [count]: sample → row; NULL: sample i is row i
    int64_t row_count;                  // rows at rows[i]; ≥ count, when train and validation share them
} NetrtSplit;

typedef struct NetrtDataset {
    NetrtSplit splits[NETRT_SPLITS];
    char folder[1024]; // where the files were found; "" for synthetic data
    // ---- owned by the data set
    NetrtArray arrays[2 * NETRT_MAX_INPUTS];   // of the training samples by program->inputs, then of the test samples
    NetrtRows converted[2 * NETRT_MAX_INPUTS]; // rows made of them
    int32_t *index[2];                         // of train and validation
} NetrtDataset;

// Opens program->data. `folder` is the argument of --data or NULL: then $NETC_DATA, ./data and the user's cache folder
// ($XDG_CACHE_HOME/netc or ~/.cache/netc) are searched in turn; in each, program->data.folder under it (as spelt, in small
// letters, and its "raw" as torchvision leaves it) and then the folder itself, if its name allows it (locate.h). A set without
// a `folder` of its own (IDX, NPY with the user's file names) is also looked for in the current folder. `splits`: the ones
// wanted, (1 << NETRT_SPLIT_TRAIN) | …; files of others are not opened. Validation is cut from the training samples
// (program->data.validation) by a generator of netc's own: whether it is wanted or not, train excludes its samples. Checked:
// that the files are whole, counts of inputs and targets agree, sizes of rows are those of program->inputs, labels of integer
// targets lie within class_count (when that is not 0). Labels are given as i64 whatever the file holds. On success the caller
// closes *out with netrt_dataset_close; on failure *out is empty and error says what to do.
bool netrt_dataset_open(const NetrtProgram *program, const char *folder, unsigned splits, NetrtDataset *out, NetrtError *error);
void netrt_dataset_close(NetrtDataset *dataset);

// Row of the data that sample i of the split is: what goes into NETRT_SPACE_INDEX.
static inline int32_t netrt_split_row(const NetrtSplit *split, int64_t i) {
    return split->index ? split->index[i] : (int32_t)i;
}
