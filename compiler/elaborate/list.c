// `netc --list`: what the library has, from the definitions of the prelude and the comments over them. Nothing is listed
// twice by hand: a new file of the prelude, or a new table of builtins, shows up here by itself.
#include "elaborate/eval.h"
#include "elaborate/prelude.h"
#include "ir/op.h"

static const struct {
    const char *kind, *file;
} kinds[] = {
    {"layers", "layers"},         {"activations", "activations"}, {"losses", "losses"}, {"initialisers", "initialisers"},
    {"optimizers", "optimizers"}, {"schedules", "schedules"},     {"data", "data"},
};

typedef struct Listing {
    Arena *arena;
    StrBuf *out;
    VEC(const char *) seen;
} Listing;

static bool is_new(Listing *listing, const char *name) {
    for (size_t i = 0; i < listing->seen.count; i++) {
        if (!strcmp(listing->seen.items[i], name)) return false;
    }
    VEC_PUSH(listing->arena, &listing->seen, name);
    return true;
}

static void add_line(Listing *listing, const char *name, const char *params, const char *doc) {
    if (*name == '_' || !is_new(listing, name)) return;
    const char *head = arena_printf(listing->arena, "%s(%s)", name, params);
    size_t length = doc ? strcspn(doc, "\n") : 0;
    strbuf_printf(listing->out, length ? "%-44s  %.*s\n" : "%s\n", head, (int)length, doc);
}

static const char *source_of(const Diagnostics *diag, Span span) { return diag_file(diag, span.file)->text + span.begin; }

static const char *parameters(Listing *listing, const Diagnostics *diag, const Ast *ast) {
    StrBuf text = {0};
    for (size_t i = 0; i < ast->param_count; i++) {
        const AstParam *param = &ast->params[i];
        strbuf_printf(&text, "%s%s", i ? ", " : "", param->name);
        if (!param->fallback) continue;
        Span span = param->fallback->span;
        strbuf_printf(&text, "=%.*s", (int)(span.end - span.begin), source_of(diag, span));
    }
    const char *kept = arena_strdup(listing->arena, text.text ? text.text : "");
    strbuf_free(&text);
    return kept;
}

// Residual = container(…): the one kind of class that is made by an assignment.
static bool is_container(const Ast *item) {
    return item->kind == AST_ASSIGN && item->a->kind == AST_NAME && item->b->kind == AST_CALL && item->b->a->kind == AST_NAME &&
           !strcmp(item->b->a->text, "container");
}

// The last line of the comment over an assignment, which keeps none in the tree.
static const char *comment_above(Listing *listing, const Diagnostics *diag, Span span) {
    const char *text = diag_file(diag, span.file)->text;
    uint32_t end = span.begin;
    while (end > 0 && text[end - 1] != '\n') end--;
    if (end == 0) return NULL;
    uint32_t begin = --end;
    while (begin > 0 && text[begin - 1] != '\n') begin--;
    if (text[begin] != '#') return NULL;
    begin += (uint32_t)strspn(text + begin, "# ");
    return arena_strndup(listing->arena, text + begin, end - begin);
}

// A file's classes are of its kind. Its functions are too where it has no classes at all (initialisers, schedules, data
// sets); otherwise they are the functional forms.
static void list_file(Listing *listing, Diagnostics *diag, const Ast *file, bool functions) {
    bool classes = false;
    for (size_t i = 0; i < file->items.count; i++) {
        AstKind kind = file->items.items[i]->kind;
        classes |= kind == AST_MODULE || kind == AST_OPTIMIZER;
    }
    for (size_t i = 0; i < file->items.count; i++) {
        const Ast *item = file->items.items[i];
        bool function = item->kind == AST_DEF && (classes || functions);
        // A def that is spelled like a class makes layers: LazyLinear(…).
        if (function && item->text[0] >= 'A' && item->text[0] <= 'Z') function = false;
        if (item->kind == AST_DEF || item->kind == AST_MODULE || item->kind == AST_OPTIMIZER) {
            if (function == functions) add_line(listing, item->text, parameters(listing, diag, item), item->doc);
        } else if (!functions && is_container(item)) {
            add_line(listing, item->a->text, "…", comment_above(listing, diag, item->span));
        }
    }
}

