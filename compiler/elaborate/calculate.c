// Calculators: files without a model. Their `print` statements run in order when the program runs.
//
// What is printed is text in which marks stand for tensors: a byte that no text has, a letter for the form, the node, a
// semicolon. So strings with tensors in them are ordinary strings until the end, when they are cut at the marks. A tensor's
// numbers are results of the one entry; all else is text that is known when the file is compiled.
//
// Random numbers are draws from PyTorch's generator in the order of the text, also in layers' parameters, which get their
// values as soon as they are made.
#include "elaborate/whole.h"
#include "support/source.h"

#define MARK '\xFF'
#define PRINT_LIMIT (16u << 20) // bytes of text in all

// ---- Which files are calculators: nothing in them or in what they include binds `model` at the top level

typedef VEC(const char *) PathList;

static bool block_binds_model(Eval *eval, AstList items, const char *path, PathList *seen);

static bool target_binds_model(const Ast *target) {
    if (target->kind == AST_NAME) return !strcmp(target->text, "model");
    bool several = target->kind == AST_TUPLE || target->kind == AST_LIST;
    for (size_t i = 0; several && i < target->items.count; i++) {
        if (target_binds_model(target->items.items[i])) return true;
    }
    return false;
}

// Read and parsed here only to look; what is wrong with it is said when the statement runs.
static bool include_binds_model(Eval *eval, const Ast *ast, const char *from, PathList *seen) {
    const Ast *name = ast->a;
    if (name->kind == AST_STRING && name->items.count == 1) name = name->items.items[0];
    if (name->kind != AST_TEXT) return false;
    const char *path = include_path(eval, from, name->text);
    for (size_t i = 0; i < seen->count; i++) {
        if (!strcmp(seen->items[i], path)) return false;
    }
    VEC_PUSH(eval->arena, seen, path);
    Diagnostics *silent = diag_new(eval->arena, NULL);
    uint32_t file;
    if (!source_read(eval->arena, silent, SPAN_NONE, path, &file)) return false;
    const Ast *tree = parse_file(eval->arena, silent, file);
    return block_binds_model(eval, tree->items, path, seen);
}

static bool block_binds_model(Eval *eval, AstList items, const char *path, PathList *seen) {
    for (size_t i = 0; i < items.count; i++) {
        const Ast *item = items.items[i];
        switch (item->kind) {
        case AST_ASSIGN:
            if (target_binds_model(item->a)) return true;
            break;
        case AST_FOR:
            if (target_binds_model(item->a)) return true;
            __attribute__((fallthrough));
        case AST_IF:
            if (block_binds_model(eval, item->items, path, seen)) return true;
            if (block_binds_model(eval, item->orelse, path, seen)) return true;
            break;
        case AST_DEF:
        case AST_MODULE:
            if (!strcmp(item->text, "model")) return true;
            break;
        case AST_INCLUDE:
            if (include_binds_model(eval, item, path, seen)) return true;
            break;
        default: break;
        }
    }
    return false;
}

bool is_calculator(Eval *eval, const Ast *main) {
    PathList seen = {0};
    VEC_PUSH(eval->arena, &seen, eval->program->source);
    return !block_binds_model(eval, main->items, eval->program->source, &seen);
}

// ---- Marks

typedef enum Numeric { NOT_NUMERIC, LITERAL, NUMBER } Numeric;

static bool is_number(const Eval *eval, NodeId id) {
    size_t low = 0, high = eval->numbers.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (eval->numbers.items[middle] < id) low = middle + 1;
        else high = middle;
    }
    return low < eval->numbers.count && eval->numbers.items[low] == id;
}

// What a node is to Python: a number is what x.item() gives, and what is computed from such and from literals alone.
// *looks: at how many nodes it may look.
static Numeric numeric(const Eval *eval, NodeId id, int *looks) {
    const Node *node = graph_node(eval->graph, id);
    if (node->shape.rank != 0 || --*looks < 0) return NOT_NUMERIC;
    if (is_number(eval, id)) return NUMBER;
    if (node->op == OP_CONST) return LITERAL;
    if (op_info[node->op].class != CLASS_ELEMENTWISE || node->op == OP_STOP_GRADIENT) return NOT_NUMERIC;
    Numeric all = LITERAL;
    for (uint32_t i = 0; i < node->operand_count; i++) {
        Numeric one = numeric(eval, node->operands[i], looks);
        if (one == NOT_NUMERIC) return NOT_NUMERIC;
        if (one == NUMBER) all = NUMBER;
    }
    return all;
}

// `item`: a tensor of one element as its number, as a string with {x} in it shows it.
void calculate_mark(Eval *eval, StrBuf *out, NodeId node, bool item) {
    enum { MOST_LOOKS = 1000 };
    int looks = MOST_LOOKS;
    bool number = numeric(eval, node, &looks) == NUMBER || (item && graph_node(eval->graph, node)->shape.rank == 0);
    eval_spend(eval, (uint64_t)(MOST_LOOKS - looks) / 16);
    if (!number && graph_node(eval->graph, node)->dtype == DT_F64) {
        node = build_cast(eval->graph, node, eval->graph->float_type); // a scalar that was exact until now
        if (node == NODE_NONE) return;
    }
    strbuf_printf(out, "%c%c%u;", MARK, number ? 'n' : 't', node);
}

bool text_has_tensor(const char *text) { return strchr(text, MARK) != NULL; }

