// Tensors as PyTorch prints them, character by character: str(tensor) of torch/_tensor_str.py with its default options.
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "netrt.h"

typedef struct NetrtTensor {
    const void *data; // row-major, contiguous
    int32_t dtype;    // NETRT_…
    int32_t rank;
    const int64_t *shape;
} NetrtTensor;

// "tensor([[ 1.5410, -0.2934],\n        [-2.1788,  0.5684]])", without a newline at the end.
void netrt_tensor_print(FILE *out, const NetrtTensor *tensor);

// The first element as Python shows a number: "0.30000001192092896", "3", "True".
void netrt_number_print(FILE *out, const NetrtTensor *tensor);
