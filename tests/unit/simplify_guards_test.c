// Where a row of the simplifier must hold back, and where it applies beyond its example: one line for each condition in a row.
#include "simplify_reader.h"

#include <math.h>

typedef struct Case {
    const char *before, *after; // after NULL: the row must not apply
    const char *row;
} Case;

// Large integers do not survive as doubles, so what merges constants is for floats.
static const Case integers[] = {
    {"(add (neg i) k)", "(sub k i)"},
    {"(sub i (neg k))", "(add i k)"},
    {"(mul (neg i) k)", NULL, "neg in product"},
    {"(add i (mul k (expand (3 4) (neg (long v)))))", NULL, "neg within sum"},
    {"(sub i #3)", NULL, "sub constant"},
    {"(sub i #9007199254740993)", NULL, "sub constant"},
    {"(add (add i #9007199254740993) #5)", NULL, "constant chain"},
    {"(mul (mul i #94906267) #94906269)", NULL, "constant chain"},
    {"(mul (add (mul i #3) #5) #2)", NULL, "affine chain"},
    {"(sub #5 (add i #2))", NULL, "constant minus sum"},
    {"(mul k (mul i #3))", NULL, "constant out of product"},
    {"(pow i #2)", NULL, "constant power"},
    {"(mul (mul i (expand (3 4) (long v))) (expand (3 4) (long w)))", NULL, "product with expands"},
    {"(add i (add #9007199254740993 #0))", "(add i #9007199254740993)"},
    {"(mul i (expand (3 4) (add (long (literal 1 2 3 4)) #1)))", "(mul i (expand (3 4) (integers 2 3 4 5)))"},
};

// A constant that became infinite would make a number NaN; a product of constants in their own order does not.
static const Case overflow[] = {
    {"(mul (mul x 1e200) 2e200)", NULL, "constant out of product"},
    {"(mul (add (mul x 1e200) 1) 2e200)", NULL, "affine chain"},
    {"(mul (add (mul x 3) 1e200) 2e200)", NULL, "affine chain"},
    {"(sub 1e308 (add x -1e308))", NULL, "constant minus sum"},
    {"(div x 0)", NULL, "div constant"},
    {"(div 1 (mul x 0))", NULL, "constant into quotient"},
    {"(floor (mul (div 3 x) 4))", NULL, "constant into quotient"},
    {"(mul (div 3 x) 4)", "(div 12 x)"},
};

static const Case conditions[] = {
    {"(where p (where p x y) z)", "(where p x z)"},
    {"(where (where p true q) x y)", NULL, "where of bools"},
    {"(where (where p q true) x y)", NULL, "where of bools"},
    {"(not (ne x y))", "(eq x y)"},
    {"(not (not (lt x y)))", "(lt x y)"},
    {"(where (ne (where p x y) 0) x y)", NULL, "bool to number to bool"},
    {"(where (ne (cast p) 1) x y)", NULL, "bool to number to bool"},
};

static const Case constants[] = {
    {"(add (concat 0 (full (5000) 3) (full (6000) 3)) 1)", "(full (11000) 4)"},
    {"(add (expand (3 5002) (pad 0 1 1 (full (5000) 0))) 1)", "(full (3 5002) 1)"},
    {"(expand (3 4) (literal 1 2 3 4))", NULL, "fold literals"},
    {"(mul v (literal 0 -0 0 0))", NULL, "literal to splat"},
    {"(div v (literal 0 -0 0 0))", NULL, "literal to splat"},
};

static const Case movements[] = {
    {"(permute (0 2 1) (reshape (3 2 2) x))", NULL, "movement of nothing"},
    {"(slice2 0 0 2 (concat 0 x y))", "(slice2 0 0 2 x)"},
    {"(slice2 0 2 2 (concat 0 x y))", NULL, "slice of concat"},
    {"(slice 0 2 2 (concat 0 x y))", NULL, "slice of concat"},
    {"(add (pad 0 3 3 x) (add (expand (9 4) v) (pad 0 6 0 y)))", "(add (expand (9 4) v) (pad 0 3 0 (concat 0 x y)))"},
    {"(add (add (expand (9 4) v) (pad 0 6 0 y)) (pad 0 3 3 x))", "(add (expand (9 4) v) (pad 0 3 0 (concat 0 x y)))"},
    {"(add (expand (2 3 4) v) (expand (2 3 4) (reshape (3 1) (sum 1 x))))",
     "(expand (2 3 4) (add (expand (3 4) v) (expand (3 4) (reshape (3 1) (sum 1 x)))))"},
    {"(add (expand (2 3 4) (reshape (3 1) (sum 1 x))) (expand (2 3 4) v))",
     "(expand (2 3 4) (add (expand (3 4) (reshape (3 1) (sum 1 x))) (expand (3 4) v)))"},
    {"(mul (expand (3 4) w) (mul x (expand (3 4) v)))", "(mul x (expand (3 4) (mul v w)))"},
    {"(add (permute (2 0 1) (reshape (2 2 3) x)) (permute (2 1 0) (reshape (2 2 3) y)))", NULL, "elementwise of permute"},
    {"(add (reshape (2 6) x) (expand (2 6) (reshape (2 1) (sum 0 1 (reshape (2 3 2) x)))))", NULL, "elementwise of reshape"},
};

