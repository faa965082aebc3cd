"""PyTorch's side of the benchmark: a process that holds the samples and the model and answers requests, a JSON line each.

    {"do": "open", "case": {…}, "parameters": FILE}    {"version": …}
    {"do": "losses", "steps": 20}                      {"losses": […]}: batches in order, from the initial parameters
    {"do": "time", "warm": 1, "epochs": 3}             {"seconds": …, "cpu": …, "steps": …}: shuffled epochs, likewise

Training as its users write it, without what a DataLoader would cost: one preloaded tensor, batches by index. One thread;
denormals are flushed, as netc does, since they would slow PyTorch down for no good reason.
"""
import collections
import gzip
import json
import pathlib
import sys
import time

import numpy
import safetensors.torch
import torch


def read_idx(folder, name, header):
    for place in (folder / "mnist", folder / "MNIST" / "raw", folder):
        for path in (place / f"{name}-ubyte", place / f"{name.replace('-idx', '.idx')}-ubyte"):
            if path.exists():
                return numpy.frombuffer(path.read_bytes(), "u1", offset=header)
            if path.with_name(path.name + ".gz").exists():
                return numpy.frombuffer(gzip.decompress(path.with_name(path.name + ".gz").read_bytes()), "u1", offset=header)
    raise FileNotFoundError(f"no {name}-ubyte in {folder}: './setup data' fetches it")


def read_samples(data):
    if "npy" in data:
        folder = pathlib.Path(data["npy"])
        return torch.from_numpy(numpy.load(folder / "x.npy")), torch.from_numpy(numpy.load(folder / "y.npy"))
    folder = pathlib.Path(data["mnist"])
    images = read_idx(folder, "train-images-idx3", 16).reshape(-1, 1, 28, 28)
    images = (images.astype("f4") / 255 - 0.1307) / 0.3081
    labels = read_idx(folder, "train-labels-idx1", 8).astype("i8")
    return torch.from_numpy(images.astype("f4")), torch.from_numpy(labels)


class Training:
    def __init__(self, case, parameters):
        self.case = case
        self.x, self.y = read_samples(case["data"])
        if len(self.x) != case["samples"]:
            raise ValueError(f"{len(self.x)} samples, expected {case['samples']}")
        self.model = torch.nn.Sequential(collections.OrderedDict(
            (layer[0], getattr(torch.nn, layer[1])(*layer[2:])) for layer in case["layers"]))
        self.initial = safetensors.torch.load_file(parameters)
        self.criterion = torch.nn.CrossEntropyLoss()
        self.restart()

    def restart(self):
        self.model.load_state_dict(self.initial, strict=True)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=self.case["lr"], momentum=self.case["momentum"])

    def step(self, batch):
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(self.x[batch]), self.y[batch])
        loss.backward()
        self.optimizer.step()
        return loss

    def losses(self, steps):
        self.restart()
        losses = []
        while len(losses) < steps:
            for batch in torch.arange(len(self.x)).split(self.case["batch"])[:steps - len(losses)]:
                losses.append(self.step(batch).item())
        return {"losses": losses}

    def epochs(self, count):
        steps = 0
        for _ in range(count):
            for batch in torch.randperm(len(self.x)).split(self.case["batch"]):
                self.step(batch)
                steps += 1
        return steps

    def time(self, warm, epochs):
        self.restart()
        self.epochs(warm)
        wall, cpu = time.perf_counter(), time.process_time()
        steps = self.epochs(epochs)
        return {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "steps": steps}


def main():
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)
    training = None
    for line in sys.stdin:
        request = json.loads(line)
        do = request.pop("do")
        if do == "open":
            training = Training(request["case"], request["parameters"])
            answer = {"version": torch.__version__}
        else:
            answer = getattr(training, {"losses": "losses", "time": "time"}[do])(**request)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
