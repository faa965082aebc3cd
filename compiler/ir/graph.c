// Making graphs: appending nodes through the shape rules, and the checks that hold for every shape.
#include <string.h>

#include "ir/op.h"

Graph *graph_new(Arena *arena, Diagnostics *diag, DType float_type) {
    if (!dtype_is_float(float_type)) BUG("graph_new: %s is not a float type", dtype_text(float_type));
    Graph *g = NEW(arena, Graph);
    g->arena = arena;
    g->diag = diag;
    g->float_type = float_type;
    g->span = SPAN_NONE;
    return g;
}

void graph_error(Graph *g, MessageId id, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *message = arena_vprintf(g->arena, format, args);
    va_end(args);
    if (g->report) {
        g->report(g->report_context, id, message);
        return;
    }
    diag_error(g->diag, g->span, id, "%s", message);
    for (const CallSite *site = g->site; site; site = site->outer) diag_note(g->diag, site->span, MSG(NOTE_IN), site->what);
}

bool op_fail(OpCall *call, MessageId id, const char *format, ...) {
    va_list args;
    va_start(args, format);
    call->message_id = id;
    call->message = arena_vprintf(call->arena, format, args);
    va_end(args);
    return false;
}

const char *op_shape(const OpCall *call, const Shape *shape) { return shape_text(call->arena, shape); }

// Room for batches of up to 2^24 samples in an int64 of bytes.
#define BATCH_BITS 24

// What holds for the shape of every tensor.
static bool check_shape(OpCall *call) {
    const Shape *shape = &call->shape;
    if (shape->rank > MAX_RANK) return op_fail(call, MSG(RANK), MAX_RANK);
    int64_t bytes = sizeof(double);
    uint32_t batches = 0;
    bool overflow = false;
    for (uint32_t i = 0; i < shape->rank; i++) {
        if (shape->dim[i].size < 1) {
            return op_fail(call, MSG(EMPTY_DIMENSION), op_shape(call, shape));
        }
        batches += shape->dim[i].batch;
        overflow |= __builtin_mul_overflow(bytes, shape->dim[i].size, &bytes);
    }
    if (overflow || (batches && bytes > INT64_MAX >> BATCH_BITS)) {
        return op_fail(call, MSG(TENSOR_TOO_LARGE), op_shape(call, shape));
    }
    if (batches <= 1) return true;
    if (call->count == 2) {
        return op_fail(call, MSG(TWO_BATCHES_OF), op_info[call->op].name, op_shape(call, &op_operand(call, 0)->shape),
                       op_shape(call, &op_operand(call, 1)->shape), op_shape(call, shape));
    }
    return op_fail(call, MSG(TWO_BATCHES), op_info[call->op].name, op_shape(call, shape));
}

static bool is_told_shape(Op op) {
    return (op_info[op].class == CLASS_SOURCE && op != OP_SCALAR) || op == OP_RESHAPE || op == OP_EXPAND || op == OP_SLICE;
}

bool op_infer(OpCall *call) {
    static const Attr no_attr;
    if (!call->attr) call->attr = &no_attr;
    int expected = op_info[call->op].operands;
    if (expected >= 0 && (size_t)expected != call->count) BUG("%s with %zu operands", op_info[call->op].name, call->count);
    if (is_told_shape(call->op) && !check_shape(call)) return false; // the rules may count the elements without overflow
    if (!op_defs[call->op]->infer(call)) return false;
    for (uint32_t i = call->shape.rank; i < MAX_RANK; i++) call->shape.dim[i] = (Dim){0};
    return check_shape(call);
}

static void grow(Graph *g) {
    if (g->count < g->capacity) return;
    uint32_t capacity = g->capacity ? g->capacity * 2 : 256;
    Node *nodes = NEW_ARRAY(g->arena, Node, capacity);
    if (g->count) memcpy(nodes, g->nodes, g->count * sizeof *nodes);
    g->nodes = nodes;
    g->capacity = capacity;
}

NodeId graph_append(Graph *g, Op op, const NodeId *operands, size_t count, const Attr *attr, Shape shape, DType dtype) {
    for (size_t i = 0; i < count; i++) {
        if (operands[i] == NODE_NONE) return NODE_NONE;
        if (operands[i] >= g->count) BUG("%s: operand %%%u does not exist", op_info[op].name, operands[i]);
    }
    if (g->count >= GRAPH_NODE_LIMIT) {
        graph_error(g, MSG(GRAPH_TOO_LARGE), GRAPH_NODE_LIMIT);
        return NODE_NONE;
    }
    OpCall call = {.arena = g->arena,
                   .nodes = g->nodes,
                   .op = op,
                   .operands = operands,
                   .count = count,
                   .attr = attr,
                   .shape = shape,
                   .dtype = dtype};
    if (!op_infer(&call)) {
        graph_error(g, call.message_id, "%s", call.message);
        return NODE_NONE;
    }
    NodeId *copy = count ? NEW_ARRAY(g->arena, NodeId, count) : NULL;
    if (count) memcpy(copy, operands, count * sizeof *copy);
    grow(g);
    g->nodes[g->count] = (Node){.op = op,
                                .dtype = call.dtype,
                                .shape = call.shape,
                                .operand_count = (uint32_t)count,
                                .operands = copy,
                                .attr = *call.attr,
                                .span = g->span,
                                .site = g->site};
    return g->count++;
}
