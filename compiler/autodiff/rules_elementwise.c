// Gradient rules of elementwise ops. Ties and corners are PyTorch's.
#include <math.h>

#include "autodiff/rule.h"

// ---- One operand; x is the operand, y the result

static void rule_neg(Adjoint *a) { a->dx[0] = neg(a, a->dy); }
static void rule_abs(Adjoint *a) { a->dx[0] = mul(a, a->dy, build_unary(a->g, OP_SIGN, operand(a, 0))); }
static void rule_exp(Adjoint *a) { a->dx[0] = mul(a, a->dy, a->y); }
static void rule_log(Adjoint *a) { a->dx[0] = divide(a, a->dy, operand(a, 0)); }
static void rule_log1p(Adjoint *a) { a->dx[0] = divide(a, a->dy, add(a, operand(a, 0), number(a, 1))); }
static void rule_sqrt(Adjoint *a) { a->dx[0] = divide(a, a->dy, mul(a, a->y, number(a, 2))); }
static void rule_sin(Adjoint *a) { a->dx[0] = mul(a, a->dy, build_unary(a->g, OP_COS, operand(a, 0))); }
static void rule_cos(Adjoint *a) { a->dx[0] = neg(a, mul(a, a->dy, build_unary(a->g, OP_SIN, operand(a, 0)))); }
static void rule_atan(Adjoint *a) { // 1 / (1 + x²)
    NodeId x = operand(a, 0);
    a->dx[0] = divide(a, a->dy, add(a, mul(a, x, x), number(a, 1)));
}

static void rule_cast(Adjoint *a) { a->dx[0] = build_cast(a->g, a->dy, graph_node(a->g, operand(a, 0))->dtype); }

static void rule_rsqrt(Adjoint *a) { // -y³/2
    a->dx[0] = mul(a, mul(a, a->dy, number(a, -0.5)), mul(a, mul(a, a->y, a->y), a->y));
}

static void rule_tanh(Adjoint *a) { // 1 − y²
    a->dx[0] = mul(a, a->dy, sub(a, number(a, 1), mul(a, a->y, a->y)));
}

static void rule_sigmoid(Adjoint *a) { // y (1 − y)
    a->dx[0] = mul(a, a->dy, mul(a, a->y, sub(a, number(a, 1), a->y)));
}

static void rule_erf(Adjoint *a) { // 2/√π · exp(−x²)
    NodeId x = operand(a, 0);
    a->dx[0] = mul(a, mul(a, a->dy, number(a, M_2_SQRTPI)), build_unary(a->g, OP_EXP, neg(a, mul(a, x, x))));
}

RULE(NEG, rule_neg)
RULE(ABS, rule_abs)
ZERO_GRADIENT(SIGN)
RULE(EXP, rule_exp)
RULE(LOG, rule_log)
RULE(LOG1P, rule_log1p)
RULE(SQRT, rule_sqrt)
RULE(RSQRT, rule_rsqrt)
RULE(SIN, rule_sin)
RULE(COS, rule_cos)
RULE(ATAN, rule_atan)
RULE(TANH, rule_tanh)
RULE(SIGMOID, rule_sigmoid)
RULE(ERF, rule_erf)
ZERO_GRADIENT(FLOOR)
ZERO_GRADIENT(ROUND)
NO_GRADIENT(NOT)
RULE(CAST, rule_cast)
NO_GRADIENT(STOP_GRADIENT)

// ---- Two and three operands

static void rule_add(Adjoint *a) { a->dx[0] = a->dx[1] = a->dy; }

static void rule_sub(Adjoint *a) {
    a->dx[0] = a->dy;
    if (a->wanted[1]) a->dx[1] = neg(a, a->dy);
}

static void rule_mul(Adjoint *a) {
    if (a->wanted[0]) a->dx[0] = mul(a, a->dy, operand(a, 1));
    if (a->wanted[1]) a->dx[1] = mul(a, a->dy, operand(a, 0));
}

