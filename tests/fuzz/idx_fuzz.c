// Fuzz target: IDX files, as they are and gzipped. Without a valid checksum a mutated gzip file ends early, so the plain bytes
// are packed here as well.
#include "fuzz.h"

#include <zlib.h>

#include "data/idx.h"

static void use(const NetrtArray *array) {
    touch(array->data, (size_t)array->count * netrt_dtype_size(array->dtype));
    static const int32_t dtypes[] = {NETRT_U8, NETRT_I64, NETRT_F32, NETRT_F64};
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
        NetrtInput input = {.name = "input", .dtype = dtypes[i], .rank = 2, .shape = {2, 3}, .target = i == 1};
        NetrtRows rows;
        NetrtError error = {0};
        if (netrt_rows_from_array(array, &input, "file", &rows, &error)) {
            HOLDS(rows.count * 6 == array->count);
            touch(rows.data, (size_t)rows.count * 6 * netrt_dtype_size(dtypes[i]));
        } else HOLDS(*error.message);
        netrt_rows_close(&rows);
    }
}

// The array of a file's bytes; empty and with a message where they are none.
static NetrtArray read_bytes(const void *data, size_t size) {
    MemoryFile file = memory_file(data, size);
    NetrtArray array;
    NetrtError error = {0};
    bool done = netrt_idx_read(file.path, &array, &error);
    HOLDS(done ? !*error.message : *error.message && !array.data && !array.heap && !array.map);
    memory_file_close(&file);
    return array;
}

static size_t pack(const uint8_t *data, size_t size, uint8_t *out, size_t capacity) {
    z_stream stream = {.next_in = (Bytef *)data, .avail_in = (uInt)size, .next_out = out, .avail_out = (uInt)capacity};
    HOLDS(deflateInit2(&stream, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    HOLDS(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    deflateEnd(&stream);
    return capacity - stream.avail_out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size > 1 << 20) return 0;
    NetrtArray array = read_bytes(data, size);
    if (array.data) use(&array);

    size_t capacity = size + 1000;
    uint8_t *packed = malloc(capacity);
    HOLDS(packed);
    NetrtArray same = read_bytes(packed, pack(data, size, packed, capacity));
    bool gzipped = size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
    if (!gzipped) { // the same file in another wrapping
        HOLDS(!same.data == !array.data && same.count == array.count);
        HOLDS(!array.data || memcmp(same.data, array.data, (size_t)array.count * netrt_dtype_size(array.dtype)) == 0);
    }
    free(packed);
    netrt_array_close(&same);
    netrt_array_close(&array);
    return 0;
}
