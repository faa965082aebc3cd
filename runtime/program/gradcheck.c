// `gradcheck`: do the compiler's derivatives agree with differences of the loss itself?
//
// In f64 each element of a parameter is moved by ±1e-6 and the loss's difference compared with the gradient's element. f32 has
// too few digits for that: there the whole parameter is moved along a direction, and the slope compared.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "program/batch.h"
#include "program/var.h"
#include "report/json.h"
#include "report/text.h"

#define BATCH 16
#define MOST_ELEMENTS 256 // of one parameter; a seeded choice if it has more
#define EPSILON 1e-6
#define ATOL 1e-5
#define RTOL 1e-3
#define RTOL_F32 1e-2

typedef struct Check {
    const NetrtContext *context;
    NetrtEngine *engine;
    const NetrtBatch *batch;
    const NetrtOutput *loss;
    NetrtTorchRandom random; // chooses elements and directions
    double base;             // the loss itself
} Check;

typedef struct Verdict {
    int64_t checked, elements;
    double symbolic, numerical; // where they differ most
    double worst;               // |difference| / (atol + rtol × |numerical|): fails above 1
    int64_t where;              // element, −1 for a direction
} Verdict;

static bool loss_at(Check *check, double *loss, NetrtError *error) {
    if (!netrt_engine_run(check->engine, NETRT_LOSS, check->batch->N, error)) return false;
    *loss = netrt_engine_metric(check->engine, check->loss);
    return true;
}

static void compare(Verdict *verdict, int64_t where, double symbolic, double numerical, double atol, double rtol) {
    double off = fabs(symbolic - numerical), worse = off > 0 ? off / (atol + rtol * fabs(numerical)) : 0; // both may be 0
    if (isnan(off)) worse = INFINITY;
    if (verdict->checked++ > 0 && worse <= verdict->worst) return;
    verdict->worst = worse;
    verdict->where = where;
    verdict->symbolic = symbolic;
    verdict->numerical = numerical;
}

// (loss at p + epsilon − loss at p − epsilon) / 2 epsilon
static bool slope(Check *check, const NetrtVar *var, int64_t i, double epsilon, double *out, NetrtError *error) {
    char *vars = check->engine->vars;
    double value = netrt_var_get(var, vars, i), above, below;
    netrt_var_set(var, vars, i, value + epsilon);
    bool ok = loss_at(check, &above, error);
    netrt_var_set(var, vars, i, value - epsilon);
    ok = ok && loss_at(check, &below, error);
    netrt_var_set(var, vars, i, value);
    if (ok) *out = (above - below) / (2 * epsilon);
    return ok;
}

static bool check_elements(Check *check, const NetrtVar *var, const NetrtVar *gradient, Verdict *verdict, NetrtError *error) {
    int64_t count = netrt_var_count(var), tries = count < MOST_ELEMENTS ? count : MOST_ELEMENTS;
    for (int64_t t = 0; t < tries; t++) {
        int64_t i = tries == count ? t : (int64_t)(netrt_torch_random64(&check->random) % (uint64_t)count);
        double symbolic = netrt_var_get(gradient, check->engine->vars, i), numerical, closer;
        if (!slope(check, var, i, EPSILON, &numerical, error)) return false;
        // A corner (of a ReLU, say) within ±epsilon spoils the difference, not the derivative: a hundredth rarely hits it too.
        if (fabs(symbolic - numerical) > ATOL + RTOL * fabs(numerical)) {
            if (!slope(check, var, i, EPSILON / 100, &closer, error)) return false;
            if (fabs(symbolic - closer) < fabs(symbolic - numerical)) numerical = closer;
        }
        compare(verdict, i, symbolic, numerical, ATOL, RTOL);
    }
    return true;
}

// ---- f32: along a direction that has a good share of the gradient in it, so that the slope stands out of the rounding.

typedef struct Direction {
    int64_t count;
    double *at, *along; // the parameter's values, the direction of length 1
    double slope;       // symbolic: gradient · along
} Direction;

