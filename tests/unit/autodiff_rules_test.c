// Every gradient rule, for every sample of the op table, against finite differences in f64; and the derivative of the
// derivative likewise. A wrong sign or factor anywhere fails here.
#include "ir_test_support.h"

#include "autodiff/differentiate.h"
#include "autodiff/rule.h"

#define EPS 1e-6
#define ATOL 1e-5
#define RTOL 1e-3

// Σ over the operands of sum(grad × weight): a scalar that depends on every element of every gradient.
static NodeId weighted_sum(Lab *lab, const NodeId *terms, size_t count) {
    NodeId total = build_float(lab->g, 0);
    for (size_t i = 0; i < count; i++) {
        Shape shape = graph_node(lab->g, terms[i])->shape;
        NodeId weight = lab_input(lab, shape_text(lab->arena, &shape), DT_F64);
        NodeId product = build_binary(lab->g, OP_MUL, terms[i], weight);
        total =
            build_binary(lab->g, OP_ADD, total, build_reduce(lab->g, OP_SUM, product, (1u << shape.rank) - 1, false, false));
    }
    return total;
}

static double scalar_value(Lab *lab, NodeId id) { return lab_value(lab, lab->g, id).f[0]; }

// Compares d(y)/d(x) with (y(x + eps) − y(x − eps)) / 2 eps for each element of x.
static void compare(Lab *lab, const char *what, NodeId y, NodeId x, NodeId gradient) {
    Tensor symbolic = lab_value(lab, lab->g, gradient);
    Tensor *input = &lab->inputs[graph_node(lab->g, x)->attr.index];
    assert_int_equal(symbolic.count, input->count);
    for (int64_t i = 0; i < input->count; i++) {
        double kept = input->f[i];
        input->f[i] = kept + EPS;
        double above = scalar_value(lab, y);
        input->f[i] = kept - EPS;
        double below = scalar_value(lab, y);
        input->f[i] = kept;
        double numeric = (above - below) / (2 * EPS);
        if (!(fabs(symbolic.f[i] - numeric) <= ATOL + RTOL * fabs(numeric))) {
            fail_msg("%s, N = %lld, element %lld: gradient %.9g, finite differences %.9g", what, (long long)lab->env.N,
                     (long long)i, symbolic.f[i], numeric);
        }
    }
}

static void check_sample(Op op, const OpSample *sample, int64_t N) {
    Lab *lab = lab_new(DT_F64);
    NodeId operands[MAX_INPUTS], wrt[MAX_INPUTS], first[MAX_INPUTS], second[MAX_INPUTS];
    size_t count, floats = 0;
    NodeId result = lab_sample(lab, op, sample, operands, &count);
    assert_int_not_equal(result, NODE_NONE);
    for (size_t i = 0; i < count; i++) {
        if (dtype_is_float(graph_node(lab->g, operands[i])->dtype)) wrt[floats++] = operands[i];
    }
    NodeId y = weighted_sum(lab, &result, 1);
    assert_true(differentiate(lab->g, y, wrt, floats, first));
    NodeId h = weighted_sum(lab, first, floats);
    assert_true(differentiate(lab->g, h, wrt, floats, second));
    graph_verify(lab->g, NULL, 0, "differentiate");
    double low = op_defs[op]->low, high = op_defs[op]->high;
    if (low == 0 && high == 0) low = -2, high = 2;
    lab_fill(lab, N, low, high);
    for (size_t i = 0; i < count; i++) { // a check must hold
        const Node *node = graph_node(lab->g, operands[i]);
        for (int64_t k = 0; op == OP_CHECKED && i == 1 && k < lab->inputs[node->attr.index].count; k++) {
            lab->inputs[node->attr.index].i[k] = 1;
        }
    }
    for (size_t i = 0; i < floats; i++) {
        compare(lab, arena_printf(lab->arena, "%s %s", op_info[op].name, sample->operands), y, wrt[i], first[i]);
        compare(lab, arena_printf(lab->arena, "second derivative of %s %s", op_info[op].name, sample->operands), h, wrt[i],
                second[i]);
    }
    assert_int_equal(diag_error_count(lab->diag), 0);
    lab_free(lab);
}

static void rules_agree_with_finite_differences(void **state) {
    (void)state;
    for (Op op = 0; op < OP_COUNT; op++) {
        if (gradient_rules[op]->kind == GRADIENT_NONE) continue;
        assert_non_null(op_defs[op]->samples);
        for (const OpSample *sample = op_defs[op]->samples; sample->operands; sample++) {
            check_sample(op, sample, 1);
            check_sample(op, sample, 3);
        }
    }
}

// Only what cannot have a gradient may say so.
static void no_rule_is_forgotten(void **state) {
    (void)state;
    for (Op op = 0; op < OP_COUNT; op++) {
        bool floats_in = op_defs[op]->dtypes & DTYPES_FLOAT;
        bool may_have_none = op_info[op].class == CLASS_SOURCE || !floats_in || op == OP_ARGMAX || op == OP_STOP_GRADIENT ||
                             (op >= OP_EQ && op <= OP_GE);
        if (gradient_rules[op]->kind == GRADIENT_NONE && !may_have_none) fail_msg("%s has no gradient", op_info[op].name);
        if (gradient_rules[op]->kind == GRADIENT_RULE) assert_non_null(gradient_rules[op]->function);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_agree_with_finite_differences),
        cmocka_unit_test(no_rule_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
