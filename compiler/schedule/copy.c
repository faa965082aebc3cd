// Copy groups: the parts of a concat, or the operand of a pad, are written to their places in the result.
#include "schedule/internal.h"
#include "schedule/loops.h"

typedef struct CopyBody {
    NodeId result, part;   // part NODE_NONE: zeros
    Coord at[MAX_RANK];    // of the part
    KIdx offset[MAX_RANK]; // of the part in the result
    int64_t step[MAX_RANK];
    uint32_t lane_axis;
} CopyBody;

static void copy_body(Emit *e, void *context, KIdx at) {
    CopyBody *body = context;
    const Node *result = graph_node(e->s->g, body->result);
    body->at[body->lane_axis] = (Coord){at, 1};
    size_t known = e->known.count;
    KVal value = body->part == NODE_NONE ? emit_const(e, result->dtype, 0, 0) : emit_node(e, body->part, body->at);
    Coord to[MAX_RANK];
    for (uint32_t i = 0; i < result->shape.rank; i++) {
        to[i].idx = idx_add(body->offset[i], idx_scale(body->at[i].idx, body->step[i]));
        to[i].lane = body->at[i].lane * body->step[i];
    }
    emit_know(e, body->result, to, emit_splat(e, value));
    emit_keep(e, body->result, to);
    e->known.count = known;
}

static void copy_part(Emit *e, CopyBody *body, const Shape *shape) {
    Range range[MAX_RANK];
    uint32_t rank = shape->rank;
    body->lane_axis = rank - 1;
    for (uint32_t i = 0; i < rank; i++) {
        range[i] = range_of(e, "i", shape->dim[i], 0);
        if (i + 1 < rank) body->at[i] = (Coord){range_loop(e, "i", &range[i]), 0};
    }
    range_lanes(e, "j", &range[rank - 1], copy_body, body);
    for (uint32_t i = rank - 1; i-- > 0;) range_end(e, &range[i]);
}

void emit_copy(Emit *e, const Group *group) {
    const Node *node = graph_node(e->s->g, group->anchor);
    CopyBody body = {.result = group->anchor, .part = NODE_NONE};
    for (uint32_t i = 0; i < node->shape.rank; i++) body.step[i] = 1;
    if (node->op == OP_PAD) {
        copy_part(e, &body, &node->shape);
        for (uint32_t i = 0; i < node->shape.rank; i++) {
            body.offset[i] = idx_dim(node->attr.pad.low[i]);
            body.step[i] = node->attr.pad.interior[i] + 1;
        }
        body.part = node->operands[0];
        copy_part(e, &body, &graph_node(e->s->g, body.part)->shape);
        return;
    }
    uint32_t axis = node->attr.axis;
    for (uint32_t i = 0; i < node->operand_count; i++) {
        body.part = node->operands[i];
        const Shape *part = &graph_node(e->s->g, body.part)->shape;
        copy_part(e, &body, part);
        body.offset[axis] = idx_add(body.offset[axis], idx_dim(part->dim[axis]));
    }
}
