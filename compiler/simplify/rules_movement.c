// Movement that meets movement: chains become one op, and what moves nothing vanishes.
#include <string.h>

#include "simplify/rewrite.h"

static NodeId only_operand(const Node *node) { return node->operands[0]; }

// ---- Identities

static NodeId movement_of_nothing(Maker *m, const Node *node) {
    if (op_info[node->op].class != CLASS_MOVEMENT || !shape_equal(&node->shape, &arg(m, node, 0)->shape)) return NODE_NONE;
    bool same = node->op != OP_PERMUTE; // of equal shapes, everything but PERMUTE is the identity
    for (uint32_t i = 0; node->op == OP_PERMUTE && i < node->shape.rank; i++) {
        same = node->attr.permutation.axis[i] == i;
        if (!same) break;
    }
    if (node->shape.rank == 0) same = true;
    return same ? only_operand(node) : NODE_NONE;
}

// The order of the axes that are not of size 1 decides what a permutation does to memory.
static NodeId permute_of_unit_axes(Maker *m, const Node *node) {
    if (node->op != OP_PERMUTE) return NODE_NONE;
    const Shape *from = &arg(m, node, 0)->shape;
    int last = -1;
    for (uint32_t i = 0; i < node->shape.rank; i++) {
        uint8_t axis = node->attr.permutation.axis[i];
        if (dim_is(from->dim[axis], 1)) continue;
        if ((int)axis < last) return NODE_NONE;
        last = axis;
    }
    return make_reshape(m, only_operand(node), node->shape);
}

// ---- Two of a kind

static NodeId reshape_of_reshape(Maker *m, const Node *node) {
    if (node->op != OP_RESHAPE || arg_op(m, node, 0) != OP_RESHAPE) return NODE_NONE;
    return make_reshape(m, arg(m, node, 0)->operands[0], node->shape);
}

static NodeId permute_of_permute(Maker *m, const Node *node) {
    if (node->op != OP_PERMUTE || arg_op(m, node, 0) != OP_PERMUTE) return NODE_NONE;
    const Node *inner = arg(m, node, 0);
    uint8_t order[MAX_RANK] = {0};
    for (uint32_t i = 0; i < node->shape.rank; i++) order[i] = inner->attr.permutation.axis[node->attr.permutation.axis[i]];
    return make_permute(m, inner->operands[0], order);
}

static NodeId expand_of_expand(Maker *m, const Node *node) {
    if (node->op != OP_EXPAND || arg_op(m, node, 0) != OP_EXPAND) return NODE_NONE;
    return make_expand(m, arg(m, node, 0)->operands[0], node->shape);
}

static NodeId slice_of_slice(Maker *m, const Node *node) {
    if (node->op != OP_SLICE || arg_op(m, node, 0) != OP_SLICE) return NODE_NONE;
    const Node *inner = arg(m, node, 0);
    Attr attr = node->attr;
    for (uint32_t i = 0; i < node->shape.rank; i++) {
        Dim outer = node->attr.slice.start[i], first = inner->attr.slice.start[i];
        if (outer.size && first.size && outer.batch != first.batch) return NODE_NONE;
        int64_t step = inner->attr.slice.step[i];
        attr.slice.start[i] = (Dim){first.size + outer.size * step, first.size ? first.batch : outer.batch};
        attr.slice.step[i] = step * node->attr.slice.step[i];
    }
    if (!can_make(m, OP_SLICE, inner->operands, 1, &attr, node->shape, DT_BOOL)) return NODE_NONE;
    return make(m, OP_SLICE, inner->operands, 1, &attr, node->shape, DT_BOOL);
}

static NodeId concat_of_concat(Maker *m, const Node *node) {
    if (node->op != OP_CONCAT) return NODE_NONE;
    uint32_t count = 0;
    for (uint32_t i = 0; i < node->operand_count; i++) {
        const Node *part = arg(m, node, i);
        count += part->op == OP_CONCAT && part->attr.axis == node->attr.axis ? part->operand_count : 1;
    }
    if (count == node->operand_count) return NODE_NONE;
    NodeId *parts = NEW_ARRAY(m->scratch, NodeId, count);
    count = 0;
    for (uint32_t i = 0; i < node->operand_count; i++) {
        const Node *part = arg(m, node, i);
        bool same = part->op == OP_CONCAT && part->attr.axis == node->attr.axis;
        for (uint32_t k = 0; k < (same ? part->operand_count : 1); k++)
            parts[count++] = same ? part->operands[k] : node->operands[i];
    }
    return make(m, OP_CONCAT, parts, count, &node->attr, node->shape, DT_BOOL);
}

// ---- EXPAND as the outermost: what is done to copies can be done before copying

