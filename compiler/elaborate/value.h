// Values of the compile-time language. They live in the evaluator's arena and never change once made (modules and
// parameters excepted: forward may infer their sizes, statements may override initialisers and freeze).
#pragma once

#include "ir/graph.h"
#include "syntax/ast.h"

typedef struct Eval Eval;
typedef struct Scope Scope;
typedef struct Builtin Builtin;
typedef struct Function Function; // def, lambda, method
typedef struct Partial Partial;   // a call that waits for its required parameters
typedef struct ModuleClass ModuleClass;
typedef struct Module Module;
typedef struct OptimizerClass OptimizerClass;
typedef struct Optimizer Optimizer;
typedef struct Parameter Parameter;
typedef struct Dataset Dataset;

typedef enum ValueKind {
    VALUE_NONE,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_FLOAT,
    VALUE_DIM, // a size that depends on N; a constant size is a VALUE_INT
    VALUE_STRING,
    VALUE_LIST,
    VALUE_TUPLE,
    VALUE_DTYPE, // int64, float32, …
    VALUE_SLICE, // a:b:c in a subscript: three items, None where left out
    VALUE_ELLIPSIS,
    VALUE_HOLE,      // _
    VALUE_TENSOR,    // a node of the graph; run-time scalars (epoch, lr, …) are those of rank 0
    VALUE_PARAMETER, // a learned parameter or buffer: a tensor that can be overridden, tied, frozen
    VALUE_SPEC,      // Tensor(1, 28, 28): shape and type of one sample
    VALUE_FUNCTION,
    VALUE_PARTIAL,
    VALUE_BUILTIN,
    VALUE_METHOD, // x.f before its call: f with a first argument
    VALUE_MODULE_CLASS,
    VALUE_MODULE,
    VALUE_OPTIMIZER_CLASS,
    VALUE_OPTIMIZER,
    VALUE_DATASET,
    VALUE_TRAINER,
    VALUE_BROKEN, // a name whose statement failed: uses of it fail without a further message
} ValueKind;

typedef struct Value Value;

typedef struct ValueList {
    Value *items;
    size_t count;
    bool shape; // of a tensor: a tuple that Python shows as torch.Size([2, 3])
    uint64_t
        total; // elements, those of the lists in it included: at most EVAL_LIST_LIMIT, so that a list may be walked through
    uint32_t depth; // levels of lists: at most EVAL_DEPTH_LIMIT, so that the walk may recurse
} ValueList;

typedef struct TensorSpec {
    Shape shape; // of one sample, constants only
    DType dtype;
} TensorSpec;

typedef struct BoundMethod BoundMethod;

struct Value {
    ValueKind kind;
    union {
        bool boolean;
        int64_t integer;
        double number;
        Dim dim;
        const char *string;
        const ValueList *list; // LIST, TUPLE, SLICE
        DType dtype;
        NodeId tensor;
        Parameter *parameter;
        const TensorSpec *spec;
        const Function *function;
        const Partial *partial;
        const Builtin *builtin;
        const BoundMethod *method;
        const ModuleClass *module_class;
        Module *module;
        const OptimizerClass *optimizer_class;
        Optimizer *optimizer;
        Dataset *dataset;
        const struct TrainSpec *trainer;
    };
};

struct BoundMethod {
    Value callee;
    Value self;
};

#define NONE_VALUE ((Value){.kind = VALUE_NONE})

// ---- Making values
Value value_bool(bool x);
Value value_int(int64_t x);
Value value_float(double x);
Value value_dim(Dim dim);             // VALUE_INT when it is a constant
Value value_string(const char *text); // the text is not copied
Value value_dtype(DType dtype);
Value value_tensor(NodeId node);
Value value_list(Eval *eval, const Value *items, size_t count); // items are copied
Value value_tuple(Eval *eval, const Value *items, size_t count);
Value value_shape(Eval *eval, const Shape *shape); // a tuple of sizes, as x.shape gives it

// ---- Asking about values
const char *value_kind_text(const Value *value);        // "a number", "a list", "a tensor", for messages
const char *value_text(Eval *eval, const Value *value); // as print and "{…}" show it
bool value_is_number(const Value *value);               // BOOL, INT or FLOAT
bool value_is_tensor(const Value *value);               // TENSOR or PARAMETER
bool value_is_callable(const Value *value);
bool value_equal(const Value *a, const Value *b); // Python's ==; tensors are compared by the caller

// ---- Arguments of builtins: each reports ("sum: dim must be an integer, got a string") and returns false when it does not
// fit. `what` is the parameter's name, for the message.
bool arg_bool(Eval *eval, const Value *value, const char *what, bool *result);
bool arg_int(Eval *eval, const Value *value, const char *what, int64_t *result);
bool arg_number(Eval *eval, const Value *value, const char *what, double *result); // BOOL, INT, FLOAT
bool arg_string(Eval *eval, const Value *value, const char *what, const char **result);
bool arg_list(Eval *eval, const Value *value, const char *what, const ValueList **result); // LIST or TUPLE
bool arg_dtype(Eval *eval, const Value *value, const char *what, DType *result); // also `float`, `int`, `bool`, "float32"
// A tensor, parameter, number, boolean, batch size (run-time scalar), or nested list of numbers.
bool arg_tensor(Eval *eval, const Value *value, const char *what, NodeId *result);
bool arg_dim(Eval *eval, const Value *value, const char *what, Dim *result); // INT or DIM; not checked for sign
// A shape from `*shape`: (2, 3), ((2, 3),) and ([2, 3],) mean the same; sizes must be ≥ 0, or −1 where the caller allows it.
bool arg_shape(Eval *eval, const Value *value, const char *what, bool minus_one, Shape *result);
// An axis in [−rank, rank), made non-negative; "dim 3 is out of range for shape (N, 10)".
bool arg_axis(Eval *eval, const Value *value, const char *what, const Shape *shape, uint32_t *axis);
// A set of axes as bits: None (all), an axis, a list of axes.
bool arg_axes(Eval *eval, const Value *value, const char *what, const Shape *shape, uint32_t *axes);
