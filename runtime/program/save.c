// See save.h. The file's metadata says how good the model was, so that whoever replaces it can be told, and what predict has to
// know of the training samples.
#include "program/save.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpoint/safetensors.h"

bool netrt_save_possible(const char *path, NetrtError *error) {
    struct stat info;
    bool exists = stat(path, &info) == 0;
    if (exists && S_ISDIR(info.st_mode)) return netrt_fail(error, "--save %s is a folder: name a file", path);
    if (exists && !S_ISREG(info.st_mode)) return true;           // a pipe or a device is written to, not replaced
    char *folder = exists ? realpath(path, NULL) : strdup(path); // the new file is made beside the one that a link leads to
    if (!folder) return netrt_fail(error, "%s: %s", path, strerror(errno));
    char *slash = strrchr(folder, '/');
    if (slash) slash[slash == folder] = 0;
    bool ok = access(slash ? folder : ".", W_OK | X_OK) == 0 ||
              netrt_fail(error, "the parameters could not be saved in %s (%s): give --save FILE elsewhere, or --no-save",
                         slash ? folder : "the current folder", strerror(errno));
    free(folder);
    return ok;
}

// "saved FILE", or "replaced FILE (97.9 %)" with the accuracy that the old one tells of itself.
static void describe(const char *path, NetrtSaved *saved) {
    NetrtSafetensors old;
    NetrtError ignored;
    snprintf(saved->said, sizeof saved->said, "%s %s", access(path, F_OK) == 0 ? "replaced" : "saved", path);
    if (access(path, F_OK) != 0 || !netrt_safetensors_open(path, &old, &ignored)) return;
    const char *accuracy = netrt_safetensors_meta(&old, "accuracy");
    if (accuracy) {
        size_t length = strlen(saved->said);
        snprintf(saved->said + length, sizeof saved->said - length, " (%.1f %%)", 100 * strtod(accuracy, NULL));
    }
    netrt_safetensors_close(&old);
}

bool netrt_save(const NetrtContext *context, const NetrtEngine *engine, const char *path, NetrtSaved *saved,
                NetrtError *error) {
    char epochs[24], steps[24], accuracy[32], borders[80];
    snprintf(epochs, sizeof epochs, "%lld", (long long)saved->epochs);
    snprintf(steps, sizeof steps, "%lld", (long long)saved->steps);
    snprintf(accuracy, sizeof accuracy, "%.17g", saved->accuracy);
    snprintf(borders, sizeof borders, "%.9g %.9g", saved->borders.low, saved->borders.high);
    NetrtMeta metadata[7] = {{"format", "pt"},
                             {"made_by", context->program->compiler},
                             {"source", context->program->source},
                             {"epochs", epochs},
                             {"steps", steps}};
    int64_t count = 5;
    if (!isnan(saved->accuracy)) metadata[count++] = (NetrtMeta){"accuracy", accuracy};
    if (saved->borders.known) metadata[count++] = (NetrtMeta){"borders", borders};
    describe(path, saved);
    return netrt_vars_save(context->program, engine->vars, NETRT_SAVED_KINDS, path, metadata, count, error);
}
