// Replaces files as a whole. See atomic_file.h.
#include "checkpoint/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void forget(NetrtAtomicFile *file) {
    free(file->path);
    free(file->temporary);
    *file = (NetrtAtomicFile){0};
}

// What `path` names in the end: a symbolic link's target, which is to be replaced while the link stays. NULL: no memory.
static char *final_path(const char *path) {
    char *target = realpath(path, NULL);
    return target ? target : strdup(path);
}

// Makes a new file beside the final one; its name ends in the process's number, so that two programs do not meet. A new file
// has the mode that the umask gives, a replaced one keeps its own. −1: failed, errno says why.
static int make_temporary(NetrtAtomicFile *file) {
    size_t capacity = strlen(file->path) + 40;
    file->temporary = malloc(capacity);
    if (!file->temporary) return -1;
    int descriptor = -1;
    for (int attempt = 0; descriptor < 0 && attempt < 100; attempt++) { // names left over from a crash are stepped over
        snprintf(file->temporary, capacity, "%s.%ld-%d.tmp", file->path, (long)getpid(), attempt);
        descriptor = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor < 0 && errno != EEXIST) return -1;
    }
    struct stat old;
    if (descriptor >= 0 && stat(file->path, &old) == 0 && fchmod(descriptor, old.st_mode & 0777) != 0) {
        errno = 0; // a file system without modes: the file is as it makes it
    }
    return descriptor;
}

static bool open_temporary(NetrtAtomicFile *file) {
    if (access(file->path, F_OK) == 0 && access(file->path, W_OK) != 0) return false; // a write-protected file stays
    int descriptor = make_temporary(file);
    if (descriptor < 0) return false;
    file->stream = fdopen(descriptor, "wb");
    if (!file->stream) {
        close(descriptor);
        unlink(file->temporary);
    }
    return file->stream != NULL;
}

bool netrt_atomic_open(NetrtAtomicFile *file, const char *path, NetrtError *error) {
    *file = (NetrtAtomicFile){0};
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        return netrt_fail(error, "%s: is a folder, so no file can be written there", path);
    }
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
        // A device or a pipe (/dev/stdout, /dev/null) cannot be replaced: it is written to.
        file->path = strdup(path);
        if (file->path) file->stream = fopen(path, "wb");
    } else {
        file->path = final_path(path);
        if (file->path) open_temporary(file);
    }
    if (file->stream) return true;
    netrt_fail(error, "%s: cannot be written: %s", path, strerror(errno));
    forget(file);
    return false;
}

// A rename survives a power cut once the folder is on disk. File systems that cannot sync a folder are not an error.
static void sync_folder(const char *path) {
    char *copy = strdup(path);
    if (!copy) return;
    int folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
        fsync(folder);
        close(folder);
    }
    free(copy);
}

bool netrt_atomic_commit(NetrtAtomicFile *file, NetrtError *error) {
    if (!file->stream) return netrt_fail(error, "no file is open for writing");
    errno = 0;
    bool written = fflush(file->stream) == 0 && !ferror(file->stream);
    if (written && file->temporary) written = fsync(fileno(file->stream)) == 0;
    int reason = errno;
    if (fclose(file->stream) != 0 && written) {
        written = false;
        reason = errno;
    }
    file->stream = NULL;
    if (written && file->temporary && rename(file->temporary, file->path) != 0) {
        written = false;
        reason = errno;
    }
    if (written) {
        if (file->temporary) sync_folder(file->path);
    } else {
        const char *kept = file->temporary && access(file->path, F_OK) == 0 ? "; the old file is as it was" : "";
        netrt_fail(error, "%s: cannot be written: %s%s", file->path, reason ? strerror(reason) : "the disk may be full", kept);
        if (file->temporary) unlink(file->temporary);
    }
    forget(file);
    return written;
}

void netrt_atomic_abort(NetrtAtomicFile *file) {
    if (file->stream) fclose(file->stream);
    if (file->stream && file->temporary) unlink(file->temporary);
    forget(file);
}
