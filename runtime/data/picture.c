// See picture.h.
#include "data/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/pgm.h"
#include "data/png.h"
#include "data/source.h"

// How much nearer the inverted border must be, in parts of white: a picture in the middle stays as it is.
#define CLEARLY 0.1

// How far pixels of an empty strip may be from the mean colour of the border: paper is not lit evenly.
#define PLAIN 40

// ---- Pictures

bool netrt_picture_make(int64_t height, int64_t width, int32_t channels, NetrtPicture *out, NetrtError *error) {
    int64_t bytes;
    *out = (NetrtPicture){.height = height, .width = width, .channels = channels};
    if (netrt_mul_checked(height, width, &bytes) && netrt_mul_checked(bytes, channels, &bytes))
        out->heap = calloc(1, (size_t)bytes + 1);
    out->pixels = out->heap;
    return out->heap ||
           netrt_fail(error, "not enough memory for a picture of %lld × %lld", (long long)width, (long long)height);
}

void netrt_picture_close(NetrtPicture *picture) {
    free(picture->heap);
    *picture = (NetrtPicture){0};
}

bool netrt_picture_begins(const unsigned char *bytes, size_t count) {
    if (count >= 2 && bytes[0] == 'P') return bytes[1] == '2' || bytes[1] == '3' || bytes[1] == '5' || bytes[1] == '6';
    return count >= 4 && memcmp(bytes, "\x89PNG", 4) == 0;
}

bool netrt_picture_read(const char *path, NetrtArray *out, NetrtError *error) {
    NetrtSource *source = netrt_source_open(path, error);
    if (!source) return false;
    NetrtError ignored;
    bool pgm = netrt_source_byte(source, &ignored) == 'P';
    netrt_source_close(source);
    return (pgm ? netrt_pgm_read : netrt_png_read)(path, out, error);
}

// ---- Sizes

// How much of pixel i, which reaches from i to i + 1, lies between `from` and `to`.
static double overlap(int64_t i, double from, double to) { return fmin((double)i + 1, to) - fmax((double)i, from); }

// The mean of channel c over an area of the picture.
static double mean_of_area(const NetrtPicture *picture, int32_t c, double top, double bottom, double left, double right) {
    double sum = 0, area = 0;
    for (int64_t y = (int64_t)top; y < picture->height && (double)y < bottom; y++) {
        const uint8_t *row = picture->pixels + y * picture->width * picture->channels + c;
        double tall = overlap(y, top, bottom);
        for (int64_t x = (int64_t)left; x < picture->width && (double)x < right; x++) {
            double part = tall * overlap(x, left, right);
            sum += part * row[x * picture->channels];
            area += part;
        }
    }
    return sum / area;
}

bool netrt_picture_resize(const NetrtPicture *from, int64_t height, int64_t width, NetrtPicture *out, NetrtError *error) {
    if (!netrt_picture_make(height, width, from->channels, out, error)) return false;
    double tall = (double)from->height / (double)height, wide = (double)from->width / (double)width;
    uint8_t *to = out->heap;
    for (int64_t y = 0; y < height; y++) {
        for (int64_t x = 0; x < width; x++) {
            for (int32_t c = 0; c < from->channels; c++) {
                double mean =
                    mean_of_area(from, c, (double)y * tall, (double)(y + 1) * tall, (double)x * wide, (double)(x + 1) * wide);
                *to++ = (uint8_t)(mean + 0.5);
            }
        }
    }
    return true;
}

// ---- Samples

static bool is_channels(int64_t size) { return size == 1 || size == 3; }

bool netrt_picture_layout(const NetrtInput *input, NetrtPictureLayout *layout) {
    const int64_t *shape = input->shape;
    *layout = (NetrtPictureLayout){.channels = 1};
    if (input->dtype == NETRT_I64 || input->dtype == NETRT_BOOL) return false;
    if (input->rank == 3 && is_channels(shape[0])) {
        *layout = (NetrtPictureLayout){shape[1], shape[2], (int32_t)shape[0], shape[2], 1, shape[1] * shape[2]};
    } else if (input->rank == 3 && is_channels(shape[2])) {
        *layout = (NetrtPictureLayout){shape[0], shape[1], (int32_t)shape[2], shape[1] * shape[2], shape[2], 1};
    } else if (input->rank == 2) {
        *layout = (NetrtPictureLayout){shape[0], shape[1], 1, shape[1], 1, 0};
    } else if (input->rank == 1 && input->dtype == NETRT_U8) {
        int64_t side = llround(sqrt((double)shape[0]));
        if (side * side == shape[0]) *layout = (NetrtPictureLayout){side, side, 1, side, 1, 0};
    }
    return layout->height > 1 && layout->width > 1;
}

