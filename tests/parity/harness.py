"""Runs netc and what it makes, and compares with what PyTorch says.

The reference is PyTorch in f64. netc in f64 agrees at rtol 1e-9; netc in f32 errs at most 4 times as much as PyTorch in f32
does, plus 1e-6 of the largest value. What PyTorch says comes from PyTorch itself, or from the files of reference/.
"""
import json
import math
import os
import pathlib
import subprocess

import tensors
from tensors import Tensor

try:
    import torch
except ImportError:
    torch = None

HERE = pathlib.Path(__file__).resolve().parent


class Expected:
    """Results of PyTorch in f64, and how far PyTorch in f32 is from each."""

    def __init__(self, values=None, errors=None, facts=None):
        self.values = values or {}
        self.errors = errors or {}
        self.facts = facts or {}     # anything else that JSON holds: lists of losses, seeds

    def add(self, name, exact, rounded=None):
        """A result of PyTorch in f64 and the same computed in f32 (torch tensors)."""
        self.values[name] = from_torch(exact)
        if rounded is not None:
            self.errors[name] = tensors.largest_difference(from_torch(rounded), self.values[name])

    @staticmethod
    def of(reference):
        """What `reference` (a dtype -> {name: tensor}) gives in f64, and in f32 beside it."""
        result = Expected()
        exact, rounded = reference(torch.float64), reference(torch.float32)
        for name in exact:
            result.add(name, exact[name], rounded[name])
        return result

    def save(self, path):
        metadata = {"errors": json.dumps(self.errors), "facts": json.dumps(self.facts)}
        tensors.write_safetensors(path, self.values, metadata)

    @staticmethod
    def load(path):
        values, metadata = tensors.read_safetensors(path)
        return Expected(values, json.loads(metadata["errors"]), json.loads(metadata["facts"]))


def from_torch(x):
    x = x.detach()
    if not x.is_floating_point():
        return Tensor(x.shape, x.long().flatten().tolist(), integer=True)
    return Tensor(x.shape, x.double().flatten().tolist())


def to_torch(tensor, dtype=None):
    if tensor.integer:
        return torch.tensor(list(tensor.values), dtype=torch.int64).reshape(tensor.shape)
    return torch.tensor(list(tensor.values), dtype=torch.float64).to(dtype).reshape(tensor.shape)


class Failure(Exception):
    pass


class Session:
    """One netc, one folder for what it makes, the failures so far and the largest deviations."""

    def __init__(self, netc, folder, data=None, flags=()):
        self.netc, self.folder, self.data, self.flags = netc, pathlib.Path(folder), data, list(flags)
        self.failures, self.notes = [], []
        self.compared = 0
        self.worst = {"f64": (0.0, ""), "f32": (0.0, "")}

    def fail(self, text):
        self.failures.append(text)

    def note(self, text):
        self.notes.append(text)

    def run(self, *arguments, expect=0, data=False):
        command = [str(argument) for argument in arguments]
        if data:
            command += ["--data", str(self.data)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, timeout=120, check=False)
        except subprocess.TimeoutExpired as expired:
            raise Failure(f"{' '.join(command)}: still running after {expired.timeout:.0f} s") from None
        if done.returncode != expect:
            raise Failure(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-3000:]}")
        return done

    def compile(self, name, text, dtype):
        """Writes NAME.net and compiles it; the program."""
        source = self.folder / f"{name}.net"
        source.write_text(text)
        program = self.folder / f"{name}_{dtype}"
        self.run(self.netc, source.name, f"--dtype={dtype}", "-w", "-o", program.name, *self.flags)
        return program

    def write(self, name, tensor_or_dict, double=False):
        path = self.folder / name
        if isinstance(tensor_or_dict, dict):
            tensors.write_safetensors(path, tensor_or_dict, double=double)
        else:
            tensors.write_npy(path, tensor_or_dict, double)
        return path

    def gradients(self, program, inputs, target, load=None):
        """The loss and the gradient of every parameter for one batch."""
        self.write("input.npy", inputs)
        self.write("target.npy", target)
        result = self.folder / "gradients.safetensors"
        more = ["--load", self.write("load.safetensors", load)] if load else []
        done = self.run(program, "grad", "--input", "input.npy", "--target", "target.npy", "-o", result, "--json", *more)
        values, _ = tensors.read_safetensors(result)
        loss = json_lines(done.stdout)[-1]["loss"]      # null: not a finite number
        values["loss"] = Tensor((), [math.nan if loss is None else loss])
        os.unlink(result)
        return values

    # ---- Comparison
    def compare(self, what, got, expected, name, dtype, skip=()):
        """One tensor of a program with the reference's of that name, but for the elements in skip."""
        want = expected.values[name]
        self.compared += 1
        if got is None:
            return self.fail(f"{what}: {name} is missing")
        if got.shape != want.shape:
            return self.fail(f"{what}: {name} has shape {got.shape}, expected {want.shape}")
        scale = tensors.largest(want)
        worst, at = 0.0, 0
        for i, (a, b) in enumerate(zip(got.values, want.values)):
            if i in skip:
                continue
            off = tensors.difference(a, b)
            if dtype == "f64":
                share = off / (1e-9 * abs(b) + 1e-12 * scale + 1e-15) if off and math.isfinite(b) else off
            else:
                share = off / (4 * expected.errors.get(name, 0.0) + 1e-6 * scale + 1e-300) if off else 0.0
            if not share <= worst:
                worst, at = share, i
        if worst > self.worst[dtype][0]:
            self.worst[dtype] = (worst, f"{what}: {name}")
        if not worst <= 1:
            self.fail(f"{what}: {name}[{at}] of shape {want.shape} is {got.values[at]!r}, expected {want.values[at]!r} "
                      f"({worst:.3g} times the tolerance)")
        return None

    def compare_all(self, what, got, expected, names, dtype):
        for name in names:
            self.compare(what, got.get(name), expected, name, dtype)

    def bitwise(self, what, got, expected, name):
        """Initial parameters: PyTorch's f32 numbers, to the last bit."""
        want = expected.values[name]
        self.compared += 1
        if got is None or got.shape != want.shape:
            return self.fail(f"{what}: {name} is missing or has another shape than {want.shape}")
        wrong = sum(a != b for a, b in zip(got.values, want.values))
        if wrong:
            self.fail(f"{what}: {wrong} of {len(want.values)} numbers of {name} differ from PyTorch's")
        return None


def json_lines(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
