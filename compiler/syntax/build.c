// Nodes of the tree, built by the grammar's actions. Each knows how deep the tree below it is; one that would exceed
// AST_MAX_DEPTH is reported and replaced, so that whoever walks the tree may recurse.
#include "syntax/parser.h"

#include "support/vec.h"

Ast *build(Parser *parser, AstKind kind, Span span) {
    Ast *node = NEW(parser->perm, Ast);
    node->kind = kind;
    node->span = span;
    node->depth = 1;
    return node;
}

// Called when all children are in place.
static Ast *measured(Parser *parser, Ast *node) {
    uint32_t deepest = 0;
    const Ast *single[] = {node->a, node->b, node->c, node->d};
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        if (single[i] && single[i]->depth > deepest) deepest = single[i]->depth;
    const AstList *lists[] = {&node->items, &node->orelse};
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < lists[l]->count; i++)
            if (lists[l]->items[i]->depth > deepest) deepest = lists[l]->items[i]->depth;
    for (size_t i = 0; i < node->param_count; i++)
        if (node->params[i].fallback && node->params[i].fallback->depth > deepest) deepest = node->params[i].fallback->depth;
    node->depth = deepest + 1;
    if (node->depth <= AST_MAX_DEPTH) return node;
    parser_too_deep(parser, node->span);
    return build(parser, AST_NONE, node->span);
}

static AstList list_of(const NodeList *nodes) { return (AstList){nodes->items, nodes->count}; }

Ast *build_token(Parser *parser, AstKind kind, const Token *token) {
    Ast *node = build(parser, kind, token->span);
    node->text = token->text;
    node->name_span = token->span;
    node->integer = token->integer;
    node->number = token->number;
    return node;
}

Ast *build_one(Parser *parser, AstKind kind, Span span, Ast *a) { return build_three(parser, kind, span, a, NULL, NULL); }

Ast *build_three(Parser *parser, AstKind kind, Span span, Ast *a, Ast *b, Ast *c) {
    Ast *node = build(parser, kind, span);
    node->a = a;
    node->b = b;
    node->c = c;
    return measured(parser, node);
}

Ast *tree_unary(Parser *parser, Span span, AstOp op, Ast *a) {
    Ast *node = build_one(parser, AST_UNARY, span, a);
    node->op = op;
    return node;
}

Ast *tree_binary(Parser *parser, Span span, AstOp op, Ast *a, Ast *b) {
    Ast *node = build_three(parser, AST_BINARY, span, a, b, NULL);
    node->op = op;
    return node;
}

Ast *build_list(Parser *parser, AstKind kind, Span span, const NodeList *items) {
    return build_with_list(parser, kind, span, NULL, items);
}

Ast *build_with_list(Parser *parser, AstKind kind, Span span, Ast *a, const NodeList *items) {
    Ast *node = build(parser, kind, span);
    node->a = a;
    node->items = list_of(items);
    return measured(parser, node);
}

Ast *build_tuple(Parser *parser, Span span, Ast *first, const NodeList *others) {
    NodeList *all = nodes_one(parser, first);
    return build_list(parser, AST_TUPLE, span, others ? nodes_join(parser, all, others) : all);
}

Ast *build_include(Parser *parser, Span span, Span string_span, const NodeList *parts) {
    return build_one(parser, AST_INCLUDE, span, build_list(parser, AST_STRING, string_span, parts));
}

Ast *build_attr(Parser *parser, Span span, Ast *object, const Token *name) {
    Ast *node = build(parser, AST_ATTR, span);
    node->a = object;
    node->text = name->text;
    node->name_span = name->span;
    return measured(parser, node);
}

Ast *build_arg(Parser *parser, Span span, const Token *keyword, Ast *value) {
    Ast *node = build(parser, AST_ARG, span);
    node->a = value;
    if (keyword) {
        node->text = keyword->text;
        node->name_span = keyword->span;
    }
    return measured(parser, node);
}

Ast *build_comprehension(Parser *parser, Span span, Ast *item, Ast *target, Ast *list, Ast *condition) {
    Ast *node = build(parser, AST_COMPREHENSION, span);
    node->a = item;
    node->b = target;
    node->c = list;
    node->d = condition;
    return measured(parser, node);
}

static void set_params(Ast *node, const ParamList *params) {
    node->params = params->items;
    node->param_count = params->count;
}

Ast *build_lambda(Parser *parser, Span span, const ParamList *params, Ast *body) {
    Ast *node = build(parser, AST_LAMBDA, span);
    set_params(node, params);
    node->a = body;
    return measured(parser, node);
}

