// The evaluator's own structures, shared by the files of this folder (but for tensor_*.c, which see builtins.h alone).
#pragma once

#include <stdlib.h>

#include "elaborate/builtins.h"
#include "elaborate/elaborate.h"
#include "support/vec.h"

// ---- Names
typedef struct Binding {
    const char *name;
    Value value;
    Span span; // of the name where it was bound
} Binding;

// Function and module bodies, files and comprehensions have a scope each. Lookup walks outwards.
struct Scope {
    Scope *outer;
    Binding *items; // in the order of binding
    size_t count, capacity;
    uint32_t *index;   // hash of items (+1), once there are many
    size_t index_size; // a power of two
    Module *module;    // whose members these are, or NULL
    bool top;          // the user's file
    bool builtin;      // text of the prelude
};

Scope *scope_new(Eval *eval, Scope *outer);
Binding *scope_find_here(const Scope *scope, const char *name);
Binding *scope_find(const Scope *scope, const char *name, const Scope **where); // where may be NULL
Binding *scope_bind(Eval *eval, Scope *scope, const char *name, Value value, Span span);

// ---- What values point to
struct Function {
    const char *name; // "lambda" when it has none
    const AstParam *params;
    size_t param_count;
    const Ast *expression; // or NULL:
    AstList body;
    Scope *scope; // where it was written
    Module *self; // of a method
    Span span;
    bool forward; // its assignments may set buffers
};

typedef struct Argument {
    const char *name; // keyword or NULL
    Value value;
    Span span;
} Argument;

struct Partial {
    Value callee;
    const Argument *args; // keywords only
    size_t count;
};

typedef enum ModuleKind { MODULE_USER, MODULE_SEQUENTIAL, MODULE_LIST } ModuleKind;

struct ModuleClass {
    ModuleKind kind;
    const char *name;
    const Ast *ast; // MODULE_USER
    Scope *scope;
    Value combine; // of container(): (f, x) -> result, where f is the plain Sequential; else None
};

typedef struct Override Override;

// Something that draws from the generator when the program is initialised, in the order of construction.
typedef struct InitItem {
    enum { INIT_PARAMETER, INIT_MODULE, INIT_OVERRIDE } kind;
    union {
        Parameter *parameter;
        Module *module;
        Override *override;
    };
} InitItem;

typedef VEC(InitItem) InitList;

// path.weight_decay = 0
typedef struct PathOption {
    const char *name;
    Value value;
    Span span;
} PathOption;

// An assignment to a path that waits until a module's body has run.
typedef struct LatePath {
    Override *override;
    size_t segment;
} LatePath;

struct Module {
    ModuleKind kind;
    const ModuleClass *class;
    Scope *args;      // what it was made with
    Scope *scope;     // members, inside of args
    const char *path; // "fc1", once named; "" is the model itself
    Span span;        // the call that made it
    InitList inits;
    bool deferred; // has `_` for a size that its forward infers: the body has not run yet
    bool constructing;
    bool frozen;          // by a path
    bool naming;          // name_members is at it
    const CallSite *made; // chain of calls at its construction
    VEC(LatePath) late;
    VEC(PathOption) options;
    const Function *forward; // MODULE_USER, after the body has run
    bool plain;              // the Sequential inside a container(): no row of its own in the summary
    size_t row;              // of the summary + 1; 0: none yet
};

struct Parameter {
    VarKind kind;
    DType dtype;
    Shape shape;
    Value init;     // a function of a shape, a number or a tensor
    Span span;      // of the call that made it,
    Span user_span; // and of the line in the user's text that led there
    const CallSite *made;
    const char *name; // once named
    VEC(const char *) aliases;
    bool frozen;
    bool listed;     // among the program's variables
    bool used;       // by the training elaboration
    NodeId var;      // its VAR node, or NODE_NONE
    uint32_t id;     // provisional Attr.index of that node
    uint32_t index;  // in Program.vars, once known
    NodeId initial;  // its value in ENTRY_INIT, or NODE_NONE
    NodeId assigned; // a buffer's new value in the elaboration under way, or NODE_NONE
    NodeId updated;  // the same after the training elaboration
    VEC(PathOption) options;
    Parameter *of;           // VAR_STATE, VAR_GRADIENT
    VEC(Parameter *) states; // of a learned one
};

