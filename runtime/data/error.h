// How library code of the runtime reports a failure: it never prints or exits, it fills one line for the user and returns
// false.
#pragma once

#include <stdbool.h>

typedef struct NetrtError {
    char message[1024]; // one line, no newline at its end, names the file that it is about
} NetrtError;

// Formats into error->message (cut where it is full) and returns false, so that `return netrt_fail(…)` reads well.
bool netrt_fail(NetrtError *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
