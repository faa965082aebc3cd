// Gradient rules of movement ops: each is the adjoint movement.
#include <string.h>

#include "autodiff/rule.h"

static const Shape rank0;

static void rule_reshape(Adjoint *a) { a->dx[0] = build_reshape(a->g, a->dy, *operand_shape(a, 0)); }

static void rule_permute(Adjoint *a) {
    uint8_t inverse[MAX_RANK];
    for (uint32_t i = 0; i < a->node.shape.rank; i++) inverse[a->node.attr.permutation.axis[i]] = (uint8_t)i;
    a->dx[0] = build_permute(a->g, a->dy, inverse);
}

static void rule_expand(Adjoint *a) { a->dx[0] = build_sum_to(a->g, a->dy, *operand_shape(a, 0)); }

// What PAD must put after a slice to fill the dimension again: dim − start − size − (size − 1)(step − 1). Its part that
// depends on N and its constant part are never both there (the shape rule of SLICE saw to that).
static Dim rest_after(Dim dim, Dim start, Dim size, int64_t step) {
    const Dim parts[] = {dim, {-start.size, start.batch}, {-size.size * step, size.batch}, {step - 1, false}};
    int64_t constant = 0, batch = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) *(parts[i].batch ? &batch : &constant) += parts[i].size;
    if (batch && constant) BUG("the rest of a slice is %lld·N + %lld", (long long)batch, (long long)constant);
    return batch ? (Dim){batch, true} : (Dim){constant, false};
}

static void rule_slice(Adjoint *a) {
    Attr attr;
    memset(&attr, 0, sizeof attr);
    const Shape *from = operand_shape(a, 0);
    for (uint32_t i = 0; i < from->rank; i++) {
        Dim start = a->node.attr.slice.start[i];
        int64_t step = a->node.attr.slice.step[i];
        attr.pad.low[i] = start;
        attr.pad.high[i] = rest_after(from->dim[i], start, a->node.shape.dim[i], step);
        // One element has nothing between, and what the step skips after it is in `high`.
        attr.pad.interior[i] = step - 1;
    }
    a->dx[0] = graph_append(a->g, OP_PAD, &a->dy, 1, &attr, rank0, DT_BOOL);
}

static void rule_pad(Adjoint *a) {
    Attr attr;
    memset(&attr, 0, sizeof attr);
    for (uint32_t i = 0; i < a->node.shape.rank; i++) {
        attr.slice.start[i] = a->node.attr.pad.low[i];
        attr.slice.step[i] = a->node.attr.pad.interior[i] + 1;
    }
    a->dx[0] = graph_append(a->g, OP_SLICE, &a->dy, 1, &attr, *operand_shape(a, 0), DT_BOOL);
}

static void rule_concat(Adjoint *a) {
    uint32_t axis = a->node.attr.axis;
    Dim start = {0};
    for (uint32_t i = 0; i < a->node.operand_count; i++) {
        Dim size = operand_shape(a, i)->dim[axis];
        if (a->wanted[i]) a->dx[i] = build_slice(a->g, a->dy, axis, start, size, 1);
        start = (Dim){start.size + size.size, size.batch};
    }
}

RULE(RESHAPE, rule_reshape)
RULE(PERMUTE, rule_permute)
RULE(EXPAND, rule_expand)
RULE(SLICE, rule_slice)
RULE(PAD, rule_pad)
RULE(CONCAT, rule_concat)
