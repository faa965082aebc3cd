// What notebooks do with tensors besides computing: numbers out of them, how they were made, and what .net does without.
#include "elaborate/tensor.h"

#include "support/messages.h"

// x.item(): the number of a tensor with one element. Nothing is derived through it.
static bool call_item(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    if (!arg_tensor(eval, &args[0], "x", &x)) return false;
    Graph *g = eval_graph(eval);
    Shape shape = tensor_shape(eval, x);
    Dim count = shape_count(&shape);
    if (count.size != 1 || count.batch) {
        return eval_error(eval, MSG(ITEM_OF_MANY), shape_text(eval_arena(eval), &shape));
    }
    x = build_unary(g, OP_STOP_GRADIENT, build_reshape(g, x, shape_scalar()));
    if (x != NODE_NONE && dtype_is_float(graph_node(g, x)->dtype)) x = build_cast(g, x, DT_F64);
    if (x != NODE_NONE) eval_number(eval, x);
    return eval_node(eval, x, result);
}

bool tensor_number(Eval *eval, const Value *x, DType dtype, Value *result) {
    NodeId node;
    Value number = *x;
    if (eval_calculator(eval) && !call_item(eval, x, &number)) return false;
    return arg_tensor(eval, &number, "x", &node) && eval_node(eval, build_cast(eval_graph(eval), node, dtype), result);
}

static bool call_grad_fn(Eval *eval, const Value *args, Value *result) {
    NodeId y;
    if (!value_is_tensor(&args[0])) {
        eval_error(eval, MSG(GRAD_FN_OF), value_kind_text(&args[0]));
        if (value_is_number(&args[0])) eval_hint(eval, MSG(HINT_TENSOR_OF_NUMBER));
        return false;
    }
    if (!arg_tensor(eval, &args[0], "y", &y)) return false;
    *result = value_string(eval_derivation(eval, y));
    return true;
}

static bool call_requires_grad(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    return arg_tensor(eval, &args[0], "x", &x) && eval_node(eval, x, result);
}

static bool call_data(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    return arg_tensor(eval, &args[0], "x", &x) && eval_node(eval, build_unary(eval_graph(eval), OP_STOP_GRADIENT, x), result);
}

static bool call_backward(Eval *eval, const Value *args, Value *result) {
    (void)args, (void)result;
    eval_error(eval, MSG(NO_BACKWARD));
    eval_hint(eval, MSG(HINT_GRAD));
    return false;
}

static bool call_grad_kept(Eval *eval, const Value *args, Value *result) {
    (void)args, (void)result;
    eval_error(eval, MSG(NO_KEPT_GRAD));
    eval_hint(eval, MSG(HINT_GRAD));
    return false;
}

static bool call_requires_grad_of(Eval *eval, const Value *args, Value *result) {
    (void)args, (void)result;
    return eval_error(eval, MSG(NO_REQUIRES_GRAD));
}

static bool call_numpy(Eval *eval, const Value *args, Value *result) {
    (void)args, (void)result;
    eval_error(eval, MSG(NO_NUMPY));
    eval_hint(eval, MSG(HINT_NO_NUMPY));
    return false;
}

const Builtin tensor_notebook[] = {
    {"item", "x", "The number of a tensor with one element.", call_item},
    {"grad_fn", "y", "How y is computed and its symbolic derivative, as text: 'y = x ** 2, dy/dx = 2 * x'.", call_grad_fn},
    {"requires_grad_", "x, requires_grad=True", "x itself: a derivative can be asked for of every tensor.", call_requires_grad},
    {NULL}};

// Those that .net does without are properties, so that every use of them is answered.

const Builtin notebook_properties[] = {
    {"grad", "x", "Not in .net: grad(y, x) is the derivative.", call_grad_kept},
    {"grad_fn", "x", "grad_fn(x).", call_grad_fn},
    {"data", "x", "x without its derivative.", call_data},
    {"requires_grad", "x", "Not in .net: a derivative can be asked for of every tensor.", call_requires_grad_of},
    {"backward", "y", "Not in .net: grad(y, x) is the derivative.", call_backward},
    {"numpy", "x", "Not in .net: print(x) shows the numbers.", call_numpy},
    {"tolist", "x", "Not in .net: print(x) shows the numbers.", call_numpy},
    {NULL}};
