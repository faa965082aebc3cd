// A text parsed for a test: the tree, its outline, and what was reported.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "support/strbuf.h"
#include "syntax/ast.h"

typedef struct Parsed {
    Arena *arena;
    Diagnostics *diag;
    uint32_t file;
    const Ast *tree;
    size_t errors;
    const char *reports; // as the user sees them
} Parsed;

static inline Parsed parse_bytes(const char *text, size_t length) {
    Parsed parsed = {.arena = arena_new()};
    parsed.diag = diag_new(parsed.arena, NULL);
    // A copy of exactly this size, so that the address sanitizer sees whoever reads on.
    char *copy = malloc(length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    parsed.file = diag_add_file(parsed.diag, "t.net", copy, length, false);
    parsed.tree = parse_file(parsed.arena, parsed.diag, parsed.file);
    parsed.errors = diag_error_count(parsed.diag);
    char *reports = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&reports, &size);
    diag_print(parsed.diag, out);
    fclose(out);
    parsed.reports = arena_strndup(parsed.arena, reports, size);
    free(reports);
    return parsed;
}

static inline Parsed parse_text(const char *text) { return parse_bytes(text, strlen(text)); }

static inline void parsed_free(Parsed *parsed) {
    free((char *)diag_file(parsed->diag, parsed->file)->text);
    arena_free(parsed->arena);
}

// The outline of the tree, one line: nodes that have children in parentheses.
static inline void add_flat(StrBuf *out, const Ast *node) {
    if (!node) {
        strbuf_add(out, "-");
        return;
    }
    StrBuf lines = {0};
    ast_print(node, &lines);
    size_t depth = 0;
    for (char *line = strtok(lines.text, "\n"); line; line = strtok(NULL, "\n")) {
        size_t indent = strspn(line, " ") / 2;
        if (indent > depth) strbuf_add(out, "(");
        for (; depth > indent; depth--) strbuf_add(out, ")");
        if (out->length && out->text[out->length - 1] != '(') strbuf_add(out, " ");
        depth = indent;
        strbuf_add(out, line + 2 * indent);
    }
    for (; depth > 0; depth--) strbuf_add(out, ")");
    strbuf_free(&lines);
}
