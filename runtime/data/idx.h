// IDX files, the format of MNIST: two zero bytes, a type, the rank, big-endian u32 sizes, then the elements, big-endian.
#pragma once

#include "data/array.h"

// Reads the file at `path`, unpacked or compressed with gzip (told by its content, not by its name). All six types of the
// format: u8 stays u8 (mapped from an unpacked file, never copied), i8, i16 and i32 become NETRT_I64, f32 and f64 stay floats.
// Errors: not readable, wrong magic, an HTML page, truncated, longer than the header promises, corrupt gzip, sizes that
// overflow. On success the caller closes *out with netrt_array_close; on failure *out is empty.
bool netrt_idx_read(const char *path, NetrtArray *out, NetrtError *error);
