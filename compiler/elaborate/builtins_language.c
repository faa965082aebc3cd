// Functions that belong to the language itself: tensors' specifications, parameters, containers, the trainer, print.
#include "elaborate/eval.h"

static bool constant_shape(Eval *eval, const Value *value, Shape *shape) {
    if (!arg_shape(eval, value, "the shape", false, shape)) return false;
    uint32_t axis;
    if (shape_batch_axis(shape, &axis)) return eval_error(eval, MSG(SIZE_OF_BATCH), eval->callee);
    return true;
}

// Tensor(1, 28, 28): one sample; Tensor(dtype=int64): a number a sample.
static bool call_tensor_spec(Eval *eval, const Value *args, Value *result) {
    TensorSpec *spec = NEW(eval->arena, TensorSpec);
    spec->dtype = eval_float(eval);
    if (!constant_shape(eval, &args[0], &spec->shape)) return false;
    if (args[1].kind != VALUE_NONE && !arg_dtype(eval, &args[1], "dtype", &spec->dtype)) return false;
    if (spec->shape.rank == MAX_RANK) return eval_error(eval, MSG(SAMPLE_RANK), MAX_RANK);
    *result = (Value){VALUE_SPEC, {.spec = spec}};
    return true;
}

static bool make_parameter(Eval *eval, VarKind kind, const Value *shape, const Value *init, DType dtype, Value *result) {
    Value start = *init;
    Shape size;
    const ValueList *list = shape->list;
    if (eval->forward) {
        eval_error(eval, MSG(PARAMETER_IN_FORWARD), kind == VAR_PARAM ? "Parameter" : "Buffer");
        eval_hint(eval, MSG(HINT_LAYERS_IN_BODY));
        return false;
    }
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].kind != VALUE_HOLE) continue;
        eval_error(eval, MSG(HOLE_UNKNOWN));
        eval_hint(eval, MSG(HINT_INFER));
        return false;
    }
    if (list->count == 1 && list->items[0].kind == VALUE_TENSOR && start.kind == VALUE_NONE) { // Parameter(zeros(3))
        start = list->items[0];
        size = graph_node(eval->graph, start.tensor)->shape;
    } else if (!constant_shape(eval, shape, &size)) {
        return false;
    }
    if (!value_is_callable(&start) && !value_is_number(&start) && start.kind != VALUE_NONE && start.kind != VALUE_TENSOR &&
        start.kind != VALUE_LIST) {
        return eval_error(eval, MSG(INIT_NOT_A_FUNCTION), eval->callee, value_kind_text(&start));
    }
    Parameter *parameter = parameter_new(eval, kind, size, dtype);
    parameter->init = start;
    if (eval->calculator) {
        VEC_PUSH(eval->arena, &eval->parameters, parameter);
        *result = (Value){VALUE_PARAMETER, {.parameter = parameter}};
        return parameter_start(eval, parameter, &start);
    }
    init_push(eval, (InitItem){INIT_PARAMETER, {.parameter = parameter}});
    *result = (Value){VALUE_PARAMETER, {.parameter = parameter}};
    return true;
}

static bool call_parameter(Eval *eval, const Value *args, Value *result) {
    return make_parameter(eval, VAR_PARAM, &args[0], &args[1], eval_float(eval), result);
}

static bool call_buffer(Eval *eval, const Value *args, Value *result) {
    DType dtype = eval_float(eval);
    if (args[2].kind != VALUE_NONE && !arg_dtype(eval, &args[2], "dtype", &dtype)) return false;
    return make_parameter(eval, VAR_BUFFER, &args[0], &args[1], dtype, result);
}

