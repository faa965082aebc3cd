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

static const char *find_hint(const Token *tokens, size_t begin, size_t at) {
    const Token *found = &tokens[at], *first = &tokens[begin];
    const Token *before = at > begin ? &tokens[at - 1] : NULL;
    switch (found->kind) {
    case TOKEN_FOREIGN: return FIND(foreign, found->text);
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
    case TOKEN_STAR: return found->in_parens ? "`*` spreads a list in the arguments of a call, and nowhere else" : NULL;
    case TOKEN_AT: return at == begin ? "there are no decorators" : NULL;
    case TOKEN_FLOORDIV: return at == begin ? "a comment starts with #" : NULL;
    case TOKEN_ARROW: return first->kind == TOKEN_DEF ? "leave the type out: types are found when the file is compiled" : NULL;
    case TOKEN_ASSIGN:
        if (first->kind == TOKEN_IF || first->kind == TOKEN_ELIF || first->kind == TOKEN_RETURN) return "`==` compares";
        for (size_t i = begin; i < at; i++)
            if (tokens[i].kind == TOKEN_ASSIGN && tokens[i].line == found->line && !tokens[i].in_parens)
                return "a statement binds once; write a second one";
        return NULL;
    default: break;
    }
    return first->kind == TOKEN_NAME && at == begin + 1 ? FIND(statements, first->text) : NULL;
}

bool hint_for(Parser *parser, size_t begin, size_t at) {
    const char *advice = find_hint(parser->tokens.items, begin, at);
    if (advice) diag_hint(parser->diag, MSG(HINT_HABIT), advice);
    return advice != NULL;
}
