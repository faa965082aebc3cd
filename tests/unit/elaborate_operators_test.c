// Operators, builtins and subscripts on values of every kind: what they give, and what is said where they do not work.
#include "elaborate_test_support.h"

typedef struct Row {
    const char *text;
    const char *expected; // what print says, or a part of the message
} Row;

// A network whose forward begins with a statement; x is (N, 6), y (N, 2, 3), w a parameter (2, 6), n the batch size N.
static Elaborated in_forward(const char *statement) {
    char text[1024];
    snprintf(text, sizeof text,
             "input = Tensor(6)\n"
             "module Net {\n"
             "    lin = Linear(6, 6); w = Parameter(2, 6)\n"
             "    forward(input) {\n"
             "        x = lin(input); y = x.view(-1, 2, 3); n = x.shape[0]\n"
             "        %s\n"
             "        return x\n"
             "    }\n"
             "}\n"
             "model = Net()\n"
             "loss = MSELoss()\n",
             statement);
    return elaborate_text(text);
}

static void check_printed(const Row *row, Elaborated *result) {
    if (!result->ok) fail_msg("%s: %s", row->text, result->said);
    size_t length = strlen(row->expected);
    if (strncmp(result->printed, row->expected, length) != 0 || strcmp(result->printed + length, "\n") != 0) {
        fail_msg("%s gives %s", row->text, result->printed);
    }
    elaborated_free(result);
}

static void check_said(const Row *row, Elaborated *result) {
    if (result->ok) fail_msg("%s is accepted", row->text);
    if (!strstr(result->said, row->expected)) fail_msg("%s says: %s", row->text, result->said);
    elaborated_free(result);
}

