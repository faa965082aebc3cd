// `netc --explain`: what a name is, and an example of it: a call with its arguments, as mathematics, with its derivatives.
#include "elaborate/explain_parts.h"
#include "elaborate/library.h"

// A tensor that comes from the arguments.
static bool is_tensor(Explainer *e, const Value *value) {
    bool list = value->kind == VALUE_TUPLE || value->kind == VALUE_LIST;
    if (list && value->list->count) return is_tensor(e, &value->list->items[0]);
    if (value->kind != VALUE_TENSOR || (e->operands.count == 0 && e->has_arguments)) return false;
    return e->unchanged || graph_node(e->eval->graph, value->tensor)->op != OP_INPUT;
}

static NodeId first_tensor(const Value *value) {
    while (value->kind != VALUE_TENSOR) value = &value->list->items[0];
    return value->tensor;
}

// ---- What is told of an example
void explain_example(Explainer *e, NodeId result) {
    strbuf_printf(e->out, "\n%s", e->call);
    for (size_t i = 0; i < e->operands.count; i++) strbuf_printf(e->out, "%s%s", i ? ", " : "  with ", e->operands.items[i]);
    const Node *node = graph_node(e->eval->graph, result);
    const char *type = dtype_is_float(node->dtype) ? "" : arena_printf(e->eval->arena, "%s ", dtype_text(node->dtype));
    strbuf_printf(e->out, "  gives %s%s\n", type, shape_text(e->eval->arena, &node->shape));
}

