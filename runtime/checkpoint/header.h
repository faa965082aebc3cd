// The JSON header of a safetensors file: parsed strictly, and nothing more than the format allows.
#pragma once

#include "checkpoint/safetensors.h"

// Parses text[0 … length) into file->tensors, metadata and strings. Tensors get a data pointer into `data`, which holds
// data_bytes; offsets are checked against it. Fails with one line that names `path`; what was allocated is in *file either way.
bool netrt_safetensors_parse(NetrtSafetensors *file, const char *text, size_t length, const unsigned char *data,
                             int64_t data_bytes, const char *path, NetrtError *error);

// "F32", …: the format's name of a NETRT_* or NETRT_ST_* type, and the bytes of an element.
const char *netrt_st_name(int32_t dtype);
size_t netrt_st_size(int32_t dtype);
