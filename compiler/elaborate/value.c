// Making, comparing and showing values.
#include "elaborate/eval.h"

#include <math.h>

Value value_bool(bool x) { return (Value){VALUE_BOOL, {.boolean = x}}; }
Value value_int(int64_t x) { return (Value){VALUE_INT, {.integer = x}}; }
Value value_float(double x) { return (Value){VALUE_FLOAT, {.number = x}}; }
Value value_string(const char *text) { return (Value){VALUE_STRING, {.string = text}}; }
Value value_dtype(DType dtype) { return (Value){VALUE_DTYPE, {.dtype = dtype}}; }
Value value_tensor(NodeId node) { return (Value){VALUE_TENSOR, {.tensor = node}}; }

Value value_dim(Dim dim) { return dim.batch ? (Value){VALUE_DIM, {.dim = dim}} : value_int(dim.size); }

// What a list would hold beyond the limits is reported, and no evaluation goes on. A short one, of which the caller may expect
// its elements, is made even so.
static bool measure(Eval *eval, const Value *items, size_t count, ValueList *list) {
    list->total = count;
    list->depth = 1;
    for (size_t i = 0; i < count; i++) {
        if (items[i].kind != VALUE_LIST && items[i].kind != VALUE_TUPLE && items[i].kind != VALUE_SLICE) continue;
        list->total += items[i].list->total;
        if (items[i].list->depth >= list->depth) list->depth = items[i].list->depth + 1;
    }
    if (!eval_spend(eval, count)) return false;
    if (list->total <= EVAL_LIST_LIMIT && list->depth <= EVAL_DEPTH_LIMIT) return true;
    if (list->total > EVAL_LIST_LIMIT) eval_error(eval, MSG(LIST_TOO_LONG));
    else eval_error(eval, MSG(NESTED_TOO_DEEPLY));
    eval->steps = EVAL_STEP_LIMIT + 1;
    return false;
}

static Value sequence(Eval *eval, ValueKind kind, const Value *items, size_t count) {
    ValueList *list = NEW(eval->arena, ValueList);
    if (!measure(eval, items, count, list) && count > MAX_RANK) count = 0;
    list->count = count;
    list->items = NEW_ARRAY(eval->arena, Value, count + 1);
    if (count) memcpy(list->items, items, count * sizeof(Value));
    return (Value){kind, {.list = list}};
}

Value value_list(Eval *eval, const Value *items, size_t count) { return sequence(eval, VALUE_LIST, items, count); }
Value value_tuple(Eval *eval, const Value *items, size_t count) { return sequence(eval, VALUE_TUPLE, items, count); }

Value value_shape(Eval *eval, const Shape *shape) {
    Value items[MAX_RANK];
    for (uint32_t i = 0; i < shape->rank; i++) items[i] = value_dim(shape->dim[i]);
    Value tuple = value_tuple(eval, items, shape->rank);
    ValueList *list = NEW(eval->arena, ValueList);
    *list = *tuple.list;
    list->shape = true;
    tuple.list = list;
    return tuple;
}

const char *value_kind_text(const Value *value) {
    switch (value->kind) {
    case VALUE_NONE: return "None";
    case VALUE_BOOL: return "a boolean";
    case VALUE_INT: return "an integer";
    case VALUE_FLOAT: return "a number";
    case VALUE_DIM: return "the batch size";
    case VALUE_STRING: return "a string";
    case VALUE_LIST: return "a list";
    case VALUE_TUPLE: return "a tuple";
    case VALUE_DTYPE: return "a type";
    case VALUE_SLICE: return "a slice";
    case VALUE_ELLIPSIS: return "'...'";
    case VALUE_HOLE: return "'_'";
    case VALUE_TENSOR: return "a tensor";
    case VALUE_PARAMETER: return value->parameter->kind == VAR_BUFFER ? "a buffer" : "a parameter";
    case VALUE_SPEC: return "a Tensor(…)";
    case VALUE_FUNCTION:
    case VALUE_PARTIAL:
    case VALUE_BUILTIN:
    case VALUE_METHOD: return "a function";
    case VALUE_MODULE_CLASS: return "a module class";
    case VALUE_MODULE: return "a module";
    case VALUE_OPTIMIZER_CLASS: return "an optimizer class";
    case VALUE_OPTIMIZER: return "an optimizer";
    case VALUE_DATASET: return "a data set";
    case VALUE_TRAINER: return "a Trainer";
    case VALUE_BROKEN: return "a name whose definition failed";
    }
    return "a value";
}

bool value_is_number(const Value *value) {
    return value->kind == VALUE_BOOL || value->kind == VALUE_INT || value->kind == VALUE_FLOAT;
}

bool value_is_tensor(const Value *value) { return value->kind == VALUE_TENSOR || value->kind == VALUE_PARAMETER; }

bool value_is_callable(const Value *value) {
    switch (value->kind) {
    case VALUE_FUNCTION:
    case VALUE_PARTIAL:
    case VALUE_BUILTIN:
    case VALUE_METHOD:
    case VALUE_MODULE:
    case VALUE_MODULE_CLASS:
    case VALUE_OPTIMIZER_CLASS: return true;
    default: return false;
    }
}

static double as_double(const Value *value) {
    switch (value->kind) {
    case VALUE_BOOL: return value->boolean;
    case VALUE_INT: return (double)value->integer;
    default: return value->number;
    }
}

