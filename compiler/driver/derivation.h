// How a tensor comes from named ones, and its derivatives, as text: what grad_fn(y) gives.
#pragma once

#include "elaborate/elaborate.h"

// "y = x ** 2, dy/dx = 2 * x"; with several variables or named values in between, a line each:
//
//     h = x @ w
//     y = sum(h)
//     dy/dx = …
//
// The variables are the named nodes that come from no other named one. Derivatives are those that the compiler itself makes
// and simplifies. With respect to x that y depends on element by element, dy/dx is the derivative of each element; of a tensor
// y that mixes elements no such formula exists, and the text says how a gradient flows back through it: dL/dx = … dL/dy …,
// for any scalar L computed from y.
const char *derivation_text(Arena *arena, const Graph *g, NodeId y, const char *name, const NamedNode *names, size_t count);
