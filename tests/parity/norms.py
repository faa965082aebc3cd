"""Layers that normalise or keep buffers: training for some steps, what is saved, and inference with running statistics."""
import math

import tensors
from harness import Expected, from_torch, json_lines, to_torch, torch
from tensors import Tensor

nn = torch.nn if torch else None
F = nn.functional if torch else None
ROWS, BATCH, STEPS = 14, 4, 9      # the last batch of an epoch has 2 rows
ALL = 5                            # rows that predict sees

NET = """
module Norms {
    first    = Linear(6, 6)
    layer    = LayerNorm(6)
    plane    = LayerNorm((4, 6), eps=0.01, bias=False)
    bare     = LayerNorm(6, 1e-4, elementwise_affine=False)
    root     = RMSNorm(6)
    square   = RMSNorm((4, 6), eps=0.02, elementwise_affine=False)
    average  = BatchNorm1d(_, momentum=None)
    fast     = BatchNorm1d(24, eps=1e-3, momentum=0.3)
    plain    = BatchNorm1d(24, affine=False)
    batch    = BatchNorm1d(24, track_running_stats=False)
    straight = BatchNorm1d(24, bias=False)
    ice      = BatchNorm1d(24)
    image    = BatchNorm2d(_)
    single   = InstanceNorm2d(2)
    sample   = InstanceNorm2d(2, momentum=0.2, affine=True, track_running_stats=True)
    still    = InstanceNorm2d(2, momentum=None, track_running_stats=True)
    groups   = GroupNorm(2, 4)
    wide     = GroupNorm(3, 24, 0.1, affine=False)
    last     = Linear(24, 3)
    drop     = Dropout2d(0.0)
    ice.requires_grad = False

    forward(x) {
        y = first(x)
        y = layer(y) + plane(y) + bare(y) + root(y) + square(y) + average(y) + groups(y)
        z = y.flatten(1)
        i = z.reshape(x.shape[0], 2, 3, 4)
        z = fast(z) + plain(z) + batch(z) + straight(z) + ice(z) + wide(z)
        i = drop(image(i)) + single(i) + sample(i) + still(i)
        return last(tanh(z + i.flatten(1)))
    }
}
model     = Norms()
loss      = MSELoss()
optimizer = SGD(0.02, momentum=0.5)
data      = NPY(x='x.npy', y='y.npy')
"""


