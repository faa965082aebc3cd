// For tests of the runtime that read and write files: cmocka, a temporary folder, files plain and gzipped, made-up programs.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "data/array.h"

typedef struct Folder {
    char path[64];
} Folder;

static inline int folder_make(void **state) {
    Folder *folder = calloc(1, sizeof *folder);
    if (!folder) return -1;
    strcpy(folder->path, "/tmp/netrt-test-XXXXXX");
    *state = folder;
    return mkdtemp(folder->path) ? 0 : -1;
}

static inline int folder_remove(void **state) {
    Folder *folder = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder->path);
    int status = system(command);
    free(folder);
    return status;
}

// The path of a file in the folder; lives until the fourth next call.
static inline const char *in_folder(void **state, const char *name) {
    static char paths[4][256];
    static int next;
    char *path = paths[next = (next + 1) % 4];
    snprintf(path, sizeof paths[0], "%s/%s", ((Folder *)*state)->path, name);
    return path;
}

static inline void make_folder(const char *path) { assert_int_equal(mkdir(path, 0777), 0); }

static inline void write_file(const char *path, const void *bytes, size_t n) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    if (n) assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static inline void write_gzip(const char *path, const void *bytes, size_t n, const char *mode) {
    gzFile file = gzopen(path, mode);
    assert_non_null(file);
    assert_int_equal(gzwrite(file, bytes, (unsigned)n), n);
    assert_int_equal(gzclose(file), Z_OK);
}

// Reads a whole file into memory that the caller frees.
static inline unsigned char *read_file(const char *path, size_t *n) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *n = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*n + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *n, file), *n);
    fclose(file);
    return bytes;
}

static inline void assert_message(const NetrtError *error, const char *part) {
    if (!strstr(error->message, part)) fail_msg("the message \"%s\" lacks \"%s\"", error->message, part);
    assert_null(strchr(error->message, '\n'));
}

// A small generator for mutations of files.
static inline uint32_t next_random(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

// Changes a file's bytes in one of the ways that break readers. Returns the new length, at most n.
static inline size_t mutate(unsigned char *bytes, size_t n, uint32_t *random) {
    int times = 1 + (int)(next_random(random) % 4);
    for (int i = 0; i < times && n > 0; i++) {
        size_t at = next_random(random) % (next_random(random) % 2 && n > 64 ? 64 : n);
        switch (next_random(random) % 5) {
        case 0: bytes[at] ^= (unsigned char)(1u << next_random(random) % 8); break;
        case 1: bytes[at] = (unsigned char)next_random(random); break;
        case 2: bytes[at] = next_random(random) % 2 ? 0xff : 0; break;
        case 3: n = at; break;
        default:
            memmove(bytes + at, bytes + at + 1, n - at - 1);
            n--;
            break;
        }
    }
    return n;
}

// Reads a file that is broken, perhaps: all of the array is there, or an error names the file. The numbers choose what comes
// next, so that the sanitizers see each of them looked at.
static inline void read_broken(bool (*read)(const char *path, NetrtArray *out, NetrtError *error), const char *path,
                               uint32_t *random) {
    NetrtArray array;
    NetrtError error = {{0}};
    if (read(path, &array, &error)) {
        const uint8_t *bytes = array.data;
        int64_t count = array.count * (int64_t)netrt_dtype_size(array.dtype);
        for (int64_t i = 0; i < count; i++) *random += bytes[i];
        netrt_array_close(&array);
    } else {
        assert_message(&error, path);
    }
    *random |= 1;
}