static void rule_div(Adjoint *a) {
    NodeId scaled = divide(a, a->dy, operand(a, 1));
    a->dx[0] = scaled;
    if (a->wanted[1]) a->dx[1] = neg(a, mul(a, scaled, a->y));
}

static void rule_mod(Adjoint *a) {
    a->dx[0] = a->dy;
    if (a->wanted[1]) a->dx[1] = neg(a, mul(a, a->dy, build_binary(a->g, OP_FLOORDIV, operand(a, 0), operand(a, 1))));
}

// d/dx x^n = n x^(n−1), and 0 where n is 0 (also at x = 0).
static NodeId pow_base(Adjoint *a) {
    NodeId x = operand(a, 0), n = operand(a, 1);
    if (node_is_splat(a->g, n)) {
        double exponent = graph_node(a->g, n)->attr.constant.number;
        if (exponent == 0) return build_zeros_like(a->g, x);
        if (exponent == 1) return a->dy;
        NodeId lower = exponent == 2 ? x : build_binary(a->g, OP_POW, x, number(a, exponent - 1));
        return mul(a, a->dy, mul(a, lower, number(a, exponent)));
    }
    NodeId slope = mul(a, n, build_binary(a->g, OP_POW, x, sub(a, n, number(a, 1))));
    NodeId constant = build_binary(a->g, OP_EQ, n, number(a, 0));
    return build_where(a->g, constant, number(a, 0), mul(a, a->dy, slope));
}

// d/dn x^n = x^n ln x, and 0 where x is 0 and n ≥ 0. The logarithm is kept from seeing that 0, or the second derivative of
// the base would be 0 · ∞.
static NodeId pow_exponent(Adjoint *a) {
    NodeId x = operand(a, 0), n = operand(a, 1);
    NodeId flat =
        build_binary(a->g, OP_AND, build_binary(a->g, OP_EQ, x, number(a, 0)), build_binary(a->g, OP_GE, n, number(a, 0)));
    NodeId logarithm = build_unary(a->g, OP_LOG, build_where(a->g, flat, number(a, 1), x));
    return mul(a, a->dy, mul(a, a->y, logarithm));
}

static void rule_pow(Adjoint *a) {
    if (a->wanted[0]) a->dx[0] = pow_base(a);
    if (a->wanted[1]) a->dx[1] = pow_exponent(a);
}

// The winner takes it, ties share it.
static void rule_extreme(Adjoint *a) {
    NodeId tie = build_binary(a->g, OP_EQ, operand(a, 0), operand(a, 1));
    NodeId half = mul(a, a->dy, number(a, 0.5));
    for (uint32_t i = 0; i < 2; i++) {
        if (!a->wanted[i]) continue;
        NodeId loses = build_binary(a->g, a->node.op == OP_MAXIMUM ? OP_LT : OP_GT, operand(a, i), operand(a, 1 - i));
        a->dx[i] = build_where(a->g, tie, half, build_where(a->g, loses, number(a, 0), a->dy));
    }
}

static void rule_where(Adjoint *a) {
    NodeId condition = operand(a, 0);
    if (a->wanted[1]) a->dx[1] = build_where(a->g, condition, a->dy, number(a, 0));
    if (a->wanted[2]) a->dx[2] = build_where(a->g, condition, number(a, 0), a->dy);
}

static void rule_checked(Adjoint *a) { a->dx[0] = a->dy; }

RULE(ADD, rule_add)
RULE(SUB, rule_sub)
RULE(MUL, rule_mul)
RULE(DIV, rule_div)
ZERO_GRADIENT(FLOORDIV)
RULE(MOD, rule_mod)
RULE(POW, rule_pow)
RULE(MINIMUM, rule_extreme)
RULE(MAXIMUM, rule_extreme)
NO_GRADIENT(EQ)
NO_GRADIENT(NE)
NO_GRADIENT(LT)
NO_GRADIENT(LE)
NO_GRADIENT(GT)
NO_GRADIENT(GE)
NO_GRADIENT(AND)
NO_GRADIENT(OR)
RULE(WHERE, rule_where)
RULE(CHECKED, rule_checked)
