// Tensors out of nothing: constants, ranges, random numbers, and the draws that initialisers are made of.
#include <math.h>

#include "elaborate/tensor.h"

#define ARANGE_LIMIT 1000000
#define RANDINT_LIMIT (INT64_C(1) << 53)

// An optional dtype argument; the program's float type when it is left out.
static bool dtype_or_float(Eval *eval, const Value *value, DType *dtype) {
    *dtype = eval_float(eval);
    return value->kind == VALUE_NONE || arg_dtype(eval, value, "dtype", dtype);
}

// A tensor out of nothing. In a calculator it is a node of its own, which no constant is built into, so that derivatives can
// be taken of it.
static bool give(Eval *eval, NodeId x, Value *result) {
    bool leaf = x != NODE_NONE && eval_calculator(eval);
    return eval_node(eval, leaf ? build_unary(eval_graph(eval), OP_STOP_GRADIENT, x) : x, result);
}

static bool filled(Eval *eval, const Value *shape_arg, const Value *dtype_arg, double number, Value *result) {
    Shape shape;
    DType dtype;
    return arg_shape(eval, shape_arg, "shape", false, &shape) && dtype_or_float(eval, dtype_arg, &dtype) &&
           give(eval, build_full(eval_graph(eval), shape, dtype, number), result);
}

static bool call_zeros(Eval *eval, const Value *args, Value *result) { return filled(eval, &args[0], &args[1], 0, result); }
static bool call_ones(Eval *eval, const Value *args, Value *result) { return filled(eval, &args[0], &args[1], 1, result); }

// As in PyTorch the value decides the type unless dtype does. It may be a run-time scalar.
static bool call_full(Eval *eval, const Value *args, Value *result) {
    Shape shape;
    NodeId x;
    DType dtype;
    if (!arg_shape(eval, &args[0], "size", false, &shape) || !arg_tensor(eval, &args[1], "fill_value", &x)) return false;
    Graph *g = eval_graph(eval);
    dtype = graph_node(g, x)->dtype;
    if (dtype_is_float(dtype)) dtype = eval_float(eval);
    if (args[2].kind != VALUE_NONE && !arg_dtype(eval, &args[2], "dtype", &dtype)) return false;
    return give(eval, build_expand(g, build_cast(g, x, dtype), shape), result);
}

static bool like(Eval *eval, const Value *args, double number, Value *result) {
    NodeId x;
    if (!arg_tensor(eval, &args[0], "x", &x)) return false;
    DType dtype = graph_node(eval_graph(eval), x)->dtype;
    if (args[1].kind != VALUE_NONE && !arg_dtype(eval, &args[1], "dtype", &dtype)) return false;
    return give(eval, build_full(eval_graph(eval), tensor_shape(eval, x), dtype, number), result);
}

static bool call_zeros_like(Eval *eval, const Value *args, Value *result) { return like(eval, args, 0, result); }
static bool call_ones_like(Eval *eval, const Value *args, Value *result) { return like(eval, args, 1, result); }

static bool call_full_like(Eval *eval, const Value *args, Value *result) {
    NodeId x, value;
    if (!arg_tensor(eval, &args[0], "x", &x) || !arg_tensor(eval, &args[1], "fill_value", &value)) return false;
    Graph *g = eval_graph(eval);
    DType dtype = graph_node(g, x)->dtype;
    return give(eval, build_expand(g, build_cast(g, value, dtype), tensor_shape(eval, x)), result);
}

static bool call_tensor(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    DType dtype;
    if (!arg_tensor(eval, &args[0], "data", &x)) return false;
    Graph *g = eval_graph(eval);
    if (args[1].kind != VALUE_NONE)
        return arg_dtype(eval, &args[1], "dtype", &dtype) && give(eval, build_cast(g, x, dtype), result);
    // PyTorch has no exact scalars: tensor(3.) has the type of tensors.
    bool exact = eval_calculator(eval) && graph_node(g, x)->dtype == DT_F64;
    return give(eval, exact ? build_cast(g, x, g->float_type) : x, result);
}

// ---- arange

static bool int_arange(Eval *eval, Dim start, Dim end, int64_t step, Value *result) {
    Graph *g = eval_graph(eval);
    if (end.batch) { // arange(N): the batch's indices
        if (start.size != 0 || start.batch || step != 1) return eval_error(eval, MSG(ARANGE_TO_BATCH));
        return eval_node(eval, build_iota(g, (Shape){.rank = 1, .dim = {end}}, 0), result);
    }
    if (start.batch) return eval_error(eval, MSG(ARANGE_FROM_BATCH));
    if (step == 0) return eval_error(eval, MSG(ARANGE_STEP));
    double span = ceil(((double)end.size - (double)start.size) / (double)step);
    if (span > (double)GRAPH_NODE_LIMIT * 1024) return eval_error(eval, MSG(ARANGE_TOO_LONG), span);
    Shape shape = {.rank = 1, .dim = {dim_constant(span > 0 ? (int64_t)span : 0)}};
    NodeId x = build_iota(g, shape, 0);
    if (step != 1) x = build_binary(g, OP_MUL, x, build_int(g, step));
    if (start.size != 0) x = build_binary(g, OP_ADD, x, build_int(g, start.size));
    return eval_node(eval, x, result);
}

