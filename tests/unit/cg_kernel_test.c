// Kernels of the shapes that the scheduler makes, written by hand: rows with masks, register tiles with tails, gathers,
// strides, random numbers, checks, scratch memory. Each runs as generated code, for each target that this machine runs, with
// and without optimization, and in the kernel interpreter; the buffers that it leaves must agree. Every buffer ends at a page
// that nobody may touch.
#include "cg_support.h"

enum { COLUMNS = 37, DEPTH = 29, ROW_BLOCK = 16 };

// softmax of each row of x[N][37], the sum in a register, lanes past the row's end masked
static Kernel *softmax(Arena *arena, uint32_t lanes) {
    KernelBuilder b = kb_new(arena, "softmax", lanes);
    KBufId x = kb_buf(&b, "x", DT_F32, 0, COLUMNS), y = kb_buf(&b, "y", DT_F32, 0, COLUMNS);
    KReg best = kb_reg(&b, "best", DT_F32, true, 1, 1), sum = kb_reg(&b, "sum", DT_F32, true, 1, 1);
    KVar n = kb_grid(&b, "n", (KExtent){0, 1, 1}), j = kb_var(&b, "j");
    KIdx at = kb_plus(kb_plus(kb_idx(0), n, COLUMNS), j, 1), zero = kb_idx(0);
    KMask mask = kb_lanes_below(kb_plus(kb_idx(COLUMNS), j, -1));
    KVal lowest = kb_numbers(&b, DT_F32, -INFINITY), none = kb_numbers(&b, DT_F32, 0);
    kb_set(&b, best, zero, zero, lowest);
    kb_set(&b, sum, zero, zero, none);
    kb_for(&b, j, zero, kb_idx(COLUMNS), lanes);
    KVal masked = kb_let(&b, DT_F32, true, (KStmt){.op = K_MASKED, .args = {kb_vload(&b, x, at, mask), lowest}, .mask = mask});
    kb_set(&b, best, zero, zero, kb_op2(&b, OP_MAXIMUM, kb_read(&b, best, zero, zero), masked));
    kb_end(&b);
    KVal top = kb_splat(&b, kb_reduce(&b, OP_MAXIMUM, kb_read(&b, best, zero, zero)));
    kb_for(&b, j, zero, kb_idx(COLUMNS), lanes);
    KVal e = kb_op1(&b, OP_EXP, kb_op2(&b, OP_SUB, kb_vload(&b, x, at, mask), top));
    kb_store(&b, y, at, mask, e);
    e = kb_let(&b, DT_F32, true, (KStmt){.op = K_MASKED, .args = {e, none}, .mask = mask});
    kb_set(&b, sum, zero, zero, kb_op2(&b, OP_ADD, kb_read(&b, sum, zero, zero), e));
    kb_end(&b);
    KVal total = kb_splat(&b, kb_reduce(&b, OP_ADD, kb_read(&b, sum, zero, zero)));
    kb_for(&b, j, zero, kb_idx(COLUMNS), lanes);
    kb_store(&b, y, at, mask, kb_op2(&b, OP_DIV, kb_vload(&b, y, at, mask), total));
    kb_end(&b);
    return b.kernel;
}

typedef struct Matmul {
    KBufId x, w, y;
    KReg acc;
    KVar m, n, k, r, v;
} Matmul;

// acc[r][v] = Σ x[m + r][k] · w[k][n + v·lanes + …], then stored through tanh; columns from `columns` on are masked.
static void matmul_tile(KernelBuilder *b, const Matmul *t, int64_t rows, int64_t columns, int64_t vectors) {
    uint32_t lanes = b->kernel->lanes;
    KMask mask = kb_lanes_below(kb_plus(kb_plus(kb_idx(columns), t->n, -1), t->v, -(int64_t)lanes));
    KVal zero = kb_numbers(b, DT_F32, 0);
    kb_unroll(b, t->r, rows);
    kb_unroll(b, t->v, vectors);
    kb_set(b, t->acc, kb_of(t->r), kb_of(t->v), zero);
    kb_end(b);
    kb_end(b);
    kb_for(b, t->k, kb_idx(0), kb_idx(DEPTH), 1);
    kb_unroll(b, t->v, vectors);
    KVal w = kb_vload(b, t->w, kb_plus(kb_plus(kb_plus(kb_idx(0), t->k, columns), t->n, 1), t->v, lanes), mask);
    kb_unroll(b, t->r, rows);
    KIdx at = kb_plus(kb_plus(kb_plus(kb_idx(0), t->m, DEPTH), t->r, DEPTH), t->k, 1);
    KVal x = kb_load_access(b, kb_at(t->x, at, 0), KB_ALL, true);
    kb_set(b, t->acc, kb_of(t->r), kb_of(t->v), kb_fma(b, x, w, kb_read(b, t->acc, kb_of(t->r), kb_of(t->v))));
    kb_end(b);
    kb_end(b);
    kb_end(b);
    kb_unroll(b, t->r, rows);
    kb_unroll(b, t->v, vectors);
    at = kb_plus(kb_plus(kb_plus(kb_plus(kb_idx(0), t->m, columns), t->r, columns), t->n, 1), t->v, lanes);
    kb_store(b, t->y, at, mask, kb_op1(b, OP_TANH, kb_read(b, t->acc, kb_of(t->r), kb_of(t->v))));
    kb_end(b);
    kb_end(b);
}

