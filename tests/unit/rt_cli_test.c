// The command line of a compiled program, from arguments to exit status.
#include "rt_command_line.h"

#include "checkpoint/safetensors.h"
#include "data/npy.h"
#include "random/torch_random.h"

static void usage(void **state) {
    (void)state;
    const struct {
        const char *line, *part;
    } cases[] = {
        {"trian", "unknown command \"trian\": did you mean train?"},
        {"frobnicate", "--help lists them"},
        {"--epoch 3", "unknown option --epoch: did you mean --epochs?"},
        {"train --epochs", "--epochs needs a value"},
        {"train --epochs 0", "--epochs takes a whole number of at least 1"},
        {"train --epochs 1e3", "--epochs takes a whole number of at least 1, not \"1e3\""},
        {"train --epochs 99999999999999999999", "--epochs takes a whole number"},
        {"train --lr -1", "--lr takes a number of at least 0"},
        {"train --lr nan", "--lr takes a number of at least 0"},
        {"train --lr x", "--lr takes a number of at least 0, not \"x\""},
        {"train --lr 1x", "--lr takes a number of at least 0, not \"1x\""},
        {"train --save=", "--save takes a name, not an empty one"},
        {"grad --input=", "--input takes a name, not an empty one"},
        {"grad --input=1 --input=2 --input=3 --input=4 --input=5 --input=6 --input=7 --input=8 --input=9",
         "--input is given more than 8 times"},
        {"train --nonsense-and-more", "unknown option --nonsense-and-more: --help lists what there is"},
        {"train -", "train takes no argument \"-\""},
        {"train -- --epochs", "train takes no argument \"--epochs\""},
        {"train --json=yes", "--json takes no value"},
        {"train more", "train takes no argument \"more\""},
        {"test --epochs 3", "--epochs means nothing to this command"},
        {"train --resume x", "--resume is not in this version"},
        {"train --plot=x.png", "--plot is not in this version"},
        {"profile --epochs 3", "--epochs means nothing to this command"},
        {"export -o x.npz", "export is not in this version"},
        {"predict", "predict needs something to look at: ./linear predict test:17"},
        {"init", "init needs a file for the parameters"},
        {"grad --target y.npy", "--target Y.npy needs --input X.npy"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(run(cases[i].line), 2);
        says(last.err, cases[i].part);
        says(last.err, "linear: ");
        assert_true(one_line(last.err));
        assert_string_equal(last.out, "");
    }
}

static void help(void **state) {
    (void)state;
    const char *const words[] = {"--help", "-h", "help"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_int_equal(run(words[i]), 0);
        says(last.out, "./linear gradcheck");
        says(last.out, "--no-shuffle");
    }
    assert_int_equal(run("test -h"), 0);
    says(last.out, "./linear test\n");
    const char *const commands[] = {"train", "test", "predict", "summary", "gradcheck", "grad", "init", "profile"};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char line[64];
        snprintf(line, sizeof line, "%s --help", commands[i]);
        assert_int_equal(run(line), 0);
        says(last.out, commands[i]);
        says(last.out, "--json");
        assert_null(strstr(last.out, "--resume"));
    }
    assert_int_equal(run("--version"), 0);
    says(last.out, "netc by hand");
}

static void train_and_use(void **state) {
    (void)state;
    assert_int_equal(run("--epochs 4 --lr 0.5"), 0);
    says(last.err, "epoch 4/4");
    says(last.err, "test loss");
    says(last.err, "samples/s");
    says(last.err, "saved linear.safetensors\n");
    assert_string_equal(last.out, "");

    assert_int_equal(run("test --json"), 0);
    double loss = number_after(last.out, "\"loss\":"), accuracy = number_after(last.out, "\"accuracy\":");
    assert_true(accuracy > 0.8 && accuracy <= 1 && loss < 0.7);
    assert_int_equal(run("test --batch-size 7 --threads 2"), 0);
    says(last.out, "confusion matrix");
    says(last.out, "precision");

    assert_int_equal(run("predict test:17 train:0"), 0);
    says(last.out, "test:17 (a ");
    says(last.out, "train:0 (a ");
    says(last.out, " %\n    ");
    assert_int_equal(run("predict --json test:3"), 0);
    says(last.out, "{\"input\":\"test:3\",\"class\":");
    says(last.out, "\"probabilities\":[");

    // The file tells how good it was.
    char expected[80];
    snprintf(expected, sizeof expected, "replaced linear.safetensors (%.1f %%)", 100 * accuracy);
    assert_int_equal(run("train --epochs 1"), 0);
    says(last.err, expected);
    assert_int_equal(run("train --epochs 1 --quiet"), 0);
    assert_string_equal(last.err, "");
}

