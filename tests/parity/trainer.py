"""What the Trainer, options by path, ties and unusual losses make of some epochs of training, against PyTorch's own loops."""
import math

import tensors
from harness import Expected, json_lines, to_torch, torch

nn = torch.nn if torch else None
F = nn.functional if torch else None
ROWS = 23


def validation_rows(count, fraction):
    """Rows of training and of validation, as runtime/data/dataset.c draws them: SplitMix64, selection sampling."""
    mask = (1 << 64) - 1
    state = 0

    def draw():
        nonlocal state
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & mask
        return z ^ z >> 31

    for word in (ord("v"), count):
        state = draw() ^ word
    state = draw()
    wanted, kept, taken = int(fraction * count + 1e-6), [], []
    for i in range(count):
        chosen = (draw() >> 32) * (count - i) >> 32 < wanted - len(taken)
        (taken if chosen else kept).append(i)
    return kept, taken


def parameters_of(model):
    """(name, parameter) with every alias, in the order of construction."""
    return model.named_parameters(remove_duplicate=False)


class TrainerCase:
    """model: the text. build(): the same in PyTorch. loss(output, target, input). The rest is what PyTorch's loop needs."""

    def __init__(self, name, model, build, *, optimizer=("SGD(lr=0.1)", lambda m: torch.optim.SGD(m.parameters(), 0.1)),
                 loss=None, trainer="", inputs=((5,),), target=(3,), data="", epochs=3, batch=4, accumulate=1, drop_last=False,
                 norm=None, value=None, validation=0.0, shuffle=True, input_gradient=False,
                 per_step=None):
        self.name, self.model, self.build, self.optimizer = f"trainer_{name}", model, build, optimizer
        self.loss = loss or ("MSELoss()", lambda output, target, *inputs: F.mse_loss(output, target))
        self.trainer, self.inputs, self.target, self.data = trainer, inputs, target, data
        self.epochs, self.batch, self.accumulate, self.drop_last = epochs, batch, accumulate, drop_last
        self.norm, self.value, self.validation, self.shuffle = norm, value, validation, shuffle
        self.input_gradient = input_gradient    # the loss differentiates with respect to the input
        self.per_step = per_step                # called with (optimiser, step) before each step

    def covers(self):
        return f"{self.model} {self.optimizer[0]} {self.loss[0]} NPY Trainer"

    def x(self, i):
        return tensors.numbers(f"{self.name}.x{i}", (ROWS, *self.inputs[i]), -2, 2)

    def y(self):
        return tensors.numbers(f"{self.name}.y", (ROWS, *self.target), -2, 2)

    def reference(self, dtype):
        torch.manual_seed(7)
        model = self.build().to(dtype)
        start = {name: parameter.detach().float().clone() for name, parameter in parameters_of(model)}
        optimiser = self.optimizer[1](model)
        xs = [to_torch(self.x(i), dtype) for i in range(len(self.inputs))]
        y = to_torch(self.y(), dtype) if self.target is not None else xs[0]
        kept, taken = validation_rows(ROWS, self.validation)
        loader = torch.utils.data.DataLoader(kept, self.batch, shuffle=self.shuffle, drop_last=self.drop_last)
        losses, validation, steps = [], [], 0
        for _ in range(self.epochs):
            model.train()
            total = seen = 0
            optimiser.zero_grad()
            for i, rows in enumerate(loader):
                inputs = [x[rows].requires_grad_(self.input_gradient) for x in xs]
                loss = self.loss[1](model(*inputs), y[rows], *inputs)
                (loss / self.accumulate).backward()
                total, seen = total + loss.item() * len(rows), seen + len(rows)
                if (i + 1) % self.accumulate and i + 1 < len(loader):
                    continue
                if self.norm:
                    nn.utils.clip_grad_norm_(model.parameters(), self.norm)
                if self.value:
                    nn.utils.clip_grad_value_(model.parameters(), self.value)
                if self.per_step:
                    self.per_step(optimiser, steps)
                optimiser.step()
                optimiser.zero_grad()
                steps += 1
            losses.append(total / seen)
            model.eval()
            inputs = [x[taken].requires_grad_(self.input_gradient) for x in xs]
            validation.append(self.loss[1](model(*inputs), y[taken], *inputs).item() if taken else None)
        return start, {name: t.detach() for name, t in model.state_dict().items()}, losses, validation

    def expected(self):
        start, exact, losses, validation = self.reference(torch.float64)
        _, rounded, *_ = self.reference(torch.float32)
        result = Expected(facts={"losses": losses, "validation": validation})
        for name in exact:
            result.add(f"end/{name}", exact[name], rounded[name])
        for name in start:
            result.add(f"start/{name}", start[name])
        return result

    def net(self):
        one = len(self.inputs) == 1
        files = "'x0.npy'" if one else "[" + ", ".join(f"'x{i}.npy'" for i in range(len(self.inputs))) + "]"
        target = "y='y.npy'" if self.target is not None else "target='input'"
        trainer = f", {self.trainer}" if self.trainer else ""
        return (f"data = NPY(x={files}, {target}, validation={self.validation}{self.data})\n{self.model}\n"
                f"loss = {self.loss[0]}\noptimizer = {self.optimizer[0]}\n"
                f"train = Trainer(epochs={self.epochs}, batch_size={self.batch}, seed=7, shuffle={self.shuffle}{trainer})\n")

    def check(self, session, dtype, expected):
        for i in range(len(self.inputs)):
            session.write(f"x{i}.npy", self.x(i))
        if self.target is not None:
            session.write("y.npy", self.y())
        program = session.compile(self.name, self.net(), dtype)
        self.compare_start(session, program, dtype, expected)
        ends = []
        for threads in (1, 2):
            done = session.run(program, "train", "--save", "end.safetensors", "--threads", threads, "--json", "--quiet",
                               "--data", session.folder)
            ends.append((session.folder / "end.safetensors").read_bytes())
        if ends[0] != ends[1]:
            session.fail(f"{self.name} {dtype}: 1 and 2 threads give different parameters")
        got, _ = tensors.read_safetensors(session.folder / "end.safetensors")
        names = [name.partition("/")[2] for name in expected.values if name.startswith("end/")]
        session.compare_all(f"{self.name} {dtype}", {f"end/{name}": got.get(name) for name in names}, expected,
                            [f"end/{name}" for name in names], dtype)
        if set(got) != set(names):
            session.fail(f"{self.name} {dtype}: the file holds {sorted(got)}, PyTorch's state_dict {sorted(names)}")
        self.compare_losses(session, dtype, expected, json_lines(done.stdout))

    def compare_start(self, session, program, dtype, expected):
        session.run(program, "init", "-o", "start.safetensors")
        got, _ = tensors.read_safetensors(session.folder / "start.safetensors")
        for name in expected.values:
            if name.startswith("start/"):
                session.bitwise(f"{self.name} {dtype}", got.get(name.partition("/")[2]), expected, name)

    def compare_losses(self, session, dtype, expected, rows):
        limit = 1e-9 if dtype == "f64" else 1e-5
        if len(rows) != self.epochs:
            return session.fail(f"{self.name} {dtype}: {len(rows)} epochs were reported, expected {self.epochs}")
        for epoch, row in enumerate(rows):
            for key, fact in (("train_loss", "losses"), ("validation_loss", "validation")):
                want, value = expected.facts[fact][epoch], row.get(key)
                session.compared += 1
                if (value is None) != (want is None) or (want is not None and not abs(value - want) <= limit * abs(want)):
                    session.fail(f"{self.name} {dtype}: {key} of epoch {epoch + 1} is {value}, expected {want}")
        return None


