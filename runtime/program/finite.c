// See finite.h.
#include "program/finite.h"

#include "program/var.h"

// x − x is 0 for every number, NaN for the rest; a sum of such differences can be vectorised.
#define SUM_DIFFERENCES(type)                                                                                                  \
    do {                                                                                                                       \
        const type *x = data;                                                                                                  \
        type sum = 0;                                                                                                          \
        for (int64_t i = 0; i < count; i++) sum += x[i * stride] - x[i * stride];                                              \
        return sum == 0;                                                                                                       \
    } while (0)

static bool finite_run(const void *data, int32_t dtype, int64_t stride, int64_t count) {
    if (dtype == NETRT_F32) SUM_DIFFERENCES(float);
    if (dtype == NETRT_F64) SUM_DIFFERENCES(double);
    return true;
}

bool netrt_all_finite(const void *data, int32_t dtype, int64_t count) { return finite_run(data, dtype, 1, count); }

static void visit(void *context, const NetrtVar *var, void *address, int64_t stride, int64_t count) {
    bool *finite = context;
    *finite = *finite && finite_run(address, var->dtype, stride, count);
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
