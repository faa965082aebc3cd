// Elementwise ops of moved tensors: the movement goes outward, behind the op, where it meets other movement, a reduction or
// a contraction. After EXPAND the op is then computed on the few elements instead of their copies.
#include "simplify/rewrite.h"

static bool is_elementwise(const Node *node) { return op_info[node->op].class == CLASS_ELEMENTWISE && node->op != OP_CHECKED; }

static bool is_splat(const Maker *m, NodeId id) { return node_is_splat(m->g, id); }

static NodeId respread_splat(Maker *m, NodeId id, Shape shape) {
    return make(m, OP_CONST, NULL, 0, &at(m, id)->attr, shape, at(m, id)->dtype);
}

// ---- EXPAND

// The shape before it was expanded; of a constant, one element.
static Shape small_shape(const Maker *m, const Node *x) { return x->op == OP_EXPAND ? arg(m, x, 0)->shape : shape_scalar(); }

// Elementwise of operands that are all expanded along some axis.
static NodeId elementwise_of_expands(Maker *m, const Node *node) {
    if (!is_elementwise(node)) return NODE_NONE;
    Shape joint = {0};
    bool any = false;
    for (uint32_t i = 0; i < node->operand_count; i++) {
        const Node *x = arg(m, node, i);
        if (x->op != OP_EXPAND && !is_splat(m, node->operands[i])) return NODE_NONE;
        any |= x->op == OP_EXPAND;
        Shape small = small_shape(m, x), wider = small.rank > joint.rank ? small : joint;
        for (uint32_t k = 1; k <= wider.rank; k++) { // from the last axis
            Dim *dim = &wider.dim[wider.rank - k];
            if (k <= joint.rank) *dim = joint.dim[joint.rank - k];
            if (k <= small.rank && !dim_is(small.dim[small.rank - k], 1)) *dim = small.dim[small.rank - k];
        }
        joint = wider;
    }
    Dim before = shape_count(&joint), after = shape_count(&node->shape);
    if (!any || dim_equal(before, after)) return NODE_NONE;
    NodeId operands[3];
    for (uint32_t i = 0; i < node->operand_count; i++) {
        const Node *x = arg(m, node, i);
        operands[i] = x->op == OP_EXPAND ? make_expand(m, x->operands[0], joint) : respread_splat(m, node->operands[i], joint);
    }
    return make_expand(m, make_like(m, node, operands), node->shape);
}

// (x · expand a) · expand b → x · expand(a · b) when that is computed on fewer elements; the same with a constant for b.
static NodeId product_with_expands(Maker *m, const Node *node) {
    if (node->op != OP_MUL || !dtype_is_float(node->dtype)) return NODE_NONE;
    for (uint32_t side = 0; side < 2; side++) {
        const Node *inner = arg(m, node, side);
        NodeId outer = node->operands[1 - side];
        if (inner->op != OP_MUL || (at(m, outer)->op != OP_EXPAND && !is_splat(m, outer))) continue;
        for (uint32_t i = 0; i < 2; i++) {
            const Node *factor = arg(m, inner, i);
            if (factor->op != OP_EXPAND || arg_op(m, inner, 1 - i) == OP_EXPAND) continue;
            NodeId both = make_binary(m, OP_MUL, inner->operands[i], outer);
            if (at(m, both)->op == OP_EXPAND) return make_binary(m, OP_MUL, inner->operands[1 - i], both);
        }
    }
    return NODE_NONE;
}

// ---- RESHAPE

// Whether expanding `small` to `wide` and then seeing it as `seen` is the same as expanding it to `seen`: its axes that are
// not of size 1 are trailing axes that both shapes share.
static bool expands_alike(const Shape *small, const Shape *wide, const Shape *seen) {
    for (uint32_t k = 1; k <= small->rank; k++) {
        bool shared = k <= wide->rank && k <= seen->rank && dim_equal(wide->dim[wide->rank - k], seen->dim[seen->rank - k]);
        if (shared) continue;
        for (; k <= small->rank; k++) {
            if (!dim_is(small->dim[small->rank - k], 1)) return false;
        }
    }
    return true;
}

