// Fuzz target: the other files that arrays and pictures come in. Each reader gets every input; its magic tells it what is not
// for it.
#include "fuzz.h"

#include <zlib.h>

#include "data/npy.h"
#include "data/pgm.h"
#include "data/picture.h"
#include "data/png.h"
#include "data/png.h"

typedef bool Reader(const char *path, NetrtArray *out, NetrtError *error);

static Reader *const readers[] = {netrt_npy_read, netrt_pgm_read, netrt_png_read};

static void read_bytes(const uint8_t *data, size_t size) {
    MemoryFile file = memory_file(data, size);
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        NetrtArray array;
        NetrtError error = {0};
        bool done = readers[i](file.path, &array, &error);
        HOLDS(done ? !*error.message : *error.message && !array.data && !array.heap && !array.map);
        if (!done) continue;
        touch(array.data, (size_t)array.count * netrt_dtype_size(array.dtype));
        netrt_array_close(&array);
    }
    memory_file_close(&file);
}

// Gives the chunks of a PNG file their right checksums: a mutated one would be refused at once.
static void mend_checksums(uint8_t *data, size_t size) {
    for (size_t at = 8; size - at >= 12;) {
        size_t length = (size_t)data[at] << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3];
        if (length > size - at - 12) return;
        uint32_t sum = (uint32_t)crc32(0, data + at + 4, (uInt)length + 4);
        for (int i = 0; i < 4; i++) data[at + 8 + length + (size_t)i] = (uint8_t)(sum >> (24 - 8 * i));
        at += 12 + length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    read_bytes(data, size);
    if (size >= 8 && memcmp(data, "\x89PNG", 4) == 0) {
        uint8_t *mended = malloc(size);
        HOLDS(mended);
        memcpy(mended, data, size);
        mend_checksums(mended, size);
        read_bytes(mended, size);
        free(mended);
    }
    return 0;
}
