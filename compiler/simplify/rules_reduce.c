// Reductions and the contraction: what need not be added up, and transposes that a contraction reads by itself.
#include <string.h>

#include "simplify/rewrite.h"

static bool is_reduction(const Node *node) { return op_info[node->op].class == CLASS_REDUCTION && node->op != OP_ARGMAX; }

// Axes of size 1 have nothing to combine.
static NodeId reduce_unit_axes(Maker *m, const Node *node) {
    if (!is_reduction(node)) return NODE_NONE;
    const Node *x = arg(m, node, 0);
    uint32_t axes = node->attr.reduce.axes;
    for (uint32_t i = 0; i < x->shape.rank; i++) {
        if (dim_is(x->shape.dim[i], 1)) axes &= ~(1u << i);
    }
    if (axes == node->attr.reduce.axes) return NODE_NONE;
    return make_reshape(m, make_reduce(m, node->op, node->operands[0], axes), node->shape);
}

// Which axes of the operand of a reduction the axes of its result are.
static uint32_t kept_axes(const Node *reduction, const Shape *from, uint8_t *axis) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < from->rank; i++) {
        if (!(reduction->attr.reduce.axes & 1u << i)) axis[count++] = (uint8_t)i;
    }
    return count;
}

// Not where a batch of rows is left in between: the sums of the rows are made by whoever goes over them anyway, and are few.
static NodeId reduce_of_reduce(Maker *m, const Node *node) {
    if (!is_reduction(node) || arg_op(m, node, 0) != node->op) return NODE_NONE;
    const Node *inner = arg(m, node, 0);
    uint32_t batch;
    if (shape_batch_axis(&inner->shape, &batch) && node->attr.reduce.axes >> batch & 1) return NODE_NONE;
    uint8_t kept[MAX_RANK];
    uint32_t count = kept_axes(inner, &arg(m, inner, 0)->shape, kept), axes = inner->attr.reduce.axes;
    for (uint32_t i = 0; i < count; i++) {
        if (node->attr.reduce.axes & 1u << i) axes |= 1u << kept[i];
    }
    return make_reduce(m, node->op, inner->operands[0], axes);
}

static NodeId sum_of_neg(Maker *m, const Node *node) {
    if (node->op != OP_SUM || arg_op(m, node, 0) != OP_NEG) return NODE_NONE;
    return make_unary(m, OP_NEG, make_reduce(m, OP_SUM, arg(m, node, 0)->operands[0], node->attr.reduce.axes));
}

// After differentiation it does not matter how a tie shares its gradient.
static NodeId forget_ties(Maker *m, const Node *node) {
    if (!is_reduction(node) || !node->attr.reduce.share_ties) return NODE_NONE;
    return make_reduce(m, node->op, node->operands[0], node->attr.reduce.axes);
}

// The number `count` of elements as a value of this type and shape.
static NodeId count_as(Maker *m, Dim count, Shape shape, DType dtype) {
    if (!count.batch) return make_splat(m, shape, dtype, (double)count.size);
    NodeId N = make(m, OP_SCALAR, NULL, 0, &(Attr){.index = SCALAR_N}, shape_scalar(), DT_I64);
    if (count.size != 1) N = make_binary(m, OP_MUL, N, make_splat(m, shape_scalar(), DT_I64, (double)count.size));
    return make_expand(m, make_cast(m, N, dtype), shape);
}

// Adding up copies is multiplying by their number; the largest of copies is any of them.
static NodeId reduce_of_expand(Maker *m, const Node *node) {
    if (!is_reduction(node) || node->op == OP_PROD) return NODE_NONE;
    const Node *wide = arg(m, node, 0);
    if (wide->op != OP_EXPAND && !node_is_splat(m->g, node->operands[0])) return NODE_NONE;
    // Align the small shape with the wide one; a constant is a small tensor of ones.
    Shape small = wide->shape, kept = {0}, copies = {0};
    const Shape *from = wide->op == OP_EXPAND ? &arg(m, wide, 0)->shape : NULL;
    uint32_t added = from ? wide->shape.rank - from->rank : wide->shape.rank, left = 0;
    for (uint32_t i = 0; i < wide->shape.rank; i++) {
        bool reduced = node->attr.reduce.axes & 1u << i;
        small.dim[i] = i < added ? (Dim){.size = 1} : from->dim[i - added];
        bool repeated = !dim_equal(small.dim[i], wide->shape.dim[i]);
        if (reduced && repeated) {
            copies.dim[copies.rank++] = wide->shape.dim[i];
            continue;
        }
        if (reduced) left |= 1u << kept.rank;
        kept.dim[kept.rank++] = small.dim[i];
    }
    if (copies.rank == 0) return NODE_NONE;
    NodeId x = wide->op == OP_EXPAND ? wide->operands[0] : make(m, OP_CONST, NULL, 0, &wide->attr, shape_scalar(), wide->dtype);
    x = make_reduce(m, node->op, make_reshape(m, x, kept), left);
    if (node->op == OP_SUM) x = make_binary(m, OP_MUL, x, count_as(m, shape_count(&copies), at(m, x)->shape, node->dtype));
    return make_expand(m, x, node->shape);
}

