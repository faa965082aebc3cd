// PyTorch's CPU generator: the same seed gives the same numbers, so that a notebook's initial weights and batches come out
// again.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// MT19937 and the second half of a pair of normals drawn one by one. Plain data: copying it copies the generator's whole state.
typedef struct NetrtTorchRandom {
    uint32_t state[624];
    int32_t used; // words of state that are drawn already; 624: a new block is due
    bool has_next_normal;
    double next_normal;
} NetrtTorchRandom;

// torch.manual_seed(seed). Only the low 32 bits count, as in PyTorch; a negative seed is its two's complement.
void netrt_torch_seed(NetrtTorchRandom *random, uint64_t seed);

uint32_t netrt_torch_random32(NetrtTorchRandom *random);
uint64_t netrt_torch_random64(NetrtTorchRandom *random);

// tensor.uniform_(a, b) of a contiguous f32 tensor of n elements. Bitwise PyTorch's.
void netrt_torch_uniform(NetrtTorchRandom *random, float *out, int64_t n, double a, double b);

// tensor.normal_(mean, std) of a contiguous f32 tensor of n elements.
void netrt_torch_normal(NetrtTorchRandom *random, float *out, int64_t n, double mean, double std);

// torch.randint(low, high) of n elements. low < high.
void netrt_torch_integers(NetrtTorchRandom *random, int64_t *out, int64_t n, int64_t low, int64_t high);

// nn.init.orthogonal_ of a contiguous f32 matrix: normal draws, then the orthonormal factor of a QR decomposition whose other
// factor has a positive diagonal. Equal to PyTorch's within the rounding of its decomposition.
void netrt_torch_orthogonal(NetrtTorchRandom *random, float *out, int64_t rows, int64_t columns);

// torch.randperm(n): a permutation of 0 … n − 1. n < 2³¹.
void netrt_torch_randperm(NetrtTorchRandom *random, int32_t *out, int64_t n);

// The order of the samples in one epoch of a shuffled DataLoader without workers: two draws of 64 bits from `random`, the
// second of which seeds the permutation. Call it once at the start of each epoch.
void netrt_torch_epoch_order(NetrtTorchRandom *random, int32_t *out, int64_t n);
