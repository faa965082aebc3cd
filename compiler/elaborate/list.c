// `netc --list`: what the library has, from the definitions of the prelude and the comments over them. Nothing is listed
// twice by hand: a new file of the prelude, or a new table of builtins, shows up here by itself.
#include "elaborate/eval.h"
#include "elaborate/library.h"
#include "elaborate/prelude.h"
#include "ir/op.h"

static const struct {
    const char *kind, *file, *word;
} kinds[] = {
    {"layers", "layers", "layer"},
    {"activations", "activations", "activation"},
    {"losses", "losses", "loss"},
    {"initialisers", "initialisers", "initialiser"},
    {"optimizers", "optimizers", "optimizer"},
    {"schedules", "schedules", "schedule"},
    {"data", "data", "data set"},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

typedef struct Listing {
    Arena *arena;
    StrBuf *out; // of lines, or NULL:
    bool markdown;
    const char *wanted; // the name that is looked for
    LibraryEntry *found;
    const char *kind; // that is gone through now
    VEC(const char *) seen;
} Listing;

static bool is_new(Listing *listing, const char *name) {
    for (size_t i = 0; i < listing->seen.count; i++) {
        if (!strcmp(listing->seen.items[i], name)) return false;
    }
    VEC_PUSH(listing->arena, &listing->seen, name);
    return true;
}

// A column of a Markdown table: '|' would end it.
static void add_cell(StrBuf *out, const char *text) {
    for (; *text; text++) {
        if (*text == '|') strbuf_add(out, "\\");
        strbuf_add_bytes(out, text, 1);
    }
}

// One line: "end='\n'" as it is written.
static const char *one_line(Arena *arena, const char *text) {
    const char *end = strchr(text, '\n');
    return end ? arena_printf(arena, "%.*s\\n%s", (int)(end - text), text, one_line(arena, end + 1)) : text;
}

// The first lines of a comment, up to one that ends a sentence.
static const char *summary(Arena *arena, const char *doc) {
    const char *text = "";
    while (doc && *doc) {
        size_t length = strcspn(doc, "\n");
        text = arena_printf(arena, "%s%s%.*s", text, *text ? " " : "", (int)length, doc);
        if (length && doc[length - 1] == '.') break;
        doc += length + (doc[length] == '\n');
    }
    return text;
}

static void add_row(Listing *listing, const LibraryEntry *entry) {
    const char *doc = summary(listing->arena, entry->doc);
    const char *head = entry->params ? arena_printf(listing->arena, "%s(%s)", entry->name, entry->params) : entry->name;
    head = one_line(listing->arena, head);
    if (!listing->markdown) {
        int column = entry->params ? 44 : 14;
        if (*doc) strbuf_printf(listing->out, "%-*s  %s\n", column, head, doc);
        else strbuf_printf(listing->out, "%s\n", head);
        return;
    }
    strbuf_add(listing->out, "| `");
    add_cell(listing->out, head);
    strbuf_add(listing->out, "` | ");
    add_cell(listing->out, doc);
    strbuf_add(listing->out, " |\n");
}

static void add_line(Listing *listing, const char *name, const char *params, const char *doc) {
    if (*name == '_' || !is_new(listing, name)) return;
    LibraryEntry entry = {listing->kind, name, params, doc};
    if (listing->out) add_row(listing, &entry);
    else if (!listing->found->name && !strcmp(name, listing->wanted)) *listing->found = entry;
}

static const char *source_of(const Diagnostics *diag, Span span) { return diag_file(diag, span.file)->text + span.begin; }

const char *parameter_text(Arena *arena, const Diagnostics *diag, const Ast *definition) {
    StrBuf text = {0};
    for (size_t i = 0; i < definition->param_count; i++) {
        const AstParam *param = &definition->params[i];
        strbuf_printf(&text, "%s%s", i ? ", " : "", param->name);
        if (!param->fallback) continue;
        Span span = param->fallback->span;
        strbuf_printf(&text, "=%.*s", (int)(span.end - span.begin), source_of(diag, span));
    }
    const char *kept = arena_strdup(arena, text.text ? text.text : "");
    strbuf_free(&text);
    return kept;
}

static void add_definition(Listing *listing, const Diagnostics *diag, const Ast *item) {
    add_line(listing, item->text, parameter_text(listing->arena, diag, item), item->doc);
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
            if (function == functions) add_definition(listing, diag, item);
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
        for (size_t k = 0; k < KINDS; k++) of_kind |= is_kind_file(file->name, kinds[k].file);
        // functions.net and its like hold functions alone.
        if (functions && !of_kind) {
            for (size_t k = 0; k < tree->items.count; k++) {
                const Ast *item = tree->items.items[k];
                if (item->kind == AST_DEF) add_definition(listing, diag, item);
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
        for (size_t k = 0; k < KINDS; k++) of_kind |= is_kind_file(prelude_files[i].name, kinds[k].file);
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
    for (int op = 0; op < OP_COUNT; op++) add_line(listing, op_info[op].name, NULL, op_defs[op]->doc);
}

static void list_warnings(Listing *listing) {
    for (int i = 0; i < WARNING_COUNT; i++) add_line(listing, warning_names[i], NULL, warning_docs[i]);
}

static bool list_one(Listing *listing, Diagnostics *diag, const char *kind) {
    listing->seen.count = 0;
    listing->kind = kind;
    if (!strcmp(kind, "ops")) return list_ops(listing), true;
    if (!strcmp(kind, "warnings")) return list_warnings(listing), true;
    if (!strcmp(kind, "functions")) return list_functions(listing, diag), true;
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(kinds[i].kind, kind)) continue;
        if (!strcmp(kind, "layers")) {
            add_line(listing, "Sequential", "…", "Layers one after the other.");
            add_line(listing, "ModuleList", "layers", "A list of layers that a forward goes through itself.");
        }
        return list_kind(listing, diag, kinds[i].file, false);
    }
    return false;
}

static const char *kind_at(size_t i) {
    static const char *const more[] = {"functions", "ops", "warnings"};
    return i < KINDS ? kinds[i].kind : more[i - KINDS];
}

bool library_list(Arena *perm, const char *kind, bool markdown, StrBuf *out) {
    Listing listing = {.arena = perm, .out = out, .markdown = markdown};
    Diagnostics *diag = diag_new(perm, NULL);
    if (kind) return list_one(&listing, diag, kind);
    for (size_t i = 0; i < KINDS + 3; i++) {
        strbuf_printf(out, "%s%s:\n", i ? "\n" : "", kind_at(i));
        list_one(&listing, diag, kind_at(i));
    }
    return true;
}

bool library_find(Arena *arena, const char *name, LibraryEntry *entry) {
    *entry = (LibraryEntry){0};
    Listing listing = {.arena = arena, .wanted = name, .found = entry};
    Diagnostics *diag = diag_new(arena, NULL);
    for (size_t i = 0; i < KINDS + 2; i++) list_one(&listing, diag, kind_at(i));
    return entry->name;
}

const char *library_kind_word(const char *kind) {
    for (size_t i = 0; i < KINDS; i++)
        if (!strcmp(kinds[i].kind, kind)) return kinds[i].word;
    return strcmp(kind, "ops") ? "function" : "op";
}
