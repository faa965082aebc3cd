"""What happens over time: initial parameters, steps of the optimisers, schedules, and 200 losses on MNIST."""
import gzip
import itertools
import math
import pathlib

import tensors
from harness import Expected, Failure, from_torch, json_lines, to_torch, torch
from tensors import Tensor

nn = torch.nn if torch else None

# ---- Initial parameters: uniform ones bitwise, normal ones within 2 ulp
SIZES = (1, 3, 4, 5, 8, 9, 16, 17, 33, 31)
PAIRS = [(SIZES[i], SIZES[(i + 3) % 10]) for i in range(10)] + [(784, 2)]
INITIALISERS = [  # .net, torch.nn.init, shape, bitwise
    ("uniform(-2, 3)", lambda t: nn.init.uniform_(t, -2, 3), (5, 7), True),
    ("normal(1, 0.5)", lambda t: nn.init.normal_(t, 1, 0.5), (5, 7), False),
    ("normal(std=0.02)", lambda t: nn.init.normal_(t, std=0.02), (3, 3), False),
    ("normal()", lambda t: nn.init.normal_(t), (4, 4), False),
    ("xavier_uniform(gain=2)", lambda t: nn.init.xavier_uniform_(t, gain=2), (9, 4, 3), True),
    ("xavier_normal()", lambda t: nn.init.xavier_normal_(t), (9, 5), False),
    ("kaiming_uniform()", lambda t: nn.init.kaiming_uniform_(t), (8, 5), True),
    ("kaiming_uniform(mode='fan_out', nonlinearity='relu')",
     lambda t: nn.init.kaiming_uniform_(t, mode="fan_out", nonlinearity="relu"), (8, 5), True),
    ("kaiming_normal(a=0.1)", lambda t: nn.init.kaiming_normal_(t, a=0.1), (8, 5), False),
    ("kaiming_uniform(a=calculate_gain('tanh'))", lambda t: nn.init.kaiming_uniform_(t, a=5 / 3), (3, 4), True),
    ("zeros()", nn and nn.init.zeros_, (3, 4), True),
    ("ones()", nn and nn.init.ones_, (3, 4), True),
    ("constant(0.25)", lambda t: nn.init.constant_(t, 0.25), (3, 4), True),
    ("eye()", nn and nn.init.eye_, (3, 4), True),
    ("orthogonal()", nn and nn.init.orthogonal_, (7, 4), False),
    ("orthogonal(2)", lambda t: nn.init.orthogonal_(t, 2), (4, 9), False),
    ("shape -> draw_orthogonal(shape)", nn and nn.init.orthogonal_, (16, 16), False),
    ("shape -> draw_uniform(shape, 0, 2)", lambda t: nn.init.uniform_(t, 0, 2), (6,), True),
    ("shape -> draw_normal(shape, 0, 2)", lambda t: nn.init.normal_(t, 0, 2), (33,), False),
    ("trunc_normal(0.5, 2, -1, 3)", lambda t: truncated(t, 0.5, 2, -1, 3), (40, 5), False),
]


def truncated(t, mean, std, a, b):
    """The inverse of the distribution at one uniform draw: netc's own, which never draws twice."""
    low, high = (math.erf((x - mean) / std / math.sqrt(2)) for x in (a, b))
    u = low + (high - low) * torch.empty_like(t).uniform_().double()
    return t.copy_((u.erfinv() * std * math.sqrt(2) + mean).clamp(a, b))


