// Arenas: alignment, zeroes, large pieces, exhaustion, and the debug mode in which each allocation is its own.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "support/arena.h"
#include "support/vec.h"

static void allocations_are_aligned_zeroed_and_apart(void **state) {
    (void)state;
    Arena *arena = arena_new();
    char *before = NULL;
    for (size_t size = 0; size < 3000; size += 7) {
        char *piece = arena_alloc(arena, size);
        assert_int_equal((uintptr_t)piece % 16, 0);
        assert_ptr_not_equal(piece, before);
        for (size_t i = 0; i < size; i++) assert_int_equal(piece[i], 0);
        memset(piece, 0xFF, size);
        before = piece;
    }
    arena_free(arena);
    arena_free(NULL);
}

static void large_pieces_leave_room_in_the_block(void **state) {
    (void)state;
    Arena *arena = arena_new();
    char *small = arena_alloc(arena, 16);
    char *large = arena_alloc(arena, 10 << 20);
    memset(large, 1, 10 << 20);
    char *next = arena_alloc(arena, 16);
    if (!getenv("NETC_ARENA_DEBUG")) assert_ptr_equal(next, small + 16);
    assert_int_equal(arena_bytes(arena), (10 << 20) + 32);
    arena_free(arena);
}

static void too_much_jumps_to_the_given_place(void **state) {
    (void)state;
    Arena *arena = arena_new();
    jmp_buf exhausted;
    volatile int reached = 0;
    arena_on_exhaustion(arena, &exhausted);
    if (setjmp(exhausted) == 0) arena_array(arena, SIZE_MAX / 2, 3);
    else reached++;
    if (setjmp(exhausted) == 0) arena_alloc(arena, SIZE_MAX - 4);
    else reached++;
    if (setjmp(exhausted) == 0) arena_strndup(arena, "", SIZE_MAX);
    else reached++;
    assert_int_equal(reached, 3);
    arena_free(arena);
}

static void texts_are_copied(void **state) {
    (void)state;
    Arena *arena = arena_new();
    char source[] = "weights";
    char *copy = arena_strdup(arena, source);
    source[0] = 'W';
    assert_string_equal(copy, "weights");
    assert_memory_equal(arena_strndup(arena, "a\0b", 3), "a\0b", 4);
    assert_string_equal(arena_printf(arena, "%s.%d.%c", "fc", 12, 'x'), "fc.12.x");
    assert_string_equal(arena_printf(arena, "%0500d", 7) + 499, "7");
    arena_free(arena);
}

static void vectors_grow(void **state) {
    (void)state;
    Arena *arena = arena_new();
    VEC(int) numbers = {0};
    for (int i = 0; i < 1000; i++) VEC_PUSH(arena, &numbers, i);
    assert_int_equal(numbers.count, 1000);
    for (int i = 0; i < 1000; i++) assert_int_equal(numbers.items[i], i);
    arena_free(arena);
}

static void debug_mode_works_alike(void **state) {
    setenv("NETC_ARENA_DEBUG", "1", 1);
    allocations_are_aligned_zeroed_and_apart(state);
    large_pieces_leave_room_in_the_block(state);
    texts_are_copied(state);
    vectors_grow(state);
    unsetenv("NETC_ARENA_DEBUG");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_aligned_zeroed_and_apart),
        cmocka_unit_test(large_pieces_leave_room_in_the_block),
        cmocka_unit_test(too_much_jumps_to_the_given_place),
        cmocka_unit_test(texts_are_copied),
        cmocka_unit_test(vectors_grow),
        cmocka_unit_test(debug_mode_works_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
