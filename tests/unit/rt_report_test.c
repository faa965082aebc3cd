// Texts: suggestions, numbers, tables, JSON.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/json.h"
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

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(suggestions), cmocka_unit_test(numbers), cmocka_unit_test(json),
                                       cmocka_unit_test(tables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
