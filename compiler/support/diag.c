// Source files and the record of what was reported about them. How a report is shown is diag_print.c's affair.
#include "support/diag_record.h"

#include <stdlib.h>
#include <string.h>

const char *const warning_names[WARNING_COUNT] = {
#define X(warning, name, doc) name,
#include "support/warnings.def"
#undef X
};

const char *const warning_docs[WARNING_COUNT] = {
#define X(warning, name, doc) doc,
#include "support/warnings.def"
#undef X
};

enum { MAX_ERRORS = 20, MAX_WARNINGS = 50, MAX_SUGGESTED = 64 };

Diagnostics *diag_new(Arena *perm, const DiagOptions *options) {
    Diagnostics *diag = NEW(perm, Diagnostics);
    diag->perm = perm;
    if (options) diag->options = *options;
    return diag;
}

// ---- Files

uint32_t diag_add_file(Diagnostics *diag, const char *path, const char *text, size_t length, bool builtin) {
    DiagFile file = {.source = {.path = path, .text = text, .length = length, .builtin = builtin}};
    VEC(uint32_t) lines = {0};
    VEC_PUSH(diag->perm, &lines, 0);
    for (size_t at = 0; at < length; at++)
        if (text[at] == '\n') VEC_PUSH(diag->perm, &lines, (uint32_t)at + 1);
    file.line_starts = lines.items;
    file.line_count = lines.count;
    VEC_PUSH(diag->perm, &diag->files, file);
    return (uint32_t)diag->files.count - 1;
}

const SourceFile *diag_file(const Diagnostics *diag, uint32_t file) {
    return file < diag->files.count ? &diag->files.items[file].source : NULL;
}

size_t diag_line_of(const DiagFile *file, uint32_t offset) {
    size_t low = 0, high = file->line_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (file->line_starts[middle] <= offset) low = middle;
        else high = middle;
    }
    return low;
}

void diag_position(const Diagnostics *diag, uint32_t file, uint32_t offset, uint32_t *line, uint32_t *column) {
    *line = *column = 1;
    if (file >= diag->files.count) return;
    const DiagFile *in = &diag->files.items[file];
    if (offset > in->source.length) offset = (uint32_t)in->source.length;
    size_t index = diag_line_of(in, offset);
    *line = (uint32_t)index + 1;
    for (size_t at = in->line_starts[index]; at < offset; (*column)++)
        at += diag_character(in->source.text + at, in->source.length - at).length;
}

Span span_join(Span a, Span b) {
    if (a.file == FILE_NONE) return b;
    if (b.file != a.file) return a;
    return (Span){a.file, a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end};
}

// ---- Reporting

static bool same_span(Span a, Span b) { return a.file == b.file && a.begin == b.begin && a.end == b.end; }

// A model is elaborated once for training and once for inference: what is wrong in both is said once.
static bool reported(const Diagnostics *diag, Span span, const char *message) {
    for (size_t i = 0; i < diag->reports.count; i++) {
        const DiagReport *old = &diag->reports.items[i];
        if (same_span(old->span, span) && strcmp(old->message, message) == 0) return true;
    }
    return false;
}

static void report(Diagnostics *diag, Severity severity, const char *name, Span span, MessageId id, const char *format,
                   va_list args) {
    diag->last_kept = false;
    if (severity == SEVERITY_WARNING && diag->warning_count >= MAX_WARNINGS) { // its text is not needed
        diag->warning_count++;
        return;
    }
    if (severity == SEVERITY_ERROR && diag->error_count >= MAX_ERRORS) {
        diag->error_count++;
        return;
    }
    const char *message = arena_vprintf(diag->perm, format, args);
    if (reported(diag, span, message)) return;
    if (severity == SEVERITY_ERROR) diag->error_count++;
    else diag->warning_count++;
    DiagReport new = {.severity = severity, .name = name, .id = id, .span = span, .message = message};
    VEC_PUSH(diag->perm, &diag->reports, new);
    diag->last_kept = true;
}

void diag_error(Diagnostics *diag, Span span, MessageId id, const char *format, ...) {
    va_list args;
    va_start(args, format);
    report(diag, SEVERITY_ERROR, NULL, span, id, format, args);
    va_end(args);
}

