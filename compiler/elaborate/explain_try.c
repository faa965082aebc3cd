// An example of a call, found by trying: tensors of a few shapes, small numbers and tuples for each argument that must be
// given. So no name is known here, and what a user defines is explained like what the library has.
#include "elaborate/explain_parts.h"

// The likeliest first: combinations are tried in the order of the sum of their places.
typedef struct Candidate {
    const char *shape; // of a tensor, or NULL:
    DType dtype;
    enum { NO_VALUE, ONE_INTEGER, ONE_NUMBER, ONE_TUPLE, ONE_LIST, TENSORS } kind; // TENSORS: a tuple of a
    double a, b;
} Candidate;

static const Candidate candidates[] = {
    {"(N, 4)", DT_F32, NO_VALUE, 0, 0},
    {NULL, 0, ONE_INTEGER, 2, 0},
    {NULL, 0, ONE_INTEGER, 1, 0},
    {"(4, 3)", DT_F32, NO_VALUE, 0, 0},
    {"(N)", DT_I64, NO_VALUE, 0, 0},
    {"(N, 4)", DT_BOOL, NO_VALUE, 0, 0},
    {NULL, 0, ONE_LIST, 2, 4},
    {NULL, 0, ONE_TUPLE, 2, 2},
    {"(4)", DT_F32, NO_VALUE, 0, 0},
    {"(N)", DT_F32, NO_VALUE, 0, 0},
    {NULL, 0, ONE_TUPLE, 1, 0},
    {"(N, 4)", DT_F32, TENSORS, 2, 0},
    {"(N, 4)", DT_F32, TENSORS, 3, 0},
    {"(N, 4)", DT_I64, NO_VALUE, 0, 0},
    {"(N, 2, 6)", DT_F32, NO_VALUE, 0, 0},
    {"(N, 2, 6, 6)", DT_F32, NO_VALUE, 0, 0},
    {NULL, 0, ONE_TUPLE, -1, 2},
    {"(2, 2, 3, 3)", DT_F32, NO_VALUE, 0, 0},
    {NULL, 0, ONE_INTEGER, 4, 0},
    {NULL, 0, ONE_INTEGER, 0, 0},
    {"(2, 2, 3)", DT_F32, NO_VALUE, 0, 0},
    {NULL, 0, ONE_NUMBER, 0.5, 0},
};
enum { CANDIDATES = sizeof candidates / sizeof *candidates, MOST_REQUIRED = 5, MOST_TRIALS = 700 };
enum { MOST_NODES = 3 * MOST_REQUIRED }; // of the arguments of a trial

typedef struct Required {
    const char *names[MOST_REQUIRED];
    size_t count;
    bool star[MOST_REQUIRED];
    bool too_many;
} Required;

static void require(Required *required, const char *name, bool star) {
    if (required->count == MOST_REQUIRED) {
        required->too_many = true;
        return;
    }
    required->names[required->count] = name;
    required->star[required->count++] = star;
}

static void require_params(Required *required, const AstParam *params, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!params[i].fallback) require(required, params[i].name, false);
}

// "x, *shape, dim=None"
static void require_text(Explainer *e, Required *required, const char *params) {
    while (*params) {
        size_t length = strcspn(params, ",");
        bool star = *params == '*';
        if (!memchr(params, '=', length)) require(required, arena_strndup(e->eval->arena, params + star, length - star), star);
        params += length;
        params += strspn(params, ", ");
    }
}

static const Ast *forward_of(const ModuleClass *class) {
    for (size_t i = 0; class->ast && i < class->ast->items.count; i++) {
        const Ast *item = class->ast->items.items[i];
        if (item->kind == AST_DEF && !strcmp(item->text, "forward")) return item;
    }
    return NULL;
}

static void required_of(Explainer *e, const Value *callee, Required *required) {
    switch (callee->kind) {
    case VALUE_FUNCTION: require_params(required, callee->function->params, callee->function->param_count); break;
    case VALUE_MODULE_CLASS:
        if (callee->module_class->kind == MODULE_USER)
            require_params(required, callee->module_class->ast->params, callee->module_class->ast->param_count);
        break;
    case VALUE_MODULE: {
        const Ast *forward = forward_of(callee->module->class);
        if (forward) require_params(required, forward->params, forward->param_count);
        else require(required, "x", false);
        break;
    }
    case VALUE_BUILTIN: {
        BuiltinPair pair = builtin_find(e->eval, callee->builtin->name);
        require_text(e, required, (pair.tensor ? pair.tensor : callee->builtin)->params);
        break;
    }
    case VALUE_PARTIAL: {
        Required all = {0};
        required_of(e, &callee->partial->callee, &all);
        for (size_t i = 0; i < all.count; i++) {
            bool given = false;
            for (size_t k = 0; k < callee->partial->count; k++) given |= !strcmp(callee->partial->args[k].name, all.names[i]);
            if (!given) require(required, all.names[i], all.star[i]);
        }
        required->too_many |= all.too_many;
        break;
    }
    default: break;
    }
}

