"""Whole networks on batches that are known only at run time: loss and the gradient of every parameter, for several batches."""
import collections
import math

import tensors
from harness import Expected, to_torch, torch
from tensors import Tensor

nn = torch.nn if torch else None
F = nn.functional if torch else None
BATCHES = (1, 3, 64, 65)
SIZES = (1, 3, 4, 5, 8, 9, 16, 17, 33, 31)


def drawn(case, name, shape):
    """Parameters, about as large as a layer's initial ones."""
    bound = round(65536 / math.sqrt(shape[-1])) / 65536
    return tensors.numbers(f"{case}.{name}", shape, -bound, bound)


class NetworkCase:
    """net: the text. build(): the same in PyTorch. loss(output, target) in PyTorch. classes: of the targets, or None."""

    def __init__(self, name, net, build, loss, shape, target_shape=(), classes=None, batches=BATCHES):
        self.name, self.net, self.build, self.loss = name, net, build, loss
        self.shape, self.target_shape, self.classes, self.batches = shape, target_shape, classes, batches

    def covers(self):
        return self.net

    def batch(self, count):
        inputs = tensors.numbers(f"{self.name}.input{count}", (count, *self.shape), -2, 2)
        if self.classes:
            return inputs, tensors.labels(f"{self.name}.target{count}", count, self.classes)
        return inputs, tensors.numbers(f"{self.name}.target{count}", (count, *self.target_shape), -2, 2)

    def reference(self, dtype):
        model = self.build().to(dtype)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(to_torch(drawn(self.name, name, tuple(parameter.shape)), dtype))
        results = {}
        for count in self.batches:
            inputs, target = (to_torch(t, dtype) for t in self.batch(count))
            model.zero_grad()
            loss = self.loss(model(inputs), target)
            loss.backward()
            results[f"{count}/loss"] = loss.detach()
            for name, parameter in model.named_parameters():
                results[f"{count}/{name}"] = parameter.grad.clone()
        return results

    def expected(self):
        return Expected.of(self.reference)

    def check(self, session, dtype, expected):
        program = session.compile(self.name, self.net, dtype)
        shapes = {n.partition("/")[2]: t.shape for n, t in expected.values.items() if n.startswith(f"{self.batches[0]}/")}
        shapes.pop("loss")
        load = {name: drawn(self.name, name, shape) for name, shape in shapes.items()}
        for count in self.batches:
            got = session.gradients(program, *self.batch(count), load)
            for name in ["loss", *shapes]:
                session.compare(f"{self.name} {dtype}: batch {count}", got.get(name), expected, f"{count}/{name}", dtype)
            for name in set(got) - set(shapes) - {"loss"}:
                session.fail(f"{self.name}: PyTorch has no parameter {name}")


# ---- Every size in every place of a small network
TRIPLES = [(SIZES[i], SIZES[(i + 3) % 10], SIZES[(i + 7) % 10]) for i in range(10)]
ACTIVATIONS = ["relu", "tanh", "gelu", "silu", "elu"]

SIZES_NET = f"""
input  = Tensor(33)
target = Tensor(33)
module Small(sizes, f) {{
    first  = Linear(sizes[0], sizes[1])
    second = Linear(sizes[1], sizes[2], bias=sizes[2] > 3)
    forward(x) = second(f(first(x[:, :sizes[0]])))
}}
module All {{
    nets = [Small(sizes, f) for sizes, f in [{", ".join(f"({t}, {ACTIVATIONS[i % 5]})" for i, t in enumerate(TRIPLES))}]]
    forward(x) = [net(x) for net in nets]
}}
model = All()
def loss(outputs, target) = sum([mse_loss(output, target[:, :output.shape[1]]) for output in outputs])
"""


def sizes_model():
    class Small(nn.Module):
        def __init__(self, sizes, f):
            super().__init__()
            self.first = nn.Linear(sizes[0], sizes[1])
            self.second = nn.Linear(sizes[1], sizes[2], bias=sizes[2] > 3)
            self.size, self.f = sizes[0], f

        def forward(self, x):
            return self.second(self.f(self.first(x[:, :self.size])))

    class All(nn.Module):
        def __init__(self):
            super().__init__()
            functions = {"tanh": torch.tanh}
            self.nets = nn.ModuleList(Small(t, functions.get(ACTIVATIONS[i % 5]) or getattr(F, ACTIVATIONS[i % 5]))
                                      for i, t in enumerate(TRIPLES))

        def forward(self, x):
            return [net(x) for net in self.nets]

    return All()


def sizes_loss(outputs, target):
    return sum(F.mse_loss(output, target[:, :output.shape[1]]) for output in outputs)


