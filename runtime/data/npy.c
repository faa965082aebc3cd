// Reads and writes NumPy's .npy files. See npy.h.
//
// A file is the magic "\x93NUMPY", a version, the length of a header, the header (a Python literal such as
// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }), then the elements.
#include "data/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint/atomic_file.h"
#include "data/source.h"

enum { HEADER_LIMIT = 1 << 20 };

static const struct NpyType {
    const char *descr;
    uint8_t width, is_signed;
    int8_t dtype;
} npy_types[] = {
    {"<f4", 4, 0, NETRT_F32}, {"<f8", 8, 0, NETRT_F64}, {"<i8", 8, 1, NETRT_I64}, {"<i4", 4, 1, NETRT_I64},
    {"<i2", 2, 1, NETRT_I64}, {"|i1", 1, 1, NETRT_I64}, {"|u1", 1, 0, NETRT_U8},  {"|b1", 1, 0, NETRT_BOOL},
    {"<u2", 2, 0, NETRT_I64}, {"<u4", 4, 0, NETRT_I64},
};

typedef struct NpyHeader {
    char descr[16];
    bool fortran, has_descr, has_order, has_shape;
} NpyHeader;

// ---- The header's literal. Each parser skips spaces before what it takes and returns what follows, or NULL if it is not
// there.

static const char *skip_spaces(const char *at) {
    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r') at++;
    return at;
}

static const char *take(const char *at, const char *word) {
    at = skip_spaces(at);
    size_t length = strlen(word);
    return strncmp(at, word, length) == 0 ? at + length : NULL;
}

static const char *take_string(const char *at, char *text, size_t capacity) {
    at = skip_spaces(at);
    char quote = *at;
    if (quote != '\'' && quote != '"') return NULL;
    size_t length = strcspn(at + 1, "'\"");
    if (at[1 + length] != quote || length >= capacity) return NULL;
    memcpy(text, at + 1, length);
    text[length] = 0;
    return at + 1 + length + 1;
}

// (), (3,), (3, 4): a size may end in Python 2's L.
static const char *take_shape(const char *at, NetrtArray *out) {
    at = take(at, "(");
    if (!at) return NULL;
    while (*(at = skip_spaces(at)) != ')') {
        if (*at < '0' || *at > '9' || out->rank == NETRT_MAX_RANK) return NULL;
        int64_t size = 0;
        for (; *at >= '0' && *at <= '9'; at++) {
            if (!netrt_mul_checked(size, 10, &size) || __builtin_add_overflow(size, *at - '0', &size)) return NULL;
        }
        if (*at == 'L') at++;
        out->shape[out->rank++] = size;
        at = skip_spaces(at);
        if (*at == ',') at++;
        else if (*at != ')') return NULL;
    }
    return at + 1;
}

static const char *take_entry(const char *at, NpyHeader *header, NetrtArray *out) {
    char key[32];
    at = take_string(at, key, sizeof key);
    if (!at || !(at = take(at, ":"))) return NULL;
    if (strcmp(key, "descr") == 0 && !header->has_descr) {
        header->has_descr = true;
        return take_string(at, header->descr, sizeof header->descr);
    }
    if (strcmp(key, "fortran_order") == 0 && !header->has_order) {
        header->has_order = true;
        const char *after = take(at, "True");
        header->fortran = after != NULL;
        return after ? after : take(at, "False");
    }
    if (strcmp(key, "shape") == 0 && !header->has_shape) {
        header->has_shape = true;
        return take_shape(at, out);
    }
    return NULL;
}

static bool parse_literal(const char *at, NpyHeader *header, NetrtArray *out) {
    at = take(at, "{");
    while (at && *(at = skip_spaces(at)) != '}') {
        at = take_entry(at, header, out);
        if (at && *(at = skip_spaces(at)) == ',') at++;
        else if (at && *at != '}') at = NULL;
    }
    return at && *skip_spaces(at + 1) == 0 && header->has_descr && header->has_order && header->has_shape;
}

// ---- Reading

static bool read_header(NetrtSource *source, const char *path, char **text, NetrtError *error) {
    unsigned char start[12] = {0};
    if (!netrt_source_read(source, start, 10, error)) return false;
    if (memcmp(start, "\x93NUMPY", 6) != 0)
        return netrt_fail(error, "%s: is no .npy file: it does not begin with NumPy's magic", path);
    if (start[6] < 1 || start[6] > 3)
        return netrt_fail(error, "%s: version %d of the .npy format is not known", path, start[6]);
    if (start[6] > 1 && !netrt_source_read(source, start + 10, 2, error)) return false;
    size_t length = start[8] | (size_t)start[9] << 8 | (size_t)start[10] << 16 | (size_t)start[11] << 24;
    if (length > HEADER_LIMIT) return netrt_fail(error, "%s: the header is impossibly long", path);
    *text = calloc(1, length + 1);
    if (!*text) return netrt_fail(error, "%s: not enough memory to read it", path);
    if (!netrt_source_read(source, *text, length, error)) return false;
    return strlen(*text) == length || netrt_fail(error, "%s: the header holds a NUL byte", path);
}

static const struct NpyType *find_type(const char *descr) {
    for (size_t i = 0; i < sizeof npy_types / sizeof *npy_types; i++) {
        bool one_byte = npy_types[i].width == 1; // its byte order means nothing and may be any
        if (strcmp(descr + one_byte, npy_types[i].descr + one_byte) == 0 && strlen(descr) == 3) return &npy_types[i];
    }
    return NULL;
}

