// What the files of built-in tensor functions (tensor_*.c) share. Nobody else includes this.
#pragma once

#include "elaborate/builtins.h"

extern const Builtin tensor_elementwise[], tensor_reductions[], tensor_movements[], tensor_parts[], tensor_creations[],
    tensor_calculus[], tensor_notebook[];

// By value: appending a node moves the others.
static inline Shape tensor_shape(Eval *eval, NodeId x) { return graph_node(eval_graph(eval), x)->shape; }
static inline Dim dim_constant(int64_t size) { return (Dim){.size = size}; }

// Fills in the one size of `shape` that is −1, so that it has `count` elements for every N. Reports when that cannot be;
// `what` names the operation and `from` the shape that is reshaped.
bool tensor_solve_shape(Eval *eval, const char *what, const Shape *from, Dim count, Shape *shape);

// x with a new axis of size 1 before `axis`; without the axis, which has size 1.
NodeId tensor_insert_axis(Graph *g, NodeId x, uint32_t axis);
NodeId tensor_remove_axis(Graph *g, NodeId x, uint32_t axis);
// An axis among those of x and one behind the last: where a new one goes. Reports.
bool tensor_new_axis(Eval *eval, const Value *value, const Shape *shape, uint32_t *axis);
