// Fuzz target: safetensors files, read and loaded into a program's variables.
#include "fuzz.h"

#include "checkpoint/safetensors.h"
#include "data/array.h"

static const char *const aliases[] = {"tied.weight", NULL};

// A variable of each type; the first is stored transposed and has a second name.
static const NetrtVar vars[] = {
    {.name = "weight",
     .aliases = aliases,
     .kind = NETRT_PARAM,
     .dtype = NETRT_F32,
     .rank = 2,
     .shape = {2, 3},
     .stride = {1, 2}},
    {.name = "bias", .kind = NETRT_PARAM, .dtype = NETRT_F64, .rank = 1, .shape = {3}, .stride = {1}, .offset = 64},
    {.name = "steps", .kind = NETRT_BUFFER, .dtype = NETRT_I64, .offset = 128},
    {.name = "mask", .kind = NETRT_BUFFER, .dtype = NETRT_BOOL, .rank = 1, .shape = {2}, .stride = {1}, .offset = 192},
};

static void check_tensors(const NetrtSafetensors *file) {
    for (int64_t i = 0; i < file->tensor_count; i++) {
        const NetrtTensor *tensor = &file->tensors[i];
        HOLDS(netrt_safetensors_find(file, tensor->name) == tensor);
        int64_t count = 1;
        for (int32_t k = 0; k < tensor->rank; k++) count *= tensor->shape[k];
        HOLDS(count == tensor->count);
        const unsigned char *begin = file->map;
        HOLDS(tensor->data >= begin && tensor->data <= begin + file->map_bytes);
        touch(tensor->data, (size_t)count);
    }
    for (int64_t i = 0; i < file->metadata_count; i++) HOLDS(netrt_safetensors_meta(file, file->metadata[i].key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    MemoryFile bytes = memory_file(data, size);
    NetrtSafetensors file;
    NetrtError error = {0};
    if (netrt_safetensors_open(bytes.path, &file, &error)) {
        check_tensors(&file);
        netrt_safetensors_close(&file);
    } else HOLDS(*error.message);

    NetrtProgram program = {.name = "fuzz", .source = "fuzz.net", .vars = vars, .var_count = 4};
    for (unsigned kinds = 1; kinds < 4; kinds++) {
        char *block = calloc(1, 256);
        HOLDS(block);
        error = (NetrtError){0};
        unsigned wanted = (kinds & 1 ? 1u << NETRT_PARAM : 0) | (kinds & 2 ? 1u << NETRT_BUFFER : 0);
        bool done = netrt_vars_load(&program, block, wanted, bytes.path, &error);
        HOLDS(done || (*error.message && touch(block, 256) == 0)); // all of the file or nothing
        free(block);
    }
    memory_file_close(&bytes);
    return 0;
}
