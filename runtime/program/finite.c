// See finite.h.
#include "program/finite.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "program/var.h"

// A number is NaN or infinite when all bits of its exponent are set. Several at a time, so that it can be vectorised: all
// parameters are looked at after every epoch. Only where one is found the elements are looked at one by one.
#define AT_ONCE 16
#define CLASSIFY(type, bits, exponent)                                                                                         \
    do {                                                                                                                       \
        const type *x = data;                                                                                                  \
        bits found = 0;                                                                                                        \
        int64_t i = 0;                                                                                                         \
        for (bits one[AT_ONCE]; i + AT_ONCE <= count; i += AT_ONCE) {                                                          \
            memcpy(one, x + i, sizeof one);                                                                                    \
            for (int k = 0; k < AT_ONCE; k++) found |= (bits)((one[k] & (exponent)) + ((exponent) & -(exponent)));             \
        }                                                                                                                      \
        bool finite = found >> (8 * sizeof found - 1) == 0;                                                                    \
        for (; i < count; i++) finite = finite && isfinite(x[i]);                                                              \
        if (finite) return NETRT_FINITE;                                                                                       \
        for (i = 0; i < count; i++)                                                                                            \
            if (isnan(x[i])) return NETRT_HAS_NAN;                                                                             \
        return NETRT_HAS_INF;                                                                                                  \
    } while (0)

uint8_t netrt_classify(const void *data, int32_t dtype, int64_t count) {
    if (dtype == NETRT_F32) CLASSIFY(float, uint32_t, UINT32_C(0x7f800000));
    if (dtype == NETRT_F64) CLASSIFY(double, uint64_t, UINT64_C(0x7ff0000000000000));
    return NETRT_FINITE;
}

const NetrtVar *netrt_not_finite(const NetrtProgram *program, char *vars, unsigned kinds) {
    for (int64_t v = 0; v < program->var_count; v++) {
        const NetrtVar *var = &program->vars[v];
        if (!(kinds >> var->kind & 1) || var->frozen) continue;
        // Whatever their order, a variable's elements lie side by side.
        if (netrt_classify(vars + var->offset, var->dtype, netrt_var_count(var)) != NETRT_FINITE) return var;
    }
    return NULL;
}
