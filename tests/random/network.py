"""A network as it is being drawn: members of modules, lines of forwards, and the two texts that come of them."""
import dataclasses
import math

import tables

LARGE = 12.0        # values above are squashed by the next line, so that nothing overflows or drowns in rounding


def both(text, **names):
    """(.net, PyTorch) of a row of tables.py with its names filled in."""
    net, python = text if isinstance(text, tuple) else (text, text)
    return net.format(**names), python.format(**names)


class Value:
    """A tensor in a forward: shape is without the batch; size is about the largest number in it."""

    def __init__(self, name, shape, size, dtype="float"):
        self.name, self.shape, self.size, self.dtype = name, tuple(shape), size, dtype
        self.uses = 0

    @property
    def count(self):
        return math.prod(self.shape)

    def __str__(self):
        self.uses += 1
        return self.name


class Module:
    """A module class: its members in the order in which they draw, and its forward."""

    def __init__(self, rng, name, arguments=""):
        self.rng, self.name, self.arguments = rng, name, arguments
        self.members, self.lines, self.values = [], [], []
        self.shareable = []         # (text of a call, shape in, shape out, whether it is for the last axis alone)
        self.features = set()
        self.counter = 0
        self.blocks = []            # modules that members of this one are made of
        self.inputs = ["x"]
        self.result = None          # what forward returns, in .net and in PyTorch
        self.random = False         # draws numbers in its forward that decide results: PyTorch's are others

    def chance(self, p):
        return self.rng.random() < p

    def fresh(self, stem):
        self.counter += 1
        return f"{stem}{self.counter}"

    def member(self, stem, text):
        """A layer or parameter; its name with `self.` before it."""
        name = self.fresh(stem)
        self.members.append((name, *(text if isinstance(text, tuple) else (text, text))))
        return f"self.{name}"

    def let(self, text, shape, size=1.0, **names):
        net, python = both(text, **names)
        if size > LARGE:
            squash = self.rng.choice(["softsign({})", "tanh({} / 8)", "sin({} / 4)", "{} / 40"])
            net, python, size = squash.format(f"({net})"), squash.format(f"({python})"), 1.0
        value = Value(self.fresh("v"), shape, size)
        self.lines.append((value.name, net, python))
        self.values.append(value)
        return value

    def pick(self, fits=lambda value: True):
        """A value, most often a late one or one that nothing has used yet; None if none fits."""
        found = [value for value in self.values if fits(value)]
        if not found:
            return None
        idle = [value for value in found if not value.uses]
        if idle and self.chance(0.6):
            return self.rng.choice(idle)
        return found[-1] if self.chance(0.5) else self.rng.choice(found)

    # ---- Texts
    def construction(self):
        return f"model = {self.name}()"

    def net_text(self):
        inner = "".join(block.net_text() for block in self.blocks)
        lines = [f"    {name} = {text}" for name, text, _ in self.members]
        lines.append(f"    forward({', '.join(self.inputs)}) {{")
        lines += [f"        {name} = {text.replace('self.', '')}" for name, text, _ in self.lines]
        return f"{inner}module {self.name}{f'({self.arguments})' if self.arguments else ''} {{\n" + "\n".join(lines) + (
            f"\n        return {self.result[0].replace('self.', '')}\n    }}\n}}\n")

    def torch_text(self):
        inner = "".join(block.torch_text() for block in self.blocks)
        lines = [f"        self.{name} = {text}" for name, _, text in self.members]
        arguments = f"self, {self.arguments}" if self.arguments else "self"
        head = f"class {self.name}(nn.Module):\n    def __init__({arguments}):\n        super().__init__()\n"
        forward = [f"    def forward({', '.join(['self', *self.inputs])}):"]
        forward += [f"        {name} = {text}" for name, _, text in self.lines]
        return f"{inner}{head}" + "\n".join(lines + forward) + f"\n        return {self.result[1]}\n\n\n"


# ---- The whole
@dataclasses.dataclass
class Input:
    """What is fed: float | tokens | bytes | target classes …; the numbers are drawn from the network's own generator."""
    name: str
    kind: str
    shape: tuple
    classes: int = 0


@dataclasses.dataclass
class Network:
    seed: int
    index: int
    net: str
    python: str
    inputs: list
    target: Input
    rows: int                   # of training
    test_rows: int
    batch: int
    epochs: int
    shuffle: bool
    drop_last: bool
    gradient_batch: int
    torch_seed: int
    normalize: tuple = None
    clip: dict = dataclasses.field(default_factory=dict)
    accumulate: int = 1
    random: bool = False        # compared with netc's own -O0 instead of PyTorch, whose draws are others
    features: set = dataclasses.field(default_factory=set)

    @property
    def name(self):
        return f"{self.seed}:{self.index}"


def initialiser(rng, rank):
    matrices = [init for init in tables.MATRIX_INITIALISERS if rank == 2 or init != "eye()"]
    return rng.choice(tables.INITIALISERS + (matrices * 2 if rank > 1 else []))
