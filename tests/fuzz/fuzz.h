// What the fuzz targets share. A target is one function that must come through any bytes: libFuzzer calls it with inputs that
// it makes up (burst.sh), replay.c with those of the corpus.
#pragma once

#define _GNU_SOURCE // NOLINT(bugprone-reserved-identifier): for memfd_create
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); // 0: keep the input if it reached something new

// What must hold for every input. Fuzzers and sanitizers see an abort.
#define HOLDS(condition)                                                                                                       \
    do {                                                                                                                       \
        if (!(condition)) {                                                                                                    \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                                     \
            abort();                                                                                                           \
        }                                                                                                                      \
    } while (0)

// A file in memory with these bytes: the readers take paths, map files and ask for their sizes.
typedef struct MemoryFile {
    int descriptor;
    char path[40];
} MemoryFile;

static inline MemoryFile memory_file(const void *data, size_t size) {
    MemoryFile file = {.descriptor = memfd_create("input", MFD_CLOEXEC)};
    HOLDS(file.descriptor >= 0);
    HOLDS(size == 0 || write(file.descriptor, data, size) == (ssize_t)size);
    snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.descriptor);
    return file;
}

static inline void memory_file_close(MemoryFile *file) { close(file->descriptor); }

// Reads all of it, so that the sanitizers see what is not there.
static inline uint64_t touch(const void *data, size_t size) {
    uint64_t sum = 0;
    for (size_t i = 0; i < size; i++) sum += ((const unsigned char *)data)[i];
    return sum;
}
