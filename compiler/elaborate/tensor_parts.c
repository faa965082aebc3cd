// Tensors put together and cut up: concat, stack, chunk, split, slice, pad, tril, triu.
#include <string.h>

#include "elaborate/tensor.h"

// ---- Together

// The tensors of a list argument; NULL after reporting.
static NodeId *tensor_list(Eval *eval, const Value *value, size_t *count) {
    const ValueList *list;
    if (!arg_list(eval, value, "tensors", &list)) return NULL;
    if (list->count == 0) {
        eval_error(eval, MSG(NO_TENSORS));
        return NULL;
    }
    NodeId *nodes = NEW_ARRAY(eval_arena(eval), NodeId, list->count);
    for (size_t i = 0; i < list->count; i++) {
        if (!arg_tensor(eval, &list->items[i], "tensors", &nodes[i])) return NULL;
    }
    *count = list->count;
    return nodes;
}

static bool call_concat(Eval *eval, const Value *args, Value *result) {
    size_t count;
    uint32_t axis;
    NodeId *parts = tensor_list(eval, &args[0], &count);
    if (!parts) return false;
    Shape shape = tensor_shape(eval, parts[0]);
    return arg_axis(eval, &args[1], "dim", &shape, &axis) &&
           eval_node(eval, build_concat(eval_graph(eval), parts, count, axis), result);
}

static bool call_stack(Eval *eval, const Value *args, Value *result) {
    size_t count;
    uint32_t axis;
    NodeId *parts = tensor_list(eval, &args[0], &count);
    if (!parts) return false;
    Shape shape = tensor_shape(eval, parts[0]);
    if (!tensor_new_axis(eval, &args[1], &shape, &axis)) return false;
    for (size_t i = 0; i < count; i++) {
        Shape other = tensor_shape(eval, parts[i]);
        if (!shape_equal(&shape, &other)) {
            return eval_error(eval, MSG(STACK_SHAPES), shape_text(eval_arena(eval), &shape),
                              shape_text(eval_arena(eval), &other));
        }
    }
    for (size_t i = 0; i < count; i++) parts[i] = tensor_insert_axis(eval_graph(eval), parts[i], axis);
    return eval_node(eval, build_concat(eval_graph(eval), parts, count, axis), result);
}

// ---- Apart

// A tuple of slices along the axis with these sizes.
static bool cut(Eval *eval, NodeId x, uint32_t axis, const int64_t *sizes, size_t count, Value *result) {
    Value *parts = NEW_ARRAY(eval_arena(eval), Value, count);
    bool batch = tensor_shape(eval, x).dim[axis].batch;
    int64_t start = 0;
    for (size_t i = 0; i < count; i++) {
        Dim from = {.size = start, .batch = batch && start}, size = {.size = sizes[i], .batch = batch};
        if (!eval_node(eval, build_slice(eval_graph(eval), x, axis, from, size, 1), &parts[i])) return false;
        start += sizes[i];
    }
    *result = value_tuple(eval, parts, count);
    return true;
}

// Pieces of `size` and a smaller rest. Of the batch dimension, k·N, the pieces are multiples of N.
static bool cut_evenly(Eval *eval, NodeId x, uint32_t axis, int64_t size, Value *result) {
    int64_t whole = tensor_shape(eval, x).dim[axis].size;
    size_t count = (size_t)((whole - 1) / size + 1);
    int64_t *sizes = NEW_ARRAY(eval_arena(eval), int64_t, count);
    for (size_t i = 0; i < count; i++) sizes[i] = i + 1 < count ? size : whole - (int64_t)i * size;
    return cut(eval, x, axis, sizes, count, result);
}

