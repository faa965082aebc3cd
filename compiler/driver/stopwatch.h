// `netc --time`: what each stage took.
#pragma once

#include "support/arena.h"
#include "support/strbuf.h"

enum { STOPWATCH_LAPS = 16 };

typedef struct Lap {
    const char *stage;
    double seconds;
    size_t bytes;  // of the arena, at the end of the stage
    long resident; // KB: the most memory that the process has had by then
} Lap;

typedef struct Stopwatch {
    const Arena *arena;
    double start;
    Lap laps[STOPWATCH_LAPS];
    unsigned count;
    size_t kernels, distinct; // of the program; 0: none were made into code
} Stopwatch;

void stopwatch_start(Stopwatch *watch, const Arena *arena);
void stopwatch_lap(Stopwatch *watch, const char *stage); // the stage that ends now
void stopwatch_print(const Stopwatch *watch, StrBuf *out);
