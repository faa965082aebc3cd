// Building graphs comfortably: constants, types that meet, broadcasting, elementwise ops. Movement, reductions and matmul are
// in build_shape.c. What a constant alone decides is decided here, so that graphs stay small and readable.
#include "ir/build.h"

#include <string.h>

#include "ir/interpret.h"
#include "ir/op.h"

static const Shape rank0;

// ---- Constants and scalars

NodeId build_splat(Graph *g, Shape shape, DType dtype, double number, int64_t integer) {
    Attr attr;
    memset(&attr, 0, sizeof attr);
    if (dtype == DT_F32) attr.constant.number = (double)(float)number;
    else if (dtype == DT_F64) attr.constant.number = number;
    else attr.constant.integer = integer;
    return graph_append(g, OP_CONST, NULL, 0, &attr, shape, dtype);
}

NodeId build_float(Graph *g, double value) { return build_splat(g, rank0, DT_F64, value, 0); }
NodeId build_int(Graph *g, int64_t value) { return build_splat(g, rank0, DT_I64, 0, value); }
NodeId build_bool(Graph *g, bool value) { return build_splat(g, rank0, DT_BOOL, 0, value); }

NodeId build_full(Graph *g, Shape shape, DType dtype, double value) {
    return build_splat(g, shape, dtype, value, dtype_is_float(dtype) ? 0 : cast_to_int(dtype, value));
}

NodeId build_literal(Graph *g, Shape shape, DType dtype, const double *data) {
    Dim count = shape_count(&shape);
    double *copy = NEW_ARRAY(g->arena, double, (size_t)count.size);
    for (int64_t i = 0; i < count.size; i++) copy[i] = dtype == DT_F32 ? (double)(float)data[i] : data[i];
    Attr attr;
    memset(&attr, 0, sizeof attr);
    attr.constant.data = copy;
    attr.constant.count = (size_t)count.size;
    return graph_append(g, OP_CONST, NULL, 0, &attr, shape, dtype);
}

NodeId build_zeros_like(Graph *g, NodeId x) {
    if (x == NODE_NONE) return NODE_NONE;
    const Node *node = graph_node(g, x);
    return build_splat(g, node->shape, node->dtype, 0, 0);
}

NodeId build_scalar(Graph *g, ScalarKind kind) {
    return graph_append(g, OP_SCALAR, NULL, 0, &(Attr){.index = kind}, rank0, scalar_dtype(kind));
}

NodeId build_size(Graph *g, Dim dim) {
    if (!dim.batch) return build_int(g, dim.size);
    NodeId N = build_scalar(g, SCALAR_N);
    return dim.size == 1 ? N : build_binary(g, OP_MUL, N, build_int(g, dim.size));
}

NodeId build_iota(Graph *g, Shape shape, uint32_t axis) {
    return graph_append(g, OP_IOTA, NULL, 0, &(Attr){.axis = axis}, shape, DT_I64);
}

NodeId build_random(Graph *g, Op op, Shape shape) {
    Attr attr = {.random = {.place = g->random_places}};
    NodeId id = graph_append(g, op, NULL, 0, &attr, shape, g->float_type);
    if (id != NODE_NONE) g->random_places++;
    return id;
}

NodeId build_draw(Graph *g, Shape shape, DrawKind kind, double a, double b) {
    Attr attr = {.draw = {.kind = kind, .order = g->draws, .a = a, .b = b}};
    NodeId id = graph_append(g, OP_DRAW, NULL, 0, &attr, shape, kind == DRAW_INTEGERS ? DT_I64 : DT_F32);
    if (id == NODE_NONE) return NODE_NONE;
    g->draws++;
    if (kind == DRAW_INTEGERS || kind == DRAW_SEED) return id;
    return build_cast(g, id, g->float_type); // an f64 program draws the same f32 numbers
}

bool node_is_splat(const Graph *g, NodeId x) {
    const Node *node = graph_node(g, x);
    return node->op == OP_CONST && !node->attr.constant.data;
}

// ---- Types

DType build_promote(const Graph *g, NodeId a, NodeId b) {
    const Node *x = graph_node(g, a), *y = graph_node(g, b);
    if (x->dtype == y->dtype) return x->dtype == DT_U8 ? DT_I64 : x->dtype;
    if (dtype_is_float(x->dtype) && dtype_is_float(y->dtype)) return g->float_type;
    if (dtype_is_float(y->dtype)) {
        const Node *swap = x;
        x = y;
        y = swap;
    }
    // A float scalar beside a tensor of integers makes a tensor of the program's type; beside a scalar it stays exact.
    if (dtype_is_float(x->dtype)) return x->shape.rank == 0 && y->shape.rank > 0 ? g->float_type : x->dtype;
    return DT_I64;
}

static NodeId cast_splat(Graph *g, const Node *x, DType dtype) {
    double number = x->attr.constant.number;
    int64_t integer = x->attr.constant.integer;
    if (dtype_is_float(x->dtype)) return build_full(g, x->shape, dtype, number);
    return build_splat(g, x->shape, dtype, (double)integer,
                       dtype == DT_BOOL ? integer != 0
                       : dtype == DT_U8 ? (uint8_t)integer
                                        : integer);
}

NodeId build_cast(Graph *g, NodeId x, DType dtype) {
    if (x == NODE_NONE || graph_node(g, x)->dtype == dtype) return x;
    if (node_is_splat(g, x)) return cast_splat(g, graph_node(g, x), dtype);
    return graph_append(g, OP_CAST, &x, 1, NULL, rank0, dtype);
}

