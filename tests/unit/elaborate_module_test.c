// Modules: names of parameters, sizes that the input fixes, overrides, ties, freezing, buffers.
#include "elaborate_test_support.h"

static void four_spellings_are_one_network(void **state) {
    (void)state;
    static const char *const spellings[] = {
        "model = Sequential(fc1=Linear(8, 4), relu1=ReLU(), fc2=Linear(4, 2))",
        "model = nn.Sequential(OrderedDict([('fc1', nn.Linear(8, 4)), ('relu1', nn.ReLU()), ('fc2', nn.Linear(4, 2)),]))",
        "module Net(hidden=4) {\n fc1 = Linear(8, hidden)\n fc2 = Linear(hidden, 2)\n"
        "forward(x) {\n x = relu(fc1(x))\n return fc2(x)\n }\n}\nmodel = Net()",
        "module Net {\n fc1 = Linear(_, 4)\n fc2 = LazyLinear(2)\n forward(x) = self.fc2(F.relu(self.fc1(x)))\n}\nmodel = "
        "Net()",
    };
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        char text[512];
        snprintf(text, sizeof text, "input = Tensor(8)\n%s\n", spellings[i]);
        Elaborated result = elaborate_text(text);
        if (!result.ok) fail_msg("%s", result.said);
        assert_string_equal(names_of(&result, VAR_PARAM), "fc1.weight fc1.bias fc2.weight fc2.bias");
        assert_true(result.program.class_target);
        elaborated_free(&result);
    }
    Elaborated result =
        elaborate_text("input = Tensor(8)\nmodel = Sequential(Linear(8, 4), relu, a=Linear(4, 2), Linear(2, 2))");
    assert_string_equal(names_of(&result, VAR_PARAM), "0.weight 0.bias a.weight a.bias 3.weight 3.bias");
    elaborated_free(&result);
}

static void lists_of_layers_are_module_lists(void **state) {
    (void)state;
    Elaborated result = elaborate_text("module Net {\n"
                                       "  layers = [Linear(4, 4, bias=False) for i in range(2)]\n"
                                       "  more = ModuleList([Linear(4, 4, bias=False)])\n"
                                       "  own = Parameter(4)\n"
                                       "  forward(x) {\n for l in layers { x = l(x) }\n for l in more { x = l(x) }\n"
                                       "  return x + own + more[0](x)\n }\n}\n"
                                       "input = Tensor(4)\nmodel = Net()\nloss = MSELoss()\n");
    assert_true(result.ok);
    assert_string_equal(names_of(&result, VAR_PARAM), "own layers.0.weight layers.1.weight more.0.weight");
    elaborated_free(&result);
}

static void shared_layers_have_aliases(void **state) {
    (void)state;
    Elaborated result = elaborate_text("a = Linear(4, 4)\n"
                                       "input = Tensor(4)\nmodel = Sequential(a, Linear(4, 4), a)\n"
                                       "model[1].weight = model[0].weight\nloss = MSELoss()\n");
    assert_true(result.ok);
    assert_string_equal(names_of(&result, VAR_PARAM), "0.weight 0.bias 1.bias");
    const Variable *weight = variable(&result, "0.weight");
    assert_int_equal(weight->alias_count, 2);
    assert_string_equal(weight->aliases[0], "1.weight");
    assert_string_equal(weight->aliases[1], "2.weight");
    elaborated_free(&result);
}

static const Node *source(const Elaborated *result, const char *name) { return assigned(result, ENTRY_INIT, name); }

static void overrides_draw_after_construction(void **state) {
    (void)state;
    Elaborated result = elaborate_text("input = Tensor(6)\n"
                                       "model = Sequential(a=Linear(_, 5), b=Sequential(Linear(5, 4), Linear(_, 4)))\n"
                                       "model.a.weight = normal(std=0.01)\n"
                                       "model.**.bias = zeros()\n"
                                       "model.b.*.weight = ones()\n"
                                       "model.b.1.weight = uniform(0, 1)\n"
                                       "loss = MSELoss()\n");
    if (!result.ok) fail_msg("%s", result.said);
    // Six draws of the layers come first, in the order of the text, though a's size was inferred later.
    assert_int_equal(source(&result, "a.weight")->op, OP_DRAW);
    assert_int_equal(source(&result, "a.weight")->attr.draw.order, 6);
    assert_int_equal(source(&result, "b.1.weight")->attr.draw.order, 7);
    assert_int_equal(source(&result, "b.0.weight")->op, OP_CONST);
    assert_int_equal(source(&result, "a.bias")->op, OP_CONST);
    assert_int_equal(source(&result, "b.1.bias")->op, OP_CONST);
    size_t effects = 0;
    const Entry *init = &result.program.entries[ENTRY_INIT];
    for (size_t i = 0; i < init->output_count; i++) effects += init->outputs[i].role == OUTPUT_EFFECT;
    assert_int_equal(effects, 6); // the draws whose results were overridden
    elaborated_free(&result);
}

