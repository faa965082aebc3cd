// See draw.h. Both parts are drawn line by line, so that they can stand beside each other:
//
//     test:18 (a 3): 5   62.10 %, not a 3
//       .:=+*##*+=:.    3   35.00 %  ###########  the truth
//       .-=======+#-    5   62.10 %  ####################
#include "report/draw.h"

#include <string.h>

#include "report/text.h"

enum {
    INDENT = 2,
    GAP = 3,         // between picture and chart
    MOST_LINES = 28, // of a picture
    MOST_NAME = 24,  // columns of a class's name
    NUMBER = 8,      // "100.00 %"
    LEAST_BAR = 10,
    MOST_BAR = 40,
};

typedef struct Drawing {
    FILE *out;
    NetrtColours colours;
    const NetrtPicture *picture; // NULL: none
    const NetrtChart *chart;
    int name, bar; // columns of the names, and of a full bar
} Drawing;

static int picture_lines(const Drawing *drawing) { return drawing->picture ? (int)(drawing->picture->height + 1) / 2 : 0; }

static int chart_lines(const Drawing *drawing) { return drawing->chart->count + (drawing->chart->more > 0); }

static void put_spaces(const Drawing *drawing, int64_t count) { fprintf(drawing->out, "%*s", (int)count, ""); }

// ---- The picture

static const uint8_t *pixel(const NetrtPicture *picture, int64_t y, int64_t x) {
    return picture->pixels + (y * picture->width + x) * picture->channels;
}

static void rgb_of(const NetrtPicture *picture, int64_t y, int64_t x, uint8_t rgb[3]) {
    const uint8_t *from = pixel(picture, y, x);
    for (int c = 0; c < 3; c++) rgb[c] = from[picture->channels == 3 ? c : 0];
}

// The nearest of xterm's colours: 24 greys from 8 to 238, and a cube of six levels a channel, with black and white in it.
static int nearest_of_256(const uint8_t rgb[3]) {
    if (rgb[0] == rgb[1] && rgb[1] == rgb[2])
        return rgb[0] < 4 ? 16 : rgb[0] > 246 ? 231 : 232 + (rgb[0] > 238 ? 23 : (rgb[0] - 3) / 10);
    int level[3];
    for (int c = 0; c < 3; c++) level[c] = rgb[c] < 48 ? 0 : rgb[c] < 115 ? 1 : (rgb[c] - 35) / 40;
    return 16 + 36 * level[0] + 6 * level[1] + level[2];
}

static void set_colour(const Drawing *drawing, int ground, const uint8_t rgb[3]) {
    if (drawing->colours == NETRT_256) fprintf(drawing->out, "\033[%d;5;%dm", ground, nearest_of_256(rgb));
    else fprintf(drawing->out, "\033[%d;2;%d;%d;%dm", ground, rgb[0], rgb[1], rgb[2]);
}

// A half block's own colour is the upper pixel's, its background the lower one's. Colours are set where they change.
static void put_half_blocks(const Drawing *drawing, int64_t y) {
    const NetrtPicture *picture = drawing->picture;
    uint8_t upper[3], lower[3], last_upper[3], last_lower[3];
    for (int64_t x = 0; x < picture->width; x++) {
        rgb_of(picture, y, x, upper);
        if (x == 0 || memcmp(upper, last_upper, 3) != 0) set_colour(drawing, 38, upper);
        memcpy(last_upper, upper, 3);
        if (y + 1 < picture->height) {
            rgb_of(picture, y + 1, x, lower);
            if (x == 0 || memcmp(lower, last_lower, 3) != 0) set_colour(drawing, 48, lower);
            memcpy(last_lower, lower, 3);
        }
        fputs("▀", drawing->out);
    }
    fputs("\033[0m", drawing->out);
}

static void put_shades(const Drawing *drawing, int64_t y) {
    static const char shades[] = " .:-=+*#%@";
    const NetrtPicture *picture = drawing->picture;
    int64_t rows = y + 1 < picture->height ? 2 : 1, count = rows * picture->channels;
    for (int64_t x = 0; x < picture->width; x++) {
        int64_t sum = 0;
        for (int64_t i = 0; i < count; i++) sum += pixel(picture, y + i / picture->channels, x)[i % picture->channels];
        fputc(shades[(sum * 9 + 127 * count) / (255 * count)], drawing->out);
    }
}

static void put_picture_line(const Drawing *drawing, int line) {
    if (drawing->colours == NETRT_ASCII) put_shades(drawing, 2 * (int64_t)line);
    else put_half_blocks(drawing, 2 * (int64_t)line);
}

// ---- The chart

// A name in its column, cut where it is too long for it.
static void put_name(const Drawing *drawing, const char *name) {
    int width = netrt_text_width(name), left = width > drawing->name ? drawing->name - 1 : width;
    for (const char *at = name; *at && (left > 0 || ((unsigned char)*at & 0xc0) == 0x80); at++) {
        fputc(*at, drawing->out);
        left -= ((unsigned char)at[1] & 0xc0) != 0x80;
    }
    if (width > drawing->name) fputs(drawing->colours == NETRT_ASCII ? "~" : "…", drawing->out);
    else put_spaces(drawing, drawing->name - width);
}

