// Elementwise ops: result[i] = f(a[i], b[i], …). The scalar functions here are what the ops mean: constants are folded by
// them, and generated code is tested against them. Integers wrap; their division by zero gives 0.
#include <math.h>

#include "ir/op.h"

// ---- Shape rules

static bool check_operands(OpCall *call, size_t first) {
    const Node *a = op_operand(call, first);
    for (size_t i = first; i < call->count; i++) {
        const Node *b = op_operand(call, i);
        if (!(op_defs[call->op]->dtypes & DTYPES(b->dtype))) {
            return op_fail(call, MSG(OP_TYPE), op_info[call->op].name, dtype_text(b->dtype));
        }
        if (b->dtype != a->dtype) {
            return op_fail(call, MSG(OP_TYPES), op_info[call->op].name, dtype_text(a->dtype), dtype_text(b->dtype));
        }
        if (!shape_equal(&a->shape, &b->shape)) {
            return op_fail(call, MSG(OP_SHAPES), op_info[call->op].name, op_shape(call, &a->shape), op_shape(call, &b->shape));
        }
    }
    call->shape = a->shape;
    return true;
}

static bool infer_same(OpCall *call) {
    if (!check_operands(call, 0)) return false;
    call->dtype = op_operand(call, 0)->dtype;
    return true;
}

static bool infer_bool(OpCall *call) {
    if (!check_operands(call, 0)) return false;
    call->dtype = DT_BOOL;
    return true;
}

static bool infer_cast(OpCall *call) {
    call->shape = op_operand(call, 0)->shape;
    return true;
}

static bool infer_where(OpCall *call) {
    const Node *condition = op_operand(call, 0);
    if (condition->dtype != DT_BOOL) return op_fail(call, MSG(WHERE_CONDITION), dtype_text(condition->dtype));
    if (!check_operands(call, 1)) return false;
    if (!shape_equal(&condition->shape, &call->shape)) {
        return op_fail(call, MSG(WHERE_SHAPES), op_shape(call, &condition->shape), op_shape(call, &call->shape));
    }
    call->dtype = op_operand(call, 1)->dtype;
    return true;
}

static bool infer_checked(OpCall *call) {
    const Node *value = op_operand(call, 0), *condition = op_operand(call, 1);
    if (condition->dtype != DT_BOOL) return op_fail(call, MSG(CHECK_CONDITION), dtype_text(condition->dtype));
    if (!shape_equal(&value->shape, &condition->shape)) {
        return op_fail(call, MSG(CHECK_SHAPES), op_shape(call, &value->shape), op_shape(call, &condition->shape));
    }
    call->shape = value->shape;
    call->dtype = value->dtype;
    return true;
}

// ---- Meanings

#define REAL(name, expression)                                                                                                 \
    static double real_##name(const double *x) { return expression; }
#define INTEGER(name, expression)                                                                                              \
    static int64_t integer_##name(const int64_t *x) { return expression; }

REAL(neg, -x[0])
REAL(abs, fabs(x[0]))
REAL(sign, (x[0] > 0) - (x[0] < 0)) // 0 for NaN, as in PyTorch
REAL(exp, exp(x[0]))
REAL(log, log(x[0]))
REAL(log1p, log1p(x[0]))
REAL(sqrt, sqrt(x[0]))
REAL(rsqrt, 1 / sqrt(x[0]))
REAL(sin, sin(x[0]))
REAL(cos, cos(x[0]))
REAL(atan, atan(x[0]))
REAL(tanh, tanh(x[0]))
REAL(sigmoid, 1 / (1 + exp(-x[0])))
REAL(erf, erf(x[0]))
REAL(floor, floor(x[0]))
REAL(round, nearbyint(x[0])) // half to even in the default rounding mode
REAL(same, x[0])
REAL(add, x[0] + x[1])
REAL(sub, x[0] - x[1])
REAL(mul, x[0] * x[1])
REAL(div, x[0] / x[1])
REAL(pow, pow(x[0], x[1]))
REAL(minimum, x[0] < x[1] || isnan(x[0]) ? x[0] : x[1])
REAL(maximum, x[0] > x[1] || isnan(x[0]) ? x[0] : x[1])
REAL(eq, x[0] == x[1])
REAL(ne, x[0] != x[1])
REAL(lt, x[0] < x[1])
REAL(le, x[0] <= x[1])
REAL(gt, x[0] > x[1])
REAL(ge, x[0] >= x[1])
REAL(where, x[0] != 0 ? x[1] : x[2])

// The remainder has the sign of the divisor.
static double real_mod(const double *x) {
    double rest = fmod(x[0], x[1]);
    return rest != 0 && (rest < 0) != (x[1] < 0) ? rest + x[1] : rest;
}

