#!/usr/bin/env python3
"""Training steps of netc against PyTorch eager: one thread each, on the same core, in one interleaved run.

Each side first proves that it does the same work: from the same initial parameters the losses of 20 steps agree. Then they
take turns, netc PyTorch PyTorch netc …; every round gives one ratio, and no round is dropped. A measurement is whole
shuffled epochs after one to warm up, with the drawing of the order and the gathering of the batches.

Wall time decides. The processor time of the same runs stands beside it: where other programs want the core too, it says what
an idle machine would show. netc's is that of the whole process less that of a run of one step.

It needs netc (--netc or $NETC) and, for mnist.net, MNIST (--data or $NETC_DATA). ./setup bench sees to both.
"""
import argparse
import dataclasses
import json
import math
import os
import pathlib
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import networks

SHORTEST = 0.3        # seconds that a measurement lasts at least
CHECKED_STEPS = 20


class Netc:
    """A compiled network; each measurement is a process of its own."""

    def __init__(self, netc, case, folder, data):
        self.case = case
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.program = folder, folder / "program"
        (folder / "network.net").write_text(case.net)
        self.run(netc, "network.net", "-o", "program")
        self.data = ["--data", str(data) if "mnist" in case.data else case.data["npy"]]
        self.parameters = folder / "initial.safetensors"
        self.run(self.program, "init", "-o", self.parameters)
        self.timed = 1
        self.start_cpu = statistics.median(self.train("--steps", 1)[1] for _ in range(3))

    def run(self, *arguments):
        """Its output, and the processor time that it took."""
        before = children_cpu()
        done = subprocess.run([str(argument) for argument in arguments], cwd=self.folder, capture_output=True, text=True,
                              check=False)
        cpu = children_cpu() - before
        if done.returncode:
            raise SystemExit(f"bench: {arguments[0]}: exit status {done.returncode}\n{done.stderr}")
        return done.stdout, cpu

    def train(self, *arguments):
        output, cpu = self.run(self.program, "train", "--no-save", "--threads", 1, "--json", *self.data, *arguments)
        return [json.loads(line) for line in output.splitlines()], cpu

    def losses(self):
        lines, _ = self.train("--no-shuffle", "--load", self.parameters, "--steps", CHECKED_STEPS, "--epochs", CHECKED_STEPS,
                              "--log-every", 1)
        return [line["loss"] for line in lines if "loss" in line]

    def time(self):
        """Microseconds of a step (wall, processor), and the seconds measured. --steps leaves the evaluations out; an epoch
        that it cuts off is not reported, so it goes one step past the last."""
        epochs = 1 + self.timed
        steps = epochs * self.case.epoch_steps
        lines, cpu = self.train("--load", self.parameters, "--epochs", epochs + 1, "--steps", steps + 1)
        seconds = sum(self.case.samples / line["samples_per_second"] for line in lines[1:])
        timed_steps = self.timed * self.case.epoch_steps
        return 1e6 * seconds / timed_steps, 1e6 * (cpu - self.start_cpu) / (steps + 1), seconds


