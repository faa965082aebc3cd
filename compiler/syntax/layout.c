// The filter between flex and bison. A line end ends a statement when it follows something that can end one, stands outside
// ( ) and [ ], and is not followed by something that can only go on: so no statement needs a mark at its end, and an
// expression in parentheses may be laid out freely.
#include "syntax/layout.h"

#include <string.h>

#include "net_parser.h"

typedef struct Layout {
    Arena *perm;
    Diagnostics *diag;
    const TokenList *raw;
    uint32_t *next; // for each raw token the next that is neither a comment nor a line end
    TokenList out;
} Layout;

static int kind_at(const Layout *layout, uint32_t index) {
    return index < layout->raw->count ? layout->raw->items[index].kind : TOKEN_END;
}

static int last_kind(const Layout *layout) {
    return layout->out.count ? layout->out.items[layout->out.count - 1].kind : TOKEN_NEWLINE;
}

static void emit(Layout *layout, const Token *token) { VEC_PUSH(layout->perm, &layout->out, *token); }

static void emit_as(Layout *layout, const Token *token, int kind) {
    emit(layout, token);
    layout->out.items[layout->out.count - 1].kind = kind;
}

static bool at_statement_start(const Layout *layout) {
    int kind = last_kind(layout);
    return kind == TOKEN_NEWLINE || kind == TOKEN_SEMICOLON || kind == TOKEN_LBRACE;
}

// ---- The newline rule

static bool can_end_statement(int kind) {
    switch (kind) {
    case TOKEN_NAME:
    case TOKEN_INT:
    case TOKEN_FLOAT:
    case TOKEN_STRING_END:
    case TOKEN_TRUE:
    case TOKEN_FALSE:
    case TOKEN_NONE:
    case TOKEN_HOLE:
    case TOKEN_RPAREN:
    case TOKEN_RBRACKET:
    case TOKEN_RBRACE:
    case TOKEN_RETURN: return true;
    case TOKEN_COLON: // these three are never right here: the mistake should end with its line
    case TOKEN_FOREIGN:
    case TOKEN_WRONG: return true;
    default: return false;
    }
}

static bool must_continue(const Layout *layout, uint32_t next) {
    switch (kind_at(layout, next)) {
    case TOKEN_ELSE:
    case TOKEN_ELIF:
    case TOKEN_LBRACE:
    case TOKEN_AND:
    case TOKEN_OR: return true;
    case TOKEN_DOT: return kind_at(layout, next + 1) == TOKEN_NAME;
    default: return false;
    }
}

// `x++` at the end of a statement: no operand follows, which the next line must not be taken for.
static void join_increment(Layout *layout) {
    size_t count = layout->out.count;
    if (count < 3) return;
    Token *first = &layout->out.items[count - 2], *second = &layout->out.items[count - 1];
    bool sign = first->kind == TOKEN_PLUS || first->kind == TOKEN_MINUS;
    if (!sign || second->kind != first->kind || first->span.end != second->span.begin) return;
    first->text = first->kind == TOKEN_PLUS ? "++" : "--";
    first->kind = TOKEN_FOREIGN;
    first->span.end = second->span.end;
    layout->out.count--;
}

static void newline(Layout *layout, uint32_t index) {
    const Token *token = &layout->raw->items[index];
    if (!token->in_parens) join_increment(layout);
    if (token->in_parens || !can_end_statement(last_kind(layout))) return;
    if (!must_continue(layout, layout->next[index])) emit(layout, token);
}

// Before `}` and at the end of the file.
static void end_statement(Layout *layout, const Token *before) {
    join_increment(layout);
    if (at_statement_start(layout)) return;
    emit_as(layout, before, TOKEN_NEWLINE);
    Token *emitted = &layout->out.items[layout->out.count - 1];
    if (before->kind == TOKEN_RBRACE) { // still inside
        emitted->blocks++;
        emitted->in_parens = false;
    }
}

// ---- Words

// The comment lines directly over raw token `index`, without their '#'; NULL if there are none.
static const char *comment_over(const Layout *layout, uint32_t index) {
    const Token *raw = layout->raw->items;
    if (!raw[index].first) return NULL;
    uint32_t begin = index; // lines are [comment, newline] pairs
    while (begin >= 2 && raw[begin - 1].kind == TOKEN_NEWLINE && raw[begin - 2].kind == TOKEN_COMMENT && raw[begin - 2].first)
        begin -= 2;
    if (begin == index) return NULL;
    size_t length = 0;
    for (uint32_t i = begin; i < index; i += 2) length += strlen(raw[i].text) + 1;
    char *doc = arena_alloc(layout->perm, length), *to = doc;
    for (uint32_t i = begin; i < index; i += 2) {
        if (i > begin) *to++ = '\n';
        to = stpcpy(to, raw[i].text + (raw[i].text[0] == ' '));
    }
    return doc;
}

static int contextual_word(const Layout *layout, uint32_t index) {
    static const struct Word {
        const char *text;
        int kind, followed_by;
    } words[] = {
        {"module", TOKEN_MODULE, TOKEN_NAME},
        {"optimizer", TOKEN_OPTIMIZER, TOKEN_NAME},
        {"state", TOKEN_STATE, TOKEN_NAME},
        {"infer", TOKEN_INFER, TOKEN_NAME},
        {"include", TOKEN_INCLUDE, TOKEN_STRING_BEGIN},
    };
    const char *text = layout->raw->items[index].text;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (kind_at(layout, index + 1) == words[i].followed_by && strcmp(text, words[i].text) == 0) return words[i].kind;
    bool call = kind_at(layout, index + 1) == TOKEN_LPAREN;
    uint32_t close = call ? layout->raw->items[index + 1].match : 0;
    bool defines = call && (kind_at(layout, close + 1) == TOKEN_ASSIGN || kind_at(layout, layout->next[close]) == TOKEN_LBRACE);
    return defines ? TOKEN_DEF_NAME : TOKEN_NAME;
}

