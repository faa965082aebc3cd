// PNG pictures: every colour type, depth, filter and interlacing against a writer of the test's own; transparency; and broken
// ones, cut short at every byte and with every bit flipped.
#include "rt_files.h"

#include "data/png.h"

enum { GREY = 0, RGB = 2, PALETTE = 3, GREY_ALPHA = 4, RGB_ALPHA = 6 };

typedef struct Bytes {
    unsigned char data[1 << 16];
    size_t n;
} Bytes;

static void add(Bytes *bytes, const void *data, size_t n) {
    assert_true(bytes->n + n <= sizeof bytes->data);
    if (n) memcpy(bytes->data + bytes->n, data, n);
    bytes->n += n;
}

static void add_word(Bytes *bytes, uint32_t word) {
    add(bytes,
        (unsigned char[]){(unsigned char)(word >> 24), (unsigned char)(word >> 16), (unsigned char)(word >> 8),
                          (unsigned char)word},
        4);
}

static void add_chunk(Bytes *png, const char *type, const void *data, size_t n) {
    add_word(png, (uint32_t)n);
    size_t start = png->n;
    add(png, type, 4);
    add(png, data, n);
    add_word(png, (uint32_t)crc32(0, png->data + start, (uInt)(n + 4)));
}

static void begin(Bytes *png, uint32_t width, uint32_t height, int depth, int colour, int interlaced) {
    unsigned char rest[] = {(unsigned char)depth, (unsigned char)colour, 0, 0, (unsigned char)interlaced};
    Bytes header = {.n = 0};
    png->n = 0;
    add(png, "\x89PNG\r\n\x1a\n", 8);
    add_word(&header, width);
    add_word(&header, height);
    add(&header, rest, 5);
    add_chunk(png, "IHDR", header.data, header.n);
}

// Packs the rows and cuts the stream into chunks of `piece` bytes.
static void add_pixels(Bytes *png, const Bytes *rows, size_t piece) {
    Bytes packed;
    uLongf n = sizeof packed.data;
    assert_int_equal(compress2(packed.data, &n, rows->data, rows->n, 9), Z_OK);
    for (size_t at = 0; at < n; at += piece) add_chunk(png, "IDAT", packed.data + at, n - at < piece ? n - at : piece);
}

static void finish(Bytes *png) { add_chunk(png, "IEND", NULL, 0); }

static void expect(const char *path, const Bytes *png, int64_t height, int64_t width, int64_t channels, const uint8_t *pixels) {
    write_file(path, png->data, png->n);
    NetrtArray array;
    NetrtError error;
    if (!netrt_png_read(path, &array, &error)) fail_msg("%s", error.message);
    assert_int_equal(array.dtype, NETRT_U8);
    assert_int_equal(array.rank, 3);
    assert_int_equal(array.shape[0], height);
    assert_int_equal(array.shape[1], width);
    assert_int_equal(array.shape[2], channels);
    assert_int_equal(array.count, height * width * channels);
    assert_memory_equal(array.data, pixels, (size_t)array.count);
    netrt_array_close(&array);
}

static void expect_failure(const char *path, const Bytes *png, const char *part) {
    write_file(path, png->data, png->n);
    NetrtArray array;
    NetrtError error = {{0}};
    assert_false(netrt_png_read(path, &array, &error));
    assert_message(&error, path);
    assert_message(&error, part);
    assert_null(array.data);
}

// ---- A writer: filters and Adam7 by the words of the standard

typedef struct Picture {
    int width, height, depth, colour, samples;
    uint16_t number[40 * 40 * 4]; // of the depth
} Picture;

static void add_bits(unsigned char *row, size_t bit, int depth, int value) {
    for (int b = 0; b < depth; b++)
        if (value >> (depth - 1 - b) & 1) row[(bit + (size_t)b) / 8] |= (unsigned char)(0x80 >> (bit + (size_t)b) % 8);
}

static int predictor(int filter, int a, int b, int c) {
    int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);
    switch (filter) {
    case 1: return a;
    case 2: return b;
    case 3: return (a + b) / 2;
    case 4: return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
    default: return 0;
    }
}

