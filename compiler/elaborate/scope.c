// Names and what they are bound to. Small scopes (bodies of functions) are searched in order, large ones through a hash.
#include "elaborate/eval.h"

enum { HASHED_FROM = 12 };

static uint32_t hash_name(const char *name) {
    uint32_t hash = 2166136261u;
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

Scope *scope_new(Eval *eval, Scope *outer) {
    Scope *scope = NEW(eval->arena, Scope);
    scope->outer = outer;
    scope->builtin = outer ? outer->builtin : true;
    return scope;
}

static void index_add(Scope *scope, size_t item) {
    size_t mask = scope->index_size - 1;
    size_t slot = hash_name(scope->items[item].name) & mask;
    while (scope->index[slot]) slot = (slot + 1) & mask;
    scope->index[slot] = (uint32_t)item + 1;
}

static void index_rebuild(Eval *eval, Scope *scope) {
    scope->index_size = scope->index_size ? scope->index_size * 4 : 64;
    scope->index = NEW_ARRAY(eval->arena, uint32_t, scope->index_size);
    for (size_t i = 0; i < scope->count; i++) index_add(scope, i);
}

Binding *scope_find_here(const Scope *scope, const char *name) {
    if (!scope->index_size) {
        for (size_t i = 0; i < scope->count; i++) {
            if (!strcmp(scope->items[i].name, name)) return &scope->items[i];
        }
        return NULL;
    }
    size_t mask = scope->index_size - 1;
    for (size_t slot = hash_name(name) & mask; scope->index[slot]; slot = (slot + 1) & mask) {
        Binding *binding = &scope->items[scope->index[slot] - 1];
        if (!strcmp(binding->name, name)) return binding;
    }
    return NULL;
}

Binding *scope_find(const Scope *scope, const char *name, const Scope **where) {
    for (; scope; scope = scope->outer) {
        Binding *binding = scope_find_here(scope, name);
        if (!binding) continue;
        if (where) *where = scope;
        return binding;
    }
    return NULL;
}

Binding *scope_bind(Eval *eval, Scope *scope, const char *name, Value value, Span span) {
    Binding *binding = scope_find_here(scope, name);
    if (binding) {
        binding->value = value;
        binding->span = span;
        return binding;
    }
    VEC_PUSH(eval->arena, scope, ((Binding){name, value, span}));
    if (scope->index_size) {
        if (scope->count * 2 > scope->index_size) {
            index_rebuild(eval, scope);
        } else {
            index_add(scope, scope->count - 1);
        }
    } else if (scope->count > HASHED_FROM) {
        index_rebuild(eval, scope);
    }
    return &scope->items[scope->count - 1];
}
