// See ahead.h.
#include "program/ahead.h"

#include "data/array.h"

#define LINE 64                // bytes
#define MOST_BYTES (256 << 10) // of the second cache, a quarter of what small ones have

static int64_t row_bytes(const NetrtInput *input) {
    int64_t bytes = (int64_t)netrt_dtype_size(input->dtype);
    for (int32_t i = 0; i < input->rank; i++) bytes *= input->shape[i];
    return bytes;
}

static void fetch_row(const char *row, int64_t bytes) {
    for (int64_t at = 0; at < bytes; at += LINE) __builtin_prefetch(row + at, 0, 2);
    __builtin_prefetch(row + bytes - 1, 0, 2);
}

void netrt_ahead_fetch(NetrtAhead *ahead, const NetrtProgram *program, const void *const *inputs, int64_t steps) {
    if (!ahead->rows) return;
    int64_t bytes = 1;
    for (int64_t i = 0; i < program->input_count; i++) bytes += row_bytes(&program->inputs[i]);
    int64_t end = MOST_BYTES / bytes < ahead->count ? MOST_BYTES / bytes : ahead->count;
    int64_t stop = ahead->done + (end - ahead->done + steps - 1) / steps;
    for (; ahead->done < stop; ahead->done++)
        for (int64_t i = 0; i < program->input_count; i++) {
            int64_t row = row_bytes(&program->inputs[i]);
            fetch_row((const char *)inputs[i] + row * ahead->rows[ahead->done], row);
        }
}
