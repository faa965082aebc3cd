// Operators: Python's on numbers, strings and lists; a node of the graph as soon as an operand is a tensor.
#include "elaborate/eval.h"

#include <math.h>

static bool overflow(Eval *eval) { return eval_error(eval, MSG(INTEGER_OVERFLOW)); }

static double real(const Value *value) {
    return value->kind == VALUE_FLOAT ? value->number : value->kind == VALUE_BOOL ? value->boolean : (double)value->integer;
}

static int64_t whole(const Value *value) { return value->kind == VALUE_BOOL ? value->boolean : value->integer; }

static bool unsupported(Eval *eval, AstOp op, const Value *a, const Value *b) {
    for (int i = 0; i < 2; i++) {
        const Value *value = i ? b : a;
        if (value->kind == VALUE_BROKEN) return false;
        if (value->kind == VALUE_HOLE) return eval_error(eval, MSG(HOLE_UNKNOWN));
    }
    eval_error(eval, MSG(OPERANDS), ast_op_text(op), value_kind_text(a), value_kind_text(b));
    bool text = a->kind == VALUE_STRING || b->kind == VALUE_STRING, number = value_is_number(a) || value_is_number(b);
    if (text && number && (op == AST_OP_ADD || op == AST_OP_MOD)) eval_hint(eval, MSG(HINT_TEXT_OF));
    for (int i = 0; i < 2; i++) {
        const Value *value = i ? b : a;
        if (value_is_callable(value)) {
            eval_hint(eval, MSG(HINT_CALL_FIRST), value_text(eval, value));
            break;
        }
    }
    return false;
}

static bool power(Eval *eval, int64_t base, int64_t exponent, Value *result) {
    if (exponent < 0) {
        if (base == 0) return eval_error(eval, MSG(ZERO_TO_NEGATIVE));
        *result = value_float(pow((double)base, (double)exponent));
        return true;
    }
    int64_t product = 1;
    while (exponent) {
        if (exponent & 1 && __builtin_mul_overflow(product, base, &product)) return overflow(eval);
        exponent >>= 1;
        if (exponent && __builtin_mul_overflow(base, base, &base)) return overflow(eval);
    }
    *result = value_int(product);
    return true;
}

static bool integers(Eval *eval, AstOp op, int64_t a, int64_t b, Value *result) {
    int64_t x = 0;
    bool over = false;
    switch (op) {
    case AST_OP_ADD: over = __builtin_add_overflow(a, b, &x); break;
    case AST_OP_SUB: over = __builtin_sub_overflow(a, b, &x); break;
    case AST_OP_MUL: over = __builtin_mul_overflow(a, b, &x); break;
    case AST_OP_POW: return power(eval, a, b, result);
    default:
        if (b == 0) return eval_error(eval, MSG(DIVISION_BY_ZERO));
        if (op == AST_OP_DIV) {
            *result = value_float((double)a / (double)b);
            return true;
        }
        if (b == -1) {
            over = op == AST_OP_FLOORDIV && __builtin_sub_overflow((int64_t)0, a, &x);
            break;
        }
        x = op == AST_OP_FLOORDIV ? a / b : a % b;
        if (a % b != 0 && (a < 0) != (b < 0)) x += op == AST_OP_FLOORDIV ? -1 : b;
    }
    if (over) return overflow(eval);
    *result = value_int(x);
    return true;
}

static bool reals(Eval *eval, AstOp op, double a, double b, Value *result) {
    double x;
    switch (op) {
    case AST_OP_ADD: x = a + b; break;
    case AST_OP_SUB: x = a - b; break;
    case AST_OP_MUL: x = a * b; break;
    case AST_OP_POW:
        if (a == 0 && b < 0) return eval_error(eval, MSG(ZERO_TO_NEGATIVE));
        x = pow(a, b);
        if (isnan(x) && !isnan(a) && !isnan(b)) return eval_error(eval, MSG(FRACTIONAL_POWER));
        break;
    default:
        if (b == 0) return eval_error(eval, MSG(DIVISION_BY_ZERO));
        if (op == AST_OP_DIV) {
            x = a / b;
        } else if (op == AST_OP_FLOORDIV) {
            x = floor(a / b);
        } else {
            x = fmod(a, b);
            if (x != 0 && (x < 0) != (b < 0)) x += b;
        }
    }
    *result = value_float(x);
    return true;
}

