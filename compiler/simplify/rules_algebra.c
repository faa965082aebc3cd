// Algebra on elementwise ops. Nothing here changes a NaN or an infinity into a number: x · 0 stays.
#include <math.h>

#include "simplify/rewrite.h"

static bool is_float(const Node *node) { return dtype_is_float(node->dtype); }

// A constant that is as good as exact: finite and not so small that it would be flushed to zero.
static bool is_usable(DType dtype, double value) {
    double rounded = dtype == DT_F32 ? (double)(float)value : value;
    return isfinite(rounded) && (rounded == 0 || fabs(rounded) >= (dtype == DT_F32 ? 0x1p-126 : 0x1p-1022));
}

static NodeId splat_like(Maker *m, const Node *node, double value) { return make_splat(m, node->shape, node->dtype, value); }

// ---- Order: constants on the right

static Op mirrored(Op op) {
    switch (op) {
    case OP_ADD:
    case OP_MUL:
    case OP_MINIMUM:
    case OP_MAXIMUM:
    case OP_EQ:
    case OP_NE:
    case OP_AND:
    case OP_OR: return op;
    case OP_LT: return OP_GT;
    case OP_LE: return OP_GE;
    case OP_GT: return OP_LT;
    case OP_GE: return OP_LE;
    default: return OP_COUNT;
    }
}

static NodeId constant_right(Maker *m, const Node *node) {
    if (mirrored(node->op) == OP_COUNT || arg_op(m, node, 0) != OP_CONST || arg_op(m, node, 1) == OP_CONST) return NODE_NONE;
    return make_binary(m, mirrored(node->op), node->operands[1], node->operands[0]);
}

// ---- Neutral elements

static NodeId neutral_right(Maker *m, const Node *node) {
    if (node->operand_count != 2) return NODE_NONE;
    double c;
    if (!splat_value(m, node->operands[1], &c)) return NODE_NONE;
    bool neutral = false;
    switch (node->op) {
    case OP_ADD:
    case OP_SUB: neutral = c == 0; break;
    case OP_MUL:
    case OP_DIV:
    case OP_POW: neutral = c == 1; break;
    case OP_AND: neutral = c != 0; break;
    case OP_OR: neutral = c == 0; break;
    default: break;
    }
    return neutral ? node->operands[0] : NODE_NONE;
}

static NodeId absorbing_right(Maker *m, const Node *node) {
    double c;
    if ((node->op != OP_AND && node->op != OP_OR) || !splat_value(m, node->operands[1], &c)) return NODE_NONE;
    return (c != 0) == (node->op == OP_OR) ? node->operands[1] : NODE_NONE;
}

static NodeId same_operands(Maker *m, const Node *node) {
    bool idempotent = node->op == OP_AND || node->op == OP_OR || node->op == OP_MINIMUM || node->op == OP_MAXIMUM;
    (void)m;
    return idempotent && node->operands[0] == node->operands[1] ? node->operands[0] : NODE_NONE;
}

static NodeId add_itself(Maker *m, const Node *node) {
    if (node->op != OP_ADD || node->operands[0] != node->operands[1]) return NODE_NONE;
    return make_binary(m, OP_MUL, node->operands[0], splat_like(m, node, 2));
}

// ---- Signs: they move outward, and vanish in sums

static NodeId neg_of(Maker *m, const Node *node) {
    if (node->op != OP_NEG) return NODE_NONE;
    const Node *x = arg(m, node, 0);
    double c;
    if (x->op == OP_NEG) return x->operands[0];
    if (x->op == OP_SUB) return make_binary(m, OP_SUB, x->operands[1], x->operands[0]);
    if (x->op == OP_MUL && splat_value(m, x->operands[1], &c)) {
        return make_binary(m, OP_MUL, x->operands[0], splat_like(m, node, -c));
    }
    if (x->op == OP_DIV && splat_value(m, x->operands[0], &c)) {
        return make_binary(m, OP_DIV, splat_like(m, node, -c), x->operands[1]);
    }
    return NODE_NONE;
}

static NodeId times_minus_one(Maker *m, const Node *node) {
    if (node->op != OP_MUL || !is_splat_of(m, node->operands[1], -1)) return NODE_NONE;
    return make_unary(m, OP_NEG, node->operands[0]);
}

