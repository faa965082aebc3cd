// Movement: the same elements in another shape or order. reshape, view, flatten, unflatten, squeeze, unsqueeze, transpose,
// permute, expand, repeat.
#include <string.h>

#include "elaborate/tensor.h"

// ---- Shapes with −1

static bool unsolvable(Eval *eval, const char *what, const Shape *from, Dim count, const Shape *shape) {
    Arena *arena = eval_arena(eval);
    eval_error(eval, MSG(RESHAPE_UNSOLVED), what, shape_text(arena, shape), shape_text(arena, from));
    if (count.batch && !shape_batch_axis(shape, NULL)) eval_hint(eval, MSG(HINT_BATCH_SIZE));
    return false;
}

bool tensor_solve_shape(Eval *eval, const char *what, const Shape *from, Dim count, Shape *shape) {
    uint32_t holes = 0, hole = 0;
    Dim known = dim_constant(1);
    for (uint32_t i = 0; i < shape->rank; i++) {
        if (shape->dim[i].size == -1 && !shape->dim[i].batch) {
            holes++;
            hole = i;
            continue;
        }
        known.batch |= shape->dim[i].batch;
        if (__builtin_mul_overflow(known.size, shape->dim[i].size, &known.size))
            return eval_error(eval, MSG(RESHAPE_TOO_LARGE), what);
    }
    if (holes == 0) return true;
    if (holes > 1) return eval_error(eval, MSG(RESHAPE_TWO_HOLES), what, shape_text(eval_arena(eval), shape));
    if (known.size == 0 || count.size % known.size != 0 || (known.batch && !count.batch)) {
        return unsolvable(eval, what, from, count, shape);
    }
    shape->dim[hole] = (Dim){.size = count.size / known.size, .batch = count.batch && !known.batch};
    return true;
}

static bool reshape(Eval *eval, const Value *args, const char *what, Value *result) {
    NodeId x;
    Shape shape;
    if (!arg_tensor(eval, &args[0], "x", &x) || !arg_shape(eval, &args[1], "shape", true, &shape)) return false;
    Shape from = tensor_shape(eval, x);
    return tensor_solve_shape(eval, what, &from, shape_count(&from), &shape) &&
           eval_node(eval, build_reshape(eval_graph(eval), x, shape), result);
}

static bool call_reshape(Eval *eval, const Value *args, Value *result) { return reshape(eval, args, "reshape", result); }
static bool call_view(Eval *eval, const Value *args, Value *result) { return reshape(eval, args, "view", result); }

// ---- Axes put together, taken apart, added and dropped

// Replaces axes [first, last] by the `count` sizes at `with`.
static bool replace_axes(Eval *eval, NodeId x, uint32_t first, uint32_t last, const Dim *with, size_t count, Value *result) {
    Shape from = tensor_shape(eval, x), to = {.rank = (uint8_t)first};
    if (first + count + from.rank - last - 1 > MAX_RANK) return eval_error(eval, MSG(TOO_MANY_AXES), MAX_RANK);
    memcpy(to.dim, from.dim, first * sizeof *to.dim);
    for (size_t i = 0; i < count; i++) to.dim[to.rank++] = with[i];
    for (uint32_t i = last + 1; i < from.rank; i++) to.dim[to.rank++] = from.dim[i];
    return eval_node(eval, build_reshape(eval_graph(eval), x, to), result);
}

static bool call_flatten(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    uint32_t first, last;
    if (!arg_tensor(eval, &args[0], "x", &x)) return false;
    Shape shape = tensor_shape(eval, x);
    if (shape.rank <= 1 && args[1].kind == VALUE_INT && args[1].integer == 1)
        return eval_node(eval, x, result); // nothing behind the batch
    if (!arg_axis(eval, &args[1], "start_dim", &shape, &first) || !arg_axis(eval, &args[2], "end_dim", &shape, &last))
        return false;
    if (first > last) return eval_error(eval, MSG(FLATTEN_ORDER), first, last);
    Dim count = dim_constant(1);
    for (uint32_t i = first; i <= last; i++) {
        count.size *= shape.dim[i].size;
        count.batch |= shape.dim[i].batch;
    }
    return replace_axes(eval, x, first, last, &count, 1, result);
}

