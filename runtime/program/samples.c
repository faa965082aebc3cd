// See samples.h. What a file holds is told by its first bytes, for names lie.
#include "program/samples.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint/safetensors.h"
#include "data/idx.h"
#include "data/npy.h"

static const struct {
    const char *prefix;
    int split;
} splits[] = {{"test:", NETRT_SPLIT_TEST}, {"train:", NETRT_SPLIT_TRAIN}};

int netrt_samples_split(const char *argument) {
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++)
        if (strncmp(argument, splits[i].prefix, strlen(splits[i].prefix)) == 0) return splits[i].split;
    return -1;
}

static bool open_sample(const NetrtContext *context, const NetrtSession *session, const char *argument, NetrtSamples *samples,
                        NetrtError *error) {
    int which = netrt_samples_split(argument), target = netrt_target_input(context->program);
    const NetrtSplit *split = &session->data.splits[which];
    const char *number = strchr(argument, ':') + 1;
    char *end;
    errno = 0;
    long long i = strtoll(number, &end, 10);
    if (end == number || *end || errno)
        return netrt_fail(error, "%s: a sample is named by its number, as in test:17", argument);
    if (!split->count)
        return netrt_fail(error, "%s: the data has no %s samples", argument, which == NETRT_SPLIT_TEST ? "test" : "training");
    if (i < 0 || i >= split->count)
        return netrt_fail(error, "%s: the %s set has samples 0 to %lld", argument,
                          which == NETRT_SPLIT_TEST ? "test" : "training", (long long)split->count - 1);
    memcpy(samples->inputs, split->rows, sizeof samples->inputs);
    samples->first = netrt_split_row(split, i);
    samples->count = 1;
    if (context->program->class_target && target >= 0) samples->targets = split->rows[target];
    return true;
}

static bool begins(const unsigned char *bytes, size_t count, const char *magic, size_t length) {
    return count >= length && memcmp(bytes, magic, length) == 0;
}

// Whether the file is a picture; else it is an array.
static bool read_file(const char *path, NetrtArray *array, bool *picture, NetrtError *error) {
    unsigned char head[8];
    FILE *file = fopen(path, "re");
    if (!file) return netrt_fail(error, "%s: %s", path, strerror(errno));
    size_t count = fread(head, 1, sizeof head, file);
    bool bad = ferror(file);
    fclose(file);
    if (bad) return netrt_fail(error, "%s could not be read", path);
    *picture = netrt_picture_begins(head, count);
    if (*picture) return netrt_picture_read(path, array, error);
    if (begins(head, count, "\x93NUMPY", 6)) return netrt_npy_read(path, array, error);
    if (begins(head, count, "\x1f\x8b", 2))
        return strstr(path, ".npy") ? netrt_npy_read(path, array, error) : netrt_idx_read(path, array, error);
    if (begins(head, count, "\0\0", 2)) return netrt_idx_read(path, array, error);
    return netrt_fail(error, "%s is not a picture or array that predict reads: PNG, PGM, PPM, .npy, an IDX file, or test:17",
                      path);
}

// ---- Pictures of any size

// What the file of parameters says, for train writes it there; "0 0.25".
static bool saved_borders(const NetrtContext *context, NetrtBorders *borders) {
    char path[1024], *end;
    NetrtSafetensors file;
    NetrtError ignored;
    netrt_default_save(context, path, sizeof path);
    if (!netrt_safetensors_open(context->options.load ? context->options.load : path, &file, &ignored)) return false;
    const char *text = netrt_safetensors_meta(&file, "borders");
    if (text) {
        borders->low = strtod(text, &end);
        borders->high = strtod(end, NULL);
        borders->known = end > text && borders->low >= 0 && borders->low <= borders->high && borders->high <= 1;
    }
    netrt_safetensors_close(&file);
    return borders->known;
}

