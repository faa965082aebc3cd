// What the grammar alone cannot tell: which statement may stand where, and what can be assigned. The tree keeps what was
// wrong; the error stops the compilation.
#include "syntax/hints.h"
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
        diag_error(checker->diag, node->params[MAX_PARAMS].span, MSG(TOO_MANY_PARAMETERS), MAX_PARAMS);
        return;
    }
    const AstParam *with_default = NULL;
    for (size_t i = 0; i < node->param_count; i++) {
        const AstParam *param = &node->params[i];
        for (size_t j = 0; j < i; j++) {
            if (strcmp(param->name, node->params[j].name) != 0) continue;
            diag_error(checker->diag, param->span, MSG(PARAMETER_TWICE), param->name);
            diag_note(checker->diag, node->params[j].span, MSG(NOTE_ALSO_HERE));
            break;
        }
        if (param->fallback) {
            with_default = param;
            check_node(checker, param->fallback);
        } else if (with_default) {
            diag_error(checker->diag, param->span, MSG(PARAMETER_DEFAULT), param->name, with_default->name);
        }
    }
}

static void check_definition(Checker *checker, const Ast *node) {
    Place outside = checker->place;
    if (node->kind == AST_MODULE || node->kind == AST_OPTIMIZER) {
        const char *what = node->kind == AST_MODULE ? "a module" : "an optimizer";
        if (outside != IN_FILE) diag_error(checker->diag, node->name_span, MSG(DEFINITION_NOT_TOP), what);
        checker->place = node->kind == AST_MODULE ? IN_MODULE : IN_OPTIMIZER;
    } else {
        bool constructor = outside == IN_MODULE && strcmp(node->text, "__init__") == 0;
        if (constructor) {
            diag_error(checker->diag, node->name_span, MSG(CONSTRUCTOR), node->text);
            diag_hint(checker->diag, MSG(HINT_CONSTRUCTOR));
        } else if (outside == IN_MODULE && node->param_count && strcmp(node->params[0].name, "self") == 0) {
            diag_error(checker->diag, node->params[0].span, MSG(SELF_PARAMETER));
            diag_hint(checker->diag, MSG(HINT_SELF));
        }
        bool own = (outside == IN_MODULE && strcmp(node->text, "forward") == 0) ||
                   (outside == IN_OPTIMIZER && strcmp(node->text, "update") == 0);
        if (node->bare && !own) {
            diag_error(checker->diag, node->name_span, MSG(DEF_MISSING));
            if (strcmp(node->text, "forward") == 0) diag_hint(checker->diag, MSG(HINT_FORWARD_PLACE));
            else if (strcmp(node->text, "update") == 0) diag_hint(checker->diag, MSG(HINT_UPDATE_PLACE));
            else if (hint_for_word(node->text)) diag_hint(checker->diag, MSG(HINT_HABIT), hint_for_word(node->text));
            else diag_hint(checker->diag, MSG(HINT_DEF), node->text, node->text);
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
        if (op != AST_OP_NONE) diag_error(checker->diag, target->span, MSG(HOLE_CHANGED));
        return;
    case AST_ATTR:
        for (const Ast *part = target; part->kind == AST_ATTR; part = part->a)
            if (part->a->kind != AST_ATTR && part->a->kind != AST_NAME) check_node(checker, part->a);
        return;
    case AST_TUPLE:
        if (op != AST_OP_NONE) {
            diag_error(checker->diag, target->span, MSG(CHANGES_ONE_NAME), ast_op_text(op));
        } else if (target->items.count == 0) {
            diag_error(checker->diag, target->span, MSG(NO_NAME_TO_BIND));
        }
        for (size_t i = 0; i < target->items.count; i++) check_target(checker, target->items.items[i], AST_OP_NONE);
        return;
    case AST_INDEX:
        diag_error(checker->diag, target->span, MSG(ELEMENT_ASSIGNED));
        diag_hint(checker->diag, MSG(HINT_ELEMENT_ASSIGNED));
        return;
    default:
        diag_error(checker->diag, target->span, MSG(NOT_ASSIGNABLE));
        if (target->kind == AST_COMPARE) diag_hint(checker->diag, MSG(HINT_COMPARED));
        return;
    }
}

static void check_assign(Checker *checker, const Ast *node) {
    check_target(checker, node->a, node->op);
    check_node(checker, node->b);
}

static void check_place(Checker *checker, const Ast *node, Place wanted, MessageId id, const char *message) {
    if (checker->place != wanted) diag_error(checker->diag, node->span, id, "%s", message);
}

static void check_node(Checker *checker, const Ast *node) {
    switch (node->kind) {
    case AST_DEF:
    case AST_MODULE:
    case AST_OPTIMIZER: check_definition(checker, node); return;
    case AST_LAMBDA: check_params(checker, node); break;
    case AST_ASSIGN: check_assign(checker, node); return;
    case AST_STATE: check_place(checker, node, IN_OPTIMIZER, MSG(STATE_PLACE)); break;
    case AST_INFER: check_place(checker, node, IN_MODULE, MSG(INFER_PLACE)); break;
    case AST_RETURN: check_place(checker, node, IN_FUNCTION, MSG(RETURN_PLACE)); break;
    case AST_INCLUDE: check_place(checker, node, IN_FILE, MSG(INCLUDE_PLACE)); break;
    case AST_ATTR:
        if (node->text[0] == '*') {
            diag_error(checker->diag, node->name_span, MSG(WILDCARD_PLACE), node->text);
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
