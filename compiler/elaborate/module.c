// Modules: a class is made into an instance by running its body once; its forward runs in each elaboration.
//
// A body whose arguments hold `_` for a size that an `infer` statement explains runs at the first call of forward, when the
// size is known. Its parameters still draw their initial numbers at the place where the module was written.
#include "elaborate/eval.h"

Module *module_new(Eval *eval, const ModuleClass *class, Span span) {
    Module *module = NEW(eval->arena, Module);
    module->kind = class->kind;
    module->class = class;
    module->span = span;
    module->made = eval->site;
    module->args = scope_new(eval, class->scope);
    module->scope = scope_new(eval, module->args);
    module->scope->module = module;
    return module;
}

Value *module_member(const Module *module, const char *name) {
    Binding *binding = scope_find_here(module->scope, name);
    if (!binding) binding = scope_find_here(module->args, name); // model.fc1.in_features
    return binding ? &binding->value : NULL;
}

bool member_is_layer(const Value *value) {
    if (value->kind == VALUE_MODULE || value->kind == VALUE_PARAMETER) return true;
    if (value->kind != VALUE_LIST && value->kind != VALUE_TUPLE) return false;
    for (size_t i = 0; i < value->list->count; i++) {
        if (member_is_layer(&value->list->items[i])) return true;
    }
    return false;
}

bool module_bind_member(Eval *eval, Module *module, const char *name, const Value *value, Span span) {
    Binding *before = scope_find_here(module->scope, name);
    if (before && before->value.kind == VALUE_LIST && !eval_spend(eval, before->value.list->total)) return false;
    bool lost = before && member_is_layer(&before->value) && !value_equal(&before->value, value);
    // layers = layers + [another]: a longer list that starts with the same layers loses none.
    if (lost && before->value.kind == VALUE_LIST && value->kind == VALUE_LIST &&
        value->list->count >= before->value.list->count) {
        lost = false;
        for (size_t i = 0; i < before->value.list->count; i++) {
            lost |= !value_equal(&before->value.list->items[i], &value->list->items[i]);
        }
    }
    if (lost) {
        Span first = before->span;
        eval_error_alone(eval, span, MSG(LAYER_LOST), name);
        diag_note(eval->diag, first, MSG(NOTE_BOUND_HERE));
        return false;
    }
    scope_bind(eval, module->scope, name, *value, span);
    return true;
}

static void freeze_query(const Value *value, bool *any, bool *all) {
    if (value->kind != VALUE_PARAMETER || value->parameter->kind != VAR_PARAM) return;
    *any = true;
    *all &= value->parameter->frozen;
}

bool module_is_frozen(const Module *module) {
    if (module->frozen) return true;
    bool any = false, all = true;
    for (size_t i = 0; i < module->scope->count; i++) {
        freeze_query(&module->scope->items[i].value, &any, &all);
    }
    return any && all;
}

// ---- Construction
bool module_run_body(Eval *eval, Module *module) {
    InitList *inits = eval->inits;
    Module *outer = eval->module;
    bool forward = eval->forward, returning = eval->returning;
    eval->inits = &module->inits;
    eval->module = module;
    if (module->deferred) eval->forward = false; // made before, though its body runs only now
    eval->returning = false;
    module->constructing = true;
    bool ok = exec_block(eval, module->class->ast->items, module->scope);
    module->constructing = false;
    module->deferred = false;
    const Value *function = module_member(module, "forward");
    if (function && function->kind == VALUE_FUNCTION) module->forward = function->function;
    eval->inits = inits;
    eval->module = outer;
    eval->forward = forward;
    eval->returning = returning;
    return ok && late_paths(eval, module);
}

static const Ast *infer_of(const ModuleClass *class, const char *name) {
    for (size_t i = 0; i < class->ast->items.count; i++) {
        const Ast *item = class->ast->items.items[i];
        if (item->kind == AST_INFER && !strcmp(item->text, name)) return item;
    }
    return NULL;
}

// Defaults may be computed from a size that is not known yet: from the first such argument on they wait, too.
static bool construct_user(Eval *eval, const ModuleClass *class, Value *slots, Module *module) {
    const Ast *ast = class->ast;
    for (size_t i = 0; i < ast->param_count; i++) {
        const AstParam *param = &ast->params[i];
        if (slots[i].kind == VALUE_BROKEN) {
            if (module->deferred) continue;
            if (!eval_expr(eval, param->fallback, module->args, &slots[i])) return false;
        }
        scope_bind(eval, module->args, param->name, slots[i], param->span);
        if (slots[i].kind == VALUE_HOLE && infer_of(class, param->name)) module->deferred = true;
    }
    return module->deferred || module_run_body(eval, module);
}

