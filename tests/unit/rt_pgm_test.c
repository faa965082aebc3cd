// PGM and PPM pictures: plain and raw, 8 and 16 bits, comments, and broken ones.
#include "rt_files.h"

#include "data/pgm.h"

static void expect_channels(const char *path, const char *text, size_t n, int64_t height, int64_t width, int64_t channels,
                            const uint8_t *pixels) {
    write_file(path, text, n);
    NetrtArray array;
    NetrtError error;
    if (!netrt_pgm_read(path, &array, &error)) fail_msg("%s", error.message);
    assert_int_equal(array.dtype, NETRT_U8);
    assert_int_equal(array.rank, 3);
    assert_int_equal(array.shape[0], height);
    assert_int_equal(array.shape[1], width);
    assert_int_equal(array.shape[2], channels);
    assert_int_equal(array.count, height * width * channels);
    assert_memory_equal(array.data, pixels, (size_t)array.count);
    netrt_array_close(&array);
}

static void expect(const char *path, const char *text, size_t n, int64_t height, int64_t width, const uint8_t *pixels) {
    expect_channels(path, text, n, height, width, 1, pixels);
}

static void expect_failure(const char *path, const char *text, size_t n, const char *part) {
    write_file(path, text, n);
    NetrtArray array;
    NetrtError error = {{0}};
    assert_false(netrt_pgm_read(path, &array, &error));
    assert_message(&error, part);
    assert_null(array.data);
}

#define TEXT(literal) literal, sizeof(literal) - 1

static void test_pictures(void **state) {
    const char *path = in_folder(state, "p.pgm");
    expect(path, TEXT("P2 3 2 255 0 1 2\n253 254 255"), 2, 3, (const uint8_t[]){0, 1, 2, 253, 254, 255});
    expect(path, TEXT("P2\n# made by hand\n 3 # wide\n 1\n15\n0 7 15\n"), 1, 3, (const uint8_t[]){0, 119, 255});
    expect(path, TEXT("P2 2 1 1 0 1"), 1, 2, (const uint8_t[]){0, 255});
    expect(path, TEXT("P2 3 1 65535 0 32768 65535"), 1, 3, (const uint8_t[]){0, 128, 255});
    expect(path, TEXT("P5 3 1 255\n\x00\x80\xff"), 1, 3, (const uint8_t[]){0, 128, 255});
    expect(path, TEXT("P5 2 1 255\n#\n"), 1, 2, (const uint8_t[]){'#', '\n'}); // one space after the maximum, then pixels
    expect(path, TEXT("P5 2 1 100\n\x32\x64"), 1, 2, (const uint8_t[]){128, 255});
    expect(path, TEXT("P5\n2 1\n65535\n\x80\x00\xff\xff"), 1, 2, (const uint8_t[]){128, 255});
    expect_channels(path, TEXT("P3 2 1 15 0 1 2 13 14 15"), 1, 2, 3, (const uint8_t[]){0, 17, 34, 221, 238, 255});
    expect_channels(path, TEXT("P6 1 2 255\nabcdef"), 2, 1, 3, (const uint8_t[]){'a', 'b', 'c', 'd', 'e', 'f'});
    expect_channels(path, TEXT("P6 1 1 65535\n\x80\x00\xff\xff\x00\x00"), 1, 1, 3, (const uint8_t[]){128, 255, 0});
    expect(path, TEXT("P5 1 1 255\n\x05P5 1 1 255\n\x06"), 1, 1, (const uint8_t[]){5}); // the first of two
}

static void test_broken(void **state) {
    const char *path = in_folder(state, "b.pgm");
    expect_failure(path, TEXT(""), "no PGM or PPM picture");
    expect_failure(path, TEXT("\x89PNG\r\n"), "no PGM or PPM picture");
    expect_failure(path, TEXT("P4 8 1\n1"), "no PGM or PPM picture");
    expect_failure(path, TEXT("Q5 1 1 255\n1"), "no PGM or PPM picture");
    expect_failure(path, TEXT("P6 1 1 255\n12"), "truncated");
    expect_failure(path, TEXT("P3 1 1 255 1 2"), "truncated");
    expect_failure(path, TEXT("P5 3 1 255\n\x01\x02"), "truncated");
    expect_failure(path, TEXT("P5 3 1"), "truncated");
    expect_failure(path, TEXT("P2 3 1 255 1 2"), "truncated");
    expect_failure(path, TEXT("P2 2 1 255 1 256"), "larger than 255");
    expect_failure(path, TEXT("P2 2 1 255 1 -2"), "no valid PGM");
    expect_failure(path, TEXT("P5 1 1 100\n\xff"), "brighter");
    expect_failure(path, TEXT("P5 0 1 255\n"), "no valid PGM");
    expect_failure(path, TEXT("P5 1 1 0\n"), "no valid PGM");
    expect_failure(path, TEXT("P5 1 1 65536\n"), "larger than 65535");
    expect_failure(path, TEXT("P5 99999999999999999999 1 255\n"), "larger than");
    expect_failure(path, TEXT("P5 1000000 1000000 255\nx"), "truncated");
    expect_failure(path, TEXT("P2 1000000 1000000 255\n1 2 3"), "truncated");
    expect_failure(path, TEXT("P6 1048576 1048576 65535\n1"), "truncated");
}

