// Built-in tensor functions on tensors that depend on the batch: what shapes they give, and what they say when it cannot be.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "elaborate/elaborate.h"

// Everything that is said about a network whose forward begins with these statements, x being (N, 6) and y (N, 2, 3).
static char *messages(const char *statements) {
    Arena *arena = arena_new();
    Diagnostics *diag = diag_new(arena, &(DiagOptions){.no_warnings = true});
    const char *text = arena_printf(arena,
                                    "input = Tensor(6)\n"
                                    "module Net {\n"
                                    "    lin = Linear(6, 6)\n"
                                    "    forward(input) {\n"
                                    "        x = lin(input)\n"
                                    "        y = x.view(-1, 2, 3)\n"
                                    "        %s\n"
                                    "        return x\n"
                                    "    }\n"
                                    "}\n"
                                    "model = Net()\n"
                                    "loss = MSELoss()\n",
                                    statements);
    uint32_t file = diag_add_file(diag, "test.net", text, strlen(text), false);
    Program program = {.arena = arena, .name = "test", .source = "test.net"};
    elaborate(arena, diag, parse_file(arena, diag, file), file, &(ElaborateOptions){.float_type = DT_F32}, &program);
    char *said = NULL;
    size_t length;
    FILE *out = open_memstream(&said, &length);
    diag_print(diag, out);
    fclose(out);
    arena_free(arena);
    return said;
}

typedef struct Row {
    const char *expression;
    const char *shape; // as .net writes it, or a part of the message
} Row;