// The rows of one pass, each with another filter than the one before.
static void add_pass(Bytes *rows, const Picture *picture, int top, int left, int down, int right) {
    unsigned char row[400], above[400] = {0};
    size_t bits = (size_t)(picture->samples * picture->depth), step = bits < 8 ? 1 : bits / 8;
    for (int y = top, filter = 0; y < picture->height; y += down, filter = (filter + 1) % 5) {
        size_t bit = 0;
        memset(row, 0, sizeof row);
        for (int x = left; x < picture->width; x += right) {
            for (int k = 0; k < picture->samples; k++, bit += (size_t)picture->depth)
                add_bits(row, bit, picture->depth, picture->number[(y * picture->width + x) * picture->samples + k]);
        }
        size_t n = (bit + 7) / 8;
        if (n == 0) return;
        add(rows, (unsigned char[]){(unsigned char)filter}, 1);
        for (size_t i = 0; i < n; i++) {
            int a = i >= step ? row[i - step] : 0, c = i >= step ? above[i - step] : 0;
            add(rows, (unsigned char[]){(unsigned char)(row[i] - predictor(filter, a, above[i], c))}, 1);
        }
        memcpy(above, row, sizeof above);
    }
}

static void add_rows(Bytes *rows, const Picture *picture, bool interlaced) {
    static const int start_y[] = {0, 0, 4, 0, 2, 0, 1}, start_x[] = {0, 4, 0, 2, 0, 1, 0};
    static const int step_y[] = {8, 8, 8, 4, 4, 2, 2}, step_x[] = {8, 8, 4, 4, 2, 2, 1};
    rows->n = 0;
    if (!interlaced) add_pass(rows, picture, 0, 0, 1, 1);
    for (int i = 0; interlaced && i < 7; i++) add_pass(rows, picture, start_y[i], start_x[i], step_y[i], step_x[i]);
}

static uint8_t over_white(uint8_t value, uint8_t alpha) { return (uint8_t)(255 + (value - 255) * alpha / 255.0 + 0.5); }

static uint8_t to_byte(int value, int depth) { return (uint8_t)(value * 255.0 / ((1 << depth) - 1) + 0.5); }

static uint8_t palette_red(int i) { return (uint8_t)(i * 37 + 1); }

// What the reader has to give for pixel i.
static void expected_pixel(const Picture *picture, int i, uint8_t *to) {
    const uint16_t *number = picture->number + i * picture->samples;
    int depth = picture->depth;
    switch (picture->colour) {
    case GREY: to[0] = to_byte(number[0], depth); break;
    case RGB:
        for (int c = 0; c < 3; c++) to[c] = to_byte(number[c], depth);
        break;
    case PALETTE:
        to[0] = palette_red(number[0]);
        to[1] = (uint8_t)number[0];
        to[2] = (uint8_t)(255 - number[0]);
        break;
    case GREY_ALPHA: to[0] = over_white(to_byte(number[0], depth), to_byte(number[1], depth)); break;
    default:
        for (int c = 0; c < 3; c++) to[c] = over_white(to_byte(number[c], depth), to_byte(number[3], depth));
        break;
    }
}

static void check_picture(const char *path, int colour, int depth, int width, int height, bool interlaced) {
    static const int samples[] = {1, 0, 3, 1, 2, 0, 4};
    static Picture picture;
    static Bytes png, rows, palette;
    static uint8_t pixels[40 * 40 * 3];
    int channels = colour == GREY || colour == GREY_ALPHA ? 1 : 3;
    uint32_t random = (uint32_t)(colour * 1000 + depth * 50 + width * 7 + height + interlaced + 1);
    picture = (Picture){.width = width, .height = height, .depth = depth, .colour = colour, .samples = samples[colour]};
    for (int i = 0; i < width * height * picture.samples; i++)
        picture.number[i] = (uint16_t)(next_random(&random) >> 3 & ((1u << depth) - 1));
    for (int i = 0; i < width * height; i++) expected_pixel(&picture, i, pixels + i * channels);
    begin(&png, (uint32_t)width, (uint32_t)height, depth, colour, interlaced);
    add_chunk(&png, "tEXt", "Comment\0hello", 13);
    palette.n = 0;
    for (int i = 0; i < 1 << depth && colour == PALETTE; i++)
        add(&palette, (unsigned char[]){palette_red(i), (unsigned char)i, (unsigned char)(255 - i)}, 3);
    if (colour == PALETTE) add_chunk(&png, "PLTE", palette.data, palette.n);
    else if (channels == 3) add_chunk(&png, "PLTE", "abcdef", 6); // a suggestion for others
    add_rows(&rows, &picture, interlaced);
    add_pixels(&png, &rows, 100);
    add_chunk(&png, "tIME", "1234567", 7);
    finish(&png);
    expect(path, &png, height, width, channels, pixels);
}

