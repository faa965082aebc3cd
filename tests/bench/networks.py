"""What is measured: mnist.net, and networks drawn at random, each as .net text, as a data set and as PyTorch needs it.

A drawn network reads floats from .npy files, so that both sides hold the same numbers in the same form. mnist.net keeps the
bytes of MNIST, as netc does, while PyTorch gets what its users prepare: one f32 tensor, normalised beforehand.
"""
import dataclasses
import math
import pathlib
import random

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACTIVATIONS = ("ReLU", "Tanh", "Sigmoid")


@dataclasses.dataclass
class Case:
    name: str
    net: str                  # the text of the .net file
    layers: list              # [name, class, *arguments] for each layer, as nn.Sequential takes them
    batch: int
    samples: int
    lr: float
    momentum: float
    target: float             # how many times faster than PyTorch a step must be
    data: dict = dataclasses.field(default_factory=dict)    # where PyTorch finds the samples

    @property
    def epoch_steps(self):
        return -(-self.samples // self.batch)

    def describe(self):
        sizes = [layer[2:] for layer in self.layers if layer[1] == "Linear"]
        between = [layer[1] for layer in self.layers if layer[1] in ACTIVATIONS]
        text = str(sizes[0][0])
        for i, (_, out) in enumerate(sizes):
            text += f"-{out}" + (f" {between[i]} " if i < len(between) else "")
        return f"{text}, batch {self.batch}, momentum {self.momentum:g}"


def mnist(data):
    """examples/mnist.net as it stands; the rate of its first epoch, which is all that the losses see."""
    layers = [["flatten", "Flatten"], ["fc1", "Linear", 784, 128], ["relu1", "ReLU"],
              ["fc2", "Linear", 128, 64], ["relu2", "ReLU"], ["fc3", "Linear", 64, 10]]
    return Case("mnist.net", (ROOT / "examples" / "mnist.net").read_text(), layers, 64, 60000, 0.02, 0.9, 2.0,
                {"mnist": str(data)})


def draw(seed, count, folder):
    """The networks of a seed: 2 to 5 Linear layers, widths 10 to 1024, batches 1 to 512."""
    rng = random.Random(seed)
    return [draw_one(rng, f"random {seed}.{i + 1}", pathlib.Path(folder) / f"random_{seed}_{i + 1}") for i in range(count)]


def draw_one(rng, name, folder):
    even = rng.random() < 0.5     # sizes drawn evenly, or evenly in their logarithm: else small ones hardly ever come

    def size(low, high):
        return rng.randint(low, high) if even else round(math.exp(rng.uniform(math.log(low), math.log(high))))

    widths = [size(10, 1024) for _ in range(rng.randint(2, 5) + 1)]
    batch, momentum = size(1, 512), rng.choice((0.0, 0.9))
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        if layers:
            layers.append([str(len(layers)), rng.choice(ACTIVATIONS)])
        layers.append([str(len(layers)), "Linear", inputs, outputs])

    samples = batch * epoch_length(widths, batch)
    folder.mkdir(parents=True, exist_ok=True)
    values = numpy.random.default_rng(rng.getrandbits(32))
    numpy.save(folder / "x.npy", values.uniform(-1, 1, (samples, widths[0])).astype("f4"))
    numpy.save(folder / "y.npy", values.integers(0, widths[-1], samples))
    text = ", ".join(f"{layer[1]}({', '.join(map(str, layer[2:]))})" for layer in layers)
    net = (f'data = NPY(x="x.npy", y="y.npy")\n'
           f"input = Tensor({widths[0]})\n"
           f"target = Tensor(dtype=int64)\n"
           f"model = Sequential({text})\n"
           f"loss = CrossEntropyLoss()\n"
           f"optimizer = SGD(lr=0.01, momentum={momentum})\n"
           f"train = Trainer(epochs=1, batch_size={batch}, shuffle=True, seed=0)\n")
    return Case(name, net, layers, batch, samples, 0.01, momentum, 1.5, {"npy": str(folder)})


def epoch_length(widths, batch):
    """Steps of an epoch: about 0.1 s of work, and not more data than 16 MB."""
    weights = sum(a * b for a, b in zip(widths, widths[1:]))
    step = max(6 * batch * weights / 50e9, 12 * weights / 10e9) + 2e-6
    return int(max(4, min(0.1 / step, 4e6 / (batch * widths[0]), 4096)))
