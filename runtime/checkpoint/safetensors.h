// Parameters in files: the safetensors format (8 bytes of length, a JSON header, little-endian tensors), read and written.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "data/error.h"
#include "netrt.h"

// Element types of a file. The first ones are NETRT_BOOL … NETRT_F64; the others can be read but are not written.
enum { NETRT_ST_F16 = NETRT_F64 + 1, NETRT_ST_BF16, NETRT_ST_I8, NETRT_ST_I16, NETRT_ST_I32 };

typedef struct NetrtTensor {
    const char *name; // owned by the file
    int32_t dtype;    // NETRT_* or NETRT_ST_*
    int32_t rank;
    int64_t shape[NETRT_MAX_RANK];
    int64_t count;             // elements
    const unsigned char *data; // row-major, little-endian, maybe unaligned
} NetrtTensor;

typedef struct NetrtMeta {
    const char *key, *value;
} NetrtMeta;

typedef struct NetrtSafetensors {
    NetrtTensor *tensors; // in the order of the header
    int64_t tensor_count;
    NetrtMeta *metadata; // of "__metadata__"
    int64_t metadata_count;
    void *map; // the mapped file
    size_t map_bytes;
    char *strings; // names, keys, values
} NetrtSafetensors;

// Opens and checks a whole file: length of the header, JSON without duplicate keys, types, shapes that fit the offsets, tensors
// that neither overlap nor leave holes. On success the caller closes *out; on failure it is empty.
bool netrt_safetensors_open(const char *path, NetrtSafetensors *out, NetrtError *error);
void netrt_safetensors_close(NetrtSafetensors *file);
const NetrtTensor *netrt_safetensors_find(const NetrtSafetensors *file, const char *name); // NULL: none of this name
const char *netrt_safetensors_meta(const NetrtSafetensors *file, const char *key);         // NULL: none of this key

// One tensor to be written: elements of a NETRT_* type, strides in elements (NULL: contiguous).
typedef struct NetrtTensorView {
    const char *name;
    int32_t dtype, rank;
    const int64_t *shape, *stride;
    const void *data;
} NetrtTensorView;

// Writes the tensors row-major, replacing the file at `path` atomically. Names must differ.
bool netrt_safetensors_write(const char *path, const NetrtTensorView *tensors, int64_t tensor_count, const NetrtMeta *metadata,
                             int64_t metadata_count, NetrtError *error);

// ---- A program's variables. `kinds` is a set of NetrtVar kinds: (1 << NETRT_PARAM) | (1 << NETRT_BUFFER) …

// Writes the variables of these kinds from the block of variables, each under its name and all its aliases. Gradients come out
// under their parameters' names (`grad`: kinds = 1 << NETRT_GRADIENT).
bool netrt_vars_save(const NetrtProgram *program, const char *vars, unsigned kinds, const char *path, const NetrtMeta *metadata,
                     int64_t metadata_count, NetrtError *error);

// Reads every variable of these kinds into the block of variables, by its name or any alias; floats convert, shapes must be
// equal. Missing tensors are an error, and so are tensors that the program has no variable (of any kind) for; both are listed.
// Nothing is written to the block unless the whole file fits.
bool netrt_vars_load(const NetrtProgram *program, char *vars, unsigned kinds, const char *path, NetrtError *error);
bool netrt_vars_load_from(const NetrtProgram *program, char *vars, unsigned kinds, const NetrtSafetensors *file,
                          const char *path, NetrtError *error);
