/* The grammar of .net (language.md sections 1, 3, 4; notes in README.md here). Every statement ends with a separator, which
   compiler/syntax/layout.c puts in by the newline rule. Actions only build nodes; what the grammar cannot tell is checked
   in compiler/syntax/check.c. */

%require "3.8"
%define api.prefix {net_}
%define api.pure full
%define api.token.prefix {TOKEN_}
%define api.location.type {Span}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%parse-param {Parser *parser}
%lex-param {Parser *parser}

%code requires {
#include "syntax/parser.h"
}

%union {
    const Token *token;
    Ast *node;
    NodeList *nodes;
    ParamList *params;
    Chain *chain;
    AstOp op;
}

%code {
#include <stdlib.h>

/* The parser's stacks. Bison takes a failure for a text that is nested too deeply. */
static void *stack_alloc(size_t size) {
    void *memory = malloc(size);
    if (!memory) arena_no_memory();
    return memory;
}
#define YYMALLOC stack_alloc
#define YYFREE free

static int net_lex(NET_STYPE *value, Span *span, Parser *parser);
static void net_error(const Span *span, Parser *parser, const char *message);
}

%initial-action { @$ = (Span){parser->file, 0, 0}; }

/* Names and values */
%token <token> NAME "a name" INT "an integer" FLOAT "a number" TEXT "text" WILD "'*' or '**'"
%token STRING_BEGIN "a string" STRING_END "the end of the string" INTERPOLATION_BEGIN "'{' in a string"
%token INTERPOLATION_END "the '}' of the string"
%token TRUE "'True'" FALSE "'False'" NONE "'None'" HOLE "'_'"
/* Words */
%token AND "'and'" OR "'or'" NOT "'not'" IN "'in'" IS "'is'"
%token IF "'if'" ELIF "'elif'" ELSE "'else'" FOR "'for'" RETURN "'return'"
%token <token> DEF "'def'" DEF_NAME "a definition" MODULE "'module'" OPTIMIZER "'optimizer'"
%token STATE "'state'" INFER "'infer'" INCLUDE "'include'"
/* Marks */
%token COMMA "','" LPAREN "'('" RPAREN "')'" LBRACKET "'['" RBRACKET "']'" LBRACE "'{'" RBRACE "'}'"
%token LAMBDA_PAREN "the '(' of parameters" SEMICOLON "';'" COLON "':'" ELLIPSIS "'...'" DOT "'.'" ARROW "'->'"
%token ASSIGN "'='" ADD_ASSIGN "'+='" SUB_ASSIGN "'-='" MUL_ASSIGN "'*='" DIV_ASSIGN "'/='"
%token PLUS "'+'" MINUS "'-'" STAR "'*'" SLASH "'/'" FLOORDIV "'//'" PERCENT "'%'" POWER "'**'" AT "'@'"
%token EQ "'=='" NE "'!='" LT "'<'" LE "'<='" GT "'>'" GE "'>='"
%token NEWLINE "the end of the line" END 0 "the end of the file"
/* Never grammatical: COMMENT does not get here, FOREIGN is another language's, WRONG was reported already */
%token COMMENT "a comment" FOREIGN "a foreign word" WRONG "a mistake"

%type <nodes> statements block else_part expressions list_items args arg_list subscripts targets string string_one parts
%type <node> statement simple definition compound
%type <node> expr_list expr disjunction conjunction inversion comparison sum term factor power
%type <node> postfix atom arg subscript slice_part comp_if target_list target 
%type <params> params param_list optional_params
%type <chain> chain
%type <op> comparator term_operator assign_operator

%%

file:
    statements END                          { parser->result = build_list(parser, AST_FILE, @$, $1); }
  ;

/* ---- Statements */

statements:
    %empty                                  { $$ = nodes_new(parser); }
  | statements separator
  | statements statement separator          { $$ = nodes_add(parser, $1, $2); }
  | statements error separator              { $$ = $1; yyerrok; parser_recovered(parser); }
  ;

separator: NEWLINE | SEMICOLON ;

statement: simple | definition | compound ;

block: LBRACE statements RBRACE             { $$ = $2; } ;

