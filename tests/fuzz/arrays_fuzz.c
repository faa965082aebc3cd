// Fuzz target: the other files that arrays and pictures come in. Each reader gets every input; its magic tells it what is not
// for it.
#include "fuzz.h"

#include "data/npy.h"
#include "data/pgm.h"
#include "data/png.h"

typedef bool Reader(const char *path, NetrtArray *out, NetrtError *error);

static Reader *const readers[] = {netrt_npy_read, netrt_pgm_read, netrt_png_read};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
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
    return 0;
}
