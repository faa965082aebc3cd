// NumPy's .npy files, versions 1 to 3.
#pragma once

#include "data/array.h"

// Reads little-endian f4, f8, i8, i4, u1, i1, i2 and b1 arrays (f4 and f8 are mapped or read as they are, integers but u1
// become NETRT_I64). Arrays in Fortran order are transposed while reading, so the result is always row-major. May be gzipped.
// On success the caller closes *out with netrt_array_close; on failure *out is empty.
bool netrt_npy_read(const char *path, NetrtArray *out, NetrtError *error);

// Writes a row-major array as version 1.0, replacing the file at `path` atomically.
bool netrt_npy_write(const char *path, int32_t dtype, int32_t rank, const int64_t *shape, const void *data, NetrtError *error);
