// Fills in error messages.
#include "data/error.h"

#include <stdarg.h>
#include <stdio.h>

bool netrt_fail(NetrtError *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    for (char *c = error->message; *c; c++) {
        if ((unsigned char)*c < 0x20) *c = ' '; // one line, whatever a file's name or contents hold
    }
    return false;
}
