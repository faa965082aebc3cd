// From tokens to what the grammar reads: the newline rule, the words of the language that are names elsewhere, and the few
// places where the grammar needs to see further ahead than one token. Private to syntax/.
#pragma once

#include "syntax/tokens.h"

// Brackets must have been matched. In the result
//   - comments are gone, TOKEN_NEWLINE stands only where it ends a statement, and every statement has one or a `;` after it,
//     the last in a block and in the file included;
//   - `module`, `optimizer`, `state`, `infer`, `include` are TOKEN_MODULE … where a statement of theirs starts;
//   - a name that starts a definition without `def`, as in `forward(x) { … }`, is TOKEN_DEF_NAME;
//   - the `(` of a lambda's parameters is TOKEN_LAMBDA_PAREN;
//   - what was reported already is TOKEN_WRONG; lines that begin with `import` or `from` are gone.
TokenList layout_tokens(Arena *perm, Diagnostics *diag, const TokenList *raw);
