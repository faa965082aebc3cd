// Functions of numbers at compile time, Python's.
#include "elaborate/eval.h"

#include <math.h>

static bool finish(Eval *eval, double x, Value *result) {
    if (isnan(x)) return eval_error(eval, MSG(NOT_DEFINED_FOR_NUMBER), eval->callee);
    *result = value_float(x);
    return true;
}

#define REAL_FUNCTION(id, expression)                                                                                          \
    static bool call_##id(Eval *eval, const Value *args, Value *result) {                                                      \
        double x;                                                                                                              \
        if (!arg_number(eval, &args[0], "x", &x)) return false;                                                                \
        return finish(eval, (expression), result);                                                                             \
    }
REAL_FUNCTION(sqrt, sqrt(x))
REAL_FUNCTION(exp, exp(x))
REAL_FUNCTION(sin, sin(x))
REAL_FUNCTION(cos, cos(x))
#undef REAL_FUNCTION

static bool call_log(Eval *eval, const Value *args, Value *result) {
    double x;
    if (!arg_number(eval, &args[0], "x", &x)) return false;
    if (x <= 0) return eval_error(eval, MSG(LOG_NOT_POSITIVE));
    return finish(eval, log(x), result);
}

static bool call_abs(Eval *eval, const Value *args, Value *result) {
    double x;
    if (args[0].kind == VALUE_INT) {
        if (args[0].integer == INT64_MIN) return eval_error(eval, MSG(INTEGER_OVERFLOW));
        *result = value_int(args[0].integer < 0 ? -args[0].integer : args[0].integer);
        return true;
    }
    if (!arg_number(eval, &args[0], "x", &x)) return false;
    *result = value_float(fabs(x));
    return true;
}

static bool whole(Eval *eval, double x, Value *result) {
    if (!(x >= -9223372036854775808.0 && x < 9223372036854775808.0)) {
        return eval_error(eval, MSG(NOT_64_BITS), eval->callee);
    }
    *result = value_int((int64_t)x);
    return true;
}

static bool call_round(Eval *eval, const Value *args, Value *result) {
    double x;
    int64_t digits;
    if (!arg_number(eval, &args[0], "x", &x)) return false;
    if (args[1].kind == VALUE_NONE) {
        if (args[0].kind == VALUE_INT) return *result = args[0], true;
        return whole(eval, nearbyint(x), result);
    }
    if (!arg_int(eval, &args[1], "digits", &digits)) return false;
    double scale = pow(10, (double)digits), scaled = x * scale;
    if (!isfinite(scaled)) return finish(eval, x, result); // more digits than it has
    return finish(eval, scale == 0 ? copysign(0, x) : nearbyint(scaled) / scale, result);
}

static bool call_floor(Eval *eval, const Value *args, Value *result) {
    double x;
    if (args[0].kind == VALUE_INT) return *result = args[0], true;
    return arg_number(eval, &args[0], "x", &x) && whole(eval, floor(x), result);
}

// The number that a text says.
static bool number_of_text(Eval *eval, const Value *text, double *result) {
    char *end;
    if (!text_is_known(eval, text)) return false;
    *result = strtod(text->string, &end);
    return (*text->string && !*end) || eval_error(eval, MSG(NUMBER_OF_TEXT), eval->callee, text->string);
}

static bool is_tensor(const Value *value) { return value_is_tensor(value) || value->kind == VALUE_DIM; }

static bool call_int(Eval *eval, const Value *args, Value *result) {
    double x;
    if (is_tensor(&args[0])) return tensor_number(eval, &args[0], DT_I64, result);
    if (args[0].kind == VALUE_INT) return *result = args[0], true;
    bool ok = args[0].kind == VALUE_STRING ? number_of_text(eval, &args[0], &x) : arg_number(eval, &args[0], "x", &x);
    return ok && whole(eval, trunc(x), result);
}

static bool call_float(Eval *eval, const Value *args, Value *result) {
    double x;
    if (is_tensor(&args[0])) return tensor_number(eval, &args[0], eval_calculator(eval) ? DT_F64 : eval_float(eval), result);
    bool ok = args[0].kind == VALUE_STRING ? number_of_text(eval, &args[0], &x) : arg_number(eval, &args[0], "x", &x);
    if (ok) *result = value_float(x);
    return ok;
}

static bool call_bool(Eval *eval, const Value *args, Value *result) {
    bool truth;
    if (is_tensor(&args[0])) return tensor_number(eval, &args[0], DT_BOOL, result);
    if (!value_truth(eval, &args[0], &truth)) return false;
    *result = value_bool(truth);
    return true;
}

static bool extreme(Eval *eval, const Value *args, AstOp better, Value *result) {
    const ValueList *list = args[0].list;
    if (list->count == 1 && (list->items[0].kind == VALUE_LIST || list->items[0].kind == VALUE_TUPLE)) {
        list = list->items[0].list;
    }
    const char *callee = eval->callee; // comparing calls other functions
    if (!list->count) return eval_error(eval, MSG(EMPTY_LIST), callee);
    if (!eval_spend(eval, list->count)) return false;
    *result = list->items[0];
    for (size_t i = 1; i < list->count; i++) {
        Value wins;
        if (!eval_compare(eval, better, &list->items[i], result, &wins)) return false;
        if (wins.kind != VALUE_BOOL) return eval_error(eval, MSG(EXTREME_OF_TENSORS), callee);
        if (wins.boolean) *result = list->items[i];
    }
    return true;
}

static bool call_min(Eval *eval, const Value *args, Value *result) { return extreme(eval, args, AST_OP_LT, result); }
static bool call_max(Eval *eval, const Value *args, Value *result) { return extreme(eval, args, AST_OP_GT, result); }

const Builtin number_builtins[] = {
    {"int", "x", "The number without its fraction.", call_int},
    {"float", "x", "The number as a float.", call_float},
    {"bool", "x", "True unless x is 0, None or empty.", call_bool},
    {"abs", "x", "The absolute value.", call_abs},
    {"round", "x, digits=None", "The nearest integer, halves to the even one; or rounded to that many digits.", call_round},
    {"floor", "x", "The next integer below.", call_floor},
    {"sqrt", "x", "The square root.", call_sqrt},
    {"exp", "x", "e to the power of x.", call_exp},
    {"log", "x", "The natural logarithm.", call_log},
    {"sin", "x", "The sine.", call_sin},
    {"cos", "x", "The cosine.", call_cos},
    {"min", "*values", "The smallest of several numbers, or of a list.", call_min},
    {"max", "*values", "The largest of several numbers, or of a list.", call_max},
    {NULL, NULL, NULL, NULL},
};