// [a, b] = … binds as (a, b) = … does.
static void as_target(Ast *node) {
    if (node->kind == AST_LIST) node->kind = AST_TUPLE;
    if (node->kind != AST_TUPLE) return;
    for (size_t i = 0; i < node->items.count; i++) as_target(node->items.items[i]);
}

Ast *build_assign(Parser *parser, Span span, AstOp op, Ast *target, Ast *value) {
    as_target(target);
    Ast *node = build_three(parser, AST_ASSIGN, span, target, value, NULL);
    node->op = op;
    return node;
}

Ast *build_definition(Parser *parser, AstKind kind, Span span, const Token *first, const Token *name, const ParamList *params,
                      const NodeList *body, Ast *value) {
    Ast *node = build(parser, kind, span);
    node->text = name->text;
    node->name_span = name->span;
    node->doc = first->doc;
    node->bare = kind == AST_DEF && first == name;
    set_params(node, params);
    if (body) node->items = list_of(body);
    node->a = value;
    return measured(parser, node);
}

Ast *build_named(Parser *parser, AstKind kind, Span span, const Token *name, Ast *value) {
    Ast *node = build(parser, kind, span);
    node->text = name->text;
    node->name_span = name->span;
    node->a = value;
    return measured(parser, node);
}

Ast *build_if(Parser *parser, Span span, Ast *condition, const NodeList *then, const NodeList *otherwise) {
    Ast *node = build(parser, AST_IF, span);
    node->a = condition;
    node->items = list_of(then);
    node->orelse = list_of(otherwise);
    return measured(parser, node);
}

Ast *build_for(Parser *parser, Span span, Ast *target, Ast *list, const NodeList *body) {
    Ast *node = build(parser, AST_FOR, span);
    node->a = target;
    node->b = list;
    node->items = list_of(body);
    return measured(parser, node);
}

// ---- Lists while they grow

NodeList *nodes_new(Parser *parser) { return NEW(parser->perm, NodeList); }

NodeList *nodes_add(Parser *parser, NodeList *list, Ast *node) {
    if (node) VEC_PUSH(parser->perm, list, node);
    return list;
}

NodeList *nodes_one(Parser *parser, Ast *node) { return nodes_add(parser, nodes_new(parser), node); }

NodeList *nodes_join(Parser *parser, NodeList *list, const NodeList *more) {
    for (size_t i = 0; i < more->count; i++) VEC_PUSH(parser->perm, list, more->items[i]);
    return list;
}

NodeList *strings_join(Parser *parser, NodeList *parts, const NodeList *more) {
    Ast *last = parts->count ? parts->items[parts->count - 1] : NULL;
    const Ast *first = more->count ? more->items[0] : NULL;
    if (!last || !first || last->kind != AST_TEXT || first->kind != AST_TEXT) return nodes_join(parser, parts, more);
    last->text = arena_printf(parser->perm, "%s%s", last->text, first->text);
    last->span = last->name_span = span_join(last->span, first->span);
    NodeList rest = {.items = more->items + 1, .count = more->count - 1};
    return nodes_join(parser, parts, &rest);
}

ParamList *params_new(Parser *parser) { return NEW(parser->perm, ParamList); }

ParamList *params_add(Parser *parser, ParamList *list, const Token *name, Ast *fallback, Span span) {
    AstParam param = {.name = name->text, .fallback = fallback, .span = span};
    VEC_PUSH(parser->perm, list, param);
    return list;
}

ParamList *params_one(Parser *parser, const Token *name, Ast *fallback, Span span) {
    return params_add(parser, params_new(parser), name, fallback, span);
}

Chain *chain_new(Parser *parser, Ast *first, AstOp op, Ast *second) {
    Chain *chain = NEW(parser->perm, Chain);
    VEC_PUSH(parser->perm, &chain->operands, first);
    return chain_add(parser, chain, op, second);
}

Chain *chain_add(Parser *parser, Chain *chain, AstOp op, Ast *next) {
    VEC_PUSH(parser->perm, &chain->ops, op);
    VEC_PUSH(parser->perm, &chain->operands, next);
    return chain;
}

Ast *build_chain(Parser *parser, Span span, const Chain *chain) {
    Ast *node = build(parser, AST_COMPARE, span);
    node->items = list_of(&chain->operands);
    node->ops = chain->ops.items;
    return measured(parser, node);
}