class InitialCase:
    name = "initial"

    def __init__(self):
        layers = "\n".join(f"    l{i} = Linear({a}, {b})" for i, (a, b) in enumerate(PAIRS))
        items = "\n".join(f"    i{i} = Parameter({', '.join(map(str, shape))}, init={text})"
                          for i, (text, _, shape, _) in enumerate(INITIALISERS))
        self.net = (f"module All {{\n{layers}\n{items}\n    table = Embedding(7, 3, padding_idx=-2)\n"
                    "    pairs = Bilinear(5, 3, 4)\n    last = Linear(3, 2)\n    l0.bias = zeros()\n"
                    "    forward(input) = input + sum(l0.weight)\n}\n"
                    "input = Tensor(1)\ntarget = Tensor(1)\nmodel = All()\nloss = MSELoss()\n")

    def covers(self):
        return self.net

    def expected(self):
        result = Expected()
        for seed in (0, 123456789):
            torch.manual_seed(seed)
            for i, (a, b) in enumerate(PAIRS):
                linear = nn.Linear(a, b)
                result.add(f"{seed}/l{i}.weight", linear.weight)
                result.add(f"{seed}/l{i}.bias", linear.bias if i else torch.zeros(b))
            for i, (_, function, shape, _) in enumerate(INITIALISERS):
                with torch.no_grad():
                    result.add(f"{seed}/i{i}", function(torch.empty(shape)))
            result.add(f"{seed}/table.weight", nn.Embedding(7, 3, padding_idx=-2).weight)
            pairs = nn.Bilinear(5, 3, 4)
            result.add(f"{seed}/pairs.weight", pairs.weight)
            result.add(f"{seed}/pairs.bias", pairs.bias)
            last = nn.Linear(3, 2)
            result.add(f"{seed}/last.weight", last.weight)
        return result

    def check(self, session, dtype, expected):
        program = session.compile(self.name, self.net, dtype)
        for seed in (0, 123456789):
            session.run(program, "init", "-o", "init.safetensors", "--seed", seed)
            got, _ = tensors.read_safetensors(session.folder / "init.safetensors")
            for key in (key for key in expected.values if key.startswith(f"{seed}/")):
                name = key.partition("/")[2]
                what = f"initial {dtype}, seed {seed}"
                if name[0] == "i" and not INITIALISERS[int(name[1:])][3]:
                    near(session, f"{what}: {INITIALISERS[int(name[1:])][0]}", got.get(name), expected.values[key])
                elif name == "table.weight":
                    near(session, f"{what}: {name}", got.get(name), expected.values[key])
                else:
                    session.bitwise(what, got.get(name), expected, key)


def near(session, what, got, want):
    """Within 2 ulp of f32, counted at 1 and above; orthogonal matrices within the error of PyTorch's f32 decomposition."""
    session.compared += 1
    if got is None or got.shape != want.shape:
        return session.fail(f"{what} is missing or has the wrong shape")
    worst = max(abs(a - b) / max(abs(b), tensors.largest(want) / 4) for a, b in zip(got.values, want.values))
    if worst > (4e-6 if "orthogonal" in what else 4e-7):
        session.fail(f"{what}: off by {worst:.3g}")
    return None


# ---- Optimisers: some steps on a small regression
OPTIMISERS = [
    ("SGD(lr=0.1)", lambda p: torch.optim.SGD(p, lr=0.1)),
    ("SGD(0.1, momentum=0.9)", lambda p: torch.optim.SGD(p, 0.1, momentum=0.9)),
    ("SGD(0.1, 0.9, dampening=0.3, weight_decay=0.01)", lambda p: torch.optim.SGD(p, 0.1, 0.9, 0.3, 0.01)),
    ("SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.05)",
     lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.05)),
    ("SGD(0.02, momentum=0.5, maximize=True)", lambda p: torch.optim.SGD(p, 0.02, momentum=0.5, maximize=True)),
    ("Adam()", lambda p: torch.optim.Adam(p)),
    ("Adam(0.05, betas=(0.7, 0.9), eps=1e-3, weight_decay=0.1)",
     lambda p: torch.optim.Adam(p, 0.05, betas=(0.7, 0.9), eps=1e-3, weight_decay=0.1)),
    ("Adam(0.05, (0.5, 0.6), amsgrad=True)", lambda p: torch.optim.Adam(p, 0.05, betas=(0.5, 0.6), amsgrad=True)),
    ("Adam(0.01, weight_decay=0.2, maximize=True, decoupled_weight_decay=True)",
     lambda p: torch.optim.Adam(p, 0.01, weight_decay=0.2, maximize=True, decoupled_weight_decay=True)),
    ("AdamW()", lambda p: torch.optim.AdamW(p)),
    ("AdamW(0.05, (0.7, 0.9), 1e-3, 0.3, True)", lambda p: torch.optim.AdamW(p, 0.05, (0.7, 0.9), 1e-3, 0.3, True)),
    ("AdamW(lr=0.01, weight_decay=0, maximize=True)",
     lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0, maximize=True)),
    ("NAdam()", lambda p: torch.optim.NAdam(p)),
    ("NAdam(0.03, (0.7, 0.9), 1e-3, 0.1, 0.05)", lambda p: torch.optim.NAdam(p, 0.03, (0.7, 0.9), 1e-3, 0.1, 0.05)),
    ("NAdam(lr=0.01, weight_decay=0.2, decoupled_weight_decay=True, maximize=True)",
     lambda p: torch.optim.NAdam(p, lr=0.01, weight_decay=0.2, decoupled_weight_decay=True, maximize=True)),
    ("RMSprop()", lambda p: torch.optim.RMSprop(p)),
    ("RMSprop(0.02, 0.9, 1e-3, 0.1, 0.5, True)", lambda p: torch.optim.RMSprop(p, 0.02, 0.9, 1e-3, 0.1, 0.5, True)),
    ("RMSprop(0.003, momentum=0.9)", lambda p: torch.optim.RMSprop(p, 0.003, momentum=0.9)),
    ("RMSprop(0.005, centered=True, maximize=True)", lambda p: torch.optim.RMSprop(p, 0.005, centered=True, maximize=True)),
    ("Adagrad()", lambda p: torch.optim.Adagrad(p)),
    ("Adagrad(0.2, 0.05, 0.1, 0.3, 1e-3)", lambda p: torch.optim.Adagrad(p, 0.2, 0.05, 0.1, 0.3, 1e-3)),
    ("Adagrad(0.05, maximize=True)", lambda p: torch.optim.Adagrad(p, 0.05, maximize=True)),
    ("Adadelta()", lambda p: torch.optim.Adadelta(p)),
    ("Adadelta(0.5, 0.8, 1e-3, 0.1)", lambda p: torch.optim.Adadelta(p, 0.5, 0.8, 1e-3, 0.1)),
    ("Adadelta(maximize=True)", lambda p: torch.optim.Adadelta(p, maximize=True)),
    ("Lion()", lambda p: Lion(p)),
    ("Lion(0.01, (0.8, 0.95), 0.1)", lambda p: Lion(p, 0.01, (0.8, 0.95), 0.1)),
    ("Lion(0.003, maximize=True)", lambda p: Lion(p, 0.003, maximize=True)),
    ("SGD(0.05, momentum=minimum(0.9, 0.5 + 0.1 * step))", lambda p: RisingMomentum(p, 0.05, 0.5)),
    ("SGD()", lambda p: torch.optim.SGD(p)),
]
STEPS, BATCH, ROWS = 50, 4, 14      # epochs of four steps, the last of which has 2 rows