bool value_equal(const Value *a, const Value *b) {
    if (value_is_number(a) && value_is_number(b)) {
        if (a->kind == VALUE_INT && b->kind == VALUE_INT) return a->integer == b->integer;
        return as_double(a) == as_double(b);
    }
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case VALUE_NONE:
    case VALUE_ELLIPSIS:
    case VALUE_HOLE: return true;
    case VALUE_DIM: return dim_equal(a->dim, b->dim);
    case VALUE_STRING: return !strcmp(a->string, b->string);
    case VALUE_DTYPE: return a->dtype == b->dtype;
    case VALUE_TENSOR: return a->tensor == b->tensor;
    case VALUE_LIST:
    case VALUE_TUPLE:
    case VALUE_SLICE:
        if (a->list->count != b->list->count) return false;
        for (size_t i = 0; i < a->list->count; i++) {
            if (!value_equal(&a->list->items[i], &b->list->items[i])) return false;
        }
        return true;
    default: return a->module == b->module; // the same object: every other kind holds one pointer
    }
}

static const char *callable_name(const Value *value) {
    switch (value->kind) {
    case VALUE_FUNCTION: return value->function->name;
    case VALUE_BUILTIN: return value->builtin->name;
    case VALUE_MODULE_CLASS: return value->module_class->name;
    case VALUE_MODULE: return value->module->class->name;
    case VALUE_OPTIMIZER_CLASS: return value->optimizer_class->name;
    case VALUE_OPTIMIZER: return value->optimizer->class->name;
    case VALUE_PARTIAL: return callable_name(&value->partial->callee);
    case VALUE_METHOD: return callable_name(&value->method->callee);
    default: return "value";
    }
}

static void add_value(Eval *eval, StrBuf *out, const Value *value, bool quoted, int depth);

static void add_items(Eval *eval, StrBuf *out, const ValueList *list, char open, char close, int depth) {
    strbuf_printf(out, "%c", open);
    for (size_t i = 0; i < list->count; i++) {
        if (i) strbuf_add(out, ", ");
        if (out->length > EVAL_STRING_LIMIT) break;
        add_value(eval, out, &list->items[i], true, depth + 1);
    }
    if (open == '(' && list->count == 1) strbuf_add(out, ",");
    strbuf_printf(out, "%c", close);
}

// As Python's repr chooses them.
static const char *quote_of(const char *text) { return strchr(text, '\'') && !strchr(text, '"') ? "\"%s\"" : "'%s'"; }

static void add_value(Eval *eval, StrBuf *out, const Value *value, bool quoted, int depth) {
    if (depth > 100) {
        strbuf_add(out, "…");
        return;
    }
    switch (value->kind) {
    case VALUE_NONE: strbuf_add(out, "None"); break;
    case VALUE_BOOL: strbuf_add(out, value->boolean ? "True" : "False"); break;
    case VALUE_INT: strbuf_printf(out, "%lld", (long long)value->integer); break;
    case VALUE_FLOAT: strbuf_add_double(out, value->number); break;
    case VALUE_DIM:
        if (value->dim.size == 1) {
            strbuf_add(out, "N");
        } else {
            strbuf_printf(out, "%lld·N", (long long)value->dim.size);
        }
        break;
    case VALUE_STRING: strbuf_printf(out, !quoted ? "%s" : quote_of(value->string), value->string); break;
    case VALUE_LIST: add_items(eval, out, value->list, '[', ']', depth); break;
    case VALUE_TUPLE:
        if (eval->showing && value->list->shape) {
            strbuf_add(out, "torch.Size(");
            add_items(eval, out, value->list, '[', ']', depth);
            strbuf_add(out, ")");
            break;
        }
        __attribute__((fallthrough));
    case VALUE_SLICE: add_items(eval, out, value->list, '(', ')', depth); break;
    case VALUE_DTYPE: strbuf_printf(out, eval->showing ? "torch.%s" : "%s", dtype_text(value->dtype)); break;
    case VALUE_ELLIPSIS: strbuf_add(out, "..."); break;
    case VALUE_HOLE: strbuf_add(out, "_"); break;
    case VALUE_TENSOR:
        if (eval->showing) calculate_mark(eval, out, value->tensor, false);
        else strbuf_printf(out, "tensor of shape %s", shape_text(eval->arena, &graph_node(eval->graph, value->tensor)->shape));
        break;
    case VALUE_PARAMETER:
        if (eval->showing) {
            NodeId now = value->parameter->assigned; // of a buffer that a forward has set
            calculate_mark(eval, out, now != NODE_NONE ? now : value->parameter->initial, false);
            break;
        }
        strbuf_printf(out, "parameter of shape %s", shape_text(eval->arena, &value->parameter->shape));
        break;
    case VALUE_SPEC: strbuf_printf(out, "Tensor%s", shape_text(eval->arena, &value->spec->shape)); break;
    case VALUE_MODULE:
    case VALUE_OPTIMIZER: strbuf_printf(out, "%s(…)", callable_name(value)); break;
    case VALUE_DATASET: strbuf_add(out, value->dataset->spec.name ? value->dataset->spec.name : "dataset"); break;
    case VALUE_TRAINER: strbuf_add(out, "Trainer(…)"); break;
    case VALUE_BROKEN: strbuf_add(out, "?"); break;
    default: strbuf_add(out, callable_name(value)); break;
    }
}

const char *value_text(Eval *eval, const Value *value) {
    StrBuf out = {0};
    add_value(eval, &out, value, false, 0);
    const char *text = arena_strdup(eval->arena, out.text ? out.text : "");
    strbuf_free(&out);
    return text;
}
