// Finds the files of a data set on this machine.
#pragma once

#include "data/error.h"
#include "netrt.h"

#define NETRT_PATH_BYTES 1024

typedef struct NetrtDataFiles {
    char paths[4][NETRT_PATH_BYTES]; // train x, train y, test x, test y as they are found; "" for one that is not wanted
    char folder[NETRT_PATH_BYTES];   // where the first of them lies
} NetrtDataFiles;

// Looks for data's files whose bit is set in `wanted` (1 << 0: train_x … 1 << 3: test_y; ones without a name are passed over),
// under the names given and with ".gz"; MNIST's also with a dot before "idx". Where it looks: see netrt_dataset_open. All files
// of one set with a folder of its own (MNIST) must lie in one place, so that two sets that use the same names do not mix.
bool netrt_locate(const NetrtData *data, const char *folder, unsigned wanted, NetrtDataFiles *out, NetrtError *error);