// The operand of an EXPAND with ones in front, so that it has the rank of the result.
static NodeId full_rank(Maker *m, const Node *expand) {
    Shape shape = arg(m, expand, 0)->shape, full = {.rank = expand->shape.rank};
    uint32_t added = full.rank - shape.rank;
    for (uint32_t i = 0; i < full.rank; i++) full.dim[i] = i < added ? (Dim){.size = 1} : shape.dim[i - added];
    return make_reshape(m, only_operand(expand), full);
}

static NodeId permute_of_expand(Maker *m, const Node *node) {
    if (node->op != OP_PERMUTE || arg_op(m, node, 0) != OP_EXPAND) return NODE_NONE;
    return make_expand(m, make_permute(m, full_rank(m, arg(m, node, 0)), node->attr.permutation.axis), node->shape);
}

static NodeId slice_of_expand(Maker *m, const Node *node) {
    if (node->op != OP_SLICE || arg_op(m, node, 0) != OP_EXPAND) return NODE_NONE;
    const Node *expand = arg(m, node, 0);
    NodeId small = full_rank(m, expand);
    Shape shape = at(m, small)->shape;
    Attr attr = node->attr;
    for (uint32_t i = 0; i < shape.rank; i++) {
        if (dim_equal(shape.dim[i], expand->shape.dim[i])) {
            shape.dim[i] = node->shape.dim[i];
            continue;
        }
        attr.slice.start[i] = (Dim){0}; // any copy is as good as the first
        attr.slice.step[i] = 1;
    }
    return make_expand(m, make(m, OP_SLICE, &small, 1, &attr, shape, DT_BOOL), node->shape);
}

// Whether two shapes differ in axes of size 1 only.
static bool squeezes_to_same(const Shape *a, const Shape *b) {
    uint32_t i = 0, k = 0;
    for (;;) {
        while (i < a->rank && dim_is(a->dim[i], 1)) i++;
        while (k < b->rank && dim_is(b->dim[k], 1)) k++;
        if (i == a->rank || k == b->rank) return i == a->rank && k == b->rank;
        if (!dim_equal(a->dim[i++], b->dim[k++])) return false;
    }
}

// A reshape that only inserts or removes axes of size 1 does so before the copying.
static NodeId reshape_of_expand(Maker *m, const Node *node) {
    if (node->op != OP_RESHAPE || arg_op(m, node, 0) != OP_EXPAND) return NODE_NONE;
    const Node *expand = arg(m, node, 0);
    if (!squeezes_to_same(&node->shape, &expand->shape)) return NODE_NONE;
    const Shape *small = &at(m, full_rank(m, expand))->shape;
    Shape shape = node->shape;
    for (uint32_t i = 0, k = 0; i < shape.rank; i++) {
        if (dim_is(shape.dim[i], 1)) continue;
        while (dim_is(expand->shape.dim[k], 1)) k++;
        shape.dim[i] = small->dim[k++];
    }
    return make_expand(m, make_reshape(m, only_operand(expand), shape), node->shape);
}

// EXPAND puts ones in front by itself.
static NodeId expand_of_leading_ones(Maker *m, const Node *node) {
    if (node->op != OP_EXPAND || arg_op(m, node, 0) != OP_RESHAPE) return NODE_NONE;
    const Node *reshape = arg(m, node, 0);
    const Shape *from = &arg(m, reshape, 0)->shape;
    if (from->rank >= reshape->shape.rank) return NODE_NONE;
    uint32_t added = reshape->shape.rank - from->rank;
    for (uint32_t i = 0; i < reshape->shape.rank; i++) {
        Dim expected = i < added ? (Dim){.size = 1} : from->dim[i - added];
        if (!dim_equal(reshape->shape.dim[i], expected)) return NODE_NONE;
    }
    return make_expand(m, reshape->operands[0], node->shape);
}

// ---- Pieces: slices of a concat, sums of disjoint pads

static Dim dim_sum(Dim a, Dim b) { return (Dim){a.size + b.size, a.size ? a.batch : b.batch}; }
static bool same_kind(Dim a, Dim b) { return a.size == 0 || b.size == 0 || a.batch == b.batch; }

static NodeId slice_of_concat(Maker *m, const Node *node) {
    if (node->op != OP_SLICE || arg_op(m, node, 0) != OP_CONCAT) return NODE_NONE;
    const Node *concat = arg(m, node, 0);
    uint32_t axis = concat->attr.axis;
    Dim start = node->attr.slice.start[axis], size = node->shape.dim[axis], from = {0};
    int64_t step = node->attr.slice.step[axis];
    if (concat->shape.dim[axis].batch && step != 1) return NODE_NONE;
    for (uint32_t i = 0; i < concat->operand_count; i++) {
        Dim part = arg(m, concat, i)->shape.dim[axis];
        if (start.size >= from.size && start.size + (size.size - 1) * step < from.size + part.size) {
            Attr attr = node->attr;
            attr.slice.start[axis] = (Dim){start.size - from.size, start.batch};
            if (!can_make(m, OP_SLICE, &concat->operands[i], 1, &attr, node->shape, DT_BOOL)) return NODE_NONE;
            return make(m, OP_SLICE, &concat->operands[i], 1, &attr, node->shape, DT_BOOL);
        }
        from = dim_sum(from, part);
    }
    return NODE_NONE;
}

