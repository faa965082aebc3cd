// From the syntax tree to a program: an evaluator. Numbers, lists, functions and modules are values of the compile-time
// language and disappear; an operation that touches a tensor appends a node to the graph.
#pragma once

#include "ir/program.h"
#include "syntax/ast.h"

typedef struct Define {
    const char *name; // -D name=value: overrides a top-level number, string or boolean
    const char *value;
} Define;

// A name of the user's at the top level, or of a layer's parameter, for a node.
typedef struct NamedNode {
    const char *name;
    NodeId node;
} NamedNode;

// How y comes from the named nodes, and its derivatives with respect to them, as text; `name` is y's own or NULL. Stages after
// elaboration are needed for it, so that it is handed in.
typedef const char *DerivationText(Arena *arena, const Graph *g, NodeId y, const char *name, const NamedNode *names,
                                   size_t count);

typedef struct ElaborateOptions {
    DType float_type; // DT_F32 or DT_F64
    const Define *defines;
    size_t define_count;
    DerivationText *derivation; // for grad_fn; NULL: its text is empty
    StrBuf *printed;            // what `print` said at compile time is added here; NULL: dropped
} ElaborateOptions;

// Elaborates `main`, registered with diag as `file`. False when there were errors (they are in diag); *program is then partly
// filled and only good for summaries. What is included is read relative to the including file.
bool elaborate(Arena *perm, Diagnostics *diag, const Ast *main, uint32_t file, const ElaborateOptions *options,
               Program *program);

// `netc --list [KIND]`: a line each of what the library has, or a row of a Markdown table; KIND is NULL for everything or
// "layers", "activations", "losses", "initialisers", "optimizers", "schedules", "data", "functions", "ops". False for an
// unknown kind.
bool library_list(Arena *perm, const char *kind, bool markdown, StrBuf *out);

// `netc --explain WHAT`: what it is, and an example of it as mathematics, with its derivatives. WHAT is a name or a call (gelu,
// Linear(4, 2), SGD(momentum=0.9)) of the library or, if there is one, of the user's file. False when there were errors.
bool explain(Arena *perm, Diagnostics *diag, const Ast *main, uint32_t file, const ElaborateOptions *options, const char *what,
             StrBuf *out);
