// Text buffers; above all that a number's text is the shortest that reads back exactly.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/strbuf.h"

static void text_is_always_terminated(void **state) {
    (void)state;
    StrBuf buf = {0};
    strbuf_add(&buf, "");
    assert_string_equal(buf.text, "");
    strbuf_add_bytes(&buf, "a\0b", 3);
    assert_memory_equal(buf.text, "a\0b", 4);
    for (int i = 0; i < 1000; i++) strbuf_printf(&buf, "%d,", i);
    assert_int_equal(strlen(buf.text + 3), buf.length - 3);
    char large[500];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    size_t before = buf.length;
    strbuf_printf(&buf, "%s", large);
    assert_string_equal(buf.text + before, large);
    strbuf_free(&buf);
    assert_null(buf.text);
    strbuf_free(&buf);
}

static void check_double(double value, const char *expected) {
    StrBuf buf = {0};
    strbuf_add_double(&buf, value);
    assert_string_equal(buf.text, expected);
    strbuf_free(&buf);
}

static void numbers_are_short_and_exact(void **state) {
    (void)state;
    check_double(0, "0.0");
    check_double(-0.0, "-0.0");
    check_double(1, "1.0");
    check_double(-2.5, "-2.5");
    check_double(0.1, "0.1");
    check_double(1.0 / 3, "0.3333333333333333");
    check_double(1e20, "1e+20");
    check_double(5e-324, "5e-324");
    check_double(784, "784.0");
    check_double(INFINITY, "inf");
    check_double(-INFINITY, "-inf");
    check_double(NAN, "nan");
    check_double(-NAN, "nan");

    uint64_t bits = 1;
    for (int i = 0; i < 2000; i++) {
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        double value;
        memcpy(&value, &bits, sizeof value);
        if (isnan(value)) continue;
        StrBuf buf = {0};
        strbuf_add_double(&buf, value);
        assert_true(strtod(buf.text, NULL) == value);
        strbuf_free(&buf);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_always_terminated),
        cmocka_unit_test(numbers_are_short_and_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
