// Names that the user's file binds and nothing reads: -Wunused-name. Looked for in the text, so that a branch which is not
// taken this time counts as well. A name is used if its function's text reads it, or for one of the top level any text; names
// that start with _, variables of loops, and tuples of which a part is used are left alone.
#include "elaborate/eval.h"

typedef struct Group {
    const Ast *target; // a name, or a tuple of which one name is enough
} Group;

typedef struct Finder {
    Eval *eval;
    Scope *reads;      // names alone
    VEC(Group) groups; // bound here, not in functions inside
    bool deep;         // functions inside count for `reads` only
} Finder;

static bool among(const Scope *words, const char *name) { return scope_find_here(words, name) != NULL; }

static void add(Eval *eval, Scope *words, const char *name) { scope_bind(eval, words, name, NONE_VALUE, SPAN_NONE); }

static void find(Finder *finder, const Ast *ast);

static void find_list(Finder *finder, AstList list) {
    for (size_t i = 0; i < list.count; i++) find(finder, list.items[i]);
}

static void find_children(Finder *finder, const Ast *ast) {
    const Ast *single[] = {ast->a, ast->b, ast->c, ast->d};
    for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
        if (single[i]) find(finder, single[i]);
    }
    for (size_t i = 0; i < ast->param_count; i++) {
        if (ast->params[i].fallback) find(finder, ast->params[i].fallback);
    }
    find_list(finder, ast->items);
    find_list(finder, ast->orelse);
}

static bool is_target(const Ast *ast) { return ast->kind == AST_NAME || ast->kind == AST_TUPLE || ast->kind == AST_HOLE; }

static void find(Finder *finder, const Ast *ast) {
    bool outer = finder->deep;
    switch (ast->kind) {
    case AST_NAME: add(finder->eval, finder->reads, ast->text); return;
    case AST_ASSIGN:
        if (!is_target(ast->a)) find(finder, ast->a);
        else if (!finder->deep && ast->op == AST_OP_NONE) VEC_PUSH(finder->eval->arena, &finder->groups, (Group){ast->a});
        find(finder, ast->b);
        return;
    case AST_FOR:
        find(finder, ast->b);
        find_list(finder, ast->items);
        return;
    case AST_COMPREHENSION:
        find(finder, ast->a);
        find(finder, ast->c);
        if (ast->d) find(finder, ast->d);
        return;
    case AST_DEF:
    case AST_MODULE:
    case AST_OPTIMIZER:
        finder->deep = true;
        find_children(finder, ast);
        finder->deep = outer;
        return;
    default: find_children(finder, ast);
    }
}

// Whether a name of the target is read, or is none that anybody would miss.
static bool used(const Finder *finder, const Scope *spared, const Ast *target) {
    if (target->kind != AST_TUPLE) {
        return target->kind != AST_NAME || target->text[0] == '_' || among(finder->reads, target->text) ||
               among(spared, target->text);
    }
    for (size_t i = 0; i < target->items.count; i++) {
        if (target->items.items[i]->kind != AST_HOLE && used(finder, spared, target->items.items[i])) return true;
    }
    return false;
}

static const char *target_text(Arena *arena, const Ast *target) {
    if (target->kind != AST_TUPLE) return target->kind == AST_NAME ? target->text : "_";
    const char *text = "";
    for (size_t i = 0; i < target->items.count; i++) {
        text = arena_printf(arena, "%s%s%s", text, i ? ", " : "", target_text(arena, target->items.items[i]));
    }
    return text;
}

static void report(Eval *eval, const Finder *finder, const Scope *spared) {
    Scope *said = scope_new(eval, NULL);
    for (size_t i = 0; i < finder->groups.count; i++) {
        const Ast *target = finder->groups.items[i].target;
        const char *text = target_text(eval->arena, target);
        if (used(finder, spared, target) || among(said, text)) continue;
        add(eval, said, text);
        diag_warning(eval->diag, WARNING_UNUSED_NAME, target->span, MSG(UNUSED_NAME), text);
        diag_hint(eval->diag, MSG(HINT_UNUSED_NAME));
    }
}

// In a function an assignment may be to a name of the module or optimiser around it, or to a parameter.
static void spare_names(Eval *eval, const Ast *definition, Scope *spared) {
    for (size_t i = 0; i < definition->param_count; i++) add(eval, spared, definition->params[i].name);
    for (size_t i = 0; i < definition->items.count; i++) {
        const Ast *item = definition->items.items[i];
        if (item->kind == AST_STATE) add(eval, spared, item->text);
        if (item->kind == AST_ASSIGN && item->a->kind == AST_NAME) add(eval, spared, item->a->text);
    }
}

static void check_functions(Eval *eval, AstList items, const Scope *around) {
    for (size_t i = 0; i < items.count; i++) {
        const Ast *item = items.items[i];
        if (item->kind == AST_MODULE || item->kind == AST_OPTIMIZER) {
            Scope *spared = scope_new(eval, NULL);
            spare_names(eval, item, spared);
            check_functions(eval, item->items, spared);
        } else if (item->kind == AST_DEF) {
            Scope *spared = scope_new(eval, NULL);
            for (size_t k = 0; k < around->count; k++) add(eval, spared, around->items[k].name);
            for (size_t k = 0; k < item->param_count; k++) add(eval, spared, item->params[k].name);
            Finder finder = {.eval = eval, .reads = scope_new(eval, NULL)};
            find_list(&finder, item->items);
            report(eval, &finder, spared);
            check_functions(eval, item->items, spared);
        }
    }
}

void warn_unused_names(Eval *eval, const Ast *main) {
    Finder finder = {.eval = eval, .reads = scope_new(eval, NULL)};
    find(&finder, main);
    finder.deep = true;
    for (size_t i = 0; i < eval->included_trees.count; i++) find(&finder, eval->included_trees.items[i]);
    Scope *spared = scope_new(eval, NULL), *none = scope_new(eval, NULL);
    for (size_t i = 0; i < finder.groups.count; i++) {
        const Ast *target = finder.groups.items[i].target;
        if (target->kind == AST_NAME && is_trainer_name(target->text)) add(eval, spared, target->text);
    }
    add(eval, spared, "criterion"); // which has a warning of its own
    report(eval, &finder, spared);
    check_functions(eval, main->items, none);
}
