// PNG pictures, read and written with zlib: all colour types, depths and interlacing of the format.
//
// Why not libpng: its static library cannot be linked in parts, and adds 225 KB to programs that are that large in all.
#pragma once

#include "data/array.h"

// Gives NETRT_U8 of shape (height, width, 1) for grey pictures, (height, width, 3) for others. 16 bits are rounded to 8, what
// is transparent is laid over white; gamma and colour profiles are not applied (as Pillow does it). Refused in a line: files
// that are truncated or whose checksums are wrong, and pictures of more than 67 million pixels. On success the caller closes
// *out with netrt_array_close.
bool netrt_png_read(const char *path, NetrtArray *out, NetrtError *error);

// Writes pixels [height][width][channels], 1 for grey or 3, as a whole or not at all.
bool netrt_png_write(const char *path, int64_t height, int64_t width, int32_t channels, const uint8_t *pixels,
                     NetrtError *error);
