// A node's value at given coordinates. What is kept in memory is loaded; everything else is computed here and now from its
// operands at the coordinates that they contribute: elementwise ops pass coordinates on, movements map them.
#include "schedule/internal.h"

#include "support/diag.h"

// ---- Buffers

static KBufId buf_for(Emit *e, PlanRef ref, const char *name, DType dtype, int64_t count, int64_t count_n) {
    uint32_t data = 0;
    for (size_t i = 0; i < e->k->bufs.count; i++) {
        KBuf *buf = &e->k->bufs.items[i];
        if (buf->role != KBUF_DATA) continue;
        const PlanRef *other = &e->refs.items[data++];
        if (other->space == ref.space && other->index == ref.index && other->fixed == ref.fixed &&
            other->per_block == ref.per_block && buf->dtype == dtype && buf->count == count && buf->count_n == count_n)
            return (KBufId)i;
    }
    KBuf buf = {.name = name, .dtype = dtype, .count = count, .count_n = count_n};
    VEC_PUSH(e->arena, &e->k->bufs, buf);
    VEC_PUSH(e->arena, &e->refs, ref);
    return (KBufId)(e->k->bufs.count - 1);
}

static KBufId buf_for_shape(Emit *e, PlanRef ref, const char *name, DType dtype, const Shape *shape) {
    Dim count = shape_count(shape);
    return buf_for(e, ref, name, dtype, count.batch ? 0 : count.size, count.batch ? count.size : 0);
}

static KBufId buf_of_node(Emit *e, NodeId id) {
    const Node *node = graph_node(e->s->g, id);
    const char *name = node->name ? node->name : arena_printf(e->arena, "%s%u", op_info[node->op].name, id);
    return buf_for_shape(e, buffer_ref(e->s, id), name, node->dtype, &node->shape);
}

static KBufId buf_of_var(Emit *e, uint32_t index) {
    const Variable *var = &e->s->plan->program->vars[index];
    PlanRef ref = {.space = SPACE_VARS, .fixed = e->s->plan->vars[index].offset};
    return buf_for_shape(e, ref, var->name, var->dtype, &var->shape);
}

KBufId emit_scratch(Emit *e, DType dtype, int64_t count) {
    int64_t at = (e->k->scratch_bytes + 63) / 64 * 64;
    KBuf buf = {.name = "panel", .dtype = dtype, .role = KBUF_SCRATCH, .count = count, .scratch_offset = at};
    e->k->scratch_bytes = at + count * (int64_t)dtype_size(dtype);
    VEC_PUSH(e->arena, &e->k->bufs, buf);
    return (KBufId)(e->k->bufs.count - 1);
}

// ---- Coordinates

// Kept values lie row-major, but with the batch axis outermost wherever it stands, so that no stride depends on N.
static void row_major(const Shape *shape, int64_t *stride) {
    int64_t next = 1;
    uint32_t batch = MAX_RANK;
    shape_batch_axis(shape, &batch);
    for (uint32_t i = shape->rank; i-- > 0;) {
        if (i == batch) continue;
        stride[i] = next;
        next *= shape->dim[i].size;
    }
    if (batch < shape->rank) stride[batch] = next;
}

static Coord linear(const Coord *at, const int64_t *stride, uint32_t rank) {
    Coord result = {idx_const(0), 0};
    for (uint32_t i = 0; i < rank; i++) {
        result.idx = idx_add(result.idx, idx_scale(at[i].idx, stride[i]));
        result.lane += at[i].lane * stride[i];
    }
    return result;
}

static Coord linear_in(const Emit *e, const Shape *shape, const Coord *at) {
    if (e->flat)
        return (Coord){idx_add(idx_scale(at[0].idx, e->flat_columns), at[1].idx), at[0].lane * e->flat_columns + at[1].lane};
    int64_t stride[MAX_RANK];
    row_major(shape, stride);
    return linear(at, stride, shape->rank);
}

static bool is_unit(Dim dim) { return dim.size == 1 && !dim.batch; }

