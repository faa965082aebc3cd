// Shorthands for the rows: nodes made of nodes, and what is asked about them.
#include <string.h>

#include "simplify/rewrite.h"

static const Shape rank0;

NodeId make_like(Maker *m, const Node *node, const NodeId *operands) {
    return make(m, node->op, operands, node->operand_count, &node->attr, node->shape, node->dtype);
}

NodeId make_unary(Maker *m, Op op, NodeId x) { return make(m, op, &x, 1, NULL, rank0, DT_BOOL); }

NodeId make_binary(Maker *m, Op op, NodeId a, NodeId b) {
    NodeId operands[] = {a, b};
    return make(m, op, operands, 2, NULL, rank0, DT_BOOL);
}

NodeId make_where(Maker *m, NodeId condition, NodeId a, NodeId b) {
    NodeId operands[] = {condition, a, b};
    return make(m, OP_WHERE, operands, 3, NULL, rank0, DT_BOOL);
}

NodeId make_splat(Maker *m, Shape shape, DType dtype, double value) {
    Attr attr;
    memset(&attr, 0, sizeof attr);
    if (dtype == DT_F32) attr.constant.number = (double)(float)value;
    else if (dtype == DT_F64) attr.constant.number = value;
    else attr.constant.integer = (int64_t)value;
    return make(m, OP_CONST, NULL, 0, &attr, shape, dtype);
}

NodeId make_cast(Maker *m, NodeId x, DType dtype) {
    return at(m, x)->dtype == dtype ? x : make(m, OP_CAST, &x, 1, NULL, rank0, dtype);
}

NodeId make_reshape(Maker *m, NodeId x, Shape shape) {
    return shape_equal(&at(m, x)->shape, &shape) ? x : make(m, OP_RESHAPE, &x, 1, NULL, shape, DT_BOOL);
}

NodeId make_expand(Maker *m, NodeId x, Shape shape) {
    return shape_equal(&at(m, x)->shape, &shape) ? x : make(m, OP_EXPAND, &x, 1, NULL, shape, DT_BOOL);
}

NodeId make_permute(Maker *m, NodeId x, const uint8_t *permutation) {
    Attr attr;
    memset(&attr, 0, sizeof attr);
    memcpy(attr.permutation.axis, permutation, at(m, x)->shape.rank);
    return make(m, OP_PERMUTE, &x, 1, &attr, rank0, DT_BOOL);
}

NodeId make_reduce(Maker *m, Op op, NodeId x, uint32_t axes) {
    return axes ? make(m, op, &x, 1, &(Attr){.reduce = {.axes = axes}}, rank0, DT_BOOL) : x;
}

bool splat_value(const Maker *m, NodeId id, double *value) {
    const Node *node = at(m, id);
    if (node->op != OP_CONST || node->attr.constant.data) return false;
    *value = dtype_is_float(node->dtype) ? node->attr.constant.number : (double)node->attr.constant.integer;
    return dtype_is_float(node->dtype) || (*value < 0x1p53 && *value > -0x1p53); // larger integers are not exact here
}

bool is_splat_of(const Maker *m, NodeId id, double value) {
    double number;
    return splat_value(m, id, &number) && number == value;
}
