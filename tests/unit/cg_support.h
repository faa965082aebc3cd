// Running hand-written kernels: through the interpreter, and as generated code that is linked into a shared object and loaded.
#pragma once

#include <dlfcn.h>
#include <math.h>
#include <netrt.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
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
    char *args[] = {"cc",
                    "-shared",
                    "-o",
                    (char *)library,
                    (char *)object,
                    "-lm",
                    "-Wl,--defsym=netrt_run=0,--defsym=netrt_calculate=0", // the runtime's, which is not linked in
                    NULL};
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

// Runs all tiles of a step, in two halves. Returns the number of the failed check's message, or 0.
static inline int32_t cg_run_step(const NetrtStep *step, const KernelCall *call) {
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

static inline int32_t cg_run(const Loaded *loaded, size_t index, const KernelCall *call) {
    return cg_run_step(&loaded->program->entries[NETRT_INIT].steps[index], call);
}

// ---- Memory for a kernel's buffers: each ends where a page begins that nobody may touch

typedef struct Buffers {
    size_t count;
    void *data[16];
    size_t bytes[16];
    void *maps[16];
    size_t map_bytes[16];
} Buffers;

static inline Buffers cg_buffers(const Kernel *kernel, int64_t N) {
    Buffers b = {0};
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < kernel->bufs.count; i++) {
        const KBuf *buf = &kernel->bufs.items[i];
        if (buf->role != KBUF_DATA) continue;
        size_t bytes = (size_t)(buf->count + buf->count_n * N) * dtype_size(buf->dtype);
        size_t room = (bytes + page - 1) / page * page;
        char *map = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(map != MAP_FAILED);
        assert_int_equal(mprotect(map + room, page, PROT_NONE), 0);
        b.maps[b.count] = map;
        b.map_bytes[b.count] = room + page;
        b.bytes[b.count] = bytes;
        b.data[b.count++] = map + room - bytes;
    }
    return b;
}

static inline void cg_free_buffers(Buffers *b) {
    for (size_t i = 0; i < b->count; i++) munmap(b->maps[i], b->map_bytes[i]);
}

static inline uint64_t cg_mix(uint64_t x) {
    x = (x + 1) * 0x9E3779B97F4A7C15u;
    x ^= x >> 31;
    x *= 0xBF58476D1CE4E5B9u;
    return x ^ x >> 29;
}

// Moderate values, with now and then a special one: zeros, ones, equal neighbours, infinities and NaN when `special`.
static inline void cg_fill(void *data, DType dtype, size_t bytes, uint64_t seed, bool special) {
    static const double odd[] = {0.0, -0.0, 1, -1, 2, 0.5, -0.5, 2.5, INFINITY, -INFINITY, NAN, 3};
    size_t count = bytes / dtype_size(dtype);
    for (size_t i = 0; i < count; i++) {
        uint64_t random = cg_mix(seed * 1000003 + i);
        double real = (double)(int64_t)(random >> 11) * 0x1p-51 - 2; // −2 … 2
        if (special && random % 4 == 0) real = odd[random / 4 % 12];
        if (dtype == DT_F32) ((float *)data)[i] = (float)real;
        else if (dtype == DT_F64) ((double *)data)[i] = real;
        else if (dtype == DT_U8) ((uint8_t *)data)[i] = (uint8_t)(random >> 8);
        else if (dtype == DT_BOOL) ((uint8_t *)data)[i] = random >> 8 & 1;
        else
            ((int64_t *)data)[i] =
                special && random % 8 == 0 ? INT64_MIN + (int64_t)(random >> 8 & 1) : (int64_t)(random >> 8 & 15) - 7;
    }
}

static inline bool cg_near(double a, double b, double tolerance) {
    if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
    if (a == b) return true;
    return fabs(a - b) <= tolerance * (1 + fmax(fabs(a), fabs(b)));
}

static inline void cg_expect_near(const char *what, DType dtype, const void *got, const void *expected, size_t bytes) {
    for (size_t i = 0; i < bytes / dtype_size(dtype); i++) {
        if (dtype == DT_F32 && !cg_near((double)((const float *)got)[i], (double)((const float *)expected)[i], 2e-6))
            fail_msg("%s [%zu]: %a, interpreted %a", what, i, (double)((const float *)got)[i],
                     (double)((const float *)expected)[i]);
        if (dtype == DT_F64 && !cg_near(((const double *)got)[i], ((const double *)expected)[i], 1e-14))
            fail_msg("%s [%zu]: %a, interpreted %a", what, i, ((const double *)got)[i], ((const double *)expected)[i]);
    }
    if (!dtype_is_float(dtype) && memcmp(got, expected, bytes) != 0) {
        size_t i = 0;
        while (((const char *)got)[i] == ((const char *)expected)[i]) i++;
        fail_msg("%s: element %zu differs from the interpreted one", what, i / dtype_size(dtype));
    }
}

typedef void CgPrepare(Buffers *buffers, int64_t N); // puts what a kernel needs into its buffers after they were filled

// Runs step `index` as generated and as interpreted on equal memory, and compares all buffers.
static inline void cg_compare(const Loaded *loaded, size_t index, const Kernel *kernel, const char *what, int64_t N,
                              bool special, CgPrepare *prepare) {
    Buffers mine = cg_buffers(kernel, N), other = cg_buffers(kernel, N);
    size_t at = 0;
    for (size_t i = 0; i < kernel->bufs.count; i++) {
        if (kernel->bufs.items[i].role != KBUF_DATA) continue;
        cg_fill(mine.data[at], kernel->bufs.items[i].dtype, mine.bytes[at], i, special);
        at++;
    }
    if (prepare) prepare(&mine, N);
    for (size_t i = 0; i < mine.count; i++) memcpy(other.data[i], mine.data[i], mine.bytes[i]);
    static _Alignas(64) char scratch[1 << 16];
    KernelCall call = {.buffers = mine.data,
                       .scratch = scratch,
                       .N = N,
                       .lr = 0.125,
                       .step = 7,
                       .steps = 100,
                       .epoch = 2,
                       .epochs = 5,
                       .seed = 0x123456789abcdef};
    int32_t failed = cg_run(loaded, index, &call);
    call.buffers = other.data;
    const char *message = kernel_interpret(kernel, &call);
    if (!failed != !message) fail_msg("%s, N = %lld: a check fails only once", what, (long long)N);
    at = 0;
    for (size_t i = 0; i < kernel->bufs.count; i++) {
        const KBuf *buf = &kernel->bufs.items[i];
        if (buf->role != KBUF_DATA) continue;
        char name[128];
        snprintf(name, sizeof name, "%s, N = %lld, %s", what, (long long)N, buf->name);
        cg_expect_near(name, buf->dtype, mine.data[at], other.data[at], mine.bytes[at]);
        at++;
    }
    cg_free_buffers(&mine);
    cg_free_buffers(&other);
}