int netrt_picture_input(const NetrtProgram *program, NetrtPictureLayout *layout) {
    for (int i = 0; i < program->input_count; i++)
        if (!program->inputs[i].target && netrt_picture_layout(&program->inputs[i], layout)) return i;
    return -1;
}

static int64_t place(const NetrtPictureLayout *layout, int64_t y, int64_t x, int32_t c) {
    return y * layout->row + x * layout->column + c * layout->channel;
}

bool netrt_picture_of_sample(const void *row, int32_t dtype, const NetrtPictureLayout *layout, NetrtPicture *out,
                             NetrtError *error) {
    if (!netrt_picture_make(layout->height, layout->width, layout->channels, out, error)) return false;
    int64_t count = layout->height * layout->width * layout->channels;
    double low = 0, high = dtype == NETRT_U8 ? 255 : 1, least = INFINITY, largest = -INFINITY;
    for (int64_t i = 0; i < count; i++) {
        double value = netrt_number(row, dtype, i);
        least = fmin(least, value);
        largest = fmax(largest, value);
    }
    if (least < low || largest > high) {
        low = least;
        high = largest;
    }
    uint8_t *to = out->heap;
    for (int64_t y = 0; y < layout->height; y++) {
        for (int64_t x = 0; x < layout->width; x++) {
            for (int32_t c = 0; c < layout->channels; c++) {
                double light = (netrt_number(row, dtype, place(layout, y, x, c)) - low) / (high - low);
                *to++ = light > 0 ? (uint8_t)lround(fmin(light, 1) * 255) : 0; // NaN is black
            }
        }
    }
    return true;
}

// ---- Light on dark or dark on light

// The mean of the outermost pixels, bytes as 0 … 1.
static double border(const void *data, int32_t dtype, int64_t first, const NetrtPictureLayout *layout) {
    double sum = 0;
    int64_t count = 0;
    for (int64_t y = 0; y < layout->height; y++) {
        bool whole = y == 0 || y == layout->height - 1 || layout->width == 1;
        for (int64_t x = 0; x < layout->width; x += whole ? 1 : layout->width - 1) {
            for (int32_t c = 0; c < layout->channels; c++, count++)
                sum += netrt_number(data, dtype, first + place(layout, y, x, c));
        }
    }
    return sum / (double)count / (dtype == NETRT_U8 ? 255 : 1);
}

void netrt_picture_borders(const NetrtSplit *train, int input_index, const NetrtInput *input, NetrtBorders *borders) {
    NetrtPictureLayout layout;
    *borders = (NetrtBorders){.looked = true, .low = INFINITY, .high = -INFINITY};
    if (!netrt_picture_layout(input, &layout)) return;
    int64_t size = layout.height * layout.width * layout.channels;
    for (int64_t i = 0; i < train->count; i++) {
        double light = border(train->rows[input_index], input->dtype, netrt_split_row(train, i) * size, &layout);
        borders->low = fmin(borders->low, light);
        borders->high = fmax(borders->high, light);
    }
    borders->known = train->count > 0 && borders->low >= 0 && borders->high <= 1;
}

static double distance(double light, const NetrtBorders *borders) {
    return fmax(fmax(borders->low - light, light - borders->high), 0);
}

// ---- A picture becomes a sample