# ---- Models
SMALL = "model = Sequential(Linear(5, 8), Tanh(), Linear(8, 3))"


def small():
    return nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3))


ADAM = ("Adam(lr=0.02, weight_decay=0.1)", lambda m: torch.optim.Adam(m.parameters(), 0.02, weight_decay=0.1))
MOMENTUM = ("SGD(lr=0.1, momentum=0.9)", lambda m: torch.optim.SGD(m.parameters(), 0.1, momentum=0.9))

# A layer with statistics of its batches: in accumulation they move with every batch.
RUNNING = """module Centred(size) {
    mean = Buffer(size, init=zeros())
    forward(x) {
        if training {
            mean = 0.8 * mean + 0.2 * stop_gradient(x.mean(0))
        }
        return x - mean
    }
}
model = Sequential(Linear(5, 6), Centred(6), Tanh(), Linear(6, 3))"""


def running():
    class Centred(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("mean", torch.zeros(6))

        def forward(self, x):
            if self.training:
                self.mean = 0.8 * self.mean + 0.2 * x.mean(0).detach()
            return x - self.mean

    return nn.Sequential(nn.Linear(5, 6), Centred(), nn.Tanh(), nn.Linear(6, 3))


# ---- Options by path, as PyTorch's parameter groups
GROUPS = """model = Sequential(
    body=Sequential(Linear(5, 8), Tanh(), Linear(8, 8), Tanh()), frozen=Linear(8, 8), head=Linear(8, 3))
model.**.bias.weight_decay = 0
model.body.lr_scale = 0.5
model.body.2.weight.momentum = 0
model.head.*.lr_scale = 3
model.head.bias.lr_scale = 2
model.frozen.requires_grad = False"""


def groups():
    body = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh())
    model = nn.Sequential()
    model.add_module("body", body)
    model.add_module("frozen", nn.Linear(8, 8))
    model.add_module("head", nn.Linear(8, 3))
    model.frozen.requires_grad_(False)
    return model


