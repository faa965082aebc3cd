// Running hand-written kernels: through the interpreter, and as generated code that is linked into a shared object and loaded.
#pragma once

#include <dlfcn.h>
#include <netrt.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "codegen/codegen.h"
#include "kernel_builder.h"

extern char **environ;

typedef struct Loaded {
    void *handle;
    const NetrtProgram *program;
} Loaded;

static inline bool cg_target_runs_here(const Target *target) { return target_find("native")->isa >= target->isa; }

static inline void cg_link(const char *object, const char *library) {
    char *args[] = {"cc", "-shared", "-o", (char *)library, (char *)object, "-lm", NULL};
    pid_t pid;
    int status = 1;
    assert_int_equal(posix_spawnp(&pid, "cc", NULL, NULL, args, environ), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static inline void cg_write(const char *path, const char *bytes, size_t length) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
}

// A plan whose first entry has a step for each kernel, with references that nobody follows.
static inline Plan *cg_plan(Arena *arena, Kernel *const *kernels, size_t count, const Target *target) {
    Program *program = NEW(arena, Program);
    program->name = "test";
    program->source = "test.net";
    program->float_type = DT_F32;
    Plan *plan = NEW(arena, Plan);
    plan->program = program;
    plan->target = target;
    PlanEntry *entry = &plan->entries[ENTRY_INIT];
    entry->present = true;
    for (size_t i = 0; i < count; i++) {
        PlanStep step = {.kernel = kernels[i], .ref_count = kernels[i]->bufs.count};
        step.refs = NEW_ARRAY(arena, PlanRef, step.ref_count + 1);
        VEC_PUSH(arena, &entry->steps, step);
    }
    const char *message = "the check failed";
    VEC_PUSH(arena, &plan->messages, message);
    return plan;
}

static inline Loaded cg_load(const Plan *plan, bool optimize) {
    char folder[] = "/tmp/netc-cg-XXXXXX", object[64], library[64];
    assert_non_null(mkdtemp(folder));
    snprintf(object, sizeof object, "%s/k.o", folder);
    snprintf(library, sizeof library, "%s/k.so", folder);
    CodegenOptions options = {.optimize = optimize, .compiler = "netc test"};
    CodegenResult result;
    codegen(plan, CODEGEN_OBJECT, &options, &result);
    cg_write(object, result.bytes, result.length);
    free(result.bytes);
    cg_link(object, library);
    Loaded loaded = {.handle = dlopen(library, RTLD_NOW | RTLD_LOCAL)};
    if (!loaded.handle) fail_msg("%s", dlerror());
    loaded.program = dlsym(loaded.handle, "netrt_program");
    assert_non_null(loaded.program);
    remove(object);
    remove(library);
    remove(folder);
    return loaded;
}

static inline int64_t cg_extent(NetrtExtent e, int64_t N) { return (e.fixed + e.per_sample * N + e.block - 1) / e.block; }

// Runs all tiles of step `index`, in two halves. Returns the number of the failed check's message, or 0.
static inline int32_t cg_run(const Loaded *loaded, size_t index, const KernelCall *call) {
    const NetrtStep *step = &loaded->program->entries[NETRT_INIT].steps[index];
    NetrtScalar scalars[NETRT_SCALARS] = {
        [NETRT_N].i = call->N,         [NETRT_STEP].i = call->step,     [NETRT_STEPS].i = call->steps,
        [NETRT_EPOCH].i = call->epoch, [NETRT_EPOCHS].i = call->epochs, [NETRT_LR].f = call->lr,
        [NETRT_SEED].i = call->seed,
    };
    int32_t failed = 0;
    NetrtCall run = {.N = call->N, .scalars = scalars, .scratch = call->scratch, .failed = &failed};
    int64_t tiles = cg_extent(step->grid[0], call->N) * cg_extent(step->grid[1], call->N) * cg_extent(step->grid[2], call->N);
    step->kernel((char *const *)call->buffers, &run, tiles / 2, tiles);
    step->kernel((char *const *)call->buffers, &run, 0, tiles / 2);
    return failed;
}