static void put_bar(const Drawing *drawing, double share) {
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    bool ascii = drawing->colours == NETRT_ASCII;
    int parts = ascii ? 1 : 8, length = share > 0 ? (int)(share * drawing->bar * parts + 0.5) : 0; // NaN has none
    if (length > drawing->bar * parts) length = drawing->bar * parts;
    for (int i = 0; i < length / parts; i++) fputs(ascii ? "#" : "█", drawing->out);
    fputs(eighths[length % parts], drawing->out);
}

bool netrt_chart_wrong(const NetrtChart *chart) {
    bool known = false, right = false;
    for (int i = 0; i < chart->count; i++) {
        known = known || chart->bars[i].truth;
        right = right || (chart->bars[i].truth && chart->bars[i].predicted);
    }
    return known && !right;
}

static void put_chart_line(const Drawing *drawing, int line) {
    const NetrtChart *chart = drawing->chart;
    if (line == chart->count) {
        fprintf(drawing->out, "%s and %lld more", drawing->colours == NETRT_ASCII ? "..." : "…", (long long)chart->more);
        return;
    }
    const NetrtBar *bar = &chart->bars[line];
    bool wrong = netrt_chart_wrong(chart), colour = drawing->colours != NETRT_ASCII;
    char percent[32];
    put_name(drawing, bar->name);
    fprintf(drawing->out, "  %*s", NUMBER, netrt_text_percent(percent, bar->share));
    if (bar->share * drawing->bar >= 0.5 || (bar->truth && wrong)) {
        fputs("  ", drawing->out);
        if (colour)
            fputs(bar->truth                ? "\033[32m"
                  : wrong && bar->predicted ? "\033[31m"
                                            : "\033[36m",
                  drawing->out); // green, red, cyan
        put_bar(drawing, bar->share);
        if (bar->truth && wrong) fprintf(drawing->out, "%s%s", bar->share * drawing->bar >= 0.5 ? "  " : "", NETRT_TRUTH_MARK);
        if (colour) fputs("\033[0m", drawing->out);
    }
}

// ---- Side by side

static void put_lines(const Drawing *drawing) {
    int left = picture_lines(drawing), right = chart_lines(drawing), lines = left > right ? left : right;
    int left_top = (lines - left) / 2, right_top = (lines - right) / 2;
    for (int line = 0; line < lines; line++) {
        bool has_picture = line >= left_top && line < left_top + left, has_bar = line >= right_top && line < right_top + right;
        put_spaces(drawing, INDENT);
        if (has_picture) put_picture_line(drawing, line - left_top);
        else if (has_bar && drawing->picture) put_spaces(drawing, drawing->picture->width);
        if (has_bar && drawing->picture) put_spaces(drawing, GAP);
        if (has_bar) put_chart_line(drawing, line - right_top);
        fputc('\n', drawing->out);
    }
}

static void put_stacked(Drawing *drawing) {
    const NetrtChart *chart = drawing->chart, none = {0};
    drawing->chart = &none;
    put_lines(drawing);
    drawing->chart = chart;
    drawing->picture = NULL;
    put_lines(drawing);
}

// The size that fits into so many columns and the usual lines; false if the picture fits as it is.
static bool shrink(const NetrtPicture *picture, int columns, int64_t *height, int64_t *width) {
    double wide = (double)columns / (double)picture->width, tall = 2.0 * MOST_LINES / (double)picture->height;
    double scale = wide < tall ? wide : tall;
    *height = (int64_t)((double)picture->height * scale + 0.5);
    *width = (int64_t)((double)picture->width * scale + 0.5);
    if (*height < 1) *height = 1;
    if (*width < 1) *width = 1;
    return scale < 1;
}

static int clamp(int value, int least, int most) { return value < least ? least : value > most ? most : value; }

bool netrt_draw(FILE *out, const NetrtTerminal *terminal, const NetrtPicture *picture, const NetrtChart *chart,
                NetrtError *error) {
    Drawing drawing = {.out = out, .colours = terminal->colours, .picture = picture, .chart = chart, .name = 1};
    for (int i = 0; i < chart->count; i++) {
        int width = netrt_text_width(chart->bars[i].name);
        drawing.name = width > drawing.name ? width : drawing.name;
    }
    drawing.name = clamp(drawing.name, 1, MOST_NAME);
    int beside_bar =
        INDENT + drawing.name + 2 + NUMBER + 2 + (netrt_chart_wrong(chart) ? 2 + (int)strlen(NETRT_TRUTH_MARK) : 0);
    int room = terminal->columns - beside_bar - LEAST_BAR - GAP; // for a picture beside the chart: half of the width at most
    if (room > terminal->columns / 2) room = terminal->columns / 2;
    bool stacked = picture && room < (picture->width < LEAST_BAR ? (int)picture->width : LEAST_BAR);
    NetrtPicture smaller = {0};
    int64_t height, width;
    if (picture && shrink(picture, clamp(stacked ? terminal->columns - INDENT : room, 1, 1000), &height, &width)) {
        if (!netrt_picture_resize(picture, height, width, &smaller, error)) return false;
        drawing.picture = &smaller;
    }
    int beside = drawing.picture && !stacked ? (int)drawing.picture->width + GAP : 0;
    drawing.bar = clamp(terminal->columns - beside_bar - beside, 0, MOST_BAR);
    if (stacked) put_stacked(&drawing);
    else put_lines(&drawing);
    netrt_picture_close(&smaller);
    return true;
}
