"""Tensors as text, from PyTorch itself: tensor_text.py --table FILE | --check TEST [--count N] [--seed S]

--table writes the table that the unit test rt_tensor_text_test reads (tests/unit/expected/tensor_text.txt); --check makes a
table of N random tensors and runs that test on it. A case is a line "TYPE SIZE…", a line of the elements' bits in
hexadecimal, the number of lines that PyTorch prints, and those.
"""
import argparse
import pathlib
import random
import subprocess
import sys
import tempfile

import torch

TYPES = {"float32": torch.float32, "float64": torch.float64, "int64": torch.int64, "bool": torch.bool, "uint8": torch.uint8}
BITS = {"float32": torch.int32, "float64": torch.int64, "int64": torch.int64, "bool": torch.uint8, "uint8": torch.uint8}
SPECIAL = [float("inf"), float("-inf"), float("nan"), 0.0, -0.0]


def case(tensor):
    name = str(tensor.dtype).removeprefix("torch.")
    bits = tensor.reshape(-1).view(BITS[name]).tolist()
    text = str(tensor).split("\n")
    return "\n".join([" ".join([name, *map(str, tensor.shape)]), " ".join(f"{b & (2**64 - 1):x}" for b in bits), str(len(text)), *text])


def chosen():
    """What has a rule of its own."""
    yield from (torch.tensor(x) for x in [0.0, -0.0, 1.0, 3.5, 1e9, 1e-5, 123456789.0, 0.1, float("inf"), float("nan")])
    yield from (torch.tensor(x) for x in [True, 7, -(2**63), 2**63 - 1])
    yield from (torch.tensor(x) for x in [[1.0, 2.0], [1.0, float("inf")], [1.5, float("nan"), -2.0], [0.0, 0.0], [float("nan")]])
    yield from (torch.tensor(x) for x in [[1e-4, 1.0], [9.9e-5, 1.0], [1.0, 1000.0], [1.0, 1001.0], [1e8, 1.5e8], [0.1, 100.5]])
    yield from (torch.tensor(x) for x in [[1e30, float("-inf"), 1.0], [1.0, 2.0, 3e9], [0.00005], [99999.9999, 1.0]])
    yield from (torch.zeros(shape) for shape in [(0,), (2, 0), (0, 3, 4), (1,), (1, 1, 1)])
    yield from (torch.zeros(shape, dtype=kind) for kind in TYPES.values() for shape in [(0,), (3, 0), (2, 2)])
    yield from (torch.arange(n) for n in [1, 6, 7, 25, 1000, 1001])
    yield from (torch.arange(n, dtype=torch.float32) / 3 for n in [7, 1000, 1001])
    yield torch.arange(2000.0).reshape(40, 50)
    yield torch.arange(1200).reshape(2, 300, 2)
    yield torch.arange(1500, dtype=torch.float64).reshape(2, 3, 5, 50) - 700.25
    yield torch.arange(1008).reshape(7, 144) % 2 == 0
    yield torch.linspace(0, 1, 7, dtype=torch.float64)
    yield torch.linspace(0, 1, 6, dtype=torch.float64)
    yield torch.eye(3)


def drawn(rng):
    name = rng.choice(["float32"] * 5 + list(TYPES))
    most = rng.choice([1, 3, 6, 9, 40])
    shape = [rng.randint(1, most) for _ in range(rng.randint(0, 4))]
    while torch.Size(shape).numel() > (3000 if rng.random() < 0.2 else 300):
        shape[rng.randrange(len(shape))] = 1
    generator = torch.Generator().manual_seed(rng.getrandbits(32))
    if not TYPES[name].is_floating_point:
        top = rng.choice([2, 10, 256]) if name != "int64" else rng.choice([2, 10, 10**6, 2**62])
        numbers = torch.randint(-top if name == "int64" else 0, top, shape, generator=generator)
        return numbers.to(TYPES[name])
    x = torch.randn(shape, generator=generator, dtype=torch.float64) * 10.0 ** rng.choice([-40, -6, -4, -2, 0, 0, 0, 1, 3, 6, 9, 30])
    if rng.random() < 0.3:
        x = torch.round(x)
    if rng.random() < 0.2:
        x = x * 10.0 ** torch.randint(-4, 5, shape, generator=generator)
    if rng.random() < 0.3:
        mask = torch.rand(shape, generator=generator) < 0.2
        x = torch.where(mask, torch.tensor(rng.choice(SPECIAL), dtype=x.dtype), x)
    return x.to(TYPES[name])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--table")
    parser.add_argument("--check")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    cases = [case(x) for x in chosen()] + [case(drawn(rng)) for _ in range(options.count)]
    text = "\n".join(cases) + "\n"
    if options.table:
        pathlib.Path(options.table).write_text(text)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        table = pathlib.Path(folder, "table.txt")
        table.write_text(text)
        status = subprocess.run([options.check, str(table)]).returncode
    print(f"{len(cases)} tensors, PyTorch {torch.__version__}")
    return status


sys.exit(main())
