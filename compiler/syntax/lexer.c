// The list of tokens as grammar/net.l finds them: numbers and escapes are turned into values here, and what is wrong inside
// a single token is reported here. A token with a mistake in it stays in the list, marked, so that the statement around it
// can still be read.
#include "syntax/lexer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net_parser.h"

enum { MAX_STRING = 1 << 20, MAX_TOKENS = 1 << 21 };

TokenList tokens_read(Arena *perm, Diagnostics *diag, uint32_t file) {
    Lexer lexer = {.perm = perm, .diag = diag, .file = file, .source = diag_file(diag, file)->text};
    lexer_scan(&lexer);
    if (lexer.too_many) { // of the file only its end is left
        lexer.tokens.items[0] = lexer.tokens.items[lexer.tokens.count - 1];
        lexer.tokens.count = 1;
    }
    return lexer.tokens;
}

Span lexer_span(const Lexer *lexer) { return (Span){lexer->file, lexer->begin, lexer->end}; }

static Token *add(Lexer *lexer, int kind, Span span) {
    Token token = {.kind = kind, .span = span, .line = lexer->line, .first = !lexer->line_has_token};
    if (token.first) {
        lexer->indent = span.begin;
        while (lexer->indent > 0 && lexer->source[lexer->indent - 1] != '\n') lexer->indent--;
        lexer->indent = span.begin - lexer->indent;
    }
    token.indent = lexer->indent;
    lexer->line_has_token = true;
    if (lexer->tokens.count == MAX_TOKENS) { // what was read is dropped
        if (!lexer->too_many) diag_error(lexer->diag, span, MSG(TOO_MANY_WORDS));
        lexer->too_many = true;
        lexer->tokens.count = 0;
    }
    VEC_PUSH(lexer->perm, &lexer->tokens, token);
    return &lexer->tokens.items[lexer->tokens.count - 1];
}

static const char *matched_text(Lexer *lexer) {
    return arena_strndup(lexer->perm, lexer->source + lexer->begin, lexer->end - lexer->begin);
}

void lexer_emit(Lexer *lexer, int kind) {
    Token *token = add(lexer, kind, lexer_span(lexer));
    if (kind == TOKEN_NAME || kind == TOKEN_FOREIGN || kind == TOKEN_WILD) token->text = matched_text(lexer);
}

bool lexer_after_operand(const Lexer *lexer) {
    if (lexer->tokens.count == 0) return false;
    int kind = lexer->tokens.items[lexer->tokens.count - 1].kind;
    return kind == TOKEN_NAME || kind == TOKEN_RPAREN || kind == TOKEN_RBRACKET || kind == TOKEN_STRING_END;
}

void lexer_newline(Lexer *lexer, bool ends_line) {
    if (ends_line && lexer->strings.count) lexer_unterminated(lexer);
    if (ends_line) add(lexer, TOKEN_NEWLINE, lexer_span(lexer));
    lexer->line++;
    if (ends_line) lexer->line_has_token = lexer->line_has_bad_bytes = false;
}

void lexer_comment(Lexer *lexer) {
    Span span = lexer_span(lexer);
    for (char last; last = lexer->source[span.end - 1], last == ' ' || last == '\t' || last == '\r';) span.end--;
    Token *token = add(lexer, TOKEN_COMMENT, span);
    token->text = arena_strndup(lexer->perm, lexer->source + span.begin + 1, span.end - span.begin - 1);
}

// ---- Numbers

// What was matched, without the underscores.
static char *digits(Lexer *lexer) {
    char *text = arena_strndup(lexer->perm, lexer->source + lexer->begin, lexer->end - lexer->begin), *to = text;
    for (const char *from = text; *from; from++)
        if (*from != '_') *to++ = *from;
    *to = '\0';
    return text;
}

void lexer_integer(Lexer *lexer) {
    const char *text = digits(lexer);
    Token *token = add(lexer, TOKEN_INT, lexer_span(lexer));
    errno = 0;
    token->integer = strtoll(text, NULL, 10);
    if (errno != ERANGE) return;
    token->wrong = true;
    diag_error(lexer->diag, token->span, MSG(INTEGER_TOO_LARGE));
    diag_hint(lexer->diag, MSG(HINT_LARGEST_INTEGER));
}

