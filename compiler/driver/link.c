// Linking. The object reaches the linker as a file in memory, so that nothing is left behind whatever happens; the linker's
// own output is a temporary file beside the result. `cc` is started with an argument vector, never through a shell.
#define _GNU_SOURCE // NOLINT(bugprone-reserved-identifier): for memfd_create, mkostemp
#include "driver/link.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/output.h"
#include "driver/signals.h"

extern char **environ;

// ---- The runtime: found relative to netc itself, so that an installed tree may be moved
static bool readable(const char *path) { return access(path, R_OK) == 0; }

static const char *find_runtime(Arena *perm, Diagnostics *diag) {
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) {
        diag_error(diag, SPAN_NONE, MSG(LINK_NO_SELF), strerror(errno));
        return NULL;
    }
    self[length] = 0;
    *strrchr(self, '/') = 0;
    static const char *const places[] = {"lib/netc", "../" NETC_LIBDIR "/netc", "../lib/netc", "../lib64/netc"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const char *path = arena_printf(perm, "%s/%s/libnetrt.a", self, places[i]);
        if (readable(path)) return path;
    }
    diag_error(diag, SPAN_NONE, MSG(LINK_NO_RUNTIME), self, self, NETC_LIBDIR);
    diag_hint(diag, MSG(HINT_INSTALL));
    return NULL;
}

// ---- Files in memory
static int memory_file(const char *name, const char *bytes, size_t length) {
    int descriptor = memfd_create(name, 0); // not close-on-exec: it is for a child
    while (descriptor >= 0 && length > 0) {
        ssize_t done = write(descriptor, bytes, length);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) {
            int reason = errno;
            close(descriptor);
            errno = reason;
            return -1;
        }
        bytes += done;
        length -= (size_t)done;
    }
    return descriptor;
}

// ---- cc
static void report_failure(Arena *perm, Diagnostics *diag, int status, int said) {
    if (WIFSIGNALED(status)) diag_error(diag, SPAN_NONE, MSG(LINK_CC_SIGNAL), WTERMSIG(status));
    else if (WEXITSTATUS(status) == 0) diag_error(diag, SPAN_NONE, MSG(LINK_CC_SILENT));
    else diag_error(diag, SPAN_NONE, MSG(LINK_CC_FAILED), WEXITSTATUS(status));
    char text[4096];
    ssize_t length = pread(said, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = 0;
    bool full = strstr(text, strerror(ENOSPC)) != NULL;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        diag_note(diag, SPAN_NONE, MSG(NOTE_CC_SAID), arena_strdup(perm, line));
    if (full) diag_hint(diag, MSG(HINT_DISK_FULL));
    else diag_hint(diag, MSG(HINT_CC_PACKAGES));
}

// Whether `cc` ended well and `result`, its output, has something in it.
static bool run_cc(Arena *perm, Diagnostics *diag, char **arguments, const char *result, int said, const sigset_t *mask) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, said, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, said, STDERR_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, mask);
    pid_t child;
    int reason = posix_spawnp(&child, arguments[0], &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (reason != 0) {
        diag_error(diag, SPAN_NONE, MSG(LINK_NO_CC), arguments[0], strerror(reason));
        diag_hint(diag, MSG(HINT_INSTALL_CC));
        return false;
    }
    int status = signals_wait(child);
    struct stat about;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && stat(result, &about) == 0 && about.st_size > 0) return true;
    report_failure(perm, diag, status, said);
    return false;
}

// Links into the existing file `temporary`. Requires held signals.
static bool link_into(Arena *perm, Diagnostics *diag, const CodegenResult *object, const char *runtime, const char *temporary,
                      const sigset_t *mask) {
    int input = memory_file("program.o", object->bytes, object->length), said = memory_file("cc", "", 0);
    bool ok = input >= 0 && said >= 0;
    if (!ok) diag_error(diag, SPAN_NONE, MSG(LINK_NO_MEMORY), strerror(errno));
    if (ok) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", input);
        char *arguments[16];
        size_t count = 0;
        arguments[count++] = "cc";
        arguments[count++] = "-o";
        arguments[count++] = (char *)temporary;
        arguments[count++] = path;
        arguments[count++] = (char *)runtime;
        arguments[count++] = "-pthread";
        arguments[count++] = "-lm";
        arguments[count++] = "-Wl,--gc-sections";
        arguments[count++] = NETC_LINK_FLAG;
        arguments[count] = NULL;
        ok = run_cc(perm, diag, arguments, temporary, said, mask);
    }
    if (input >= 0) close(input);
    if (said >= 0) close(said);
    return ok;
}

bool link_program(Arena *perm, Diagnostics *diag, const CodegenResult *object, const char *path) {
    const char *runtime = find_runtime(perm, diag);
    if (!runtime || !output_replaceable(diag, path)) return false;
    char *temporary = output_temporary(perm, path);
    sigset_t before;
    signals_hold(&before);
    int made = mkostemp(temporary, O_CLOEXEC);
    bool ok = made >= 0;
    if (ok) {
        close(made);
        ok = link_into(perm, diag, object, runtime, temporary, &before);
        made = ok ? open(temporary, O_RDONLY | O_CLOEXEC) : -1; // a linker may have put another file in its place
        if (made >= 0) {
            ok = output_publish(diag, made, temporary, path, true);
            close(made);
        } else unlink(temporary);
    } else diag_error(diag, SPAN_NONE, MSG(CANNOT_WRITE), path, strerror(errno));
    signals_release(&before);
    return ok;
}

int link_temporary(Arena *perm, Diagnostics *diag, const CodegenResult *object) {
    const char *runtime = find_runtime(perm, diag);
    if (!runtime) return -1;
    const char *folder = getenv("TMPDIR");
    char *temporary = arena_printf(perm, "%s/netc-XXXXXX", folder && *folder ? folder : "/tmp");
    sigset_t before;
    signals_hold(&before);
    int made = mkostemp(temporary, O_CLOEXEC), program = -1;
    if (made < 0) diag_error(diag, SPAN_NONE, MSG(CANNOT_MAKE_TEMPORARY), temporary, strerror(errno));
    else {
        close(made);
        if (link_into(perm, diag, object, runtime, temporary, &before)) {
            program = open(temporary, O_RDONLY | O_CLOEXEC);
            if (program < 0 || fchmod(program, 0700) != 0)
                diag_error(diag, SPAN_NONE, MSG(CANNOT_OPEN), temporary, strerror(errno));
        }
        unlink(temporary);
    }
    signals_release(&before);
    return program;
}
