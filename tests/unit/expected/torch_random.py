#!/usr/bin/env python3
"""Writes torch_random.inc: what PyTorch's CPU generator draws, for rt_random_test.c.

    python3 torch_random.py > torch_random.inc

Each row is one call on the generator that the rows before it left behind (SEED starts anew), with the first and the last
element drawn and the FNV-1a hash of all of them (as little-endian 32-bit words).
"""
import numpy as np
import torch
from torch.utils.data import DataLoader


def fnv(words):
    value = 0xCBF29CE484222325
    for byte in words.astype("<u4").tobytes():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def row(kind, n, a, b, drawn):
    words = drawn.view(np.uint32)
    print(f"{{{kind}, {n}, {a!r}, {b!r}, 0x{words[0]:08x}u, 0x{words[-1]:08x}u, UINT64_C(0x{fnv(words):016x})}},")


def seed(value):
    torch.manual_seed(value)
    print(f"{{SEED, INT64_C({value}), 0, 0, 0, 0, 0}},")


def uniform(n, a, b):
    row("UNIFORM", n, a, b, torch.empty(n).uniform_(a, b).numpy())


def normal(n, mean, std):
    row("NORMAL", n, mean, std, torch.empty(n).normal_(mean, std).numpy())


def permutation(n):
    row("PERMUTATION", n, 0, 0, torch.randperm(n).numpy().astype(np.int32))


def epoch(n):
    loader = DataLoader(torch.arange(n), batch_size=64, shuffle=True)
    row("EPOCH", n, 0, 0, torch.cat(list(loader)).numpy().astype(np.int32))


print("// Written by torch_random.py with PyTorch " + torch.__version__.split("+")[0] + ".")
for value in (0, 1, 42, 2**32 - 1, 2**32, 2**32 + 7, 2**62 + 12345, -1, -5):
    seed(value)
    uniform(20, 0.0, 1.0)
    normal(20, 0.0, 1.0)
    permutation(20)
for n in (1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 100, 1000, 12544):
    seed(n)
    uniform(n, -0.25, 0.75)
    normal(n, 0.5, 0.02)
    normal(n, 0.0, 1.0)
    permutation(n)
    uniform(n, -(784**-0.5), 784**-0.5)
seed(3)   # the second normal of a pair waits through other calls, and a new seed forgets it
normal(3, 0.0, 1.0)
uniform(5, 0.0, 1.0)
normal(16, 0.0, 1.0)
permutation(9)
normal(1, 1.0, 2.0)
normal(1, 1.0, 2.0)
normal(3, 0.0, 1.0)
seed(3)
normal(2, 0.0, 1.0)
seed(4)   # rounding meets the upper bound, which does not belong to the interval
uniform(100000, 4096.0, 4097.0)
uniform(100000, 3.0, 3.0000002384185791)
uniform(10, 5.0, 5.0)
seed(5)
normal(1000003, 0.1, 0.3)
for n in (1, 2, 10, 625, 10000, 60000):
    seed(n)
    permutation(n)
    permutation(n)
seed(0)
uniform(128 * 784, -1 / 28, 1 / 28)
for _ in range(3):
    epoch(1000)
epoch(60000)
