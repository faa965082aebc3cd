// The other half of build.c: movement, reductions and PyTorch's matmul.
#include <string.h>

#include "ir/build.h"
#include "ir/op.h"

static const Shape rank0;

// ---- Movement. What changes nothing gives the operand itself, and a splat constant takes the new shape at once.

static NodeId reshaped_splat(Graph *g, NodeId x, Shape shape) {
    const Node *node = graph_node(g, x);
    return build_splat(g, shape, node->dtype, node->attr.constant.number, node->attr.constant.integer);
}

NodeId build_expand(Graph *g, NodeId x, Shape shape) {
    if (x == NODE_NONE || shape_equal(&graph_node(g, x)->shape, &shape)) return x;
    // Scalars are exact until they meet a tensor.
    if (graph_node(g, x)->dtype == DT_F64 && graph_node(g, x)->shape.rank == 0) x = build_cast(g, x, g->float_type);
    OpCall call = {.arena = g->arena, .nodes = g->nodes, .op = OP_EXPAND, .operands = &x, .count = 1, .shape = shape};
    if (node_is_splat(g, x) && op_infer(&call)) return reshaped_splat(g, x, shape);
    return graph_append(g, OP_EXPAND, &x, 1, NULL, shape, DT_BOOL);
}

NodeId build_reshape(Graph *g, NodeId x, Shape shape) {
    if (x == NODE_NONE || shape_equal(&graph_node(g, x)->shape, &shape)) return x;
    OpCall call = {.arena = g->arena, .nodes = g->nodes, .op = OP_RESHAPE, .operands = &x, .count = 1, .shape = shape};
    if (node_is_splat(g, x) && op_infer(&call)) return reshaped_splat(g, x, shape);
    return graph_append(g, OP_RESHAPE, &x, 1, NULL, shape, DT_BOOL);
}

NodeId build_permute(Graph *g, NodeId x, const uint8_t *permutation) {
    if (x == NODE_NONE) return NODE_NONE;
    uint32_t rank = graph_node(g, x)->shape.rank;
    Attr attr;
    memset(&attr, 0, sizeof attr);
    memcpy(attr.permutation.axis, permutation, rank);
    bool identity = true;
    for (uint32_t i = 0; i < rank; i++) identity &= permutation[i] == i;
    return identity ? x : graph_append(g, OP_PERMUTE, &x, 1, &attr, rank0, DT_BOOL);
}

NodeId build_transpose(Graph *g, NodeId x, uint32_t axis_a, uint32_t axis_b) {
    uint8_t permutation[MAX_RANK] = {0, 1, 2, 3, 4, 5, 6, 7};
    permutation[axis_a] = (uint8_t)axis_b;
    permutation[axis_b] = (uint8_t)axis_a;
    return build_permute(g, x, permutation);
}

NodeId build_slice(Graph *g, NodeId x, uint32_t axis, Dim start, Dim size, int64_t step) {
    if (x == NODE_NONE) return NODE_NONE;
    Shape shape = graph_node(g, x)->shape;
    if (axis >= shape.rank) BUG("build_slice: axis %u of rank %u", axis, shape.rank);
    if (start.size == 0 && step == 1 && dim_equal(size, shape.dim[axis])) return x;
    Attr attr;
    memset(&attr, 0, sizeof attr);
    for (uint32_t i = 0; i < shape.rank; i++) attr.slice.step[i] = 1;
    attr.slice.start[axis] = start;
    attr.slice.step[axis] = step;
    shape.dim[axis] = size;
    return graph_append(g, OP_SLICE, &x, 1, &attr, shape, DT_BOOL);
}

NodeId build_pad(Graph *g, NodeId x, uint32_t axis, Dim low, Dim high) {
    if (x == NODE_NONE || (low.size == 0 && high.size == 0)) return x;
    if (axis >= graph_node(g, x)->shape.rank) BUG("build_pad: axis %u", axis);
    Attr attr;
    memset(&attr, 0, sizeof attr);
    attr.pad.low[axis] = low;
    attr.pad.high[axis] = high;
    return graph_append(g, OP_PAD, &x, 1, &attr, rank0, DT_BOOL);
}

