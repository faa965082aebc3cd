#!/usr/bin/env python3
"""Writes torch_safetensors.inc: the bytes of a file that safetensors.torch saved, for rt_safetensors_test.c.

    python3 torch_safetensors.py > torch_safetensors.inc

With an argument it checks the other direction: that safetensors.torch loads FILE, which netc's runtime wrote, and prints it.

    python3 torch_safetensors.py FILE.safetensors
"""
import sys

import torch
from safetensors.torch import load_file, save

if len(sys.argv) > 1:
    for name, tensor in load_file(sys.argv[1]).items():
        print(name, tensor.dtype, tuple(tensor.shape), tensor.flatten()[:8].tolist())
    sys.exit()

data = save(
    {
        "fc1.weight": torch.arange(6, dtype=torch.float32).reshape(2, 3) / 4,
        "fc1.bias": torch.tensor([0.1, -1e300], dtype=torch.float64),
        "bn.num_batches_tracked": torch.tensor(5000000000),
        "mask": torch.tensor([True]),
    },
    metadata={"format": "pt", "who": "J\u00fcrgen \"x\""},
)
print("// Written by torch_safetensors.py with PyTorch " + torch.__version__.split("+")[0] + ".")
for i in range(0, len(data), 20):
    print("".join(f"0x{byte:02x}, " for byte in data[i : i + 20]).rstrip())