static void shapes_hold_for_every_batch(void **state) {
    (void)state;
    static const Row rows[] = {
        {"x.view(-1)", "(6 * x.shape[0],)"},
        {"x.view(x.shape[0], -1)", "(x.shape[0], 6)"},
        {"x.reshape(-1, 3)", "(2 * x.shape[0], 3)"},
        {"y.flatten()", "(x.shape[0], 6)"},
        {"y.flatten(0, 1)", "(x.shape[0] * 2, 3)"},
        {"x.sum(1).flatten()", "(x.shape[0],)"},
        {"x.unflatten(1, (3, -1))", "(x.shape[0], 3, 2)"},
        {"y.T", "(3, 2, x.shape[0])"},
        {"y.mT", "(x.shape[0], 3, 2)"},
        {"y.permute(1, 0, -1)", "(2, x.shape[0], 3)"},
        {"x.unsqueeze(-1)", "(x.shape[0], 6, 1)"},
        {"x[:, :1].squeeze()", "(x.shape[0],)"},
        {"x.squeeze(0)", "(x.shape[0], 6)"},
        {"ones(6).expand(x.shape[0], -1)", "(x.shape[0], 6)"},
        {"ones(1, 6).repeat(x.shape[0], 2)", "(x.shape[0], 12)"},
        {"cat([x, x])", "(2 * x.shape[0], 6)"},
        {"cat([x, x]).chunk(2)[1]", "(x.shape[0], 6)"},
        {"cat([x, x])[x.shape[0]:]", "(x.shape[0], 6)"},
        {"cat([x, x])[::2]", "(x.shape[0], 6)"},
        {"stack([x, x], 1)", "(x.shape[0], 2, 6)"},
        {"x.split(4, 1)[1]", "(x.shape[0], 2)"},
        {"x.split(9223372036854775807, 1)[0]", "(x.shape[0], 6)"},
        {"x.chunk(4, 1)[2]", "(x.shape[0], 2)"},
        {"x.chunk(9223372036854775807, 1)[5]", "(x.shape[0], 1)"},
        {"x.split([4, 2], 1)[0]", "(x.shape[0], 4)"},
        {"x.slice(1, 1, 5, 2)", "(x.shape[0], 2)"},
        {"x.transpose(False, True)", "(6, x.shape[0])"},
        {"x.sum(1, keepdim=1)", "(x.shape[0], 1)"},
        {"x.sum((0, 1))", "()"},
        {"x.squeeze(1)", "(x.shape[0], 6)"},
        {"ones(1, 6).squeeze(0)", "(6,)"},
        {"ones(1, 6).squeeze(1)", "(1, 6)"},
        {"x.flatten(0)", "(6 * x.shape[0],)"},
        {"x.sum().view(-1)", "(1,)"},
        {"x.permute((1, 0))", "(6, x.shape[0])"},
        {"ones(2).repeat(x.shape[0])", "(x.shape[0] * 2,)"},
        {"ones(2, 3).repeat(3, 1, 2)", "(3, 2, 6)"},
        {"x.repeat(1, 2)", "(x.shape[0], 12)"},
        {"x[:, -99:99]", "(x.shape[0], 6)"},
        {"x[:, -1:]", "(x.shape[0], 1)"},
        {"x[:, 0:4:9]", "(x.shape[0], 1)"},
        {"x[None, :, -6]", "(1, x.shape[0])"},
        {"x[:0 * x.shape[0] + x.shape[0]]", "(x.shape[0], 6)"},
        {"cat([x, x])[x.shape[0]:2 * x.shape[0]]", "(x.shape[0], 6)"},
        {"cat([x, x])[1::2]", "(x.shape[0], 6)"},
        {"pad(x, (1, -1))", "(x.shape[0], 6)"},
        {"pad(x, (1, 2), value=0.0)", "(x.shape[0], 9)"},
        {"pad(y, (-1, 1, 2, 0), value=1)", "(x.shape[0], 4, 3)"},
        {"max(x, y.sum((1, 2), keepdim=True)[:, 0])", "(x.shape[0], 6)"},
        {"max(x, 0.5)", "(x.shape[0], 6)"},
        {"x.argmax(1)", "(x.shape[0],)"},
        {"x.argmax(1, True)", "(x.shape[0], 1)"},
        {"randint(5, (3, 2))", "(3, 2)"},
        {"randint(1, 5, (x.shape[0],))", "(x.shape[0],)"},
        {"full((2, x.shape[0]), 3)", "(2, x.shape[0])"},
        {"grad(x.sum(), [x, y])[1]", "(x.shape[0], 2, 3)"},
        {"x[:, 1:-1:2]", "(x.shape[0], 2)"},
        {"y[..., -1]", "(x.shape[0], 2)"},
        {"y[:, None, 0]", "(x.shape[0], 1, 3)"},
        {"pad(x, (1, 2))", "(x.shape[0], 9)"},
        {"arange(x.shape[0])", "(x.shape[0],)"},
        {"one_hot(arange(x.shape[0]), 4)", "(x.shape[0], 4)"},
        {"zeros(x.shape[0], 3)", "(x.shape[0], 3)"},
        {"x.T @ x", "(6, 6)"},
        {"grad(x.sum(), x)", "(x.shape[0], 6)"},
        {"x.argmax()", "()"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char statement[512];
        snprintf(statement, sizeof statement, "z = %s; assert(z.shape == %s, \"{z.shape}\")", rows[i].expression,
                 rows[i].shape);
        char *said = messages(statement);
        if (*said) fail_msg("%s: %s", rows[i].expression, said);
        free(said);
    }
}

static void mistakes_are_told(void **state) {
    (void)state;
    static const Row rows[] = {
        {"x.view(64, -1)", "the -1 in (64, -1) cannot be solved for shape (N, 6), for every batch size N"},
        {"x.view(64, -1)", "write x.shape[0] for the batch"},
        {"x.view(-1, -1)", "only one size can be -1"},
        {"x.view(-1, 4)", "cannot be solved"},
        {"x.reshape(5)", "cannot reshape (N, 6) to (5,)"},
        {"x[0]", "the batch dimension of shape (N, 6) cannot be indexed with a number"},
        {"x[:, 6]", "index 6 is out of range for an axis of size 6 (shape (N, 6))"},
        {"x[:, 0, 0]", "too many indices for shape (N, 6): 3"},
        {"x[1:]", "a slice of the batch dimension must be a multiple of N"},
        {"x[:, ::-1]", "the step of a slice must be at least 1"},
        {"x['a']", "a tensor is indexed with integers"},
        {"x.transpose(0, 2)", "out of range"},
        {"x.permute(0, 0)", "each of the 2 axes of shape (N, 6) must be named once"},
        {"x.unsqueeze(3)", "dim 3 is out of range for a new axis of shape (N, 6)"},
        {"x.split(2)", "the batch dimension of (N, 6) has no constant size"},
        {"x.split([1, 2], 1)", "the sizes sum to 3, but axis 1 of shape (N, 6) has to be split"},
        {"x.chunk(2)", "cannot be cut into 2 equal parts along the batch"},
        {"cat([])", "at least one tensor is needed"},
        {"cat([x, y])", "concat"},
        {"stack([x, y])", "stack: shapes differ: (N, 6) and (N, 2, 3)"},
        {"x @ x.T", "only one dimension of a tensor can depend on the batch size"},
        {"x - y", "do not fit"},
        {"x.view(-1, 1) - x.view(-1)", "only one dimension"},
        {"one_hot(x, 3)", "one_hot needs integers, got float32 (N, 6)"},
        {"one_hot(x.long(), 0)", "at least 1 class"},
        {"clamp(x)", "clamp needs min, max or both"},
        {"pad(x, (1, 1), mode='reflect')", "mode 'reflect' is not in the library"},
        {"pad(x, (1,))", "two amounts for each of the last axes"},
        {"x.sum(dim='a')", "dim"},
        {"grad(x, x)", "scalar"},
        {"grad(x.sum(), 3)", "x must be a tensor, a parameter or a list of them"},
        {"x.tril(); ones(3).tril()", "a triangle needs a matrix, got shape (3,)"},
        {"arange(3, 1, 0)", "the step is 0"},
        {"full((2, 2), 'a')", "fill_value"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char statement[256];
        snprintf(statement, sizeof statement, "z = %s", rows[i].expression);
        char *said = messages(statement);
        if (!strstr(said, rows[i].shape)) fail_msg("%s: expected '%s' in: %s", rows[i].expression, rows[i].shape, said);
        free(said);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_hold_for_every_batch),
        cmocka_unit_test(mistakes_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
