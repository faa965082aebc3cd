// Data sets: where files are looked for, how they are spelt, what is checked, validation, and synthetic sets.
#include "rt_files.h"

#include "data/dataset.h"
#include "data/npy.h"

enum { TRAIN = 1 << NETRT_SPLIT_TRAIN, VALIDATION = 1 << NETRT_SPLIT_VALIDATION, TEST = 1 << NETRT_SPLIT_TEST };

static const NetrtInput image_and_label[] = {
    {"input", NETRT_U8, 0, 3, {1, 2, 3}},
    {"target", NETRT_I64, 1, 0, {0}},
};

static const char *const mnist_train[] = {"train-images-idx3-ubyte"}, *const mnist_test[] = {"t10k-images-idx3-ubyte"};

static NetrtProgram mnist_like(void) {
    return (NetrtProgram){
        .name = "mnist",
        .source = "mnist.net",
        .inputs = image_and_label,
        .input_count = 2,
        .data = {.format = "idx",
                 .name = "MNIST",
                 .folder = "MNIST",
                 .fetch = "'./setup data' fetches it",
                 .train_x = mnist_train,
                 .train_y = "train-labels-idx1-ubyte",
                 .test_x = mnist_test,
                 .x_count = 1,
                 .test_y = "t10k-labels-idx1-ubyte",
                 .class_count = 10},
    };
}

// Images of 2 × 3 whose pixels are `first` + the image's number, or labels i mod 10.
static void write_idx(const char *path, bool images, int count, int first) {
    unsigned char bytes[8192] = {0, 0, 8, images ? 3 : 1, 0, 0, (unsigned char)(count >> 8), (unsigned char)count};
    size_t n = 8;
    if (images) {
        bytes[11] = 2;
        bytes[15] = 3;
        n = 16;
    }
    for (int i = 0; i < count * (images ? 6 : 1); i++) bytes[n++] = (unsigned char)(images ? first + i / 6 : i % 10);
    size_t length = strlen(path);
    if (length > 3 && strcmp(path + length - 3, ".gz") == 0) write_gzip(path, bytes, n, "wb");
    else write_file(path, bytes, n);
}

static void write_set(const char *folder, bool dots, bool gz, int train, int test, int first) {
    static const char *const names[] = {"train-images", "train-labels", "t10k-images", "t10k-labels"};
    for (int i = 0; i < 4; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s%cidx%d-ubyte%s", folder, names[i], dots ? '.' : '-', i % 2 ? 1 : 3, gz ? ".gz" : "");
        write_idx(path, i % 2 == 0, i < 2 ? train : test, first);
    }
}

static void expect_set(const NetrtProgram *program, const char *folder, int train, int test, int first) {
    NetrtDataset set;
    NetrtError error;
    if (!netrt_dataset_open(program, folder, TRAIN | TEST, &set, &error)) fail_msg("%s", error.message);
    assert_int_equal(set.splits[NETRT_SPLIT_TRAIN].count, train);
    assert_int_equal(set.splits[NETRT_SPLIT_TEST].count, test);
    assert_int_equal(set.splits[NETRT_SPLIT_VALIDATION].count, 0);
    for (int s = 0; s < NETRT_SPLITS; s++) {
        const NetrtSplit *split = &set.splits[s];
        for (int64_t i = 0; i < split->count; i++) {
            assert_int_equal(netrt_split_row(split, i), i);
            assert_int_equal(((const uint8_t *)split->rows[0])[6 * i + 5], first + i);
            assert_int_equal(((const int64_t *)split->rows[1])[i], i % 10);
        }
    }
    netrt_dataset_close(&set);
}

static void expect_failure(const NetrtProgram *program, const char *folder, unsigned splits, const char *part) {
    NetrtDataset set;
    NetrtError error = {{0}};
    if (netrt_dataset_open(program, folder, splits, &set, &error)) fail_msg("a data set was opened that should fail: %s", part);
    assert_message(&error, part);
    assert_null(set.splits[0].rows[0]);
}

static void test_spellings(void **state) {
    NetrtProgram program = mnist_like();
    for (int i = 0; i < 4; i++) {
        char name[16];
        snprintf(name, sizeof name, "set%d", i);
        const char *folder = in_folder(state, name);
        make_folder(folder);
        write_set(folder, i & 1, i & 2, 12, 5, 10 * i);
        expect_set(&program, folder, 12, 5, 10 * i);
    }
}

