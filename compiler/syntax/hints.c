// Python and C that people will type out of habit, each with what to write instead.
#include "syntax/hints.h"

#include <string.h>

#include "net_parser.h"

typedef struct Hint {
    const char *text;
    const char *advice;
} Hint;

// Words and marks that are never right, wherever they stand.
static const Hint foreign[] = {
    {"while", "write `for i in range(n) { ... }`; loops are unrolled when the file is compiled"},
    {"break", "a loop runs over a whole list: shorten the list, or put the rest of the body into an `if`"},
    {"continue", "put the rest of the body into an `if`"},
    {"class", "write `module Name(arguments) { ... forward(x) { ... } }`"},
    {"lambda", "write `x -> expression` or `(x, y) -> expression`"},
    {"&&", "write `and`"},
    {"||", "write `or`"},
    {"!", "write `not`"},
    {"&", "write `and`"},
    {"|", "write `or`"},
    {"~", "write `not`, or `1 - x` for a mask"},
    {"^", "a power is written `**`"},
    {"?", "write `a if condition else b`"},
    {"<<", "write `* 2 ** n`"},
    {">>", "write `// 2 ** n`"},
    {":=", "bind the name in a statement of its own"},
    {"=>", "write `->`"},
    {"<>", "write `!=`"},
    {"===", "write `==`"},
    {"//=", "write `a = a // b`"},
    {"**=", "write `a = a ** b`"},
    {"%=", "write `a = a % b`"},
    {"@=", "write `a = a @ b`"},
    {"++", "write `a = a + 1`"},
    {"--", "write `a = a - 1`"},
};

// Words that start a statement of Python's and are names in .net.
static const Hint statements[] = {
    {"assert", "write `assert(condition, \"message\")`"},
    {"print", "write `print(expression)`"},
    {"del", "names need not be deleted"},
    {"with", "leave the `with` out: what needs a gradient is found when the file is compiled"},
    {"raise", "write `assert(condition, \"message\")`"},
    {"try", "errors are found when the file is compiled; there is nothing to catch"},
    {"global", "a function sees the names around it"},
    {"nonlocal", "a function sees the names around it"},
    {"function", "write `def f(x) = expression` or `def f(x) { ... return expression }`"},
    {"fn", "write `def f(x) = expression` or `def f(x) { ... return expression }`"},
    {"let", "write `name = expression`"},
    {"var", "write `name = expression`"},
    {"const", "write `name = expression`"},
    {"except", "errors are found when the file is compiled; there is nothing to catch"},
    {"catch", "errors are found when the file is compiled; there is nothing to catch"},
    {"finally", "errors are found when the file is compiled; there is nothing to catch"},
    {"match", "write `if ... { ... } elif ... { ... }`"},
    {"switch", "write `if ... { ... } elif ... { ... }`"},
    {"case", "write `if ... { ... } elif ... { ... }`"},
    {"do", "write `for i in range(n) { ... }`; loops are unrolled when the file is compiled"},
    {"foreach", "write `for x in list { ... }`"},
    {"elseif", "write `elif`"},
    {"elsif", "write `elif`"},
    {"end", "a block stands in braces: `{ ... }`"},
    {"struct", "write `module Name(arguments) { ... forward(x) { ... } }`"},
    {"func", "write `def f(x) = expression` or `def f(x) { ... return expression }`"},
    {"int", "write `name = expression`; types are found when the file is compiled"},
    {"float", "write `name = expression`; types are found when the file is compiled"},
    {"double", "write `name = expression`; types are found when the file is compiled"},
    {"bool", "write `name = expression`; types are found when the file is compiled"},
    {"auto", "write `name = expression`"},
    {"yield", "write a comprehension: `[f(i) for i in range(n)]`"},
    {"async", "leave it out"},
    {"layer", "write `name = Layer(arguments)`"},
    {"forward", "write `forward(x) { ... return expression }`"},
    {"update", "write `update(p, g) { ... }`"},
};

static const char *find(const Hint *hints, size_t count, const char *text) {
    for (size_t i = 0; text && i < count; i++)
        if (strcmp(hints[i].text, text) == 0) return hints[i].advice;
    return NULL;
}

#define FIND(hints, text) find(hints, sizeof(hints) / sizeof *(hints), text)

static bool starts_block(int kind) {
    return kind == TOKEN_IF || kind == TOKEN_ELIF || kind == TOKEN_ELSE || kind == TOKEN_FOR || kind == TOKEN_DEF ||
           kind == TOKEN_DEF_NAME || kind == TOKEN_MODULE || kind == TOKEN_OPTIMIZER;
}

static const char *colon_hint(const Token *tokens, size_t begin, size_t at) {
    for (size_t i = at; i > begin; i--)
        if (tokens[i - 1].kind == TOKEN_INTERPOLATION_BEGIN)
            return "a format such as `:.2f` is not part of .net; round(x, 2) rounds";
        else if (tokens[i - 1].kind == TOKEN_INTERPOLATION_END) break;
    if (tokens[at].in_parens && tokens[begin].kind != TOKEN_DEF)
        return "`name=value` names an argument; there are no dictionaries";
    if (tokens[at].in_parens) return "leave the type out: types are found when the file is compiled";
    if (starts_block(tokens[begin].kind)) return "a block stands in braces: `{ ... }`; indentation means nothing";
    if (at == begin + 1) return "leave the type out: types are found when the file is compiled";
    return NULL;
}

static bool touches(const Token *a, const Token *b) { return a->span.end == b->span.begin; }

