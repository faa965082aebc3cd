// The interpreter's movement, reductions and contraction: each is a walk over elements with two strided positions.
#include "ir/interpret_tensor.h"

#include <math.h>

// A position in a row-major tensor: base + Σ index[i] × stride[i].
typedef struct View {
    int64_t base;
    int64_t stride[MAX_RANK];
} View;

static View row_major(uint32_t rank, const int64_t *size) {
    View view = {0};
    int64_t stride = 1;
    for (uint32_t i = rank; i-- > 0;) {
        view.stride[i] = stride;
        stride *= size[i];
    }
    return view;
}

static int64_t position(const View *view, uint32_t rank, const int64_t *index) {
    int64_t at = view->base;
    for (uint32_t i = 0; i < rank; i++) at += index[i] * view->stride[i];
    return at;
}

// The next index in row-major order; false after the last.
static bool next(uint32_t rank, const int64_t *size, int64_t *index) {
    for (uint32_t i = rank; i-- > 0;) {
        if (++index[i] < size[i]) return true;
        index[i] = 0;
    }
    return false;
}

static void copy(uint32_t rank, const int64_t *size, Tensor *to, const View *to_view, const Tensor *from,
                 const View *from_view) {
    int64_t index[MAX_RANK] = {0};
    do {
        int64_t target = position(to_view, rank, index), source = position(from_view, rank, index);
        if (to->f) to->f[target] = from->f[source];
        else to->i[target] = from->i[source];
    } while (next(rank, size, index));
}

static void concat(const Node *node, const Tensor *const *operands, Tensor *result) {
    View to = row_major(result->rank, result->size);
    for (uint32_t i = 0; i < node->operand_count; i++) {
        View from = row_major(operands[i]->rank, operands[i]->size);
        copy(result->rank, operands[i]->size, result, &to, operands[i], &from);
        to.base += operands[i]->size[node->attr.axis] * to.stride[node->attr.axis];
    }
}

static void pad(const Node *node, int64_t N, const Tensor *x, Tensor *result) {
    View from = row_major(x->rank, x->size), to = row_major(result->rank, result->size);
    for (uint32_t i = 0; i < x->rank; i++) {
        to.base += dim_value(node->attr.pad.low[i], N) * to.stride[i];
        to.stride[i] *= node->attr.pad.interior[i] + 1;
    }
    copy(x->rank, x->size, result, &to, x, &from);
}

// How the elements of a result are found in the operand of PERMUTE, EXPAND and SLICE.
static View source_view(const Node *node, int64_t N, const Tensor *x) {
    View plain = row_major(x->rank, x->size), view = {0};
    for (uint32_t i = 0; i < x->rank; i++) {
        if (node->op == OP_PERMUTE) view.stride[i] = plain.stride[node->attr.permutation.axis[i]];
        else if (node->op == OP_EXPAND) view.stride[node->shape.rank - x->rank + i] = x->size[i] == 1 ? 0 : plain.stride[i];
        else {
            view.base += dim_value(node->attr.slice.start[i], N) * plain.stride[i];
            view.stride[i] = node->attr.slice.step[i] * plain.stride[i];
        }
    }
    return view;
}

void interpret_movement(const Node *node, int64_t N, const Tensor *const *operands, Tensor *result) {
    const Tensor *x = operands[0];
    if (node->op == OP_CONCAT) concat(node, operands, result);
    else if (node->op == OP_PAD) pad(node, N, x, result);
    else if (node->op == OP_RESHAPE) {
        result->f = x->f;
        result->i = x->i;
    } else {
        View from = source_view(node, N, x), to = row_major(result->rank, result->size);
        copy(result->rank, result->size, result, &to, x, &from);
    }
}

// ---- Reductions

static double neutral(Op op) { return op == OP_PROD ? 1 : op == OP_MAX ? -INFINITY : op == OP_MIN ? INFINITY : 0; }
static int64_t neutral_int(Op op) { return op == OP_PROD ? 1 : op == OP_MAX ? INT64_MIN : op == OP_MIN ? INT64_MAX : 0; }
static Op combining(Op op) { return op == OP_SUM ? OP_ADD : op == OP_PROD ? OP_MUL : op == OP_MAX ? OP_MAXIMUM : OP_MINIMUM; }

// Position in the result of each element of x: reduced axes do not move it.
static View result_view(const Node *node, const Tensor *x, const Tensor *result) {
    View plain = row_major(result->rank, result->size), view = {0};
    for (uint32_t i = 0, kept = 0; i < x->rank; i++) {
        if (!(node->attr.reduce.axes & 1u << i)) view.stride[i] = plain.stride[kept++];
    }
    return view;
}

static void argmax(const Node *node, const Tensor *x, Tensor *result) {
    View from = row_major(x->rank, x->size), to = result_view(node, x, result);
    uint32_t axis = 0;
    while (!(node->attr.reduce.axes & 1u << axis)) axis++;
    int64_t index[MAX_RANK] = {0};
    do {
        int64_t target = position(&to, x->rank, index), at = position(&from, x->rank, index);
        int64_t best = at + (result->i[target] - index[axis]) * from.stride[axis]; // the best element so far
        bool better = x->f ? x->f[at] > x->f[best] || (isnan(x->f[at]) && !isnan(x->f[best])) : x->i[at] > x->i[best];
        if (better) result->i[target] = index[axis];
    } while (next(x->rank, x->size, index));
}

// Floats are accumulated in double and rounded once.
void interpret_reduction(const Node *node, const Tensor *x, Tensor *result) {
    if (node->op == OP_ARGMAX) {
        argmax(node, x, result);
        return;
    }
    Op op = combining(node->op);
    for (int64_t i = 0; i < result->count; i++) {
        if (result->f) result->f[i] = neutral(node->op);
        else result->i[i] = neutral_int(node->op);
    }
    View from = row_major(x->rank, x->size), to = result_view(node, x, result);
    int64_t index[MAX_RANK] = {0};
    do {
        int64_t target = position(&to, x->rank, index), at = position(&from, x->rank, index);
        if (result->f) result->f[target] = interpret_float(op, (double[]){result->f[target], x->f[at]});
        else result->i[target] = interpret_int(op, (int64_t[]){result->i[target], x->i[at]});
    } while (next(x->rank, x->size, index));
    for (int64_t i = 0; result->f && result->dtype == DT_F32 && i < result->count; i++) {
        result->f[i] = (double)(float)result->f[i];
    }
}

void interpret_matmul(const Node *node, const Tensor *a, const Tensor *b, Tensor *result) {
    uint32_t r = result->rank;
    bool ta = node->attr.matmul.transpose_a, tb = node->attr.matmul.transpose_b;
    int64_t M = result->size[r - 2], columns = result->size[r - 1], K = a->size[ta ? r - 2 : r - 1];
    int64_t a_row = ta ? 1 : K, a_inner = ta ? M : 1, b_column = tb ? K : 1, b_inner = tb ? 1 : columns;
    for (int64_t at = 0; at < result->count; at++) {
        int64_t batch = at / (M * columns), row = at / columns % M, column = at % columns;
        const double *x = a->f + batch * M * K + row * a_row, *y = b->f + batch * K * columns + column * b_column;
        double sum = 0;
        for (int64_t k = 0; k < K; k++) sum += x[k * a_inner] * y[k * b_inner];
        result->f[at] = result->dtype == DT_F32 ? (double)(float)sum : sum;
    }
}