// ---- Values
Shape explain_shape(const char **text) {
    Shape shape = {0};
    const char *at = *text + 1;
    while (*at != ')') {
        Dim dim = {1, false};
        if (*at != 'N') dim.size = strtoll(at, (char **)&at, 10);
        if (!strncmp(at, "·", strlen("·"))) at += strlen("·"); // 2·N
        dim.batch = *at == 'N';
        shape.dim[shape.rank++] = dim;
        at += strspn(at, "N, ");
    }
    *text = at + 1;
    return shape;
}

NodeId explain_tensor(Explainer *e, const char *name, Shape shape, DType dtype) {
    Graph *g = e->eval->graph;
    Attr attr = {.index = e->inputs++};
    NodeId node = graph_append(g, OP_INPUT, NULL, 0, &attr, shape, dtype == DT_F32 ? g->float_type : dtype);
    if (node == NODE_NONE) return node;
    g->nodes[node].name = name;
    VEC_PUSH(e->eval->arena, &e->names, ((NamedNode){name, node}));
    const char *type = dtype_is_float(dtype) ? "" : arena_printf(e->eval->arena, " %s", dtype_text(dtype));
    const char *line = arena_printf(e->eval->arena, "%s: %s%s", name, shape_text(e->eval->arena, &shape), type);
    VEC_PUSH(e->eval->arena, &e->operands, line);
    return node;
}

static Value candidate_value(Explainer *e, const Candidate *candidate, const char *name, const char **text) {
    Eval *eval = e->eval;
    Value pair[] = {value_int((int64_t)candidate->a), value_int((int64_t)candidate->b)}, value;
    const char *shape = candidate->shape;
    switch (candidate->kind) {
    case ONE_INTEGER: value = pair[0]; break;
    case ONE_NUMBER: value = value_float(candidate->a); break;
    case ONE_TUPLE: value = value_tuple(eval, pair, 2); break;
    case ONE_LIST: value = value_list(eval, pair, 2); break;
    case TENSORS: {
        Value parts[3];
        size_t count = (size_t)candidate->a;
        for (size_t i = 0; i < count; i++) {
            const char *at = shape, *part = arena_printf(eval->arena, "%s[%zu]", name, i);
            parts[i] = value_tensor(explain_tensor(e, part, explain_shape(&at), candidate->dtype));
        }
        *text = name;
        return value_tuple(eval, parts, count);
    }
    default: *text = name; return value_tensor(explain_tensor(e, name, explain_shape(&shape), candidate->dtype));
    }
    *text = value_text(eval, &value);
    return value;
}

static Value scalar_value(Explainer *e, const char *name) {
    Attr attr = {.index = e->inputs++};
    NodeId node = graph_append(e->eval->graph, OP_VAR, NULL, 0, &attr, shape_scalar(), DT_F64);
    e->eval->graph->nodes[node].name = name;
    return value_tensor(node);
}

// ---- Trials
typedef struct Trial {
    Explainer *e;
    const Value *callee;
    const char *name;
    Required required;
    size_t place[MOST_REQUIRED]; // of each argument's candidate
    bool scalars;                // the first candidate is a run-time number
    bool holes;                  // the first candidate is `_`
    ExplainWanted *wanted;
    size_t left; // trials
    Value *result;
    const char *call; // as text
} Trial;

static Value argument(Trial *trial, size_t i, const char **shown) {
    *shown = trial->required.names[i];
    if (trial->place[i] == 0 && trial->scalars) return scalar_value(trial->e, *shown);
    if (trial->place[i] == 0 && trial->holes) {
        *shown = "_";
        return (Value){.kind = VALUE_HOLE};
    }
    if (trial->place[i] == 0 && trial->e->has_sample) {
        Shape batch = {.rank = (uint8_t)(trial->e->sample.rank + 1), .dim = {{1, true}}};
        memcpy(batch.dim + 1, trial->e->sample.dim, trial->e->sample.rank * sizeof(Dim));
        return value_tensor(explain_tensor(trial->e, *shown, batch, DT_F32));
    }
    // Whether a target is of classes, a loss says by taking it.
    static const Candidate classes = {"(N)", DT_I64, NO_VALUE, 0, 0};
    bool target = !strcmp(*shown, "target");
    if (target && trial->place[i] == 0) return candidate_value(trial->e, &classes, *shown, shown);
    return candidate_value(trial->e, &candidates[trial->place[i] - target], *shown, shown);
}