static void numbers_strings_and_lists(void **state) {
    (void)state;
    static const Row rows[] = {
        {"True + 1, True * 2.5, False // 1", "2 2.5 0"},
        {"-7 // -1, -7 % -1, 7 % 7, -8 % 4", "7 0 0 0"},
        {"0.0 ** 2, 2.5 ** -1, inf ** 0", "0.0 0.4 1.0"},
        {"-7.5 % -2, 4.0 % -2, 7.5 // 2", "-1.5 0.0 3.0"},
        {"['ab' * -1, '' * 5, [] * 3, (1,) * 2, 2 * [1], 2 * 'ab', 2 * (1,)]", "['', '', [], (1, 1), [1, 1], 'abab', (1, 1)]"},
        {"(1,) + (2, 3), [] + [], 'a' + 'b'", "(1, 2, 3) [] ab"},
        {"-True, +True, +2.5, +3, -(-3)", "-1 1 2.5 3 3"},
        {"1 is True, 1 is 1, 'a' is 'a', None is not None, relu is relu, [1] is [2]", "False True True False True False"},
        {"'a' < 'b', 'b' <= 'a', 'a' > 'b', 'a' >= 'a'", "True False False True"},
        {"1 < 2.5, 2.5 >= 2.5, inf - inf < 1, inf - inf >= inf - inf, 1 <= inf - inf", "True True False False False"},
        {"True < 2, True == 1, False == 0.0, 2 > True", "True True True True"},
        {"[1, (2, 'a')] == [1, (2, 'a')], [1] != [1, 2], 'a' == 1, None == None, [1] == [2]", "True True False True False"},
        {"float32 == float32, int64 == float32, _ == _, 'a' == 'a', 'a' != 'b'", "True False True True True"},
        {"2 in (1, 2), 'z' in 'abc', [1] in [[1], [2]], 1 in []", "True False True False"},
        {"int('12.7'), float('1e3'), float(True), int(True), bool(None), bool('')", "12 1000.0 1.0 1 False False"},
        {"bool(0.0), bool(2), bool(relu), bool((1,)), not 'a', not None, not 2.5", "False True True True False True False"},
        {"round(7), round(7, 2), round(2.5), round(-1.25, 1)", "7 7.0 2 -1.2"},
        {"round(1.5, 1000), round(1.5, -1000), round(1e300, 20), round(0.0, 400), round(-inf, 2)", "1.5 0.0 1e+300 0.0 -inf"},
        {"floor(3), floor(-2.5), abs(-2.5), abs(3), abs(-3)", "3 -3 2.5 3 3"},
        {"min([3, 1]), max((1, 2)), min('b', 'a'), max(1), max(1, 2.5, True)", "1 2 a 1 2.5"},
        {"range(0), range(3, 3, -1), range(0, -9223372036854775807 - 1, -9223372036854775807 - 1)", "[] [] [0]"},
        {"zip((), [1]), list((1, 2)), tuple([1]), reversed([]), len(Sequential(ReLU(), ReLU()))", "[] [1, 2] (1,) [] 2"},
        {"enumerate([7], 5), str([1, 'a']), str(None)", "[(5, 7)] [1, 'a'] None"},
        {"['it\\'s', 'say \"x\"', \"it's \\\"x\\\"\"]", "[\"it's\", 'say \"x\"', 'it's \"x\"']"},
        {"[relu, ReLU(), ReLU, SGD, SGD(lr=0.1), Trainer(), Tensor(3), float32, _, x -> x]",
         "[relu, ReLU(…), ReLU, SGD, SGD(…), Trainer(…), Tensor(3,), float32, _, lambda]"},
        {"[zeros(2), Linear(out_features=3), Parameter(2, 3), MNIST(), dataset('idx', None)]",
         "[tensor of shape (2,), Linear, parameter of shape (2, 3), MNIST, dataset]"},
        {"[1, 2, 3][True], 'äbc'[1:], Sequential(ReLU(), Tanh())[1], [1, 2][-1:], 'äb'[0]", "2 bc Tanh(…) [2] ä"},
        {"[1, 2, 3, 4][-9:9:3], [1, 2][9:], [1, 2, 3][1::-9223372036854775807], 'abc'[5:]", "[1, 4] [] [2] "},
        {"[1, 2][0:2][1], Tensor(2, 3).shape, ReLU is ReLU, [[1, 2], 3].0.1", "2 (2, 3) True 2"},
        {"1 < 2 < 3 > 2, 1 < 3 < 2 < 1, 3 > 2 > 2.5", "True False False"},
        {"[i for i in (1, 2) if i > 1], [a for (a, _) in [(1, 2)]], [[] for _ in range(2)]", "[2] [1] [[], []]"},
        {"tensor([True, False]).dtype, tensor([True, 2]).dtype, tensor([1, 2.0]).dtype, tensor(2).dtype",
         "bool int64 float32 int64"},
        {"zeros(((2, 3))).shape, zeros(2).to('half').dtype, zeros(2).to(float).dtype, zeros(2).to('int').dtype",
         "(2, 3) float32 float32 int64"},
        {"'', '{1}{2}', 'a{\"b\"}c', '{[1]}{None}'", " 12 abc [1]None"},
        {"is_tensor(epoch), is_tensor(1), pi > 3, uint8, float64", "True False True uint8 float32"},
        {"is_list([1]), is_list((1, 2)), is_list('a'), is_list(3)", "True True False False"},
        {"'é' in 'café', 'a' not in ('b', 1)", "True True"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(text, sizeof text, "print(%s)" A_MODEL, rows[i].text);
        Elaborated result = elaborate_text(text);
        check_printed(&rows[i], &result);
    }
}

static void tensors_and_the_batch_size(void **state) {
    (void)state;
    static const Row rows[] = {
        {"n * 2, 2 * n, n + n, n * 2 - n, (n * 4) // 2, (n * 6) // n, n - n, 3 * n - 2 * n", "2·N 2·N 2·N N 2·N 6 0 N"},
        {"n == n, n == 2 * n, n < 2 * n, n * 2 > n, n >= n, n <= n, n != n", "True False True True True True False"},
        {"[n / 2, n // 4, n + 1, 1 + n, n % 2, n ** 2]", "[tensor of shape (), tensor of shape (), tensor of shape (), tensor "
                                                         "of shape (), tensor of shape (), tensor of shape ()]"},
        {"[n * 2.5, -n, +n, n * n, 2 // n, n * True]", "[tensor of shape (), tensor of shape (), tensor of shape (), tensor of "
                                                       "shape (), tensor of shape (), tensor of shape ()]"},
        {"[x > 0 and x < 1, not x, -x, +x, x is x, x == None, None != x, x in [x]]",
         "[tensor of shape (N, 6), tensor of shape (N, 6), tensor of shape (N, 6), tensor of shape (N, 6), True, False, True, "
         "True]"},
        {"len(x), len(y[0, 0] if False else x.T), x.shape, x.numel(), y.numel((1, 2)), y.ndim", "N 6 (N, 6) 6·N 6 3"},
        {"x.size(), x.size(1), x.dim(), x.dtype, x.long().dtype, is_tensor(n), is_tensor(x)",
         "(N, 6) 6 2 float32 int64 True True"},
        {"sum([n, n]), sum([x, x]), min([1, 2]), x.shape == y.shape, training",
         "tensor of shape () tensor of shape (N, 6) 1 False True"},
        {"[n, 2 * n], (n,) == x.shape[:1]", "[N, 2·N] True"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char statement[512];
        snprintf(statement, sizeof statement, "print(%s)", rows[i].text);
        Elaborated result = in_forward(statement);
        check_printed(&rows[i], &result);
    }
}

static void statements_that_fail(void **state) {
    (void)state;
    static const Row rows[] = {
        {"x = 0.0 ** -1", "0 to a negative power"},
        {"x = (-8) ** 0.5", "a fractional power of a negative number"},
        {"x = 1.0 / 0", "division by zero"},
        {"x = 1.5 // 0.0", "division by zero"},
        {"x = 1.5 % 0", "division by zero"},
        {"x = -(-9223372036854775807 - 1)", "integer overflow"},
        {"x = _ + 1", "the size that '_' stands for is not known here"},
        {"x = 1 + _", "the size that '_' stands for is not known here"},
        {"x = -_", "the size that '_' stands for is not known here"},
        {"x = not _", "the size that '_' stands for is not known here"},
        {"x = _ < 1", "the size that '_' stands for is not known here"},
        {"x = _.a", "the size that '_' stands for is not known here"},
        {"x = -'a'", "'-' does not work on a string"},
        {"x = +[1]", "'+' does not work on a list"},
        {"x = 1 + relu", "hint: call"},
        {"x = [1] < [2]", "'<' does not work between a list and a list"},
        {"x = 1 < None", "'<' does not work between an integer and None"},
        {"x = 1 in 2", "'in' does not work between an integer and an integer"},
        {"x = 1 in 'abc'", "'in' does not work between an integer and a string"},
        {"x = 'a' * 2.0", "'*' does not work between a string and a number"},
        {"x = 2.0 * 'a'", "'*' does not work between a number and a string"},
        {"x = 1 @ 2", "'@' does not work between an integer and an integer"},
        {"x = [1] + (1,)", "'+' does not work between a list and a tuple"},
        {"x = 'a' - 'b'", "'-' does not work between a string and a string"},
        {"x = min([])", "min of an empty list"},
        {"x = max('a', 1)", "'>' does not work between an integer and a string"},
        {"x = sum(['a'])", "'+' does not work between an integer and a string"},
        {"x = sum([1, None])", "'+' does not work between an integer and None"},
        {"x = len(1)", "an integer has no length"},
        {"x = len(Linear(1, 1))", "a module has no length"},
        {"x = enumerate([1, 2], 9223372036854775807)", "integer overflow"},
        {"x = int('')", "int: '' is not a number"},
        {"x = float('')", "float: '' is not a number"},
        {"x = float('1x')", "float: '1x' is not a number"},
        {"x = int(inf - inf)", "int: the number does not fit into 64 bits"},
        {"x = int(-1e19)", "int: the number does not fit into 64 bits"},
        {"x = sqrt(inf - inf)", "sqrt is not defined for this number"},
        {"x = log(0)", "log of a number that is not positive"},
        {"x = float(None)", "float: x must be a number, got None"},
        {"x = OrderedDict([('a',)])", "OrderedDict takes a list of ('name', layer), got ('a',)"},
        {"x = OrderedDict([(1, ReLU())])", "OrderedDict takes a list of ('name', layer), got (1, ReLU(…))"},
        {"x = OrderedDict([['a', 1, 2]])", "OrderedDict takes a list of ('name', layer), got ['a', 1, 2]"},
        {"x = OrderedDict([1])", "OrderedDict takes a list of ('name', layer), got 1"},
        {"a, b = 1", "expected a list, got an integer"},
        {"a, b = [1]", "2 names for 1 values"},
        {"a, (b, c) = (1, 2)", "expected a list, got an integer"},
        {"for i in 3 { }", "expected a list, got an integer"},
        {"for i in Linear(1, 1) { }", "expected a list, got a module"},
        {"for i in zeros(2) { }", "a tensor cannot be iterated over or taken apart"},
        {"for a, b in [1] { }", "expected a list, got an integer"},
        {"for i in [1] { y = 1 / 0 }", "division by zero"},
        {"for i in 1 / 0 { }", "division by zero"},
        {"x = [i for i in 3]", "expected a list, got an integer"},
        {"x = [i for i in 1 / 0]", "division by zero"},
        {"x = [1 / i for i in [0]]", "division by zero"},
        {"x = [i for i in [1] if 1 / 0]", "division by zero"},
        {"x = [a for (a, b) in [1]]", "expected a list, got an integer"},
        {"x = [1 / 0]", "division by zero"},
        {"x = (1, 1 / 0)", "division by zero"},
        {"x = relu(*3)", "expected a list, got an integer"},
        {"x = '{1 / 0}'", "division by zero"},
        {"x = 1 if 1 / 0 else 2", "division by zero"},
        {"x = 1 / 0 and 2", "division by zero"},
        {"x = zeros(2) and 1 / 0", "division by zero"},
        {"x = 1 / 0 < 2", "division by zero"},
        {"x = 1 < 1 / 0", "division by zero"},
        {"x = (1 / 0).foo", "division by zero"},
        {"x = (1 / 0)[0]", "division by zero"},
        {"x = [1][1 / 0]", "division by zero"},
        {"x = [1][1 / 0:]", "division by zero"},
        {"x = -(1 / 0)", "division by zero"},
        {"x = (1 / 0) + 1", "division by zero"},
        {"x = 1 + 1 / 0", "division by zero"},
        {"x = [1]['a']", "a list: the index must be an integer, got a string"},
        {"x = [1]['a':]", "slice: a bound must be an integer, got a string"},
        {"x = [1][:'a']", "slice: a bound must be an integer, got a string"},
        {"x = [1][::'a']", "slice: the step must be an integer, got a string"},
        {"x = [1][0, 0]", "a list takes one index, got 2"},
        {"x = 3[0]", "an integer cannot be indexed"},
        {"x = Linear(1, 1)[0]", "a module cannot be indexed"},
        {"x = 'abc'[7]", "index 7 is out of range: a string of length 3"},
        {"x = 'abc'[-4]", "index -4 is out of range: a string of length 3"},
        {"x = [1].foo", "a list has no attribute 'foo'"},
        {"x = (1,).extend(2)", "hint: lists cannot be changed"},
        {"x = [1].7", "index 7 is out of range: a list of length 1"},
        {"x = Tensor(3).foo", "a Tensor(…) has no attribute 'foo'"},
        {"x = Trainer().foo", "a Trainer has no attribute 'foo'"},
        {"x = MNIST().foo", "a data set has no attribute 'foo'"},
        {"x = dataset('idx', 'none').shape", "the shape of this data set is known only at run time"},
        {"x = Linear(1, 1).wieght", "hint: did you mean 'weight'?"},
        {"x = zeros(2).foo", "error"},
        {"x = zeros(2, -1)", "zeros: a size in shape is negative: -1"},
        {"x = zeros(1, 1, 1, 1, 1, 1, 1, 1, 1)", "zeros: a tensor has at most 8 dimensions"},
        {"x = zeros(2).unsqueeze(-3)", "dim -3 is out of range for a new axis of shape (2,)"},
        {"x = zeros(1, 1, 1, 1, 1, 1, 1, 1).unsqueeze(0)", "a tensor has at most 8 axes"},
        {"x = zeros(2, 1, 1, 1, 1, 1, 1, 1).unflatten(0, (1, 2))", "a tensor has at most 8 axes"},
        {"x = tensor([[1, 2], [3]])", "tensor: the lists in data have different lengths"},
        {"x = tensor([[1], 2])", "tensor: the lists in data have different depths"},
        {"x = tensor([1, [2]])", "tensor: the lists in data have different lengths"},
        {"x = tensor([1, 'a'])", "tensor: data must be a list of numbers, got a string"},
        {"x = tensor([[[[[[[[[1]]]]]]]]])", "tensor: data has more than 8 dimensions"},
        {"x = tensor([[0] * 1000] + [0] * 1001)", "tensor: data has more than 1,000,000 elements"},
        {"x = tensor([])", "the size of a dimension must be at least 1"},
        {"x = zeros(3).sum(2)", "sum: dim 2 is out of range for shape (3,)"},
        {"x = zeros(3).sum((0, 0))", "sum: dim names axis 0 twice"},
        {"x = zeros(3).sum(0, keepdim=2)", "sum: keepdim must be True or False, got an integer"},
        {"x = zeros(3).sum(0, keepdim=-1)", "sum: keepdim must be True or False, got an integer"},
        {"x = zeros(3).to('floaty')", "to: dtype must be a type (float32, int64 or bool), got a string"},
        {"x = zeros(3).to(sum)", "to: dtype must be a type (float32, int64 or bool), got a function"},
        {"x = zeros(2, 3).transpose(_, 1)", "transpose: the size that '_' stands for is not known here"},
        {"x = arange(5, 1)", "the size of a dimension must be at least 1"},
        {"x = arange(1.0, 0.0)", "the size of a dimension must be at least 1"},
        {"x = arange(0.0, 1.0, 0)", "arange: the step is 0"},
        {"x = arange(0.0, 1e9)", "arange: more than 1000000 elements"},
        {"x = arange(0.0, inf)", "arange: more than 1000000 elements"},
        {"x = arange(9223372036854775807)", "elements are too many"},
        {"x = randint(3, 3, (1,))", "randint: no whole numbers from 3 up to but without 3"},
        {"x = randint(-9007199254740993, 0, (1,))", "or not all below 2^53 in size"},
        {"x = randint(0, 9007199254740993, (1,))", "or not all below 2^53 in size"},
        {"x = draw_orthogonal((3,))", "an orthogonal matrix needs a shape of two or more axes"},
        {"x = container(3, 'Three')", "container: combine must be a function of (f, x)"},
        {"x = Parameter(_)", "the size that '_' stands for is not known here"},
        {"x = Parameter(3, init='a')", "Parameter: init must be a function of a shape, got a string"},
        {"x = Parameter(zeros(3), init=ones)", "Parameter: the shape must be a size, got a tensor"},
        {"x = Tensor(1, 1, 1, 1, 1, 1, 1, 1)", "Tensor: the batch needs one of the 8 dimensions"},
        {"x = Trainer(epochs=0)", "Trainer: epochs must be at least 1"},
        {"x = Trainer(batch_size=0)", "Trainer: batch_size must be at least 1"},
        {"x = Trainer(accumulate=0)", "Trainer: accumulate must be at least 1"},
        {"x = Trainer(patience=0)", "Trainer: patience must be at least 1"},
        {"x = Trainer(validate_every=0)", "Trainer: validate_every must be at least 1"},
        {"x = Trainer(clip_grad_norm=0)", "Trainer: clip_grad_norm must be positive"},
        {"x = Trainer(clip_grad_value=inf - inf)", "Trainer: clip_grad_value must be positive"},
        {"assert()", "assert takes a condition, a message and a hint"},
        {"assert(1, 2, 3, 4)", "assert takes a condition, a message and a hint"},
        {"assert(False, 1 / 0)", "division by zero"},
        {"assert(1 / 0)", "division by zero"},
        {"assert(False, 'no', 'do so')", "hint: do so"},
        {"x = assert(False, 'as a value')", "error: as a value"},
        {"x = assert(zeros(2))", "a condition cannot depend on a tensor"},
        {"assert = 3; assert(1)", "an integer cannot be called"},
        {"if zeros(2) { }", "a condition cannot depend on a tensor"},
        {"if _ { }", "the size that '_' stands for is not known here"},
        {"x += 1", "'x' is used before it is bound"},
        {"x = 1; x += 1 / 0", "division by zero"},
        {"x = 1; x += 'a'", "'+' does not work between an integer and a string"},
        {"x = 1; x.y = 2", "an integer has no members to assign to"},
        {"x = 1; x[0] = 2", "an element cannot be assigned"},
        {"x = relu(1, 2, 3)", "relu takes 2 arguments, got 3"},
        {"x = relu(1 / 0)", "division by zero"},
        {"x = (x -> 1 / 0)(3)", "division by zero"},
        {"def f(a, b=1 / 0) = a; x = f(1)", "division by zero"},
        {"def f() { return 1 / 0 }; x = f()", "division by zero"},
        {"x = nn.undefined", "unknown name 'undefined'"},
        {"x = nn.functional.Linaer", "hint: did you mean 'Linear'?"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[512];
        snprintf(text, sizeof text, "%s" A_MODEL, rows[i].text);
        Elaborated result = elaborate_text(text);
        check_said(&rows[i], &result);
    }
}

static void expressions_in_forward_that_fail(void **state) {
    (void)state;
    static const Row rows[] = {
        {"n == 1", "the batch size N is known only at run time: it cannot be compared here"},
        {"2.5 < n", "the batch size N is known only at run time: it cannot be compared here"},
        {"9223372036854775807 * (n * 2)", "integer overflow"},
        {"n * 9223372036854775807 + n", "integer overflow"},
        {"n * -9223372036854775807 - n - n", "integer overflow"},
        {"n @ 2", "'@' does not work between the batch size and an integer"},
        {"2 @ n", "'@' does not work between an integer and the batch size"},
        {"n + 'a'", "'+' does not work between the batch size and a string"},
        {"None - n", "'-' does not work between None and the batch size"},
        {"n < 'a'", "'<' does not work between the batch size and a string"},
        {"1 if n else 2", "a condition cannot depend on the batch size N"},
        {"not n", "a condition cannot depend on the batch size N"},
        {"0 < x < 1", "comparisons of tensors cannot be chained"},
        {"x + 'a'", "'+' does not work between a tensor and a string"},
        {"x + zeros", "'+' does not work between a tensor and a function"},
        {"x @ [1]", "'@' does not work between a tensor and a list"},
        {"x < 'a'", "the right operand must be a tensor, got a string"},
        {"x == ReLU", "the right operand must be a tensor, got a module class"},
        {"'a' < x", "the left operand must be a tensor, got a string"},
        {"len(x.sum())", "len of a tensor without axes"},
        {"max([x, x])", "max of a list of tensors: stack them first"},
        {"[i for i in x]", "a tensor cannot be iterated over or taken apart"},
        {"x.foo", "no attribute 'foo'"},
        {"x.backward()", "hint:"},
        {"x[..., ...]", "an index can have only one '...'"},
        {"x[x]", "indexing with a tensor is not in the library"},
        {"x[:, w]", "indexing with a tensor is not in the library"},
        {"x[n]", "a tensor is indexed with integers, slices, None and ..., got the batch size"},
        {"x[:, -7]", "index -7 is out of range for an axis of size 6 (shape (N, 6))"},
        {"x[:, 'a':]", "indexing: the start of a slice must be an integer, got a string"},
        {"x[:, :'a']", "indexing: the end of a slice must be an integer, got a string"},
        {"x[:, ::'a']", "indexing: the step of a slice must be an integer, got a string"},
        {"x['a':]", "indexing: the start of a slice must be a size, got a string"},
        {"x[:'a']", "indexing: the end of a slice must be a size, got a string"},
        {"x[2 * n:]", "a slice of the batch dimension must be a multiple of N"},
        {"x[:2 * n]", "a slice of the batch dimension must be a multiple of N"},
        {"x[-1:]", "a slice of the batch dimension must be a multiple of N"},
        {"x[::2]", "a slice of the batch dimension must be a multiple of N"},
        {"cat([x, x])[2::2]", "a slice of the batch dimension must be a multiple of N"},
        {"cat([x, x])[n::2]", "a slice of the batch dimension must be a multiple of N"},
        {"cat([x, x])[:n:2]", "a slice of the batch dimension must be a multiple of N"},
        {"cat([x, x])[2 * n:n]", "a slice of the batch dimension must be a multiple of N"},
        {"x[:, 4:2]", "the size of a dimension must be at least 1"},
        {"y.flatten(2, 1)", "flatten: start_dim 2 is behind end_dim 1"},
        {"y.flatten(0, 3)", "flatten: end_dim 3 is out of range for shape (N, 2, 3)"},
        {"x.view(0, -1)", "the -1 in (0, -1) cannot be solved"},
        {"ones(6).view(n, -1)", "the -1 in (N, -1) cannot be solved for shape (6,)"},
        {"x.view(n, 4611686018427387904, 4)", "view: the shape is too large"},
        {"x.view(n, 7)", "cannot reshape (N, 6) to (N, 7)"},
        {"x.view(6 * n, 0)", "the size of a dimension must be at least 1"},
        {"ones(6).expand(-1, 6)", "expand: -1 stands for a new axis in (-1, 6)"},
        {"x.permute(0)", "permute: each of the 2 axes of shape (N, 6) must be named once"},
        {"x.permute(0, 1, 1)", "permute: each of the 2 axes of shape (N, 6) must be named once"},
        {"x.permute((1, 1))", "permute: each of the 2 axes of shape (N, 6) must be named once"},
        {"x.permute(0, 2)", "permute: dims 2 is out of range for shape (N, 6)"},
        {"x.repeat(2)", "repeat needs a number for each axis of shape (N, 6), got 1"},
        {"x.repeat(n, 1)", "only one dimension"},
        {"x.repeat(1, 4611686018427387904)", "is too large"},
        {"zeros(1, 1, 1, 1, 1, 1, 1, 2).repeat(1, 1, 1, 1, 1, 1, 1, 2)", "a tensor has at most 8 axes"},
        {"x.chunk(0, 1)", "chunk: at least 1 chunk is needed, got 0"},
        {"x.split(0, 1)", "split: the size must be at least 1, got 0"},
        {"x.split([7, -1], 1)", "split: sizes must be at least 0"},
        {"x.split([9223372036854775807, 1], 1)", "split: sizes must be at least 0"},
        {"x.split([1, 'a'], 1)", "split: split_size must be an integer, got a string"},
        {"x.split([1], 0)", "split: the sizes sum to 1, but axis 0 of shape (N, 6) has to be split"},
        {"stack([x, x], 3)", "dim 3 is out of range for a new axis of shape (N, 6)"},
        {"cat([x, 'a'])", "cat: tensors must be a tensor, got a string"},
        {"cat([x, x], 2)", "dim 2 is out of range"},
        {"pad(x, (0, 0, 1, 0))", "pad: axis 0 of (N, 6) with 1 before and 0 after is neither a constant nor a multiple of N"},
        {"pad(x, (1, 1, 1, 1, 1, 1))",
         "pad: two amounts for each of the last axes of (N, 6), from the last one on; got 6 amounts"},
        {"pad(x, (1, 'a'))", "pad: pad must be an integer, got a string"},
        {"pad(x, ('a', 1))", "pad: pad must be an integer, got a string"},
        {"pad(x, (-3, -3))", "the size of a dimension must be at least 1"},
        {"arange(1, n)", "arange: a range that ends at N must start at 0 in steps of 1"},
        {"arange(0, n, 2)", "arange: a range that ends at N must start at 0 in steps of 1"},
        {"arange(n, n)", "arange: a range that ends at N must start at 0 in steps of 1"},
        {"arange(n, 3)", "arange: the start must not depend on the batch size"},
        {"draw_normal((n,))", "an initial value cannot depend on the batch size"},
        {"draw_orthogonal((n, 2))", "an initial value cannot depend on the batch size"},
        {"Parameter(3)", "a Parameter is made in forward"},
        {"Buffer(3)", "a Buffer is made in forward"},
        {"Tensor(n)", "batch"},
        {"x.item()", "error"},
        {"grad_fn(3)", "hint: tensor("},
        {"grad_fn('a')", "error"},
        {"zeros(n, 'a')", "zeros: shape must be a size, got a string"},
        {"zeros(-1 * n)", "zeros: a size in shape is negative: -1"},
        {"x.mT.T.sum(1).mT", "mT needs a matrix"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char statement[512];
        snprintf(statement, sizeof statement, "z = %s", rows[i].text);
        Elaborated result = in_forward(statement);
        check_said(&rows[i], &result);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_strings_and_lists),
        cmocka_unit_test(tensors_and_the_batch_size),
        cmocka_unit_test(statements_that_fail),
        cmocka_unit_test(expressions_in_forward_that_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
