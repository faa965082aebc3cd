// Building graphs comfortably: promotion, broadcasting, and the compositions that gradient rules and the elaborator share.
// All follow graph_append: mistakes are reported at g->span, NODE_NONE in gives NODE_NONE out.
#pragma once

#include "ir/graph.h"

NodeId build_float(Graph *g, double value); // F64 constant of rank 0 (takes the other operand's type when they meet)
NodeId build_int(Graph *g, int64_t value);  // I64 constant of rank 0
NodeId build_bool(Graph *g, bool value);
NodeId build_full(Graph *g, Shape shape, DType dtype, double value);
NodeId build_splat(Graph *g, Shape shape, DType dtype, double number, int64_t integer); // the field of dtype's kind counts
NodeId build_literal(Graph *g, Shape shape, DType dtype, const double *data);
NodeId build_zeros_like(Graph *g, NodeId x);
NodeId build_scalar(Graph *g, ScalarKind kind);
NodeId build_random(Graph *g, Op op, Shape shape);                           // RAND or RANDN, with the next place
NodeId build_draw(Graph *g, Shape shape, DrawKind kind, double a, double b); // with the next order; floats in float_type
bool node_is_splat(const Graph *g, NodeId x);                                // a CONST with one number for every element

// PyTorch's promotion: bool < int64 < float; a rank-0 operand does not promote within its kind, so F64 scalars become F32
// when they meet an F32 tensor.
DType build_promote(const Graph *g, NodeId a, NodeId b);
NodeId build_cast(Graph *g, NodeId x, DType dtype);       // x itself when it has that type
NodeId build_unary(Graph *g, Op op, NodeId x);            // integers become floats where the op needs it (exp, …)
NodeId build_binary(Graph *g, Op op, NodeId a, NodeId b); // any elementwise op of two operands, broadcast and promoted
NodeId build_where(Graph *g, NodeId condition, NodeId a, NodeId b);
NodeId build_checked(Graph *g, NodeId value, NodeId condition, const char *message); // the condition is broadcast to value

bool build_broadcast_shape(Graph *g, const Shape *a, const Shape *b, Shape *result); // reports, false when they do not fit
NodeId build_expand(Graph *g, NodeId x, Shape shape);
NodeId build_reshape(Graph *g, NodeId x, Shape shape);
NodeId build_permute(Graph *g, NodeId x, const uint8_t *permutation);
NodeId build_transpose(Graph *g, NodeId x, uint32_t axis_a, uint32_t axis_b);
NodeId build_slice(Graph *g, NodeId x, uint32_t axis, Dim start, Dim size, int64_t step);
NodeId build_pad(Graph *g, NodeId x, uint32_t axis, Dim low, Dim high);
NodeId build_concat(Graph *g, const NodeId *parts, size_t count, uint32_t axis);
NodeId build_reduce(Graph *g, Op op, NodeId x, uint32_t axes, bool keepdim, bool share_ties);
NodeId build_sum_to(Graph *g, NodeId x, Shape shape); // adjoint of EXPAND
NodeId build_mean(Graph *g, NodeId x, uint32_t axes, bool keepdim);
NodeId build_matmul(Graph *g, NodeId a, NodeId b); // PyTorch's: vectors, batches, broadcast of batch dimensions
NodeId build_iota(Graph *g, Shape shape, uint32_t axis);
NodeId build_size(Graph *g, Dim dim); // the size as an I64 scalar: a constant, or factor × N
