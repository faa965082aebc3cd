// Every allocation of the compiler without its code generator is made to fail, one after another, from the text to kernels. It
// gives up where it is, says "out of memory" and ends with status 1, as netc does. What it had need not be freed: each attempt
// is a process of its own.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "elaborate/elaborate.h"
#include "failing.h"
#include "schedule/plan.h"
#include "simplify/simplify.h"
#include "support/strbuf.h"

// A network with an own layer, a frozen part, strings and a warning.
static const char network[] = "module Block(width = 8) {\n"
                              "    inner = Linear(width, width)\n"
                              "    forward(x) = relu(inner(x)) + x\n"
                              "}\n"
                              "input = Tensor(8)\n"
                              "model = Sequential(Block(), b=Block(8), Dropout(0.5), out=Linear(8, 3))\n"
                              "model.b.requires_grad = False\n"
                              "loss = (output, target) -> cross_entropy(output, target)\n"
                              "optimizer = Adam(lr=0.01 * cosine_annealing(epoch, epochs))\n"
                              "print('model with {3 + 4} things', [i * i for i in range(9)])\n";
static const char mistakes[] = "model = Sequential(Linear(784, 128), Linaer(64, 10)\n"
                               "x = [1, 2, 'three {4}'\n"
                               "lambda x: x\n"
                               "input = Tensor(3)\nmodel = Linear(4, 2)(\n";
static const char mismatch[] = "input = Tensor(3)\nmodel = Sequential(Linear(4, 2))\n";

// As compiler/main.c does it; true if the text is without errors.
static bool compile(Arena *arena, const char *text) {
    Diagnostics *diag = diag_new(arena, &(DiagOptions){0});
    uint32_t file = diag_add_file(diag, "faults.net", text, strlen(text), false);
    Ast *ast = parse_file(arena, diag, file);
    StrBuf printed = {0};
    Program program = {0};
    ElaborateOptions options = {.float_type = DT_F32, .printed = &printed};
    bool done = elaborate(arena, diag, ast, file, &options, &program);
    for (int e = 0; done && e < ENTRY_COUNT; e++) {
        Entry *entry = &program.entries[e];
        if (entry->present) entry->graph = simplify(entry->graph, entry->outputs, entry->output_count);
    }
    if (done) plan_print(schedule(arena, &program, target_find("x86-64-v3"), &(ScheduleOptions){.fuse = true}), &printed);
    strbuf_free(&printed);
    FILE *null = __real_fopen("/dev/null", "w");
    diag_print(diag, null);
    return done;
}

enum { STATUS_DONE = 0, STATUS_NO_MEMORY = 1, STATUS_ERRORS = 10, STATUS_WENT_ON = 11 };

// In a process of its own, with the nth allocation failing; what it says on standard error goes to `said`.
static int attempt(const char *text, long n, bool each_its_own, char *said, size_t capacity) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        if (each_its_own) setenv("NETC_ARENA_DEBUG", "1", 1);
        failing_begin(n);
        Arena *arena = arena_new();
        jmp_buf exhausted;
        if (setjmp(exhausted)) {
            dprintf(STDERR_FILENO, "netc: out of memory\n");
            arena_free(arena);
            _exit(STATUS_NO_MEMORY);
        }
        arena_on_exhaustion(arena, &exhausted);
        bool done = compile(arena, text);
        bool failed = failing_end();
        if (failed) dprintf(STDERR_FILENO, "went on after a failed %s\n", failed_call);
        arena_free(arena);
        _exit(failed ? STATUS_WENT_ON : done ? STATUS_DONE : STATUS_ERRORS);
    }
    close(ends[1]);
    ssize_t length = __real_read(ends[0], said, capacity - 1);
    said[length > 0 ? length : 0] = 0;
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status)) fail_msg("allocation %ld: ended by signal %d", n, WTERMSIG(status));
    return WEXITSTATUS(status);
}

// False when there are fewer than n allocations.
static bool fail_one(const char *text, long n, bool each_its_own, int without) {
    char said[256];
    int status = attempt(text, n, each_its_own, said, sizeof said);
    if (status == without) return false;
    // A path that cannot be resolved is taken as it was written.
    if (status == STATUS_WENT_ON && strcmp(said, "went on after a failed realpath\n") == 0) return true;
    if (status != STATUS_NO_MEMORY) fail_msg("allocation %ld: status %d, said '%s'", n, status, said);
    assert_string_equal(said, "netc: out of memory\n");
    return true;
}

// Processes are slow to make under the address sanitizer: there, after the first ones, some of them have to do.
#ifdef __SANITIZE_ADDRESS__
enum { EVERY = 4, OF_MANY = 4 };
#else
enum { EVERY = 1000, OF_MANY = 12 };
#endif

static void fail_each(const char *text, int without) {
    long n = 1;
    for (; fail_one(text, n, false, without);) n += 1 + n / EVERY;
    assert_true(n > 10);
    // With blocks of one allocation each there are many more: all of the first, then ever fewer of them.
    long tried = 0;
    for (n = 1; fail_one(text, n, true, without); tried++) n += 1 + n / OF_MANY;
    assert_true(tried > 20);
}

static void network_without_memory(void **state) {
    (void)state;
    fail_each(network, STATUS_DONE);
}

static void mistakes_without_memory(void **state) {
    (void)state;
    fail_each(mistakes, STATUS_ERRORS);
    fail_each(mismatch, STATUS_ERRORS);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(network_without_memory), cmocka_unit_test(mistakes_without_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
