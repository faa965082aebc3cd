// Calls: where each argument goes, and what is run.
#include "elaborate/eval.h"

// ---- Arguments of a call, evaluated from left to right
typedef VEC(Argument) ArgumentList;

static bool eval_argument(Eval *eval, const Ast *item, Scope *scope, ArgumentList *list) {
    Value value;
    if (!eval_expr(eval, item->a, scope, &value)) return false;
    if (!item->star) {
        VEC_PUSH(eval->arena, list, ((Argument){item->text, value, item->span}));
        return true;
    }
    const ValueList *values;
    eval_place(eval, item->span);
    if (!eval_iterable(eval, &value, &values)) return false;
    for (size_t k = 0; k < values->count; k++) {
        VEC_PUSH(eval->arena, list, ((Argument){NULL, values->items[k], item->span}));
    }
    return true;
}

bool eval_goes_on(const Eval *eval) { return !eval->site; }

bool eval_arguments(Eval *eval, const Ast *ast, Scope *scope, Argument **args, size_t *count) {
    ArgumentList list = {0};
    bool ok = true;
    for (size_t i = 0; i < ast->items.count && (ok || eval_goes_on(eval)); i++) {
        ok &= eval_argument(eval, ast->items.items[i], scope, &list);
    }
    *args = list.items;
    *count = list.count;
    return ok;
}

// ---- Where each argument goes
static bool too_many(Eval *eval, const char *callee, const ParamName *params, size_t param_count, size_t given, Span span) {
    eval_error_at(eval, span, MSG(TOO_MANY_ARGUMENTS), callee, param_count, param_count == 1 ? "" : "s", given);
    StrBuf text = {0};
    for (size_t i = 0; i < param_count; i++) strbuf_printf(&text, "%s%s", i ? ", " : "", params[i].name);
    if (param_count) eval_hint(eval, MSG(HINT_ARGUMENTS), text.text);
    strbuf_free(&text);
    return false;
}

static bool bind_keyword(Eval *eval, const char *callee, const ParamName *params, size_t param_count, const Argument *arg,
                         Value *slots) {
    for (size_t i = 0; i < param_count; i++) {
        if (strcmp(params[i].name, arg->name)) continue;
        if (slots[i].kind != VALUE_BROKEN) {
            return eval_error_at(eval, arg->span, MSG(ARGUMENT_TWICE), callee, arg->name);
        }
        slots[i] = arg->value;
        return true;
    }
    const char **names = NEW_ARRAY(eval->arena, const char *, param_count + 1);
    for (size_t i = 0; i < param_count; i++) names[i] = params[i].name;
    eval_error_at(eval, arg->span, MSG(NO_ARGUMENT), callee, arg->name);
    if (!eval_advise_argument(eval, arg->name)) eval_suggest(eval, arg->name, names, param_count);
    return false;
}

BindResult bind_arguments(Eval *eval, const char *callee, const ParamName *params, size_t param_count, const Argument *args,
                          size_t count, Value *slots) {
    for (size_t i = 0; i < param_count; i++) slots[i] = (Value){.kind = VALUE_BROKEN};
    size_t positional = 0, next = 0;
    for (size_t i = 0; i < count; i++) positional += !args[i].name;
    size_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        if (args[i].name) continue;
        if (next < param_count && params[next].star) {
            Value *rest = NEW_ARRAY(eval->arena, Value, positional - seen + 1);
            size_t taken = 0;
            for (; i < count; i++) {
                if (!args[i].name) rest[taken++] = args[i].value;
            }
            slots[next] = value_tuple(eval, rest, taken);
            break;
        }
        if (next == param_count || params[next].star) {
            too_many(eval, callee, params, param_count, positional, args[i].span);
            return BIND_FAILED;
        }
        slots[next++] = args[i].value;
        seen++;
    }
    for (size_t i = 0; i < count; i++) {
        if (args[i].name && !bind_keyword(eval, callee, params, param_count, &args[i], slots)) return BIND_FAILED;
    }
    for (size_t i = 0; i < param_count; i++) {
        if (slots[i].kind != VALUE_BROKEN || !params[i].required) continue;
        if (!positional) return BIND_PARTIAL;
        eval_error(eval, MSG(ARGUMENT_MISSING), callee, params[i].name);
        return BIND_FAILED;
    }
    return BIND_DONE;
}

ParamName *param_names(Eval *eval, const AstParam *params, size_t count) {
    ParamName *names = NEW_ARRAY(eval->arena, ParamName, count + 1);
    for (size_t i = 0; i < count; i++) names[i] = (ParamName){params[i].name, !params[i].fallback, false};
    return names;
}

bool bind_scope(Eval *eval, const AstParam *params, size_t count, Value *slots, Scope *scope) {
    for (size_t i = 0; i < count; i++) {
        if (slots[i].kind == VALUE_BROKEN && !eval_expr(eval, params[i].fallback, scope, &slots[i])) return false;
        scope_bind(eval, scope, params[i].name, slots[i], params[i].span);
    }
    return true;
}

Value make_partial(Eval *eval, const Value *callee, const Argument *args, size_t count) {
    Partial *partial = NEW(eval->arena, Partial);
    *partial = (Partial){*callee, args, count};
    return (Value){VALUE_PARTIAL, {.partial = partial}};
}

