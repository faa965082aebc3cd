// Trees: precedence, the newline rule, contextual words, doc comments, spans; recovery. (Whole outlines are golden tests.)
#include "syntax_test_support.h"

#include <stdbool.h>

static void expect_tree(const char *text, const char *expected) {
    Parsed parsed = parse_text(text);
    if (parsed.errors) print_error("%s", parsed.reports);
    assert_int_equal(parsed.errors, 0);
    StrBuf flat = {0};
    for (size_t i = 0; i < parsed.tree->items.count; i++) {
        if (i) strbuf_add(&flat, "; ");
        StrBuf one = {0};
        add_flat(&one, parsed.tree->items.items[i]);
        strbuf_add(&flat, one.text);
        strbuf_free(&one);
    }
    assert_string_equal(flat.text ? flat.text : "", expected);
    strbuf_free(&flat);
    parsed_free(&parsed);
}

static void precedence_is_pythons(void **state) {
    (void)state;
    expect_tree("(-a ** -b)", "expr(unary -(binary **(name a unary -(name b))))");
    expect_tree("a ** b ** c", "expr(binary **(name a binary **(name b name c)))");
    expect_tree("a - b - c", "expr(binary -(binary -(name a name b) name c))");
    expect_tree("a + b * c @ d", "expr(binary +(name a binary @(binary *(name b name c) name d)))");
    expect_tree("not a == b and c", "expr(binary and(unary not(compare ==(name a name b)) name c))");
    expect_tree("a or b and c", "expr(binary or(name a binary and(name b name c)))");
    expect_tree("a < b <= c not in d", "expr(compare <, <=, not in(name a name b name c name d))");
    expect_tree("(a < b) < c", "expr(compare <(compare <(name a name b) name c))");
    expect_tree("a if b else c if d else e",
                "expr(cond(value: name a if: name b else: cond(value: name c if: name d else: name e)))");
    expect_tree("x -> x if a else b", "expr(lambda(param x cond(value: name x if: name a else: name b)))");
    expect_tree("(-x.y(1)[2] ** 2)",
                "expr(unary -(binary **(index(object: call(callee: attr y(name x) arg(int 1)) int 2) int 2)))");
    expect_tree("a * -b", "expr(binary *(name a unary -(name b)))");
}

static void line_ends_end_statements_only_where_they_can(void **state) {
    (void)state;
    expect_tree("a\nb", "expr(name a); expr(name b)");
    expect_tree("a +\nb", "expr(binary +(name a name b))");
    expect_tree("(a\n+ b)\n[c\n]", "expr(binary +(name a name b)); expr(list(name c))");
    expect_tree("a\n\n # c\n\n.b", "expr(attr b(name a))");
    expect_tree("a\nor b\nand c", "expr(binary or(name a binary and(name b name c)))");
    expect_tree("a if b\nelse c", "expr(cond(value: name a if: name b else: name c))");
    expect_tree("if a\n{\n}\n\nelif b {\n}\nelse\n{ c }",
                "if(condition: name a else(if(condition: name b else(expr(name c)))))");
    expect_tree("def f() { return\n a }", "def f(return expr(name a))");
    expect_tree("a;;b;\n;\n", "expr(name a); expr(name b)");
    expect_tree("", "");
    expect_tree("# only a comment", "");
    expect_tree("x = [\n  a, # one\n  b,\n]", "assign(target: name x value: list(name a name b))");
}

static void words_are_names_where_no_statement_can_stand(void **state) {
    (void)state;
    expect_tree("optimizer = state", "assign(target: name optimizer value: name state)");
    expect_tree("module(a)", "expr(call(callee: name module arg(name a)))");
    expect_tree("f(update=include)", "expr(call(callee: name f arg update(name include)))");
    expect_tree("x = a if module else infer",
                "assign(target: name x value: cond(value: name a if: name module else: name infer))");
    expect_tree("update(p, g)", "expr(call(callee: name update arg(name p) arg(name g)))");
    expect_tree("optimizer update { update(p, g) { } }", "optimizer update(def update (without def)(param p param g))");
    expect_tree("module module { infer infer = infer }", "module module(infer infer(name infer))");
}