static NodeId zero_minus(Maker *m, const Node *node) {
    if (node->op != OP_SUB || !is_splat_of(m, node->operands[0], 0)) return NODE_NONE;
    return make_unary(m, OP_NEG, node->operands[1]);
}

static NodeId neg_in_sum(Maker *m, const Node *node) {
    if (node->op != OP_ADD && node->op != OP_SUB) return NODE_NONE;
    const Node *a = arg(m, node, 0), *b = arg(m, node, 1);
    if (b->op == OP_NEG) return make_binary(m, node->op == OP_ADD ? OP_SUB : OP_ADD, node->operands[0], b->operands[0]);
    if (a->op != OP_NEG) return NODE_NONE;
    if (node->op == OP_ADD) return make_binary(m, OP_SUB, node->operands[1], a->operands[0]);
    return make_unary(m, OP_NEG, make_binary(m, OP_ADD, a->operands[0], node->operands[1]));
}

static NodeId neg_in_product(Maker *m, const Node *node) {
    if ((node->op != OP_MUL && node->op != OP_DIV) || !is_float(node)) return NODE_NONE;
    const Node *a = arg(m, node, 0), *b = arg(m, node, 1);
    if (a->op != OP_NEG && b->op != OP_NEG) return NODE_NONE;
    NodeId x = a->op == OP_NEG ? a->operands[0] : node->operands[0];
    NodeId y = b->op == OP_NEG ? b->operands[0] : node->operands[1];
    NodeId product = make_binary(m, node->op, x, y);
    return a->op == OP_NEG && b->op == OP_NEG ? product : make_unary(m, OP_NEG, product);
}

// −x, if a sign to take away is found within a product or below movement; NODE_NONE if not.
static NodeId without_sign(Maker *m, NodeId id, int depth) {
    const Node *x = at(m, id);
    if (x->op == OP_NEG) return x->operands[0];
    bool product = x->op == OP_MUL || x->op == OP_DIV, moves = x->op == OP_EXPAND || x->op == OP_RESHAPE || x->op == OP_PERMUTE;
    if (depth == 0 || !(product || moves)) return NODE_NONE;
    for (uint32_t i = 0; i < x->operand_count; i++) {
        NodeId inner = without_sign(m, x->operands[i], depth - 1);
        if (inner == NODE_NONE) continue;
        NodeId operands[2] = {x->operands[0], x->operands[x->operand_count - 1]};
        operands[i] = inner;
        return make_like(m, x, operands);
    }
    return NODE_NONE;
}

#define SIGN_DEPTH 6

static NodeId neg_within_sum(Maker *m, const Node *node) {
    if ((node->op != OP_ADD && node->op != OP_SUB) || !is_float(node)) return NODE_NONE;
    NodeId positive = without_sign(m, node->operands[1], SIGN_DEPTH);
    if (positive != NODE_NONE) return make_binary(m, node->op == OP_ADD ? OP_SUB : OP_ADD, node->operands[0], positive);
    positive = node->op == OP_ADD ? without_sign(m, node->operands[0], SIGN_DEPTH) : NODE_NONE;
    return positive == NODE_NONE ? NODE_NONE : make_binary(m, OP_SUB, node->operands[1], positive);
}

static NodeId even_of_neg(Maker *m, const Node *node) {
    if ((node->op != OP_ABS && node->op != OP_COS) || arg_op(m, node, 0) != OP_NEG) return NODE_NONE;
    return make_unary(m, node->op, arg(m, node, 0)->operands[0]);
}

// ---- Chains of constants: (x·3 − 5)/2 becomes x·1.5 − 2.5

static NodeId sub_constant(Maker *m, const Node *node) {
    double c;
    if (node->op != OP_SUB || !is_float(node) || !splat_value(m, node->operands[1], &c)) return NODE_NONE;
    return make_binary(m, OP_ADD, node->operands[0], splat_like(m, node, -c));
}

// By a power of two alone: there nothing is rounded.
static NodeId div_constant(Maker *m, const Node *node) {
    double c;
    int exponent;
    if (node->op != OP_DIV || !splat_value(m, node->operands[1], &c) || !is_usable(node->dtype, 1 / c)) return NODE_NONE;
    if (fabs(frexp(c, &exponent)) != 0.5) return NODE_NONE; // would round twice; code generation divides fast where it can
    return make_binary(m, OP_MUL, node->operands[0], splat_like(m, node, 1 / c));
}

