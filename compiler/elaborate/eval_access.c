// Access to parts of values: x.name, x[i], x[a:b].
#include "elaborate/eval.h"

static bool bind_method(Eval *eval, const Value *callee, const Value *self, Value *result) {
    BoundMethod *method = NEW(eval->arena, BoundMethod);
    *method = (BoundMethod){*callee, *self};
    *result = (Value){VALUE_METHOD, {.method = method}};
    return true;
}

// x.f finds what tensors have, then functions: the library's, the user's.
static bool tensor_attribute(Eval *eval, const Value *object, const char *name, Span span, const Scope *scope, Value *result) {
    const Builtin *property = tensor_property(name);
    if (property) {
        Argument self = {NULL, *object, eval->span};
        return call_builtin(eval, property, &self, 1, eval->span, result);
    }
    const Binding *own = NULL;
    for (const Scope *outer = scope; outer && !own; outer = outer->outer) {
        own = scope_find_here(outer, name);
        if (own && !value_is_callable(&own->value)) own = NULL;
    }
    if (own) return bind_method(eval, &own->value, object, result);
    const Builtin *builtin = tensor_method(eval, name);
    if (builtin) return bind_method(eval, &(Value){VALUE_BUILTIN, {.builtin = builtin}}, object, result);
    const char **names;
    size_t count;
    collect_names(eval, scope, &names, &count);
    eval_error_at(eval, span, MSG(NO_TENSOR_ATTRIBUTE), name);
    if (!eval_advise_attribute(eval, name)) eval_suggest(eval, name, names, count);
    return false;
}

static bool module_attribute(Eval *eval, const Module *module, const char *name, Span span, Value *result) {
    Value *member = module_member(module, name);
    if (member) {
        *result = *member;
        return result->kind != VALUE_BROKEN;
    }
    if (module->deferred && !module->constructing) {
        eval_error_at(eval, span, MSG(MEMBER_NOT_KNOWN_YET), name, module->class->name);
        eval_hint(eval, MSG(HINT_WRITE_SIZE));
        return false;
    }
    const char **names = NEW_ARRAY(eval->arena, const char *, module->scope->count + 1);
    size_t count = 0;
    for (size_t i = 0; i < module->scope->count; i++) names[count++] = module->scope->items[i].name;
    eval_error_at(eval, span, MSG(NO_MEMBER), module->class->name, name);
    if (!eval_advise_attribute(eval, name)) eval_suggest(eval, name, names, count);
    return false;
}

static bool dataset_attribute(Eval *eval, const Dataset *data, const char *name, Span span, Value *result) {
    if (!strcmp(name, "shape")) {
        Value *shapes = NEW_ARRAY(eval->arena, Value, data->input_count);
        for (size_t i = 0; i < data->input_count; i++) {
            if (!data->inputs[i].known) {
                eval_error_at(eval, span, MSG(DATA_SHAPE_UNKNOWN));
                eval_hint(eval, MSG(HINT_GIVE_INPUT));
                return false;
            }
            shapes[i] = value_shape(eval, &data->inputs[i].shape);
        }
        *result = data->input_count == 1 ? shapes[0] : value_tuple(eval, shapes, data->input_count);
        return true;
    }
    if (!strcmp(name, "classes")) {
        *result = value_int((int64_t)data->spec.class_count);
        return true;
    }
    if (!strcmp(name, "class_names")) {
        *result = data->class_names;
        return true;
    }
    eval_error_at(eval, span, MSG(NO_DATA_ATTRIBUTE), name);
    eval_suggest(eval, name, (const char *const[]){"shape", "classes", "class_names"}, 3);
    return false;
}

// ---- Subscripts
static bool slice_bound(Eval *eval, const Value *value, int64_t fallback, int64_t length, int64_t low, int64_t high,
                        int64_t *result) {
    *result = fallback;
    if (value->kind == VALUE_NONE) return true;
    eval->callee = "slice";
    if (!arg_int(eval, value, "a bound", result)) return false;
    if (*result < 0) *result += length;
    *result = *result < low ? low : *result > high ? high : *result;
    return true;
}

// Python's slice of a sequence of `length`: positions start, start + step, … (count of them).
static bool slice_range(Eval *eval, const ValueList *slice, int64_t length, int64_t *start, int64_t *step, int64_t *count) {
    *step = 1;
    eval->callee = "slice";
    if (slice->items[2].kind != VALUE_NONE && !arg_int(eval, &slice->items[2], "the step", step)) return false;
    if (*step == 0) return eval_error(eval, MSG(SLICE_STEP_ZERO));
    bool back = *step < 0;
    int64_t stop;
    int64_t low = back ? -1 : 0, high = back ? length - 1 : length;
    if (!slice_bound(eval, &slice->items[0], back ? length - 1 : 0, length, low, high, start)) return false;
    if (!slice_bound(eval, &slice->items[1], back ? -1 : length, length, low, high, &stop)) return false;
    int64_t span = back ? *start - stop : stop - *start;
    // A step as large as INT64_MIN has no magnitude of its own type.
    uint64_t size = back ? 0 - (uint64_t)*step : (uint64_t)*step;
    *count = span <= 0 ? 0 : (int64_t)(((uint64_t)span - 1) / size) + 1;
    return true;
}

static bool position(Eval *eval, const Value *subscript, size_t length, const char *what, size_t *result) {
    int64_t index;
    eval->callee = what;
    if (!arg_int(eval, subscript, "the index", &index)) return false;
    if (index < -(int64_t)length || index >= (int64_t)length) {
        return eval_error(eval, MSG(INDEX_RANGE), (long long)index, what, length);
    }
    *result = (size_t)(index < 0 ? index + (int64_t)length : index);
    return true;
}

