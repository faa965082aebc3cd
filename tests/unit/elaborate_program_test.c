// Whole programs: inputs and targets, losses, optimisers, entry points, the summary.
#include "elaborate_test_support.h"

static void data_is_converted_in_the_graph(void **state) {
    (void)state;
    Elaborated result = elaborate_text("data = MNIST(normalize=(0.1307, 0.3081), validation=0.1)\n"
                                       "model = Sequential(Flatten(), Linear(_, data.classes))\n"
                                       "train = Trainer(epochs=3, batch_size=32, clip_grad_norm=1.0)\n"
                                       "print(data.shape, data.classes)");
    if (!result.ok) fail_msg("%s", result.said);
    assert_string_equal(result.printed, "(1, 28, 28) 10\n");
    const Program *program = &result.program;
    assert_int_equal(program->input_count, 2);
    assert_int_equal(program->inputs[0].dtype, DT_U8);
    assert_int_equal(program->inputs[0].shape.rank, 4);
    assert_true(program->inputs[1].target);
    assert_int_equal(program->inputs[1].dtype, DT_I64);
    assert_string_equal(program->data.format, "idx");
    assert_int_equal(program->data.class_count, 10);
    assert_true(program->data.validation == 0.1);
    assert_int_equal(program->train.epochs, 3);
    assert_true(program->train.clip_grad_norm == 1.0);
    assert_true(program->class_target);
    assert_non_null(output_named(&result, ENTRY_TRAIN_STEP, "correct"));
    assert_non_null(output_named(&result, ENTRY_EVALUATE, "predicted"));
    assert_non_null(output_named(&result, ENTRY_PREDICT, "output"));
    assert_non_null(output_named(&result, ENTRY_PREDICT, "probabilities"));
    assert_int_equal(program->layer_count, 3);
    assert_string_equal(program->layers[2].path, "1");
    assert_int_equal(program->layers[2].params, 7850);
    assert_int_equal(program->layers[2].flops, 2 * 784 * 10);
    elaborated_free(&result);
}

static void input_reshapes_samples(void **state) {
    (void)state;
    Elaborated result = elaborate_text("data = MNIST()\ninput = Tensor(784)\nmodel = Linear(784, 10)");
    if (!result.ok) fail_msg("%s", result.said);
    assert_int_equal(result.program.inputs[0].shape.rank, 4);
    elaborated_free(&result);
    result = elaborate_text("data = MNIST()\ninput = Tensor(783)\nmodel = Linear(783, 10)");
    assert_non_null(strstr(result.said, "samples of shape (N, 1, 28, 28) cannot be read as (N, 783)"));
    elaborated_free(&result);
}

static void targets_are_fixed_by_their_use(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool classes;
        const char *shape;
    } rows[] = {
        {"model = Linear(4, 3)", true, "(N,)"},
        {"model = Linear(4, 3)\nloss = MSELoss()", false, "(N, 3)"},
        {"model = Linear(4, 3)\nloss = (o, t) -> mean((o - one_hot(t, 3)) ** 2)", true, "(N,)"},
        {"model = x -> Linear_(x).sum(1)\nLinear_ = Linear(4, 3)\nloss = mse_loss", false, "(N,)"},
        {"model = Linear(4, 3)\nloss = BCEWithLogitsLoss()", false, "(N, 3)"},
        {"model = Linear(4, 3)\nloss = (o, t) -> mean((o - t) ** 2)\ntarget = Tensor(1)", false, "(N, 1)"},
        {"model = Linear(4, 3)\ntarget = Tensor(3)", false, "(N, 3)"},
        {"model = LogSoftmax()\nloss = NLLLoss()", true, "(N,)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(text, sizeof text, "input = Tensor(4)\n%s\n", rows[i].text);
        Elaborated result = elaborate_text(text);
        if (!result.ok) fail_msg("%s: %s", rows[i].text, result.said);
        const InputSpec *target = &result.program.inputs[1];
        assert_int_equal(result.program.class_target, rows[i].classes);
        assert_int_equal(target->dtype, rows[i].classes ? DT_I64 : DT_F32);
        assert_string_equal(shape_text(result.arena, &target->shape), rows[i].shape);
        assert_string_equal(result.said, "");
        elaborated_free(&result);
    }
}

static void a_target_that_nothing_uses_is_no_input(void **state) {
    (void)state;
    Elaborated result = elaborate_text("input = Tensor(3, 4)\nmodel = x -> (x[:, 0], x[:, 1], x[:, 2])\n"
                                       "loss = TripletMarginLoss()");
    if (!result.ok) fail_msg("%s", result.said);
    assert_int_equal(result.program.input_count, 1);
    elaborated_free(&result);
    result = elaborate_text("input = Tensor(4)\ntarget = Tensor(2)\nmodel = Linear(4, 3)\nloss = (o, t) -> mean(abs(o))");
    if (!result.ok) fail_msg("%s", result.said);
    assert_int_equal(result.program.input_count, 2); // it was asked for
    elaborated_free(&result);
}