// What is called: a layer is made anew.
static bool fresh_callee(Trial *trial, Value *callee) {
    Explainer *e = trial->e;
    *callee = *trial->callee;
    if (callee->kind != VALUE_MODULE) return true;
    e->eval->forward = false;
    bool ok = e->class ? call_value(e->eval, e->class, e->args, e->arg_count, e->eval->span, callee)
                       : eval_expr(e->eval, e->made, e->eval->top, callee);
    e->eval->forward = true;
    e->layer = *callee;
    return ok;
}

static const Argument *arena_copy(Arena *arena, const Argument *args, size_t count) {
    Argument *copy = NEW_ARRAY(arena, Argument, count + 1);
    if (count) memcpy(copy, args, count * sizeof *args);
    return copy;
}

static bool attempt(Trial *trial) {
    Explainer *e = trial->e;
    Eval *eval = e->eval;
    if (trial->left-- == 0) return false;
    if (eval->graph->count > GRAPH_NODE_LIMIT - MOST_NODES) { // no room for the arguments: earlier trials have filled the graph
        trial->left = 0;
        return false;
    }
    Argument args[MOST_REQUIRED];
    trial->call = arena_printf(eval->arena, "%s(", trial->name);
    e->names.count = e->operands.count = 0;
    for (size_t i = 0; i < trial->required.count; i++) {
        const char *shown;
        args[i] = (Argument){.value = argument(trial, i, &shown), .span = eval->span};
        trial->call = arena_printf(eval->arena, "%s%s%s", trial->call, i ? ", " : "", shown);
    }
    trial->call = arena_printf(eval->arena, "%s)", trial->call);
    e->call = trial->call;
    e->has_arguments = trial->required.count > 0;
    eval->steps = 0;
    eval->returning = false;
    size_t errors = diag_error_count(eval->diag);
    const CallSite *site = eval->site;
    Value callee;
    bool ok = fresh_callee(trial, &callee) && call_value(eval, &callee, args, trial->required.count, eval->span, trial->result);
    eval->site = site;
    if (ok && trial->result->kind == VALUE_MODULE && callee.kind != VALUE_MODULE) {
        e->class = trial->callee;
        e->args = arena_copy(eval->arena, args, trial->required.count);
        e->arg_count = trial->required.count;
    }
    return ok && trial->wanted(e, trial->result) && diag_error_count(eval->diag) == errors;
}

// All combinations from argument i on whose places add up to `sum`.
static bool attempt_sum(Trial *trial, size_t i, size_t sum) {
    if (i == trial->required.count) return sum == 0 && attempt(trial);
    bool last = i + 1 == trial->required.count;
    for (size_t place = last ? sum : 0; place <= sum && place < CANDIDATES && trial->left > 0; place++) {
        trial->place[i] = place;
        if (attempt_sum(trial, i + 1, sum - place)) return true;
    }
    return false;
}

bool explain_try(Explainer *e, const Value *callee, const char *name, bool scalars, ExplainWanted *wanted, Value *result) {
    Eval *eval = e->eval;
    Trial trial = {.e = e, .callee = callee, .name = name, .scalars = scalars, .wanted = wanted, .result = result};
    required_of(e, callee, &trial.required);
    if (trial.required.too_many) return false;
    trial.holes = callee->kind == VALUE_MODULE_CLASS ||
                  (callee->kind == VALUE_PARTIAL && callee->partial->callee.kind == VALUE_MODULE_CLASS);
    trial.left = MOST_TRIALS;
    Diagnostics *diag = eval->diag, *silent = diag_new(eval->arena, NULL);
    for (uint32_t i = 0; diag_file(diag, i); i++) {
        const SourceFile *file = diag_file(diag, i);
        diag_add_file(silent, file->path, file->text, file->length, file->builtin);
    }
    eval->diag = eval->graph->diag = silent;
    bool found = false;
    for (size_t sum = 0; !found && sum <= trial.required.count * (CANDIDATES - 1) && trial.left > 0; sum++)
        found = attempt_sum(&trial, 0, sum);
    eval->diag = eval->graph->diag = diag;
    e->call = trial.call;
    return found;
}
