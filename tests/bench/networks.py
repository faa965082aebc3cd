"""What is trained: a network of Linear layers with its batch, optimiser and data, as .net text and as the peers need it.

A network trains on images of MNIST or on random floats. Images stay bytes for netc and the program by hand, as in MNIST's
files; the others get what their users prepare: one f32 tensor, normalised beforehand. Random floats are .npy files, the same
for all.
"""
import dataclasses
import gzip
import math
import pathlib
import random

import numpy
import safetensors.numpy

ACTIVATIONS = ("ReLU", "Tanh", "Sigmoid")
MEAN, STD = 0.1307, 0.3081


@dataclasses.dataclass(frozen=True)
class Network:
    widths: tuple
    batch: int
    steps: int                  # of an epoch
    optimizer: dict             # of one of PyTorch's classes: its "name", and its arguments
    activations: tuple = ()     # ReLU all over if it is not given
    images: bool = False        # of MNIST; else random floats
    own_optimizer: str = ""     # .net text of an optimizer Own(…) that netc trains with instead
    seed: int = 0

    @property
    def layers(self):
        """[class, argument…] for each, as nn.Sequential takes them."""
        activations = self.activations or ("ReLU",) * (len(self.widths) - 2)
        layers = []
        for i, (inputs, outputs) in enumerate(zip(self.widths, self.widths[1:])):
            layers += [[activations[i - 1]]] if i else []
            layers.append(["Linear", inputs, outputs])
        return layers

    @property
    def flops(self):
        """Of the products of a step: forward, gradient of the weights, gradient of the inputs but the first layer's."""
        products = [a * b for a, b in zip(self.widths, self.widths[1:])]
        return 2 * self.batch * (3 * sum(products) - products[0])

    @property
    def predict_flops(self):
        return 2 * self.batch * sum(a * b for a, b in zip(self.widths, self.widths[1:]))

    def describe(self):
        text = str(self.widths[0])
        for i, width in enumerate(self.widths[1:]):
            text += (f" {self.activations[i - 1]} " if self.activations and i else "") + f"-{width}"
        arguments = ", ".join(f"{key}={value:g}" for key, value in self.optimizer.items() if key != "name")
        return f"{text}, batch {self.batch}, {self.optimizer['name']}({arguments})"

    def net(self):
        layers = ", ".join(f"{layer[0]}({', '.join(map(str, layer[1:]))})" for layer in self.layers)
        arguments = ", ".join(f"{key}={value}" for key, value in self.optimizer.items() if key != "name")
        data = f"IDX(images='x.idx', labels='y.idx', classes={self.widths[-1]}, normalize=({MEAN}, {STD}))" if self.images \
            else "NPY(x='x.npy', y='y.npy')"
        return (f"data = {data}\n"
                f"input = Tensor({self.widths[0]})\n" + ("" if self.images else "target = Tensor(dtype=int64)\n") +
                f"model = Sequential({layers})\n"
                f"loss = CrossEntropyLoss()\n{self.own_optimizer}"
                f"optimizer = {'Own' if self.own_optimizer else self.optimizer['name']}({arguments})\n"
                f"train = Trainer(epochs=1, batch_size={self.batch}, shuffle=True, seed=0)\n")


@dataclasses.dataclass(frozen=True)
class Work:
    """A network on disk: `folder` has network.net, initial.safetensors; `data` has x.npy, y.npy and for images x.idx, y.idx."""
    mode: str              # "train", "predict", "compile"
    folder: str
    data: str
    layers: list
    batch: int
    samples: int
    optimizer: dict
    netc: str              # the compiler


