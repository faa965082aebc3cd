// The command line of programs that are odd, and of kernels that fail or are interrupted at a given moment.
#include "rt_command_line.h"

#include "data/npy.h"

// ---- Kernels

static long runs_left; // until the kernel `fail` fails

static void fail_nth(char *const *buffers, const NetrtCall *call, int64_t begin, int64_t end) {
    (void)buffers;
    if (begin < end && --runs_left == 0) *call->failed = 1;
}

static void interrupt(char *const *buffers, const NetrtCall *call, int64_t begin, int64_t end) {
    (void)buffers, (void)call;
    if (begin < end) raise(SIGINT); // the second time it would end the program
}

// Puts a step with this kernel behind the entry's own.
static void append_step(int entry, NetrtKernel *kernel) {
    static NetrtStep steps[8];
    NetrtEntry *to = &program.entries[entry];
    memcpy(steps, to->steps, (size_t)to->step_count * sizeof *steps);
    steps[to->step_count++] =
        (NetrtStep){.kernel = kernel, .grid = {{1, 0, 1}, {1, 0, 1}, {1, 0, 1}}, .name = "appended", .lines = "linear.net:9"};
    to->steps = steps;
}

// ---- Failures

// Each run of an entry fails in turn: the command ends, and says what the program's check says.
static void failing_runs(void **state) {
    (void)state;
    const struct {
        const NetrtProgram *program;
        const char *line;
        int entry, least;
    } cases[] = {
        {&linear_f32, "init -o w.safetensors", NETRT_INIT, 1},
        {&linear_f32, "train --no-save --epochs 2", NETRT_TRAIN_STEP, 32},
        {&linear_f32, "train --no-save --epochs 2", NETRT_EVALUATE, 2},
        {&linear_f32, "test", NETRT_EVALUATE, 1},
        {&linear_f32, "predict test:1 test:2", NETRT_PREDICT, 2},
        {&linear_f32, "grad", NETRT_GRADIENTS, 1},
        {&linear_f32, "gradcheck", NETRT_GRADIENTS, 1},
        {&linear_f32, "gradcheck", NETRT_LOSS, 17},
        {&linear_f64, "gradcheck", NETRT_LOSS, 19},
    };
    assert_int_equal(run("train --epochs 1 --quiet"), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        program = *cases[i].program;
        append_step(cases[i].entry, fail_nth);
        long n = 1;
        for (runs_left = n; run(cases[i].line) != 0; runs_left = ++n) {
            assert_int_equal(last.status, 1);
            assert_true(n < 200);
            says(last.err, "linear: a target is outside of the 3 classes\n");
        }
        assert_in_range(n - 1, cases[i].least, 200);
    }
}

// Also between the two halves of a step, and in the search for a corner.
static void failing_halves(void **state) {
    (void)state;
    const int entries[] = {NETRT_GRADIENTS, NETRT_APPLY};
    for (int i = 0; i < 2; i++) {
        program = linear_f32;
        program.train.clip_grad_norm = 1;
        append_step(entries[i], fail_nth);
        runs_left = 3;
        assert_int_equal(run("train --no-save"), 1);
        says(last.err, "a target is outside of the 3 classes");
    }
    NetrtVar vars[4];
    program = linear_f64;
    memcpy(vars, program.vars, sizeof vars);
    vars[3].stride[0] = -1; // the bias's gradient backwards: wrong, so that a closer look is taken
    vars[3].offset += 16;
    program.vars = vars;
    append_step(NETRT_LOSS, fail_nth);
    for (long n = 1; n < 27; n++) {
        runs_left = n;
        assert_int_equal(run("gradcheck"), 1);
        says(last.err, n <= 1 + 2 * 9 + 2 * 2 ? "outside of the 3 classes" : "the gradients of 1 of 2 parameters are wrong");
    }
}

static void no_memory(void **state) {
    (void)state;
    program.vars_bytes = INT64_MAX / 2;
    assert_int_equal(run("summary"), 0);
    assert_int_equal(run("train"), 1);
    says(last.err, "linear: not enough memory: the model needs 4611686018427.4 MB\n");
    program = linear_f32;
    program.scratch_bytes = INT64_MAX / 2;
    assert_int_equal(run("train --threads 1"), 1);
    says(last.err, "linear: not enough memory: each thread needs ");
    assert_int_equal(run("train --threads 3"), 1);
    says(last.err, "linear: too many threads: 3\n");
}

// ---- Interruptions