static void test_all_kinds(void **state) {
    const char *path = in_folder(state, "p.png");
    static const struct {
        int colour, depth;
    } kinds[] = {{GREY, 1},    {GREY, 2},       {GREY, 4},        {GREY, 8},      {GREY, 16},
                 {RGB, 8},     {RGB, 16},       {PALETTE, 1},     {PALETTE, 2},   {PALETTE, 4},
                 {PALETTE, 8}, {GREY_ALPHA, 8}, {GREY_ALPHA, 16}, {RGB_ALPHA, 8}, {RGB_ALPHA, 16}};
    static const int sizes[][2] = {{1, 1}, {2, 1}, {1, 5}, {3, 3}, {4, 7}, {8, 8}, {9, 17}, {33, 10}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            for (int interlaced = 0; interlaced < 2; interlaced++)
                check_picture(path, kinds[k].colour, kinds[k].depth, sizes[s][0], sizes[s][1], interlaced);
        }
    }
}

// ---- Pictures of one row

// A picture of one row without a filter; `extra` (if not NULL) goes before its pixels, as a chunk `type`.
static void make_row(Bytes *png, int depth, int colour, uint32_t width, const char *row, size_t n, const char *type,
                     const char *extra, size_t extra_n) {
    Bytes rows = {.n = 0};
    begin(png, width, 1, depth, colour, 0);
    if (colour == PALETTE) add_chunk(png, "PLTE", "\0\0\0\xff\0\0\x80\x80\x80", 9);
    if (extra) add_chunk(png, type, extra, extra_n);
    add(&rows, "\0", 1);
    add(&rows, row, n);
    add_pixels(png, &rows, 1000);
    finish(png);
}

static void test_transparency(void **state) {
    const char *path = in_folder(state, "t.png");
    static Bytes png;
    make_row(&png, 8, GREY, 3, "\x00\x07\x08", 3, "tRNS", "\0\x07", 2);
    expect(path, &png, 1, 3, 1, (const uint8_t[]){0, 255, 8});
    make_row(&png, 16, GREY, 2, "\x01\x07\x01\x08", 4, "tRNS", "\x01\x07", 2);
    expect(path, &png, 1, 2, 1, (const uint8_t[]){255, 1});
    make_row(&png, 8, RGB, 2, "\x01\x02\x03\x01\x02\x04", 6, "tRNS", "\0\x01\0\x02\0\x03", 6);
    expect(path, &png, 1, 2, 3, (const uint8_t[]){255, 255, 255, 1, 2, 4});
    make_row(&png, 8, PALETTE, 3, "\0\1\2", 3, "tRNS", "\0\x80", 2); // black vanishes, red becomes pink, the last is opaque
    expect(path, &png, 1, 3, 3, (const uint8_t[]){255, 255, 255, 255, 127, 127, 128, 128, 128});
    make_row(&png, 8, RGB, 1, "\x01\x02\x03", 3, "tRNS", "\0\x01", 2);
    expect_failure(path, &png, "transparency");
    make_row(&png, 8, GREY_ALPHA, 1, "\x01\x02", 2, "tRNS", "\0\x01\0\x02", 4);
    expect_failure(path, &png, "transparency");
    make_row(&png, 8, PALETTE, 1, "\0", 1, "tRNS", "\1\2\3\4", 4); // more than colours
    expect_failure(path, &png, "palette");
}

