// Reading .net files: the one that the command line names, and those that it includes.
#pragma once

#include "support/diag.h"

// False when it cannot be read, which is reported at `span`.
bool source_read(Arena *perm, Diagnostics *diag, Span span, const char *path, uint32_t *file);
