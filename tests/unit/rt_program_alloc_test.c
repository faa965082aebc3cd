// A training step allocates nothing: the allocator's entry points are replaced by ones that count.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "program/trainer.h"
#include "rt_linear.h"

static _Atomic long allocations;

// A sanitizer brings an allocator of its own: then nothing is counted.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTED 1
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
    allocations++;
    return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
    allocations++;
    return __libc_calloc(count, size);
}
void *realloc(void *memory, size_t size) {
    allocations++;
    return __libc_realloc(memory, size);
}
void *aligned_alloc(size_t alignment, size_t size) {
    allocations++;
    return __libc_memalign(alignment, size);
}
#else
#define COUNTED 0
#endif

static void none_in_a_thousand_steps(void **state) {
    (void)state;
    NetrtContext context = {.program = &linear_f32, .command = "./linear", .name = "linear"};
    NetrtSession session;
    NetrtTrainer trainer;
    NetrtError error;
    assert_true(netrt_options_parse(&linear_f32, NETRT_TRAIN, 0, NULL, &context.options, &error));
    context.options.threads = 2;
    assert_true(netrt_session_open(&context, NETRT_START_INITIAL, 1u << NETRT_SPLIT_TRAIN, &session, &error));
    assert_true(netrt_trainer_open(&trainer, &context, &session, &error));
    long before = allocations;
    if (COUNTED) assert_true(before > 0);
    int64_t steps = 0;
    for (int64_t epoch = 0; steps < 1000; epoch++) {
        netrt_trainer_epoch(&trainer, epoch);
        for (int64_t i = 0; i < trainer.epoch_steps; i++, steps++) assert_true(netrt_trainer_step(&trainer, &error));
    }
    assert_int_equal(allocations, before);
    netrt_trainer_close(&trainer);
    netrt_session_close(&session);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(none_in_a_thousand_steps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
