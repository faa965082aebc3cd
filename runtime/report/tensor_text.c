// See tensor_text.h. The rules are PyTorch's:
//
//   - one format for the whole tensor, found by a look at every number that is shown: whole numbers as `1.`, else four digits
//     after the point, in the form 1.0000e+03 when the largest is more than 1000 times the smallest, above 1e8 or below 1e-4;
//   - columns as wide as the widest number, lines of at most 80 characters;
//   - of more than 1000 elements, the first and the last three along each axis.
#include "report/tensor_text.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PRECISION = 4, THRESHOLD = 1000, EDGE = 3, LINE_WIDTH = 80, INDENT = 7 /* of "tensor(" */, NUMBER = 400 };

typedef struct Printer {
    FILE *out;
    const NetrtTensor *tensor;
    bool summarize;
    bool whole, scientific; // how floats are written
    int width;              // of a column
    int column;             // characters in the line under way
} Printer;

static void put(Printer *p, const char *text) {
    fputs(text, p->out);
    p->column += (int)strlen(text);
}

static void new_line(Printer *p, int lines, int indent) {
    for (int i = 0; i < lines; i++) fputc('\n', p->out);
    fprintf(p->out, "%*s", indent, "");
    p->column = indent;
}

static bool is_float(const NetrtTensor *t) { return t->dtype == NETRT_F32 || t->dtype == NETRT_F64; }

static double real_at(const NetrtTensor *t, int64_t i) {
    return t->dtype == NETRT_F32 ? (double)((const float *)t->data)[i] : ((const double *)t->data)[i];
}

static int64_t whole_at(const NetrtTensor *t, int64_t i) {
    return t->dtype == NETRT_I64 ? ((const int64_t *)t->data)[i] : ((const uint8_t *)t->data)[i];
}

// ---- One element

