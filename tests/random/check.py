"""Compiles a network in one variant, runs the program's commands and compares each result with the reference."""
import array
import dataclasses
import math
import os
import random

import tensors
from harness import Failure, json_lines
from tensors import Tensor


@dataclasses.dataclass(frozen=True)
class Variant:
    level: str          # -O0 or -O3
    machine: str        # -march
    dtype: str

    def __str__(self):
        return f"{self.level} {self.machine} {self.dtype}"


def write_data(session, network, data):
    kinds = {f"x{place or ''}": fed.kind for place, fed in enumerate(network.inputs)}
    for name, tensor in data.items():
        byte = kinds.get(name.rpartition("_")[2]) == "bytes"
        tensors.write_npy(session.folder / f"{name}.npy", tensor, byte=byte)


def compile_variant(session, network, variant):
    name = f"n_{variant.level[1:]}_{variant.machine}_{variant.dtype}"
    session.flags = [variant.level, f"-march={variant.machine}"]
    return session.compile(name, network.net, variant.dtype)


def results_of(session, network, program, threads=1):
    """What the reference holds, from a program."""
    folder, results = session.folder, {}
    common = ["--load", "start.safetensors", "--threads", str(threads)]
    feeds = [word for place in range(len(network.inputs)) for word in ("--input", f"grad_x{place or ''}.npy")]
    feeds += [] if network.target.kind in ("nothing", "itself") else ["--target", "grad_y.npy"]
    done = session.run(program, "grad", *feeds, "-o", "grad.safetensors", "--json", *common)
    for name, tensor in tensors.read_safetensors(folder / "grad.safetensors")[0].items():
        results[f"grad/{name}"] = tensor
    results["grad/loss"] = number(json_lines(done.stdout)[-1]["loss"])
    lines = train(session, program, "end.safetensors", threads)
    steps, epochs = [line for line in lines if "step" in line], [line for line in lines if "epoch" in line]
    results["train/losses"] = vector(line["loss"] for line in steps)
    results["train/test_losses"] = vector(line["test_loss"] for line in epochs)
    if network.target.classes:
        results["train/accuracies"] = vector(line["test_accuracy"] for line in epochs)
    for name, tensor in tensors.read_safetensors(folder / "end.safetensors")[0].items():
        results[f"end/{name}"] = tensor
    if len(network.inputs) == 1:
        done = session.run(program, "predict", "test_x.npy", "--json", "--load", "end.safetensors", "--threads", str(threads))
        results |= predictions(json_lines(done.stdout), network)
    return results


def train(session, program, saved, threads, *more):
    done = session.run(program, "train", "--load", "start.safetensors", "--threads", str(threads), "--save", saved, "--json",
                       "--quiet", "--log-every", 1, *more)
    return [{key: value for key, value in line.items() if "second" not in key} for line in json_lines(done.stdout)]


def predictions(lines, network):
    """What `predict` printed: the output, or probabilities, for one output of two classes."""
    kind = "output"
    if "output" not in lines[0]:
        kind = next(kind for name, kind in PREDICTIONS.items() if name in network.net)
    rows = [line["output" if "output" in line else "probabilities"] for line in lines]
    if network.target.shape == (1,) and len(rows[0]) == 2:
        rows = [row[1:] for row in rows]
    values = [math.nan if x is None else x for row in rows for x in row]
    return {f"predict/{kind}": Tensor((len(rows), len(rows[0])), values)}


def in_f32(tensor):
    return tensor if tensor.integer else Tensor(tensor.shape, array.array("f", tensor.values))


def number(x):
    return Tensor((), [math.nan if x is None else x])


def vector(numbers):
    values = [math.nan if x is None else x for x in numbers]
    return Tensor((len(values),), values)


# How a loss turns outputs into probabilities.
PREDICTIONS = {"CrossEntropyLoss": "softmax", "NLLLoss": "exp", "KLDivLoss": "exp", "BCELoss": "output",
               "BCEWithLogitsLoss": "sigmoid"}


# ---- What is compared with
class Unusable(Exception):
    """Numbers that are not finite or too large to compare: the network is drawn anew."""


def require_usable(values):
    for name, tensor in values.items():
        if any(not math.isfinite(x) or abs(x) > 1e4 for x in tensor.values):
            raise Unusable(name)