// ---- Functions
Function *make_function(Eval *eval, const Ast *ast, Scope *scope) {
    Function *function = NEW(eval->arena, Function);
    *function = (Function){ast->text, ast->params, ast->param_count, ast->a, ast->items, scope, NULL, ast->name_span, false};
    return function;
}

bool call_bound(Eval *eval, const Function *function, Scope *scope, Value *result) {
    *result = NONE_VALUE;
    if (function->expression) return eval_expr(eval, function->expression, scope, result);
    bool was_returning = eval->returning;
    Value was_returned = eval->returned;
    eval->returning = false;
    eval->returned = NONE_VALUE;
    bool ok = exec_block(eval, function->body, scope);
    if (ok) *result = eval->returned;
    eval->returning = was_returning;
    eval->returned = was_returned;
    return ok;
}

bool call_function(Eval *eval, const Function *function, const Argument *args, size_t count, Span span, Value *result) {
    ParamName *names = param_names(eval, function->params, function->param_count);
    Value *slots = NEW_ARRAY(eval->arena, Value, function->param_count + 1);
    switch (bind_arguments(eval, function->name, names, function->param_count, args, count, slots)) {
    case BIND_FAILED: return false;
    case BIND_PARTIAL: *result = make_partial(eval, &(Value){VALUE_FUNCTION, {.function = function}}, args, count); return true;
    case BIND_DONE: break;
    }
    Scope *scope = scope_new(eval, function->scope);
    const CallSite *outer = site_push(eval, span, function->name);
    Module *module = eval->module;
    if (function->self) eval->module = function->self;
    bool ok =
        bind_scope(eval, function->params, function->param_count, slots, scope) && call_bound(eval, function, scope, result);
    eval->module = module;
    eval->site = outer;
    return ok;
}

// ---- Partial calls and methods
static bool call_with(Eval *eval, const Value *callee, const Argument *first, size_t first_count, const Argument *args,
                      size_t count, Span span, Value *result) {
    Argument *all = NEW_ARRAY(eval->arena, Argument, first_count + count + 1);
    if (first_count) memcpy(all, first, first_count * sizeof *all);
    if (count) memcpy(all + first_count, args, count * sizeof *all);
    return call_value(eval, callee, all, first_count + count, span, result);
}

// Keywords of the new call win over those given before.
static bool call_partial(Eval *eval, const Partial *partial, const Argument *args, size_t count, Span span, Value *result) {
    VEC(Argument) kept = {0};
    for (size_t i = 0; i < partial->count; i++) {
        bool again = false;
        for (size_t k = 0; k < count; k++) again |= args[k].name && !strcmp(args[k].name, partial->args[i].name);
        if (!again) VEC_PUSH(eval->arena, &kept, partial->args[i]);
    }
    // Positional arguments come first, so that they fill the open parameters in order.
    VEC(Argument) all = {0};
    for (size_t i = 0; i < count; i++) VEC_PUSH(eval->arena, &all, args[i]);
    for (size_t i = 0; i < kept.count; i++) VEC_PUSH(eval->arena, &all, kept.items[i]);
    return call_value(eval, &partial->callee, all.items, all.count, span, result);
}

static bool dispatch(Eval *eval, const Value *callee, const Argument *args, size_t count, Span span, Value *result) {
    switch (callee->kind) {
    case VALUE_FUNCTION: return call_function(eval, callee->function, args, count, span, result);
    case VALUE_BUILTIN: return call_builtin(eval, callee->builtin, args, count, span, result);
    case VALUE_PARTIAL: return call_partial(eval, callee->partial, args, count, span, result);
    case VALUE_METHOD: {
        Argument self = {NULL, callee->method->self, span};
        return call_with(eval, &callee->method->callee, &self, 1, args, count, span, result);
    }
    case VALUE_MODULE_CLASS: return construct_module(eval, callee->module_class, args, count, span, result);
    case VALUE_MODULE: return call_module(eval, callee->module, args, count, span, result);
    case VALUE_OPTIMIZER_CLASS: return construct_optimizer(eval, callee->optimizer_class, args, count, span, result);
    case VALUE_BROKEN: return false;
    default: return eval_error_at(eval, span, MSG(NOT_CALLABLE), value_kind_text(callee));
    }
}

bool call_value(Eval *eval, const Value *callee, const Argument *args, size_t count, Span span, Value *result) {
    eval_place(eval, span);
    *result = NONE_VALUE;
    if (eval->calls >= EVAL_CALL_LIMIT) return eval_error(eval, MSG(TOO_MANY_CALLS));
    for (size_t i = 0; i < count; i++) {
        if (args[i].value.kind == VALUE_BROKEN) return false;
    }
    eval->calls++;
    bool ok = dispatch(eval, callee, args, count, span, result);
    eval->calls--;
    eval_place(eval, span);
    return ok;
}

bool eval_call(Eval *eval, const Ast *ast, Scope *scope, Value *result) {
    Value callee;
    if (!eval_expr(eval, ast->a, scope, &callee)) return false;
    Argument *args;
    size_t count;
    bool ok = callee.kind == VALUE_OPTIMIZER_CLASS
                  ? optimizer_arguments(eval, ast, callee.optimizer_class, scope, &args, &count)
                  : eval_arguments(eval, ast, scope, &args, &count);
    return ok && call_value(eval, &callee, args, count, ast->span, result);
}