// Files of a set's own folder win over files of the same names that lie openly: they may be another set's.
static void test_folders(void **state) {
    NetrtProgram program = mnist_like();
    const char *base = ((Folder *)*state)->path;
    write_set(base, false, false, 3, 2, 1);
    expect_set(&program, base, 3, 2, 1);
    make_folder(in_folder(state, "mnist"));
    write_set(in_folder(state, "mnist"), false, true, 3, 2, 50);
    expect_set(&program, base, 3, 2, 50);
    make_folder(in_folder(state, "MNIST"));
    make_folder(in_folder(state, "MNIST/train-images-idx3-ubyte")); // as some unpackers leave it
    expect_set(&program, base, 3, 2, 50);
    make_folder(in_folder(state, "MNIST/raw"));
    write_set(in_folder(state, "MNIST"), true, true, 3, 2, 100);
    expect_set(&program, base, 3, 2, 100);
    // An incomplete set is not filled up from another folder.
    assert_int_equal(unlink(in_folder(state, "MNIST/t10k-labels.idx1-ubyte.gz")), 0);
    expect_failure(&program, base, TRAIN | TEST, "MNIST has no t10k-labels-idx1-ubyte");
}

static void test_search_path(void **state) {
    NetrtProgram program = mnist_like();
    const char *base = ((Folder *)*state)->path;
    char *old = getcwd(NULL, 0);
    assert_int_equal(chdir(base), 0);
    unsetenv("NETC_DATA");
    setenv("XDG_CACHE_HOME", in_folder(state, "cache"), 1);
    NetrtDataset set;
    NetrtError error;
    assert_false(netrt_dataset_open(&program, NULL, TRAIN, &set, &error));
    assert_message(&error, "MNIST: there is no train-images-idx3-ubyte (or train-images-idx3-ubyte.gz) in data/MNIST, "
                           "data/mnist, data/MNIST/raw, data, ");
    assert_message(&error, "cache/netc");
    assert_message(&error, "./setup data");
    make_folder("cache");
    make_folder("cache/netc");
    make_folder("cache/netc/mnist");
    write_set("cache/netc/mnist", false, false, 2, 1, 3);
    expect_set(&program, NULL, 2, 1, 3);
    make_folder("data");
    write_set("data", false, false, 2, 1, 4);
    expect_set(&program, NULL, 2, 1, 4);
    make_folder("env");
    write_set("env", false, false, 2, 1, 5);
    setenv("NETC_DATA", "env", 1);
    expect_set(&program, NULL, 2, 1, 5);
    make_folder("empty");
    expect_failure(&program, "empty", TRAIN, "in empty/MNIST, empty/mnist, empty/MNIST/raw, empty;"); // --data alone counts
    unsetenv("NETC_DATA");
    // The user's own files are found in the current folder as well.
    program.data.folder = NULL;
    program.data.train_x = (const char *const[]){"images.idx"};
    program.data.train_y = "labels.idx";
    program.data.test_x = NULL;
    program.data.test_y = NULL;
    write_idx("images.idx", true, 4, 7);
    write_idx("labels.idx.gz", false, 4, 0);
    expect_set(&program, "empty", 4, 0, 7);
    assert_int_equal(chdir(old), 0);
    free(old);
}

// Only the files of the splits that are wanted are opened.
static void test_splits(void **state) {
    NetrtProgram program = mnist_like();
    const char *base = ((Folder *)*state)->path;
    write_idx(in_folder(state, "t10k-images-idx3-ubyte"), true, 3, 0);
    write_idx(in_folder(state, "t10k-labels-idx1-ubyte"), false, 3, 0);
    NetrtDataset set;
    NetrtError error;
    if (!netrt_dataset_open(&program, base, TEST, &set, &error)) fail_msg("%s", error.message);
    assert_int_equal(set.splits[NETRT_SPLIT_TEST].count, 3);
    assert_int_equal(set.splits[NETRT_SPLIT_TRAIN].count, 0);
    netrt_dataset_close(&set);
    expect_failure(&program, base, TRAIN | TEST, "there is no train-images");
}