static bool listed(const char *const *names, const char *name) {
    if (!names) return false;
    for (; *names; names++)
        if (strcmp(*names, name) == 0) return true;
    return false;
}

void diag_warning(Diagnostics *diag, Warning warning, Span span, MessageId id, const char *format, ...) {
    const DiagOptions *options = &diag->options;
    const char *name = warning_names[warning];
    if (options->no_warnings || listed(options->disabled, name)) {
        diag->last_kept = false;
        return;
    }
    bool promoted = options->warnings_are_errors || listed(options->as_errors, name);
    va_list args;
    va_start(args, format);
    report(diag, promoted ? SEVERITY_ERROR : SEVERITY_WARNING, name, span, id, format, args);
    va_end(args);
}

static void attach(Diagnostics *diag, Severity severity, Span span, MessageId id, const char *format, va_list args) {
    if (!diag->last_kept) return;
    DiagRemark remark = {.severity = severity, .id = id, .span = span, .message = arena_vprintf(diag->perm, format, args)};
    DiagReport *last = &diag->reports.items[diag->reports.count - 1];
    VEC_PUSH(diag->perm, &last->remarks, remark);
}

void diag_note(Diagnostics *diag, Span span, MessageId id, const char *format, ...) {
    va_list args;
    va_start(args, format);
    attach(diag, SEVERITY_NOTE, span, id, format, args);
    va_end(args);
}

void diag_hint(Diagnostics *diag, MessageId id, const char *format, ...) {
    va_list args;
    va_start(args, format);
    attach(diag, SEVERITY_HINT, SPAN_NONE, id, format, args);
    va_end(args);
}

size_t diag_mark(const Diagnostics *diag) { return diag->reports.count; }

void diag_sort_since(Diagnostics *diag, size_t mark) {
    DiagReport *reports = diag->reports.items;
    for (size_t i = mark + 1; i < diag->reports.count; i++) { // by insertion: few, and nearly in order
        DiagReport moving = reports[i];
        size_t at = i;
        for (; at > mark; at--) { // only within a file
            const Span before = reports[at - 1].span;
            if (before.file != moving.span.file || before.begin <= moving.span.begin) break;
            reports[at] = reports[at - 1];
        }
        reports[at] = moving;
    }
    diag->last_kept = false;
}

size_t diag_error_count(const Diagnostics *diag) { return diag->error_count; }

bool diag_too_many(const Diagnostics *diag) { return diag->error_count > MAX_ERRORS; }

// ---- "did you mean"

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }

// Edits (insert, delete, replace, swap neighbours) from one word to the other; case costs nothing.
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    size_t rows[3][MAX_SUGGESTED + 1];
    for (size_t j = 0; j <= b_length; j++) rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t best = above[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
            if (above[j] + 1 < best) best = above[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
            if (swapped && above2[j - 2] + 1 < best) best = above2[j - 2] + 1;
            row[j] = best;
        }
    }
    return rows[a_length % 3][b_length];
}

const char *diag_nearest(const char *word, const char *const *candidates, size_t count) {
    size_t length = strlen(word);
    if (length == 0 || length > MAX_SUGGESTED) return NULL;
    const char *nearest = NULL;
    size_t best = (length + 2) / 3 + 1; // 1 edit for up to 3 letters, 2 for up to 6, …
    for (size_t i = 0; i < count; i++) {
        size_t other = candidates[i] ? strlen(candidates[i]) : 0;
        if (other == 0 || other > MAX_SUGGESTED) continue;
        size_t distance = edit_distance(word, length, candidates[i], other);
        // Relu is a misspelt ReLU, relo a misspelt relu.
        bool nearer = distance == best && nearest && candidates[i][0] == *word && *nearest != *word;
        if ((distance >= best && !nearer) || distance >= length) continue; // as many edits as letters: another word
        best = distance;
        nearest = candidates[i];
    }
    return nearest;
}

// ---- Our own mistakes

_Noreturn void netc_bug(const char *file, int line, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "netc: internal error at %s:%d: ", file, line);
    vfprintf(stderr, format, args);
    va_end(args);
    fputs("\nThis is a defect of netc, not of your program. Please report it with this message, the .net file and the\n"
          "command line (netc --version says which netc it is).\n",
          stderr);
    exit(70);
}
