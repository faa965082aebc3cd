// Every call of the readers and writers that can fail is made to fail, one after another: no crash, a message, nothing leaked;
// and of a file that was to be replaced, the old one or the new one, whole, with nothing beside it.
#include "rt_files.h"

#include <dirent.h>

#include "checkpoint/atomic_file.h"
#include "checkpoint/safetensors.h"
#include "data/idx.h"
#include "data/npy.h"
#include "data/pgm.h"
#include "data/png.h"
#include "failing.h"

enum { MOST_CALLS = 1000 };

// ---- Readers

typedef bool ArrayReader(const char *path, NetrtArray *out, NetrtError *error);

static bool read_array(ArrayReader *reader, const char *path, NetrtError *error) {
    NetrtArray array;
    bool done = reader(path, &array, error);
    if (!done) assert_true(!array.heap && !array.map);
    netrt_array_close(&array);
    return done;
}

static const NetrtVar variables[] = {
    {.name = "w", .kind = NETRT_PARAM, .dtype = NETRT_F32, .rank = 2, .shape = {2, 3}, .stride = {1, 2}},
    {.name = "n", .kind = NETRT_BUFFER, .dtype = NETRT_I64, .offset = 64},
};
static const NetrtProgram program = {.name = "faults", .source = "faults.net", .vars = variables, .var_count = 2};
static const NetrtMeta metadata[] = {{"format", "pt"}, {"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"},
                                     {"e", "5"},       {"f", "6"}, {"g", "7"}, {"h", "8"}, {"i", "9"}};
enum { METADATA = sizeof metadata / sizeof *metadata };

static bool read_idx(const char *path, NetrtError *error) { return read_array(netrt_idx_read, path, error); }
static bool read_npy(const char *path, NetrtError *error) { return read_array(netrt_npy_read, path, error); }
static bool read_pgm(const char *path, NetrtError *error) { return read_array(netrt_pgm_read, path, error); }
static bool read_png(const char *path, NetrtError *error) { return read_array(netrt_png_read, path, error); }
static bool load(const char *path, NetrtError *error) {
    char block[128] = {0};
    return netrt_vars_load(&program, block, 1u << NETRT_PARAM | 1u << NETRT_BUFFER, path, error);
}
static bool rows(const char *path, NetrtError *error) {
    NetrtArray array;
    if (!netrt_idx_read(path, &array, error)) return false;
    NetrtRows out;
    NetrtInput input = {.name = "input", .dtype = NETRT_F32, .rank = 1, .shape = {6}};
    bool done = netrt_rows_from_array(&array, &input, path, &out, error);
    netrt_rows_close(&out);
    netrt_array_close(&array);
    return done;
}

// Fails call after call until none is left. Every failure is said, but for those that have a way round.
static void fail_each(bool (*attempt)(const char *path, NetrtError *error), const char *path) {
    long failures = 0;
    for (long n = 1; n < MOST_CALLS; n++) {
        NetrtError error = {0};
        long before = live_allocations;
        failing_begin(n);
        bool done = attempt(path, &error);
        bool failed = failing_end();
        if (live_allocations != before) fail_msg("%s: leaks after a failed %s", path, failed_call ? failed_call : "nothing");
        if (!failed) {
            if (!done) fail_msg("%s: %s", path, error.message);
            assert_true(failures > 0);
            return;
        }
        failures += !done;
        if (!done) assert_message(&error, "/");
    }
    fail_msg("%s: no end of calls", path);
}

#define BYTES(text) (text), sizeof(text) - 1

// A header of 64 bytes; the zeros in front of it are put in afterwards.
#define NPY "\x93NUMPY\1.\x40.{'descr': '<f4', 'fortran_order': %-5s, 'shape': (2, 3), }    \n%s"

