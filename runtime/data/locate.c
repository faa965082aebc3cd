// Finds the files of a data set. See locate.h.
#include "data/locate.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_FOLDERS = 24 };

// Folders to look into, in order; each once.
typedef struct FolderList {
    char paths[MAX_FOLDERS][NETRT_PATH_BYTES];
    int count;
} FolderList;

static void add_folder(FolderList *list, const char *base, const char *below, const char *further) {
    if (list->count == MAX_FOLDERS) return;
    char *path = list->paths[list->count];
    int length = snprintf(path, NETRT_PATH_BYTES, "%s%s%s%s", base, *below ? "/" : "", below, further);
    if (length >= NETRT_PATH_BYTES) return; // longer than this, it is nobody's data folder
    for (int i = 0; i < list->count; i++) {
        if (strcmp(list->paths[i], path) == 0) return;
    }
    list->count++;
}

// A base folder stands for: the set's own folder in it, as spelt and in small letters, torchvision's "raw" below that, itself.
static void add_base(FolderList *list, const char *base, const char *own) {
    if (own && *own) {
        char small[128];
        size_t i = 0;
        for (; own[i] && i + 1 < sizeof small; i++) small[i] = (char)tolower((unsigned char)own[i]);
        small[i] = 0;
        add_folder(list, base, own, "");
        add_folder(list, base, small, "");
        add_folder(list, base, own, "/raw");
    }
    add_folder(list, base, "", "");
}

static bool given(const char *text) { return text && *text; }

static void list_folders(FolderList *list, const char *folder, const char *own) {
    char cache[NETRT_PATH_BYTES - 16];
    const char *environment = getenv("NETC_DATA"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (folder) {
        add_base(list, folder, own);
    } else {
        if (given(environment)) add_base(list, environment, own);
        add_base(list, "data", own);
        int length = given(xdg)    ? snprintf(cache, sizeof cache, "%s/netc", xdg)
                     : given(home) ? snprintf(cache, sizeof cache, "%s/.cache/netc", home)
                                   : -1;
        if (length > 0 && length < (int)sizeof cache) add_base(list, cache, own);
    }
    if (!given(own)) add_base(list, ".", NULL);
}

static bool is_file(const char *path) {
    struct stat status; // some unpackers make a folder of the file's name: that is not it
    return stat(path, &status) == 0 && !S_ISDIR(status.st_mode);
}

// Tries a file in a folder under all its spellings, unpacked ones first; *out is its path, or "".
static bool find_in(const char *folder, const char *name, char out[NETRT_PATH_BYTES]) {
    const char *prefix = *name == '/' ? "" : folder, *slash = *name == '/' ? "" : "/";
    const char *dash = strstr(name, "-idx");
    for (int spelling = 0; spelling < 4; spelling++) {
        const char *suffix = spelling & 2 ? ".gz" : "";
        int length = snprintf(out, NETRT_PATH_BYTES, "%s%s%s%s", prefix, slash, name, suffix);
        if (length >= NETRT_PATH_BYTES || ((spelling & 1) && !dash)) continue;
        if (spelling & 1) out[strlen(prefix) + strlen(slash) + (size_t)(dash - name)] = '.';
        if (is_file(out)) return true;
    }
    out[0] = 0;
    return false;
}

// "looked in data/mnist, data and ~/.cache/netc": the folders in which nothing was found.
static bool not_found(const NetrtData *data, const FolderList *list, const char *name, NetrtError *error) {
    char looked[600];
    size_t used = 0;
    looked[0] = 0;
    for (int i = 0; i < list->count; i++) {
        int length = snprintf(looked + used, sizeof looked - used, i ? ", %s" : "%s", list->paths[i]);
        if (used + (size_t)length >= sizeof looked) {
            looked[used] = 0;
            break;
        }
        used += (size_t)length;
    }
    const char *advice = given(data->folder) ? "'./setup data' in netc's folder fetches it, --data FOLDER says where it lies"
                                             : "--data FOLDER says where it lies";
    return netrt_fail(error, "%.60s: there is no %.120s (or %.120s.gz) in %s; %s",
                      given(data->name) ? data->name : "the data set", name, name, looked, advice);
}

bool netrt_locate(const NetrtData *data, const char *folder, unsigned wanted, NetrtDataFiles *out, NetrtError *error) {
    const char *names[4] = {data->train_x, data->train_y, data->test_x, data->test_y};
    *out = (NetrtDataFiles){0};
    FolderList *list = calloc(1, sizeof *list);
    if (!list) return netrt_fail(error, "not enough memory to look for the data set");
    list_folders(list, folder, data->folder);
    bool done = true;
    int place = -1; // the folder in which the first file was found
    for (int i = 0; done && i < 4; i++) {
        if (!(wanted >> i & 1) || !names[i]) continue;
        bool found = false, together = given(data->folder) && place >= 0;
        for (int k = together ? place : 0; !found && k < (together ? place + 1 : list->count); k++) {
            found = find_in(list->paths[k], names[i], out->paths[i]);
            if (found && place < 0) place = k;
        }
        if (!found && together) {
            done = netrt_fail(
                error,
                "%.60s: %.300s has no %.120s (or %.120s.gz) beside the other files; './setup data' in netc's folder fetches it",
                given(data->name) ? data->name : "the data set", list->paths[place], names[i], names[i]);
        } else if (!found) {
            done = not_found(data, list, names[i], error);
        }
    }
    if (place >= 0) memcpy(out->folder, list->paths[place], sizeof out->folder);
    free(list);
    return done;
}