# ---- Rows of every width, alone and with a batch
ROWS_NET = f"""
input  = Tensor(33)
target = Tensor(dtype=int64)
sizes  = {list(SIZES)}
module Row(size) {{
    weight = Parameter(size)
    shift  = Parameter(size)
    forward(x) {{
        y = x[:, :size] * weight
        y = layer_norm(y, size, weight, shift, 0.1) + softmax(y) + sigmoid(y) * y.max(dim=1, keepdim=True)
        return y + logsumexp(y, 1, keepdim=True) * norm(y, dim=1, keepdim=True) / 10 - y.mean(1).unsqueeze(1)
    }}
}}
module Rows {{
    rows = [Row(size) for size in sizes]
    forward(x) = [row(x) for row in rows]
}}
model = Rows()
def loss(outputs, target) = sum([cross_entropy(output, target % output.shape[1]) + mean(tanh(output)) for output in outputs])
"""


def rows_model():
    class Row(nn.Module):
        def __init__(self, size):
            super().__init__()
            self.size = size
            self.weight = nn.Parameter(torch.zeros(size))
            self.shift = nn.Parameter(torch.zeros(size))

        def forward(self, x):
            y = x[:, :self.size] * self.weight
            y = (F.layer_norm(y, (self.size,), self.weight, self.shift, 0.1) + F.softmax(y, 1)
                 + y.sigmoid() * y.max(1, keepdim=True).values)
            return y + y.logsumexp(1, keepdim=True) * y.norm(dim=1, keepdim=True) / 10 - y.mean(1).unsqueeze(1)

    class Rows(nn.Module):
        def __init__(self):
            super().__init__()
            self.rows = nn.ModuleList(Row(size) for size in SIZES)

        def forward(self, x):
            return [row(x) for row in self.rows]

    return Rows()


def rows_loss(outputs, target):
    return sum(F.cross_entropy(output, target % output.shape[1]) + output.tanh().mean() for output in outputs)


# ---- Losses, each with a layer of its own
WEIGHTS = [1.0, 0.5, 2.0, 0.25, 3.0, 1.5, 0.75]
CLASS_LOSSES = [
    ("CrossEntropyLoss()", lambda w: nn.CrossEntropyLoss()),
    ("CrossEntropyLoss(label_smoothing=0.1)", lambda w: nn.CrossEntropyLoss(label_smoothing=0.1)),
    (f"CrossEntropyLoss(weight={WEIGHTS})", lambda w: nn.CrossEntropyLoss(weight=w)),
    ("CrossEntropyLoss(ignore_index=2, reduction='sum')", lambda w: nn.CrossEntropyLoss(ignore_index=2, reduction="sum")),
    (f"CrossEntropyLoss({WEIGHTS}, 3, 'mean', 0.3)", lambda w: nn.CrossEntropyLoss(w, ignore_index=3, label_smoothing=0.3)),
    ("log_nll()", lambda w: lambda o, t: F.nll_loss(F.log_softmax(o, 1), t)),
    ("log_nll(ignore_index=1)", lambda w: lambda o, t: F.nll_loss(F.log_softmax(o, 1), t, ignore_index=1)),
    (f"log_nll(weight={WEIGHTS}, reduction='sum')",
     lambda w: lambda o, t: F.nll_loss(F.log_softmax(o, 1), t, w, reduction="sum")),
]
FLOAT_LOSSES = [
    ("MSELoss()", lambda w: nn.MSELoss()),
    ("MSELoss('sum')", lambda w: nn.MSELoss(reduction="sum")),
    ("SmoothL1Loss()", lambda w: nn.SmoothL1Loss()),
    ("SmoothL1Loss('sum', 0.25)", lambda w: nn.SmoothL1Loss(reduction="sum", beta=0.25)),
    ("L1Loss()", lambda w: nn.L1Loss()),
    ("L1Loss('sum')", lambda w: nn.L1Loss(reduction="sum")),
    ("HuberLoss()", lambda w: nn.HuberLoss()),
    ("HuberLoss('sum', 0.25)", lambda w: nn.HuberLoss(reduction="sum", delta=0.25)),
    ("of_parts(BCELoss())", lambda w: lambda o, t: F.binary_cross_entropy(o.sigmoid(), t.sigmoid())),
    (f"of_parts(BCELoss({WEIGHTS[:5]}, 'sum'))",
     lambda w: lambda o, t: F.binary_cross_entropy(o.sigmoid(), t.sigmoid(), w[:5], reduction="sum")),
    ("BCEWithLogitsLoss()", lambda w: nn.BCEWithLogitsLoss()),
    (f"BCEWithLogitsLoss({WEIGHTS[:5]}, 'sum', {WEIGHTS[2:]})",
     lambda w: nn.BCEWithLogitsLoss(w[:5], reduction="sum", pos_weight=w[2:])),
    ("of_logs(KLDivLoss(reduction='batchmean'))",
     lambda w: lambda o, t: F.kl_div(o.log_softmax(1), t.softmax(1), reduction="batchmean")),
    ("KLDivLoss('sum', log_target=True)", lambda w: nn.KLDivLoss(reduction="sum", log_target=True)),
    ("of_pairs(CosineEmbeddingLoss())", lambda w: of_pairs(nn.CosineEmbeddingLoss())),
    ("of_pairs(CosineEmbeddingLoss(0.2, 'sum'))", lambda w: of_pairs(nn.CosineEmbeddingLoss(0.2, reduction="sum"))),
    ("of_triplets(TripletMarginLoss())", lambda w: of_triplets(nn.TripletMarginLoss())),
    ("of_triplets(TripletMarginLoss(0.5, 1, 1e-4, True, 'sum'))",
     lambda w: of_triplets(nn.TripletMarginLoss(0.5, 1, 1e-4, True, reduction="sum"))),
]


