// Writing what was asked for.
#pragma once

#include "support/diag.h"

// Writes to `path` ("-": standard output) under a temporary name that becomes the right one when all is there. False when that
// failed, which is reported.
bool output_write(Arena *perm, Diagnostics *diag, const char *path, const char *bytes, size_t length);
// The same for a file that is there already: it keeps its mode, and a symbolic link goes on pointing to it.
bool output_replace(Arena *perm, Diagnostics *diag, const char *path, const char *bytes, size_t length);

// A name for a temporary file beside `path`, for mkstemp.
char *output_temporary(Arena *perm, const char *path);
// Whether `path` can be replaced by a file: it is not there, or is one. Else reports why not.
bool output_replaceable(Diagnostics *diag, const char *path);
// Makes the temporary file durable and gives it its name. Else reports why not, and removes it.
bool output_publish(Diagnostics *diag, int descriptor, const char *temporary, const char *path, bool executable);
