// The compile-time language: what expressions give, and what is said when they cannot be.
#include "elaborate_test_support.h"

typedef struct Row {
    const char *text;
    const char *expected; // what print says, or a part of the message
} Row;

static void expressions_have_pythons_values(void **state) {
    (void)state;
    static const Row rows[] = {
        {"7 // 2, -7 // 2, -7 % 3, 7 % -3, 7 / 2", "3 -4 2 -2 3.5"},
        {"2 ** 10, 2 ** -1, -2 ** 2, 2.0 ** 3", "1024 0.5 -4 8.0"},
        {"-7.5 // 2, 7.5 % 2, -7.5 % 2", "-4.0 1.5 0.5"},
        {"1 < 2 < 3, 1 < 3 < 2, 1 == 1.0, 1 is 1.0, None is None", "True False True False True"},
        {"2 in [1, 2], 2 not in (1, 2), 'b' in 'abc'", "True False True"},
        {"0 or 'x', 1 and 2, not 0, not [1]", "x 2 True False"},
        {"1 if True else 2", "1"},
        {"[1, 2.0, 'a', None, (1,), ()]", "[1, 2.0, 'a', None, (1,), ()]"},
        {"[1, 2, 3][-1], [1, 2, 3][1:], [1, 2, 3][::-1], 'abc'[0], 'abcd'[1:3]", "3 [2, 3] [3, 2, 1] a bc"},
        {"[1, 2, 3][5:], [1, 2, 3][-2:-1], (1, 2)[0:1], [1, 2, 3][2:0:-1]", "[] [2] (1,) [3, 2]"},
        {"[i * i for i in range(5) if i % 2 == 0]", "[0, 4, 16]"},
        {"[a + b for (a, b) in zip([1, 2], [10, 20])]", "[11, 22]"},
        {"enumerate(['a', 'b']), reversed((1, 2)), len('äb'), sum([1, 2.5])", "[(0, 'a'), (1, 'b')] [2, 1] 2 3.5"},
        {"min(3, 1, 2), max([4, 9]), abs(-3), round(2.5), round(3.5), round(2.345, 2)", "1 9 3 2 4 2.35"},
        {"int(3.9), int(-3.9), float(2), int('12'), bool([]), str(1.5)", "3 -3 2.0 12 False 1.5"},
        {"range(3), range(1, 3), range(5, 0, -2)", "[0, 1, 2] [1, 2] [5, 3, 1]"},
        {"sqrt(16), exp(0), log(1), sin(0), cos(0)", "4.0 1.0 0.0 0.0 1.0"},
        {"'a{1 + 1}b{{}}', f'{\"x\"}', 'a' + 'b', 'ab' * 2, [0] * 2", "a2b{} x ab abab [0, 0]"},
        {"(x -> x + 1)(2), ((x, y) -> x - y)(5, 3), (() -> 7)()", "3 2 7"},
        {"max(*[1, 5, 2])", "5"},
        {"1_000, 1e-3, .5, 1e400", "1000 0.001 0.5 inf"},
        {"int64, float32, pi > 3.14, -inf", "int64 float32 True -inf"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512], expected[256];
        snprintf(text, sizeof text, "print(%s)" A_MODEL, rows[i].text);
        snprintf(expected, sizeof expected, "%s\n", rows[i].expected);
        Elaborated result = elaborate_text(text);
        if (!result.ok) fail_msg("%s: %s", rows[i].text, result.said);
        if (strcmp(result.printed, expected)) fail_msg("%s gives %s", rows[i].text, result.printed);
        elaborated_free(&result);
    }
}

