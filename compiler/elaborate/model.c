// The model's inputs, its forward, and the loss.
#include "elaborate/whole.h"

static NodeId input_node(Eval *eval, const char *name, Shape sample, DType dtype, bool target) {
    Program *program = eval->program;
    if (sample.rank >= MAX_RANK) BUG("a sample with %d dimensions", sample.rank);
    Shape shape = {.rank = (uint8_t)(sample.rank + 1)};
    shape.dim[0] = (Dim){1, true};
    memcpy(shape.dim + 1, sample.dim, sample.rank * sizeof(Dim));
    InputSpec *inputs = NEW_ARRAY(eval->arena, InputSpec, program->input_count + 1);
    if (program->input_count) memcpy(inputs, program->inputs, program->input_count * sizeof *inputs);
    inputs[program->input_count] = (InputSpec){name, dtype, shape, target};
    program->inputs = inputs;
    Attr attr = {.index = (uint32_t)program->input_count++};
    NodeId node = graph_append(eval->graph, OP_INPUT, NULL, 0, &attr, shape, dtype);
    if (node != NODE_NONE) eval->graph->nodes[node].name = name;
    return node;
}

static Span span_of(Eval *eval, const char *name) {
    const Binding *binding = scope_find_here(eval->top, name);
    return binding ? binding->span : SPAN_NONE;
}

// Floats of a file are stored as they are there and become the program's float type in the graph.
static bool spec_input(Eval *eval, const TensorSpec *spec, const char *name, Value *result) {
    NodeId node = input_node(eval, name, spec->shape, spec->dtype, false);
    return eval_node(eval, node, result);
}

// `input = Tensor(784)` beside image data: each sample is read in that shape.
static bool reshape_sample(Eval *eval, NodeId x, const TensorSpec *spec, NodeId *result) {
    const Shape from = graph_node(eval->graph, x)->shape;
    Shape to = {.rank = (uint8_t)(spec->shape.rank + 1)};
    to.dim[0] = from.dim[0];
    memcpy(to.dim + 1, spec->shape.dim, spec->shape.rank * sizeof(Dim));
    if (!dim_equal(shape_count(&from), shape_count(&to))) {
        return eval_error(eval, MSG(INPUT_RESHAPE), shape_text(eval->arena, &from), shape_text(eval->arena, &to));
    }
    *result = build_cast(eval->graph, build_reshape(eval->graph, x, to), spec->dtype);
    return *result != NODE_NONE || eval_failed(eval);
}

// Input i of the data set as the model takes it; `spec`, if not NULL, is what the file says of it.
static bool data_tensor(Eval *eval, Dataset *data, size_t i, const TensorSpec *spec, Value *result) {
    DataInput *input = &data->inputs[i];
    eval_place(eval, data->spec.span);
    if (!input->known && !spec) {
        const char *file = i < data->spec.x_count ? data->spec.train_x[i] : data->spec.format;
        if (data_file_there(eval, file)) eval_error(eval, MSG(SAMPLES_PACKED), file);
        else eval_error(eval, MSG(SAMPLES_UNKNOWN), file);
        if (data->input_count > 1) eval_hint(eval, MSG(HINT_GIVE_INPUTS));
        else eval_hint(eval, MSG(HINT_GIVE_INPUT));
        return false;
    }
    if (!input->known) {
        input->shape = spec->shape;
        if (!dtype_is_float(spec->dtype)) input->dtype = spec->dtype;
        input->known = true;
    }
    const char *name = data->input_count > 1 ? arena_printf(eval->arena, "input%zu", i) : "input";
    NodeId x = input_node(eval, name, input->shape, input->dtype, false);
    if (x == NODE_NONE) return eval_failed(eval);
    if (input->dtype != DT_I64 && !convert_samples(eval, data, x, &x)) return false;
    if (spec) {
        eval_place(eval, span_of(eval, "input"));
        if (!reshape_sample(eval, x, spec, &x)) return false;
    }
    *result = value_tensor(x);
    return true;
}

