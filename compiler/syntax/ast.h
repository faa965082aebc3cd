// The abstract syntax tree of a .net file: what was written, with a span on every node. No meaning is attached here.
#pragma once

#include "support/arena.h"
#include "support/diag.h"

typedef struct Ast Ast;

enum { AST_MAX_DEPTH = 1000 };

typedef struct AstList {
    Ast **items;
    size_t count;
} AstList;

typedef enum AstKind {
    // Expressions
    AST_INT,    // integer
    AST_FLOAT,  // number
    AST_STRING, // parts: AST_TEXT and expressions in turn; plain text has one part or none
    AST_TEXT,   // text: a literal piece of a string, escapes resolved
    AST_NAME,   // text
    AST_TRUE,
    AST_FALSE,
    AST_NONE,
    AST_HOLE,    // _
    AST_UNARY,   // op (AST_OP_NEG, AST_OP_NOT, AST_OP_POS), a
    AST_BINARY,  // op, a, b; `and`/`or` too
    AST_COMPARE, // operands items[0..n], ops[0..n-1]: a < b <= c
    AST_COND,    // a if b else c: a = value, b = condition, c = otherwise
    AST_CALL,    // a = callee, items = arguments (AST_ARG)
    AST_ARG,     // text = keyword or NULL, star = *list, a = value
    AST_INDEX,   // a = object, items = subscripts (expressions, AST_SLICE, AST_ELLIPSIS)
    AST_SLICE,   // a:b:c, each may be NULL
    AST_ELLIPSIS,
    AST_ATTR,          // a.text; text may be a number ("0") or, in a path only, "*" or "**"
    AST_LIST,          // items
    AST_TUPLE,         // items
    AST_COMPREHENSION, // [a for b in c if d]
    AST_LAMBDA,        // params -> a
    // Statements
    AST_ASSIGN,    // a = target (AST_NAME, AST_ATTR path, AST_TUPLE of targets, AST_HOLE), op (AST_OP_NONE for =), b = value
    AST_EXPR,      // a
    AST_DEF,       // text = name, params, and a = expression (short form) or items = body
    AST_MODULE,    // text = name, params, items = body (AST_DEF for forward and methods)
    AST_OPTIMIZER, // text = name, params, items = body
    AST_STATE,     // state text = a
    AST_INFER,     // infer text = a
    AST_IF,        // a = condition, items = then, orelse = else (an elif is an AST_IF in orelse)
    AST_FOR,       // a = target, b = list, items = body
    AST_RETURN,    // a or NULL
    AST_INCLUDE,   // a = AST_STRING
    AST_FILE,      // items
} AstKind;

typedef enum AstOp {
    AST_OP_NONE,
    AST_OP_ADD,
    AST_OP_SUB,
    AST_OP_MUL,
    AST_OP_DIV,
    AST_OP_FLOORDIV,
    AST_OP_MOD,
    AST_OP_POW,
    AST_OP_MATMUL,
    AST_OP_AND,
    AST_OP_OR,
    AST_OP_NOT,
    AST_OP_NEG,
    AST_OP_POS,
    AST_OP_EQ,
    AST_OP_NE,
    AST_OP_LT,
    AST_OP_LE,
    AST_OP_GT,
    AST_OP_GE,
    AST_OP_IN,
    AST_OP_NOT_IN,
    AST_OP_IS,
    AST_OP_IS_NOT,
} AstOp;

typedef struct AstParam {
    const char *name;
    Ast *fallback; // default value or NULL
    Span span;
} AstParam;

struct Ast {
    AstKind kind;
    AstOp op;
    Span span;      // the whole construct
    Span name_span; // of `text`, where a node has one
    const char *text;
    int64_t integer;
    double number;
    Ast *a, *b, *c, *d;
    AstList items;
    AstList orelse;
    AstOp *ops;       // AST_COMPARE
    AstParam *params; // AST_DEF, AST_MODULE, AST_OPTIMIZER, AST_LAMBDA
    size_t param_count;
    bool star;       // AST_ARG
    bool bare;       // AST_DEF: written without `def` (forward, update)
    uint32_t depth;  // levels of the tree from here down; at most AST_MAX_DEPTH, so that walks may recurse
    const char *doc; // the comment block directly over a definition (without '#'), or NULL
};

// Parses one file, already registered with diag. Errors are reported and recovered from; the tree is returned even then
// (with the broken statements left out). Never NULL.
Ast *parse_file(Arena *perm, Diagnostics *diag, uint32_t file);

struct StrBuf;
void ast_print(const Ast *ast, struct StrBuf *out); // --emit=ast: an indented outline, a node a line

const char *ast_op_text(AstOp op); // "+", "not in", …
