// NumPy's files: every type that is read, both orders, versions, broken headers, and that what is written is read back.
#include "rt_files.h"

#include "data/npy.h"

// Writes a .npy file with the given version and header text, padded as NumPy does, and the elements.
static void write_npy(const char *path, int version, const char *header, const void *elements, size_t bytes) {
    unsigned char file[1024] = {0x93, 'N', 'U', 'M', 'P', 'Y', (unsigned char)version, 0};
    size_t length = strlen(header), at = version == 1 ? 10 : 12;
    file[8] = (unsigned char)length;
    file[9] = (unsigned char)(length >> 8);
    memcpy(file + at, header, length);
    if (bytes) memcpy(file + at + length, elements, bytes);
    write_file(path, file, at + length + bytes);
}

static void expect_failure(const char *path, const char *part) {
    NetrtArray array;
    NetrtError error = {{0}};
    assert_false(netrt_npy_read(path, &array, &error));
    assert_message(&error, part);
    assert_message(&error, path);
    assert_null(array.data);
}

static double number(const NetrtArray *array, int64_t i) {
    switch (array->dtype) {
    case NETRT_F32: return (double)((const float *)array->data)[i];
    case NETRT_F64: return ((const double *)array->data)[i];
    case NETRT_I64: return (double)((const int64_t *)array->data)[i];
    default: return ((const uint8_t *)array->data)[i];
    }
}

static void test_types(void **state) {
    const char *path = in_folder(state, "t.npy");
    static const float f4 = -1.5f;
    static const double f8 = 0.1;
    static const int64_t i8 = -3000000000;
    static const int32_t i4 = -7;
    static const int16_t i2 = -300;
    static const int8_t i1 = -5;
    static const uint8_t u1 = 200, b1 = 2;
    static const uint16_t u2 = 65535;
    static const uint32_t u4 = 4294967295u;
    const struct {
        const char *descr;
        const void *element;
        size_t size;
        int dtype;
        double value;
    } cases[] = {
        {"<f4", &f4, 4, NETRT_F32, -1.5},    {"<f8", &f8, 8, NETRT_F64, 0.1},          {"<i8", &i8, 8, NETRT_I64, -3e9},
        {"<i4", &i4, 4, NETRT_I64, -7},      {"<i2", &i2, 2, NETRT_I64, -300},         {"|i1", &i1, 1, NETRT_I64, -5},
        {"|u1", &u1, 1, NETRT_U8, 200},      {"<u1", &u1, 1, NETRT_U8, 200},           {"|b1", &b1, 1, NETRT_BOOL, 1},
        {"<u2", &u2, 2, NETRT_I64, 65535.0}, {"<u4", &u4, 4, NETRT_I64, 4294967295.0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int version = 1; version <= 3; version++) {
            char header[128]; // of an odd length, so that the elements are not aligned in the file
            snprintf(header, sizeof header, "{\"shape\":(1,1L), 'fortran_order' : False ,'descr': '%s'}\n", cases[i].descr);
            write_npy(path, version, header, cases[i].element, cases[i].size);
            NetrtArray array;
            NetrtError error;
            if (!netrt_npy_read(path, &array, &error)) fail_msg("%s", error.message);
            assert_int_equal(array.dtype, cases[i].dtype);
            assert_int_equal(array.rank, 2);
            assert_true(number(&array, 0) == cases[i].value);
            netrt_array_close(&array);
        }
    }
}

static void test_fortran_order(void **state) {
    const char *path = in_folder(state, "f.npy");
    float columns[24]; // element (i, j, k) of (2, 3, 4) lies at i + 2 j + 6 k
    for (int i = 0; i < 24; i++) columns[i] = (float)i;
    write_npy(path, 1, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3, 4), }", columns, sizeof columns);
    NetrtArray array;
    NetrtError error;
    assert_true(netrt_npy_read(path, &array, &error));
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 3; j++) {
            for (int k = 0; k < 4; k++) assert_true(number(&array, (i * 3 + j) * 4 + k) == i + 2 * j + 6 * k);
        }
    }
    netrt_array_close(&array);
    // Nothing in it, and strides that would overflow.
    write_npy(path, 1, "{'descr': '<i4', 'fortran_order': False, 'shape': (0, 1099511627776, 1099511627776), }", NULL, 0);
    assert_true(netrt_npy_read(path, &array, &error));
    assert_int_equal(array.count, 0);
    netrt_array_close(&array);
}