// y[N][37] = tanh(x[N][29] w[29][37]): tiles of 4 rows while they last, then 2, then 1, over blocks of 16 rows and 2 vectors
static Kernel *matmul(Arena *arena, uint32_t lanes) {
    KernelBuilder b = kb_new(arena, "matmul", lanes);
    Matmul t = {.x = kb_buf(&b, "x", DT_F32, 0, DEPTH),
                .w = kb_buf(&b, "w", DT_F32, DEPTH * COLUMNS, 0),
                .y = kb_buf(&b, "y", DT_F32, 0, COLUMNS),
                .acc = kb_reg(&b, "acc", DT_F32, true, 4, 2)};
    KVar block = kb_grid(&b, "block", (KExtent){0, 1, ROW_BLOCK});
    t.n = kb_grid(&b, "n", (KExtent){COLUMNS, 0, 2 * lanes});
    t.m = kb_var(&b, "m");
    t.k = kb_var(&b, "k");
    t.r = kb_var(&b, "r");
    t.v = kb_var(&b, "v");
    for (int64_t rows = 4; rows > 0; rows /= 2) {
        KStmt *loop = kb_for(&b, t.m, kb_of(block), kb_n(1), rows);
        loop->hi2 = kb_plus(kb_idx(ROW_BLOCK), block, 1);
        loop->has_hi2 = loop->whole = true;
        loop->resume = rows != 4;
        matmul_tile(&b, &t, rows, COLUMNS, 2);
        kb_end(&b);
    }
    return b.kernel;
}

// y[i][j] = (images[row[i]][j] / 255 − 0.5) · 2: what a first layer's prologue does with bytes
static Kernel *gather_bytes(Arena *arena, uint32_t lanes) {
    KernelBuilder b = kb_new(arena, "gather bytes", lanes);
    KBufId images = kb_buf(&b, "images", DT_U8, 10 * COLUMNS, 0), row = kb_buf(&b, "row", DT_F32, 0, 1);
    KBufId y = kb_buf(&b, "y", DT_F32, 0, COLUMNS);
    KVar i = kb_grid(&b, "i", (KExtent){0, 1, 1}), j = kb_var(&b, "j");
    kb_for(&b, j, kb_idx(0), kb_idx(COLUMNS), lanes);
    KMask mask = kb_lanes_below(kb_plus(kb_idx(COLUMNS), j, -1));
    KAccess access = {
        .buf = images, .idx = kb_of(j), .lane_stride = 1, .gather_buf = row, .gather_idx = kb_of(i), .gather_stride = COLUMNS};
    KVal x = kb_cast(&b, DT_F32, kb_load_access(&b, access, mask, true));
    x = kb_op2(&b, OP_SUB, kb_op2(&b, OP_DIV, x, kb_numbers(&b, DT_F32, 255)), kb_numbers(&b, DT_F32, 0.5));
    kb_store(&b, y, kb_plus(kb_plus(kb_idx(0), i, COLUMNS), j, 1), mask, kb_op2(&b, OP_MUL, x, kb_numbers(&b, DT_F32, 2)));
    kb_end(&b);
    return b.kernel;
}

static void put_rows(Buffers *buffers, int64_t N) { // the second buffer holds int32 row numbers
    for (int64_t i = 0; i < N; i++) ((int32_t *)buffers->data[1])[i] = (int32_t)(cg_mix((uint64_t)i) % 10);
}