static bool finish_arguments(Eval *eval, const Module *module) {
    const Ast *ast = module->class->ast;
    for (size_t i = 0; i < ast->param_count; i++) {
        const AstParam *param = &ast->params[i];
        if (scope_find_here(module->args, param->name)) continue;
        Value value;
        if (!eval_expr(eval, param->fallback, module->args, &value)) return false;
        scope_bind(eval, module->args, param->name, value, param->span);
    }
    return true;
}

bool construct_module(Eval *eval, const ModuleClass *class, const Argument *args, size_t count, Span span, Value *result) {
    Value *slots = NULL;
    if (class->kind == MODULE_USER) {
        const Ast *ast = class->ast;
        slots = NEW_ARRAY(eval->arena, Value, ast->param_count + 1);
        ParamName *names = param_names(eval, ast->params, ast->param_count);
        switch (bind_arguments(eval, class->name, names, ast->param_count, args, count, slots)) {
        case BIND_FAILED: return false;
        case BIND_PARTIAL:
            *result = make_partial(eval, &(Value){VALUE_MODULE_CLASS, {.module_class = class}}, args, count);
            return true;
        case BIND_DONE: break;
        }
    }
    if (!eval_spend(eval, EVAL_LAYER_STEPS)) return false;
    Module *module = module_new(eval, class, span);
    init_push(eval, (InitItem){INIT_MODULE, {.module = module}});
    const CallSite *outer = site_push(eval, span, class->name);
    bool ok = class->kind == MODULE_USER ? construct_user(eval, class, slots, module)
                                         : construct_sequential(eval, args, count, module);
    eval->site = outer;
    *result = (Value){VALUE_MODULE, {.module = module}};
    return ok;
}

// ---- Forward
static bool infer_value(Eval *eval, const Ast *infer, Scope *scope, Value *result) {
    if (!eval_expr(eval, infer->a, scope, result)) return false;
    eval_place(eval, infer->span);
    if (result->kind == VALUE_DIM) return eval_error(eval, MSG(INFER_BATCH), infer->text);
    return true;
}

// Runs the infer statements against the arguments of this call: fills in what is `_`, and with `check` compares what is not.
static bool infer_sizes(Eval *eval, Module *module, const Value *slots, bool check) {
    const Ast *ast = module->class->ast;
    const Ast *forward = NULL;
    for (size_t i = 0; i < ast->items.count; i++) {
        const Ast *item = ast->items.items[i];
        if (item->kind == AST_DEF && !strcmp(item->text, "forward")) forward = item;
    }
    if (!forward) return true;
    Scope *scope = scope_new(eval, module->scope);
    for (size_t i = 0; i < forward->param_count; i++) {
        if (slots[i].kind != VALUE_BROKEN) scope_bind(eval, scope, forward->params[i].name, slots[i], forward->params[i].span);
    }
    for (size_t i = 0; i < ast->items.count; i++) {
        const Ast *infer = ast->items.items[i];
        if (infer->kind != AST_INFER) continue;
        Value *given = module_member(module, infer->text);
        if (!given) return eval_error_at(eval, infer->span, MSG(INFER_NO_ARGUMENT), infer->text, module->class->name);
        bool hole = given->kind == VALUE_HOLE;
        if (hole == check) continue;
        Value value;
        if (!infer_value(eval, infer, scope, &value)) return false;
        if (hole) {
            *given = value;
        } else if (value_is_number(given) && !value_equal(given, &value)) {
            eval_place(eval, module->span);
            return eval_error(eval, MSG(INFER_WRONG_SIZE), module->class->name, infer->text, value_text(eval, given),
                              value_text(eval, &value));
        }
    }
    return true;
}

static const Ast *forward_of(const Module *module) {
    const AstList *items = &module->class->ast->items;
    for (size_t i = 0; i < items->count; i++) {
        if (items->items[i]->kind == AST_DEF && !strcmp(items->items[i]->text, "forward")) return items->items[i];
    }
    return NULL;
}

