// Parameters and buffers: their nodes, their names, and the initial values that they draw.
#include "elaborate/eval.h"

Parameter *parameter_new(Eval *eval, VarKind kind, Shape shape, DType dtype) {
    Parameter *parameter = NEW(eval->arena, Parameter);
    parameter->kind = kind;
    parameter->shape = shape;
    parameter->dtype = dtype;
    parameter->span = eval->span;
    parameter->user_span = eval_user_span(eval);
    parameter->made = eval->site;
    parameter->var = parameter->initial = parameter->assigned = parameter->updated = NODE_NONE;
    return parameter;
}

NodeId parameter_var(Eval *eval, Parameter *parameter) {
    if (parameter->var != NODE_NONE) return parameter->var;
    parameter->id = (uint32_t)eval->parameters.count;
    Attr attr = {.index = parameter->id};
    parameter->var = graph_append(eval->graph, OP_VAR, NULL, 0, &attr, parameter->shape, parameter->dtype);
    if (parameter->var == NODE_NONE) return NODE_NONE;
    bool state = parameter->kind == VAR_STATE;
    eval->graph->nodes[parameter->var].name = state ? path_join(eval, parameter->of->name, parameter->name) : parameter->name;
    VEC_PUSH(eval->arena, &eval->parameters, parameter);
    return parameter->var;
}

// In a calculator a parameter has its value as soon as it is made, and is a node that derivatives can be taken of.
bool parameter_start(Eval *eval, Parameter *parameter, const Value *init) {
    if (!initial_value(eval, init, &parameter->shape, parameter->dtype, &parameter->initial)) return false;
    parameter->initial = build_unary(eval->graph, OP_STOP_GRADIENT, parameter->initial);
    parameter->assigned = NODE_NONE;
    if (parameter->initial == NODE_NONE) return eval_failed(eval);
    eval->graph->nodes[parameter->initial].name = parameter->name;
    return true;
}

bool parameter_node(Eval *eval, Parameter *parameter, NodeId *result) {
    if (eval->calculator) {
        *result = parameter->assigned != NODE_NONE ? parameter->assigned : parameter->initial;
        return true;
    }
    *result = parameter->assigned != NODE_NONE ? parameter->assigned : parameter_var(eval, parameter);
    return *result != NODE_NONE || eval_failed(eval);
}

void init_push(Eval *eval, InitItem item) { VEC_PUSH(eval->arena, eval->inits, item); }

// ---- Initial values
static bool shaped_number(Eval *eval, const Value *number, const Shape *shape, DType dtype, NodeId *result) {
    double x = number->kind == VALUE_FLOAT ? number->number : number->kind == VALUE_BOOL ? number->boolean : 0;
    int64_t i = number->kind == VALUE_INT ? number->integer : (int64_t)x;
    if (number->kind == VALUE_INT) x = (double)i;
    *result = build_splat(eval->graph, *shape, dtype, x, i);
    return *result != NODE_NONE || eval_failed(eval);
}

bool initial_value(Eval *eval, const Value *init, const Shape *shape, DType dtype, NodeId *result) {
    Value value = *init;
    if (value.kind == VALUE_NONE) value = value_int(0);
    if (value_is_callable(&value)) {
        Value size = value_shape(eval, shape);
        if (!eval_apply(eval, init, &size, 1, &value)) return false;
        if (value_is_callable(&value)) return eval_error(eval, MSG(INIT_GIVES_FUNCTION));
    }
    if (value_is_number(&value)) return shaped_number(eval, &value, shape, dtype, result);
    NodeId node;
    eval->callee = "initialiser";
    if (!arg_tensor(eval, &value, "its result", &node)) return false;
    const Shape given = graph_node(eval->graph, node)->shape;
    if (!shape_equal(&given, shape) && given.rank != 0) {
        return eval_error(eval, MSG(INIT_SHAPE), shape_text(eval->arena, shape), shape_text(eval->arena, &given));
    }
    node = build_cast(eval->graph, node, dtype);
    if (!shape_equal(&given, shape)) node = build_expand(eval->graph, node, *shape);
    *result = node;
    return node != NODE_NONE || eval_failed(eval);
}

static bool run_override(Eval *eval, Override *override) {
    eval->site = NULL;
    eval_place(eval, override->value_span);
    for (size_t i = 0; i < override->targets.count; i++) {
        Parameter *target = override->targets.items[i];
        if (!initial_value(eval, &override->value, &target->shape, target->dtype, &target->initial)) return false;
    }
    return true;
}

bool run_inits(Eval *eval, InitList *list) {
    const CallSite *site = eval->site;
    bool ok = true;
    for (size_t i = 0; i < list->count; i++) {
        InitItem *item = &list->items[i];
        if (item->kind == INIT_MODULE) {
            ok &= run_inits(eval, &item->module->inits);
        } else if (item->kind == INIT_OVERRIDE) {
            ok &= run_override(eval, item->override);
        } else {
            Parameter *parameter = item->parameter;
            eval->site = parameter->made;
            eval_place(eval, parameter->span);
            ok &= initial_value(eval, &parameter->init, &parameter->shape, parameter->dtype, &parameter->initial);
        }
    }
    eval->site = site;
    return ok;
}

// ---- Names: PyTorch's state_dict names, first come first named; further ways to the same parameter are aliases
const char *path_join(Eval *eval, const char *path, const char *name) {
    return *path ? arena_printf(eval->arena, "%s.%s", path, name) : name;
}

static void name_parameter(Eval *eval, Parameter *parameter, const char *path) {
    if (eval->name_used_only && (parameter->name || parameter->var == NODE_NONE)) return;
    if (!parameter->name) {
        parameter->name = path;
        if (parameter->var != NODE_NONE) eval->graph->nodes[parameter->var].name = path;
        if (eval->calculator) eval->graph->nodes[parameter->initial].name = path;
        return;
    }
    if (!strcmp(parameter->name, path)) return;
    for (size_t i = 0; i < parameter->aliases.count; i++) {
        if (!strcmp(parameter->aliases.items[i], path)) return;
    }
    VEC_PUSH(eval->arena, &parameter->aliases, path);
}

// In the order of PyTorch's state_dict: a module's own parameters, its buffers, then its layers.
Binding **module_members(Eval *eval, const Module *module) {
    size_t count = 0;
    Binding **members = NEW_ARRAY(eval->arena, Binding *, module->scope->count + 1);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < module->scope->count; i++) {
            Binding *member = &module->scope->items[i];
            bool own = member->value.kind == VALUE_PARAMETER;
            int when = !own ? 2 : member->value.parameter->kind == VAR_BUFFER ? 1 : 0;
            if (when == round) members[count++] = member;
        }
    }
    return members;
}

void name_members(Eval *eval, Value *value, const char *path) {
    switch (value->kind) {
    case VALUE_PARAMETER: name_parameter(eval, value->parameter, path); break;
    case VALUE_LIST:
    case VALUE_TUPLE:
        if (!member_is_layer(value)) break;
        for (size_t i = 0; i < value->list->count; i++) {
            name_members(eval, &value->list->items[i], path_join(eval, path, arena_printf(eval->arena, "%zu", i)));
        }
        break;
    case VALUE_MODULE: {
        Module *module = value->module;
        if (module->naming) break;
        module->naming = true;
        if (!module->path) module->path = path;
        Binding **members = module_members(eval, module);
        for (size_t i = 0; i < module->scope->count; i++) {
            name_members(eval, &members[i]->value, path_join(eval, path, members[i]->name));
        }
        module->naming = false;
        break;
    }
    default: break;
    }
}
