// Reverse mode, graph to graph: appends to g the nodes that compute the derivative of a scalar.
#pragma once

#include "ir/graph.h"

// dy/dx for each x in `wrt`, appended to g; results in `grads` (NODE_NONE entries never occur: what y does not depend on has
// a gradient of zeros). `y` must be a float of rank 0 (reported otherwise, false). Higher orders: call it again.
// STOP_GRADIENT, integers and booleans carry no gradient. Source for each rule: the OpDef next to it.
bool differentiate(Graph *g, NodeId y, const NodeId *wrt, size_t count, NodeId *grads);
