"""Measures a case: proves that all do the same work, then lets them take turns, A B C, C B A, …; no round is dropped.

Every round gives one ratio for each pair, and the median decides. The processor time of the same measurements stands beside
the wall time: where other programs want the core too, it says what an idle machine would show.
"""
import importlib.util
import math
import os
import pathlib
import statistics

import numpy
import safetensors.numpy

import worker

CHECKED_STEPS = 20
# What the losses may differ by, relatively, and how far parameters may lie from PyTorch's, as a share of the way that they went
# in these steps (both by their norms). Adam makes a whole step of a gradient that is nothing but rounding.
ALLOWED = {"SGD": (1e-3, 1e-3), "Adam": (1e-2, 5e-2)}
OUTPUTS_ALLOWED = 1e-5


class Bench:
    """What the cases share: the cores, the networks on disk, and PyTorch's losses to compare with."""

    def __init__(self, workshop, rounds, core):
        self.workshop, self.rounds = workshop, rounds
        self.cores = [core] + sorted(os.sched_getaffinity(0) - {core})
        self.reference, self.references = None, {}

    def close(self):
        if self.reference:
            self.reference.close()

    def expected(self, work):
        """What PyTorch makes of this work: (losses, parameters or outputs)."""
        key = (work.folder, work.mode)
        if key not in self.references:
            if not self.reference:
                self.reference = worker.Peer("pytorch", self.cores[:1], {})
            self.reference.open(work, {})
            self.references[key] = checked(self.reference, work)
        return self.references[key]


def checked(peer, work):
    save = pathlib.Path(work.folder) / f"checked_{peer.name}.safetensors"
    losses = peer.ask(do="check", steps=CHECKED_STEPS, save=str(save))["losses"]
    return losses, safetensors.numpy.load_file(save)


class Side:
    """An entrant with its process and its measurements."""

    def __init__(self, bench, entrant):
        self.entrant, self.work = entrant, bench.workshop.work(entrant.network, entrant.mode)
        self.peer, self.version, self.left_out, self.differences = None, "", "", {}
        self.count, self.wall, self.cpu, self.shortest = 1 if entrant.mode == "compile" else 20, [], [], math.inf
        if entrant.threads > len(bench.cores):
            self.left_out = f"this machine has {len(bench.cores)} cores"
        for package in entrant.needs.split():
            if importlib.util.find_spec(package) is None:
                self.left_out = f"{package} is not installed"
        if not self.left_out:
            self.open(bench)

    def open(self, bench):
        self.peer = worker.Peer(self.entrant.peer, bench.cores[:self.entrant.threads], self.entrant.environment)
        try:
            self.version = self.peer.open(self.work, self.entrant.options)
        except worker.Unavailable as reason:
            self.left_out = str(reason)
            self.peer.close()
            self.peer = None

    @property
    def flops(self):
        """Of a unit: for the peak, of 10⁸ multiply-adds; 0 for what is no arithmetic."""
        if self.entrant.peer == "peak":
            return 2e8
        network = self.entrant.network
        return {"train": network.flops, "predict": network.predict_flops}.get(self.entrant.mode, 0)

    @property
    def agrees(self):
        return all(difference <= limit for difference, limit in self.differences.values())

    def check(self, bench):
        """Against PyTorch: {what: (difference, what is allowed)}."""
        if not self.peer or self.entrant.peer == "peak" or self.entrant.mode == "compile":
            return
        losses, values = checked(self.peer, self.work)
        expected_losses, expected = bench.expected(self.work)
        if len(losses) != len(expected_losses) or set(values) != set(expected):
            raise SystemExit(f"bench: {self.entrant.label} gave {len(losses)} losses of {len(expected_losses)}, "
                             f"and {sorted(values)}")
        if not losses:
            self.differences["outputs"] = (max(float(abs(values[name] - expected[name]).max()) for name in expected),
                                           OUTPUTS_ALLOWED)
            return
        initial = safetensors.numpy.load_file(pathlib.Path(self.work.folder) / "initial.safetensors")
        losses_allowed, parameters_allowed = ALLOWED[self.work.optimizer["name"]]
        self.differences["losses"] = (max(abs(a - b) / abs(b) for a, b in zip(losses, expected_losses)), losses_allowed)
        self.differences["parameters"] = (distance(values, expected) / distance(expected, initial), parameters_allowed)

    def measure(self, keep=True):
        answer = self.peer.ask(do="time", count=self.count)
        if keep:
            self.wall.append(answer["seconds"] / answer["units"])
            self.cpu.append(answer["cpu"] / answer["units"])
            self.shortest = min(self.shortest, answer["seconds"])
        return answer["seconds"]

    def calibrate(self, shortest):
        """As many steps or calls a measurement as it takes to last long enough; this warms up, too."""
        while True:
            seconds = self.measure(keep=False)
            if seconds >= 1.2 * shortest:
                return
            self.count = math.ceil(self.count * min(1.5 * shortest / max(seconds, 1e-6), 200))


def distance(some, others):
    return math.sqrt(sum(float(numpy.square(some[name] - others[name], dtype="f8").sum()) for name in some))


def spread(values):
    return {"median": statistics.median(values), "lowest": min(values), "highest": max(values), "all": values}


def measure(bench, case):
    """The sides of a case, measured; those that disagree or cannot take part are not."""
    sides = [Side(bench, entrant) for entrant in case.entrants]
    try:
        for side in sides:
            side.check(bench)
        running = [side for side in sides if side.peer and side.agrees]
        for side in running:
            side.calibrate(case.shortest)
        for i in range(bench.rounds):
            for side in running if i % 2 == 0 else running[::-1]:
                side.measure()
    finally:
        for side in sides:
            if side.peer:
                side.peer.close()
    return sides


def ratios(side, than, clock="wall"):
    """How many times faster `side` is than `than`, in each round."""
    return [theirs / ours for ours, theirs in zip(getattr(side, clock), getattr(than, clock))]


def shares(side, peak, clock="wall"):
    """Of the peak of a core that was measured in the same round."""
    return [(side.flops / ours) / (peak.flops / best) for ours, best in zip(getattr(side, clock), getattr(peak, clock))]


def machine():
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return f"{line.split(':')[1].strip()}, {len(os.sched_getaffinity(0))} cores"
    return f"{os.uname().machine}, {len(os.sched_getaffinity(0))} cores"