// Sizes that depend on N stay sizes where that is possible, and become run-time scalars otherwise.
static bool sizes(Eval *eval, AstOp op, const Value *a, const Value *b, Value *result) {
    Dim x = a->kind == VALUE_DIM ? a->dim : (Dim){a->integer, false};
    Dim y = b->kind == VALUE_DIM ? b->dim : (Dim){b->integer, false};
    Dim z = {0, true};
    if (op == AST_OP_MUL && x.batch != y.batch) {
        if (__builtin_mul_overflow(x.size, y.size, &z.size)) return overflow(eval);
    } else if ((op == AST_OP_ADD || op == AST_OP_SUB) && x.batch && y.batch) {
        if (op == AST_OP_ADD ? __builtin_add_overflow(x.size, y.size, &z.size)
                             : __builtin_sub_overflow(x.size, y.size, &z.size)) {
            return overflow(eval);
        }
        if (z.size == 0) z.batch = false;
    } else if (op == AST_OP_FLOORDIV && x.batch && !y.batch && y.size > 0 && x.size % y.size == 0) {
        z.size = x.size / y.size;
    } else if (op == AST_OP_FLOORDIV && x.batch && y.batch && y.size > 0) {
        z = (Dim){x.size / y.size, false};
    } else {
        return false;
    }
    *result = value_dim(z);
    return true;
}

static Op graph_op(AstOp op) {
    switch (op) {
    case AST_OP_ADD: return OP_ADD;
    case AST_OP_SUB: return OP_SUB;
    case AST_OP_MUL: return OP_MUL;
    case AST_OP_DIV: return OP_DIV;
    case AST_OP_FLOORDIV: return OP_FLOORDIV;
    case AST_OP_MOD: return OP_MOD;
    case AST_OP_POW: return OP_POW;
    case AST_OP_AND: return OP_AND;
    case AST_OP_OR: return OP_OR;
    case AST_OP_EQ: return OP_EQ;
    case AST_OP_NE: return OP_NE;
    case AST_OP_LT: return OP_LT;
    case AST_OP_LE: return OP_LE;
    case AST_OP_GT: return OP_GT;
    case AST_OP_GE: return OP_GE;
    default: BUG("no graph operation for '%s'", ast_op_text(op));
    }
}

static bool tensors(Eval *eval, AstOp op, const Value *a, const Value *b, Value *result) {
    NodeId x, y;
    eval->callee = ast_op_text(op);
    if (!arg_tensor(eval, a, "the left operand", &x) || !arg_tensor(eval, b, "the right operand", &y)) return false;
    NodeId node = op == AST_OP_MATMUL ? build_matmul(eval->graph, x, y) : build_binary(eval->graph, graph_op(op), x, y);
    return eval_node(eval, node, result);
}

static bool repeat(Eval *eval, const Value *a, int64_t times, Value *result) {
    if (times < 0) times = 0;
    if (a->kind == VALUE_STRING) {
        size_t length = strlen(a->string);
        if (length && (uint64_t)times > EVAL_STRING_LIMIT / length) return eval_error(eval, MSG(STRING_TOO_LONG));
        if (!eval_spend_text(eval, length * (size_t)times)) return false;
        char *text = arena_alloc(eval->arena, length * (size_t)times + 1);
        for (int64_t i = 0; length && i < times; i++) memcpy(text + (size_t)i * length, a->string, length);
        *result = value_string(text);
        return true;
    }
    size_t count = a->list->count;
    if (count && (uint64_t)times > EVAL_LIST_LIMIT / count) return eval_error(eval, MSG(LIST_TOO_LONG));
    size_t all = count * (size_t)times;
    Value *items = NEW_ARRAY(eval->arena, Value, all + 1);
    for (size_t i = 0; i < all; i++) items[i] = a->list->items[i % count];
    *result = a->kind == VALUE_LIST ? value_list(eval, items, all) : value_tuple(eval, items, all);
    return true;
}

static bool concatenate(Eval *eval, const Value *a, const Value *b, Value *result) {
    if (a->kind == VALUE_STRING) {
        size_t length = strlen(a->string) + strlen(b->string);
        if (length > EVAL_STRING_LIMIT) return eval_error(eval, MSG(STRING_TOO_LONG));
        if (!eval_spend_text(eval, length)) return false;
        *result = value_string(arena_printf(eval->arena, "%s%s", a->string, b->string));
        return true;
    }
    size_t count = a->list->count + b->list->count;
    if (count > EVAL_LIST_LIMIT) return eval_error(eval, MSG(LIST_TOO_LONG));
    Value *items = NEW_ARRAY(eval->arena, Value, count + 1);
    memcpy(items, a->list->items, a->list->count * sizeof(Value));
    memcpy(items + a->list->count, b->list->items, b->list->count * sizeof(Value));
    *result = a->kind == VALUE_LIST ? value_list(eval, items, count) : value_tuple(eval, items, count);
    return true;
}

