// Arena memory: everything that a stage makes is freed at once with the arena it came from.
//
// `perm` lives as long as the compilation, `scratch` as long as a pass. No allocation is ever returned as NULL: when the
// system has no memory left the arena jumps to the place set with arena_on_exhaustion (the driver's), so that no stage needs
// a branch for it. With NETC_ARENA_DEBUG=1 in the environment each allocation is its own malloc, so that the address
// sanitizer sees overruns.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Arena Arena;

#define ARENA_NEVER_NULL __attribute__((returns_nonnull))
Arena *arena_new(void) ARENA_NEVER_NULL;
void arena_free(Arena *arena); // NULL is allowed

// Where to go when memory runs out; without it (arenas of a single pass) the process says so and ends with status 1.
void arena_on_exhaustion(Arena *arena, jmp_buf *target);
// Says that memory ran out and ends the process with status 1: for the few who need memory without an arena.
_Noreturn void arena_no_memory(void);

void *arena_alloc(Arena *arena, size_t size) ARENA_NEVER_NULL;               // zeroed, aligned to 16 bytes
void *arena_array(Arena *arena, size_t count, size_t size) ARENA_NEVER_NULL; // the same; count × size is checked for overflow
char *arena_strdup(Arena *arena, const char *text);
char *arena_strndup(Arena *arena, const char *text, size_t length);
char *arena_printf(Arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(Arena *arena, const char *format, va_list args);
size_t arena_bytes(const Arena *arena); // handed out so far, for --time

#define NEW(arena, Type) ((Type *)arena_alloc((arena), sizeof(Type)))
#define NEW_ARRAY(arena, Type, count) ((Type *)arena_array((arena), (count), sizeof(Type)))