static void json_lines(void **state) {
    (void)state;
    assert_int_equal(run("train --json --epochs 1 --no-save --log-every 5"), 0);
    says(last.out, "{\"step\":5,\"loss\":");
    says(last.out, "{\"step\":15,\"loss\":");
    says(last.out, "{\"epoch\":1,\"train_loss\":");
    says(last.out, "\"test_loss\":");
    says(last.out, "\"samples_per_second\":");
    assert_string_equal(last.err, "");
    assert_int_not_equal(access("linear.safetensors", F_OK), 0);
}

static void steps(void **state) {
    (void)state;
    char first[20000];
    assert_int_equal(run("train --steps 20 --log-every 1 --json --no-save"), 0);
    says(last.out, "{\"step\":20,");
    assert_null(strstr(last.out, "{\"step\":21,"));
    assert_null(strstr(last.out, "test_loss"));
    memcpy(first, last.out, sizeof first);
    // The same draws with another number of threads, others with another seed, and in the order of the files.
    assert_int_equal(run("train --steps 20 --log-every 1 --json --no-save --threads 3"), 0);
    first[strcspn(first, "}")] = last.out[strcspn(last.out, "}")] = 0;
    assert_string_equal(first, last.out);
    assert_int_equal(run("train --steps 1 --log-every 1 --json --no-save --seed 1"), 0);
    last.out[strcspn(last.out, "}")] = 0;
    assert_string_not_equal(first, last.out);
    assert_int_equal(run("train --steps 1 --log-every 1 --json --no-save --no-shuffle"), 0);
    last.out[strcspn(last.out, "}")] = 0;
    assert_string_not_equal(first, last.out);
    // More steps than the file's epochs have.
    assert_int_equal(run("train --steps 100 --no-save"), 0);
    says(last.err, "stopped at step 100");
}

static void rows_of_a_log(void **state) {
    (void)state;
    char text[4000];
    assert_int_equal(run("train --epochs 2 --no-save --log log.csv"), 0);
    read_whole("log.csv", text, sizeof text);
    says(text, "step,epoch,train_loss,");
    says(text, "\n32,2,");
    assert_int_equal(run("train --epochs 2 --no-save --log log.jsonl --log-every 10"), 0);
    read_whole("log.jsonl", text, sizeof text);
    says(text, "{\"step\":30,\"epoch\":2,\"loss\":");
    assert_int_equal(run("train --log log.txt"), 1);
    says(last.err, "must end in .csv or .jsonl");
}

static void patience(void **state) {
    (void)state;
    assert_int_equal(run("train --patience 2 --no-save"), 1);
    says(last.err, "validation=0.1");
    program.data.validation = 0.2;
    assert_int_equal(run("train --patience 2 --no-save --epochs 500 --lr 20"), 0);
    says(last.err, "no better validation loss");
    says(last.err, "validation loss");
}

static void what_is_not_there(void **state) {
    (void)state;
    assert_int_equal(run("test"), 1);
    says(last.err, "linear.safetensors is not here: run ./linear train first, or give --load FILE");
    assert_int_equal(run("predict --load none.safetensors test:1"), 1);
    says(last.err, "none.safetensors");
    assert_int_equal(run("train --epochs 1"), 0);
    assert_int_equal(run("predict test:100000"), 1);
    says(last.err, "the test set has samples 0 to ");
    assert_int_equal(run("predict test:x"), 1);
    assert_int_equal(run("predict none.npy"), 1);
    says(last.err, "none.npy: No such file");
    assert_int_equal(run("train --save nowhere/x.safetensors"), 1);
    says(last.err, "--no-save");
    assert_int_equal(run("train --threads 100000 --no-save"), 1);
    program.data.format = NULL;
    assert_int_equal(run("train"), 1);
    says(last.err, "linear.net names no data set");
    program = linear_f32;
    program.train.accumulate = 17;
    assert_int_equal(run("train --no-save"), 1);
    says(last.err, "accumulate=17 is more than an epoch's 16 batches of 64 samples");
    program.train.accumulate = 1;
    program.train.drop_last = 1;
    assert_int_equal(run("train --no-save --batch-size 5000"), 1);
    says(last.err, "drop_last");
    program.train.drop_last = 0;
    assert_int_equal(run("train --no-save --batch-size 5000 --epochs 1"), 0);
}

