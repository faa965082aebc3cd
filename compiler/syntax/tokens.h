// The tokens of a .net file, comments and line ends included, in the order of the text: what grammar/net.l makes of it.
// The parser reads them through layout.h; a formatter reads them as they are.
#pragma once

#include "support/arena.h"
#include "support/diag.h"
#include "support/vec.h"

typedef struct Token {
    int kind; // TOKEN_… of net_parser.h (generated from grammar/net.y)
    Span span;
    const char *text; // TOKEN_NAME: the name; TOKEN_TEXT: the piece of a string, escapes resolved; TOKEN_COMMENT: what follows
                      // the '#', without blanks at its end; TOKEN_FOREIGN: as written; otherwise NULL
    int64_t integer;  // TOKEN_INT
    double number;    // TOKEN_FLOAT
    bool wrong;       // a mistake in it was reported: nothing further is said about its statement
    bool first;       // on its line
    uint32_t line;    // from 0
    uint32_t indent;  // of the line: bytes before its first token

    // Filled by brackets.h
    uint32_t match;  // of a bracket: index of its partner; of the first token of a broken piece: where that ends
    uint32_t blocks; // how many `{ }` stand around it
    bool in_parens;  // the innermost bracket around it is not a `{`: line ends mean nothing

    // Filled by layout.h
    const char *doc; // of the first token of a definition: the comment block directly over it
} Token;

typedef VEC(Token) TokenList;

// Reads a whole file, already registered with diag; mistakes are reported. The last token is TOKEN_END.
TokenList tokens_read(Arena *perm, Diagnostics *diag, uint32_t file);
