// The whole of elaboration, from a file's tree to a Program.
#include "elaborate/whole.h"

static void bind_late_name(Eval *eval, const char *name, Span span) {
    if (!scope_find_here(eval->late_names, name)) scope_bind(eval, eval->late_names, name, NONE_VALUE, span);
}

static void bind_late_names(Eval *eval, AstList items) {
    eval->late_names = scope_new(eval, NULL);
    for (size_t i = 0; i < items.count; i++) {
        const Ast *item = items.items[i];
        bool named = item->kind == AST_DEF || item->kind == AST_MODULE || item->kind == AST_OPTIMIZER;
        if (named) bind_late_name(eval, item->text, item->name_span);
        if (item->kind == AST_ASSIGN && item->a->kind == AST_NAME) {
            bind_late_name(eval, item->a->text, item->a->span);
        }
    }
}

// ---- -D name=value
static bool parse_define(const char *text, Value *value) {
    char *end;
    switch (value->kind) {
    case VALUE_STRING: *value = value_string(text); return !text_has_tensor(text);
    case VALUE_BOOL: {
        bool yes = !strcmp(text, "True") || !strcmp(text, "true"), no = !strcmp(text, "False") || !strcmp(text, "false");
        *value = value_bool(yes);
        return yes || no;
    }
    case VALUE_INT: {
        long long integer = strtoll(text, &end, 10);
        if (*text && !*end) {
            *value = value_int(integer);
            return true;
        }
    }
        __attribute__((fallthrough)); // an integer may be replaced by a fraction
    default: {
        double number = strtod(text, &end);
        *value = value_float(number);
        return *text && !*end;
    }
    }
}

bool define_override(Eval *eval, const char *name, Span span, Value *value) {
    for (size_t i = 0; i < eval->options->define_count; i++) {
        const Define *define = &eval->options->defines[i];
        if (eval->define_used[i] || strcmp(define->name, name)) continue;
        if (!value_is_number(value) && value->kind != VALUE_STRING) {
            eval->define_used[i] = true;
            return eval_error_at(eval, span, MSG(DEFINE_KIND), name, value_kind_text(value));
        }
        eval->define_used[i] = true;
        const char *was = value_kind_text(value);
        if (!parse_define(define->value, value)) {
            return eval_error_at(eval, span, MSG(DEFINE_MISFIT), name, define->value, name, was);
        }
    }
    return true;
}

bool check_defines(Eval *eval) {
    bool ok = true;
    const char **names = NEW_ARRAY(eval->arena, const char *, eval->top->count + 1);
    for (size_t i = 0; i < eval->top->count; i++) names[i] = eval->top->items[i].name;
    for (size_t i = 0; i < eval->options->define_count; i++) {
        if (eval->define_used[i]) continue;
        const char *name = eval->options->defines[i].name;
        diag_error(eval->diag, SPAN_NONE, MSG(DEFINE_UNKNOWN), name);
        eval_suggest(eval, name, names, eval->top->count);
        ok = false;
    }
    return ok;
}

// ---- The trainer's names
static Value named_or_default(Eval *eval, const char *name, const char *fallback) {
    const Binding *binding = scope_find_here(eval->top, name);
    if (!binding) binding = scope_find_here(eval->prelude, fallback);
    return binding ? binding->value : (Value){.kind = VALUE_BROKEN};
}

static bool wrong_kind(Eval *eval, const char *name, const Value *value, const char *wanted) {
    if (value->kind == VALUE_BROKEN) return false;
    const Binding *binding = scope_find_here(eval->top, name);
    eval->site = NULL;
    eval_error_at(eval, binding ? binding->span : SPAN_NONE, MSG(TRAINER_NAME_KIND), name, wanted, value_kind_text(value));
    if (value_is_callable(value)) eval_hint(eval, MSG(HINT_WRITE_CALL), name, value_text(eval, value));
    return false;
}

// What a notebook calls its loss: without effect here, which is worth a word.
static void mention_criterion(Eval *eval) {
    const Binding *criterion = scope_find_here(eval->top, "criterion");
    if (!criterion || scope_find_here(eval->top, "loss")) return;
    diag_warning(eval->diag, WARNING_NO_EFFECT, criterion->span, MSG(CRITERION_UNUSED));
    diag_hint(eval->diag, MSG(HINT_CALL_IT_LOSS));
}

static bool find_parts(Eval *eval, Whole *whole) {
    whole->loss = named_or_default(eval, "loss", "default_loss");
    whole->optimizer = named_or_default(eval, "optimizer", "default_optimizer");
    whole->train = named_or_default(eval, "train", "default_train");
    mention_criterion(eval);
    bool ok = true;
    if (whole->loss.kind == VALUE_MODULE_CLASS || !value_is_callable(&whole->loss)) {
        ok = wrong_kind(eval, "loss", &whole->loss, "a function (output, target)");
        whole->loss.kind = VALUE_BROKEN;
    }
    if (whole->optimizer.kind != VALUE_OPTIMIZER) ok = wrong_kind(eval, "optimizer", &whole->optimizer, "an optimizer");
    if (whole->train.kind != VALUE_TRAINER) ok = wrong_kind(eval, "train", &whole->train, "a Trainer(…)");
    return ok;
}