static void choose_direction(Check *check, const NetrtVar *gradient, Direction *direction) {
    char *vars = check->engine->vars;
    double length = 0, random_length = 0, norm = 0;
    for (int64_t i = 0; i < direction->count; i++) {
        double g = netrt_var_get(gradient, vars, i);
        length += g * g;
    }
    random_length = sqrt((double)direction->count);
    length = sqrt(length);
    for (int64_t i = 0; i < direction->count; i++) {
        double random = netrt_torch_random32(&check->random) & 1 ? 1 : -1;
        double g = length > 0 ? netrt_var_get(gradient, vars, i) / length : 0;
        direction->along[i] = g + 0.5 * random / random_length; // half as long, so that the two never cancel
        norm += direction->along[i] * direction->along[i];
    }
    direction->slope = 0;
    norm = sqrt(norm);
    for (int64_t i = 0; i < direction->count; i++) {
        direction->along[i] /= norm;
        direction->slope += direction->along[i] * netrt_var_get(gradient, vars, i);
    }
}

// Sets the parameter to at + h × along; the step that arrives differs by rounding, so its true length is returned.
static double move(Check *check, const NetrtVar *var, const Direction *direction, double h) {
    double moved = 0;
    for (int64_t i = 0; i < direction->count; i++) {
        netrt_var_set(var, check->engine->vars, i, direction->at[i] + h * direction->along[i]);
        moved += (netrt_var_get(var, check->engine->vars, i) - direction->at[i]) * direction->along[i];
    }
    return moved;
}

static bool check_direction(Check *check, const NetrtVar *var, const NetrtVar *gradient, Verdict *verdict, NetrtError *error) {
    static const double steps[] = {1e-1, 3e-2, 1e-2, 3e-3}; // rounding spoils the short ones, curvature the long ones
    Direction direction = {.count = netrt_var_count(var)};
    direction.at = malloc(2 * (size_t)direction.count * sizeof *direction.at);
    if (!direction.at) return netrt_fail(error, "not enough memory to check %s", var->name);
    direction.along = direction.at + direction.count;
    for (int64_t i = 0; i < direction.count; i++) direction.at[i] = netrt_var_get(var, check->engine->vars, i);
    choose_direction(check, gradient, &direction);
    Verdict best = {.worst = INFINITY};
    bool ok = true;
    for (size_t s = 0; ok && s < sizeof steps / sizeof *steps; s++) {
        double above = 0, below = 0, up = move(check, var, &direction, steps[s]);
        ok = loss_at(check, &above, error);
        double down = move(check, var, &direction, -steps[s]);
        ok = ok && loss_at(check, &below, error);
        Verdict now = {0};
        // Two losses, each rounded some times: so much of the slope is noise.
        double noise = 1.2e-7 * fabs(check->base) / steps[s];
        compare(&now, -1, direction.slope, (above - below) / (up - down), noise, RTOL_F32);
        if (now.worst < best.worst || s == 0) best = now;
    }
    move(check, var, &direction, 0);
    free(direction.at);
    *verdict = best;
    verdict->checked = direction.count;
    return ok;
}

// ---- Report

static void report(const Check *check, const NetrtVar *var, const Verdict *verdict, NetrtTable *table) {
    bool good = verdict->worst <= 1;
    if (check->context->options.json) {
        fputs("{\"parameter\":", stdout);
        netrt_json_string(stdout, var->name);
        printf(",\"elements\":%lld,\"checked\":%lld,\"symbolic\":", (long long)verdict->elements, (long long)verdict->checked);
        netrt_json_number(stdout, verdict->symbolic);
        fputs(",\"numerical\":", stdout);
        netrt_json_number(stdout, verdict->numerical);
        printf(",\"ok\":%s}\n", good ? "true" : "false");
        return;
    }
    char checked[96], elements[32], some[32], symbolic[32], numerical[32];
    netrt_text_count(elements, verdict->elements);
    if (verdict->where < 0) snprintf(checked, sizeof checked, "along a direction");
    else if (verdict->checked < verdict->elements)
        snprintf(checked, sizeof checked, "%s of %s", netrt_text_count(some, verdict->checked), elements);
    else snprintf(checked, sizeof checked, "all %s", elements);
    snprintf(symbolic, sizeof symbolic, "%.9g", verdict->symbolic);
    snprintf(numerical, sizeof numerical, "%.9g", verdict->numerical);
    netrt_table_row(table, (const char *[]){var->name, checked, symbolic, numerical, good ? "ok" : "WRONG"});
}