// Coordinates of a reshape's operand, each from the run of result axes that it comes from.
static void through_reshape(const Shape *result, const Shape *operand, const Coord *at, Coord *out) {
    uint32_t i = 0, j = 0;
    while (i < result->rank || j < operand->rank) {
        uint32_t i0 = i, j0 = j;
        if (!reshape_run(result, operand, &i, &j)) BUG("a reshape between sizes that differ");
        Coord sum = {idx_const(0), 0};
        int64_t stride = 1;
        for (uint32_t axis = i; axis-- > i0;) {
            sum.idx = idx_add(sum.idx, idx_scale(at[axis].idx, stride));
            sum.lane += at[axis].lane * stride;
            stride *= result->dim[axis].size;
        }
        for (uint32_t axis = j0; axis < j; axis++) out[axis] = is_unit(operand->dim[axis]) ? (Coord){idx_const(0), 0} : sum;
    }
}

// Coordinates of a movement's operand.
void emit_movement(const Emit *e, const Node *node, const Coord *at, Coord *out) {
    const Shape *operand = &graph_node(e->s->g, node->operands[0])->shape;
    switch (node->op) {
    case OP_PERMUTE:
        for (uint32_t i = 0; i < node->shape.rank; i++) out[node->attr.permutation.axis[i]] = at[i];
        break;
    case OP_EXPAND: {
        uint32_t skip = node->shape.rank - operand->rank;
        for (uint32_t i = 0; i < operand->rank; i++)
            out[i] = is_unit(operand->dim[i]) ? (Coord){idx_const(0), 0} : at[i + skip];
        break;
    }
    case OP_SLICE:
        for (uint32_t i = 0; i < node->shape.rank; i++) {
            out[i].idx = idx_add(idx_dim(node->attr.slice.start[i]), idx_scale(at[i].idx, node->attr.slice.step[i]));
            out[i].lane = at[i].lane * node->attr.slice.step[i];
        }
        break;
    case OP_RESHAPE: through_reshape(&node->shape, operand, at, out); break;
    default: BUG("%s is no movement to look through", op_info[node->op].name);
    }
}

// ---- Loads

static KAccess plain_access(KBufId buf, Coord at) {
    return (KAccess){.buf = buf, .idx = at.idx, .lane_stride = at.lane, .gather_buf = KBUF_NONE};
}

static KAccess var_access(Emit *e, uint32_t index, const Coord *at) {
    KBufId buf = buf_of_var(e, index);
    if (e->flat) return plain_access(buf, linear_in(e, NULL, at));
    return plain_access(buf, linear(at, e->s->plan->vars[index].stride, e->s->plan->program->vars[index].shape.rank));
}

// A row of the data set: the index of the batch says which.
static KAccess input_access(Emit *e, const Node *node, const Coord *at) {
    Dim row = {1, false};
    int64_t stride[MAX_RANK];
    Shape sample = node->shape;
    for (uint32_t i = 1; i < sample.rank; i++) row.size *= sample.dim[i].size;
    PlanRef ref = {.space = SPACE_INPUT, .index = node->attr.index};
    const char *name = e->s->plan->program->inputs[node->attr.index].name;
    KAccess access = {.gather_stride = row.size};
    // How many rows the data set has is the runtime's to know: the index of the batch is checked there.
    access.buf = buf_for(e, ref, name, node->dtype, row.size, 0);
    access.gather_buf = buf_for(e, (PlanRef){.space = SPACE_INDEX}, "index", DT_I64, 0, 1);
    access.gather_idx = at[0].idx;
    access.gather_lanes = at[0].lane != 0;
    if (access.gather_lanes && at[0].lane != 1) BUG("lanes along every other row of an input");
    Coord inside;
    if (e->flat) inside = at[1];
    else {
        row_major(&sample, stride);
        inside = linear(at + 1, stride + 1, sample.rank - 1);
    }
    access.idx = inside.idx;
    access.lane_stride = inside.lane;
    return access;
}

