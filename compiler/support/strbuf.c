// A growing piece of text. Memory that cannot be had ends the process with a line that says so, as in an arena without a
// place to go: every caller would do the same.
#include "support/strbuf.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/arena.h"

// Room for `extra` more bytes and the terminating NUL.
static void reserve(StrBuf *buf, size_t extra) {
    if (extra < buf->capacity - buf->length) return;
    size_t wanted = buf->capacity ? buf->capacity : 64;
    while (wanted - buf->length <= extra && wanted <= SIZE_MAX / 2) wanted *= 2;
    char *text = wanted - buf->length > extra ? realloc(buf->text, wanted) : NULL;
    if (!text) arena_no_memory();
    buf->text = text;
    buf->capacity = wanted;
}

void strbuf_add_bytes(StrBuf *buf, const char *bytes, size_t length) {
    reserve(buf, length);
    if (length) memcpy(buf->text + buf->length, bytes, length);
    buf->length += length;
    buf->text[buf->length] = '\0';
}

void strbuf_add(StrBuf *buf, const char *text) { strbuf_add_bytes(buf, text, strlen(text)); }

void strbuf_vprintf(StrBuf *buf, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) return;
    reserve(buf, (size_t)length);
    vsnprintf(buf->text + buf->length, (size_t)length + 1, format, args);
    buf->length += (size_t)length;
}

void strbuf_printf(StrBuf *buf, const char *format, ...) {
    va_list args;
    va_start(args, format);
    strbuf_vprintf(buf, format, args);
    va_end(args);
}

// As Python shows a float: the shortest digits that read back, an exponent from 1e16 on and below 1e-4.
void strbuf_add_double(StrBuf *buf, double value) {
    if (!isfinite(value)) {
        strbuf_add(buf, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
        return;
    }
    char text[40];
    int decimals = 0; // after the first digit
    for (;; decimals++) {
        snprintf(text, sizeof text, "%.*e", decimals, value);
        if (decimals == 16 || strtod(text, NULL) == value) break;
    }
    int exponent = atoi(strchr(text, 'e') + 1);
    if (exponent < -4 || exponent >= 16) strbuf_add(buf, text);
    else strbuf_printf(buf, "%.*f", decimals - exponent > 1 ? decimals - exponent : 1, value);
}

void strbuf_free(StrBuf *buf) {
    free(buf->text);
    *buf = (StrBuf){0};
}