// Else the training data, if it is here. That it is not is no mistake: files can be predicted without.
static void find_borders(const NetrtContext *context, int input, NetrtBorders *borders) {
    NetrtDataset data;
    NetrtError ignored;
    if (borders->looked) return;
    borders->looked = true;
    if (saved_borders(context, borders) || !context->program->data.format ||
        !netrt_dataset_open(context->program, context->options.data, 1u << NETRT_SPLIT_TRAIN, &data, &ignored))
        return;
    netrt_picture_borders(&data.splits[NETRT_SPLIT_TRAIN], input, &context->program->inputs[input], borders);
    netrt_dataset_close(&data);
}

static void __attribute__((format(printf, 2, 3))) append(NetrtSamples *samples, const char *format, ...) {
    size_t used = strlen(samples->note);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(samples->note + used, sizeof samples->note - used, format, arguments);
    va_end(arguments);
}

// "photo.pgm: 640 × 480 cut to 500 × 480, resized to 28 × 27 and padded to 28 × 28, made grey, inverted (dark on light)"
static void describe(NetrtSamples *samples, const char *path, const NetrtPicture *from, const NetrtFit *fit, bool compared) {
    const NetrtPictureLayout *layout = &samples->layout;
    bool cut = fit->cut_height != from->height || fit->cut_width != from->width;
    bool resized = fit->height != fit->cut_height || fit->width != fit->cut_width;
    bool padded = fit->height != layout->height || fit->width != layout->width;
    bool grey = layout->channels<from->channels, colour = layout->channels> from->channels;
    if (!cut && !resized && !padded && !grey && !colour && !fit->inverted && compared) return;
    append(samples, "%.150s: %lld × %lld", path, (long long)from->width, (long long)from->height);
    if (cut) append(samples, " cut to %lld × %lld", (long long)fit->cut_width, (long long)fit->cut_height);
    if (resized) append(samples, "%s resized to %lld × %lld", cut ? "," : "", (long long)fit->width, (long long)fit->height);
    if (padded)
        append(samples, "%s padded to %lld × %lld", cut || resized ? " and" : "", (long long)layout->width,
               (long long)layout->height);
    if (grey || colour) append(samples, ", made %s", grey ? "grey" : "colour");
    if (fit->inverted) append(samples, ", inverted (%s)", fit->light ? "dark on light" : "light on dark");
    if (!compared) append(samples, ", not inverted: the training data, which would tell whether to, is not here");
}

// Makes the picture in `array` a sample.
static bool fit_picture(const NetrtContext *context, int input, NetrtBorders *borders, const char *path, NetrtSamples *samples,
                        NetrtError *error) {
    const NetrtInput *wanted = &context->program->inputs[input];
    NetrtArray *array = &samples->array, sample = {.dtype = NETRT_U8, .rank = wanted->rank, .count = 1};
    char shape[128];
    if (!samples->pictures)
        return netrt_fail(error, "%s is a picture, but the program's %s is none: its shape is %s", path, wanted->name,
                          netrt_shape_text(shape, sizeof shape, wanted->shape, wanted->rank));
    for (int a = 0; a < wanted->rank; a++) sample.count *= sample.shape[a] = wanted->shape[a];
    uint8_t *pixels = malloc((size_t)sample.count);
    if (!pixels) return netrt_fail(error, "%s: not enough memory for its %lld pixels", path, (long long)sample.count);
    NetrtPicture picture = {array->shape[0], array->shape[1], (int32_t)array->shape[2], array->data, NULL};
    NetrtFit fit;
    find_borders(context, input, borders);
    if (!netrt_picture_fit(&picture, &samples->layout, borders, pixels, &fit, error)) {
        free(pixels);
        return false;
    }
    describe(samples, path, &picture, &fit, borders->known);
    netrt_array_close(array);
    sample.data = sample.heap = pixels;
    *array = sample;
    return true;
}

// ---- Arrays