class Eager:
    """The process of eager.py."""

    def __init__(self, python):
        environment = dict(os.environ, OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
        self.process = subprocess.Popen([python, pathlib.Path(__file__).with_name("eager.py")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, env=environment)
        self.timed = 1

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit("bench: PyTorch's process ended; what it said stands above")
        return json.loads(answer)

    def open(self, case, parameters):
        self.timed = 1
        return self.ask(do="open", case=dataclasses.asdict(case), parameters=str(parameters))["version"]

    def losses(self):
        return self.ask(do="losses", steps=CHECKED_STEPS)["losses"]

    def time(self):
        got = self.ask(do="time", warm=1, epochs=self.timed)
        return 1e6 * got["seconds"] / got["steps"], 1e6 * got["cpu"] / got["steps"], got["seconds"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def children_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def calibrate(side):
    """As many epochs as a measurement needs, with room for a machine that is busy now and will not be later."""
    for _ in range(6):
        seconds = side.time()[2]
        if seconds >= 2 * SHORTEST:
            return
        side.timed = math.ceil(side.timed * min(2.5 * SHORTEST / seconds, 200))


def agreement(ours, theirs):
    if len(ours) != CHECKED_STEPS:
        raise SystemExit(f"bench: netc reported {len(ours)} losses of {CHECKED_STEPS}")
    return max(abs(a - b) / abs(b) for a, b in zip(ours, theirs))


def spread(values):
    return {"median": statistics.median(values), "lowest": min(values), "highest": max(values), "all": values}


def measure(case, eager, arguments, folder):
    netc = Netc(arguments.netc, case, folder, arguments.data)
    version = eager.open(case, netc.parameters)
    difference = agreement(netc.losses(), eager.losses())
    result = {"network": case.name, "what": case.describe(), "loss_difference": difference, "agrees": difference <= 1e-3,
              "target": case.target, "pytorch": version}
    if not result["agrees"]:
        return result
    calibrate(netc)
    calibrate(eager)
    rounds = []
    for i in range(arguments.rounds):
        sides = (netc, eager) if i % 2 == 0 else (eager, netc)
        times = [side.time() for side in sides]
        rounds.append(times if i % 2 == 0 else times[::-1])
    result |= {
        "netc_us": statistics.median(ours[0] for ours, _ in rounds),
        "pytorch_us": statistics.median(theirs[0] for _, theirs in rounds),
        "ratio": spread([theirs[0] / ours[0] for ours, theirs in rounds]),
        "netc_cpu_us": statistics.median(ours[1] for ours, _ in rounds),
        "pytorch_cpu_us": statistics.median(theirs[1] for _, theirs in rounds),
        "cpu_ratio": spread([theirs[1] / ours[1] for ours, theirs in rounds]),
        "shortest_measurement": min(side[2] for pair in rounds for side in pair),
        "gflops": flops(case) / statistics.median(ours[1] for ours, _ in rounds) / 1e3,
    }
    return result


def flops(case):
    """Of the products of a step: forward, gradient of the weights, gradient of the inputs but the first layer's."""
    linear = [layer[2] * layer[3] for layer in case.layers if layer[1] == "Linear"]
    return 2 * case.batch * (3 * sum(linear) - linear[0])


def show(result, out):
    print(f"{result['network']}: {result['what']}", file=out)
    print(f"  losses of {CHECKED_STEPS} steps agree within {result['loss_difference']:.1e}" if result["agrees"] else
          f"  WRONG: the losses of {CHECKED_STEPS} steps differ by {result['loss_difference']:.1e}", file=out)
    if not result["agrees"]:
        return
    for what, prefix, key in (("wall time", "", "ratio"), ("processor time", "cpu_", "cpu_ratio")):
        ratio = result[key]
        verdict = "" if prefix else f", at least {result['target']} asked for: " + (
            "yes" if ratio["median"] >= result["target"] else "NO")
        print(f"  {what:14} {result[f'netc_{prefix}us']:9.1f} µs a step, PyTorch {result[f'pytorch_{prefix}us']:9.1f} µs; "
              f"{ratio['median']:5.2f} times faster ({ratio['lowest']:.2f} to {ratio['highest']:.2f} in "
              f"{len(ratio['all'])} rounds){verdict}", file=out)
    print(f"  {result['gflops']:.1f} GFLOP/s of processor time; the shortest measurement lasted "
          f"{result['shortest_measurement']:.2f} s", file=out, flush=True)


def quiet_core():
    """The core of this process's that is least busy now."""
    def idle():
        cores = {}
        for line in pathlib.Path("/proc/stat").read_text().splitlines():
            name, *numbers = line.split()
            if name.startswith("cpu") and name != "cpu":
                cores[int(name[3:])] = int(numbers[3])
        return cores
    before = idle()
    time.sleep(0.5)
    after = idle()
    return max(sorted(os.sched_getaffinity(0)), key=lambda core: after.get(core, 0) - before.get(core, 0))


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.machine()


def parse():
    parser = argparse.ArgumentParser(description="Training steps of netc against PyTorch eager, one thread each.")
    parser.add_argument("--random", type=int, metavar="SEED", help="three networks drawn from SEED instead of mnist.net")
    parser.add_argument("--count", type=int, default=3, metavar="N", help="how many networks --random draws (3)")
    parser.add_argument("--rounds", type=int, default=8, metavar="N", help="measurements of each side, 7 or more (8)")
    parser.add_argument("--json", action="store_true", help="an object a network; text goes to standard error")
    parser.add_argument("--core", type=int, metavar="N", help="the core to run on (the least busy one)")
    parser.add_argument("--keep", metavar="DIR", help="put the networks there and keep them, to profile them")
    parser.add_argument("--netc", default=os.environ.get("NETC", str(networks.ROOT / "build" / "netc")))
    parser.add_argument("--data", default=os.environ.get("NETC_DATA", str(networks.ROOT / "data")), metavar="DIR",
                        help="where MNIST lies")
    arguments = parser.parse_args()
    if arguments.rounds < 7:
        parser.error("--rounds: fewer than 7 say too little")
    arguments.netc, arguments.data = os.path.abspath(arguments.netc), os.path.abspath(arguments.data)
    if not os.access(arguments.netc, os.X_OK):
        parser.error(f"{arguments.netc} is no program: build netc, or name it with --netc")
    return arguments


def main():
    arguments = parse()
    core = quiet_core() if arguments.core is None else arguments.core
    load = os.getloadavg()[0]
    os.sched_setaffinity(0, {core})
    out = sys.stderr if arguments.json else sys.stdout
    print(f"{processor()}, core {core} of {os.cpu_count()}; load before the run {load:.1f}", file=out, flush=True)
    wrong = False
    with tempfile.TemporaryDirectory(prefix="netc-bench-") as temporary:
        folder = pathlib.Path(arguments.keep or temporary).resolve()
        if arguments.random is None:
            cases = [networks.mnist(arguments.data)]
        else:
            cases = networks.draw(arguments.random, arguments.count, folder)
        eager = Eager(sys.executable)
        for i, case in enumerate(cases):
            result = measure(case, eager, arguments, folder / f"program_{i + 1}")
            result |= {"processor": processor(), "load": load}
            wrong |= not result["agrees"]
            show(result, out)
            if arguments.json:
                print(json.dumps(result), flush=True)
        eager.close()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