class RisingMomentum(torch.optim.SGD if torch else object):
    """An argument that changes from step to step."""

    def step(self):
        super().step()
        for group in self.param_groups:
            group["momentum"] = min(0.9, group["momentum"] + 0.1)


class Lion(torch.optim.Optimizer if torch else object):
    """Chen et al., Symbolic Discovery of Optimization Algorithms (2023), algorithm 2; PyTorch has none."""

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0, maximize=False):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay, "maximize": maximize})

    @torch.no_grad() if torch else lambda method: method
    def step(self):
        for group in self.param_groups:
            (beta1, beta2), lr = group["betas"], group["lr"]
            for p in group["params"]:
                g = -p.grad if group["maximize"] else p.grad
                m = self.state[p].setdefault("exp_avg", torch.zeros_like(p))
                p.mul_(1 - lr * group["weight_decay"])
                p.sub_(lr * (beta1 * m + (1 - beta1) * g).sign())
                m.mul_(beta2).add_(g, alpha=1 - beta2)


class OptimiserCase:
    def __init__(self, index, text, make):
        self.name, self.text, self.make = f"optimiser{index}", text, make
        self.x = tensors.numbers("optimiser.x", (ROWS, 5), -2, 2)
        self.y = tensors.numbers("optimiser.y", (ROWS, 3), -2, 2)
        self.start = {"0.weight": (8, 5), "0.bias": (8,), "2.weight": (3, 8), "2.bias": (3,)}

    def covers(self):
        return self.text + " NPY"

    def parameters(self):
        return {name: tensors.numbers(f"optimiser.{name}", shape, -0.5, 0.5) for name, shape in self.start.items()}

    def reference(self, dtype):
        before = torch.get_default_dtype()
        torch.set_default_dtype(dtype)      # of optimisers' scalar states, too
        try:
            return self.trained(dtype)
        finally:
            torch.set_default_dtype(before)

    def trained(self, dtype):
        model = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 3)).to(dtype)
        model.load_state_dict({name: to_torch(t, dtype) for name, t in self.parameters().items()})
        optimiser = self.make(model.parameters())
        x, y = to_torch(self.x, dtype), to_torch(self.y, dtype)
        for step in range(STEPS):
            rows = slice(step * BATCH % 16, step * BATCH % 16 + BATCH)
            optimiser.zero_grad()
            nn.functional.mse_loss(model(x[rows]), y[rows]).backward()
            optimiser.step()
        return model.state_dict()

    def expected(self):
        return Expected.of(self.reference)

    def check(self, session, dtype, expected):
        session.write("x.npy", self.x)
        session.write("y.npy", self.y)
        session.write("start.safetensors", self.parameters())
        net = ("data = NPY(x='x.npy', y='y.npy')\nmodel = Sequential(Linear(5, 8), Tanh(), Linear(8, 3))\nloss = MSELoss()\n"
               f"optimizer = {self.text}\ntrain = Trainer(epochs=20, batch_size={BATCH}, shuffle=False)\n")
        program = session.compile(self.name, net, dtype)
        session.run(program, "train", "--steps", STEPS, "--load", "start.safetensors", "--save", "end.safetensors",
                    "--quiet", "--data", session.folder)
        got, _ = tensors.read_safetensors(session.folder / "end.safetensors")
        session.compare_all(f"{self.text} {dtype}", got, expected, self.start, dtype)


