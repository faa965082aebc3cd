"""PyTorch's side of the bench: eager, or the whole step through torch.compile.

Training as its users write it, without what a DataLoader would cost: one preloaded tensor, batches by index. Denormals are
flushed, as netc does, since they would slow PyTorch down for no good reason.
"""
import pathlib

import numpy
import safetensors.torch
import torch

import worker


def threads(count):
    torch.set_num_threads(count)
    if torch.get_num_interop_threads() != 1:
        torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)


def make_model(work):
    return torch.nn.Sequential(*(getattr(torch.nn, kind)(*arguments) for kind, *arguments in work["layers"]))


class Training:
    version = f"PyTorch {torch.__version__}"

    def __init__(self, work, options):
        threads(options.get("threads", 1))
        self.work, data = work, pathlib.Path(work["data"])
        self.x, self.y = (torch.from_numpy(numpy.load(data / f"{name}.npy")) for name in "xy")
        self.initial = safetensors.torch.load_file(pathlib.Path(work["folder"]) / "initial.safetensors")
        self.model, self.criterion = make_model(work), torch.nn.CrossEntropyLoss()
        self.optimizer = None
        self.compiled = options.get("compiled", False)
        self.restart()
        if self.compiled:
            self.step = torch.compile(self.step)
            try:
                self.train(3)
            except Exception as error:    # whatever its compilers raise
                raise worker.Unavailable(f"torch.compile fails: {str(error).strip().splitlines()[0]}") from error

    def restart(self):
        self.model.load_state_dict(self.initial, strict=True)
        if self.compiled and self.optimizer:    # another optimiser would be compiled anew
            for state in self.optimizer.state.values():
                for value in state.values():
                    value.zero_()
            return
        arguments = dict(self.work["optimizer"])
        self.optimizer = getattr(torch.optim, arguments.pop("name"))(self.model.parameters(), **arguments)

    def step(self, batch):
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(self.x[batch]), self.y[batch])
        loss.backward()
        self.optimizer.step()
        return loss

    def check(self, steps, save):
        self.restart()
        losses = []
        while len(losses) < steps:
            for batch in torch.arange(len(self.x)).split(self.work["batch"])[:steps - len(losses)]:
                losses.append(self.step(batch).item())
        safetensors.torch.save_file(self.model.state_dict(), save)
        return {"losses": losses}

    def train(self, steps):
        while steps > 0:
            for batch in torch.randperm(len(self.x)).split(self.work["batch"])[:steps]:
                self.step(batch)
                steps -= 1

    def time(self, count):
        self.restart()
        with worker.Stopwatch() as watch:
            self.train(count)
        return watch.answer(count)


class Prediction:
    version = Training.version

    def __init__(self, work, options):
        threads(options.get("threads", 1))
        self.batches = torch.from_numpy(numpy.load(pathlib.Path(work["data"]) / "x.npy")).split(work["batch"])
        self.model = make_model(work)
        self.model.load_state_dict(safetensors.torch.load_file(pathlib.Path(work["folder"]) / "initial.safetensors"))
        self.model.append(torch.nn.Softmax(1)).eval()

    @torch.inference_mode()
    def check(self, steps, save):
        safetensors.torch.save_file({"output": self.model(self.batches[0])}, save)
        return {"losses": []}

    @torch.inference_mode()
    def time(self, count):
        with worker.Stopwatch() as watch:
            for i in range(count):
                self.model(self.batches[i % len(self.batches)])
        return watch.answer(count)


if __name__ == "__main__":
    worker.serve(train=Training, predict=Prediction)
