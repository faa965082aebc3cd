// What every part of the evaluator does on its way: counting steps, keeping the place and the chain of calls, and reporting.
//
// A message stands at the innermost place in the user's own text. Where the mistake shows up inside the prelude, notes lead
// from there into it; where the user's own functions called each other, notes lead outwards to the first call.
#include "elaborate/eval.h"

static bool is_builtin_file(const Eval *eval, Span span) {
    if (span.file == FILE_NONE) return true;
    const SourceFile *file = diag_file(eval->diag, span.file);
    return !file || file->builtin;
}

Span eval_user_span(const Eval *eval) {
    if (!is_builtin_file(eval, eval->span)) return eval->span;
    for (const CallSite *site = eval->site; site; site = site->outer) {
        if (!is_builtin_file(eval, site->span)) return site->span;
    }
    return eval->span;
}

void eval_place(Eval *eval, Span span) {
    eval->span = span;
    eval->graph->span = eval_user_span(eval);
    eval->graph->site = eval->site;
}

bool eval_spend(Eval *eval, uint64_t steps) {
    bool reported = eval->steps > EVAL_STEP_LIMIT;
    eval->steps += steps;
    if (eval->steps <= EVAL_STEP_LIMIT) return true;
    return !reported && eval_error(eval, MSG(TOO_MANY_STEPS));
}

bool eval_spend_text(Eval *eval, size_t length) { return eval_spend(eval, length / 16); }

bool eval_enter(Eval *eval, const Ast *ast) {
    eval_place(eval, ast->span);
    if (!eval_spend(eval, 1)) return false;
    const char *here = __builtin_frame_address(0);
    size_t used = here < eval->stack_base ? (size_t)(eval->stack_base - here) : (size_t)(here - eval->stack_base);
    if (used > EVAL_STACK_LIMIT) return eval_error(eval, MSG(STACK_TOO_DEEP));
    return true;
}

const CallSite *site_push(Eval *eval, Span span, const char *what) {
    const CallSite *outer = eval->site;
    CallSite *site = NEW(eval->arena, CallSite);
    *site = (CallSite){span, what, outer};
    eval->site = site;
    return outer;
}

static bool same_place(Span a, Span b) { return a.file == b.file && a.begin == b.begin && a.end == b.end; }

void eval_notes(Eval *eval, Span shown) {
    enum { MOST = 8 };
    const CallSite *site = eval->site;
    Span at = eval->span;
    int notes = 0;
    // Inside the prelude: where it went wrong, then the calls up to the user's line.
    for (; site && is_builtin_file(eval, at); site = site->outer) {
        if (at.file != FILE_NONE && notes++ < MOST) diag_note(eval->diag, at, MSG(NOTE_IN), site->what);
        at = site->span;
    }
    Span last = shown;
    for (; site && notes < MOST; site = site->outer) {
        if (site->span.file == FILE_NONE || same_place(site->span, shown) || same_place(site->span, last)) continue;
        last = site->span;
        notes++;
        diag_note(eval->diag, site->span, MSG(NOTE_CALLED_FROM), site->what);
    }
}

static bool report(Eval *eval, Span span, MessageId id, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    char *text = arena_alloc(eval->arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    diag_error(eval->diag, span, id, "%s", calculate_plain(eval, text));
    eval_notes(eval, span);
    return false;
}

bool eval_error(Eval *eval, MessageId id, const char *format, ...) {
    va_list args;
    va_start(args, format);
    report(eval, eval_user_span(eval), id, format, args);
    va_end(args);
    return false;
}

bool eval_error_at(Eval *eval, Span span, MessageId id, const char *format, ...) {
    eval->span = span;
    va_list args;
    va_start(args, format);
    report(eval, eval_user_span(eval), id, format, args);
    va_end(args);
    return false;
}

bool eval_error_alone(Eval *eval, Span span, MessageId id, const char *format, ...) {
    const CallSite *site = eval->site;
    eval->site = NULL;
    eval->span = span;
    va_list args;
    va_start(args, format);
    report(eval, span, id, format, args);
    va_end(args);
    eval->site = site;
    return false;
}

void report_graph(void *eval, MessageId id, const char *message) { eval_error(eval, id, "%s", message); }

void eval_hint(Eval *eval, MessageId id, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *text = arena_vprintf(eval->arena, format, args);
    va_end(args);
    diag_hint(eval->diag, id, "%s", calculate_plain(eval, text));
}

void eval_suggest(Eval *eval, const char *word, const char *const *names, size_t count) {
    const char *nearest = diag_nearest(word, names, count);
    if (nearest) diag_hint(eval->diag, MSG(HINT_DID_YOU_MEAN), nearest);
}

bool eval_failed(Eval *eval) {
    (void)eval; // graph and build functions report through report_graph
    return false;
}

bool eval_node(Eval *eval, NodeId node, Value *result) {
    if (node == NODE_NONE) return eval_failed(eval);
    *result = value_tensor(node);
    return true;
}

Arena *eval_arena(Eval *eval) { return eval->arena; }
Graph *eval_graph(Eval *eval) { return eval->graph; }
bool eval_training(Eval *eval) { return eval->training; }
DType eval_float(Eval *eval) { return eval->graph->float_type; }
bool eval_calculator(Eval *eval) { return eval->calculator; }
void eval_number(Eval *eval, NodeId node) { VEC_PUSH(eval->arena, &eval->numbers, node); }

static void name_node(NamedNode *names, size_t *count, const char *name, NodeId node) {
    for (size_t i = 0; i < *count; i++) {
        if (names[i].node == node) return;
    }
    names[(*count)++] = (NamedNode){name, node};
}

const char *eval_derivation(Eval *eval, NodeId y) {
    if (!eval->options->derivation) return "";
    NamedNode *names = NEW_ARRAY(eval->arena, NamedNode, eval->top->count + eval->parameters.count + 1);
    size_t count = 0;
    for (size_t i = 0; i < eval->top->count; i++) {
        const Binding *binding = &eval->top->items[i];
        if (binding->value.kind == VALUE_TENSOR) name_node(names, &count, binding->name, binding->value.tensor);
    }
    for (size_t i = 0; i < eval->parameters.count; i++) {
        const Parameter *parameter = eval->parameters.items[i];
        NodeId node = eval->calculator ? parameter->initial : parameter->var;
        if (parameter->name) name_node(names, &count, parameter->name, node);
    }
    const char *name = NULL;
    for (size_t i = 0; i < count; i++) {
        if (names[i].node == y) name = names[i].name;
    }
    return eval->options->derivation(eval->arena, eval->graph, y, name, names, count);
}

void eval_effect(Eval *eval, NodeId node) {
    VEC_PUSH(eval->arena, &eval->effects, node);
    eval->deeds++;
}

NodeId eval_checked(Eval *eval, NodeId x, NodeId condition, const char *message) {
    NodeId checked = build_checked(eval->graph, x, condition, message);
    calculate_check(eval, checked);
    return checked;
}

bool eval_apply(Eval *eval, const Value *callee, const Value *args, size_t count, Value *result) {
    Argument *arguments = NEW_ARRAY(eval->arena, Argument, count + 1);
    for (size_t i = 0; i < count; i++) arguments[i] = (Argument){NULL, args[i], eval->span};
    return call_value(eval, callee, arguments, count, eval->span, result);
}
