// The built-in tensor functions together, tensor attributes (x.shape), matmul and the symbolic derivative.
#include "autodiff/differentiate.h"
#include "elaborate/tensor.h"

const Builtin *const tensor_tables[] = {tensor_elementwise, tensor_reductions, tensor_movements, tensor_parts,
                                        tensor_creations,   tensor_calculus,   tensor_notebook,  NULL};

// ---- matmul, grad

static bool call_matmul(Eval *eval, const Value *args, Value *result) {
    NodeId a, b;
    return arg_tensor(eval, &args[0], "x", &a) && arg_tensor(eval, &args[1], "y", &b) &&
           eval_node(eval, build_matmul(eval_graph(eval), a, b), result);
}

static bool call_grad(Eval *eval, const Value *args, Value *result) {
    NodeId y;
    if (!arg_tensor(eval, &args[0], "y", &y)) return false;
    bool list = args[1].kind == VALUE_LIST || args[1].kind == VALUE_TUPLE;
    const Value *items = list ? args[1].list->items : &args[1];
    size_t count = list ? args[1].list->count : 1;
    NodeId *wrt = NEW_ARRAY(eval_arena(eval), NodeId, count), *grads = NEW_ARRAY(eval_arena(eval), NodeId, count);
    for (size_t i = 0; i < count; i++) {
        if (!value_is_tensor(&items[i])) {
            return eval_error(eval, MSG(GRAD_WRT_KIND), value_kind_text(&items[i]));
        }
        if (!arg_tensor(eval, &items[i], "x", &wrt[i])) return false;
    }
    if (!differentiate(eval_graph(eval), y, wrt, count, grads)) return eval_failed(eval);
    if (!list) return eval_node(eval, grads[0], result);
    Value *values = NEW_ARRAY(eval_arena(eval), Value, count);
    for (size_t i = 0; i < count; i++) values[i] = value_tensor(grads[i]);
    *result = value_list(eval, values, count);
    return true;
}

// ---- Attributes, and their spelling as methods

static bool call_shape(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    if (!arg_tensor(eval, &args[0], "x", &x)) return false;
    Shape shape = tensor_shape(eval, x);
    *result = value_shape(eval, &shape);
    return true;
}

static bool call_size(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    uint32_t axis;
    if (args[1].kind == VALUE_NONE) return call_shape(eval, args, result);
    if (!arg_tensor(eval, &args[0], "x", &x)) return false;
    Shape shape = tensor_shape(eval, x);
    if (!arg_axis(eval, &args[1], "dim", &shape, &axis)) return false;
    *result = value_dim(shape.dim[axis]);
    return true;
}

static bool call_numel(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    uint32_t axes;
    if (!arg_tensor(eval, &args[0], "x", &x)) return false;
    Shape shape = tensor_shape(eval, x);
    if (!arg_axes(eval, &args[1], "dim", &shape, &axes)) return false;
    for (uint32_t i = 0; i < shape.rank; i++) {
        if (!(axes & 1u << i)) shape.dim[i] = dim_constant(1);
    }
    *result = value_dim(shape_count(&shape));
    return true;
}

static bool call_ndim(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    if (!arg_tensor(eval, &args[0], "x", &x)) return false;
    *result = value_int(tensor_shape(eval, x).rank);
    return true;
}

static bool call_dtype(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    if (!arg_tensor(eval, &args[0], "x", &x)) return false;
    *result = value_dtype(graph_node(eval_graph(eval), x)->dtype);
    return true;
}

// x.T reverses all axes; x.mT swaps the last two.
static bool call_T(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    if (!arg_tensor(eval, &args[0], "x", &x)) return false;
    uint32_t rank = tensor_shape(eval, x).rank;
    uint8_t reversed[MAX_RANK] = {0};
    for (uint32_t i = 0; i < rank; i++) reversed[i] = (uint8_t)(rank - 1 - i);
    return eval_node(eval, build_permute(eval_graph(eval), x, reversed), result);
}

static bool call_mT(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    if (!arg_tensor(eval, &args[0], "x", &x)) return false;
    Shape shape = tensor_shape(eval, x);
    if (shape.rank < 2) return eval_error(eval, MSG(MT_RANK), shape_text(eval_arena(eval), &shape));
    return eval_node(eval, build_transpose(eval_graph(eval), x, shape.rank - 2u, shape.rank - 1u), result);
}

const Builtin tensor_calculus[] = {
    {"matmul", "x, y", "The matrix product x @ y, over batches of matrices too.", call_matmul},
    {"grad", "y, x", "The symbolic derivative of the scalar y with respect to x: a tensor, a parameter or a list of them.",
     call_grad},
    {"size", "x, dim=None", "x.shape, or the size of one axis.", call_size},
    {"numel", "x, dim=None", "The number of elements, or how many the axes `dim` hold together.", call_numel},
    {"dim", "x", "The number of axes.", call_ndim},
    {NULL}};

const Builtin tensor_properties[] = {
    {"shape", "x", "The sizes of the axes as a tuple; sizes that depend on the batch are run-time numbers.", call_shape},
    {"ndim", "x", "The number of axes.", call_ndim},
    {"dtype", "x", "The type of the elements.", call_dtype},
    {"T", "x", "x with its axes in reverse order.", call_T},
    {"mT", "x", "x with its last two axes swapped.", call_mT},
    {NULL}};
