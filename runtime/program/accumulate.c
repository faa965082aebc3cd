// See accumulate.h. Sums are made element by element in the order of the batches, so they do not depend on threads.
#include "program/accumulate.h"

#include <stdlib.h>

#include "data/array.h"
#include "program/var.h"

typedef struct Adding {
    void *sums; // of the elements that are still to come
    double batches;
    bool first;
} Adding;

bool netrt_accumulator_open(NetrtAccumulator *accumulator, const NetrtProgram *program, int64_t batches, NetrtError *error) {
    *accumulator = (NetrtAccumulator){.program = program, .batches = batches};
    if (batches <= 1) return true;
    size_t bytes = 1;
    for (int64_t v = 0; v < program->var_count; v++) {
        const NetrtVar *var = &program->vars[v];
        if (var->kind == NETRT_GRADIENT) bytes += (size_t)netrt_var_count(var) * netrt_dtype_size(var->dtype);
    }
    accumulator->sums = malloc(bytes);
    return accumulator->sums || netrt_fail(error, "not enough memory to accumulate gradients: %.1f MB", (double)bytes / 1e6);
}

void netrt_accumulator_close(NetrtAccumulator *accumulator) {
    free(accumulator->sums);
    *accumulator = (NetrtAccumulator){0};
}

#define ADD_RUN(type)                                                                                                          \
    do {                                                                                                                       \
        type *restrict sum = adding->sums, *restrict g = address, batches = (type)adding->batches;                             \
        for (int64_t i = 0; i < count; i++) {                                                                                  \
            type part = g[i * stride] / batches;                                                                               \
            g[i * stride] = sum[i] = adding->first ? part : sum[i] + part;                                                     \
        }                                                                                                                      \
    } while (0)

static void add(void *context, const NetrtVar *var, void *address, int64_t stride, int64_t count) {
    Adding *adding = context;
    if (var->dtype == NETRT_F32) ADD_RUN(float);
    else ADD_RUN(double);
    adding->sums = (char *)adding->sums + (size_t)count * netrt_dtype_size(var->dtype);
}

void netrt_accumulator_add(NetrtAccumulator *accumulator, char *vars, bool first) {
    if (!accumulator->sums) return;
    const NetrtProgram *program = accumulator->program;
    Adding adding = {accumulator->sums, (double)accumulator->batches, first};
    for (int64_t v = 0; v < program->var_count; v++)
        if (program->vars[v].kind == NETRT_GRADIENT) netrt_var_visit(&program->vars[v], vars, add, &adding);
}
