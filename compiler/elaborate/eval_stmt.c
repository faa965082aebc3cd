// Statements: bindings, conditions, loops, definitions, assertions, includes.
#include "elaborate/eval.h"
#include "support/source.h"

bool is_trainer_name(const char *name) {
    static const char *const names[] = {"input", "target", "data", "model", "loss", "optimizer", "train"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!strcmp(name, names[i])) return true;
    }
    return false;
}

bool eval_iterable(Eval *eval, const Value *value, const ValueList **result) {
    switch (value->kind) {
    case VALUE_LIST:
    case VALUE_TUPLE: *result = value->list; return eval_spend(eval, value->list->count);
    case VALUE_MODULE:
        if (value->module->kind == MODULE_USER) break;
        *result = module_sequence(eval, value->module);
        return true;
    case VALUE_TENSOR:
    case VALUE_PARAMETER:
        eval_error(eval, MSG(ITERATE_TENSOR));
        eval_hint(eval, MSG(HINT_SPLIT));
        return false;
    case VALUE_BROKEN: return false;
    default: break;
    }
    return eval_error(eval, MSG(NOT_A_LIST), value_kind_text(value));
}

// ---- Binding
// In a forward, a name that is a buffer of the module is given its next value. Inference ignores that.
static bool assign_buffer(Eval *eval, Parameter *buffer, const Module *module, const Value *value) {
    NodeId node;
    eval->callee = "assignment to a buffer";
    if (!arg_tensor(eval, value, "its value", &node)) return false;
    const Node *given = graph_node(eval->graph, node);
    if (!shape_equal(&given->shape, &buffer->shape)) {
        return eval_error(eval, MSG(BUFFER_SHAPE), shape_text(eval->arena, &buffer->shape),
                          shape_text(eval->arena, &given->shape));
    }
    eval->deeds++;
    if (!eval->training || module_is_frozen(module)) return true;
    node = build_cast(eval->graph, node, buffer->dtype);
    if (node == NODE_NONE) return eval_failed(eval);
    buffer->assigned = node;
    return true;
}

static bool bind_top(Eval *eval, Scope *scope, const char *name, Value *value, Span span) {
    const Binding *before = scope_find_here(scope, name);
    if (is_trainer_name(name) && before && !eval->calculator) {
        Span first = before->span;
        eval_error_alone(eval, span, MSG(TRAINER_NAME_TWICE), name);
        diag_note(eval->diag, first, MSG(NOTE_BOUND_HERE));
        return false;
    }
    if (!define_override(eval, name, span, value)) return false;
    if (value->kind == VALUE_TENSOR) {
        Node *node = &eval->graph->nodes[value->tensor];
        if (!node->name) node->name = name;
    }
    if (eval->calculator) name_members(eval, value, name);
    scope_bind(eval, scope, name, *value, span);
    return true;
}

static bool bind_name(Eval *eval, Scope *scope, const char *name, const Value *value, Span span) {
    Value bound = *value;
    if (scope->top) return bind_top(eval, scope, name, &bound, span);
    if (scope->module) return module_bind_member(eval, scope->module, name, value, span);
    const Scope *where = NULL;
    if (eval->forward && !scope_find_here(scope, name)) {
        Binding *member = scope_find(scope, name, &where);
        if (member && where->module && member->value.kind == VALUE_PARAMETER) {
            Parameter *parameter = member->value.parameter;
            if (parameter->kind == VAR_BUFFER) return assign_buffer(eval, parameter, where->module, value);
        }
    }
    scope_bind(eval, scope, name, bound, span);
    return true;
}

bool bind_target(Eval *eval, const Ast *target, const Value *value, Scope *scope) {
    eval_place(eval, target->span);
    switch (target->kind) {
    case AST_HOLE: return true;
    case AST_NAME: return bind_name(eval, scope, target->text, value, target->span);
    case AST_LIST:
    case AST_TUPLE: {
        const ValueList *list;
        if (!eval_iterable(eval, value, &list)) return false;
        if (list->count != target->items.count) {
            return eval_error(eval, MSG(UNPACK_COUNT), target->items.count, list->count);
        }
        for (size_t i = 0; i < list->count; i++) {
            if (!bind_target(eval, target->items.items[i], &list->items[i], scope)) return false;
        }
        return true;
    }
    default: break;
    }
    return eval_error(eval, MSG(NOT_ASSIGNABLE));
}

static bool exec_assign(Eval *eval, const Ast *ast, Scope *scope) {
    const Ast *target = ast->a;
    if (target->kind == AST_ATTR) {
        if (!eval_is_prefix(target->a, scope)) return assign_path(eval, ast, scope);
        Ast *name = NEW(eval->arena, Ast); // self.x = …
        *name = *target;
        name->kind = AST_NAME;
        target = name;
    }
    Value value;
    if (ast->op != AST_OP_NONE) {
        Value before;
        if (!eval_expr(eval, target, scope, &before) || !eval_expr(eval, ast->b, scope, &value)) return false;
        eval_place(eval, ast->span);
        if (!eval_binary(eval, ast->op, &before, &value, &value)) return false;
    } else if (!eval_expr(eval, ast->b, scope, &value)) {
        return false;
    }
    return bind_target(eval, target, &value, scope);
}

