// The canonical form of a .net file (`netc --format`). What it is depends on the tokens, the comments and the blank lines
// between statements alone: other blanks and line ends of the text do not matter, so formatting twice changes nothing.
//
//   - Four blanks a level; blocks are never on one line; `} else {` is; one blank line at most, none at the ends of a block.
//   - A list in brackets stands on one line if that has room for it (128 columns). With a comma behind its last item it always
//     has a line for each item. A list that is too long is filled, or, if most of its items have brackets of their own, gets a
//     line for each.
//   - In tables the marks stand under one another: the `=` of neighbouring declarations (of the file and of modules, not of
//     functions) and of arguments with a line for each, the layers of a list of ('name', layer), and comments behind code.
//   - Words, numbers, strings and comments stay as they were written, `;` between statements of a line too.
#pragma once

#include "support/strbuf.h"
#include "syntax/ast.h"

// Adds the canonical form of a file that is registered with diag. False when the text has errors, which are reported. That the
// result has the same syntax tree and the same comments is checked; anything else is a bug.
bool format_file(Arena *perm, Diagnostics *diag, uint32_t file, StrBuf *out);
