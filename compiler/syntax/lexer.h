// What the rules of grammar/net.l call: each adds to the list of tokens. Private to syntax/.
#pragma once

#include "syntax/tokens.h"

// A string that was begun; one inside the { } of another is above it on the stack.
typedef struct OpenString {
    char quote;
    uint32_t token;  // index of its TOKEN_STRING_BEGIN
    uint32_t begin;  // byte offset of the quote
    bool in_braces;  // between { and }
    uint32_t brace;  // byte offset of that {
    uint32_t braces; // how many further { are open in there
} OpenString;

typedef struct Lexer {
    Arena *perm;
    Diagnostics *diag;
    uint32_t file;
    const char *source;
    TokenList tokens;
    uint32_t begin, end; // what the rule that runs now has matched
    uint32_t line, indent;
    bool line_has_token;
    bool line_has_bad_bytes;
    VEC(OpenString) strings;
    VEC(char) text; // the piece of a string that is being read
    uint32_t text_begin;
    bool too_long; // the piece is over the limit, which was said
    bool too_many; // tokens, which was said
} Lexer;

// The rules in grammar/net.l, run over the whole text (defined there).
void lexer_scan(Lexer *lexer);

Span lexer_span(const Lexer *lexer);              // of what was matched
void lexer_emit(Lexer *lexer, int kind);          // what was matched is a token
bool lexer_after_operand(const Lexer *lexer);     // whether `.` is member access here
void lexer_newline(Lexer *lexer, bool ends_line); // false after a backslash
void lexer_comment(Lexer *lexer);
void lexer_integer(Lexer *lexer);
void lexer_float(Lexer *lexer);
void lexer_bad_number(Lexer *lexer);
void lexer_bad_bytes(Lexer *lexer);

void lexer_string_begin(Lexer *lexer);
bool lexer_string_prefixed(Lexer *lexer); // r'…': whether it is taken for a string
void lexer_string_end(Lexer *lexer);
bool lexer_is_quote(const Lexer *lexer); // whether the matched quote ends the innermost string
void lexer_string_bytes(Lexer *lexer, const char *bytes, size_t length);
void lexer_string_escape(Lexer *lexer);
void lexer_string_point(Lexer *lexer); // \xHH, \uHHHH
void lexer_string_bad_byte(Lexer *lexer);
void lexer_interpolation_begin(Lexer *lexer);
bool lexer_interpolation_end(Lexer *lexer); // on `}`: whether it ends one
void lexer_open_brace(Lexer *lexer);
void lexer_unterminated(Lexer *lexer); // the line ended inside a string
void lexer_triple_quoted(Lexer *lexer, bool closed);
