// IDX files: every type, gzip, and every way in which a file can be broken.
#include "rt_files.h"

#include "data/idx.h"

// 2 × 3 bytes.
static const unsigned char small[] = {0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255};

static void expect_failure(const char *path, const char *part) {
    NetrtArray array;
    NetrtError error = {{0}};
    assert_false(netrt_idx_read(path, &array, &error));
    assert_message(&error, part);
    assert_message(&error, path);
    assert_null(array.data);
}

static void expect_small(const char *path) {
    NetrtArray array;
    NetrtError error = {{0}};
    if (!netrt_idx_read(path, &array, &error)) fail_msg("%s", error.message);
    assert_int_equal(array.dtype, NETRT_U8);
    assert_int_equal(array.rank, 2);
    assert_int_equal(array.shape[0], 2);
    assert_int_equal(array.shape[1], 3);
    assert_int_equal(array.count, 6);
    assert_memory_equal(array.data, small + 12, 6);
    netrt_array_close(&array);
    assert_null(array.data);
}

static void test_bytes(void **state) {
    const char *path = in_folder(state, "a");
    write_file(path, small, sizeof small);
    expect_small(path);
    write_gzip(path, small, sizeof small, "wb"); // told by its content, whatever its name
    expect_small(path);
    write_gzip(path, small, 7, "wb"); // two members make one file
    write_gzip(path, small + 7, sizeof small - 7, "ab");
    expect_small(path);
}

static void test_types(void **state) {
    const char *path = in_folder(state, "t");
    static const struct {
        unsigned char code, bytes[8];
        int width, dtype;
        double value;
    } cases[] = {
        {0x09, {0xfe}, 1, NETRT_I64, -2},
        {0x0b, {0xff, 0x00}, 2, NETRT_I64, -256},
        {0x0c, {0x80, 0, 0, 1}, 4, NETRT_I64, -2147483647.0},
        {0x0d, {0xc0, 0x20, 0, 0}, 4, NETRT_F32, -2.5},
        {0x0e, {0x3f, 0xf8, 0, 0, 0, 0, 0, 0}, 8, NETRT_F64, 1.5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char file[16] = {0, 0, cases[i].code, 1, 0, 0, 0, 1};
        memcpy(file + 8, cases[i].bytes, 8);
        write_file(path, file, 8 + (size_t)cases[i].width);
        NetrtArray array;
        NetrtError error;
        assert_true(netrt_idx_read(path, &array, &error));
        assert_int_equal(array.dtype, cases[i].dtype);
        double value = array.dtype == NETRT_I64   ? (double)*(const int64_t *)array.data
                       : array.dtype == NETRT_F32 ? (double)*(const float *)array.data
                                                  : *(const double *)array.data;
        assert_true(value == cases[i].value);
        netrt_array_close(&array);
    }
}

static void test_broken(void **state) {
    const char *path = in_folder(state, "b");
    unsigned char bytes[64] = {0};
    expect_failure(in_folder(state, "none"), "No such file");
    expect_failure(((Folder *)*state)->path, "folder");
    write_file(path, small, 0);
    expect_failure(path, "truncated");
    for (size_t n = 1; n < sizeof small; n++) {
        write_file(path, small, n);
        expect_failure(path, "truncated");
        write_gzip(path, small, n, "wb");
        expect_failure(path, "truncated");
    }
    memcpy(bytes, small, sizeof small);
    write_file(path, bytes, sizeof small + 1);
    expect_failure(path, "more than its header promises");
    bytes[2] = 7;
    write_file(path, bytes, sizeof small);
    expect_failure(path, "is no IDX file");
    static const unsigned char wide[] = {0, 0, 8, 9, 0, 0, 0, 1};
    write_file(path, wide, sizeof wide);
    expect_failure(path, "dimensions");
    static const char page[] = "\n<!DOCTYPE html><html><title>404</title></html>";
    write_file(path, page, sizeof page - 1);
    expect_failure(path, "web page");
    write_file(path, "<HTML>", 6);
    expect_failure(path, "web page");
    // A header that promises 2⁶⁴ elements, and one that promises more than the file could ever hold.
    static const unsigned char huge[] = {0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255, 1};
    write_file(path, huge, sizeof huge);
    expect_failure(path, "impossibly large");
    static const unsigned char large[] = {0, 0, 8, 2, 127, 255, 255, 255, 0, 0, 255, 255, 1};
    write_file(path, large, sizeof large);
    expect_failure(path, "truncated");
    write_gzip(path, large, sizeof large, "wb");
    expect_failure(path, "truncated");
}

// A bomb: a small file that unpacks to far more than its header says is given up at the promised size.
static void test_gzip_bomb(void **state) {
    const char *path = in_folder(state, "bomb.gz");
    size_t n = 64 << 20;
    unsigned char *zeros = calloc(1, n);
    assert_non_null(zeros);
    memcpy(zeros, small, 12);
    write_gzip(path, zeros, n, "wb9");
    free(zeros);
    expect_failure(path, "more than its header promises");
}

static void test_damaged_gzip(void **state) {
    const char *path = in_folder(state, "g.gz");
    unsigned char data[1000] = {0, 0, 8, 1, 0, 0, 3, 0xe0};
    for (int i = 8; i < 1000; i++) data[i] = (unsigned char)(i * i);
    write_gzip(path, data, sizeof data, "wb");
    size_t n;
    unsigned char *bytes = read_file(path, &n);
    bytes[n - 6] ^= 1; // the checksum
    write_file(path, bytes, n);
    expect_failure(path, "damaged");
    bytes[n - 6] ^= 1;
    write_file(path, bytes, n - 1);
    expect_failure(path, "truncated");
    write_file(path, bytes, 1);
    expect_failure(path, "truncated");
    free(bytes);
}

// Whatever the bytes are, the reader answers; under the address sanitizer it may touch nothing that is not its own.
static void test_mutations(void **state) {
    const char *path = in_folder(state, "m");
    uint32_t random = 12345;
    for (int round = 0; round < 600; round++) {
        unsigned char bytes[sizeof small + 64];
        size_t n = sizeof small;
        memcpy(bytes, small, n);
        if (round % 2) {
            write_gzip(path, small, sizeof small, "wb");
            unsigned char *packed = read_file(path, &n);
            memcpy(bytes, packed, n);
            free(packed);
        }
        n = mutate(bytes, n, &random);
        write_file(path, bytes, n);
        read_broken(netrt_idx_read, path, &random);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bytes, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_types, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_broken, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_gzip_bomb, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_damaged_gzip, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_mutations, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
