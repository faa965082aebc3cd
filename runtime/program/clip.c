// Clipping of gradients between `gradients` and `apply`.
#include <math.h>

#include "program/trainer.h"
#include "program/var.h"

typedef struct Clip {
    double squares;       // of all gradients
    double factor, limit; // what each is multiplied with, then cut at; limit 0: not cut
} Clip;

static void add_squares(void *context, const NetrtVar *var, void *address, int64_t stride, int64_t count) {
    Clip *clip = context;
    for (int64_t i = 0; i < count; i++) {
        double g = netrt_number(address, var->dtype, i * stride);
        clip->squares += g * g;
    }
}

static double clipped(const Clip *clip, double g) {
    g *= clip->factor;
    if (clip->limit > 0 && g > clip->limit) return clip->limit;
    if (clip->limit > 0 && g < -clip->limit) return -clip->limit;
    return g;
}

static void change(void *context, const NetrtVar *var, void *address, int64_t stride, int64_t count) {
    const Clip *clip = context;
    float *f32 = address;
    double *f64 = address;
    for (int64_t i = 0; i < count; i++) {
        if (var->dtype == NETRT_F32) f32[i * stride] = (float)clipped(clip, f32[i * stride]);
        else f64[i * stride] = clipped(clip, f64[i * stride]);
    }
}

static void each_gradient(const NetrtProgram *program, char *vars, NetrtVisit *visit, Clip *clip) {
    for (int64_t v = 0; v < program->var_count; v++)
        if (program->vars[v].kind == NETRT_GRADIENT) netrt_var_visit(&program->vars[v], vars, visit, clip);
}

void netrt_clip_gradients(const NetrtProgram *program, char *vars, double norm, double value) {
    if (!(norm > 0) && !(value > 0)) return;
    Clip clip = {.factor = 1, .limit = value};
    if (norm > 0) {
        each_gradient(program, vars, add_squares, &clip);
        clip.factor = fmin(1, norm / (sqrt(clip.squares) + 1e-6));
    }
    each_gradient(program, vars, change, &clip);
}
