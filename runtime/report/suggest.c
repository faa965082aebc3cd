// Edit distance with transpositions (optimal string alignment), for short words.
#include "report/suggest.h"

#include <string.h>

#define LONGEST 31

static int smallest(int a, int b, int c) { return a < b ? (a < c ? a : c) : (b < c ? b : c); }

// Insertions, deletions, replacements and swaps of neighbours that turn a into b.
static int distance(const char *a, const char *b) {
    int n = (int)strlen(a), m = (int)strlen(b), d[LONGEST + 1][LONGEST + 1];
    if (n > LONGEST || m > LONGEST) return LONGEST;
    for (int i = 0; i <= n; i++) d[i][0] = i;
    for (int j = 0; j <= m; j++) d[0][j] = j;
    for (int i = 1; i <= n; i++)
        for (int j = 1; j <= m; j++) {
            d[i][j] = smallest(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = smallest(d[i][j], d[i - 2][j - 2] + 1, d[i][j]);
        }
    return d[n][m];
}

const char *netrt_suggest(const char *typed, const void *words, size_t count, size_t stride) {
    const char *best = NULL;
    int least = (int)strlen(typed) / 3 + 1; // more differences than these are another word
    for (size_t i = 0; i < count; i++) {
        const char *word;
        memcpy(&word, (const char *)words + i * stride, sizeof word);
        if (!word) continue;
        int far = distance(typed, word);
        if (far <= least && far < (int)strlen(word)) {
            least = far - 1;
            best = word;
        }
    }
    return best;
}
