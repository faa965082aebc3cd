// Refuses the Nth allocation that a program's own code asks for: LD_PRELOAD=libfail_allocation.so FAIL_ALLOCATION=N PROGRAM.
// Says so on standard error at once. What libraries ask for (the C library, LLVM) is always granted, and children are spared;
// so is what comes after main, where a coverage build writes its counts.
#define _GNU_SOURCE
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static atomic_long left;
static uintptr_t code_begin, code_end; // of the program

static int find_program(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size, (void)unused;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || !(part->p_flags & PF_X)) continue;
        code_begin = info->dlpi_addr + part->p_vaddr;
        code_end = code_begin + part->p_memsz;
    }
    return 1; // the program comes first
}

__attribute__((constructor)) static void begin(void) {
    const char *number = getenv("FAIL_ALLOCATION");
    if (!number) return;
    dl_iterate_phdr(find_program, NULL);
    atomic_store(&left, atol(number));
    unsetenv("FAIL_ALLOCATION");
}

static void end(void) { atomic_store(&left, 0); }

static int refused(const void *caller) {
    if ((uintptr_t)caller < code_begin || (uintptr_t)caller >= code_end) return 0;
    static atomic_flag begun = ATOMIC_FLAG_INIT;
    if (!atomic_flag_test_and_set(&begun)) atexit(end); // not before main, so that it runs before the program's destructors
    if (atomic_fetch_sub(&left, 1) != 1) return 0;
    static const char line[] = "refused an allocation\n";
    if (write(STDERR_FILENO, line, sizeof line - 1) < 0) _exit(99);
    errno = ENOMEM;
    return 1;
}
#define REFUSED refused(__builtin_return_address(0))

void *malloc(size_t size) { return REFUSED ? NULL : __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return REFUSED ? NULL : __libc_calloc(count, size); }
void *realloc(void *memory, size_t size) { return REFUSED ? NULL : __libc_realloc(memory, size); }
void *aligned_alloc(size_t alignment, size_t size) { return REFUSED ? NULL : __libc_memalign(alignment, size); }
int posix_memalign(void **memory, size_t alignment, size_t size) {
    *memory = REFUSED ? NULL : __libc_memalign(alignment, size);
    return *memory ? 0 : ENOMEM;
}
char *strdup(const char *text) {
    char *copy = REFUSED ? NULL : __libc_malloc(strlen(text) + 1);
    return copy ? strcpy(copy, text) : NULL;
}
