// The engine, the trainer and what they keep apart: threads, batch sizes, checks, memory, subnormals.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "program/commands.h"
#include "program/engine_plan.h"
#include "program/evaluate.h"
#include "program/trainer.h"
#include "program/var.h"
#include "rt_linear.h"

static NetrtContext context_of(const NetrtProgram *program, int threads) {
    NetrtContext context = {.program = program, .command = "./linear", .name = "linear"};
    NetrtError error;
    assert_true(netrt_options_parse(program, NETRT_TRAIN, 0, NULL, &context.options, &error));
    context.options.threads = threads;
    return context;
}

// Trains an epoch; copies the variables out and returns the sum of losses.
static double train_epoch(const NetrtProgram *program, int threads, int64_t batch, char vars[256]) {
    NetrtContext context = context_of(program, threads);
    context.options.batch_size = batch;
    NetrtSession session;
    NetrtTrainer trainer;
    NetrtError error;
    assert_true(netrt_session_open(&context, NETRT_START_INITIAL, 1u << NETRT_SPLIT_TRAIN, &session, &error));
    assert_true(netrt_trainer_open(&trainer, &context, &session, &error));
    netrt_trainer_epoch(&trainer, 0);
    for (int64_t i = 0; i < trainer.epoch_steps; i++) assert_true(netrt_trainer_step(&trainer, &error));
    assert_int_equal(trainer.seen, 1000);
    memcpy(vars, session.engine.vars, 256);
    double loss = netrt_trainer_loss(&trainer);
    netrt_trainer_close(&trainer);
    netrt_session_close(&session);
    return loss;
}

static void equal_for_every_number_of_threads(void **state) {
    (void)state;
    const int64_t batches[] = {1, 7, 64, 1000};
    for (int b = 0; b < 4; b++) {
        char one[256], many[256];
        double loss = train_epoch(&linear_f32, 1, batches[b], one);
        assert_true(loss > 0 && loss < 3);
        for (int threads = 2; threads <= 8; threads++) {
            assert_true(train_epoch(&linear_f32, threads, batches[b], many) == loss);
            assert_memory_equal(one, many, 256);
        }
    }
}

static void learns(void **state) {
    (void)state;
    NetrtContext context = context_of(&linear_f64, 1);
    NetrtSession session;
    NetrtTrainer trainer;
    NetrtEvaluation before, after, small;
    NetrtError error;
    int64_t confusion[9] = {0}, sum = 0;
    assert_true(
        netrt_session_open(&context, NETRT_START_INITIAL, 1u << NETRT_SPLIT_TRAIN | 1u << NETRT_SPLIT_TEST, &session, &error));
    const NetrtSplit *test = &session.data.splits[NETRT_SPLIT_TEST];
    assert_true(netrt_evaluate(&session, test, 0, NULL, &before, &error));
    assert_true(netrt_trainer_open(&trainer, &context, &session, &error));
    for (int epoch = 0; epoch < 5; epoch++) {
        netrt_trainer_epoch(&trainer, epoch);
        for (int64_t i = 0; i < trainer.epoch_steps; i++) assert_true(netrt_trainer_step(&trainer, &error));
    }
    assert_true(netrt_evaluate(&session, test, 0, confusion, &after, &error));
    assert_true(netrt_evaluate(&session, test, 7, NULL, &small, &error));
    assert_true(after.loss < before.loss);
    assert_true(after.accuracy > 0.8);
    assert_true(fabs(small.loss - after.loss) < 1e-12 && small.correct == after.correct);
    for (int i = 0; i < 9; i++) sum += confusion[i];
    assert_int_equal(sum, test->count);
    assert_int_equal(confusion[0] + confusion[4] + confusion[8], after.correct);
    netrt_trainer_close(&trainer);
    netrt_session_close(&session);
}

// gradients + apply are the fused step; clipping is what torch.nn.utils does.
static void halves_and_clipping(void **state) {
    (void)state;
    NetrtProgram halves = linear_f64, unlimited = linear_f64;
    halves.entries[NETRT_TRAIN_STEP].steps = NULL;
    unlimited.train.clip_grad_norm = 1e9;
    char fused[256], parts[256];
    double loss = train_epoch(&linear_f64, 1, 64, fused);
    assert_true(train_epoch(&halves, 1, 64, parts) == loss);
    assert_memory_equal(fused, parts, 128);
    assert_true(train_epoch(&unlimited, 1, 64, parts) == loss);

    _Alignas(64) char vars[256] = {0};
    double *weight = (double *)(void *)(vars + 128), *bias = (double *)(void *)(vars + 192);
    weight[0] = 3;
    bias[2] = -4;
    netrt_clip_gradients(&linear_f64, vars, 0, 0);
    assert_true(weight[0] == 3 && bias[2] == -4);
    netrt_clip_gradients(&linear_f64, vars, 10, 3.5);
    assert_true(weight[0] == 3 && bias[2] == -3.5);
    bias[2] = -4;
    netrt_clip_gradients(&linear_f64, vars, 1, 0);
    assert_true(fabs(weight[0] - 3 / (5 + 1e-6)) < 1e-15 && fabs(bias[2] + 4 / (5 + 1e-6)) < 1e-15);
}

