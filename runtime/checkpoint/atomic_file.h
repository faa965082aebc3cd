// Files that are replaced as a whole or not at all: written under a temporary name in the same folder, then renamed.
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "data/error.h"

typedef struct NetrtAtomicFile {
    FILE *stream;           // write here; errors are sticky and found by netrt_atomic_commit
    char *path, *temporary; // owned
} NetrtAtomicFile;

// Opens a temporary file beside `path` (following a symbolic link at `path`). A file at `path` stays as it is until the commit.
bool netrt_atomic_open(NetrtAtomicFile *file, const char *path, NetrtError *error);

// Flushes, syncs to disk, renames to `path`, syncs the folder. On failure (a full disk, say) the temporary file is removed and
// the old file is whole. Releases *file either way.
bool netrt_atomic_commit(NetrtAtomicFile *file, NetrtError *error);

// Gives up: removes the temporary file. Harmless on a zeroed, committed or failed one.
void netrt_atomic_abort(NetrtAtomicFile *file);
