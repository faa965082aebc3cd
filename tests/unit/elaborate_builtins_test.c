// Every builtin function: called as it should be, with each argument in turn of a wrong kind, and in a graph that has no room
// for one of the nodes it is made of. A builtin without a row here fails the test.
#include "elaborate_test_support.h"

#include "elaborate/eval.h"

typedef enum Place {
    ALONE,   // a program that computes and prints
    FORWARD, // in a forward, where w and v are parameters (4, 6), t (6, 4), s (), b and i buffers of booleans and integers
    TOP,     // at the top level
} Place;

typedef struct Row {
    const char *name;
    const char *args[18]; // as text; 'name=' before one passes it by name
    uint32_t any; // bits of the arguments that may be of every kind, choose another function or have a message of their own
    Place place;
} Row;

static const Row rows[] = {
    // ---- Elementwise
    {"neg", {"w"}, 0, FORWARD},
    {"abs", {"w"}, 0, FORWARD},
    {"sign", {"w"}, 0, FORWARD},
    {"exp", {"w"}, 0, FORWARD},
    {"log", {"w"}, 0, FORWARD},
    {"log1p", {"w"}, 0, FORWARD},
    {"sqrt", {"w"}, 0, FORWARD},
    {"rsqrt", {"w"}, 0, FORWARD},
    {"sin", {"w"}, 0, FORWARD},
    {"cos", {"w"}, 0, FORWARD},
    {"atan", {"w"}, 0, FORWARD},
    {"tanh", {"w"}, 0, FORWARD},
    {"sigmoid", {"w"}, 0, FORWARD},
    {"erf", {"w"}, 0, FORWARD},
    {"floor", {"w"}, 0, FORWARD},
    {"round", {"w"}, 0, FORWARD},
    {"logical_not", {"b"}, 0, FORWARD},
    {"logical_and", {"b", "b"}, 0, FORWARD},
    {"logical_or", {"b", "b"}, 0, FORWARD},
    {"pow", {"w", "v"}, 0, FORWARD},
    {"minimum", {"w", "v"}, 0, FORWARD},
    {"maximum", {"w", "v"}, 0, FORWARD},
    {"where", {"b", "w", "v"}, 0, FORWARD},
    {"clamp", {"w", "v", "2"}, 0, FORWARD},
    {"clamp", {"w", "-1", "v"}, 0, FORWARD},
    {"stop_gradient", {"w"}, 0, FORWARD},
    {"detach", {"w"}, 0, FORWARD},
    {"cast", {"w", "int64"}, 0, FORWARD},
    {"to", {"w", "'bool'"}, 0, FORWARD},
    {"float", {"i"}, 0, FORWARD},
    {"long", {"w"}, 0, FORWARD},
    {"int", {"w"}, 0, FORWARD},
    {"bool", {"w"}, 1, FORWARD},
    {"check", {"b", "'no'"}, 0, FORWARD},
    {"check", {"b", "'no'", "w"}, 0, FORWARD},
    // ---- Reductions
    {"sum", {"w", "1", "True"}, 1, FORWARD},
    {"mean", {"w", "1", "True"}, 0, FORWARD},
    {"mean", {"w", "(0, 1)", "False"}, 0, FORWARD},
    {"prod", {"w", "1", "True"}, 0, FORWARD},
    {"max", {"w", "1", "True"}, 0, FORWARD},
    {"max", {"w", "v"}, 0, FORWARD},
    {"min", {"w", "1", "True"}, 0, FORWARD},
    {"min", {"w", "1.5"}, 0, FORWARD},
    {"amax", {"w", "1", "True"}, 0, FORWARD},
    {"amin", {"w", "(0, 1)", "False"}, 0, FORWARD},
    {"argmax", {"w", "1", "True"}, 0, FORWARD},
    {"argmax", {"w"}, 0, FORWARD},
    // ---- Movement
    {"reshape", {"w", "6", "-1"}, 0, FORWARD},
    {"view", {"w", "(6, 4)"}, 0, FORWARD},
    {"flatten", {"w", "0", "1"}, 0, FORWARD},
    {"unflatten", {"w", "1", "2", "3"}, 0, FORWARD},
    {"unsqueeze", {"w", "0"}, 0, FORWARD},
    {"squeeze", {"w", "0"}, 0, FORWARD},
    {"transpose", {"w", "0", "1"}, 0, FORWARD},
    {"permute", {"w", "1", "0"}, 0, FORWARD},
    {"permute", {"w", "(1, 0)"}, 0, FORWARD},
    {"expand", {"w", "2", "-1", "6"}, 0, FORWARD},
    {"repeat", {"w", "3", "1", "2"}, 0, FORWARD},
    // ---- Parts
    {"concat", {"[w, v]", "0"}, 0, FORWARD},
    {"concat", {"[w, v, w]", "1"}, 0, FORWARD},
    {"cat", {"(w, v)", "0"}, 0, FORWARD},
    {"stack", {"[w, v]", "0"}, 0, FORWARD},
    {"chunk", {"w", "3", "0"}, 0, FORWARD},
    {"split", {"w", "3", "0"}, 0, FORWARD},
    {"split", {"w", "[1, 3]", "0"}, 0, FORWARD},
    {"slice", {"w", "1", "1", "5", "2"}, 0, FORWARD},
    {"pad", {"w", "(1, -1)", "'constant'", "0"}, 0, FORWARD},
    {"pad", {"w", "(1, 2, -1, 0)", "'constant'", "1.5"}, 0, FORWARD},
    {"tril", {"w", "1"}, 0, FORWARD},
    {"triu", {"w", "-1"}, 0, FORWARD},
    // ---- Out of nothing
    {"zeros", {"4", "dtype=int64"}, 0, FORWARD},
    {"ones", {"4", "6", "dtype=bool"}, 0, FORWARD},
    {"full", {"(4, 6)", "s", "int64"}, 0, FORWARD},
    {"zeros_like", {"w", "int64"}, 0, FORWARD},
    {"ones_like", {"w", "'float32'"}, 0, FORWARD},
    {"full_like", {"w", "s"}, 0, FORWARD},
    {"tensor", {"[[1, 2], [3, 4]]", "float32"}, 0, FORWARD},
    {"tensor", {"[True, 2.5]"}, 0, FORWARD},
    {"arange", {"1", "9", "2"}, 0, FORWARD},
    {"arange", {"0.5", "2.5", "0.5"}, 0, FORWARD},
    {"one_hot", {"i", "3"}, 0, FORWARD},
    {"rand", {"4"}, 0, FORWARD},
    {"randn", {"4", "6"}, 0, FORWARD},
    {"randint", {"1", "5", "(4,)"}, 0, FORWARD},
    {"randint", {"5", "(4,)"}, 0, FORWARD},
    {"rand_like", {"w"}, 0, FORWARD},
    {"randn_like", {"w"}, 0, FORWARD},
    {"draw_uniform", {"(4, 6)", "-1.0", "1"}, 0, TOP},
    {"draw_normal", {"[4]", "0.0", "0.5"}, 0, TOP},
    {"draw_orthogonal", {"(4, 6)"}, 0, TOP},
    // ---- Calculus, sizes, notebooks
    {"matmul", {"w", "t"}, 0, FORWARD},
    {"grad", {"s", "s"}, 0, FORWARD},
    {"grad", {"(w * v).sum()", "[w, v]"}, 0, FORWARD},
    {"size", {"w", "1"}, 0, FORWARD},
    {"numel", {"w", "(0, 1)"}, 0, FORWARD},
    {"dim", {"w"}, 0, FORWARD},
    {"item", {"s"}, 0, FORWARD},
    {"item", {"i[0]"}, 0, FORWARD},
    {"grad_fn", {"s"}, 0, FORWARD},
    {"requires_grad_", {"w", "False"}, 2, FORWARD},
    // ---- Numbers
    {"int", {"1.5"}, 0, TOP},
    {"float", {"2"}, 0, TOP},
    {"bool", {"2"}, 1, TOP},
    {"abs", {"-2.5"}, 0, TOP},
    {"round", {"2.345", "2"}, 0, TOP},
    {"floor", {"2.5"}, 0, TOP},
    {"sqrt", {"4"}, 0, TOP},
    {"exp", {"1"}, 0, TOP},
    {"log", {"1"}, 0, TOP},
    {"sin", {"1"}, 0, TOP},
    {"cos", {"1"}, 0, TOP},
    {"min", {"2", "1"}, 0, TOP},
    {"max", {"1", "2"}, 0, TOP},
    // ---- Lists
    {"len", {"[1]"}, 0, TOP},
    {"range", {"0", "9", "2"}, 0, TOP},
    {"enumerate", {"[1]", "1"}, 0, TOP},
    {"zip", {"[1]", "(2,)"}, 0, TOP},
    {"reversed", {"[1, 2]"}, 0, TOP},
    {"sum", {"[1, 2]", "3"}, 0, TOP},
    {"list", {"(1, 2)"}, 0, TOP},
    {"tuple", {"[1, 2]"}, 0, TOP},
    {"str", {"1"}, 1, TOP},
    {"OrderedDict", {"[('a', ReLU())]"}, 0, TOP},
    // ---- The language's own
    {"Tensor", {"3", "4", "dtype=int64"}, 0, TOP},
    {"Parameter", {"4", "init=ones"}, 0, TOP},
    {"Buffer", {"4", "init=2", "dtype=int64"}, 0, TOP},
    {"container", {"(f, x) -> f(x)", "'Plain'"}, 1, TOP},
    {"Trainer", {"2", "8", "True", "3", "False", "1", "0.5", "1", "4", "2"}, 0, TOP},
    {"print", {"1", "sep='-'", "end='!'"}, 1, TOP},
    {"manual_seed", {"3"}, 0, TOP},
    {"is_tensor", {"3"}, 1, TOP},
    {"is_list", {"3"}, 1, TOP},
    {"assert", {"True", "'no'"}, 3, TOP},
    {"warn", {"True", "'no-effect'", "'so'", "hint='do'"}, 5, TOP},
    {"dataset",
     {"'idx'", "'name'", "'kind'", "'folder'", "'tx'", "'ty'", "'vx'", "'vy'", "(3,)", "'uint8'", "10", "1", "2", "0.5",
      "Tensor(3)", "(0.5, 2)", "'other'", "'fetch'"},
     0,
     TOP},
};

