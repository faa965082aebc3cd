// Drawings in characters: half blocks in 24 bits and 256 colours, ASCII; widths; names; right and wrong; and what a terminal
// is.
#include "rt_files.h"

#include <math.h>

#include "data/png.h"
#include "report/draw_png.h"
#include "report/font.h"

static void expect(NetrtTerminal terminal, const NetrtPicture *picture, NetrtChart chart, const char *wanted) {
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    NetrtError error;
    assert_non_null(out);
    assert_true(netrt_draw(out, &terminal, picture, &chart, &error));
    fclose(out);
    if (strcmp(text, wanted) != 0) print_error("got\n%s\n", text);
    assert_string_equal(text, wanted);
    free(text);
}

static const NetrtTerminal ascii = {true, 60, NETRT_ASCII}, indexed = {true, 60, NETRT_256}, direct = {true, 60, NETRT_TRUE};

// 4 × 3: columns of black, dark, light, white; the last row turned round.
static const uint8_t grey_pixels[] = {0, 85, 170, 255, 0, 85, 170, 255, 255, 170, 85, 0};
static const NetrtPicture grey = {3, 4, 1, grey_pixels, NULL};
static const uint8_t colour_pixels[] = {255, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0};
static const NetrtPicture colour = {2, 2, 3, colour_pixels, NULL};

static const NetrtBar right[] = {{"0", 0.0, false, false}, {"1", 1.0, true, true}};
static const NetrtBar wrong[] = {{"cat", 0.25, false, true}, {"dog", 0.75, true, false}};
static const NetrtBar unknown[] = {{"T-shirt", 0.25, false, false}, {"Ankle boot", 0.75, true, false}};
static const NetrtBar hopeless[] = {{"a", 0.0001, false, true}, {"b", 0.9999, true, false}};

static void test_ascii(void **state) {
    (void)state;
    expect(ascii, &grey, (NetrtChart){right, 2, 0},
           "   -*@   0    0.00 %\n"
           "  @*-    1  100.00 %  ######################################\n");
    expect(ascii, NULL, (NetrtChart){unknown, 2, 0},
           "  T-shirt      25.00 %  #########\n"
           "  Ankle boot   75.00 %  ###########################\n");
    expect(ascii, NULL, (NetrtChart){wrong, 2, 998},
           "  cat   25.00 %  ########  the truth\n"
           "  dog   75.00 %  ########################\n"
           "  ... and 998 more\n");
    expect(ascii, NULL, (NetrtChart){hopeless, 2, 0},
           "  a    0.01 %  the truth\n"
           "  b   99.99 %  ##################################\n");
    expect(ascii, &colour, (NetrtChart){unknown, 2, 0}, // brighter in the mean on the left: (255 + 765) / 6 against 255 / 6
           "  *.   T-shirt      25.00 %  ########\n"
           "       Ankle boot   75.00 %  #######################\n");
}

static void test_colours(void **state) {
    (void)state;
    expect(direct, &colour, (NetrtChart){right, 2, 0},
           "  \033[38;2;255;0;0m\033[48;2;255;255;255m▀\033[38;2;0;0;255m\033[48;2;0;0;0m▀\033[0m   0    0.00 %\n"
           "       1  100.00 %  \033[32m████████████████████████████████████████\033[0m\n");
    expect(indexed, &colour, (NetrtChart){hopeless, 2, 0},
           "  \033[38;5;196m\033[48;5;231m▀\033[38;5;21m\033[48;5;16m▀\033[0m   a    0.01 %  \033[32mthe truth\033[0m\n"
           "       b   99.99 %  \033[31m█████████████████████████████\033[0m\n");
    // An odd last row leaves the lower half as the terminal is. Colours are set where they change.
    static const uint8_t same[] = {7, 7, 9};
    const NetrtPicture row = {1, 3, 1, same, NULL};
    expect(direct, &row, (NetrtChart){NULL, 0, 0}, "  \033[38;2;7;7;7m▀▀\033[38;2;9;9;9m▀\033[0m\n");
    const NetrtPicture column = {3, 1, 1, same, NULL};
    expect(direct, &column, (NetrtChart){NULL, 0, 0},
           "  \033[38;2;7;7;7m\033[48;2;7;7;7m▀\033[0m\n  \033[38;2;9;9;9m▀\033[0m\n");
    // Bars have eighths.
    static const NetrtBar eighths[] = {
        {"a", 0.5 / 40, false, false}, {"b", 1.125 / 40, false, false}, {"c", 2.875 / 40, true, false}};
    expect((NetrtTerminal){true, 80, NETRT_256}, NULL, (NetrtChart){eighths, 3, 7},
           "  a    1.25 %  \033[36m▌\033[0m\n  b    2.81 %  \033[36m█▏\033[0m\n  c    7.19 %  \033[36m██▉\033[0m\n  … and 7 "
           "more\n");
}

