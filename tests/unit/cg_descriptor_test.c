// netrt_program as the compiler writes it, read through netrt.h after linking and loading: every table comes through.
#include "cg_support.h"

static const char *const aliases[] = {"head.weight"};
static const char *const classes[] = {"zero", "one"};
static const char *const files[] = {"train-images", "more"};

static void make_program(Arena *arena, Program *p) {
    p->name = "mnist";
    p->source = "examples/mnist.net";
    p->float_type = DT_F32;
    p->class_target = true;
    p->lr = 0.01;
    p->var_count = 3;
    p->vars = NEW_ARRAY(arena, Variable, 3);
    p->vars[0] = (Variable){.kind = VAR_PARAM,
                            .name = "fc.weight",
                            .aliases = aliases,
                            .alias_count = 1,
                            .dtype = DT_F32,
                            .shape = shape_of(2, (int64_t[]){3, 2}),
                            .frozen = true};
    p->vars[1] = (Variable){.kind = VAR_STATE, .name = "velocity", .dtype = DT_F32, .shape = p->vars[0].shape};
    p->vars[2] = (Variable){.kind = VAR_GRADIENT, .name = "fc.weight", .dtype = DT_F32, .shape = p->vars[0].shape};
    p->input_count = 1;
    p->inputs = NEW_ARRAY(arena, InputSpec, 1);
    p->inputs[0] = (InputSpec){.name = "input", .dtype = DT_U8, .shape = {3, {{1, true}, {28, false}, {27, false}}}};
    p->layer_count = 1;
    p->layers = NEW_ARRAY(arena, LayerRow, 1);
    p->layers[0] = (LayerRow){
        .path = "fc", .type = "Linear", .output = {2, {{2, true}, {10, false}}}, .params = 6, .flops = 12, .depth = 1};
    p->data = (DataSpec){.present = true,
                         .format = "idx",
                         .name = "MNIST",
                         .train_x = files,
                         .x_count = 2,
                         .classes = classes,
                         .class_count = 2,
                         .count = 5,
                         .seed = 6,
                         .validation = 0.25,
                         .target_is_input = true};
    p->train = (TrainSpec){.epochs = 5,
                           .batch_size = 64,
                           .shuffle = true,
                           .seed = 7,
                           .drop_last = true,
                           .accumulate = 2,
                           .clip_grad_norm = 1.5,
                           .clip_grad_value = 0.5,
                           .patience = 3,
                           .validate_every = 4};
}

static Kernel *copy_kernel(Arena *arena) {
    KernelBuilder b = kb_new(arena, "copy", 4);
    KBufId x = kb_buf(&b, "x", DT_F32, 4, 0), y = kb_buf(&b, "y", DT_F32, 0, 4);
    KVar n = kb_grid(&b, "n", (KExtent){0, 1, 1});
    kb_store(&b, y, kb_plus(kb_idx(0), n, 4), KB_ALL, kb_vload(&b, x, kb_idx(0), KB_ALL));
    b.kernel->flops = 1;
    b.kernel->flops_n = 2;
    b.kernel->bytes = 3;
    b.kernel->bytes_n = 4;
    return b.kernel;
}

static const float literal[] = {1, 2, 3, 4};

static Plan *make_plan(Arena *arena) {
    Kernel *kernel = copy_kernel(arena);
    Plan *plan = cg_plan(arena, &kernel, 1, target_find("x86-64"));
    make_program(arena, (Program *)plan->program);
    plan->vars_bytes = 4096;
    plan->scratch_bytes = 256;
    plan->vars = NEW_ARRAY(arena, PlanVar, 3);
    plan->vars[0] = (PlanVar){.stride = {1, 3}, .offset = 64};
    PlanConstant constant = {DT_F32, literal, sizeof literal};
    VEC_PUSH(arena, &plan->constants, constant);
    plan->entries[ENTRY_INIT].steps.items[0].refs[0] = (PlanRef){.space = SPACE_CONST, .index = 0};
    plan->entries[ENTRY_INIT].steps.items[0].refs[1] =
        (PlanRef){.space = SPACE_INPUT, .index = 1, .fixed = 128, .per_block = 256};
    PlanRef *target = NEW(arena, PlanRef);
    PlanStep draw = {.draw = true,
                     .draw_kind = DRAW_NORMAL,
                     .draw_count = 6,
                     .a = -1,
                     .b = 2,
                     .refs = target,
                     .ref_count = 1,
                     .name = "fc.weight",
                     .lines = "mnist.net:3"};
    VEC_PUSH(arena, &plan->entries[ENTRY_INIT].steps, draw);
    PlanEntry *predict = &plan->entries[ENTRY_PREDICT];
    predict->present = true; // without steps
    predict->workspace_fixed = 11;
    predict->workspace_per_block = 12;
    PlanOutput output = {.name = "output",
                         .dtype = DT_F32,
                         .shape = {2, {{1, true}, {10, false}}},
                         .ref = {.space = SPACE_WORKSPACE, .fixed = 64}};
    VEC_PUSH(arena, &predict->results, output);
    return plan;
}