// ---- A graph without room
static struct {
    uint32_t begin, end; // of the statement whose nodes count
    long countdown;      // to the one that finds no room; 0 for none
    bool failed;
} full;

// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names
NodeId __real_graph_append(Graph *g, Op op, const NodeId *operands, size_t count, const Attr *attr, Shape shape, DType dtype);
NodeId __wrap_graph_append(Graph *g, Op op, const NodeId *operands, size_t count, const Attr *attr, Shape shape, DType dtype);
// NOLINTEND(bugprone-reserved-identifier)
NodeId __wrap_graph_append(Graph *g, Op op, const NodeId *operands, size_t count, const Attr *attr, Shape shape, DType dtype) {
    bool counts = full.countdown && g->span.file == 0 && g->span.begin >= full.begin && g->span.begin < full.end;
    for (size_t i = 0; i < count; i++) counts &= operands[i] != NODE_NONE;
    if (!counts || --full.countdown) return __real_graph_append(g, op, operands, count, attr, shape, dtype);
    full.failed = true;
    graph_error(g, MSG(GRAPH_TOO_LARGE), GRAPH_NODE_LIMIT);
    return NODE_NONE;
}

// The network with a statement in its place; where that begins goes to *begin.
static char *network_with(Place place, const char *statement, uint32_t *begin) {
    static const char head[] = "module Net {\n"
                               "    w = Parameter(4, 6); v = Parameter(4, 6); t = Parameter(6, 4); s = Parameter()\n"
                               "    b = Buffer(4, 6, dtype=bool); i = Buffer(4, dtype=int64)\n"
                               "    lin = Linear(6, 6)\n"
                               "    forward(input) {\n";
    StrBuf text = {0};
    *begin = 0;
    if (place == ALONE) {
        strbuf_printf(&text, "%s\n", statement);
        return text.text;
    }
    strbuf_add(&text, "input = Tensor(6)\n");
    if (place == FORWARD) strbuf_add(&text, head);
    *begin = (uint32_t)text.length;
    strbuf_printf(&text, "%s\n", statement);
    if (place == TOP) strbuf_add(&text, head);
    strbuf_add(&text, "        return lin(input)\n    }\n}\nmodel = Net()\nloss = MSELoss()\n");
    return text.text;
}