static void statements_bind_and_branch(void **state) {
    (void)state;
    static const Row rows[] = {
        {"a, (b, _) = 1, (2, 3)\nprint(a, b)", "1 2\n"},
        {"a = 5; a += 1; a *= 2; a -= 2; a /= 4\nprint(a)", "2.5\n"},
        {"def f(n) = 1 if n < 2 else n * f(n - 1)\nprint(f(20))", "2432902008176640000\n"},
        {"def f(a, b=a * 2) { c = a + b; return c }\nprint(f(1), f(1, b=5), f(b=1, a=2))", "3 6 3\n"},
        {"def f(a, b) = a - b\ng = f(b=10)\nprint(g(1))", "-9\n"},
        {"def f() = later\nlater = 3\nprint(f())", "3\n"},
        {"for i, (a, b) in enumerate([(1, 2), (3, 4)]) { last = i + a + b }\nprint(last)", "8\n"},
        {"def f(l) { for x in l { if x > 2 { return x } }; return 0 }\nprint(f([1, 3, 5]), f([]))", "3 0\n"},
        {"if False { x = 1 } elif 0 { x = 2 } else { x = 3 }\nprint(x)", "3\n"},
        {"x = 1\ndef f() { x = 2; return x }\nprint(f(), x)", "2 1\n"},
        {"import torch\nfrom torch import nn\nprint(torch.nn.functional.relu is relu, nn.init.zeros is zeros)", "True True\n"},
        {"nn = 3\nprint(nn)", "3\n"},
        {"y = [x * x for x in [1, 2]]\nx = 7\nprint(x, y)", "7 [1, 4]\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(text, sizeof text, "%s" A_MODEL, rows[i].text);
        Elaborated result = elaborate_text(text);
        if (!result.ok) fail_msg("%s: %s", rows[i].text, result.said);
        assert_string_equal(result.printed, rows[i].expected);
        elaborated_free(&result);
    }
}

static void mistakes_are_said_where_they_are(void **state) {
    (void)state;
    static const Row rows[] = {
        {"x = 1 / 0", "test.net:1:5: error: division by zero"},
        {"x = 9223372036854775807 + 1", "1:5: error: integer overflow"},
        {"x = 3037000500 ** 2", "integer overflow"},
        {"x = -9223372036854775807 - 2", "integer overflow"},
        {"x = abs(-9223372036854775807 - 1)", "integer overflow"},
        {"x = 2 ** 63", "integer overflow"},
        {"x = (-9223372036854775807 - 1) // -1", "integer overflow"},
        {"x = 1 + 'a'", "'+' does not work between an integer and a string"},
        {"x = relu + 1", "'+' does not work between a function and an integer"},
        {"x = [1][1]", "index 1 is out of range: a list of length 1"},
        {"x = [1, 2][::0]", "a slice with step 0"},
        {"x = undefined", "error: unknown name 'undefined'"},
        {"x = Linaer(3, 4)", "hint: did you mean 'Linear'?"},
        {"x = y\ny = 1", "'y' is used before it is bound"},
        {"a, b = [1, 2, 3]", "1:1: error: 2 names for 3 values"},
        {"def f(a) = a\nx = f(1, 2)", "2:10: error: f takes 1 argument, got 2"},
        {"def f(a) = a\nx = f(1, a=2)", "argument 'a' is given twice"},
        {"def f(a) = a\nx = f(1, b=2)", "f has no argument 'b'"},
        {"def f(a, b) = a\nx = f(1)", "f: argument 'b' is missing"},
        {"x = 3(4)", "an integer cannot be called"},
        {"x = [1].append(2)", "hint: lists cannot be changed"},
        {"x = (1).foo", "an integer has no attribute 'foo'"},
        {"assert(1 > 2, \"one is {1}\")", "1:1: error: one is 1"},
        {"def f(n) { assert(n > 0, \"n is {n}\"); return n }\nx = f(0)", "2:5: error: n is 0"},
        {"def f(n) = g(n)\ndef g(n) = 1 / n\nx = f(0)", "test.net:1:12: note: in g, called from here"},
        {"data = 3\ndata = 4", "'data' is bound twice"},
        {"x = sqrt(-1)", "sqrt is not defined for this number"},
        {"x = int('a')", "'a' is not a number"},
        {"x = 1 < 'a'", "'<' does not work between an integer and a string"},
        {"include 'nowhere.net'", "cannot read 'nowhere.net'"},
        {"x = 0 ** -1", "0 to a negative power"},
        {"x = range(1, 2, 0)", "range with step 0"},
        {"x = Sequential(ReLU)", "ReLU is a class"},
        {"x = Sequential(3)", "expected a layer or a function, got an integer"},
        {"x = Sequential(a=ReLU(), a=ReLU())", "twice"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(text, sizeof text, "%s" A_MODEL, rows[i].text);
        Elaborated result = elaborate_text(text);
        if (result.ok) fail_msg("%s is accepted", rows[i].text);
        if (!strstr(result.said, rows[i].expected)) fail_msg("%s says: %s", rows[i].text, result.said);
        elaborated_free(&result);
    }
}

static void every_independent_mistake_is_reported(void **state) {
    (void)state;
    Elaborated result = elaborate_text("a = 1 / 0\nb = a + undefined1\nc = undefined2\nd = a" A_MODEL);
    assert_false(result.ok);
    assert_non_null(strstr(result.said, "division by zero"));
    assert_non_null(strstr(result.said, "undefined2"));
    assert_null(strstr(result.said, "'a'")); // a's own mistake is enough
    elaborated_free(&result);
}

static void limits_are_errors(void **state) {
    (void)state;
    static const Row rows[] = {
        {"def f(n) = f(n + 1)\nx = f(0)", "more than 1,000 nested calls"},
        {"def f(n) = 0 if n == 0 else 1 + f(n - 1)\nprint(f(900))", NULL},
        {"x = [i for i in range(1000001)]", "a list of more than 1,000,000 elements"},
        {"x = [0] * 1000001", "a list of more than 1,000,000 elements"},
        {"x = [0] * 600000\ny = x + x", "a list of more than 1,000,000 elements"},
        {"x = 'a' * 1000001", "a string of more than 1 MB"},
        {"x = 'a' * 600000\ny = '{x}{x}'", "a string of more than 1 MB"},
        {"for i in range(10000) { for j in range(10000) { x = j } }", "more than 10,000,000 evaluation steps"},
        {"x = zeros(9999999999, 9999999999, 9999999999)", "error"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(text, sizeof text, "%s" A_MODEL, rows[i].text);
        Elaborated result = elaborate_text(text);
        if (rows[i].expected) {
            if (!strstr(result.said, rows[i].expected)) fail_msg("%s says: %s", rows[i].text, result.said);
        } else {
            assert_string_equal(result.said, "");
        }
        elaborated_free(&result);
    }
}

static void defines_override_top_level_values(void **state) {
    (void)state;
    const char *text = "n = 3\nrate = 0.5\nname = 'a'\nflag = False\nn2 = n * 2\nprint(n, rate, name, flag, n2)" A_MODEL;
    const Define all[] = {{"n", "7"}, {"rate", "2"}, {"name", "x y"}, {"flag", "True"}};
    Elaborated result = elaborate_with(text, all, 4);
    assert_true(result.ok);
    assert_string_equal(result.printed, "7 2.0 x y True 14\n");
    elaborated_free(&result);
    static const struct {
        Define define;
        const char *message;
    } wrong[] = {
        {{"m", "1"}, "-D m: the file binds no such name"},
        {{"n", "seven"}, "-D n=seven does not fit"},
        {{"flag", "maybe"}, "-D flag=maybe does not fit"},
        {{"model", "1"}, "only a number, string or boolean"},
        {{"nam", "1"}, "did you mean 'name'?"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        result = elaborate_with(text, &wrong[i].define, 1);
        assert_false(result.ok);
        if (!strstr(result.said, wrong[i].message)) fail_msg("-D %s says: %s", wrong[i].define.name, result.said);
        elaborated_free(&result);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_have_pythons_values),
        cmocka_unit_test(statements_bind_and_branch),
        cmocka_unit_test(mistakes_are_said_where_they_are),
        cmocka_unit_test(every_independent_mistake_is_reported),
        cmocka_unit_test(limits_are_errors),
        cmocka_unit_test(defines_override_top_level_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