static void add_indented(Explainer *e, const char *text) {
    while (*text) {
        size_t length = strcspn(text, "\n");
        strbuf_printf(e->out, "    %.*s\n", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

void explain_derivation(Explainer *e, const char *name, NodeId y) {
    Eval *eval = e->eval;
    if (!eval->options->derivation) return;
    const char *text = eval->options->derivation(eval->arena, eval->graph, y, name, e->names.items, e->names.count);
    if (strchr(text, '\n')) return add_indented(e, text);
    const char *derivative = strstr(text, arena_printf(eval->arena, ", d%s/d", name)); // the short form, on one line
    if (!derivative) derivative = strstr(text, ", dL/d");
    if (derivative) add_indented(e, arena_strndup(eval->arena, text, (size_t)(derivative - text)));
    add_indented(e, derivative ? derivative + 2 : text);
}

static void add_equations(Explainer *e, const Equation *equations, size_t count) {
    StrBuf text = {0};
    uint32_t parts = 0;
    graph_print_equations(e->eval->graph, equations, count, &parts, &text);
    add_indented(e, text.text);
    strbuf_free(&text);
}

// "loss", "y", or "z" beside an argument y.
static const char *result_name(const Explainer *e, NodeId y) {
    const char *name = graph_node(e->eval->graph, y)->shape.rank == 0 && e->operands.count > 1 ? "loss" : "y";
    for (size_t i = 0; i < e->names.count; i++)
        if (!strcmp(e->names.items[i].name, name)) return "z";
    return name;
}

static void tell_tensor(Explainer *e, const Value *value) {
    NodeId y = first_tensor(value);
    const Node *node = graph_node(e->eval->graph, y);
    if (node->op == OP_INPUT) strbuf_printf(e->out, "    y = %s\n", node->name);
    else explain_derivation(e, result_name(e, y), y);
}

// ---- Layers and losses

// The text behind "init=" in the call that made a parameter.
static const char *init_text(Explainer *e, const Parameter *parameter) {
    if (parameter->span.file == FILE_NONE) return "";
    const char *text = diag_file(e->eval->diag, parameter->span.file)->text + parameter->span.begin;
    text = arena_strndup(e->eval->arena, text, parameter->span.end - parameter->span.begin);
    const char *init = strstr(text, "init=");
    if (!init) return "zeros()";
    init += strlen("init=");
    size_t length = 0;
    for (int depth = 0; init[length]; length++) {
        char c = init[length];
        depth += (c == '(' || c == '[') - (c == ')' || c == ']');
        if (depth < 0 || (depth == 0 && c == ',')) break;
    }
    return arena_strndup(e->eval->arena, init, length);
}

static void tell_parameters(Explainer *e, Value *module) {
    Eval *eval = e->eval;
    name_members(eval, module, "");
    for (size_t i = 0; i < eval->parameters.count; i++) {
        const Parameter *parameter = eval->parameters.items[i];
        if (!parameter->name || parameter->var == NODE_NONE) continue;
        const char *kind = parameter->kind == VAR_PARAM ? "parameter" : "buffer";
        strbuf_printf(e->out, "    %s %s %s, at first %s\n", kind, parameter->name, shape_text(eval->arena, &parameter->shape),
                      init_text(e, parameter));
        if (parameter->kind == VAR_PARAM) VEC_PUSH(eval->arena, &e->names, ((NamedNode){parameter->name, parameter->var}));
    }
}

static bool tell_layer(Explainer *e, const Value *module, const char *made) {
    Value result;
    e->eval->forward = true;
    bool ok = explain_try(e, module, made, false, is_tensor, &result);
    e->eval->forward = false;
    if (!ok) return false;
    explain_example(e, first_tensor(&result));
    tell_parameters(e, &e->layer);
    tell_tensor(e, &result);
    return true;
}

// Whether a layer that was made can be called; if so, that is told.
static bool is_usable_layer(Explainer *e, const Value *value) {
    return value->kind == VALUE_MODULE && tell_layer(e, value, e->call);
}

static bool tell_class(Explainer *e, const Value *class, const char *name) {
    Value made;
    for (int unchanged = 0; unchanged < 2; unchanged++) {
        e->unchanged = unchanged;
        if (explain_try(e, class, name, false, is_usable_layer, &made)) return true;
    }
    return false;
}

// ---- Optimisers, schedules, initialisers, data sets
static bool tell_optimizer(Explainer *e, Optimizer *optimizer) {
    Eval *eval = e->eval;
    Graph *g = eval->graph;
    Parameter *p = parameter_new(eval, VAR_PARAM, shape_of(2, (int64_t[]){2, 3}), g->float_type);
    p->name = "p";
    Update update;
    NodeId gradient = explain_tensor(e, "g", p->shape, g->float_type);
    if (gradient == NODE_NONE || !elaborate_update(eval, optimizer, p, gradient, &update)) return false;
    size_t count = 0;
    Equation *equations = NEW_ARRAY(eval->arena, Equation, p->states.count + 1);
    for (size_t i = 0; i < p->states.count; i++) {
        const Parameter *state = p->states.items[i];
        if (state->var != NODE_NONE) g->nodes[state->var].name = state->name;
        if (update.states.items[i] == state->var) continue;
        equations[count++] = (Equation){update.states.items[i], arena_printf(eval->arena, "%s'", state->name)};
    }
    equations[count++] = (Equation){update.value, "p'"};
    for (size_t i = 0; i < count; i++)
        if (!g->nodes[equations[i].node].name) g->nodes[equations[i].node].name = equations[i].name;
    strbuf_add(e->out, "\nfor a parameter p with gradient g; ' marks what a step leaves\n");
    add_equations(e, equations, count);
    return true;
}

static void name_draws(Explainer *e) {
    Graph *g = e->eval->graph;
    for (NodeId i = 0; i < g->count; i++) {
        Node *node = &g->nodes[i];
        if (node->op != OP_DRAW) continue;
        const char *kind = node->attr.draw.kind == DRAW_UNIFORM ? "uniform" : "normal";
        node->name = node->attr.draw.kind == DRAW_ORTHOGONAL
                         ? "orthonormal rows"
                         : arena_printf(e->eval->arena, "%s(%g, %g)", kind, node->attr.draw.a, node->attr.draw.b);
    }
}

static bool tell_initialiser(Explainer *e, const Value *function, const char *made) {
    Eval *eval = e->eval;
    Shape shape = shape_of(2, (int64_t[]){3, 4});
    Value size = value_shape(eval, &shape), result;
    NodeId node;
    if (!eval_apply(eval, function, &size, 1, &result)) return false;
    eval->callee = made;
    if (!arg_tensor(eval, &result, "its result", &node)) return false;
    strbuf_printf(e->out, "\nfor a parameter of the shape (3, 4)\n");
    name_draws(e);
    add_equations(e, &(Equation){node, made}, 1);
    return true;
}

static bool is_initialiser(Explainer *e, const Value *value) {
    return value_is_callable(value) && tell_initialiser(e, value, e->call);
}

static bool is_dataset(Explainer *e, const Value *value) {
    (void)e;
    return value->kind == VALUE_DATASET;
}

static void tell_dataset(Explainer *e, const Dataset *data) {
    strbuf_add(e->out, "\n");
    for (size_t i = 0; i < data->input_count; i++) {
        const DataInput *input = &data->inputs[i];
        if (input->known) strbuf_printf(e->out, "    samples of the shape %s\n", shape_text(e->eval->arena, &input->shape));
    }
    if (data->spec.class_count) strbuf_printf(e->out, "    %zu classes\n", data->spec.class_count);
    if (data->spec.count) strbuf_printf(e->out, "    %lld samples\n", (long long)data->spec.count);
}

// ---- A value of any kind
static bool tell_call(Explainer *e, const Value *callee, const char *name, const char *kind) {
    Value result;
    if (!strcmp(kind, "schedule")) {
        if (!explain_try(e, callee, name, true, is_tensor, &result)) return false;
        strbuf_printf(e->out, "\n");
        add_equations(e, &(Equation){first_tensor(&result), e->call}, 1);
        return true;
    }
    if (!strcmp(kind, "initialiser")) {
        return explain_try(e, callee, name, false, is_initialiser, &result);
    }
    if (!strcmp(kind, "layer")) return tell_class(e, callee, name);
    if (!strcmp(kind, "data set")) {
        if (!explain_try(e, callee, name, false, is_dataset, &result)) return false;
        tell_dataset(e, result.dataset);
        return true;
    }
    e->unchanged = !explain_try(e, callee, name, false, is_tensor, &result);
    if (e->unchanged && !explain_try(e, callee, name, false, is_tensor, &result)) return false;
    explain_example(e, first_tensor(&result));
    tell_tensor(e, &result);
    return true;
}

// The shape of one sample, by `input` or `data`.
static void find_sample(Explainer *e) {
    const Binding *input = scope_find_here(e->eval->top, "input"), *data = scope_find_here(e->eval->top, "data");
    if (input && input->value.kind == VALUE_SPEC) {
        e->has_sample = input->value.spec->shape.rank < MAX_RANK;
        e->sample = input->value.spec->shape;
    } else if (data && data->value.kind == VALUE_DATASET && data->value.dataset->inputs[0].known) {
        e->has_sample = data->value.dataset->inputs[0].shape.rank < MAX_RANK;
        e->sample = data->value.dataset->inputs[0].shape;
    }
}

static bool tell(Explainer *e, const Value *value, const char *text, const char *kind) {
    Value result;
    switch (value->kind) {
    case VALUE_MODULE_CLASS: return tell_class(e, value, text);
    case VALUE_MODULE:
        if (!strcmp(text, "model")) find_sample(e);
        return tell_layer(e, value, text);
    case VALUE_TENSOR:
        strbuf_add(e->out, "\n");
        add_indented(e, eval_derivation(e->eval, value->tensor));
        return true;
    case VALUE_OPTIMIZER_CLASS:
        return construct_optimizer(e->eval, value->optimizer_class, NULL, 0, e->eval->span, &result) &&
               tell(e, &result, text, kind);
    case VALUE_OPTIMIZER: return tell_optimizer(e, value->optimizer);
    case VALUE_DATASET: return tell_dataset(e, value->dataset), true;
    case VALUE_PARTIAL:
        if (value->partial->callee.kind == VALUE_OPTIMIZER_CLASS || value->partial->callee.kind == VALUE_MODULE_CLASS)
            return tell_class(e, value, text);
        return tell_call(e, value, text, kind);
    case VALUE_FUNCTION:
    case VALUE_BUILTIN: return tell_call(e, value, text, kind);
    default: strbuf_printf(e->out, "\n    %s\n", value_text(e->eval, value)); return true;
    }
}

// ---- What is known of a name
static const char *kind_of(const Value *value) {
    switch (value->kind) {
    case VALUE_MODULE_CLASS:
    case VALUE_MODULE: return "layer";
    case VALUE_OPTIMIZER_CLASS:
    case VALUE_OPTIMIZER: return "optimizer";
    case VALUE_DATASET: return "data set";
    default: return value_is_callable(value) ? "function" : value_kind_text(value);
    }
}

static bool own_definition(Explainer *e, const Ast *main, const char *name, LibraryEntry *entry) {
    for (size_t i = 0; main && i < main->items.count; i++) {
        const Ast *item = main->items.items[i];
        bool definition = item->kind == AST_DEF || item->kind == AST_MODULE || item->kind == AST_OPTIMIZER;
        if (!definition || strcmp(item->text, name) != 0) continue;
        *entry = (LibraryEntry){.name = name, .params = parameter_text(e->eval->arena, e->eval->diag, item), .doc = item->doc};
        return true;
    }
    return false;
}

static bool evaluate(Explainer *e, const char *text, Value *value) {
    Eval *eval = e->eval;
    size_t errors = diag_error_count(eval->diag);
    uint32_t file = diag_add_file(eval->diag, "--explain", text, strlen(text), false);
    const Ast *ast = parse_file(eval->arena, eval->diag, file);
    if (diag_error_count(eval->diag) > errors) return false;
    if (ast->items.count == 1 && ast->items.items[0]->kind == AST_EXPR) {
        e->made = ast->items.items[0]->a;
        return eval_expr(eval, e->made, eval->top, value);
    }
    diag_error(eval->diag, (Span){file, 0, (uint32_t)strlen(text)}, MSG(EXPLAIN_EXPRESSION));
    return false;
}

static void tell_title(Explainer *e, const char *text, bool call, const LibraryEntry *entry, const char *kind) {
    if (call || !entry->name) strbuf_add(e->out, text);
    else strbuf_printf(e->out, "%s(%s)", entry->name, entry->params);
    bool article = !strncmp(kind, "a ", 2) || !strncmp(kind, "an ", 3);
    strbuf_printf(e->out, ": %s%s\n", article ? "" : strchr("aeiou", *kind) ? "an " : "a ", kind);
    if (entry->doc) strbuf_printf(e->out, "%s\n", entry->doc);
}

bool explain_value(Eval *eval, const Ast *main, const char *text, StrBuf *out) {
    Explainer e = {.eval = eval, .out = out};
    const char *name = arena_strndup(eval->arena, text, strcspn(text, "("));
    bool call = strlen(name) < strlen(text);
    LibraryEntry entry = {0};
    bool known = own_definition(&e, main, name, &entry) || library_find(eval->arena, name, &entry);
    if (known && entry.kind && !strcmp(entry.kind, "ops")) return explain_op(&e, name);
    Value value;
    eval->training = true;
    if (!evaluate(&e, text, &value)) return false;
    if (value.kind != VALUE_TENSOR) { // a calculator's layer is explained as one of a network: parameters, not their numbers
        eval->calculator = false;
        eval->parameters.count = 0;
    }
    const char *kind = entry.kind ? library_kind_word(entry.kind) : kind_of(&value);
    tell_title(&e, text, call, &entry, kind);
    size_t length = out->length;
    if (!tell(&e, &value, text, kind)) {
        out->length = length; // an example that came to nothing
        out->text[length] = '\0';
    }
    return diag_error_count(eval->diag) == 0;
}
