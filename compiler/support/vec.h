// Growable arrays in an arena: `VEC(Type)` is a struct {items, count, capacity}, VEC_PUSH appends.
#pragma once

#include <string.h>

#include "support/arena.h"

#define VEC(Type)                                                                                                              \
    struct {                                                                                                                   \
        Type *items;                                                                                                           \
        size_t count;                                                                                                          \
        size_t capacity;                                                                                                       \
    }

// Appends `value` (an expression of the element's type). Old storage stays in the arena until that is freed.
#define VEC_PUSH(arena, vec, value)                                                                                            \
    do {                                                                                                                       \
        if ((vec)->count == (vec)->capacity)                                                                                   \
            (vec)->items = vec_grow((arena), (vec)->items, (vec)->count, &(vec)->capacity, sizeof *(vec)->items);              \
        (vec)->items[(vec)->count++] = (value);                                                                                \
    } while (0)

static inline void *vec_grow(Arena *arena, void *items, size_t count, size_t *capacity, size_t size) {
    *capacity = *capacity ? *capacity * 2 : 8;
    void *grown = arena_array(arena, *capacity, size);
    if (count) memcpy(grown, items, count * size);
    return grown;
}
