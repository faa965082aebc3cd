// The program's variables and what each entry point computes: sets of outputs over the one graph.
#include "elaborate/whole.h"

#include "autodiff/differentiate.h"

// ---- Variables: learned ones and buffers under their state_dict names, then the optimiser's states, then gradients
static void collect(Eval *eval, Whole *whole, Value *value) {
    if (value->kind == VALUE_PARAMETER) {
        Parameter *parameter = value->parameter;
        if (parameter->listed || !parameter->name) return;
        parameter->listed = true;
        VEC_PUSH(eval->arena, &whole->variables, parameter);
    } else if (value->kind == VALUE_LIST || value->kind == VALUE_TUPLE) {
        if (!member_is_layer(value)) return;
        for (size_t i = 0; i < value->list->count; i++) collect(eval, whole, &value->list->items[i]);
    } else if (value->kind == VALUE_MODULE && !value->module->naming) {
        Module *module = value->module;
        module->naming = true;
        Binding **members = module_members(eval, module);
        for (size_t i = 0; i < module->scope->count; i++) collect(eval, whole, &members[i]->value);
        module->naming = false;
    }
}

bool collect_variables(Eval *eval, Whole *whole) {
    name_members(eval, &whole->model, "");
    collect(eval, whole, &whole->model);
    // What the model's own tree does not hold but its forward or the loss uses: under the name it has at the top level.
    eval->name_used_only = true;
    for (size_t i = 0; i < eval->top->count; i++) {
        Binding *binding = &eval->top->items[i];
        if (value_equal(&binding->value, &whole->model)) continue;
        name_members(eval, &binding->value, binding->name);
        collect(eval, whole, &binding->value);
    }
    for (size_t i = 0; i < eval->parameters.count; i++) {
        Parameter *parameter = eval->parameters.items[i];
        if (parameter->name) continue;
        name_members(eval, &(Value){VALUE_PARAMETER, {.parameter = parameter}}, arena_printf(eval->arena, "parameter%zu", i));
        collect(eval, whole, &(Value){VALUE_PARAMETER, {.parameter = parameter}});
    }
    for (size_t i = 0; i < whole->variables.count; i++) {
        Parameter *parameter = whole->variables.items[i];
        parameter->used = parameter->var != NODE_NONE;
        if (parameter_var(eval, parameter) == NODE_NONE) return eval_failed(eval);
    }
    return true;
}

// ---- Training
static bool trained(const Parameter *parameter) {
    return parameter->kind == VAR_PARAM && parameter->used && !parameter->frozen;
}

// A model that learns nothing because all that it has is frozen: rarely meant.
static void mention_frozen(Eval *eval, const Whole *whole) {
    bool frozen = false;
    for (size_t i = 0; i < whole->variables.count; i++) {
        if (trained(whole->variables.items[i])) return;
        frozen |= whole->variables.items[i]->frozen && whole->variables.items[i]->kind == VAR_PARAM;
    }
    const Binding *model = scope_find_here(eval->top, "model");
    if (frozen) diag_warning(eval->diag, WARNING_NO_EFFECT, model ? model->span : SPAN_NONE, MSG(ALL_FROZEN));
}

bool make_updates(Eval *eval, Whole *whole) {
    mention_frozen(eval, whole);
    VEC(NodeId) wrt = {0};
    for (size_t i = 0; i < whole->variables.count; i++) {
        if (trained(whole->variables.items[i])) VEC_PUSH(eval->arena, &wrt, whole->variables.items[i]->var);
    }
    NodeId *grads = NEW_ARRAY(eval->arena, NodeId, wrt.count + 1);
    eval->training = true;
    if (wrt.count && !differentiate(eval->graph, whole->training.loss, wrt.items, wrt.count, grads)) return eval_failed(eval);
    size_t at = 0;
    for (size_t i = 0; i < whole->variables.count; i++) {
        Parameter *parameter = whole->variables.items[i];
        if (!trained(parameter)) continue;
        NodeId gradient = grads[at++];
        eval->site = NULL;
        eval_place(eval, parameter->user_span);
        Parameter *buffer = parameter_new(eval, VAR_GRADIENT, parameter->shape, parameter->dtype);
        buffer->of = parameter;
        buffer->name = arena_printf(eval->arena, "%s.grad", parameter->name);
        NodeId stored = parameter_var(eval, buffer);
        Update update, applied;
        if (!elaborate_update(eval, whole->optimizer.optimizer, parameter, gradient, &update)) return false;
        if (!elaborate_update(eval, whole->optimizer.optimizer, parameter, stored, &applied)) return false;
        VEC_PUSH(eval->arena, &whole->updates, update);
        VEC_PUSH(eval->arena, &whole->applied, applied);
        VEC_PUSH(eval->arena, &whole->gradients, gradient);
        VEC_PUSH(eval->arena, &whole->gradient_vars, buffer);
    }
    return true;
}

