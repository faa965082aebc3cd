// Arrays of files: sizes, names of types, release, and rows in the type that a program's kernels read.
#include "data/array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

size_t netrt_dtype_size(int32_t dtype) {
    switch (dtype) {
    case NETRT_I64:
    case NETRT_F64: return 8;
    case NETRT_F32: return 4;
    default: return 1;
    }
}

const char *netrt_dtype_name(int32_t dtype) {
    switch (dtype) {
    case NETRT_BOOL: return "bool";
    case NETRT_U8: return "u8";
    case NETRT_I64: return "i64";
    case NETRT_F32: return "f32";
    case NETRT_F64: return "f64";
    default: return "?";
    }
}

bool netrt_mul_checked(int64_t a, int64_t b, int64_t *out) { return a >= 0 && b >= 0 && !__builtin_mul_overflow(a, b, out); }

char *netrt_shape_text(char *text, size_t capacity, const int64_t *shape, int32_t rank) {
    size_t used = (size_t)snprintf(text, capacity, "(");
    for (int32_t i = 0; i < rank && used < capacity; i++) {
        used += (size_t)snprintf(text + used, capacity - used, i ? ", %lld" : "%lld", (long long)shape[i]);
    }
    if (used < capacity) snprintf(text + used, capacity - used, rank == 1 ? ",)" : ")");
    return text;
}

void netrt_array_close(NetrtArray *array) {
    if (array->map) munmap(array->map, array->map_bytes);
    free(array->heap);
    *array = (NetrtArray){0};
}

void netrt_rows_close(NetrtRows *rows) {
    free(rows->heap);
    *rows = (NetrtRows){0};
}

// ---- Conversion of elements

static bool is_float(int32_t dtype) { return dtype == NETRT_F32 || dtype == NETRT_F64; }

static bool can_convert(int32_t from, int32_t to) {
    if (from == to || is_float(to)) return true;
    if (to == NETRT_I64) return !is_float(from);
    return to == NETRT_U8 && from == NETRT_BOOL;
}

static int64_t load_integer(const void *data, int32_t dtype, int64_t i) {
    return dtype == NETRT_I64 ? ((const int64_t *)data)[i] : ((const uint8_t *)data)[i];
}

double netrt_number(const void *data, int32_t dtype, int64_t i) {
    if (dtype == NETRT_F32) return (double)((const float *)data)[i];
    if (dtype == NETRT_F64) return ((const double *)data)[i];
    return (double)load_integer(data, dtype, i);
}

static void convert(const void *from, int32_t from_type, void *to, int32_t to_type, int64_t count, bool bytes_to_unit) {
    for (int64_t i = 0; i < count; i++) {
        double number;
        switch (to_type) {
        case NETRT_I64: ((int64_t *)to)[i] = load_integer(from, from_type, i); break;
        case NETRT_F32:
            // In f32, as the kernels do it: x / 255 rounded once.
            if (bytes_to_unit) ((float *)to)[i] = (float)((const uint8_t *)from)[i] / 255.0f;
            else ((float *)to)[i] = (float)netrt_number(from, from_type, i);
            break;
        case NETRT_F64:
            number = netrt_number(from, from_type, i);
            ((double *)to)[i] = bytes_to_unit ? number / 255.0 : number;
            break;
        default: ((uint8_t *)to)[i] = (uint8_t)load_integer(from, from_type, i); break;
        }
    }
}

// ---- Rows

// Whether the array is one sample: dimensions of 1 may be there or not.
static bool same_but_ones(const NetrtArray *array, const NetrtInput *input) {
    int32_t i = 0, k = 0;
    for (;;) {
        while (i < array->rank && array->shape[i] == 1) i++;
        while (k < input->rank && input->shape[k] == 1) k++;
        if (i == array->rank || k == input->rank) return i == array->rank && k == input->rank;
        if (array->shape[i++] != input->shape[k++]) return false;
    }
}

// How many samples of `input` the array holds; −1 if its shape does not divide into any.
static int64_t sample_count(const NetrtArray *array, const NetrtInput *input) {
    int64_t row = 1, whole;
    for (int32_t i = 0; i < input->rank; i++) {
        if (!netrt_mul_checked(row, input->shape[i], &row)) return -1;
    }
    if (same_but_ones(array, input)) return 1;
    if (array->rank == 0 || !netrt_mul_checked(array->shape[0], row, &whole) || whole != array->count) return -1;
    return array->shape[0];
}

bool netrt_rows_from_array(const NetrtArray *array, const NetrtInput *input, const char *what, NetrtRows *out,
                           NetrtError *error) {
    *out = (NetrtRows){.count = sample_count(array, input), .data = array->data};
    if (out->count < 0) {
        char have[128], want[128];
        netrt_shape_text(have, sizeof have, array->shape, array->rank);
        netrt_shape_text(want, sizeof want, input->shape, input->rank);
        *out = (NetrtRows){0};
        return netrt_fail(error,
                          "%s: its shape is %s, but a sample of the program's %s is %s, with the number of samples before it",
                          what, have, input->name, want);
    }
    if (array->dtype == input->dtype) return true;
    if (!can_convert(array->dtype, input->dtype)) {
        *out = (NetrtRows){0};
        return netrt_fail(error, "%s: holds %s, but the program's %s is %s", what, netrt_dtype_name(array->dtype), input->name,
                          netrt_dtype_name(input->dtype));
    }
    int64_t bytes;
    if (netrt_mul_checked(array->count, (int64_t)netrt_dtype_size(input->dtype), &bytes)) out->heap = malloc((size_t)bytes + 1);
    if (!out->heap) {
        *out = (NetrtRows){0};
        return netrt_fail(error, "%s: not enough memory to convert its %lld elements", what, (long long)array->count);
    }
    bool one_a_row = array->count == out->count;
    bool bytes_to_unit = array->dtype == NETRT_U8 && is_float(input->dtype) && !(input->target && one_a_row);
    convert(array->data, array->dtype, out->heap, input->dtype, array->count, bytes_to_unit);
    out->data = out->heap;
    return true;
}