void lexer_float(Lexer *lexer) {
    const char *text = digits(lexer);
    Token *token = add(lexer, TOKEN_FLOAT, lexer_span(lexer));
    token->number = strtod(text, NULL);
}

void lexer_bad_number(Lexer *lexer) {
    bool format = lexer->strings.count && lexer->tokens.items[lexer->tokens.count - 1].kind == TOKEN_COLON; // "{x:.2f}"
    Token *token = add(lexer, TOKEN_FLOAT, lexer_span(lexer));
    token->wrong = true;
    if (format) return; // the parser says it of the colon
    uint32_t length = lexer->end - lexer->begin;
    diag_error(lexer->diag, token->span, MSG(BAD_NUMBER), length > 40 ? 40 : (int)length, lexer->source + lexer->begin);
    if (length > 1 && lexer->source[lexer->begin] == '0' && strchr("xXbBoO", lexer->source[lexer->begin + 1]))
        diag_hint(lexer->diag, MSG(HINT_DECIMAL));
}

// ---- Bytes that no token holds

// Characters that text processors and web pages put where others were meant.
static const struct Lookalike {
    const char *bytes, *meant;
} lookalikes[] = {
    {"\xE2\x80\x98", "'"},   {"\xE2\x80\x99", "'"},  {"\xE2\x80\x9C", "\""}, {"\xE2\x80\x9D", "\""},
    {"\xE2\x88\x92", "-"},   {"\xE2\x80\x93", "-"},  {"\xE2\x80\x94", "-"},  {"\xC3\x97", "*"},
    {"\xC3\xB7", "/"},       {"\xE2\x86\x92", "->"}, {"\xE2\x89\xA4", "<="}, {"\xE2\x89\xA5", ">="},
    {"\xE2\x89\xA0", "!="},  {"\xC2\xB7", "*"},      {"\xEF\xBC\x8C", ","},  {"\xE2\x88\xA7", "and"},
    {"\xE2\x88\xA8", "or"},  {"\xC2\xAC", "not"},    {"\xE2\x88\x88", "in"}, {"\xE2\x87\x92", "->"},
    {"\xE2\x80\xA6", "..."}, {"\xC2\xB2", "** 2"},   {"\xC2\xB3", "** 3"},   {"\xE2\x88\x9A", "sqrt(x)"},
    {"\xE2\x88\x9E", "inf"}, {"\xC2\xAB", "\""},     {"\xC2\xBB", "\""},     {"\xC2\xB4", "'"},
    {"\xE2\x80\xB2", "'"},   {"\xE2\x88\x97", "*"},  {"\xE2\x8B\x85", "*"},  {"\xEF\xBC\x88", "("},
    {"\xEF\xBC\x89", ")"},   {"\xEF\xBC\x9D", "="},  {"\xEF\xBC\x9A", ":"},  {"\xEF\xBC\x9B", ";"},
};

// Characters that nobody sees, which web pages leave in a text that is copied from them.
static const char *const invisible[] = {"\xE2\x80\x8B", "\xE2\x80\x8C", "\xE2\x80\x8D",
                                        "\xE2\x81\xA0", "\xEF\xBB\xBF", "\xC2\xAD"};

static bool is_invisible(const char *bytes, size_t length) {
    for (size_t i = 0; i < sizeof invisible / sizeof *invisible; i++)
        if (strlen(invisible[i]) == length && memcmp(bytes, invisible[i], length) == 0) return true;
    return false;
}