def group_optimiser(m):
    return torch.optim.SGD([
        {"params": [m.body[0].weight], "lr": 0.05}, {"params": [m.body[0].bias, m.body[2].bias], "lr": 0.05, "weight_decay": 0},
        {"params": [m.body[2].weight], "lr": 0.05, "momentum": 0}, {"params": [m.head.weight], "lr": 0.3},
        {"params": [m.head.bias], "lr": 0.2, "weight_decay": 0}], 0.1, momentum=0.9, weight_decay=0.1)


# ---- Ties: one parameter under two names, and one used as it is and transposed
TIED = """module Tied {
    a   = Linear(5, 5)
    b   = Linear(5, 5)
    enc = Linear(5, 4)
    out = Parameter(5)
    forward(x) {
        h = tanh(b(tanh(a(x))))
        return tanh(enc(h)) @ enc.weight + out
    }
}
model = Tied()
model.b.weight.weight_decay = 0.5
model.b.weight = model.a.weight
model.b.weight.lr_scale = 0.5
model.out = zeros()"""


def tied():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.enc = nn.Linear(5, 5), nn.Linear(5, 5), nn.Linear(5, 4)
            self.out = nn.Parameter(torch.zeros(5))
            self.b.weight = self.a.weight

        def forward(self, x):
            h = self.b(self.a(x).tanh()).tanh()
            return self.enc(h).tanh() @ self.enc.weight + self.out

    return Tied()


def tied_optimiser(m):
    rest = [p for p in m.parameters() if p is not m.a.weight]
    return torch.optim.Adam([{"params": [m.a.weight], "lr": 0.01}, {"params": rest}], 0.02, weight_decay=0.1)


# ---- Several inputs, tuples, losses that see the input
TWO_INPUTS = """module Two {
    a = Linear(5, 6)
    b = Linear(2, 6)
    c = Linear(6, 3)
    forward(x, z) = c(tanh(a(x) * b(z.flatten())))
}
model = Two()"""


def two_inputs():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = nn.Linear(5, 6), nn.Linear(2, 6), nn.Linear(6, 3)

        def forward(self, x, z):
            return self.c((self.a(x) * self.b(z.flatten(1))).tanh())

    return Two()


