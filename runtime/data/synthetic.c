// Data sets without files. See synthetic.h; digits.c draws the digits.
#include "data/synthetic.h"

#include <stdlib.h>
#include <string.h>

#include "data/counter_random.h"
#include "data/digits.h"

static const double pi = 3.14159265358979323846;

int64_t netrt_synthetic_test_count(int64_t count) { return count < 5 ? 1 : count / 5; }

// sin x for |x| up to a few thousand: the C library's differs from machine to machine in its last bit, this one does not.
static double sine(double x) {
    int64_t turns = (int64_t)(x / pi + (x < 0 ? -0.5 : 0.5));
    double r = x - (double)turns * pi, square = r * r, term = r, sum = r;
    for (int k = 2; k < 22; k += 2) {
        term = -term * square / (k * (k + 1));
        sum += term;
    }
    return turns & 1 ? -sum : sum;
}

static double cosine(double x) { return sine(x + pi / 2); }

// Draws sample i; x and y point at its row.
typedef void DrawSample(CounterRandom *random, int64_t classes, void *x, void *y);

static void draw_digits(CounterRandom *random, int64_t classes, void *x, void *y) {
    int64_t label = counter_range(random, 0, (int32_t)classes - 1);
    netrt_draw_digit(random, (int)label, x);
    memcpy(y, &label, sizeof label);
}

static void put_point(void *x, double a, double b) {
    float point[2] = {(float)a, (float)b};
    memcpy(x, point, sizeof point);
}

// Clouds around centres on a circle, far enough apart to be told from each other nearly always.
static void draw_blobs(CounterRandom *random, int64_t classes, void *x, void *y) {
    int64_t label = counter_range(random, 0, (int32_t)classes - 1);
    double angle = 2 * pi * (double)label / (double)classes, spread = classes <= 4 ? 0.4 : 1.6 / (double)classes;
    double dx = spread * counter_bell(random), dy = spread * counter_bell(random);
    put_point(x, 2 * cosine(angle) + dx, 2 * sine(angle) + dy);
    memcpy(y, &label, sizeof label);
}

// Arms that wind around each other one and a half times within the unit circle.
static void draw_spirals(CounterRandom *random, int64_t classes, void *x, void *y) {
    int64_t label = counter_range(random, 0, (int32_t)classes - 1);
    double t = counter_unit(random), radius = 0.08 + 0.92 * t, angle = 2 * pi * (double)label / (double)classes + 3 * pi * t;
    double spread = 0.04 / (double)classes;
    double dx = spread * counter_bell(random), dy = spread * counter_bell(random);
    put_point(x, radius * cosine(angle) + dx, radius * sine(angle) + dy);
    memcpy(y, &label, sizeof label);
}

static void draw_sine(CounterRandom *random, int64_t classes, void *x, void *y) {
    (void)classes;
    double at = 2 * counter_unit(random) - 1;
    float from = (float)at, to = (float)(sine(pi * at) + 0.05 * counter_bell(random));
    memcpy(x, &from, sizeof from);
    memcpy(y, &to, sizeof to);
}

static const struct Kind {
    const char *name;
    DrawSample *draw;
    int64_t default_classes, most_classes;  // 0: no classes
    int32_t x_type, x_rank, y_type, y_rank; // ranks with the batch
    int64_t x_shape[3], y_shape[1];         // of a sample
} kinds[] = {
    {"digits", draw_digits, 10, 10, NETRT_U8, 4, NETRT_I64, 1, {1, DIGIT_SIDE, DIGIT_SIDE}, {0}},
    {"blobs", draw_blobs, 3, 1000, NETRT_F32, 2, NETRT_I64, 1, {2}, {0}},
    {"spirals", draw_spirals, 2, 1000, NETRT_F32, 2, NETRT_I64, 1, {2}, {0}},
    {"sine", draw_sine, 0, 0, NETRT_F32, 2, NETRT_F32, 2, {1}, {1}},
};

static bool allocate(NetrtArray *array, int32_t dtype, int32_t rank, int64_t count, const int64_t *sample, NetrtError *error) {
    int64_t bytes;
    bool fits = true;
    *array = (NetrtArray){.dtype = dtype, .rank = rank, .shape = {count}, .count = count};
    for (int32_t i = 1; i < rank; i++) {
        array->shape[i] = sample[i - 1];
        fits = fits && netrt_mul_checked(array->count, sample[i - 1], &array->count);
    }
    fits = fits && netrt_mul_checked(array->count, (int64_t)netrt_dtype_size(dtype), &bytes);
    if (fits) array->data = array->heap = malloc((size_t)bytes + 1);
    return array->heap || netrt_fail(error, "synthetic data: not enough memory for %lld samples", (long long)count);
}

bool netrt_synthetic_make(const NetrtData *data, int64_t count, bool test, NetrtArray *x, NetrtArray *y, NetrtError *error) {
    *x = *y = (NetrtArray){0};
    const struct Kind *kind = NULL;
    size_t index = 0;
    for (; !kind && index < sizeof kinds / sizeof *kinds; index++) {
        if (data->kind && strcmp(kinds[index].name, data->kind) == 0) kind = &kinds[index];
    }
    if (!kind) {
        return netrt_fail(error, "synthetic data: no kind '%.60s'; there are digits, blobs, spirals and sine",
                          data->kind ? data->kind : "");
    }
    int64_t classes = data->class_count > 0 ? data->class_count : kind->default_classes;
    if (kind->most_classes > 0 && classes > kind->most_classes) {
        return netrt_fail(error, "synthetic data: '%s' has at most %lld classes, not %lld", kind->name,
                          (long long)kind->most_classes, (long long)classes);
    }
    if (count < 1 || count > INT32_MAX) return netrt_fail(error, "synthetic data: cannot make %lld samples", (long long)count);
    if (!allocate(x, kind->x_type, kind->x_rank, count, kind->x_shape, error) ||
        !allocate(y, kind->y_type, kind->y_rank, count, kind->y_shape, error)) {
        netrt_array_close(x);
        return false;
    }
    size_t x_row = (size_t)(x->count / count) * netrt_dtype_size(x->dtype),
           y_row = (size_t)(y->count / count) * netrt_dtype_size(y->dtype);
    for (int64_t i = 0; i < count; i++) {
        CounterRandom random = counter_start(data->seed, 2 * index + test, (uint64_t)i);
        kind->draw(&random, classes, (char *)x->heap + (size_t)i * x_row, (char *)y->heap + (size_t)i * y_row);
    }
    return true;
}
