// Draws digits as a hand would: a few strokes through guiding points. See digits.h.
//
// Everything is done in whole numbers, so that the pictures are the same on every machine: places in 1/256 of a pixel, angles
// and factors in 1/16384.
#include "data/digits.h"

#include <stdbool.h>
#include <string.h>

enum { SUBPIXEL = 256, ONE = 16384, STEPS = 6, INK = 255 };

// A digit is written in a box 100 wide and 100 high, y downwards; "x y x y …" with strokes ended by END. The pen moves in
// smooth curves: the guiding points pull it, the first and last point of a stroke are met. A point given twice makes a corner.
enum { END = -1, DONE = -2 };
static const int8_t zero_round[] = {55, 5, 25, 5, 15, 50, 25, 95, 50, 96, 78, 94, 86, 50, 76, 5, 50, 5, END, DONE};
static const int8_t zero_narrow[] = {60, 8, 38, 5, 26, 35, 26, 70, 38, 97, 58, 97, 73, 66, 72, 30, 58, 3, 44, 10, END, DONE};
static const int8_t one_plain[] = {52, 5, 50, 50, 48, 96, END, DONE};
static const int8_t one_hook[] = {33, 25, 45, 16, 54, 4, 54, 4, 53, 50, 52, 96, END, DONE};
static const int8_t one_foot[] = {34, 24, 46, 14, 53, 4, 53, 4, 52, 94, 52, 94, END, 30, 95, 74, 95, END, DONE};
static const int8_t two_corner[] = {20, 28, 24, 5,  55, 2,  80, 10, 80, 38, 58,  62,
                                    20, 94, 20, 94, 20, 94, 50, 93, 84, 94, END, DONE};
static const int8_t two_loop[] = {20, 26, 28, 4,  60, 0,  82, 22, 66, 56, 36,  88,
                                  16, 98, 12, 82, 32, 78, 56, 92, 88, 94, END, DONE};
static const int8_t three_round[] = {20, 16, 36, 2,  72, 2,  82, 26, 66,  44, 44, 48,  44,
                                     48, 68, 48, 88, 66, 78, 94, 42, 100, 16, 82, END, DONE};
static const int8_t three_flat[] = {20, 6,  76, 6,  76, 6,  76, 6,  46, 42, 46,  42,
                                    76, 44, 88, 70, 74, 96, 40, 98, 16, 84, END, DONE};
static const int8_t four_open[] = {28, 6,  24,  30, 20, 56, 20, 56, 20, 56,  50,  57,
                                   82, 55, END, 70, 8,  66, 50, 64, 97, END, DONE};
static const int8_t four_closed[] = {64, 4,  40,  34, 14, 66, 14, 66, 14, 66,  50,  66,
                                     88, 64, END, 64, 4,  64, 50, 64, 97, END, DONE};
static const int8_t five_strokes[] = {78, 6,  30, 7,  30, 7,  30, 7,  24, 46, 24, 46,  46,
                                      34, 80, 40, 88, 70, 68, 98, 38, 98, 16, 86, END, DONE};
static const int8_t five_curved[] = {82, 4,  52, 8,  34, 8,  34, 8,  28, 42, 28,  42,
                                     62, 40, 84, 58, 78, 86, 54, 99, 20, 92, END, DONE};
static const int8_t six_round[] = {68, 4, 36, 18, 20, 56, 22, 92, 52, 100, 80, 90, 80, 60, 54, 50, 28, 62, 22, 78, END, DONE};
static const int8_t six_straight[] = {56, 2, 34, 34, 22, 70, 34, 98, 62, 100, 80, 80, 68, 58, 42, 58, 24, 76, END, DONE};
static const int8_t seven_plain[] = {16, 8, 50, 7, 84, 6, 84, 6, 84, 6, 60, 46, 42, 97, END, DONE};
static const int8_t seven_crossed[] = {18, 10, 48, 8, 82, 6, 82, 6, 82, 6, 62, 46, 46, 97, END, 36, 50, 78, 48, END, DONE};
static const int8_t eight_crossing[] = {72, 14,  48, 0,  22, 14, 30, 38, 56, 50, 84, 70, 74,  98,
                                        44, 101, 18, 88, 24, 64, 52, 48, 78, 30, 72, 12, END, DONE};