static void test_round_trip(void **state) {
    const char *path = in_folder(state, "r.npy");
    static const double values[6] = {1, -2, 0.1, 4e300, -0.0, 6};
    static const struct {
        int rank;
        int64_t shape[3], count;
    } shapes[] = {{0, {0}, 1}, {1, {6}, 6}, {2, {2, 3}, 6}, {3, {1, 2, 3}, 6}, {2, {0, 3}, 0}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        NetrtError error;
        if (!netrt_npy_write(path, NETRT_F64, shapes[i].rank, shapes[i].shape, values, &error)) fail_msg("%s", error.message);
        NetrtArray array;
        if (!netrt_npy_read(path, &array, &error)) fail_msg("%s", error.message);
        assert_int_equal(array.rank, shapes[i].rank);
        assert_int_equal(array.count, shapes[i].count);
        for (int k = 0; k < array.rank; k++) assert_int_equal(array.shape[k], shapes[i].shape[k]);
        assert_memory_equal(array.data, values, (size_t)shapes[i].count * sizeof *values);
        netrt_array_close(&array);
    }
    size_t n;
    unsigned char *bytes = read_file(path, &n);
    assert_int_equal(n % 64, 0);
    write_gzip(in_folder(state, "r.npy.gz"), bytes, n, "wb");
    free(bytes);
    NetrtArray array;
    NetrtError error;
    assert_true(netrt_npy_read(in_folder(state, "r.npy.gz"), &array, &error));
    netrt_array_close(&array);
}

static void test_broken(void **state) {
    const char *path = in_folder(state, "b.npy");
    static const double ones[4] = {1, 1, 1, 1};
    static const struct {
        const char *header, *message;
    } cases[] = {
        {"{'descr': '>f8', 'fortran_order': False, 'shape': (4,)}", "little-endian"},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (4,)}", "cannot be read"},
        {"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (4,)}", "cannot be understood"},
        {"{'descr': '<f8', 'fortran_order': False}", "cannot be understood"},
        {"{'descr': '<f8', 'fortran_order': 0, 'shape': (4,)}", "cannot be understood"},
        {"{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (4,)}", "cannot be understood"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (-4,)}", "cannot be understood"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4,)", "cannot be understood"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4,)} x", "cannot be understood"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,4)}", "at most 8 dimensions"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,)}", "cannot be understood"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296)}", "impossibly large"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1152921504606846976,)}", "impossibly large"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000,)}", "truncated"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (5,)}", "truncated"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}", "more than its header promises"},
        {"", "cannot be understood"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_npy(path, 1, cases[i].header, ones, sizeof ones);
        expect_failure(path, cases[i].message);
    }
    write_npy(path, 4, cases[0].header, ones, sizeof ones);
    expect_failure(path, "version 4");
    write_file(path, "PK\3\4 a zip file", 16);
    expect_failure(path, "is no .npy file");
    write_file(path, "\x93NUMPY\2\0\377\377\377\377{", 13);
    expect_failure(path, "impossibly long");
}

static void test_mutations(void **state) {
    const char *path = in_folder(state, "m.npy");
    static const int32_t elements[6] = {1, 2, 3, 4, 5, 6};
    write_npy(path, 1, "{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3), }", elements, sizeof elements);
    size_t length;
    unsigned char *whole = read_file(path, &length), *bytes = malloc(length);
    assert_non_null(bytes);
    uint32_t random = 99;
    for (int round = 0; round < 600; round++) {
        memcpy(bytes, whole, length);
        write_file(path, bytes, mutate(bytes, length, &random));
        read_broken(netrt_npy_read, path, &random);
    }
    free(bytes);
    free(whole);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_types, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_fortran_order, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_round_trip, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_broken, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_mutations, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