// The float type that an integer or bool becomes: scalars stay exact.
static DType float_for(const Graph *g, const Node *x) {
    return x->shape.rank == 0 && !g->plain_scalars ? DT_F64 : g->float_type;
}

// The type in which the operands of a binary op meet.
static DType meeting_type(const Graph *g, Op op, NodeId a, NodeId b) {
    if (op == OP_AND || op == OP_OR) return DT_BOOL;
    DType dtype = build_promote(g, a, b);
    if (op == OP_EQ || op == OP_NE) return dtype;
    if (dtype == DT_BOOL) dtype = DT_I64;
    if (op != OP_DIV || dtype_is_float(dtype)) return dtype;
    const Node *x = graph_node(g, a), *y = graph_node(g, b);
    return float_for(g, x->shape.rank ? x : y);
}

NodeId build_unary(Graph *g, Op op, NodeId x) {
    if (x == NODE_NONE) return NODE_NONE;
    if (op_info[op].class != CLASS_ELEMENTWISE || op_info[op].operands != 1 || op == OP_CAST)
        BUG("build_unary: %s", op_info[op].name);
    const Node *node = graph_node(g, x);
    DTypeSet accepted = op_defs[op]->dtypes;
    if (op == OP_NOT) x = build_cast(g, x, DT_BOOL);
    else if (accepted & DTYPES(node->dtype)) return graph_append(g, op, &x, 1, NULL, rank0, DT_BOOL);
    else if (op == OP_FLOOR || op == OP_ROUND) return x; // integers are whole
    else if (accepted & DTYPES(DT_I64)) x = build_cast(g, x, DT_I64);
    else x = build_cast(g, x, float_for(g, node));
    return graph_append(g, op, &x, 1, NULL, rank0, DT_BOOL);
}

// ---- Broadcasting

static bool dim_is_one(Dim dim) { return dim.size == 1 && !dim.batch; }

static bool broadcast(Graph *g, const char *what, const Shape *a, const Shape *b, Shape *result) {
    Shape shape = {.rank = a->rank > b->rank ? a->rank : b->rank};
    uint32_t batches = 0;
    for (uint32_t i = 0; i < shape.rank; i++) { // from the last axis
        Dim one = {.size = 1};
        Dim x = i < a->rank ? a->dim[a->rank - 1 - i] : one;
        Dim y = i < b->rank ? b->dim[b->rank - 1 - i] : one;
        if (!dim_equal(x, y) && !dim_is_one(x) && !dim_is_one(y)) {
            graph_error(g, MSG(BROADCAST), what, shape_text(g->arena, a), shape_text(g->arena, b), i + 1, dim_text(g->arena, x),
                        dim_text(g->arena, y));
            return false;
        }
        shape.dim[shape.rank - 1 - i] = dim_is_one(x) ? y : x;
        batches += shape.dim[shape.rank - 1 - i].batch;
    }
    if (batches > 1) {
        graph_error(g, MSG(BROADCAST_TWO_BATCHES), what, shape_text(g->arena, a), shape_text(g->arena, b),
                    shape_text(g->arena, &shape));
        return false;
    }
    *result = shape;
    return true;
}

bool build_broadcast_shape(Graph *g, const Shape *a, const Shape *b, Shape *result) {
    return broadcast(g, "broadcasting", a, b, result);
}

NodeId build_binary(Graph *g, Op op, NodeId a, NodeId b) {
    if (a == NODE_NONE || b == NODE_NONE) return NODE_NONE;
    if (op_info[op].class != CLASS_ELEMENTWISE || op_info[op].operands != 2) BUG("build_binary: %s", op_info[op].name);
    Shape shape;
    if (!broadcast(g, op_info[op].name, &graph_node(g, a)->shape, &graph_node(g, b)->shape, &shape)) return NODE_NONE;
    if (op == OP_CHECKED) b = build_cast(g, b, DT_BOOL);
    else {
        DType dtype = meeting_type(g, op, a, b);
        a = build_cast(g, a, dtype);
        b = build_cast(g, b, dtype);
    }
    NodeId operands[] = {build_expand(g, a, shape), build_expand(g, b, shape)};
    return graph_append(g, op, operands, 2, NULL, rank0, DT_BOOL);
}

NodeId build_where(Graph *g, NodeId condition, NodeId a, NodeId b) {
    if (condition == NODE_NONE || a == NODE_NONE || b == NODE_NONE) return NODE_NONE;
    Shape shape;
    if (!broadcast(g, "where", &graph_node(g, a)->shape, &graph_node(g, b)->shape, &shape) ||
        !broadcast(g, "where", &graph_node(g, condition)->shape, &shape, &shape)) {
        return NODE_NONE;
    }
    DType dtype = build_promote(g, a, b);
    a = build_cast(g, a, dtype);
    b = build_cast(g, b, dtype);
    condition = build_cast(g, condition, DT_BOOL);
    NodeId operands[] = {build_expand(g, condition, shape), build_expand(g, a, shape), build_expand(g, b, shape)};
    return graph_append(g, OP_WHERE, operands, 3, NULL, rank0, DT_BOOL);
}

NodeId build_checked(Graph *g, NodeId value, NodeId condition, const char *message) {
    if (value == NODE_NONE || condition == NODE_NONE) return NODE_NONE;
    condition = build_expand(g, build_cast(g, condition, DT_BOOL), graph_node(g, value)->shape);
    NodeId operands[] = {value, condition};
    Attr attr = {.checked = {.message = arena_strdup(g->arena, message)}};
    return graph_append(g, OP_CHECKED, operands, 2, &attr, rank0, DT_BOOL);
}
