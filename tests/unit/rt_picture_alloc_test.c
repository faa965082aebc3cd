// No memory: each allocation of the readers of pictures, of what makes samples of them and of the drawing fails in turn. Each
// time a line says so, and nothing is left behind.
#include "rt_files.h"

#include "data/picture.h"
#include "report/draw.h"

static long until_failure = -1; // allocations that succeed yet; negative: all

// A sanitizer brings an allocator of its own: then nothing fails.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CAN_FAIL 1
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static bool fails(void) { return until_failure >= 0 && until_failure-- == 0; }
void *malloc(size_t size) { return fails() ? NULL : __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return fails() ? NULL : __libc_calloc(count, size); }
void *realloc(void *memory, size_t size) { return fails() ? NULL : __libc_realloc(memory, size); }
#else
#define CAN_FAIL 0
#endif

// Reads the file, fits it into 1 × 5 × 4 and draws it.
static bool use(const char *path, NetrtError *error) {
    static const NetrtPictureLayout layout = {5, 4, 1, 4, 1, 20};
    static const NetrtBorders unknown;
    static const NetrtTerminal narrow = {true, 3, NETRT_ASCII};
    static const NetrtChart none;
    uint8_t sample[20];
    NetrtArray array;
    NetrtFit fit;
    NetrtPicture look = {0};
    if (!netrt_picture_read(path, &array, error)) return false;
    NetrtPicture picture = {array.shape[0], array.shape[1], (int32_t)array.shape[2], array.data, NULL};
    FILE *nowhere = fopen("/dev/null", "w");
    bool ok = nowhere || netrt_fail(error, "not enough memory for a stream");
    if (ok) setvbuf(nowhere, NULL, _IONBF, 0);
    ok = ok && netrt_picture_fit(&picture, &layout, &unknown, sample, &fit, error);
    ok = ok && netrt_picture_of_sample(sample, NETRT_U8, &layout, &look, error);
    ok = ok && netrt_draw(nowhere, &narrow, &look, &none, error);
    if (nowhere) fclose(nowhere);
    netrt_picture_close(&look);
    netrt_array_close(&array);
    return ok;
}

// Returns how many allocations failed before one run was through.
static long fail_each(const char *path) {
    for (long n = 0;; n++) {
        NetrtError error = {{0}};
        until_failure = n;
        bool done = use(path, &error);
        bool failed = until_failure < 0; // the failure came
        until_failure = -1;
        if (done) {
            assert_false(failed);
            return n;
        }
        assert_true(failed);
        assert_message(&error, "memory");
    }
}

static void test_each_fails(void **state) {
    static const unsigned char png[] = {137, 80, 78,  71, 13, 10,  26,  10, 0,  0,   0,  13, 73,  72,  68,  82, 0,  0,
                                        0,   2,  0,   0,  0,  2,   8,   0,  0,  0,   0,  87, 221, 82,  248, 0,  0,  0,
                                        14,  73, 68,  65, 84, 120, 156, 99, 96, 100, 98, 96, 102, 1,   0,   0,  29, 0,
                                        11,  13, 181, 82, 6,  0,   0,   0,  0,  73,  69, 78, 68,  174, 66,  96, 130};
    const char *path = in_folder(state, "p");
    if (!CAN_FAIL) {
        NetrtError error;
        write_file(path, png, sizeof png);
        assert_true(use(path, &error));
        return;
    }
    write_file(path, png, sizeof png);
    assert_true(fail_each(path) >= 8);
    write_file(path, "P2 2 2 255 1 2 3 4", 18);
    assert_true(fail_each(path) >= 7);
    write_file(path, "P6 2 1 999 \1\1\1\1\1\1\1\1\1\1\1\1", 23);
    assert_true(fail_each(path) >= 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_fails, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