def of_pairs(loss):
    return lambda o, t: loss(o[:, :2], o[:, 2:4], t[:, 0].sign())


def of_triplets(loss):
    return lambda o, t: loss(o[:, :3], o[:, 1:4], o[:, 2:])



def losses_net(losses, width, target):
    return f"""
input  = Tensor(9)
target = {target}
module LogNll(weight=None, ignore_index=-100, reduction='mean') {{
    likelihood = NLLLoss(weight, ignore_index, reduction)
    forward(output, target) = likelihood(LOGS(output), target)
}}
def log_nll(weight=None, ignore_index=-100, reduction='mean') = LogNll(weight, ignore_index, reduction)
def of_parts(f) = (output, target) -> f(sigmoid(output), sigmoid(target))
def of_logs(f) = (output, target) -> f(log_softmax(output), softmax(target))
def of_pairs(f) = (output, target) -> f((output[:, :2], output[:, 2:4]), sign(target[:, 0]))
def of_triplets(f) = (output, target) -> f((output[:, :3], output[:, 1:4], output[:, 2:]), target)
module Heads(count) {{
    heads = [Linear(9, {width}) for i in range(count)]
    forward(x) = stack([head(x) for head in heads], 1)
}}
model  = Heads({len(losses)})
losses = [{", ".join(text for text, _ in losses)}]
def loss(output, target) = sum([f(output[:, i], target) for i, f in enumerate(losses)])
""".replace("LOGS", "log_softmax")


def losses_model(losses, width):
    class Heads(nn.Module):
        def __init__(self):
            super().__init__()
            self.heads = nn.ModuleList(nn.Linear(9, width) for _ in losses)

        def forward(self, x):
            return torch.stack([head(x) for head in self.heads], 1)

    return Heads()


def losses_of(losses):
    def loss(output, target):
        weight = torch.tensor(WEIGHTS, dtype=output.dtype)
        return sum(make(weight)(output[:, i], target) for i, (_, make) in enumerate(losses))
    return loss


# ---- Layers that contain, reshape and share
LAYERS_NET = """
input  = Tensor(2, 3, 4)
target = Tensor(3)
module Blocks {
    layers = ModuleList([Linear(14, 14) for i in range(2)])
    shared = Linear(14, 14, bias=False)
    forward(x) {
        for layer in layers {
            x = tanh(shared(layer(x)))
        }
        return x
    }
}
model = Sequential(
    flat = Flatten(2),
    lin  = LazyLinear(7),
    Identity(),
    act  = PReLU(2),
    res  = Residual(Linear(7, 5), Tanh(), Linear(5, 7)),
    unf  = Unflatten(1, (2, 1)),
    Flatten(),
    drop = Dropout(0.0),
    blocks = Blocks(),
    one  = PReLU(),
    out  = Linear(_, 3, bias=False),
)
loss = MSELoss()
"""


def layers_model():
    class Residual(nn.Sequential):
        def forward(self, x):
            return x + super().forward(x)

    class Blocks(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(14, 14) for _ in range(2)])
            self.shared = nn.Linear(14, 14, bias=False)

        def forward(self, x):
            for each in self.layers:
                x = torch.tanh(self.shared(each(x)))
            return x

    return nn.Sequential(collections.OrderedDict([
        ("flat", nn.Flatten(2)), ("lin", nn.Linear(4 * 3, 7)), ("2", nn.Identity()), ("act", nn.PReLU(2)),
        ("res", Residual(nn.Linear(7, 5), nn.Tanh(), nn.Linear(5, 7))), ("unf", nn.Unflatten(1, (2, 1))), ("6", nn.Flatten()),
        ("drop", nn.Dropout(0.0)), ("blocks", Blocks()), ("one", nn.PReLU()), ("out", nn.Linear(14, 3, bias=False))]))