// ---- Program.vars, and the indices that VAR nodes carry from now on
static Variable variable_of(const Parameter *parameter) {
    return (Variable){.kind = parameter->kind,
                      .name = parameter->name,
                      .aliases = parameter->aliases.items,
                      .alias_count = parameter->aliases.count,
                      .dtype = parameter->dtype,
                      .shape = parameter->shape,
                      .frozen = parameter->frozen,
                      .param = parameter->of ? parameter->of->index : 0,
                      .span = parameter->user_span};
}

static void number_variables(Eval *eval, Whole *whole) {
    VEC(Parameter *) all = {0};
    for (size_t i = 0; i < whole->variables.count; i++) VEC_PUSH(eval->arena, &all, whole->variables.items[i]);
    for (size_t i = 0; i < whole->updates.count; i++) {
        const Parameter *parameter = whole->updates.items[i].parameter;
        for (size_t k = 0; k < parameter->states.count; k++) VEC_PUSH(eval->arena, &all, parameter->states.items[k]);
    }
    for (size_t i = 0; i < whole->gradient_vars.count; i++) VEC_PUSH(eval->arena, &all, whole->gradient_vars.items[i]);
    Program *program = eval->program;
    program->vars = NEW_ARRAY(eval->arena, Variable, all.count + 1);
    program->var_count = all.count;
    for (size_t i = 0; i < all.count; i++) all.items[i]->index = (uint32_t)i;
    for (size_t i = 0; i < all.count; i++) program->vars[i] = variable_of(all.items[i]);
    for (uint32_t i = 0; i < eval->graph->count; i++) {
        Node *node = &eval->graph->nodes[i];
        if (node->op == OP_VAR) node->attr.index = eval->parameters.items[node->attr.index]->index;
    }
}

// ---- Outputs
static void add(Eval *eval, OutputList *list, OutputRole role, uint32_t index, const char *name, NodeId node) {
    VEC_PUSH(eval->arena, list, ((Output){role, index, name, node}));
}

static void add_effects(Eval *eval, OutputList *list, size_t begin, size_t end) {
    for (size_t i = begin; i < end; i++) add(eval, list, OUTPUT_EFFECT, 0, NULL, eval->effects.items[i]);
}

static void add_updates(Eval *eval, OutputList *list, const Update *updates, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const Parameter *parameter = updates[i].parameter;
        add(eval, list, OUTPUT_ASSIGN, parameter->index, NULL, updates[i].value);
        for (size_t k = 0; k < parameter->states.count; k++) {
            add(eval, list, OUTPUT_ASSIGN, parameter->states.items[k]->index, NULL, updates[i].states.items[k]);
        }
        add_effects(eval, list, updates[i].effects_begin, updates[i].effects_end);
    }
}

static void add_buffers(Eval *eval, const Whole *whole, OutputList *list) {
    for (size_t i = 0; i < whole->variables.count; i++) {
        const Parameter *parameter = whole->variables.items[i];
        if (parameter->updated != NODE_NONE) add(eval, list, OUTPUT_ASSIGN, parameter->index, NULL, parameter->updated);
    }
}