// A program may lack entries: a model without a loss, say.
static void missing_entries(void **state) {
    (void)state;
    const struct {
        int entry;
        const char *line, *part;
    } cases[] = {
        {NETRT_INIT, "train --no-save", NULL},       // from zeros
        {NETRT_TRAIN_STEP, "train --no-save", NULL}, // the two halves do
        {NETRT_APPLY, "train --no-save", "linear.net has no optimizer"},
        {NETRT_GRADIENTS, "grad", "linear.net has no loss to differentiate"},
        {NETRT_LOSS, "gradcheck", "linear.net has no loss"},
        {NETRT_EVALUATE, "test", "linear.net has no loss to evaluate"},
        {NETRT_PREDICT, "predict test:1", "linear.net has no model"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        program.entries[cases[i].entry].steps = NULL;
        assert_int_equal(run(cases[i].line), cases[i].part ? 1 : 0);
        if (cases[i].part) says(last.err, cases[i].part);
    }
}

// A loss that is no number is said once; parameters that are none end the training and do not replace a good file.
static void bad_loss(void **state) {
    (void)state;
    const char *const lines[] = {"train --epochs 2 --lr 1e38", "train --steps 40 --lr 1e38",
                                 "train --no-save --epochs 2 --lr 1e38"};
    NetrtSafetensors file;
    NetrtError error;
    assert_int_equal(run("train --epochs 1 --quiet"), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(run(lines[i]), 1);
        const char *first = strstr(last.err, "the loss became");
        assert_non_null(first);
        assert_null(strstr(first + 1, "the loss became"));
        says(last.err, "linear: fc.weight holds NaN or Inf after step ");
        says(last.err, "nothing was saved: try a smaller --lr than 1e+38");
        assert_null(strstr(last.err, "epoch 2/2"));
        assert_true(netrt_safetensors_open("linear.safetensors", &file, &error));
        assert_non_null(netrt_safetensors_meta(&file, "accuracy")); // of the good one
        netrt_safetensors_close(&file);
    }
}

static void too_new_or_foreign(void **state) {
    (void)state;
    program.abi = NETRT_ABI + 1;
    assert_int_equal(run("train"), 1);
    says(last.err, "compile linear.net again");
}

static void gradients(void **state) {
    (void)state;
    const float x[] = {0.5f, -1, 2, 0.25f};
    const int64_t y[] = {0, 2}, bad[] = {0, 3};
    NetrtError error;
    NetrtSafetensors file;
    assert_true(netrt_npy_write("x.npy", NETRT_F32, 2, (const int64_t[]){2, 2}, x, &error));
    assert_true(netrt_npy_write("y.npy", NETRT_I64, 1, (const int64_t[]){2}, y, &error));
    assert_true(netrt_npy_write("bad.npy", NETRT_I64, 1, (const int64_t[]){2}, bad, &error));
    assert_true(netrt_npy_write("one.npy", NETRT_I64, 1, (const int64_t[]){1}, y, &error));
    assert_int_equal(run("grad --input x.npy --target y.npy -o g.safetensors --json"), 0);
    assert_true(number_after(last.out, "{\"loss\":") > 0);
    assert_true(netrt_safetensors_open("g.safetensors", &file, &error));
    const NetrtTensor *bias = netrt_safetensors_find(&file, "fc.bias");
    assert_non_null(bias);
    assert_int_equal(bias->count, 3);
    netrt_safetensors_close(&file);
    assert_int_equal(run("grad --input x.npy --target bad.npy"), 1);
    says(last.err, "a target is outside of the 3 classes");
    assert_int_equal(run("grad --input x.npy --target one.npy"), 1);
    says(last.err, "one.npy has 1 samples, but x.npy has 2");
    assert_int_equal(run("grad --batch-size 8"), 0);
    says(last.out, "loss ");
    assert_int_equal(run("train --epochs 1 --quiet"), 0);
    assert_int_equal(run("predict x.npy"), 0);
    says(last.out, "x.npy[0]: ");
    says(last.out, "x.npy[1]: ");
}

static void checks_of_gradients(void **state) {
    (void)state;
    assert_int_equal(run("gradcheck"), 0);
    says(last.out, "fc.weight");
    says(last.out, "In f32 only slopes");
    program = linear_f64;
    assert_int_equal(run("gradcheck"), 0);
    says(last.out, "all 6");
    assert_int_equal(run("gradcheck --json"), 0);
    says(last.out, "{\"parameter\":\"fc.bias\",\"elements\":3,\"checked\":3,");
}

// Gradients that are off by a fifth: the update is run as the entry `gradients`, on gradients of weights and biases swapped.
static void wrong_gradients(void **state) {
    (void)state;
    NetrtVar vars[4];
    const NetrtProgram *programs[] = {&linear_f32, &linear_f64};
    for (int p = 0; p < 2; p++) {
        program = *programs[p];
        memcpy(vars, program.vars, sizeof vars);
        vars[3].stride[0] = -1; // the bias's gradient backwards
        vars[3].offset += 2 * (p ? 8 : 4);
        program.vars = vars;
        assert_int_equal(run("gradcheck"), 1);
        says(last.out, "WRONG");
        says(last.err, "the gradients of 1 of 2 parameters are wrong");
    }
}

static void initial_parameters(void **state) {
    (void)state;
    NetrtSafetensors file;
    NetrtError error;
    float weight[6];
    NetrtTorchRandom random;
    assert_int_equal(run("init -o w.safetensors --seed 3"), 0);
    netrt_torch_seed(&random, 3);
    netrt_torch_uniform(&random, weight, 6, -0.70710678118654757, 0.70710678118654757);
    assert_true(netrt_safetensors_open("w.safetensors", &file, &error));
    assert_int_equal(file.tensor_count, 2);
    assert_memory_equal(netrt_safetensors_find(&file, "fc.weight")->data, weight, sizeof weight);
    netrt_safetensors_close(&file);
    // Training from them is training from the seed.
    char first[20000];
    assert_int_equal(run("train --steps 3 --log-every 1 --json --no-save --seed 3"), 0);
    memcpy(first, last.out, sizeof first);
    assert_int_equal(run("train --steps 3 --log-every 1 --json --no-save --seed 3 --load w.safetensors"), 0);
    assert_string_equal(first, last.out);
}

static void summary(void **state) {
    (void)state;
    assert_int_equal(run("summary"), 0);
    says(last.out, "fc");
    says(last.out, "Linear");
    says(last.out, "(N, 3)");
    says(last.out, "training step");
    assert_int_equal(run("summary --json"), 0);
    says(last.out, "{\"layer\":\"fc\",\"type\":\"Linear\",\"output\":\"(N, 3)\",\"parameters\":9,");
    says(last.out, "{\"parameters\":9,\"frozen\":0,");
}

static void interrupted(void **state) {
    (void)state;
    const int signals[] = {SIGINT, SIGTERM};
    for (int i = 0; i < 2; i++) {
        unlink("linear.safetensors");
        unlink("out.txt");
        pid_t pid = start("train --epochs 100000000 --json");
        // It is under way when the first epoch is reported.
        for (int tries = 0; tries < 1000; tries++) {
            char text[64] = "";
            usleep(10000);
            if (access("out.txt", F_OK) == 0) read_whole("out.txt", text, sizeof text);
            if (strstr(text, "epoch")) break;
        }
        kill(pid, signals[i]);
        assert_int_equal(finish(pid), 130);
        says(last.err, "interrupted after ");
        says(last.err, "go on with: ./linear train --load linear.safetensors");
        assert_int_equal(access("linear.safetensors", F_OK), 0);
        assert_int_equal(run("test"), 0);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, each_setup)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(usage),
        TEST(help),
        TEST(train_and_use),
        TEST(json_lines),
        TEST(steps),
        TEST(rows_of_a_log),
        TEST(patience),
        TEST(what_is_not_there),
        TEST(missing_entries),
        TEST(bad_loss),
        TEST(too_new_or_foreign),
        TEST(gradients),
        TEST(checks_of_gradients),
        TEST(wrong_gradients),
        TEST(initial_parameters),
        TEST(summary),
        TEST(interrupted),
    };
    return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
