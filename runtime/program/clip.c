// Clipping of gradients between `gradients` and `apply`, as torch.nn.utils.clip_grad_norm_ and clip_grad_value_ do it.
#include <math.h>

#include "program/trainer.h"
#include "program/var.h"

#define LANES 8 // partial sums of a run, so that it can be vectorised; their order is fixed

typedef struct Clip {
    double squares;       // of all gradients
    double factor, limit; // what each is multiplied with, then cut at; limit INFINITY: not cut
} Clip;

#define ADD_SQUARES(type)                                                                                                      \
    do {                                                                                                                       \
        const type *g = address;                                                                                               \
        int64_t i = 0;                                                                                                         \
        for (; stride == 1 && i + LANES <= count; i += LANES)                                                                  \
            for (int k = 0; k < LANES; k++) sums[k] += (double)g[i + k] * (double)g[i + k];                                    \
        for (; i < count; i++) sums[i % LANES] += (double)g[i * stride] * (double)g[i * stride];                               \
    } while (0)

static void add_squares(void *context, const NetrtVar *var, void *address, int64_t stride, int64_t count) {
    Clip *clip = context;
    double sums[LANES] = {0};
    if (var->dtype == NETRT_F32) ADD_SQUARES(float);
    else ADD_SQUARES(double);
    for (int k = 0; k < LANES; k++) clip->squares += sums[k];
}

// A NaN is neither above nor below the limit and stays one.
#define CHANGE(type)                                                                                                           \
    do {                                                                                                                       \
        type *g = address, factor = (type)clip->factor, limit = (type)clip->limit;                                             \
        for (int64_t i = 0; i < count; i++) {                                                                                  \
            type x = g[i * stride] * factor;                                                                                   \
            x = x > limit ? limit : x;                                                                                         \
            g[i * stride] = x < -limit ? -limit : x;                                                                           \
        }                                                                                                                      \
    } while (0)

static void change(void *context, const NetrtVar *var, void *address, int64_t stride, int64_t count) {
    const Clip *clip = context;
    if (var->dtype == NETRT_F32) CHANGE(float);
    else CHANGE(double);
}

static void each_gradient(const NetrtProgram *program, char *vars, NetrtVisit *visit, Clip *clip) {
    for (int64_t v = 0; v < program->var_count; v++)
        if (program->vars[v].kind == NETRT_GRADIENT) netrt_var_visit(&program->vars[v], vars, visit, clip);
}

void netrt_clip_gradients(const NetrtProgram *program, char *vars, double norm, double value) {
    Clip clip = {.factor = 1, .limit = value > 0 ? value : INFINITY};
    if (norm > 0) {
        each_gradient(program, vars, add_squares, &clip);
        clip.factor = norm / (sqrt(clip.squares) + 1e-6);
        if (clip.factor > 1) clip.factor = 1; // a norm that is NaN makes all gradients NaN, as in PyTorch
    }
    if (clip.factor != 1 || value > 0) each_gradient(program, vars, change, &clip);
}