static bool float_arange(Eval *eval, double start, double end, double step, Value *result) {
    if (step == 0) return eval_error(eval, MSG(ARANGE_STEP));
    double count = ceil((end - start) / step);
    if (!(count <= ARANGE_LIMIT)) return eval_error(eval, MSG(ARANGE_LIMIT), ARANGE_LIMIT);
    size_t size = count > 0 ? (size_t)count : 0;
    double *data = NEW_ARRAY(eval_arena(eval), double, size);
    for (size_t i = 0; i < size; i++) data[i] = start + (double)i * step;
    Shape shape = {.rank = 1, .dim = {dim_constant((int64_t)size)}};
    return give(eval, build_literal(eval_graph(eval), shape, eval_float(eval), data), result);
}

static bool call_arange(Eval *eval, const Value *args, Value *result) {
    bool one = args[1].kind == VALUE_NONE;
    Value zero = value_int(0);
    const Value *start = one ? &zero : &args[0], *end = one ? &args[0] : &args[1], *step = &args[2];
    if (start->kind == VALUE_FLOAT || end->kind == VALUE_FLOAT || step->kind == VALUE_FLOAT) {
        double a, b, by;
        return arg_number(eval, start, "start", &a) && arg_number(eval, end, "end", &b) &&
               arg_number(eval, step, "step", &by) && float_arange(eval, a, b, by, result);
    }
    Dim a, b;
    int64_t by;
    return arg_dim(eval, start, "start", &a) && arg_dim(eval, end, "end", &b) && arg_int(eval, step, "step", &by) &&
           int_arange(eval, a, b, by, result);
}

// ---- Classes

// 1 where the class is x, along a new last axis. A class that does not exist stops the program, as in PyTorch.
static bool call_one_hot(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    int64_t classes;
    if (!arg_tensor(eval, &args[0], "x", &x) || !arg_int(eval, &args[1], "num_classes", &classes)) return false;
    Graph *g = eval_graph(eval);
    Shape shape = tensor_shape(eval, x);
    if (dtype_is_float(graph_node(g, x)->dtype)) {
        return eval_error(eval, MSG(ONE_HOT_TYPE), dtype_text(graph_node(g, x)->dtype), shape_text(eval_arena(eval), &shape));
    }
    if (classes < 1) return eval_error(eval, MSG(ONE_HOT_CLASSES), (long long)classes);
    x = build_cast(g, x, DT_I64);
    NodeId inside =
        build_binary(g, OP_AND, build_binary(g, OP_GE, x, build_int(g, 0)), build_binary(g, OP_LT, x, build_int(g, classes)));
    x = eval_checked(eval, x, inside, arena_printf(eval_arena(eval), "a class is outside 0 … %lld", (long long)classes - 1));
    Shape row = {.rank = 1, .dim = {dim_constant(classes)}};
    NodeId hot = build_binary(g, OP_EQ, tensor_insert_axis(g, x, shape.rank), build_iota(g, row, 0));
    return eval_node(eval, build_cast(g, hot, DT_I64), result);
}

// ---- Random numbers

// In a calculator, of PyTorch's generator in the order of the text; else netc's own, new in each step.
static NodeId random_node(Eval *eval, Op op, Shape shape) {
    Graph *g = eval_graph(eval);
    if (!eval_calculator(eval)) return build_random(g, op, shape);
    return op == OP_RAND ? build_draw(g, shape, DRAW_UNIFORM, 0, 1) : build_draw(g, shape, DRAW_NORMAL, 0, 1);
}

static bool random(Eval *eval, const Value *shape_arg, Op op, Value *result) {
    Shape shape;
    return arg_shape(eval, shape_arg, "shape", false, &shape) && eval_node(eval, random_node(eval, op, shape), result);
}

static bool random_like(Eval *eval, const Value *args, Op op, Value *result) {
    NodeId x;
    return arg_tensor(eval, &args[0], "x", &x) && eval_node(eval, random_node(eval, op, tensor_shape(eval, x)), result);
}

// randint(high, size) or randint(low, high, size).
static bool call_randint(Eval *eval, const Value *args, Value *result) {
    bool two = args[2].kind == VALUE_NONE;
    Value zero = value_int(0);
    const Value *from = two ? &zero : &args[0], *to = two ? &args[0] : &args[1], *size = two ? &args[1] : &args[2];
    int64_t low, high;
    Shape shape;
    if (!arg_int(eval, from, "low", &low) || !arg_int(eval, to, "high", &high) || !arg_shape(eval, size, "size", false, &shape))
        return false;
    if (low >= high || low < -RANDINT_LIMIT || high > RANDINT_LIMIT)
        return eval_error(eval, MSG(RANDINT_RANGE), (long long)low, (long long)high);
    Graph *g = eval_graph(eval);
    if (eval_calculator(eval)) return eval_node(eval, build_draw(g, shape, DRAW_INTEGERS, (double)low, (double)high), result);
    NodeId scaled = build_binary(g, OP_MUL, build_random(g, OP_RAND, shape), build_float(g, (double)(high - low)));
    if (scaled == NODE_NONE) return eval_failed(eval);
    NodeId whole = build_cast(g, build_unary(g, OP_FLOOR, scaled), DT_I64);
    return eval_node(eval, build_binary(g, OP_ADD, whole, build_int(g, low)), result);
}

