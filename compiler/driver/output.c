// A result appears whole or not at all: it is written beside its place under a temporary name, synchronised and renamed. An
// older result stays as it was until then. Signals that would end netc in between wait until the temporary file is gone.
#define _GNU_SOURCE // NOLINT(bugprone-reserved-identifier): for mkostemp
#include "driver/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/signals.h"

static bool write_all(int descriptor, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t done = write(descriptor, bytes, length);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return false;
        bytes += done;
        length -= (size_t)done;
    }
    return true;
}

static bool failed(Diagnostics *diag, const char *path, int reason) {
    diag_error(diag, SPAN_NONE, MSG(CANNOT_WRITE), path, strerror(reason));
    return false;
}

char *output_temporary(Arena *perm, const char *path) {
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash - path) + 1 : 0;
    const char *here = *path == '/' ? "" : "./"; // no linker takes "./-o" or "./@file" for anything but a name
    return arena_printf(perm, "%s%.*s.netc-XXXXXX", here, folder, path);
}

bool output_replaceable(Diagnostics *diag, const char *path) {
    struct stat about;
    if (stat(path, &about) != 0) return true; // what is wrong with it, creating a file there will say
    if (S_ISREG(about.st_mode)) return true;
    if (S_ISDIR(about.st_mode)) return failed(diag, path, EISDIR);
    diag_error(diag, SPAN_NONE, MSG(OUTPUT_NOT_A_FILE), path);
    return false;
}

static bool publish(Diagnostics *diag, int descriptor, const char *temporary, const char *path, mode_t mode) {
    bool ok = fchmod(descriptor, mode) == 0 && fsync(descriptor) == 0 && rename(temporary, path) == 0;
    int reason = errno;
    if (ok) return true;
    unlink(temporary);
    return failed(diag, path, reason);
}

static mode_t new_mode(bool executable) {
    mode_t mask = umask(0);
    umask(mask);
    return (executable ? 0777 : 0666) & ~mask;
}

bool output_publish(Diagnostics *diag, int descriptor, const char *temporary, const char *path, bool executable) {
    return publish(diag, descriptor, temporary, path, new_mode(executable));
}

static bool write_to(Diagnostics *diag, int descriptor, const char *name, const char *bytes, size_t length) {
    return write_all(descriptor, bytes, length) || failed(diag, name, errno);
}

static bool write_beside(Arena *perm, Diagnostics *diag, const char *path, const char *bytes, size_t length, mode_t mode) {
    char *temporary = output_temporary(perm, path);
    sigset_t before;
    signals_hold(&before);
    int descriptor = mkostemp(temporary, O_CLOEXEC);
    bool ok = descriptor >= 0;
    if (!ok) failed(diag, path, errno);
    else if (!write_to(diag, descriptor, path, bytes, length)) {
        ok = false;
        unlink(temporary);
    } else ok = publish(diag, descriptor, temporary, path, mode);
    if (descriptor >= 0) close(descriptor);
    signals_release(&before);
    return ok;
}

bool output_replace(Arena *perm, Diagnostics *diag, const char *path, const char *bytes, size_t length) {
    struct stat about;
    char *target = realpath(path, NULL);
    if (!target || stat(target, &about) != 0 || access(target, W_OK) != 0) {
        int reason = errno;
        free(target);
        return failed(diag, path, reason);
    }
    const char *kept = arena_strdup(perm, target);
    free(target);
    if (!S_ISREG(about.st_mode)) {
        diag_error(diag, SPAN_NONE, MSG(OUTPUT_NOT_A_FILE), path);
        return false;
    }
    return write_beside(perm, diag, kept, bytes, length, about.st_mode & 07777);
}

bool output_write(Arena *perm, Diagnostics *diag, const char *path, const char *bytes, size_t length) {
    if (strcmp(path, "-") == 0) return write_to(diag, STDOUT_FILENO, "standard output", bytes, length);
    struct stat about;
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode)) { // a device or a pipe
        int descriptor = open(path, O_WRONLY | O_CLOEXEC);
        if (descriptor < 0) return failed(diag, path, errno);
        bool ok = write_to(diag, descriptor, path, bytes, length);
        close(descriptor);
        return ok;
    }
    if (!output_replaceable(diag, path)) return false;

    return write_beside(perm, diag, path, bytes, length, new_mode(false));
}
