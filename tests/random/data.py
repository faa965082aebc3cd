"""The numbers that a network is trained and tested with. They follow from its seed and index alone."""
import math
import random

from tensors import Tensor


def batch_of(fed, rows, rng):
    shape = (rows, *fed.shape)
    count = math.prod(shape)
    if fed.kind == "signs":
        return Tensor(shape, [rng.choice((-1, 1)) for _ in range(count)], integer=True)
    if fed.kind in ("tokens", "classes"):
        return Tensor(shape, [rng.randrange(fed.classes) for _ in range(count)], integer=True)
    if fed.kind == "bytes":
        return Tensor(shape, [rng.randrange(1, 256) for _ in range(count)], integer=True)      # 0 is the corner of PReLU
    # Never 0, the corner of PReLU and others, where PyTorch's second derivatives do not agree with its first.
    low, high = {"floats": (-2048, 2048), "units": (16, 1008)}[fed.kind]
    return Tensor(shape, [(rng.randrange(low, high) + 0.5) / 1024 for _ in range(count)])


def draw(network):
    """Inputs and targets of training, of the test and of one batch for gradients: {"x": …, "y": …, "test_x": …}."""
    rng = random.Random(f"{network.name}:data")
    sets = {"": network.rows, "test_": network.test_rows, "grad_": network.gradient_batch}
    result = {}
    for prefix, rows in sets.items():
        for place, fed in enumerate(network.inputs):
            result[f"{prefix}x{place or ''}"] = batch_of(fed, rows, rng)
        if network.target.kind not in ("nothing", "itself"):
            result[f"{prefix}y"] = batch_of(network.target, rows, rng)
    return result
