// What the formatter works on: the words of the text with what matters for their layout, and the lines that are made of them.
// Private to syntax/format*.c.
#pragma once

#include "support/diag.h"
#include "support/vec.h"

enum { FORMAT_WIDTH = 128, FORMAT_INDENT = 4 };

typedef struct FormatComment {
    const char *text; // from the '#' on
    bool own_line;
    bool blank_before; // an empty line stood before it
} FormatComment;

// A token that the grammar reads, a whole string, or a word of an `import` line.
typedef struct FormatWord {
    int kind; // as the grammar reads it; TOKEN_STRING_BEGIN of a whole string, TOKEN_NEWLINE of the word before the first
    const char *text;
    uint32_t width; // characters
    uint32_t match; // of a ( or [: index of its partner
    bool in_parens;
    bool import;
    bool unary;                      // a sign or a star before its operand
    bool keyword;                    // the `=` of an argument or a default value
    bool blank_before;               // an empty line stood before it
    bool end;                        // a statement ends behind it,
    bool joined;                     // with a `;` before another one on the same line
    uint32_t comment, comment_count; // those behind it
    bool late;                       // its comments are written by whoever asked for what it ends
} FormatWord;

typedef struct FormatText {
    VEC(FormatWord) words; // the first is empty (comments at the head of the file follow it), the last is TOKEN_END
    VEC(FormatComment) comments;
} FormatText;

// format_words.c: the words of a file without errors.
FormatText format_words(Arena *perm, Diagnostics *diag, uint32_t file);
bool format_spaced(const FormatWord *before, const FormatWord *word); // whether a blank stands between them
bool format_is_operand(int kind);                                     // can end one

// What stands under one another in neighbouring lines.
typedef enum FormatTable { TABLE_NONE, TABLE_NAMES, TABLE_PATHS, TABLE_ARGUMENTS, TABLE_PAIRS } FormatTable;

typedef struct FormatLine {
    const char *code;
    uint32_t indent, width; // width: of the code with its indentation
    const char *comment;    // behind it, or NULL
    bool only_comment;      // the code is a comment
    bool opens, closes;     // a block
    bool blank_before;
    FormatTable table;
    uint32_t at, column; // of the mark that is aligned: byte and column
} FormatLine;

// format_lines.c: marks under one another, and the text.
void format_align(Arena *perm, FormatLine *lines, size_t count);

// format_layout.c: a statement becomes lines.
typedef struct FormatWriter {
    Arena *perm;
    FormatText text;
    uint32_t *widths; // of all words before each, on one line
    uint32_t *forced; // how many of them force a line end
    VEC(FormatLine) lines;

    // The line that is written now
    FormatLine line;
    VEC(char) code;
    uint32_t column;
    bool fresh; // nothing on it yet
    bool blank; // asked for before the next line

    uint32_t level; // indentation of the statement
    uint32_t wrap;  // and of the lines it goes on in
    bool header;    // those of a header stand out from the block below
    uint32_t mark;  // the word whose place is kept in line.at and line.column
} FormatWriter;

void format_measure(FormatWriter *w);
bool format_fits(const FormatWriter *w, uint32_t begin, uint32_t end, uint32_t tail); // on the rest of the line
void format_statement(FormatWriter *w, uint32_t begin, uint32_t end);                 // onto the line that is written now
void format_newline(FormatWriter *w, uint32_t indent);
void format_comments(FormatWriter *w, uint32_t word, uint32_t indent); // those behind a word; a new line must follow
void format_text(FormatWriter *w, const char *text);
