// Optimisers: `optimizer SGD(lr=0.01, …) { state …; update(p, g) { … } }`. The body is elaborated for each parameter, with
// its states as variables; what `update` leaves in `p` and in the states are their next values.
#include "elaborate/eval.h"

#include <math.h>

// ---- The literal rate: the factor of `lr` that --lr replaces, while the schedule around it stays
static bool is_plain_number(const Ast *ast, const Scope *scope, bool *whole) {
    if (ast->kind == AST_UNARY && ast->op == AST_OP_NEG) return is_plain_number(ast->a, scope, whole);
    if (ast->kind == AST_INT || ast->kind == AST_FLOAT) {
        *whole = ast->kind == AST_INT;
        return true;
    }
    if (ast->kind != AST_NAME) return false;
    const Binding *binding = scope_find(scope, ast->text, NULL);
    if (!binding || (binding->value.kind != VALUE_INT && binding->value.kind != VALUE_FLOAT)) return false;
    *whole = binding->value.kind == VALUE_INT;
    return true;
}

// Fractions come before whole numbers: in 2 * 0.01 the rate is 0.01.
static const Ast *find_rate(const Ast *ast, const Scope *scope, bool allow_whole) {
    bool whole;
    if (is_plain_number(ast, scope, &whole)) return whole && !allow_whole ? NULL : ast;
    if (ast->kind != AST_BINARY || (ast->op != AST_OP_MUL && ast->op != AST_OP_DIV)) return NULL;
    const Ast *left = find_rate(ast->a, scope, allow_whole);
    if (left || ast->op == AST_OP_DIV) return left;
    return find_rate(ast->b, scope, allow_whole);
}

// A rate written as plain arithmetic of numbers is looked at before `lr` takes the place of its literal: 1 / 0 is no rate.
static bool is_arithmetic(const Ast *ast, const Scope *scope) {
    bool whole;
    if (is_plain_number(ast, scope, &whole)) return true;
    if (ast->kind == AST_UNARY) return is_arithmetic(ast->a, scope);
    return ast->kind == AST_BINARY && is_arithmetic(ast->a, scope) && is_arithmetic(ast->b, scope);
}

static bool check_rate(Eval *eval, const Ast *ast, Scope *scope) {
    Value value;
    if (!is_arithmetic(ast, scope)) return true;
    if (!eval_expr(eval, ast, scope, &value)) return false;
    if (value.kind != VALUE_INT && value.kind != VALUE_FLOAT) return true;
    double rate = value.kind == VALUE_INT ? (double)value.integer : value.number;
    return (isfinite(rate) && rate >= 0) || eval_error_at(eval, ast->span, MSG(RATE), value_text(eval, &value));
}

static bool eval_rate(Eval *eval, const Ast *ast, Scope *scope, Value *result) {
    if (!check_rate(eval, ast, scope)) return false;
    const Ast *literal = find_rate(ast, scope, false);
    if (!literal) literal = find_rate(ast, scope, true);
    eval->rate = 1.0;
    eval->base_lr = NAN;
    eval->rate_literal = literal;
    bool ok = eval_expr(eval, ast, scope, result);
    eval->rate_literal = NULL;
    if (literal) eval->base_lr = eval->rate;
    if (!ok || literal) return ok;
    eval_place(eval, ast->span);
    Value factor = value_tensor(build_scalar(eval->graph, SCALAR_LR));
    return eval_binary(eval, AST_OP_MUL, &factor, result, result);
}

static bool is_parameters_call(const Ast *arg) {
    if (arg->text && !strcmp(arg->text, "params")) return true;
    return !arg->text && arg->a->kind == AST_CALL && arg->a->a->kind == AST_ATTR && !strcmp(arg->a->a->text, "parameters");
}

// optim.SGD(model.parameters(), lr=…) means SGD(lr=…).
bool optimizer_arguments(Eval *eval, const Ast *ast, const OptimizerClass *class, Scope *scope, Argument **args,
                         size_t *count) {
    VEC(Argument) list = {0};
    size_t positional = 0;
    for (size_t i = 0; i < ast->items.count; i++) {
        const Ast *item = ast->items.items[i];
        if (is_parameters_call(item)) continue;
        const char *name = item->text;
        if (!name && positional < class->ast->param_count) name = class->ast->params[positional++].name;
        Value value;
        bool rate = name && !strcmp(name, "lr") && !item->star;
        if (!(rate ? eval_rate(eval, item->a, scope, &value) : eval_expr(eval, item->a, scope, &value))) return false;
        VEC_PUSH(eval->arena, &list, ((Argument){item->text, value, item->span}));
    }
    *args = list.items;
    *count = list.count;
    return true;
}