static bool call_rand(Eval *eval, const Value *args, Value *result) { return random(eval, args, OP_RAND, result); }
static bool call_randn(Eval *eval, const Value *args, Value *result) { return random(eval, args, OP_RANDN, result); }
static bool call_rand_like(Eval *eval, const Value *args, Value *result) { return random_like(eval, args, OP_RAND, result); }
static bool call_randn_like(Eval *eval, const Value *args, Value *result) { return random_like(eval, args, OP_RANDN, result); }

static bool draw(Eval *eval, const Value *args, DrawKind kind, const char *first, const char *second, Value *result) {
    Shape shape;
    double a, b;
    if (!arg_shape(eval, &args[0], "shape", false, &shape) || !arg_number(eval, &args[1], first, &a) ||
        !arg_number(eval, &args[2], second, &b)) {
        return false;
    }
    if (shape_batch_axis(&shape, NULL)) return eval_error(eval, MSG(INIT_OF_BATCH));
    if (!eval_node(eval, build_draw(eval_graph(eval), shape, kind, a, b), result)) return false;
    eval_effect(eval, result->tensor); // the generator moves on even when the values are overridden later
    return true;
}

static bool call_draw_uniform(Eval *eval, const Value *args, Value *result) {
    return draw(eval, args, DRAW_UNIFORM, "a", "b", result);
}

static bool call_draw_normal(Eval *eval, const Value *args, Value *result) {
    return draw(eval, args, DRAW_NORMAL, "mean", "std", result);
}

// In rows and columns as PyTorch flattens: the first axis against all others.
static bool call_draw_orthogonal(Eval *eval, const Value *args, Value *result) {
    Shape shape;
    if (!arg_shape(eval, &args[0], "shape", false, &shape)) return false;
    if (shape_batch_axis(&shape, NULL)) return eval_error(eval, MSG(INIT_OF_BATCH));
    if (shape.rank < 2) return eval_error(eval, MSG(ORTHOGONAL_RANK));
    NodeId drawn = build_draw(eval_graph(eval), shape, DRAW_ORTHOGONAL, (double)shape.dim[0].size, 0);
    if (!eval_node(eval, drawn, result)) return false;
    eval_effect(eval, result->tensor);
    return true;
}

const Builtin tensor_creations[] = {
    {"zeros", "*shape, dtype=None, requires_grad=False", "A tensor of zeros; without a shape, the initialiser.", call_zeros},
    {"ones", "*shape, dtype=None, requires_grad=False", "A tensor of ones; without a shape, the initialiser.", call_ones},
    {"full", "size, fill_value, dtype=None, requires_grad=False", "A tensor with the same number everywhere.", call_full},
    {"zeros_like", "x, dtype=None, requires_grad=False", "Zeros in the shape of x.", call_zeros_like},
    {"ones_like", "x, dtype=None, requires_grad=False", "Ones in the shape of x.", call_ones_like},
    {"full_like", "x, fill_value, requires_grad=False", "The same number everywhere in the shape of x.", call_full_like},
    {"tensor", "data, dtype=None, requires_grad=False", "A tensor of these numbers: tensor([[1., 2.], [3., 4.]]).",
     call_tensor},
    {"arange", "start, end=None, step=1, requires_grad=False",
     "start, start + step, … up to but without end; arange(n) starts at 0.", call_arange},
    {"one_hot", "x, num_classes", "1 where the class is x and 0 elsewhere, along a new last axis.", call_one_hot},
    {"rand", "*shape, requires_grad=False", "Uniform random numbers in [0, 1), new in each step.", call_rand},
    {"randn", "*shape, requires_grad=False", "Standard normal random numbers, new in each step.", call_randn},
    {"randint", "low, high, size=None", "Whole random numbers from low (or 0) up to but without high, new in each step.",
     call_randint},
    {"rand_like", "x, requires_grad=False", "rand in the shape of x.", call_rand_like},
    {"randn_like", "x, requires_grad=False", "randn in the shape of x.", call_randn_like},
    {"draw_uniform", "shape, a=0.0, b=1.0", "Uniform numbers in [a, b) from PyTorch's generator, for initialisers.",
     call_draw_uniform},
    {"draw_normal", "shape, mean=0.0, std=1.0", "Normal numbers from PyTorch's generator, for initialisers.", call_draw_normal},
    {"draw_orthogonal", "shape", "A matrix with orthonormal rows or columns from PyTorch's generator, for initialisers.",
     call_draw_orthogonal},
    {NULL}};
