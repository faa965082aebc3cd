// What kernels are called, and which lines of the text they come from: for --emit=kernels, profiles and reports of NaN.
#include <string.h>

#include "schedule/internal.h"
#include "support/diag.h"

enum { MOST_LINES = 4 };

// ---- Names

// The parameter that a contraction multiplies by, or NULL.
static const char *weight_of(const Schedule *s, const Node *matmul) {
    for (uint32_t i = 0; i < 2; i++) {
        const Node *node = graph_node(s->g, matmul->operands[i]);
        while (op_info[node->op].class == CLASS_MOVEMENT) node = graph_node(s->g, node->operands[0]);
        if (node->op == OP_VAR) return s->plan->program->vars[node->attr.index].name;
    }
    return NULL;
}

// "fc1.weight"; of an optimiser's state "velocity of fc1.weight".
static const char *var_label(const Schedule *s, uint32_t index) {
    const Program *program = s->plan->program;
    const Variable *var = &program->vars[index];
    if (var->kind != VAR_STATE) return var->name;
    return arena_printf(s->arena, "%s of %s", var->name, program->vars[var->param].name);
}

// What an elementwise op or movement without a call comes from: the reading of an input, or NULL.
static const char *input_of(const Schedule *s, NodeId id) {
    const Node *node = graph_node(s->g, id);
    while (node->operand_count > 0) node = graph_node(s->g, node->operands[0]);
    return node->op == OP_INPUT ? s->plan->program->inputs[node->attr.index].name : NULL;
}

// "forward of CrossEntropyLoss" → "CrossEntropyLoss"
static const char *callee(const char *what) {
    const char *of = strstr(what, " of ");
    return of ? of + strlen(" of ") : what;
}

// What the user called it, else what it writes, else what it is and in which call: "max in log_softmax".
static const char *group_name(const Schedule *s, const Group *group) {
    const Node *anchor = graph_node(s->g, group->anchor);
    for (size_t i = 0; i < group->members.count; i++) {
        const Node *node = graph_node(s->g, group->members.items[i]);
        if (node->name) return node->name;
    }
    for (size_t i = 0; i < s->writes.count; i++)
        if (s->group_of[s->writes.items[i].node] == (int32_t)(group - s->groups.items))
            return arena_printf(s->arena, "update %s", var_label(s, s->writes.items[i].var));
    const char *weight = anchor->op == OP_MATMUL ? weight_of(s, anchor) : NULL;
    if (weight) return arena_printf(s->arena, "multiply by %s", weight);
    const char *input = anchor->site ? NULL : input_of(s, group->anchor);
    if (input) return arena_printf(s->arena, "read %s", input);
    const char *op = op_info[anchor->op].name;
    const CallSite *site = anchor->site;
    while (site && site->outer && *callee(site->what) == '_') site = site->outer; // the library's inner workings
    return site ? arena_printf(s->arena, "%s in %s", op, callee(site->what)) : op;
}

const char *label_name(const Schedule *s, const uint32_t *groups, size_t count) {
    const char *name = group_name(s, &s->groups.items[groups[0]]);
    return count == 1 ? name : arena_printf(s->arena, "%s and %zu more", name, count - 1);
}

// ---- Lines

typedef struct Lines {
    struct Line {
        uint32_t file, line;
    } items[MOST_LINES + 1];
    size_t count;
} Lines;

// Kept in order, each once; what is too much falls off the end.
static void add_line(Lines *lines, struct Line line) {
    size_t i = 0;
    for (; i < lines->count; i++) {
        const struct Line *other = &lines->items[i];
        if (other->file == line.file && other->line == line.line) return;
        if (other->file > line.file || (other->file == line.file && other->line > line.line)) break;
    }
    if (lines->count <= MOST_LINES) lines->count++;
    for (size_t j = lines->count - 1; j > i; j--) lines->items[j] = lines->items[j - 1];
    if (i < lines->count) lines->items[i] = line;
}

static void add_group(const Schedule *s, const Group *group, Lines *lines) {
    Span last = SPAN_NONE; // of the member before: many stand at the same place
    for (size_t i = 0; i < group->members.count; i++) {
        Span span = graph_node(s->g, group->members.items[i])->span;
        struct Line line = {.file = span.file};
        uint32_t column;
        if (span.file == FILE_NONE || diag_file(s->g->diag, span.file)->builtin) continue;
        if (span.file == last.file && span.begin == last.begin) continue;
        last = span;
        diag_position(s->g->diag, span.file, span.begin, &line.line, &column);
        add_line(lines, line);
    }
}

const char *label_lines(const Schedule *s, const uint32_t *groups, size_t count) {
    Lines lines = {0};
    if (!s->g->diag) return "";
    for (size_t i = 0; i < count; i++) add_group(s, &s->groups.items[groups[i]], &lines);
    const char *text = "";
    for (size_t i = 0; i < lines.count && i < MOST_LINES; i++) {
        const struct Line *line = &lines.items[i];
        const char *path = diag_file(s->g->diag, line->file)->path;
        if (i > 0 && line->file == line[-1].file) text = arena_printf(s->arena, "%s,%u", text, line->line);
        else text = arena_printf(s->arena, "%s%s%s:%u", text, i ? " " : "", path, line->line);
    }
    return lines.count > MOST_LINES ? arena_printf(s->arena, "%s…", text) : text;
}