static size_t param_index(const OptimizerClass *class, const char *name) {
    size_t i = 0;
    while (i < class->ast->param_count && strcmp(class->ast->params[i].name, name)) i++;
    return i;
}

bool construct_optimizer(Eval *eval, const OptimizerClass *class, const Argument *args, size_t count, Span span,
                         Value *result) {
    const Ast *ast = class->ast;
    Value *slots = NEW_ARRAY(eval->arena, Value, ast->param_count + 1);
    ParamName *names = param_names(eval, ast->params, ast->param_count);
    switch (bind_arguments(eval, class->name, names, ast->param_count, args, count, slots)) {
    case BIND_FAILED: return false;
    case BIND_PARTIAL:
        *result = make_partial(eval, &(Value){VALUE_OPTIMIZER_CLASS, {.optimizer_class = class}}, args, count);
        return true;
    case BIND_DONE: break;
    }
    Scope *scope = scope_new(eval, class->scope);
    size_t lr = param_index(class, "lr");
    const CallSite *outer = site_push(eval, span, class->name);
    bool ok = lr == ast->param_count || slots[lr].kind != VALUE_BROKEN ||
              eval_rate(eval, ast->params[lr].fallback, scope, &slots[lr]);
    ok = ok && bind_scope(eval, ast->params, ast->param_count, slots, scope);
    eval->site = outer;
    if (!ok) return false;
    Optimizer *optimizer = NEW(eval->arena, Optimizer);
    *optimizer = (Optimizer){class, slots, eval->rate, eval->base_lr, span};
    *result = (Value){VALUE_OPTIMIZER, {.optimizer = optimizer}};
    return true;
}

// ---- The body for one parameter
static bool bind_arguments_of(Eval *eval, const Optimizer *optimizer, const Parameter *parameter, Scope *scope) {
    const Ast *ast = optimizer->class->ast;
    Value *args = NEW_ARRAY(eval->arena, Value, ast->param_count + 1);
    memcpy(args, optimizer->args, ast->param_count * sizeof(Value));
    const Value *scale = NULL;
    for (size_t i = 0; i < parameter->options.count; i++) {
        const PathOption *option = &parameter->options.items[i];
        size_t index = param_index(optimizer->class, option->name);
        if (!strcmp(option->name, "lr_scale")) {
            scale = &option->value;
        } else if (index < ast->param_count) {
            args[index] = option->value;
        }
    }
    size_t lr = param_index(optimizer->class, "lr");
    if (scale && lr < ast->param_count && !eval_binary(eval, AST_OP_MUL, &args[lr], scale, &args[lr])) return false;
    for (size_t i = 0; i < ast->param_count; i++) scope_bind(eval, scope, ast->params[i].name, args[i], ast->params[i].span);
    return true;
}

static Parameter *find_state(Parameter *parameter, const char *name) {
    for (size_t i = 0; i < parameter->states.count; i++) {
        if (!strcmp(parameter->states.items[i]->name, name)) return parameter->states.items[i];
    }
    return NULL;
}

// state velocity = zeros(): a function takes the parameter's shape, a number is a scalar, None means that there is none.
static bool declare_state(Eval *eval, const Ast *ast, Parameter *parameter, Scope *scope) {
    Parameter *state = find_state(parameter, ast->text);
    if (!state) {
        Value init;
        if (!eval_expr(eval, ast->a, scope, &init)) return false;
        eval_place(eval, ast->span);
        if (init.kind == VALUE_NONE) {
            scope_bind(eval, scope, ast->text, init, ast->name_span);
            return true;
        }
        bool scalar = value_is_number(&init);
        state = parameter_new(eval, VAR_STATE, scalar ? shape_scalar() : parameter->shape, scalar ? DT_F64 : parameter->dtype);
        if (init.kind == VALUE_TENSOR) state->shape = graph_node(eval->graph, init.tensor)->shape;
        state->name = ast->text;
        state->of = parameter;
        if (!initial_value(eval, &init, &state->shape, state->dtype, &state->initial)) return false;
        VEC_PUSH(eval->arena, &parameter->states, state);
    }
    scope_bind(eval, scope, ast->text, (Value){VALUE_PARAMETER, {.parameter = state}}, ast->name_span);
    return true;
}

