// Reads IDX files. See idx.h.
#include "data/idx.h"

#include <stdlib.h>
#include <string.h>

#include "data/source.h"

// What the third byte of a file says, and what its elements become.
static const struct IdxType {
    uint8_t code, width;
    int8_t dtype;
} idx_types[] = {
    {0x08, 1, NETRT_U8},  {0x09, 1, NETRT_I64}, {0x0b, 2, NETRT_I64},
    {0x0c, 4, NETRT_I64}, {0x0d, 4, NETRT_F32}, {0x0e, 8, NETRT_F64},
};

static uint64_t big_endian(const unsigned char *bytes, int width) {
    uint64_t value = 0;
    for (int i = 0; i < width; i++) value = value << 8 | bytes[i];
    return value;
}

// Elements wider than a byte, or signed: into memory of their own, in the machine's order.
static bool widen(const struct IdxType *type, const char *path, NetrtArray *array, NetrtError *error) {
    size_t size = netrt_dtype_size(array->dtype);
    char *out = malloc((size_t)array->count * size + 1);
    if (!out) return netrt_fail(error, "%s: not enough memory for its %lld elements", path, (long long)array->count);
    for (int64_t i = 0; i < array->count; i++) {
        uint64_t bits = big_endian((const unsigned char *)array->data + i * type->width, type->width);
        if (array->dtype == NETRT_I64) {
            int shift = 64 - 8 * type->width; // the sign bit to the top and back
            int64_t value = (int64_t)(bits << shift) >> shift;
            memcpy(out + (size_t)i * size, &value, size);
        } else if (size == 4) {
            uint32_t word = (uint32_t)bits;
            memcpy(out + (size_t)i * size, &word, size);
        } else {
            memcpy(out + (size_t)i * size, &bits, size);
        }
    }
    NetrtArray wide = *array;
    wide.map = NULL;
    wide.map_bytes = 0;
    wide.data = wide.heap = out;
    netrt_array_close(array);
    *array = wide;
    return true;
}

static bool read_header(NetrtSource *source, const char *path, const struct IdxType **type, NetrtArray *out,
                        NetrtError *error) {
    unsigned char magic[4];
    if (!netrt_source_read(source, magic, 4, error)) return false;
    *type = NULL;
    for (size_t i = 0; i < sizeof idx_types / sizeof *idx_types; i++) {
        if (idx_types[i].code == magic[2]) *type = &idx_types[i];
    }
    if (magic[0] != 0 || magic[1] != 0 || !*type) {
        return netrt_fail(error, "%s: is no IDX file: it begins with %02x %02x %02x %02x instead of 00 00 08", path, magic[0],
                          magic[1], magic[2], magic[3]);
    }
    if (magic[3] > NETRT_MAX_RANK)
        return netrt_fail(error, "%s: has %d dimensions; at most %d work", path, magic[3], NETRT_MAX_RANK);
    out->dtype = (*type)->dtype;
    out->rank = magic[3];
    out->count = 1;
    bool fits = true;
    for (int32_t i = 0; i < out->rank; i++) {
        unsigned char size[4];
        if (!netrt_source_read(source, size, 4, error)) return false;
        out->shape[i] = (int64_t)big_endian(size, 4);
        fits = fits && netrt_mul_checked(out->count, out->shape[i], &out->count);
    }
    int64_t bytes;
    fits = fits && netrt_mul_checked(out->count, 8, &bytes); // room for the widest type
    if (fits) return true;
    return netrt_fail(error, "%s: the sizes in its header are impossibly large", path);
}

bool netrt_idx_read(const char *path, NetrtArray *out, NetrtError *error) {
    *out = (NetrtArray){0};
    NetrtSource *source = netrt_source_open(path, error);
    if (!source) return false;
    const struct IdxType *type;
    bool done = read_header(source, path, &type, out, error) &&
                netrt_source_payload(source, out->count * type->width, 1, out, error) && netrt_source_end(source, error) &&
                (out->dtype == NETRT_U8 || widen(type, path, out, error));
    netrt_source_close(source);
    if (!done) netrt_array_close(out);
    return done;
}