static bool call_chunk(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    int64_t chunks;
    uint32_t axis;
    if (!arg_tensor(eval, &args[0], "x", &x) || !arg_int(eval, &args[1], "chunks", &chunks)) return false;
    Shape shape = tensor_shape(eval, x);
    if (!arg_axis(eval, &args[2], "dim", &shape, &axis)) return false;
    if (chunks < 1) return eval_error(eval, MSG(CHUNK_COUNT), (long long)chunks);
    int64_t whole = shape.dim[axis].size;
    if (shape.dim[axis].batch && whole % chunks) {
        return eval_error(eval, MSG(CHUNK_BATCH), shape_text(eval_arena(eval), &shape), (long long)chunks);
    }
    return cut_evenly(eval, x, axis, (whole - 1) / chunks + 1, result);
}

static bool split_by_list(Eval *eval, NodeId x, uint32_t axis, const ValueList *list, Value *result) {
    Shape shape = tensor_shape(eval, x);
    int64_t *sizes = NEW_ARRAY(eval_arena(eval), int64_t, list->count), sum = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!arg_int(eval, &list->items[i], "split_size", &sizes[i])) return false;
        if (sizes[i] < 0 || __builtin_add_overflow(sum, sizes[i], &sum)) return eval_error(eval, MSG(SPLIT_SIZES));
    }
    if (sum != shape.dim[axis].size || shape.dim[axis].batch) {
        return eval_error(eval, MSG(SPLIT_SUM), (long long)sum, axis, shape_text(eval_arena(eval), &shape));
    }
    return cut(eval, x, axis, sizes, list->count, result);
}

static bool call_split(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    int64_t size;
    uint32_t axis;
    if (!arg_tensor(eval, &args[0], "x", &x)) return false;
    Shape shape = tensor_shape(eval, x);
    if (!arg_axis(eval, &args[2], "dim", &shape, &axis)) return false;
    if (args[1].kind == VALUE_LIST || args[1].kind == VALUE_TUPLE) return split_by_list(eval, x, axis, args[1].list, result);
    if (!arg_int(eval, &args[1], "split_size", &size)) return false;
    if (size < 1) return eval_error(eval, MSG(SPLIT_SIZE), (long long)size);
    if (shape.dim[axis].batch) return eval_error(eval, MSG(SPLIT_BATCH), shape_text(eval_arena(eval), &shape));
    return cut_evenly(eval, x, axis, size, result);
}

// slice(x, dim, start, end, step) is x[…, start:end:step, …].
static bool call_slice(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    uint32_t axis;
    if (!arg_tensor(eval, &args[0], "x", &x)) return false;
    Shape shape = tensor_shape(eval, x);
    if (!arg_axis(eval, &args[1], "dim", &shape, &axis)) return false;
    ValueList range = {.items = (Value *)&args[2], .count = 3};
    ValueList all = {.items = (Value[]){NONE_VALUE, NONE_VALUE, NONE_VALUE}, .count = 3};
    Value subscripts[MAX_RANK];
    for (uint32_t i = 0; i <= axis; i++) subscripts[i] = (Value){.kind = VALUE_SLICE, .list = i == axis ? &range : &all};
    return tensor_index(eval, x, subscripts, axis + 1, result);
}

// ---- Borders

// One side of an axis: zeros added, or elements cut off where the amount is negative.
static NodeId pad_axis(Graph *g, NodeId x, uint32_t axis, int64_t low, int64_t high) {
    if (x == NODE_NONE) return NODE_NONE;
    Dim zero = dim_constant(0), dim = graph_node(g, x)->shape.dim[axis];
    if (low < 0 || high < 0) {
        int64_t start = low < 0 ? -low : 0, end = high < 0 ? -high : 0;
        Dim size = {.size = dim.size - start - end, .batch = dim.batch};
        x = build_slice(g, x, axis, dim_constant(start), size, 1);
    }
    return x == NODE_NONE ? x : build_pad(g, x, axis, low > 0 ? dim_constant(low) : zero, high > 0 ? dim_constant(high) : zero);
}

