// How diagnostics look: clang's form for people, one JSON object a line for programs.
//
//     mnist.net:3:22: error: Linear expects 784 input features, got 128 (input shape (N, 128))
//         3 | model = Sequential(a=Linear(784, 128), b=Linear(784, 10))
//           |                                        ^~~~~~~~~~~~~~~~~
//
// Source text is never trusted: tabs become spaces, control characters and invalid UTF-8 the replacement character, and of a
// line longer than a terminal the part around the span is shown.
#include "support/diag_record.h"
#include "support/strbuf.h"

#include <ctype.h>
#include <string.h>

enum { TAB_WIDTH = 4, MAX_COLUMNS = 120, CONTEXT_COLUMNS = 40 };

#define REPLACEMENT "\xEF\xBF\xBD" // U+FFFD

// ---- Characters

static unsigned sequence_length(unsigned char first) {
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return 2;
    if (first >= 0xE0 && first <= 0xEF) return 3;
    if (first >= 0xF0 && first <= 0xF4) return 4;
    return 0; // a continuation byte, or never valid
}

typedef struct Range {
    uint32_t first, last;
} Range;

static bool within(const Range *ranges, size_t count, uint32_t point) {
    for (size_t i = 0; i < count; i++)
        if (point >= ranges[i].first && point <= ranges[i].last) return true;
    return false;
}

static unsigned terminal_width(uint32_t point) {
    static const Range combining[] = {{0x300, 0x36F}, {0x200B, 0x200F}, {0xFE00, 0xFE0F}};
    static const Range wide[] = {{0x1100, 0x115F}, {0x2E80, 0xA4CF}, {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},
                                 {0xFE30, 0xFE6F}, {0xFF00, 0xFF60}, {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD}};
    if (within(combining, sizeof combining / sizeof *combining, point)) return 0;
    return within(wide, sizeof wide / sizeof *wide, point) ? 2 : 1;
}