// Every byte of a run gets here on its own; the run is one token, and a line gets one message.
void lexer_bad_bytes(Lexer *lexer) {
    TokenList *tokens = &lexer->tokens;
    Token *last = tokens->count ? &tokens->items[tokens->count - 1] : NULL;
    if (last && last->kind == TOKEN_WRONG && last->span.end == lexer->begin) {
        last->span.end = lexer->end;
        return;
    }
    Token *token = add(lexer, TOKEN_WRONG, lexer_span(lexer));
    token->wrong = true;
    if (lexer->line_has_bad_bytes) return;
    lexer->line_has_bad_bytes = true;
    const SourceFile *file = diag_file(lexer->diag, lexer->file);
    const char *at = file->text + lexer->begin;
    size_t left = file->length - lexer->begin;
    unsigned char byte = (unsigned char)*at;
    if (byte < 0x20 || byte == 0x7F) {
        diag_error(lexer->diag, token->span, MSG(CONTROL_CHARACTER), byte);
        return;
    }
    size_t length = 1;
    while (byte >= 0xC2 && length < 4 && length < left && ((unsigned char)at[length] & 0xC0) == 0x80) length++;
    if (byte >= 0x80 && length == 1) {
        diag_error(lexer->diag, token->span, MSG(NOT_UTF8), byte);
        return;
    }
    token->span.end = lexer->begin + (uint32_t)length; // the bytes that follow widen it to what it already is
    if (is_invisible(at, length)) {
        diag_error(lexer->diag, token->span, MSG(INVISIBLE_CHARACTER));
        diag_hint(lexer->diag, MSG(HINT_INVISIBLE));
        token->span.end = lexer->end;
        return;
    }
    diag_error(lexer->diag, token->span, MSG(BAD_CHARACTER), (int)length, at);
    for (size_t i = 0; i < sizeof lookalikes / sizeof *lookalikes; i++)
        if (strlen(lookalikes[i].bytes) == length && memcmp(at, lookalikes[i].bytes, length) == 0)
            diag_hint(lexer->diag, MSG(HINT_WRITE), lookalikes[i].meant);
    token->span.end = lexer->end;
    if (byte == '\\') diag_hint(lexer->diag, MSG(HINT_BACKSLASH_LAST));
}

// ---- Strings

static OpenString *innermost(Lexer *lexer) { return &lexer->strings.items[lexer->strings.count - 1]; }

static void begin_text(Lexer *lexer) {
    lexer->text.count = 0;
    lexer->text_begin = lexer->end;
    lexer->too_long = false;
}

static void flush_text(Lexer *lexer) {
    if (lexer->text.count == 0) return;
    Token *token = add(lexer, TOKEN_TEXT, (Span){lexer->file, lexer->text_begin, lexer->begin});
    token->text = arena_strndup(lexer->perm, lexer->text.items, lexer->text.count);
    token->wrong = lexer->too_long;
    lexer->text.count = 0;
}

void lexer_string_begin(Lexer *lexer) {
    OpenString string = {
        .quote = lexer->source[lexer->end - 1], .token = (uint32_t)lexer->tokens.count, .begin = lexer->end - 1};
    VEC_PUSH(lexer->perm, &lexer->strings, string);
    lexer_emit(lexer, TOKEN_STRING_BEGIN);
    begin_text(lexer);
}

bool lexer_string_prefixed(Lexer *lexer) {
    if (lexer->strings.count) return false; // "a { b": a brace was forgotten, b is a name
    uint32_t length = lexer->end - lexer->begin;
    diag_error(lexer->diag, lexer_span(lexer), MSG(STRING_PREFIX), (int)length - 1, lexer->source + lexer->begin);
    diag_hint(lexer->diag, MSG(HINT_STRING_PREFIX));
    lexer_string_begin(lexer);
    return true;
}

bool lexer_is_quote(const Lexer *lexer) {
    return lexer->source[lexer->begin] == lexer->strings.items[lexer->strings.count - 1].quote;
}

void lexer_string_end(Lexer *lexer) {
    flush_text(lexer);
    lexer_emit(lexer, TOKEN_STRING_END);
    lexer->strings.count--;
}

void lexer_string_bytes(Lexer *lexer, const char *bytes, size_t length) {
    if (lexer->text.count + length > MAX_STRING) {
        if (!lexer->too_long) diag_error(lexer->diag, lexer_span(lexer), MSG(LITERAL_STRING_TOO_LONG));
        lexer->too_long = true;
        return;
    }
    for (size_t i = 0; i < length; i++) VEC_PUSH(lexer->perm, &lexer->text, bytes[i]);
}

void lexer_string_escape(Lexer *lexer) {
    static const char letters[] = "nrt\\'\"abfv", values[] = "\n\r\t\\'\"\a\b\f\v";
    char letter = lexer->source[lexer->begin + 1];
    const char *found = letter ? strchr(letters, letter) : NULL;
    if (found) {
        lexer_string_bytes(lexer, &values[found - letters], 1);
        return;
    }
    if (letter > ' ' && letter < 0x7F) diag_error(lexer->diag, lexer_span(lexer), MSG(UNKNOWN_ESCAPE), letter);
    else diag_error(lexer->diag, lexer_span(lexer), MSG(UNKNOWN_ESCAPE_BYTE));
    if (letter == '{' || letter == '}') diag_hint(lexer->diag, MSG(HINT_BRACE_TWICE), letter, letter);
    else diag_hint(lexer->diag, MSG(HINT_BACKSLASH_TWICE));
}