// An f64 program starts from the f32 program's numbers, widened.
static void initial_numbers_in_f64(void **state) {
    (void)state;
    NetrtEngine narrow, wide;
    NetrtError error;
    assert_true(netrt_engine_open(&narrow, &linear_f32, 1, &error) && netrt_engine_init(&narrow, 5, &error));
    assert_true(netrt_engine_open(&wide, &linear_f64, 1, &error) && netrt_engine_init(&wide, 5, &error));
    for (int v = 0; v < 2; v++)
        for (int64_t i = 0; i < netrt_var_count(&linear_f32.vars[v]); i++)
            assert_true(netrt_var_get(&linear_f32.vars[v], narrow.vars, i) == netrt_var_get(&linear_f64.vars[v], wide.vars, i));
    assert_memory_equal(&narrow.random, &wide.random, sizeof narrow.random);
    netrt_engine_close(&narrow);
    netrt_engine_close(&wide);
}

static void failed_check(void **state) {
    (void)state;
    NetrtEngine engine;
    NetrtError error = {0};
    const float x[2] = {1, 2};
    const int64_t y[1] = {3};
    assert_true(netrt_engine_open(&engine, &linear_f32, 2, &error));
    assert_true(netrt_engine_init(&engine, 0, &error));
    assert_true(netrt_engine_reserve(&engine, NETRT_TRAIN_STEP, 1, &error));
    engine.inputs[0] = x;
    engine.inputs[1] = y;
    netrt_engine_consecutive(&engine, 0, 1);
    assert_false(netrt_engine_run(&engine, NETRT_TRAIN_STEP, 1, &error));
    assert_string_equal(error.message, "a target is outside of the 3 classes");
    netrt_engine_close(&engine);
}

static void subnormals(void **state) {
    (void)state;
    char vars[256];
    volatile float tiny = 1e-38f;
    train_epoch(&linear_f32, 2, 64, vars);
    assert_false(linear_flushed_in_init);
    assert_true(linear_flushed_in_step);
    assert_true(tiny * 0.5f > 0);
    train_epoch(&linear_f64, 2, 64, vars);
    assert_false(linear_flushed_in_step);
}

static void too_large(void **state) {
    (void)state;
    NetrtProgram wide = linear_f32;
    NetrtEngine engine;
    NetrtError error;
    wide.entries[NETRT_TRAIN_STEP].workspace_per_block = INT64_MAX / 2;
    wide.entries[NETRT_EVALUATE].workspace_fixed = INT64_MAX / 4;
    assert_true(netrt_engine_open(&engine, &wide, 1, &error));
    assert_false(netrt_engine_reserve(&engine, NETRT_TRAIN_STEP, 64, &error));
    assert_non_null(strstr(error.message, "too large"));
    assert_false(netrt_engine_reserve(&engine, NETRT_PREDICT, 0, &error));
    assert_false(netrt_engine_reserve(&engine, NETRT_EVALUATE, 64, &error));
    assert_non_null(strstr(error.message, "not enough memory"));
    netrt_engine_close(&engine);
}

// Five batch sizes on four slots: the plan that was not used for longest makes room; memory that moves empties all.
static void plans(void **state) {
    (void)state;
    NetrtEngine engine;
    NetrtError error;
    assert_true(netrt_engine_open(&engine, &linear_f32, 1, &error));
    assert_true(netrt_engine_reserve(&engine, NETRT_EVALUATE, 100, &error));
    NetrtPlan *first = netrt_plan_find(&engine, NETRT_EVALUATE, 1);
    for (int64_t N = 2; N <= 4; N++) assert_ptr_not_equal(netrt_plan_find(&engine, NETRT_EVALUATE, N), first);
    assert_ptr_equal(netrt_plan_find(&engine, NETRT_EVALUATE, 1), first);
    NetrtPlan *fifth = netrt_plan_find(&engine, NETRT_EVALUATE, 100);
    assert_ptr_not_equal(fifth, first);
    assert_int_equal(fifth->tiles[0], 7);
    assert_int_equal(fifth->tiles[1], 1);
    assert_ptr_equal(netrt_plan_find(&engine, NETRT_EVALUATE, 1), first);
    assert_ptr_equal(fifth->pointers[0], engine.vars);
    assert_ptr_equal(fifth->pointers[6], engine.workspace + 128 + 7 * 192);
    assert_true(netrt_engine_reserve(&engine, NETRT_EVALUATE, 1000, &error));
    assert_int_equal(fifth->N, 0);
    netrt_engine_close(&engine);
}