static bool data_input(Eval *eval, Whole *whole, const Value *input) {
    Dataset *data = whole->data.dataset;
    const size_t count = data->input_count;
    const bool tuple = input->kind == VALUE_TUPLE || input->kind == VALUE_LIST;
    const Value *items = tuple ? input->list->items : input;
    bool fits = input->kind == VALUE_NONE || (tuple ? input->list->count : 1) == count;
    for (size_t i = 0; fits && input->kind != VALUE_NONE && i < count; i++) fits = items[i].kind == VALUE_SPEC;
    if (!fits) {
        const char *wanted = count == 1 ? "one Tensor(…)" : arena_printf(eval->arena, "a tuple of %zu Tensors", count);
        return eval_error_at(eval, span_of(eval, "input"), MSG(INPUT_BESIDE_DATA), wanted, value_text(eval, input));
    }
    Value *tensors = NEW_ARRAY(eval->arena, Value, count);
    for (size_t i = 0; i < count; i++) {
        const TensorSpec *spec = input->kind == VALUE_NONE ? NULL : items[i].spec;
        if (!data_tensor(eval, data, i, spec, &tensors[i])) return false;
    }
    whole->input = count == 1 ? tensors[0] : value_tuple(eval, tensors, count);
    return true;
}

static bool plain_inputs(Eval *eval, Whole *whole, const Value *input) {
    eval_place(eval, span_of(eval, "input"));
    if (input->kind == VALUE_SPEC) return spec_input(eval, input->spec, "input", &whole->input);
    bool tuple = input->kind == VALUE_TUPLE || input->kind == VALUE_LIST;
    Value *items = NEW_ARRAY(eval->arena, Value, tuple ? input->list->count + 1 : 1);
    for (size_t i = 0; tuple && i < input->list->count; i++) {
        const Value *item = &input->list->items[i];
        if (item->kind != VALUE_SPEC) return eval_error(eval, MSG(INPUT_TUPLE), value_kind_text(item));
        if (!spec_input(eval, item->spec, arena_printf(eval->arena, "input%zu", i), &items[i])) return false;
    }
    if (!tuple || !input->list->count) return eval_error(eval, MSG(INPUT_KIND), value_kind_text(input));
    whole->input = value_tuple(eval, items, input->list->count);
    return true;
}

static bool given_target(Eval *eval, Whole *whole) {
    const Binding *target = scope_find_here(eval->top, "target");
    const Dataset *data = whole->data.kind == VALUE_DATASET ? whole->data.dataset : NULL;
    if (data && data->spec.target_is_input) {
        whole->target = whole->input.tensor;
        return true;
    }
    TensorSpec spec = {{0}, DT_I64};
    if (target) {
        eval_place(eval, target->span);
        if (target->value.kind != VALUE_SPEC) return eval_error(eval, MSG(TARGET_KIND), value_kind_text(&target->value));
        spec = *target->value.spec;
    } else if (data && data->spec.class_count) {
        eval_place(eval, data->spec.span);
    } else if (data && data->target_known) {
        spec = data->target;
    } else {
        return true;
    }
    NodeId node = input_node(eval, "target", spec.shape, spec.dtype, true);
    if (node == NODE_NONE) return eval_failed(eval);
    whole->class_target = spec.dtype == DT_I64 && spec.shape.rank == 0;
    whole->target = dtype_is_float(spec.dtype) ? build_cast(eval->graph, node, eval->graph->float_type) : node;
    return true;
}

bool make_inputs(Eval *eval, Whole *whole) {
    const Binding *input = scope_find_here(eval->top, "input"), *data = scope_find_here(eval->top, "data");
    Value given = input ? input->value : NONE_VALUE;
    whole->data = data ? data->value : NONE_VALUE;
    whole->target = NODE_NONE;
    if (given.kind == VALUE_BROKEN || whole->data.kind == VALUE_BROKEN) return false;
    if (data && whole->data.kind != VALUE_DATASET) {
        return eval_error_at(eval, data->span, MSG(DATA_KIND), value_kind_text(&whole->data));
    }
    if (!data && !input) {
        eval_error_at(eval, span_of(eval, "model"), MSG(NO_INPUT));
        eval_hint(eval, MSG(HINT_GIVE_DATA));
        return false;
    }
    return (data ? data_input(eval, whole, &given) : plain_inputs(eval, whole, &given)) && given_target(eval, whole);
}

