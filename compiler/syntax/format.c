// The canonical form of a whole file: statement by statement, block by block.
#include "syntax/format.h"

#include <string.h>

#include "net_parser.h"
#include "syntax/format_parts.h"
#include "syntax/tokens.h"

enum { MAX_BLOCKS = 300 }; // more than brackets.c lets through

typedef struct Blocks {
    FormatWriter *w;
    bool code[MAX_BLOCKS]; // whether each block is the body of a function
    uint32_t depth;
} Blocks;

static const FormatWord *word_at(const FormatWriter *w, uint32_t index) { return &w->text.words.items[index]; }

// The word behind the statement, or the header with its `{`, that starts at `begin`.
static uint32_t statement_end(const FormatWriter *w, uint32_t begin) {
    uint32_t i = begin;
    while (!word_at(w, i)->end && word_at(w, i)->kind != TOKEN_LBRACE) i++;
    return i + 1;
}

static bool is_block_start(const FormatWriter *w, uint32_t end) { return word_at(w, end - 1)->kind == TOKEN_LBRACE; }

static void open_block(Blocks *blocks, int kind) {
    bool code = blocks->code[blocks->depth];
    if (kind == TOKEN_DEF || kind == TOKEN_DEF_NAME) code = true;
    if (kind == TOKEN_MODULE || kind == TOKEN_OPTIMIZER) code = false;
    blocks->code[++blocks->depth] = code;
    blocks->w->level += FORMAT_INDENT;
}

// What a declaration is aligned with: `name = …` or `path.to = …`.
static FormatTable table_of(FormatWriter *w, uint32_t begin, uint32_t end) {
    uint32_t i = begin;
    while (i < end &&
           (word_at(w, i)->kind == TOKEN_NAME || word_at(w, i)->kind == TOKEN_DOT || word_at(w, i)->kind == TOKEN_WILD))
        i++;
    if (i == begin || i == end || word_at(w, i)->kind != TOKEN_ASSIGN) return TABLE_NONE;
    w->mark = i;
    return i == begin + 1 ? TABLE_NAMES : TABLE_PATHS;
}

static void simple_statement(Blocks *blocks, uint32_t begin, uint32_t end) {
    FormatWriter *w = blocks->w;
    size_t lines = w->lines.count;
    FormatTable table = blocks->code[blocks->depth] ? TABLE_NONE : table_of(w, begin, end);
    format_statement(w, begin, end);
    if (w->lines.count == lines) w->line.table = table;
}

// Statements with `;` between them, if all have room on one line; else each gets its own. Returns the word behind the last, or
// `begin`.
static uint32_t joined_statements(Blocks *blocks, uint32_t begin) {
    FormatWriter *w = blocks->w;
    uint32_t end = statement_end(w, begin), count = 1;
    bool simple = true;
    while (word_at(w, end - 1)->joined) {
        end = statement_end(w, end);
        simple &= !is_block_start(w, end);
        count++;
    }
    if (count == 1) return begin;
    bool fits = simple && format_fits(w, begin, end, 2 * (count - 1));
    for (uint32_t at = begin, next; at < end; at = next) {
        next = statement_end(w, at);
        w->text.words.items[next - 1].joined = false;
        if (!fits) continue;
        if (at > begin) format_text(w, "; ");
        w->text.words.items[next - 1].late = true;
        format_statement(w, at, next);
    }
    return fits ? end : begin;
}

// A `}`, with what follows on its line: `else {`, or nothing. Returns the word that goes on.
static uint32_t close_block(Blocks *blocks, uint32_t at) {
    FormatWriter *w = blocks->w;
    w->level -= FORMAT_INDENT;
    blocks->depth--;
    format_newline(w, w->level);
    w->line.closes = true;
    format_text(w, "}");
    if (word_at(w, at)->end) return at + 1;
    if (word_at(w, at)->comment_count > 0) {
        format_comments(w, at, w->level);
        format_newline(w, w->level);
    }
    return at + 1;
}

