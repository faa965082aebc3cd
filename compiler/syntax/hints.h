// Hints at the .net way for what was written in another language's. Private to syntax/.
#pragma once

#include "syntax/parser.h"

// Adds a hint to the error about token `at`, in the statement that starts with token `begin`; says whether there was one.
bool hint_for(Parser *parser, size_t begin, size_t at);

// The same for a word that starts a statement elsewhere, or NULL.
const char *hint_for_word(const char *word);
