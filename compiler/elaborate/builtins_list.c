// Functions of lists and strings at compile time, Python's. A range is a list.
#include "elaborate/eval.h"

static bool call_len(Eval *eval, const Value *args, Value *result) {
    const Value *x = &args[0];
    NodeId node;
    switch (x->kind) {
    case VALUE_LIST:
    case VALUE_TUPLE: *result = value_int((int64_t)x->list->count); return true;
    case VALUE_STRING: {
        int64_t length = 0;
        if (!text_is_known(eval, x)) return false;
        for (const char *at = x->string; *at; at++) length += (*at & 0xC0) != 0x80;
        *result = value_int(length);
        return eval_spend_text(eval, (size_t)length);
    }
    case VALUE_TENSOR:
    case VALUE_PARAMETER:
        if (!arg_tensor(eval, x, "x", &node)) return false;
        if (!graph_node(eval->graph, node)->shape.rank) return eval_error(eval, MSG(LEN_OF_SCALAR));
        *result = value_dim(graph_node(eval->graph, node)->shape.dim[0]);
        return true;
    case VALUE_MODULE:
        if (x->module->kind == MODULE_USER) break;
        *result = value_int((int64_t)x->module->scope->count);
        return true;
    default: break;
    }
    return eval_error(eval, MSG(NO_LENGTH), value_kind_text(x));
}

static bool call_range(Eval *eval, const Value *args, Value *result) {
    int64_t start, stop, step;
    if (!arg_int(eval, &args[0], "start", &start)) return false;
    if (args[1].kind == VALUE_NONE) {
        stop = start;
        start = 0;
    } else if (!arg_int(eval, &args[1], "stop", &stop)) {
        return false;
    }
    if (!arg_int(eval, &args[2], "step", &step)) return false;
    if (step == 0) return eval_error(eval, MSG(RANGE_STEP));
    bool empty = step > 0 ? start >= stop : start <= stop;
    uint64_t span = empty ? 0 : step > 0 ? (uint64_t)stop - (uint64_t)start : (uint64_t)start - (uint64_t)stop;
    uint64_t size = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
    uint64_t count = span ? (span - 1) / size + 1 : 0;
    if (count > EVAL_LIST_LIMIT) return eval_error(eval, MSG(LIST_TOO_LONG));
    if (!eval_spend(eval, count)) return false;
    ValueList *list = NEW(eval->arena, ValueList);
    list->count = list->total = count;
    list->depth = 1;
    list->items = NEW_ARRAY(eval->arena, Value, count + 1);
    for (uint64_t i = 0; i < count; i++) list->items[i] = value_int((int64_t)((uint64_t)start + i * (uint64_t)step));
    *result = (Value){VALUE_LIST, {.list = list}};
    return true;
}

static bool call_enumerate(Eval *eval, const Value *args, Value *result) {
    const ValueList *list;
    int64_t start;
    if (!eval_iterable(eval, &args[0], &list) || !arg_int(eval, &args[1], "start", &start)) return false;
    Value *pairs = NEW_ARRAY(eval->arena, Value, list->count + 1);
    for (size_t i = 0; i < list->count; i++) {
        int64_t number;
        if (__builtin_add_overflow(start, (int64_t)i, &number)) return eval_error(eval, MSG(INTEGER_OVERFLOW));
        pairs[i] = value_tuple(eval, (Value[]){value_int(number), list->items[i]}, 2);
    }
    *result = value_list(eval, pairs, list->count);
    return true;
}

static bool call_zip(Eval *eval, const Value *args, Value *result) {
    const ValueList *lists = args[0].list; // one at least: without any, zip is a function to be called
    size_t shortest = SIZE_MAX;
    const ValueList **columns = NEW_ARRAY(eval->arena, const ValueList *, lists->count + 1);
    for (size_t i = 0; i < lists->count; i++) {
        if (!eval_iterable(eval, &lists->items[i], &columns[i])) return false;
        if (columns[i]->count < shortest) shortest = columns[i]->count;
    }
    Value *rows = NEW_ARRAY(eval->arena, Value, shortest + 1);
    Value *row = NEW_ARRAY(eval->arena, Value, lists->count + 1);
    for (size_t k = 0; k < shortest; k++) {
        for (size_t i = 0; i < lists->count; i++) row[i] = columns[i]->items[k];
        rows[k] = value_tuple(eval, row, lists->count);
    }
    *result = value_list(eval, rows, shortest);
    return true;
}

