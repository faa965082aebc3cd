"""What is measured: a row for each case, with those who take part and what netc is asked for.

A case's name selects it on the command line; several rows may share it. `entrants` take turns, and ratios are taken to the
first of them. `targets` make the bench say yes or NO; who is meant is told by label.
"""
import dataclasses
import pathlib

import networks
from networks import Network

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True)
class Entrant:
    label: str
    peer: str                     # peer_NAME.py
    network: Network
    needs: str = ""               # the Python packages without which it cannot take part
    options: dict = dataclasses.field(default_factory=dict)
    threads: int = 1
    environment: dict = dataclasses.field(default_factory=dict)
    mode: str = "train"


# ---- What netc is asked for. Everything is the median of the rounds' ratios.

@dataclasses.dataclass(frozen=True)
class Faster:
    """`who` at least so many times as fast as `than`."""
    than: str
    at_least: float
    who: str = "netc"


@dataclasses.dataclass(frozen=True)
class Gain:
    """Two threads at least so many times as fast as one; to be measured only with both cores free: the FMA peak doubles."""
    at_least: float


@dataclasses.dataclass(frozen=True)
class Unharmed:
    """Two threads at most so many times as slow as one while another program has the second core."""
    at_most: float


@dataclasses.dataclass(frozen=True)
class Share:
    """At least this share of the FMA peak."""
    at_least: float
    who: str = "netc"


@dataclasses.dataclass(frozen=True)
class Level:
    """No entrant's share of the peak below this part of the best one's."""
    at_least: float


@dataclasses.dataclass(frozen=True)
class Within:
    """At most so many seconds."""
    at_most: float
    who: str


@dataclasses.dataclass(frozen=True)
class Linear:
    """From `middle` to `last`, a layer more costs at most so many times what it costs from `first` to `middle`."""
    first: str
    middle: str
    last: str
    at_most: float


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    title: str
    entrants: list
    targets: list
    unit: str = "step"
    shortest: float = 0.3         # seconds that a measurement lasts at least


    def named(self, target):
        """The labels that a target speaks of; those of a Gain and its like are all of the case's."""
        names = [getattr(target, field) for field in ("who", "than", "first", "middle", "last") if hasattr(target, field)]
        return names or [entrant.label for entrant in self.entrants]

    def among(self, labels):
        """The case with these only, beside the first and the FMA peak, and with the targets that they can meet."""
        kept = [entrant for i, entrant in enumerate(self.entrants)
                if i == 0 or entrant.peer == "peak" or entrant.label in labels]
        there = {entrant.label for entrant in kept}
        return dataclasses.replace(self, entrants=kept, targets=[t for t in self.targets if there.issuperset(self.named(t))])


# ---- Who takes part

PEERS = {    # label: file, packages, options
    "netc": ("netc", "", {}),
    "netc, own optimiser": ("netc", "", {}),
    "by hand": ("by_hand", "", {}),
    "PyTorch": ("pytorch", "torch", {}),
    "torch.compile": ("pytorch", "torch", {"compiled": True}),
    "JAX": ("jax", "jax", {}),
    "JAX step": ("jax", "jax", {}),
    "JAX scan": ("jax", "jax", {"scan": True}),
    "onnxruntime": ("onnxruntime", "onnxruntime onnx", {}),
    "FMA peak": ("peak", "", {}),
}
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "XLA_FLAGS": "--xla_cpu_max_isa=AVX2"}


def entrants(network, *labels, **changes):
    """By label; "NAME x2" has two threads."""
    out = []
    for label in labels:
        name, _, count = label.partition(" x")
        peer, needs, options = PEERS[name]
        threads = int(count or 1)
        out.append(Entrant(label, peer, network, needs, {**options, "threads": threads}, threads, **changes))
    return out


def held_to_avx2(some):
    return [dataclasses.replace(entrant, options={**entrant.options, "march": "x86-64-v3"}, environment=AVX2)
            for entrant in some]


# ---- The networks

SGD = {"name": "SGD", "lr": 0.02}
MOMENTUM = {"name": "SGD", "lr": 0.02, "momentum": 0.9, "weight_decay": 0.0005}
OWN = """optimizer Own(lr=0.01, momentum=0.0, weight_decay=0.0) {
    state velocity = zeros()
    update(p, g) {
        g = g + weight_decay * p
        velocity = momentum * velocity + g
        p = p - lr * velocity
    }
}
"""
MNIST = Network((784, 128, 64, 10), 64, 937, SGD, images=True)
ADAM = dataclasses.replace(MNIST, optimizer={"name": "Adam", "lr": 0.001})
WITH_MOMENTUM = dataclasses.replace(MNIST, optimizer=MOMENTUM)
WITH_OWN = dataclasses.replace(WITH_MOMENTUM, own_optimizer=OWN)
WIDE = Network((784, 1024, 1024, 10), 256, 16, SGD, images=True)
WIDTHS = (64, 128, 256, 512, 1024, 2048, 4096)
DEPTHS = (2, 4, 8, 16, 32, 64)