// The batch in the lanes: y[j][i] = images[row[i]][j] and z[i] = images[row[i]][3] + …, each lane from a row of its own,
// and written across too
static Kernel *gather_lanes(Arena *arena, uint32_t lanes) {
    KernelBuilder b = kb_new(arena, "gather lanes", lanes);
    KBufId images = kb_buf(&b, "images", DT_F32, 10 * COLUMNS, 0), row = kb_buf(&b, "row", DT_F32, 0, 1);
    KBufId y = kb_buf(&b, "y", DT_F32, 0, COLUMNS), z = kb_buf(&b, "z", DT_F32, 0, COLUMNS);
    KVar i = kb_grid(&b, "i", (KExtent){0, 1, lanes}), j = kb_var(&b, "j"), k = kb_var(&b, "k");
    KMask mask = kb_lanes_below(kb_plus(kb_n(1), i, -1));
    kb_for(&b, j, kb_idx(0), kb_idx(COLUMNS), 1);
    KAccess access = {.buf = images,
                      .idx = kb_of(j),
                      .gather_buf = row,
                      .gather_idx = kb_of(i),
                      .gather_stride = COLUMNS,
                      .gather_lanes = true};
    KVal x = kb_load_access(&b, access, mask, true);
    kb_store_access(&b, kb_at(y, kb_plus(kb_plus(kb_idx(0), i, COLUMNS), j, 1), COLUMNS), mask, x);
    kb_end(&b);
    KStmt *full = kb_for(&b, k, kb_of(i), kb_n(1), lanes); // without masks, where all lanes take part
    full->whole = full->has_hi2 = true;
    full->hi2 = kb_plus(kb_idx(lanes), i, 1);
    access.idx = kb_idx(3);
    access.gather_idx = kb_of(k);
    kb_store_access(&b, kb_at(z, kb_plus(kb_idx(5), k, COLUMNS), COLUMNS), KB_ALL, kb_load_access(&b, access, KB_ALL, true));
    kb_end(&b);
    return b.kernel;
}

// y = −x by columns, x[N][37], so that lanes lie apart; in the tail, under a mask, x + bias: the same element in every lane
static Kernel *columns(Arena *arena, uint32_t lanes) {
    KernelBuilder b = kb_new(arena, "columns", lanes);
    KBufId x = kb_buf(&b, "x", DT_F64, 0, COLUMNS), y = kb_buf(&b, "y", DT_F64, 0, COLUMNS);
    KBufId bias = kb_buf(&b, "bias", DT_F64, COLUMNS, 0);
    KVar j = kb_grid(&b, "j", (KExtent){COLUMNS, 0, 1}), i = kb_var(&b, "i");
    kb_for(&b, i, kb_idx(0), kb_n(1), lanes)->whole = true;
    KVal a = kb_load_access(&b, kb_at(x, kb_plus(kb_plus(kb_idx(0), i, COLUMNS), j, 1), COLUMNS), KB_ALL, true);
    kb_store_access(&b, kb_at(y, kb_plus(kb_plus(kb_idx(0), i, COLUMNS), j, 1), COLUMNS), KB_ALL, kb_op1(&b, OP_NEG, a));
    kb_end(&b);
    kb_for(&b, i, kb_idx(0), kb_n(1), lanes)->resume = true;
    KMask mask = kb_lanes_below(kb_plus(kb_n(1), i, -1));
    a = kb_load_access(&b, kb_at(x, kb_plus(kb_plus(kb_idx(0), i, COLUMNS), j, 1), COLUMNS), mask, true);
    KVal same = kb_load_access(&b, kb_at(bias, kb_of(j), 0), mask, true);
    kb_store_access(&b, kb_at(y, kb_plus(kb_plus(kb_idx(0), i, COLUMNS), j, 1), COLUMNS), mask, kb_op2(&b, OP_ADD, a, same));
    kb_end(&b);
    return b.kernel;
}

// Uniform and normal numbers in both types, by logical index
static Kernel *random_numbers(Arena *arena, uint32_t lanes) {
    KernelBuilder b = kb_new(arena, "random", lanes);
    KBufId y[4];
    for (int i = 0; i < 4; i++) y[i] = kb_buf(&b, "y", i & 1 ? DT_F64 : DT_F32, 0, 1);
    KVar i = kb_grid(&b, "i", (KExtent){0, 1, lanes});
    KMask mask = kb_lanes_below(kb_plus(kb_n(1), i, -1));
    KVal base = kb_let(&b, DT_I64, false, (KStmt){.op = K_INDEX, .idx = kb_plus(kb_idx((int64_t)1 << 33), i, 1)});
    KVal lane = kb_let(&b, DT_I64, true, (KStmt){.op = K_LANES});
    KVal index = kb_op2(&b, OP_ADD, kb_splat(&b, base), lane);
    for (int k = 0; k < 4; k++) {
        KVal r =
            kb_let(&b, k & 1 ? DT_F64 : DT_F32, true, (KStmt){.op = K_RANDOM, .scalar = 3, .normal = k >= 2, .args = {index}});
        kb_store(&b, y[k], kb_of(i), mask, r);
    }
    return b.kernel;
}

