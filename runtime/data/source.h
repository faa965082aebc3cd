// Bytes of a file of data, unpacked or gzipped: what the readers of the formats stand on.
//
// A reader takes the header byte by byte, works out how long the payload must be, and asks for just that: an unpacked file is
// mapped, a gzipped one is inflated into memory of that size and not a byte more.
#pragma once

#include "data/array.h"

typedef struct NetrtSource NetrtSource;

// NULL if the file cannot be opened, is a folder or a web page. Close it with netrt_source_close (NULL is harmless).
NetrtSource *netrt_source_open(const char *path, NetrtError *error);
void netrt_source_close(NetrtSource *source);

// Reads exactly n bytes; false if the file ends before ("truncated") or is corrupt.
bool netrt_source_read(NetrtSource *source, void *buffer, size_t n, NetrtError *error);

// The next byte, −1 at the end of the file, −2 for a failure.
int netrt_source_byte(NetrtSource *source, NetrtError *error);

// Gives array->data the next `bytes` bytes, mapped where that can be, aligned to `align` (a power of two ≤ 16). Sets only
// data, map, map_bytes and heap. Refuses sizes that the file cannot hold before it allocates them.
bool netrt_source_payload(NetrtSource *source, int64_t bytes, size_t align, NetrtArray *array, NetrtError *error);

// Checks that the file ends here (and, for gzip, that its checksum is right).
bool netrt_source_end(NetrtSource *source, NetrtError *error);
