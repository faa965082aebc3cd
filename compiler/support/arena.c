// Arena memory. An arena is a list of blocks; allocating moves a pointer forward in the newest block, and a request too large
// for a block gets one of its own. Freeing the arena frees the blocks: no part of the compiler has to say who owns what.
#include "support/arena.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 16, BLOCK_SIZE = 64 * 1024 };

typedef struct Block {
    struct Block *next;
    size_t used;
    size_t capacity;
    size_t padding; // keeps the data that follows aligned to 16 bytes
} Block;

struct Arena {
    Block *newest;
    jmp_buf *exhausted;
    size_t bytes;
    bool separate; // NETC_ARENA_DEBUG: one malloc for each allocation
};

_Static_assert(sizeof(Block) % ALIGNMENT == 0, "data behind the header must stay aligned");

void arena_no_memory(void) {
    fputs("netc: out of memory\n", stderr);
    exit(1);
}

Arena *arena_new(void) {
    Arena *arena = calloc(1, sizeof *arena);
    if (!arena) arena_no_memory();
    const char *debug = getenv("NETC_ARENA_DEBUG");
    arena->separate = debug && strcmp(debug, "1") == 0;
    return arena;
}

void arena_free(Arena *arena) {
    if (!arena) return;
    for (Block *block = arena->newest; block;) {
        Block *next = block->next;
        free(block);
        block = next;
    }
    free(arena);
}

void arena_on_exhaustion(Arena *arena, jmp_buf *target) { arena->exhausted = target; }

_Noreturn static void exhausted(Arena *arena) {
    if (arena->exhausted) longjmp(*arena->exhausted, 1);
    arena_no_memory();
}

static Block *add_block(Arena *arena, size_t capacity) {
    if (capacity > SIZE_MAX - sizeof(Block)) exhausted(arena);
    Block *block = calloc(1, sizeof *block + capacity);
    if (!block) exhausted(arena);
    block->capacity = capacity;
    return block;
}

static void *block_take(Block *block, size_t size) {
    char *start = (char *)(block + 1) + block->used;
    block->used += size;
    return start;
}

void *arena_alloc(Arena *arena, size_t size) {
    if (size > SIZE_MAX - ALIGNMENT) exhausted(arena);
    arena->bytes += size;
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (rounded == 0) rounded = ALIGNMENT; // distinct allocations have distinct addresses

    if (arena->separate) {
        Block *own = add_block(arena, size ? size : 1); // not rounded: an overrun of one byte is seen
        own->next = arena->newest;
        arena->newest = own;
        return block_take(own, own->capacity);
    }
    Block *newest = arena->newest;
    if (newest && rounded <= newest->capacity - newest->used) return block_take(newest, rounded);

    if (newest && rounded > BLOCK_SIZE / 4) { // a large piece goes behind the newest block, which still has room
        Block *own = add_block(arena, rounded);
        own->next = newest->next;
        newest->next = own;
        return block_take(own, rounded);
    }
    Block *block = add_block(arena, rounded > BLOCK_SIZE ? rounded : BLOCK_SIZE);
    block->next = newest;
    arena->newest = block;
    return block_take(block, rounded);
}

void *arena_array(Arena *arena, size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) exhausted(arena);
    return arena_alloc(arena, total);
}

char *arena_strndup(Arena *arena, const char *text, size_t length) {
    if (length == SIZE_MAX) exhausted(arena);
    char *copy = arena_alloc(arena, length + 1);
    if (length) memcpy(copy, text, length);
    return copy; // the terminating NUL is the arena's zero
}

char *arena_strdup(Arena *arena, const char *text) { return arena_strndup(arena, text, strlen(text)); }

char *arena_vprintf(Arena *arena, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) return arena_strdup(arena, "");
    char *text = arena_alloc(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, args);
    return text;
}

char *arena_printf(Arena *arena, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

size_t arena_bytes(const Arena *arena) { return arena->bytes; }
