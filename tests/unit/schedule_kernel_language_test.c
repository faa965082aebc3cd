// The kernel language without a code generator: the listing, what the verifier refuses, and the interpreter.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel_builder.h"
#include "schedule/target.h"

// y[n] = Σ x[n][0..10) · w[0..10), in `lanes` partial sums; `lost` columns are read beyond the end
static Kernel *row_products(Arena *arena, int64_t lost) {
    KernelBuilder b = kb_new(arena, "row products", 4);
    KBufId x = kb_buf(&b, "x", DT_F32, 0, 10), w = kb_buf(&b, "w", DT_F32, 10, 0), y = kb_buf(&b, "y", DT_F32, 0, 1);
    KReg sum = kb_reg(&b, "sum", DT_F32, true, 1, 1);
    KVar n = kb_grid(&b, "n", (KExtent){0, 1, 1}), j = kb_var(&b, "j");
    KIdx zero = kb_idx(0);
    KMask mask = kb_lanes_below(kb_plus(kb_idx(10 + lost), j, -1));
    kb_push(&b, (KStmt){.kind = KS_COMMENT, .text = "partial sums"});
    kb_set(&b, sum, zero, zero, kb_numbers(&b, DT_F32, 0));
    kb_for(&b, j, zero, kb_idx(10), 4);
    KVal a = kb_vload(&b, x, kb_plus(kb_plus(zero, n, 10), j, 1), mask);
    kb_set(&b, sum, zero, zero, kb_fma(&b, a, kb_vload(&b, w, kb_of(j), mask), kb_read(&b, sum, zero, zero)));
    kb_end(&b);
    kb_store(&b, y, kb_of(n), KB_ALL, kb_reduce(&b, OP_ADD, kb_read(&b, sum, zero, zero)));
    b.kernel->flops_n = 20;
    b.kernel->bytes = 40;
    b.kernel->bytes_n = 44;
    return b.kernel;
}

static void listing(void **state) {
    (void)state;
    Arena *arena = arena_new();
    StrBuf text = {0};
    kernel_print(row_products(arena, 0), &text);
    assert_string_equal(text.text, "kernel \"row products\"  # test.net:1\n"
                                   "  4 lanes, 20·N flops, 40 + 44·N bytes\n"
                                   "  data x: f32[10·N]\n"
                                   "  data w: f32[10]\n"
                                   "  data y: f32[N]\n"
                                   "  register sum: f32x4[1][1]\n"
                                   "for each tile n in 0..N {\n"
                                   "  # partial sums\n"
                                   "  sum[0][0] = splat(0.0)\n"
                                   "  for j in 0..10 step 4 {\n"
                                   "    sum[0][0] = fma(x[10·n + j, 4 lanes, lane < 10 - j], w[j, 4 lanes, lane < 10 - j], "
                                   "sum[0][0])\n"
                                   "  }\n"
                                   "  y[n] = reduce_add(sum[0][0])\n"
                                   "}\n");
    strbuf_free(&text);
    arena_free(arena);
}

static void structure_ignores_names(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Kernel *kernels[] = {row_products(arena, 0), row_products(arena, 0), row_products(arena, -1)};
    kernels[1]->name = "another";
    kernels[1]->lines = "other.net:7";
    kernels[1]->bufs.items[1].name = "v";
    StrBuf text[3] = {{0}};
    for (int i = 0; i < 3; i++) kernel_print_structure(kernels[i], &text[i]);
    assert_string_equal(text[0].text, text[1].text);
    assert_string_not_equal(text[0].text, text[2].text);
    for (int i = 0; i < 3; i++) strbuf_free(&text[i]);
    arena_free(arena);
}

static void interpreter(void **state) {
    (void)state;
    Arena *arena = arena_new();
    float x[30], w[10], y[3];
    for (int i = 0; i < 30; i++) x[i] = (float)i;
    for (int i = 0; i < 10; i++) w[i] = (float)(i + 1);
    void *buffers[] = {x, w, y};
    KernelCall call = {.buffers = buffers, .N = 3};
    assert_null(kernel_interpret(row_products(arena, 0), &call));
    for (int n = 0; n < 3; n++) {
        float sum = 0;
        for (int i = 0; i < 10; i++) sum += x[10 * n + i] * w[i];
        assert_true(y[n] == sum);
    }
    arena_free(arena);
}