// Every grey has its nearest among 16 + 216 + 24; so have colours.
static void test_256(void **state) {
    (void)state;
    static const struct {
        uint8_t rgb[3];
        int index;
    } cases[] = {{{0, 0, 0}, 16},        {{3, 3, 3}, 16},        {{4, 4, 4}, 232},       {{12, 12, 12}, 232},
                 {{13, 13, 13}, 233},    {{128, 128, 128}, 244}, {{238, 238, 238}, 255}, {{246, 246, 246}, 255},
                 {{247, 247, 247}, 231}, {{255, 255, 255}, 231}, {{47, 48, 114}, 23},    {{115, 154, 155}, 103},
                 {{195, 234, 235}, 189}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char wanted[64];
        const NetrtPicture pixel = {1, 1, 3, cases[i].rgb, NULL};
        snprintf(wanted, sizeof wanted, "  \033[38;5;%dm▀\033[0m\n", cases[i].index);
        expect(indexed, &pixel, (NetrtChart){NULL, 0, 0}, wanted);
    }
}

static void test_sizes(void **state) {
    (void)state;
    // Too narrow for both: one above the other. Still narrower: no bars.
    expect((NetrtTerminal){true, 20, NETRT_ASCII}, &grey, (NetrtChart){right, 2, 0},
           "   -*@\n  @*- \n  0    0.00 %\n  1  100.00 %  #####\n");
    expect((NetrtTerminal){true, 3, NETRT_ASCII}, &grey, (NetrtChart){right, 2, 0}, "  +\n  0    0.00 %\n  1  100.00 %\n");
    // A large picture is scaled down to half of the width and to the lines there are for it; a small one stays.
    static uint8_t many[1000 * 300];
    memset(many, 255, sizeof many);
    const NetrtPicture wide = {300, 1000, 1, many, NULL}, tall = {1000, 300, 1, many, NULL};
    char *text = NULL;
    for (int i = 0; i < 2; i++) {
        size_t length;
        FILE *out = open_memstream(&text, &length);
        NetrtError error;
        assert_true(netrt_draw(out, &ascii, i ? &tall : &wide, &(NetrtChart){right, 2, 0}, &error));
        fclose(out);
        int lines = 0, columns = (int)strspn(text + 2, "@");
        for (char *at = text; *at; at++) lines += *at == '\n';
        assert_int_equal(columns, i ? 17 : 30);
        assert_int_equal(lines, i ? 28 : 5);
        free(text);
    }
    // Of a hair, one pixel stays.
    const NetrtPicture hair = {1000, 1, 1, many, NULL}, line = {1, 1000, 1, many, NULL};
    expect((NetrtTerminal){true, 20, NETRT_ASCII}, &line, (NetrtChart){NULL, 0, 0}, "  @@@@@@@@@@@@@@@@@@\n");
    char wanted[28 * 4 + 1] = "";
    for (int i = 0; i < 28; i++) strcat(wanted, "  @\n");
    expect(ascii, &hair, (NetrtChart){NULL, 0, 0}, wanted);
    // Names of any length and any script.
    static const NetrtBar names[] = {{"été", 1, true, false},
                                     {"abcdefghijklmnopqrstuvwxyz", 0, false, false},
                                     {"ééééééééééééééééééééééééé", 0, false, false}};
    expect(indexed, NULL, (NetrtChart){names, 3, 0},
           "  été                       100.00 %  \033[36m██████████████████████\033[0m\n"
           "  abcdefghijklmnopqrstuvw…    0.00 %\n"
           "  ééééééééééééééééééééééé…    0.00 %\n");
    expect(ascii, NULL, (NetrtChart){names + 1, 1, 0}, "  abcdefghijklmnopqrstuvw~    0.00 %\n");
}

