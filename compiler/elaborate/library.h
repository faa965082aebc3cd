// What the library has, from the definitions of the prelude and the comments over them.
#pragma once

#include "support/strbuf.h"
#include "syntax/ast.h"

typedef struct LibraryEntry {
    const char *kind;   // "layers", … as in `netc --list KIND`
    const char *name;   // "Linear"
    const char *params; // "in_features, out_features, bias=True"
    const char *doc;    // the comment over it, or NULL
} LibraryEntry;

// The first entry of this name: a class before a function before an op.
bool library_find(Arena *arena, const char *name, LibraryEntry *entry);
const char *library_kind_word(const char *kind);                                          // "layers": "layer"
const char *parameter_text(Arena *arena, const Diagnostics *diag, const Ast *definition); // with defaults as written
