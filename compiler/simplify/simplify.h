// Rewrites a graph into a smaller one that computes the same: constant folding, algebra, broadcast/reduce pairs, transposes
// into contractions, common subexpressions, dead code. Each rewrite is a row of a table with a test.
#pragma once

#include "ir/graph.h"

// Returns a new graph in g's arena; outputs are renumbered in place. Requires and preserves what graph_verify checks.
Graph *simplify(const Graph *g, Output *outputs, size_t count);
