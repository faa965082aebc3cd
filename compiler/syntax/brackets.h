// Which bracket belongs to which. Private to syntax/.
#pragma once

#include "syntax/tokens.h"

enum { MAX_BRACKETS = 256 };

// Fills match, blocks and in_parens of every token. Brackets that have no partner are reported here and made harmless:
//   - a closing one too many becomes TOKEN_WRONG;
//   - from a `(` or `[` that is never closed to the place where its statement seems to end, tokens are to be left out: the
//     opening bracket becomes TOKEN_WRONG and its match is the index of the first token after that piece;
//   - a `{` that is never closed gets TOKEN_END for its match.
// Returns false when brackets are nested deeper than MAX_BRACKETS, which is reported: such a file is not parsed.
bool brackets_match(Arena *perm, Diagnostics *diag, TokenList *tokens);
