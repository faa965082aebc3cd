// Reading the .net file that the command line names.
#pragma once

#include "support/diag.h"

// False when it cannot be read, which is reported.
bool source_read(Arena *perm, Diagnostics *diag, const char *path, uint32_t *file);