static bool exec_body(Eval *eval, const OptimizerClass *class, Parameter *parameter, Scope *scope, const Function **update) {
    *update = NULL;
    for (size_t i = 0; i < class->ast->items.count; i++) {
        const Ast *item = class->ast->items.items[i];
        if (item->kind == AST_STATE) {
            if (!eval_enter(eval, item) || !declare_state(eval, item, parameter, scope)) return false;
        } else if (!exec_statement(eval, item, scope)) {
            return false;
        }
    }
    const Binding *function = scope_find_here(scope, "update");
    if (function && function->value.kind == VALUE_FUNCTION) *update = function->value.function;
    if (*update && (*update)->param_count == 2) return true;
    return eval_error_at(eval, class->ast->name_span, MSG(NO_UPDATE), class->name);
}

static bool next_value(Eval *eval, const Binding *binding, const Parameter *variable, const char *what, NodeId *result) {
    eval_place(eval, binding->span);
    eval->callee = "update";
    if (!arg_tensor(eval, &binding->value, what, result)) return false;
    const Shape *given = &graph_node(eval->graph, *result)->shape;
    if (!shape_equal(given, &variable->shape)) {
        return eval_error(eval, MSG(UPDATE_SHAPE), what, shape_text(eval->arena, given),
                          shape_text(eval->arena, &variable->shape));
    }
    *result = build_cast(eval->graph, *result, variable->dtype);
    return *result != NODE_NONE || eval_failed(eval);
}

static bool collect_update(Eval *eval, const Function *function, const Scope *scope, Parameter *parameter, Update *update) {
    const Binding *p = scope_find_here(scope, function->params[0].name);
    if (!next_value(eval, p, parameter, "parameter", &update->value)) return false;
    for (size_t i = 0; i < parameter->states.count; i++) {
        Parameter *state = parameter->states.items[i];
        const Binding *assigned = scope_find_here(scope, state->name);
        NodeId node = parameter_var(eval, state);
        if (assigned && !next_value(eval, assigned, state, state->name, &node)) return false;
        VEC_PUSH(eval->arena, &update->states, node);
    }
    return true;
}

bool elaborate_update(Eval *eval, Optimizer *optimizer, Parameter *parameter, NodeId gradient, Update *update) {
    const OptimizerClass *class = optimizer->class;
    eval->base_lr = optimizer->base_lr;
    *update = (Update){.parameter = parameter, .value = NODE_NONE, .effects_begin = eval->effects.count};
    const CallSite *outer = site_push(eval, optimizer->span, arena_printf(eval->arena, "update of %s", class->name));
    eval_place(eval, optimizer->span);
    Scope *body = scope_new(eval, class->scope);
    const Function *function;
    NodeId p;
    bool ok = bind_arguments_of(eval, optimizer, parameter, body) && exec_body(eval, class, parameter, body, &function) &&
              parameter_node(eval, parameter, &p);
    if (ok) {
        Scope *scope = scope_new(eval, body);
        scope_bind(eval, scope, function->params[0].name, value_tensor(p), function->params[0].span);
        scope_bind(eval, scope, function->params[1].name, value_tensor(gradient), function->params[1].span);
        Value ignored;
        ok = call_bound(eval, function, scope, &ignored) && collect_update(eval, function, scope, parameter, update);
    }
    eval->site = outer;
    update->effects_end = eval->effects.count;
    return ok;
}

// path.weight_decay = 0: the optimiser must have an argument of that name.
bool check_options(Eval *eval, const Optimizer *optimizer) {
    const Ast *ast = optimizer->class->ast;
    const char **names = NEW_ARRAY(eval->arena, const char *, ast->param_count + 2);
    for (size_t i = 0; i < ast->param_count; i++) names[i] = ast->params[i].name;
    names[ast->param_count] = "lr_scale";
    names[ast->param_count + 1] = "requires_grad";
    bool ok = true;
    for (size_t i = 0; i < eval->overrides.count; i++) {
        const Override *path = eval->overrides.items[i];
        const char *name = path->segments[path->count - 1];
        bool known = !strcmp(name, "lr_scale") || param_index(optimizer->class, name) < ast->param_count;
        if (!path->option || known) continue;
        eval->site = NULL;
        ok = eval_error_at(eval, path->spans[path->count - 1], MSG(NO_OPTION), name, optimizer->class->name);
        eval_suggest(eval, name, names, ast->param_count + 2);
    }
    return ok;
}
