// Finds the files of a data set on this machine.
#pragma once

#include "data/error.h"
#include "netrt.h"

#define NETRT_PATH_BYTES 1024
#define NETRT_MOST_FILES 16 // of training and of test samples, for each input and target

typedef struct NetrtDataFiles {
    const char *names[NETRT_MOST_FILES];            // in: files to look for; NULL for none
    char paths[NETRT_MOST_FILES][NETRT_PATH_BYTES]; // as they are found; "" for none
    char folder[NETRT_PATH_BYTES];                  // where the first of them lies
} NetrtDataFiles;

// Looks for files->names, under these names and with ".gz"; MNIST's also with a dot before "idx". Where it looks: see
// netrt_dataset_open. All files of one set with a folder of its own (MNIST) must lie in one place, so that two sets that use
// the same names do not mix; and openly in a data folder they are taken only if its name does not speak against it
// (data->not_in).
bool netrt_locate(const NetrtData *data, const char *folder, NetrtDataFiles *files, NetrtError *error);
