// A growing piece of text (malloc'ed, so that --emit of a large graph leaves nothing behind in an arena).
#pragma once

#include <stdarg.h>
#include <stddef.h>

typedef struct StrBuf {
    char *text; // always NUL-terminated once something was added; NULL when empty
    size_t length;
    size_t capacity;
} StrBuf;

void strbuf_add(StrBuf *buf, const char *text);
void strbuf_add_bytes(StrBuf *buf, const char *bytes, size_t length);
void strbuf_printf(StrBuf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strbuf_vprintf(StrBuf *buf, const char *format, va_list args);
void strbuf_add_double(StrBuf *buf, double value); // shortest text that reads back exactly; "1.0", "inf", "nan"
void strbuf_free(StrBuf *buf);