// ---- Expressions as statements
static bool is_user_text(const Eval *eval, Span span) {
    const SourceFile *file = diag_file(eval->diag, span.file);
    return file && !file->builtin;
}

// Its value is dropped: it should have done something, or be None.
static bool exec_expression(Eval *eval, const Ast *ast, Scope *scope) {
    Value value;
    uint64_t before = eval->deeds;
    if (!eval_expr(eval, ast, scope, &value)) return false;
    bool dropped = value.kind != VALUE_NONE && value.kind != VALUE_BROKEN && eval->deeds == before;
    if (!dropped || !is_user_text(eval, ast->span)) return true;
    diag_warning(eval->diag, WARNING_NO_EFFECT, ast->span, MSG(VALUE_DROPPED));
    diag_hint(eval->diag, MSG(HINT_VALUE_DROPPED));
    return true;
}

// ---- assert
static const Ast *assertion(const Ast *expr, const Scope *scope) {
    if (expr->kind != AST_CALL || expr->a->kind != AST_NAME || strcmp(expr->a->text, "assert")) return NULL;
    return scope_find(scope, "assert", NULL) ? NULL : expr;
}

// The message stands where the function or module was called whose assertion failed.
static bool failed_assertion(Eval *eval, const Ast *call, const char *message, const char *hint) {
    const CallSite *site = eval->site;
    Span here = call->span, shown = here;
    if (site && site->span.file != FILE_NONE) {
        eval->site = site->outer;
        eval->span = site->span;
        shown = eval_user_span(eval);
        eval->site = site;
        eval->span = here;
    }
    diag_error(eval->diag, shown, MSG(ASSERTION), message);
    const SourceFile *file = diag_file(eval->diag, here.file);
    if (shown.begin != here.begin && file && !file->builtin) diag_note(eval->diag, here, MSG(NOTE_ASSERTION_IN), site->what);
    eval_notes(eval, shown);
    if (hint) eval_hint(eval, MSG(HINT_ASSERTION), hint);
    return false;
}

static bool exec_assert(Eval *eval, const Ast *call, Scope *scope) {
    size_t count = call->items.count;
    if (count < 1 || count > 3) return eval_error(eval, MSG(ASSERT_ARGUMENTS));
    bool holds;
    if (!eval_condition(eval, call->items.items[0]->a, scope, &holds)) return false;
    eval->deeds += is_user_text(eval, call->span);
    if (holds) return true;
    Value texts[2] = {value_string("the assertion does not hold"), NONE_VALUE};
    for (size_t i = 1; i < count; i++) {
        if (!eval_expr(eval, call->items.items[i]->a, scope, &texts[i - 1])) return false;
    }
    eval_place(eval, call->span);
    return failed_assertion(eval, call, calculate_plain(eval, value_text(eval, &texts[0])),
                            texts[1].kind == VALUE_NONE ? NULL : value_text(eval, &texts[1]));
}

// ---- include
const char *include_path(Eval *eval, const char *from, const char *path) {
    const char *slash = strrchr(from, '/');
    if (*path == '/' || !slash) return path;
    return arena_printf(eval->arena, "%.*s/%s", (int)(slash - from), from, path);
}

// True for a file that was not seen before, however its path is spelled.
bool include_once(Eval *eval, const char *path) {
    char *whole = realpath(path, NULL);
    const char *name = arena_strdup(eval->arena, whole ? whole : path);
    free(whole);
    for (size_t i = 0; i < eval->included.count; i++) {
        if (!strcmp(eval->included.items[i], name)) return false;
    }
    VEC_PUSH(eval->arena, &eval->included, name);
    return true;
}

static bool exec_include(Eval *eval, const Ast *ast, Scope *scope) {
    Value name;
    if (!eval_expr(eval, ast->a, scope, &name)) return false;
    const char *path = include_path(eval, diag_file(eval->diag, ast->span.file)->path, name.string);
    if (!include_once(eval, path)) return true;
    uint32_t file;
    eval_place(eval, ast->a->span);
    if (!source_read(eval->arena, eval->diag, ast->a->span, path, &file)) {
        eval_notes(eval, ast->a->span);
        return false;
    }
    size_t errors = diag_error_count(eval->diag);
    const Ast *tree = parse_file(eval->arena, eval->diag, file);
    VEC_PUSH(eval->arena, &eval->included_trees, tree);
    const CallSite *outer = site_push(eval, ast->span, arena_printf(eval->arena, "the included %s", name.string));
    bool ok = diag_error_count(eval->diag) == errors && exec_block(eval, tree->items, scope);
    eval->site = outer;
    return ok;
}

