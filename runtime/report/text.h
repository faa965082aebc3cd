// Numbers and columns as people read them.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

// 1234567 → "1,234,567"; returns text.
char *netrt_text_count(char text[32], int64_t number);
// "512 B", "1.5 KB", "12.3 MB".
char *netrt_text_bytes(char text[32], int64_t bytes);
// 0.97861 → "97.86 %".
char *netrt_text_percent(char text[32], double fraction);
// 0.41, 75.3, 3 min 20 s.
char *netrt_text_seconds(char text[32], double seconds);

#define NETRT_TABLE_COLUMNS 9

// Rows of cells that are lined up when they are printed. Cells are copied; a table that runs out of memory prints what it has.
typedef struct NetrtTable {
    const char *align; // of each column: 'l' or 'r'
    int columns;
    char **cells; // rows × columns; NULL in column 0 is a line across
    int64_t rows, capacity;
} NetrtTable;

void netrt_table_row(NetrtTable *table, const char *const *cells);
void netrt_table_rule(NetrtTable *table);
void netrt_table_print(const NetrtTable *table, FILE *out);
void netrt_table_free(NetrtTable *table);

// Columns that text takes on a terminal (UTF-8, one a character).
int netrt_text_width(const char *text);
// Text of at most `width` columns: of a longer one the beginning and the end, "multiply by …0.weight". Returns out.
char *netrt_text_cut(char *out, size_t size, const char *text, int width);
