// See draw_png.h. From left to right: the picture; names, percentages and bars, a row for each class.
#include "report/draw_png.h"

#include <string.h>

#include "data/png.h"
#include "report/font.h"
#include "report/text.h"

enum {
    DOT = 2, // pixels of the file for one of a letter
    LETTER = (NETRT_GLYPH_WIDTH + 1) * DOT,
    LINE = NETRT_GLYPH_HEIGHT * DOT,
    MARGIN = 16,
    TOP = MARGIN + LINE + 14, // below the title
    SIDE = 252,               // of the largest picture
    GAP = 24,
    NUMBER = 8 * LETTER, // "100.00 %"
    BAR = 200,
    LEAST_ROW = LINE + 6,
    MOST_ROW = 26,
};

static const uint8_t white[] = {255, 255, 255}, ink[] = {40, 40, 40};
static const uint8_t blue[] = {31, 119, 180}, green[] = {44, 160, 44}, red[] = {214, 39, 40};

typedef struct Page {
    NetrtPicture paper; // in colour
    int64_t chart_left, names, row;
} Page;

static void fill(Page *page, int64_t top, int64_t left, int64_t height, int64_t width, const uint8_t colour[3]) {
    for (int64_t y = top; y < top + height; y++)
        for (int64_t x = left; x < left + width; x++) memcpy(page->paper.heap + (y * page->paper.width + x) * 3, colour, 3);
}

// Returns where the text ends.
static int64_t put_text(Page *page, int64_t top, int64_t left, const char *text) {
    for (; *text; text++) {
        if (((unsigned char)*text & 0xc0) == 0x80) continue; // one letter for each character of UTF-8
        for (int y = 0; y < NETRT_GLYPH_HEIGHT; y++)
            for (int x = 0; x < NETRT_GLYPH_WIDTH; x++)
                if (netrt_glyph((unsigned char)*text, x, y)) fill(page, top + y * DOT, left + x * DOT, DOT, DOT, ink);
        left += LETTER;
    }
    return left;
}

static void put_picture(Page *page, const NetrtPicture *picture, int64_t scale) {
    for (int64_t y = 0; y < picture->height; y++) {
        for (int64_t x = 0; x < picture->width; x++) {
            const uint8_t *from = picture->pixels + (y * picture->width + x) * picture->channels;
            const uint8_t grey[] = {from[0], from[0], from[0]};
            fill(page, TOP + y * scale, MARGIN + x * scale, scale, scale, picture->channels == 3 ? from : grey);
        }
    }
}

static void put_bar(Page *page, const NetrtBar *bar, bool wrong, int64_t top) {
    char percent[32];
    int64_t text_top = top + (page->row - LINE) / 2, left = page->chart_left + page->names + LETTER;
    double share = bar->share > 0 ? bar->share : 0; // NaN has no bar
    int64_t length = (int64_t)((share < 1 ? share : 1) * BAR + 0.5);
    put_text(page, text_top, page->chart_left, bar->name);
    netrt_text_percent(percent, bar->share);
    put_text(page, text_top, left + NUMBER - netrt_text_width(percent) * LETTER, percent);
    left += NUMBER + LETTER;
    fill(page, top + 3, left, page->row - 6, length, bar->truth ? green : wrong && bar->predicted ? red : blue);
    if (bar->truth && wrong) put_text(page, text_top, left + length + LETTER, NETRT_TRUTH_MARK);
}

static void put_chart(Page *page, const NetrtChart *chart) {
    for (int i = 0; i < chart->count; i++) put_bar(page, &chart->bars[i], netrt_chart_wrong(chart), TOP + i * page->row);
    char more[64];
    snprintf(more, sizeof more, "... and %lld more", (long long)chart->more);
    if (chart->more > 0) put_text(page, TOP + chart->count * page->row + (page->row - LINE) / 2, page->chart_left, more);
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

// Finds how large all must be, and makes the paper.
static bool lay_out(Page *page, const char *title, int64_t height, int64_t width, const NetrtChart *chart, NetrtError *error) {
    int64_t lines = chart->count + (chart->more > 0);
    page->row = larger(LEAST_ROW, lines > 0 && SIDE / lines < MOST_ROW ? SIDE / lines : MOST_ROW);
    for (int i = 0; i < chart->count; i++) page->names = larger(page->names, netrt_text_width(chart->bars[i].name) * LETTER);
    page->chart_left = MARGIN + (width > 0 ? width + GAP : 0);
    int64_t bars = page->names + LETTER + NUMBER + LETTER + BAR;
    if (netrt_chart_wrong(chart)) bars += LETTER + (int64_t)strlen(NETRT_TRUTH_MARK) * LETTER;
    int64_t right = larger(page->chart_left + larger(bars, 40 * LETTER), MARGIN + netrt_text_width(title) * LETTER);
    if (!netrt_picture_make(TOP + larger(height, lines * page->row) + MARGIN, right + MARGIN, 3, &page->paper, error))
        return false;
    fill(page, 0, 0, page->paper.height, page->paper.width, white);
    return true;
}

// The picture in the size in which it is shown but for a whole factor.
static bool prepare(const NetrtPicture *picture, NetrtPicture *out, int64_t *scale, NetrtError *error) {
    int64_t side = larger(picture->height, picture->width);
    int64_t height = picture->height, width = picture->width;
    *scale = larger(SIDE / side, 1);
    if (side > SIDE) {
        height = larger(height * SIDE / side, 1);
        width = larger(width * SIDE / side, 1);
    }
    return netrt_picture_resize(picture, height, width, out, error);
}

bool netrt_draw_png(const char *path, const char *title, const NetrtPicture *picture, const NetrtChart *chart,
                    NetrtError *error) {
    Page page = {0};
    NetrtPicture shown = {0};
    int64_t scale = 1;
    if (picture && !prepare(picture, &shown, &scale, error)) return false;
    bool ok = lay_out(&page, title, shown.height * scale, shown.width * scale, chart, error);
    if (ok) {
        put_text(&page, MARGIN, MARGIN, title);
        put_picture(&page, &shown, scale);
        put_chart(&page, chart);
        ok = netrt_png_write(path, page.paper.height, page.paper.width, 3, page.paper.pixels, error);
    }
    netrt_picture_close(&page.paper);
    netrt_picture_close(&shown);
    return ok;
}
