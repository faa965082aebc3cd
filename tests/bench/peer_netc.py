"""netc's side of the bench.

Training: the compiled program itself, a process for each measurement. Its time is that of whole epochs after one to warm up,
with the drawing of the order and the gathering of the batches. The processor time is that of the whole process less that of a
run of one step.

Prediction: netc_predict.c, linked with the network's object and the runtime.
"""
import contextlib
import json
import os
import pathlib
import statistics
import subprocess
import sys

import numpy
import safetensors.numpy

import worker


def compile_network(work, march, *arguments):
    if march == "x86-64-v3" and not worker.processor_has("avx2"):
        raise worker.Unavailable("it needs AVX2")
    worker.run([work["netc"], "network.net", *([f"-march={march}"] if march else []), *arguments], work["folder"])


def version(work):
    return worker.run([work["netc"], "--version"], work["folder"])[0].split("\n", maxsplit=1)[0]


@contextlib.contextmanager
def busy_core():
    """Another program that wants the last of this process's cores."""
    core = max(os.sched_getaffinity(0))
    spin = f"import os\nos.sched_setaffinity(0, {{{core}}})\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", spin]) as other:
        try:
            yield
        finally:
            other.kill()


class Training:
    def __init__(self, work, options):
        self.work, self.options = work, options
        self.folder = pathlib.Path(work["folder"])
        march = options.get("march")
        self.program = self.folder / ("program" + (f"_{march}" if march else ""))
        compile_network(work, march, "-o", self.program)
        self.version = version(work)
        self.steps = work["samples"] // work["batch"]
        self.start_cpu = statistics.median(self.train("--no-save", "--steps", 1)[1] for _ in range(3))

    def train(self, *arguments):
        threads = self.options.get("threads", 1)
        output, cpu = worker.run([self.program, "train", "--threads", threads, "--json", "--data", self.work["data"],
                                  "--load", self.folder / "initial.safetensors", *arguments], self.folder)
        return [json.loads(line) for line in output.splitlines()], cpu

    def check(self, steps, save):
        lines, _ = self.train("--no-shuffle", "--steps", steps, "--epochs", steps, "--log-every", 1, "--save", save)
        return {"losses": [line["loss"] for line in lines if "loss" in line]}

    def time(self, count):
        """Whole epochs. --steps leaves the evaluations out; an epoch that it cuts off is not reported, so it goes one step past
        the last."""
        epochs = -(-count // self.steps)
        steps = (1 + epochs) * self.steps
        with busy_core() if self.options.get("busy") else contextlib.nullcontext():
            lines, cpu = self.train("--no-save", "--epochs", epochs + 2, "--steps", steps + 1)
        seconds = sum(self.work["samples"] / line["samples_per_second"] for line in lines[1:])
        units = epochs * self.steps
        cpu = max(cpu - self.start_cpu, 0) * units / steps    # the run that is left out had one step, too
        return {"seconds": seconds, "cpu": cpu, "units": units}


class Prediction:
    def __init__(self, work, options):
        folder, march = pathlib.Path(work["folder"]), options.get("march")
        compile_network(work, march, "--emit=obj", "-o", folder / "network.o")
        self.version, self.shape = version(work), (work["batch"], work["layers"][-1][2])
        program, runtime = folder / "predict", pathlib.Path(work["netc"]).parent / "lib" / "netc" / "libnetrt.a"
        source = worker.HERE.parents[1] / "runtime"
        worker.compile_c(program, f"-I{source}", f"-I{source / 'include'}", worker.HERE / "netc_predict.c", folder / "network.o",
                         runtime, "-lm", "-pthread")
        self.program = worker.Program([program, folder / "initial.safetensors", work["data"], work["batch"],
                                       options.get("threads", 1)])

    def check(self, steps, save):
        self.program.ask(f"check {save}.f32")
        safetensors.numpy.save_file({"output": numpy.fromfile(f"{save}.f32", "f4").reshape(self.shape)}, save)
        return {"losses": []}

    def time(self, count):
        return self.program.time(count)


class Compilation:
    """Not of a network that is trained, but of a file: from the text to the finished program."""

    def __init__(self, work, options):
        self.version, self.folder = version(work), work["folder"]
        self.command = [work["netc"], options.get("file", "network.net"), "-o", "compiled"]

    def time(self, count):
        cpu = 0
        with worker.Stopwatch() as watch:
            for _ in range(count):
                cpu += worker.run(self.command, self.folder)[1]
        return {**watch.answer(count), "cpu": cpu}


if __name__ == "__main__":
    worker.serve(train=Training, predict=Prediction, compile=Compilation)