static NodeId constant_chain(Maker *m, const Node *node) {
    if ((node->op != OP_ADD && node->op != OP_MUL) || !is_float(node) || arg_op(m, node, 0) != node->op) return NODE_NONE;
    const Node *inner = arg(m, node, 0);
    double c, d;
    if (!splat_value(m, node->operands[1], &c) || !splat_value(m, inner->operands[1], &d)) return NODE_NONE;
    double both = node->op == OP_ADD ? c + d : c * d;
    return is_usable(node->dtype, both) ? make_binary(m, node->op, inner->operands[0], splat_like(m, node, both)) : NODE_NONE;
}

static NodeId affine_chain(Maker *m, const Node *node) { // (x·a + b)·c → x·(a·c) + b·c
    if (node->op != OP_MUL || !is_float(node) || arg_op(m, node, 0) != OP_ADD) return NODE_NONE;
    const Node *sum = arg(m, node, 0), *product = arg(m, sum, 0);
    double a, b, c;
    if (product->op != OP_MUL || !splat_value(m, node->operands[1], &c) || !splat_value(m, sum->operands[1], &b) ||
        !splat_value(m, product->operands[1], &a) || !is_usable(node->dtype, a * c) || !is_usable(node->dtype, b * c)) {
        return NODE_NONE;
    }
    NodeId scaled = make_binary(m, OP_MUL, product->operands[0], splat_like(m, node, a * c));
    return make_binary(m, OP_ADD, scaled, splat_like(m, node, b * c));
}

static NodeId constant_minus_sum(Maker *m, const Node *node) { // c − (x + d) → (c − d) − x
    double c, d;
    if (node->op != OP_SUB || !is_float(node) || !splat_value(m, node->operands[0], &c) || arg_op(m, node, 1) != OP_ADD) {
        return NODE_NONE;
    }
    const Node *sum = arg(m, node, 1);
    if (!splat_value(m, sum->operands[1], &d) || !is_usable(node->dtype, c - d)) return NODE_NONE;
    return make_binary(m, OP_SUB, splat_like(m, node, c - d), sum->operands[0]);
}

static NodeId constant_out_of_product(Maker *m, const Node *node) { // (x·c)·y → (x·y)·c
    if (node->op != OP_MUL || !is_float(node)) return NODE_NONE;
    for (uint32_t i = 0; i < 2; i++) {
        const Node *inner = arg(m, node, i);
        NodeId other = node->operands[1 - i];
        double c;
        if (inner->op != OP_MUL || at(m, other)->op == OP_CONST || !splat_value(m, inner->operands[1], &c)) continue;
        return make_binary(m, OP_MUL, make_binary(m, OP_MUL, inner->operands[0], other), inner->operands[1]);
    }
    return NODE_NONE;
}

// d / (x·c) → (d/c) / x, and (d / x)·c → (d·c) / x
static NodeId constant_into_quotient(Maker *m, const Node *node) {
    if ((node->op != OP_DIV && node->op != OP_MUL) || m->exact) return NODE_NONE; // only floats are divided
    const Node *inner = arg(m, node, node->op == OP_DIV ? 1 : 0);
    NodeId factor = node->op == OP_DIV ? (inner->op == OP_MUL ? inner->operands[1] : NODE_NONE) : node->operands[1];
    NodeId dividend = node->op == OP_DIV ? node->operands[0] : (inner->op == OP_DIV ? inner->operands[0] : NODE_NONE);
    double c, d;
    if (factor == NODE_NONE || dividend == NODE_NONE || !splat_value(m, factor, &c) || !splat_value(m, dividend, &d))
        return NODE_NONE;
    double both = node->op == OP_DIV ? d / c : d * c;
    if (!is_usable(node->dtype, both)) return NODE_NONE;
    return make_binary(m, OP_DIV, splat_like(m, node, both), inner->operands[node->op == OP_DIV ? 0 : 1]);
}

// ---- Powers and roots