static bool index_list(Eval *eval, const Value *object, const ValueList *list, const Value *subscript, Value *result) {
    const char *what = value_kind_text(object);
    if (subscript->kind != VALUE_SLICE) {
        size_t at;
        if (!position(eval, subscript, list->count, what, &at)) return false;
        *result = list->items[at];
        return result->kind != VALUE_BROKEN;
    }
    int64_t start, step, count;
    if (!slice_range(eval, subscript->list, (int64_t)list->count, &start, &step, &count)) return false;
    Value *items = NEW_ARRAY(eval->arena, Value, (size_t)count + 1);
    for (int64_t i = 0; i < count; i++) items[i] = list->items[start + i * step];
    *result = object->kind == VALUE_TUPLE ? value_tuple(eval, items, (size_t)count) : value_list(eval, items, (size_t)count);
    return true;
}

// Strings are indexed by characters (UTF-8), as in Python.
static const ValueList *characters(Eval *eval, const char *text) {
    VEC(Value) items = {0};
    for (const char *at = text; *at;) {
        size_t length = 1;
        while ((at[length] & 0xC0) == 0x80) length++;
        VEC_PUSH(eval->arena, &items, value_string(arena_strndup(eval->arena, at, length)));
        at += length;
    }
    return value_list(eval, items.items, items.count).list;
}

static bool index_string(Eval *eval, const Value *object, const Value *subscript, Value *result) {
    if (!text_is_known(eval, object)) return false;
    const ValueList *list = characters(eval, object->string);
    Value part;
    if (!index_list(eval, object, list, subscript, &part)) return false;
    if (part.kind == VALUE_STRING) {
        *result = part;
        return true;
    }
    StrBuf text = {0};
    for (size_t i = 0; i < part.list->count; i++) strbuf_add(&text, part.list->items[i].string);
    *result = value_string(arena_strdup(eval->arena, text.text ? text.text : ""));
    strbuf_free(&text);
    return true;
}

bool eval_attribute(Eval *eval, const Value *object, const char *name, Span span, const Scope *scope, Value *result) {
    switch (object->kind) {
    case VALUE_TENSOR:
    case VALUE_PARAMETER: return tensor_attribute(eval, object, name, span, scope, result);
    case VALUE_MODULE: return module_attribute(eval, object->module, name, span, result);
    case VALUE_DATASET: return dataset_attribute(eval, object->dataset, name, span, result);
    case VALUE_SPEC:
        if (strcmp(name, "shape")) break;
        *result = value_shape(eval, &object->spec->shape);
        return true;
    case VALUE_LIST:
    case VALUE_TUPLE:
        if (*name >= '0' && *name <= '9') { // model.layers.0.weight
            return index_list(eval, object, object->list, &(Value){VALUE_INT, {.integer = atoll(name)}}, result);
        }
        eval_error_at(eval, span, MSG(NO_ATTRIBUTE), value_kind_text(object), name);
        eval_advise_attribute(eval, name);
        return false;
    case VALUE_HOLE: return eval_error(eval, MSG(HOLE_UNKNOWN));
    case VALUE_BROKEN: return false;
    default: break;
    }
    eval_error_at(eval, span, MSG(NO_ATTRIBUTE), value_kind_text(object), name);
    eval_advise_attribute(eval, name);
    return false;
}

static bool eval_subscript(Eval *eval, const Ast *ast, Scope *scope, Value *result) {
    if (ast->kind != AST_SLICE) return eval_expr(eval, ast, scope, result);
    Value bounds[3] = {NONE_VALUE, NONE_VALUE, NONE_VALUE};
    const Ast *parts[3] = {ast->a, ast->b, ast->c};
    for (int i = 0; i < 3; i++) {
        if (parts[i] && !eval_expr(eval, parts[i], scope, &bounds[i])) return false;
    }
    *result = value_tuple(eval, bounds, 3);
    result->kind = VALUE_SLICE;
    return true;
}

bool eval_index(Eval *eval, const Ast *ast, Scope *scope, Value *result) {
    Value object;
    if (!eval_expr(eval, ast->a, scope, &object)) return false;
    size_t count = ast->items.count;
    Value *subscripts = NEW_ARRAY(eval->arena, Value, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (!eval_subscript(eval, ast->items.items[i], scope, &subscripts[i])) return false;
    }
    eval_place(eval, ast->span);
    if (value_is_tensor(&object)) {
        NodeId x;
        eval->callee = "indexing";
        if (!arg_tensor(eval, &object, "the tensor", &x)) return false;
        return tensor_index(eval, x, subscripts, count, result);
    }
    if (object.kind == VALUE_BROKEN) return false;
    if (count != 1) return eval_error(eval, MSG(ONE_INDEX), value_kind_text(&object), count);
    switch (object.kind) {
    case VALUE_LIST:
    case VALUE_TUPLE: return index_list(eval, &object, object.list, &subscripts[0], result);
    case VALUE_STRING: return index_string(eval, &object, &subscripts[0], result);
    case VALUE_MODULE:
        if (object.module->kind == MODULE_USER) break;
        return index_list(eval, &object, module_sequence(eval, object.module), &subscripts[0], result);
    default: break;
    }
    return eval_error(eval, MSG(NOT_INDEXABLE), value_kind_text(&object));
}