// Files that cannot be read to their end, here since their gzip data is damaged; and a plain picture larger than what is read
// at first.
static void test_read_failures(void **state) {
    const char *path = in_folder(state, "f.pgm.gz");
    static const char *const pictures[] = {"P5 20 2 255\nabcdefghijklmnopqrstuvwxyzabcdefghijklmn",
                                           "P2 3 3 255 10 20 30 40 50 60 70 80 90", "P6 2 2 65535\nabcdefghijklmnopqrstuvwx",
                                           "P2 # a comment\n3 1 9 1 2 3"};
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++) {
        size_t n;
        write_gzip(path, pictures[i], strlen(pictures[i]), "wb0"); // stored: the text can be found in it
        unsigned char *bytes = read_file(path, &n);
        for (size_t at = 10; at < n - 8; at++) { // any byte of it, or the file ends before it
            for (int cut = 0; cut < 2; cut++) {
                NetrtArray array;
                NetrtError error = {{0}};
                bytes[at] ^= 0x55;
                write_file(path, bytes, cut ? at : n);
                bytes[at] ^= 0x55;
                if (netrt_pgm_read(path, &array, &error)) netrt_array_close(&array);
                else assert_message(&error, path);
            }
        }
        free(bytes);
    }
    // A comment so long that what is unpacked at once ends in it, or in one of the numbers after it; then the file does.
    for (int length = 4066; length < 4110; length++) { // so that there is more than that
        char text[4200];
        size_t n;
        snprintf(text, sizeof text, "P2 #%0*d\n30 1 255 10 20 30", length, 0);
        write_gzip(path, text, strlen(text), "wb0");
        unsigned char *bytes = read_file(path, &n);
        write_file(path, bytes, 15 + 4096); // the headers of the file and of its one block, and what fits
        free(bytes);
        NetrtArray array;
        NetrtError error = {{0}};
        assert_false(netrt_pgm_read(path, &array, &error));
        assert_message(&error, "truncated");
    }
    expect_failure(path, TEXT("P2 # a comment without an end"), "truncated");
    expect_failure(path, TEXT("P"), "no PGM or PPM picture");
    NetrtArray array;
    NetrtError error;
    assert_false(netrt_pgm_read(in_folder(state, "nowhere"), &array, &error));
    assert_message(&error, "nowhere");
    FILE *file = fopen(path, "w");
    fputs("P2 100 50 255", file);
    for (int i = 0; i < 5000; i++) fprintf(file, " %d", i % 256);
    fclose(file);
    assert_true(netrt_pgm_read(path, &array, &error));
    for (int i = 0; i < 5000; i++) assert_int_equal(((const uint8_t *)array.data)[i], i % 256);
    netrt_array_close(&array);
}

// Cut short anywhere, each is refused, unless only the white space after a plain one's last number is gone.
static void test_truncated(void **state) {
    const char *path = in_folder(state, "t.pgm");
    static const char *const pictures[] = {"P2\n#c\n3 1 15 7 8 15", "P5 4 2 255\nabcdefgh", "P3 1 1 255 1 2 3",
                                           "P6 1 1 999\nabcdef"};
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++) {
        for (size_t n = 0; n < strlen(pictures[i]); n++) {
            NetrtArray array;
            NetrtError error = {{0}};
            write_file(path, pictures[i], n);
            bool whole_number = i == 0 && n == strlen(pictures[i]) - 1; // 15 cut to 1
            assert_int_equal(netrt_pgm_read(path, &array, &error), whole_number);
            if (!whole_number) assert_message(&error, path);
            netrt_array_close(&array);
        }
    }
}

static void test_mutations(void **state) {
    const char *path = in_folder(state, "m.pgm");
    static const char *const pictures[] = {"P2\n#c\n3 2 15 0 1 2 3 4 15\n", "P5 4 2 255\nabcdefgh", "P5 2 2 999\nabcdefgh",
                                           "P3 1 2 15 0 1 2 3 4 15\n", "P6 2 1 255\nabcdef"};
    uint32_t random = 7;
    for (int round = 0; round < 1500; round++) {
        unsigned char bytes[64];
        size_t n = strlen(pictures[round % 5]);
        memcpy(bytes, pictures[round % 5], n);
        n = mutate(bytes, n, &random);
        write_file(path, bytes, n);
        read_broken(netrt_pgm_read, path, &random);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pictures, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_broken, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_read_failures, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_truncated, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_mutations, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