static NodeId constant_power(Maker *m, const Node *node) {
    double n;
    if (node->op != OP_POW || !is_float(node) || !splat_value(m, node->operands[1], &n)) return NODE_NONE;
    NodeId x = node->operands[0];
    if (n == 0) return splat_like(m, node, 1);
    if (n == 2) return make_binary(m, OP_MUL, x, x);
    if (n == 3) return make_binary(m, OP_MUL, make_binary(m, OP_MUL, x, x), x);
    if (n == 4) {
        NodeId square = make_binary(m, OP_MUL, x, x);
        return make_binary(m, OP_MUL, square, square);
    }
    if (n == 0.5) return make_unary(m, OP_SQRT, x);
    if (n == -0.5) return make_unary(m, OP_RSQRT, x);
    if (n == -1) return make_binary(m, OP_DIV, splat_like(m, node, 1), x);
    if (n == -2) return make_binary(m, OP_DIV, splat_like(m, node, 1), make_binary(m, OP_MUL, x, x));
    return NODE_NONE;
}

static NodeId one_over_sqrt(Maker *m, const Node *node) {
    if (node->op != OP_DIV || !is_splat_of(m, node->operands[0], 1) || arg_op(m, node, 1) != OP_SQRT) return NODE_NONE;
    return make_unary(m, OP_RSQRT, arg(m, node, 1)->operands[0]);
}

static NodeId log_of_exp(Maker *m, const Node *node) {
    return node->op == OP_LOG && arg_op(m, node, 0) == OP_EXP ? arg(m, node, 0)->operands[0] : NODE_NONE;
}

// ---- Conditions

static NodeId where_known(Maker *m, const Node *node) {
    if (node->op != OP_WHERE) return NODE_NONE;
    double c;
    if (splat_value(m, node->operands[0], &c)) return node->operands[c != 0 ? 1 : 2];
    return node->operands[1] == node->operands[2] ? node->operands[1] : NODE_NONE;
}

static NodeId where_not(Maker *m, const Node *node) {
    if (node->op != OP_WHERE || arg_op(m, node, 0) != OP_NOT) return NODE_NONE;
    return make_where(m, arg(m, node, 0)->operands[0], node->operands[2], node->operands[1]);
}

static NodeId where_nested(Maker *m, const Node *node) {
    if (node->op != OP_WHERE) return NODE_NONE;
    NodeId c = node->operands[0];
    const Node *a = arg(m, node, 1), *b = arg(m, node, 2);
    if (a->op == OP_WHERE && a->operands[0] == c) return make_where(m, c, a->operands[1], node->operands[2]);
    if (b->op == OP_WHERE && b->operands[0] == c) return make_where(m, c, node->operands[1], b->operands[2]);
    return NODE_NONE;
}

static NodeId where_of_bools(Maker *m, const Node *node) {
    if (node->op != OP_WHERE || node->dtype != DT_BOOL) return NODE_NONE;
    double a, b;
    if (!splat_value(m, node->operands[1], &a) || !splat_value(m, node->operands[2], &b)) return NODE_NONE;
    return a ? node->operands[0] : make_unary(m, OP_NOT, node->operands[0]);
}

static NodeId not_of(Maker *m, const Node *node) {
    if (node->op != OP_NOT) return NODE_NONE;
    const Node *x = arg(m, node, 0);
    if (x->op == OP_NOT) return x->operands[0];
    if (x->op == OP_EQ || x->op == OP_NE) return make_binary(m, x->op == OP_EQ ? OP_NE : OP_EQ, x->operands[0], x->operands[1]);
    return NODE_NONE;
}

static NodeId bool_to_number_to_bool(Maker *m, const Node *node) { // cast(p) != 0 → p
    if (node->op != OP_NE || arg_op(m, node, 0) != OP_CAST || !is_splat_of(m, node->operands[1], 0)) return NODE_NONE;
    NodeId inner = arg(m, node, 0)->operands[0];
    return at(m, inner)->dtype == DT_BOOL ? inner : NODE_NONE;
}

// ---- Casts

