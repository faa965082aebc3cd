// The parts of the interpreter that are not elementwise (private to ir/).
#pragma once

#include "ir/interpret.h"

void interpret_movement(const Node *node, int64_t N, const Tensor *const *operands, Tensor *result);
void interpret_reduction(const Node *node, const Tensor *x, Tensor *result);
void interpret_matmul(const Node *node, const Tensor *a, const Tensor *b, Tensor *result);
