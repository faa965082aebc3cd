// Expressions: one function for each form of the grammar.
#include "elaborate/eval.h"

#include <ctype.h>

bool eval_condition(Eval *eval, const Ast *ast, Scope *scope, bool *result) {
    Value value;
    if (!eval_expr(eval, ast, scope, &value)) return false;
    eval_place(eval, ast->span);
    return value_truth(eval, &value, result);
}

// Of a calculator, strings in the user's own text show values as Python does; all others are for messages.
static void add_interpolated(Eval *eval, StrBuf *text, const Ast *string, const Value *value) {
    const SourceFile *file = diag_file(eval->diag, string->span.file);
    bool showing = eval->showing;
    eval->showing = eval->calculator && file && !file->builtin;
    if (eval->showing && value->kind == VALUE_TENSOR) calculate_mark(eval, text, value->tensor, true);
    else strbuf_add(text, value_text(eval, value));
    eval->showing = showing;
}

bool eval_string(Eval *eval, const Ast *ast, Scope *scope, Value *result) {
    if (ast->items.count == 0) {
        *result = value_string("");
        return true;
    }
    if (ast->items.count == 1 && ast->items.items[0]->kind == AST_TEXT) {
        *result = value_string(ast->items.items[0]->text);
        return true;
    }
    StrBuf text = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < ast->items.count; i++) {
        const Ast *part = ast->items.items[i];
        if (part->kind == AST_TEXT) {
            strbuf_add(&text, part->text);
        } else {
            Value value;
            ok = eval_expr(eval, part, scope, &value);
            if (ok) add_interpolated(eval, &text, ast, &value);
        }
        if (ok && text.length > EVAL_STRING_LIMIT) ok = eval_error(eval, MSG(STRING_TOO_LONG));
    }
    ok = ok && eval_spend_text(eval, text.length);
    if (ok) *result = value_string(arena_strdup(eval->arena, text.text ? text.text : ""));
    strbuf_free(&text);
    return ok;
}

static bool eval_sequence(Eval *eval, const Ast *ast, Scope *scope, Value *result) {
    VEC(Value) items = {0};
    bool ok = true;
    for (size_t i = 0; i < ast->items.count && (ok || eval_goes_on(eval)); i++) {
        Value value = {VALUE_BROKEN, {0}};
        ok &= eval_expr(eval, ast->items.items[i], scope, &value);
        VEC_PUSH(eval->arena, &items, value);
        if (items.count > EVAL_LIST_LIMIT) return eval_error(eval, MSG(LIST_TOO_LONG));
    }
    if (!ok) return false;
    *result = ast->kind == AST_LIST ? value_list(eval, items.items, items.count) : value_tuple(eval, items.items, items.count);
    return true;
}

static bool eval_comprehension(Eval *eval, const Ast *ast, Scope *scope, Value *result) {
    Value source;
    const ValueList *list;
    if (!eval_expr(eval, ast->c, scope, &source)) return false;
    eval_place(eval, ast->c->span);
    if (!eval_iterable(eval, &source, &list)) return false;
    VEC(Value) items = {0};
    for (size_t i = 0; i < list->count; i++) {
        Scope *inner = scope_new(eval, scope);
        Value value;
        bool keep = true;
        if (!bind_target(eval, ast->b, &list->items[i], inner)) return false;
        if (ast->d && !eval_condition(eval, ast->d, inner, &keep)) return false;
        if (!keep) continue;
        if (!eval_expr(eval, ast->a, inner, &value)) return false;
        VEC_PUSH(eval->arena, &items, value);
    }
    *result = value_list(eval, items.items, items.count);
    return true;
}

// `a and b`, `a or b`: one of the operands, as in Python; of tensors, element by element.
static bool eval_logic(Eval *eval, const Ast *ast, Scope *scope, Value *result) {
    Value a, b;
    if (!eval_expr(eval, ast->a, scope, &a)) return false;
    if (value_is_tensor(&a)) {
        if (!eval_expr(eval, ast->b, scope, &b)) return false;
        eval_place(eval, ast->span);
        return eval_binary(eval, ast->op, &a, &b, result);
    }
    bool truth;
    eval_place(eval, ast->a->span);
    if (!value_truth(eval, &a, &truth)) return false;
    if (truth == (ast->op == AST_OP_OR)) {
        *result = a;
        return true;
    }
    return eval_expr(eval, ast->b, scope, result);
}

static bool eval_chain(Eval *eval, const Ast *ast, Scope *scope, Value *result) {
    Value left, right;
    if (!eval_expr(eval, ast->items.items[0], scope, &left)) return false;
    for (size_t i = 1; i < ast->items.count; i++) {
        if (!eval_expr(eval, ast->items.items[i], scope, &right)) return false;
        eval_place(eval, ast->span);
        if (!eval_compare(eval, ast->ops[i - 1], &left, &right, result)) return false;
        if (i + 1 == ast->items.count) return true;
        if (value_is_tensor(result)) {
            eval_error(eval, MSG(TENSOR_CHAIN));
            eval_hint(eval, MSG(HINT_TENSOR_CHAIN));
            return false;
        }
        if (result->kind == VALUE_BOOL && !result->boolean) return true;
        left = right;
    }
    return true;
}