NodeId build_concat(Graph *g, const NodeId *parts, size_t count, uint32_t axis) {
    for (size_t i = 0; i < count; i++) {
        if (parts[i] == NODE_NONE) return NODE_NONE;
    }
    if (count == 1) return parts[0];
    NodeId *cast = NEW_ARRAY(g->arena, NodeId, count);
    memcpy(cast, parts, count * sizeof *cast);
    bool differ = false;
    for (size_t i = 1; i < count; i++) differ |= graph_node(g, parts[i])->dtype != graph_node(g, parts[0])->dtype;
    for (size_t i = 1; differ && i < count; i++) cast[0] = build_cast(g, cast[0], build_promote(g, cast[0], cast[i]));
    for (size_t i = 1; differ && i < count; i++) cast[i] = build_cast(g, cast[i], graph_node(g, cast[0])->dtype);
    return graph_append(g, OP_CONCAT, cast, count, &(Attr){.axis = axis}, rank0, DT_BOOL);
}

// ---- Reductions

static NodeId keep_dims(Graph *g, NodeId reduced, Shape shape, uint32_t axes) {
    for (uint32_t i = 0; i < shape.rank; i++) {
        if (axes & 1u << i) shape.dim[i] = (Dim){.size = 1};
    }
    return build_reshape(g, reduced, shape);
}

NodeId build_reduce(Graph *g, Op op, NodeId x, uint32_t axes, bool keepdim, bool share_ties) {
    if (x == NODE_NONE) return x;
    if (op_info[op].class != CLASS_REDUCTION) BUG("build_reduce: %s", op_info[op].name);
    const Node *node = graph_node(g, x);
    bool counts = node->dtype == DT_BOOL && (op == OP_SUM || op == OP_PROD);
    if (axes == 0) return counts ? build_cast(g, x, DT_I64) : x;
    Shape shape = node->shape;
    bool logical = node->dtype == DT_BOOL && (op == OP_MAX || op == OP_MIN); // any, all
    if (node->dtype == DT_BOOL || node->dtype == DT_U8) x = build_cast(g, x, DT_I64);
    Attr attr = {.reduce = {.axes = axes, .share_ties = share_ties && (op == OP_MAX || op == OP_MIN)}};
    NodeId result = graph_append(g, op, &x, 1, &attr, rank0, DT_BOOL);
    if (logical) result = build_cast(g, result, DT_BOOL);
    return keepdim ? keep_dims(g, result, shape, axes) : result;
}

NodeId build_sum_to(Graph *g, NodeId x, Shape shape) {
    if (x == NODE_NONE) return NODE_NONE;
    Shape from = graph_node(g, x)->shape;
    uint32_t added = from.rank - shape.rank, axes = 0;
    for (uint32_t i = 0; i < from.rank; i++) {
        if (i < added || !dim_equal(from.dim[i], shape.dim[i - added])) axes |= 1u << i;
    }
    return build_reshape(g, build_reduce(g, OP_SUM, x, axes, false, false), shape);
}

NodeId build_mean(Graph *g, NodeId x, uint32_t axes, bool keepdim) {
    if (x == NODE_NONE) return NODE_NONE;
    const Node *node = graph_node(g, x);
    Shape shape = node->shape, reduced = {0};
    if (!dtype_is_float(node->dtype)) x = build_cast(g, x, g->float_type);
    for (uint32_t i = 0; i < shape.rank; i++) {
        if (axes & 1u << i) reduced.dim[reduced.rank++] = shape.dim[i];
    }
    NodeId sum = build_reduce(g, OP_SUM, x, axes, keepdim, false);
    if (sum == NODE_NONE || reduced.rank == 0) return sum;
    return build_binary(g, OP_DIV, sum, build_cast(g, build_size(g, shape_count(&reduced)), graph_node(g, sum)->dtype));
}

// ---- Matmul

static NodeId insert_axis(Graph *g, NodeId x, uint32_t axis) {
    Shape shape = graph_node(g, x)->shape;
    memmove(&shape.dim[axis + 1], &shape.dim[axis], (shape.rank - axis) * sizeof *shape.dim);
    shape.dim[axis] = (Dim){.size = 1};
    shape.rank++;
    return build_reshape(g, x, shape);
}