// import a.b as c; from a import b: to the end of the line, that of its brackets at least. Returns the token after it.
static uint32_t skip_import(const Layout *layout, uint32_t index) {
    while (kind_at(layout, index) != TOKEN_END) {
        const Token *token = &layout->raw->items[index];
        if (!token->in_parens && (token->kind == TOKEN_NEWLINE || token->kind == TOKEN_SEMICOLON)) break;
        index++;
    }
    return index;
}

static bool is_import(const Layout *layout, uint32_t index) {
    const Token *token = &layout->raw->items[index];
    bool word = token->kind == TOKEN_NAME && (strcmp(token->text, "import") == 0 || strcmp(token->text, "from") == 0);
    int after = kind_at(layout, index + 1);
    return word && token->first && (after == TOKEN_NAME || after == TOKEN_DOT);
}

// The first token of a statement. Returns the raw token to go on with.
static uint32_t statement_start(Layout *layout, uint32_t index) {
    const Token *token = &layout->raw->items[index];
    if (is_import(layout, index)) return skip_import(layout, index);
    int kind = token->kind;
    if ((kind == TOKEN_PLUS || kind == TOKEN_MINUS) && token->first) {
        const char *sign = kind == TOKEN_PLUS ? "+" : "-";
        diag_error(layout->diag, token->span, MSG(LINE_STARTS_WITH_SIGN), sign);
        diag_hint(layout->diag, MSG(HINT_SIGN), sign);
        kind = TOKEN_WRONG;
    }
    if (kind == TOKEN_NAME) kind = contextual_word(layout, index);
    emit_as(layout, token, kind);
    Token *emitted = &layout->out.items[layout->out.count - 1];
    if (kind == TOKEN_WRONG) emitted->wrong = true;
    if (kind == TOKEN_DEF || kind == TOKEN_MODULE || kind == TOKEN_OPTIMIZER || kind == TOKEN_DEF_NAME)
        emitted->doc = comment_over(layout, index);
    return index + 1;
}

// ---- The pass

static void open_paren(Layout *layout, const Token *token) {
    int before = last_kind(layout);
    bool call = before == TOKEN_NAME || before == TOKEN_RPAREN || before == TOKEN_RBRACKET || before == TOKEN_STRING_END;
    uint32_t after = token->in_parens ? layout->next[token->match] : token->match + 1;
    bool lambda = !call && before != TOKEN_DEF_NAME && kind_at(layout, after) == TOKEN_ARROW;
    emit_as(layout, token, lambda ? TOKEN_LAMBDA_PAREN : TOKEN_LPAREN);
}

// Emits what becomes of raw token `index`; returns the raw token to go on with.
static uint32_t step(Layout *layout, uint32_t index) {
    const Token *token = &layout->raw->items[index];
    if (token->kind == TOKEN_COMMENT) return index + 1;
    if (token->kind == TOKEN_NEWLINE) {
        newline(layout, index);
        return index + 1;
    }
    if (token->kind == TOKEN_WRONG && token->match > index) { // the piece after a bracket that is never closed
        emit(layout, token);
        emit_as(layout, token, TOKEN_NEWLINE);
        return token->match;
    }
    if (token->kind == TOKEN_SEMICOLON && token->in_parens) {
        diag_error(layout->diag, token->span, MSG(SEMICOLON_IN_BRACKETS));
        emit_as(layout, token, TOKEN_WRONG);
        layout->out.items[layout->out.count - 1].wrong = true;
        return index + 1;
    }
    if (token->kind == TOKEN_SEMICOLON) join_increment(layout);
    if (token->kind == TOKEN_RBRACE) end_statement(layout, token);
    bool starts = !token->in_parens && at_statement_start(layout);
    if (starts && token->kind != TOKEN_LPAREN) return statement_start(layout, index);
    if (token->kind == TOKEN_LPAREN) open_paren(layout, token);
    else emit(layout, token);
    return index + 1;
}

TokenList layout_tokens(Arena *perm, Diagnostics *diag, const TokenList *raw) {
    Layout layout = {.perm = perm, .diag = diag, .raw = raw};
    uint32_t end = (uint32_t)raw->count - 1;
    layout.next = NEW_ARRAY(perm, uint32_t, raw->count);
    layout.next[end] = end;
    for (uint32_t i = end; i-- > 0;) {
        int after = raw->items[i + 1].kind;
        layout.next[i] = after == TOKEN_NEWLINE || after == TOKEN_COMMENT ? layout.next[i + 1] : i + 1;
    }
    for (uint32_t i = 0; i < end;) i = step(&layout, i);
    const Token *last = &raw->items[end];
    end_statement(&layout, last);
    for (uint32_t open = last->blocks; open > 0; open--) { // blocks that are never closed, which was reported
        emit_as(&layout, last, TOKEN_RBRACE);
        layout.out.items[layout.out.count - 1].blocks = open - 1;
        emit_as(&layout, last, TOKEN_NEWLINE);
        layout.out.items[layout.out.count - 1].blocks = open - 1;
    }
    emit(&layout, last);
    layout.out.items[layout.out.count - 1].blocks = 0;
    return layout.out;
}
