// Calls of the C library that can be made to fail: each is wrapped by the linker (--wrap, in tests.cmake's list) and counts
// down; at zero it fails as it would without memory or on a broken disk. What was allocated and not freed is counted too.
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static long failing_countdown;  // 0: nothing fails
static const char *failed_call; // what did
static long live_allocations;

static bool fails(const char *call, int reason) {
    if (failing_countdown == 0 || --failing_countdown > 0) return false;
    failed_call = call;
    errno = reason;
    return true;
}

static void failing_begin(long countdown) {
    failing_countdown = countdown;
    failed_call = NULL;
}

// Whether something failed since failing_begin.
static bool failing_end(void) {
    failing_countdown = 0;
    return failed_call != NULL;
}

static void *counted(void *memory) {
    live_allocations += memory != NULL;
    return memory;
}

#define WRAP(result, name, ...)                                                                                                \
    result __real_##name(__VA_ARGS__); /* NOLINT(bugprone-reserved-identifier): the linker's */                                \
    result __wrap_##name(__VA_ARGS__); /* NOLINT(bugprone-reserved-identifier) */                                              \
    result __wrap_##name(__VA_ARGS__)

// ---- Memory
WRAP(void *, malloc, size_t size) { return fails("malloc", ENOMEM) ? NULL : counted(__real_malloc(size)); }
WRAP(void *, calloc, size_t count, size_t size) { return fails("calloc", ENOMEM) ? NULL : counted(__real_calloc(count, size)); }
WRAP(void *, realloc, void *old, size_t size) {
    if (fails("realloc", ENOMEM)) return NULL;
    return old ? __real_realloc(old, size) : counted(__real_realloc(old, size));
}
WRAP(char *, strdup, const char *text) { return fails("strdup", ENOMEM) ? NULL : counted(__real_strdup(text)); }
WRAP(char *, realpath, const char *path, char *out) {
    return fails("realpath", ENOMEM) ? NULL : counted(__real_realpath(path, out));
}
WRAP(FILE *, open_memstream, char **text, size_t *length) {
    FILE *stream = fails("open_memstream", ENOMEM) ? NULL : __real_open_memstream(text, length);
    live_allocations += stream != NULL; // *text, which the caller frees after closing the stream
    return stream;
}
WRAP(void, free, void *memory) {
    live_allocations -= memory != NULL;
    __real_free(memory);
}
WRAP(void *, mmap, void *at, size_t size, int protection, int flags, int file, off_t offset) {
    return fails("mmap", ENOMEM) ? MAP_FAILED : __real_mmap(at, size, protection, flags, file, offset);
}
WRAP(int, inflateInit2_, z_stream *stream, int bits, const char *version, int size) {
    return fails("inflateInit2", ENOMEM) ? Z_MEM_ERROR : __real_inflateInit2_(stream, bits, version, size);
}

// ---- Files
int __real_open(const char *path, int flags, ...); // NOLINT(bugprone-reserved-identifier)
int __wrap_open(const char *path, int flags, ...); // NOLINT(bugprone-reserved-identifier)
int __wrap_open(const char *path, int flags, ...) {
    if (fails("open", EIO)) return -1;
    va_list arguments;
    va_start(arguments, flags);
    int mode = flags & O_CREAT ? va_arg(arguments, int) : 0;
    va_end(arguments);
    return __real_open(path, flags, mode);
}
WRAP(int, fstat, int file, struct stat *about) { return fails("fstat", EIO) ? -1 : __real_fstat(file, about); }
WRAP(ssize_t, read, int file, void *out, size_t size) {
    if (fails("read", EINTR)) return -1; // is tried again
    return fails("read", EIO) ? -1 : __real_read(file, out, size);
}
WRAP(off_t, lseek, int file, off_t offset, int whence) { return fails("lseek", EIO) ? -1 : __real_lseek(file, offset, whence); }
WRAP(FILE *, fopen, const char *path, const char *mode) { return fails("fopen", EIO) ? NULL : __real_fopen(path, mode); }
WRAP(FILE *, fdopen, int file, const char *mode) { return fails("fdopen", ENOMEM) ? NULL : __real_fdopen(file, mode); }
// Once a stream has met an error it stays in it: the flag is glibc's _IO_ERR_SEEN.
WRAP(int, ferror, FILE *stream) {
    if (fails("ferror", ENOSPC)) stream->_flags |= 0x20;
    return __real_ferror(stream);
}
WRAP(int, fflush, FILE *stream) { return fails("fflush", ENOSPC) ? EOF : __real_fflush(stream); }
WRAP(int, fsync, int file) { return fails("fsync", EIO) ? -1 : __real_fsync(file); }
WRAP(int, fchmod, int file, mode_t mode) { return fails("fchmod", EPERM) ? -1 : __real_fchmod(file, mode); }
WRAP(int, rename, const char *from, const char *to) { return fails("rename", EIO) ? -1 : __real_rename(from, to); }
WRAP(int, fclose, FILE *stream) {
    bool bad = fails("fclose", ENOSPC); // the stream is gone even so
    return __real_fclose(stream) != 0 || bad ? EOF : 0;
}