static KAccess constant_access(Emit *e, NodeId id, const Coord *at) {
    const Node *node = graph_node(e->s->g, id);
    Plan *plan = e->s->plan;
    size_t count = (size_t)shape_count(&node->shape).size, size = dtype_size(node->dtype);
    char *data = arena_array(e->s->arena, count, size);
    for (size_t i = 0; i < count; i++) {
        double number = node->attr.constant.data[i];
        if (node->dtype == DT_F32) ((float *)data)[i] = (float)number;
        else if (node->dtype == DT_F64) ((double *)data)[i] = number;
        else if (node->dtype == DT_I64) ((int64_t *)data)[i] = (int64_t)number;
        else data[i] = (char)(int)number;
    }
    uint32_t index = 0;
    while (index < plan->constants.count && (plan->constants.items[index].bytes != count * size ||
                                             memcmp(plan->constants.items[index].data, data, count * size) != 0))
        index++;
    if (index == plan->constants.count) {
        PlanConstant constant = {node->dtype, data, count * size};
        VEC_PUSH(e->s->arena, &plan->constants, constant);
    }
    PlanRef ref = {.space = SPACE_CONST, .index = index};
    return plain_access(buf_for_shape(e, ref, "constant", node->dtype, &node->shape), linear_in(e, &node->shape, at));
}

static bool in_memory(const Emit *e, NodeId id) {
    int32_t own = (int32_t)(e->group - e->s->groups.items);
    return e->s->kept[id] && e->s->group_of[id] != own && e->s->buffers[id].used;
}

bool emit_access(Emit *e, NodeId id, const Coord *at, KAccess *access, DType *dtype) {
    const Node *node = graph_node(e->s->g, id);
    *dtype = node->dtype;
    if (in_memory(e, id)) {
        *access = plain_access(buf_of_node(e, id), linear_in(e, &node->shape, at));
        return true;
    }
    if (node->op == OP_VAR) *access = var_access(e, node->attr.index, at);
    else if (node->op == OP_INPUT) *access = input_access(e, node, at);
    else if (node->op == OP_CONST && node->attr.constant.data) *access = constant_access(e, id, at);
    else if (node->op == OP_PERMUTE || node->op == OP_EXPAND || node->op == OP_SLICE || node->op == OP_RESHAPE) {
        NodeId operand = node->operands[0];
        const Shape *from = &graph_node(e->s->g, operand)->shape;
        if (e->flat) {
            if (node->op != OP_RESHAPE) return false;
            return emit_access(e, operand, at, access, dtype);
        }
        if (node->op == OP_RESHAPE && !reshape_is_affine(&node->shape, from)) {
            if (!in_memory(e, operand)) return false;
            *access = plain_access(buf_of_node(e, operand), linear_in(e, &node->shape, at));
            return true;
        }
        Coord below[MAX_RANK] = {0};
        emit_movement(e, node, at, below);
        return emit_access(e, operand, below, access, dtype);
    } else return false;
    return true;
}

static bool is_vector_access(const KAccess *access) {
    return access->lane_stride != 0 || (access->gather_buf != KBUF_NONE && access->gather_lanes);
}

void emit_load(Emit *e, const KAccess *access, DType dtype, bool vector, KVal *value) {
    *value = emit_let(e, dtype, vector, (KStmt){.op = K_LOAD, .access = *access, .mask = vector ? e->mask : (KMask){0}});
}

// ---- Values

static const Known *find_known(const Emit *e, NodeId id, const Coord *at) {
    uint32_t rank = e->flat ? 2 : graph_node(e->s->g, id)->shape.rank;
    for (size_t i = e->known.count; i-- > 0;) {
        const Known *known = &e->known.items[i];
        if (known->node != id || (known->flat != e->flat && !known->anywhere)) continue;
        bool same = true;
        for (uint32_t a = 0; !known->anywhere && same && a < rank; a++)
            same = known->at[a].lane == at[a].lane && idx_equal(&known->at[a].idx, &at[a].idx);
        if (same) return known;
    }
    return NULL;
}

