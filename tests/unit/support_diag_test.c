// Diagnostics: what they look like, which are kept, and that no text of a user's can upset them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/diag.h"

#define SAID(text) MSG_ASSERTION, text // a test's own words

static Arena *arena;

static int set_up(void **state) {
    (void)state;
    arena = arena_new();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static const char *printed(const Diagnostics *diag) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    diag_print(diag, out);
    fclose(out);
    const char *copy = arena_strdup(arena, text);
    free(text);
    return copy;
}

static uint32_t add_text(Diagnostics *diag, const char *text) {
    return diag_add_file(diag, "m.net", text, strlen(text), false);
}

static void report_shows_line_and_span(void **state) {
    (void)state;
    Diagnostics *diag = diag_new(arena, &(DiagOptions){0});
    uint32_t file = add_text(diag, "x = 1\nmodel = Linear(784, 128)\n");
    uint32_t prelude = diag_add_file(diag, "prelude/layers.net", "a\nb\n", 4, true);
    diag_error(diag, (Span){file, 14, 20}, SAID("Linear expects %d"), 784);
    diag_note(diag, (Span){prelude, 2, 3}, SAID("in forward of Linear"));
    diag_note(diag, (Span){file, 0, 1}, SAID("bound here"));
    diag_hint(diag, SAID("write Linear(_, 10)"));
    assert_string_equal(printed(diag), "m.net:2:9: error: Linear expects 784\n"
                                       "    2 | model = Linear(784, 128)\n"
                                       "      |         ^~~~~~\n"
                                       "prelude/layers.net:2:1: note: in forward of Linear\n"
                                       "m.net:1:1: note: bound here\n"
                                       "    1 | x = 1\n"
                                       "      | ^\n"
                                       "hint: write Linear(_, 10)\n");
    assert_int_equal(diag_error_count(diag), 1);
}

static void positions_count_characters(void **state) {
    (void)state;
    Diagnostics *diag = diag_new(arena, NULL);
    uint32_t file = add_text(diag, "\xC3\xA9t\xC3\xA9 = 1\r\n\tb\n");
    uint32_t line, column;
    diag_position(diag, file, 6, &line, &column);
    assert_int_equal(line, 1);
    assert_int_equal(column, 5);
    diag_position(diag, file, 12, &line, &column);
    assert_int_equal(line, 2);
    assert_int_equal(column, 2);
    diag_position(diag, file, 4000, &line, &column);
    assert_int_equal(line, 3);
    diag_position(diag, FILE_NONE, 0, &line, &column);
    assert_int_equal(line, 1);
}

static void tabs_wide_characters_and_several_lines_keep_the_caret_in_place(void **state) {
    (void)state;
    Diagnostics *diag = diag_new(arena, NULL);
    uint32_t file = add_text(diag, "\ta\xE4\xB8\xAD\tb = (1,\n  2)\r\n");
    diag_error(diag, (Span){file, 6, 7}, SAID("one"));
    diag_error(diag, (Span){file, 10, 19}, SAID("two"));
    assert_string_equal(printed(diag), "m.net:1:5: error: one\n"
                                       "    1 |     a\xE4\xB8\xAD b = (1,\n"
                                       "      |         ^\n"
                                       "m.net:1:9: error: two\n"
                                       "    1 |     a\xE4\xB8\xAD b = (1,\n"
                                       "      |             ^~~\n");
}

static void long_lines_are_cut_around_the_span(void **state) {
    (void)state;
    Diagnostics *diag = diag_new(arena, NULL);
    char *text = arena_alloc(arena, 100001);
    memset(text, 'x', 100000);
    uint32_t file = diag_add_file(diag, "m.net", text, 100000, false);
    diag_error(diag, (Span){file, 50000, 50003}, SAID("here"));
    diag_error(diag, (Span){file, 10, 90000}, SAID("long"));
    const char *out = printed(diag);
    assert_true(strlen(out) < 1000);
    assert_non_null(strstr(out, "^~~\n"));
    assert_non_null(strstr(out, "| ...xxx"));
}