static bool run_forward(Eval *eval, Module *module, const Argument *args, size_t count, Value *result) {
    const Ast *forward = forward_of(module);
    if (!forward) return eval_error(eval, MSG(NO_FORWARD), module->class->name);
    Value *slots = NEW_ARRAY(eval->arena, Value, forward->param_count + 1);
    ParamName *names = param_names(eval, forward->params, forward->param_count);
    BindResult bound = bind_arguments(eval, module->class->name, names, forward->param_count, args, count, slots);
    if (bound == BIND_FAILED) return false;
    if (bound == BIND_PARTIAL) return eval_error(eval, MSG(CALLED_WITHOUT_INPUT), module->class->name);
    if (module->deferred) {
        if (!infer_sizes(eval, module, slots, false) || !finish_arguments(eval, module)) return false;
        if (!module_run_body(eval, module)) return false;
    }
    Scope *scope = scope_new(eval, module->forward->scope);
    if (!bind_scope(eval, forward->params, forward->param_count, slots, scope)) return false;
    bool outer = eval->forward;
    eval->forward |= eval->calculator; // the whole text of which is at the top level
    bool ok = call_bound(eval, module->forward, scope, result) && infer_sizes(eval, module, slots, true);
    eval->forward = outer;
    return ok;
}

// FLOPs for one sample of the contractions among the nodes from `first` on.
static int64_t count_flops(const Eval *eval, uint32_t first) {
    double flops = 0;
    for (uint32_t i = first; i < eval->graph->count; i++) {
        const Node *node = graph_node(eval->graph, i);
        if (op_info[node->op].class != CLASS_CONTRACTION) continue;
        const Node *a = graph_node(eval->graph, node->operands[0]);
        double work = 2.0 * (double)dim_value(shape_count(&node->shape), 1);
        if (a->shape.rank >= 2) {
            bool transposed = node->attr.matmul.transpose_a;
            work *= (double)dim_value(a->shape.dim[a->shape.rank - (transposed ? 2 : 1)], 1);
        }
        flops += work;
    }
    return flops < 9e18 ? (int64_t)flops : INT64_MAX;
}

static NodeId first_tensor(const Value *value) {
    if (value->kind == VALUE_TENSOR) return value->tensor;
    bool list = value->kind == VALUE_TUPLE || value->kind == VALUE_LIST;
    return list && value->list->count ? first_tensor(&value->list->items[0]) : NODE_NONE;
}

static bool call_recorded(Eval *eval, Module *module, const Argument *args, size_t count, Value *result) {
    bool record = eval->record_layers && !module->plain;
    size_t row = eval->layers.count;
    uint32_t first_node = eval->graph->count;
    int64_t outside = eval->child_flops;
    if (record && !module->row) {
        VEC_PUSH(eval->arena, &eval->layers, ((LayerCall){.module = module, .node = NODE_NONE, .depth = eval->layer_depth}));
        module->row = row + 1;
    }
    eval->child_flops = 0;
    int depth = eval->layer_depth;
    if (!module->plain) eval->layer_depth++;
    bool ok = module->kind == MODULE_USER ? run_forward(eval, module, args, count, result)
                                          : call_sequential(eval, module, args, count, result);
    eval->layer_depth = depth;
    if (record && ok) {
        int64_t all = count_flops(eval, first_node);
        LayerCall *layer = &eval->layers.items[module->row - 1];
        layer->flops += all - eval->child_flops;
        NodeId output = first_tensor(result);
        if (output != NODE_NONE) layer->output = graph_node(eval->graph, output)->shape;
        if (output != NODE_NONE && output >= first_node) layer->node = output;
        eval->child_flops = outside + all;
    }
    return ok;
}

bool call_module(Eval *eval, Module *module, const Argument *args, size_t count, Span span, Value *result) {
    if (module->constructing) return eval_error(eval, MSG(CALLED_IN_BODY), module->class->name);
    for (size_t i = 0; i < count; i++) {
        if (args[i].value.kind != VALUE_DATASET) continue;
        eval_error_at(eval, args[i].span, MSG(CALLED_ON_DATA), module->class->name);
        eval_hint(eval, MSG(HINT_FEEDS));
        return false;
    }
    const CallSite *outer = site_push(eval, span, arena_printf(eval->arena, "forward of %s", module->class->name));
    Module *before = eval->module;
    eval->module = module;
    bool ok = call_recorded(eval, module, args, count, result);
    eval->module = before;
    eval->site = outer;
    return ok;
}
