// The words of a file: what layout.h makes of its tokens, with the comments behind each and the few facts that spacing needs.
#include "syntax/format_parts.h"

#include <string.h>

#include "net_parser.h"
#include "syntax/brackets.h"
#include "syntax/layout.h"

// The list of the scanner and the list that the grammar reads are gone through side by side: the first has the comments and
// the `import` lines, the second knows which line ends end a statement and which words are words of the language.
typedef struct Walk {
    Arena *perm;
    const SourceFile *file;
    TokenList raw, grammar;
    size_t at, next; // into these two
    FormatText text;
    VEC(uint32_t) open;
} Walk;

static const Token *grammar_next(const Walk *walk) { return &walk->grammar.items[walk->next]; }

static FormatWord *last_word(Walk *walk) { return &walk->text.words.items[walk->text.words.count - 1]; }

static bool blank_before(const Walk *walk) {
    const Token *raw = walk->raw.items;
    return walk->at >= 2 && raw[walk->at - 1].kind == TOKEN_NEWLINE && raw[walk->at - 2].kind == TOKEN_NEWLINE;
}

// A piece of the text; line ends inside (of a string that goes on behind a backslash) lose their '\r'.
static const char *source_text(const Walk *walk, uint32_t begin, uint32_t end) {
    char *text = arena_strndup(walk->perm, walk->file->text + begin, end - begin), *to = text;
    for (const char *from = text; *from; from++)
        if (from[0] != '\r' || from[1] != '\n') *to++ = *from;
    *to = '\0';
    return text;
}