class Workshop:
    """Puts networks on disk; each of them, and each set of samples, once."""

    def __init__(self, folder, netc, mnist):
        self.folder, self.netc, self.mnist = pathlib.Path(folder), netc, pathlib.Path(mnist)
        self.folders = {}

    def work(self, network, mode="train"):
        text = network.net()
        folder = self.folders.get((text, network.seed))
        if not folder:
            folder = self.folders[text, network.seed] = self.folder / f"network_{len(self.folders) + 1}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "network.net").write_text(text, encoding="utf-8")
            safetensors.numpy.save_file(initial_parameters(network), folder / "initial.safetensors")
        samples = network.batch * network.steps
        data = self.images(samples) if network.images else self.floats(samples, network)
        return Work(mode, str(folder), str(data), network.layers, network.batch, samples, network.optimizer, self.netc)

    def images(self, count):
        """The first images of MNIST's training samples."""
        folder = self.folder / f"images_{count}"
        if not folder.exists():
            folder.mkdir(parents=True)
            images = read_idx(self.mnist, "train-images-idx3", 16).reshape(-1, 784)[:count]
            labels = read_idx(self.mnist, "train-labels-idx1", 8)[:count]
            write_idx(folder / "x.idx", images.reshape(-1, 28, 28))
            write_idx(folder / "y.idx", labels)
            numpy.save(folder / "x.npy", ((images.astype("f4") / 255 - MEAN) / STD).astype("f4"))
            numpy.save(folder / "y.npy", labels.astype("i8"))
        return folder

    def floats(self, count, network):
        inputs, classes = network.widths[0], network.widths[-1]
        folder = self.folder / f"floats_{count}_{inputs}_{classes}_{network.seed}"
        if not folder.exists():
            folder.mkdir(parents=True)
            values = numpy.random.default_rng(network.seed)
            numpy.save(folder / "x.npy", values.uniform(-1, 1, (count, inputs)).astype("f4"))
            numpy.save(folder / "y.npy", values.integers(0, classes, count))
        return folder


def initial_parameters(network):
    """Drawn as PyTorch's Linear draws them, by names of a state_dict."""
    values, parameters = numpy.random.default_rng(1), {}
    for i, layer in enumerate(network.layers):
        if layer[0] == "Linear":
            bound = layer[1] ** -0.5
            parameters[f"{i}.weight"] = values.uniform(-bound, bound, layer[:0:-1]).astype("f4")
            parameters[f"{i}.bias"] = values.uniform(-bound, bound, layer[2]).astype("f4")
    return parameters


def read_idx(folder, name, header):
    for place in (folder / "mnist", folder / "MNIST" / "raw", folder):
        for path in (place / f"{name}-ubyte", place / f"{name.replace('-idx', '.idx')}-ubyte"):
            if path.exists():
                return numpy.frombuffer(path.read_bytes(), "u1", offset=header)
            if path.with_name(path.name + ".gz").exists():
                return numpy.frombuffer(gzip.decompress(path.with_name(path.name + ".gz").read_bytes()), "u1", offset=header)
    raise SystemExit(f"bench: no {name}-ubyte in {folder}: './setup data' fetches it")


def write_idx(path, array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    path.write_bytes(header + array.tobytes())


def draw(seed, count):
    """The networks of a seed: 2 to 5 Linear layers, widths 10 to 1024, batches 1 to 512."""
    rng = random.Random(seed)
    return [draw_one(rng) for _ in range(count)]


def draw_one(rng):
    even = rng.random() < 0.5     # sizes drawn evenly, or evenly in their logarithm: else small ones hardly ever come

    def size(low, high):
        return rng.randint(low, high) if even else round(math.exp(rng.uniform(math.log(low), math.log(high))))

    widths = tuple(size(10, 1024) for _ in range(rng.randint(2, 5) + 1))
    batch, momentum = size(1, 512), rng.choice((0.0, 0.9))
    activations = tuple(rng.choice(ACTIVATIONS) for _ in widths[2:])
    return Network(widths, batch, epoch_length(widths, batch), {"name": "SGD", "lr": 0.01, "momentum": momentum}, activations,
                   seed=rng.getrandbits(32))


def epoch_length(widths, batch):
    """Steps of an epoch: about 0.1 s of work, and not more data than 16 MB."""
    weights = sum(a * b for a, b in zip(widths, widths[1:]))
    step = max(6 * batch * weights / 50e9, 12 * weights / 10e9) + 2e-6
    return int(max(4, min(0.1 / step, 4e6 / (batch * widths[0]), 4096)))
