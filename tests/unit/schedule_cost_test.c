// What kernels are said to cost, counted by hand: FLOPs and bytes of whole entries, fused, in f32.
#include "schedule_cases.h"
#include "support/vec.h"

typedef struct Total {
    double flops, flops_n, bytes, bytes_n;
    size_t kernels;
} Total;

static Total total(Rig *rig) {
    Plan *plan = schedule(rig->arena, rig->program, target_row(0), &(ScheduleOptions){.fuse = true});
    const PlanEntry *entry = &plan->entries[rig->kind - 1];
    Total sum = {0};
    for (size_t i = 0; i < entry->steps.count; i++) {
        const Kernel *k = entry->steps.items[i].kernel;
        sum.flops += k->flops;
        sum.flops_n += k->flops_n;
        sum.bytes += k->bytes;
        sum.bytes_n += k->bytes_n;
        sum.kernels++;
    }
    return sum;
}

#define COSTS(rig, ...)                                                                                                        \
    do {                                                                                                                       \
        rig_end(rig, NULL);                                                                                                    \
        Total is = total(rig), should_be = {__VA_ARGS__};                                                                      \
        assert_float_equal(is.flops, should_be.flops, 0);                                                                      \
        assert_float_equal(is.flops_n, should_be.flops_n, 0);                                                                  \
        assert_float_equal(is.bytes, should_be.bytes, 0);                                                                      \
        assert_float_equal(is.bytes_n, should_be.bytes_n, 0);                                                                  \
        assert_int_equal(is.kernels, should_be.kernels);                                                                       \
    } while (0)

static Rig *start(void) {
    Rig *rig = rig_new(DT_F32);
    rig_begin(rig, "cost");
    return rig;
}

// Two for each product, one for the bias, one for the maximum; the comparison and the choice are free.
static void contraction(void **state) {
    (void)state;
    Rig *rig = start();
    NodeId x = rig_var(rig, "(11, 5)"), w = rig_var(rig, "(5, 7)"), bias = rig_var(rig, "(7,)");
    NodeId y = binary(rig, OP_ADD, build_matmul(rig->g, x, w), bias);
    y = binary(rig, OP_MAXIMUM, y, number(rig, 0));
    rig_result(rig, build_where(rig->g, binary(rig, OP_GT, y, number(rig, 1)), y, number(rig, 1)));
    COSTS(rig, .flops = 11 * (2 * 5 * 7 + 7 + 7), .bytes = 4 * (55 + 35 + 7 + 77), .kernels = 1);
    rig_free(rig);
}

// The batch is in the result, or is what is summed over; how its rows come there is another question.
static void contraction_of_batch(void **state) {
    (void)state;
    Rig *rig = start();
    NodeId x = rig_input(rig, "(N, 5)", DT_F32), y = rig_input(rig, "(N, 7)", DT_F32);
    rig_result(rig, build_matmul(rig->g, build_transpose(rig->g, x, 0, 1), y));
    rig_result(rig, build_matmul(rig->g, x, rig_var(rig, "(5, 3)")));
    rig_end(rig, NULL);
    Total is = total(rig);
    assert_float_equal(is.flops, 0, 0);
    assert_float_equal(is.flops_n, 2 * 5 * 7 + 2 * 5 * 3, 0);
    assert_true(is.bytes == 4 * 35 + 4 * 15 && is.bytes_n >= 4 * (5 + 7 + 3));
    rig_free(rig);
}

// What is computed in another way for a few samples costs the same.
static void a_few_samples(void **state) {
    (void)state;
    Rig *rig = start();
    rig_result(rig, build_matmul(rig->g, rig_input(rig, "(N, 256)", DT_F32), rig_var(rig, "(256, 192)")));
    rig_end(rig, NULL);
    Plan *plan = schedule(rig->arena, rig->program, target_row(0), &(ScheduleOptions){.fuse = true});
    const PlanEntry *entry = &plan->entries[0];
    size_t thin = 0;
    for (size_t i = 1; i < entry->steps.count; i++) {
        const Kernel *k = entry->steps.items[i].kernel, *usual = entry->steps.items[i - 1].kernel;
        if (k->most_samples == 0) continue;
        thin++;
        assert_int_equal(usual->least_samples, k->most_samples + 1);
        assert_string_equal(k->name, usual->name);
        assert_true(k->flops_n == 2.0 * 256 * 192 && usual->flops_n == k->flops_n);
        assert_true(k->bytes >= 4.0 * 256 * 192 && k->bytes == usual->bytes && k->bytes_n == usual->bytes_n);
    }
    assert_true(thin > 0);
    rig_free(rig);
}