simple:
    expr_list                               { $$ = build_one(parser, AST_EXPR, @$, $1); }
  | expr_list ASSIGN expr_list              { $$ = build_assign(parser, @$, AST_OP_NONE, $1, $3); }
  | expr_list assign_operator expr_list     { $$ = build_assign(parser, @$, $2, $1, $3); }
  | RETURN                                  { $$ = build(parser, AST_RETURN, @$); }
  | RETURN expr_list                        { $$ = build_one(parser, AST_RETURN, @$, $2); }
  | STATE NAME ASSIGN expr                  { $$ = build_named(parser, AST_STATE, @$, $2, $4); }
  | INFER NAME ASSIGN expr                  { $$ = build_named(parser, AST_INFER, @$, $2, $4); }
  | INCLUDE string                          { $$ = build_include(parser, @$, @2, $2); }
  ;

assign_operator:
    ADD_ASSIGN                              { $$ = AST_OP_ADD; }
  | SUB_ASSIGN                              { $$ = AST_OP_SUB; }
  | MUL_ASSIGN                              { $$ = AST_OP_MUL; }
  | DIV_ASSIGN                              { $$ = AST_OP_DIV; }
  ;

definition:
    DEF NAME LPAREN params RPAREN ASSIGN expr_list
        { $$ = build_definition(parser, AST_DEF, @$, $1, $2, $4, NULL, $7); }
  | DEF NAME LPAREN params RPAREN block
        { $$ = build_definition(parser, AST_DEF, @$, $1, $2, $4, $6, NULL); }
  | DEF_NAME LPAREN params RPAREN ASSIGN expr_list
        { $$ = build_definition(parser, AST_DEF, @$, $1, $1, $3, NULL, $6); }
  | DEF_NAME LPAREN params RPAREN block
        { $$ = build_definition(parser, AST_DEF, @$, $1, $1, $3, $5, NULL); }
  | MODULE NAME optional_params block
        { $$ = build_definition(parser, AST_MODULE, @$, $1, $2, $3, $4, NULL); }
  | OPTIMIZER NAME optional_params block
        { $$ = build_definition(parser, AST_OPTIMIZER, @$, $1, $2, $3, $4, NULL); }
  ;

optional_params:
    %empty                                  { $$ = params_new(parser); }
  | LPAREN params RPAREN                    { $$ = $2; }
  ;

params:
    %empty                                  { $$ = params_new(parser); }
  | param_list
  | param_list COMMA
  ;

param_list:
    NAME                                    { $$ = params_one(parser, $1, NULL, @1); }
  | NAME ASSIGN expr                        { $$ = params_one(parser, $1, $3, @$); }
  | param_list COMMA NAME                   { $$ = params_add(parser, $1, $3, NULL, @3); }
  | param_list COMMA NAME ASSIGN expr       { $$ = params_add(parser, $1, $3, $5, span_join(@3, @5)); }
  ;

compound:
    IF expr block else_part                 { $$ = build_if(parser, @$, $2, $3, $4); }
  | FOR target_list IN expr_list block      { $$ = build_for(parser, @$, $2, $4, $5); }
  ;

else_part:
    %empty                                  { $$ = nodes_new(parser); }
  | ELSE block                              { $$ = $2; }
  | ELIF expr block else_part               { $$ = nodes_one(parser, build_if(parser, @$, $2, $3, $4)); }
  ;

/* What a `for` binds; the left side of `=` is read as an expression and looked at afterwards. */
target_list:
    target
  | target COMMA                            { $$ = build_tuple(parser, @$, $1, NULL); }
  | target COMMA targets                    { $$ = build_tuple(parser, @$, $1, $3); }
  | target COMMA targets COMMA              { $$ = build_tuple(parser, @$, $1, $3); }
  ;

targets:
    target                                  { $$ = nodes_one(parser, $1); }
  | targets COMMA target                    { $$ = nodes_add(parser, $1, $3); }
  ;

target:
    NAME                                    { $$ = build_token(parser, AST_NAME, $1); }
  | HOLE                                    { $$ = build(parser, AST_HOLE, @$); }
  | LPAREN target_list RPAREN               { $$ = $2; }
  ;

