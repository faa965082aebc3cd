// Letters of 5 × 7 pixels for text in pictures: ASCII, which is what the names of classes and numbers are mostly made of.
#pragma once

#include <stdbool.h>

enum { NETRT_GLYPH_WIDTH = 5, NETRT_GLYPH_HEIGHT = 7 };

// Whether the letter has ink at (x, y). What is not ASCII looks like '?'.
bool netrt_glyph(int letter, int x, int y);