// Writes the statement or header that starts at `begin`, with the comments behind it; returns the word that follows.
static uint32_t statement(Blocks *blocks, uint32_t begin) {
    FormatWriter *w = blocks->w;
    int kind = word_at(w, begin)->kind;
    if (kind == TOKEN_RBRACE) {
        begin = close_block(blocks, begin);
        if (word_at(w, begin - 1)->end) {
            format_comments(w, begin - 1, w->level);
            return begin;
        }
        kind = word_at(w, begin)->kind;
    } else {
        w->blank |= word_at(w, begin)->blank_before;
        format_newline(w, w->level);
    }
    uint32_t end = statement_end(w, begin);
    w->text.words.items[end - 1].late = true;
    w->header = is_block_start(w, end);
    w->mark = 0;
    if (w->header) {
        format_statement(w, begin, end);
        w->line.opens = true;
        open_block(blocks, kind);
    } else {
        uint32_t joined = joined_statements(blocks, begin);
        if (joined == begin) simple_statement(blocks, begin, end);
        else end = joined;
        if (word_at(w, end - 1)->kind == TOKEN_COMMA) format_text(w, ";"); // t = 1,; behind a comma a line end ends nothing
    }
    format_comments(w, end - 1, w->level);
    return end;
}

static void add_lines(const FormatWriter *w, StrBuf *out) {
    const FormatLine *before = NULL;
    for (size_t i = 0; i < w->lines.count; i++) {
        const FormatLine *line = &w->lines.items[i];
        if (line->blank_before && before && !before->opens && !line->closes) strbuf_add(out, "\n");
        strbuf_add(out, line->code);
        strbuf_add(out, "\n");
        before = line;
    }
}

static void write_file(FormatWriter *w, StrBuf *out) {
    Blocks blocks = {.w = w};
    w->fresh = true;
    format_measure(w);
    format_newline(w, 0);
    format_comments(w, 0, 0);
    for (uint32_t at = 1; word_at(w, at)->kind != TOKEN_END;) at = statement(&blocks, at);
    format_newline(w, 0);
    format_align(w->perm, w->lines.items, w->lines.count);
    add_lines(w, out);
}

// ---- The check of ourselves
static const char *outline(Arena *perm, const Ast *ast) {
    StrBuf text = {0};
    ast_print(ast, &text);
    const char *kept = arena_strdup(perm, text.text);
    strbuf_free(&text);
    return kept;
}

static bool same_comments(const FormatText *a, const FormatText *b) {
    if (a->comments.count != b->comments.count) return false;
    for (size_t i = 0; i < a->comments.count; i++)
        if (strcmp(a->comments.items[i].text, b->comments.items[i].text) != 0) return false;
    return true;
}

static void check_result(Arena *perm, const char *path, const Ast *ast, const FormatText *text, const StrBuf *out) {
    Diagnostics *diag = diag_new(perm, NULL);
    uint32_t file = diag_add_file(diag, path, out->text ? out->text : "", out->length, false);
    const Ast *again = parse_file(perm, diag, file);
    if (diag_error_count(diag) > 0) BUG("--format: the result for %s does not parse", path);
    if (strcmp(outline(perm, ast), outline(perm, again)) != 0) BUG("--format: the result for %s means something else", path);
    FormatText after = format_words(perm, diag, file);
    if (!same_comments(text, &after)) BUG("--format: a comment of %s was lost or moved", path);
}

bool format_file(Arena *perm, Diagnostics *diag, uint32_t file, StrBuf *out) {
    const SourceFile *source = diag_file(diag, file);
    size_t errors = diag_error_count(diag);
    const Ast *ast = parse_file(perm, diag, file);
    if (diag_error_count(diag) > errors) return false;
    if (memchr(source->text, 0, source->length)) {
        diag_error(diag, SPAN_NONE, MSG(COMMENT_NUL), source->path);
        return false;
    }
    StrBuf formatted = {0};
    FormatWriter writer = {.perm = perm, .text = format_words(perm, diag, file)};
    FormatText before = writer.text;
    write_file(&writer, &formatted);
    check_result(perm, source->path, ast, &before, &formatted);
    if (formatted.text) strbuf_add_bytes(out, formatted.text, formatted.length);
    strbuf_free(&formatted);
    return true;
}