// Pictures with their channels last, as Pillow and NumPy have them, for an input with its channels first: one, or a batch.
static bool channels_first(const char *path, const NetrtPictureLayout *layout, const NetrtInput *input, NetrtSamples *samples,
                           NetrtError *error) {
    NetrtArray *array = &samples->array, turned = *array;
    int first = array->rank - 3;
    int64_t channels = layout->channels, pixels = layout->height * layout->width, *shape = array->shape + first;
    if (!samples->pictures || input->rank != 3 || channels == 1 || layout->column != 1 || first < 0 || first > 1) return true;
    if (shape[0] != layout->height || shape[1] != layout->width || shape[2] != channels || shape[0] == channels) return true;
    size_t size = netrt_dtype_size(array->dtype);
    turned.map = NULL;
    turned.map_bytes = 0;
    turned.data = turned.heap = malloc((size_t)array->count * size + 1);
    if (!turned.heap) return netrt_fail(error, "%s: not enough memory for its %lld elements", path, (long long)array->count);
    for (int64_t i = 0; i < array->count; i++) {
        int64_t sample = i / (pixels * channels), pixel = i / channels % pixels, channel = i % channels;
        memcpy((char *)turned.heap + (size_t)((sample * channels + channel) * pixels + pixel) * size,
               (const char *)array->data + (size_t)i * size, size);
    }
    memcpy(turned.shape + first, input->shape, 3 * sizeof *turned.shape);
    snprintf(samples->note, sizeof samples->note, "%.150s: its channels, which come last, were put first", path);
    netrt_array_close(array);
    *array = turned;
    return true;
}

static bool open_file(const NetrtContext *context, NetrtBorders *borders, const char *path, NetrtSamples *samples,
                      NetrtError *error) {
    int input = -1;
    for (int i = 0; i < context->program->input_count; i++) {
        if (context->program->inputs[i].target) continue;
        if (input >= 0)
            return netrt_fail(error, "%s: this model has several inputs; name samples of the data set, as in test:17", path);
        input = i;
    }
    if (input < 0) return netrt_fail(error, "%s: this model has no input", path);
    const NetrtInput *wanted = &context->program->inputs[input];
    bool picture;
    if (!read_file(path, &samples->array, &picture, error)) return false;
    bool ready = picture ? fit_picture(context, input, borders, path, samples, error)
                         : channels_first(path, &samples->layout, wanted, samples, error);
    if (!ready || !netrt_rows_from_array(&samples->array, wanted, path, &samples->rows, error)) return false;
    samples->inputs[input] = samples->rows.data;
    samples->count = samples->rows.count;
    return samples->count > 0 || netrt_fail(error, "%s has no samples", path);
}

// ---- What can be looked at

bool netrt_samples_picture(const NetrtContext *context, const NetrtSamples *samples, int64_t row, NetrtPicture *picture,
                           NetrtError *error) {
    int32_t dtype = context->program->inputs[samples->picture_input].dtype;
    const NetrtPictureLayout *layout = &samples->layout;
    size_t bytes = (size_t)(layout->height * layout->width * layout->channels) * netrt_dtype_size(dtype);
    const char *rows = samples->inputs[samples->picture_input];
    return netrt_picture_of_sample(rows + (size_t)row * bytes, dtype, layout, picture, error);
}

bool netrt_samples_open(const NetrtContext *context, const NetrtSession *session, NetrtBorders *borders, const char *argument,
                        NetrtSamples *samples, NetrtError *error) {
    *samples = (NetrtSamples){0};
    samples->picture_input = netrt_picture_input(context->program, &samples->layout);
    samples->pictures = samples->picture_input >= 0;
    bool ok = netrt_samples_split(argument) >= 0 ? open_sample(context, session, argument, samples, error)
                                                 : open_file(context, borders, argument, samples, error);
    if (!ok) netrt_samples_close(samples);
    return ok;
}

void netrt_samples_close(NetrtSamples *samples) {
    netrt_rows_close(&samples->rows);
    netrt_array_close(&samples->array);
    *samples = (NetrtSamples){0};
}