/* ---- Expressions, from the loosest to the tightest */

expr_list:
    expr
  | expr COMMA                              { $$ = build_tuple(parser, @$, $1, NULL); }
  | expr COMMA expressions                  { $$ = build_tuple(parser, @$, $1, $3); }
  | expr COMMA expressions COMMA            { $$ = build_tuple(parser, @$, $1, $3); }
  ;

expressions:
    expr                                    { $$ = nodes_one(parser, $1); }
  | expressions COMMA expr                  { $$ = nodes_add(parser, $1, $3); }
  ;

expr:
    disjunction
  | disjunction IF disjunction ELSE expr    { $$ = build_three(parser, AST_COND, @$, $1, $3, $5); }
  | NAME ARROW expr                         { $$ = build_lambda(parser, @$, params_one(parser, $1, NULL, @1), $3); }
  | LAMBDA_PAREN params RPAREN ARROW expr   { $$ = build_lambda(parser, @$, $2, $5); }
  ;

disjunction:
    conjunction
  | disjunction OR conjunction              { $$ = tree_binary(parser, @$, AST_OP_OR, $1, $3); }
  ;

conjunction:
    inversion
  | conjunction AND inversion               { $$ = tree_binary(parser, @$, AST_OP_AND, $1, $3); }
  ;

inversion:
    comparison
  | NOT inversion                           { $$ = tree_unary(parser, @$, AST_OP_NOT, $2); }
  ;

comparison:
    sum
  | chain                                   { $$ = build_chain(parser, @$, $1); }
  ;

chain:
    sum comparator sum                      { $$ = chain_new(parser, $1, $2, $3); }
  | chain comparator sum                    { $$ = chain_add(parser, $1, $2, $3); }
  ;

comparator:
    EQ                                      { $$ = AST_OP_EQ; }
  | NE                                      { $$ = AST_OP_NE; }
  | LT                                      { $$ = AST_OP_LT; }
  | LE                                      { $$ = AST_OP_LE; }
  | GT                                      { $$ = AST_OP_GT; }
  | GE                                      { $$ = AST_OP_GE; }
  | IN                                      { $$ = AST_OP_IN; }
  | NOT IN                                  { $$ = AST_OP_NOT_IN; }
  | IS                                      { $$ = AST_OP_IS; }
  | IS NOT                                  { $$ = AST_OP_IS_NOT; }
  ;

sum:
    term
  | sum PLUS term                           { $$ = tree_binary(parser, @$, AST_OP_ADD, $1, $3); }
  | sum MINUS term                          { $$ = tree_binary(parser, @$, AST_OP_SUB, $1, $3); }
  ;

term:
    factor
  | term term_operator factor               { $$ = tree_binary(parser, @$, $2, $1, $3); }
  ;

term_operator:
    STAR                                    { $$ = AST_OP_MUL; }
  | SLASH                                   { $$ = AST_OP_DIV; }
  | FLOORDIV                                { $$ = AST_OP_FLOORDIV; }
  | PERCENT                                 { $$ = AST_OP_MOD; }
  | AT                                      { $$ = AST_OP_MATMUL; }
  ;

factor:
    power
  | MINUS factor                            { $$ = tree_unary(parser, @$, AST_OP_NEG, $2); }
  | PLUS factor                             { $$ = tree_unary(parser, @$, AST_OP_POS, $2); }
  ;

power:
    postfix
  | postfix POWER factor                    { $$ = tree_binary(parser, @$, AST_OP_POW, $1, $3); }
  ;

postfix:
    atom
  | postfix DOT NAME                        { $$ = build_attr(parser, @$, $1, $3); }
  | postfix DOT WILD                        { $$ = build_attr(parser, @$, $1, $3); }
  | postfix LPAREN args RPAREN              { $$ = build_with_list(parser, AST_CALL, @$, $1, $3); }
  | postfix LBRACKET subscripts RBRACKET    { $$ = build_with_list(parser, AST_INDEX, @$, $1, $3); }
  | postfix LBRACKET subscripts COMMA RBRACKET  { $$ = build_with_list(parser, AST_INDEX, @$, $1, $3); }
  ;

