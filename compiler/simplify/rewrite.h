// How the simplifier is put together (private to simplify/).
//
// A graph is rebuilt node by node, operands first. Every node goes through `make`: the first row of the tables that applies
// replaces it by something made of `make` again; a node that no row applies to is looked up among those that exist (common
// subexpressions), else appended. Rebuilding is repeated until no row applies, so that what a pass left behind unused is
// gone in the next. Rows see only a node and what it is made of. The one rewrite that must know all users of a node is
// a function of the whole graph (saved_relu.c).
#pragma once

#include "ir/build.h"

typedef struct Maker {
    Graph *g; // being built
    Arena *scratch;
    NodeId *table;       // hash table of the nodes of g, open addressing, NODE_NONE where empty
    uint32_t table_size; // a power of two
    uint32_t depth;      // rows that are at work on each other's results
    bool exact;          // the node being rebuilt is rounded to a whole number by a user: no reciprocals
    uint32_t *fired;     // by row, over all tables: how often it applied
    uint32_t total_fired;
    int64_t *foldable; // elements of literals that may still be made, in all passes together
} Maker;

// A row: how it is called, an example as text (read by the tests), and the function. It returns what replaces the node, or
// NODE_NONE when it does not apply. The node is not part of the graph yet, its operands are.
typedef struct Rewrite {
    const char *name;
    const char *before, *after;
    NodeId (*function)(Maker *m, const Node *node);
} Rewrite;

typedef struct RewriteTable {
    const Rewrite *rows;
    size_t count;
} RewriteTable;

extern const RewriteTable constant_rewrites, algebra_rewrites, movement_rewrites, outward_rewrites, reduce_rewrites;

#define REWRITE_TABLES 5
const RewriteTable *rewrite_table(size_t index);
size_t rewrite_count(void);               // rows of all tables
const Rewrite *rewrite_row(size_t index); // over all tables

// simplify(), which also counts how often each row applied (`fired` has rewrite_count() entries, or is NULL).
Graph *simplify_counting(const Graph *g, Output *outputs, size_t count, uint32_t *fired);

// Where x is saved for nothing but the test x <= 0 of a relu, the other users of the test take the relu's result instead.
// Returns g itself when there is nothing to do.
Graph *simplify_saved_relu(Graph *g, Output *outputs, size_t count, uint32_t *changed);

// ---- Making nodes
NodeId make(Maker *m, Op op, const NodeId *operands, size_t count, const Attr *attr, Shape shape, DType dtype);
NodeId make_like(Maker *m, const Node *node, const NodeId *operands); // the node with other operands
NodeId make_unary(Maker *m, Op op, NodeId x);
NodeId make_binary(Maker *m, Op op, NodeId a, NodeId b); // of the same shape and type
NodeId make_where(Maker *m, NodeId condition, NodeId a, NodeId b);
NodeId make_splat(Maker *m, Shape shape, DType dtype, double value);
NodeId make_cast(Maker *m, NodeId x, DType dtype);
NodeId make_reshape(Maker *m, NodeId x, Shape shape); // these give x itself when nothing changes
NodeId make_expand(Maker *m, NodeId x, Shape shape);
NodeId make_permute(Maker *m, NodeId x, const uint8_t *permutation);
NodeId make_reduce(Maker *m, Op op, NodeId x, uint32_t axes);
bool can_make(Maker *m, Op op, const NodeId *operands, size_t count, const Attr *attr, Shape shape, DType dtype);

// ---- Looking at nodes
static inline const Node *at(const Maker *m, NodeId id) { return graph_node(m->g, id); }
static inline const Node *arg(const Maker *m, const Node *node, uint32_t i) { return at(m, node->operands[i]); }
static inline Op arg_op(const Maker *m, const Node *node, uint32_t i) { return arg(m, node, i)->op; }
static inline bool dim_is(Dim dim, int64_t size) { return dim.size == size && !dim.batch; }
bool splat_value(const Maker *m, NodeId id, double *value); // whether it is a constant with one number, and which
bool is_splat_of(const Maker *m, NodeId id, double value);
