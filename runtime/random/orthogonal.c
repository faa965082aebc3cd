// Orthogonal matrices from PyTorch's generator.
//
// PyTorch takes Q of a QR decomposition and turns its signs so that R has a positive diagonal. That Q is unique: it is what
// Gram and Schmidt's process gives. Done twice for each vector, with sums in f64, it is as orthogonal as Householder's (L.
// Giraud and others, Numer. Math. 101, 2005).
#include "random/torch_random.h"

#include <math.h>

typedef struct Vectors {
    float *data;
    int64_t count, length;
    int64_t apart, step; // elements between vectors, and between the elements of one
} Vectors;

static double dot(const Vectors *v, int64_t i, int64_t j) {
    const float *a = v->data + i * v->apart, *b = v->data + j * v->apart;
    double sum = 0;
    for (int64_t k = 0; k < v->length; k++) sum += (double)a[k * v->step] * (double)b[k * v->step];
    return sum;
}

static void take_away(const Vectors *v, int64_t i, int64_t j, double share) {
    float *a = v->data + i * v->apart;
    const float *b = v->data + j * v->apart;
    for (int64_t k = 0; k < v->length; k++) a[k * v->step] = (float)(a[k * v->step] - share * (double)b[k * v->step]);
}

void netrt_torch_orthogonal(NetrtTorchRandom *random, float *out, int64_t rows, int64_t columns) {
    netrt_torch_normal(random, out, rows * columns, 0, 1);
    Vectors v = {out, columns, rows, 1, columns};
    if (rows < columns) v = (Vectors){out, rows, columns, columns, 1};
    for (int64_t i = 0; i < v.count; i++) {
        for (int pass = 0; pass < 2; pass++)
            for (int64_t j = 0; j < i; j++) take_away(&v, i, j, dot(&v, j, i));
        double length = sqrt(dot(&v, i, i));
        for (int64_t k = 0; length > 0 && k < v.length; k++)
            out[i * v.apart + k * v.step] = (float)((double)out[i * v.apart + k * v.step] / length);
    }
}