static uint32_t text_width(const char *text) {
    uint32_t width = 0;
    for (; *text; text++) width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static void add_comment(Walk *walk) {
    const Token *token = &walk->raw.items[walk->at];
    FormatComment comment = {.text = source_text(walk, token->span.begin, token->span.end),
                             .own_line = token->first,
                             .blank_before = blank_before(walk)};
    walk->at++;
    VEC_PUSH(walk->perm, &walk->text.comments, comment);
    last_word(walk)->comment_count++;
}

static void end_statement(Walk *walk) { last_word(walk)->end = true; }

static void line_end(Walk *walk) {
    const Token *token = &walk->raw.items[walk->at++], *known = grammar_next(walk);
    bool ends = known->kind == TOKEN_NEWLINE && known->span.begin == token->span.begin;
    if (ends) walk->next++;
    if (ends || (last_word(walk)->import && !token->in_parens)) end_statement(walk);
}

static void semicolon(Walk *walk) {
    walk->at++;
    walk->next++;
    end_statement(walk);
    int after = walk->raw.items[walk->at].kind;
    last_word(walk)->joined = after != TOKEN_NEWLINE && after != TOKEN_COMMENT && after != TOKEN_END && after != TOKEN_RBRACE;
}

// The raw token behind a string that starts at walk->at.
static size_t string_end(const Walk *walk) {
    size_t at = walk->at, depth = 0;
    do {
        int kind = walk->raw.items[at++].kind;
        depth += kind == TOKEN_STRING_BEGIN;
        depth -= kind == TOKEN_STRING_END;
    } while (depth > 0);
    return at;
}

bool format_is_operand(int kind) {
    switch (kind) {
    case TOKEN_NAME:
    case TOKEN_DEF_NAME:
    case TOKEN_WILD:
    case TOKEN_INT:
    case TOKEN_FLOAT:
    case TOKEN_STRING_BEGIN:
    case TOKEN_TRUE:
    case TOKEN_FALSE:
    case TOKEN_NONE:
    case TOKEN_HOLE:
    case TOKEN_RPAREN:
    case TOKEN_RBRACKET: return true;
    default: return false;
    }
}

static void match_bracket(Walk *walk, FormatWord *word, uint32_t index) {
    int kind = word->kind;
    if (kind == TOKEN_LPAREN || kind == TOKEN_LBRACKET || kind == TOKEN_LAMBDA_PAREN) {
        VEC_PUSH(walk->perm, &walk->open, index);
    } else if ((kind == TOKEN_RPAREN || kind == TOKEN_RBRACKET) && walk->open.count > 0) {
        word->match = walk->open.items[--walk->open.count];
        walk->text.words.items[word->match].match = index;
    }
}

static void add_word(Walk *walk) {
    const Token *token = &walk->raw.items[walk->at];
    bool import = grammar_next(walk)->span.begin != token->span.begin;
    FormatWord word = {.kind = import ? token->kind : grammar_next(walk)->kind,
                       .in_parens = token->in_parens,
                       .import = import,
                       .blank_before = blank_before(walk),
                       .comment = (uint32_t)walk->text.comments.count};
    size_t end = token->kind == TOKEN_STRING_BEGIN ? string_end(walk) : walk->at + 1;
    if (!import) walk->next += end - walk->at;
    word.text = source_text(walk, token->span.begin, walk->raw.items[end - 1].span.end);
    word.width = text_width(word.text);
    walk->at = end;

    const FormatWord *before = last_word(walk);
    bool after_operand = format_is_operand(before->kind) && !before->end;
    bool sign = word.kind == TOKEN_PLUS || word.kind == TOKEN_MINUS || word.kind == TOKEN_STAR;
    word.unary = sign && !after_operand && !import;
    word.keyword = word.kind == TOKEN_ASSIGN && word.in_parens;
    match_bracket(walk, &word, (uint32_t)walk->text.words.count);
    VEC_PUSH(walk->perm, &walk->text.words, word);
}

FormatText format_words(Arena *perm, Diagnostics *diag, uint32_t file) {
    Walk walk = {.perm = perm, .file = diag_file(diag, file), .raw = tokens_read(perm, diag, file)};
    brackets_match(perm, diag, &walk.raw);
    walk.grammar = layout_tokens(perm, diag, &walk.raw);
    FormatWord head = {.kind = TOKEN_NEWLINE, .text = "", .end = true};
    VEC_PUSH(perm, &walk.text.words, head);
    while (walk.at < walk.raw.count) {
        const Token *token = &walk.raw.items[walk.at], *known = grammar_next(&walk);
        if (token->kind == TOKEN_COMMENT) add_comment(&walk);
        else if (token->kind == TOKEN_NEWLINE) line_end(&walk);
        else if (token->kind == TOKEN_SEMICOLON) semicolon(&walk);
        else if (known->kind == TOKEN_NEWLINE && known->span.begin == token->span.begin) { // before } and at the end
            end_statement(&walk);
            walk.next++;
        } else add_word(&walk);
    }
    return walk.text;
}

// ---- Blanks
bool format_spaced(const FormatWord *before, const FormatWord *word) {
    if (before->end) return false;
    if (word->import && before->import) { // from .a import b
        if (word->kind == TOKEN_DOT) return strcmp(before->text, "from") == 0;
        if (before->kind == TOKEN_DOT) return strcmp(word->text, "import") == 0;
    }
    switch (before->kind) {
    case TOKEN_LPAREN:
    case TOKEN_LAMBDA_PAREN:
    case TOKEN_LBRACKET:
    case TOKEN_DOT:
    case TOKEN_COLON: return false;
    default: break;
    }
    if (before->unary || before->keyword || word->keyword) return false;
    switch (word->kind) {
    case TOKEN_COMMA:
    case TOKEN_RPAREN:
    case TOKEN_RBRACKET: return false;
    case TOKEN_COLON: return before->kind == TOKEN_COMMA;                            // x[:, :, 0]
    case TOKEN_DOT: return before->kind == TOKEN_INT || before->kind == TOKEN_FLOAT; // 1.x would be a number
    case TOKEN_LPAREN:
    case TOKEN_LBRACKET: return !format_is_operand(before->kind) || before->import;
    default: return true;
    }
}