// A sum over everything does not care how the elements are arranged. (reduce_of_permute sees to transposed ones.)
static NodeId reduce_all_of_reshape(Maker *m, const Node *node) {
    if (!is_reduction(node) || node->shape.rank != 0) return NODE_NONE;
    const Node *x = arg(m, node, 0);
    if (x->op != OP_RESHAPE) return NODE_NONE;
    uint32_t rank = arg(m, x, 0)->shape.rank;
    if (rank == 0) return x->operands[0];
    return make_reduce(m, node->op, x->operands[0], (1u << rank) - 1);
}

// The axes of size 1 that a reshape put in or took out can come and go after the reduction.
static NodeId reduce_of_squeezed(Maker *m, const Node *node) {
    if (!is_reduction(node) || arg_op(m, node, 0) != OP_RESHAPE) return NODE_NONE;
    const Node *x = arg(m, node, 0);
    const Shape *from = &arg(m, x, 0)->shape;
    uint32_t axes = 0, k = 0;
    for (uint32_t i = 0; i < x->shape.rank; i++) {
        if (dim_is(x->shape.dim[i], 1)) continue;
        while (k < from->rank && dim_is(from->dim[k], 1)) k++;
        if (k == from->rank || !dim_equal(from->dim[k], x->shape.dim[i])) return NODE_NONE;
        if (node->attr.reduce.axes & 1u << i) axes |= 1u << k;
        k++;
    }
    return make_reshape(m, make_reduce(m, node->op, x->operands[0], axes), node->shape);
}

static NodeId reduce_of_permute(Maker *m, const Node *node) {
    if (!is_reduction(node) || arg_op(m, node, 0) != OP_PERMUTE) return NODE_NONE;
    const Node *x = arg(m, node, 0);
    uint32_t axes = 0, rank = 0;
    uint8_t order[MAX_RANK] = {0}, rank_of[MAX_RANK] = {0};
    for (uint32_t i = 0; i < x->shape.rank; i++) {
        uint8_t source = x->attr.permutation.axis[i];
        if (node->attr.reduce.axes & 1u << i) axes |= 1u << source;
        else order[rank++] = source;
    }
    for (uint32_t i = 0, kept = 0; i < x->shape.rank; i++) {
        if (!(axes & 1u << i)) rank_of[i] = (uint8_t)kept++;
    }
    for (uint32_t i = 0; i < rank; i++) order[i] = rank_of[order[i]];
    return make_permute(m, make_reduce(m, node->op, x->operands[0], axes), order);
}

// ---- MATMUL

static bool swaps_last_two(const Node *node) {
    if (node->op != OP_PERMUTE) return false;
    uint32_t rank = node->shape.rank;
    const uint8_t *axis = node->attr.permutation.axis;
    for (uint32_t i = 0; i + 2 < rank; i++) {
        if (axis[i] != i) return false;
    }
    return rank >= 2 && axis[rank - 2] == rank - 1 && axis[rank - 1] == rank - 2;
}

static NodeId make_matmul(Maker *m, NodeId a, bool transpose_a, NodeId b, bool transpose_b) {
    NodeId operands[] = {a, b};
    return make(m, OP_MATMUL, operands, 2, &(Attr){.matmul = {transpose_a, transpose_b}}, shape_scalar(), DT_BOOL);
}

static NodeId matmul_of_transposed(Maker *m, const Node *node) {
    if (node->op != OP_MATMUL) return NODE_NONE;
    const Node *a = arg(m, node, 0), *b = arg(m, node, 1);
    bool ta = node->attr.matmul.transpose_a, tb = node->attr.matmul.transpose_b;
    if (swaps_last_two(a)) return make_matmul(m, a->operands[0], !ta, node->operands[1], tb);
    if (swaps_last_two(b)) return make_matmul(m, node->operands[0], ta, b->operands[0], !tb);
    return NODE_NONE;
}

static NodeId transpose_of_matmul(Maker *m, const Node *node) { // (A B)ᵀ = Bᵀ Aᵀ
    if (!swaps_last_two(node) || arg_op(m, node, 0) != OP_MATMUL) return NODE_NONE;
    const Node *x = arg(m, node, 0);
    return make_matmul(m, x->operands[1], !x->attr.matmul.transpose_b, x->operands[0], !x->attr.matmul.transpose_a);
}

static const Rewrite rows[] = {
    {"reduce unit axes", "(sum 0 (reshape (1 3 4) x))", "x", reduce_unit_axes},
    {"reduce of reduce", "(sum 0 (sum 1 x))", "(sum 0 1 x)", reduce_of_reduce},
    {"sum of neg", "(sum 0 (neg x))", "(neg (sum 0 x))", sum_of_neg},
    {"forget ties", "(max_shared 0 x)", "(max 0 x)", forget_ties},
    {"reduce of expand", "(sum 0 (expand (5 4) v))", "(mul v 5)", reduce_of_expand},
    {"reduce all of reshape", "(sum 0 1 (reshape (2 6) x))", "(sum 0 1 x)", reduce_all_of_reshape},
    {"reduce of squeezed", "(sum 2 (reshape (3 1 4) x))", "(reshape (3 1) (sum 1 x))", reduce_of_squeezed},
    {"reduce of permute", "(sum 0 (permute (1 0) x))", "(sum 1 x)", reduce_of_permute},
    {"matmul of transposed", "(matmul A (permute (1 0) (stop_gradient C)))", "(matmul_t A C)", matmul_of_transposed},
    {"transpose of matmul", "(permute (1 0) (matmul_t A C))", "(matmul_t C A)", transpose_of_matmul},
};
const RewriteTable reduce_rewrites = {rows, sizeof rows / sizeof *rows};