static void import_lines_are_skipped(void **state) {
    (void)state;
    expect_tree("import torch.nn as nn\na", "expr(name a)");
    expect_tree("from torch import (a,\n  b)\nfrom . import *\nfrom x import *\nb", "expr(name b)");
    expect_tree("import = 1\nfrom = import", "assign(target: name import value: int 1); "
                                             "assign(target: name from value: name import)");
}

static void targets_and_paths(void **state) {
    (void)state;
    expect_tree("a, (b, _), [c, d] = e", "assign(target: tuple(name a tuple(name b _) tuple(name c name d)) value: name e)");
    expect_tree("m.**.b.requires_grad = False", "assign(target: attr requires_grad(attr b(attr **(name m))) value: False)");
    expect_tree("m.0.weight *= 2", "assign *=(target: attr weight(attr 0(name m)) value: int 2)");
    expect_tree("for a, (b, _) in c { }", "for(target: tuple(name a tuple(name b _)) in: name c)");
}

static const Ast *statement(const Parsed *parsed, size_t index) {
    assert_true(index < parsed->tree->items.count);
    return parsed->tree->items.items[index];
}

static void doc_comments_stand_directly_over(void **state) {
    (void)state;
    Parsed parsed =
        parse_text("# not this\n\n# One\n#   two\ndef f(x) = x\ny = 1 # not this\nmodule M {\n#in\nforward(x) = x }\n"
                   "#last\n# \xC3\xA9\noptimizer O { }");
    assert_int_equal(parsed.errors, 0);
    assert_string_equal(statement(&parsed, 0)->doc, "One\n  two");
    assert_null(statement(&parsed, 2)->doc);
    assert_string_equal(statement(&parsed, 2)->items.items[0]->doc, "in");
    assert_string_equal(statement(&parsed, 3)->doc, "last\n\xC3\xA9");
    parsed_free(&parsed);
}

static void expect_span(const Parsed *parsed, Span span, const char *text) {
    const char *source = diag_file(parsed->diag, span.file)->text;
    assert_int_equal(span.end - span.begin, strlen(text));
    assert_memory_equal(source + span.begin, text, strlen(text));
}

static void spans_cover_the_construct(void **state) {
    (void)state;
    Parsed parsed = parse_text("  y = f(a, key=b + c).d[1:2] # c\nmodule M(p=1) { z = (1, 2) }\ndef g() { }");
    assert_int_equal(parsed.errors, 0);
    const Ast *assign = statement(&parsed, 0), *index = assign->b, *attr = index->a, *call = attr->a,
              *arg = call->items.items[1];
    expect_span(&parsed, parsed.tree->span, "  y = f(a, key=b + c).d[1:2] # c\nmodule M(p=1) { z = (1, 2) }\ndef g() { }");
    expect_span(&parsed, assign->span, "y = f(a, key=b + c).d[1:2]");
    expect_span(&parsed, index->span, "f(a, key=b + c).d[1:2]");
    expect_span(&parsed, index->items.items[0]->span, "1:2");
    expect_span(&parsed, attr->span, "f(a, key=b + c).d");
    expect_span(&parsed, attr->name_span, "d");
    expect_span(&parsed, call->span, "f(a, key=b + c)");
    expect_span(&parsed, arg->span, "key=b + c");
    expect_span(&parsed, arg->name_span, "key");
    expect_span(&parsed, arg->a->span, "b + c");
    const Ast *module = statement(&parsed, 1);
    expect_span(&parsed, module->span, "module M(p=1) { z = (1, 2) }");
    expect_span(&parsed, module->name_span, "M");
    expect_span(&parsed, module->params[0].span, "p=1");
    expect_span(&parsed, module->items.items[0]->b->span, "(1, 2)");
    expect_span(&parsed, statement(&parsed, 2)->span, "def g() { }");
    parsed_free(&parsed);
}

