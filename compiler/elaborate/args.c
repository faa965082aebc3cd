// Arguments of builtins, converted to what the C function wants. Messages name the builtin and the parameter.
#include "elaborate/eval.h"

static bool misfit(Eval *eval, const char *what, const char *wanted, const Value *got) {
    if (got->kind == VALUE_BROKEN) return false;
    if (got->kind == VALUE_HOLE) return eval_error(eval, MSG(ARG_HOLE), eval->callee);
    return eval_error(eval, MSG(ARG_KIND), eval->callee, what, wanted, value_kind_text(got));
}

bool arg_bool(Eval *eval, const Value *value, const char *what, bool *result) {
    if (value->kind == VALUE_BOOL) {
        *result = value->boolean;
        return true;
    }
    if (value->kind == VALUE_INT && (value->integer == 0 || value->integer == 1)) {
        *result = value->integer;
        return true;
    }
    return misfit(eval, what, "True or False", value);
}

bool arg_int(Eval *eval, const Value *value, const char *what, int64_t *result) {
    if (value->kind == VALUE_INT) {
        *result = value->integer;
        return true;
    }
    if (value->kind == VALUE_BOOL) {
        *result = value->boolean;
        return true;
    }
    return misfit(eval, what, "an integer", value);
}

bool arg_number(Eval *eval, const Value *value, const char *what, double *result) {
    switch (value->kind) {
    case VALUE_BOOL: *result = value->boolean; return true;
    case VALUE_INT: *result = (double)value->integer; return true;
    case VALUE_FLOAT: *result = value->number; return true;
    default: return misfit(eval, what, "a number", value);
    }
}

bool arg_string(Eval *eval, const Value *value, const char *what, const char **result) {
    if (value->kind != VALUE_STRING) return misfit(eval, what, "a string", value);
    *result = value->string;
    return true;
}

bool arg_list(Eval *eval, const Value *value, const char *what, const ValueList **result) {
    if (value->kind != VALUE_LIST && value->kind != VALUE_TUPLE) return misfit(eval, what, "a list", value);
    *result = value->list;
    return true;
}

static bool dtype_named(Eval *eval, const char *name, DType *result) {
    static const struct {
        const char *name;
        int dtype;
    } names[] = {
        {"float32", -1}, {"float64", -1},  {"float", -1},     {"double", -1},    {"half", -1},     {"int64", DT_I64},
        {"int", DT_I64}, {"long", DT_I64}, {"int32", DT_I64}, {"bool", DT_BOOL}, {"uint8", DT_U8},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i].name)) continue;
        *result = names[i].dtype < 0 ? eval_float(eval) : (DType)names[i].dtype;
        return true;
    }
    return false;
}

bool arg_dtype(Eval *eval, const Value *value, const char *what, DType *result) {
    if (value->kind == VALUE_DTYPE) {
        *result = value->dtype;
        return true;
    }
    if (value->kind == VALUE_STRING && dtype_named(eval, value->string, result)) return true;
    if (value->kind == VALUE_BUILTIN && dtype_named(eval, value->builtin->name, result)) return true;
    return misfit(eval, what, "a type (float32, int64 or bool)", value);
}

// The numbers of a nested list in row-major order.
typedef struct Numbers {
    double *data;
    int64_t *whole; // the same, where they are integers
    size_t count;
    DType dtype;
    bool wide; // an integer among them is one that no double holds
} Numbers;

static bool add_number(Eval *eval, const Value *value, const char *what, Numbers *to) {
    const int64_t exact = INT64_C(1) << 53;
    if (value->kind == VALUE_FLOAT) to->dtype = eval_float(eval);
    if (value->kind == VALUE_INT && to->dtype == DT_BOOL) to->dtype = DT_I64;
    size_t i = to->count++;
    to->wide = to->wide || (value->kind == VALUE_INT && (value->integer > exact || value->integer < -exact));
    if (value->kind == VALUE_INT) to->whole[i] = value->integer;
    if (value->kind == VALUE_BOOL) to->whole[i] = value->boolean;
    return arg_number(eval, value, what, &to->data[i]);
}

// Integers have 64 bits, and the numbers of a literal are doubles: of large ones it is high * 2^32 + low.
static NodeId wide_literal(Eval *eval, Shape shape, const Numbers *numbers) {
    Graph *g = eval->graph;
    double *halves = NEW_ARRAY(eval->arena, double, numbers->count);
    for (size_t i = 0; i < numbers->count; i++) halves[i] = (double)(numbers->whole[i] >> 32);
    NodeId high = build_literal(g, shape, DT_I64, halves);
    for (size_t i = 0; i < numbers->count; i++) halves[i] = (double)(numbers->whole[i] & UINT32_MAX);
    NodeId low = build_literal(g, shape, DT_I64, halves);
    if (high == NODE_NONE || low == NODE_NONE) return NODE_NONE;
    high = build_binary(g, OP_MUL, high, build_int(g, INT64_C(1) << 32));
    return high == NODE_NONE ? high : build_binary(g, OP_ADD, high, low);
}

