// Gradient rules: for each op, the derivative of a scalar with respect to its operands, given the one with respect to its
// result. The table is generated from ops.def, so an op without a rule does not link; "no gradient" is said explicitly:
//
//     RULE(EXP, …function…)            differentiable
//     ZERO_GRADIENT(FLOOR)             piecewise constant: the gradient is 0, which needs no nodes
//     NO_GRADIENT(EQ)                  integers, booleans, sources: there is nothing to differentiate
//
// Every rule is written with ops, so derivatives of derivatives work. Rules are in rules_*.c.
#pragma once

#include "ir/build.h"

typedef struct Adjoint {
    Graph *g;
    NodeId y;           // the node
    NodeId dy;          // derivative with respect to it
    Node node;          // a copy: appending moves the graph's own
    const bool *wanted; // by operand: whether somebody needs dx
    NodeId *dx;         // by operand: to be set where wanted
} Adjoint;

typedef enum GradientKind { GRADIENT_RULE, GRADIENT_ZERO, GRADIENT_NONE } GradientKind;

typedef struct GradientRule {
    GradientKind kind;
    void (*function)(Adjoint *adjoint);
} GradientRule;

extern const GradientRule *const gradient_rules[OP_COUNT];

#define RULE(id, rule)                                                                                                         \
    extern const GradientRule gradient_rule_##id;                                                                              \
    const GradientRule gradient_rule_##id = {GRADIENT_RULE, rule};
#define ZERO_GRADIENT(id)                                                                                                      \
    extern const GradientRule gradient_rule_##id;                                                                              \
    const GradientRule gradient_rule_##id = {GRADIENT_ZERO, NULL};
#define NO_GRADIENT(id)                                                                                                        \
    extern const GradientRule gradient_rule_##id;                                                                              \
    const GradientRule gradient_rule_##id = {GRADIENT_NONE, NULL};

// Shorthands of the rules; `a` is the adjoint at hand.
static inline NodeId operand(const Adjoint *a, uint32_t i) { return a->node.operands[i]; }
static inline const Shape *operand_shape(const Adjoint *a, uint32_t i) { return &graph_node(a->g, operand(a, i))->shape; }
static inline NodeId add(Adjoint *a, NodeId x, NodeId y) { return build_binary(a->g, OP_ADD, x, y); }
static inline NodeId sub(Adjoint *a, NodeId x, NodeId y) { return build_binary(a->g, OP_SUB, x, y); }
static inline NodeId mul(Adjoint *a, NodeId x, NodeId y) { return build_binary(a->g, OP_MUL, x, y); }
static inline NodeId divide(Adjoint *a, NodeId x, NodeId y) { return build_binary(a->g, OP_DIV, x, y); }
static inline NodeId neg(Adjoint *a, NodeId x) { return build_unary(a->g, OP_NEG, x); }
static inline NodeId number(Adjoint *a, double value) { return build_float(a->g, value); }