// ---- The model
static NodeId tensor_of(Eval *eval, Value *value) {
    if (value->kind == VALUE_PARAMETER) {
        NodeId node;
        if (!parameter_node(eval, value->parameter, &node)) return NODE_NONE;
        *value = value_tensor(node);
    }
    if (value->kind == VALUE_TENSOR) return value->tensor;
    bool list = value->kind == VALUE_TUPLE || value->kind == VALUE_LIST;
    return list && value->list->count ? tensor_of(eval, &value->list->items[0]) : NODE_NONE;
}

bool run_model(Eval *eval, Whole *whole, bool training, Forward *forward) {
    Span span = span_of(eval, "model");
    eval->site = NULL;
    eval_place(eval, span);
    eval->training = training;
    eval->forward = true;
    eval->record_layers = training;
    forward->effects_begin = eval->effects.count;
    const Value *inputs = whole->input.kind == VALUE_TUPLE ? whole->input.list->items : &whole->input;
    size_t count = whole->input.kind == VALUE_TUPLE ? whole->input.list->count : 1;
    bool ok = eval_apply(eval, &whole->model, inputs, count, &forward->output);
    eval->record_layers = false;
    eval->forward = false;
    forward->effects_model = forward->effects_end = eval->effects.count;
    if (!ok) return false;
    eval_place(eval, span);
    forward->first = tensor_of(eval, &forward->output);
    if (forward->first == NODE_NONE) {
        return eval_error(eval, MSG(MODEL_OUTPUT), value_kind_text(&forward->output));
    }
    return true;
}

// ---- The loss
// Parameters without a default, which the loss is to be called with: (output, target) or (output, target, input).
static size_t open_parameters(const Value *loss) {
    const AstParam *params = NULL;
    size_t count = 0, open = 0, given = 0;
    const Value *callee = loss->kind == VALUE_PARTIAL ? &loss->partial->callee : loss;
    if (loss->kind == VALUE_PARTIAL) given = loss->partial->count;
    if (callee->kind == VALUE_FUNCTION) {
        params = callee->function->params;
        count = callee->function->param_count;
    } else if (callee->kind == VALUE_MODULE && callee->module->forward) {
        params = callee->module->forward->params;
        count = callee->module->forward->param_count;
    } else {
        return 2;
    }
    for (size_t i = 0; i < count; i++) {
        bool filled = params[i].fallback;
        for (size_t k = 0; k < given; k++) filled |= !strcmp(loss->partial->args[k].name, params[i].name);
        open += !filled;
    }
    return open;
}

bool run_loss(Eval *eval, Whole *whole, bool training, Forward *forward) {
    Span span = span_of(eval, "loss");
    if (span.file == FILE_NONE) span = span_of(eval, "model");
    eval->site = NULL;
    eval_place(eval, span);
    eval->training = training;
    eval->forward = true;
    Value args[3] = {forward->output, value_tensor(whole->target), whole->input}, loss;
    bool ok = eval_apply(eval, &whole->loss, args, open_parameters(&whole->loss) >= 3 ? 3 : 2, &loss);
    eval->forward = false;
    forward->effects_end = eval->effects.count;
    if (!ok) {
        if (!scope_find_here(eval->top, "loss")) eval_hint(eval, MSG(HINT_DEFAULT_LOSS));
        return false;
    }
    eval_place(eval, span);
    if (!value_is_tensor(&loss)) return eval_error(eval, MSG(LOSS_KIND), value_kind_text(&loss));
    eval->callee = "loss";
    if (!arg_tensor(eval, &loss, "its value", &forward->loss)) return false;
    const Node *node = graph_node(eval->graph, forward->loss);
    if (node->shape.rank != 0 || !dtype_is_float(node->dtype)) {
        eval_error(eval, MSG(LOSS_SHAPE), dtype_text(node->dtype), shape_text(eval->arena, &node->shape));
        eval_hint(eval, MSG(HINT_ONE_NUMBER));
        return false;
    }
    forward->loss = build_cast(eval->graph, forward->loss, eval->graph->float_type);
    return true;
}

