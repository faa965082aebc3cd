// See png.h. The file is a signature and chunks: a header (IHDR), perhaps a palette (PLTE) and what is transparent (tRNS), then
// pixels (IDAT, one zlib stream cut into pieces), and an end (IEND). Pixels come in rows, each filtered by a method of its own,
// of the whole picture or of seven coarser ones after another (Adam7).
#include "data/png.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "data/source.h"

enum { SIDE_LIMIT = 1 << 20, PIXEL_LIMIT = 1 << 26, GREY = 0, RGB = 2, PALETTE = 3, GREY_ALPHA = 4, RGB_ALPHA = 6 };

typedef struct Png {
    NetrtSource *source;
    const char *path;
    NetrtError *error;
    // ---- the header, the palette, what is transparent
    int64_t width, height;
    int depth, colour, samples; // samples: numbers for one pixel
    bool interlaced;
    uint8_t palette[256][4]; // red, green, blue, alpha
    int palette_count;
    bool keyed; // pixels of this colour are transparent
    uint16_t key[3];
    // ---- the chunk that is being read
    char type[5];
    uint32_t left, sum; // bytes left of it, its checksum so far
    // ---- pixels
    z_stream stream;
    bool ended; // the stream
    uint8_t input[4096];
    NetrtArray *out;
} Png;

static bool damaged(const Png *png, const char *what) {
    return netrt_fail(png->error, "%s: is a damaged PNG picture: %s; fetch or copy it again", png->path, what);
}

static bool no_memory(const Png *png) { return netrt_fail(png->error, "%s: not enough memory for its pixels", png->path); }

static uint32_t big_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

// ---- Chunks

static bool open_chunk(Png *png) {
    uint8_t head[8];
    if (!netrt_source_read(png->source, head, 8, png->error)) return false;
    png->left = big_endian(head);
    memcpy(png->type, head + 4, 4);
    png->sum = (uint32_t)crc32(0, head + 4, 4);
    return png->left <= INT32_MAX || damaged(png, "a part of it is impossibly long");
}

static bool is(const Png *png, const char *type) { return memcmp(png->type, type, 4) == 0; }

// The chunk's next n bytes.
static bool take(Png *png, uint8_t *bytes, uint32_t n) {
    if (!netrt_source_read(png->source, bytes, n, png->error)) return false;
    png->sum = (uint32_t)crc32(png->sum, bytes, n);
    png->left -= n;
    return true;
}

// Skips what is left of the chunk and checks it.
static bool close_chunk(Png *png) {
    uint8_t bytes[4];
    while (png->left > 0)
        if (!take(png, png->input, png->left < sizeof png->input ? png->left : sizeof png->input)) return false;
    if (!netrt_source_read(png->source, bytes, 4, png->error)) return false;
    return big_endian(bytes) == png->sum || damaged(png, "a checksum is wrong");
}

// ---- The header, the palette, what is transparent

static bool depth_is_allowed(int colour, int depth) {
    switch (colour) {
    case GREY: return depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
    case PALETTE: return depth == 1 || depth == 2 || depth == 4 || depth == 8;
    case RGB:
    case GREY_ALPHA:
    case RGB_ALPHA: return depth == 8 || depth == 16;
    default: return false;
    }
}

static bool read_header(Png *png) {
    static const uint8_t samples[] = {[GREY] = 1, [RGB] = 3, [PALETTE] = 1, [GREY_ALPHA] = 2, [RGB_ALPHA] = 4};
    uint8_t bytes[13];
    if (!netrt_source_read(png->source, bytes, 8, png->error)) return false;
    if (memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) != 0)
        return netrt_fail(png->error, "%s: is no PNG picture: it does not begin with PNG's signature", png->path);
    if (!open_chunk(png)) return false;
    if (!is(png, "IHDR") || png->left != 13) return damaged(png, "it has no header");
    if (!take(png, bytes, 13) || !close_chunk(png)) return false;
    png->width = big_endian(bytes);
    png->height = big_endian(bytes + 4);
    png->depth = bytes[8];
    png->colour = bytes[9];
    png->interlaced = bytes[12] == 1;
    if (!depth_is_allowed(png->colour, png->depth) || bytes[10] != 0 || bytes[11] != 0 || bytes[12] > 1)
        return damaged(png, "its header asks for what PNG does not have");
    png->samples = samples[png->colour];
    if (png->width == 0 || png->height == 0) return damaged(png, "it has no pixels");
    if (png->width > SIDE_LIMIT || png->height > SIDE_LIMIT || png->width * png->height > PIXEL_LIMIT) {
        return netrt_fail(png->error, "%s: is a picture of %lld × %lld: make it smaller, at most %d million pixels are read",
                          png->path, (long long)png->width, (long long)png->height, PIXEL_LIMIT / 1000000);
    }
    return true;
}