// One probability of a sample is that of class 1 of two.
static NodeId both_classes(Eval *eval, NodeId one) {
    Graph *g = eval->graph;
    Shape column = {.rank = 2, .dim = {graph_node(g, one)->shape.dim[0], {1, false}}};
    NodeId p = build_reshape(g, one, column);
    NodeId rest = build_binary(g, OP_SUB, build_splat(g, shape_scalar(), g->float_type, 1, 1), p);
    return build_concat(g, (NodeId[]){rest, p}, 2, 1);
}

// What the loss's predict makes of the model's output, if it has one.
static bool find_probabilities(Eval *eval, const Whole *whole, Forward *forward) {
    forward->probabilities = NODE_NONE;
    const Value *predict = whole->loss.kind == VALUE_MODULE ? module_member(whole->loss.module, "predict") : NULL;
    if (!predict) return true;
    Value output = value_tensor(forward->first), result;
    NodeId node;
    eval->callee = "predict";
    eval->site = NULL;
    if (!eval_apply(eval, predict, &output, 1, &result) || !arg_tensor(eval, &result, "its result", &node)) return false;
    node = build_cast(eval->graph, node, eval->graph->float_type);
    const Shape *shape = &graph_node(eval->graph, node)->shape;
    bool samples = shape->rank && shape->dim[0].batch && shape->dim[0].size == 1;
    bool one = samples && (shape->rank == 1 || (shape->rank == 2 && shape->dim[1].size == 1));
    forward->probabilities = whole->class_target && one ? both_classes(eval, node) : node;
    return forward->probabilities != NODE_NONE || eval_failed(eval);
}

static bool has_classes(const Eval *eval, NodeId node) {
    if (node == NODE_NONE) return false;
    const Shape *shape = &graph_node(eval->graph, node)->shape;
    return shape->rank == 2 && shape->dim[0].batch && !shape->dim[1].batch && shape->dim[1].size > 1;
}

// The class with the largest output, for (N, classes); or with the larger probability, for one output a sample.
static NodeId predicted(Eval *eval, const Whole *whole, const Forward *forward) {
    if (!whole->class_target) return NODE_NONE;
    NodeId scores = has_classes(eval, forward->first) ? forward->first : forward->probabilities;
    return has_classes(eval, scores) ? build_reduce(eval->graph, OP_ARGMAX, scores, 1u << 1, false, false) : NODE_NONE;
}

static void add_metrics(Eval *eval, const Whole *whole, const Forward *forward, OutputList *list) {
    Graph *g = eval->graph;
    add(eval, list, OUTPUT_METRIC, 0, "loss", forward->loss);
    NodeId classes = predicted(eval, whole, forward);
    if (classes == NODE_NONE) return;
    NodeId right = build_cast(g, build_binary(g, OP_EQ, classes, whole->target), DT_I64);
    add(eval, list, OUTPUT_METRIC, 0, "correct", build_reduce(g, OP_SUM, right, 1, false, false));
}

// Draws whose result was overridden happen all the same.
void add_lost_draws(Eval *eval, OutputList *list) {
    bool *needed = NEW_ARRAY(eval->arena, bool, eval->graph->count + 1);
    for (size_t i = 0; i < list->count; i++) needed[list->items[i].node] = true;
    for (NodeId i = eval->graph->count; i-- > 0;) {
        const Node *node = graph_node(eval->graph, i);
        for (uint32_t k = 0; needed[i] && k < node->operand_count; k++) needed[node->operands[k]] = true;
    }
    for (NodeId i = 0; i < eval->graph->count; i++) {
        if (graph_node(eval->graph, i)->op == OP_DRAW && !needed[i]) add(eval, list, OUTPUT_EFFECT, 0, NULL, i);
    }
}

static void add_init(Eval *eval, const Whole *whole, OutputList *list) {
    for (size_t i = 0; i < whole->variables.count; i++) {
        const Parameter *parameter = whole->variables.items[i];
        add(eval, list, OUTPUT_ASSIGN, parameter->index, NULL, parameter->initial);
    }
    for (size_t i = 0; i < whole->updates.count; i++) {
        const Parameter *parameter = whole->updates.items[i].parameter;
        for (size_t k = 0; k < parameter->states.count; k++) {
            add(eval, list, OUTPUT_ASSIGN, parameter->states.items[k]->index, NULL, parameter->states.items[k]->initial);
        }
    }
    add_lost_draws(eval, list);
}

