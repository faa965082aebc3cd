// A unified diff by the longest common subsequence of lines. What is equal at both ends is set aside first; when what is left
// is too much for the table, it is shown as replaced altogether.
#include "driver/diff.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "support/vec.h"

enum { CONTEXT = 3, LARGEST_TABLE = 16 << 20 };

typedef struct Lines {
    const char **text; // each up to its '\n', or the end
    size_t count;
} Lines;

// A line of the result: ' ' of both, '-' of the first, '+' of the second.
typedef struct Edit {
    char sign;
    const char *line;
} Edit;

typedef VEC(Edit) EditList;

static Lines split(Arena *perm, const char *text) {
    VEC(const char *) lines = {0};
    while (*text) {
        VEC_PUSH(perm, &lines, text);
        const char *end = strchr(text, '\n');
        text = end ? end + 1 : text + strlen(text);
    }
    return (Lines){lines.items, lines.count};
}

static size_t length_of(const char *line) { // with its '\n'
    size_t length = strcspn(line, "\n");
    return length + (line[length] == '\n');
}

static bool equal(const char *a, const char *b) {
    size_t length = length_of(a);
    return length == length_of(b) && memcmp(a, b, length) == 0;
}

static void push(Arena *perm, EditList *edits, char sign, const char *line) {
    Edit edit = {sign, line};
    VEC_PUSH(perm, edits, edit);
}

// length[i][j]: of the longest common subsequence of a from i on and b from j on.
static void edit_middle(Arena *perm, const char **a, size_t n, const char **b, size_t m, EditList *edits) {
    bool small = n <= LARGEST_TABLE / (m + 1) - 1;
    uint32_t *length = small ? NEW_ARRAY(perm, uint32_t, (n + 1) * (m + 1)) : NULL;
    for (size_t i = n; length && i-- > 0;) {
        for (size_t j = m; j-- > 0;) {
            uint32_t *here = &length[i * (m + 1) + j];
            if (equal(a[i], b[j])) *here = here[m + 2] + 1;
            else *here = here[m + 1] >= here[1] ? here[m + 1] : here[1];
        }
    }
    size_t i = 0, j = 0;
    while (length && i < n && j < m) {
        const uint32_t *here = &length[i * (m + 1) + j];
        if (equal(a[i], b[j])) {
            push(perm, edits, ' ', a[i]);
            i++, j++;
        } else if (here[m + 1] >= here[1]) push(perm, edits, '-', a[i++]);
        else push(perm, edits, '+', b[j++]);
    }
    while (i < n) push(perm, edits, '-', a[i++]);
    while (j < m) push(perm, edits, '+', b[j++]);
}

static EditList edit_lines(Arena *perm, const Lines *a, const Lines *b) {
    size_t head = 0, tail = 0;
    while (head < a->count && head < b->count && equal(a->text[head], b->text[head])) head++;
    size_t shorter = (a->count < b->count ? a->count : b->count) - head;
    while (tail < shorter && equal(a->text[a->count - 1 - tail], b->text[b->count - 1 - tail])) tail++;
    EditList edits = {0};
    for (size_t i = 0; i < head; i++) push(perm, &edits, ' ', a->text[i]);
    edit_middle(perm, a->text + head, a->count - head - tail, b->text + head, b->count - head - tail, &edits);
    for (size_t i = a->count - tail; i < a->count; i++) push(perm, &edits, ' ', a->text[i]);
    return edits;
}

// Lines in `hunk` that are not of the sign to be left out, from line `at`: "12,7".
static void add_range(const Edit *hunk, size_t count, char without, size_t at, StrBuf *out) {
    size_t lines = 0;
    for (size_t i = 0; i < count; i++) lines += hunk[i].sign != without;
    strbuf_printf(out, "%zu,%zu", lines ? at + 1 : at, lines);
}

static void add_hunk(const Edit *hunk, size_t count, size_t before, size_t after, StrBuf *out) {
    strbuf_add(out, "@@ -");
    add_range(hunk, count, '+', before, out);
    strbuf_add(out, " +");
    add_range(hunk, count, '-', after, out);
    strbuf_add(out, " @@\n");
    for (size_t i = 0; i < count; i++) {
        size_t length = length_of(hunk[i].line);
        strbuf_add_bytes(out, &hunk[i].sign, 1);
        strbuf_add_bytes(out, hunk[i].line, length);
        if (hunk[i].line[length - 1] != '\n') strbuf_add(out, "\n\\ No newline at end of file\n");
    }
}

void diff_print(Arena *perm, const char *path, const char *before, const char *after, StrBuf *out) {
    if (strcmp(before, after) == 0) return;
    Lines a = split(perm, before), b = split(perm, after);
    EditList edits = edit_lines(perm, &a, &b);
    strbuf_printf(out, "--- %s\n+++ %s\n", path, path);
    size_t shown = 0, line_a = 0, line_b = 0; // lines before edits.items[shown]
    for (size_t i = 0; i < edits.count; i++) {
        if (edits.items[i].sign == ' ') continue;
        size_t begin = i > shown + CONTEXT ? i - CONTEXT : shown, end = i + 1;
        for (size_t k = end; k < edits.count && k <= end + 2 * CONTEXT; k++)
            if (edits.items[k].sign != ' ') end = k + 1;
        size_t stop = end + CONTEXT < edits.count ? end + CONTEXT : edits.count;
        line_a += begin - shown, line_b += begin - shown; // what lies between hunks is equal
        add_hunk(edits.items + begin, stop - begin, line_a, line_b, out);
        for (size_t k = begin; k < stop; k++) {
            line_a += edits.items[k].sign != '+';
            line_b += edits.items[k].sign != '-';
        }
        shown = stop;
        i = stop - 1;
    }
}
