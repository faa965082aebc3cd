// Pictures of digits, drawn by strokes.
#pragma once

#include "data/counter_random.h"

enum { DIGIT_SIDE = 28 };

// Draws `digit` (0 … 9) into 28 × 28 bytes, black on nothing as in MNIST (255 is ink): one of several ways to write it,
// shifted, turned, scaled and slanted, with wavering strokes of varying width, and noise.
void netrt_draw_digit(CounterRandom *random, int digit, uint8_t pixels[DIGIT_SIDE * DIGIT_SIDE]);
