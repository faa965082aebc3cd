// Tokens: values of numbers and strings, `.` as member access, comments kept for a formatter.
#include "syntax_test_support.h"

#include <math.h>

#include "net_parser.h"
#include "syntax/tokens.h"

typedef struct Read {
    Arena *arena;
    Diagnostics *diag;
    TokenList tokens;
} Read;

static Read read_text(const char *text) {
    Read read = {.arena = arena_new()};
    read.diag = diag_new(read.arena, NULL);
    read.tokens = tokens_read(read.arena, read.diag, diag_add_file(read.diag, "t.net", text, strlen(text), false));
    return read;
}

static void expect_kinds(const char *text, const int *kinds, size_t count) {
    Read read = read_text(text);
    assert_int_equal(diag_error_count(read.diag), 0);
    assert_int_equal(read.tokens.count, count + 1);
    for (size_t i = 0; i < count; i++) assert_int_equal(read.tokens.items[i].kind, kinds[i]);
    assert_int_equal(read.tokens.items[count].kind, TOKEN_END);
    arena_free(read.arena);
}

#define EXPECT_KINDS(text, ...) expect_kinds(text, (const int[]){__VA_ARGS__}, sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

static void points_after_operands_are_member_access(void **state) {
    (void)state;
    EXPECT_KINDS("model.0.weight", TOKEN_NAME, TOKEN_DOT, TOKEN_NAME, TOKEN_DOT, TOKEN_NAME);
    EXPECT_KINDS("m.10.5e3", TOKEN_NAME, TOKEN_DOT, TOKEN_NAME, TOKEN_DOT, TOKEN_NAME, TOKEN_NAME);
    EXPECT_KINDS("f(x).0 x[1].2", TOKEN_NAME, TOKEN_LPAREN, TOKEN_NAME, TOKEN_RPAREN, TOKEN_DOT, TOKEN_NAME, TOKEN_NAME,
                 TOKEN_LBRACKET, TOKEN_INT, TOKEN_RBRACKET, TOKEN_DOT, TOKEN_NAME);
    EXPECT_KINDS("x + .5", TOKEN_NAME, TOKEN_PLUS, TOKEN_FLOAT);
    EXPECT_KINDS("(.5)", TOKEN_LPAREN, TOKEN_FLOAT, TOKEN_RPAREN);
    EXPECT_KINDS("m.*.b", TOKEN_NAME, TOKEN_DOT, TOKEN_WILD, TOKEN_DOT, TOKEN_NAME);
    EXPECT_KINDS("m.**.b", TOKEN_NAME, TOKEN_DOT, TOKEN_WILD, TOKEN_DOT, TOKEN_NAME);
    EXPECT_KINDS("x.for.in", TOKEN_NAME, TOKEN_DOT, TOKEN_NAME, TOKEN_DOT, TOKEN_NAME);
    EXPECT_KINDS("x[..., 0]", TOKEN_NAME, TOKEN_LBRACKET, TOKEN_ELLIPSIS, TOKEN_COMMA, TOKEN_INT, TOKEN_RBRACKET);
}

static void numbers_have_their_values(void **state) {
    (void)state;
    Read read = read_text("0 1_000 9223372036854775807 1e-3 .5 1_0.2_5 2. 1e999");
    assert_int_equal(diag_error_count(read.diag), 0);
    assert_int_equal(read.tokens.items[0].integer, 0);
    assert_int_equal(read.tokens.items[1].integer, 1000);
    assert_true(read.tokens.items[2].integer == INT64_MAX);
    assert_true(read.tokens.items[3].number == 1e-3);
    assert_true(read.tokens.items[4].number == 0.5);
    assert_true(read.tokens.items[5].number == 10.25);
    assert_true(read.tokens.items[6].number == 2.0);
    assert_true(isinf(read.tokens.items[7].number));
    arena_free(read.arena);
}

static void wrong_numbers_stay_numbers(void **state) {
    (void)state;
    static const char *const wrong[] = {"9223372036854775808", "0x10", "12px", "1__0", "1_", "3j", "1.5.6"};
    for (size_t i = 0; i < 6; i++) {
        Read read = read_text(wrong[i]);
        assert_int_equal(diag_error_count(read.diag), 1);
        assert_int_equal(read.tokens.count, 2);
        assert_true(read.tokens.items[0].wrong);
        arena_free(read.arena);
    }
}

