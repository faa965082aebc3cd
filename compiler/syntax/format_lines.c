// Lines that stand together: marks and comments under one another.
#include "syntax/format_parts.h"

#include <string.h>

enum { WIDEST_PAD = 16, WIDEST_COMMENT_PAD = 40 };

static bool follows(const FormatLine *line, const FormatLine *before) {
    return !line->blank_before && line->table == before->table && line->indent == before->indent;
}

// Blanks before the mark of each line, so that all marks stand where the last of them does; not if that leaves too wide a gap
// or too long a line.
static void align_marks(Arena *perm, FormatLine *lines, size_t count) {
    uint32_t first = UINT32_MAX, last = 0;
    for (size_t i = 0; i < count; i++) {
        if (lines[i].column < first) first = lines[i].column;
        if (lines[i].column > last) last = lines[i].column;
    }
    if (last - first > WIDEST_PAD) return;
    for (size_t i = 0; i < count; i++)
        if (lines[i].width + last - lines[i].column > FORMAT_WIDTH) return;
    for (size_t i = 0; i < count; i++) {
        FormatLine *line = &lines[i];
        int blanks = (int)(last - line->column);
        line->code = arena_printf(perm, "%.*s%*s%s", (int)line->at, line->code, blanks, "", line->code + line->at);
        line->width += last - line->column;
    }
}

static void align_comments(Arena *perm, FormatLine *lines, size_t count) {
    uint32_t first = UINT32_MAX, last = 0;
    for (size_t i = 0; i < count; i++) {
        if (lines[i].width < first) first = lines[i].width;
        if (lines[i].width > last) last = lines[i].width;
    }
    for (size_t i = 0; i < count; i++) {
        int blanks = last - first > WIDEST_COMMENT_PAD ? 0 : (int)(last - lines[i].width);
        lines[i].code = arena_printf(perm, "%s%*s  %s", lines[i].code, blanks, "", lines[i].comment);
    }
}

void format_align(Arena *perm, FormatLine *lines, size_t count) {
    for (size_t begin = 0, end; begin < count; begin = end) {
        end = begin + 1;
        while (end < count && follows(&lines[end], &lines[begin])) end++;
        if (lines[begin].table != TABLE_NONE) align_marks(perm, lines + begin, end - begin);
    }
    for (size_t begin = 0, end; begin < count; begin = end) {
        end = begin + 1;
        if (!lines[begin].comment) continue;
        while (end < count && lines[end].comment && !lines[end].blank_before && lines[end].indent == lines[begin].indent) end++;
        align_comments(perm, lines + begin, end - begin);
    }
}