static bool call_pad(Eval *eval, const Value *args, Value *result) {
    NodeId x, value;
    const ValueList *list;
    const char *mode;
    if (!arg_tensor(eval, &args[0], "x", &x) || !arg_list(eval, &args[1], "pad", &list) ||
        !arg_string(eval, &args[2], "mode", &mode) || !arg_tensor(eval, &args[3], "value", &value)) {
        return false;
    }
    Graph *g = eval_graph(eval);
    Shape shape = tensor_shape(eval, x);
    if (strcmp(mode, "constant") != 0) return eval_error(eval, MSG(PAD_MODE), mode);
    if (list->count % 2 || list->count / 2 > shape.rank) {
        return eval_error(eval, MSG(PAD_AMOUNTS), shape_text(eval_arena(eval), &shape), list->count);
    }
    NodeId inside = build_full(g, shape, DT_BOOL, 1);
    for (size_t i = 0; i < list->count / 2; i++) {
        int64_t low, high;
        if (!arg_int(eval, &list->items[2 * i], "pad", &low) || !arg_int(eval, &list->items[2 * i + 1], "pad", &high))
            return false;
        uint32_t axis = shape.rank - 1u - (uint32_t)i;
        x = pad_axis(g, x, axis, low, high);
        if (x != NODE_NONE) inside = pad_axis(g, inside, axis, low, high);
        if (x == NODE_NONE || inside == NODE_NONE) return eval_failed(eval);
    }
    bool zeros = (args[3].kind == VALUE_INT && args[3].integer == 0) || (args[3].kind == VALUE_FLOAT && args[3].number == 0);
    if (zeros) return eval_node(eval, x, result);
    value = build_cast(g, value, graph_node(g, x)->dtype);
    return eval_node(eval, build_where(g, inside, x, value), result);
}

// ---- Triangles

// x where column − row is on the kept side of `diagonal`, 0 elsewhere.
static bool triangle(Eval *eval, const Value *args, Op kept, Value *result) {
    NodeId x;
    int64_t diagonal;
    if (!arg_tensor(eval, &args[0], "x", &x) || !arg_int(eval, &args[1], "diagonal", &diagonal)) return false;
    Graph *g = eval_graph(eval);
    Shape shape = tensor_shape(eval, x);
    if (shape.rank < 2) return eval_error(eval, MSG(TRIANGLE_RANK), shape_text(eval_arena(eval), &shape));
    Shape matrix = {.rank = 2, .dim = {shape.dim[shape.rank - 2], shape.dim[shape.rank - 1]}};
    NodeId distance = build_binary(g, OP_SUB, build_iota(g, matrix, 1), build_iota(g, matrix, 0));
    NodeId mask = build_binary(g, kept, distance, build_int(g, diagonal));
    return eval_node(eval, build_where(g, mask, x, build_zeros_like(g, x)), result);
}

static bool call_tril(Eval *eval, const Value *args, Value *result) { return triangle(eval, args, OP_LE, result); }
static bool call_triu(Eval *eval, const Value *args, Value *result) { return triangle(eval, args, OP_GE, result); }

const Builtin tensor_parts[] = {
    {"concat", "tensors, dim=0", "Tensors one after the other along an axis.", call_concat},
    {"cat", "tensors, dim=0", "Tensors one after the other along an axis.", call_concat},
    {"stack", "tensors, dim=0", "Tensors of one shape along a new axis.", call_stack},
    {"chunk", "x, chunks, dim=0", "A tuple of that many parts along an axis.", call_chunk},
    {"split", "x, split_size, dim=0", "A tuple of parts of that size, or of the sizes in a list.", call_split},
    {"slice", "x, dim, start=None, end=None, step=None", "x[start:end:step] along the axis `dim`.", call_slice},
    {"pad", "x, pad, mode='constant', value=0", "Borders around the last axes: (left, right, top, bottom, …).", call_pad},
    {"tril", "x, diagonal=0", "The lower triangle of the last two axes, zeros elsewhere.", call_tril},
    {"triu", "x, diagonal=0", "The upper triangle of the last two axes, zeros elsewhere.", call_triu},
    {NULL}};
