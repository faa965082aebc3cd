// See var.h.
#include "program/var.h"

#include "data/array.h"
#include "program/engine.h"

int64_t netrt_var_count(const NetrtVar *var) {
    int64_t count = 1;
    for (int32_t a = 0; a < var->rank; a++) count *= var->shape[a];
    return count;
}

void *netrt_var_element(const NetrtVar *var, char *vars, int64_t i) {
    int64_t at = 0;
    for (int32_t a = var->rank - 1; a >= 0; a--) {
        at += i % var->shape[a] * var->stride[a];
        i /= var->shape[a];
    }
    return vars + var->offset + at * (int64_t)netrt_dtype_size(var->dtype);
}

void netrt_var_visit(const NetrtVar *var, char *vars, NetrtVisit *visit, void *context) {
    int64_t row = var->rank ? var->shape[var->rank - 1] : 1, stride = var->rank ? var->stride[var->rank - 1] : 1;
    int64_t count = netrt_var_count(var);
    for (int64_t i = 0; i < count; i += row) visit(context, var, netrt_var_element(var, vars, i), stride, row);
}

double netrt_var_get(const NetrtVar *var, char *vars, int64_t i) {
    return netrt_number(netrt_var_element(var, vars, i), var->dtype, 0);
}

void netrt_var_set(const NetrtVar *var, char *vars, int64_t i, double value) {
    void *address = netrt_var_element(var, vars, i);
    if (var->dtype == NETRT_F32) *(float *)address = (float)value;
    else *(double *)address = value;
}
