// Source files, spans and diagnostics. Stages report here and return; only the driver prints.
//
//     mnist.net:3:22: error: Linear expects 784 input features, got 128 (input shape (N, 128))
//         3 | model = Sequential(a=Linear(784, 128), b=Linear(784, 10))
//           |                                        ^~~~~~~~~~~~~~~~~
//     prelude/layers.net:9:9: note: in forward of Linear
//     hint: write Linear(128, 10), or Linear(_, 10)
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "support/arena.h"
#include "support/messages.h"

#define FILE_NONE UINT32_MAX

typedef struct Span {
    uint32_t file;  // index into Diagnostics.files, FILE_NONE for "nowhere"
    uint32_t begin; // byte offsets into the file's text, end exclusive
    uint32_t end;
} Span;

#define SPAN_NONE ((Span){FILE_NONE, 0, 0})

// What is warned of: warnings.def. Each kind has a name to turn it off by, and any number of messages.
typedef enum Warning {
#define X(warning, name, doc) WARNING_##warning,
#include "support/warnings.def"
#undef X
    WARNING_COUNT
} Warning;

extern const char *const warning_names[WARNING_COUNT]; // "no-effect"
extern const char *const warning_docs[WARNING_COUNT];

typedef enum Severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE, SEVERITY_HINT } Severity;

typedef struct SourceFile {
    const char *path; // as shown to the user
    const char *text; // NUL-terminated; may hold NUL bytes before that
    size_t length;
    bool builtin; // a file of the prelude
} SourceFile;

typedef struct Diagnostics Diagnostics;

typedef struct DiagOptions {
    bool color;
    bool json;
    bool no_warnings;             // -w
    bool warnings_are_errors;     // -Werror
    const char *const *disabled;  // NULL-terminated names of -Wno-NAME, or NULL
    const char *const *as_errors; // NULL-terminated names of -Werror=NAME, or NULL
} DiagOptions;

Diagnostics *diag_new(Arena *perm, const DiagOptions *options); // options are copied; the strings must live on

uint32_t diag_add_file(Diagnostics *diag, const char *path, const char *text, size_t length, bool builtin);
const SourceFile *diag_file(const Diagnostics *diag, uint32_t file);
// 1-based line and column (in characters) of a byte offset.
void diag_position(const Diagnostics *diag, uint32_t file, uint32_t offset, uint32_t *line, uint32_t *column);
Span span_join(Span a, Span b);

// What is said comes from messages.h: diag_error(diag, span, MSG(UNKNOWN_NAME), name). After 20 errors further ones are counted
// but not kept ("too many errors").
void diag_error(Diagnostics *diag, Span span, MessageId id, const char *format, ...) __attribute__((format(printf, 4, 5)));
void diag_warning(Diagnostics *diag, Warning warning, Span span, MessageId id, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
// Notes and hints belong to the error or warning reported last (and vanish with it when that was suppressed).
void diag_note(Diagnostics *diag, Span span, MessageId id, const char *format, ...) __attribute__((format(printf, 4, 5)));
void diag_hint(Diagnostics *diag, MessageId id, const char *format, ...) __attribute__((format(printf, 3, 4)));

// The reports made since diag_mark was called, put into the order of the text (a parser finds mistakes in several passes).
size_t diag_mark(const Diagnostics *diag);
void diag_sort_since(Diagnostics *diag, size_t mark);

size_t diag_error_count(const Diagnostics *diag);
bool diag_too_many(const Diagnostics *diag);
void diag_print(const Diagnostics *diag, FILE *out); // sorted by nothing: in the order of reporting

// The candidate nearest to `word` by edit distance, or NULL when none is near enough to suggest.
const char *diag_nearest(const char *word, const char *const *candidates, size_t count);

// A defect of netc itself: says so, asks for a report, exits with 70.
_Noreturn void netc_bug(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));
#define BUG(...) netc_bug(__FILE__, __LINE__, __VA_ARGS__)