TUPLE = """module Pair {
    body = Linear(5, 4)
    back = Linear(4, 5)
    forward(x) {
        code = tanh(body(x))
        return back(code), code
    }
}
model = Pair()"""
TUPLE_LOSS = ("(output, target) -> mse_loss(output[0], target) + 0.1 * mean(abs(output[1]))",
              lambda output, target, x: F.mse_loss(output[0], target) + 0.1 * output[1].abs().mean())


def pair():
    class Pair(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.back = nn.Linear(5, 4), nn.Linear(4, 5)

        def forward(self, x):
            code = self.body(x).tanh()
            return self.back(code), code

    return Pair()


PENALTY = ("(output, target, x) -> mse_loss(output, target) + 0.3 * mean(sum(grad(sum(output), x) ** 2, dim=1))",
           lambda output, target, x: F.mse_loss(output, target)
           + 0.3 * (torch.autograd.grad(output.sum(), x, create_graph=True)[0] ** 2).sum(1).mean())


def schedule(optimiser, step):
    optimiser.param_groups[0]["lr"] = 0.1 * (0.5 + 0.5 * math.cos(math.pi * step / 6))


def cases():
    case = TrainerCase
    return [
        case("accumulate", SMALL, small, trainer="accumulate=3", accumulate=3, optimizer=MOMENTUM),
        case("accumulate_adam", SMALL, small, trainer="accumulate=4, drop_last=True", accumulate=4, drop_last=True, batch=3,
             optimizer=ADAM),
        case("accumulate_clip", SMALL, small, trainer="accumulate=2, clip_grad_norm=0.4, clip_grad_value=0.1", accumulate=2,
             norm=0.4, value=0.1, optimizer=ADAM),
        case("accumulate_schedule", SMALL, small, trainer="accumulate=3", accumulate=3, per_step=schedule,
             optimizer=("SGD(lr=0.1 * cosine_annealing(step, steps))", lambda m: torch.optim.SGD(m.parameters(), 0.1))),
        case("accumulate_buffers", RUNNING, running, trainer="accumulate=2", accumulate=2, optimizer=MOMENTUM, validation=0.2),
        case("clip_norm", SMALL, small, trainer="clip_grad_norm=0.3", norm=0.3, optimizer=MOMENTUM),
        case("clip_value", SMALL, small, trainer="clip_grad_value=0.02", value=0.02, optimizer=MOMENTUM),
        case("clip_frozen", GROUPS, groups, trainer="clip_grad_norm=0.2, accumulate=2", norm=0.2, accumulate=2,
             optimizer=("SGD(lr=0.1, momentum=0.9, weight_decay=0.1)", group_optimiser)),
        case("drop_last", SMALL, small, trainer="drop_last=True", drop_last=True, optimizer=ADAM),
        case("validation", SMALL, small, validation=0.3, optimizer=ADAM),
        case("validation_in_order", SMALL, small, validation=0.1, shuffle=False),
        case("groups", GROUPS, groups, optimizer=("SGD(lr=0.1, momentum=0.9, weight_decay=0.1)", group_optimiser)),
        case("tied", TIED, tied, target=(5,), optimizer=("Adam(lr=0.02, weight_decay=0.1)", tied_optimiser)),
        case("tied_clip", TIED, tied, target=(5,), trainer="clip_grad_norm=0.1, accumulate=2", norm=0.1, accumulate=2,
             optimizer=("Adam(lr=0.02, weight_decay=0.1)", tied_optimiser)),
        case("two_inputs", TWO_INPUTS, two_inputs, inputs=((5,), (2, 1)), optimizer=ADAM, validation=0.2),
        case("tuple", TUPLE, pair, target=None, loss=TUPLE_LOSS, optimizer=ADAM, validation=0.2),
        case("penalty", SMALL, small, loss=PENALTY, input_gradient=True, validation=0.2),
    ]
