// "did you mean": the known word that is nearest to what was typed.
#pragma once

#include <stddef.h>

// The best of `count` words (each at words + i × stride bytes, a const char *; NULL is skipped), or NULL if none is near.
const char *netrt_suggest(const char *typed, const void *words, size_t count, size_t stride);
