// See text.h.
#include "report/text.h"

#include <stdlib.h>
#include <string.h>

char *netrt_text_count(char text[32], int64_t number) {
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)number), at = 0;
    for (int i = 0; i < length; i++) {
        int left = length - i;
        if (i > 0 && left % 3 == 0 && digits[i - 1] != '-') text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = 0;
    return text;
}

char *netrt_text_bytes(char text[32], int64_t bytes) {
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    double size = (double)bytes;
    int unit = 0;
    while (size >= 1000 && unit < 4) size /= 1000, unit++;
    snprintf(text, 32, unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
    return text;
}

char *netrt_text_percent(char text[32], double fraction) {
    snprintf(text, 32, "%.2f %%", 100 * fraction);
    return text;
}

char *netrt_text_seconds(char text[32], double seconds) {
    if (seconds < 60) snprintf(text, 32, "%.*f s", seconds < 10 ? 2 : 1, seconds);
    else snprintf(text, 32, "%d min %02d s", (int)seconds / 60, (int)seconds % 60);
    return text;
}

int netrt_text_width(const char *text) {
    int width = 0;
    for (; *text; text++) width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

// Where the character begins that has `width` columns before it.
static const char *after_columns(const char *text, int width) {
    for (; *text; text++)
        if (((unsigned char)*text & 0xc0) != 0x80 && width-- == 0) break;
    return text;
}

char *netrt_text_cut(char *out, size_t size, const char *text, int width) {
    int have = netrt_text_width(text);
    const char *head = after_columns(text, width / 2);
    if (have <= width) snprintf(out, size, "%s", text);
    else snprintf(out, size, "%.*s…%s", (int)(head - text), text, after_columns(text, have - (width - 1 - width / 2)));
    return out;
}

// ---- Tables

static char **new_row(NetrtTable *table) {
    if (table->rows == table->capacity) {
        int64_t capacity = table->capacity ? 2 * table->capacity : 16;
        char **cells = realloc(table->cells, (size_t)(capacity * table->columns) * sizeof *cells);
        if (!cells) return NULL;
        table->cells = cells;
        table->capacity = capacity;
    }
    char **row = table->cells + table->rows++ * table->columns;
    memset(row, 0, (size_t)table->columns * sizeof *row);
    return row;
}

void netrt_table_row(NetrtTable *table, const char *const *cells) {
    char **row = new_row(table);
    for (int c = 0; row && c < table->columns; c++) row[c] = strdup(cells[c]);
}

void netrt_table_rule(NetrtTable *table) { new_row(table); }

static void put_cell(FILE *out, const char *text, int width, char align, bool last) {
    int gap = width - netrt_text_width(text);
    if (align == 'r') fprintf(out, "%*s%s", gap, "", text);
    else fprintf(out, "%s%*s", text, last ? 0 : gap, "");
}

void netrt_table_print(const NetrtTable *table, FILE *out) {
    int width[NETRT_TABLE_COLUMNS] = {0}, total = 0;
    for (int64_t i = 0; i < table->rows * table->columns; i++) {
        int w = table->cells[i] ? netrt_text_width(table->cells[i]) : 0, c = (int)(i % table->columns);
        if (w > width[c]) width[c] = w;
    }
    for (int c = 0; c < table->columns; c++) total += width[c] + (c ? 2 : 0);
    for (int64_t r = 0; r < table->rows; r++) {
        char *const *row = table->cells + r * table->columns;
        for (int i = 0; !row[0] && i < total; i++) fputs("─", out);
        int end = row[0] ? table->columns : 0; // no spaces at the end of a line
        while (end > 0 && (!row[end - 1] || !*row[end - 1])) end--;
        for (int c = 0; c < end; c++) {
            if (c) fputs("  ", out);
            put_cell(out, row[c] ? row[c] : "", width[c], table->align[c], c == end - 1);
        }
        fputc('\n', out);
    }
}

void netrt_table_free(NetrtTable *table) {
    for (int64_t i = 0; i < table->rows * table->columns; i++) free(table->cells[i]);
    free(table->cells);
    *table = (NetrtTable){0};
}