static int64_t load_integer(const unsigned char *at, const struct NpyType *type) {
    uint64_t bits = 0;
    for (int i = type->width; i-- > 0;) bits = bits << 8 | at[i];
    int shift = 64 - 8 * type->width;
    return type->is_signed ? (int64_t)(bits << shift) >> shift : (int64_t)bits;
}

// Copies the elements to memory of their own: integers widened, booleans made 0 or 1, Fortran order made C order.
static bool rearrange(const struct NpyType *type, bool fortran, const char *path, NetrtArray *array, NetrtError *error) {
    size_t size = netrt_dtype_size(array->dtype);
    char *out = malloc((size_t)array->count * size + 1);
    if (!out) return netrt_fail(error, "%s: not enough memory for its %lld elements", path, (long long)array->count);
    int64_t stride[NETRT_MAX_RANK], index[NETRT_MAX_RANK] = {0}, step = 1;
    for (int32_t k = 0; array->count > 0 && k < array->rank; k++) {
        int32_t axis = fortran ? k : array->rank - 1 - k; // the axis that varies fastest comes first
        stride[axis] = step;
        step *= array->shape[axis];
    }
    int64_t from = 0;
    for (int64_t i = 0; i < array->count; i++) {
        const unsigned char *element = (const unsigned char *)array->data + from * type->width;
        int64_t integer = array->dtype == NETRT_I64 ? load_integer(element, type) : *element != 0;
        bool as_it_is = array->dtype != NETRT_I64 && array->dtype != NETRT_BOOL;
        if (array->dtype == NETRT_BOOL) out[i] = (char)integer;
        else memcpy(out + (size_t)i * size, as_it_is ? (const void *)element : (const void *)&integer, size);
        for (int32_t axis = array->rank; axis-- > 0;) { // the next index in C order
            from += stride[axis];
            if (++index[axis] < array->shape[axis]) break;
            from -= stride[axis] * array->shape[axis];
            index[axis] = 0;
        }
    }
    NetrtArray mine = *array;
    mine.map = NULL;
    mine.map_bytes = 0;
    mine.data = mine.heap = out;
    netrt_array_close(array);
    *array = mine;
    return true;
}

static bool read_array(NetrtSource *source, const char *path, const char *text, NetrtArray *out, NetrtError *error) {
    NpyHeader header = {0};
    if (!parse_literal(text, &header, out)) {
        return netrt_fail(error,
                          "%s: the .npy header cannot be understood (an array of numbers with at most %d dimensions works)",
                          path, NETRT_MAX_RANK);
    }
    const struct NpyType *type = find_type(header.descr);
    if (!type) {
        const char *advice = header.descr[0] == '>' ? "little-endian numbers" : "float32, float64, integers, uint8 and bool";
        return netrt_fail(error, "%s: elements of type '%s' cannot be read; %s can", path, header.descr, advice);
    }
    out->dtype = type->dtype;
    out->count = 1;
    int64_t bytes;
    bool fits = true;
    for (int32_t i = 0; i < out->rank; i++) fits = fits && netrt_mul_checked(out->count, out->shape[i], &out->count);
    if (!fits || !netrt_mul_checked(out->count, 8, &bytes)) return netrt_fail(error, "%s: its shape is impossibly large", path);
    if (!netrt_source_payload(source, out->count * type->width, type->width, out, error)) return false;
    if (!netrt_source_end(source, error)) return false;
    bool as_it_is =
        type->width == netrt_dtype_size(type->dtype) && type->dtype != NETRT_BOOL && (!header.fortran || out->rank < 2);
    return as_it_is || rearrange(type, header.fortran, path, out, error);
}

bool netrt_npy_read(const char *path, NetrtArray *out, NetrtError *error) {
    *out = (NetrtArray){0};
    NetrtSource *source = netrt_source_open(path, error);
    if (!source) return false;
    char *text = NULL;
    bool done = read_header(source, path, &text, error) && read_array(source, path, text, out, error);
    free(text);
    netrt_source_close(source);
    if (!done) netrt_array_close(out);
    return done;
}

// ---- Writing

bool netrt_npy_write(const char *path, int32_t dtype, int32_t rank, const int64_t *shape, const void *data, NetrtError *error) {
    const char *descr = NULL;
    for (size_t i = sizeof npy_types / sizeof *npy_types; i-- > 0;) {
        if (npy_types[i].dtype == dtype && npy_types[i].width == netrt_dtype_size(dtype)) descr = npy_types[i].descr;
    }
    if (!descr) return netrt_fail(error, "%s: no .npy type for these elements", path);
    char header[320] = {0};
    int length = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    int64_t count = 1;
    for (int32_t i = 0; i < rank; i++) {
        count *= shape[i];
        length +=
            snprintf(header + length, sizeof header - (size_t)length, i + 1 < rank ? "%lld, " : "%lld", (long long)shape[i]);
    }
    length += snprintf(header + length, sizeof header - (size_t)length, rank == 1 ? ",), }" : "), }");
    int padded = (10 + length + 1 + 63) / 64 * 64 - 10; // the elements begin at a multiple of 64 bytes
    memset(header + length, ' ', (size_t)(padded - length));
    header[padded - 1] = '\n';
    unsigned char start[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)padded, (unsigned char)(padded >> 8)};
    NetrtAtomicFile file;
    if (!netrt_atomic_open(&file, path, error)) return false;
    fwrite(start, 1, sizeof start, file.stream);
    fwrite(header, 1, (size_t)padded, file.stream);
    fwrite(data, netrt_dtype_size(dtype), (size_t)count, file.stream);
    return netrt_atomic_commit(&file, error);
}