// Checks that labels are classes; one in a buffer is wrong when N > 20
static Kernel *checks(Arena *arena, uint32_t lanes) {
    KernelBuilder b = kb_new(arena, "checks", lanes);
    KBufId label = kb_buf(&b, "label", DT_I64, 0, 1), good = kb_buf(&b, "good", DT_BOOL, 0, 1);
    KBufId all = kb_buf(&b, "all", DT_BOOL, 1, 0);
    KReg bad = kb_reg(&b, "bad", DT_BOOL, true, 1, 1);
    KVar i = kb_var(&b, "i"); // no grid: one tile
    KIdx zero = kb_idx(0);
    KVal no = kb_op2(&b, OP_NE, kb_numbers(&b, DT_I64, 0), kb_numbers(&b, DT_I64, 0));
    kb_set(&b, bad, zero, zero, no);
    kb_for(&b, i, zero, kb_n(1), lanes);
    KMask mask = kb_lanes_below(kb_plus(kb_n(1), i, -1));
    KVal ok = kb_op2(&b, OP_LT, kb_vload(&b, label, kb_of(i), mask), kb_numbers(&b, DT_I64, 10));
    kb_store(&b, good, kb_of(i), mask, ok);
    KVal wrong = kb_let(&b, DT_BOOL, true, (KStmt){.op = K_MASKED, .args = {kb_op1(&b, OP_NOT, ok), no}, .mask = mask});
    kb_set(&b, bad, zero, zero, kb_op2(&b, OP_OR, kb_read(&b, bad, zero, zero), wrong));
    kb_push(&b, (KStmt){.kind = KS_CHECK, .value = ok, .mask = mask, .text = "the check failed"});
    kb_end(&b);
    kb_store(&b, all, zero, KB_ALL, kb_op1(&b, OP_NOT, kb_reduce(&b, OP_OR, kb_read(&b, bad, zero, zero))));
    return b.kernel;
}

static void put_labels(Buffers *buffers, int64_t N) {
    for (int64_t i = 0; i < N; i++) ((int64_t *)buffers->data[0])[i] = i == 20 ? 10 : i % 10;
}

// x[N][3][5] is summed by pairs through scratch memory, scaled by lr · (step + N): grid axes, scalars, doubles
static Kernel *scratch_and_scalars(Arena *arena, uint32_t lanes) {
    KernelBuilder b = kb_new(arena, "scratch", lanes);
    KBufId x = kb_buf(&b, "x", DT_F32, 0, 15), y = kb_buf(&b, "y", DT_F32, 0, 15);
    KBufId t = kb_buf(&b, "t", DT_F32, 8, 0);
    b.kernel->bufs.items[t].role = KBUF_SCRATCH;
    b.kernel->bufs.items[t].scratch_offset = 128;
    KVar n = kb_grid(&b, "n", (KExtent){0, 1, 1}), i = kb_grid(&b, "i", (KExtent){3, 0, 1}),
         j = kb_grid(&b, "j", (KExtent){5, 0, 1});
    KVar k = kb_var(&b, "k");
    KIdx at = kb_plus(kb_plus(kb_plus(kb_idx(0), n, 15), i, 5), j, 1);
    kb_for(&b, k, kb_idx(0), kb_idx(8), 1);
    KVal index = kb_let(&b, DT_I64, false, (KStmt){.op = K_INDEX, .idx = kb_plus(kb_of(k), j, 1)});
    kb_store(&b, t, kb_of(k), KB_ALL, kb_op2(&b, OP_ADD, kb_load(&b, x, at), kb_cast(&b, DT_F32, index)));
    kb_end(&b);
    KVal lr = kb_let(&b, DT_F64, false, (KStmt){.op = K_SCALAR, .scalar = SCALAR_LR});
    KVal step = kb_let(&b, DT_I64, false, (KStmt){.op = K_SCALAR, .scalar = SCALAR_STEP});
    KVal N = kb_let(&b, DT_I64, false, (KStmt){.op = K_SCALAR, .scalar = SCALAR_N});
    KVal scale = kb_op2(&b, OP_POW, lr, kb_cast(&b, DT_F64, kb_op2(&b, OP_ADD, step, N)));
    KVal sum = kb_op2(&b, OP_ADD, kb_load(&b, t, kb_plus(kb_idx(1), i, 1)), kb_load(&b, t, kb_plus(kb_idx(6), i, -1)));
    kb_store(&b, y, at, KB_ALL, kb_op2(&b, OP_MUL, sum, kb_cast(&b, DT_F32, kb_op1(&b, OP_EXP, scale))));
    return b.kernel;
}