static bool is_kind_file(const char *path, const char *kind) {
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    return !strncmp(name, kind, strlen(kind)) && !strcmp(name + strlen(kind), ".net");
}

static bool list_kind(Listing *listing, Diagnostics *diag, const char *kind, bool functions) {
    bool ok = false;
    for (size_t i = 0; i < prelude_file_count; i++) {
        if (kind && !is_kind_file(prelude_files[i].name, kind)) continue;
        const PreludeFile *file = &prelude_files[i];
        uint32_t number = diag_add_file(diag, file->name, (const char *)file->text, file->length, true);
        const Ast *tree = parse_file(listing->arena, diag, number);
        bool of_kind = false;
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) of_kind |= is_kind_file(file->name, kinds[k].file);
        // functions.net and its like hold functions alone.
        if (functions && !of_kind) {
            for (size_t k = 0; k < tree->items.count; k++) {
                const Ast *item = tree->items.items[k];
                if (item->kind == AST_DEF) add_line(listing, item->text, parameters(listing, diag, item), item->doc);
            }
        } else {
            list_file(listing, diag, tree, functions);
        }
        ok = true;
    }
    return ok;
}

static void list_functions(Listing *listing, Diagnostics *diag) {
    static const char *const with_classes[] = {"activations", "losses", "layers"};
    for (size_t i = 0; i < sizeof with_classes / sizeof *with_classes; i++) list_kind(listing, diag, with_classes[i], true);
    for (size_t i = 0; i < prelude_file_count; i++) {
        bool of_kind = is_kind_file(prelude_files[i].name, "defaults");
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) of_kind |= is_kind_file(prelude_files[i].name, kinds[k].file);
        const char *slash = strrchr(prelude_files[i].name, '/');
        const char *name = slash ? slash + 1 : prelude_files[i].name;
        if (!of_kind) list_kind(listing, diag, arena_strndup(listing->arena, name, strlen(name) - 4), true);
    }
    for (size_t t = 0; tensor_tables[t]; t++) {
        for (const Builtin *b = tensor_tables[t]; b->name; b++) add_line(listing, b->name, b->params, b->doc);
    }
    const Builtin *const tables[] = {number_builtins, list_builtins, language_builtins};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        for (const Builtin *b = tables[t]; b->name; b++) add_line(listing, b->name, b->params, b->doc);
    }
}

static void list_ops(Listing *listing) {
    for (int op = 0; op < OP_COUNT; op++) strbuf_printf(listing->out, "%-14s  %s\n", op_info[op].name, op_defs[op]->doc);
}

static bool list_one(Listing *listing, Diagnostics *diag, const char *kind) {
    listing->seen.count = 0;
    if (!strcmp(kind, "ops")) return list_ops(listing), true;
    if (!strcmp(kind, "functions")) return list_functions(listing, diag), true;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].kind, kind)) continue;
        if (!strcmp(kind, "layers")) {
            add_line(listing, "Sequential", "…", "Layers one after the other.");
            add_line(listing, "ModuleList", "layers", "A list of layers that a forward goes through itself.");
        }
        return list_kind(listing, diag, kinds[i].file, false);
    }
    return false;
}

bool library_list(Arena *perm, const char *kind, StrBuf *out) {
    Listing listing = {.arena = perm, .out = out};
    Diagnostics *diag = diag_new(perm, NULL);
    if (kind) return list_one(&listing, diag, kind);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds + 2; i++) {
        size_t count = sizeof kinds / sizeof *kinds;
        const char *name = i < count ? kinds[i].kind : i == count ? "functions" : "ops";
        strbuf_printf(out, "%s%s:\n", i ? "\n" : "", name);
        list_one(&listing, diag, name);
    }
    return true;
}
