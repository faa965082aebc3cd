// Elementwise functions of tensors: exp(x), maximum(x, y), where(c, x, y), x.clamp(0, 1), x.float(), check(c, "…").
#include "elaborate/tensor.h"

static bool unary(Eval *eval, const Value *args, Op op, Value *result) {
    NodeId x;
    return arg_tensor(eval, &args[0], "x", &x) && eval_node(eval, build_unary(eval_graph(eval), op, x), result);
}

static bool binary(Eval *eval, const Value *args, Op op, Value *result) {
    NodeId a, b;
    return arg_tensor(eval, &args[0], "x", &a) && arg_tensor(eval, &args[1], "y", &b) &&
           eval_node(eval, build_binary(eval_graph(eval), op, a, b), result);
}

#define UNARY(name, op)                                                                                                        \
    static bool call_##name(Eval *eval, const Value *args, Value *result) { return unary(eval, args, op, result); }
#define BINARY(name, op)                                                                                                       \
    static bool call_##name(Eval *eval, const Value *args, Value *result) { return binary(eval, args, op, result); }

UNARY(neg, OP_NEG)
UNARY(abs, OP_ABS)
UNARY(sign, OP_SIGN)
UNARY(exp, OP_EXP)
UNARY(log, OP_LOG)
UNARY(log1p, OP_LOG1P)
UNARY(sqrt, OP_SQRT)
UNARY(rsqrt, OP_RSQRT)
UNARY(sin, OP_SIN)
UNARY(cos, OP_COS)
UNARY(atan, OP_ATAN)
UNARY(tanh, OP_TANH)
UNARY(sigmoid, OP_SIGMOID)
UNARY(erf, OP_ERF)
UNARY(floor, OP_FLOOR)
UNARY(round, OP_ROUND)
UNARY(not, OP_NOT)
UNARY(stop_gradient, OP_STOP_GRADIENT)
BINARY(pow, OP_POW)
BINARY(minimum, OP_MINIMUM)
BINARY(maximum, OP_MAXIMUM)
BINARY(and, OP_AND)
BINARY(or, OP_OR)

static bool call_where(Eval *eval, const Value *args, Value *result) {
    NodeId condition, a, b;
    return arg_tensor(eval, &args[0], "condition", &condition) && arg_tensor(eval, &args[1], "x", &a) &&
           arg_tensor(eval, &args[2], "y", &b) && eval_node(eval, build_where(eval_graph(eval), condition, a, b), result);
}

// `bound` where x is beyond it. Written with where, so that the gradient passes at the bound itself and NaN stays NaN.
static bool clamp_one(Eval *eval, const Value *bound, const char *what, Op beyond, NodeId *x) {
    NodeId limit;
    if (bound->kind == VALUE_NONE) return true;
    if (!arg_tensor(eval, bound, what, &limit)) return false;
    Graph *g = eval_graph(eval);
    *x = build_where(g, build_binary(g, beyond, *x, limit), limit, *x);
    return *x != NODE_NONE || eval_failed(eval);
}

static bool call_clamp(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    if (!arg_tensor(eval, &args[0], "x", &x)) return false;
    if (args[1].kind == VALUE_NONE && args[2].kind == VALUE_NONE) return eval_error(eval, MSG(CLAMP_BOUNDS));
    if (!clamp_one(eval, &args[1], "min", OP_LT, &x) || !clamp_one(eval, &args[2], "max", OP_GT, &x)) return false;
    *result = value_tensor(x);
    return true;
}

// ---- Types

static bool cast_to(Eval *eval, const Value *args, DType dtype, Value *result) {
    NodeId x;
    return arg_tensor(eval, &args[0], "x", &x) && eval_node(eval, build_cast(eval_graph(eval), x, dtype), result);
}

static bool call_cast(Eval *eval, const Value *args, Value *result) {
    DType dtype;
    return arg_dtype(eval, &args[1], "dtype", &dtype) && cast_to(eval, args, dtype, result);
}

static bool call_float(Eval *eval, const Value *args, Value *result) { return cast_to(eval, args, eval_float(eval), result); }
static bool call_long(Eval *eval, const Value *args, Value *result) { return cast_to(eval, args, DT_I64, result); }
static bool call_bool(Eval *eval, const Value *args, Value *result) { return cast_to(eval, args, DT_BOOL, result); }

// ---- Checks at run time

static bool call_check(Eval *eval, const Value *args, Value *result) {
    NodeId condition, value;
    const char *message;
    if (!arg_tensor(eval, &args[0], "condition", &condition) || !arg_string(eval, &args[1], "message", &message)) return false;
    message = calculate_plain(eval, message);
    if (args[2].kind != VALUE_NONE) {
        return arg_tensor(eval, &args[2], "value", &value) &&
               eval_node(eval, eval_checked(eval, value, condition, message), result);
    }
    NodeId checked = eval_checked(eval, condition, condition, message);
    if (checked == NODE_NONE) return eval_failed(eval);
    eval_effect(eval, checked);
    return true;
}

const Builtin tensor_methods[] = {{"float", "x", "x in the program's float type.", call_float},
                                  {"int", "x", "x as int64.", call_long},
                                  {"bool", "x", "True where x is not 0.", call_bool},
                                  {NULL}};

const Builtin tensor_elementwise[] = {
    {"neg", "x", "-x, for each element.", call_neg},
    {"abs", "x", "The absolute value of each element.", call_abs},
    {"sign", "x", "-1, 0 or 1 for each element.", call_sign},
    {"exp", "x", "e to the power of each element.", call_exp},
    {"log", "x", "The natural logarithm of each element.", call_log},
    {"log1p", "x", "log(1 + x), exact near 0.", call_log1p},
    {"sqrt", "x", "The square root of each element.", call_sqrt},
    {"rsqrt", "x", "1 / sqrt(x).", call_rsqrt},
    {"sin", "x", "The sine of each element.", call_sin},
    {"cos", "x", "The cosine of each element.", call_cos},
    {"atan", "x", "The arc tangent of each element.", call_atan},
    {"tanh", "x", "The hyperbolic tangent of each element.", call_tanh},
    {"sigmoid", "x", "1 / (1 + exp(-x)).", call_sigmoid},
    {"erf", "x", "The error function of each element.", call_erf},
    {"floor", "x", "The next whole number below each element.", call_floor},
    {"round", "x", "The nearest whole number, halves to the even one.", call_round},
    {"logical_not", "x", "True where x is 0 or False.", call_not},
    {"logical_and", "x, y", "True where both are true.", call_and},
    {"logical_or", "x, y", "True where one or both are true.", call_or},
    {"pow", "x, exponent", "x ** exponent.", call_pow},
    {"minimum", "x, y", "The smaller of each two elements; equal ones share the gradient.", call_minimum},
    {"maximum", "x, y", "The larger of each two elements; equal ones share the gradient.", call_maximum},
    {"where", "condition, x, y", "x where the condition holds, y elsewhere.", call_where},
    {"clamp", "x, min=None, max=None", "x limited to [min, max]; the gradient passes at the bounds.", call_clamp},
    {"stop_gradient", "x", "x itself, but no gradient flows through.", call_stop_gradient},
    {"detach", "x", "x itself, but no gradient flows through.", call_stop_gradient},
    {"cast", "x, dtype", "x as float32, float64, int64 or bool.", call_cast},
    {"to", "x, dtype", "x as float32, float64, int64 or bool.", call_cast},
    {"long", "x", "x as int64.", call_long},
    {"check", "condition, message, value=None",
     "Stops the program with the message when the condition is false anywhere. With a value: that value, checked.", call_check},
    {NULL}};