static bool call_unflatten(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    uint32_t axis;
    Shape sizes;
    if (!arg_tensor(eval, &args[0], "x", &x)) return false;
    Shape shape = tensor_shape(eval, x);
    if (!arg_axis(eval, &args[1], "dim", &shape, &axis) || !arg_shape(eval, &args[2], "sizes", true, &sizes)) return false;
    Shape from = {.rank = 1, .dim = {shape.dim[axis]}};
    return tensor_solve_shape(eval, "unflatten", &from, shape.dim[axis], &sizes) &&
           replace_axes(eval, x, axis, axis, sizes.dim, sizes.rank, result);
}

NodeId tensor_insert_axis(Graph *g, NodeId x, uint32_t axis) {
    if (x == NODE_NONE) return NODE_NONE;
    Shape shape = graph_node(g, x)->shape;
    if (shape.rank == MAX_RANK) {
        diag_error(g->diag, g->span, MSG(TOO_MANY_AXES), MAX_RANK);
        return NODE_NONE;
    }
    memmove(&shape.dim[axis + 1], &shape.dim[axis], (shape.rank - axis) * sizeof *shape.dim);
    shape.dim[axis] = dim_constant(1);
    shape.rank++;
    return build_reshape(g, x, shape);
}

NodeId tensor_remove_axis(Graph *g, NodeId x, uint32_t axis) {
    if (x == NODE_NONE) return NODE_NONE;
    Shape shape = graph_node(g, x)->shape;
    memmove(&shape.dim[axis], &shape.dim[axis + 1], (shape.rank - axis - 1u) * sizeof *shape.dim);
    shape.rank--;
    return build_reshape(g, x, shape);
}

bool tensor_new_axis(Eval *eval, const Value *value, const Shape *shape, uint32_t *axis) {
    int64_t at;
    if (!arg_int(eval, value, "dim", &at)) return false;
    int64_t places = shape->rank + 1;
    if (at < -places || at >= places) {
        return eval_error(eval, MSG(NEW_AXIS_RANGE), (long long)at, shape_text(eval_arena(eval), shape));
    }
    *axis = (uint32_t)(at < 0 ? at + places : at);
    return true;
}

static bool call_unsqueeze(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    uint32_t axis = 0;
    if (!arg_tensor(eval, &args[0], "x", &x)) return false;
    Shape shape = tensor_shape(eval, x);
    return tensor_new_axis(eval, &args[1], &shape, &axis) &&
           eval_node(eval, tensor_insert_axis(eval_graph(eval), x, axis), result);
}

// As in PyTorch an axis of another size than 1 stays, also when it is named.
static bool call_squeeze(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    uint32_t axes;
    if (!arg_tensor(eval, &args[0], "x", &x)) return false;
    Shape from = tensor_shape(eval, x), to = {0};
    if (!arg_axes(eval, &args[1], "dim", &from, &axes)) return false;
    for (uint32_t i = 0; i < from.rank; i++) {
        bool one = from.dim[i].size == 1 && !from.dim[i].batch;
        if (!one || !(axes & 1u << i)) to.dim[to.rank++] = from.dim[i];
    }
    return eval_node(eval, build_reshape(eval_graph(eval), x, to), result);
}

// ---- Order of axes

static bool call_transpose(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    uint32_t a, b;
    if (!arg_tensor(eval, &args[0], "x", &x)) return false;
    Shape shape = tensor_shape(eval, x);
    return arg_axis(eval, &args[1], "dim0", &shape, &a) && arg_axis(eval, &args[2], "dim1", &shape, &b) &&
           eval_node(eval, build_transpose(eval_graph(eval), x, a, b), result);
}