static void test_checks(void **state) {
    NetrtProgram program = mnist_like();
    const char *base = ((Folder *)*state)->path;
    write_set(base, false, false, 4, 2, 0);
    write_idx(in_folder(state, "train-labels-idx1-ubyte"), false, 5, 0);
    expect_failure(&program, base, TRAIN, "train-images-idx3-ubyte has 4 samples, but ");
    expect_failure(&program, base, TRAIN, "train-labels-idx1-ubyte has 5");
    write_idx(in_folder(state, "train-labels-idx1-ubyte"), false, 4, 0);
    program.data.class_count = 3;
    expect_failure(&program, base, TRAIN, "train-labels-idx1-ubyte: label 3 of sample 3 is outside the classes 0 to 2");
    program.data.class_count = 10;
    NetrtInput inputs[3] = {image_and_label[0], image_and_label[1], image_and_label[0]};
    inputs[0].shape[2] = 4;
    program.inputs = inputs;
    expect_failure(&program, base, TRAIN, "its shape is (4, 2, 3), but a sample of the program's input is (1, 2, 4)");
    inputs[0].shape[2] = 3;
    program.input_count = 3;
    expect_failure(&program, base, TRAIN, "a data set has one input");
    program.input_count = 2;
    write_idx(in_folder(state, "train-labels-idx1-ubyte"), true, 4, 0);
    expect_failure(&program, base, TRAIN,
                   "train-labels-idx1-ubyte: its shape is (4, 2, 3), but a sample of the program's target is ()");
    write_idx(in_folder(state, "train-images-idx3-ubyte"), true, 0, 0);
    expect_failure(&program, base, TRAIN, "holds no samples");
    program.data.format = NULL;
    expect_failure(&program, base, TRAIN, "names no data set");
}

// Rows in the program's types: flat input, floats from bytes, labels as numbers, the input as its own target.
static void test_types(void **state) {
    NetrtProgram program = mnist_like();
    const char *base = ((Folder *)*state)->path;
    write_set(base, false, false, 4, 2, 51);
    NetrtInput inputs[2] = {{"input", NETRT_F32, 0, 1, {6}}, {"target", NETRT_F64, 1, 1, {1}}};
    program.inputs = inputs;
    NetrtDataset set;
    NetrtError error;
    if (!netrt_dataset_open(&program, base, TRAIN, &set, &error)) fail_msg("%s", error.message);
    assert_true(((const float *)set.splits[0].rows[0])[6] == 52.0f / 255.0f);
    assert_true(((const double *)set.splits[0].rows[1])[3] == 3);
    netrt_dataset_close(&set);
    inputs[0] = (NetrtInput){"target", NETRT_U8, 1, 1, {6}}; // and the target first
    inputs[1] = (NetrtInput){"input", NETRT_U8, 0, 1, {6}};
    program.data.target_is_input = 1;
    program.data.train_y = NULL;
    if (!netrt_dataset_open(&program, base, TRAIN, &set, &error)) fail_msg("%s", error.message);
    assert_non_null(set.splits[0].rows[0]);
    assert_ptr_equal(set.splits[0].rows[0], set.splits[0].rows[1]);
    netrt_dataset_close(&set);
}