static bool is_sequence(const Value *value) {
    return value->kind == VALUE_LIST || value->kind == VALUE_TUPLE || value->kind == VALUE_STRING;
}

static bool is_size(const Value *value) { return value->kind == VALUE_DIM || value->kind == VALUE_INT; }

bool eval_binary(Eval *eval, AstOp op, const Value *a, const Value *b, Value *result) {
    if (value_is_number(a) && value_is_number(b) && op != AST_OP_MATMUL) {
        if (a->kind == VALUE_FLOAT || b->kind == VALUE_FLOAT) return reals(eval, op, real(a), real(b), result);
        return integers(eval, op, whole(a), whole(b), result);
    }
    bool a_tensor = value_is_tensor(a), b_tensor = value_is_tensor(b);
    if ((a_tensor || b_tensor) && (a_tensor || value_is_number(a) || a->kind == VALUE_DIM) &&
        (b_tensor || value_is_number(b) || b->kind == VALUE_DIM)) {
        return tensors(eval, op, a, b, result);
    }
    if ((a->kind == VALUE_DIM || b->kind == VALUE_DIM) && op != AST_OP_MATMUL) {
        bool sized = is_size(a) && is_size(b);
        size_t before = diag_error_count(eval->diag);
        if (sized && sizes(eval, op, a, b, result)) return true;
        if (diag_error_count(eval->diag) != before) return false;
        if ((sized || value_is_number(a) || value_is_number(b))) return tensors(eval, op, a, b, result);
    }
    if (op == AST_OP_ADD && is_sequence(a) && a->kind == b->kind) return concatenate(eval, a, b, result);
    if (op == AST_OP_MUL && is_sequence(a) && b->kind == VALUE_INT) return repeat(eval, a, b->integer, result);
    if (op == AST_OP_MUL && is_sequence(b) && a->kind == VALUE_INT) return repeat(eval, b, a->integer, result);
    return unsupported(eval, op, a, b);
}

bool eval_unary(Eval *eval, AstOp op, const Value *a, Value *result) {
    if (op == AST_OP_NOT) {
        if (value_is_tensor(a)) {
            NodeId x;
            eval->callee = "not";
            if (!arg_tensor(eval, a, "the operand", &x)) return false;
            return eval_node(eval, build_unary(eval->graph, OP_NOT, build_cast(eval->graph, x, DT_BOOL)), result);
        }
        bool truth;
        if (!value_truth(eval, a, &truth)) return false;
        *result = value_bool(!truth);
        return true;
    }
    if (a->kind == VALUE_FLOAT) {
        *result = value_float(op == AST_OP_NEG ? -a->number : a->number);
        return true;
    }
    if (value_is_number(a)) {
        int64_t x = whole(a);
        if (op == AST_OP_NEG && __builtin_sub_overflow((int64_t)0, x, &x)) return overflow(eval);
        *result = value_int(x);
        return true;
    }
    if (a->kind == VALUE_DIM || value_is_tensor(a)) {
        NodeId x;
        eval->callee = ast_op_text(op);
        if (!arg_tensor(eval, a, "the operand", &x)) return false;
        return eval_node(eval, op == AST_OP_NEG ? build_unary(eval->graph, OP_NEG, x) : x, result);
    }
    if (a->kind == VALUE_BROKEN) return false;
    if (a->kind == VALUE_HOLE) return eval_error(eval, MSG(HOLE_UNKNOWN));
    return eval_error(eval, MSG(OPERAND), op == AST_OP_NEG ? "-" : "+", value_kind_text(a));
}

static bool contains(Eval *eval, const Value *item, const Value *container, bool *result) {
    *result = false;
    if (!text_is_known(eval, item) || !text_is_known(eval, container)) return false;
    if (container->kind == VALUE_STRING && item->kind == VALUE_STRING) {
        *result = strstr(container->string, item->string) != NULL;
        return eval_spend_text(eval, strlen(container->string));
    }
    if (container->kind != VALUE_LIST && container->kind != VALUE_TUPLE) {
        return unsupported(eval, AST_OP_IN, item, container);
    }
    if (!eval_spend(eval, container->list->total)) return false;
    for (size_t i = 0; i < container->list->count && !*result; i++) *result = value_equal(item, &container->list->items[i]);
    return true;
}