static void add_predict(Eval *eval, const Whole *whole, OutputList *list) {
    const Forward *forward = &whole->inference;
    add(eval, list, OUTPUT_RESULT, 0, "output", forward->first);
    add_effects(eval, list, forward->effects_begin, forward->effects_model);
    if (forward->probabilities != NODE_NONE) add(eval, list, OUTPUT_RESULT, 0, "probabilities", forward->probabilities);
}

bool make_entries(Eval *eval, Whole *whole) {
    if (!find_probabilities(eval, whole, &whole->training) || !find_probabilities(eval, whole, &whole->inference)) return false;
    number_variables(eval, whole);
    OutputList *lists = whole->outputs;
    const Forward *training = &whole->training, *inference = &whole->inference;
    add_init(eval, whole, &lists[ENTRY_INIT]);

    OutputList *step = &lists[ENTRY_TRAIN_STEP];
    add_metrics(eval, whole, training, step);
    add_updates(eval, step, whole->updates.items, whole->updates.count);
    add_buffers(eval, whole, step);
    add_effects(eval, step, training->effects_begin, training->effects_end);

    OutputList *gradients = &lists[ENTRY_GRADIENTS];
    add_metrics(eval, whole, training, gradients);
    for (size_t i = 0; i < whole->gradients.count; i++) {
        add(eval, gradients, OUTPUT_ASSIGN, whole->gradient_vars.items[i]->index, NULL, whole->gradients.items[i]);
    }
    add_buffers(eval, whole, gradients);
    add_effects(eval, gradients, training->effects_begin, training->effects_end);

    add_updates(eval, &lists[ENTRY_APPLY], whole->applied.items, whole->applied.count);

    add_metrics(eval, whole, inference, &lists[ENTRY_EVALUATE]);
    NodeId classes = predicted(eval, whole, inference);
    if (classes != NODE_NONE) add(eval, &lists[ENTRY_EVALUATE], OUTPUT_RESULT, 0, "predicted", classes);
    add_effects(eval, &lists[ENTRY_EVALUATE], inference->effects_begin, inference->effects_end);

    add_predict(eval, whole, &lists[ENTRY_PREDICT]);

    add(eval, &lists[ENTRY_LOSS], OUTPUT_METRIC, 0, "loss", training->loss);
    add_effects(eval, &lists[ENTRY_LOSS], training->effects_begin, training->effects_end);

    for (int i = 0; i < ENTRY_CALCULATE; i++) {
        eval->program->entries[i] = (Entry){true, eval->graph, lists[i].items, lists[i].count};
    }
    return true;
}

// ---- Rows of the summary
static int64_t own_elements(const Module *module) {
    int64_t count = 0;
    for (size_t i = 0; i < module->scope->count; i++) {
        const Value *value = &module->scope->items[i].value;
        if (value->kind == VALUE_PARAMETER && value->parameter->kind == VAR_PARAM) {
            count += dim_value(shape_count(&value->parameter->shape), 1);
        }
    }
    return count;
}

void fill_layers(Eval *eval) {
    Program *program = eval->program;
    program->layers = NEW_ARRAY(eval->arena, LayerRow, eval->layers.count + 1);
    program->layer_count = eval->layers.count;
    for (size_t i = 0; i < eval->layers.count; i++) {
        const LayerCall *call = &eval->layers.items[i];
        const Module *module = call->module;
        program->layers[i] = (LayerRow){module->path ? module->path : "",
                                        module->class->name,
                                        call->output,
                                        own_elements(module),
                                        call->flops,
                                        call->depth};
        if (call->node != NODE_NONE && module->path && *module->path && !eval->graph->nodes[call->node].name) {
            eval->graph->nodes[call->node].name = module->path;
        }
    }
}
