// The registry of builtins: finding one by name, choosing between its numeric and its tensor form, filling in defaults.
#include "elaborate/eval.h"

#include <math.h>

struct BuiltinEntry {
    const char *name;
    BuiltinPair pair;
};

static uint32_t hash_text(const char *text) {
    uint32_t hash = 5381;
    for (; *text; text++) hash = hash * 33 + (unsigned char)*text;
    return hash;
}

static BuiltinEntry *entry_of(Eval *eval, const char *name) {
    size_t slot = hash_text(name) & (eval->builtin_slots - 1);
    while (eval->builtins[slot].name && strcmp(eval->builtins[slot].name, name)) slot = (slot + 1) & (eval->builtin_slots - 1);
    return &eval->builtins[slot];
}

static void add_table(Eval *eval, const Builtin *table, bool tensor) {
    for (; table->name; table++) {
        BuiltinEntry *entry = entry_of(eval, table->name);
        entry->name = table->name;
        *(tensor ? &entry->pair.tensor : &entry->pair.number) = table;
    }
}

const Builtin *const number_tables[] = {number_builtins, list_builtins, language_builtins, data_builtins, NULL};

bool builtins_register(Eval *eval) {
    size_t count = 0;
    for (size_t t = 0; number_tables[t]; t++) {
        for (const Builtin *b = number_tables[t]; b->name; b++) count++;
    }
    for (size_t t = 0; tensor_tables[t]; t++) {
        for (const Builtin *b = tensor_tables[t]; b->name; b++) count++;
    }
    eval->builtin_slots = 64;
    while (eval->builtin_slots < count * 2) eval->builtin_slots *= 2;
    eval->builtins = NEW_ARRAY(eval->arena, BuiltinEntry, eval->builtin_slots);
    for (size_t t = 0; number_tables[t]; t++) add_table(eval, number_tables[t], false);
    for (size_t t = 0; tensor_tables[t]; t++) add_table(eval, tensor_tables[t], true);
    return true;
}

BuiltinPair builtin_find(Eval *eval, const char *name) { return entry_of(eval, name)->pair; }

static const Builtin *find_in(const Builtin *table, const char *name) {
    while (table->name && strcmp(table->name, name)) table++;
    return table->name ? table : NULL;
}

const Builtin *tensor_property(const char *name) {
    const Builtin *property = find_in(tensor_properties, name);
    return property ? property : find_in(notebook_properties, name);
}

const Builtin *tensor_method(Eval *eval, const char *name) {
    const Builtin *method = find_in(tensor_methods, name);
    BuiltinPair pair = builtin_find(eval, name);
    return method ? method : pair.tensor ? pair.tensor : pair.number;
}

// ---- Parameters: "x, *shape, dim=None, mode='constant'"
typedef struct Signature {
    ParamName *names;
    Value *defaults;
    size_t count;
} Signature;

static Value default_value(Eval *eval, const char *text, size_t length) {
    const char *copy = arena_strndup(eval->arena, text, length);
    if (!strcmp(copy, "None")) return NONE_VALUE;
    if (!strcmp(copy, "True")) return value_bool(true);
    if (!strcmp(copy, "False")) return value_bool(false);
    if (*copy == '\'') return value_string(arena_strndup(eval->arena, copy + 1, length - 2));
    if (!strcmp(copy, "inf")) return value_float(INFINITY);
    if (strpbrk(copy, ".e")) return value_float(strtod(copy, NULL));
    return value_int(strtoll(copy, NULL, 10));
}

static Signature parse_signature(Eval *eval, const char *params) {
    Signature signature = {0};
    size_t most = 1;
    for (const char *at = params; *at; at++) most += *at == ',';
    signature.names = NEW_ARRAY(eval->arena, ParamName, most);
    signature.defaults = NEW_ARRAY(eval->arena, Value, most);
    for (const char *at = params; *at;) {
        at += strspn(at, ", ");
        if (!*at) break;
        size_t length = strcspn(at, ",");
        const char *equals = memchr(at, '=', length);
        bool star = *at == '*';
        const char *name = at + star;
        ParamName *param = &signature.names[signature.count];
        *param = (ParamName){arena_strndup(eval->arena, name, (size_t)((equals ? equals : at + length) - name)), !equals, star};
        if (equals) signature.defaults[signature.count] = default_value(eval, equals + 1, (size_t)(at + length - equals - 1));
        if (equals && star) signature.defaults[signature.count] = value_tuple(eval, NULL, 0);
        signature.count++;
        at += length;
    }
    return signature;
}

// ---- Calls
static bool any_tensor(const Argument *args, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (value_is_tensor(&args[i].value) || args[i].value.kind == VALUE_DIM) return true;
    }
    return false;
}