// idx + lane × (0, 1, 2, …) as I64.
static KVal index_value(Emit *e, Coord at) {
    KVal base = emit_let(e, DT_I64, false, (KStmt){.op = K_INDEX, .idx = at.idx});
    if (at.lane == 0) return base;
    KVal lanes = emit_let(e, DT_I64, true, (KStmt){.op = K_LANES});
    if (at.lane != 1) lanes = emit_element(e, OP_MUL, DT_I64, (KVal[]){lanes, emit_const(e, DT_I64, 0, at.lane)}, 2);
    return emit_element(e, OP_ADD, DT_I64, (KVal[]){base, lanes}, 2);
}

// Which element of the shape a random number is for, row by row however it lies in memory: axes before the batch count in
// steps that only the run knows.
static KVal element_index(Emit *e, const Shape *shape, const Coord *at) {
    uint32_t batch = 0;
    if (e->flat || !shape_batch_axis(shape, &batch) || batch == 0) return index_value(e, linear_in(e, shape, at));
    int64_t stride[MAX_RANK], next = 1;
    for (uint32_t i = shape->rank; i-- > 0; next *= shape->dim[i].size) stride[i] = next;
    KVal before = index_value(e, linear(at, stride, batch));
    KVal samples = emit_let(e, DT_I64, false, (KStmt){.op = K_SCALAR, .scalar = SCALAR_N});
    KVal inside = index_value(e, linear(at + batch, stride + batch, shape->rank - batch));
    before = emit_element(e, OP_MUL, DT_I64, (KVal[]){before, samples}, 2);
    return emit_element(e, OP_ADD, DT_I64, (KVal[]){before, inside}, 2);
}

static uint32_t message_index(Emit *e, const char *text) {
    Plan *plan = e->s->plan;
    for (uint32_t i = 0; i < plan->messages.count; i++)
        if (strcmp(plan->messages.items[i], text) == 0) return i;
    VEC_PUSH(e->s->arena, &plan->messages, text);
    return (uint32_t)(plan->messages.count - 1);
}

static KVal emit_source(Emit *e, NodeId id, const Coord *at) {
    const Node *node = graph_node(e->s->g, id);
    switch (node->op) {
    case OP_CONST: return emit_const(e, node->dtype, node->attr.constant.number, node->attr.constant.integer);
    case OP_SCALAR: return emit_let(e, node->dtype, false, (KStmt){.op = K_SCALAR, .scalar = node->attr.index});
    case OP_IOTA: return index_value(e, at[node->attr.axis]);
    case OP_RAND:
    case OP_RANDN: {
        KVal index = element_index(e, &node->shape, at);
        bool vector = e->k->vals.items[index].vector;
        KStmt draw = {.op = K_RANDOM, .args = {index}, .scalar = node->attr.random.place, .normal = node->op == OP_RANDN};
        return emit_let(e, node->dtype, vector, draw);
    }
    default: BUG("%s %%%u cannot be computed here", op_info[node->op].name, id);
    }
}

static KVal emit_elementwise(Emit *e, NodeId id, const Coord *at) {
    const Node *node = graph_node(e->s->g, id);
    KVal args[3];
    for (uint32_t i = 0; i < node->operand_count; i++) args[i] = emit_node(e, node->operands[i], at);
    if (node->op == OP_STOP_GRADIENT) return args[0];
    if (node->op == OP_CHECKED) {
        bool vector = e->k->vals.items[args[1]].vector;
        message_index(e, node->attr.checked.message);
        emit_stmt(e, (KStmt){.kind = KS_CHECK,
                             .value = args[1],
                             .mask = vector ? e->mask : (KMask){0},
                             .text = node->attr.checked.message});
        return args[0];
    }
    return emit_element(e, node->op, node->dtype, args, node->operand_count);
}

static bool is_single(const Node *node) {
    Dim count = shape_count(&node->shape);
    return count.size == 1 && !count.batch;
}

bool emit_follows(const Emit *e, const Node *node) {
    if (node->op == OP_RESHAPE) return reshape_is_affine(&node->shape, &graph_node(e->s->g, node->operands[0])->shape);
    return node->op == OP_PERMUTE || node->op == OP_EXPAND || node->op == OP_SLICE;
}

