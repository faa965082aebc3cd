// What the actions of grammar/net.y work with. Private to syntax/.
#pragma once

#include "syntax/ast.h"
#include "syntax/tokens.h"

typedef struct Parser {
    Arena *perm;
    Diagnostics *diag;
    uint32_t file;
    TokenList tokens; // of layout.h
    size_t next;      // the token that the parser reads next
    bool recovering;  // a mistake was met: the parser goes on at the end of its statement
    bool too_deep;    // said once
    Ast *result;
} Parser;

typedef VEC(Ast *) NodeList;
typedef VEC(AstParam) ParamList;

// A comparison while its chain grows.
typedef struct Chain {
    NodeList operands;
    VEC(AstOp) ops;
} Chain;

// What could have stood where a mistake is. The grammar fills it; tokens that come in families are told by the family.
typedef struct Expected {
    bool statement, expression, operator_, end;
    const char *tokens[16]; // others, as the user writes them
    size_t count;
} Expected;

#define YYLLOC_DEFAULT(current, rhs, count)                                                                                    \
    do {                                                                                                                       \
        if (count) {                                                                                                           \
            (current) = (Span){YYRHSLOC(rhs, 1).file, YYRHSLOC(rhs, 1).begin, YYRHSLOC(rhs, count).end};                       \
        } else {                                                                                                               \
            (current) = YYRHSLOC(rhs, 0);                                                                                      \
            (current).begin = (current).end;                                                                                   \
        }                                                                                                                      \
    } while (0)

// ---- parse.c
const Token *parser_next(Parser *parser);
void parser_syntax_error(Parser *parser, const Expected *expected); // at the token read last
void parser_too_deep(Parser *parser, Span span);
void parser_recovered(Parser *parser);

// ---- build.c: nodes. Each takes the span of the whole construct.
Ast *build(Parser *parser, AstKind kind, Span span);
Ast *build_token(Parser *parser, AstKind kind, const Token *token);
Ast *build_one(Parser *parser, AstKind kind, Span span, Ast *a);
Ast *build_three(Parser *parser, AstKind kind, Span span, Ast *a, Ast *b, Ast *c);
Ast *tree_unary(Parser *parser, Span span, AstOp op, Ast *a);
Ast *tree_binary(Parser *parser, Span span, AstOp op, Ast *a, Ast *b);
Ast *build_list(Parser *parser, AstKind kind, Span span, const NodeList *items);
Ast *build_with_list(Parser *parser, AstKind kind, Span span, Ast *a, const NodeList *items); // calls, subscripts
Ast *build_tuple(Parser *parser, Span span, Ast *first, const NodeList *others);              // NULL: (first,)
Ast *build_include(Parser *parser, Span span, Span string_span, const NodeList *parts);
Ast *build_attr(Parser *parser, Span span, Ast *object, const Token *name);
Ast *build_arg(Parser *parser, Span span, const Token *keyword, Ast *value);
Ast *build_comprehension(Parser *parser, Span span, Ast *item, Ast *target, Ast *list, Ast *condition);
Ast *build_lambda(Parser *parser, Span span, const ParamList *params, Ast *body);
Ast *build_assign(Parser *parser, Span span, AstOp op, Ast *target, Ast *value);
// A definition: `first` is the token that starts it (and has its doc comment); `body` or `value` is NULL.
Ast *build_definition(Parser *parser, AstKind kind, Span span, const Token *first, const Token *name, const ParamList *params,
                      const NodeList *body, Ast *value);
Ast *build_named(Parser *parser, AstKind kind, Span span, const Token *name, Ast *value); // state, infer
Ast *build_if(Parser *parser, Span span, Ast *condition, const NodeList *then, const NodeList *otherwise);
Ast *build_for(Parser *parser, Span span, Ast *target, Ast *list, const NodeList *body);

NodeList *nodes_new(Parser *parser);
NodeList *nodes_one(Parser *parser, Ast *node);
NodeList *nodes_add(Parser *parser, NodeList *list, Ast *node); // a NULL node is left out
NodeList *nodes_join(Parser *parser, NodeList *list, const NodeList *more);
NodeList *strings_join(Parser *parser, NodeList *parts, const NodeList *more); // text that meets text becomes one piece
ParamList *params_new(Parser *parser);
ParamList *params_one(Parser *parser, const Token *name, Ast *fallback, Span span);
ParamList *params_add(Parser *parser, ParamList *list, const Token *name, Ast *fallback, Span span);
Chain *chain_new(Parser *parser, Ast *first, AstOp op, Ast *second);
Chain *chain_add(Parser *parser, Chain *chain, AstOp op, Ast *next);
Ast *build_chain(Parser *parser, Span span, const Chain *chain);

// ---- check.c: what the grammar alone cannot tell: which statement may stand where, and what can be assigned.
void check_tree(Diagnostics *diag, const Ast *file);