// ---- Definitions
static bool exec_definition(Eval *eval, const Ast *ast, Scope *scope) {
    Value value;
    if (ast->kind == AST_DEF) {
        Function *function = make_function(eval, ast, scope);
        function->self = scope->module;
        function->forward = scope->module && !strcmp(ast->text, "forward");
        value = (Value){VALUE_FUNCTION, {.function = function}};
    } else if (ast->kind == AST_MODULE) {
        ModuleClass *class = NEW(eval->arena, ModuleClass);
        *class = (ModuleClass){MODULE_USER, ast->text, ast, scope, NONE_VALUE};
        value = (Value){VALUE_MODULE_CLASS, {.module_class = class}};
    } else {
        OptimizerClass *class = NEW(eval->arena, OptimizerClass);
        *class = (OptimizerClass){ast->text, ast, scope};
        value = (Value){VALUE_OPTIMIZER_CLASS, {.optimizer_class = class}};
    }
    eval_place(eval, ast->name_span);
    return bind_name(eval, scope, ast->text, &value, ast->name_span);
}

static bool exec_for(Eval *eval, const Ast *ast, Scope *scope) {
    Value value;
    const ValueList *list;
    if (!eval_expr(eval, ast->b, scope, &value)) return false;
    eval_place(eval, ast->b->span);
    if (!eval_iterable(eval, &value, &list)) return false;
    for (size_t i = 0; i < list->count && !eval->returning; i++) {
        if (!bind_target(eval, ast->a, &list->items[i], scope) || !exec_block(eval, ast->items, scope)) return false;
    }
    return true;
}

bool exec_statement(Eval *eval, const Ast *ast, Scope *scope) {
    if (!eval_enter(eval, ast)) return false;
    Value value;
    bool truth;
    switch (ast->kind) {
    case AST_ASSIGN: return exec_assign(eval, ast, scope);
    case AST_EXPR: {
        const Ast *call = assertion(ast->a, scope);
        return call ? exec_assert(eval, call, scope) : exec_expression(eval, ast->a, scope);
    }
    case AST_DEF:
    case AST_MODULE:
    case AST_OPTIMIZER: return exec_definition(eval, ast, scope);
    case AST_IF:
        if (!eval_condition(eval, ast->a, scope, &truth)) return false;
        return exec_block(eval, truth ? ast->items : ast->orelse, scope);
    case AST_FOR: return exec_for(eval, ast, scope);
    case AST_RETURN:
        value = NONE_VALUE;
        if (ast->a && !eval_expr(eval, ast->a, scope, &value)) return false;
        eval->returned = value;
        eval->returning = true;
        return true;
    case AST_INCLUDE: return exec_include(eval, ast, scope);
    case AST_INFER: // the module that it belongs to looks it up
    case AST_STATE: return true;
    default: BUG("statement of kind %d", (int)ast->kind);
    }
}

// At the top level each statement is tried, so that one run reports every independent mistake: the names that a failed one
// would have bound are broken from then on, which silences what depends on them.
static void break_names(Eval *eval, const Ast *target, Scope *scope) {
    if (target->kind == AST_NAME) {
        scope_bind(eval, scope, target->text, (Value){.kind = VALUE_BROKEN}, target->span);
    }
    for (size_t i = 0; (target->kind == AST_TUPLE || target->kind == AST_LIST) && i < target->items.count; i++) {
        break_names(eval, target->items.items[i], scope);
    }
}

static void break_statement(Eval *eval, const Ast *ast, Scope *scope) {
    switch (ast->kind) {
    case AST_ASSIGN: break_names(eval, ast->a, scope); break;
    case AST_FOR: break_names(eval, ast->a, scope); __attribute__((fallthrough));
    case AST_IF:
        for (size_t i = 0; i < ast->items.count; i++) break_statement(eval, ast->items.items[i], scope);
        for (size_t i = 0; i < ast->orelse.count; i++) break_statement(eval, ast->orelse.items[i], scope);
        break;
    case AST_DEF:
    case AST_MODULE:
    case AST_OPTIMIZER:
        if (!scope_find_here(scope, ast->text)) {
            scope_bind(eval, scope, ast->text, (Value){.kind = VALUE_BROKEN}, ast->name_span);
        }
        break;
    default: break;
    }
}

bool exec_block(Eval *eval, AstList body, Scope *scope) {
    bool ok = true;
    for (size_t i = 0; i < body.count && !eval->returning; i++) {
        if (exec_statement(eval, body.items[i], scope)) continue;
        ok = false;
        if (!scope->top || eval->steps > EVAL_STEP_LIMIT) break;
        break_statement(eval, body.items[i], scope);
    }
    return ok;
}
