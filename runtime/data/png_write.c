// Writes PNG pictures: 8 bits a channel, no filters, one chunk of pixels. See png.h.
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "checkpoint/atomic_file.h"
#include "data/png.h"

static void put_word(uint8_t *to, uint32_t word) {
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(word >> (24 - 8 * i));
}

static void write_chunk(FILE *out, const char *type, const uint8_t *bytes, uint32_t n) {
    uint8_t head[8], sum[4];
    put_word(head, n);
    memcpy(head + 4, type, 4);
    uLong crc = crc32(0, head + 4, 4);
    if (n > 0) crc = crc32(crc, bytes, n); // no bytes would start it anew
    put_word(sum, (uint32_t)crc);
    fwrite(head, 1, 8, out);
    fwrite(bytes, 1, n, out);
    fwrite(sum, 1, 4, out);
}

// The rows, each behind a byte that names its filter, packed. NULL: no memory.
static uint8_t *pack(int64_t height, size_t row_bytes, const uint8_t *pixels, uLongf *packed) {
    size_t bytes = (size_t)height * (row_bytes + 1);
    uint8_t *rows = calloc(1, bytes), *out = NULL;
    for (int64_t y = 0; rows && y < height; y++)
        memcpy(rows + (size_t)y * (row_bytes + 1) + 1, pixels + (size_t)y * row_bytes, row_bytes);
    *packed = compressBound(bytes);
    if (rows) out = malloc(*packed);
    if (out && compress2(out, packed, rows, bytes, Z_BEST_COMPRESSION) != Z_OK) {
        free(out);
        out = NULL;
    }
    free(rows);
    return out;
}

bool netrt_png_write(const char *path, int64_t height, int64_t width, int32_t channels, const uint8_t *pixels,
                     NetrtError *error) {
    uint8_t header[13] = {[8] = 8, [9] = channels == 3 ? 2 : 0};
    uLongf packed;
    NetrtAtomicFile file;
    uint8_t *bytes = pack(height, (size_t)(width * channels), pixels, &packed);
    if (!bytes) return netrt_fail(error, "%s: not enough memory to write a picture", path);
    put_word(header, (uint32_t)width);
    put_word(header + 4, (uint32_t)height);
    bool ok = netrt_atomic_open(&file, path, error);
    if (ok) {
        fwrite("\x89PNG\r\n\x1a\n", 1, 8, file.stream);
        write_chunk(file.stream, "IHDR", header, sizeof header);
        write_chunk(file.stream, "IDAT", bytes, (uint32_t)packed);
        write_chunk(file.stream, "IEND", bytes, 0);
        ok = netrt_atomic_commit(&file, error);
    }
    free(bytes);
    return ok;
}