// Whether the verifier takes the kernel; it ends the process when it does not.
static bool accepted(const Kernel *kernel) {
    pid_t pid = fork();
    if (pid == 0) {
        fclose(stderr);
        kernel_verify(kernel);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void bounds(void **state) {
    (void)state;
    Arena *arena = arena_new();
    assert_true(accepted(row_products(arena, 0)));
    assert_true(accepted(row_products(arena, -3)));
    assert_false(accepted(row_products(arena, 1)));
    arena_free(arena);
}

// for m in m0..min(m0 + 16, N) step 4 [whole]: four rows from m, then the rest one by one
static Kernel *tails(Arena *arena, bool whole, int64_t more) {
    KernelBuilder b = kb_new(arena, "tails", 1);
    KBufId x = kb_buf(&b, "x", DT_F32, 0, 1);
    KVar m0 = kb_grid(&b, "m0", (KExtent){0, 1, 16}), m = kb_var(&b, "m"), r = kb_var(&b, "r");
    KVal zero = kb_number(&b, DT_F32, 0);
    for (int64_t rows = 4; rows > 0; rows -= 3) {
        KStmt *loop = kb_for(&b, m, kb_of(m0), kb_n(1), rows);
        loop->has_hi2 = true;
        loop->hi2 = kb_plus(kb_idx(16), m0, 1);
        loop->whole = whole;
        loop->resume = rows == 1;
        kb_unroll(&b, r, rows);
        kb_store(&b, x, kb_plus(kb_plus(kb_idx(more), m, 1), r, 1), KB_ALL, zero);
        kb_end(&b);
        kb_end(&b);
    }
    return b.kernel;
}

static void bounds_of_tails(void **state) {
    (void)state;
    Arena *arena = arena_new();
    assert_true(accepted(tails(arena, true, 0)));
    assert_false(accepted(tails(arena, false, 0)));
    assert_false(accepted(tails(arena, true, 1)));
    assert_false(accepted(tails(arena, true, -1)));
    arena_free(arena);
}

static void types_and_scopes(void **state) {
    (void)state;
    Arena *arena = arena_new();
    KernelBuilder b = kb_new(arena, "types", 4);
    KVal one = kb_number(&b, DT_F32, 1);
    kb_op2(&b, OP_ADD, one, kb_number(&b, DT_F64, 1));
    assert_false(accepted(b.kernel));

    b = kb_new(arena, "vectors and scalars", 4);
    one = kb_number(&b, DT_F32, 1);
    kb_op2(&b, OP_ADD, one, kb_splat(&b, one));
    assert_false(accepted(b.kernel));

    b = kb_new(arena, "scopes", 4);
    KVar i = kb_var(&b, "i");
    kb_for(&b, i, kb_idx(0), kb_idx(2), 1);
    one = kb_number(&b, DT_F32, 1);
    kb_end(&b);
    kb_op1(&b, OP_NEG, one);
    assert_false(accepted(b.kernel));

    b = kb_new(arena, "a register in a loop that is not unrolled", 4);
    KReg reg = kb_reg(&b, "r", DT_F32, false, 2, 1);
    i = kb_var(&b, "i");
    one = kb_number(&b, DT_F32, 1);
    kb_for(&b, i, kb_idx(0), kb_idx(2), 1);
    kb_set(&b, reg, kb_of(i), kb_idx(0), one);
    kb_end(&b);
    assert_false(accepted(b.kernel));
    arena_free(arena);
}

static void squares_and_prefetches(void **state) {
    (void)state;
    Arena *arena = arena_new();
    KernelBuilder b = kb_new(arena, "no square", 4);
    kb_push(&b, (KStmt){.kind = KS_TRANSPOSE, .reg = kb_reg(&b, "three", DT_F32, true, 3, 1)});
    assert_false(accepted(b.kernel));

    b = kb_new(arena, "scalars", 4);
    kb_push(&b, (KStmt){.kind = KS_TRANSPOSE, .reg = kb_reg(&b, "four", DT_F32, false, 4, 1)});
    assert_false(accepted(b.kernel));

    b = kb_new(arena, "a square, and what lies beyond the end", 4);
    KBufId x = kb_buf(&b, "x", DT_F32, 10, 0), rows = kb_buf(&b, "rows", DT_I64, 0, 1);
    kb_push(&b, (KStmt){.kind = KS_TRANSPOSE, .reg = kb_reg(&b, "four", DT_F32, true, 4, 1)});
    KAccess access = kb_at(x, kb_idx(11), 0);
    kb_push(&b, (KStmt){.kind = KS_PREFETCH, .access = access});
    assert_true(accepted(b.kernel));
    access.gather_buf = rows; // which row is looked up, and must be there
    access.gather_idx = kb_n(1);
    kb_push(&b, (KStmt){.kind = KS_PREFETCH, .access = access});
    assert_false(accepted(b.kernel));
    arena_free(arena);
}

static void targets(void **state) {
    (void)state;
    assert_non_null(target_find("native"));
    assert_string_equal(target_find("x86-64-v4")->name, "avx512");
    assert_string_equal(target_find("avx2")->march, "x86-64-v3");
    assert_string_equal(target_find("x86-64-v2")->name, "sse2");
    assert_null(target_find("z80"));
    for (unsigned i = 0; target_row(i); i++) {
        const Target *t = target_row(i);
        assert_true(t->tile_rows * t->tile_vectors < t->registers);
        assert_ptr_equal(target_find(t->name), t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listing), cmocka_unit_test(structure_ignores_names), cmocka_unit_test(interpreter),
        cmocka_unit_test(bounds),  cmocka_unit_test(bounds_of_tails),         cmocka_unit_test(types_and_scopes),
        cmocka_unit_test(targets), cmocka_unit_test(squares_and_prefetches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