static void model(const NetrtProgram *p) {
    assert_int_equal(p->abi, NETRT_ABI);
    assert_int_equal(p->isa, NETRT_ISA_BASE);
    assert_string_equal(p->name, "mnist");
    assert_string_equal(p->compiler, "netc test");
    assert_int_equal(p->class_target, 1);
    assert_int_equal(p->var_count, 3);
    assert_string_equal(p->vars[0].name, "fc.weight");
    assert_string_equal(p->vars[0].aliases[0], "head.weight");
    assert_null(p->vars[0].aliases[1]);
    assert_null(p->vars[1].aliases);
    assert_string_equal(p->vars[1].name, "fc.weight/velocity");
    assert_string_equal(p->vars[2].name, "fc.weight");
    assert_int_equal(p->vars[0].frozen, 1);
    assert_int_equal(p->vars[0].shape[0], 3);
    assert_int_equal(p->vars[0].stride[1], 3);
    assert_int_equal(p->vars[0].offset, 64);
    assert_int_equal(p->vars_bytes, 4096);
    assert_int_equal(p->scratch_bytes, 256);
    assert_int_equal(p->inputs[0].rank, 2);
    assert_int_equal(p->inputs[0].shape[1], 27);
    assert_string_equal(p->messages[0], "the check failed");
    assert_string_equal(p->layers[0].type, "Linear");
    assert_int_equal(p->layers[0].shape[0], 2);
    assert_int_equal(p->layers[0].batch_axis, 0);
    assert_string_equal(p->data.classes[1], "one");
    assert_string_equal(p->data.train_x[1], "more");
    assert_int_equal(p->data.x_count, 2);
    assert_null(p->data.test_x);
    assert_null(p->data.not_in);
    assert_true(p->data.validation == 0.25);
    assert_int_equal(p->train.validate_every, 4);
    assert_true(p->train.lr == 0.01);
}

static void steps(const NetrtProgram *p) {
    const NetrtEntry *init = &p->entries[NETRT_INIT];
    assert_int_equal(init->step_count, 2);
    const NetrtStep *copy = &init->steps[0], *draw = &init->steps[1];
    assert_int_equal(copy->kind, NETRT_STEP_KERNEL);
    assert_int_equal(copy->buffer_count, 2);
    assert_int_equal(copy->grid[0].per_sample, 1);
    assert_int_equal(copy->grid[2].fixed, 1);
    assert_true(copy->bytes_per_sample == 4);
    assert_int_equal(copy->buffers[0].space, NETRT_SPACE_CONST);
    assert_memory_equal(copy->buffers[0].data, literal, sizeof literal);
    assert_int_equal((uintptr_t)copy->buffers[0].data % NETRT_ALIGN, 0);
    assert_int_equal(copy->buffers[1].index, 1);
    assert_int_equal(copy->buffers[1].per_block, 256);
    assert_int_equal(draw->kind, NETRT_STEP_DRAW_NORMAL);
    assert_int_equal(draw->count, 6);
    assert_true(draw->a == -1 && draw->b == 2);
    assert_string_equal(draw->lines, "mnist.net:3");
    assert_null(draw->kernel);
    assert_null(p->entries[NETRT_APPLY].steps);
    const NetrtEntry *predict = &p->entries[NETRT_PREDICT];
    assert_non_null(predict->steps);
    assert_int_equal(predict->step_count, 0);
    assert_int_equal(predict->workspace_per_block, 12);
    assert_int_equal(predict->results[0].batch_axis, 0);
    assert_int_equal(predict->results[0].shape[1], 10);
    assert_int_equal(predict->results[0].ref.space, NETRT_SPACE_WORKSPACE);
}

static void everything_comes_through(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Loaded loaded = cg_load(make_plan(arena), true);
    model(loaded.program);
    steps(loaded.program);
    float y[8] = {0};
    void *buffers[] = {(void *)literal, y};
    KernelCall call = {.buffers = buffers, .N = 2};
    cg_run(&loaded, 0, &call);
    assert_memory_equal(y, literal, sizeof literal);
    assert_memory_equal(y + 4, literal, sizeof literal);
    dlclose(loaded.handle);
    arena_free(arena);
}

// Two runs on equal input give equal bytes, in each form.
static void forms(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Plan *plan = make_plan(arena);
    for (CodegenKind kind = CODEGEN_LLVM; kind <= CODEGEN_OBJECT; kind++) {
        CodegenOptions options = {.optimize = true, .compiler = "netc test"};
        CodegenResult a, b;
        codegen(plan, kind, &options, &a);
        codegen(plan, kind, &options, &b);
        assert_int_equal(a.length, b.length);
        assert_memory_equal(a.bytes, b.bytes, a.length);
        if (kind != CODEGEN_OBJECT) assert_non_null(strstr(a.bytes, "netrt_program"));
        free(a.bytes);
        free(b.bytes);
    }
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(everything_comes_through), cmocka_unit_test(forms)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
