// Brackets are matched before anything is parsed. The parser can then be told where a statement ends without having
// understood it, which is what lets one run report several mistakes: a forgotten `)` would otherwise swallow the rest of the
// file, since line ends mean nothing inside it.
#include "syntax/brackets.h"

#include "net_parser.h"

typedef struct Matcher {
    Diagnostics *diag;
    TokenList *tokens;
    uint32_t open[MAX_BRACKETS]; // indices of the brackets that are open
    uint32_t count;
} Matcher;

static int closer_of(int kind) {
    switch (kind) {
    case TOKEN_LPAREN: return TOKEN_RPAREN;
    case TOKEN_LBRACKET: return TOKEN_RBRACKET;
    case TOKEN_LBRACE: return TOKEN_RBRACE;
    case TOKEN_INTERPOLATION_BEGIN: return TOKEN_INTERPOLATION_END;
    default: return 0;
    }
}

static bool is_closer(int kind) {
    return kind == TOKEN_RPAREN || kind == TOKEN_RBRACKET || kind == TOKEN_RBRACE || kind == TOKEN_INTERPOLATION_END;
}

static const char *bracket_text(int kind) {
    switch (kind) {
    case TOKEN_LPAREN: return "(";
    case TOKEN_RPAREN: return ")";
    case TOKEN_LBRACKET: return "[";
    case TOKEN_RBRACKET: return "]";
    case TOKEN_LBRACE:
    case TOKEN_INTERPOLATION_BEGIN: return "{";
    default: return "}";
    }
}

static Token *token_at(const Matcher *matcher, uint32_t index) { return &matcher->tokens->items[index]; }

// Whether something in tokens begin..end was reported already; then a bracket missing there is most likely a part of it.
static bool any_wrong(const Matcher *matcher, uint32_t begin, uint32_t end) {
    for (uint32_t i = begin; i < end; i++)
        if (token_at(matcher, i)->wrong) return true;
    return false;
}

// Where the statement with the unclosed bracket `open` seems to end: at the next line that is not indented deeper than the
// bracket's own and does not begin with a closing bracket. Indentation means nothing in .net, but it tells what was meant.
static uint32_t end_of_piece(const Matcher *matcher, uint32_t open, uint32_t limit) {
    const Token *bracket = token_at(matcher, open);
    for (uint32_t i = open + 1; i < limit; i++) {
        const Token *token = token_at(matcher, i);
        bool line = token->first && token->kind != TOKEN_NEWLINE && token->kind != TOKEN_COMMENT;
        if (line && token->line > bracket->line && token->indent <= bracket->indent && !is_closer(token->kind)) return i;
    }
    return limit;
}

// The opening bracket at position `from` of the stack or above it that was most likely forgotten to be closed: the first
// round or square one, since all that follows seems to stand inside it; or else the innermost.
static uint32_t suspect(const Matcher *matcher, uint32_t from) {
    for (uint32_t i = from; i < matcher->count; i++)
        if (token_at(matcher, matcher->open[i])->kind != TOKEN_LBRACE) return i;
    return matcher->count - 1;
}

// Reports the bracket at `position` of the stack, unclosed when token `at` is met, and leaves the piece after it out.
// Returns the token to go on with.
static uint32_t give_up(Matcher *matcher, uint32_t position, uint32_t at) {
    uint32_t open = matcher->open[position];
    Token *bracket = token_at(matcher, open);
    matcher->count = position;
    if (bracket->kind == TOKEN_LBRACE) {
        if (!any_wrong(matcher, open, at)) diag_error(matcher->diag, bracket->span, MSG(BRACE_NOT_CLOSED));
        bool at_end = token_at(matcher, at)->kind == TOKEN_END;
        bracket->match = at_end ? at : 0;
        if (!at_end) bracket->kind = TOKEN_WRONG;
        bracket->wrong = !at_end;
        return at;
    }
    uint32_t end = end_of_piece(matcher, open, at);
    if (!any_wrong(matcher, open, end))
        diag_error(matcher->diag, bracket->span, MSG(BRACKET_NOT_CLOSED), bracket_text(bracket->kind));
    bracket->kind = TOKEN_WRONG;
    bracket->wrong = true;
    bracket->match = end;
    return end;
}