static void test_npy(void **state) {
    static const float x[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    static const int64_t y[4] = {0, 1, 1, 0};
    static const int64_t x_shape[] = {4, 2}, y_shape[] = {4};
    NetrtError error;
    assert_true(netrt_npy_write(in_folder(state, "x.npy"), NETRT_F32, 2, x_shape, x, &error));
    assert_true(netrt_npy_write(in_folder(state, "y.npy"), NETRT_I64, 1, y_shape, y, &error));
    const NetrtInput inputs[] = {{"input", NETRT_F64, 0, 1, {2}}, {"target", NETRT_I64, 1, 0, {0}}};
    NetrtProgram program = {
        .source = "p.net",
        .inputs = inputs,
        .input_count = 2,
        .data = {.format = "npy", .train_x = (const char *const[]){"x.npy"}, .x_count = 1, .train_y = "y.npy"}};
    NetrtDataset set;
    if (!netrt_dataset_open(&program, ((Folder *)*state)->path, TRAIN | TEST, &set, &error)) fail_msg("%s", error.message);
    assert_int_equal(set.splits[NETRT_SPLIT_TRAIN].count, 4);
    assert_int_equal(set.splits[NETRT_SPLIT_TEST].count, 0);
    assert_true(((const double *)set.splits[0].rows[0])[7] == 7);
    assert_int_equal(((const int64_t *)set.splits[0].rows[1])[2], 1);
    netrt_dataset_close(&set);
    program.data.train_y = "x.npy"; // floats are no classes
    const NetrtInput floats_as_classes[] = {inputs[0], {"target", NETRT_I64, 1, 1, {2}}};
    program.inputs = floats_as_classes;
    expect_failure(&program, ((Folder *)*state)->path, TRAIN, "x.npy: holds f32, but the program's target is i64");
}

// A model of several inputs: a file for each, of one type or another, and as many samples in each.
static void test_several_inputs(void **state) {
    const float x[6] = {0, 1, 2, 3, 4, 5};
    const uint8_t z[3] = {7, 8, 9};
    const int64_t y[3] = {2, 1, 0}, x_shape[2] = {3, 2}, one[1] = {3}, fewer[1] = {2};
    NetrtError error;
    assert_true(netrt_npy_write(in_folder(state, "x.npy"), NETRT_F32, 2, x_shape, x, &error));
    assert_true(netrt_npy_write(in_folder(state, "z.npy"), NETRT_U8, 1, one, z, &error));
    assert_true(netrt_npy_write(in_folder(state, "y.npy"), NETRT_I64, 1, one, y, &error));
    assert_true(netrt_npy_write(in_folder(state, "few.npy"), NETRT_U8, 1, fewer, z, &error));
    const NetrtInput inputs[] = {
        {"input0", NETRT_F32, 0, 1, {2}}, {"input1", NETRT_U8, 0, 0, {0}}, {"target", NETRT_I64, 1, 0, {0}}};
    const char *files[] = {"x.npy", "z.npy"};
    NetrtProgram program = {
        .source = "p.net",
        .inputs = inputs,
        .input_count = 3,
        .data = {.format = "npy", .train_x = files, .test_x = files, .x_count = 2, .train_y = "y.npy", .test_y = "y.npy"}};
    const char *base = ((Folder *)*state)->path;
    NetrtDataset set;
    if (!netrt_dataset_open(&program, base, TRAIN | TEST, &set, &error)) fail_msg("%s", error.message);
    for (int s = 0; s < NETRT_SPLITS; s++) {
        if (s == NETRT_SPLIT_VALIDATION) continue;
        assert_int_equal(set.splits[s].count, 3);
        assert_true(((const float *)set.splits[s].rows[0])[5] == 5);
        assert_int_equal(((const uint8_t *)set.splits[s].rows[1])[2], 9);
        assert_int_equal(((const int64_t *)set.splits[s].rows[2])[0], 2);
    }
    netrt_dataset_close(&set);
    files[1] = "few.npy";
    expect_failure(&program, base, TRAIN, "x.npy has 3 samples, but ");
    expect_failure(&program, base, TRAIN, "few.npy has 2");
    files[1] = "none.npy";
    expect_failure(&program, base, TRAIN, "there is no none.npy");
    program.data.x_count = 3;
    expect_failure(&program, base, TRAIN, "the data set has files for 3 inputs, but the program wants 2");
}

// MNIST, FashionMNIST and KMNIST have files of the same names: the name of a folder says which they are.
static void test_names_of_folders(void **state) {
    NetrtProgram mnist = mnist_like(), fashion = mnist_like();
    mnist.data.not_in = (const char *const[]){"FashionMNIST", "KMNIST", NULL};
    fashion.data.name = fashion.data.folder = "FashionMNIST";
    fashion.data.not_in = (const char *const[]){"*", NULL};
    const char *base = ((Folder *)*state)->path;
    write_set(base, false, false, 3, 2, 1);
    expect_set(&mnist, base, 3, 2, 1);
    expect_failure(&fashion, base, TRAIN,
                   "its own name does not say that they are FashionMNIST's: they belong in a folder called");
    static const char *const spellings[] = {"fashion-mnist", "Fashion_MNIST", "fashionmnist"};
    for (int i = 0; i < 3; i++) {
        make_folder(in_folder(state, spellings[i]));
        write_set(in_folder(state, spellings[i]), false, true, 3, 2, 10 + i);
        expect_set(&fashion, in_folder(state, spellings[i]), 3, 2, 10 + i);
        expect_failure(&mnist, in_folder(state, spellings[i]), TRAIN, "does not say that they are MNIST's");
    }
    expect_set(&fashion, base, 3, 2, 12); // fashionmnist in it
    make_folder(in_folder(state, "fashion-mnist/raw"));
    write_set(in_folder(state, "fashion-mnist/raw"), false, false, 3, 2, 30);
    expect_set(&fashion, in_folder(state, "fashion-mnist/raw"), 3, 2, 30);
    expect_failure(&mnist, in_folder(state, "fashion-mnist/raw"), TRAIN, "MNIST's");
    make_folder(in_folder(state, "mnist"));
    write_set(in_folder(state, "mnist"), false, false, 3, 2, 40);
    expect_failure(&fashion, in_folder(state, "mnist"), TRAIN, "does not say that they are FashionMNIST's");
}

static void test_rows_from_array(void **state) {
    (void)state;
    static const uint8_t bytes[12] = {255};
    const NetrtInput input = {"input", NETRT_U8, 0, 3, {1, 2, 3}};
    static const struct {
        int rank;
        int64_t shape[4], count, rows;
    } cases[] = {
        {3, {1, 2, 3}, 6, 1}, {4, {1, 1, 2, 3}, 6, 1}, {4, {2, 1, 2, 3}, 12, 2}, {3, {2, 2, 3}, 12, 2},
        {2, {2, 6}, 12, 2},   {2, {6, 2}, 12, -1},     {1, {6}, 6, -1},          {0, {0}, 1, -1},
        {2, {2, 3}, 6, 1},    {3, {2, 3, 1}, 6, 1},    {2, {3, 2}, 6, -1},       {3, {2, 1, 3}, 6, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        NetrtArray array = {.dtype = NETRT_U8, .rank = cases[i].rank, .count = cases[i].count, .data = bytes};
        memcpy(array.shape, cases[i].shape, sizeof cases[i].shape);
        NetrtRows rows;
        NetrtError error;
        bool fits = netrt_rows_from_array(&array, &input, "a", &rows, &error);
        assert_int_equal(fits, cases[i].rows > 0);
        if (fits) assert_int_equal(rows.count, cases[i].rows);
        if (fits) assert_ptr_equal(rows.data, bytes);
        netrt_rows_close(&rows);
    }
}

static void test_validation(void **state) {
    NetrtProgram program = mnist_like();
    const char *base = ((Folder *)*state)->path;
    write_set(base, false, false, 100, 2, 0);
    program.data.validation = 0.29;
    NetrtDataset set;
    NetrtError error;
    int32_t before[29];
    for (int round = 0; round < 2; round++) {
        if (!netrt_dataset_open(&program, base, round ? VALIDATION : TRAIN, &set, &error)) fail_msg("%s", error.message);
        const NetrtSplit *train = &set.splits[NETRT_SPLIT_TRAIN], *validation = &set.splits[NETRT_SPLIT_VALIDATION];
        assert_int_equal(train->count, 71);
        assert_int_equal(validation->count, 29);
        assert_ptr_equal(train->rows[0], validation->rows[0]);
        int seen[100] = {0};
        for (int s = 0; s < 2; s++) {
            const NetrtSplit *split = s ? validation : train;
            for (int64_t i = 0; i < split->count; i++) {
                seen[netrt_split_row(split, i)]++;
                if (i) assert_true(split->index[i - 1] < split->index[i]);
            }
        }
        for (int i = 0; i < 100; i++) assert_int_equal(seen[i], 1);
        if (round) assert_memory_equal(before, validation->index, sizeof before);
        memcpy(before, validation->index, sizeof before);
        netrt_dataset_close(&set);
    }
    program.data.validation = 1;
    expect_failure(&program, base, TRAIN, "leaves no samples");
}

// Genuine MNIST, where $NETC_DATA says that it is there (./setup test and CI always do).
static void test_mnist(void **state) {
    (void)state;
    const NetrtInput inputs[] = {{"input", NETRT_U8, 0, 3, {1, 28, 28}}, {"target", NETRT_I64, 1, 0, {0}}};
    NetrtProgram program = mnist_like();
    program.inputs = inputs;
    NetrtDataset set;
    NetrtError error;
    if (!getenv("NETC_DATA")) skip();
    if (!netrt_dataset_open(&program, NULL, TRAIN | TEST, &set, &error)) fail_msg("%s", error.message);
    assert_int_equal(set.splits[NETRT_SPLIT_TRAIN].count, 60000);
    assert_int_equal(set.splits[NETRT_SPLIT_TEST].count, 10000);
    static const int64_t first[10] = {5, 0, 4, 1, 9, 2, 1, 3, 1, 4};
    assert_memory_equal(set.splits[NETRT_SPLIT_TRAIN].rows[1], first, sizeof first);
    int64_t ink = 0;
    for (int64_t i = 0; i < 60000 * 784; i++) ink += ((const uint8_t *)set.splits[NETRT_SPLIT_TRAIN].rows[0])[i];
    assert_true(ink == INT64_C(1567298545)); // mean 0.1306604
    netrt_dataset_close(&set);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_mnist, folder_make, folder_remove), // first: others change $NETC_DATA
        cmocka_unit_test_setup_teardown(test_spellings, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_folders, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_search_path, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_splits, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_checks, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_types, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_npy, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_several_inputs, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_names_of_folders, folder_make, folder_remove),
        cmocka_unit_test(test_rows_from_array),
        cmocka_unit_test_setup_teardown(test_validation, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