// Python's: floor of the exact quotient, not of the rounded one (1.0 // 0.1 is 9).
static double real_floordiv(const double *x) {
    if (x[1] == 0) return x[0] / x[1];
    double rest = fmod(x[0], x[1]);
    double quotient = (x[0] - rest) / x[1];
    if (rest != 0 && (rest < 0) != (x[1] < 0)) quotient -= 1;
    if (quotient == 0) return copysign(0, x[0] / x[1]);
    double whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1 : whole;
}

static int64_t wrapped(uint64_t bits) { return (int64_t)bits; }

INTEGER(neg, wrapped(0 - (uint64_t)x[0]))
INTEGER(abs, x[0] < 0 ? wrapped(0 - (uint64_t)x[0]) : x[0])
INTEGER(sign, (x[0] > 0) - (x[0] < 0))
INTEGER(not, !x[0])
INTEGER(same, x[0])
INTEGER(add, wrapped((uint64_t)x[0] + (uint64_t)x[1]))
INTEGER(sub, wrapped((uint64_t)x[0] - (uint64_t)x[1]))
INTEGER(mul, wrapped((uint64_t)x[0] * (uint64_t)x[1]))
INTEGER(minimum, x[0] < x[1] ? x[0] : x[1])
INTEGER(maximum, x[0] > x[1] ? x[0] : x[1])
INTEGER(eq, x[0] == x[1])
INTEGER(ne, x[0] != x[1])
INTEGER(lt, x[0] < x[1])
INTEGER(le, x[0] <= x[1])
INTEGER(gt, x[0] > x[1])
INTEGER(ge, x[0] >= x[1])
INTEGER(and, x[0] && x[1])
INTEGER(or, x[0] || x[1])
INTEGER(where, x[0] ? x[1] : x[2])

static int64_t integer_mod(const int64_t *x) {
    if (x[1] == 0 || x[1] == -1) return 0;
    int64_t rest = x[0] % x[1];
    return rest != 0 && (rest < 0) != (x[1] < 0) ? rest + x[1] : rest;
}

static int64_t integer_floordiv(const int64_t *x) {
    if (x[1] == 0) return 0;
    if (x[1] == -1) return integer_neg(x);
    return x[0] / x[1] - (x[0] % x[1] != 0 && (x[0] < 0) != (x[1] < 0));
}

// A negative exponent gives the whole part of the fraction: 0, but for ±1.
static int64_t integer_pow(const int64_t *x) {
    if (x[1] < 0) return x[0] == 1 ? 1 : x[0] == -1 ? (x[1] % 2 ? -1 : 1) : 0;
    uint64_t result = 1, base = (uint64_t)x[0];
    for (uint64_t rest = (uint64_t)x[1]; rest; rest >>= 1) {
        if (rest & 1) result *= base;
        base *= base;
    }
    return wrapped(result);
}

// ---- Definitions

static const OpSample unary[] = {{"()"}, {"(5,)"}, {"(3, 4)"}, {"(N, 1, 3)"}, {NULL}};
static const OpSample binary[] = {{"() ()"}, {"(5,) (5,)"}, {"(3, 4) (3, 4)"}, {"(N, 3) (N, 3)"}, {NULL}};
static const OpSample ternary[] = {{"() () ()"}, {"(3, 4) (3, 4) (3, 4)"}, {"(N, 3) (N, 3) (N, 3)"}, {NULL}};

#define NUMBER .infer = infer_same, .dtypes = DTYPES_NUMBER
#define FLOAT .infer = infer_same, .dtypes = DTYPES_FLOAT
#define LOGIC .infer = infer_same, .dtypes = DTYPES(DT_BOOL)
#define BOTH(name) .real = real_##name, .integer = integer_##name
#define DOMAIN(from, to) .low = (from), .high = (to)