// Handles the closing bracket `at`; returns the token to go on with.
static uint32_t close_bracket(Matcher *matcher, uint32_t at) {
    Token *closer = token_at(matcher, at);
    uint32_t position = matcher->count;
    while (position > 0 && closer_of(token_at(matcher, matcher->open[position - 1])->kind) != closer->kind) position--;
    if (position == matcher->count && position > 0) {
        uint32_t open = matcher->open[--matcher->count];
        token_at(matcher, open)->match = at;
        closer->match = open;
        return at + 1;
    }
    if (position > 0) return give_up(matcher, suspect(matcher, position), at);
    closer->wrong = true;
    Token *inner = matcher->count ? token_at(matcher, matcher->open[matcher->count - 1]) : NULL;
    if (inner && inner->kind != TOKEN_LBRACE && closer->kind != TOKEN_INTERPOLATION_END) { // f(x]: the wrong kind was typed
        diag_error(matcher->diag, closer->span, MSG(BRACKET_MISMATCH), bracket_text(closer->kind), bracket_text(inner->kind),
                   bracket_text(closer_of(inner->kind)));
        diag_note(matcher->diag, inner->span, MSG(NOTE_OPENED_HERE));
        closer->kind = closer_of(inner->kind);
        return at;
    }
    diag_error(matcher->diag, closer->span, MSG(BRACKET_CLOSES_NOTHING), bracket_text(closer->kind));
    closer->kind = TOKEN_WRONG;
    return at + 1;
}

static bool match_all(Matcher *matcher) {
    uint32_t end = (uint32_t)matcher->tokens->count - 1;
    for (uint32_t i = 0; i < end || matcher->count > 0;) {
        if (i >= end) { // the end of the file
            i = give_up(matcher, suspect(matcher, 0), end);
            if (diag_too_many(matcher->diag)) return true;
            continue;
        }
        int kind = token_at(matcher, i)->kind;
        if (is_closer(kind)) {
            i = close_bracket(matcher, i);
            continue;
        }
        if (closer_of(kind)) {
            if (matcher->count == MAX_BRACKETS) {
                diag_error(matcher->diag, token_at(matcher, i)->span, MSG(TOO_MANY_BRACKETS), MAX_BRACKETS);
                return false;
            }
            matcher->open[matcher->count++] = i;
        }
        i++;
    }
    return true;
}

// What stands around each token, from the matches.
static void fill_surroundings(Matcher *matcher) {
    uint32_t blocks = 0, depth = 0;
    bool in_parens[MAX_BRACKETS + 1] = {false};
    for (uint32_t i = 0; i < matcher->tokens->count; i++) {
        Token *token = token_at(matcher, i);
        bool closes = is_closer(token->kind) && depth > 0;
        if (closes) depth--;
        if (closes && token->kind == TOKEN_RBRACE && blocks > 0) blocks--; // a bracket that is left out may have opened it
        token->blocks = blocks;
        token->in_parens = in_parens[depth];
        if (token->kind == TOKEN_WRONG && token->match > i) { // a piece that is left out
            i = token->match - 1;
        } else if (closer_of(token->kind)) {
            depth++;
            in_parens[depth] = token->kind != TOKEN_LBRACE;
            if (token->kind == TOKEN_LBRACE) blocks++;
        }
    }
}

bool brackets_match(Arena *perm, Diagnostics *diag, TokenList *tokens) {
    Matcher *matcher = NEW(perm, Matcher);
    matcher->diag = diag;
    matcher->tokens = tokens;
    if (!match_all(matcher) || diag_too_many(diag)) return false;
    fill_surroundings(matcher);
    return true;
}
