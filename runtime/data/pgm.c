// Reads PGM and PPM pictures. See pgm.h.
#include "data/pgm.h"

#include <stdlib.h>

#include "data/source.h"

enum { SIDE_LIMIT = 1 << 20 }; // pixels; keeps every product below 2⁶³

static bool is_space(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static bool bad(const char *path, NetrtError *error) { return netrt_fail(error, "%s: is no valid PGM or PPM picture", path); }

// A decimal number up to `limit`, with white space and comments (# to the end of the line) before it and one character after it
// that is taken too.
static bool read_number(NetrtSource *source, const char *path, int64_t limit, int64_t *number, NetrtError *error) {
    int c = netrt_source_byte(source, error);
    while (is_space(c) || c == '#') {
        if (c == '#') {
            while (c >= 0 && c != '\n' && c != '\r') c = netrt_source_byte(source, error);
        } else {
            c = netrt_source_byte(source, error);
        }
    }
    if (c == -2) return false;
    if (c == -1) return netrt_fail(error, "%s: truncated: the picture ends before its pixels do", path);
    if (c < '0' || c > '9') return bad(path, error);
    *number = 0;
    for (; c >= '0' && c <= '9'; c = netrt_source_byte(source, error)) {
        *number = *number * 10 + (c - '0');
        if (*number > limit)
            return netrt_fail(error, "%s: a number in this picture is larger than %lld", path, (long long)limit);
    }
    if (c == -2) return false;
    return c == -1 || is_space(c) || bad(path, error);
}

static bool read_plain(NetrtSource *source, const char *path, int64_t maximum, NetrtArray *out, NetrtError *error) {
    // Grows with what is there, so that a small file cannot ask for much memory.
    uint8_t *pixels = NULL;
    int64_t capacity = 0;
    for (int64_t i = 0; i < out->count; i++) {
        if (i == capacity) {
            capacity = capacity ? capacity * 2 : 4096;
            uint8_t *larger = realloc(pixels, (size_t)capacity);
            if (!larger) {
                free(pixels);
                return netrt_fail(error, "%s: not enough memory for its pixels", path);
            }
            pixels = larger;
        }
        int64_t value;
        if (!read_number(source, path, maximum, &value, error)) {
            free(pixels);
            return false;
        }
        pixels[i] = (uint8_t)((value * 255 + maximum / 2) / maximum);
    }
    out->data = out->heap = pixels;
    return true;
}

static bool read_raw(NetrtSource *source, const char *path, int64_t maximum, NetrtArray *out, NetrtError *error) {
    int64_t width = maximum > 255 ? 2 : 1;
    if (!netrt_source_payload(source, out->count * width, 1, out, error)) return false;
    if (maximum == 255) return true;
    const uint8_t *raw = out->data;
    uint8_t *pixels = malloc((size_t)out->count);
    if (!pixels) return netrt_fail(error, "%s: not enough memory for its pixels", path);
    for (int64_t i = 0; i < out->count; i++) {
        int64_t value = width == 2 ? raw[2 * i] << 8 | raw[2 * i + 1] : raw[i];
        if (value > maximum) {
            free(pixels);
            return netrt_fail(error, "%s: a pixel is brighter than the maximum of this picture", path);
        }
        pixels[i] = (uint8_t)((value * 255 + maximum / 2) / maximum);
    }
    NetrtArray scaled = *out;
    scaled.map = NULL;
    scaled.map_bytes = 0;
    scaled.data = scaled.heap = pixels;
    netrt_array_close(out);
    *out = scaled;
    return true;
}

static bool read_picture(NetrtSource *source, const char *path, NetrtArray *out, NetrtError *error) {
    int p = netrt_source_byte(source, error), kind = netrt_source_byte(source, error);
    if (p == -2 || kind == -2) return false;
    bool plain = kind == '2' || kind == '3', colour = kind == '3' || kind == '6';
    if (p != 'P' || (!plain && !colour && kind != '5'))
        return netrt_fail(error, "%s: is no PGM or PPM picture: it begins with none of P2, P3, P5, P6", path);
    int64_t width, height, maximum, channels = colour ? 3 : 1;
    if (!read_number(source, path, SIDE_LIMIT, &width, error) || !read_number(source, path, SIDE_LIMIT, &height, error) ||
        !read_number(source, path, 65535, &maximum, error)) {
        return false;
    }
    if (width == 0 || height == 0 || maximum == 0) return bad(path, error);
    *out = (NetrtArray){.dtype = NETRT_U8, .rank = 3, .shape = {height, width, channels}, .count = height * width * channels};
    return plain ? read_plain(source, path, maximum, out, error) : read_raw(source, path, maximum, out, error);
}

bool netrt_pgm_read(const char *path, NetrtArray *out, NetrtError *error) {
    *out = (NetrtArray){0};
    NetrtSource *source = netrt_source_open(path, error);
    if (!source) return false;
    bool done = read_picture(source, path, out, error);
    netrt_source_close(source);
    if (!done) netrt_array_close(out);
    return done;
}
