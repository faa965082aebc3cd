// The scalar interpreter: sources, elementwise ops and the walk over the graph. What moves, reduces and contracts is in
// interpret_tensor.c.
#include "ir/interpret.h"

#include <string.h>

#include "ir/interpret_tensor.h"
#include "ir/op.h"
#include "ir/rng.h"

Tensor tensor_new(Arena *arena, DType dtype, const Shape *shape, int64_t N) {
    Tensor tensor = {.dtype = dtype, .rank = shape->rank, .count = 1};
    for (uint32_t i = 0; i < shape->rank; i++) {
        tensor.size[i] = dim_value(shape->dim[i], N);
        tensor.count *= tensor.size[i];
    }
    if (dtype_is_float(dtype)) tensor.f = NEW_ARRAY(arena, double, (size_t)tensor.count);
    else tensor.i = NEW_ARRAY(arena, int64_t, (size_t)tensor.count);
    return tensor;
}

static void set(Tensor *result, int64_t i, double value) {
    if (!result->f) result->i[i] = cast_to_int(result->dtype, value);
    else result->f[i] = result->dtype == DT_F32 ? (double)(float)value : value;
}

// ---- Sources

static void constant(const Node *node, Tensor *result) {
    const double *data = node->attr.constant.data;
    for (int64_t i = 0; i < result->count; i++) {
        if (data) set(result, i, data[i]);
        else if (result->f) result->f[i] = node->attr.constant.number;
        else result->i[i] = node->attr.constant.integer;
    }
}

static void iota(const Node *node, Tensor *result) {
    int64_t inner = 1, size = result->size[node->attr.axis];
    for (uint32_t i = node->attr.axis + 1; i < result->rank; i++) inner *= result->size[i];
    if (!result->i || size < 1) BUG("interpret: iota makes integers, at least one");
    for (int64_t i = 0; i < result->count; i++) result->i[i] = i / inner % size;
}

static void random_numbers(const InterpretEnv *env, const Node *node, Tensor *result) {
    uint64_t seed = (uint64_t)(int64_t)env->scalars[SCALAR_SEED], step = (uint64_t)(int64_t)env->scalars[SCALAR_STEP];
    RngStream stream = rng_stream(seed, step, node->attr.random.place);
    for (int64_t i = 0; i < result->count; i++) {
        RngWords words = rng_words(stream, (uint64_t)i);
        set(result, i, node->op == OP_RAND ? rng_uniform(words) : rng_normal(words));
    }
}

static void given(const Node *node, const Tensor *tensor, Tensor *result) {
    if (!tensor || tensor->count != result->count || tensor->dtype != result->dtype) {
        BUG("interpret: the tensor given for %s %u does not fit", op_info[node->op].name, node->attr.index);
    }
    result->f = tensor->f;
    result->i = tensor->i;
}

static void source(const InterpretEnv *env, const Node *node, Tensor *result) {
    uint32_t index = node->attr.index;
    switch (node->op) {
    case OP_CONST: constant(node, result); break;
    case OP_VAR: given(node, index < env->var_count ? &env->vars[index] : NULL, result); break;
    case OP_INPUT: given(node, index < env->input_count ? &env->inputs[index] : NULL, result); break;
    case OP_SCALAR: set(result, 0, index == SCALAR_N ? (double)env->N : env->scalars[index]); break;
    case OP_IOTA: iota(node, result); break;
    case OP_RAND:
    case OP_RANDN: random_numbers(env, node, result); break;
    case OP_DRAW: given(node, env->draw ? env->draw(env->context, node) : NULL, result); break;
    default: BUG("interpret: %s is no source", op_info[node->op].name);
    }
}

// ---- Elementwise

// Operands may be of another type than the result (comparisons, casts) and than each other (where): integers are computed as
// integers when the value operands are integers.
static void elementwise(const Node *node, const Tensor *const *operands, Tensor *result) {
    bool integers = node->op == OP_CHECKED ? !operands[0]->f : !operands[node->operand_count - 1]->f;
    for (int64_t at = 0; at < result->count; at++) {
        double x[3];
        int64_t n[3];
        for (uint32_t k = 0; k < node->operand_count; k++) {
            x[k] = operands[k]->f ? operands[k]->f[at] : (double)operands[k]->i[at];
            n[k] = operands[k]->f ? 0 : operands[k]->i[at];
        }
        if (!integers) set(result, at, interpret_float(node->op, x));
        else if (result->f) set(result, at, (double)interpret_int(node->op, n)); // cast to a float
        else {
            int64_t value = interpret_int(node->op, n);
            result->i[at] = result->dtype == DT_BOOL ? value != 0 : result->dtype == DT_U8 ? (uint8_t)value : value;
        }
    }
}

static bool condition_holds(const Tensor *condition) {
    for (int64_t i = 0; i < condition->count; i++) {
        if (!condition->i[i]) return false;
    }
    return true;
}

// ---- The graph

static Tensor evaluate(Arena *arena, const InterpretEnv *env, const Node *node, const Tensor *values) {
    Tensor result = tensor_new(arena, node->dtype, &node->shape, env->N);
    const Tensor **operands = NEW_ARRAY(arena, const Tensor *, node->operand_count + 1u);
    for (uint32_t i = 0; i < node->operand_count; i++) operands[i] = &values[node->operands[i]];
    switch (op_info[node->op].class) {
    case CLASS_SOURCE: source(env, node, &result); break;
    case CLASS_ELEMENTWISE: elementwise(node, operands, &result); break;
    case CLASS_MOVEMENT: interpret_movement(node, env->N, operands, &result); break;
    case CLASS_REDUCTION: interpret_reduction(node, operands[0], &result); break;
    case CLASS_CONTRACTION: interpret_matmul(node, operands[0], operands[1], &result); break;
    }
    return result;
}

bool interpret(Arena *arena, const Graph *g, const InterpretEnv *env, const NodeId *wanted, size_t wanted_count, Tensor *values,
               NodeId *failed) {
    bool *needed = NEW_ARRAY(arena, bool, g->count + 1u);
    for (size_t i = 0; i < wanted_count; i++) needed[wanted[i]] = true;
    for (NodeId id = g->count; id-- > 0;) {
        values[id] = (Tensor){.count = -1};
        const Node *node = graph_node(g, id);
        for (uint32_t i = 0; needed[id] && i < node->operand_count; i++) needed[node->operands[i]] = true;
    }
    for (NodeId id = 0; id < g->count; id++) {
        if (!needed[id]) continue;
        const Node *node = graph_node(g, id);
        if (node->op == OP_CHECKED && !condition_holds(&values[node->operands[1]])) {
            if (failed) *failed = id;
            return false;
        }
        values[id] = evaluate(arena, env, node, values);
    }
    return true;
}