// Ctrl-C in an evaluation ends it after the batch; what was trained is saved, and the epoch is not said to be evaluated.
static void interrupted_evaluation(void **state) {
    (void)state;
    append_step(NETRT_EVALUATE, interrupt);
    program.entries[NETRT_EVALUATE].workspace_per_block = 8 << 20; // many small batches
    for (int validation = 0; validation < 2; validation++) {
        program.data.validation = validation ? 0.3 : 0;
        assert_int_equal(run("train --json --epochs 2"), 130);
        says(last.out, "{\"epoch\":1,\"train_loss\":");
        assert_null(strstr(last.out, "test_loss"));
        assert_null(strstr(last.out, "validation_loss"));
        assert_null(strstr(last.out, "\"epoch\":2"));
        says(last.err, "(epoch 2 of 2); go on with: ./linear train --load linear.safetensors\n");
        assert_int_equal(access("linear.safetensors", F_OK), 0);
    }
    assert_int_equal(run("train --epochs 1 --no-save"), 130);
    says(last.err, "interrupted after 11 steps; nothing was saved\n");
    assert_int_equal(run("train --epochs 1"), 130);
    says(last.err, "interrupted after 11 steps (epoch 1 of 1)");
    program = linear_f32;
    append_step(NETRT_TRAIN_STEP, interrupt);
    assert_int_equal(run("train --steps 5"), 130);
    says(last.err, "interrupted after 1 steps");
    assert_null(strstr(last.err, "stopped at"));
}

// ---- Names and numbers

static void names_of_the_program(void **state) {
    (void)state;
    const struct {
        const char *called, *name;
    } cases[] = {{"linear", "linear"}, {"/opt/tools/digits", "digits"}, {"odd/", "odd/"}};
    for (size_t i = 0; i < 3; i++) {
        called = cases[i].called;
        char expected[80];
        snprintf(expected, sizeof expected, "%s: %s.safetensors is not here: run %s train first", cases[i].name, cases[i].name,
                 called);
        assert_int_equal(run("test"), 1);
        says(last.err, expected);
    }
    called = NULL; // no arguments at all: it trains
    assert_int_equal(run(""), 0);
    says(last.err, "saved linear.safetensors\n");
}

static void large_numbers(void **state) {
    (void)state;
    assert_int_equal(run("train --steps 1 --epochs 9223372036854775807 --no-save"), 0);
    says(last.err, "stopped at step 1 ");
    append_step(NETRT_TRAIN_STEP, interrupt);
    assert_int_equal(run("train --steps 9223372036854775807 --no-save"), 130);
    assert_int_equal(run("train --steps 9223372036854775807"), 130);
    says(last.err, "(epoch 1 of 576460752303423488)"); // 2⁶³ − 1 steps in epochs of 16
    program = linear_f32;
    assert_int_equal(run("summary --batch-size 9223372036854775807"), 0);
    says(last.out, "too much");
    assert_int_equal(run("summary --batch-size 9223372036854775807 --json"), 0);
    says(last.out, "\"batch_size\":9223372036854775807}");
    program.entries[NETRT_EVALUATE].workspace_fixed = INT64_MAX;
    assert_int_equal(run("summary"), 0);
    says(last.out, "too much");
    assert_int_equal(run("train --epochs 1 --no-save"), 1);
    says(last.err, "a batch of ");
}

static void layers_of_every_kind(void **state) {
    (void)state;
    const NetrtLayer layers[] = {
        {"block", "Block", 0, 2, 0, {1, 3}, 0, 0},
        {"block.fc", "Linear", 1, 2, 0, {2, 4}, 9, 15},
        {"plain", "Linear", 30, 1, -1, {5}, 0, 0},
    };
    NetrtVar vars[4];
    memcpy(vars, program.vars, sizeof vars);
    vars[0].frozen = 1;
    vars[1].kind = NETRT_BUFFER;
    program.vars = vars;
    program.layers = layers;
    program.layer_count = 3;
    program.entries[NETRT_TRAIN_STEP].steps = program.entries[NETRT_EVALUATE].steps = NULL;
    assert_int_equal(run("summary --batch-size 32"), 0);
    says(last.out, "(2N, 4)");
    says(last.out, "\n  fc ");
    says(last.out, "\n                                        plain ");
    says(last.out, "6 of the parameters are frozen.\n");
    says(last.out, "batch of 32");
    assert_null(strstr(last.out, "training step"));
    assert_int_equal(run("summary --json"), 0);
    says(last.out, "{\"parameters\":6,\"frozen\":6,\"flops\":15,\"parameter_bytes\":36,");
    assert_null(strstr(last.out, "workspace"));
}