static void text_beside_text_is_one_piece(void **state) {
    (void)state;
    expect_tree("'a' \"b\" 'c{d}' 'e' ''", "expr(string(text \"abc\" name d text \"e\"))");
    expect_tree("''", "expr(string)");
}

static void expect_errors(const char *text, size_t errors, const char *part) {
    Parsed parsed = parse_text(text);
    if (parsed.errors != errors) print_error("%s", parsed.reports);
    assert_int_equal(parsed.errors, errors);
    if (part && !strstr(parsed.reports, part)) print_error("%s", parsed.reports);
    if (part) assert_non_null(strstr(parsed.reports, part));
    assert_null(strstr(parsed.reports, "syntax error"));
    parsed_free(&parsed);
}

static void independent_mistakes_are_told_apart(void **state) {
    (void)state;
    expect_errors("a = f(1 2)\nb = 3\nc = * 4\nd = (5\ne = 6", 3, NULL);
    expect_errors("module M {\n  a = 1 +\n  }\nmodule N {\n forward(x) { y = ] }\n}\nz = f(,)", 3, NULL);
    expect_errors("a b; c d; e", 2, NULL);
    expect_errors("if x: y\nz = 1 1", 2, NULL);
    // One mistake, one message.
    expect_errors("x = f(\"abc)\ny = 2", 1, "this string is never closed");
    expect_errors("x = {'a': [1, 2], 'b': f(3)}\ny = 2", 1, "there are no dictionaries");
    expect_errors("model = Sequential(\n  Linear(1, 2),\n  ReLU()\n\nloss = 3\ntrain = Trainer(epochs=1)", 1, "never closed");
    expect_errors("class A:\n  def f(self):\n    return 1\n\n  def g(self):\n    return 2\nx = 1", 1,
                  "'class' is not part of .net");
}

static void good_statements_survive_bad_ones(void **state) {
    (void)state;
    Parsed parsed = parse_text("a = 1\nb = = 2\nc = 3\nmodule M { d = 4; e 5; f = 6 }\ng = (7\nh = 8");
    assert_int_equal(parsed.errors, 3);
    assert_int_equal(parsed.tree->items.count, 4);
    assert_string_equal(statement(&parsed, 1)->a->text, "c");
    assert_int_equal(statement(&parsed, 2)->items.count, 2);
    assert_string_equal(statement(&parsed, 3)->a->text, "h");
    parsed_free(&parsed);
}

static void messages_speak_the_language(void **state) {
    (void)state;
    expect_errors("x = f(a b)", 1, "expected ',' or ')', found 'b'");
    expect_errors("x = [a b]", 1, "expected ',' or ']', found 'b'");
    expect_errors("x =", 1, "expected an expression, found the end of the file");
    expect_errors("def = 3", 1, "expected a name, found '='");
    expect_errors("x = 'a' 3", 1, "expected an operator or the end of the statement, found '3'");
    expect_errors("module M { x = 1", 1, "this '{' is never closed");
    expect_errors("for x on y { }", 1, "expected 'in'");
    expect_errors("include 3", 1, "found '3'");
    expect_errors("a\n- b", 1, "a line cannot start with '-'");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(precedence_is_pythons),
        cmocka_unit_test(line_ends_end_statements_only_where_they_can),
        cmocka_unit_test(words_are_names_where_no_statement_can_stand),
        cmocka_unit_test(import_lines_are_skipped),
        cmocka_unit_test(targets_and_paths),
        cmocka_unit_test(doc_comments_stand_directly_over),
        cmocka_unit_test(spans_cover_the_construct),
        cmocka_unit_test(text_beside_text_is_one_piece),
        cmocka_unit_test(independent_mistakes_are_told_apart),
        cmocka_unit_test(good_statements_survive_bad_ones),
        cmocka_unit_test(messages_speak_the_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