// ---- Files

static const uint8_t *at(const NetrtArray *page, int64_t y, int64_t x) {
    return (const uint8_t *)page->data + (y * page->shape[1] + x) * 3;
}

static void draw_png(const char *path, const NetrtPicture *picture, NetrtChart chart, NetrtArray *page) {
    NetrtError error;
    if (!netrt_draw_png(path, "Été: 1", picture, &chart, &error)) fail_msg("%s", error.message);
    if (!netrt_png_read(path, page, &error)) fail_msg("%s", error.message);
    assert_int_equal(page->shape[2], 3);
}

static void test_png(void **state) {
    const char *path = in_folder(state, "d.png");
    static uint8_t many[1000 * 30];
    memset(many, 90, sizeof many);
    NetrtArray page;
    // 4 × 3 becomes 252 × 189 at (16, 44); the chart begins at 16 + 252 + 24.
    draw_png(path, &grey, (NetrtChart){right, 2, 7}, &page);
    assert_memory_equal(at(&page, 44, 16), "\0\0\0", 3);
    assert_memory_equal(at(&page, 44, 16 + 63), "UUU", 3);
    assert_memory_equal(at(&page, 44 + 188, 16), "\xff\xff\xff", 3);
    assert_memory_equal(at(&page, 44 + 126, 16 + 251), "\0\0\0", 3);
    assert_int_equal(page.shape[0], 44 + 189 + 16);
    // Bars of 200 behind a name of one letter and a number of eight; the second one is full, right and green.
    int64_t bar = 16 + 252 + 24 + 12 * (1 + 1 + 8 + 1);
    assert_memory_equal(at(&page, 44 + 13, bar), "\xff\xff\xff", 3);
    assert_memory_equal(at(&page, 44 + 26 + 13, bar + 199), "\x2c\xa0\x2c", 3);
    assert_memory_equal(at(&page, 44 + 26 + 13, bar + 200), "\xff\xff\xff", 3);
    netrt_array_close(&page);
    // Wrong: red, and a green one with a mark. No picture.
    draw_png(path, NULL, (NetrtChart){wrong, 2, 0}, &page);
    bar = 16 + 12 * (3 + 1 + 8 + 1);
    assert_memory_equal(at(&page, 44 + 13, bar + 49), "\x2c\xa0\x2c", 3);
    assert_memory_equal(at(&page, 44 + 26 + 13, bar + 149), "\xd6\x27\x28", 3);
    int64_t mark_ink = 0;
    for (int64_t y = 44; y < 44 + 26; y++)
        for (int64_t x = bar + 50; x < page.shape[1]; x++) mark_ink += *at(&page, y, x) == 40;
    assert_true(mark_ink > 100);
    netrt_array_close(&page);
    // Larger pictures are scaled down, of thin ones a line stays. Shares may be no numbers.
    static const NetrtBar odd[] = {{"é", (double)NAN, true, false}, {"b", 2, false, false}, {"c", -1, false, false}};
    const NetrtPicture wide = {30, 1000, 1, many, NULL}, thin = {1000, 1, 3, many, NULL};
    draw_png(path, &wide, (NetrtChart){odd, 3, 0}, &page);
    assert_memory_equal(at(&page, 44, 16 + 251), "ZZZ", 3);
    assert_memory_equal(at(&page, 44 + 7, 16), "\xff\xff\xff", 3);
    netrt_array_close(&page);
    draw_png(path, &thin, (NetrtChart){odd, 3, 0}, &page);
    assert_memory_equal(at(&page, 44 + 251, 16), "ZZZ", 3);
    netrt_array_close(&page);
    NetrtError error;
    assert_false(netrt_draw_png(in_folder(state, "no/d.png"), "", NULL, &(NetrtChart){right, 2, 0}, &error));
    assert_message(&error, "no/d.png");
}