// As PyTorch's users get it from Pillow's convert('L'): ITU-R 601.
static uint8_t luminance(const uint8_t *rgb) {
    return (uint8_t)((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
}

static bool with_channels(const NetrtPicture *from, int32_t channels, NetrtPicture *out, NetrtError *error) {
    if (!netrt_picture_make(from->height, from->width, channels, out, error)) return false;
    int64_t count = from->height * from->width;
    for (int64_t i = 0; i < count; i++) {
        const uint8_t *pixel = from->pixels + i * from->channels;
        for (int32_t c = 0; c < channels; c++)
            out->heap[i * channels + c] = from->channels == channels ? pixel[c] : channels == 1 ? luminance(pixel) : pixel[0];
    }
    return true;
}

static NetrtPictureLayout layout_of(const NetrtPicture *picture) {
    int64_t channels = picture->channels;
    return (NetrtPictureLayout){picture->height, picture->width, picture->channels, picture->width * channels, channels, 1};
}

// ---- Empty strips

static uint8_t mean_of_border(const NetrtPicture *picture, int32_t c) {
    NetrtPictureLayout own = layout_of(picture);
    own.channels = 1;
    return (uint8_t)(border(picture->pixels, NETRT_U8, c, &own) * 255 + 0.5);
}

// Whether nothing is seen on a line: a column, or a row. `mean` is the colour of the border.
static bool is_plain(const NetrtPicture *picture, const uint8_t *mean, bool column, int64_t line) {
    int64_t length = column ? picture->height : picture->width;
    for (int64_t i = 0; i < length; i++) {
        int64_t pixel = column ? i * picture->width + line : line * picture->width + i;
        for (int32_t c = 0; c < picture->channels; c++)
            if (abs(picture->pixels[pixel * picture->channels + c] - mean[c]) > PLAIN) return false;
    }
    return true;
}

// Cuts plain lines off both ends of the side that is too long, evenly as far as they go.
static bool cut_strips(const NetrtPicture *from, const NetrtPictureLayout *layout, NetrtPicture *out, NetrtError *error) {
    double aspect = (double)layout->width / (double)layout->height;
    int64_t width = llround((double)from->height * aspect), height = llround((double)from->width / aspect);
    bool columns = from->width > width;
    int64_t side = columns ? from->width : from->height, wanted = columns ? width : height;
    int64_t first = 0, last = side; // lines first ≤ i < last are left
    uint8_t mean[3];
    for (int32_t c = 0; c < from->channels; c++) mean[c] = mean_of_border(from, c);
    while (last - first > (wanted > 1 ? wanted : 1)) {
        bool low = is_plain(from, mean, columns, first), high = is_plain(from, mean, columns, last - 1);
        if (!low && !high) break;
        if (low && (!high || first <= side - last)) first++;
        else last--;
    }
    int64_t top = columns ? 0 : first, left = columns ? first : 0;
    height = columns ? from->height : last - first;
    width = columns ? last - first : from->width;
    if (!netrt_picture_make(height, width, from->channels, out, error)) return false;
    size_t row = (size_t)(width * from->channels);
    for (int64_t y = 0; y < height; y++)
        memcpy(out->heap + (size_t)y * row, from->pixels + ((top + y) * from->width + left) * from->channels, row);
    return true;
}

// ---- All of it

// Puts the picture into the middle of the sample, and the mean colour of its border around it.
static void put(const NetrtPicture *picture, const NetrtPictureLayout *layout, bool inverted, uint8_t *sample) {
    NetrtPictureLayout own = layout_of(picture);
    int64_t top = (layout->height - picture->height) / 2, left = (layout->width - picture->width) / 2;
    for (int32_t c = 0; c < layout->channels; c++) {
        uint8_t around = mean_of_border(picture, c);
        for (int64_t y = 0; y < layout->height; y++) {
            for (int64_t x = 0; x < layout->width; x++) {
                bool inside = y >= top && y < top + picture->height && x >= left && x < left + picture->width;
                uint8_t light = inside ? picture->pixels[place(&own, y - top, x - left, c)] : around;
                sample[place(layout, y, x, c)] = inverted ? 255 - light : light;
            }
        }
    }
}

// The largest size with the picture's aspect that the sample has room for.
static void choose_size(const NetrtPicture *picture, const NetrtPictureLayout *layout, NetrtFit *fit) {
    double scale = fmin((double)layout->height / (double)picture->height, (double)layout->width / (double)picture->width);
    fit->height = llround((double)picture->height * scale);
    fit->width = llround((double)picture->width * scale);
    fit->cut_height = picture->height;
    fit->cut_width = picture->width;
    if (fit->height < 1) fit->height = 1;
    if (fit->width < 1) fit->width = 1;
}

bool netrt_picture_fit(const NetrtPicture *picture, const NetrtPictureLayout *layout, const NetrtBorders *borders,
                       uint8_t *sample, NetrtFit *fit, NetrtError *error) {
    NetrtPicture coloured, cut = {0}, resized = {0};
    *fit = (NetrtFit){0};
    if (!with_channels(picture, layout->channels, &coloured, error)) return false;
    bool ok = cut_strips(&coloured, layout, &cut, error);
    if (ok) choose_size(&cut, layout, fit);
    ok = ok && netrt_picture_resize(&cut, fit->height, fit->width, &resized, error);
    if (ok) {
        NetrtPictureLayout own = layout_of(&resized);
        double light = border(resized.pixels, NETRT_U8, 0, &own);
        fit->light = light > 0.5;
        fit->inverted = borders->known && distance(1 - light, borders) + CLEARLY < distance(light, borders);
        put(&resized, layout, fit->inverted, sample);
    }
    netrt_picture_close(&coloured);
    netrt_picture_close(&cut);
    netrt_picture_close(&resized);
    return ok;
}