static void strings_are_resolved(void **state) {
    (void)state;
    Read read = read_text("\"a\\tb\\\\\\\"'{{}}\\x41\\u00e9\\u20AC\" 'x\"y' f\"{a}b{c}\"");
    assert_int_equal(diag_error_count(read.diag), 0);
    const Token *tokens = read.tokens.items;
    assert_int_equal(tokens[0].kind, TOKEN_STRING_BEGIN);
    assert_string_equal(tokens[1].text, "a\tb\\\"'{}A\xC3\xA9\xE2\x82\xAC");
    assert_int_equal(tokens[2].kind, TOKEN_STRING_END);
    assert_string_equal(tokens[4].text, "x\"y");
    static const int parts[] = {TOKEN_STRING_BEGIN, TOKEN_INTERPOLATION_BEGIN,
                                TOKEN_NAME,         TOKEN_INTERPOLATION_END,
                                TOKEN_TEXT,         TOKEN_INTERPOLATION_BEGIN,
                                TOKEN_NAME,         TOKEN_INTERPOLATION_END,
                                TOKEN_STRING_END,   TOKEN_END};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) assert_int_equal(tokens[6 + i].kind, parts[i]);
    arena_free(read.arena);
}

static void strings_nest(void **state) {
    (void)state;
    EXPECT_KINDS("\"{f(\"a{b}\")}\"", TOKEN_STRING_BEGIN, TOKEN_INTERPOLATION_BEGIN, TOKEN_NAME, TOKEN_LPAREN,
                 TOKEN_STRING_BEGIN, TOKEN_TEXT, TOKEN_INTERPOLATION_BEGIN, TOKEN_NAME, TOKEN_INTERPOLATION_END,
                 TOKEN_STRING_END, TOKEN_RPAREN, TOKEN_INTERPOLATION_END, TOKEN_STRING_END);
}

static void strings_end_with_their_line(void **state) {
    (void)state;
    Read read = read_text("'abc\nx = \"{f('b\ny");
    assert_int_equal(diag_error_count(read.diag), 2);
    const Token *tokens = read.tokens.items;
    assert_int_equal(tokens[2].kind, TOKEN_STRING_END);
    assert_int_equal(tokens[3].kind, TOKEN_NEWLINE);
    assert_int_equal(tokens[read.tokens.count - 2].kind, TOKEN_NAME);
    assert_true(tokens[read.tokens.count - 2].first);
    arena_free(read.arena);
}

static void comments_and_places_are_kept(void **state) {
    (void)state;
    Read read = read_text("# one\r\n  x = 1 # two\n\n#\n");
    const Token *tokens = read.tokens.items;
    assert_int_equal(tokens[0].kind, TOKEN_COMMENT);
    assert_string_equal(tokens[0].text, " one");
    assert_true(tokens[0].first);
    assert_int_equal(tokens[1].kind, TOKEN_NEWLINE);
    assert_int_equal(tokens[2].kind, TOKEN_NAME);
    assert_int_equal(tokens[2].line, 1);
    assert_int_equal(tokens[2].indent, 2);
    assert_int_equal(tokens[2].span.begin, 9);
    assert_int_equal(tokens[5].kind, TOKEN_COMMENT);
    assert_string_equal(tokens[5].text, " two");
    assert_false(tokens[5].first);
    assert_string_equal(tokens[8].text, "");
    arena_free(read.arena);
}

static void names_may_have_letters_of_other_alphabets(void **state) {
    (void)state;
    EXPECT_KINDS("\xCE\xB1 = \xC3\xA9t\xC3\xA9_1", TOKEN_NAME, TOKEN_ASSIGN, TOKEN_NAME);
    EXPECT_KINDS("\xEF\xBB\xBFx\xC2\xA0= 1", TOKEN_NAME, TOKEN_ASSIGN, TOKEN_INT);
}

static void a_run_of_bad_bytes_is_one_mistake(void **state) {
    (void)state;
    char text[] = "x \xFF\xFE\x01$`\xE2\x80\x9C = 1";
    Read read = read_text(text);
    assert_int_equal(diag_error_count(read.diag), 1);
    assert_int_equal(read.tokens.items[1].kind, TOKEN_WRONG);
    assert_int_equal(read.tokens.items[2].kind, TOKEN_ASSIGN);
    arena_free(read.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_after_operands_are_member_access),
        cmocka_unit_test(numbers_have_their_values),
        cmocka_unit_test(wrong_numbers_stay_numbers),
        cmocka_unit_test(strings_are_resolved),
        cmocka_unit_test(strings_nest),
        cmocka_unit_test(strings_end_with_their_line),
        cmocka_unit_test(comments_and_places_are_kept),
        cmocka_unit_test(names_may_have_letters_of_other_alphabets),
        cmocka_unit_test(a_run_of_bad_bytes_is_one_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