// Whether every value of `from` is also one of `to`.
static bool is_lossless(DType from, DType to) {
    static const bool table[DTYPE_COUNT][DTYPE_COUNT] = {
        [DT_BOOL] = {true, true, true, true, true},
        [DT_U8] = {[DT_U8] = true, [DT_I64] = true, [DT_F32] = true, [DT_F64] = true},
        [DT_I64] = {[DT_I64] = true},
        [DT_F32] = {[DT_F32] = true, [DT_F64] = true},
        [DT_F64] = {[DT_F64] = true},
    };
    return table[from][to];
}

static NodeId cast_of_same(Maker *m, const Node *node) {
    return node->op == OP_CAST && arg(m, node, 0)->dtype == node->dtype ? node->operands[0] : NODE_NONE;
}

static NodeId cast_of_cast(Maker *m, const Node *node) {
    if (node->op != OP_CAST || arg_op(m, node, 0) != OP_CAST) return NODE_NONE;
    NodeId inner = arg(m, node, 0)->operands[0];
    return is_lossless(at(m, inner)->dtype, arg(m, node, 0)->dtype) ? make_cast(m, inner, node->dtype) : NODE_NONE;
}

static NodeId stop_gradient(Maker *m, const Node *node) {
    (void)m;
    return node->op == OP_STOP_GRADIENT ? node->operands[0] : NODE_NONE;
}

static const Rewrite rows[] = {
    {"constant right", "(lt 2 x)", "(gt x 2)", constant_right},
    {"neutral right", "(sub (mul (add x 0) 1) 0)", "x", neutral_right},
    {"absorbing right", "(where (and p false) y (where (or p true) x y))", "x", absorbing_right},
    {"same operands", "(maximum x x)", "x", same_operands},
    {"add itself", "(add x x)", "(mul x 2)", add_itself},
    {"neg of", "(neg (sub x (neg (neg y))))", "(sub y x)", neg_of},
    {"times minus one", "(mul x -1)", "(neg x)", times_minus_one},
    {"zero minus", "(sub 0 x)", "(neg x)", zero_minus},
    {"neg in sum", "(sub (neg x) (neg y))", "(sub y x)", neg_in_sum},
    {"neg in product", "(mul (neg x) (div y (neg z)))", "(mul x (div y z))", neg_in_product},
    {"neg within sum", "(add x (mul y (expand (3 4) (neg v))))", "(sub x (mul y (expand (3 4) v)))", neg_within_sum},
    {"even of neg", "(abs (neg x))", "(abs x)", even_of_neg},
    {"sub constant", "(sub x 3)", "(add x -3)", sub_constant},
    {"div constant", "(div x 8)", "(mul x 0.125)", div_constant},
    {"constant chain", "(mul (mul x 3) 5)", "(mul x 15)", constant_chain},
    {"affine chain", "(div (sub (mul x 3) 5) 2)", "(add (mul x 1.5) -2.5)", affine_chain},
    {"constant minus sum", "(sub 5 (add x 2))", "(sub 3 x)", constant_minus_sum},
    {"constant out of product", "(mul y (mul x 3))", "(mul (mul x y) 3)", constant_out_of_product},
    {"constant into quotient", "(mul (div 3 (mul x 2)) 4)", "(div 6 x)", constant_into_quotient},
    {"constant power", "(add (pow x 2) (pow y 0.5))", "(add (mul x x) (sqrt y))", constant_power},
    {"one over sqrt", "(div 1 (sqrt x))", "(rsqrt x)", one_over_sqrt},
    {"log of exp", "(log (exp x))", "x", log_of_exp},
    {"where known", "(where (lt 1 2) (where p x x) y)", "x", where_known},
    {"where not", "(where (not p) x y)", "(where p y x)", where_not},
    {"where nested", "(where p x (where p y z))", "(where p x z)", where_nested},
    {"where of bools", "(where (where p false true) x y)", "(where p y x)", where_of_bools},
    {"not of", "(where (not (eq x y)) x y)", "(where (ne x y) x y)", not_of},
    {"bool to number to bool", "(where (ne (cast p) 0) x y)", "(where p x y)", bool_to_number_to_bool},
    {"cast of same", "(cast x)", "x", cast_of_same},
    {"cast of cast", "(cast (long p))", "(cast p)", cast_of_cast},
    {"stop gradient", "(stop_gradient x)", "x", stop_gradient},
};
const RewriteTable algebra_rewrites = {rows, sizeof rows / sizeof *rows};