struct Override {
    const Ast *target; // the whole path
    const char *const *segments;
    const Span *spans;
    size_t count;
    Value value;
    Span value_span;
    bool matched;             // something
    bool late;                // waits in a module
    bool option;              // of the optimiser
    VEC(Parameter *) targets; // whose initial value it gives
};

struct OptimizerClass {
    const char *name;
    const Ast *ast;
    Scope *scope;
};

struct Optimizer {
    const OptimizerClass *class;
    Value *args;    // one for each parameter of the class
    double rate;    // the literal in lr, the value of SCALAR_LR
    double base_lr; // the same, NAN when lr has no literal
    Span span;
};

typedef struct DataInput { // one input of the model, as the files hold it
    Shape shape;           // of one sample
    bool known;            // whether the shape is
    DType dtype;           // as stored
} DataInput;

struct Dataset {
    DataSpec spec;
    DataInput *inputs;
    size_t input_count; // at least 1
    TensorSpec target;
    bool target_known;
    Value mean, std; // None without normalize
    Value class_names;
};

// ---- The evaluator
#define EVAL_CALL_LIMIT 1000
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION // a fuzzer would spend its time in long loops
#define EVAL_STEP_LIMIT 200000
#else
#define EVAL_STEP_LIMIT 10000000
#endif
#define EVAL_LAYER_STEPS 40 // that a layer counts for: it takes more memory than other values
#define EVAL_LIST_LIMIT 1000000
#define EVAL_STRING_LIMIT 1000000
#define EVAL_DEPTH_LIMIT 1000       // of lists in lists
#define EVAL_STACK_LIMIT (5u << 20) // bytes of C stack, of the 8 MB that are usual

typedef struct BuiltinEntry BuiltinEntry;

typedef struct LayerCall {
    Module *module;
    Shape output;
    NodeId node; // of the output, when the layer made it
    int64_t flops;
    int depth;
} LayerCall;

struct Eval {
    Arena *arena;
    Diagnostics *diag;
    Graph *graph;
    Program *program;
    Span head; // the beginning of the user's file, where it is said that something is missing in it
    const ElaborateOptions *options;
    Scope *root; // names that the language itself gives
    Scope *prelude;
    Scope *top;
    BuiltinEntry *builtins; // hash of all tables
    size_t builtin_slots;

    const CallSite *site; // the calls under way
    Span span;            // the expression under way
    unsigned calls;
    const char *callee; // the builtin under way, for messages of arg_…
    uint64_t steps;
    const char *stack_base;
    Value returned;
    bool returning;  // a return statement was met
    bool calculator; // the file has no model (calculate.c)
    bool showing;    // value_text is for print in a calculator: as Python shows it, with marks for tensors

    VEC(const char *) prints; // of a calculator, in the order of the text
    size_t printed_bytes;
    VEC(NodeId) numbers; // that x.item() gave, ascending

    bool training;
    bool forward;    // in an elaboration of the model
    Module *module;  // whose body or forward runs
    InitList *inits; // where constructions are recorded
    InitList all_inits;
    VEC(Parameter *) parameters; // that have a VAR node, by id
    VEC(Override *) overrides;
    VEC(NodeId) effects;
    VEC(LayerCall) layers;
    int64_t child_flops; // of the layers inside the one under way
    int layer_depth;
    bool record_layers;
    bool name_used_only; // name_members: only what has a VAR node and no name yet

    const Ast *rate_literal; // the factor of lr that --lr replaces
    double rate;
    double base_lr; // of the optimiser whose update is elaborated, else NAN
    VEC(const char *) included;
    VEC(const Ast *) included_trees;
    uint64_t deeds;    // what statements did but give a value: printed, checked, assigned a buffer
    Scope *late_names; // bound by the user's file at its top level: for "used before"
    bool *define_used; // -D name=value that met its name
};

