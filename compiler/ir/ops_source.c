// Sources: constants, variables, inputs, run-time scalars, index and random tensors.
#include "ir/op.h"

static bool infer_const(OpCall *call) {
    if (!call->attr->constant.data) return true;
    Dim count = shape_count(&call->shape);
    if (count.batch) return op_fail(call, MSG(LITERAL_BATCH), op_shape(call, &call->shape));
    if ((size_t)count.size != call->attr->constant.count) {
        return op_fail(call, MSG(LITERAL_COUNT), op_shape(call, &call->shape), (long long)count.size,
                       call->attr->constant.count);
    }
    return true;
}

static bool infer_var(OpCall *call) {
    if (shape_batch_axis(&call->shape, NULL)) {
        return op_fail(call, MSG(PARAMETER_BATCH), op_shape(call, &call->shape));
    }
    return true;
}

static bool infer_input(OpCall *call) {
    (void)call;
    return true;
}

static bool infer_scalar(OpCall *call) {
    if (call->attr->index >= SCALAR_KINDS) return op_fail(call, MSG(OP_SCALAR_KIND), call->attr->index);
    call->shape = shape_scalar();
    call->dtype = scalar_dtype(call->attr->index);
    return true;
}

static bool infer_iota(OpCall *call) {
    if (call->attr->axis >= call->shape.rank) {
        return op_fail(call, MSG(OP_IOTA_AXIS), call->attr->axis, op_shape(call, &call->shape));
    }
    call->dtype = DT_I64;
    return true;
}

static bool infer_random(OpCall *call) {
    if (!dtype_is_float(call->dtype)) return op_fail(call, MSG(RANDOM_TYPE), dtype_text(call->dtype));
    return true;
}

static bool infer_draw(OpCall *call) {
    return infer_var(call) && (call->attr->draw.kind == DRAW_INTEGERS || infer_random(call));
}

const OpDef op_def_CONST = {.doc = "a constant: one number everywhere, or a literal tensor", .infer = infer_const};
const OpDef op_def_VAR = {.doc = "a parameter, a buffer or a state of the optimiser", .infer = infer_var};
const OpDef op_def_INPUT = {.doc = "a batch of the data set", .infer = infer_input};
const OpDef op_def_SCALAR = {.doc = "a number known at run time: N, step, steps, epoch, epochs, lr, seed",
                             .infer = infer_scalar};
const OpDef op_def_IOTA = {.doc = "0, 1, 2, … along one axis", .infer = infer_iota};
const OpDef op_def_RAND = {.doc = "uniform random numbers in [0, 1), new in each step", .infer = infer_random};
const OpDef op_def_RANDN = {.doc = "standard normal random numbers, new in each step", .infer = infer_random};
const OpDef op_def_DRAW = {.doc = "a draw from PyTorch's generator, in the order of the text", .infer = infer_draw};