// ---- Targets, classes and results of every kind

// Without the metric `correct`, as where targets are no classes, there is a loss alone.
static void no_accuracy(void **state) {
    (void)state;
    char text[4000];
    for (int e = 0; e < NETRT_ENTRIES; e++)
        if (program.entries[e].metric_count) program.entries[e].metric_count = 1;
    program.data.validation = 0.2;
    assert_int_equal(run("train --epochs 2 --log log.csv"), 0);
    says(last.err, "validation loss");
    assert_null(strstr(last.err, "accuracy"));
    read_whole("log.csv", text, sizeof text);
    double loss = number_after(text, "\n13,1,");
    assert_true(loss > 0);
    for (const char *line = strchr(text, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
        double step, epoch, train, validation, test;
        assert_int_equal(sscanf(line, "%lf,%lf,%lf,%lf,,%lf,\n", &step, &epoch, &train, &validation, &test), 5);
    }
    assert_int_equal(run("train --epochs 1 --json --log log.jsonl"), 0);
    assert_null(strstr(last.out, "accuracy"));
    says(last.out, "validation_loss");
    read_whole("log.jsonl", text, sizeof text);
    says(text, "{\"step\":13,\"epoch\":1,\"train_loss\":");
    says(text, ",\"test_loss\":");
    assert_null(strstr(text, "accuracy"));
    assert_int_equal(run("test"), 0);
    assert_memory_equal(last.out, "test loss ", 10);
    says(last.out, "  (200 samples)\n");
    assert_int_equal(run("test --json"), 0);
    assert_null(strstr(last.out, "accuracy"));
}

// Guesses that are no class of the data set (the model has more outputs) count as wrong, in no column.
static void classes_with_names(void **state) {
    (void)state;
    static const char *const names[] = {"a cat", "a dog of the largest kind", "x"};
    assert_int_equal(run("train --epochs 2"), 0);
    program.data.classes = names;
    assert_int_equal(run("test --batch-size 100000"), 0);
    says(last.out, "\na dog of the largest kind ");
    says(last.out, "  a c  a d    x\n"); // columns have cut names
    program.data.count = 30000;
    assert_int_equal(run("test"), 0);
    says(last.out, "  a ca  a do     x\n"); // cells of four digits
    program.data.class_count = 2;
    assert_int_equal(run("predict test:0 train:1 --json"), 0);
    assert_int_equal(run("init -o w.safetensors --seed 4"), 0);
    assert_int_equal(run("test --load w.safetensors"), 0);
    assert_null(strstr(last.out, "\nx "));
    const char *matrix = strstr(last.out, "a ca  a do\n");
    assert_non_null(matrix);
    long counted = 0;
    for (const char *line = strchr(matrix, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
        long first, second;
        assert_int_equal(sscanf(line + 25, "%ld %ld", &first, &second), 2);
        counted += first + second;
    }
    assert_in_range(counted, 1, 5999); // of 6,000, some were taken for the third
    program.data.class_count = 40;     // more than a matrix can show
    program.data.classes = NULL;
    program.data.kind = "blobs";
    assert_int_equal(run("test --load w.safetensors"), 1); // labels outside of the model's three classes
    says(last.err, "a target is outside");
}

static void results_of_every_kind(void **state) {
    (void)state;
    NetrtOutput output = program.entries[NETRT_PREDICT].results[0];
    assert_int_equal(run("train --epochs 1 --quiet"), 0);
    assert_int_equal(run("predict test:3 --batch-size 7"), 0);
    says(last.out, " %\n");
    output.name = "output"; // no probabilities
    program.entries[NETRT_PREDICT].results = &output;
    assert_int_equal(run("predict test:3"), 0);
    says(last.out, "test:3 (a ");
    assert_null(strchr(last.out, '%'));
    assert_int_equal(run("predict test:3 --json"), 0);
    says(last.out, "\"output\":[");
    program.class_target = 0;
    assert_int_equal(run("predict test:3 --json"), 0);
    assert_memory_equal(last.out, "{\"input\":\"test:3\",\"output\":[", 28);
    assert_int_equal(run("predict test:3"), 0);
    assert_memory_equal(last.out, "test:3: 0.", 10);
    assert_int_equal(run("test"), 0);
    assert_null(strstr(last.out, "confusion"));
    output.batch_axis = -1;
    assert_int_equal(run("predict test:3"), 1);
    says(last.err, "the model's output does not depend on the batch");
    program.entries[NETRT_PREDICT].result_count = 0;
    assert_int_equal(run("predict test:3"), 1);
    says(last.err, "linear.net has no output to predict");
}

// ---- Inputs

static void inputs_from_files(void **state) {
    (void)state;
    const float x[] = {0.5f, -1, 2, 0.25f};
    NetrtError error;
    NetrtInput inputs[2];
    assert_true(netrt_npy_write("x.npy", NETRT_F32, 2, (const int64_t[]){2, 2}, x, &error));
    assert_true(netrt_npy_write("none.npy", NETRT_F32, 2, (const int64_t[]){0, 2}, x, &error));
    assert_true(netrt_npy_write("nobody.npy", NETRT_I64, 1, (const int64_t[]){0}, x, &error));
    assert_int_equal(run("train --epochs 1 --quiet"), 0);
    assert_int_equal(run("predict x.npy --batch-size 1"), 0);
    says(last.out, "x.npy[1]: ");
    assert_int_equal(run("predict none.npy"), 1);
    says(last.err, "none.npy has no samples");
    assert_int_equal(run("grad --input none.npy --target nobody.npy"), 1);
    says(last.err, "none.npy has no samples");
    assert_int_equal(run("grad --input x.npy"), 1);
    says(last.err, "--input X.npy needs --target Y.npy beside it");
    assert_int_equal(run("predict train:5000"), 1);
    says(last.err, "the training set has samples 0 to 999");
    const char *const samples[] = {"predict test:", "predict test:1x", "predict test:99999999999999999999"};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(run(samples[i]), 1);
        says(last.err, "a sample is named by its number, as in test:17");
    }
    for (int target = 0; target < 2; target++) {
        memcpy(inputs, program.inputs, sizeof inputs);
        inputs[0].target = inputs[1].target = target;
        program.inputs = inputs;
        assert_int_equal(run("predict x.npy"), 1);
        says(last.err, target ? "x.npy: this model has no input" : "x.npy: this model has several inputs");
        program.inputs = linear_f32.inputs;
    }
}

// ---- Checks of gradients

static void nothing_to_check(void **state) {
    (void)state;
    NetrtVar vars[4];
    memcpy(vars, program.vars, sizeof vars);
    vars[0].kind = NETRT_BUFFER;
    vars[1].shape[0] = 0;
    program.vars = vars;
    assert_int_equal(run("gradcheck"), 1);
    says(last.err, "linear.net has no parameters to check");
    program.entries[NETRT_GRADIENTS].steps = NULL;
    assert_int_equal(run("gradcheck"), 1);
    says(last.err, "linear.net has no loss to differentiate");
    program = linear_f32;
    program.data.format = NULL;
    assert_int_equal(run("gradcheck"), 1);
    says(last.err, "linear.net names no data set");
    program = linear_f32;
    const int entries[] = {NETRT_LOSS, NETRT_GRADIENTS};
    for (int i = 0; i < 2; i++) {
        program = linear_f32;
        program.entries[entries[i]].workspace_fixed = INT64_MAX / 2;
        assert_int_equal(run("gradcheck"), 1);
        says(last.err, "not enough memory: a batch needs");
        assert_int_equal(run("gradcheck --input x.npy"), 1);
    }
}

// What a step writes is not listed here, so a parameter, or the loss, is named.
static void numbers_that_are_none(void **state) {
    (void)state;
    assert_int_equal(run("train --check-finite --lr 1e38"), 1);
    says(last.err, "first in 'fc.weight' (linear.net)");
    says(last.err, "try a smaller --lr than 1e+38");
    assert_int_equal(run("train --check-finite --lr 3000"), 1);
    says(last.err, "first in 'loss' (linear.net)");
    assert_int_equal(run("train --lr 3000 --epochs 1 --no-save"), 0);
    says(last.err, "linear: the loss became infinite at step ");
    assert_int_equal(run("train --check-finite --epochs 1 --save /dev/null"), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, each_setup)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(failing_runs),           TEST(failing_halves),       TEST(no_memory),
        TEST(interrupted_evaluation), TEST(names_of_the_program), TEST(large_numbers),
        TEST(layers_of_every_kind),   TEST(no_accuracy),          TEST(classes_with_names),
        TEST(results_of_every_kind),  TEST(inputs_from_files),    TEST(nothing_to_check),
        TEST(numbers_that_are_none),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
