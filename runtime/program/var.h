// Elements of a variable, which lies in the layout that its kernels read best.
#pragma once

#include "netrt.h"

int64_t netrt_var_count(const NetrtVar *var); // elements

// Calls visit(context, address, stride, count) for each run of elements along the last axis, in PyTorch's order: element i of
// the run is at address + i × stride elements.
typedef void NetrtVisit(void *context, const NetrtVar *var, void *address, int64_t stride, int64_t count);
void netrt_var_visit(const NetrtVar *var, char *vars, NetrtVisit *visit, void *context);

// Address of element i in PyTorch's order.
void *netrt_var_element(const NetrtVar *var, char *vars, int64_t i);

double netrt_var_get(const NetrtVar *var, char *vars, int64_t i);
void netrt_var_set(const NetrtVar *var, char *vars, int64_t i, double value); // a float variable
