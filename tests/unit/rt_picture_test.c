// Pictures become samples: which inputs are pictures, sizes by averaging, grey and colour, light on dark and dark on light.
#include "rt_files.h"

#include <math.h>

#include "data/picture.h"

static void test_layouts(void **state) {
    (void)state;
    static const struct {
        NetrtInput input;
        bool is;
        NetrtPictureLayout layout;
    } cases[] = {
        {{"x", NETRT_U8, 0, 3, {1, 28, 20}}, true, {28, 20, 1, 20, 1, 560}},
        {{"x", NETRT_F32, 0, 3, {3, 4, 5}}, true, {4, 5, 3, 5, 1, 20}},
        {{"x", NETRT_F64, 0, 3, {4, 5, 3}}, true, {4, 5, 3, 15, 3, 1}},
        {{"x", NETRT_F32, 0, 3, {8, 8, 1}}, true, {8, 8, 1, 8, 1, 1}},
        {{"x", NETRT_F32, 0, 2, {8, 6}}, true, {8, 6, 1, 6, 1, 0}},
        {{"x", NETRT_U8, 0, 1, {784}}, true, {28, 28, 1, 28, 1, 0}},
        {{"x", NETRT_U8, 0, 1, {783}}, false, {0}},  // no square
        {{"x", NETRT_F32, 0, 1, {784}}, false, {0}}, // a vector
        {{"x", NETRT_U8, 0, 1, {1}}, false, {0}},
        {{"x", NETRT_F32, 0, 2, {1, 6}}, false, {0}},
        {{"x", NETRT_F32, 0, 3, {1, 6, 1}}, false, {0}},
        {{"x", NETRT_F32, 0, 3, {2, 6, 6}}, false, {0}},
        {{"x", NETRT_F32, 0, 4, {1, 1, 6, 6}}, false, {0}},
        {{"x", NETRT_F32, 0, 0, {0}}, false, {0}},
        {{"x", NETRT_I64, 0, 2, {8, 6}}, false, {0}}, // tokens
        {{"x", NETRT_BOOL, 0, 2, {8, 6}}, false, {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        NetrtPictureLayout layout;
        assert_int_equal(netrt_picture_layout(&cases[i].input, &layout), cases[i].is);
        if (cases[i].is) assert_memory_equal(&layout, &cases[i].layout, sizeof layout);
    }
}

static void test_input(void **state) {
    (void)state;
    static const NetrtInput inputs[] = {
        {"ids", NETRT_I64, 0, 2, {4, 4}}, {"target", NETRT_F32, 1, 2, {4, 4}}, {"x", NETRT_F32, 0, 2, {4, 5}}};
    NetrtPictureLayout layout;
    assert_int_equal(netrt_picture_input(&(NetrtProgram){.inputs = inputs, .input_count = 3}, &layout), 2);
    assert_int_equal(layout.width, 5);
    assert_int_equal(netrt_picture_input(&(NetrtProgram){.inputs = inputs, .input_count = 2}, &layout), -1);
}

static void expect_resized(NetrtPicture from, int64_t height, int64_t width, const uint8_t *pixels) {
    NetrtPicture to;
    NetrtError error;
    assert_true(netrt_picture_resize(&from, height, width, &to, &error));
    assert_int_equal(to.height, height);
    assert_int_equal(to.width, width);
    assert_memory_equal(to.pixels, pixels, (size_t)(height * width * from.channels));
    netrt_picture_close(&to);
    assert_null(to.pixels);
}

static void test_resize(void **state) {
    (void)state;
    static const uint8_t four[] = {0, 100, 200, 40}, six[] = {0, 30, 60, 90, 120, 150};
    expect_resized((NetrtPicture){2, 2, 1, four, NULL}, 2, 2, four);
    expect_resized((NetrtPicture){2, 2, 1, four, NULL}, 1, 1, (const uint8_t[]){85});
    expect_resized((NetrtPicture){2, 2, 1, four, NULL}, 1, 2, (const uint8_t[]){100, 70});
    expect_resized((NetrtPicture){2, 2, 1, four, NULL}, 4, 2, (const uint8_t[]){0, 100, 0, 100, 200, 40, 200, 40});
    expect_resized((NetrtPicture){1, 3, 1, six, NULL}, 1, 2, (const uint8_t[]){10, 50}); // (0 + ½·30) / 1.5, (½·30 + 60) / 1.5
    expect_resized((NetrtPicture){1, 2, 1, four, NULL}, 1, 3, (const uint8_t[]){0, 50, 100});
    expect_resized((NetrtPicture){1, 2, 3, six, NULL}, 1, 1, (const uint8_t[]){45, 75, 105}); // each channel for itself
    // The mean stays, whatever the sizes.
    static uint8_t many[61 * 47];
    double mean = 0;
    uint32_t random = 3;
    for (size_t i = 0; i < sizeof many; i++) mean += many[i] = (uint8_t)(next_random(&random) >> 8);
    for (int64_t size = 1; size < 90; size += 11) {
        NetrtPicture from = {61, 47, 1, many, NULL}, to;
        NetrtError error;
        double sum = 0;
        assert_true(netrt_picture_resize(&from, size, 90 - size, &to, &error));
        for (int64_t i = 0; i < size * (90 - size); i++) sum += to.pixels[i];
        assert_true(fabs(sum / (double)(size * (90 - size)) - mean / sizeof many) < 1);
        netrt_picture_close(&to);
    }
    NetrtPicture none;
    NetrtError error;
    assert_false(netrt_picture_make(INT64_MAX, 2, 1, &none, &error));
    assert_false(netrt_picture_make(INT64_MAX / 2, 1, 3, &none, &error));
    assert_message(&error, "not enough memory");
    assert_false(netrt_picture_resize(&(NetrtPicture){2, 2, 1, four, NULL}, INT64_MAX, 2, &none, &error));
}

static void expect_look(const void *row, int32_t dtype, const uint8_t *pixels) {
    static const NetrtPictureLayout layout = {2, 2, 1, 2, 1, 4};
    NetrtPicture picture;
    NetrtError error;
    assert_true(netrt_picture_of_sample(row, dtype, &layout, &picture, &error));
    assert_memory_equal(picture.pixels, pixels, 4);
    netrt_picture_close(&picture);
}

static void test_of_sample(void **state) {
    (void)state;
    expect_look((const uint8_t[]){1, 2, 3, 255}, NETRT_U8, (const uint8_t[]){1, 2, 3, 255});
    expect_look((const float[]){0, 0.5f, 0.25f, 0.75f}, NETRT_F32, (const uint8_t[]){0, 128, 64, 191});
    expect_look((const double[]){-1, 0, 1, 3}, NETRT_F64, (const uint8_t[]){0, 64, 128, 255});
    expect_look((const float[]){0, 16, 8, 16}, NETRT_F32, (const uint8_t[]){0, 255, 128, 255});
    expect_look((const float[]){7, 7, 7, 7}, NETRT_F32, (const uint8_t[]){0, 0, 0, 0});
    expect_look((const float[]){NAN, 1, INFINITY, 0}, NETRT_F32, (const uint8_t[]){0, 0, 0, 0});
    static const NetrtPictureLayout first = {1, 2, 3, 2, 1, 2}, vast = {INT64_MAX, 2, 3, 2, 1, 2};
    NetrtPicture picture;
    NetrtError error;
    assert_true(netrt_picture_of_sample((const uint8_t[]){1, 2, 3, 4, 5, 6}, NETRT_U8, &first, &picture, &error));
    assert_memory_equal(picture.pixels, ((const uint8_t[]){1, 3, 5, 2, 4, 6}), 6);
    netrt_picture_close(&picture);
    assert_false(netrt_picture_of_sample(NULL, NETRT_U8, &vast, &picture, &error));
}

// ---- Light on dark or dark on light

static void test_borders(void **state) {
    (void)state;
    // Three samples of 3 × 3, of which the middle does not count; the order of rows is another.
    static const uint8_t rows[4][9] = {{0, 0, 0, 0, 255, 0, 0, 0, 0},
                                       {51, 51, 51, 51, 255, 51, 51, 51, 51},
                                       {255, 255, 255, 255, 0, 255, 255, 255, 255},
                                       {0, 51, 0, 51, 9, 51, 0, 51, 0}};
    static const int32_t index[] = {1, 0, 3};
    const NetrtInput input = {"x", NETRT_U8, 0, 3, {1, 3, 3}}, vector = {"x", NETRT_U8, 0, 1, {7}};
    NetrtSplit split = {.count = 3, .rows = {NULL, rows}, .index = index, .row_count = 4};
    NetrtBorders borders;
    netrt_picture_borders(&split, 1, &input, &borders);
    assert_true(borders.looked && borders.known && borders.low == 0 && fabs(borders.high - 0.2) < 1e-12);
    split.index = NULL;
    split.count = 4;
    netrt_picture_borders(&split, 1, &input, &borders);
    assert_true(borders.known && fabs(borders.high - 1) < 1e-12);
    netrt_picture_borders(&split, 1, &vector, &borders);
    assert_true(borders.looked && !borders.known);
    split.count = 0;
    netrt_picture_borders(&split, 1, &input, &borders);
    assert_false(borders.known);
    static const float numbers[2][6] = {{0, 1, 0, 1, 0.5f, 0.5f}, {-3, 0, 0, 0, 0, 0}};
    const NetrtInput floats = {"x", NETRT_F32, 0, 2, {3, 2}};
    split = (NetrtSplit){.count = 1, .rows = {numbers}};
    netrt_picture_borders(&split, 0, &floats, &borders);
    assert_true(borders.known && borders.low == 0.5 && borders.high == 0.5);
    split.count = 2; // no brightness
    netrt_picture_borders(&split, 0, &floats, &borders);
    assert_false(borders.known);
}

static NetrtFit fit(NetrtPicture picture, NetrtPictureLayout layout, NetrtBorders borders, const uint8_t *pixels) {
    uint8_t sample[64];
    NetrtFit done;
    NetrtError error;
    assert_true(netrt_picture_fit(&picture, &layout, &borders, sample, &done, &error));
    assert_memory_equal(sample, pixels, (size_t)(layout.height * layout.width * layout.channels));
    return done;
}

static void test_fit(void **state) {
    (void)state;
    static const NetrtPictureLayout grey = {2, 2, 1, 2, 1, 4}, first = {2, 1, 3, 1, 1, 2}, last = {2, 1, 3, 3, 3, 1},
                                    tall = {4, 2, 1, 2, 1, 8};
    static const NetrtBorders dark = {true, true, 0, 0.1}, light = {true, true, 0.9, 1}, any = {true, true, 0, 1},
                              middle = {true, true, 0.3, 0.4}, unknown = {true, false, 0, 0.1};
    static const uint8_t four[] = {250, 240, 230, 220}, inverse[] = {5, 15, 25, 35}, colour[] = {255, 0, 0, 0, 255, 0};
    assert_false(fit((NetrtPicture){2, 2, 1, four, NULL}, grey, unknown, four).inverted);
    assert_false(fit((NetrtPicture){2, 2, 1, four, NULL}, grey, any, four).inverted);
    assert_false(fit((NetrtPicture){2, 2, 1, four, NULL}, grey, light, four).inverted);
    assert_true(fit((NetrtPicture){2, 2, 1, four, NULL}, grey, dark, inverse).inverted);
    assert_false(fit((NetrtPicture){2, 2, 1, inverse, NULL}, grey, dark, inverse).inverted);
    assert_true(fit((NetrtPicture){2, 2, 1, inverse, NULL}, grey, light, four).inverted);
    assert_true(fit((NetrtPicture){2, 2, 1, four, NULL}, grey, middle, inverse).inverted); // 0.92 is farther away than 0.08
    static const uint8_t half[] = {133, 133, 133, 133};
    assert_false(fit((NetrtPicture){2, 2, 1, half, NULL}, grey, dark, half).inverted); // hardly nearer
    // Channels: as Pillow's convert('L'), and one for all three.
    fit((NetrtPicture){2, 1, 3, colour, NULL}, (NetrtPictureLayout){2, 1, 1, 1, 1, 2}, unknown, (const uint8_t[]){76, 150});
    fit((NetrtPicture){2, 1, 3, colour, NULL}, first, unknown, (const uint8_t[]){255, 0, 0, 255, 0, 0});
    fit((NetrtPicture){2, 1, 3, colour, NULL}, last, unknown, colour);
    fit((NetrtPicture){2, 1, 1, four, NULL}, first, unknown, (const uint8_t[]){250, 240, 250, 240, 250, 240});
    // Sizes: the aspect stays, the rest has the mean colour of the border.
    static const uint8_t sixteen[16] = {200, 200, 0, 0, 200, 200, 0, 0, 100, 100, 180, 180, 100, 100, 180, 180};
    NetrtFit done = fit((NetrtPicture){4, 4, 1, sixteen, NULL}, grey, unknown, (const uint8_t[]){200, 0, 100, 180});
    assert_true(done.height == 2 && done.width == 2 && done.cut_height == 4 && done.cut_width == 4);
    done = fit((NetrtPicture){4, 4, 1, sixteen, NULL}, tall, unknown, (const uint8_t[]){120, 120, 200, 0, 100, 180, 120, 120});
    assert_true(done.height == 2 && done.width == 2);
    // A line as thin as a hair still has a pixel.
    done = fit((NetrtPicture){1, 16, 1, sixteen, NULL}, grey, unknown, (const uint8_t[]){100, 140, 120, 120});
    assert_true(done.height == 1 && done.width == 2);
    done = fit((NetrtPicture){16, 1, 1, sixteen, NULL}, grey, unknown, (const uint8_t[]){100, 120, 140, 120});
    assert_true(done.height == 2 && done.width == 1);
    uint8_t none[1];
    NetrtError error;
    static const NetrtPictureLayout vast = {INT64_MAX / 4, INT64_MAX / 4, 1, 1, 1, 1};
    assert_false(netrt_picture_fit(&(NetrtPicture){2, 2, 1, four, NULL}, &vast, &dark, none, &done, &error));
    static const NetrtPicture impossible = {INT64_MAX, 2, 1, four, NULL};
    assert_false(netrt_picture_fit(&impossible, &grey, &dark, none, &done, &error));
}

// Draws '#' as 200 and '.' as 10 and fits it into 2 × 2; how much of it is left?
static void expect_cut(int height, int width, const char *text, int cut_height, int cut_width) {
    static const NetrtPictureLayout layout = {2, 2, 1, 2, 1, 4};
    static const NetrtBorders unknown;
    uint8_t pixels[64], sample[4];
    for (int i = 0; i < height * width; i++) pixels[i] = text[i] == '#' ? 200 : 10;
    NetrtPicture picture = {height, width, 1, pixels, NULL};
    NetrtFit done;
    NetrtError error;
    assert_true(netrt_picture_fit(&picture, &layout, &unknown, sample, &done, &error));
    assert_int_equal(done.cut_height, cut_height);
    assert_int_equal(done.cut_width, cut_width);
}

static void test_cuts(void **state) {
    (void)state;
    expect_cut(3, 7,
               "......."
               "...#..."
               ".......",
               3, 3); // both sides
    expect_cut(3, 7,
               "......."
               "#......"
               ".......",
               3, 3); // one
    expect_cut(3, 7,
               "......."
               ".....#."
               ".......",
               3, 3); // more of one
    expect_cut(3, 7,
               "......."
               "#..#..."
               ".......",
               3, 4); // as far as it goes
    expect_cut(3, 7,
               "......."
               "#.....#"
               ".......",
               3, 7); // not at all
    expect_cut(3, 7,
               "......."
               "......."
               ".......",
               3, 3); // there is nothing
    expect_cut(5, 3,
               "..."
               "..."
               "..."
               "#.#"
               "...",
               3, 3); // rows
    expect_cut(1, 8, "........", 1, 1);
    expect_cut(8, 1, "....#...", 1, 1);
}

// A picture that equals a sample of the training data is never inverted.
static void test_samples_stay(void **state) {
    (void)state;
    static uint8_t rows[50][16];
    uint32_t random = 5;
    for (int i = 0; i < 50; i++) {
        uint32_t high = next_random(&random) % 256 + 1;
        for (int k = 0; k < 16; k++) rows[i][k] = (uint8_t)(next_random(&random) % high);
    }
    const NetrtInput input = {"x", NETRT_U8, 0, 3, {1, 4, 4}};
    const NetrtPictureLayout layout = {4, 4, 1, 4, 1, 16};
    NetrtBorders borders;
    netrt_picture_borders(&(NetrtSplit){.count = 50, .rows = {rows}}, 0, &input, &borders);
    for (int i = 0; i < 50; i++) assert_false(fit((NetrtPicture){4, 4, 1, rows[i], NULL}, layout, borders, rows[i]).inverted);
}

static void test_reading(void **state) {
    const char *path = in_folder(state, "picture");
    static const char *const heads[] = {"P2", "P3", "P5", "P6", "\x89PNG"}, *const others[] = {"",         "P",      "P1",
                                                                                               "P4",       "\x89PN", "GIF8",
                                                                                               "\x93NUMPY"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        assert_true(netrt_picture_begins((const unsigned char *)heads[i], strlen(heads[i])));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(netrt_picture_begins((const unsigned char *)others[i], strlen(others[i])));
    NetrtArray array;
    NetrtError error;
    write_file(path, "P2 1 1 255 7", 12);
    assert_true(netrt_picture_read(path, &array, &error));
    assert_int_equal(*(const uint8_t *)array.data, 7);
    netrt_array_close(&array);
    write_file(path, "\x89PNG\r\n\x1a\n", 8);
    assert_false(netrt_picture_read(path, &array, &error));
    assert_message(&error, "truncated");
    assert_false(netrt_picture_read(in_folder(state, "nowhere"), &array, &error));
    assert_message(&error, "nowhere");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_input),
        cmocka_unit_test(test_resize),
        cmocka_unit_test(test_of_sample),
        cmocka_unit_test(test_borders),
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_samples_stay),
        cmocka_unit_test_setup_teardown(test_reading, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