// ---- A target that is fixed by its use
static void mark_users(Eval *eval, NodeId from, bool *marked) {
    for (NodeId i = 0; i < eval->graph->count; i++) {
        const Node *node = graph_node(eval->graph, i);
        marked[i] = i == from || (from == NODE_NONE && node->op == OP_IOTA);
        for (uint32_t k = 0; !marked[i] && k < node->operand_count; k++) marked[i] = marked[node->operands[k]];
    }
}

// Whether the target is compared with positions 0, 1, 2, …, as one_hot and losses of classes do.
static bool used_as_class(Eval *eval, NodeId target, NodeId first) {
    bool *from_target = NEW_ARRAY(eval->arena, bool, eval->graph->count + 1);
    bool *from_iota = NEW_ARRAY(eval->arena, bool, eval->graph->count + 1);
    mark_users(eval, target, from_target);
    mark_users(eval, NODE_NONE, from_iota);
    for (NodeId i = first; i < eval->graph->count; i++) {
        const Node *node = graph_node(eval->graph, i);
        if (node->op != OP_EQ) continue;
        NodeId a = node->operands[0], b = node->operands[1];
        if ((from_target[a] && !from_iota[a] && from_iota[b]) || (from_target[b] && !from_iota[b] && from_iota[a])) return true;
    }
    return false;
}

// Elaborates the loss with a target of classes, without a word when it fails.
static bool try_classes(Eval *eval, Whole *whole) {
    Diagnostics *diag = eval->diag;
    Diagnostics *silent = diag_new(eval->arena, NULL);
    for (uint32_t i = 0; diag_file(diag, i); i++) {
        const SourceFile *file = diag_file(diag, i);
        diag_add_file(silent, file->path, file->text, file->length, file->builtin);
    }
    eval->diag = eval->graph->diag = silent;
    uint32_t places = eval->graph->random_places;
    size_t effects = eval->effects.count, inputs = eval->program->input_count;
    NodeId target = input_node(eval, "target", (Shape){0}, DT_I64, true), first = eval->graph->count;
    whole->target = target;
    Forward trial = whole->training;
    bool ok = run_loss(eval, whole, true, &trial) && used_as_class(eval, target, first);
    eval->effects.count = effects;
    eval->graph->random_places = places;
    eval->diag = eval->graph->diag = diag;
    if (!ok) eval->program->input_count = inputs;
    return ok;
}

bool find_target(Eval *eval, Whole *whole) {
    if (whole->target != NODE_NONE) return true;
    whole->target_by_use = true;
    if (try_classes(eval, whole)) {
        whole->class_target = true;
        return true;
    }
    const Shape shape = graph_node(eval->graph, whole->training.first)->shape;
    Shape sample = {.rank = (uint8_t)(shape.rank ? shape.rank - 1 : 0)};
    memcpy(sample.dim, shape.dim + 1, sample.rank * sizeof(Dim));
    if (!shape.rank || !shape.dim[0].batch || shape.dim[0].size != 1) {
        uint32_t axis;
        eval_error(eval, MSG(TARGET_UNKNOWN), shape_text(eval->arena, &shape));
        if (shape_batch_axis(&shape, &axis)) eval_hint(eval, MSG(HINT_BATCH_FIRST));
        else eval_hint(eval, MSG(HINT_NO_BATCH));
        return false;
    }
    NodeId node = input_node(eval, "target", sample, eval->graph->float_type, true);
    whole->target = node;
    return node != NODE_NONE || eval_failed(eval);
}

// Whole numbers are classes if the loss takes them as such; it may also measure distances to them, or read them as signs.
void settle_target(Eval *eval, Whole *whole) {
    bool predicts = whole->loss.kind == VALUE_MODULE && module_member(whole->loss.module, "predict");
    if (whole->class_target) whole->class_target = predicts || used_as_class(eval, whole->target, 0);
}

// A target that was to be found by its use and has none is no input of the program.
void drop_unused_target(Eval *eval, Whole *whole) {
    if (!whole->target_by_use) return;
    for (NodeId i = 0; i < eval->graph->count; i++) {
        const Node *node = graph_node(eval->graph, i);
        for (uint32_t k = 0; k < node->operand_count; k++) {
            if (node->operands[k] == whole->target) return;
        }
    }
    eval->program->input_count--; // it was the last
}