bool eval_is_prefix(const Ast *ast, const Scope *scope) {
    static const char *const roots[] = {"torch", "nn", "F", "optim", "self"};
    static const char *const parts[] = {"nn", "optim", "functional", "init"};
    if (ast->kind == AST_NAME) {
        for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
            if (!strcmp(ast->text, roots[i])) return !scope_find(scope, ast->text, NULL);
        }
        return false;
    }
    if (ast->kind != AST_ATTR || !eval_is_prefix(ast->a, scope)) return false;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!strcmp(ast->text, parts[i])) return !scope_find(scope, ast->text, NULL);
    }
    return false;
}

static bool unknown_name(Eval *eval, const char *name, const Scope *scope) {
    const Binding *late = eval->late_names ? scope_find_here(eval->late_names, name) : NULL;
    if (late) {
        eval_error(eval, MSG(USED_BEFORE_BOUND), name);
        if (!eval_advise_name(eval, name)) diag_note(eval->diag, late->span, MSG(NOTE_BOUND_LATER));
        return false;
    }
    const char **names;
    size_t count = 0;
    if (!diag_too_many(eval->diag)) collect_names(eval, scope, &names, &count);
    if (isupper((unsigned char)*name)) eval_error(eval, MSG(UNKNOWN_CLASS), name);
    else eval_error(eval, MSG(UNKNOWN_NAME), name);
    if (!eval_advise_name(eval, name)) eval_suggest(eval, name, names, count);
    return false;
}

bool eval_name(Eval *eval, const char *name, const Scope *scope, Value *result) {
    const Binding *binding = scope_find(scope, name, NULL);
    if (binding) {
        *result = binding->value;
        return result->kind != VALUE_BROKEN;
    }
    if (special_name(eval, name, result)) return result->kind != VALUE_BROKEN;
    BuiltinPair pair = builtin_find(eval, name);
    if (pair.number || pair.tensor) {
        *result = (Value){VALUE_BUILTIN, {.builtin = pair.tensor ? pair.tensor : pair.number}};
        return true;
    }
    return unknown_name(eval, name, scope);
}

static bool eval_attr(Eval *eval, const Ast *ast, Scope *scope, Value *result) {
    if (eval_is_prefix(ast->a, scope)) {
        eval_place(eval, ast->name_span);
        return eval_name(eval, ast->text, scope, result);
    }
    Value object;
    if (!eval_expr(eval, ast->a, scope, &object)) return false;
    eval_place(eval, ast->span);
    return eval_attribute(eval, &object, ast->text, ast->name_span, scope, result);
}

static bool eval_literal_rate(Eval *eval, const Ast *ast, Scope *scope, Value *result) {
    eval->rate_literal = NULL;
    Value value;
    if (!eval_expr(eval, ast, scope, &value) || !arg_number(eval, &value, "lr", &eval->rate)) return false;
    return eval_node(eval, build_scalar(eval->graph, SCALAR_LR), result);
}

static Value lambda(Eval *eval, const Ast *ast, Scope *scope) {
    Function *function = make_function(eval, ast, scope);
    function->name = "lambda";
    function->expression = ast->a;
    return (Value){VALUE_FUNCTION, {.function = function}};
}

static bool eval_two(Eval *eval, const Ast *ast, Scope *scope, Value *result) {
    if (ast->op == AST_OP_AND || ast->op == AST_OP_OR) return eval_logic(eval, ast, scope, result);
    Value a, b;
    if (!eval_expr(eval, ast->a, scope, &a) || !eval_expr(eval, ast->b, scope, &b)) return false;
    eval_place(eval, ast->span);
    return eval_binary(eval, ast->op, &a, &b, result);
}

bool eval_expr(Eval *eval, const Ast *ast, Scope *scope, Value *result) {
    if (!eval_enter(eval, ast)) return false;
    *result = NONE_VALUE;
    if (ast == eval->rate_literal) return eval_literal_rate(eval, ast, scope, result);
    Value value;
    bool truth;
    switch (ast->kind) {
    case AST_INT: *result = value_int(ast->integer); return true;
    case AST_FLOAT: *result = value_float(ast->number); return true;
    case AST_STRING: return eval_string(eval, ast, scope, result);
    case AST_TEXT: *result = value_string(ast->text); return true;
    case AST_NAME: return eval_name(eval, ast->text, scope, result);
    case AST_TRUE: *result = value_bool(true); return true;
    case AST_FALSE: *result = value_bool(false); return true;
    case AST_NONE: return true;
    case AST_HOLE: *result = (Value){.kind = VALUE_HOLE}; return true;
    case AST_ELLIPSIS: *result = (Value){.kind = VALUE_ELLIPSIS}; return true;
    case AST_UNARY:
        if (!eval_expr(eval, ast->a, scope, &value)) return false;
        eval_place(eval, ast->span);
        return eval_unary(eval, ast->op, &value, result);
    case AST_BINARY: return eval_two(eval, ast, scope, result);
    case AST_COMPARE: return eval_chain(eval, ast, scope, result);
    case AST_COND:
        if (!eval_condition(eval, ast->b, scope, &truth)) return false;
        return eval_expr(eval, truth ? ast->a : ast->c, scope, result);
    case AST_CALL: return eval_call(eval, ast, scope, result);
    case AST_INDEX: return eval_index(eval, ast, scope, result);
    case AST_ATTR: return eval_attr(eval, ast, scope, result);
    case AST_LIST:
    case AST_TUPLE: return eval_sequence(eval, ast, scope, result);
    case AST_COMPREHENSION: return eval_comprehension(eval, ast, scope, result);
    case AST_LAMBDA: *result = lambda(eval, ast, scope); return true;
    default: BUG("a node of kind %d is no expression", ast->kind);
    }
}