static void any_bytes_can_be_shown(void **state) {
    (void)state;
    Diagnostics *diag = diag_new(arena, NULL);
    char text[256];
    for (int i = 0; i < 256; i++) text[i] = (char)(i * 7);
    uint32_t file = diag_add_file(diag, "m.net", text, sizeof text, false);
    for (uint32_t i = 0; i < 300; i += 17) {
        diag_error(diag, (Span){file, i, i + 5}, SAID("message %.*s"), 3, text + 200);
        diag_note(diag, (Span){file, i + 9, i}, SAID("backwards"));
    }
    diag_note(diag, (Span){77, 1, 2}, SAID("in no file"));
    const char *out = printed(diag);
    for (const char *at = out; *at; at++) assert_true((unsigned char)*at >= 0x20 || *at == '\n' || *at == '\t');
    Diagnostics *empty = diag_new(arena, NULL);
    file = diag_add_file(empty, "empty.net", "", 0, false);
    diag_error(empty, (Span){file, 0, 0}, SAID("nothing here"));
    assert_string_equal(printed(empty), "empty.net:1:1: error: nothing here\n    1 | \n      | ^\n");
}

static void errors_stop_at_twenty_and_repeat_once(void **state) {
    (void)state;
    Diagnostics *diag = diag_new(arena, NULL);
    uint32_t file = add_text(diag, "x = 1\n");
    diag_error(diag, (Span){file, 0, 1}, SAID("error 0"));
    for (int i = 0; i < 25; i++) {
        diag_error(diag, (Span){file, 0, 1}, SAID("error %d"), i);
        diag_note(diag, SPAN_NONE, SAID("note %d"), i);
    }
    assert_int_equal(diag_error_count(diag), 25);
    assert_true(diag_too_many(diag));
    const char *out = printed(diag);
    assert_non_null(strstr(out, "error 19\n"));
    assert_null(strstr(out, "error 20"));
    assert_null(strstr(out, "note 0\n")); // of the repetition
    assert_null(strstr(out, "note 20"));
    assert_non_null(strstr(out, "too many errors; 5 more are not shown\n"));
}

static void warnings_can_be_turned_off_and_promoted(void **state) {
    (void)state;
    const char *disabled[] = {"linear-linear", NULL}, *errors[] = {"large-lr", NULL};
    Diagnostics *diag = diag_new(arena, &(DiagOptions){.disabled = disabled, .as_errors = errors});
    diag_warning(diag, WARNING_LINEAR_LINEAR, SPAN_NONE, SAID("off"));
    diag_note(diag, SPAN_NONE, SAID("off too"));
    diag_warning(diag, WARNING_LARGE_LR, SPAN_NONE, SAID("promoted"));
    diag_warning(diag, WARNING_ZERO_WEIGHTS, SPAN_NONE, SAID("stays"));
    assert_string_equal(printed(diag), "error: promoted [-Werror=large-lr]\nwarning: stays [-Wno-zero-weights]\n");
    assert_int_equal(diag_error_count(diag), 1);

    Diagnostics *quiet = diag_new(arena, &(DiagOptions){.no_warnings = true, .warnings_are_errors = true});
    diag_warning(quiet, WARNING_ZERO_WEIGHTS, SPAN_NONE, SAID("off"));
    assert_int_equal(diag_error_count(quiet), 0);
    Diagnostics *strict = diag_new(arena, &(DiagOptions){.warnings_are_errors = true});
    diag_warning(strict, WARNING_ZERO_WEIGHTS, SPAN_NONE, SAID("on"));
    assert_int_equal(diag_error_count(strict), 1);
}

static void json_is_an_object_a_line(void **state) {
    (void)state;
    Diagnostics *diag = diag_new(arena, &(DiagOptions){.json = true});
    uint32_t file = add_text(diag, "a\nbcd\n");
    diag_error(diag, (Span){file, 2, 4}, MSG_BAD_NUMBER, "say \"%s\"\n\xFF", "x");
    diag_note(diag, (Span){file, 0, 1}, SAID("here"));
    diag_hint(diag, SAID("do"));
    diag_warning(diag, WARNING_NO_EFFECT, SPAN_NONE, SAID("w"));
    assert_string_equal(
        printed(diag),
        "{\"severity\":\"error\",\"id\":\"bad-number\",\"file\":\"m.net\",\"line\":2,\"column\":1,\"end_line\":2,"
        "\"end_column\":3,\"message\":\"say \\\"x\\\"\\u000a\xEF\xBF\xBD\",\"remarks\":[{\"severity\":\"note\","
        "\"id\":\"assertion\",\"file\":\"m.net\","
        "\"line\":1,\"column\":1,\"end_line\":1,\"end_column\":2,\"message\":\"here\"},"
        "{\"severity\":\"hint\",\"id\":\"assertion\",\"message\":\"do\"}]}\n"
        "{\"severity\":\"warning\",\"id\":\"assertion\",\"message\":\"w\",\"name\":\"no-effect\"}\n");
}