static void freezing_stops_updates_and_buffers(void **state) {
    (void)state;
    Elaborated result = elaborate_text("module Norm(n) {\n infer n = x.shape[-1]\n weight = Parameter(n, init=ones())\n"
                                       " mean = Buffer(n)\n count = Buffer(init=0, dtype=int64)\n"
                                       " forward(x) {\n mean = 0.9 * mean + 0.1 * x.mean(dim=0)\n count += 1\n"
                                       " return (x - mean) * weight\n }\n}\n"
                                       "input = Tensor(4)\nmodel = Sequential(a=Norm(_), b=Norm(4), c=Linear(4, 4))\n"
                                       "model.a.requires_grad = False\nmodel.c.bias.requires_grad = False\nloss = MSELoss()\n");
    if (!result.ok) fail_msg("%s", result.said);
    assert_true(variable(&result, "a.weight")->frozen);
    assert_null(assigned(&result, ENTRY_TRAIN_STEP, "a.weight"));
    assert_null(assigned(&result, ENTRY_TRAIN_STEP, "a.mean"));
    assert_null(assigned(&result, ENTRY_TRAIN_STEP, "c.bias"));
    assert_non_null(assigned(&result, ENTRY_TRAIN_STEP, "b.weight"));
    assert_non_null(assigned(&result, ENTRY_TRAIN_STEP, "b.mean"));
    assert_non_null(assigned(&result, ENTRY_GRADIENTS, "b.count"));
    assert_null(assigned(&result, ENTRY_EVALUATE, "b.mean"));
    assert_int_equal(variable(&result, "b.count")->dtype, DT_I64);
    elaborated_free(&result);
}

static void what_is_wrong_with_modules_is_said(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"module M {\n fc = Linear(4, 4)\n fc = Linear(4, 2)\n forward(x) = fc(x)\n}\nmodel = M()",
         "test.net:3:2: error: 'fc' is bound again, so that its layer is lost"},
        {"module M { forward(x) = Linear(4, 4)(x) }\nmodel = M()", "hint: layers are made in the body of the module"},
        {"module M(n) {\n w = Parameter(n)\n forward(x) = x * w\n}\nmodel = M(_)",
         "hint: say in the module where it comes from"},
        {"module M(n) {\n infer n = x.shape[-1]\n w = Parameter(n)\n forward(x) = x\n}\nmodel = M(3)",
         "M: n is 3, but its input asks for 4"},
        {"model = Sequential(OrderedDict([('a', ReLU()), ('a', ReLU())]))", "the name 'a' is used twice in one Sequential"},
        {"model = Sequential(a=Linear(8, 4))", "Linear expects 8 input features, got 4 (input shape (N, 4))"},
        {"model = Linear(4, 4)\nmodel.wieght = zeros()", "did you mean 'weight'?"},
        {"model = Linear(4, 4)\nmodel.weight.weight_decai = 0.1\nloss = MSELoss()", "did you mean 'weight_decay'?"},
        {"model = Linear(4, 4)\nmodel.weight = zeros(3, 3)\nloss = MSELoss()", "cannot start as a tensor of shape (3, 3)"},
        {"model = Linear(4, 4)\nmodel.weight = model.bias", "cannot be tied"},
        {"model = Linear(4)", "Linear: argument 'out_features' is missing"},
        {"model = ModuleList([ReLU()])", "a ModuleList cannot be called"},
        {"module M { a = 3 }\nmodel = M()", "M has no forward"},
        {"model = x -> x[0]", "cannot be indexed with a number"},
        {"model = x -> x @ x.T", "only one dimension"},
        {"module M {\n forward(x) {\n if x.mean() > 0 { return x }\n return -x\n }\n}\nmodel = M()",
         "test.net:4:5: error: a condition cannot depend on a tensor"},
        {"a, b = 1, 2\nmodel = x -> (x.shape[0] > 3)", "the batch size N is known only at run time"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(text, sizeof text, "input = Tensor(4)\n%s\n", rows[i].text);
        Elaborated result = elaborate_text(text);
        if (result.ok) fail_msg("%s is accepted", rows[i].text);
        const char *message = rows[i].message;
        if (!strncmp(message, "test.net:", 9)) message = strchr(message, ' '); // places count the first line
        if (!strstr(result.said, message)) fail_msg("%s says: %s", rows[i].text, result.said);
        elaborated_free(&result);
    }
}

static void the_chain_of_calls_starts_at_the_users_line(void **state) {
    (void)state;
    Elaborated result = elaborate_text("input = Tensor(4)\n"
                                       "module Net {\n"
                                       "  fc = Linear(5, 4)\n"
                                       "  forward(x) = fc(x)\n"
                                       "}\n"
                                       "model = Net()\n");
    assert_false(result.ok);
    assert_ptr_equal(strstr(result.said, "test.net:4:16: error: Linear expects 5 input features"), result.said);
    assert_non_null(strstr(result.said, "note: in forward of Linear"));
    assert_non_null(strstr(result.said, "test.net:6:1: note: in forward of Net, called from here"));
    elaborated_free(&result);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_spellings_are_one_network),
        cmocka_unit_test(lists_of_layers_are_module_lists),
        cmocka_unit_test(shared_layers_have_aliases),
        cmocka_unit_test(overrides_draw_after_construction),
        cmocka_unit_test(freezing_stops_updates_and_buffers),
        cmocka_unit_test(what_is_wrong_with_modules_is_said),
        cmocka_unit_test(the_chain_of_calls_starts_at_the_users_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
