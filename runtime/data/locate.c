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
    char refused[NETRT_PATH_BYTES]; // the first whose name speaks against this set; "" for none
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

// Letters and digits alone, in small: FashionMNIST is fashion-mnist.
static bool same_name(const char *a, const char *b) {
    for (;; a++, b++) {
        while (*a && !isalnum((unsigned char)*a)) a++;
        while (*b && !isalnum((unsigned char)*b)) b++;
        if (tolower((unsigned char)*a) != tolower((unsigned char)*b)) return false;
        if (!*a) return true;
    }
}

// Whether a folder's name ("raw": that of the one above) lets its files be this set's: MNIST's, FashionMNIST's and KMNIST's
// files have the same names and sizes, and nothing in them tells which they are.
static bool name_allows(const NetrtData *data, const char *folder) {
    char *path = realpath(folder, NULL), *name = path ? strrchr(path, '/') : NULL;
    bool allowed = true;
    if (name && strcmp(name, "/raw") == 0) {
        *name = 0;
        name = strrchr(path, '/');
    }
    bool own = name && data->folder && same_name(name, data->folder);
    for (const char *const *other = data->not_in; !own && name && other && *other; other++)
        if (strcmp(*other, "*") == 0 || same_name(name, *other)) allowed = false;
    free(path);
    return allowed;
}

// A base folder stands for: the set's own folder in it, as spelt and in small letters, torchvision's "raw" below that, itself.
static void add_base(FolderList *list, const char *base, const NetrtData *data) {
    const char *own = data->folder;
    if (own && *own) {
        char small[128];
        size_t i = 0;
        for (; own[i] && i + 1 < sizeof small; i++) small[i] = (char)tolower((unsigned char)own[i]);
        small[i] = 0;
        add_folder(list, base, own, "");
        add_folder(list, base, small, "");
        add_folder(list, base, own, "/raw");
    }
    if (name_allows(data, base)) add_folder(list, base, "", "");
    else if (!*list->refused) snprintf(list->refused, sizeof list->refused, "%s", base);
}

static bool given(const char *text) { return text && *text; }

static void list_folders(FolderList *list, const char *folder, const NetrtData *data) {
    char cache[NETRT_PATH_BYTES - 16];
    const char *environment = getenv("NETC_DATA"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (folder) {
        add_base(list, folder, data);
    } else {
        if (given(environment)) add_base(list, environment, data);
        add_base(list, "data", data);
        int length = given(xdg)    ? snprintf(cache, sizeof cache, "%s/netc", xdg)
                     : given(home) ? snprintf(cache, sizeof cache, "%s/.cache/netc", home)
                                   : -1;
        if (length > 0 && length < (int)sizeof cache) add_base(list, cache, data);
    }
    if (!given(data->folder)) add_base(list, ".", data);
}

static bool is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
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

static const char *fetch_of(const NetrtData *data) { return data->fetch ? data->fetch : ""; }
static const char *name_of(const NetrtData *data) { return given(data->name) ? data->name : "the data set"; }

// "looked in data/mnist, data and ~/.cache/netc": the folders in which nothing was found.
static bool not_found(const NetrtData *data, const FolderList *list, const char *name, NetrtError *error) {
    char looked[600], path[NETRT_PATH_BYTES];
    size_t used = 0;
    if (*list->refused && find_in(list->refused, name, path)) {
        return netrt_fail(error,
                          "%.60s: %.400s has files of these names, but its own name does not say that they are %.60s's: they "
                          "belong in a folder called %.60s",
                          name_of(data), list->refused, name_of(data), data->folder);
    }
    looked[0] = 0;
    for (int i = 0; i < list->count; i++) {
        int length = snprintf(looked + used, sizeof looked - used, i ? ", %s" : "%s", list->paths[i]);
        if (used + (size_t)length >= sizeof looked) {
            looked[used] = 0;
            break;
        }
        used += (size_t)length;
    }
    return netrt_fail(error, "%.60s: there is no %.120s (or %.120s.gz) in %s; %.200s%s--data FOLDER says where it lies",
                      name_of(data), name, name, looked, fetch_of(data), *fetch_of(data) ? "; " : "");
}

bool netrt_locate(const NetrtData *data, const char *folder, NetrtDataFiles *files, NetrtError *error) {
    if (folder && !is_folder(folder)) return netrt_fail(error, "--data %.300s: there is no such folder", folder);
    FolderList *list = calloc(1, sizeof *list);
    if (!list) return netrt_fail(error, "not enough memory to look for the data set");
    list_folders(list, folder, data);
    bool done = true;
    int place = -1; // the folder in which the first file was found
    for (int i = 0; done && i < NETRT_MOST_FILES; i++) {
        const char *name = files->names[i];
        files->paths[i][0] = 0;
        if (!name) continue;
        bool found = false, together = given(data->folder) && place >= 0;
        for (int k = together ? place : 0; !found && k < (together ? place + 1 : list->count); k++) {
            found = find_in(list->paths[k], name, files->paths[i]);
            if (found && place < 0) place = k;
        }
        if (!found && together) {
            done = netrt_fail(error, "%.60s: %.300s has no %.120s (or %.120s.gz) beside the other files; %.200s", name_of(data),
                              list->paths[place], name, name, fetch_of(data));
        } else if (!found) {
            done = not_found(data, list, name, error);
        }
    }
    if (place >= 0) memcpy(files->folder, list->paths[place], sizeof files->folder);
    free(list);
    return done;
}
