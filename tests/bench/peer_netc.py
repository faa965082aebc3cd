"""netc's side of the bench: the compiled program itself, a process for each measurement.

Its time is that of whole epochs after one to warm up, with the drawing of the order and the gathering of the batches. The
processor time is that of the whole process less that of a run of one step.
"""
import json
import pathlib
import statistics

import worker


class Training:
    def __init__(self, work, options):
        self.work, self.threads = work, options.get("threads", 1)
        self.folder = pathlib.Path(work["folder"])
        march = options.get("march")
        self.program = self.folder / ("program" + (f"_{march}" if march else ""))
        flags = [f"-march={march}"] if march else []
        worker.run([work["netc"], "network.net", "-o", self.program, *flags], self.folder)
        self.version = worker.run([work["netc"], "--version"], self.folder)[0].split("\n", maxsplit=1)[0]
        self.steps = work["samples"] // work["batch"]
        self.start_cpu = statistics.median(self.train("--no-save", "--steps", 1)[1] for _ in range(3))

    def train(self, *arguments):
        output, cpu = worker.run([self.program, "train", "--threads", self.threads, "--json", "--data", self.work["data"],
                                  "--load", self.folder / "initial.safetensors", *arguments], self.folder)
        return [json.loads(line) for line in output.splitlines()], cpu

    def check(self, steps, save):
        lines, _ = self.train("--no-shuffle", "--steps", steps, "--epochs", steps, "--log-every", 1, "--save", save)
        return {"losses": [line["loss"] for line in lines if "loss" in line]}

    def time(self, count):
        """Whole epochs. --steps leaves the evaluations out; an epoch that it cuts off is not reported, so it goes one step past the last."""
        epochs = -(-count // self.steps)
        steps = (1 + epochs) * self.steps
        lines, cpu = self.train("--no-save", "--epochs", epochs + 2, "--steps", steps + 1)
        seconds = sum(self.work["samples"] / line["samples_per_second"] for line in lines[1:])
        units = epochs * self.steps
        return {"seconds": seconds, "cpu": max(cpu - self.start_cpu, 0) * units / (steps + 1), "units": units}


if __name__ == "__main__":
    worker.serve(train=Training)
