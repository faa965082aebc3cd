// Limits and accidents: whatever the bytes, the parser ends with errors and never crashes, in time that grows with the text.
#include "syntax_test_support.h"

// prefix, `count` times `piece`, suffix
static Parsed parse_repeated(const char *prefix, const char *piece, size_t count, const char *suffix) {
    StrBuf text = {0};
    strbuf_add(&text, prefix);
    for (size_t i = 0; i < count; i++) strbuf_add(&text, piece);
    strbuf_add(&text, suffix);
    Parsed parsed = parse_bytes(text.text, text.length);
    strbuf_free(&text);
    return parsed;
}

static uint32_t deepest(const Ast *node) {
    if (!node) return 0;
    uint32_t below = 0;
    const Ast *children[] = {node->a, node->b, node->c, node->d};
    for (size_t i = 0; i < 4; i++) {
        uint32_t depth = deepest(children[i]);
        if (depth > below) below = depth;
    }
    for (size_t i = 0; i < node->items.count; i++) {
        uint32_t depth = deepest(node->items.items[i]);
        if (depth > below) below = depth;
    }
    for (size_t i = 0; i < node->orelse.count; i++) {
        uint32_t depth = deepest(node->orelse.items[i]);
        if (depth > below) below = depth;
    }
    return below + 1;
}

static void expect_too_deep(const char *prefix, const char *piece, size_t count, const char *suffix) {
    Parsed parsed = parse_repeated(prefix, piece, count, suffix);
    if (parsed.errors == 0 || !strstr(parsed.reports, "nested too deeply")) print_error("%s: %s", piece, parsed.reports);
    assert_non_null(strstr(parsed.reports, "nested too deeply"));
    assert_true(deepest(parsed.tree) <= AST_MAX_DEPTH);
    parsed_free(&parsed);
}

static void nesting_is_bounded(void **state) {
    (void)state;
    expect_too_deep("x = ", "(", 10000, "");
    expect_too_deep("x = ", "[f(", 10000, "1");
    expect_too_deep("x = ", "- ", 100000, "1");
    expect_too_deep("x = ", "not ", 100000, "a");
    expect_too_deep("x = a", ".b", 100000, "");
    expect_too_deep("x = a", "()", 100000, "");
    expect_too_deep("x = a", "[0]", 100000, "");
    expect_too_deep("x = a", " + a", 100000, "");
    expect_too_deep("x = a", " ** a", 100000, "");
    expect_too_deep("x = a", " if b else a", 100000, "");
    expect_too_deep("x = ", "a -> ", 100000, "1");
    expect_too_deep("x = ", "(a=1) -> ", 100000, "1");
    expect_too_deep("if a {}", " elif a {}", 100000, "");
    expect_too_deep("", "if a { ", 10000, "");
    expect_too_deep("", "module M {", 10000, "}");
    expect_too_deep("x = ", "\"{", 10000, "");
}

static void what_is_allowed_fits(void **state) {
    (void)state;
    StrBuf text = {0};
    strbuf_add(&text, "x = ");
    for (int i = 0; i < 128; i++) strbuf_add(&text, "[f(1 + ");
    strbuf_add(&text, "a");
    for (int i = 0; i < 128; i++) strbuf_add(&text, ")]");
    Parsed parsed = parse_text(text.text);
    assert_int_equal(parsed.errors, 0);
    parsed_free(&parsed);
    strbuf_free(&text);
    parsed = parse_repeated("x = [", "1, ", 100000, "]");
    assert_int_equal(parsed.errors, 0);
    assert_int_equal(parsed.tree->items.items[0]->b->items.count, 100000);
    parsed_free(&parsed);
    parsed = parse_repeated("x = a", " < a", 100000, "");
    assert_int_equal(parsed.errors, 0);
    parsed_free(&parsed);
    parsed = parse_repeated("", "x = 1\n", 50000, "");
    assert_int_equal(parsed.errors, 0);
    parsed_free(&parsed);
}

static void large_tokens_are_bounded(void **state) {
    (void)state;
    Parsed parsed = parse_repeated("x = '", "0123456789abcdef", 65537, "'");
    assert_int_equal(parsed.errors, 1);
    assert_non_null(strstr(parsed.reports, "at most 1 MB"));
    parsed_free(&parsed);
    parsed = parse_repeated("x = '", "0123456789abcdef", 65536, "'");
    assert_int_equal(parsed.errors, 0);
    parsed_free(&parsed);
    parsed = parse_repeated("x = ", "9", 100000, "");
    assert_int_equal(parsed.errors, 1);
    parsed_free(&parsed);
    parsed = parse_repeated("", "n", 100000, " = 1");
    assert_int_equal(parsed.errors, 0);
    parsed_free(&parsed);
}

// However much is written, the memory for it is bounded.
static void many_tokens_are_bounded(void **state) {
    (void)state;
    static const char *const pieces[] = {"1 + ", "x = 1\n", ";", "\"a\" ", "a.b = [2, ", "\"{", "\xFF \n"};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        Parsed parsed = parse_repeated("x = ", pieces[i], 2100000, "");
        assert_true(parsed.errors > 0);
        if (i < 5) assert_non_null(strstr(parsed.reports, "more than 2,000,000 words"));
        assert_int_equal(parsed.tree->items.count, 0);
        parsed_free(&parsed);
    }
}