static NodeId product(Graph *g, NodeId a, NodeId b) {
    NodeId operands[] = {a, b};
    return graph_append(g, OP_MATMUL, operands, 2, &(Attr){.matmul = {false, false}}, rank0, DT_BOOL);
}

// (…, M, K) @ (K, N): one product with all rows of a. Its leading axes become one, which may depend on the batch.
static NodeId flat_product(Graph *g, NodeId a, NodeId b) {
    Shape shape = graph_node(g, a)->shape;
    Shape leading = {.rank = shape.rank - 1};
    memcpy(leading.dim, shape.dim, leading.rank * sizeof *leading.dim);
    Shape flat = {.rank = 2, .dim = {shape_count(&leading), shape.dim[shape.rank - 1]}};
    NodeId result = product(g, build_reshape(g, a, flat), b);
    if (result == NODE_NONE) return NODE_NONE;
    shape.dim[shape.rank - 1] = graph_node(g, result)->shape.dim[1];
    return build_reshape(g, result, shape);
}

// (A…, M, K) @ (B…, K, N), with A… and B… broadcast.
static NodeId batched_product(Graph *g, NodeId a, NodeId b) {
    Shape x = graph_node(g, a)->shape, y = graph_node(g, b)->shape, lead_x = x, lead_y = y, lead;
    lead_x.rank -= 2;
    lead_y.rank -= 2;
    if (!build_broadcast_shape(g, &lead_x, &lead_y, &lead)) return NODE_NONE;
    Shape full_x = lead, full_y = lead;
    full_x.rank = full_y.rank = lead.rank + 2;
    memcpy(&full_x.dim[lead.rank], &x.dim[x.rank - 2], 2 * sizeof *x.dim);
    memcpy(&full_y.dim[lead.rank], &y.dim[y.rank - 2], 2 * sizeof *y.dim);
    return product(g, build_expand(g, a, full_x), build_expand(g, b, full_y));
}

NodeId build_matmul(Graph *g, NodeId a, NodeId b) {
    if (a == NODE_NONE || b == NODE_NONE) return NODE_NONE;
    DType dtype = build_promote(g, a, b);
    Shape x = graph_node(g, a)->shape, y = graph_node(g, b)->shape;
    if (x.rank == 0 || y.rank == 0) {
        graph_error(g, MSG(MATMUL_RANK), shape_text(g->arena, &x), shape_text(g->arena, &y));
        return NODE_NONE;
    }
    Dim inner_x = x.dim[x.rank - 1], inner_y = y.dim[y.rank == 1 ? 0 : y.rank - 2];
    if (!dim_equal(inner_x, inner_y)) {
        graph_error(g, MSG(MATMUL_INNER), shape_text(g->arena, &x), shape_text(g->arena, &y), dim_text(g->arena, inner_x),
                    dim_text(g->arena, inner_y));
        return NODE_NONE;
    }
    a = build_cast(g, a, dtype);
    b = build_cast(g, b, dtype);
    if (x.rank == 1 && a != NODE_NONE) a = insert_axis(g, a, 0);
    if (y.rank == 1 && b != NODE_NONE) b = insert_axis(g, b, 1);
    if (a == NODE_NONE || b == NODE_NONE) return NODE_NONE;
    uint32_t rank_a = graph_node(g, a)->shape.rank, rank_b = graph_node(g, b)->shape.rank;
    NodeId result = rank_b > 2 ? batched_product(g, a, b) : rank_a > 2 ? flat_product(g, a, b) : product(g, a, b);
    if (result == NODE_NONE) return NODE_NONE;
    Shape shape = graph_node(g, result)->shape;
    if (x.rank == 1) { // its one row is no axis of the result
        shape.dim[shape.rank - 2] = shape.dim[shape.rank - 1];
        shape.rank--;
    }
    if (y.rank == 1) shape.rank--; // nor is its one column
    return build_reshape(g, result, shape);
}