atom:
    NAME                                    { $$ = build_token(parser, AST_NAME, $1); }
  | INT                                     { $$ = build_token(parser, AST_INT, $1); }
  | FLOAT                                   { $$ = build_token(parser, AST_FLOAT, $1); }
  | string                                  { $$ = build_list(parser, AST_STRING, @$, $1); }
  | TRUE                                    { $$ = build(parser, AST_TRUE, @$); }
  | FALSE                                   { $$ = build(parser, AST_FALSE, @$); }
  | NONE                                    { $$ = build(parser, AST_NONE, @$); }
  | HOLE                                    { $$ = build(parser, AST_HOLE, @$); }
  | LPAREN RPAREN                           { $$ = build_list(parser, AST_TUPLE, @$, nodes_new(parser)); }
  | LPAREN expr_list RPAREN                 { $$ = $2; $$->span = @$; }
  | LBRACKET list_items RBRACKET            { $$ = build_list(parser, AST_LIST, @$, $2); }
  | LBRACKET expr FOR target_list IN disjunction comp_if RBRACKET
                                            { $$ = build_comprehension(parser, @$, $2, $4, $6, $7); }
  ;

list_items:
    %empty                                  { $$ = nodes_new(parser); }
  | expressions
  | expressions COMMA
  ;

comp_if:
    %empty                                  { $$ = NULL; }
  | IF disjunction                          { $$ = $2; }
  ;

args:
    %empty                                  { $$ = nodes_new(parser); }
  | arg_list
  | arg_list COMMA
  ;

arg_list:
    arg                                     { $$ = nodes_one(parser, $1); }
  | arg_list COMMA arg                      { $$ = nodes_add(parser, $1, $3); }
  ;

arg:
    expr                                    { $$ = build_arg(parser, @$, NULL, $1); }
  | NAME ASSIGN expr                        { $$ = build_arg(parser, @$, $1, $3); }
  | STAR expr                               { $$ = build_arg(parser, @$, NULL, $2); $$->star = true; }
  | expr FOR target_list IN disjunction comp_if
        { $$ = build_arg(parser, @$, NULL, build_comprehension(parser, @$, $1, $3, $5, $6)); }
  ;

subscripts:
    subscript                               { $$ = nodes_one(parser, $1); }
  | subscripts COMMA subscript              { $$ = nodes_add(parser, $1, $3); }
  ;

subscript:
    expr
  | ELLIPSIS                                { $$ = build(parser, AST_ELLIPSIS, @$); }
  | slice_part COLON slice_part             { $$ = build_three(parser, AST_SLICE, @$, $1, $3, NULL); }
  | slice_part COLON slice_part COLON slice_part  { $$ = build_three(parser, AST_SLICE, @$, $1, $3, $5); }
  ;

slice_part:
    %empty                                  { $$ = NULL; }
  | expr
  ;

/* Strings beside one another are one string. */
string:
    string_one
  | string string_one                       { $$ = strings_join(parser, $1, $2); }
  ;

string_one: STRING_BEGIN parts STRING_END   { $$ = $2; } ;

parts:
    %empty                                  { $$ = nodes_new(parser); }
  | parts TEXT                              { $$ = nodes_add(parser, $1, build_token(parser, AST_TEXT, $2)); }
  | parts INTERPOLATION_BEGIN expr INTERPOLATION_END  { $$ = nodes_add(parser, $1, $3); }
  ;

%%

static int net_lex(NET_STYPE *value, Span *span, Parser *parser) {
    const Token *token = parser_next(parser);
    value->token = token;
    *span = token->span;
    return token->kind;
}

/* Bison itself speaks only of its stack: the text is nested beyond all reason. */
static void net_error(const Span *span, Parser *parser, const char *message) {
    (void)message;
    parser_too_deep(parser, *span);
}