static bool read_palette(Png *png) {
    uint32_t count = png->left / 3;
    if (png->left % 3 != 0 || count < 1 || count > 256 || png->palette_count > 0)
        return damaged(png, "its palette makes no sense");
    for (uint32_t i = 0; i < count; i++) {
        if (!take(png, png->palette[i], 3)) return false;
        png->palette[i][3] = 255;
    }
    png->palette_count = (int)count;
    return true;
}

static bool read_transparency(Png *png) {
    uint8_t bytes[6];
    if (png->colour == PALETTE) {
        if (png->left > (uint32_t)png->palette_count) return damaged(png, "its palette makes no sense");
        for (int i = 0; png->left > 0; i++)
            if (!take(png, &png->palette[i][3], 1)) return false;
        return true;
    }
    if (png->colour > RGB || png->left != 2 * (uint32_t)png->samples) return damaged(png, "its transparency makes no sense");
    if (!take(png, bytes, png->left)) return false;
    for (int c = 0; c < png->samples; c++) png->key[c] = (uint16_t)(bytes[2 * c] << 8 | bytes[2 * c + 1]);
    png->keyed = true;
    return true;
}

// Up to the first chunk of pixels, which is left open.
static bool read_head(Png *png) {
    if (!read_header(png)) return false;
    for (;;) {
        if (!open_chunk(png)) return false;
        if (is(png, "IDAT")) break;
        bool needed = !(png->type[0] & 0x20); // a small letter: whoever does not know the chunk may skip it
        if (is(png, "PLTE") && png->colour == PALETTE) {
            if (!read_palette(png)) return false;
        } else if (is(png, "tRNS")) {
            if (!read_transparency(png)) return false;
        } else if (needed && !is(png, "PLTE")) {
            return damaged(png, is(png, "IEND") ? "it has no pixels" : "it holds a part that no reader knows");
        }
        if (!close_chunk(png)) return false;
    }
    return png->colour != PALETTE || png->palette_count > 0 || damaged(png, "it has no palette");
}

// ---- Pixels

// More of the zlib stream: from this chunk of pixels or the next.
static bool refill(Png *png) {
    while (png->left == 0) {
        if (!close_chunk(png) || !open_chunk(png)) return false;
        if (!is(png, "IDAT")) return damaged(png, "pixels are missing");
    }
    uint32_t n = png->left < sizeof png->input ? png->left : sizeof png->input;
    png->stream.next_in = png->input;
    png->stream.avail_in = n;
    return take(png, png->input, n);
}

// The next n bytes of the stream. The last call asks for one byte after the pixels, and checks that there is none.
static bool inflate_bytes(Png *png, uint8_t *bytes, size_t n, bool last) {
    png->stream.next_out = bytes;
    png->stream.avail_out = (uInt)n;
    while (png->stream.avail_out > 0) {
        if (png->ended) return last || damaged(png, "pixels are missing");
        if (png->stream.avail_in == 0 && !refill(png)) return false;
        int status = inflate(&png->stream, Z_NO_FLUSH);
        if (status == Z_MEM_ERROR) return no_memory(png);
        if (status != Z_OK && status != Z_STREAM_END) return damaged(png, "its pixels cannot be unpacked");
        png->ended = status == Z_STREAM_END;
    }
    return !last || damaged(png, "it holds more pixels than its header promises");
}

static int paeth(int left, int above, int corner) {
    int guess = left + above - corner, a = abs(guess - left), b = abs(guess - above), c = abs(guess - corner);
    return a <= b && a <= c ? left : b <= c ? above : corner;
}

// Undoes a row's filter. `step` bytes further left is the pixel before.
static bool unfilter(const Png *png, int filter, uint8_t *row, const uint8_t *above, size_t bytes, size_t step) {
    if (filter > 4) return damaged(png, "a row has an unknown filter");
    for (size_t i = 0; i < bytes; i++) {
        int left = i >= step ? row[i - step] : 0, corner = i >= step ? above[i - step] : 0;
        switch (filter) {
        case 1: row[i] = (uint8_t)(row[i] + left); break;
        case 2: row[i] = (uint8_t)(row[i] + above[i]); break;
        case 3: row[i] = (uint8_t)(row[i] + (left + above[i]) / 2); break;
        case 4: row[i] = (uint8_t)(row[i] + paeth(left, above[i], corner)); break;
        default: break; // as it is
        }
    }
    return true;
}

// Number i of a row, of the file's depth.
static int number(const Png *png, const uint8_t *row, int64_t i) {
    if (png->depth == 16) return row[2 * i] << 8 | row[2 * i + 1];
    int64_t bit = i * png->depth;
    return row[bit / 8] >> (8 - png->depth - bit % 8) & ((1 << png->depth) - 1);
}