def predicting(batch):
    return Network((784, 128, 64, 10), batch, 4096 // batch, SGD)


def square(width, depth):
    widths = (width,) * (depth + 1)
    return Network(widths, 64, networks.epoch_length(widths, 64), SGD)


def of_distinct_layers(count):
    return Network(tuple(100 + 4 * i for i in range(count + 1)), 64, 4, SGD)


def compilation(label, network, **options):
    return Entrant(label, "netc", network, options=options, mode="compile")


# ---- The cases

ALL = ("netc", "by hand", "PyTorch", "PyTorch x2", "torch.compile", "JAX step", "JAX scan", "FMA peak")


def table(seed, count):
    """All of them; `seed` and `count` are those of the networks drawn at random."""
    return [
        Case("mnist", "784-128-64-10, batch 64, SGD", entrants(MNIST, *ALL),
             [Faster("by hand", 0.9), Faster("PyTorch", 6), Faster("JAX scan", 1.7)]),
        Case("adam", "784-128-64-10, batch 64, Adam", entrants(ADAM, *ALL),
             [Faster("by hand", 0.9), Faster("JAX scan", 1.4)]),
        Case("momentum", "784-128-64-10, batch 64, SGD with momentum and weight decay; an optimiser of the user's own",
             entrants(WITH_MOMENTUM, "netc") + entrants(WITH_OWN, "netc, own optimiser") +
             entrants(WITH_MOMENTUM, "PyTorch", "JAX scan", "FMA peak"),
             [Faster("PyTorch", 5), Faster("netc", 0.95, who="netc, own optimiser")]),
        Case("wide", "784-1024-1024-10, batch 256, SGD",
             entrants(WIDE, "netc", "netc x2", "PyTorch", "PyTorch x2", "JAX scan", "FMA peak"),
             [Share(0.75), Faster("PyTorch", 1), Faster("PyTorch x2", 1, who="netc x2")]),
        *(Case("random", f"{network.describe()}", entrants(network, "netc", "PyTorch", "JAX scan", "FMA peak"),
               [Faster("PyTorch", 2), Faster("JAX scan", 1)], shortest=0.15) for network in networks.draw(seed, count)),
        *(Case("inference", f"784-128-64-10 and softmax, batch {batch}",
               entrants(predicting(batch), "netc", "onnxruntime", "PyTorch", "JAX", "FMA peak", mode="predict"),
               [Faster("onnxruntime", ratio)], "call", 0.15) for batch, ratio in ((1, 3), (256, 1.3))),
        *(Case("threads", f"{network.describe()}, one thread and two",
               entrants(network, "netc", "netc x2") +
               [Entrant("netc x2, other core busy", "netc", network, "", {"threads": 2, "busy": True}, 2)] +
               entrants(network, "FMA peak", "FMA peak x2"),
               [Gain(1.35), Unharmed(1.1)]) for network in (MNIST, WIDE)),
        Case("avx2", "784-128-64-10, batch 64, SGD, all held to AVX2",
             held_to_avx2(entrants(MNIST, "netc", "by hand", "PyTorch", "JAX scan", "FMA peak")),
             [Faster("by hand", 0.75 * 0.9), Faster("PyTorch", 0.75 * 6), Faster("JAX scan", 0.75 * 1.7)]),
        Case("widths", "two layers as wide as their input, batch 64, SGD",
             [dataclasses.replace(entrant, label=f"{width}-{width}-{width}") for width in WIDTHS
              for entrant in entrants(square(width, 2), "netc")] + entrants(MNIST, "FMA peak"), [Level(0.5)], shortest=0.1),
        Case("depths", "many layers of 256, batch 64, SGD",
             [dataclasses.replace(entrant, label=f"{depth} layers") for depth in DEPTHS
              for entrant in entrants(square(256, depth), "netc")] + entrants(MNIST, "FMA peak"), [Level(0.5)], shortest=0.1),
        Case("compile", "from the text to the program: mnist.net, and networks whose layers all differ in size",
             [compilation("mnist.net", MNIST, file=str(ROOT / "examples" / "mnist.net"))] +
             [compilation(f"{layers} layers", of_distinct_layers(layers)) for layers in (2, 6, 16)],
             [Within(0.5, "mnist.net"), Linear("2 layers", "6 layers", "16 layers", 1.5)], "compilation", 0.1),
    ]
