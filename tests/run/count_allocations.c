// Counts what a program asks of the allocator, and says the sum at the end: LD_PRELOAD=libcount_allocations.so PROGRAM.
// Training twice, with 1,000 steps more the second time, must give the same sum: a step allocates nothing.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_long calls;

// dlsym() itself allocates while it looks up the real functions; it gets memory from here.
static char early[8192];
static atomic_size_t early_used;

static void *early_alloc(size_t size) {
    size_t start = atomic_fetch_add(&early_used, (size + 15) & ~(size_t)15);
    return start + size <= sizeof early ? early + start : NULL;
}

static _Thread_local int looking_up;

static void *real(const char *name) {
    looking_up++;
    void *function = dlsym(RTLD_NEXT, name);
    looking_up--;
    return function;
}

void *malloc(size_t size) {
    static void *(*next)(size_t);
    if (looking_up) return early_alloc(size);
    if (!next) next = (void *(*)(size_t))real("malloc");
    atomic_fetch_add(&calls, 1);
    return next(size);
}

void *calloc(size_t count, size_t size) {
    static void *(*next)(size_t, size_t);
    if (looking_up) return early_alloc(count * size);
    if (!next) next = (void *(*)(size_t, size_t))real("calloc");
    atomic_fetch_add(&calls, 1);
    return next(count, size);
}

void *realloc(void *memory, size_t size) {
    static void *(*next)(void *, size_t);
    if (!next) next = (void *(*)(void *, size_t))real("realloc");
    atomic_fetch_add(&calls, 1);
    return next(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    static void *(*next)(size_t, size_t);
    if (!next) next = (void *(*)(size_t, size_t))real("aligned_alloc");
    atomic_fetch_add(&calls, 1);
    return next(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
    *memory = aligned_alloc(alignment, size);
    return *memory ? 0 : ENOMEM;
}

void free(void *memory) {
    static void (*next)(void *);
    if ((char *)memory >= early && (char *)memory < early + sizeof early) return;
    if (!next) next = (void (*)(void *))real("free");
    next(memory);
}

__attribute__((destructor)) static void report(void) {
    char line[64];
    int length = snprintf(line, sizeof line, "allocations: %ld\n", atomic_load(&calls));
    if (write(STDERR_FILENO, line, (size_t)length) < 0) _exit(1);
}