static Elaborated elaborate_statement(Place place, const char *statement, long room) {
    uint32_t begin;
    char *text = network_with(place, statement, &begin);
    memset(&full, 0, sizeof full);
    full.begin = begin;
    full.end = begin + (uint32_t)strlen(statement);
    full.countdown = room;
    Elaborated result = elaborate_text(text);
    free(text);
    return result;
}

static size_t argument_count(const Row *row) {
    size_t count = 0;
    while (count < sizeof row->args / sizeof *row->args && row->args[count]) count++;
    return count;
}

// z = name(a, b, …), with one argument replaced; `wrong` is SIZE_MAX for none.
static void write_call(const Row *row, size_t wrong, const char *with, char *out, size_t capacity) {
    size_t length = (size_t)snprintf(out, capacity, "z = %s(", row->name);
    for (size_t i = 0; i < argument_count(row); i++) {
        const char *arg = row->args[i];
        const char *equals = *arg >= 'a' && *arg <= 'z' ? strchr(arg, '=') : NULL;
        int named = equals ? (int)(equals - arg + 1) : 0;
        length += (size_t)snprintf(out + length, capacity - length, "%s%.*s%s", i ? ", " : "", named, arg,
                                   i == wrong ? with : arg + named);
    }
    snprintf(out + length, capacity - length, ")");
}

