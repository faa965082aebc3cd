// A growing piece of text. Memory that cannot be had ends the process with a line that says so, as in an arena without a
// place to go: every caller would do the same.
#include "support/strbuf.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Room for `extra` more bytes and the terminating NUL.
static void reserve(StrBuf *buf, size_t extra) {
    if (extra < buf->capacity - buf->length) return;
    size_t wanted = buf->capacity ? buf->capacity : 64;
    while (wanted - buf->length <= extra && wanted <= SIZE_MAX / 2) wanted *= 2;
    char *text = wanted - buf->length > extra ? realloc(buf->text, wanted) : NULL;
    if (!text) {
        fputs("netc: out of memory\n", stderr);
        exit(1);
    }
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

void strbuf_add_double(StrBuf *buf, double value) {
    if (isnan(value)) {
        strbuf_add(buf, "nan");
        return;
    }
    char text[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    strbuf_add(buf, text);
    if (!strpbrk(text, ".en")) strbuf_add(buf, ".0"); // "e" of an exponent, "n" of inf
}

void strbuf_free(StrBuf *buf) {
    free(buf->text);
    *buf = (StrBuf){0};
}
