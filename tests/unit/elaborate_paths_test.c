// Assignments to paths, layers in containers, optimisers' arguments and states: what reaches which parameter, and what is said
// when nothing is there.
#include "elaborate_test_support.h"

// A network with a list, a pair, a layer that waits for its sizes, and an optimiser that shows which parameters have an option.
#define A_NETWORK                                                                                                              \
    "optimizer Mine(lr=0.1, extra=False) {\n"                                                                                  \
    "    state more = zeros() if extra else None\n"                                                                            \
    "    update(p, g) { p = p - lr * g }\n"                                                                                    \
    "}\n"                                                                                                                      \
    "module Net {\n"                                                                                                           \
    "    layers = [Linear(4, 4, bias=False) for _ in range(2)]\n"                                                              \
    "    pair = (Linear(4, 4, bias=False), relu)\n"                                                                            \
    "    late = Sequential(Linear(_, 4), Linear(4, 4))\n"                                                                      \
    "    scale = Parameter(4, init=1.0)\n"                                                                                     \
    "    forward(x) {\n"                                                                                                       \
    "        for layer in layers { x = layer(x) }\n"                                                                           \
    "        return late(pair[1](pair[0](x))) * scale\n"                                                                       \
    "    }\n"                                                                                                                  \
    "}\n"                                                                                                                      \
    "i = 1\n"                                                                                                                  \
    "input = Tensor(4)\n"                                                                                                      \
    "model = Net()\n"                                                                                                          \
    "loss = MSELoss()\n"                                                                                                       \
    "optimizer = Mine()\n"

static Elaborated with_path(const char *path) {
    char text[2048];
    snprintf(text, sizeof text, A_NETWORK "%s\n", path);
    return elaborate_text(text);
}

// The variables of a kind for which `holds`, as "scale layers.0.weight …".
static void names_where(const Elaborated *result, bool (*holds)(const Elaborated *, const Variable *), char *out, size_t size) {
    size_t length = 0;
    *out = 0;
    for (size_t i = 0; i < result->program.var_count; i++) {
        const Variable *var = &result->program.vars[i];
        if (var->kind != VAR_PARAM || !holds(result, var)) continue;
        length += (size_t)snprintf(out + length, size - length, "%s%s", length ? " " : "", var->name);
    }
}

static bool is_frozen(const Elaborated *result, const Variable *var) {
    (void)result;
    return var->frozen;
}

static bool has_option(const Elaborated *result, const Variable *var) {
    for (size_t i = 0; i < result->program.var_count; i++) {
        const Variable *state = &result->program.vars[i];
        if (state->kind == VAR_STATE && &result->program.vars[state->param] == var) return true;
    }
    return false;
}

static bool starts_constant(const Elaborated *result, const Variable *var) {
    const Node *start = assigned(result, ENTRY_INIT, var->name);
    return start->op == OP_CONST && strcmp(var->name, "scale") != 0;
}

