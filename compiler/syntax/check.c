// What the grammar alone cannot tell: which statement may stand where, and what can be assigned. The tree keeps what was
// wrong; the error stops the compilation.
#include "syntax/parser.h"

#include <string.h>

enum { MAX_PARAMS = 1000 };

typedef enum Place { IN_FILE, IN_MODULE, IN_OPTIMIZER, IN_FUNCTION } Place;

typedef struct Checker {
    Diagnostics *diag;
    Place place;
} Checker;

static void check_node(Checker *checker, const Ast *node);

static void check_list(Checker *checker, AstList list) {
    for (size_t i = 0; i < list.count; i++) check_node(checker, list.items[i]);
}

static void check_params(Checker *checker, const Ast *node) {
    if (node->param_count > MAX_PARAMS) {
        diag_error(checker->diag, node->params[MAX_PARAMS].span, "more than %d parameters", MAX_PARAMS);
        return;
    }
    const AstParam *with_default = NULL;
    for (size_t i = 0; i < node->param_count; i++) {
        const AstParam *param = &node->params[i];
        for (size_t j = 0; j < i; j++) {
            if (strcmp(param->name, node->params[j].name) != 0) continue;
            diag_error(checker->diag, param->span, "the parameter '%s' is there twice", param->name);
            diag_note(checker->diag, node->params[j].span, "it is also here");
            break;
        }
        if (param->fallback) {
            with_default = param;
            check_node(checker, param->fallback);
        } else if (with_default) {
            diag_error(checker->diag, param->span, "the parameter '%s' needs a default, since '%s' before it has one",
                       param->name, with_default->name);
        }
    }
}

static void check_definition(Checker *checker, const Ast *node) {
    Place outside = checker->place;
    if (node->kind == AST_MODULE || node->kind == AST_OPTIMIZER) {
        const char *what = node->kind == AST_MODULE ? "a module" : "an optimizer";
        if (outside != IN_FILE) diag_error(checker->diag, node->name_span, "%s is defined at the top level of a file", what);
        checker->place = node->kind == AST_MODULE ? IN_MODULE : IN_OPTIMIZER;
    } else {
        bool own = (outside == IN_MODULE && strcmp(node->text, "forward") == 0) ||
                   (outside == IN_OPTIMIZER && strcmp(node->text, "update") == 0);
        if (node->bare && !own) {
            diag_error(checker->diag, node->name_span, "a function is defined with 'def'");
            if (strcmp(node->text, "forward") == 0) diag_hint(checker->diag, "'forward' alone belongs in the body of a module");
            else if (strcmp(node->text, "update") == 0)
                diag_hint(checker->diag, "'update' alone belongs in the body of an optimizer");
            else diag_hint(checker->diag, "write `def %s(...) = expression` or `def %s(...) { ... }`", node->text, node->text);
        }
        checker->place = IN_FUNCTION;
    }
    check_params(checker, node);
    check_list(checker, node->items);
    if (node->a) check_node(checker, node->a);
    checker->place = outside;
}

static void check_target(Checker *checker, const Ast *target, AstOp op) {
    switch (target->kind) {
    case AST_NAME: return;
    case AST_HOLE:
        if (op != AST_OP_NONE) diag_error(checker->diag, target->span, "'_' has no value to change");
        return;
    case AST_ATTR:
        for (const Ast *part = target; part->kind == AST_ATTR; part = part->a)
            if (part->a->kind != AST_ATTR && part->a->kind != AST_NAME) check_node(checker, part->a);
        return;
    case AST_TUPLE:
        if (op != AST_OP_NONE) {
            diag_error(checker->diag, target->span, "'%s=' changes one name", ast_op_text(op));
        } else if (target->items.count == 0) {
            diag_error(checker->diag, target->span, "there is no name to bind here");
        }
        for (size_t i = 0; i < target->items.count; i++) check_target(checker, target->items.items[i], AST_OP_NONE);
        return;
    case AST_INDEX:
        diag_error(checker->diag, target->span, "an element cannot be assigned");
        diag_hint(checker->diag, "lists and tensors cannot be changed; bind a name to a new one");
        return;
    default:
        diag_error(checker->diag, target->span, "this cannot be assigned to");
        if (target->kind == AST_COMPARE) diag_hint(checker->diag, "`==` compares, `=` binds a name");
        return;
    }
}

static void check_assign(Checker *checker, const Ast *node) {
    check_target(checker, node->a, node->op);
    check_node(checker, node->b);
}

static void check_place(Checker *checker, const Ast *node, Place wanted, const char *message) {
    if (checker->place != wanted) diag_error(checker->diag, node->span, "%s", message);
}

static void check_node(Checker *checker, const Ast *node) {
    switch (node->kind) {
    case AST_DEF:
    case AST_MODULE:
    case AST_OPTIMIZER: check_definition(checker, node); return;
    case AST_LAMBDA: check_params(checker, node); break;
    case AST_ASSIGN: check_assign(checker, node); return;
    case AST_STATE: check_place(checker, node, IN_OPTIMIZER, "'state' belongs in the body of an optimizer"); break;
    case AST_INFER: check_place(checker, node, IN_MODULE, "'infer' belongs in the body of a module"); break;
    case AST_RETURN: check_place(checker, node, IN_FUNCTION, "'return' belongs in the body of a function"); break;
    case AST_INCLUDE: check_place(checker, node, IN_FILE, "'include' belongs at the top level of a file"); break;
    case AST_ATTR:
        if (node->text[0] == '*') {
            diag_error(checker->diag, node->name_span, "'%s' stands for names only on the left of '='", node->text);
            return;
        }
        break;
    default: break;
    }
    const Ast *single[] = {node->a, node->b, node->c, node->d};
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        if (single[i]) check_node(checker, single[i]);
    check_list(checker, node->items);
    check_list(checker, node->orelse);
}

void check_tree(Diagnostics *diag, const Ast *file) {
    Checker checker = {.diag = diag, .place = IN_FILE};
    check_node(&checker, file);
}