static void every_builtin_has_a_row(void **state) {
    (void)state;
    const Builtin *const *const tables[] = {number_tables, tensor_tables};
    for (size_t side = 0; side < 2; side++) {
        for (size_t t = 0; tables[side][t]; t++) {
            for (const Builtin *builtin = tables[side][t]; builtin->name; builtin++) {
                bool found = false;
                for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) found |= !strcmp(rows[i].name, builtin->name);
                if (!found) fail_msg("%s has no row", builtin->name);
            }
        }
    }
}

static void good_calls_are_accepted(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char call[512];
        write_call(&rows[i], SIZE_MAX, "", call, sizeof call);
        Elaborated result = elaborate_statement(rows[i].place, call, 0);
        if (!result.ok) fail_msg("%s: %s", call, result.said);
        elaborated_free(&result);
    }
}

static void arguments_of_a_wrong_kind_are_named(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t k = 0; k < argument_count(&rows[i]); k++) {
            if (rows[i].any & 1u << k) continue;
            char call[512];
            write_call(&rows[i], k, "Trainer()", call, sizeof call);
            Elaborated result = elaborate_statement(rows[i].place, call, 0);
            if (result.ok) fail_msg("%s is accepted", call);
            if (!strstr(result.said, "a Trainer") && !strstr(result.said, "Trainer(…)"))
                fail_msg("%s says: %s", call, result.said);
            elaborated_free(&result);
        }
    }
}

static size_t errors_in(const char *said) {
    size_t count = 0;
    for (const char *at = strstr(said, "error:"); at; at = strstr(at + 1, "error:")) count++;
    return count;
}

// Fails at each node of the statement in turn: one error each time, about the graph and nothing else.
static void no_room_for(Place place, const char *statement) {
    for (long room = 1;; room++) {
        Elaborated result = elaborate_statement(place, statement, room);
        bool failed = full.failed;
        bool said = !result.ok && strstr(result.said, "the graph has more than") && errors_in(result.said) == 1;
        if (failed && !said) {
            fail_msg("%s without room for node %ld says: %s", statement, room, result.said);
        }
        elaborated_free(&result);
        if (!failed) return;
    }
}

static void a_full_graph_is_said_once(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char call[512];
        write_call(&rows[i], SIZE_MAX, "", call, sizeof call);
        no_room_for(rows[i].place, call);
    }
    static const char *const others[] = {
        "z = w.shape",
        "z = w.ndim",
        "z = w.dtype",
        "z = w.T",
        "z = w.mT",
        "z = w.data",
        "z = len(w)",
        "z = -w",
        "z = +w",
        "z = not w",
        "z = w and v",
        "z = w or v",
        "z = w + 1",
        "z = 2 ** w",
        "z = w @ t",
        "z = i @ w",
        "z = w @ arange(6)",
        "z = stack([w, v]) @ t",
        "z = stack([w, v]) @ stack([t, t])",
        "z = w[0] @ t[:, 0]",
        "z = w < v",
        "z = w[0, 1:, None]",
        "z = w[..., ::2]",
        "z = sum([w, v])",
        "z = input.shape[0] * 0.5",
        "z = zip(w.split(2), v.chunk(2))",
        "z = epoch + lr",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) no_room_for(FORWARD, others[i]);
    static const char *const alone[] = {
        "x = tensor([1., 2.]); print(x, x.sum().item() * 2, tensor(3.), '{x.mean()}')",
        "w = Parameter(2, init=ones); print(w, grad((w * w).sum(), w), Linear(2, 2)(w))",
        "manual_seed(3); print(rand(2), randn(2), randint(9, (2,)), pi * tensor(2))",
        "x = tensor(1.5).item(); assert(False, '{x * 2} and {x}')",
    };
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++) no_room_for(ALONE, alone[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_builtin_has_a_row),
        cmocka_unit_test(good_calls_are_accepted),
        cmocka_unit_test(arguments_of_a_wrong_kind_are_named),
        cmocka_unit_test(a_full_graph_is_said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
