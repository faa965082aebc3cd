// Synthetic data: the same bytes on every machine, samples that depend on seed and split alone, classes all there.
#include "rt_files.h"

#include <math.h>

#include "data/dataset.h"
#include "data/synthetic.h"

static uint64_t fnv(const NetrtArray *array) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    const unsigned char *bytes = array->data;
    for (size_t i = 0; i < (size_t)array->count * netrt_dtype_size(array->dtype); i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void make(const char *kind, int64_t classes, int64_t seed, int64_t count, bool test, NetrtArray *x, NetrtArray *y) {
    const NetrtData data = {.format = "synthetic", .kind = kind, .class_count = classes, .seed = seed};
    NetrtError error;
    if (!netrt_synthetic_make(&data, count, test, x, y, &error)) fail_msg("%s", error.message);
}

// A change of these numbers changes what programs learn from: not to be done lightly.
static void test_bytes(void **state) {
    (void)state;
    static const struct {
        const char *kind;
        int64_t seed;
        uint64_t x, y;
    } expected[] = {
        {"digits", 0, UINT64_C(0x9769fb22ebacb925), UINT64_C(0x5974cc586b84ef63)},
        {"digits", -7, UINT64_C(0xd6640f6d6e7627cc), UINT64_C(0xfd4465912dc87103)},
        {"blobs", 0, UINT64_C(0x9a3b8443ab002d7c), UINT64_C(0xbac2cf801f328206)},
        {"spirals", 0, UINT64_C(0x0abd4d27fbf25b02), UINT64_C(0x3aa9b67cb90185c5)},
        {"sine", 0, UINT64_C(0x84745c6c81bcb3a7), UINT64_C(0xed57859f9a7a13fc)},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        NetrtArray x, y;
        make(expected[i].kind, 0, expected[i].seed, 200, false, &x, &y);
        if (fnv(&x) != expected[i].x || fnv(&y) != expected[i].y) {
            fail_msg("%s, seed %lld: x 0x%016llx, y 0x%016llx", expected[i].kind, (long long)expected[i].seed,
                     (unsigned long long)fnv(&x), (unsigned long long)fnv(&y));
        }
        netrt_array_close(&x);
        netrt_array_close(&y);
    }
}

// Sample i is the same whatever their number; the test split and other seeds have other samples.
static void test_samples(void **state) {
    (void)state;
    static const char *const kinds[] = {"digits", "blobs", "spirals", "sine"};
    for (int k = 0; k < 4; k++) {
        NetrtArray few_x, few_y, x, y, test_x, test_y, other_x, other_y;
        make(kinds[k], 0, 3, 10, false, &few_x, &few_y);
        make(kinds[k], 0, 3, 50, false, &x, &y);
        make(kinds[k], 0, 3, 50, true, &test_x, &test_y);
        make(kinds[k], 0, 4, 50, false, &other_x, &other_y);
        size_t row = (size_t)(x.count / 50) * netrt_dtype_size(x.dtype);
        assert_memory_equal(few_x.data, x.data, 10 * row);
        assert_memory_not_equal(x.data, test_x.data, row);
        assert_memory_not_equal(x.data, other_x.data, row);
        NetrtArray *all[] = {&few_x, &few_y, &x, &y, &test_x, &test_y, &other_x, &other_y};
        for (int i = 0; i < 8; i++) netrt_array_close(all[i]);
    }
}

static void test_classes(void **state) {
    (void)state;
    static const struct {
        const char *kind;
        int64_t given, classes;
    } cases[] = {{"digits", 10, 10}, {"digits", 0, 10}, {"blobs", 0, 3}, {"blobs", 7, 7}, {"spirals", 0, 2}, {"spirals", 3, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        NetrtArray x, y;
        int seen[10] = {0};
        make(cases[i].kind, cases[i].given, 1, 1000, false, &x, &y);
        for (int k = 0; k < 1000; k++) {
            int64_t label = ((const int64_t *)y.data)[k];
            assert_in_range(label, 0, cases[i].classes - 1);
            seen[label]++;
        }
        for (int64_t c = 0; c < cases[i].classes; c++) assert_true(seen[c] > 1000 / cases[i].classes / 2);
        netrt_array_close(&x);
        netrt_array_close(&y);
    }
}

static void test_sine(void **state) {
    (void)state;
    NetrtArray x, y;
    make("sine", 0, 1, 1000, false, &x, &y);
    assert_int_equal(x.rank, 2);
    assert_int_equal(x.shape[1], 1);
    double worst = 0;
    for (int i = 0; i < 1000; i++) {
        double at = (double)((const float *)x.data)[i],
               error = fabs((double)((const float *)y.data)[i] - sin(3.14159265358979 * at));
        assert_true(at >= -1 && at < 1);
        if (error > worst) worst = error;
    }
    assert_true(worst > 0.02 && worst < 0.3);
    netrt_array_close(&x);
    netrt_array_close(&y);
}

static void test_errors(void **state) {
    (void)state;
    static const struct {
        const char *kind;
        int64_t classes, count;
        const char *message;
    } cases[] = {{"moons", 0, 10, "no kind 'moons'"},      {NULL, 0, 10, "no kind ''"},
                 {"digits", 11, 10, "at most 10 classes"}, {"sine", 0, 0, "cannot make 0 samples"},
                 {"sine", 0, -5, "cannot make -5"},        {"sine", 0, INT64_MAX, "cannot make"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const NetrtData data = {.format = "synthetic", .kind = cases[i].kind, .class_count = cases[i].classes};
        NetrtArray x, y;
        NetrtError error = {{0}};
        assert_false(netrt_synthetic_make(&data, cases[i].count, false, &x, &y, &error));
        assert_message(&error, cases[i].message);
    }
}

// As a program opens it: both splits, floats in the program's type.
static void test_dataset(void **state) {
    (void)state;
    const NetrtInput inputs[] = {{"input", NETRT_F64, 0, 1, {2}}, {"target", NETRT_I64, 1, 0, {0}}};
    NetrtProgram program = {.source = "s.net",
                            .inputs = inputs,
                            .input_count = 2,
                            .data = {.format = "synthetic", .kind = "spirals", .count = 100, .class_count = 2}};
    NetrtDataset set;
    NetrtError error;
    if (!netrt_dataset_open(&program, NULL, 7, &set, &error)) fail_msg("%s", error.message);
    assert_int_equal(set.splits[NETRT_SPLIT_TRAIN].count, 100);
    assert_int_equal(set.splits[NETRT_SPLIT_TEST].count, 20);
    const double *x = set.splits[NETRT_SPLIT_TRAIN].rows[0];
    for (int i = 0; i < 200; i++) assert_true(fabs(x[i]) < 1.3);
    netrt_dataset_close(&set);
    program.data.validation = 0.1;
    if (!netrt_dataset_open(&program, NULL, 1 << NETRT_SPLIT_VALIDATION, &set, &error)) fail_msg("%s", error.message);
    assert_int_equal(set.splits[NETRT_SPLIT_VALIDATION].count, 10);
    netrt_dataset_close(&set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes), cmocka_unit_test(test_samples), cmocka_unit_test(test_classes),
        cmocka_unit_test(test_sine),  cmocka_unit_test(test_errors),  cmocka_unit_test(test_dataset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