static void real_text(char text[NUMBER], double value, bool whole, bool scientific) {
    if (!isfinite(value)) snprintf(text, NUMBER, "%s", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
    else if (scientific) snprintf(text, NUMBER, "%.*e", PRECISION, value);
    else if (whole) snprintf(text, NUMBER, "%.0f.", value);
    else snprintf(text, NUMBER, "%.*f", PRECISION, value);
}

static void element_text(const Printer *p, char text[NUMBER], int64_t i) {
    if (is_float(p->tensor)) real_text(text, real_at(p->tensor, i), p->whole, p->scientific);
    else if (p->tensor->dtype == NETRT_BOOL) snprintf(text, NUMBER, "%s", whole_at(p->tensor, i) ? "True" : "False");
    else snprintf(text, NUMBER, "%lld", (long long)whole_at(p->tensor, i));
}

// ---- The format, from the elements that are shown

typedef void Visit(Printer *p, void *context, int64_t i);

static int64_t count_from(const NetrtTensor *t, int axis) {
    int64_t count = 1;
    for (int i = axis; i < t->rank; i++) count *= t->shape[i];
    return count;
}

static bool is_cut(const Printer *p, int axis) { return p->summarize && p->tensor->shape[axis] > 2 * EDGE; }

static void visit_shown(Printer *p, int axis, int64_t at, Visit *visit, void *context) {
    if (axis == p->tensor->rank) {
        visit(p, context, at);
        return;
    }
    int64_t size = p->tensor->shape[axis], stride = count_from(p->tensor, axis + 1);
    for (int64_t i = 0; i < size; i++) {
        if (i == EDGE && is_cut(p, axis)) i = size - EDGE;
        visit_shown(p, axis + 1, at + i * stride, visit, context);
    }
}

typedef struct Range {
    double least, most; // magnitudes of what is finite and not 0
    bool any, whole;
} Range;

static void measure_range(Printer *p, void *context, int64_t i) {
    Range *range = context;
    double value = real_at(p->tensor, i), size = fabs(value);
    if (!isfinite(value) || value == 0) return;
    if (!range->any || size < range->least) range->least = size;
    if (!range->any || size > range->most) range->most = size;
    range->any = true;
    range->whole &= value == ceil(value);
}

// Zeros, infinities and NaN do not widen a column of floats.
static void measure_width(Printer *p, void *context, int64_t i) {
    (void)context;
    char text[NUMBER];
    if (is_float(p->tensor) && (!isfinite(real_at(p->tensor, i)) || real_at(p->tensor, i) == 0)) return;
    element_text(p, text, i);
    int width = (int)strlen(text);
    if (width > p->width) p->width = width;
}

static void find_format(Printer *p) {
    Range range = {.whole = true};
    if (is_float(p->tensor)) {
        visit_shown(p, 0, 0, measure_range, &range);
        p->whole = range.whole;
        p->scientific = range.any && (range.most / range.least > 1000 || range.most > 1e8 || range.least < 1e-4);
    }
    p->width = 1;
    visit_shown(p, 0, 0, measure_width, NULL);
}

// ---- Rows and brackets

static void print_element(Printer *p, int64_t i) {
    char text[NUMBER];
    element_text(p, text, i);
    int gap = p->width - (int)strlen(text);
    fprintf(p->out, "%*s", gap > 0 ? gap : 0, "");
    p->column += gap > 0 ? gap : 0;
    put(p, text);
}

static void print_row(Printer *p, int indent, int64_t at) {
    int64_t size = p->tensor->shape[p->tensor->rank - 1], shown = 0;
    int64_t in_line = (LINE_WIDTH - indent) / (p->width + 2);
    if (in_line < 1) in_line = 1;
    put(p, "[");
    for (int64_t i = 0; i < size; i++, shown++) {
        bool gap = i == EDGE && is_cut(p, p->tensor->rank - 1);
        if (shown && shown % in_line == 0) {
            put(p, ",");
            new_line(p, 1, indent + 1);
        } else if (shown) put(p, ", ");
        if (gap) {
            put(p, " ...");
            i = size - EDGE - 1;
        } else print_element(p, at + i);
    }
    put(p, "]");
}

static void print_axis(Printer *p, int axis, int indent, int64_t at) {
    const NetrtTensor *t = p->tensor;
    if (t->rank == 0) {
        print_element(p, 0);
        return;
    }
    if (axis == t->rank - 1) {
        print_row(p, indent, at);
        return;
    }
    int64_t size = t->shape[axis], stride = count_from(t, axis + 1);
    put(p, "[");
    for (int64_t i = 0; i < size; i++) {
        if (i) {
            put(p, ",");
            new_line(p, t->rank - axis - 1, indent + 1);
        }
        if (i == EDGE && is_cut(p, axis)) {
            put(p, "...,");
            new_line(p, t->rank - axis - 1, indent + 1);
            i = size - EDGE;
        }
        print_axis(p, axis + 1, indent + 1, at + i * stride);
    }
    put(p, "]");
}

// ---- The whole

static void put_suffix(Printer *p, const char *text) {
    put(p, ",");
    if (p->column + 2 + (int)strlen(text) + 1 > LINE_WIDTH) new_line(p, 1, INDENT);
    else put(p, " ");
    put(p, text);
}

static void put_size(Printer *p) {
    char text[NETRT_MAX_RANK * 24];
    size_t length = (size_t)snprintf(text, sizeof text, "size=(");
    for (int i = 0; i < p->tensor->rank; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, i ? ", %lld" : "%lld", (long long)p->tensor->shape[i]);
    snprintf(text + length, sizeof text - length, ")");
    put_suffix(p, text);
}

static void put_dtype(Printer *p, bool empty) {
    switch (p->tensor->dtype) {
    case NETRT_F64: put_suffix(p, "dtype=torch.float64"); break;
    case NETRT_U8: put_suffix(p, "dtype=torch.uint8"); break;
    case NETRT_I64:
        if (empty) put_suffix(p, "dtype=torch.int64");
        break;
    case NETRT_BOOL:
        if (empty) put_suffix(p, "dtype=torch.bool");
        break;
    }
}

void netrt_tensor_print(FILE *out, const NetrtTensor *tensor) {
    int64_t count = count_from(tensor, 0);
    Printer p = {.out = out, .tensor = tensor, .summarize = count > THRESHOLD};
    put(&p, "tensor(");
    if (count == 0) {
        put(&p, "[]");
        if (tensor->rank != 1) put_size(&p);
    } else {
        find_format(&p);
        print_axis(&p, 0, INDENT, 0);
    }
    put_dtype(&p, count == 0);
    put(&p, ")");
}

// The shortest digits that read back as the same number; an exponent from 1e16 on and below 1e-4.
static void print_real(FILE *out, double value) {
    char digits[32], text[NUMBER];
    if (!isfinite(value)) {
        real_text(text, value, false, false);
        fputs(text, out);
        return;
    }
    int decimals = 0; // after the first digit
    do snprintf(digits, sizeof digits, "%.*e", decimals, value);
    while (strtod(digits, NULL) != value && ++decimals < 17);
    int exponent = atoi(strchr(digits, 'e') + 1);
    if (exponent < -4 || exponent >= 16) fputs(digits, out);
    else fprintf(out, "%.*f", decimals - exponent > 1 ? decimals - exponent : 1, value);
}

void netrt_number_print(FILE *out, const NetrtTensor *tensor) {
    if (is_float(tensor)) print_real(out, real_at(tensor, 0));
    else if (tensor->dtype == NETRT_BOOL) fputs(whole_at(tensor, 0) ? "True" : "False", out);
    else fprintf(out, "%lld", (long long)whole_at(tensor, 0));
}
