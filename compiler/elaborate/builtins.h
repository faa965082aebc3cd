// Functions that are written in C: tables of {name, parameters, doc, function}. Everything that can be written in .net is
// written there (compiler/prelude/); what is here touches the graph or the evaluator itself.
//
// A builtin that is named like another one is chosen by its arguments: those of tensor tables when any argument is a tensor,
// a parameter or the batch size, those of the numeric tables otherwise; where only one table has the name, that one. So
// exp(2) is a number at compile time and exp(x) a node, and sum([x, y]) adds a list up. Users' and prelude definitions hide
// builtins of the same name.
//
// x.f(a) calls f with x as its first argument: methods need no table of their own. Attributes without call (x.T, x.shape)
// are in tensor_properties and notebook_properties.
#pragma once

#include "elaborate/value.h"
#include "ir/build.h"

// args holds one value for each parameter in order, defaults filled in. True with *result set (it is None before the call),
// or false after reporting.
typedef bool BuiltinFn(Eval *eval, const Value *args, Value *result);

struct Builtin {
    const char *name;
    // "x, dim=None, keepdim=False". A default is a number, string, True, False or None. "*shape" takes all positional
    // arguments that are left as a tuple; with nothing for it the call is a function of a shape (zeros()), unless it is
    // written "*shape=None", which allows none.
    const char *params;
    const char *doc; // one line for --list and the reference
    BuiltinFn *call;
};

// Tables end with a name of NULL.
// compiler/elaborate/tensor_*.c. tensor_tables is the NULL-terminated list of their tables; a property has the parameter "x".
extern const Builtin *const tensor_tables[];
extern const Builtin tensor_properties[], notebook_properties[];
// Functions that are found behind a point alone: float(x) is Python's, x.float() is PyTorch's.
extern const Builtin tensor_methods[];
// What Python's int, float and bool make of a tensor: in a calculator a number, elsewhere the tensor in that type.
bool tensor_number(Eval *eval, const Value *x, DType dtype, Value *result);
// x[i, a:b, None, ...] of a tensor: subscripts are INT, DIM, SLICE, NONE, ELLIPSIS or tensors of integers.
bool tensor_index(Eval *eval, NodeId x, const Value *subscripts, size_t count, Value *result);

// ---- What a builtin may use of the evaluator
Arena *eval_arena(Eval *eval);
Graph *eval_graph(Eval *eval); // its span and site are set: nodes appended now belong to the call
bool eval_training(Eval *eval);
DType eval_float(Eval *eval);              // the program's float type
bool eval_calculator(Eval *eval);          // the file has no model: it computes and prints
void eval_number(Eval *eval, NodeId node); // to Python this is a number, not a tensor: print shows it so
// A calculator's text with words for the tensors in it, for messages.
const char *calculate_plain(Eval *eval, const char *text);
// How a node comes from the user's variables, and its derivatives, as text.
const char *eval_derivation(Eval *eval, NodeId node);
// Reports at the user's line, notes for the chain of calls below it. Always false, so that `return eval_error(…)` reads well.
bool eval_error(Eval *eval, MessageId id, const char *format, ...) __attribute__((format(printf, 3, 4)));
void eval_hint(Eval *eval, MessageId id, const char *format, ...) __attribute__((format(printf, 3, 4))); // after eval_error
// Result of a graph or build function: NODE_NONE means that it has reported; adds the chain of calls and returns false.
bool eval_node(Eval *eval, NodeId node, Value *result);
// After a build_… function that reports and returns false (build_broadcast_shape, differentiate): adds the chain of calls.
bool eval_failed(Eval *eval);
// Keeps a node alive in the entry that is elaborated now, although nobody uses its value (CHECKED, DRAW).
void eval_effect(Eval *eval, NodeId node);
NodeId eval_checked(Eval *eval, NodeId x, NodeId condition, const char *message); // x behind a check at run time
// Calls any callable with positional arguments.
bool eval_apply(Eval *eval, const Value *callee, const Value *args, size_t count, Value *result);