static bool is_word(const Token *token, const char *word) {
    return token->kind == TOKEN_NAME && token->text && strcmp(token->text, word) == 0;
}

// `//` begins a comment in C: the words behind it are no expression. So does `/*`.
static bool in_comment(const Token *tokens, size_t begin, size_t at) {
    if (tokens[at].kind == TOKEN_STAR && at > begin && tokens[at - 1].kind == TOKEN_SLASH &&
        touches(&tokens[at - 1], &tokens[at]))
        return true;
    if (tokens[at].kind == TOKEN_SLASH || tokens[at].kind == TOKEN_FLOORDIV) return at == begin;
    for (size_t i = at; i > begin && tokens[i - 1].line == tokens[at].line; i--)
        if (tokens[i - 1].kind == TOKEN_FLOORDIV) return tokens[at].kind == TOKEN_NAME;
    return false;
}

static const char *loop_hint(const Token *tokens, size_t begin, size_t at) {
    static const char *const words[] = {"of", "on", "from", "over"};
    if (tokens[begin].kind != TOKEN_FOR) return NULL;
    if (tokens[at].kind == TOKEN_ASSIGN && tokens[at].in_parens) return "write `for i in range(n) { ... }`";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_word(&tokens[at], words[i])) return "write `for x in list { ... }`";
    return NULL;
}

// What the statement as a whole tells, before the token that does not fit is looked at.
static const char *statement_hint(const Token *tokens, size_t begin, size_t at) {
    const Token *found = &tokens[at], *first = &tokens[begin], *before = at > begin ? &tokens[at - 1] : NULL;
    if (found->kind == TOKEN_FOREIGN) return NULL; // which has a hint of its own
    if (in_comment(tokens, begin, at)) return "a comment starts with #";
    const char *advice = first->kind == TOKEN_NAME && at == begin + 1 ? FIND(statements, first->text) : NULL;
    if (advice) return advice;
    if (before && is_word(before, "await")) return "leave it out";
    if (is_word(found, "elseif") || is_word(found, "elsif")) return "write `elif`";
    bool braces = found->kind == TOKEN_NEWLINE || is_word(found, "then") || is_word(found, "do");
    if (starts_block(first->kind) && braces && first->kind != TOKEN_DEF) return "a block stands in braces: `{ ... }`";
    if (first->kind == TOKEN_MODULE && found->kind == TOKEN_DOT) return "a module has no base: write `module Name { ... }`";
    if (at == begin && (found->kind == TOKEN_ELSE || found->kind == TOKEN_ELIF))
        return "it stands behind the `}` of an `if`, and a block stands in braces";
    if (found->kind == TOKEN_INTERPOLATION_END && before && before->kind == TOKEN_INTERPOLATION_BEGIN)
        return "the value stands in the braces: \"{x}\"; a brace itself is written {{";
    return loop_hint(tokens, begin, at);
}

#define NOTEBOOK "leave the line out: it speaks to the notebook"

static const char *find_hint(const Token *tokens, size_t begin, size_t at) {
    const Token *found = &tokens[at], *first = &tokens[begin];
    const Token *before = at > begin ? &tokens[at - 1] : NULL;
    const char *advice = statement_hint(tokens, begin, at);
    if (advice) return advice;
    switch (found->kind) {
    case TOKEN_PERCENT: return at == begin ? NOTEBOOK : NULL;
    case TOKEN_FOREIGN: return at == begin && strcmp(found->text, "!") == 0 ? NOTEBOOK : FIND(foreign, found->text);
    case TOKEN_COLON: return colon_hint(tokens, begin, at);
    case TOKEN_LBRACE:
        return (found->in_parens && !starts_block(first->kind)) || (before && before->kind == TOKEN_ASSIGN)
                   ? "there are no dictionaries and sets; a list stands in [ ], and `name=value` names an argument"
                   : NULL;
    case TOKEN_IF: return before && before->kind == TOKEN_ELSE ? "write `elif`" : NULL;
    case TOKEN_FOR:
        if (!found->in_parens) return NULL;
        return "a comprehension has one `for`, and at most one `if` after it";
    case TOKEN_POWER:
        if (!before || (before->kind != TOKEN_LPAREN && before->kind != TOKEN_COMMA)) return NULL;
        return "`**` does not spread keyword arguments; write them out";
    case TOKEN_STAR:
        return found->in_parens || (before && before->kind == TOKEN_COMMA)
                   ? "`*` spreads a list in the arguments of a call, and nowhere else"
                   : NULL;
    case TOKEN_AT: return at == begin ? "there are no decorators" : NULL;
    case TOKEN_ARROW: return first->kind == TOKEN_DEF ? "leave the type out: types are found when the file is compiled" : NULL;
    case TOKEN_ASSIGN:
        if (first->kind == TOKEN_IF || first->kind == TOKEN_ELIF || first->kind == TOKEN_RETURN) return "`==` compares";
        for (size_t i = begin; i < at; i++)
            if (tokens[i].kind == TOKEN_ASSIGN && tokens[i].line == found->line && !tokens[i].in_parens)
                return "a statement binds once; write a second one";
        return NULL;
    default: break;
    }
    return NULL;
}

const char *hint_for_word(const char *word) { return FIND(statements, word); }

bool hint_for(Parser *parser, size_t begin, size_t at) {
    const char *advice = find_hint(parser->tokens.items, begin, at);
    if (advice) diag_hint(parser->diag, MSG(HINT_HABIT), advice);
    return advice != NULL;
}
