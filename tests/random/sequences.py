"""Networks that are one Sequential, in the ways in which the language spells it."""
import math

import moves
import tables
from network import Input, both


class Sequence:
    """Layers one after the other; has what a Module has for those who ask about members and texts."""

    def __init__(self, rng):
        self.rng = rng
        self.members, self.features, self.blocks = [], set(), []
        self.shape, self.size, self.random = (), 3.0, False
        self.spelling = rng.choice(["numbered", "named", "pairs"])

    def add(self, stem, net, python=None):
        name = str(len(self.members)) if self.spelling == "numbered" else f"{stem}{len(self.members)}"
        self.members.append((name, net, python or net))

    def net_text(self):
        return ""

    def torch_text(self):
        items = ",\n".join(f"        ({name!r}, {python})" for name, _, python in self.members)
        return f"def Net():\n    return Sequential(\n{items})\n\n\n"

    def construction(self):
        if self.spelling == "numbered":
            return f"model = Sequential({', '.join(net for _, net, _ in self.members)})"
        if self.spelling == "named":
            items = "".join(f"    {name}={net},\n" for name, net, _ in self.members)
            return f"model = Sequential(\n{items})"
        items = "".join(f"    ('{name}', {'nn.' if net.startswith('Linear') else ''}{net}),\n" for name, net, _ in self.members)
        return f"model = nn.Sequential(OrderedDict([\n{items}]))"


def linear(s, out=None):
    out = out or moves.a_size(s.rng, max(moves.LARGEST // (math.prod(s.shape[:-1])), 2))
    size = s.shape[-1]
    text = s.rng.choice([f"Linear({size}, {out})"] * 3 + [f"Linear(_, {out})", f"LazyLinear({out})"])
    s.add("fc", text, f"Linear({size}, {out})")
    s.shape, s.size = s.shape[:-1] + (out,), s.size * 0.6 + 0.5


def activation(s):
    layer, function, *numbers = s.rng.choice(tables.ACTIVATIONS)
    a = s.rng.choice(numbers[0]) if numbers else None
    form = s.rng.random()
    if form < 0.7:
        s.add("act", layer.format(a=a))
    elif form < 0.85 or "=" not in function:
        text = function.format(x="x", a=a)
        s.add("f", f"x -> {text}", f"lambda x: {text}")
    else:
        text = function.format(x="", a=a).replace("(, ", "(")
        s.add("f", text, f"lambda x: {function.format(x='x', a=a)}")


def normalised(s):
    layer, _ = s.rng.choice(tables.ROW_ACTIVATIONS)
    s.add("rows", layer.format(d=s.rng.choice([-1, s.rng.randrange(len(s.shape)) + 1])))
    s.size = 8.0 if "Log" in layer else 1.0


def reshaped(s):
    if len(s.shape) > 1:
        s.add("flat", s.rng.choice(["Flatten()", "Flatten(1)", "Flatten(start_dim=1, end_dim=-1)"]))
        s.shape = (math.prod(s.shape),)
        return
    n = s.shape[0]
    first = s.rng.choice([d for d in range(1, n + 1) if n % d == 0])
    s.add("unf", f"Unflatten(1, ({first}, {n // first}))")
    s.shape = (first, n // first)


def small(s):
    if s.shape[-1] % 2 == 0 and s.rng.random() < 0.4:
        s.add("glu", "GLU()")
        s.shape = s.shape[:-1] + (s.shape[-1] // 2,)
        return
    s.add("layer", s.rng.choice(["Identity()", "Dropout(0.0)", "PReLU()", f"PReLU({s.shape[0]}, init=0.3)"]))


def residual(s):
    width, inner = s.shape[-1], moves.a_size(s.rng, 40)
    layer, _, *numbers = s.rng.choice(tables.ACTIVATIONS)
    middle = both(layer, a=s.rng.choice(numbers[0]) if numbers else None)[0]
    text = f"(Linear({width}, {inner}), {middle}, Linear({inner}, {width}))"
    kind = s.rng.choice(["Residual", "Residual", "Sequential"])
    s.add("res", kind + text)
    if kind == "Residual":
        s.features.add("branch")
    s.size += 1


def a_sequence(rng, row):
    s = Sequence(rng)
    kind = rng.choice(["floats", "floats", "floats", "bytes"])
    shape = rng.choice([(moves.a_size(rng, 130),), (moves.a_size(rng, 20), moves.a_size(rng, 20)), (1, 5, 7), (3, 4, 4)])
    s.shape = shape
    steps = [linear, activation, activation, normalised, reshaped, small, residual]
    for _ in range(rng.choice([1, 2, 3, 4])):
        rng.choice(steps)(s)
        if s.size > 12:
            s.add("act", "Tanh()")
            s.size = 1.0
    if len(s.shape) > 1:
        s.add("flat", "Flatten()")
        s.shape = (math.prod(s.shape),)
    if not 2 <= s.shape[0] <= 40 or not any("Linear" in net for _, net, _ in s.members):
        linear(s, rng.choice([2, 3, 5, 10]) if row.target == "classes" else moves.a_size(rng, 34))
    if "softmax" in row.output or "sigmoid" in row.output:
        s.add("out", "LogSoftmax(dim=1)" if "softmax" in row.output else "Sigmoid()")
    return s, [Input("input", kind, shape)], s.shape[0], False