static bool find_model(Eval *eval, Whole *whole) {
    const Binding *model = scope_find_here(eval->top, "model");
    if (!model) {
        diag_error(eval->diag, eval->head, MSG(NO_MODEL));
        diag_hint(eval->diag, MSG(HINT_WRITE_MODEL));
        return false;
    }
    whole->model = model->value;
    if (model->value.kind == VALUE_BROKEN) return false;
    eval->site = NULL;
    eval_place(eval, model->span);
    return ready_callable(eval, &whole->model, model->span);
}

// ---- Everything
static void keep_buffers(Eval *eval) {
    for (size_t i = 0; i < eval->parameters.count; i++) {
        Parameter *parameter = eval->parameters.items[i];
        parameter->updated = parameter->assigned;
        parameter->assigned = NODE_NONE;
    }
}

static void fill_specs(Eval *eval, const Whole *whole) {
    Program *program = eval->program;
    program->train = *whole->train.trainer;
    program->lr = whole->optimizer.optimizer->rate;
    program->class_target = whole->class_target;
    if (whole->data.kind == VALUE_DATASET) program->data = whole->data.dataset->spec;
}

bool elaborate_program(Eval *eval) {
    Whole *whole = NEW(eval->arena, Whole);
    bool ok = diag_error_count(eval->diag) == 0;
    ok &= check_defines(eval);
    bool found = find_model(eval, whole);
    ok &= find_parts(eval, whole);
    if (!found) return false;
    if (!make_inputs(eval, whole) || !run_model(eval, whole, true, &whole->training)) return false;
    if (whole->loss.kind == VALUE_BROKEN || !value_is_callable(&whole->loss)) return false;
    if (!find_target(eval, whole) || !run_loss(eval, whole, true, &whole->training)) return false;
    settle_target(eval, whole);
    keep_buffers(eval);
    ok &= paths_settled(eval);
    ok &= whole->optimizer.kind == VALUE_OPTIMIZER && check_options(eval, whole->optimizer.optimizer);
    if (!ok) return false;
    fill_specs(eval, whole);
    if (!collect_variables(eval, whole) || !run_inits(eval, &eval->all_inits)) return false;
    warn_about_graph(eval, whole);
    if (!make_updates(eval, whole)) return false;
    if (!run_model(eval, whole, false, &whole->inference) || !run_loss(eval, whole, false, &whole->inference)) return false;
    drop_unused_target(eval, whole);
    fill_layers(eval);
    return make_entries(eval, whole) && diag_error_count(eval->diag) == 0;
}

static const char *base_name(Arena *arena, const char *path) {
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t length = strlen(name);
    if (length > 4 && !strcmp(name + length - 4, ".net")) length -= 4;
    return arena_strndup(arena, name, length);
}

static Eval *eval_new(Arena *perm, Diagnostics *diag, const ElaborateOptions *options, Program *program) {
    Eval *eval = NEW(perm, Eval);
    eval->arena = perm;
    eval->diag = diag;
    eval->options = options;
    eval->program = program;
    eval->graph = graph_new(perm, diag, options->float_type);
    eval->graph->report = report_graph;
    eval->graph->report_context = eval;
    eval->span = SPAN_NONE;
    eval->callee = "";
    eval->training = true;
    eval->rate = 1;
    eval->inits = &eval->all_inits;
    eval->define_used = NEW_ARRAY(perm, bool, options->define_count + 1);
    eval->prelude = scope_new(eval, NULL);
    eval->prelude->builtin = true;
    eval->top = scope_new(eval, eval->prelude);
    eval->top->builtin = false;
    eval->top->top = true;
    builtins_register(eval);
    return eval;
}

static bool run(Eval *eval, const Ast *main) {
    eval->steps = 0;
    include_once(eval, eval->program->source);
    bind_late_names(eval, main->items);
    eval->calculator = eval->graph->plain_scalars = is_calculator(eval, main);
    exec_block(eval, main->items, eval->top);
    if (eval->steps > EVAL_STEP_LIMIT) return false;
    if (!(eval->calculator ? elaborate_calculation(eval) : elaborate_program(eval))) return false;
    warn_unused_names(eval, main);
    return true;
}

bool elaborate(Arena *perm, Diagnostics *diag, const Ast *main, uint32_t file, const ElaborateOptions *options,
               Program *program) {
    *program = (Program){.arena = perm, .float_type = options->float_type};
    program->source = diag_file(diag, file)->path;
    program->name = base_name(perm, program->source);
    Eval *eval = eval_new(perm, diag, options, program);
    eval->head = (Span){file, 0, 0};
    eval->stack_base = __builtin_frame_address(0);
    size_t mark = diag_mark(diag);
    bool ok = load_prelude(eval) && run(eval, main);
    diag_sort_since(diag, mark);
    eval->graph->report = NULL; // later stages report at the nodes
    return ok;
}

bool explain(Arena *perm, Diagnostics *diag, const Ast *main, uint32_t file, const ElaborateOptions *options, const char *what,
             StrBuf *out) {
    Program program = {.arena = perm, .float_type = options->float_type};
    Eval *eval = eval_new(perm, diag, options, &program);
    eval->stack_base = __builtin_frame_address(0);
    bool ok = load_prelude(eval);
    if (ok && main) {
        program.source = diag_file(diag, file)->path;
        include_once(eval, program.source);
        bind_late_names(eval, main->items);
        eval->calculator = eval->graph->plain_scalars = is_calculator(eval, main);
        exec_block(eval, main->items, eval->top);
        ok = diag_error_count(diag) == 0;
    }
    ok = ok && explain_value(eval, main, what, out);
    eval->graph->report = NULL;
    return ok;
}