static bool call_permute(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    const ValueList *list;
    uint8_t permutation[MAX_RANK];
    uint32_t seen = 0, axis;
    if (!arg_tensor(eval, &args[0], "x", &x) || !arg_list(eval, &args[1], "dims", &list)) return false;
    bool nested = list->count == 1 && (list->items[0].kind == VALUE_TUPLE || list->items[0].kind == VALUE_LIST);
    if (nested) list = list->items[0].list;
    Shape shape = tensor_shape(eval, x);
    for (size_t i = 0; i < list->count && i < shape.rank; i++) {
        if (!arg_axis(eval, &list->items[i], "dims", &shape, &axis)) return false;
        permutation[i] = (uint8_t)axis;
        seen |= 1u << axis;
    }
    if (list->count != shape.rank || seen != (1u << shape.rank) - 1) {
        return eval_error(eval, MSG(PERMUTE_AXES), shape.rank, shape_text(eval_arena(eval), &shape));
    }
    return eval_node(eval, build_permute(eval_graph(eval), x, permutation), result);
}

// ---- Copies

// −1 keeps a size.
static bool call_expand(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    Shape to;
    if (!arg_tensor(eval, &args[0], "x", &x) || !arg_shape(eval, &args[1], "shape", true, &to)) return false;
    Shape from = tensor_shape(eval, x);
    for (uint32_t i = 0; i < to.rank; i++) {
        if (to.dim[i].size != -1) continue;
        if (i + from.rank < to.rank) return eval_error(eval, MSG(EXPAND_NEW_AXIS), shape_text(eval_arena(eval), &to));
        to.dim[i] = from.dim[i + from.rank - to.rank];
    }
    return eval_node(eval, build_expand(eval_graph(eval), x, to), result);
}

// The axis `times` over: (…, d, …) → (…, 1, d, …) → (…, times, d, …) → (…, times · d, …).
static NodeId repeat_axis(Graph *g, NodeId x, uint32_t axis, Dim times) {
    Shape shape = graph_node(g, x)->shape;
    Dim size = shape.dim[axis];
    if (times.size == 1 && !times.batch) return x;
    if (size.size == 1 && !size.batch) {
        shape.dim[axis] = times;
        return build_expand(g, x, shape);
    }
    x = tensor_insert_axis(g, x, axis);
    if (x == NODE_NONE) return NODE_NONE;
    Shape wide = graph_node(g, x)->shape;
    wide.dim[axis] = times;
    x = build_expand(g, x, wide);
    if (x == NODE_NONE) return NODE_NONE; // among other things, where times · d would be too large a number
    shape.dim[axis] = (Dim){size.size * times.size, size.batch || times.batch};
    return build_reshape(g, x, shape);
}

static bool call_repeat(Eval *eval, const Value *args, Value *result) {
    NodeId x;
    Shape times;
    if (!arg_tensor(eval, &args[0], "x", &x) || !arg_shape(eval, &args[1], "repeats", false, &times)) return false;
    Graph *g = eval_graph(eval);
    Shape shape = tensor_shape(eval, x);
    if (times.rank < shape.rank) {
        return eval_error(eval, MSG(REPEAT_COUNT), shape_text(eval_arena(eval), &shape), times.rank);
    }
    while (x != NODE_NONE && tensor_shape(eval, x).rank < times.rank) x = tensor_insert_axis(g, x, 0);
    for (uint32_t i = 0; x != NODE_NONE && i < times.rank; i++) x = repeat_axis(g, x, i, times.dim[i]);
    return eval_node(eval, x, result);
}

const Builtin tensor_movements[] = {
    {"reshape", "x, *shape", "The same elements in another shape; one size may be -1.", call_reshape},
    {"view", "x, *shape", "The same elements in another shape; one size may be -1.", call_view},
    {"flatten", "x, start_dim=1, end_dim=-1", "The axes from start_dim to end_dim as one; the batch is kept.", call_flatten},
    {"unflatten", "x, dim, *sizes", "One axis as several; one size may be -1.", call_unflatten},
    {"unsqueeze", "x, dim", "A new axis of size 1.", call_unsqueeze},
    {"squeeze", "x, dim=None", "Without the axes of size 1, or without those of `dim`.", call_squeeze},
    {"transpose", "x, dim0, dim1", "Two axes exchanged.", call_transpose},
    {"permute", "x, *dims", "The axes in another order.", call_permute},
    {"expand", "x, *shape", "Broadcast to a shape; -1 keeps a size.", call_expand},
    {"repeat", "x, *repeats", "The tensor repeated along each axis.", call_repeat},
    {NULL}};