// The search settles on the fastest of 1, 2, 4 … threads, does not try for short steps, and looks again later.
static void tuning(void **state) {
    (void)state;
    const struct {
        double cost[9];
        int best;
    } cases[] = {
        {{0, 100e3, 60e3, 0, 40e3, 0, 0, 0, 30e3}, 8},
        {{0, 100e3, 60e3, 0, 59e3, 0, 0, 0, 10e3}, 2},
        {{0, 100e3, 110e3, 0, 40e3, 0, 0, 0, 30e3}, 1},
        {{0, 3e3, 1e3, 0, 1e3, 0, 0, 0, 1e3}, 1},
    };
    for (int c = 0; c < 4; c++) {
        NetrtTuning tuning = {0};
        bool timed = true;
        int calls = 0, threads = 0;
        for (; timed && calls < 100; calls++) {
            threads = netrt_tuning_next(&tuning, 8, 1000, &timed);
            if (timed) netrt_tuning_report(&tuning, 8, cases[c].cost[threads]);
        }
        assert_true(calls < 20);
        assert_int_equal(threads, cases[c].best);
        for (calls = 0; !timed && calls < 10000; calls++) netrt_tuning_next(&tuning, 8, 1000, &timed);
        assert_true(timed);
    }
    NetrtTuning tuning = {0};
    bool timed;
    assert_int_equal(netrt_tuning_next(&tuning, 8, 1, &timed), 1);
    assert_false(timed);
}

// `runs` runs that take so many nanoseconds alone, and so many shared; how long all of them took, by what one takes alone.
static double time_of(NetrtSharing *sharing, int runs, double alone, double shared) {
    double sum = 0;
    for (int i = 0; i < runs; i++) {
        double taken = netrt_sharing_next(sharing) ? shared : alone;
        netrt_sharing_report(sharing, taken);
        sum += taken;
    }
    return sum / runs / alone;
}

static void sharing(void **state) {
    (void)state;
    for (double run = 1e4; run < 1e9; run *= 10) { // from 10 µs to 0.1 s
        NetrtSharing sharing = {0};
        assert_true(netrt_sharing_next(&sharing)); // until something is known
        int runs = run < 2e7 / 8 ? (int)(40 * 2e7 / run) : 200;
        assert_true(time_of(&sharing, runs, run, 0.6 * run) < 0.66);
        assert_true(time_of(&sharing, runs, run, 1.5 * run) < 1.1); // another program has come
        assert_true(time_of(&sharing, 4 * runs, run, 3 * run) < 1.1);
        time_of(&sharing, 130 * runs / 40, run, 0.6 * run); // and gone: that is seen at the next look, which may take a while
        assert_true(time_of(&sharing, runs, run, 0.6 * run) < 0.66);
    }
}

static void elements(void **state) {
    (void)state;
    // (2, 3) stored by columns, with a gap.
    double memory[12] = {0};
    NetrtVar var = {.dtype = NETRT_F64, .rank = 2, .shape = {2, 3}, .stride = {1, 4}};
    char *vars = (char *)memory;
    for (int64_t i = 0; i < netrt_var_count(&var); i++) netrt_var_set(&var, vars, i, (double)i);
    assert_true(memory[0] == 0 && memory[4] == 1 && memory[8] == 2 && memory[1] == 3 && memory[5] == 4 && memory[9] == 5);
    assert_true(netrt_var_get(&var, vars, 4) == 4);
}

static void instruction_sets(void **state) {
    (void)state;
    NetrtError error;
    assert_true(netrt_isa_check(NETRT_ISA_AVX2, NETRT_ISA_AVX2, &error));
    assert_false(netrt_isa_check(NETRT_ISA_AVX512, NETRT_ISA_AVX2, &error));
    assert_non_null(strstr(error.message, "needs AVX-512, this machine has AVX2"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_for_every_number_of_threads),
        cmocka_unit_test(learns),
        cmocka_unit_test(halves_and_clipping),
        cmocka_unit_test(initial_numbers_in_f64),
        cmocka_unit_test(failed_check),
        cmocka_unit_test(subnormals),
        cmocka_unit_test(too_large),
        cmocka_unit_test(plans),
        cmocka_unit_test(tuning),
        cmocka_unit_test(sharing),
        cmocka_unit_test(elements),
        cmocka_unit_test(instruction_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