// Appends the numbers of a nested list and checks that it is rectangular.
static bool flatten_list(Eval *eval, const Value *value, const char *what, uint32_t depth, Shape *shape, Numbers *numbers) {
    if (value_is_number(value)) {
        if (depth != shape->rank) return eval_error(eval, MSG(ARG_LIST_DEPTHS), eval->callee, what);
        return add_number(eval, value, what, numbers);
    }
    if (value->kind != VALUE_LIST && value->kind != VALUE_TUPLE) return misfit(eval, what, "a list of numbers", value);
    if (depth >= shape->rank || (size_t)shape->dim[depth].size != value->list->count) {
        return eval_error(eval, MSG(ARG_LIST_LENGTHS), eval->callee, what);
    }
    for (size_t i = 0; i < value->list->count; i++) {
        if (!flatten_list(eval, &value->list->items[i], what, depth + 1, shape, numbers)) return false;
    }
    return true;
}

static bool list_tensor(Eval *eval, const Value *value, const char *what, NodeId *result) {
    Shape shape = {0};
    const Value *first = value;
    int64_t total = 1;
    while (first->kind == VALUE_LIST || first->kind == VALUE_TUPLE) {
        if (shape.rank == MAX_RANK) return eval_error(eval, MSG(ARG_LIST_RANK), eval->callee, what, MAX_RANK);
        shape.dim[shape.rank++] = (Dim){(int64_t)first->list->count, false};
        total *= (int64_t)first->list->count; // each at most the limit
        if (total > EVAL_LIST_LIMIT) return eval_error(eval, MSG(ARG_LIST_SIZE), eval->callee, what);
        if (!first->list->count) break;
        first = &first->list->items[0];
    }
    if (!eval_spend(eval, (uint64_t)total)) return false;
    Numbers numbers = {.data = NEW_ARRAY(eval->arena, double, (size_t)total + 1),
                       .whole = NEW_ARRAY(eval->arena, int64_t, (size_t)total + 1),
                       .dtype = DT_BOOL};
    if (!flatten_list(eval, value, what, 0, &shape, &numbers)) return false;
    bool wide = numbers.wide && numbers.dtype == DT_I64;
    *result = wide ? wide_literal(eval, shape, &numbers) : build_literal(eval->graph, shape, numbers.dtype, numbers.data);
    return *result != NODE_NONE || eval_failed(eval);
}

bool arg_tensor(Eval *eval, const Value *value, const char *what, NodeId *result) {
    switch (value->kind) {
    case VALUE_TENSOR: *result = value->tensor; return true;
    case VALUE_PARAMETER: return parameter_node(eval, value->parameter, result);
    case VALUE_BOOL: *result = build_bool(eval->graph, value->boolean); break;
    case VALUE_INT: *result = build_int(eval->graph, value->integer); break;
    case VALUE_FLOAT: *result = build_float(eval->graph, value->number); break;
    case VALUE_DIM: *result = build_size(eval->graph, value->dim); break;
    case VALUE_LIST:
    case VALUE_TUPLE: return list_tensor(eval, value, what, result);
    default: return misfit(eval, what, "a tensor", value);
    }
    return *result != NODE_NONE || eval_failed(eval);
}

bool arg_dim(Eval *eval, const Value *value, const char *what, Dim *result) {
    if (value->kind == VALUE_DIM) {
        *result = value->dim;
        return true;
    }
    if (value->kind != VALUE_INT) return misfit(eval, what, "a size", value);
    *result = (Dim){value->integer, false};
    return true;
}

bool arg_shape(Eval *eval, const Value *value, const char *what, bool minus_one, Shape *result) {
    *result = (Shape){0};
    if (value->kind == VALUE_INT || value->kind == VALUE_DIM) {
        result->rank = 1;
        return arg_dim(eval, value, what, &result->dim[0]);
    }
    const ValueList *list;
    if (!arg_list(eval, value, what, &list)) return false;
    while (list->count == 1 && (list->items[0].kind == VALUE_LIST || list->items[0].kind == VALUE_TUPLE)) {
        list = list->items[0].list;
    }
    if (list->count > MAX_RANK) return eval_error(eval, MSG(ARG_RANK), eval->callee, MAX_RANK);
    for (size_t i = 0; i < list->count; i++) {
        Dim dim;
        if (!arg_dim(eval, &list->items[i], what, &dim)) return false;
        if (dim.size < (minus_one && !dim.batch ? -1 : 0)) {
            return eval_error(eval, MSG(ARG_NEGATIVE_SIZE), eval->callee, what, (long long)dim.size);
        }
        result->dim[result->rank++] = dim;
    }
    return true;
}

bool arg_axis(Eval *eval, const Value *value, const char *what, const Shape *shape, uint32_t *axis) {
    int64_t number;
    if (!arg_int(eval, value, what, &number)) return false;
    if (number < -(int64_t)shape->rank || number >= shape->rank) {
        return eval_error(eval, MSG(ARG_AXIS), eval->callee, what, (long long)number, shape_text(eval->arena, shape));
    }
    *axis = (uint32_t)(number < 0 ? number + shape->rank : number);
    return true;
}

bool arg_axes(Eval *eval, const Value *value, const char *what, const Shape *shape, uint32_t *axes) {
    *axes = 0;
    if (value->kind == VALUE_NONE) {
        *axes = (1u << shape->rank) - 1;
        return true;
    }
    uint32_t axis;
    if (value->kind != VALUE_LIST && value->kind != VALUE_TUPLE) {
        if (!arg_axis(eval, value, what, shape, &axis)) return false;
        *axes = 1u << axis;
        return true;
    }
    for (size_t i = 0; i < value->list->count; i++) {
        if (!arg_axis(eval, &value->list->items[i], what, shape, &axis)) return false;
        if (*axes & 1u << axis) return eval_error(eval, MSG(ARG_AXIS_TWICE), eval->callee, what, axis);
        *axes |= 1u << axis;
    }
    return true;
}
