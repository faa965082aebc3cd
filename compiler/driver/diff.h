// The difference of two texts, as `diff -u` shows it.
#pragma once

#include "support/arena.h"
#include "support/strbuf.h"

// Nothing is added when they are equal.
void diff_print(Arena *perm, const char *path, const char *before, const char *after, StrBuf *out);