def norms_model():
    class Norms(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(6, 6)
            self.layer = nn.LayerNorm(6)
            self.plane = nn.LayerNorm((4, 6), eps=0.01, bias=False)
            self.bare = nn.LayerNorm(6, 1e-4, elementwise_affine=False)
            self.root = nn.RMSNorm(6)
            self.square = nn.RMSNorm((4, 6), eps=0.02, elementwise_affine=False)
            self.average = nn.BatchNorm1d(4, momentum=None)
            self.fast = nn.BatchNorm1d(24, eps=1e-3, momentum=0.3)
            self.plain = nn.BatchNorm1d(24, affine=False)
            self.batch = nn.BatchNorm1d(24, track_running_stats=False)
            self.straight = nn.BatchNorm1d(24)
            self.straight.bias = None
            self.ice = nn.BatchNorm1d(24).requires_grad_(False)
            self.image = nn.BatchNorm2d(2)
            self.single = nn.InstanceNorm2d(2)
            self.sample = nn.InstanceNorm2d(2, momentum=0.2, affine=True, track_running_stats=True)
            self.still = nn.InstanceNorm2d(2, momentum=None, track_running_stats=True)
            self.groups = nn.GroupNorm(2, 4)
            self.wide = nn.GroupNorm(3, 24, 0.1, affine=False)
            self.last = nn.Linear(24, 3)
            self.drop = nn.Dropout2d(0.0)

        def train(self, mode=True):
            super().train(mode)
            self.ice.eval()     # frozen
            return self

        def forward(self, x):
            y = self.first(x)
            y = (self.layer(y) + self.plane(y) + self.bare(y) + self.root(y) + self.square(y) + self.average(y)
                 + self.groups(y))
            z = y.flatten(1)
            i = z.reshape(-1, 2, 3, 4)
            z = self.fast(z) + self.plain(z) + self.batch(z) + self.straight(z) + self.ice(z) + self.wide(z)
            i = self.drop(self.image(i)) + self.single(i) + self.sample(i) + self.still(i)
            return self.last((z + i.flatten(1)).tanh())

    return Norms()


def starting(name, shape, integer):
    """What a tensor of the state begins with: numbers that no layer has by itself, variances positive."""
    if integer:
        return Tensor(shape, [3] * math.prod(shape), integer=True)
    low, high = (0.25, 2) if name.endswith(("running_var", ".weight")) else (-0.5, 0.5)
    return tensors.numbers(f"norms.{name}", shape, low, high)


class NormsCase:
    """Every tensor of the state after some steps, outputs of inference, and gradients for a batch."""
    name = "norms"

    def __init__(self):
        self.x = tensors.numbers("norms.x", (ROWS, 4, 6), -2, 2)
        self.y = tensors.numbers("norms.y", (ROWS, 3), -2, 2)

    def covers(self):
        return NET

    def started(self, dtype):
        model = norms_model().to(dtype)
        state = {n: to_torch(starting(n, tuple(t.shape), not t.is_floating_point()), dtype)
                 for n, t in model.state_dict().items()}
        model.load_state_dict(state, strict=True)
        return model.train()

    def gradients(self, model, x, y):
        model.zero_grad()
        F.mse_loss(model(x), y).backward()
        return {f"grad/{n}": p.grad.clone() for n, p in model.named_parameters() if p.requires_grad}

    def reference(self, dtype):
        model, results = self.started(dtype), {}
        x, y = to_torch(self.x, dtype), to_torch(self.y, dtype)
        results.update({f"start/{n}": t.clone() for n, t in model.state_dict().items()})
        results.update(self.gradients(model, x, y))
        model = self.started(dtype)
        optimiser = torch.optim.SGD(model.parameters(), 0.02, momentum=0.5)
        for step in range(STEPS):
            rows = slice(step * BATCH % 16, step * BATCH % 16 + BATCH)
            optimiser.zero_grad()
            F.mse_loss(model(x[rows]), y[rows]).backward()
            optimiser.step()
        results.update({f"end/{n}": t.clone() for n, t in model.state_dict().items()})
        results["output"] = model.eval()(x[:ALL])
        return results

    def expected(self):
        result = Expected.of(self.reference)
        # The order of the samples changes gradients by rounding alone, and some by more than the first order shows.
        x, y = to_torch(self.x, torch.float32), to_torch(self.y, torch.float32)
        for seed in range(8):
            order = torch.randperm(ROWS, generator=torch.Generator().manual_seed(seed))
            for name, gradient in self.gradients(self.started(torch.float32), x[order], y[order]).items():
                off = tensors.largest_difference(from_torch(gradient), result.values[name])
                result.errors[name] = max(result.errors[name], off)
        return result

    def check(self, session, dtype, expected):
        def part(prefix):
            return {n[len(prefix):]: t for n, t in expected.values.items() if n.startswith(prefix)}

        for name, tensor in (("x.npy", self.x), ("y.npy", self.y), ("some.npy", Tensor((ALL, 4, 6), self.x.values[:ALL * 24]))):
            session.write(name, tensor)
        session.write("start.safetensors", part("start/"))
        program = session.compile(self.name, NET + f"train = Trainer(epochs=5, batch_size={BATCH}, shuffle=False)\n", dtype)
        session.run(program, "train", "--steps", STEPS, "--load", "start.safetensors", "--save", "end.safetensors", "--quiet",
                    "--data", session.folder)
        got, _ = tensors.read_safetensors(session.folder / "end.safetensors")
        for name in sorted(part("end/").keys() | got.keys()):
            if name not in got or name not in part("end/"):
                session.fail(f"{self.name} {dtype}: only one of the two saves {name}")
                continue
            session.compare(f"{self.name} {dtype}: trained", got[name], expected, f"end/{name}", dtype)
        gradients = session.gradients(program, self.x, self.y, part("start/"))
        for name in part("grad/"):
            session.compare(f"{self.name} {dtype}: gradients", gradients.get(name), expected, f"grad/{name}", dtype)
        done = session.run(program, "predict", "some.npy", "--load", "end.safetensors", "--json", "--data", session.folder)
        rows = [value for line in json_lines(done.stdout) for value in line["output"]]
        session.compare(f"{self.name} {dtype}: inference", Tensor((ALL, 3), rows), expected, "output", dtype)
        if torch:
            norms_model().load_state_dict({n: to_torch(t, torch.float32) for n, t in got.items()}, strict=True)


class AccumulateCase:
    """Statistics move with every batch, also where the parameters wait for several; and what PyTorch saves is read."""
    name = "norms_accumulate"
    text = """
model     = Sequential(Linear(6, 5), BatchNorm1d(5, momentum=None), Linear(5, 3))
loss      = MSELoss()
optimizer = SGD(0.05)
data      = NPY(x='x.npy', y='y.npy')
train     = Trainer(epochs=3, batch_size=4, shuffle=False, accumulate=2)
"""

    def __init__(self):
        self.x = tensors.numbers("accumulate.x", (8, 6), -2, 2)
        self.y = tensors.numbers("accumulate.y", (8, 3), -2, 2)

    def covers(self):
        return self.text

    def reference(self, dtype):
        torch.manual_seed(1)
        model = nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5, momentum=None), nn.Linear(5, 3)).to(dtype)
        results = {f"start/{n}": t.clone() for n, t in model.state_dict().items()}
        optimiser = torch.optim.SGD(model.parameters(), 0.05)
        x, y = to_torch(self.x, dtype), to_torch(self.y, dtype)
        for _ in range(3):
            optimiser.zero_grad()
            for rows in (slice(4), slice(4, 8)):
                (F.mse_loss(model(x[rows]), y[rows]) / 2).backward()
            optimiser.step()
        return {**results, **{f"end/{n}": t for n, t in model.state_dict().items()}}

    def expected(self):
        return Expected.of(self.reference)

    def check(self, session, dtype, expected):
        session.write("x.npy", self.x)
        session.write("y.npy", self.y)
        session.write("start.safetensors", {n[6:]: t for n, t in expected.values.items() if n.startswith("start/")})
        program = session.compile(self.name, self.text, dtype)
        session.run(program, "train", "--load", "start.safetensors", "--save", "end.safetensors", "--quiet",
                    "--data", session.folder)
        got, _ = tensors.read_safetensors(session.folder / "end.safetensors")
        for name in [n[4:] for n in expected.values if n.startswith("end/")]:
            session.compare(f"{self.name} {dtype}", got.get(name), expected, f"end/{name}", dtype)


def cases():
    return [NormsCase(), AccumulateCase()]
