"""What is measured: a row for each case, with those who take part and what netc is asked for.

A case's name selects it on the command line. `entrants` take turns; ratios are taken to the first of them. `targets` make the
bench say yes or NO.
"""
import dataclasses

from networks import Network

SGD = {"name": "SGD", "lr": 0.02}


@dataclasses.dataclass(frozen=True)
class Entrant:
    label: str
    peer: str                     # peer_NAME.py
    network: Network
    needs: str = ""               # the Python package without which it cannot take part
    options: dict = dataclasses.field(default_factory=dict)
    threads: int = 1
    environment: dict = dataclasses.field(default_factory=dict)
    mode: str = "train"


@dataclasses.dataclass(frozen=True)
class Faster:
    """By the median of paired ratios; `than` and `who` are labels."""
    than: str
    at_least: float
    who: str = "netc"


@dataclasses.dataclass(frozen=True)
class Share:
    """Of the FMA peak, as measured in the same round."""
    at_least: float
    who: str = "netc"


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    title: str
    entrants: list
    targets: list
    shortest: float = 0.3         # seconds that a measurement lasts at least
    unit: str = "step"


PEERS = {
    "netc": ("netc", "", {}),
    "by hand": ("by_hand", "", {}),
    "PyTorch": ("pytorch", "torch", {}),
    "torch.compile": ("pytorch", "torch", {"compiled": True}),
    "JAX step": ("jax", "jax", {}),
    "JAX scan": ("jax", "jax", {"scan": True}),
    "FMA peak": ("peak", "", {}),
}


def entrants(network, *labels):
    """By label; "NAME x2" has two threads."""
    out = []
    for label in labels:
        name, _, count = label.partition(" x")
        peer, needs, options = PEERS[name]
        threads = int(count or 1)
        out.append(Entrant(label, peer, network, needs, {**options, "threads": threads}, threads))
    return out


MNIST = Network((784, 128, 64, 10), 64, 937, SGD, images=True)
ADAM = dataclasses.replace(MNIST, optimizer={"name": "Adam", "lr": 0.001})
ALL = ("netc", "by hand", "PyTorch", "PyTorch x2", "torch.compile", "JAX step", "JAX scan", "FMA peak")


def table(seed, count):
    return [
        Case("mnist", "784-128-64-10, batch 64, SGD", entrants(MNIST, *ALL),
             [Faster("by hand", 0.9), Faster("PyTorch", 6), Faster("JAX scan", 1.7)]),
        Case("adam", "784-128-64-10, batch 64, Adam", entrants(ADAM, *ALL),
             [Faster("by hand", 0.9), Faster("JAX scan", 1.4)]),
    ]
