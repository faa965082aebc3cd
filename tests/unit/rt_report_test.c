// Texts: suggestions, numbers, tables, JSON.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "report/json.h"
#include "report/progress.h"
#include "report/suggest.h"
#include "report/text.h"

static const char *const words[] = {"train", "test", NULL, "predict", "--epochs", "--no-shuffle"};

static const char *near(const char *typed) { return netrt_suggest(typed, words, sizeof words / sizeof *words, sizeof *words); }

static void suggestions(void **state) {
    (void)state;
    assert_string_equal(near("trian"), "train");
    assert_string_equal(near("tets"), "test");
    assert_string_equal(near("predcit"), "predict");
    assert_string_equal(near("--epoch"), "--epochs");
    assert_string_equal(near("--noshuffle"), "--no-shuffle");
    assert_null(near("wibble"));
    assert_null(near("x"));
    assert_null(near(""));
    assert_null(near("a-very-long-word-that-nothing-is-near-to-at-all"));
    static const char *const others[] = {"a-very-long-word-that-nothing-is-near-to-at-all", "at", "ab"};
    assert_string_equal(netrt_suggest("abc", others, 3, sizeof *others), "ab");
    assert_null(netrt_suggest("cde", others, 3, sizeof *others)); // as far as it is long
}

static void numbers(void **state) {
    (void)state;
    char text[32];
    assert_string_equal(netrt_text_count(text, 0), "0");
    assert_string_equal(netrt_text_count(text, 999), "999");
    assert_string_equal(netrt_text_count(text, 1000), "1,000");
    assert_string_equal(netrt_text_count(text, 1234567), "1,234,567");
    assert_string_equal(netrt_text_count(text, -123), "-123");
    assert_string_equal(netrt_text_count(text, -123456), "-123,456");
    assert_string_equal(netrt_text_bytes(text, 512), "512 B");
    assert_string_equal(netrt_text_bytes(text, 47040000), "47.0 MB");
    assert_string_equal(netrt_text_percent(text, 0.97861), "97.86 %");
    assert_string_equal(netrt_text_seconds(text, 0.412), "0.41 s");
    assert_string_equal(netrt_text_seconds(text, 75.3), "1 min 15 s");
    assert_int_equal(netrt_text_width("añb→"), 4);
    assert_string_equal(netrt_text_cut(text, sizeof text, "añb→", 4), "añb→");
    assert_string_equal(netrt_text_cut(text, sizeof text, "añb→éc", 5), "añ…éc");
    assert_string_equal(netrt_text_cut(text, sizeof text, "añb→éc", 4), "añ…c");
}

static void sizes_and_times(void **state) {
    (void)state;
    char text[32];
    assert_string_equal(netrt_text_bytes(text, 999), "999 B");
    assert_string_equal(netrt_text_bytes(text, 25000000), "25.0 MB");
    assert_string_equal(netrt_text_bytes(text, INT64_MAX), "9223372.0 TB");
    assert_string_equal(netrt_text_seconds(text, 0.25), "0.25 s");
    assert_string_equal(netrt_text_seconds(text, 59.94), "59.9 s");
    assert_string_equal(netrt_text_seconds(text, 125.9), "2 min 05 s");
}

static void json(void **state) {
    (void)state;
    const double values[] = {0.1, 1.0 / 3, 2.3025850929940459, 1e-300, 123456789.125, 0.1f, NAN};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        netrt_json_number(out, values[i]);
        fputc(' ', out);
    }
    netrt_json_string(out, "a\"b\\c\n");
    fclose(out);
    char *next = text;
    for (size_t i = 0; i + 1 < sizeof values / sizeof *values; i++) assert_true(strtod(next, &next) == values[i]);
    assert_string_equal(next, " null \"a\\\"b\\\\c\\u000a\"");
    assert_memory_equal(text, "0.1 ", 4);
    free(text);
}

static void tables(void **state) {
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    NetrtTable table = {.align = "lr", .columns = 2};
    netrt_table_row(&table, (const char *[]){"größe", "n"});
    netrt_table_rule(&table);
    netrt_table_row(&table, (const char *[]){"a", "1,000"});
    netrt_table_print(&table, out);
    netrt_table_free(&table);
    fclose(out);
    assert_string_equal(text, "größe      n\n────────────\na      1,000\n");
    free(text);
}

static void long_table(void **state) {
    (void)state;
    char *text = NULL, number[16], expected[1000] = "";
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    NetrtTable table = {.align = "r", .columns = 1};
    for (int i = 0; i < 40; i++) {
        snprintf(number, sizeof number, "%2d\n", i);
        strcat(expected, number);
        number[2] = 0;
        netrt_table_row(&table, (const char *[]){number});
    }
    netrt_table_print(&table, out);
    netrt_table_free(&table);
    fclose(out);
    assert_string_equal(text, expected);
    free(text);
}

// What `show` writes to standard error.
static void shown(void (*show)(void), char *text, size_t size) {
    FILE *file = tmpfile();
    int before = dup(STDERR_FILENO);
    assert_non_null(file);
    fflush(stderr);
    dup2(fileno(file), STDERR_FILENO);
    show();
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(file);
    text[fread(text, 1, size - 1, file)] = 0;
    fclose(file);
}

static NetrtProgress progress;

static void show_some(void) {
    double now = netrt_now();
    netrt_progress_open(&progress, progress.quiet);
    assert_false(netrt_progress_due(&progress, now));
    if (netrt_progress_due(&progress, now + 11)) netrt_progress_show(&progress, now + 11, "%d %%", 10);
    assert_false(netrt_progress_due(&progress, now + 20)); // plain lines come rarely
    netrt_progress_line(&progress, "an epoch");
    netrt_progress_warn(&progress, "a warning");
    netrt_progress_close(&progress);
}

// Where no terminal is, each line stays; a quiet run has its warnings alone. (reports_test.sh has a terminal.)
static void progress_in_a_file(void **state) {
    (void)state;
    char text[200];
    progress.quiet = false;
    shown(show_some, text, sizeof text);
    assert_string_equal(text, "10 %\nan epoch\na warning\n");
    progress.quiet = true;
    shown(show_some, text, sizeof text);
    assert_string_equal(text, "a warning\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(suggestions),
                                       cmocka_unit_test(numbers),
                                       cmocka_unit_test(sizes_and_times),
                                       cmocka_unit_test(json),
                                       cmocka_unit_test(tables),
                                       cmocka_unit_test(long_table),
                                       cmocka_unit_test(progress_in_a_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