static void paths_reach_what_they_name(void **state) {
    (void)state;
    static const struct {
        const char *path;
        bool (*holds)(const Elaborated *, const Variable *);
        const char *names;
    } rows[] = {
        {"model.layers.requires_grad = False", is_frozen, "layers.0.weight layers.1.weight"},
        {"model.layers[1].requires_grad = False", is_frozen, "layers.1.weight"},
        {"model.pair.requires_grad = False", is_frozen, "pair.0.weight"},
        {"model.pair.0.requires_grad = False", is_frozen, "pair.0.weight"},
        {"model.late.requires_grad = False", is_frozen, "late.0.weight late.0.bias late.1.weight late.1.bias"},
        {"model.late.0.requires_grad = False", is_frozen, "late.0.weight late.0.bias"},
        {"model.late.0.bias.requires_grad = False", is_frozen, "late.0.bias"},
        {"model.*.requires_grad = False\nmodel.late.requires_grad = True", is_frozen,
         "scale layers.0.weight layers.1.weight pair.0.weight"},
        {"model.scale.extra = True", has_option, "scale"},
        {"model.layers.0.extra = True", has_option, "layers.0.weight"},
        {"model.late.extra = True", has_option, "late.0.weight late.0.bias late.1.weight late.1.bias"},
        {"model.extra = True", has_option,
         "scale layers.0.weight layers.1.weight pair.0.weight late.0.weight late.0.bias late.1.weight late.1.bias"},
        {"model.**.bias.extra = 1", has_option, "late.0.bias late.1.bias"},
        {"model.extra = True\nmodel.late.extra = None", has_option, "scale layers.0.weight layers.1.weight pair.0.weight"},
        {"model.layers[i].weight = zeros()", starts_constant, "layers.1.weight"},
        {"model.layers.*.weight = zeros()", starts_constant, "layers.0.weight layers.1.weight"},
        {"model.layers.0.* = ones()", starts_constant, "layers.0.weight"},
        {"model.late.0.* = 2", starts_constant, "late.0.weight late.0.bias"},
        {"model.late.** = 0.5", starts_constant, "late.0.weight late.0.bias late.1.weight late.1.bias"},
        {"model.** = True", starts_constant,
         "layers.0.weight layers.1.weight pair.0.weight late.0.weight late.0.bias late.1.weight late.1.bias"},
        {"model.layers.0.weight = full((4, 4), 3.0)", starts_constant, "layers.0.weight"},
        {"model.layers.0.weight = tensor(3)", starts_constant, "layers.0.weight"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Elaborated result = with_path(rows[i].path);
        if (!result.ok) fail_msg("%s: %s", rows[i].path, result.said);
        char names[512];
        names_where(&result, rows[i].holds, names, sizeof names);
        if (strcmp(names, rows[i].names) != 0) fail_msg("%s reaches %s", rows[i].path, names);
        elaborated_free(&result);
    }
}

static void each_parameter_draws_once(void **state) {
    (void)state;
    Elaborated result = elaborate_text("input = Tensor(4)\nmodel = Sequential(Sequential(Sequential(Linear(4, 4))))\n"
                                       "loss = MSELoss()\nmodel.** = normal()\n");
    assert_true(result.ok);
    assert_int_equal(assigned(&result, ENTRY_INIT, "0.0.0.weight")->attr.draw.order, 2); // behind those of the layer
    assert_int_equal(assigned(&result, ENTRY_INIT, "0.0.0.bias")->attr.draw.order, 3);
    elaborated_free(&result);
}

static void paths_that_lead_nowhere(void **state) {
    (void)state;
    static const struct {
        const char *path, *message;
    } rows[] = {
        {"model.layers.7.weight = zeros()", "this path matches no parameter"},
        {"model.layers.weight = zeros()", "this path matches no parameter"},
        {"model.pair.1.weight = zeros()", "this path matches no parameter"},
        {"model.late.7.weight = zeros()", "this path matches no parameter"},
        {"model.late.0.wieght = zeros()", "this path matches no parameter"},
        {"model.scale.deeper.still = zeros()", "this path matches no parameter"},
        {"model.layers.* = zeros()", "this path matches no parameter"},
        {"model.lyaers.0.weight = zeros()", "hint: did you mean 'layers'?"},
        {"model.scale.requires_grad = 3", "requires_grad is True or False, got an integer"},
        {"model.late.0.bias.requires_grad = 'no'", "requires_grad is True or False, got a string"},
        {"model.late = zeros()", "only parameters and buffers can be assigned by a path; this is a module"},
        {"model.layers = zeros()", "only parameters and buffers can be assigned by a path; this is a list"},
        {"model.scale = model.scale * 2", "this value is computed from a parameter"},
        {"model.scale += 1", "a path can only be assigned with '='"},
        {"model.scale = model.layers.0.weight", "a parameter of shape (4,) cannot be tied to one of shape (4, 4)"},
        {"model.late.** = zeros(3)", "cannot start as a tensor of shape (3,)"},
        {"model.scale = x -> zeros(1, 1)", "cannot start as a tensor of shape (1, 1)"},
        {"model.scale = x -> relu", "this initialiser gives a function"},
        {"model.scale = 'three'", "its result must be a tensor, got a string"},
        {"model.scale = x -> 1 / 0", "division by zero"},
        {"model.scale = 1 / 0", "division by zero"},
        {"(1 / 0).a = 3", "division by zero"},
        {"relu.a = 3", "a function has no members to assign to"},
        {"model.scale.etxra = 1", "hint: did you mean 'extra'?"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Elaborated result = with_path(rows[i].path);
        if (result.ok) fail_msg("%s is accepted", rows[i].path);
        if (!strstr(result.said, rows[i].message)) fail_msg("%s says: %s", rows[i].path, result.said);
        elaborated_free(&result);
    }
}

static void containers_take_layers_in_each_spelling(void **state) {
    (void)state;
    static const struct {
        const char *model, *names;
    } rows[] = {
        {"Sequential(('a', Linear(4, 4)), Linear(4, 2))", "a.weight a.bias 1.weight 1.bias"},
        {"Sequential((Linear(4, 4), ReLU()))", "0.weight 0.bias"},
        {"Sequential([('x', Linear(4, 4)), ReLU(), Linear(4, 4)])", "x.weight x.bias 2.weight 2.bias"},
        {"Sequential(('x', ReLU()))", ""},
        {"Sequential(Sequential(), Linear(4, 4))", "1.weight 1.bias"},
        {"Sequential(Residual(Linear(4, 4)), x -> (x, x), (x, y) -> x + y)", NULL},
        {"Sequential(Residual(Linear(4, 4)), x -> (x, x))", "0.0.weight 0.0.bias"},
        {"Residual(a=Linear(4, 4), b=Tanh())", "a.weight a.bias"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(text, sizeof text, "input = Tensor(4)\nmodel = %s\nloss = (o, t) -> (sum(o) if is_tensor(o) else sum(o[0]))\n",
                 rows[i].model);
        Elaborated result = elaborate_text(text);
        if (!rows[i].names) {
            assert_false(result.ok); // a tuple is one argument
        } else {
            if (!result.ok) fail_msg("%s: %s", rows[i].model, result.said);
            assert_string_equal(names_of(&result, VAR_PARAM), rows[i].names);
        }
        elaborated_free(&result);
    }
}

static void what_modules_and_models_answer(void **state) {
    (void)state;
    static const struct {
        const char *text, *message; // NULL: accepted
    } rows[] = {
        {"model = Sequential(SGD)", "expected a layer or a function, got an optimizer class"},
        {"model = Sequential(Linear(out_features=3))", "Linear: argument 'in_features' is missing"},
        {"model = Sequential(OrderedDict([('', ReLU())]))", "'' cannot be the name of a layer"},
        {"model = Sequential(('a.b', ReLU()))", "'a.b' cannot be the name of a layer"},
        {"s = Sequential(ReLU())\nmodel = x -> s(x=x)", "Sequential has no argument 'x'"},
        {"s = Sequential(ReLU())\nmodel = x -> s()", "Sequential is called without its input"},
        {"m = Linear(4, 4)\nmodel = x -> m()", "Linear is called without its input"},
        {"m = Linear(4, 4)\nmodel = x -> m(x, x)", "Linear takes 1 argument, got 2"},
        {"model = Sequential(x -> ReLU())", "entry '0' gives a module instead of a tensor"},
        {"model = Sequential(x -> Linear(out_features=3))", "entry '0' gives a function instead of a tensor"},
        {"model = x -> 'text'", "got a string"},
        {"model = x -> ()", "got a tuple"},
        {"model = x -> relu", "got a function"},
        {"module M {\n l = []\n l = l + [Linear(4, 4)]\n l = l + [Linear(4, 4)]\n forward(x) = l[1](l[0](x))\n}\nmodel = M()",
         NULL},
        {"module M {\n l = [Linear(4, 4)]\n l = [Linear(4, 4)]\n forward(x) = l[0](x)\n}\nmodel = M()", "its layer is lost"},
        {"module M {\n l = [Linear(4, 4)]\n l = []\n forward(x) = x\n}\nmodel = M()", "its layer is lost"},
        {"module M {\n l = [Linear(4, 4)]\n l = 3\n forward(x) = x\n}\nmodel = M()", "its layer is lost"},
        {"module M(k) {\n infer n = x.shape[-1]\n forward(x) = x\n}\nmodel = M(_)", "'n' is no argument of M"},
        {"module M(n) {\n infer n = x.shape[0]\n forward(x) = x\n}\nmodel = M(_)", "'n' would be the batch size"},
        {"module M(n) {\n infer n = x.foo\n forward(x) = x\n}\nmodel = M(_)", "no attribute 'foo'"},
        {"module M(n, m=n * 2) {\n infer n = x.shape[-1]\n w = Parameter(m, init=1.0)\n forward(x) = x * w[:n]\n}\nmodel = "
         "M(_)",
         NULL},
        {"module M(n, m=n / 0) {\n infer n = x.shape[-1]\n forward(x) = x\n}\nmodel = M(_)", "division by zero"},
        {"module M(n, m=n / 0) { forward(x) = x }\nmodel = M(3)", "division by zero"},
        {"module M(n) {\n infer n = x.shape[-1]\n w = 1 / 0\n forward(x) = x\n}\nmodel = M(_)", "division by zero"},
        {"module M(n) { infer n = x.shape[-1] }\nmodel = M(_)", "M has no forward"},
        {"module M { forward(x, y=1 / 0) = x }\nmodel = M()", "division by zero"},
        {"module M { forward = 3 }\nmodel = M()", "M has no forward"},
        {"module M { forward(x) = (x, 3) }\nm = M()\nmodel = x -> m(x)[0] * m(x)[1]", NULL},
        {"module M { forward(x) = 3 }\nm = M()\nmodel = x -> x * m(x)", NULL},
        {"module M { forward(x) = [] }\nm = M()\nmodel = x -> x * len([m(x)])", NULL},
        {"module M {\n w = Parameter(4)\n forward(x) = w\n}\nmodel = M()",
         "the target's shape is not known: the output's is (4,)"},
        {"w = Parameter(4, 4)\nmodel = x -> x @ w", NULL},
        {"model = x -> x.sum(0) @ ones(4, 2)", "target"},
        {"module M {\n b = Buffer(4)\n forward(x) { b = zeros(3); return x } }\nmodel = M()",
         "a buffer of shape (4,) cannot take a value of shape (3,)"},
        {"module M {\n b = Buffer(4)\n forward(x) { b = 'a'; return x } }\nmodel = M()",
         "its value must be a tensor, got a string"},
        {"module M {\n b = Buffer(4)\n forward(x) { b = 1 / 0; return x } }\nmodel = M()", "division by zero"},
        {"module M {\n a, (b, c) = 1, (2, 3)\n forward(x) = x * (a + b + c)\n}\nmodel = M()", NULL},
        {"module M {\n a, b = 1, (2, 3), 4\n forward(x) = x\n}\nmodel = M()", "2 names for 3 values"},
        {"def f(x) { x.y = 3; return x }\nmodel = x -> f(x)", "a tensor has no members to assign to"},
        {"model = Linear(4, 4)\nmodel = Linear(4, 4)", "'model' is bound twice"},
        {"model = 1 / 0", "division by zero"},
        {"input = 1 / 0\nmodel = Linear(4, 4)", "division by zero"},
        {"data = 1 / 0\nmodel = Linear(4, 4)", "division by zero"},
        {"loss = 1 / 0\nmodel = Linear(4, 4)", "division by zero"},
        {"optimizer = 1 / 0\nmodel = Linear(4, 4)", "division by zero"},
        {"train = 1 / 0\nmodel = Linear(4, 4)", "division by zero"},
        {"model = Linear(4, 4)\nloss = MSELoss()\noptimizer = Adam", "hint: write optimizer = Adam("},
        {"model = Linear(4, 4)\nloss = (o, t) -> 3", "got an integer"},
        {"model = Linear(4, 4)\nloss = (o, t) -> o.argmax()", "the loss must be one number, got int64"},
        {"model = Linear(4, 4)\nloss = (o, t) -> 1 / 0", "division by zero"},
        {"model = Linear(4, 4)\nloss = (o, t, i) -> ((o - i) ** 2).mean()", NULL},
        {"model = Linear(4, 4)\nloss = (o, t, i, k=2) -> ((o - i) ** k).mean()", NULL},
        {"def l(o, t, i, k) = ((o - i) ** k).mean()\nmodel = Linear(4, 4)\nloss = l(k=2)", NULL},
        {"module L { forward(o, t, i) = ((o - i) ** 2).mean() }\nmodel = Linear(4, 4)\nloss = L()", NULL},
        {"model = Linear(4, 4)\ntarget = 3\nloss = MSELoss()", "target"},
        {"model = x -> Linear(4, 4)", "hint: layers are made in the body of the module"},
        {"model = x -> x.reshape(-1)\nloss = (o, t) -> (o * t).sum()", "target"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        bool has_input = strstr(rows[i].text, "input = ") != NULL;
        snprintf(text, sizeof text, "%s%s\n", has_input ? "" : "input = Tensor(4)\n", rows[i].text);
        Elaborated result = elaborate_text(text);
        if (rows[i].message) {
            if (result.ok) fail_msg("%s is accepted", rows[i].text);
            if (!strstr(result.said, rows[i].message)) fail_msg("%s says: %s", rows[i].text, result.said);
        } else if (!result.ok) {
            fail_msg("%s: %s", rows[i].text, result.said);
        }
        elaborated_free(&result);
    }
}

static void optimisers_answer(void **state) {
    (void)state;
    static const struct {
        const char *optimizer, *message; // NULL: accepted
    } rows[] = {
        {"optimizer = SGD(params=model.parameters(), lr=0.1)", NULL},
        {"optimizer = SGD(lr=0.1, momentum=1 / 0)", "division by zero"},
        {"optimizer = SGD(lr='a')", "a string"},
        {"name = 'a'\noptimizer = SGD(lr=name)", "a string"},
        {"optimizer = SGD(0.1, 0.9, 0, 0, 0, 0, 0, 0, 0, 0, 0)", "SGD takes"},
        {"optimizer = SGD(lr=0.1, lr=0.2)", "argument 'lr' is given twice"},
        {"optimizer O(rate) {\n update(p, g) { p = p - g }\n}\noptimizer = O()", "got a function"},
        {"optimizer O {\n update(p, g) { p = p - 0.1 * g }\n}\noptimizer = O()", NULL},
        {"optimizer O(lr=0.1) {\n update(p, g) { p = p - lr * g }\n}\noptimizer = O()\nmodel.weight.lr_scale = 0.5", NULL},
        {"optimizer O {\n update(p, g) { p = p - g }\n}\noptimizer = O()\nmodel.weight.lr_scale = 0.5", NULL},
        {"optimizer O(lr=0.1) {\n}\noptimizer = O()", "O needs an update(p, g)"},
        {"optimizer O(lr=0.1) {\n update = 3\n}\noptimizer = O()", "O needs an update(p, g)"},
        {"optimizer O(lr=0.1) {\n update(p, g, h) { p = p - g }\n}\noptimizer = O()", "O needs an update(p, g)"},
        {"optimizer O(lr=0.1) {\n x = 1 / 0\n update(p, g) { p = p - g }\n}\noptimizer = O()", "division by zero"},
        {"optimizer O(lr=0.1) {\n update(p, g) { p = p - g / (1 / 0) }\n}\noptimizer = O()", "division by zero"},
        {"optimizer O(lr=0.1) {\n update(p, g) { p = 'a' }\n}\noptimizer = O()", "parameter must be a tensor, got a string"},
        {"optimizer O(lr=0.1) {\n state m = 1 / 0\n update(p, g) { p = p - g }\n}\noptimizer = O()", "division by zero"},
        {"optimizer O(lr=0.1) {\n state m = 'a'\n update(p, g) { p = p - g }\n}\noptimizer = O()",
         "must be a tensor, got a string"},
        {"optimizer O(lr=0.1) {\n state m = x -> relu\n update(p, g) { p = p - g }\n}\noptimizer = O()", "gives a function"},
        {"optimizer O(lr=0.1) {\n state m = zeros()\n update(p, g) { m = zeros(1, 1); p = p - g }\n}\noptimizer = O()",
         "update: the new m has shape (1, 1) instead of"},
        {"optimizer O(lr=0.1) {\n state m = zeros(2, 2)\n update(p, g) { m = m + 1; p = p - m.sum() * g }\n}\noptimizer = O()",
         NULL},
        {"optimizer O(lr=0.1) {\n state m = zeros()\n update(p, g) { p = p - m * g }\n}\noptimizer = O()", NULL},
        {"optimizer O(lr=0.1) {\n state n = True\n update(p, g) { n = n + 1; p = p - g / n }\n}\noptimizer = O()", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(text, sizeof text, "input = Tensor(4)\nmodel = Linear(4, 3)\nloss = MSELoss()\n%s\n", rows[i].optimizer);
        Elaborated result = elaborate_text(text);
        if (rows[i].message) {
            if (result.ok) fail_msg("%s is accepted", rows[i].optimizer);
            if (!strstr(result.said, rows[i].message)) fail_msg("%s says: %s", rows[i].optimizer, result.said);
        } else if (!result.ok) {
            fail_msg("%s: %s", rows[i].optimizer, result.said);
        }
        elaborated_free(&result);
    }
}

static void defines_take_the_kind_of_what_they_replace(void **state) {
    (void)state;
    static const struct {
        Define define;
        const char *printed; // NULL: it does not fit
    } rows[] = {
        {{"n", "2.5"}, "2.5 0.5 False\n"},
        {{"n", "-7"}, "-7 0.5 False\n"},
        {{"n", ""}, NULL},
        {{"n", "7x"}, NULL},
        {{"rate", "3"}, "3 3.0 False\n"},
        {{"rate", ""}, NULL},
        {{"rate", "1e-3"}, "3 0.001 False\n"},
        {{"flag", "true"}, "3 0.5 True\n"},
        {{"flag", "false"}, "3 0.5 False\n"},
        {{"flag", "False"}, "3 0.5 False\n"},
        {{"flag", "1"}, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Elaborated result = elaborate_with("n = 3\nrate = 0.5\nflag = False\nprint(n, rate, flag)" A_MODEL, &rows[i].define, 1);
        const char *name = rows[i].define.name, *value = rows[i].define.value;
        if (result.ok != (rows[i].printed != NULL)) fail_msg("-D %s=%s says: %s", name, value, result.said);
        if (!rows[i].printed && !strstr(result.said, "does not fit")) fail_msg("-D %s=%s says: %s", name, value, result.said);
        if (rows[i].printed && strcmp(rows[i].printed, result.printed)) fail_msg("-D %s=%s: %s", name, value, result.printed);
        elaborated_free(&result);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_reach_what_they_name),
        cmocka_unit_test(each_parameter_draws_once),
        cmocka_unit_test(paths_that_lead_nowhere),
        cmocka_unit_test(containers_take_layers_in_each_spelling),
        cmocka_unit_test(what_modules_and_models_answer),
        cmocka_unit_test(optimisers_answer),
        cmocka_unit_test(defines_take_the_kind_of_what_they_replace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