static void readers(void **state) {
    char npy[10 + 64 + 24 + 1], fortran[sizeof npy];
    snprintf(npy, sizeof npy, NPY, "False", "ABCDEFGHIJKLMNOPQRSTUVWX");
    snprintf(fortran, sizeof fortran, NPY, "True", "ABCDEFGHIJKLMNOPQRSTUVWX");
    npy[7] = fortran[7] = npy[9] = fortran[9] = 0;
    static const char idx[] = "\0\0\x8\2\0\0\0\2\0\0\0\6ABCDEFGHIJKL", wide[] = "\0\0\xb\1\0\0\0\6ABCDEFGHIJKL";
    const struct {
        const char *name, *bytes;
        size_t size;
        bool (*attempt)(const char *path, NetrtError *error);
    } files[] = {
        {"idx", BYTES(idx), read_idx},
        {"idx.rows", BYTES(idx), rows},
        {"idx.wide", BYTES(wide), read_idx},
        {"pgm", BYTES("P5 3 2 255\nABCDEF"), read_pgm},
        {"pgm.scaled", BYTES("P5 3 2 100\nABCDEF"), read_pgm},
        {"pgm.plain", BYTES("P2 3 2 9\n0 1 2 3 4 5\n"), read_pgm},
        {"npy", npy, sizeof npy - 1, read_npy},
        {"npy.fortran", fortran, sizeof fortran - 1, read_npy},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *path = in_folder(state, files[i].name);
        write_file(path, files[i].bytes, files[i].size);
        fail_each(files[i].attempt, path);
        write_gzip(path, files[i].bytes, files[i].size, "wb");
        fail_each(files[i].attempt, path);
    }
}

// ---- Writers

static float values[6];
static int64_t number;

// What the writers write next; the version is in every file, so that old and new can be told apart.
static void set_version(int version) {
    for (int i = 0; i < 6; i++) values[i] = (float)(100 * version + i);
    number = version;
}

static bool save(const char *path, NetrtError *error) {
    char block[128];
    memcpy(block, values, sizeof values);
    memcpy(block + 64, &number, sizeof number);
    return netrt_vars_save(&program, block, 1u << NETRT_PARAM | 1u << NETRT_BUFFER, path, metadata, METADATA, error);
}
static bool write_npy(const char *path, NetrtError *error) {
    return netrt_npy_write(path, NETRT_F32, 1, (const int64_t[]){6}, values, error);
}

static bool write_png(const char *path, NetrtError *error) {
    return netrt_png_write(path, 2, 3, 1, (const uint8_t *)values, error);
}

static int files_in(const char *path) {
    char folder[256];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    DIR *listing = opendir(folder);
    assert_non_null(listing);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(listing));) count += entry->d_name[0] != '.';
    closedir(listing);
    return count;
}

static bool same_bytes(const char *path, const unsigned char *bytes, size_t size) {
    size_t n;
    unsigned char *found = read_file(path, &n);
    bool same = n == size && memcmp(found, bytes, n) == 0;
    free(found);
    return same;
}

static void replace_each(bool (*write)(const char *path, NetrtError *error), const char *path) {
    NetrtError error = {0};
    size_t old_size, new_size;
    set_version(2);
    assert_true(write(path, &error));
    unsigned char *new = read_file(path, &new_size);
    set_version(1);
    assert_true(write(path, &error));
    unsigned char *old = read_file(path, &old_size);
    int files = files_in(path), refused = 0, replaced = 0;
    for (long n = 1;; n++) {
        assert_true(n < MOST_CALLS);
        set_version(1);
        assert_true(write(path, &error));
        error = (NetrtError){0};
        set_version(2);
        long before = live_allocations;
        failing_begin(n);
        bool done = write(path, &error);
        if (!failing_end()) {
            assert_true(done);
            break;
        }
        if (live_allocations != before) fail_msg("%s: leaks after a failed %s", path, failed_call);
        if (!same_bytes(path, done ? new : old, done ? new_size : old_size))
            fail_msg("%s: %s after a failed %s, but the file is another", path, done ? "written" : "refused", failed_call);
        assert_int_equal(files_in(path), files);
        if (!done) assert_message(&error, path);
        *(done ? &replaced : &refused) += 1;
    }
    assert_true(refused > 5 && replaced > 0); // replaced: the folder could not be synchronised, which is no error
    free(old);
    free(new);
    // And where no file was, there is none afterwards.
    for (long n = 1; n < MOST_CALLS; n++) {
        unlink(path);
        failing_begin(n);
        bool done = write(path, &error);
        if (!failing_end()) break;
        assert_int_equal(files_in(path), files - !done);
    }
}

static void writers(void **state) {
    const char *path = in_folder(state, "parameters");
    replace_each(save, path);
    fail_each(load, path);
    replace_each(write_npy, in_folder(state, "array"));
    path = in_folder(state, "picture");
    replace_each(write_png, path);
    fail_each(read_png, path);
}

// Pipes and devices are written to, not replaced.
static void devices(void **state) {
    (void)state;
    fail_each(save, "/dev/null");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(readers, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(writers, folder_make, folder_remove),
        cmocka_unit_test(devices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