static void accuracy_is_for_classes(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool classes;
    } rows[] = {
        {"model = Linear(4, 3)", true},
        {"model = Linear(4, 1)\nloss = BCEWithLogitsLoss()", true},
        {"model = Sequential(Linear(4, 1), Sigmoid(), Flatten(0))\nloss = BCELoss()", true},
        {"model = Linear(4, 3)\nloss = (o, t) -> mse_loss(o, one_hot(t, 3))", true},
        {"model = Linear(4, 1)\nloss = (o, t) -> mse_loss(o, t.unsqueeze(1))", false},
        {"lin = Linear(4, 3)\nmodel = x -> (lin(x), x[:, :3])\nloss = CosineEmbeddingLoss()", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(text, sizeof text, "input = Tensor(4)\ntarget = Tensor(dtype=int64)\n%s\n", rows[i].text);
        Elaborated result = elaborate_text(text);
        if (!result.ok) fail_msg("%s: %s", rows[i].text, result.said);
        assert_int_equal(result.program.class_target, rows[i].classes);
        assert_int_equal(output_named(&result, ENTRY_EVALUATE, "correct") != NULL, rows[i].classes);
        elaborated_free(&result);
    }
}

// A loss of yes and no gives one probability; predict shows both.
static void two_classes_have_two_probabilities(void **state) {
    (void)state;
    const char *text = "input = Tensor(4)\nmodel = Linear(4, 1)\nloss = BCEWithLogitsLoss()\n%s";
    for (int classes = 0; classes < 2; classes++) {
        char program[256];
        snprintf(program, sizeof program, text, classes ? "target = Tensor(dtype=int64)" : "");
        Elaborated result = elaborate_text(program);
        if (!result.ok) fail_msg("%s", result.said);
        const Output *probabilities = output_named(&result, ENTRY_PREDICT, "probabilities");
        assert_non_null(probabilities);
        const Node *node = graph_node(result.program.entries[ENTRY_PREDICT].graph, probabilities->node);
        assert_string_equal(shape_text(result.arena, &node->shape), classes ? "(N, 2)" : "(N, 1)");
        elaborated_free(&result);
    }
}

static void losses_may_see_the_input(void **state) {
    (void)state;
    Elaborated result = elaborate_text("input = Tensor(4)\nmodel = Sequential(Linear(4, 3), Tanh())\n"
                                       "def loss(output, target, x) {\n"
                                       "    g = grad(sum(output), x)\n"
                                       "    return mse_loss(output, target) + mean(g ** 2)\n}\n");
    if (!result.ok) fail_msg("%s", result.said);
    elaborated_free(&result);
    result = elaborate_text("input = Tensor(4)\nmodel = x -> (x, x * 2)\nloss = (o, t) -> mse_loss(o[1], t)");
    if (!result.ok) fail_msg("%s", result.said);
    elaborated_free(&result);
    result = elaborate_text(
        "data = Synthetic(target='input')\nmodel = Sequential(Flatten(), Linear(_, 784), Unflatten(1, (1, 28, 28)))\n"
        "loss = MSELoss()");
    if (!result.ok) fail_msg("%s", result.said);
    assert_int_equal(result.program.input_count, 1);
    assert_true(result.program.data.target_is_input);
    elaborated_free(&result);
}

static void the_literal_rate_is_found(void **state) {
    (void)state;
    static const struct {
        const char *rate;
        double lr;
    } rows[] = {
        {"SGD(lr=0.02 * cosine_annealing(epoch, epochs))", 0.02},
        {"SGD(lr=cosine_annealing(epoch, epochs) * 0.3, momentum=0.9)", 0.3},
        {"SGD(lr=2 * 0.25)", 0.25},
        {"SGD(lr=3)", 3},
        {"SGD(lr=0.1 / 4)", 0.1},
        {"SGD(lr=base * step_lr(epoch, 3))", 0.7},
        {"SGD(0.4)", 0.4},
        {"optim.SGD(model.parameters(), 0.4)", 0.4},
        {"SGD()", 0.001},
        {"SGD(lr=exponential_lr(epoch, 0.5))", 1},
        {"Adam()", 0.001},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(text, sizeof text, "input = Tensor(4)\nmodel = Linear(4, 3)\nbase = 0.7\noptimizer = %s\n", rows[i].rate);
        Elaborated result = elaborate_text(text);
        if (!result.ok) fail_msg("%s: %s", rows[i].rate, result.said);
        if (result.program.lr != rows[i].lr) fail_msg("%s has the rate %g", rows[i].rate, result.program.lr);
        elaborated_free(&result);
    }
}