static const NetrtVar *gradient_of(const NetrtProgram *program, int64_t param) {
    for (int64_t v = 0; v < program->var_count; v++)
        if (program->vars[v].kind == NETRT_GRADIENT && program->vars[v].param == param) return &program->vars[v];
    return NULL;
}

static bool check_all(Check *check, NetrtTable *table, int64_t *wrong, int64_t *total, NetrtError *error) {
    const NetrtProgram *program = check->context->program;
    bool f64 = program->float_type == NETRT_F64;
    for (int64_t v = 0; v < program->var_count; v++) {
        const NetrtVar *var = &program->vars[v], *gradient = gradient_of(program, v);
        if (var->kind != NETRT_PARAM || !gradient || netrt_var_count(var) == 0) continue;
        Verdict verdict = {0};
        bool ok = f64 ? check_elements(check, var, gradient, &verdict, error)
                      : check_direction(check, var, gradient, &verdict, error);
        if (!ok) return false;
        verdict.elements = netrt_var_count(var);
        report(check, var, &verdict, table);
        *wrong += verdict.worst > 1;
        ++*total;
    }
    return true;
}

static bool prepare(Check *check, NetrtError *error) {
    const NetrtEntry *entries = check->context->program->entries;
    if (!netrt_batch_reserve(check->batch, check->engine, NETRT_LOSS, error)) return false;
    if (!netrt_batch_reserve(check->batch, check->engine, NETRT_GRADIENTS, error)) return false;
    check->loss = netrt_entry_metric(&entries[NETRT_LOSS], "loss");
    netrt_torch_seed(&check->random, (uint64_t)check->context->options.seed + 1);
    if (!netrt_engine_run(check->engine, NETRT_GRADIENTS, check->batch->N, error)) return false;
    return loss_at(check, &check->base, error);
}

static bool run(Check *check, NetrtError *error) {
    NetrtTable table = {.align = "llrrl", .columns = 5};
    int64_t wrong = 0, total = 0;
    bool f64 = check->context->program->float_type == NETRT_F64, json = check->context->options.json;
    if (!prepare(check, error)) return false;
    netrt_table_row(&table, (const char *[]){"parameter", "checked", "symbolic", "numerical", ""});
    netrt_table_rule(&table);
    bool ok = check_all(check, &table, &wrong, &total, error);
    if (ok && !json) {
        netrt_table_print(&table, stdout);
        printf("\nBatch of %lld samples, loss %.9g. ", (long long)check->batch->N, check->base);
        if (f64)
            puts("The values shown are those that differ most; at most 256 elements of a parameter are tried, chosen by the "
                 "seed.");
        else
            puts("In f32 only slopes along a direction can be compared (rtol 1e-2); netc --dtype=f64 makes a program that "
                 "checks "
                 "element by element.");
    }
    netrt_table_free(&table);
    if (ok && total == 0) return netrt_fail(error, "%s has no parameters to check", check->context->program->source);
    if (ok && wrong)
        return netrt_fail(error, "the gradients of %lld of %lld parameters are wrong", (long long)wrong, (long long)total);
    return ok;
}

int netrt_command_gradcheck(const NetrtContext *context, NetrtError *error) {
    NetrtSession session;
    NetrtBatch batch;
    if (!netrt_require_entry(context, NETRT_LOSS, error) || !netrt_require_entry(context, NETRT_GRADIENTS, error))
        return NETRT_FAILED;
    if (!netrt_session_open(context, NETRT_START_INITIAL, netrt_batch_splits(context), &session, error)) return NETRT_FAILED;
    bool ok = netrt_batch_open(context, &session, BATCH, &batch, error);
    if (ok) {
        Check check = {.context = context, .engine = &session.engine, .batch = &batch};
        ok = run(&check, error);
        netrt_batch_close(&batch);
    }
    netrt_session_close(&session);
    return ok ? NETRT_DONE : NETRT_FAILED;
}