// container((f, x) -> x + f(x), 'Residual'): a class whose instances are a Sequential f inside that function.
static bool call_container(Eval *eval, const Value *args, Value *result) {
    const char *name;
    if (!value_is_callable(&args[0])) return eval_error(eval, MSG(CONTAINER_COMBINE));
    if (!arg_string(eval, &args[1], "name", &name)) return false;
    ModuleClass *class = NEW(eval->arena, ModuleClass);
    *class = (ModuleClass){.kind = MODULE_SEQUENTIAL, .name = name, .combine = args[0]};
    *result = (Value){VALUE_MODULE_CLASS, {.module_class = class}};
    return true;
}

static void add_printed(Eval *eval, StrBuf *out, const ValueList *values, const char *sep, const char *end) {
    size_t before = out->length;
    for (size_t i = 0; i < values->count; i++) {
        if (i) strbuf_add(out, sep);
        strbuf_add(out, value_text(eval, &values->items[i]));
    }
    strbuf_add(out, end);
    eval_spend_text(eval, out->length - before);
}

// At compile time; in a calculator, when the program runs.
static bool call_print(Eval *eval, const Value *args, Value *result) {
    *result = NONE_VALUE;
    eval->deeds++;
    const char *sep, *end;
    if (!arg_string(eval, &args[1], "sep", &sep) || !arg_string(eval, &args[2], "end", &end)) return false;
    StrBuf *out = eval->options->printed;
    if (eval->calculator) {
        StrBuf text = {0};
        eval->showing = true;
        add_printed(eval, &text, args[0].list, sep, end);
        eval->showing = false;
        bool ok = calculate_print(eval, arena_strdup(eval->arena, text.text ? text.text : ""));
        strbuf_free(&text);
        return ok;
    }
    if (out && !(eval->forward && !eval->training)) add_printed(eval, out, args[0].list, sep, end); // a forward speaks once
    return true;
}

// Beside a model the trainer seeds; in a calculator the generator starts anew at this place of the text.
static bool call_manual_seed(Eval *eval, const Value *args, Value *result) {
    int64_t seed;
    *result = NONE_VALUE;
    if (!arg_int(eval, &args[0], "seed", &seed)) return false;
    if (!eval->calculator) {
        diag_warning(eval->diag, WARNING_NO_EFFECT, eval_user_span(eval), MSG(SEED_BESIDE_MODEL));
        diag_hint(eval->diag, MSG(HINT_TRAINER_SEED), (long long)seed);
        return true;
    }
    // Only the low 32 bits count, as in PyTorch.
    NodeId node = build_draw(eval->graph, shape_scalar(), DRAW_SEED, (double)(uint32_t)seed, 0);
    return node != NODE_NONE || eval_failed(eval);
}

static bool optional_number(Eval *eval, const Value *value, const char *what, double *result) {
    *result = 0;
    if (value->kind == VALUE_NONE) return true;
    if (!arg_number(eval, value, what, result)) return false;
    return *result > 0 || eval_error(eval, MSG(NOT_POSITIVE), eval->callee, what);
}

static bool at_least(Eval *eval, const Value *value, const char *what, int64_t least, int64_t *result) {
    if (!arg_int(eval, value, what, result)) return false;
    return *result >= least || eval_error(eval, MSG(TOO_SMALL), eval->callee, what, (long long)least);
}

static bool call_trainer(Eval *eval, const Value *args, Value *result) {
    TrainSpec *train = NEW(eval->arena, TrainSpec);
    if (!at_least(eval, &args[0], "epochs", 1, &train->epochs) ||
        !at_least(eval, &args[1], "batch_size", 1, &train->batch_size) ||
        !arg_bool(eval, &args[2], "shuffle", &train->shuffle) || !arg_int(eval, &args[3], "seed", &train->seed) ||
        !arg_bool(eval, &args[4], "drop_last", &train->drop_last) ||
        !at_least(eval, &args[5], "accumulate", 1, &train->accumulate) ||
        !optional_number(eval, &args[6], "clip_grad_norm", &train->clip_grad_norm) ||
        !optional_number(eval, &args[7], "clip_grad_value", &train->clip_grad_value) ||
        (args[8].kind != VALUE_NONE && !at_least(eval, &args[8], "patience", 1, &train->patience)) ||
        !at_least(eval, &args[9], "validate_every", 1, &train->validate_every)) {
        return false;
    }
    *result = (Value){VALUE_TRAINER, {.trainer = train}};
    return true;
}

