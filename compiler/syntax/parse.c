// One file from text to tree: tokens, brackets, layout, grammar, checks. What bison knows of a mistake is turned into the
// language's words here, and the parser is told where to go on.
#include "syntax/ast.h"

#include <string.h>

#include "net_parser.h"
#include "syntax/brackets.h"
#include "syntax/hints.h"
#include "syntax/layout.h"
#include "syntax/parser.h"

// ---- What is no .net text at all: one answer instead of twenty
static bool is_binary(const unsigned char *text, size_t length) {
    size_t seen = length < 1024 ? length : 1024, odd = 0;
    for (size_t i = 0; i < seen; i++) odd += (text[i] < ' ' && !strchr("\t\n\r\f", text[i])) || !text[i];
    return odd * 10 > seen;
}

static bool is_other_format(Diagnostics *diag, uint32_t file) {
    const char *text = diag_file(diag, file)->text;
    size_t length = diag_file(diag, file)->length, at = 0;
    Span first = {file, 0, length ? 1 : 0};
    if (length >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0)) {
        diag_error(diag, first, MSG(FILE_UTF16));
        diag_hint(diag, MSG(HINT_UTF8));
        return true;
    }
    if (is_binary((const unsigned char *)text, length)) {
        diag_error(diag, first, MSG(FILE_BINARY));
        return true;
    }
    while (at < length && strchr(" \t\r\n", text[at])) at++;
    Span begin = {file, (uint32_t)at, (uint32_t)(at < length ? at + 1 : at)};
    if (at < length && text[at] == '<') {
        diag_error(diag, begin, MSG(FILE_MARKUP));
        diag_hint(diag, MSG(HINT_MARKUP));
        return true;
    }
    if (at < length && text[at] == '{' && text[at + 1 + strspn(text + at + 1, " \t\r\n")] == '"') {
        diag_error(diag, begin, MSG(FILE_JSON));
        diag_hint(diag, MSG(HINT_JSON));
        return true;
    }
    return false;
}

Ast *parse_file(Arena *perm, Diagnostics *diag, uint32_t file) {
    Parser *parser = NEW(perm, Parser);
    *parser = (Parser){.perm = perm, .diag = diag, .file = file};
    size_t mark = diag_mark(diag), errors = diag_error_count(diag);
    if (!is_other_format(diag, file)) {
        TokenList raw = tokens_read(perm, diag, file);
        if (brackets_match(perm, diag, &raw)) {
            parser->tokens = layout_tokens(perm, diag, &raw);
            net_parse(parser);
        }
    }
    if (parser->result) check_tree(diag, parser->result);
    else parser->result = build(parser, AST_FILE, (Span){file, 0, 0});
    if (diag_error_count(diag) > errors) diag_sort_since(diag, mark);
    return parser->result;
}

// ---- Going on after a mistake

// The separator that ends the statement with token `at` in it.
static size_t end_of_statement(const TokenList *tokens, size_t at) {
    uint32_t blocks = tokens->items[at].blocks;
    for (size_t i = at; i + 1 < tokens->count; i++) {
        const Token *token = &tokens->items[i];
        bool separator = token->kind == TOKEN_NEWLINE || token->kind == TOKEN_SEMICOLON;
        if (separator && !token->in_parens && token->blocks <= blocks) return i;
    }
    return tokens->count - 1;
}

// The first token of the statement with token `at` in it.
static size_t begin_of_statement(const TokenList *tokens, size_t at) {
    uint32_t blocks = tokens->items[at].blocks;
    for (; at > 0; at--) {
        const Token *before = &tokens->items[at - 1];
        bool separator = before->kind == TOKEN_NEWLINE || before->kind == TOKEN_SEMICOLON;
        if (separator && !before->in_parens && before->blocks <= blocks) break;
        if (before->kind == TOKEN_LBRACE && !before->in_parens && before->blocks < blocks) break;
    }
    return at;
}

// After a line that ends with ':' the lines indented deeper than its statement were meant as its block: Python's form, which
// was reported as a whole.
static size_t end_of_python_block(const TokenList *tokens, size_t begin, size_t end) {
    uint32_t indent = tokens->items[begin].indent;
    while (end > begin && tokens->items[end - 1].kind == TOKEN_COLON && end + 1 < tokens->count) {
        size_t line = end + 1;
        while (line + 1 < tokens->count && tokens->items[line].indent > indent && tokens->items[line].kind != TOKEN_RBRACE) {
            end = end_of_statement(tokens, line);
            line = end + 1;
        }
        int kind = tokens->items[line].kind;
        bool goes_on = (kind == TOKEN_ELSE || kind == TOKEN_ELIF) && tokens->items[line].indent == indent;
        if (!goes_on) break;
        end = end_of_statement(tokens, line);
    }
    return end;
}

