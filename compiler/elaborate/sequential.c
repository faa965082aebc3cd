// The containers that are the language's own: Sequential(…) in its spellings, and ModuleList.
#include "elaborate/eval.h"

static Span entry_span(Eval *eval, const Argument *arg, const Value *value) {
    const SourceFile *file = arg->span.file == FILE_NONE ? NULL : diag_file(eval->diag, arg->span.file);
    return value->kind == VALUE_MODULE && (!file || file->builtin) ? value->module->span : arg->span;
}

// Whether a value can stand in a Sequential: a module, or a function with all of its own arguments given.
bool ready_callable(Eval *eval, const Value *value, Span span) {
    if (value->kind == VALUE_BROKEN) return false;
    if (value->kind == VALUE_MODULE_CLASS) {
        eval_error_at(eval, span, MSG(CLASS_AS_LAYER), value->module_class->name);
        eval_hint(eval, MSG(HINT_MAKE_LAYER), value->module_class->name);
        return false;
    }
    if (value->kind == VALUE_PARTIAL && value->partial->callee.kind == VALUE_MODULE_CLASS) {
        const ModuleClass *class = value->partial->callee.module_class;
        const Ast *ast = class->ast;
        for (size_t i = 0; i < ast->param_count; i++) {
            bool given = ast->params[i].fallback;
            for (size_t k = 0; k < value->partial->count; k++) {
                given |= !strcmp(value->partial->args[k].name, ast->params[i].name);
            }
            if (!given) return eval_error_at(eval, span, MSG(ARGUMENT_MISSING), class->name, ast->params[i].name);
        }
    }
    if (value->kind != VALUE_OPTIMIZER_CLASS && value_is_callable(value)) return true;
    return eval_error_at(eval, span, MSG(NOT_A_LAYER), value_kind_text(value));
}

static bool add_entry(Eval *eval, Module *module, const char *name, const Value *value, Span span) {
    if (!ready_callable(eval, value, span)) return false;
    const Binding *before = scope_find_here(module->scope, name);
    if (before) {
        Span first = before->span;
        eval_error_alone(eval, span, MSG(LAYER_NAME_TWICE), name, module->class->name);
        diag_note(eval->diag, first, MSG(NOTE_USED_HERE));
        return false;
    }
    if (!*name || strchr(name, '.')) return eval_error_at(eval, span, MSG(LAYER_NAME), name);
    scope_bind(eval, module->scope, name, *value, span);
    return true;
}

static bool is_named_entry(const Value *value) {
    return value->kind == VALUE_TUPLE && value->list->count == 2 && value->list->items[0].kind == VALUE_STRING;
}

// A single list: of layers, or of (name, layer), as OrderedDict makes it.
static bool add_list(Eval *eval, Module *module, const ValueList *list, Span span) {
    for (size_t i = 0; i < list->count; i++) {
        const Value *item = &list->items[i];
        bool named = is_named_entry(item);
        const char *name = named ? item->list->items[0].string : arena_printf(eval->arena, "%zu", i);
        const Value *value = named ? &item->list->items[1] : item;
        Span place = value->kind == VALUE_MODULE ? value->module->span : span;
        if (!add_entry(eval, module, name, value, place)) return false;
    }
    return true;
}

bool construct_sequential(Eval *eval, const Argument *args, size_t count, Module *module) {
    const Value *only = count == 1 && !args[0].name ? &args[0].value : NULL;
    if (only && (only->kind == VALUE_LIST || (only->kind == VALUE_TUPLE && !is_named_entry(only)))) {
        return add_list(eval, module, only->list, args[0].span);
    }
    for (size_t i = 0; i < count; i++) {
        bool named = !args[i].name && is_named_entry(&args[i].value);
        const Value *value = named ? &args[i].value.list->items[1] : &args[i].value;
        const char *name = args[i].name ? args[i].name
                           : named      ? args[i].value.list->items[0].string
                                        : arena_printf(eval->arena, "%zu", i);
        if (!add_entry(eval, module, name, value, entry_span(eval, &args[i], value))) return false;
    }
    return true;
}

const ValueList *module_sequence(Eval *eval, const Module *module) {
    ValueList *list = NEW(eval->arena, ValueList);
    list->count = list->total = module->scope->count;
    list->depth = 1;
    list->items = NEW_ARRAY(eval->arena, Value, list->count + 1);
    for (size_t i = 0; i < list->count; i++) list->items[i] = module->scope->items[i].value;
    return list;
}

// container(combine): combine is called with the plain Sequential of the same entries, then the arguments.
static bool call_combined(Eval *eval, const Module *module, const Argument *args, size_t count, Value *result) {
    static const ModuleClass plain_class = {.kind = MODULE_SEQUENTIAL, .name = "Sequential"};
    Module *plain = NEW(eval->arena, Module);
    *plain = *module;
    plain->class = &plain_class;
    plain->plain = true;
    Argument *all = NEW_ARRAY(eval->arena, Argument, count + 1);
    all[0] = (Argument){NULL, {VALUE_MODULE, {.module = plain}}, module->span};
    memcpy(all + 1, args, count * sizeof *args);
    return call_value(eval, &module->class->combine, all, count + 1, module->span, result);
}

bool call_sequential(Eval *eval, Module *module, const Argument *args, size_t count, Value *result) {
    const char *name = module->class->name;
    if (module->kind == MODULE_LIST) {
        eval_error(eval, MSG(LIST_CALLED), name);
        eval_hint(eval, MSG(HINT_CALL_LAYERS));
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (args[i].name) return eval_error_at(eval, args[i].span, MSG(NO_ARGUMENT), name, args[i].name);
    }
    if (!count) return eval_error(eval, MSG(CALLED_WITHOUT_INPUT), name);
    if (module->class->combine.kind != VALUE_NONE) return call_combined(eval, module, args, count, result);
    if (!module->scope->count) {
        *result = args[0].value;
        return true;
    }
    for (size_t i = 0; i < module->scope->count; i++) {
        Binding entry = module->scope->items[i];
        Argument passed = {NULL, *result, entry.span};
        const Argument *given = i ? &passed : args;
        Value output;
        if (!call_value(eval, &entry.value, given, i ? 1 : count, entry.span, &output)) return false;
        if (output.kind == VALUE_PARTIAL || output.kind == VALUE_MODULE) {
            return eval_error_at(eval, entry.span, MSG(ENTRY_NOT_TENSOR), entry.name, value_kind_text(&output));
        }
        *result = output;
    }
    return true;
}
