// x[i, a:b:2, -1, None, ...]: subscripts of a tensor, one axis after the other.
#include "elaborate/tensor.h"

// Where indexing stands: the tensor so far and the next axis of it to be subscripted.
typedef struct Indexing {
    Eval *eval;
    Graph *g;
    NodeId x;
    uint32_t axis;
    Shape original;
} Indexing;

static bool set(Indexing *at, NodeId x) {
    at->x = x;
    return x != NODE_NONE || eval_failed(at->eval);
}

static Dim current_dim(const Indexing *at) { return graph_node(at->g, at->x)->shape.dim[at->axis]; }

static bool index_number(Indexing *at, int64_t index) {
    Dim dim = current_dim(at);
    const char *shape = shape_text(eval_arena(at->eval), &at->original);
    if (dim.batch) {
        eval_error(at->eval, MSG(BATCH_INDEX), shape);
        eval_hint(at->eval, MSG(HINT_SAMPLE));
        return false;
    }
    if (index < -dim.size || index >= dim.size) {
        return eval_error(at->eval, MSG(TENSOR_INDEX_RANGE), (long long)index, (long long)dim.size, shape);
    }
    if (index < 0) index += dim.size;
    return set(at, build_slice(at->g, at->x, at->axis, dim_constant(index), dim_constant(1), 1)) &&
           set(at, tensor_remove_axis(at->g, at->x, at->axis));
}

// A bound of a slice as Python clips it.
static int64_t clip(int64_t bound, int64_t size) {
    if (bound < 0) bound = bound < -size ? 0 : bound + size;
    return bound > size ? size : bound;
}

// Bounds in the batch dimension are multiples of N: x[:x.shape[0]] of a tensor with 2·N rows.
static bool batch_slice(Indexing *at, const Value *bounds, int64_t step) {
    Dim dim = current_dim(at), start = dim_constant(0), end = dim;
    if (bounds[0].kind != VALUE_NONE && !arg_dim(at->eval, &bounds[0], "the start of a slice", &start)) return false;
    if (bounds[1].kind != VALUE_NONE && !arg_dim(at->eval, &bounds[1], "the end of a slice", &end)) return false;
    bool strided = step > 1 && start.size < step && !start.batch && dim_equal(end, dim) && dim.size % step == 0;
    bool blocks = step == 1 && (start.batch || start.size == 0) && end.batch && start.size <= end.size && end.size <= dim.size;
    if (start.size < 0 || (!strided && !blocks)) {
        return eval_error(at->eval, MSG(BATCH_SLICE), shape_text(eval_arena(at->eval), &at->original));
    }
    Dim size = {.size = step > 1 ? dim.size / step : end.size - start.size, .batch = true};
    at->axis++;
    return set(at, build_slice(at->g, at->x, at->axis - 1, start, size, step));
}

static bool index_slice(Indexing *at, const ValueList *slice) {
    const Value *bounds = slice->items;
    int64_t step = 1, size = current_dim(at).size, start = 0, end = size;
    if (bounds[2].kind != VALUE_NONE && !arg_int(at->eval, &bounds[2], "the step of a slice", &step)) return false;
    if (step < 1) return eval_error(at->eval, MSG(TENSOR_SLICE_STEP), (long long)step);
    if (current_dim(at).batch) return batch_slice(at, bounds, step);
    if (bounds[0].kind != VALUE_NONE && !arg_int(at->eval, &bounds[0], "the start of a slice", &start)) return false;
    if (bounds[1].kind != VALUE_NONE && !arg_int(at->eval, &bounds[1], "the end of a slice", &end)) return false;
    start = clip(start, size);
    end = clip(end, size);
    int64_t count = end > start ? (end - start - 1) / step + 1 : 0;
    at->axis++;
    return set(at, build_slice(at->g, at->x, at->axis - 1, dim_constant(count ? start : 0), dim_constant(count),
                               count > 1 ? step : 1));
}

static bool index_one(Indexing *at, const Value *subscript, uint32_t skipped) {
    switch (subscript->kind) {
    case VALUE_INT: return index_number(at, subscript->integer);
    case VALUE_SLICE: return index_slice(at, subscript->list);
    case VALUE_ELLIPSIS: at->axis += skipped; return true;
    case VALUE_NONE: return set(at, tensor_insert_axis(at->g, at->x, at->axis++));
    case VALUE_TENSOR:
    case VALUE_PARAMETER: return eval_error(at->eval, MSG(INDEX_TENSOR));
    default: return eval_error(at->eval, MSG(INDEX_KIND), value_kind_text(subscript));
    }
}

bool tensor_index(Eval *eval, NodeId x, const Value *subscripts, size_t count, Value *result) {
    Indexing at = {.eval = eval, .g = eval_graph(eval), .x = x, .original = tensor_shape(eval, x)};
    size_t taken = 0, ellipses = 0; // axes that the subscripts speak of
    for (size_t i = 0; i < count; i++) {
        taken += subscripts[i].kind != VALUE_ELLIPSIS && subscripts[i].kind != VALUE_NONE;
        ellipses += subscripts[i].kind == VALUE_ELLIPSIS;
    }
    if (ellipses > 1) return eval_error(eval, MSG(INDEX_ELLIPSES));
    if (taken > at.original.rank) {
        return eval_error(eval, MSG(INDEX_COUNT), shape_text(eval_arena(eval), &at.original), taken);
    }
    for (size_t i = 0; i < count; i++) {
        if (!index_one(&at, &subscripts[i], at.original.rank - (uint32_t)taken)) return false;
    }
    *result = value_tensor(at.x);
    return true;
}