const Token *parser_next(Parser *parser) {
    const TokenList *tokens = &parser->tokens;
    if (parser->recovering && parser->next > 0) {
        size_t at = parser->next - 1;
        size_t end = end_of_python_block(tokens, begin_of_statement(tokens, at), end_of_statement(tokens, at));
        if (end >= parser->next) parser->next = end;
        parser->recovering = false;
    }
    const Token *token = &tokens->items[parser->next];
    if (parser->next + 1 < tokens->count) parser->next++;
    return token;
}

void parser_recovered(Parser *parser) { parser->recovering = false; }

void parser_too_deep(Parser *parser, Span span) {
    if (!parser->too_deep) diag_error(parser->diag, span, MSG(NESTED_TOO_DEEPLY));
    parser->too_deep = true;
}

// ---- What is said about a mistake

static const char *found_text(const Parser *parser, const Token *token) {
    if (token->kind == TOKEN_END || token->span.begin >= diag_file(parser->diag, parser->file)->length)
        return "the end of the file";
    if (token->kind == TOKEN_STRING_BEGIN) return "a string";
    if (token->kind == TOKEN_TEXT) return "text";
    const char *text = diag_file(parser->diag, parser->file)->text + token->span.begin;
    if (token->kind == TOKEN_NEWLINE && (*text == '\n' || *text == '\r')) return "the end of the line";
    uint32_t length = token->span.end - token->span.begin;
    return arena_printf(parser->perm, "'%.*s'%s", length > 40 ? 40 : (int)length, text, length > 40 ? "..." : "");
}

static const char *expected_text(const Parser *parser, const Expected *expected) {
    const char *phrases[20];
    size_t count = 0;
    if (expected->statement) phrases[count++] = "a statement";
    if (expected->expression) phrases[count++] = "an expression";
    // Between operands anything may go on; what closes the construct is what was most likely meant.
    if (expected->operator_ && (expected->end || expected->count == 0)) phrases[count++] = "an operator";
    for (size_t i = 0; i < expected->count; i++) phrases[count++] = expected->tokens[i];
    if (expected->end) phrases[count++] = "the end of the statement";
    if (count == 0) return "something else";
    char *text = arena_strdup(parser->perm, phrases[0]);
    for (size_t i = 1; i < count; i++)
        text = arena_printf(parser->perm, "%s%s%s", text, i + 1 < count ? ", " : " or ", phrases[i]);
    return text;
}

// An operator at the end of a line makes the next line part of the statement; who did not mean that is shown where.
static void note_joined_line(Parser *parser, size_t begin, size_t at) {
    const Token *items = parser->tokens.items;
    if (items[at].in_parens || items[at].kind == TOKEN_NEWLINE) return;
    for (size_t i = at; i > begin; i--) {
        if (items[i].line == items[i - 1].line || items[i - 1].kind == TOKEN_LBRACE) continue;
        if (items[i - 1].in_parens || items[at].line != items[i].line) return;
        diag_note(parser->diag, items[i - 1].span, MSG(NOTE_GOES_ON), found_text(parser, &items[i - 1]));
        return;
    }
}

// A bracket that was opened on an earlier line may be the one that is missing its partner.
static bool note_open_bracket(Parser *parser, size_t begin, size_t at) {
    const Token *items = parser->tokens.items;
    if (!items[at].in_parens) return false;
    size_t closed = 0;
    for (size_t i = at; i > begin; i--) {
        int kind = items[i - 1].kind;
        if (kind == TOKEN_RPAREN || kind == TOKEN_RBRACKET) closed++;
        if (kind != TOKEN_LPAREN && kind != TOKEN_LBRACKET && kind != TOKEN_LAMBDA_PAREN) continue;
        if (closed > 0) {
            closed--;
            continue;
        }
        if (items[i - 1].line == items[at].line) return false;
        diag_note(parser->diag, items[i - 1].span, MSG(NOTE_INSIDE), found_text(parser, &items[i - 1]));
        return true;
    }
    return false;
}

void parser_syntax_error(Parser *parser, const Expected *expected) {
    const TokenList *tokens = &parser->tokens;
    size_t at = parser->next - 1;
    const Token *found = &tokens->items[at];
    parser->recovering = true;
    size_t begin = begin_of_statement(tokens, at);
    for (size_t i = begin; i <= at; i++)
        if (tokens->items[i].wrong) return;

    Span span = found->span;
    if (found->kind == TOKEN_FOREIGN) {
        diag_error(parser->diag, span, MSG(FOREIGN), found->text);
    } else {
        diag_error(parser->diag, span, MSG(EXPECTED), expected_text(parser, expected), found_text(parser, found));
    }
    if (!hint_for(parser, begin, at) && !note_open_bracket(parser, begin, at)) note_joined_line(parser, begin, at);
}