# ---- Tables and products of two inputs
TABLES_NET = """
input  = Tensor(3, 8)
target = Tensor(5)
module Tables {
    places = Embedding(11, 4)
    padded = Embedding(6, 4, padding_idx=2)
    pairs  = Bilinear(4, 4, 5)
    mixed  = Bilinear(_, _, 5, bias=False)
    spread = PixelShuffle(2)
    forward(x) {
        a = places((abs(x) * 5).long())[:, 0]
        b = padded((abs(x) * 2.9).long()).mean(2)
        c = spread(b.reshape(x.shape[0], 12, 1, 1)).reshape(x.shape[0], 3, 4)
        return (pairs(a[:, :3], b) + mixed(c, tanh(a[:, 3:6]))).mean(1)
    }
}
model = Tables()
loss  = MSELoss()
"""


def tables_model():
    class Tables(nn.Module):
        def __init__(self):
            super().__init__()
            self.places = nn.Embedding(11, 4)
            self.padded = nn.Embedding(6, 4, padding_idx=2)
            self.pairs = nn.Bilinear(4, 4, 5)
            self.mixed = nn.Bilinear(4, 4, 5, bias=False)
            self.spread = nn.PixelShuffle(2)

        def forward(self, x):
            a = self.places((x.abs() * 5).long())[:, 0]
            b = self.padded((x.abs() * 2.9).long()).mean(2)
            c = self.spread(b.reshape(-1, 12, 1, 1)).reshape(-1, 3, 4)
            return (self.pairs(a[:, :3], b) + self.mixed(c, a[:, 3:6].tanh())).mean(1)

    return Tables()


# ---- Functions whose axes include the batch
BATCH_NET = """
input  = Tensor(5)
target = Tensor(4)
module Net {
    lin = Linear(5, 4)
    forward(x) {
        plain = lin(x)
        y = (plain - plain.mean(0)) / sqrt(var(plain, dim=0, unbiased=False) + 0.1)        # reductions over the batch
        z = y.view(x.shape[0], 2, 2).transpose(1, 2).reshape(-1, 2) @ y.T[:2, :].mean(dim=1).view(2, 1).repeat(1, 2)
        return z.view(-1, 4) + plain + sum(y) / x.shape[0] + logsumexp(y, dim=0) + max(y, dim=0) + norm(y, dim=0)
    }
}
model = Net()
loss  = MSELoss()
"""


def batch_model():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.lin = nn.Linear(5, 4)

        def forward(self, x):
            plain = self.lin(x)
            y = (plain - plain.mean(0)) / (plain.var(0, correction=0) + 0.1).sqrt()
            z = y.view(x.shape[0], 2, 2).transpose(1, 2).reshape(-1, 2) @ y.T[:2, :].mean(dim=1).view(2, 1).repeat(1, 2)
            return z.view(-1, 4) + plain + y.sum() / x.shape[0] + y.logsumexp(0) + y.max(0).values + y.norm(dim=0)

    return Net()


# ---- What is wrong only while the program runs: the batch, and what is said
CHECKS = [
    ("model = Linear(4, 3)\nloss = CrossEntropyLoss()\ntarget = Tensor(dtype=int64)", "(N, 4)", [1, 3],
     "a label is outside 0 … 2: the model has 3 outputs"),
    ("model = Linear(4, 1)\nloss = BCEWithLogitsLoss()\ntarget = Tensor(dtype=int64)", "(N, 4)", [1, 2],
     "a label is neither 0 nor 1"),
    ("model = Linear(4, 1)\nloss = BCELoss()\ntarget = Tensor(dtype=int64)", "(N, 4)", [1, 0],
     "an output of a binary cross-entropy is not between 0 and 1"),
    ("model = Sequential(Linear(4, 3), BatchNorm1d(3))\ntarget = Tensor(dtype=int64)", "(N, 4)", [1],
     "a batch norm cannot learn from one sample"),
    ("model = Embedding(4, 3)\ntarget = Tensor(dtype=int64)", "(N,)", [1, 0, 2],
     "an index is outside 0 … 3: the embedding has 4 rows"),
    ("model = x -> gather(x, 1, x.long())[:, :1]\nloss = (o, t) -> mean(o) + mean(p) * 0\np = Parameter(1)", "(N, 4)",
     [1, 0], "gather: an index is outside 0 … 3"),
]