static const int8_t eight_rings[] = {50, 2,  24, 8,  26, 40, 50, 46, 74, 40, 76, 8,  50, 2,   END, 50,
                                     47, 18, 54, 18, 94, 50, 98, 82, 94, 82, 54, 50, 47, END, DONE};
static const int8_t nine_round[] = {78, 24, 66, 2, 36, 2, 22, 28, 36, 50, 62, 48, 78, 22, 78, 22, 76, 60, 68, 97, END, DONE};
static const int8_t nine_bowed[] = {78, 30, 74, 6,  44, 0,  22, 20, 30, 48, 58,  50,
                                    78, 30, 80, 30, 82, 68, 64, 96, 30, 97, END, DONE};

static const int8_t *const ways[10][3] = {
    {zero_round, zero_narrow, zero_round},
    {one_plain, one_hook, one_foot},
    {two_corner, two_loop, two_corner},
    {three_round, three_flat, three_round},
    {four_open, four_closed, four_open},
    {five_strokes, five_curved, five_strokes},
    {six_round, six_straight, six_round},
    {seven_plain, seven_plain, seven_crossed},
    {eight_crossing, eight_rings, eight_crossing},
    {nine_round, nine_bowed, nine_round},
};

typedef struct Point {
    int32_t x, y; // 1/256 pixel
} Point;

// How this digit's box lies in the picture: place = (a b; c d)/ONE · (p − centre) + (shift).
typedef struct Placement {
    int32_t a, b, c, d, shift_x, shift_y;
    int32_t radius; // half the width of a stroke
    int32_t darkness;
} Placement;

static Placement place_digit(CounterRandom *random) {
    int32_t angle = counter_range(random, -4000, 4000); // ±0.24 rad
    int64_t cube = (int64_t)angle * angle / ONE * angle / ONE, square = (int64_t)angle * angle / ONE;
    int32_t sine = angle - (int32_t)(cube / 6), cosine = ONE - (int32_t)(square / 2); // enough of the series
    int32_t height = counter_range(random, 164, 212),
            width = height * counter_range(random, 70, 100) / 100; // tenths of a pixel
    int32_t slant = counter_range(random, -3500, 2000);            // leans like handwriting: more to the right than to the left
    int32_t across = width * ONE / 1000, down = height * ONE / 1000; // pixels for each hundredth of the box
    int32_t lean = (int32_t)((int64_t)down * slant / ONE);
    // turn · (scale with slant): x' = across·x + lean·y, y' = down·y
    Placement place;
    place.a = (int32_t)((int64_t)cosine * across / ONE);
    place.b = (int32_t)(((int64_t)cosine * lean - (int64_t)sine * down) / ONE);
    place.c = (int32_t)((int64_t)sine * across / ONE);
    place.d = (int32_t)(((int64_t)sine * lean + (int64_t)cosine * down) / ONE);
    place.shift_x = DIGIT_SIDE * SUBPIXEL / 2 + counter_range(random, -2 * SUBPIXEL, 2 * SUBPIXEL);
    place.shift_y = DIGIT_SIDE * SUBPIXEL / 2 + counter_range(random, -2 * SUBPIXEL, 2 * SUBPIXEL);
    place.radius = counter_range(random, SUBPIXEL * 8 / 10, SUBPIXEL * 16 / 10);
    place.darkness = counter_range(random, 215, INK);
    return place;
}

// A guiding point where this hand puts it: wavering, then placed.
static Point place_point(CounterRandom *random, const Placement *place, int x, int y) {
    int64_t u = (x - 50) * SUBPIXEL + counter_range(random, -5 * SUBPIXEL, 5 * SUBPIXEL);
    int64_t v = (y - 50) * SUBPIXEL + counter_range(random, -5 * SUBPIXEL, 5 * SUBPIXEL);
    return (Point){place->shift_x + (int32_t)((place->a * u + place->b * v) / ONE),
                   place->shift_y + (int32_t)((place->c * u + place->d * v) / ONE)};
}

static int32_t clamp(int32_t x, int32_t low, int32_t high) { return x < low ? low : x > high ? high : x; }