// Squares of x[N][lanes][lanes], transposed in registers. What lies ahead is asked for, even beyond the end.
static Kernel *squares(Arena *arena, uint32_t lanes) {
    KernelBuilder b = kb_new(arena, "squares", lanes);
    int64_t width = lanes;
    KBufId x = kb_buf(&b, "x", DT_F32, 0, width * width), y = kb_buf(&b, "y", DT_F32, 0, width * width);
    KReg square = kb_reg(&b, "square", DT_F32, true, (uint16_t)lanes, 1);
    KVar n = kb_grid(&b, "n", (KExtent){0, 1, 1}), i = kb_var(&b, "i");
    KIdx at = kb_plus(kb_plus(kb_idx(0), n, width * width), i, width), ahead = at;
    ahead.base = 5 * width * width;
    kb_unroll(&b, i, width);
    kb_push(&b, (KStmt){.kind = KS_PREFETCH, .access = kb_at(x, ahead, 0)});
    kb_set(&b, square, kb_of(i), kb_idx(0), kb_vload(&b, x, at, KB_ALL));
    kb_end(&b);
    kb_push(&b, (KStmt){.kind = KS_TRANSPOSE, .reg = square});
    kb_unroll(&b, i, width);
    kb_store(&b, y, at, KB_ALL, kb_read(&b, square, kb_of(i), kb_idx(0)));
    kb_end(&b);
    return b.kernel;
}

typedef struct Case {
    Kernel *(*make)(Arena *arena, uint32_t lanes);
    CgPrepare *prepare;
} Case;

static const Case cases[] = {
    {softmax, NULL},        {matmul, NULL},       {gather_bytes, put_rows},    {gather_lanes, put_rows}, {columns, NULL},
    {random_numbers, NULL}, {checks, put_labels}, {scratch_and_scalars, NULL}, {squares, NULL},
};
enum { CASES = sizeof cases / sizeof *cases };

static void check(const char *march, uint32_t lanes, bool optimize) {
    static const int64_t sizes[] = {1, 2, 3, 5, 7, 8, 15, 16, 17, 31, 33, 64, 65};
    const Target *target = target_find(march);
    if (!cg_target_runs_here(target)) return;
    Arena *arena = arena_new();
    Kernel *kernels[CASES];
    for (size_t i = 0; i < CASES; i++) {
        kernels[i] = cases[i].make(arena, lanes);
        kernel_verify(kernels[i]);
    }
    Loaded loaded = cg_load(cg_plan(arena, kernels, CASES, target), optimize);
    for (size_t i = 0; i < CASES; i++)
        for (size_t n = 0; n < sizeof sizes / sizeof *sizes; n++)
            cg_compare(&loaded, i, kernels[i], arena_printf(arena, "%s, %u lanes: %s", march, lanes, kernels[i]->name),
                       sizes[n], false, cases[i].prepare);
    dlclose(loaded.handle);
    arena_free(arena);
}

static void avx512(void **state) {
    (void)state;
    check("avx512", 16, true);
    check("avx512", 16, false);
    check("avx512", 8, true);
}
static void avx2(void **state) {
    (void)state;
    check("avx2", 8, true);
    check("avx2", 8, false);
}
static void sse2(void **state) {
    (void)state;
    check("sse2", 4, true);
    check("sse2", 4, false);
}
static void one_lane(void **state) {
    (void)state;
    check("native", 1, true);
    check("sse2", 1, false);
}

// Two kernels that share their statements are one function; another is another. Who shares is the scheduler's to say.
static void equal_kernels_exist_once(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Kernel *kernels[] = {matmul(arena, 4), matmul(arena, 4), matmul(arena, 4)};
    kernels[1]->name = "another";
    kernels[1]->same = kernels[0];
    kernels[2]->grid[0].extent.block = 8;
    Loaded loaded = cg_load(cg_plan(arena, kernels, 3, target_find("x86-64")), true);
    const NetrtStep *steps = loaded.program->entries[NETRT_INIT].steps;
    assert_ptr_equal(steps[0].kernel, steps[1].kernel);
    assert_ptr_not_equal(steps[0].kernel, steps[2].kernel);
    dlclose(loaded.handle);
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(avx512),
        cmocka_unit_test(avx2),
        cmocka_unit_test(sse2),
        cmocka_unit_test(one_lane),
        cmocka_unit_test(equal_kernels_exist_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