class CheckCase:
    name = "checks"

    def covers(self):
        return " ".join(text for text, *_ in CHECKS)

    def expected(self):
        return Expected()

    def check(self, session, dtype, expected):
        for i, (text, shape, target, message) in enumerate(CHECKS):
            program = session.compile(f"{self.name}{i}", text + "\n" + ("input = Tensor(4)" if "4" in shape else
                                                                       "input = Tensor(dtype=int64)"), dtype)
            count = len(target)
            session.write("input.npy", tensors.numbers("checks.input", (count, 4), 4, 9) if "4" in shape else
                          Tensor((count,), range(3, 3 + count), integer=True))
            session.write("target.npy", Tensor((count,), target, integer=True))
            done = session.run(program, "grad", "--input", "input.npy", "--target", "target.npy", "-o", "g.safetensors",
                               expect=1)
            if message not in done.stderr:
                session.fail(f"checks {dtype}: expected '{message}', got: {done.stderr}")


# ---- Random functions: their distribution, and that the gradient uses the same draw
class RandomCase:
    name = "random"
    net = """
module Draws {
    x = Parameter(100, 100, init=ones())
    u = Parameter(100, 100, init=ones())
    n = Parameter(100, 100, init=ones())
    p = Parameter(50, 40, 5, init=ones())
    drop = Dropout(0.25)
    planes = Dropout2d(0.25)
    forward(input) {
        uniforms = (rand(100, 100) + rand_like(u)) / 2
        normals = (randn(100, 100) + randn_like(n)) / sqrt(2)
        drawn = sum(drop(x)) + sum(planes(p)) + sum(u * uniforms) + sum(n * normals)
        return input * 0 + drawn + sum(dropout(x, 0.25)) * 0
    }
}
input  = Tensor(1)
target = Tensor(1)
model  = Draws()
loss   = (output, target) -> mean(output)
"""

    def covers(self):
        return self.net

    def expected(self):
        return Expected()

    def check(self, session, dtype, expected):
        program = session.compile(self.name, self.net, dtype)
        one = Tensor((1, 1), [1.0])
        got = session.gradients(program, one, one)
        kept = sum(1 for value in got["x"].values if value)
        if {round(value, 5) for value in got["x"].values} != {0.0, round(4 / 3, 5)} or not 7300 < kept < 7700:
            session.fail(f"random {dtype}: dropout kept {kept} of 10000, expected about 7500, scaled by 4 / 3")
        planes = [got["p"].values[i:i + 5] for i in range(0, 10000, 5)]
        kept = sum(1 for plane in planes if plane[0])
        if any(len(set(plane)) > 1 for plane in planes) or not 1400 < kept < 1600:
            session.fail(f"random {dtype}: dropout2d kept {kept} of 2000 channels, expected about 1500 and each as a whole")
        for name, mean, std in (("u", 0.5, math.sqrt(1 / 24)), ("n", 0.0, 1.0)):
            values = got[name].values
            average = sum(values) / len(values)
            spread = math.sqrt(sum((value - average) ** 2 for value in values) / len(values))
            if abs(average - mean) > 5 * std / 100 or abs(spread - std) > 0.05 * std:
                session.fail(f"random {dtype}: {name} has mean {average:.4f} and deviation {spread:.4f}, "
                             f"expected {mean} and {std:.4f}")


def cases():
    return [
        NetworkCase("sizes", SIZES_NET, sizes_model, sizes_loss, (33,), (33,)),
        NetworkCase("rows", ROWS_NET, rows_model, rows_loss, (33,), classes=33),
        NetworkCase("class_losses", losses_net(CLASS_LOSSES, 7, "Tensor(dtype=int64)"), lambda: losses_model(CLASS_LOSSES, 7),
                    losses_of(CLASS_LOSSES), (9,), classes=7),
        NetworkCase("float_losses", losses_net(FLOAT_LOSSES, 5, "Tensor(5)"), lambda: losses_model(FLOAT_LOSSES, 5),
                    losses_of(FLOAT_LOSSES), (9,), (5,)),
        NetworkCase("layers", LAYERS_NET, layers_model, nn and nn.MSELoss(), (2, 3, 4), (3,)),
        NetworkCase("tables", TABLES_NET, tables_model, nn and nn.MSELoss(), (3, 8), (5,)),
        NetworkCase("batch_axis", BATCH_NET, batch_model, nn and nn.MSELoss(), (5,), (4,), batches=(3, 64, 65)),
        CheckCase(), RandomCase(),
    ]