static bool call_reversed(Eval *eval, const Value *args, Value *result) {
    const ValueList *list;
    if (!eval_iterable(eval, &args[0], &list)) return false;
    Value *items = NEW_ARRAY(eval->arena, Value, list->count + 1);
    for (size_t i = 0; i < list->count; i++) items[i] = list->items[list->count - 1 - i];
    *result = value_list(eval, items, list->count);
    return true;
}

static bool call_sum(Eval *eval, const Value *args, Value *result) {
    const ValueList *list;
    if (!eval_iterable(eval, &args[0], &list)) return false;
    *result = args[1];
    for (size_t i = 0; i < list->count; i++) {
        if (!eval_binary(eval, AST_OP_ADD, result, &list->items[i], result)) return false;
    }
    return true;
}

static bool call_list(Eval *eval, const Value *args, Value *result) {
    const ValueList *list;
    if (!eval_iterable(eval, &args[0], &list)) return false;
    *result = value_list(eval, list->items, list->count);
    return true;
}

static bool call_tuple(Eval *eval, const Value *args, Value *result) {
    const ValueList *list;
    if (!eval_iterable(eval, &args[0], &list)) return false;
    *result = value_tuple(eval, list->items, list->count);
    return true;
}

static bool call_str(Eval *eval, const Value *args, Value *result) {
    bool showing = eval->showing;
    eval->showing = eval->calculator; // a tensor's text is known when the program runs
    *result = value_string(value_text(eval, &args[0]));
    eval->showing = showing;
    return eval_spend_text(eval, strlen(result->string));
}

// OrderedDict([('fc1', layer), …]): the list of pairs itself; Sequential takes it from there.
static bool call_ordered_dict(Eval *eval, const Value *args, Value *result) {
    const ValueList *list;
    if (!arg_list(eval, &args[0], "its argument", &list)) return false;
    for (size_t i = 0; i < list->count; i++) {
        const Value *item = &list->items[i];
        bool pair = (item->kind == VALUE_TUPLE || item->kind == VALUE_LIST) && item->list->count == 2 &&
                    item->list->items[0].kind == VALUE_STRING;
        if (!pair) return eval_error(eval, MSG(ORDERED_DICT), value_text(eval, item));
    }
    *result = value_list(eval, NULL, 0);
    Value *pairs = NEW_ARRAY(eval->arena, Value, list->count + 1);
    for (size_t i = 0; i < list->count; i++) pairs[i] = value_tuple(eval, list->items[i].list->items, 2);
    *result = value_list(eval, pairs, list->count);
    return true;
}

const Builtin list_builtins[] = {
    {"len", "x", "The number of elements of a list, characters of a string, layers of a Sequential.", call_len},
    {"range", "start, stop=None, step=1", "The list start, start + step, … without stop; range(n) starts at 0.", call_range},
    {"enumerate", "list, start=0", "The list of (position, element).", call_enumerate},
    {"zip", "*lists", "The list of tuples of elements at the same position.", call_zip},
    {"reversed", "list", "The list from its end.", call_reversed},
    {"sum", "list, start=0", "The sum of a list of numbers or tensors.", call_sum},
    {"list", "x", "A tuple or the layers of a ModuleList as a list.", call_list},
    {"tuple", "x", "A list as a tuple.", call_tuple},
    {"str", "x", "The value as text.", call_str},
    {"OrderedDict", "items", "[('name', layer), …] for Sequential, as in PyTorch.", call_ordered_dict},
    {NULL, NULL, NULL, NULL},
};