// Squared distance from p to the segment from a to b.
static int64_t distance_squared(Point p, Point a, Point b) {
    int64_t dx = b.x - a.x, dy = b.y - a.y, px = p.x - a.x, py = p.y - a.y, length = dx * dx + dy * dy,
            along = dx * px + dy * py;
    if (along > 0 && length > 0) {
        int64_t part = along >= length ? SUBPIXEL : along * SUBPIXEL / length;
        px -= dx * part / SUBPIXEL;
        py -= dy * part / SUBPIXEL;
    }
    return px * px + py * py;
}

// Inks the pixels near a segment: full within the radius less half a pixel, fading over one pixel.
static void draw_segment(const Placement *place, Point a, Point b, uint8_t *pixels) {
    int32_t reach = place->radius + SUBPIXEL / 2, core = place->radius - SUBPIXEL / 2;
    int64_t outer = (int64_t)reach * reach, inner = (int64_t)core * core;
    int32_t limit = DIGIT_SIDE * SUBPIXEL - 1;
    int32_t left = clamp((a.x < b.x ? a.x : b.x) - reach, 0, limit) / SUBPIXEL,
            right = clamp((a.x > b.x ? a.x : b.x) + reach, 0, limit) / SUBPIXEL;
    int32_t top = clamp((a.y < b.y ? a.y : b.y) - reach, 0, limit) / SUBPIXEL,
            bottom = clamp((a.y > b.y ? a.y : b.y) + reach, 0, limit) / SUBPIXEL;
    for (int32_t y = top; y <= bottom; y++) {
        for (int32_t x = left; x <= right; x++) {
            int64_t away = distance_squared((Point){x * SUBPIXEL + SUBPIXEL / 2, y * SUBPIXEL + SUBPIXEL / 2}, a, b);
            if (away >= outer) continue;
            int64_t ink = away <= inner ? place->darkness : place->darkness * (outer - away) / (outer - inner);
            uint8_t *pixel = &pixels[y * DIGIT_SIDE + x];
            if (ink > *pixel) *pixel = (uint8_t)ink;
        }
    }
}

static Point middle(Point a, Point b) { return (Point){(a.x + b.x) / 2, (a.y + b.y) / 2}; }

// A quadratic Bézier curve from a to c, pulled by b, as a few segments.
static void draw_curve(const Placement *place, Point a, Point b, Point c, uint8_t *pixels) {
    Point from = a;
    for (int32_t t = 1; t <= STEPS; t++) {
        int32_t s = STEPS - t;
        Point to = {(s * s * a.x + 2 * s * t * b.x + t * t * c.x) / (STEPS * STEPS),
                    (s * s * a.y + 2 * s * t * b.y + t * t * c.y) / (STEPS * STEPS)};
        draw_segment(place, from, to, pixels);
        from = to;
    }
}

// One stroke: curves that meet halfway between the guiding points. Returns what follows it.
static const int8_t *draw_stroke(CounterRandom *random, const Placement *place, const int8_t *at, uint8_t *pixels) {
    Point start = place_point(random, place, at[0], at[1]), guide = place_point(random, place, at[2], at[3]);
    for (at += 4; *at != END; at += 2) {
        bool corner = at[0] == at[-2] && at[1] == at[-1];
        Point next = corner ? guide : place_point(random, place, at[0], at[1]), meet = middle(guide, next);
        draw_curve(place, start, guide, meet, pixels);
        start = meet;
        guide = next;
    }
    draw_segment(place, start, guide, pixels);
    return at + 1;
}

// Ink that did not take everywhere, and some dirt on the paper.
static void add_noise(CounterRandom *random, uint8_t *pixels) {
    for (int i = 0; i < DIGIT_SIDE * DIGIT_SIDE; i++) {
        uint64_t draw = counter_next(random);
        int32_t value = pixels[i], grain = (int32_t)(draw & 63) - 32;
        bool dirt = (draw >> 8 & 255) < 3;
        if (value > 0) value += grain * value / INK;
        else if (dirt) value = (int32_t)(draw >> 16 & 127);
        pixels[i] = (uint8_t)clamp(value, 0, INK);
    }
}

void netrt_draw_digit(CounterRandom *random, int digit, uint8_t pixels[DIGIT_SIDE * DIGIT_SIDE]) {
    memset(pixels, 0, DIGIT_SIDE * DIGIT_SIDE);
    const int8_t *at = ways[digit][counter_range(random, 0, 2)];
    Placement place = place_digit(random);
    while (*at != DONE) at = draw_stroke(random, &place, at, pixels);
    add_noise(random, pixels);
}