void lexer_string_point(Lexer *lexer) {
    char hex[5] = {0};
    memcpy(hex, lexer->source + lexer->begin + 2, lexer->end - lexer->begin - 2);
    unsigned long point = strtoul(hex, NULL, 16);
    char bytes[3];
    size_t length = 0;
    if (point == 0 || (point >= 0xD800 && point <= 0xDFFF)) {
        diag_error(lexer->diag, lexer_span(lexer), MSG(ESCAPE_NO_CHARACTER));
        return;
    }
    if (point < 0x80) {
        bytes[length++] = (char)point;
    } else if (point < 0x800) {
        bytes[length++] = (char)(0xC0 | point >> 6);
        bytes[length++] = (char)(0x80 | (point & 0x3F));
    } else {
        bytes[length++] = (char)(0xE0 | point >> 12);
        bytes[length++] = (char)(0x80 | (point >> 6 & 0x3F));
        bytes[length++] = (char)(0x80 | (point & 0x3F));
    }
    lexer_string_bytes(lexer, bytes, length);
}

void lexer_string_bad_byte(Lexer *lexer) {
    unsigned char byte = (unsigned char)lexer->source[lexer->begin];
    if (byte == '\\') return; // before the end of the file: the string has no end either, which is said
    if (byte) diag_error(lexer->diag, lexer_span(lexer), MSG(STRING_NOT_UTF8), byte);
    else diag_error(lexer->diag, lexer_span(lexer), MSG(STRING_NUL));
}

void lexer_interpolation_begin(Lexer *lexer) {
    flush_text(lexer);
    OpenString *string = innermost(lexer);
    string->in_braces = true;
    string->brace = lexer->begin;
    string->braces = 0;
    lexer_emit(lexer, TOKEN_INTERPOLATION_BEGIN);
}

bool lexer_interpolation_end(Lexer *lexer) {
    OpenString *string = lexer->strings.count ? innermost(lexer) : NULL;
    if (!string || string->braces > 0) {
        if (string) string->braces--;
        lexer_emit(lexer, TOKEN_RBRACE);
        return false;
    }
    lexer_emit(lexer, TOKEN_INTERPOLATION_END);
    string->in_braces = false;
    begin_text(lexer);
    return true;
}

void lexer_open_brace(Lexer *lexer) {
    if (lexer->strings.count) innermost(lexer)->braces++;
    lexer_emit(lexer, TOKEN_LBRACE);
}

// Ends every string that is open, the inner ones included, so that the tokens stay in balance.
void lexer_unterminated(Lexer *lexer) {
    const OpenString *outer = &lexer->strings.items[0];
    lexer->tokens.items[outer->token].wrong = true;
    uint32_t end = lexer->begin;
    if (end > outer->begin && lexer->source[end - 1] == '\r') end--;
    if (outer->in_braces) {
        diag_error(lexer->diag, (Span){lexer->file, outer->brace, outer->brace + 1}, MSG(STRING_BRACE_NOT_CLOSED));
        diag_hint(lexer->diag, MSG(HINT_STRING_BRACE));
    } else {
        diag_error(lexer->diag, (Span){lexer->file, outer->begin, end}, MSG(STRING_NOT_CLOSED));
    }
    Span here = {lexer->file, lexer->begin, lexer->begin};
    flush_text(lexer);
    for (; lexer->strings.count; lexer->strings.count--) {
        if (innermost(lexer)->in_braces) add(lexer, TOKEN_INTERPOLATION_END, here)->wrong = true;
        add(lexer, TOKEN_STRING_END, here)->wrong = true;
    }
}

void lexer_triple_quoted(Lexer *lexer, bool closed) {
    Span span = {lexer->file, lexer->text_begin, lexer->end};
    if (closed) diag_error(lexer->diag, span, MSG(TRIPLE_QUOTES));
    else diag_error(lexer->diag, span, MSG(STRING_NOT_CLOSED));
    diag_hint(lexer->diag, MSG(HINT_COMMENT));
    add(lexer, TOKEN_STRING_BEGIN, span)->wrong = true;
    add(lexer, TOKEN_STRING_END, (Span){lexer->file, lexer->end, lexer->end})->wrong = true;
}