// Writes pixel x of a row, with what is behind it white.
static bool put_pixel(const Png *png, const uint8_t *row, int64_t x, uint8_t *to) {
    int largest = (1 << png->depth) - 1, channels = (int)png->out->shape[2], alpha = 255, value[4];
    bool is_key = png->keyed;
    for (int k = 0; k < png->samples; k++) {
        value[k] = number(png, row, x * png->samples + k);
        is_key = is_key && value[k] == png->key[k];
        if (png->colour != PALETTE) value[k] = (value[k] * 255 + largest / 2) / largest;
    }
    if (png->colour == PALETTE) {
        if (value[0] >= png->palette_count) return damaged(png, "a pixel has a colour outside the palette");
        const uint8_t *colour = png->palette[value[0]];
        for (int k = 0; k < 4; k++) value[k] = colour[k];
        alpha = value[3];
    } else if (png->samples > channels) {
        alpha = value[channels];
    } else if (is_key) {
        alpha = 0;
    }
    for (int c = 0; c < channels; c++) to[c] = (uint8_t)((value[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    return true;
}

typedef struct Pass { // the pixels at (top + i × down, left + k × right)
    uint8_t top, left, down, right;
} Pass;

// `rows` has room for two of them.
static bool read_pass(Png *png, const Pass *pass, uint8_t *rows, size_t row_bytes) {
    int64_t width = (png->width - pass->left + pass->right - 1) / pass->right, channels = png->out->shape[2];
    int64_t bits = png->samples * png->depth;
    size_t bytes = (size_t)((width * bits + 7) / 8), step = bits < 8 ? 1 : (size_t)bits / 8;
    uint8_t *row = rows, *above = rows + row_bytes, *pixels = png->out->heap;
    memset(above, 0, bytes);
    for (int64_t y = pass->top; width > 0 && y < png->height; y += pass->down) {
        uint8_t filter;
        if (!inflate_bytes(png, &filter, 1, false) || !inflate_bytes(png, row, bytes, false)) return false;
        if (!unfilter(png, filter, row, above, bytes, step)) return false;
        for (int64_t i = 0; i < width; i++)
            if (!put_pixel(png, row, i, pixels + (y * png->width + pass->left + i * pass->right) * channels)) return false;
        uint8_t *other = above;
        above = row;
        row = other;
    }
    return true;
}

static bool read_pixels(Png *png, uint8_t *rows, size_t row_bytes) {
    static const Pass whole = {0, 0, 1, 1};
    static const Pass passes[] = {{0, 0, 8, 8}, {0, 4, 8, 8}, {4, 0, 8, 4}, {0, 2, 4, 4},
                                  {2, 0, 4, 2}, {0, 1, 2, 2}, {1, 0, 2, 1}};
    if (!png->interlaced && !read_pass(png, &whole, rows, row_bytes)) return false;
    for (size_t i = 0; png->interlaced && i < sizeof passes / sizeof *passes; i++)
        if (!read_pass(png, &passes[i], rows, row_bytes)) return false;
    return inflate_bytes(png, rows, 1, true);
}

// The rest of the file has to be whole, too.
static bool read_tail(Png *png) {
    if (!close_chunk(png)) return false;
    while (!is(png, "IEND"))
        if (!open_chunk(png) || !close_chunk(png)) return false;
    return true;
}

static bool read_picture(Png *png) {
    if (!read_head(png)) return false;
    int64_t channels = png->colour == GREY || png->colour == GREY_ALPHA ? 1 : 3;
    *png->out = (NetrtArray){.dtype = NETRT_U8, .rank = 3, .shape = {png->height, png->width, channels}};
    png->out->count = png->height * png->width * channels;
    size_t row_bytes = (size_t)((png->width * png->samples * png->depth + 7) / 8);
    uint8_t *rows = malloc(2 * row_bytes + 1);
    png->out->data = png->out->heap = malloc((size_t)png->out->count + 1);
    bool inflating = rows && png->out->heap && inflateInit(&png->stream) == Z_OK;
    bool done = inflating ? read_pixels(png, rows, row_bytes) && read_tail(png) : no_memory(png);
    if (inflating) inflateEnd(&png->stream);
    free(rows);
    return done;
}

bool netrt_png_read(const char *path, NetrtArray *out, NetrtError *error) {
    *out = (NetrtArray){0};
    Png png = {.source = netrt_source_open(path, error), .path = path, .error = error, .out = out};
    if (!png.source) return false;
    bool done = read_picture(&png);
    netrt_source_close(png.source);
    if (!done) netrt_array_close(out);
    return done;
}