const OpDef op_def_NEG = {.doc = "-x", NUMBER, BOTH(neg), .samples = unary};
const OpDef op_def_ABS = {.doc = "|x|", NUMBER, BOTH(abs), .samples = unary};
const OpDef op_def_SIGN = {.doc = "-1, 0 or 1", NUMBER, BOTH(sign), .samples = unary};
const OpDef op_def_EXP = {.doc = "e to the power x", FLOAT, .real = real_exp, .samples = unary};
const OpDef op_def_LOG = {.doc = "natural logarithm", FLOAT, .real = real_log, .samples = unary, DOMAIN(0.3, 3)};
const OpDef op_def_LOG1P = {.doc = "log(1 + x), exact near 0", FLOAT, .real = real_log1p, .samples = unary, DOMAIN(-0.6, 3)};
const OpDef op_def_SQRT = {.doc = "square root", FLOAT, .real = real_sqrt, .samples = unary, DOMAIN(0.3, 3)};
const OpDef op_def_RSQRT = {.doc = "1 / sqrt(x)", FLOAT, .real = real_rsqrt, .samples = unary, DOMAIN(0.3, 3)};
const OpDef op_def_SIN = {.doc = "sine", FLOAT, .real = real_sin, .samples = unary};
const OpDef op_def_COS = {.doc = "cosine", FLOAT, .real = real_cos, .samples = unary};
const OpDef op_def_ATAN = {.doc = "arc tangent", FLOAT, .real = real_atan, .samples = unary};
const OpDef op_def_TANH = {.doc = "hyperbolic tangent", FLOAT, .real = real_tanh, .samples = unary};
const OpDef op_def_SIGMOID = {.doc = "1 / (1 + exp(-x))", FLOAT, .real = real_sigmoid, .samples = unary};
const OpDef op_def_ERF = {.doc = "error function", FLOAT, .real = real_erf, .samples = unary};
const OpDef op_def_FLOOR = {.doc = "the next whole number below", FLOAT, .real = real_floor, .samples = unary};
const OpDef op_def_ROUND = {.doc = "the nearest whole number, half to even", FLOAT, .real = real_round, .samples = unary};
const OpDef op_def_NOT = {.doc = "logical not", LOGIC, .integer = integer_not, .samples = unary};
const OpDef op_def_CAST = {.doc = "conversion to another type; floats to integers cut off, numbers to bool compare with 0",
                           .infer = infer_cast,
                           .dtypes = DTYPES_ALL,
                           BOTH(same),
                           .samples = unary};
const OpDef op_def_STOP_GRADIENT = {
    .doc = "x itself, but no gradient flows through", .infer = infer_same, .dtypes = DTYPES_ALL, BOTH(same), .samples = unary};

const OpDef op_def_ADD = {.doc = "a + b", NUMBER, BOTH(add), .samples = binary};
const OpDef op_def_SUB = {.doc = "a - b", NUMBER, BOTH(sub), .samples = binary};
const OpDef op_def_MUL = {.doc = "a * b", NUMBER, BOTH(mul), .samples = binary};
const OpDef op_def_DIV = {.doc = "a / b", FLOAT, .real = real_div, .samples = binary, DOMAIN(0.3, 3)};
const OpDef op_def_FLOORDIV = {.doc = "a // b, rounded down", NUMBER, BOTH(floordiv), .samples = binary, DOMAIN(0.3, 3)};
const OpDef op_def_MOD = {.doc = "a % b, with the sign of b", NUMBER, BOTH(mod), .samples = binary, DOMAIN(0.3, 3)};
const OpDef op_def_POW = {.doc = "a ** b", NUMBER, BOTH(pow), .samples = binary, DOMAIN(0.3, 3)};
const OpDef op_def_MINIMUM = {.doc = "the smaller of a and b", NUMBER, BOTH(minimum), .samples = binary};
const OpDef op_def_MAXIMUM = {.doc = "the larger of a and b", NUMBER, BOTH(maximum), .samples = binary};

#define COMPARE .infer = infer_bool, .samples = binary
const OpDef op_def_EQ = {.doc = "a == b", COMPARE, BOTH(eq), .dtypes = DTYPES_ALL};
const OpDef op_def_NE = {.doc = "a != b", COMPARE, BOTH(ne), .dtypes = DTYPES_ALL};
const OpDef op_def_LT = {.doc = "a < b", COMPARE, BOTH(lt), .dtypes = DTYPES_NUMBER};
const OpDef op_def_LE = {.doc = "a <= b", COMPARE, BOTH(le), .dtypes = DTYPES_NUMBER};
const OpDef op_def_GT = {.doc = "a > b", COMPARE, BOTH(gt), .dtypes = DTYPES_NUMBER};
const OpDef op_def_GE = {.doc = "a >= b", COMPARE, BOTH(ge), .dtypes = DTYPES_NUMBER};
const OpDef op_def_AND = {.doc = "logical and", LOGIC, .integer = integer_and, .samples = binary};
const OpDef op_def_OR = {.doc = "logical or", LOGIC, .integer = integer_or, .samples = binary};
const OpDef op_def_WHERE = {.doc = "a where the condition holds, b elsewhere",
                            .infer = infer_where,
                            .dtypes = DTYPES_ALL,
                            BOTH(where),
                            .samples = ternary};
const OpDef op_def_CHECKED = {.doc = "the value, after a test at run time that stops the program with a message",
                              .infer = infer_checked,
                              .dtypes = DTYPES_ALL,
                              BOTH(same),
                              .samples = binary};