// eval.c: limits and messages
bool eval_enter(Eval *eval, const Ast *ast); // counts a step, sets the place; false when a limit is reached
// Counts the steps of work that no expression shows: elements of a list that are walked through or copied. False when there are
// no more, which is reported; then nothing is evaluated any longer.
bool eval_spend(Eval *eval, uint64_t steps);
bool eval_spend_text(Eval *eval, size_t length); // the same for the bytes of a string
void eval_place(Eval *eval, Span span);          // messages and nodes belong here now
bool eval_error_at(Eval *eval, Span span, MessageId id, const char *format, ...) __attribute__((format(printf, 4, 5)));
// What to write instead of a name, an attribute or an argument that other languages have; false when there is no such advice
// (habits.c).
bool eval_advise_name(Eval *eval, const char *name);
bool eval_advise_attribute(Eval *eval, const char *name);
bool eval_advise_argument(Eval *eval, const char *name);
void eval_suggest(Eval *eval, const char *word, const char *const *names, size_t count); // "did you mean" as a hint
// Without the chain of calls: for what is wrong with the text itself.
bool eval_error_alone(Eval *eval, Span span, MessageId id, const char *format, ...) __attribute__((format(printf, 4, 5)));
void eval_notes(Eval *eval, Span shown);                            // the chain of calls that led to a report at `shown`
void report_graph(void *eval, MessageId id, const char *message);   // for Graph.report
const CallSite *site_push(Eval *eval, Span span, const char *what); // returns the one to restore
Span eval_user_span(const Eval *eval);                              // the innermost place in a file of the user's

// expressions, statements
bool eval_expr(Eval *eval, const Ast *ast, Scope *scope, Value *result);
bool eval_condition(Eval *eval, const Ast *ast, Scope *scope, bool *result);
bool value_truth(Eval *eval, const Value *value, bool *result);
bool eval_binary(Eval *eval, AstOp op, const Value *a, const Value *b, Value *result);
bool eval_unary(Eval *eval, AstOp op, const Value *a, Value *result);
bool eval_compare(Eval *eval, AstOp op, const Value *a, const Value *b, Value *result);
bool eval_index(Eval *eval, const Ast *ast, Scope *scope, Value *result);
bool eval_attribute(Eval *eval, const Value *object, const char *name, Span name_span, const Scope *scope, Value *result);
bool eval_name(Eval *eval, const char *name, const Scope *scope, Value *result);
bool eval_string(Eval *eval, const Ast *ast, Scope *scope, Value *result);
bool eval_is_prefix(const Ast *ast, const Scope *scope); // torch.nn and its like
bool eval_iterable(Eval *eval, const Value *value, const ValueList **result);
bool exec_block(Eval *eval, AstList body, Scope *scope);
bool exec_statement(Eval *eval, const Ast *ast, Scope *scope);
bool bind_target(Eval *eval, const Ast *target, const Value *value, Scope *scope);
bool include_once(Eval *eval, const char *path);
bool is_trainer_name(const char *name);

// calls
bool eval_call(Eval *eval, const Ast *ast, Scope *scope, Value *result);
bool call_value(Eval *eval, const Value *callee, const Argument *args, size_t count, Span span, Value *result);
bool eval_goes_on(const Eval *eval); // past a mistake in a list or a call: in the user's text, not in functions under way
bool eval_arguments(Eval *eval, const Ast *ast, Scope *scope, Argument **args, size_t *count);

// Where each argument goes. A slot without value has kind VALUE_BROKEN.
typedef struct ParamName {
    const char *name;
    bool required;
    bool star;
} ParamName;
typedef enum BindResult { BIND_FAILED, BIND_DONE, BIND_PARTIAL } BindResult;
BindResult bind_arguments(Eval *eval, const char *callee, const ParamName *params, size_t param_count, const Argument *args,
                          size_t count, Value *slots);
ParamName *param_names(Eval *eval, const AstParam *params, size_t count);
bool bind_scope(Eval *eval, const AstParam *params, size_t count, Value *slots, Scope *scope); // evaluates defaults
bool call_function(Eval *eval, const Function *function, const Argument *args, size_t count, Span span, Value *result);
bool call_bound(Eval *eval, const Function *function, Scope *scope, Value *result); // the body, in a scope with arguments
Function *make_function(Eval *eval, const Ast *ast, Scope *scope);
Value make_partial(Eval *eval, const Value *callee, const Argument *args, size_t count);