static int yyreport_syntax_error(const yypcontext_t *context, Parser *parser) {
    bool can[YYNTOKENS] = {false};
    yysymbol_kind_t kinds[YYNTOKENS];
    int count = yypcontext_expected_tokens(context, kinds, YYNTOKENS);
    if (count < 0) return count;
    for (int i = 0; i < count; i++) can[kinds[i]] = true;

    /* Families are told as such. A bracket or sign can begin an expression or go on with one: it counts for the family that
       is expected here. */
    static const yysymbol_kind_t begin_expression[] = {
        YYSYMBOL_NAME,  YYSYMBOL_INT,  YYSYMBOL_FLOAT, YYSYMBOL_STRING_BEGIN, YYSYMBOL_TRUE,  YYSYMBOL_FALSE,
        YYSYMBOL_NONE,  YYSYMBOL_HOLE, YYSYMBOL_NOT,   YYSYMBOL_PLUS,         YYSYMBOL_MINUS, YYSYMBOL_LPAREN,
        YYSYMBOL_STAR,  YYSYMBOL_LBRACKET, YYSYMBOL_LAMBDA_PAREN};
    static const yysymbol_kind_t begin_statement[] = {
        YYSYMBOL_RETURN, YYSYMBOL_DEF,   YYSYMBOL_DEF_NAME, YYSYMBOL_MODULE, YYSYMBOL_OPTIMIZER, YYSYMBOL_STATE,
        YYSYMBOL_INFER,  YYSYMBOL_INCLUDE, YYSYMBOL_IF,     YYSYMBOL_FOR,    YYSYMBOL_SEMICOLON, YYSYMBOL_NEWLINE};
    static const yysymbol_kind_t operators[] = {
        YYSYMBOL_AND,      YYSYMBOL_OR,      YYSYMBOL_NOT,  YYSYMBOL_IS,    YYSYMBOL_IN,     YYSYMBOL_IF,
        YYSYMBOL_PLUS,     YYSYMBOL_MINUS,   YYSYMBOL_STAR, YYSYMBOL_SLASH, YYSYMBOL_FLOORDIV, YYSYMBOL_PERCENT,
        YYSYMBOL_POWER,    YYSYMBOL_AT,      YYSYMBOL_EQ,   YYSYMBOL_NE,    YYSYMBOL_LT,     YYSYMBOL_LE,
        YYSYMBOL_GT,       YYSYMBOL_GE,      YYSYMBOL_DOT,  YYSYMBOL_ARROW, YYSYMBOL_LPAREN, YYSYMBOL_LBRACKET,
        YYSYMBOL_ASSIGN,   YYSYMBOL_FOR,     YYSYMBOL_STRING_BEGIN,
        YYSYMBOL_ADD_ASSIGN, YYSYMBOL_SUB_ASSIGN, YYSYMBOL_MUL_ASSIGN, YYSYMBOL_DIV_ASSIGN};
#define DROP(family) for (size_t i = 0; i < sizeof family / sizeof *family; i++) can[family[i]] = false
    Expected expected = {0};
    if (can[YYSYMBOL_RETURN]) {
        expected.statement = true;
        DROP(begin_statement);
        DROP(begin_expression);
    } else if (can[YYSYMBOL_INT]) {
        expected.expression = true;
        DROP(begin_expression);
    } else if (can[YYSYMBOL_SLASH]) {
        expected.operator_ = true;
        DROP(operators);
    }
#undef DROP
    if (can[YYSYMBOL_NAME]) can[YYSYMBOL_WILD] = false;
    if (expected.statement) can[YYSYMBOL_YYEOF] = false;
    if (can[YYSYMBOL_NEWLINE] || can[YYSYMBOL_SEMICOLON]) {
        expected.end = true;
        can[YYSYMBOL_NEWLINE] = can[YYSYMBOL_SEMICOLON] = false;
        if (expected.operator_) can[YYSYMBOL_COMMA] = false;
    }
    for (int kind = YYSYMBOL_YYEOF; kind < YYNTOKENS; kind++)
        if (can[kind] && expected.count < sizeof expected.tokens / sizeof *expected.tokens)
            expected.tokens[expected.count++] = yysymbol_name(kind);
    parser_syntax_error(parser, &expected);
    return 0;
}
