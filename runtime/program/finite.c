// See finite.h.
#include "program/finite.h"

#include <math.h>

#include "program/var.h"

// x − x is 0 for every number, NaN for the rest; a sum of such differences can be vectorised. Only when that is not 0 the
// elements are looked at one by one.
#define CLASSIFY(type)                                                                                                         \
    do {                                                                                                                       \
        const type *x = data;                                                                                                  \
        type sum = 0;                                                                                                          \
        for (int64_t i = 0; i < count; i++) sum += x[i * stride] - x[i * stride];                                              \
        if (sum == 0) return NETRT_FINITE;                                                                                     \
        for (int64_t i = 0; i < count; i++)                                                                                    \
            if (isnan(x[i * stride])) return NETRT_HAS_NAN;                                                                    \
        return NETRT_HAS_INF;                                                                                                  \
    } while (0)

static uint8_t classify(const void *data, int32_t dtype, int64_t stride, int64_t count) {
    if (dtype == NETRT_F32) CLASSIFY(float);
    if (dtype == NETRT_F64) CLASSIFY(double);
    return NETRT_FINITE;
}

uint8_t netrt_classify(const void *data, int32_t dtype, int64_t count) { return classify(data, dtype, 1, count); }

static void visit(void *context, const NetrtVar *var, void *address, int64_t stride, int64_t count) {
    bool *finite = context;
    *finite = *finite && classify(address, var->dtype, stride, count) == NETRT_FINITE;
}

const NetrtVar *netrt_not_finite(const NetrtProgram *program, char *vars, unsigned kinds) {
    for (int64_t v = 0; v < program->var_count; v++) {
        const NetrtVar *var = &program->vars[v];
        bool finite = true;
        if (kinds >> var->kind & 1 && !var->frozen) netrt_var_visit(var, vars, visit, &finite);
        if (!finite) return var;
    }
    return NULL;
}