static void optimisers_have_states(void **state) {
    (void)state;
    Elaborated result =
        elaborate_text("optimizer Mine(lr=0.1, extra=False) {\n"
                       "    state count = 0\n    state mean = zeros()\n"
                       "    state more = zeros() if extra else None\n"
                       "    update(p, g) {\n        count += 1\n        mean = 0.9 * mean + g\n"
                       "        p = p - lr * mean / count\n    }\n}\n"
                       "input = Tensor(4)\nmodel = Linear(4, 3)\noptimizer = Mine(lr=0.5)\nmodel.bias.extra = True\n");
    if (!result.ok) fail_msg("%s", result.said);
    assert_string_equal(names_of(&result, VAR_STATE), "count mean count mean more");
    assert_string_equal(names_of(&result, VAR_GRADIENT), "weight.grad bias.grad");
    assert_int_equal(variable(&result, "count")->dtype, DT_F64);
    assert_int_equal(variable(&result, "count")->shape.rank, 0);
    assert_int_equal(variable(&result, "mean")->dtype, DT_F32);
    assert_non_null(assigned(&result, ENTRY_APPLY, "mean"));
    assert_null(assigned(&result, ENTRY_APPLY, "weight.grad"));
    assert_non_null(assigned(&result, ENTRY_GRADIENTS, "weight.grad"));
    elaborated_free(&result);
}

static void what_is_wrong_with_a_program_is_said(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"x = 3", "the file binds no 'model'"},
        {"model = Linear(4, 3)", "hint: give data = MNIST(), or the shape of one sample"},
        {"input = Tensor(4)\nmodel = 3", "expected a layer or a function, got an integer"},
        {"input = 4\nmodel = Linear(4, 3)", "input is a Tensor(…), got an integer"},
        {"input = Tensor(4)\nmodel = Linear(4, 3)\nloss = MSELoss", "loss must be a function (output, target)"},
        {"input = Tensor(4)\nmodel = Linear(4, 3)\noptimizer = SGD", "optimizer must be an optimizer, got an optimizer class"},
        {"input = Tensor(4)\nmodel = Linear(4, 3)\ntrain = 5", "train must be a Trainer(…), got an integer"},
        {"input = Tensor(4)\nmodel = Linear(4, 3)\nloss = (o, t) -> o - t",
         "the loss must be one number, got float32 of shape (N, 3)"},
        {"input = Tensor(4)\nmodel = Linear(4, 3)\ntrain = Trainer(batch_size=0)", "batch_size must be at least 1"},
        {"input = Tensor(4)\nmodel = Linear(4, 3)\noptimizer = SGD(momentun=0.9)", "did you mean 'momentum'?"},
        {"input = Tensor(4)\nmodel = Linear(4, 3)\noptimizer = SGD(lr=1 if epoch < 3 else 0.1)",
         "hint: where(condition, a, b)"},
        {"data = MNIST(validation=2)\nmodel = Flatten()", "validation is a fraction"},
        {"data = MNIST()\nmodel = Linear(784, 10)", "Linear expects 784 input features, got 28"},
        {"data = IDX(images='nowhere')\nmodel = Flatten()", "hint: give it: input = Tensor(…)"},
        {"input = Tensor(4)\nmodel = Linear(4, 3)\noptimizer O(lr=1) {\n update(p, g) { p = sum(p) }\n}\noptimizer = O()",
         "update: the new parameter has shape () instead of (3, 4)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Elaborated result = elaborate_text(rows[i].text);
        if (result.ok) fail_msg("%s is accepted", rows[i].text);
        if (!strstr(result.said, rows[i].message)) fail_msg("%s says: %s", rows[i].text, result.said);
        elaborated_free(&result);
    }
}

static void criterion_is_answered(void **state) {
    (void)state;
    Elaborated result = elaborate_text("input = Tensor(4)\nmodel = Linear(4, 3)\ncriterion = nn.CrossEntropyLoss()");
    assert_true(result.ok);
    assert_non_null(strstr(result.said, "hint: call it loss"));
    elaborated_free(&result);
}

static void the_library_lists_itself(void **state) {
    (void)state;
    Arena *arena = arena_new();
    StrBuf out = {0};
    assert_true(library_list(arena, "layers", false, &out));
    assert_non_null(strstr(out.text, "Linear(in_features, out_features, bias=True)"));
    assert_null(strstr(out.text, "\n_"));
    assert_non_null(strstr(out.text, "\nResidual("));
    assert_false(library_list(arena, "nothing", false, &out));
    strbuf_free(&out);
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_is_converted_in_the_graph), cmocka_unit_test(input_reshapes_samples),
        cmocka_unit_test(targets_are_fixed_by_their_use), cmocka_unit_test(a_target_that_nothing_uses_is_no_input),
        cmocka_unit_test(accuracy_is_for_classes),        cmocka_unit_test(two_classes_have_two_probabilities),
        cmocka_unit_test(losses_may_see_the_input),       cmocka_unit_test(the_literal_rate_is_found),
        cmocka_unit_test(optimisers_have_states),         cmocka_unit_test(what_is_wrong_with_a_program_is_said),
        cmocka_unit_test(criterion_is_answered),          cmocka_unit_test(the_library_lists_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