KVal emit_node(Emit *e, NodeId id, const Coord *at) {
    const Node *node = graph_node(e->s->g, id);
    if (e->flat && is_single(node)) { // may come from anywhere: what leads to it has coordinates of its own
        static const Coord zero[MAX_RANK];
        e->flat = false;
        KVal single = emit_node(e, id, zero);
        e->flat = true;
        return single;
    }
    const Known *known = find_known(e, id, at);
    if (known) return known->value;
    KVal value;
    KAccess access;
    DType dtype;
    Coord below[MAX_RANK] = {0};
    if (!e->flat && emit_follows(e, node) && !in_memory(e, id)) { // the operand may be known
        emit_movement(e, node, at, below);
        value = emit_node(e, node->operands[0], below);
    } else if (emit_access(e, id, at, &access, &dtype)) {
        emit_load(e, &access, dtype, is_vector_access(&access), &value);
    } else if (op_info[node->op].class == CLASS_ELEMENTWISE) {
        value = emit_elementwise(e, id, at);
    } else if (op_info[node->op].class == CLASS_MOVEMENT) {
        if (e->flat && node->op == OP_RESHAPE) memcpy(below, at, 2 * sizeof *at);
        else if (!e->flat) emit_movement(e, node, at, below);
        value = emit_node(e, node->operands[0], below);
    } else {
        value = emit_source(e, id, at);
    }
    emit_know(e, id, at, value);
    return value;
}

// ---- Keeping

static void store(Emit *e, KBufId buf, Coord at, KVal value) {
    KAccess access = plain_access(buf, at);
    bool vector = at.lane != 0;
    if (vector) value = emit_splat(e, value);
    emit_stmt(e, (KStmt){.kind = KS_STORE, .access = access, .value = value, .mask = vector ? e->mask : (KMask){0}});
}

void emit_keep(Emit *e, NodeId id, const Coord *at) {
    const Schedule *s = e->s;
    if (!s->kept[id]) return;
    const Node *node = graph_node(s->g, id);
    KVal value = emit_node(e, id, at);
    if (s->buffers[id].used) store(e, buf_of_node(e, id), linear_in(e, &node->shape, at), value);
    for (size_t i = 0; i < s->writes.count; i++) {
        const VarWrite *write = &s->writes.items[i];
        if (write->node != id || !write->in_place) continue;
        // Members that come later may still want the old value.
        for (NodeId old = 0; old < s->g->count && e->group->members.count > 1; old++)
            if (s->needed[old] && s->g->nodes[old].op == OP_VAR && s->g->nodes[old].attr.index == write->var)
                emit_node(e, old, at);
        KAccess access = var_access(e, write->var, at);
        store(e, access.buf, (Coord){access.idx, access.lane_stride}, value);
    }
}

// Walks what the group computes and emits, at the present block, what no coordinate changes: rates, constants.
static void emit_constant_parts(Emit *e, NodeId id, bool member) {
    const Node *node = graph_node(e->s->g, id);
    static const Coord zero[MAX_RANK];
    bool single = node->shape.rank == 0 && !member;
    if (single) {
        if (node->op != OP_CONST) emit_node(e, id, zero);
        return;
    }
    if (!member && (in_memory(e, id) || node->op == OP_VAR || node->op == OP_INPUT)) return;
    int32_t own = (int32_t)(e->group - e->s->groups.items);
    for (uint32_t i = 0; i < node->operand_count; i++)
        if (e->s->group_of[node->operands[i]] != own) emit_constant_parts(e, node->operands[i], false);
}

void emit_scalars(Emit *e, const Group *group) {
    for (size_t i = 0; i < group->members.count; i++) {
        const Node *node = graph_node(e->s->g, group->members.items[i]);
        if (op_info[node->op].class == CLASS_REDUCTION || op_info[node->op].class == CLASS_CONTRACTION) continue;
        if (node->shape.rank) emit_constant_parts(e, group->members.items[i], true);
    }
}
