// --emit=ast: an indented outline of the tree, a node a line. Roles are named where a node has more than one child, so that
// the outline can be read without knowing which field holds what.
#include "syntax/ast.h"

#include <string.h>

#include "support/strbuf.h"

static const char *const kind_names[] = {
    [AST_INT] = "int",       [AST_FLOAT] = "float",
    [AST_STRING] = "string", [AST_TEXT] = "text",
    [AST_NAME] = "name",     [AST_TRUE] = "True",
    [AST_FALSE] = "False",   [AST_NONE] = "None",
    [AST_HOLE] = "_",        [AST_UNARY] = "unary",
    [AST_BINARY] = "binary", [AST_COMPARE] = "compare",
    [AST_COND] = "cond",     [AST_CALL] = "call",
    [AST_ARG] = "arg",       [AST_INDEX] = "index",
    [AST_SLICE] = "slice",   [AST_ELLIPSIS] = "...",
    [AST_ATTR] = "attr",     [AST_LIST] = "list",
    [AST_TUPLE] = "tuple",   [AST_COMPREHENSION] = "comprehension",
    [AST_LAMBDA] = "lambda", [AST_ASSIGN] = "assign",
    [AST_EXPR] = "expr",     [AST_DEF] = "def",
    [AST_MODULE] = "module", [AST_OPTIMIZER] = "optimizer",
    [AST_STATE] = "state",   [AST_INFER] = "infer",
    [AST_IF] = "if",         [AST_FOR] = "for",
    [AST_RETURN] = "return", [AST_INCLUDE] = "include",
    [AST_FILE] = "file",
};

static const char *const op_texts[] = {
    [AST_OP_NONE] = "",       [AST_OP_ADD] = "+",         [AST_OP_SUB] = "-",  [AST_OP_MUL] = "*",         [AST_OP_DIV] = "/",
    [AST_OP_FLOORDIV] = "//", [AST_OP_MOD] = "%",         [AST_OP_POW] = "**", [AST_OP_MATMUL] = "@",      [AST_OP_AND] = "and",
    [AST_OP_OR] = "or",       [AST_OP_NOT] = "not",       [AST_OP_NEG] = "-",  [AST_OP_POS] = "+",         [AST_OP_EQ] = "==",
    [AST_OP_NE] = "!=",       [AST_OP_LT] = "<",          [AST_OP_LE] = "<=",  [AST_OP_GT] = ">",          [AST_OP_GE] = ">=",
    [AST_OP_IN] = "in",       [AST_OP_NOT_IN] = "not in", [AST_OP_IS] = "is",  [AST_OP_IS_NOT] = "is not",
};

const char *ast_op_text(AstOp op) { return op_texts[op]; }

static void add_quoted(StrBuf *out, const char *text) {
    strbuf_add(out, "\"");
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') strbuf_printf(out, "\\%c", c);
        else if (c == '\n') strbuf_add(out, "\\n");
        else if (c == '\t') strbuf_add(out, "\\t");
        else if (c < 0x20 || c == 0x7F) strbuf_printf(out, "\\x%02x", c);
        else strbuf_add_bytes(out, text, 1);
    }
    strbuf_add(out, "\"");
}

// The names of a node's children a to d; NULL for an only child, which needs none.
static const char *const *roles(AstKind kind) {
    static const char *const none[4] = {0}, *const cond[4] = {"value", "if", "else"}, *const slice[4] = {"from", "to", "step"},
                             *const assign[4] = {"target", "value"}, *const loop[4] = {"target", "in"},
                             *const comprehension[4] = {"value", "target", "in", "if"}, *const call[4] = {"callee"},
                             *const index[4] = {"object"}, *const test[4] = {"condition"};
    switch (kind) {
    case AST_COND: return cond;
    case AST_SLICE: return slice;
    case AST_ASSIGN: return assign;
    case AST_FOR: return loop;
    case AST_COMPREHENSION: return comprehension;
    case AST_CALL: return call;
    case AST_INDEX: return index;
    case AST_IF: return test;
    default: return none;
    }
}

static void line(StrBuf *out, unsigned indent, const char *role) {
    for (unsigned i = 0; i < indent; i++) strbuf_add(out, "  ");
    if (role) strbuf_printf(out, "%s: ", role);
}

static void print_fields(StrBuf *out, const Ast *node) {
    strbuf_add(out, kind_names[node->kind]);
    if (node->op != AST_OP_NONE) strbuf_printf(out, " %s%s", op_texts[node->op], node->kind == AST_ASSIGN ? "=" : "");
    if (node->ops)
        for (size_t i = 0; i + 1 < node->items.count; i++) strbuf_printf(out, "%s%s", i ? ", " : " ", op_texts[node->ops[i]]);
    if (node->star) strbuf_add(out, " *");
    if (node->kind == AST_TEXT) {
        strbuf_add(out, " ");
        add_quoted(out, node->text);
    } else if (node->text) {
        strbuf_printf(out, " %s", node->text);
    }
    if (node->bare) strbuf_add(out, " (without def)");
    if (node->kind == AST_INT) strbuf_printf(out, " %lld", (long long)node->integer);
    if (node->kind == AST_FLOAT) {
        strbuf_add(out, " ");
        strbuf_add_double(out, node->number);
    }
    strbuf_add(out, "\n");
}

static void print_node(StrBuf *out, const Ast *node, unsigned indent, const char *role) {
    line(out, indent, role);
    print_fields(out, node);
    indent++;
    if (node->doc) {
        line(out, indent, "doc");
        add_quoted(out, node->doc);
        strbuf_add(out, "\n");
    }
    for (size_t i = 0; i < node->param_count; i++) {
        line(out, indent, NULL);
        strbuf_printf(out, "param %s\n", node->params[i].name);
        if (node->params[i].fallback) print_node(out, node->params[i].fallback, indent + 1, "default");
    }
    const Ast *children[] = {node->a, node->b, node->c, node->d};
    for (size_t i = 0; i < sizeof children / sizeof *children; i++)
        if (children[i]) print_node(out, children[i], indent, roles(node->kind)[i]);
    for (size_t i = 0; i < node->items.count; i++) print_node(out, node->items.items[i], indent, NULL);
    if (node->orelse.count) {
        line(out, indent, NULL);
        strbuf_add(out, "else\n");
        for (size_t i = 0; i < node->orelse.count; i++) print_node(out, node->orelse.items[i], indent + 1, NULL);
    }
}

void ast_print(const Ast *ast, StrBuf *out) { print_node(out, ast, 0, NULL); }