// Every letter of ASCII but the space has ink, no two look the same, and what is beyond is a question mark.
static void test_font(void **state) {
    (void)state;
    uint64_t shapes[256] = {0};
    for (int letter = 0; letter < 256; letter++)
        for (int i = 0; i < NETRT_GLYPH_WIDTH * NETRT_GLYPH_HEIGHT; i++)
            shapes[letter] |= (uint64_t)netrt_glyph(letter, i % NETRT_GLYPH_WIDTH, i / NETRT_GLYPH_WIDTH) << i;
    assert_true(shapes[' '] == 0 && shapes[31] == shapes['?'] && shapes[127] == shapes['?'] && shapes[200] == shapes['?']);
    for (int a = ' '; a <= '~'; a++)
        for (int b = ' '; b < a; b++) assert_true(shapes[a] != shapes[b]);
}

static NetrtColours colours_of(const char *term, const char *colorterm, const char *lang, const char *no_color) {
    setenv("TERM", term, 1);
    setenv("COLORTERM", colorterm, 1);
    setenv("LANG", lang, 1);
    setenv("NO_COLOR", no_color, 1);
    return netrt_terminal(-1).colours;
}

static void test_terminal(void **state) {
    (void)state;
    unsetenv("LC_ALL");
    unsetenv("LC_CTYPE");
    assert_int_equal(colours_of("xterm-256color", "", "C.UTF-8", ""), NETRT_256);
    assert_int_equal(colours_of("xterm-256color", "truecolor", "en_GB.utf8", ""), NETRT_TRUE);
    assert_int_equal(colours_of("screen", "24bit", "de_DE.UTF-8@euro", ""), NETRT_TRUE);
    assert_int_equal(colours_of("xterm-direct", "", "C.UTF-8", ""), NETRT_TRUE);
    assert_int_equal(colours_of("vt100", "", "C.UTF-8", ""), NETRT_ASCII);
    assert_int_equal(colours_of("dumb", "truecolor", "C.UTF-8", ""), NETRT_ASCII);
    assert_int_equal(colours_of("", "truecolor", "C.UTF-8", ""), NETRT_ASCII);
    assert_int_equal(colours_of("xterm-256color", "", "C", ""), NETRT_ASCII);
    assert_int_equal(colours_of("xterm-256color", "", "en_GB.ISO-8859-1", ""), NETRT_ASCII);
    assert_int_equal(colours_of("xterm-256color", "", "", ""), NETRT_ASCII);
    assert_int_equal(colours_of("xterm-256color", "", "C.UTF-8", "1"), NETRT_ASCII);
    setenv("LC_CTYPE", "C", 1);
    assert_int_equal(colours_of("xterm-256color", "", "C.UTF-8", ""), NETRT_ASCII);
    setenv("LC_ALL", "C.UTF-8", 1);
    assert_int_equal(colours_of("xterm-256color", "", "C", ""), NETRT_256);
    unsetenv("TERM");
    assert_int_equal(netrt_terminal(-1).colours, NETRT_ASCII);
    assert_false(netrt_terminal(-1).is);
    static const struct {
        const char *text;
        int columns;
    } widths[] = {{"132", 132}, {"0", 80}, {"-5", 80}, {"x", 80}, {"99999999999999999999", 80}};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        setenv("COLUMNS", widths[i].text, 1);
        assert_int_equal(netrt_terminal(-1).columns, widths[i].columns);
    }
    unsetenv("COLUMNS");
    assert_int_equal(netrt_terminal(-1).columns, 80);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ascii),
        cmocka_unit_test(test_colours),
        cmocka_unit_test(test_256),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_font),
        cmocka_unit_test_setup_teardown(test_png, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