DiagCharacter diag_character(const char *text, size_t available) {
    const unsigned char *bytes = (const unsigned char *)text;
    DiagCharacter invalid = {.length = 1, .width = 1, .printable = false};
    unsigned length = sequence_length(bytes[0]);
    if (length == 0 || length > available) return invalid;
    if (length == 1) return (DiagCharacter){1, 1, bytes[0] >= 0x20 && bytes[0] != 0x7F};
    uint32_t point = bytes[0] & (0xFFu >> (length + 1));
    for (unsigned i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80) return invalid;
        point = point << 6 | (bytes[i] & 0x3F);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; // smaller points have a shorter form
    bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (point < least[length] || surrogate || point > 0x10FFFF) return invalid;
    bool control = point < 0xA0 || (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
    return (DiagCharacter){length, control ? 1 : terminal_width(point), !control}; // no reordering of what is shown
}

// ---- The source line and its caret

// A line cut to what is shown of it. Columns count from the line's beginning, tabs expanded.
typedef struct Line {
    const char *text;
    size_t length;
    size_t span_begin, span_end; // bytes within the line
    size_t first, last;          // columns shown, end exclusive
} Line;

static size_t width_at(const Line *line, size_t at, size_t column, DiagCharacter *character) {
    *character = diag_character(line->text + at, line->length - at);
    return line->text[at] == '\t' ? TAB_WIDTH - column % TAB_WIDTH : character->width;
}

static size_t column_of(const Line *line, size_t offset) {
    size_t column = 0;
    DiagCharacter character;
    for (size_t at = 0; at < offset; at += character.length) column += width_at(line, at, column, &character);
    return column;
}

static Line find_line(const DiagFile *file, Span span) {
    uint32_t length = (uint32_t)file->source.length;
    uint32_t begin = span.begin < length ? span.begin : length, end = span.end < length ? span.end : length;
    if (end < begin) end = begin;
    size_t index = diag_line_of(file, begin);
    size_t start = file->line_starts[index];
    size_t stop = index + 1 < file->line_count ? file->line_starts[index + 1] - 1 : length;
    if (stop > start && file->source.text[stop - 1] == '\r') stop--;
    Line line = {.text = file->source.text + start, .length = stop - start, .span_begin = begin - start};
    if (line.span_begin > line.length) line.span_begin = line.length;
    line.span_end = end > stop ? line.length : end - start;               // over several lines: to the end of the first
    if (line.span_end < line.span_begin) line.span_end = line.span_begin; // begins behind the line, at its end

    size_t from = column_of(&line, line.span_begin), to = column_of(&line, line.span_end);
    size_t total = column_of(&line, line.length);
    line.last = total;
    if (total > MAX_COLUMNS) {
        line.first = from > CONTEXT_COLUMNS ? from - CONTEXT_COLUMNS : 0;
        if (to <= MAX_COLUMNS) line.first = 0;
        line.last = line.first + MAX_COLUMNS < total ? line.first + MAX_COLUMNS : total;
    }
    return line;
}

static void repeat(StrBuf *out, char c, size_t count) {
    for (; count; count--) strbuf_add_bytes(out, &c, 1);
}

static void add_character(StrBuf *out, const char *text, DiagCharacter character) {
    if (character.printable) strbuf_add_bytes(out, text, character.length);
    else strbuf_add(out, REPLACEMENT);
}

static const char *paint(const DiagOptions *options, const char *code) { return options->color ? code : ""; }

#define BOLD "\033[1m"
#define RED "\033[1;31m"
#define MAGENTA "\033[1;35m"
#define CYAN "\033[1;36m"
#define GREEN "\033[1;32m"
#define PLAIN "\033[0m"

static void print_line(StrBuf *out, const DiagOptions *options, const DiagFile *file, Span span) {
    Line line = find_line(file, span);
    uint32_t length = (uint32_t)file->source.length;
    strbuf_printf(out, "%5zu | ", diag_line_of(file, span.begin < length ? span.begin : length) + 1);
    bool cut = line.first > 0;
    if (cut) strbuf_add(out, "...");
    size_t column = 0, caret = 0, tail = 0;
    DiagCharacter character;
    size_t at = 0;
    for (; at < line.length && column < line.last; at += character.length) {
        size_t width = width_at(&line, at, column, &character);
        if (at == line.span_begin) caret = column;
        if (at >= line.span_begin && at < line.span_end) tail = column + width;
        if (column >= line.first) {
            if (line.text[at] == '\t') repeat(out, ' ', width);
            else add_character(out, line.text + at, character);
        }
        column += width;
    }
    if (at <= line.span_begin) caret = column;
    if (at < line.length) strbuf_add(out, "...");
    if (caret < line.first) caret = line.first;
    strbuf_printf(out, "\n      | ");
    repeat(out, ' ', caret - line.first + (cut ? 3 : 0));
    strbuf_printf(out, "%s^", paint(options, GREEN));
    if (tail > caret) repeat(out, '~', tail - caret - 1);
    strbuf_printf(out, "%s\n", paint(options, PLAIN));
}

// ---- Text

static const char *const severity_names[] = {"error", "warning", "note", "hint"};

// A message may quote the user's text, and with it any bytes.
static void add_text(StrBuf *out, const char *text) {
    size_t length = strlen(text);
    DiagCharacter character;
    for (size_t at = 0; at < length; at += character.length) {
        character = diag_character(text + at, length - at);
        if (text[at] == '\n' || text[at] == '\t') strbuf_add_bytes(out, text + at, 1);
        else add_character(out, text + at, character);
    }
}

static void print_message(StrBuf *out, const Diagnostics *diag, Severity severity, const char *name, Span span,
                          const char *message) {
    static const char *const colors[] = {RED, MAGENTA, CYAN, GREEN};
    const DiagOptions *options = &diag->options;
    bool placed = span.file < diag->files.count;
    if (placed) {
        uint32_t line, column;
        diag_position(diag, span.file, span.begin, &line, &column);
        strbuf_printf(out, "%s%s:%u:%u: ", paint(options, BOLD), diag->files.items[span.file].source.path, line, column);
    }
    strbuf_printf(out, "%s%s: %s%s", paint(options, colors[severity]), severity_names[severity], paint(options, PLAIN),
                  paint(options, severity <= SEVERITY_WARNING ? BOLD : ""));
    add_text(out, message);
    // The option that made an error of it, or that turns it off.
    if (name) strbuf_printf(out, " [%s%s]", severity == SEVERITY_ERROR ? "-Werror=" : "-Wno-", name);
    strbuf_printf(out, "%s\n", paint(options, PLAIN));
    // The library's text is of no use in a chain of notes: its place says enough.
    bool shown = placed && !(severity == SEVERITY_NOTE && diag->files.items[span.file].source.builtin);
    if (shown) print_line(out, options, &diag->files.items[span.file], span);
}

static void print_text(StrBuf *out, const Diagnostics *diag) {
    for (size_t i = 0; i < diag->reports.count; i++) {
        const DiagReport *report = &diag->reports.items[i];
        print_message(out, diag, report->severity, report->name, report->span, report->message);
        for (size_t j = 0; j < report->remarks.count; j++) {
            const DiagRemark *remark = &report->remarks.items[j];
            print_message(out, diag, remark->severity, NULL, remark->span, remark->message);
        }
    }
}

// Reports that were counted and not kept, as a last one that says how many.
static void add_rest(const Diagnostics *diag, Severity severity, StrBuf *out,
                     void (*add)(StrBuf *out, const Diagnostics *diag, Severity severity, MessageId id, const char *message)) {
    bool errors = severity == SEVERITY_ERROR;
    size_t more = errors ? diag->error_count : diag->warning_count;
    for (size_t i = 0; i < diag->reports.count; i++) more -= diag->reports.items[i].severity == severity;
    char message[80];
    if (errors) snprintf(message, sizeof message, TEXT_TOO_MANY_ERRORS, more);
    else snprintf(message, sizeof message, TEXT_TOO_MANY_WARNINGS, more);
    if (more) add(out, diag, severity, errors ? MSG_TOO_MANY_ERRORS : MSG_TOO_MANY_WARNINGS, message);
}

static void add_rest_text(StrBuf *out, const Diagnostics *diag, Severity severity, MessageId id, const char *message) {
    (void)id;
    print_message(out, diag, severity, NULL, SPAN_NONE, message);
}

// ---- JSON

static void json_string(StrBuf *out, const char *text) {
    size_t length = strlen(text);
    strbuf_add(out, "\"");
    for (size_t at = 0; at < length;) {
        DiagCharacter character = diag_character(text + at, length - at);
        unsigned char c = (unsigned char)text[at];
        if (c == '"' || c == '\\') strbuf_printf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7F) strbuf_printf(out, "\\u%04x", c);
        else add_character(out, text + at, character);
        at += character.length;
    }
    strbuf_add(out, "\"");
}