// `small` without leading ones, which the narrower shape may have no room for.
static NodeId drop_leading_ones(Maker *m, NodeId small) {
    Shape shape = at(m, small)->shape, kept = {0};
    uint32_t first = 0;
    while (first < shape.rank && dim_is(shape.dim[first], 1)) first++;
    for (uint32_t i = first; i < shape.rank; i++) kept.dim[kept.rank++] = shape.dim[i];
    return make_reshape(m, small, kept);
}

// op(reshape a, reshape b, constant, expand c) → reshape(op(a, b, constant, expand' c))
static NodeId elementwise_of_reshape(Maker *m, const Node *node) {
    if (!is_elementwise(node)) return NODE_NONE;
    const Shape *from = NULL;
    for (uint32_t i = 0; i < node->operand_count && !from; i++) {
        if (arg_op(m, node, i) == OP_RESHAPE) from = &arg(m, arg(m, node, i), 0)->shape;
    }
    if (!from) return NODE_NONE;
    for (uint32_t i = 0; i < node->operand_count; i++) {
        const Node *x = arg(m, node, i);
        bool fits = is_splat(m, node->operands[i]);
        if (x->op == OP_RESHAPE) fits = shape_equal(&arg(m, x, 0)->shape, from);
        if (x->op == OP_EXPAND) fits = expands_alike(&arg(m, x, 0)->shape, &x->shape, from);
        if (!fits) return NODE_NONE;
    }
    Shape shape = *from;
    NodeId operands[3];
    for (uint32_t i = 0; i < node->operand_count; i++) {
        const Node *x = arg(m, node, i);
        if (x->op == OP_RESHAPE) operands[i] = x->operands[0];
        else if (x->op == OP_EXPAND) operands[i] = make_expand(m, drop_leading_ones(m, x->operands[0]), shape);
        else operands[i] = respread_splat(m, node->operands[i], shape);
    }
    return make_reshape(m, make_like(m, node, operands), node->shape);
}

// ---- PERMUTE

static NodeId elementwise_of_permute(Maker *m, const Node *node) {
    if (!is_elementwise(node)) return NODE_NONE;
    const Node *first = NULL;
    for (uint32_t i = 0; i < node->operand_count; i++) {
        const Node *x = arg(m, node, i);
        if (is_splat(m, node->operands[i])) continue;
        if (x->op != OP_PERMUTE || (first && !attr_equal(OP_PERMUTE, &x->attr, &first->attr))) return NODE_NONE;
        first = x;
    }
    if (!first) return NODE_NONE;
    Shape shape = arg(m, first, 0)->shape;
    NodeId operands[3];
    for (uint32_t i = 0; i < node->operand_count; i++) {
        bool constant = is_splat(m, node->operands[i]);
        operands[i] = constant ? respread_splat(m, node->operands[i], shape) : arg(m, node, i)->operands[0];
    }
    return make_permute(m, make_like(m, node, operands), first->attr.permutation.axis);
}

static const Rewrite rows[] = {
    {"elementwise of expands", "(mul (expand (3 4) v) (expand (3 4) s))", "(expand (3 4) (mul v (expand (4) s)))",
     elementwise_of_expands},
    {"product with expands", "(mul (mul x (expand (3 4) v)) (expand (3 4) w))", "(mul x (expand (3 4) (mul v w)))",
     product_with_expands},
    {"elementwise of reshape", "(add (mul (reshape (1 3 4) x) (expand (1 3 4) v)) 2)",
     "(reshape (1 3 4) (add (mul x (expand (3 4) v)) 2))", elementwise_of_reshape},
    {"elementwise of permute", "(mul (exp (permute (1 0) x)) 2)", "(permute (1 0) (mul (exp x) 2))", elementwise_of_permute},
};
const RewriteTable outward_rewrites = {rows, sizeof rows / sizeof *rows};
