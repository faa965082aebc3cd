// Shared by explain*.c.
#pragma once

#include "elaborate/eval.h"

typedef struct Explainer {
    Eval *eval;
    StrBuf *out;
    uint32_t inputs;            // tensors made as arguments
    const char *call;           // the example: "gelu(x)"
    bool has_arguments;         // that must be given
    bool unchanged;             // a result that is an argument will do
    VEC(NamedNode) names;       // its tensors
    VEC(const char *) operands; // "x: (N, 4)"
    // The layer that is called. A call that fails leaves it half made, so that each trial gets a new one: of a class with these
    // arguments, or by an expression.
    Value layer;
    const Value *class;
    const Argument *args;
    size_t arg_count;
    const Ast *made;
    bool has_sample; // what the user's data gives the model
    Shape sample;
} Explainer;

Shape explain_shape(const char **text);                                          // "(N, 4)"; leaves *text behind it
NodeId explain_tensor(Explainer *e, const char *name, Shape shape, DType dtype); // NODE_NONE, reported, when the graph is full

// explain_try.c: a call of `callee` whose result is wanted; e->call, names and operands tell how. False if none was found;
// nothing is reported then. With scalars, arguments are run-time numbers where that works.
typedef bool ExplainWanted(Explainer *e, const Value *value);
bool explain_try(Explainer *e, const Value *callee, const char *name, bool scalars, ExplainWanted *wanted, Value *result);

// explain.c: the example that was found, its result as an equation, its derivatives.
void explain_example(Explainer *e, NodeId result);
void explain_derivation(Explainer *e, const char *name, NodeId y);

bool explain_op(Explainer *e, const char *name); // explain_op.c: false if there is no such op