// −1, 0, 1, or 2 for "not ordered" (NaN).
static int order(const Value *a, const Value *b) {
    if (a->kind == VALUE_STRING) {
        int sign = strcmp(a->string, b->string);
        return (sign > 0) - (sign < 0);
    }
    if (a->kind == VALUE_DIM) return (a->dim.size > b->dim.size) - (a->dim.size < b->dim.size);
    if (a->kind != VALUE_FLOAT && b->kind != VALUE_FLOAT) return (whole(a) > whole(b)) - (whole(a) < whole(b));
    double x = real(a), y = real(b);
    return isnan(x) || isnan(y) ? 2 : (x > y) - (x < y);
}

static bool identical(const Value *a, const Value *b) {
    bool number = value_is_number(a) && value_is_number(b);
    return number ? a->kind == b->kind && value_equal(a, b) : value_equal(a, b);
}

static bool has_items(const Value *value) {
    return value->kind == VALUE_LIST || value->kind == VALUE_TUPLE || value->kind == VALUE_SLICE;
}

bool eval_compare(Eval *eval, AstOp op, const Value *a, const Value *b, Value *result) {
    if (a->kind == VALUE_BROKEN || b->kind == VALUE_BROKEN) return false;
    if (op == AST_OP_IS || op == AST_OP_IS_NOT) {
        *result = value_bool(identical(a, b) == (op == AST_OP_IS));
        return true;
    }
    if (op == AST_OP_IN || op == AST_OP_NOT_IN) {
        bool inside;
        if (!contains(eval, a, b, &inside)) return false;
        *result = value_bool(inside == (op == AST_OP_IN));
        return true;
    }
    if (value_is_tensor(a) || value_is_tensor(b)) {
        bool other_none = a->kind == VALUE_NONE || b->kind == VALUE_NONE;
        if (!other_none) return tensors(eval, op, a, b, result);
    }
    bool equality = op == AST_OP_EQ || op == AST_OP_NE;
    if ((a->kind == VALUE_DIM) != (b->kind == VALUE_DIM) && (value_is_number(a) || value_is_number(b))) {
        eval_error(eval, MSG(COMPARE_BATCH));
        eval_hint(eval, MSG(HINT_CHECK));
        return false;
    }
    if (!text_is_known(eval, a) || !text_is_known(eval, b)) return false;
    if (equality) {
        *result = value_bool(value_equal(a, b) == (op == AST_OP_EQ));
        return a->kind == VALUE_STRING ? eval_spend_text(eval, strlen(a->string))
                                       : !has_items(a) || eval_spend(eval, a->list->total);
    }
    bool ordered = (value_is_number(a) && value_is_number(b)) || (a->kind == VALUE_STRING && b->kind == VALUE_STRING) ||
                   (a->kind == VALUE_DIM && b->kind == VALUE_DIM);
    if (!ordered) return unsupported(eval, op, a, b);
    int sign = order(a, b);
    bool holds = sign != 2 && (op == AST_OP_LT   ? sign < 0
                               : op == AST_OP_LE ? sign <= 0
                               : op == AST_OP_GT ? sign > 0
                                                 : sign >= 0);
    *result = value_bool(holds);
    return true;
}

bool value_truth(Eval *eval, const Value *value, bool *result) {
    switch (value->kind) {
    case VALUE_NONE: *result = false; return true;
    case VALUE_BOOL: *result = value->boolean; return true;
    case VALUE_INT: *result = value->integer != 0; return true;
    case VALUE_FLOAT: *result = value->number != 0; return true;
    case VALUE_STRING: *result = *value->string; return true;
    case VALUE_LIST:
    case VALUE_TUPLE: *result = value->list->count != 0; return true;
    case VALUE_BROKEN: return false;
    case VALUE_HOLE: return eval_error(eval, MSG(HOLE_UNKNOWN));
    case VALUE_DIM: return eval_error(eval, MSG(CONDITION_BATCH));
    case VALUE_TENSOR:
    case VALUE_PARAMETER:
        eval_error(eval, MSG(CONDITION_TENSOR));
        eval_hint(eval, MSG(HINT_WHERE));
        return false;
    default: *result = true; return true;
    }
}