static const Case reductions[] = {
    {"(sum 0 (expand (5 4) v))", "(mul v 5)"},
    {"(add v (sum 0 (full (5001 4) 2)))", "(add v 10002)"},
    {"(sum 0 1 (permute (1 0) x))", "(sum 0 1 x)"},
    {"(sum 1 (permute (2 0 1) (reshape (3 2 2) x)))", "(permute (1 0) (sum 0 (reshape (3 2 2) x)))"},
    {"(sum 0 (permute (2 0 1) (reshape (3 2 2) x)))", "(sum 2 (reshape (3 2 2) x))"},
    {"(sum 2 (reshape (3 4 1 1) x))", "(reshape (3 4 1) x)"},
    {"(matmul (reshape (3 2 2) x) (permute (0 2 1) (reshape (3 2 2) (exp y))))",
     "(matmul_t (reshape (3 2 2) x) (reshape (3 2 2) (exp y)))"},
    {"(matmul (reshape (2 2 3) x) (permute (1 2 0) (reshape (2 2 3) (exp y))))", NULL, "matmul of transposed"},
};

static void assert_holds_back(const char *text, const char *row) {
    Lab *lab = lab_new(DT_F64);
    uint32_t *fired = NEW_ARRAY(lab->arena, uint32_t, rewrite_count());
    lab->input_count = READER_INPUTS;
    Output output = output_of(lab, text);
    simplify_counting(lab->g, &output, 1, fired);
    size_t index = 0;
    while (index < rewrite_count() && strcmp(rewrite_row(index)->name, row) != 0) index++;
    assert_true(index < rewrite_count());
    if (fired[index] != 0) fail_msg("'%s' applied to %s", row, text);
    lab_free(lab);
}

static void check(const Case *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const Case *c = &cases[i];
        assert_becomes(c->before, c->before, c->after ? c->after : c->before, NULL);
        if (!c->after) assert_holds_back(c->before, c->row);
    }
}

#define CHECKS(name)                                                                                                           \
    static void check_##name(void **state) {                                                                                   \
        (void)state;                                                                                                           \
        check(name, sizeof name / sizeof *name);                                                                               \
    }
CHECKS(integers)
CHECKS(overflow)
CHECKS(conditions)
CHECKS(constants)
CHECKS(movements)
CHECKS(reductions)

// Each literal on the way of a long chain would stay in memory: after 32 MB of them the rest is computed at run time.
static void long_chains_of_literals_are_folded_in_part(void **state) {
    (void)state;
    enum { NUMBERS = 4096, OPS = 2000, FOLDED = (1 << 22) / NUMBERS };
    Lab *lab = lab_new(DT_F64);
    double data[NUMBERS];
    for (int i = 0; i < NUMBERS; i++) data[i] = i;
    NodeId x = build_literal(lab->g, shape_of(1, (int64_t[]){NUMBERS}), DT_F64, data);
    for (int i = 0; i < OPS; i++) x = build_unary(lab->g, OP_SIN, x);
    Output output = {OUTPUT_RESULT, 0, "y", x};
    const Graph *result = simplify(lab->g, &output, 1);
    assert_int_equal(result->count, 1 + OPS - FOLDED);
    const Node *first = graph_node(result, 0);
    double sine = 1;
    for (int i = 0; i < FOLDED; i++) sine = sin(sine);
    assert_true(fabs(first->attr.constant.data[1] - sine) < 1e-12);
    lab_free(lab);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(long_chains_of_literals_are_folded_in_part),
                                       cmocka_unit_test(check_integers),
                                       cmocka_unit_test(check_overflow),
                                       cmocka_unit_test(check_conditions),
                                       cmocka_unit_test(check_constants),
                                       cmocka_unit_test(check_movements),
                                       cmocka_unit_test(check_reductions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