static void piles_of_mistakes_end_quickly(void **state) {
    (void)state;
    static const char *const pieces[] = {"}",
                                         ")",
                                         "(\n",
                                         "a b\n",
                                         "\"{\n",
                                         "f(]\n",
                                         "\xFF\n",
                                         "else\n",
                                         "if a:\n",
                                         "def f(x):\n  y\n",
                                         "\n\n# c\n",
                                         ".b\n",
                                         "x = (\n  a b\n)\n",
                                         "'",
                                         "{",
                                         "@ ",
                                         "\x00"};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        Parsed parsed = parse_repeated("", pieces[i], 20000, "");
        assert_true(deepest(parsed.tree) <= AST_MAX_DEPTH);
        parsed_free(&parsed);
    }
}

static const char sample[] =
    "# A sample with a bit of everything.\n"
    "import torch\n"
    "model = nn.Sequential(OrderedDict([\n    ('fc1', nn.Linear(784, hidden[0])),\n]))\n"
    "module Net(hidden = [128, 64], *, bias=True) {\n"
    "    infer n = x.shape[-1]\n"
    "    fc = [Linear(a, b) for a, b in zip(x, y) if a > 0]\n"
    "    forward(x) {\n"
    "        assert(x.shape[-1] == n, \"got {x.shape[-1]} of {{\\u00e9}} {f(\"a\")}\")\n"
    "        x = x\n            .relu()   # go on\n            .mean(dim=1)\n"
    "        return x if n is None else x[..., 1:2, None] ** -2\n    }\n}\n"
    "optimizer SGD(lr=0.01) {\n    state v = zeros()\n    update(p, g) { v = 0.9 * v + g; p = p - lr * v }\n}\n"
    "model.**.bias.requires_grad = False\n"
    "def f(x, a=1_000) = (x, y) -> x @ y + .5e-3\n"
    "if a and not b { print(1) }\nelif c { } else { for i in range(3) { z += i } }\n";

// A fixed sequence of numbers (splitmix64), so that a failure can be repeated.
static uint64_t draw(uint64_t *seed) {
    uint64_t z = *seed += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static void random_changes_never_crash(void **state) {
    (void)state;
    static const char marks[] = "(){}[]\"'\\#\n\r\t .,;:=+-*/%@<>!&|_0a9\x80\xFF\xE2\0";
    uint64_t seed = 1;
    for (int round = 0; round < 4000; round++) {
        char text[2 * sizeof sample];
        size_t length = sizeof sample - 1;
        memcpy(text, sample, length);
        for (uint64_t changes = 1 + draw(&seed) % 8; changes; changes--) {
            size_t at = draw(&seed) % length;
            char mark = draw(&seed) % 4 ? marks[draw(&seed) % (sizeof marks - 1)] : (char)draw(&seed);
            switch (draw(&seed) % 4) {
            case 0: text[at] = mark; break;
            case 1: // insert
                memmove(text + at + 1, text + at, length - at);
                text[at] = mark;
                length++;
                break;
            case 2: { // remove a piece
                size_t count = 1 + draw(&seed) % 9;
                if (count > length - at) count = length - at;
                if (count == length) break;
                memmove(text + at, text + at + count, length - at - count);
                length -= count;
                break;
            }
            default: { // copy a piece elsewhere
                size_t from = draw(&seed) % length, count = 1 + draw(&seed) % 9;
                if (count > length - from) count = length - from;
                if (count > length - at) count = length - at;
                memmove(text + at, text + from, count);
            }
            }
        }
        Parsed parsed = parse_bytes(text, length);
        StrBuf outline = {0};
        ast_print(parsed.tree, &outline);
        assert_true(outline.length > 0);
        strbuf_free(&outline);
        parsed_free(&parsed);
    }
}

static void random_tokens_never_crash(void **state) {
    (void)state;
    static const char *const words[] = {"module ",
                                        "def ",
                                        "f",
                                        "(",
                                        ")",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        "\n",
                                        "=",
                                        "x ",
                                        "1 ",
                                        ".",
                                        ",",
                                        "->",
                                        "if ",
                                        "else ",
                                        "elif ",
                                        "for ",
                                        "in ",
                                        "\"",
                                        "{",
                                        "not ",
                                        "return ",
                                        ":",
                                        ";",
                                        "state ",
                                        "forward(x) {",
                                        "*",
                                        "# c\n",
                                        "and ",
                                        "...",
                                        "'a{b}'",
                                        "_ ",
                                        "\n\n",
                                        "x = ",
                                        "lambda ",
                                        "  "};
    uint64_t seed = 2;
    for (int round = 0; round < 4000; round++) {
        StrBuf text = {0};
        for (uint64_t count = 1 + draw(&seed) % 60; count; count--)
            strbuf_add(&text, words[draw(&seed) % (sizeof words / sizeof *words)]);
        Parsed parsed = parse_bytes(text.text, text.length);
        assert_non_null(parsed.tree);
        parsed_free(&parsed);
        strbuf_free(&text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(what_is_allowed_fits),
        cmocka_unit_test(large_tokens_are_bounded),
        cmocka_unit_test(many_tokens_are_bounded),
        cmocka_unit_test(piles_of_mistakes_end_quickly),
        cmocka_unit_test(random_changes_never_crash),
        cmocka_unit_test(random_tokens_never_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
