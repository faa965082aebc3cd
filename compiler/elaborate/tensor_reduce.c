// Reductions over all elements or over `dim`: sum, mean, prod, max, min, argmax.
#include "elaborate/tensor.h"

// The common arguments x, dim, keepdim.
typedef struct Reduction {
    NodeId x;
    uint32_t axes;
    bool keepdim;
} Reduction;

static bool reduction_args(Eval *eval, const Value *args, Reduction *r) {
    if (!arg_tensor(eval, &args[0], "x", &r->x)) return false;
    Shape shape = tensor_shape(eval, r->x);
    return arg_axes(eval, &args[1], "dim", &shape, &r->axes) && arg_bool(eval, &args[2], "keepdim", &r->keepdim);
}

static bool reduce(Eval *eval, const Value *args, Op op, bool share_ties, Value *result) {
    Reduction r;
    return reduction_args(eval, args, &r) &&
           eval_node(eval, build_reduce(eval_graph(eval), op, r.x, r.axes, r.keepdim, share_ties), result);
}

static bool call_sum(Eval *eval, const Value *args, Value *result) { return reduce(eval, args, OP_SUM, false, result); }
static bool call_prod(Eval *eval, const Value *args, Value *result) { return reduce(eval, args, OP_PROD, false, result); }
static bool call_amax(Eval *eval, const Value *args, Value *result) { return reduce(eval, args, OP_MAX, true, result); }
static bool call_amin(Eval *eval, const Value *args, Value *result) { return reduce(eval, args, OP_MIN, true, result); }

static bool call_mean(Eval *eval, const Value *args, Value *result) {
    Reduction r;
    return reduction_args(eval, args, &r) && eval_node(eval, build_mean(eval_graph(eval), r.x, r.axes, r.keepdim), result);
}

// max(x), max(x, dim) along an axis, max(x, y) element by element: a second argument that is no axis is a tensor or number.
// As in PyTorch, equal extremes of a whole tensor share the gradient, along an axis the first one takes it.
static bool extreme(Eval *eval, const Value *args, Op along, Op between, Value *result) {
    if (!value_is_tensor(&args[1]) && args[1].kind != VALUE_FLOAT)
        return reduce(eval, args, along, args[1].kind == VALUE_NONE, result);
    NodeId a, b;
    return arg_tensor(eval, &args[0], "x", &a) && arg_tensor(eval, &args[1], "y", &b) &&
           eval_node(eval, build_binary(eval_graph(eval), between, a, b), result);
}

static bool call_max(Eval *eval, const Value *args, Value *result) { return extreme(eval, args, OP_MAX, OP_MAXIMUM, result); }
static bool call_min(Eval *eval, const Value *args, Value *result) { return extreme(eval, args, OP_MIN, OP_MINIMUM, result); }

static bool call_argmax(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    uint32_t axis = 0;
    bool keepdim;
    if (!arg_tensor(eval, &args[0], "x", &x) || !arg_bool(eval, &args[2], "keepdim", &keepdim)) return false;
    Graph *g = eval_graph(eval);
    Shape shape = tensor_shape(eval, x);
    if (args[1].kind == VALUE_NONE) {
        Shape flat = {.rank = 1, .dim = {shape_count(&shape)}};
        x = build_reshape(g, x, flat);
        if (x == NODE_NONE) return eval_failed(eval);
    } else if (!arg_axis(eval, &args[1], "dim", &shape, &axis)) {
        return false;
    }
    return eval_node(eval, build_reduce(g, OP_ARGMAX, x, 1u << axis, keepdim, false), result);
}

const Builtin tensor_reductions[] = {
    {"sum", "x, dim=None, keepdim=False", "The sum over all elements, or over the axes `dim`.", call_sum},
    {"mean", "x, dim=None, keepdim=False", "The mean over all elements, or over the axes `dim`.", call_mean},
    {"prod", "x, dim=None, keepdim=False", "The product over all elements, or over the axes `dim`.", call_prod},
    {"max", "x, dim=None, keepdim=False", "The largest element, also over the axes `dim`; max(x, y) element by element.",
     call_max},
    {"min", "x, dim=None, keepdim=False", "The smallest element, also over the axes `dim`; min(x, y) element by element.",
     call_min},
    {"amax", "x, dim=None, keepdim=False", "The largest element, also over the axes `dim`; equal ones share the gradient.",
     call_amax},
    {"amin", "x, dim=None, keepdim=False", "The smallest element, also over the axes `dim`; equal ones share the gradient.",
     call_amin},
    {"argmax", "x, dim=None, keepdim=False", "Where the largest element is: its index along `dim`, or in the flattened tensor.",
     call_argmax},
    {NULL}};