static void test_wrong_headers(void **state) {
    const char *path = in_folder(state, "h.png");
    static Bytes png;
    static const int wrong[][3] = {{3, GREY, 0},      {16, PALETTE, 0}, {4, RGB, 0}, {1, GREY_ALPHA, 0},
                                   {4, RGB_ALPHA, 0}, {8, 1, 0},        {8, 7, 0},   {8, GREY, 2}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        begin(&png, 1, 1, wrong[i][0], wrong[i][1], wrong[i][2]);
        expect_failure(path, &png, "header");
    }
    for (int i = 10; i < 12; i++) { // unknown packing, unknown filters
        unsigned char header[13] = {0, 0, 0, 1, 0, 0, 0, 1, 8};
        header[i] = 1;
        png.n = 8;
        add_chunk(&png, "IHDR", header, 13);
        expect_failure(path, &png, "header");
    }
    begin(&png, 0, 1, 8, GREY, 0);
    expect_failure(path, &png, "no pixels");
    begin(&png, 1, 0, 8, GREY, 0);
    expect_failure(path, &png, "no pixels");
    static const uint32_t huge[][2] = {{UINT32_MAX, UINT32_MAX}, {1 << 21, 1}, {1, 1 << 21}, {10000, 10000}};
    for (size_t i = 0; i < sizeof huge / sizeof *huge; i++) {
        begin(&png, huge[i][0], huge[i][1], 8, RGB, 0);
        expect_failure(path, &png, "at most 67 million pixels");
    }
    begin(&png, 8192, 8192, 8, GREY, 0); // allowed, but not there
    add_pixels(&png, &(Bytes){.n = 100}, 100);
    finish(&png);
    expect_failure(path, &png, "pixels are missing");
    begin(&png, 9, 9, 8, GREY, 1); // interlaced and not there
    add_pixels(&png, &(Bytes){.n = 20}, 100);
    finish(&png);
    expect_failure(path, &png, "pixels are missing");
    png.n = 0;
    add(&png, "\x89PNG\r\n\x1a\r\n", 9);
    expect_failure(path, &png, "signature");
    png.n = 0;
    add(&png, "\x89PNG\r\n\x1a\n", 8);
    add_chunk(&png, "gAMA", "1234567890123", 13);
    expect_failure(path, &png, "no header");
    png.n = 8;
    add_chunk(&png, "IHDR", "123456789012", 12);
    expect_failure(path, &png, "no header");
    png.n = 8;
    add(&png, "\xff\xff\xff\xffIHDR", 8);
    expect_failure(path, &png, "impossibly long");
    NetrtArray array;
    NetrtError error = {{0}};
    assert_false(netrt_png_read(in_folder(state, "nowhere.png"), &array, &error));
    assert_message(&error, "nowhere.png");
}

static void test_wrong_chunks(void **state) {
    const char *path = in_folder(state, "c.png");
    static Bytes png, rows;
    begin(&png, 1, 1, 8, GREY, 0);
    finish(&png);
    expect_failure(path, &png, "no pixels");
    make_row(&png, 8, GREY, 1, "a", 1, "ABCD", "x", 1);
    expect_failure(path, &png, "no reader knows");
    make_row(&png, 8, PALETTE, 1, "\3", 1, NULL, NULL, 0);
    expect_failure(path, &png, "outside the palette");
    make_row(&png, 8, PALETTE, 1, "\0", 1, "PLTE", "abc", 3); // a second one
    expect_failure(path, &png, "palette makes no sense");
    static const size_t palettes[] = {0, 4, 3 * 257};
    for (size_t i = 0; i < 3; i++) {
        static const unsigned char colours[3 * 257];
        begin(&png, 1, 1, 8, PALETTE, 0);
        add_chunk(&png, "PLTE", colours, palettes[i]);
        expect_failure(path, &png, "palette makes no sense");
    }
    begin(&png, 1, 1, 8, PALETTE, 0);
    add_pixels(&png, &(Bytes){.data = {0, 0}, .n = 2}, 100);
    finish(&png);
    expect_failure(path, &png, "no palette");
    begin(&png, 1, 1, 8, GREY, 0);
    add_pixels(&png, &(Bytes){.data = {5, 0}, .n = 2}, 100);
    finish(&png);
    expect_failure(path, &png, "unknown filter");
    make_row(&png, 8, GREY, 1, "ab", 2, NULL, NULL, 0);
    expect_failure(path, &png, "more pixels than its header promises");
    make_row(&png, 8, GREY, 2, "a", 1, NULL, NULL, 0);
    expect_failure(path, &png, "pixels are missing");
    begin(&png, 1, 1, 8, GREY, 0);
    add_chunk(&png, "IDAT", "\x78\x9c\xff\xff\xff", 5); // no such kind of block
    finish(&png);
    expect_failure(path, &png, "cannot be unpacked");
    begin(&png, 2, 1, 8, GREY, 0); // the stream's own checksum, which CRCs of chunks do not cover
    uLongf n = sizeof rows.data;
    assert_int_equal(compress(rows.data, &n, (const unsigned char *)"\0ab", 3), Z_OK);
    rows.data[n - 1] ^= 1;
    add_chunk(&png, "IDAT", rows.data, n);
    finish(&png);
    expect_failure(path, &png, "cannot be unpacked");
    begin(&png, 2, 1, 8, GREY, 0); // the checksum is not there
    add_chunk(&png, "IDAT", rows.data, n - 4);
    finish(&png);
    expect_failure(path, &png, "pixels are missing");
    rows.data[n - 1] ^= 1;
    begin(&png, 2, 1, 8, GREY, 0); // empty pieces, and bytes after the stream's end, harm nobody
    add_chunk(&png, "IDAT", NULL, 0);
    add_chunk(&png, "IDAT", rows.data, 3);
    add_chunk(&png, "IDAT", NULL, 0);
    memcpy(rows.data + n, "rest", 4);
    add_chunk(&png, "IDAT", rows.data + 3, n - 3 + 4);
    finish(&png);
    expect(path, &png, 1, 2, 1, (const uint8_t[]){'a', 'b'});
}