// The one axis along which a PAD without interior pads, or -1.
static int padded_axis(const Node *node) {
    int axis = -1;
    if (node->op != OP_PAD) return -1;
    for (uint32_t i = 0; i < node->shape.rank; i++) {
        if (node->attr.pad.interior[i]) return -1;
        if (!node->attr.pad.low[i].size && !node->attr.pad.high[i].size) continue;
        if (axis >= 0) return -1;
        axis = (int)i;
    }
    return axis;
}

// pad(a) + pad(b), where b begins at the place at which a ends.
static NodeId join_pads(Maker *m, NodeId first, NodeId second) {
    const Node *a = at(m, first), *b = at(m, second);
    int axis = padded_axis(a);
    if (axis < 0 || padded_axis(b) != axis) return NODE_NONE;
    Dim size = arg(m, a, 0)->shape.dim[axis], low = a->attr.pad.low[axis], begin = b->attr.pad.low[axis];
    if (!same_kind(low, size) || !dim_equal(dim_sum(low, size), begin)) return NODE_NONE;
    if (!same_kind(size, arg(m, b, 0)->shape.dim[axis])) return NODE_NONE;
    NodeId parts[] = {a->operands[0], b->operands[0]};
    Attr attr;
    memset(&attr, 0, sizeof attr);
    attr.pad.low[axis] = low;
    attr.pad.high[axis] = b->attr.pad.high[axis];
    NodeId joined = make(m, OP_CONCAT, parts, 2, &(Attr){.axis = (uint32_t)axis}, shape_scalar(), DT_BOOL);
    return make(m, OP_PAD, &joined, 1, &attr, shape_scalar(), DT_BOOL);
}

static NodeId join_either_way(Maker *m, NodeId a, NodeId b) {
    NodeId joined = join_pads(m, a, b);
    return joined != NODE_NONE ? joined : join_pads(m, b, a);
}

static NodeId sum_of_disjoint_pads(Maker *m, const Node *node) {
    if (node->op != OP_ADD) return NODE_NONE;
    NodeId joined = join_either_way(m, node->operands[0], node->operands[1]);
    if (joined != NODE_NONE) return joined;
    for (uint32_t side = 0; side < 2; side++) { // (rest + pad) + pad
        const Node *inner = arg(m, node, side);
        if (inner->op != OP_ADD) continue;
        for (uint32_t i = 0; i < 2; i++) {
            joined = join_either_way(m, inner->operands[i], node->operands[1 - side]);
            if (joined != NODE_NONE) return make_binary(m, OP_ADD, inner->operands[1 - i], joined);
        }
    }
    return NODE_NONE;
}

static const Rewrite rows[] = {
    {"movement of nothing", "(reshape (3 4) (permute (0 1) (slice 1 0 4 x)))", "x", movement_of_nothing},
    {"permute of unit axes", "(permute (1 0) (slice 1 2 1 x))", "(reshape (1 3) (slice 1 2 1 x))", permute_of_unit_axes},
    {"reshape of reshape", "(reshape (2 6) (reshape (12) x))", "(reshape (2 6) x)", reshape_of_reshape},
    {"permute of permute", "(permute (1 0) (permute (1 0) x))", "x", permute_of_permute},
    {"expand of expand", "(expand (5 3 4) (expand (3 4) v))", "(expand (5 3 4) v)", expand_of_expand},
    {"slice of slice", "(slice 1 1 2 (slice 1 1 3 x))", "(slice 1 2 2 x)", slice_of_slice},
    {"concat of concat", "(concat 0 x (concat 0 y z))", "(concat 0 x y z)", concat_of_concat},
    {"permute of expand", "(permute (1 0) (expand (3 4) v))", "(expand (4 3) (reshape (4 1) v))", permute_of_expand},
    {"slice of expand", "(slice 0 1 2 (expand (3 4) v))", "(expand (2 4) v)", slice_of_expand},
    {"reshape of expand", "(reshape (3 1 4) (expand (3 4) v))", "(expand (3 1 4) v)", reshape_of_expand},
    {"expand of leading ones", "(expand (3 4) (reshape (1 4) v))", "(expand (3 4) v)", expand_of_leading_ones},
    {"slice of concat", "(slice 0 4 2 (concat 0 x y))", "(slice 0 1 2 y)", slice_of_concat},
    {"sum of disjoint pads", "(add (add (pad 0 3 3 x) (pad 0 6 0 y)) (pad 0 0 6 z))", "(concat 0 z x y)", sum_of_disjoint_pads},
};
const RewriteTable movement_rewrites = {rows, sizeof rows / sizeof *rows};
