// Equal kernels once: 64 equal layers have the kernels of one.
//
// A kernel is made in memory of its own. When it is done, only what no earlier kernel has is copied to the plan: a kernel with
// the structure of an earlier one has its own name, cost and buffers, and the other's statements. The code generator makes one
// function of all that share. Every kernel is verified here, but for those that differ from a verified one in name alone.
#include "schedule/internal.h"

typedef struct Distinct {
    uint64_t hash;
    char *structure;
    const Kernel *kernel;
} Distinct;

struct Shared {
    Arena *perm;
    VEC(Distinct) distinct;
    StrBuf structure; // of the kernel at hand
};

Shared *shared_new(Arena *perm) {
    Shared *shared = NEW(perm, Shared);
    shared->perm = perm;
    return shared;
}

void shared_free(Shared *shared) { strbuf_free(&shared->structure); }

// ---- Copies

static const char *copy_text(Arena *arena, const char *text) { return text ? arena_strdup(arena, text) : NULL; }

#define COPY_ITEMS(arena, vec)                                                                                                 \
    ((vec)->capacity = (vec)->count, (vec)->items = copy_bytes((arena), (vec)->items, (vec)->count * sizeof *(vec)->items))

static void *copy_bytes(Arena *arena, const void *bytes, size_t size) {
    void *copy = arena_alloc(arena, size);
    if (size) memcpy(copy, bytes, size);
    return copy;
}

static void copy_block(Arena *arena, KBlock *block) {
    COPY_ITEMS(arena, block);
    for (size_t i = 0; i < block->count; i++) {
        KStmt *statement = &block->items[i];
        statement->text = copy_text(arena, statement->text);
        if (statement->kind == KS_FOR) copy_block(arena, &statement->body);
    }
}

static void copy_statements(Arena *arena, Kernel *k) {
    COPY_ITEMS(arena, &k->vars);
    for (size_t i = 0; i < k->vars.count; i++) k->vars.items[i] = copy_text(arena, k->vars.items[i]);
    COPY_ITEMS(arena, &k->regs);
    for (size_t i = 0; i < k->regs.count; i++) k->regs.items[i].name = copy_text(arena, k->regs.items[i].name);
    COPY_ITEMS(arena, &k->vals);
    copy_block(arena, &k->body);
}

static void copy_buffers(Arena *arena, Kernel *k) {
    COPY_ITEMS(arena, &k->bufs);
    for (size_t i = 0; i < k->bufs.count; i++) k->bufs.items[i].name = copy_text(arena, k->bufs.items[i].name);
}

// ---- Looking for an equal one

static uint64_t hash_text(const char *text, size_t length) { // FNV-1a
    uint64_t hash = 0xcbf29ce484222325;
    for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3;
    return hash;
}

static const Kernel *find(const Shared *shared, uint64_t hash) {
    for (size_t i = 0; i < shared->distinct.count; i++) {
        const Distinct *distinct = &shared->distinct.items[i];
        if (distinct->hash == hash && strcmp(distinct->structure, shared->structure.text) == 0) return distinct->kernel;
    }
    return NULL;
}

// The structure says nothing of sizes, of buffers and of batches, which are for checking only.
static bool same_sizes(const Kernel *a, const Kernel *b) {
    if (a->least_samples != b->least_samples || a->most_samples != b->most_samples) return false;
    for (size_t i = 0; i < a->bufs.count; i++)
        if (a->bufs.items[i].count != b->bufs.items[i].count || a->bufs.items[i].count_n != b->bufs.items[i].count_n)
            return false;
    return true;
}

const Kernel *shared_kernel(Shared *shared, const Kernel *made) {
    Arena *perm = shared->perm;
    Kernel *k = NEW(perm, Kernel);
    *k = *made;
    k->arena = perm;
    copy_buffers(perm, k);
    shared->structure.length = 0;
    kernel_print_structure(k, &shared->structure);
    uint64_t hash = hash_text(shared->structure.text, shared->structure.length);
    const Kernel *equal = find(shared, hash);
    if (equal) {
        k->same = equal;
        k->vars = equal->vars;
        k->regs = equal->regs;
        k->vals = equal->vals;
        k->body = equal->body;
        if (!same_sizes(k, equal)) kernel_verify(k);
        return k;
    }
    copy_statements(perm, k);
    kernel_verify(k);
    Distinct distinct = {hash, arena_strndup(perm, shared->structure.text, shared->structure.length), k};
    VEC_PUSH(perm, &shared->distinct, distinct);
    return k;
}