class OwnReference:
    """Where there is no PyTorch: the program that is compiled node by node for the plainest machine in f64."""

    def __init__(self, session, network):
        program = compile_variant(session, network, Variant("-O0", "x86-64", "f64"))
        self.again = lambda: results_of(session, network, program)
        self.session = session
        session.run(program, "init", "-o", "init.safetensors")
        drawn = tensors.read_safetensors(session.folder / "init.safetensors")[0]
        self.initial = {name: in_f32(tensor) for name, tensor in drawn.items()}
        session.write("start.safetensors", self.initial)
        try:
            self.values = self.again()
        except Failure as failure:
            if "a batch norm cannot learn from one sample" in str(failure):
                raise Unusable("a batch norm of one value") from None
            raise
        self.initial_errors = {}
        require_usable(self.values)

    def spread(self, dtype, times=4):
        """How far results move when the last bits of the parameters move."""
        rng, result = random.Random(0), {}
        for _ in range(times):
            moved = {name: tensor if tensor.integer else
                     Tensor(tensor.shape, [x * (1 + 4e-16 * rng.uniform(-1, 1)) for x in tensor.values])
                     for name, tensor in self.initial.items()}
            self.session.write("start.safetensors", moved, double=True)
            for name, tensor in self.again().items():
                result[name] = max(result.get(name, 0.0), largest_difference(tensor, self.values[name])[0])
        self.session.write("start.safetensors", self.initial)
        return result


# ---- Comparison
@dataclasses.dataclass
class Deviation:
    name: str
    text: str
    off: float          # the largest difference
    share: float        # of what is allowed

    def __str__(self):
        return f"{self.name}: {self.text}"


def largest_difference(a, b):
    """The largest difference of two tensors of one shape, and where; inf where only one is a number."""
    worst, at = 0.0, 0
    for i, (x, y) in enumerate(zip(a.values, b.values)):
        if x != y:
            off = tensors.difference(x, y)
            if off > worst:
                worst, at = off, i
    return worst, at


def compare(got, reference, dtype):
    """The deviations beyond rounding, the worst first.

    f64: 1e-9 of the largest number. f32: 4 times PyTorch's own error in f32, and 2e-6 of the largest number.
    """
    found = []
    for name, want in reference.values.items():
        if name not in got:
            if not name.startswith("predict/"):
                found.append(Deviation(name, "is missing", math.inf, math.inf))
            continue
        have = got[name]
        if have.shape != want.shape and math.prod(have.shape) != math.prod(want.shape):
            found.append(Deviation(name, f"has shape {have.shape}, expected {want.shape}", math.inf, math.inf))
            continue
        off, at = largest_difference(have, want)
        scale = max(tensors.largest(want), 1e-3)
        allowed = 1e-9 * scale if dtype == "f64" else 4 * reference.errors[name] + 2e-6 * scale
        if not off <= allowed:
            found.append(Deviation(name, f"[{at}] of {want.shape} is {have.values[at]!r}, expected {want.values[at]!r}, "
                                         f"{off / allowed:.3g} times what is allowed", off, off / allowed))
    found += [Deviation(name, "is none of PyTorch's", math.inf, math.inf) for name in set(got) - set(reference.values)]
    return sorted(found, key=lambda deviation: -deviation.share)


def compare_initial(session, program, reference):
    """Initial parameters: PyTorch's draws, bit for bit where they are uniform."""
    session.run(program, "init", "-o", "init.safetensors")
    got, found = tensors.read_safetensors(session.folder / "init.safetensors")[0], []
    for name, want in reference.initial.items():
        if name not in got or got[name].shape != want.shape:
            found.append(Deviation(f"init/{name}", "is missing or has another shape", math.inf, math.inf))
            continue
        off, at = largest_difference(in_f32(got[name]), want)       # an f64 program has all digits of a constant
        allowed = reference.initial_errors.get(name, 0.0) * max(1.0, tensors.largest(want))
        if not off <= allowed:
            text = f"[{at}] is {got[name].values[at]!r}, PyTorch draws {want.values[at]!r}"
            found.append(Deviation(f"init/{name}", text, off, math.inf))
    return found


def compare_threads(session, program):
    """Training with one thread and with two ends in the same bits."""
    kept = []
    for threads in (1, 2):
        saved = f"threads{threads}.safetensors"
        kept.append((train(session, program, saved, threads), (session.folder / saved).read_bytes()))
        os.unlink(session.folder / saved)
    if kept[0] != kept[1]:
        return [Deviation("threads", "training with 2 threads ends in other bits than with 1", math.inf, math.inf)]
    return []