static void colour_is_only_added(void **state) {
    (void)state;
    Diagnostics *diag = diag_new(arena, &(DiagOptions){.color = true});
    diag_error(diag, SPAN_NONE, SAID("red"));
    assert_string_equal(printed(diag), "\033[1;31merror: \033[0m\033[1mred\033[0m\n");
}

static void reports_can_be_put_in_order(void **state) {
    (void)state;
    Diagnostics *diag = diag_new(arena, NULL);
    uint32_t file = add_text(diag, "abc\n");
    diag_error(diag, (Span){file, 2, 3}, SAID("first of all"));
    size_t mark = diag_mark(diag);
    diag_error(diag, (Span){file, 1, 2}, SAID("second"));
    diag_note(diag, SPAN_NONE, SAID("of the second"));
    diag_error(diag, (Span){file, 0, 1}, SAID("first"));
    diag_sort_since(diag, mark);
    const char *out = printed(diag);
    assert_true(strstr(out, "first of all") < strstr(out, ": first\n"));
    assert_true(strstr(out, ": first\n") < strstr(out, "second"));
    assert_true(strstr(out, "second") < strstr(out, "of the second"));
}

static void near_words_are_suggested(void **state) {
    (void)state;
    static const char *const names[] = {"Linear", "BatchNorm2d", "ReLU", "lr", "CrossEntropyLoss", NULL, "x"};
    size_t count = sizeof names / sizeof *names;
    assert_string_equal(diag_nearest("Linaer", names, count), "Linear");
    assert_string_equal(diag_nearest("linear", names, count), "Linear");
    assert_string_equal(diag_nearest("relu", names, count), "ReLU");
    assert_string_equal(diag_nearest("BatchNorm", names, count), "BatchNorm2d");
    assert_string_equal(diag_nearest("CrossEntropyLos", names, count), "CrossEntropyLoss");
    assert_string_equal(diag_nearest("Linera", (const char *const[]){"linear", "Linear"}, 2), "Linear");
    assert_string_equal(diag_nearest("linera", (const char *const[]){"Linear", "linear"}, 2), "linear");
    assert_null(diag_nearest("Softmax", names, count));
    assert_null(diag_nearest("y", names, count));
    assert_null(diag_nearest("", names, count));
    char *large = arena_alloc(arena, 5001);
    memset(large, 'L', 5000);
    assert_null(diag_nearest(large, names, count));
}

static void a_bug_says_so_and_exits_with_70(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        BUG("node %d has no shape", 17);
    }
    close(ends[1]);
    char text[1000] = {0};
    for (size_t length = 0; length < sizeof text - 1;) {
        ssize_t got = read(ends[0], text + length, sizeof text - 1 - length);
        if (got <= 0) break;
        length += (size_t)got;
    }
    close(ends[0]);
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 70);
    assert_non_null(strstr(text, "node 17 has no shape"));
    assert_non_null(strstr(text, "report"));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(report_shows_line_and_span),
        TEST(positions_count_characters),
        TEST(tabs_wide_characters_and_several_lines_keep_the_caret_in_place),
        TEST(long_lines_are_cut_around_the_span),
        TEST(any_bytes_can_be_shown),
        TEST(errors_stop_at_twenty_and_repeat_once),
        TEST(warnings_can_be_turned_off_and_promoted),
        TEST(json_is_an_object_a_line),
        TEST(colour_is_only_added),
        TEST(reports_can_be_put_in_order),
        TEST(near_words_are_suggested),
        TEST(a_bug_says_so_and_exits_with_70),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
