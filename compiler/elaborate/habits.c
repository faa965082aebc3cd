// Names of Python's, PyTorch's and other languages' libraries that are not in .net, each with what to write instead. Their
// syntax is answered in syntax/hints.c.
#include "elaborate/eval.h"

typedef struct Habit {
    const char *word, *advice;
} Habit;

#define TRAINS "the program that netc makes trains: `loss`, `optimizer` and `train` say how"
#define SAVES "the program saves and loads weights: ./NAME --save FILE, ./NAME --load FILE"
#define DESCRIBES "data is described, not loaded: data = MNIST(), IDX(…), NPY(…)"
#define PROCESSOR "leave it out: the program runs on the processor, on all its cores"
#define NO_DICT "there are no dictionaries; a module or a list of pairs holds named things"
#define NO_CHANGE "tensors cannot be changed: bind the name to a new one, x = x + 1; a path gives an initial value"
#define CLASSES "write `module Name(arguments) { ... forward(x) { ... } }`"

static const Habit names[] = {
    {"true", "write True"},
    {"false", "write False"},
    {"null", "write None"},
    {"nil", "write None"},
    {"none", "write None"},
    {"NULL", "write None"},
    {"undefined", "write None"},
    {"NaN", "write inf - inf, if it must be"},
    {"\xCF\x80", "write pi"},
    {"math", "its functions are there without `math.`: sqrt, exp, log, sin, cos, pi, inf"},
    {"super", "leave it out: a module needs no constructor"},
    {"Module", CLASSES},
    {"pass", "a body may be empty: { }"},
    {"isinstance", "is_tensor(x) tells tensors from numbers"},
    {"type", "is_tensor(x) tells tensors from numbers"},
    {"hasattr", "what a module has, its text says"},
    {"getattr", "write the name behind a point: x.name"},
    {"setattr", "bind the name in the body of the module, or assign to a path: model.fc1.weight = zeros()"},
    {"dict", NO_DICT},
    {"set", NO_DICT},
    {"map", "write a comprehension: [f(x) for x in items]"},
    {"filter", "write a comprehension: [x for x in items if condition]"},
    {"repr", "a text with the value in braces: \"{x}\""},
    {"open", DESCRIBES},
    {"utils", DESCRIBES},
    {"datasets", DESCRIBES},
    {"torchvision", DESCRIBES},
    {"DataLoader", DESCRIBES},
    {"TensorDataset", DESCRIBES},
    {"iter", DESCRIBES},
    {"next", DESCRIBES},
    {"transforms", "what is done to the data is said with it: MNIST(normalize=(0.1307, 0.3081))"},
    {"np", "tensors are netc's own: tensor([1, 2]), zeros(2, 3), arange(4)"},
    {"numpy", "tensors are netc's own: tensor([1, 2]), zeros(2, 3), arange(4)"},
    {"plt", "./NAME --log FILE.csv writes the losses and accuracies of a training"},
    {"device", PROCESSOR},
    {"cuda", PROCESSOR},
    {"no_grad", "leave it out: what needs a gradient is found when the file is compiled"},
    {"save", SAVES},
    {"load", SAVES},
    {"exit", "assert(condition, \"message\") stops"},
    {"quit", "assert(condition, \"message\") stops"},
};

static const Habit attributes[] = {
    {"append", "lists cannot be changed: write items = items + [item], or a comprehension"},
    {"extend", "lists cannot be changed: write items = items + more"},
    {"insert", "lists cannot be changed: write items = items[:i] + [item] + items[i:]"},
    {"pop", "lists cannot be changed: items[:-1] is the list without its last"},
    {"remove", "lists cannot be changed: write [x for x in items if x != item]"},
    {"sort", "lists cannot be changed"},
    {"format", "write the value in the text, in braces: \"{x}\""},
    {"keys", NO_DICT},
    {"values", NO_DICT},
    {"items", NO_DICT},
    {"step", TRAINS},
    {"zero_grad", TRAINS},
    {"backward", TRAINS ", and grad(y, x) is a derivative"},
    {"fit", TRAINS},
    {"train", "leave it out: `training` is True while the program trains, and False else"},
    {"eval", "leave it out: `training` is True while the program trains, and False else"},
    {"to", PROCESSOR},
    {"cuda", PROCESSOR},
    {"cpu", PROCESSOR},
    {"double", "netc --dtype=f64 makes a program of doubles"},
    {"half", "there are programs of floats and, with netc --dtype=f64, of doubles"},
    {"parameters", "an optimizer has all parameters anyway: leave it out"},
    {"named_parameters", "a path reaches them: model.**.bias = zeros()"},
    {"apply", "a path reaches all of a kind: model.**.weight = normal(std=0.02)"},
    {"state_dict", SAVES},
    {"load_state_dict", SAVES},
    {"requires_grad_", "write model.fc1.requires_grad = False"},
    {"add_module", "bind the layer to a name in the body of the module"},
    {"register_buffer", "write name = Buffer(shape, init=zeros())"},
    {"register_parameter", "write name = Parameter(shape, init=zeros())"},
    {"add_", NO_CHANGE},
    {"sub_", NO_CHANGE},
    {"mul_", NO_CHANGE},
    {"div_", NO_CHANGE},
    {"copy_", NO_CHANGE},
    {"fill_", NO_CHANGE},
    {"zero_", NO_CHANGE},
    {"clamp_", NO_CHANGE},
    {"normal_", NO_CHANGE},
    {"uniform_", NO_CHANGE},
    {"device", PROCESSOR},
    {"data", "a path gives the initial value: model.fc1.weight = normal(std=0.01)"},
};

#define FASTER "leave it out: every update is compiled"
#define REDUCTION "write reduction='mean' or reduction='sum'"

// Arguments that PyTorch's classes and functions have.
static const Habit arguments[] = {
    {"device", PROCESSOR},
    {"dtype", "a program has one type of floats: netc --dtype=f64 makes it doubles"},
    {"generator", "train = Trainer(seed=1) seeds all random numbers"},
    {"foreach", FASTER},
    {"fused", FASTER},
    {"capturable", FASTER},
    {"differentiable", FASTER},
    {"size_average", REDUCTION},
    {"reduce", REDUCTION},
    {"antialias", "leave it out: pictures are not smoothed before they shrink"},
};

static bool advise(Eval *eval, const Habit *habits, size_t count, const char *word) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(habits[i].word, word)) continue;
        eval_hint(eval, MSG(HINT_HABIT), habits[i].advice);
        return true;
    }
    return false;
}

bool eval_advise_name(Eval *eval, const char *name) { return advise(eval, names, sizeof names / sizeof *names, name); }

bool eval_advise_attribute(Eval *eval, const char *name) {
    return advise(eval, attributes, sizeof attributes / sizeof *attributes, name);
}

bool eval_advise_argument(Eval *eval, const char *name) {
    return advise(eval, arguments, sizeof arguments / sizeof *arguments, name);
}
