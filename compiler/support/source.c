// The whole file is read at once: spans are offsets into it. Pipes are read as well as files, folders and devices without end
// are refused.
#include "support/source.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST_SOURCE = 16 << 20 };

// The text, NUL-terminated, or NULL with errno; more than LARGEST_SOURCE is EFBIG.
static char *read_all(Arena *perm, int descriptor, size_t *length) {
    struct stat about;
    if (fstat(descriptor, &about) != 0) return NULL;
    if (S_ISDIR(about.st_mode)) {
        errno = EISDIR;
        return NULL;
    }
    size_t capacity = S_ISREG(about.st_mode) && about.st_size < LARGEST_SOURCE ? (size_t)about.st_size + 2 : 1 << 16;
    char *text = arena_alloc(perm, capacity);
    *length = 0;
    for (;;) {
        ssize_t got = read(descriptor, text + *length, capacity - *length - 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return NULL;
        if (got == 0) return text;
        *length += (size_t)got;
        if (*length > LARGEST_SOURCE) {
            errno = EFBIG;
            return NULL;
        }
        if (*length + 1 < capacity) continue;
        char *larger = arena_alloc(perm, capacity * 2);
        memcpy(larger, text, *length);
        text = larger;
        capacity *= 2;
    }
}

bool source_read(Arena *perm, Diagnostics *diag, Span span, const char *path, uint32_t *file) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    char *text = descriptor < 0 ? NULL : read_all(perm, descriptor, &length);
    int reason = errno;
    if (descriptor >= 0) close(descriptor);
    if (text) {
        *file = diag_add_file(diag, path, text, length, false);
        return true;
    }
    if (reason == EFBIG) diag_error(diag, span, MSG(SOURCE_TOO_LARGE), path);
    else diag_error(diag, span, MSG(CANNOT_READ), path, strerror(reason));
    return false;
}