// builtins
typedef struct BuiltinPair {
    const Builtin *number;
    const Builtin *tensor;
} BuiltinPair;
bool builtins_register(Eval *eval);
BuiltinPair builtin_find(Eval *eval, const char *name);
bool call_builtin(Eval *eval, const Builtin *builtin, const Argument *args, size_t count, Span span, Value *result);
const Builtin *tensor_property(const char *name);
const Builtin *tensor_method(Eval *eval, const char *name); // x.f(…): NULL when the library has no such function
void collect_names(Eval *eval, const Scope *scope, const char ***names, size_t *count); // all that can be seen, to suggest
bool special_name(Eval *eval, const char *name, Value *result);                         // training, frozen, epoch, lr, pi, …
extern const Builtin number_builtins[], list_builtins[], language_builtins[], data_builtins[];
extern const Builtin *const number_tables[]; // these, and NULL

// modules
bool construct_module(Eval *eval, const ModuleClass *class, const Argument *args, size_t count, Span span, Value *result);
bool call_module(Eval *eval, Module *module, const Argument *args, size_t count, Span span, Value *result);
bool construct_sequential(Eval *eval, const Argument *args, size_t count, Module *module);
bool call_sequential(Eval *eval, Module *module, const Argument *args, size_t count, Value *result);
bool module_run_body(Eval *eval, Module *module);
bool module_is_frozen(const Module *module);
Value *module_member(const Module *module, const char *name);
bool module_bind_member(Eval *eval, Module *module, const char *name, const Value *value, Span span);
Module *module_new(Eval *eval, const ModuleClass *class, Span span);
const ValueList *module_sequence(Eval *eval, const Module *module); // members of a Sequential or ModuleList, in order
bool ready_callable(Eval *eval, const Value *value, Span span);
void name_members(Eval *eval, Value *value, const char *path);
const char *path_join(Eval *eval, const char *path, const char *name);
Binding **module_members(Eval *eval, const Module *module);
bool member_is_layer(const Value *value);

// parameters
bool parameter_start(Eval *eval, Parameter *parameter, const Value *init);
bool parameter_node(Eval *eval, Parameter *parameter, NodeId *result); // its VAR node, or a buffer's assigned value
Parameter *parameter_new(Eval *eval, VarKind kind, Shape shape, DType dtype);
NodeId parameter_var(Eval *eval, Parameter *parameter);
bool initial_value(Eval *eval, const Value *init, const Shape *shape, DType dtype, NodeId *result);
bool run_inits(Eval *eval, InitList *list);
void init_push(Eval *eval, InitItem item);

// paths
bool assign_path(Eval *eval, const Ast *statement, Scope *scope);
bool late_paths(Eval *eval, Module *module); // after its body has run
bool paths_settled(Eval *eval);              // every path has matched something

// optimizers
bool construct_optimizer(Eval *eval, const OptimizerClass *class, const Argument *args, size_t count, Span span, Value *result);
bool optimizer_arguments(Eval *eval, const Ast *ast, const OptimizerClass *class, Scope *scope, Argument **args, size_t *count);
typedef struct Update {
    Parameter *parameter;
    NodeId value;
    size_t effects_begin, effects_end; // in Eval.effects
    VEC(NodeId) states;                // the next values, in the order of parameter->states
} Update;
bool elaborate_update(Eval *eval, Optimizer *optimizer, Parameter *parameter, NodeId gradient, Update *update);
bool check_options(Eval *eval, const Optimizer *optimizer);

// calculators (calculate.c)
bool is_calculator(Eval *eval, const Ast *main);
void calculate_mark(Eval *eval, StrBuf *out, NodeId node, bool item); // what stands for a tensor in a text
bool calculate_print(Eval *eval, const char *text);
void calculate_check(Eval *eval, NodeId checked);
bool text_has_tensor(const char *text);             // a mark
bool text_is_known(Eval *eval, const Value *value); // false, reported, where a value's text has marks
bool elaborate_calculation(Eval *eval);

// what --explain tells of an expression
bool explain_value(Eval *eval, const Ast *main, const char *text, StrBuf *out);

// whole programs
const char *include_path(Eval *eval, const char *from, const char *path); // beside the including file
bool load_prelude(Eval *eval);
bool elaborate_program(Eval *eval);
void warn_unused_names(Eval *eval, const Ast *main);
bool data_file_there(Eval *eval, const char *name);                                   // beside the .net file
bool convert_samples(Eval *eval, const Dataset *data, NodeId stored, NodeId *result); // as stored → as the model gets it
bool check_defines(Eval *eval);
bool define_override(Eval *eval, const char *name, Span span, Value *value);