// BAD_NUMBER is shown as bad-number.
static void json_id(StrBuf *out, MessageId id) {
    static const char *const names[] = {
#define X(name, text) #name,
#include "support/messages.def"
#undef X
    };
    strbuf_add(out, ",\"id\":\"");
    for (const char *at = names[id]; *at; at++) {
        char c = *at == '_' ? '-' : (char)tolower((unsigned char)*at);
        strbuf_add_bytes(out, &c, 1);
    }
    strbuf_add(out, "\"");
}

static void json_message(StrBuf *out, const Diagnostics *diag, Severity severity, MessageId id, Span span,
                         const char *message) {
    strbuf_printf(out, "{\"severity\":\"%s\"", severity_names[severity]);
    json_id(out, id);
    if (span.file < diag->files.count) {
        uint32_t line, column, end_line, end_column;
        diag_position(diag, span.file, span.begin, &line, &column);
        diag_position(diag, span.file, span.end, &end_line, &end_column);
        strbuf_add(out, ",\"file\":");
        json_string(out, diag->files.items[span.file].source.path);
        strbuf_printf(out, ",\"line\":%u,\"column\":%u,\"end_line\":%u,\"end_column\":%u", line, column, end_line, end_column);
    }
    strbuf_add(out, ",\"message\":");
    json_string(out, message);
}

static void print_json(StrBuf *out, const Diagnostics *diag) {
    for (size_t i = 0; i < diag->reports.count; i++) {
        const DiagReport *report = &diag->reports.items[i];
        json_message(out, diag, report->severity, report->id, report->span, report->message);
        if (report->name) {
            strbuf_add(out, ",\"name\":");
            json_string(out, report->name);
        }
        for (size_t j = 0; j < report->remarks.count; j++) {
            const DiagRemark *remark = &report->remarks.items[j];
            strbuf_add(out, j ? "," : ",\"remarks\":[");
            json_message(out, diag, remark->severity, remark->id, remark->span, remark->message);
            strbuf_add(out, "}");
        }
        strbuf_add(out, report->remarks.count ? "]}\n" : "}\n");
    }
}

static void add_rest_json(StrBuf *out, const Diagnostics *diag, Severity severity, MessageId id, const char *message) {
    json_message(out, diag, severity, id, SPAN_NONE, message);
    strbuf_add(out, "}\n");
}

void diag_print(const Diagnostics *diag, FILE *out) {
    StrBuf text = {0};
    bool json = diag->options.json;
    if (json) print_json(&text, diag);
    else print_text(&text, diag);
    add_rest(diag, SEVERITY_WARNING, &text, json ? add_rest_json : add_rest_text);
    add_rest(diag, SEVERITY_ERROR, &text, json ? add_rest_json : add_rest_text);
    if (text.length) fwrite(text.text, 1, text.length, out);
    strbuf_free(&text);
}