static bool call_is_tensor(Eval *eval, const Value *args, Value *result) {
    (void)eval;
    *result = value_bool(value_is_tensor(&args[0]) || args[0].kind == VALUE_DIM);
    return true;
}

static bool call_is_list(Eval *eval, const Value *args, Value *result) {
    (void)eval;
    *result = value_bool(args[0].kind == VALUE_LIST || args[0].kind == VALUE_TUPLE);
    return true;
}

// `assert` as a statement is handled there: its message is built only when it is needed.
static bool call_assert(Eval *eval, const Value *args, Value *result) {
    bool holds;
    *result = NONE_VALUE;
    if (!value_truth(eval, &args[0], &holds)) return false;
    return holds || eval_error(eval, MSG(ASSERTION), value_text(eval, &args[1]));
}

// A warning of the library's, or of the user's own, at the user's line. Its name is one of warnings.def.
static bool call_warn(Eval *eval, const Value *args, Value *result) {
    bool holds;
    const char *name, *hint = NULL;
    *result = NONE_VALUE;
    eval->deeds++;
    if (!value_truth(eval, &args[0], &holds) || !arg_string(eval, &args[1], "name", &name) ||
        (args[3].kind != VALUE_NONE && !arg_string(eval, &args[3], "hint", &hint))) {
        return false;
    }
    size_t warning = 0;
    while (warning < WARNING_COUNT && strcmp(warning_names[warning], name)) warning++;
    if (warning == WARNING_COUNT) {
        eval_error(eval, MSG(WARN_NAME), name);
        eval_suggest(eval, name, warning_names, WARNING_COUNT);
        return false;
    }
    if (!holds) return true;
    Span shown = eval_user_span(eval);
    diag_warning(eval->diag, (Warning)warning, shown, MSG(WARNING), calculate_plain(eval, value_text(eval, &args[2])));
    const SourceFile *file = diag_file(eval->diag, eval->span.file);
    if (file && !file->builtin) eval_notes(eval, shown); // where the library warns is of no use to anybody
    if (hint) eval_hint(eval, MSG(HINT_ASSERTION), hint);
    return true;
}

const Builtin language_builtins[] = {
    {"Tensor", "*shape=None, dtype=None", "The shape and type of one sample, for `input` and `target`.", call_tensor_spec},
    {"Parameter", "*shape=None, init=None", "A learned tensor; init is a function of its shape.", call_parameter},
    {"Buffer", "*shape=None, init=None, dtype=None", "State that forward may assign: saved, not learned.", call_buffer},
    {"container", "combine, name", "A class like Sequential, whose result is combine(f, x).", call_container},
    {"Trainer",
     "epochs=1, batch_size=64, shuffle=True, seed=0, drop_last=False, accumulate=1, clip_grad_norm=None, "
     "clip_grad_value=None, patience=None, validate_every=1",
     "How the program trains.", call_trainer},
    {"print", "*values=None, sep=' ', end='\n'",
     "In a file without a model: prints when the program runs. Else: says at compile time what these values are.", call_print},
    {"manual_seed", "seed", "In a file without a model: PyTorch's generator starts anew with this seed.", call_manual_seed},
    {"is_tensor", "x", "Whether x is a tensor or a run-time number, which no condition can depend on.", call_is_tensor},
    {"is_list", "x", "Whether x is a list or a tuple.", call_is_list},
    {"assert", "condition, message='the assertion does not hold'", "A check at compile time.", call_assert},
    {"warn", "condition, name, message, hint=None", "A warning at compile time, where the condition holds.", call_warn},
    {NULL, NULL, NULL, NULL},
};
