// Gradient rules of reductions and of the contraction.
#include "autodiff/rule.h"

static const Shape rank0;

static uint32_t axes_of(const Adjoint *a) { return a->node.attr.reduce.axes; }

// A tensor without the reduced axes, repeated along them.
static NodeId spread(Adjoint *a, NodeId reduced) {
    Shape shape = *operand_shape(a, 0), kept = shape;
    for (uint32_t i = 0; i < shape.rank; i++) {
        if (axes_of(a) & 1u << i) kept.dim[i] = (Dim){.size = 1};
    }
    return build_expand(a->g, build_reshape(a->g, reduced, kept), shape);
}

static void rule_sum(Adjoint *a) { a->dx[0] = spread(a, a->dy); }

// ---- MAX and MIN

static NodeId share_among_ties(Adjoint *a) {
    NodeId x = operand(a, 0);
    NodeId wins = build_binary(a->g, OP_EQ, x, spread(a, a->y));
    NodeId winners = build_reduce(a->g, OP_SUM, build_cast(a->g, wins, a->node.dtype), axes_of(a), false, false);
    return build_where(a->g, wins, spread(a, divide(a, a->dy, winners)), number(a, 0));
}

// The operand with the reduced axes moved to the end and made one, and the way back.
typedef struct Gathered {
    NodeId x;                  // (kept…, K)
    Shape moved;               // the shape before they were made one
    uint8_t inverse[MAX_RANK]; // the permutation back
} Gathered;

static Gathered gather_reduced(Adjoint *a) {
    Shape shape = *operand_shape(a, 0), flat = {0}, reduced = {0};
    Gathered result = {.moved = {.rank = shape.rank}};
    uint8_t permutation[MAX_RANK] = {0};
    uint32_t at = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < shape.rank; i++) {
            bool is_reduced = axes_of(a) & 1u << i;
            if (is_reduced != (pass == 1)) continue;
            permutation[at] = (uint8_t)i;
            result.inverse[i] = (uint8_t)at;
            result.moved.dim[at++] = shape.dim[i];
            Shape *into = is_reduced ? &reduced : &flat;
            into->dim[into->rank++] = shape.dim[i];
        }
    }
    flat.dim[flat.rank++] = shape_count(&reduced);
    result.x = build_reshape(a->g, build_permute(a->g, operand(a, 0), permutation), flat);
    return result;
}

static NodeId scatter_reduced(Adjoint *a, const Gathered *gathered, NodeId x) {
    return build_permute(a->g, build_reshape(a->g, x, gathered->moved), gathered->inverse);
}

static NodeId append_axis(Adjoint *a, NodeId x, Shape wide) {
    Shape one = wide;
    one.dim[one.rank - 1] = (Dim){.size = 1};
    return build_expand(a->g, build_reshape(a->g, x, one), wide);
}

static NodeId first_takes_it(Adjoint *a) {
    Gathered gathered = gather_reduced(a);
    if (gathered.x == NODE_NONE) return NODE_NONE;
    Shape wide = graph_node(a->g, gathered.x)->shape;
    NodeId key = a->node.op == OP_MIN ? neg(a, gathered.x) : gathered.x;
    NodeId winner = build_reduce(a->g, OP_ARGMAX, key, 1u << (wide.rank - 1), false, false);
    NodeId wins = build_binary(a->g, OP_EQ, build_iota(a->g, wide, wide.rank - 1u), append_axis(a, winner, wide));
    NodeId spread_dy = append_axis(a, a->dy, wide);
    return scatter_reduced(a, &gathered, build_where(a->g, wins, spread_dy, number(a, 0)));
}

static void rule_extreme(Adjoint *a) { a->dx[0] = a->node.attr.reduce.share_ties ? share_among_ties(a) : first_takes_it(a); }

// ---- PROD: each element's derivative is the product of the others, without dividing by what may be 0

// others[i] = Π over j of (1 where i = j, else x[j]): K² elements, exact in every order of derivative.
static NodeId product_of_others(Adjoint *a, NodeId x) {
    Shape wide = graph_node(a->g, x)->shape;
    uint32_t rank = wide.rank;
    Shape square = wide, row = wide;
    square.rank = row.rank = (uint8_t)(rank + 1);
    square.dim[rank] = row.dim[rank] = wide.dim[rank - 1];
    row.dim[rank - 1] = (Dim){.size = 1};
    NodeId repeated = build_expand(a->g, build_reshape(a->g, x, row), square);
    NodeId diagonal = build_binary(a->g, OP_EQ, build_iota(a->g, square, rank - 1), build_iota(a->g, square, rank));
    return build_reduce(a->g, OP_PROD, build_where(a->g, diagonal, number(a, 1), repeated), 1u << rank, false, false);
}

// Along the batch K² elements would have two batch dimensions. With z zeros among the elements and p the product of the rest:
// p / x[i] when z is 0; p for the zero itself when z is 1; else 0. (Its own derivative is wrong where an element is 0.)
static NodeId product_of_others_in_batch(Adjoint *a, NodeId x) {
    Shape wide = graph_node(a->g, x)->shape;
    uint32_t last = 1u << (wide.rank - 1);
    NodeId is_zero = build_binary(a->g, OP_EQ, x, number(a, 0));
    NodeId safe = build_where(a->g, is_zero, number(a, 1), x);
    NodeId zeros = append_axis(a, build_reduce(a->g, OP_SUM, is_zero, last, false, false), wide);
    NodeId rest = append_axis(a, build_reduce(a->g, OP_PROD, safe, last, false, false), wide);
    NodeId none = build_binary(a->g, OP_EQ, zeros, build_int(a->g, 0));
    NodeId only = build_binary(a->g, OP_AND, is_zero, build_binary(a->g, OP_EQ, zeros, build_int(a->g, 1)));
    return build_where(a->g, none, divide(a, rest, safe), build_where(a->g, only, rest, number(a, 0)));
}

static void rule_prod(Adjoint *a) {
    Gathered gathered = gather_reduced(a);
    if (gathered.x == NODE_NONE) return;
    Shape wide = graph_node(a->g, gathered.x)->shape;
    bool batch = wide.dim[wide.rank - 1].batch;
    NodeId others = batch ? product_of_others_in_batch(a, gathered.x) : product_of_others(a, gathered.x);
    a->dx[0] = scatter_reduced(a, &gathered, mul(a, append_axis(a, a->dy, wide), others));
}

// ---- MATMUL: dA = dY Bᵀ, dB = Aᵀ dY, and their transposes when an operand is stored transposed

static NodeId product(Adjoint *a, NodeId x, bool transpose_x, NodeId y, bool transpose_y) {
    NodeId operands[] = {x, y};
    Attr attr = {.matmul = {transpose_x, transpose_y}};
    return graph_append(a->g, OP_MATMUL, operands, 2, &attr, rank0, DT_BOOL);
}

static void rule_matmul(Adjoint *a) {
    NodeId A = operand(a, 0), B = operand(a, 1);
    bool ta = a->node.attr.matmul.transpose_a, tb = a->node.attr.matmul.transpose_b;
    if (a->wanted[0]) a->dx[0] = ta ? product(a, B, tb, a->dy, true) : product(a, a->dy, false, B, !tb);
    if (a->wanted[1]) a->dx[1] = tb ? product(a, a->dy, true, A, ta) : product(a, A, !ta, a->dy, false);
}

RULE(SUM, rule_sum)
RULE(PROD, rule_prod)
RULE(MAX, rule_extreme)
RULE(MIN, rule_extreme)
NO_GRADIENT(ARGMAX)
RULE(MATMUL, rule_matmul)