// Cut short at any byte, and with any bit flipped, it is refused in one line. In place of the end, more of nothing, too.
static void test_broken_anywhere(void **state) {
    const char *path = in_folder(state, "b.png");
    static Bytes png, broken;
    for (int kind = 0; kind < 4; kind++) {
        if (kind == 0) make_row(&png, 8, PALETTE, 3, "\0\1\2", 3, "tRNS", "\0\x80", 2);
        else if (kind == 1) make_row(&png, 8, RGB, 2, "abcdef", 6, "tRNS", "\0a\0b\0c", 6);
        else if (kind == 2) make_row(&png, 2, GREY, 4, "\x1b", 1, NULL, NULL, 0);
        else { // pixels in many pieces
            begin(&png, 2, 2, 8, GREY, 0);
            add_pixels(&png, &(Bytes){.data = {0, 1, 2, 0, 3, 4}, .n = 6}, 2);
            finish(&png);
        }
        for (size_t n = 0; n < png.n; n++) {
            broken = png;
            broken.n = n;
            expect_failure(path, &broken, "");
        }
        for (size_t bit = 0; bit < 8 * png.n && kind < 3; bit++) {
            broken = png;
            broken.data[bit / 8] ^= (unsigned char)(1u << bit % 8);
            expect_failure(path, &broken, "");
        }
    }
}

static void test_written(void **state) {
    const char *path = in_folder(state, "w.png");
    static Bytes png;
    static uint8_t pixels[30 * 20 * 3];
    uint32_t random = 9;
    NetrtError error;
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(next_random(&random) >> 5);
    for (int channels = 1; channels <= 3; channels += 2) {
        if (!netrt_png_write(path, 30, 20, channels, pixels, &error)) fail_msg("%s", error.message);
        size_t n;
        unsigned char *bytes = read_file(path, &n);
        png.n = 0;
        add(&png, bytes, n);
        free(bytes);
        expect(path, &png, 30, 20, channels, pixels);
    }
    assert_false(netrt_png_write(in_folder(state, "no/w.png"), 1, 1, 1, pixels, &error));
    assert_message(&error, "no/w.png");
}

// Random mutations with checksums made right again get past them, deeper into the reader.
static void test_mutations(void **state) {
    const char *path = in_folder(state, "m.png");
    static Bytes png, broken;
    uint32_t random = 11;
    for (int round = 0; round < 3000; round++) {
        if (round % 3 == 0) make_row(&png, 4, PALETTE, 4, "\x01\x20", 2, "tRNS", "\0\x80", 2);
        else if (round % 3 == 1) make_row(&png, 16, RGB, 1, "abcdef", 6, "tRNS", "abcdef", 6);
        else make_row(&png, 8, RGB_ALPHA, 2, "abcdefgh", 8, NULL, NULL, 0);
        broken.n = 0;
        add(&broken, png.data, 8);
        for (size_t at = 8; at < png.n;) {
            unsigned char data[256];
            size_t n = png.data[at + 3]; // chunks of fewer than 256 bytes
            memcpy(data, png.data + at + 8, n);
            size_t kept = next_random(&random) % 4 == 0 ? mutate(data, n, &random) : n;
            add_chunk(&broken, (const char *)png.data + at + 4, data, kept);
            at += n + 12;
        }
        write_file(path, broken.data, broken.n);
        read_broken(netrt_png_read, path, &random);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_kinds, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_transparency, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_wrong_headers, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_wrong_chunks, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_broken_anywhere, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_written, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_mutations, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