static const Builtin *choose(Eval *eval, const Builtin *builtin, const Argument *args, size_t count) {
    BuiltinPair pair = builtin_find(eval, builtin->name);
    if (!pair.number || !pair.tensor || (builtin != pair.number && builtin != pair.tensor)) return builtin;
    return any_tensor(args, count) ? pair.tensor : pair.number;
}

bool call_builtin(Eval *eval, const Builtin *builtin, const Argument *args, size_t count, Span span, Value *result) {
    const Builtin *chosen = choose(eval, builtin, args, count);
    Signature signature = parse_signature(eval, chosen->params);
    Value *slots = NEW_ARRAY(eval->arena, Value, signature.count + 1);
    switch (bind_arguments(eval, chosen->name, signature.names, signature.count, args, count, slots)) {
    case BIND_FAILED: return false;
    case BIND_PARTIAL: *result = make_partial(eval, &(Value){VALUE_BUILTIN, {.builtin = builtin}}, args, count); return true;
    case BIND_DONE: break;
    }
    for (size_t i = 0; i < signature.count; i++) {
        if (slots[i].kind == VALUE_BROKEN) slots[i] = signature.defaults[i];
    }
    const char *outer = eval->callee;
    eval->callee = chosen->name;
    *result = NONE_VALUE;
    eval_place(eval, span);
    bool ok = chosen->call(eval, slots, result);
    eval->callee = outer;
    return ok;
}

// ---- Names without definition
static const ModuleClass sequential_class = {.kind = MODULE_SEQUENTIAL, .name = "Sequential"};
static const ModuleClass list_class = {.kind = MODULE_LIST, .name = "ModuleList"};

static const struct {
    const char *name;
    ScalarKind kind;
} run_time[] = {
    {"epoch", SCALAR_EPOCH}, {"epochs", SCALAR_EPOCHS}, {"step", SCALAR_STEP},
    {"steps", SCALAR_STEPS}, {"lr", SCALAR_LR},         {"N", SCALAR_N},
};
static const struct {
    const char *name;
    double value;
} constants[] = {{"pi", 3.14159265358979323846}, {"inf", INFINITY}};
static const struct {
    const char *name;
    int dtype;
} types[] = {
    {"float32", -1}, {"float64", -1}, {"double", -1}, {"int64", DT_I64}, {"uint8", DT_U8},
};
static const char *const words[] = {"training", "frozen", "Sequential", "ModuleList"};

#define COUNT(array) (sizeof(array) / sizeof *(array))

bool special_name(Eval *eval, const char *name, Value *result) {
    if (!strcmp(name, "training")) return *result = value_bool(eval->training), true;
    if (!strcmp(name, "base_lr")) return *result = value_float(eval->base_lr), true;
    if (!strcmp(name, "frozen")) return *result = value_bool(eval->module && module_is_frozen(eval->module)), true;
    if (!strcmp(name, "Sequential")) return *result = (Value){VALUE_MODULE_CLASS, {.module_class = &sequential_class}}, true;
    if (!strcmp(name, "ModuleList")) return *result = (Value){VALUE_MODULE_CLASS, {.module_class = &list_class}}, true;
    for (size_t i = 0; i < COUNT(run_time); i++) {
        if (eval->calculator && !strcmp(name, run_time[i].name)) {
            eval_error(eval, MSG(NO_TRAINING), name);
            return *result = (Value){.kind = VALUE_BROKEN}, true;
        }
        if (!strcmp(name, run_time[i].name)) return *result = value_tensor(build_scalar(eval->graph, run_time[i].kind)), true;
    }
    for (size_t i = 0; i < COUNT(constants); i++) {
        if (!strcmp(name, constants[i].name)) return *result = value_float(constants[i].value), true;
    }
    for (size_t i = 0; i < COUNT(types); i++) {
        if (strcmp(name, types[i].name)) continue;
        return *result = value_dtype(types[i].dtype < 0 ? eval_float(eval) : (DType)types[i].dtype), true;
    }
    return false;
}

void collect_names(Eval *eval, const Scope *scope, const char ***names, size_t *count) {
    VEC(const char *) all = {0};
    for (; scope; scope = scope->outer) {
        for (size_t i = 0; i < scope->count; i++) {
            if (scope->items[i].name[0] != '_') VEC_PUSH(eval->arena, &all, scope->items[i].name);
        }
    }
    for (size_t i = 0; i < eval->builtin_slots; i++) {
        if (eval->builtins[i].name) VEC_PUSH(eval->arena, &all, eval->builtins[i].name);
    }
    for (size_t i = 0; i < COUNT(words); i++) VEC_PUSH(eval->arena, &all, words[i]);
    for (size_t i = 0; i < COUNT(run_time); i++) VEC_PUSH(eval->arena, &all, run_time[i].name);
    *names = all.items;
    *count = all.count;
}
