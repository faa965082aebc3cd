// What diag.c records and diag_print.c shows. Private to support/.
#pragma once

#include "support/diag.h"
#include "support/vec.h"

typedef struct DiagRemark {
    Severity severity; // SEVERITY_NOTE or SEVERITY_HINT
    MessageId id;
    Span span;
    const char *message;
} DiagRemark;

typedef struct DiagReport {
    Severity severity; // SEVERITY_ERROR or SEVERITY_WARNING
    const char *name;  // of the warning, also of one made an error; else NULL
    MessageId id;
    Span span;
    const char *message;
    VEC(DiagRemark) remarks;
} DiagReport;

typedef struct DiagFile {
    SourceFile source;
    const uint32_t *line_starts; // byte offset of each line
    size_t line_count;
} DiagFile;

struct Diagnostics {
    Arena *perm;
    DiagOptions options;
    VEC(DiagFile) files;
    VEC(DiagReport) reports;
    size_t error_count, warning_count;
    bool last_kept; // whether notes have a report to belong to
};

// One character of a text: how many bytes it takes, how many columns of a terminal, and whether it can be shown as it is
// (control characters and bytes that are not UTF-8 cannot).
typedef struct DiagCharacter {
    unsigned length;
    unsigned width;
    bool printable;
} DiagCharacter;

DiagCharacter diag_character(const char *text, size_t available); // `available` ≥ 1

size_t diag_line_of(const DiagFile *file, uint32_t offset); // index into line_starts