// Whether what a value says is known now; else that is reported.
bool text_is_known(Eval *eval, const Value *value) {
    if (value->kind == VALUE_STRING) return !text_has_tensor(value->string) || eval_error(eval, MSG(TEXT_OF_TENSOR));
    bool list = eval->calculator && (value->kind == VALUE_LIST || value->kind == VALUE_TUPLE);
    for (size_t i = 0; list && i < value->list->count; i++) {
        if (!text_is_known(eval, &value->list->items[i])) return false;
    }
    return true;
}

// The next mark in a text: its form and node; NULL when there is none.
static const char *find_mark(const char *text, char *form, NodeId *node, const char **after) {
    const char *mark = strchr(text, MARK);
    if (!mark) return NULL;
    char *end;
    *form = mark[1];
    *node = (NodeId)strtoul(mark + 2, &end, 10);
    *after = end + 1;
    return mark;
}

const char *calculate_plain(Eval *eval, const char *text) {
    StrBuf out = {0};
    char form;
    NodeId node;
    const char *after, *mark;
    for (; (mark = find_mark(text, &form, &node, &after)); text = after) {
        strbuf_add_bytes(&out, text, (size_t)(mark - text));
        strbuf_printf(&out, "tensor of shape %s", shape_text(eval->arena, &graph_node(eval->graph, node)->shape));
    }
    strbuf_add(&out, text);
    text = arena_strdup(eval->arena, out.text ? out.text : "");
    strbuf_free(&out);
    return text;
}

bool calculate_print(Eval *eval, const char *text) {
    eval->printed_bytes += strlen(text);
    if (eval->printed_bytes > PRINT_LIMIT) return eval_error(eval, MSG(PRINTS_TOO_MUCH));
    VEC_PUSH(eval->arena, &eval->prints, text);
    return true;
}

// A check stands among the prints: what was printed before it is, when it fails.
void calculate_check(Eval *eval, NodeId checked) {
    if (!eval->calculator || checked == NODE_NONE) return;
    VEC_PUSH(eval->arena, &eval->prints, arena_printf(eval->arena, "%cc%u;", MARK, checked));
}

// ---- The program

typedef VEC(PrintPiece) PieceList;

// results: by NodeId, 1 + the index of the result that it is.
static void cut(Eval *eval, const char *text, PieceList *pieces, OutputList *outputs, int32_t *results) {
    char form;
    NodeId node;
    const char *after, *mark;
    for (; (mark = find_mark(text, &form, &node, &after)); text = after) {
        const char *before = arena_strndup(eval->arena, text, (size_t)(mark - text));
        if (form == 'c') {
            const char *message = graph_node(eval->graph, node)->attr.checked.message;
            VEC_PUSH(eval->arena, pieces, ((PrintPiece){.text = before, .result = -1, .check = message}));
            continue;
        }
        if (!results[node]) {
            const char *name = arena_printf(eval->arena, "%zu", outputs->count);
            VEC_PUSH(eval->arena, outputs, ((Output){OUTPUT_RESULT, 0, name, node}));
            results[node] = (int32_t)outputs->count;
        }
        VEC_PUSH(eval->arena, pieces, ((PrintPiece){before, results[node] - 1, form == 'n', NULL}));
    }
    if (*text) VEC_PUSH(eval->arena, pieces, ((PrintPiece){arena_strdup(eval->arena, text), -1, false, NULL}));
}

// A file with a trainer's parts means to have a model, also when it prints.
static const char *part_without_model(const Eval *eval) {
    for (size_t i = 0; i < eval->top->count; i++) {
        const Binding *binding = &eval->top->items[i];
        switch (binding->value.kind) {
        case VALUE_DATASET:
        case VALUE_OPTIMIZER:
        case VALUE_TRAINER:
        case VALUE_SPEC: return binding->name;
        default: break;
        }
    }
    return NULL;
}

static bool has_purpose(Eval *eval) {
    if (part_without_model(eval)) {
        diag_error(eval->diag, eval->head, MSG(NO_MODEL));
        diag_hint(eval->diag, MSG(HINT_WRITE_MODEL));
        return false;
    }
    for (size_t i = 0; i < eval->prints.count; i++) {
        if (strncmp(eval->prints.items[i], (char[]){MARK, 'c', 0}, 2) != 0) return true;
    }
    diag_error(eval->diag, eval->head, MSG(NO_MODEL_NO_PRINT));
    diag_hint(eval->diag, MSG(HINT_MODEL_OR_PRINT));
    return false;
}

bool elaborate_calculation(Eval *eval) {
    bool ok = diag_error_count(eval->diag) == 0;
    ok &= check_defines(eval);
    if (!ok || !has_purpose(eval) || !paths_settled(eval)) return false;
    PieceList pieces = {0};
    OutputList outputs = {0};
    int32_t *results = NEW_ARRAY(eval->arena, int32_t, eval->graph->count + 1);
    for (size_t i = 0; i < eval->prints.count; i++) cut(eval, eval->prints.items[i], &pieces, &outputs, results);
    for (size_t i = 0; i < eval->effects.count; i++) {
        NodeId effect = eval->effects.items[i];
        if (graph_node(eval->graph, effect)->op == OP_CHECKED)
            VEC_PUSH(eval->arena, &outputs, ((Output){OUTPUT_EFFECT, 0, NULL, effect}));
    }
    add_lost_draws(eval, &outputs);
    Program *program = eval->program;
    program->prints = pieces.items;
    program->print_count = pieces.count;
    program->entries[ENTRY_CALCULATE] = (Entry){true, eval->graph, outputs.items, outputs.count};
    return true;
}