# ---- Schedules: factors that are gradients, so that SGD(lr=1) subtracts them from parameters step after step
EPOCHS, PER_EPOCH = 6, 2
SCHEDULES = [  # .net, a scheduler of PyTorch, whether it counts steps
    ("step_lr(epoch, 2, 0.5)", lambda o: torch.optim.lr_scheduler.StepLR(o, 2, 0.5), False),
    ("multi_step_lr(epoch, [1, 4], gamma=0.3)", lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [1, 4], 0.3), False),
    ("exponential_lr(epoch, 0.9)", lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.9), False),
    ("cosine_annealing(epoch, epochs)", lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, EPOCHS), False),
    ("cosine_annealing(step, 20, eta_min=0.1)", lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 20, 0.1), True),
    ("linear_warmup(step, 5)", lambda o: torch.optim.lr_scheduler.LinearLR(o, 0.2, total_iters=4), True),
    ("one_cycle(step, 12)", lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 1.0, total_steps=12), True),
    ("one_cycle(step, 12, 0.5, 'linear', 10.0, 100.0)", lambda o: torch.optim.lr_scheduler.OneCycleLR(
        o, 1.0, total_steps=12, pct_start=0.5, anneal_strategy="linear", div_factor=10.0, final_div_factor=100.0), True),
]


class ScheduleCase:
    name = "schedules"

    def covers(self):
        return " ".join(text for text, _, _ in SCHEDULES)

    def factors(self, make, by_step):
        optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        scheduler = make(optimiser)
        rates = []
        for _ in range(EPOCHS * PER_EPOCH if by_step else EPOCHS):
            rates += [optimiser.param_groups[0]["lr"]] * (1 if by_step else PER_EPOCH)
            optimiser.step()
            scheduler.step()
        return rates

    def expected(self):
        return Expected(facts={"rates": [self.factors(make, by_step) for _, make, by_step in SCHEDULES]})

    def check(self, session, dtype, expected):
        session.write("x.npy", tensors.numbers("schedules.x", (4 * PER_EPOCH, 1)))
        members = "\n".join(f"    s{i} = Parameter(1, init=zeros())" for i in range(len(SCHEDULES)))
        terms = " + ".join(f"s{i} * {text}" for i, (text, _, _) in enumerate(SCHEDULES))
        net = (f"module All {{\n{members}\n    forward(x) = x * 0 + {terms}\n}}\n"
               "data = NPY(x='x.npy', y='x.npy')\nmodel = All()\n"
               "loss = (output, target) -> mean(output)\noptimizer = SGD(lr=1.0)\n"
               f"train = Trainer(epochs={EPOCHS}, batch_size=4, shuffle=False)\n")
        program = session.compile(self.name, net, dtype)
        # Epochs at run time count the whole run, also when it stops early.
        for steps in range(1, EPOCHS * PER_EPOCH + 1):
            session.run(program, "train", "--steps", steps, "--save", "end.safetensors", "--quiet",
                        "--data", session.folder)
            got, _ = tensors.read_safetensors(session.folder / "end.safetensors")
            for i, (text, _, _) in enumerate(SCHEDULES):
                want = -sum(expected.facts["rates"][i][:steps])
                off = abs(got[f"s{i}"].values[0] - want)
                session.compared += 1
                if off > (1e-9 if dtype == "f64" else 3e-6) * max(abs(want), 1e-3):
                    session.fail(f"{text} {dtype}: the factors of {steps} steps sum to {-got[f's{i}'].values[0]}, "
                                 f"expected {-want}")


# ---- MNIST
MNIST_OPTIMISERS = [
    ("SGD(lr=0.01, momentum=0.9)", lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9)),
    ("Adam(lr=0.001)", lambda p: torch.optim.Adam(p, lr=0.001)),
]
MNIST_STEPS = 200
MNIST_SEEDS = 2      # at which PyTorch in f32 agrees with itself, for each optimiser