// A value that is read twice is read once; of one that is broadcast, what is there; of a slice, the slice.
static void reads(void **state) {
    (void)state;
    Rig *rig = start();
    NodeId v = rig_var(rig, "(8, 6)"), row = rig_var(rig, "(6,)");
    NodeId sum = binary(rig, OP_ADD, binary(rig, OP_MUL, v, v), row);
    rig_result(rig, sum);
    COSTS(rig, .flops = 48 + 48, .bytes = 4 * (48 + 6 + 48), .kernels = 1);
    rig_begin(rig, "slice");
    v = rig_var(rig, "(8, 6)");
    NodeId a = build_slice(rig->g, v, 0, fixed(1), fixed(2), 1), b = build_slice(rig->g, v, 0, fixed(5), fixed(2), 1);
    rig_result(rig, binary(rig, OP_SUB, a, b));
    COSTS(rig, .flops = 12, .bytes = 4 * (12 + 12 + 12), .kernels = 1);
    rig_begin(rig, "overlapping slices");
    v = rig_var(rig, "(8, 6)");
    a = build_slice(rig->g, v, 0, fixed(0), fixed(7), 1), b = build_slice(rig->g, v, 0, fixed(1), fixed(7), 1);
    rig_result(rig, binary(rig, OP_SUB, a, b));
    COSTS(rig, .flops = 42, .bytes = 4 * (48 + 42), .kernels = 1);
    rig_free(rig);
}

// Bytes of the data set are read as bytes; a cast is no arithmetic.
static void types(void **state) {
    (void)state;
    Rig *rig = start();
    NodeId x = build_cast(rig->g, rig_input(rig, "(N, 9)", DT_U8), DT_F32);
    rig_result(rig, binary(rig, OP_DIV, x, number(rig, 255)));
    COSTS(rig, .flops_n = 9, .bytes_n = 9 + 4 * 9, .kernels = 1);
    rig_free(rig);
}

// max, exp(x − max), sum, quotient: read once, written once.
static void rows(void **state) {
    (void)state;
    Rig *rig = start();
    NodeId x = rig_input(rig, "(N, 10)", DT_F32);
    NodeId top = build_reduce(rig->g, OP_MAX, x, 2, true, false);
    NodeId e = unary(rig, OP_EXP, binary(rig, OP_SUB, x, top));
    rig_result(rig, binary(rig, OP_DIV, e, build_reduce(rig->g, OP_SUM, e, 2, true, false)));
    COSTS(rig, .flops_n = 10 + 10 + 10 + 10 + 10, .bytes_n = 4 * (10 + 10), .kernels = 1);
    rig_free(rig);
}

// A variable that is overwritten in place is read and written.
static void update(void **state) {
    (void)state;
    Rig *rig = start();
    uint32_t p = rig_new_var(rig, "(30, 4)"), g = rig_new_var(rig, "(30, 4)");
    NodeId step = binary(rig, OP_MUL, rig_read(rig, g), number(rig, 0.5));
    rig_assign(rig, p, binary(rig, OP_SUB, rig_read(rig, p), step));
    COSTS(rig, .flops = 240, .bytes = 4 * (120 + 120 + 120), .kernels = 1);
    rig_free(rig);
}

// One that cannot be goes through memory of its own, and is copied by a kernel more.
static void copied_update(void **state) {
    (void)state;
    Rig *rig = start();
    uint32_t p = rig_new_var(rig, "(6, 6)");
    rig_assign(rig, p, binary(rig, OP_MUL, build_transpose(rig->g, rig_read(rig, p), 0, 1), number(rig, 2)));
    COSTS(rig, .flops = 36, .bytes = 4 * (36 + 36) + 4 * (36 + 36), .kernels = 2);
    rig_free(rig);
}

static void copies(void **state) {
    (void)state;
    Rig *rig = start();
    NodeId parts[] = {rig_input(rig, "(N, 3)", DT_F32), rig_input(rig, "(N, 4)", DT_F32)};
    rig_result(rig, build_concat(rig->g, parts, 2, 1));
    COSTS(rig, .bytes_n = 4 * (3 + 4 + 7), .kernels = 1);
    rig_begin(rig, "pad");
    rig_result(rig, build_pad(rig->g, rig_input(rig, "(N, 3)", DT_F32), 1, fixed(1), fixed(2)));
    COSTS(rig, .bytes_n = 4 * (3 + 6), .kernels = 1);
    rig_free(rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_few_samples), cmocka_unit_test(contraction),   cmocka_unit_test(contraction_of_batch),
        cmocka_unit_test(reads),         cmocka_unit_test(types),         cmocka_unit_test(rows),
        cmocka_unit_test(update),        cmocka_unit_test(copied_update), cmocka_unit_test(copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