def find_idx(folder, name):
    for path in (pathlib.Path(folder) / below / (name + end)
                 for below in ("", "MNIST", "mnist", "MNIST/raw") for end in ("", ".gz")):
        if path.exists():
            return path
    return None


def read_idx(folder, name, skip):
    path = find_idx(folder, name)
    data = gzip.open(path).read() if path.suffix == ".gz" else path.read_bytes()
    return torch.frombuffer(bytearray(data[skip:]), dtype=torch.uint8)


class MnistCase:
    """The losses of 200 steps from the same seed, shuffled batches included."""
    slow = True

    def __init__(self, index, data):
        self.name, self.data = ("mnist_sgd", "mnist_adam")[index], data
        self.text, self.make = MNIST_OPTIMISERS[index]

    def covers(self):
        return self.text + " MNIST"

    def losses(self, seed, dtype, mixed=None):
        """Of MNIST_STEPS steps; with a generator, the samples of each batch and the pixels of all are put into another order."""
        images = self.images
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10)).to(dtype)
        if mixed:
            pixels = torch.randperm(784, generator=mixed)
            images = images[:, pixels]
            model[0].weight.data = model[0].weight.data[:, pixels].contiguous()
        optimiser = self.make(model.parameters())
        losses = []
        loader = torch.utils.data.DataLoader(range(len(self.targets)), batch_size=64, shuffle=True)
        for rows in itertools.islice(loader, MNIST_STEPS):
            if mixed:
                rows = rows[torch.randperm(len(rows), generator=mixed)]
            x = (images[rows].to(dtype) / 255 - 0.1307) / 0.3081
            loss = nn.functional.cross_entropy(model(x), self.targets[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        return losses

    def expected(self):
        """Losses in f64, and in f32 at seeds where PyTorch agrees with itself although its sums run in other orders."""
        self.images = read_idx(self.data, "train-images-idx3-ubyte", 16).reshape(-1, 784)
        self.targets = read_idx(self.data, "train-labels-idx1-ubyte", 8).long()
        mixed = torch.Generator().manual_seed(1)
        facts = {"f64": {"0": self.losses(0, torch.float64)}, "f32": {}}
        for seed in range(20):
            plain = self.losses(seed, torch.float32)
            if max(relative(self.losses(seed, torch.float32, mixed), plain) for _ in range(3)) <= 1e-6:
                facts["f32"][str(seed)] = plain
            if len(facts["f32"]) == MNIST_SEEDS:
                return Expected(facts=facts)
        raise Failure(f"{self.name}: PyTorch in f32 does not agree with itself at enough seeds")

    def check(self, session, dtype, expected):
        net = (f"data = MNIST(normalize=(0.1307, 0.3081))\nmodel = Sequential(Flatten(), Linear(784, 128), ReLU(), "
               f"Linear(128, 64), ReLU(), Linear(64, 10))\nloss = CrossEntropyLoss()\noptimizer = {self.text}\n"
               "train = Trainer(epochs=1, batch_size=64)\n")
        program = session.compile(self.name, net, dtype)
        for seed, want in expected.facts[dtype].items():
            done = session.run(program, "train", "--steps", MNIST_STEPS, "--seed", seed, "--no-save", "--log-every", 1,
                               "--json", "--quiet", data=True)
            got = [line["loss"] for line in json_lines(done.stdout) if "step" in line]
            session.compared += 1
            if len(got) != MNIST_STEPS:
                session.fail(f"{self.text} {dtype}: {len(got)} losses were logged, expected {MNIST_STEPS}")
                continue
            off = relative(got, want)
            session.note(f"{self.text} {dtype}, seed {seed}: {MNIST_STEPS} losses on MNIST agree within {off:.2g}")
            if not off <= (1e-8 if dtype == "f64" else 1e-5):
                first = next(i for i, (a, b) in enumerate(zip(got, want)) if abs(a - b) > 1e-5 * abs(b) or dtype == "f64")
                session.fail(f"{self.text} {dtype}, seed {seed}: losses on MNIST are off by {off:.3g}, first at step {first}: "
                             f"{got[first]!r}, PyTorch {want[first]!r}")


def relative(got, want):
    return max(abs(a - b) / abs(b) for a, b in zip(got, want))


def cases(data):
    found = data and find_idx(data, "train-images-idx3-ubyte")
    mnist = [MnistCase(i, data) for i in range(len(MNIST_OPTIMISERS))] if found else []
    return [InitialCase(), *(OptimiserCase(i, *row) for i, row in enumerate(OPTIMISERS)), ScheduleCase(), *mnist]
