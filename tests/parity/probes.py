"""Functions of tensors, many in one program: each reads parameters of static shape and is weighted by another parameter.

Of sum(f(x) * w) the gradient by w is f(x) itself and the gradient by x is f's, so one `grad` shows both, element by element.
"""
import dataclasses
import math
import typing

import tensors
from harness import Expected, Failure, to_torch, torch
from tensors import Tensor

F = torch.nn.functional if torch else None
ROWS, COLS = 9, 17


@dataclasses.dataclass
class Probe:
    name: str
    net: str                                  # f in .net, of x (and y, z)
    torch: typing.Callable                    # f in PyTorch
    shapes: tuple = ((ROWS, COLS),)           # of x, y, z
    low: float = -3.0
    high: float = 3.0
    setup: str = ""                           # members of the module, such as f = ReLU()
    values: tuple = None                      # of x, instead of drawn ones; w is then 1

    def inputs(self):
        if self.values:
            return {"x": Tensor((len(self.values),), self.values)}
        return {n: tensors.numbers(f"{self.name}.{n}", s, self.low, self.high) for n, s in zip("xyz", self.shapes)}

    def weights(self, shape):
        return Tensor(shape, [1.0] * math.prod(shape)) if self.values else tensors.numbers(f"{self.name}.w", shape, -1, 1)

    def reference(self, dtype):
        """The gradients by the inputs and by w, computed by PyTorch."""
        inputs = {n: to_torch(t, dtype).requires_grad_() for n, t in self.inputs().items()}
        result = self.torch(*inputs.values())
        result = result.to(dtype) if not result.is_floating_point() else result
        w = to_torch(self.weights(tuple(result.shape)), dtype)
        if result.requires_grad:
            (result * w).sum().backward()
        grads = {n: t.grad if t.grad is not None else torch.zeros_like(t) for n, t in inputs.items()}
        return {**grads, "w": result.detach()}


class ProbeCase:
    """All probes of a family in one program."""

    def __init__(self, name, probes):
        self.name, self.probes = name, probes

    def net(self, expected):
        modules, members, calls = [], [], []
        for i, probe in enumerate(self.probes):
            lines = [f"    {probe.setup}"] if probe.setup else []
            shapes = {n: t.shape for n, t in probe.inputs().items()}
            shapes["w"] = expected.values[f"p{i}.w"].shape
            for name, shape in shapes.items():
                sizes = "".join(f"{size}, " for size in shape)
                lines.append(f"    {name} = Parameter({sizes}init=zeros())")
            arguments = "(" + probe.net + ")"
            modules.append(f"module Probe{i} {{    # {probe.name}\n" + "\n".join(lines) +
                           f"\n    forward(input) = sum({arguments} * w)\n}}\n")
            members.append(f"    p{i} = Probe{i}()")
            calls.append(f"p{i}(input)")
        total = "\n".join(f"        total = total + {call}" for call in calls)
        return ("".join(modules) + "module All {\n" + "\n".join(members) +
                f"\n    forward(input) {{\n        total = 0.0\n{total}\n        return input * 0 + total\n    }}\n}}\n"
                "input = Tensor(1)\ntarget = Tensor(1)\nmodel = All()\nloss = (output, target) -> mean(output)\n")

    def covers(self):
        return " ".join(probe.net + " " + probe.setup for probe in self.probes)

    def expected(self):
        result = Expected()
        for i, probe in enumerate(self.probes):
            exact, rounded = probe.reference(torch.float64), probe.reference(torch.float32)
            for name in exact:
                result.add(f"p{i}.{name}", exact[name], rounded[name])
        return result

    def check(self, session, dtype, expected):
        program = session.compile(self.name, self.net(expected), dtype)
        load = {}
        for i, probe in enumerate(self.probes):
            load.update({f"p{i}.{n}": t for n, t in probe.inputs().items()})
            load[f"p{i}.w"] = probe.weights(expected.values[f"p{i}.w"].shape)
        one = Tensor((1, 1), [1.0])
        got = session.gradients(program, one, one, load)
        if not got:
            raise Failure(f"{self.name}: no gradients")
        for i, probe in enumerate(self.probes):
            for name in [*probe.inputs(), "w"]:
                what = f"{self.name} {dtype}: {probe.name}"
                # The gradient at NaN is NaN or PyTorch's choice of a branch: nobody can use either.
                skip = [k for k, x in enumerate(probe.values) if math.isnan(x)] if probe.values and name == "x" else ()
                session.compare(what, got.get(f"p{i}.{name}"), expected, f"p{i}.{name}", dtype, skip)


def probe(name, net, function, *shapes, **options):
    return Probe(name, net, function, shapes or ((ROWS, COLS),), **options)


def layer(setup, function, *shapes, **options):
    return Probe(setup, "f(x)", function, shapes or ((ROWS, COLS),), setup=f"f = {setup}", **options)


# ---- Elementwise
ELEMENTWISE = [
    probe("neg", "neg(x) + -x", lambda x: -2 * x),
    probe("abs", "abs(x)", lambda x: x.abs()),
    probe("sign", "sign(x) * x", lambda x: x.sign() * x),
    probe("exp", "exp(x)", lambda x: x.exp()),
    probe("log", "log(x)", lambda x: x.log(), low=0.1),
    probe("log1p", "log1p(x)", lambda x: x.log1p(), low=-0.9),
    probe("sqrt", "sqrt(x)", lambda x: x.sqrt(), low=0.1),
    probe("rsqrt", "rsqrt(x)", lambda x: x.rsqrt(), low=0.1),
    probe("sin", "sin(x)", lambda x: x.sin(), low=-20, high=20),
    probe("cos", "cos(x)", lambda x: x.cos(), low=-20, high=20),
    probe("atan", "atan(x)", lambda x: x.atan(), low=-20, high=20),
    probe("tanh", "tanh(x)", lambda x: x.tanh(), low=-9, high=9),
    probe("sigmoid", "sigmoid(x)", lambda x: x.sigmoid(), low=-20, high=20),
    probe("erf", "erf(x)", lambda x: x.erf()),
    probe("floor", "floor(x) * x", lambda x: x.floor() * x),
    probe("round", "round(x) * x", lambda x: x.round() * x),
    probe("add", "x + y", lambda x, y: x + y, (4, 1, 5), (3, 1)),
    probe("sub", "x - y * 2 - 1", lambda x, y: x - y * 2 - 1, (4, 5), (5,)),
    probe("mul", "x * y", lambda x, y: x * y, (4, 5), (4, 1)),
    probe("div", "x / y", lambda x, y: x / y, (4, 5), (1, 5), low=0.5),
    probe("floordiv", "x // y", lambda x, y: (x // y).detach(), (4, 5), (4, 5), low=0.5),
    probe("mod", "x % y", lambda x, y: x % y, (4, 5), (4, 5), low=0.5),
    probe("pow", "x ** y + pow(x, 3)", lambda x, y: x ** y + x ** 3, (4, 5), (4, 5), low=0.5),
    probe("square", "x ** 2 + 2 ** x", lambda x: x ** 2 + 2 ** x),
    probe("minimum", "minimum(x, y) + min(x, y)", lambda x, y: 2 * torch.minimum(x, y), (4, 5), (5,)),
    probe("maximum", "maximum(x, y) + max(x, y)", lambda x, y: 2 * torch.maximum(x, y), (4, 5), (5,)),
    probe("maximum of equals", "maximum(x, y)", lambda x, y: torch.maximum(x, y), (3, 5), (3, 5), low=0, high=2 / 65536),
    probe("where", "where(x > y, x, y * 2)", lambda x, y: torch.where(x > y, x, y * 2), (4, 5), (4, 1)),
    probe("clamp", "clamp(x, -1, 2) + x.clamp(min=0.5)", lambda x: x.clamp(-1, 2) + x.clamp(min=0.5)),
    probe("clamp by tensors", "clamp(x, y, z)", lambda x, y, z: torch.clamp(x, y, z), (6, 5), (6, 1), (5,)),
    probe("compare", "((x < y) + (x <= y) + (x > y) + (x >= y) + (x == x) + (x != y)).float()",
          lambda x, y: ((x < y).int() + (x <= y) + (x > y) + (x >= y) + (x == x) + (x != y)).to(x.dtype), (4, 5), (5,)),
    probe("logic", "where((x > 0 and y > 0) or not (x > y), x, y)",
          lambda x, y: torch.where(((x > 0) & (y > 0)) | ~(x > y), x, y), (4, 5), (4, 5)),
    probe("logical", "where(logical_or(logical_and(x > 0, y > 0), logical_not(x > y)), x, y)",
          lambda x, y: torch.where(((x > 0) & (y > 0)) | ~(x > y), x, y), (4, 5), (4, 5)),
    probe("cast", "x.long().float() + x.int() * 2 + cast(x, int64).float() + x.bool().float() + x.to(int64) * x.float()",
          lambda x: 4 * x.trunc() + (x != 0).to(x.dtype) + x.detach().trunc() * x),
    probe("stop_gradient", "stop_gradient(x) * x + x.detach() * x", lambda x: 2 * x.detach() * x),
    probe("is_tensor", "x * (2 if is_tensor(x) and not is_tensor(1.5) else 3)", lambda x: x * 2),
    probe("check", "check(x > -4, 'x is small', x)", lambda x: x * 1),
]

# ---- Activations, as functions and as layers
ACTIVATIONS = [
    ("relu(x)", "ReLU()", lambda x: F.relu(x)),
    ("leaky_relu(x, 0.1)", "LeakyReLU(0.1)", lambda x: F.leaky_relu(x, 0.1)),
    ("elu(x, 1.5)", "ELU(1.5)", lambda x: F.elu(x, 1.5)),
    ("selu(x)", "SELU()", lambda x: F.selu(x)),
    ("celu(x, 1.5)", "CELU(1.5)", lambda x: F.celu(x, 1.5)),
    ("gelu(x)", "GELU()", lambda x: F.gelu(x)),
    ("gelu(x, approximate='tanh')", "GELU('tanh')", lambda x: F.gelu(x, approximate="tanh")),
    ("silu(x)", "SiLU()", lambda x: F.silu(x)),
    ("mish(x)", "Mish()", lambda x: F.mish(x)),
    ("sigmoid(x)", "Sigmoid()", lambda x: x.sigmoid()),
    ("logsigmoid(x)", "LogSigmoid()", lambda x: F.logsigmoid(x)),
    ("log_sigmoid(x)", "LogSigmoid()", lambda x: F.logsigmoid(x)),
    ("tanh(x)", "Tanh()", lambda x: x.tanh()),
    ("hardtanh(x, -2, 1)", "Hardtanh(-2, 1)", lambda x: F.hardtanh(x, -2, 1)),
    ("hardswish(x)", "Hardswish()", lambda x: F.hardswish(x)),
    ("hardsigmoid(x)", "Hardsigmoid()", lambda x: F.relu6(x + 3) / 6),   # F.hardsigmoid's gradient has 1/6 in f32, in f64 too
    ("softplus(x, 2, 10)", "Softplus(2, 10)", lambda x: F.softplus(x, 2, 10)),
    ("softsign(x)", "Softsign()", lambda x: F.softsign(x)),
    ("tanhshrink(x)", "Tanhshrink()", lambda x: F.tanhshrink(x)),
    ("relu6(x)", "ReLU6()", lambda x: F.relu6(x)),
]
ROW_ACTIVATIONS = [
    ("glu(x)", "GLU()", lambda x: F.glu(x)),
    ("glu(x, dim=1)", "GLU(1)", lambda x: F.glu(x, 1)),
    ("softmax(x, dim=1)", "Softmax(dim=1)", lambda x: F.softmax(x, 1)),
    ("log_softmax(x, -1)", "LogSoftmax(-1)", lambda x: F.log_softmax(x, -1)),
    ("softmin(x, 1)", "Softmin(1)", lambda x: F.softmin(x, 1)),
]
CORNERS = (0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 6.0, -6.0, 0.5, -0.5, 20.0, -20.0, 20.5, 100.0, -100.0, 1000.0, -1000.0,
           math.nan)


def activation_probes():
    result = [probe(text, text, function, low=-8, high=8) for text, _, function in ACTIVATIONS]
    result += [layer(text, function, low=-8, high=8) for _, text, function in ACTIVATIONS]
    result += [Probe(f"{text} at corners", text, function, values=CORNERS) for text, _, function in ACTIVATIONS]
    for text, module, function in ROW_ACTIVATIONS:
        result += [probe(text, text, function, (5, 16, 4), low=-8, high=8),
                   layer(module, function, (3, 6), low=-80, high=80)]
    result += [probe("prelu", "prelu(x, y)", lambda x, y: F.prelu(x, y), (3, 5, 4), (5,)),
               probe("prelu with one weight", "prelu(x, y)", lambda x, y: F.prelu(x, y), (3, 5), (1,))]
    return result


# ---- Reductions, rows and products
MATRIX = (4, 5, 6)
PLACES = "tensor([[1, 0, 3], [3, 1, 2]])"


def places():
    return torch.tensor([[1, 0, 3], [3, 1, 2]])


REDUCTIONS = [
    probe("sum", "sum(x)", lambda x: x.sum()),
    probe("sum along", "x.sum(1)", lambda x: x.sum(1), MATRIX),
    probe("sum along two", "x.sum(dim=[0, -1], keepdim=True)", lambda x: x.sum((0, -1), keepdim=True), MATRIX),
    probe("sum of a list", "sum([x, y, x])", lambda x, y: x + y + x, (3, 2), (3, 2)),
    probe("mean", "mean(x)", lambda x: x.mean(), MATRIX),
    probe("mean along", "x.mean(dim=-1, keepdim=True)", lambda x: x.mean(-1, keepdim=True), MATRIX),
    probe("prod", "prod(x)", lambda x: x.prod(), (3, 3)),
    probe("prod along", "x.prod(1)", lambda x: x.prod(1), (5, 4)),
    probe("max", "max(x)", lambda x: x.max(), MATRIX),
    probe("max of equals", "max(x)", lambda x: x.max(), (3, 9), low=0, high=2 / 65536),
    probe("max along", "x.max(dim=1)", lambda x: x.max(1).values, MATRIX),
    probe("max along, equals", "max(x, -1, keepdim=True)", lambda x: x.max(-1, keepdim=True).values, (3, 9),
          low=0, high=2 / 65536),
    probe("min", "min(x)", lambda x: x.min(), MATRIX),
    probe("min along", "x.min(2, True)", lambda x: x.min(2, keepdim=True).values, MATRIX),
    probe("amax of equals", "amax(x, 1) + x.amin(-1)", lambda x: x.amax(1) + x.amin(-1), (3, 9), low=0, high=2 / 65536),
    probe("amin over several", "x.amin((0, 2), keepdim=True) + amax(x)",
          lambda x: x.amin((0, 2), keepdim=True) + x.amax((0, 1, 2)), MATRIX),
    probe("argmax", "argmax(x)", lambda x: x.argmax(), (5, 7)),
    probe("argmax along", "x.argmax(dim=1)", lambda x: x.argmax(1), MATRIX),
    probe("argmax of equals", "x.argmax(-1)", lambda x: torch.tensor(
        [row.index(max(row)) for row in x.tolist()]), (4, 9), low=0, high=2 / 65536),
    probe("logsumexp", "logsumexp(x, 1)", lambda x: x.logsumexp(1), MATRIX, low=-30, high=30),
    probe("logsumexp kept", "x.logsumexp(dim=-1, keepdim=True)", lambda x: x.logsumexp(-1, keepdim=True), MATRIX),
    probe("var", "var(x)", lambda x: x.var(), MATRIX),
    probe("var along", "x.var(dim=1)", lambda x: x.var(1), MATRIX),
    probe("var, biased", "x.var(dim=[0, 2], correction=0, keepdim=True)",
          lambda x: x.var((0, 2), correction=0, keepdim=True), MATRIX),
    probe("std", "std(x)", lambda x: x.std(), MATRIX),
    probe("std along", "x.std(dim=-1, unbiased=False)", lambda x: x.std(-1, correction=0), MATRIX),
    probe("norm", "norm(x)", lambda x: x.norm(), MATRIX),
    probe("norm along", "x.norm(dim=1, keepdim=True)", lambda x: x.norm(dim=1, keepdim=True), MATRIX),
    probe("norm at 0", "norm(x * 0 + y - y)", lambda x, y: (x * 0 + y - y).norm(), (3, 2), (3, 2)),
    probe("1-norm", "norm(x, 1, dim=1)", lambda x: x.norm(1, dim=1), MATRIX),
    probe("3-norm", "norm(x, 3, dim=-1)", lambda x: x.norm(3, dim=-1), MATRIX),
    probe("inf-norm", "norm(x, inf, dim=1)", lambda x: x.norm(math.inf, dim=1), MATRIX),
    probe("inf-norm of equals", "norm(x, inf, dim=1)", lambda x: x.norm(math.inf, dim=1), (3, 9), low=0, high=2 / 65536),
    probe("Frobenius's norm", "norm(x, 'fro', (0, 1))", lambda x: x.norm("fro", (0, 1)), MATRIX),
    probe("pairwise_distance", "pairwise_distance(x, y) + pairwise_distance(x, y, 1, 1e-3)",
          lambda x, y: F.pairwise_distance(x, y) + F.pairwise_distance(x, y, 1, 1e-3), (4, 5), (4, 5)),
    probe("pairwise_distance kept", "pairwise_distance(x, y, inf, keepdim=True) + pairwise_distance(x, x, eps=0, keepdim=True)",
          lambda x, y: F.pairwise_distance(x, y, math.inf, keepdim=True) + F.pairwise_distance(x, x, eps=0, keepdim=True),
          (4, 3, 5), (3, 5)),
    probe("cosine_similarity", "cosine_similarity(x, y) + x.cosine_similarity(y, dim=-1, eps=0.5).sum()",
          lambda x, y: F.cosine_similarity(x, y) + F.cosine_similarity(x, y, -1, 0.5).sum(), (4, 5, 2), (4, 5, 2)),
    probe("cosine_similarity of short ones", "cosine_similarity(x, y * 0, 1, 2.)",
          lambda x, y: F.cosine_similarity(x, y * 0, 1, 2.0), (9, 2), (9, 2)),
    probe("normalize", "normalize(x) + normalize(x, 1, dim=2) + x.normalize(dim=0, eps=3.) + normalize(x * 0)",
          lambda x: F.normalize(x) + F.normalize(x, 1, 2) + F.normalize(x, dim=0, eps=3.0) + F.normalize(x * 0), MATRIX),
    probe("layer_norm", "layer_norm(x, 6, y, z)", lambda x, y, z: F.layer_norm(x, (6,), y, z), MATRIX, (6,), (6,)),
    probe("layer_norm over two", "layer_norm(x, (5, 6), eps=0.001)", lambda x: F.layer_norm(x, (5, 6), eps=0.001), MATRIX),
    probe("layer_norm of one", "layer_norm(x, 1, eps=0.1) + layer_norm(x, (5, 1), y)",
          lambda x, y: F.layer_norm(x, (1,), eps=0.1) + F.layer_norm(x, (5, 1), y), (4, 5, 1), (5, 1)),
    probe("rms_norm", "rms_norm(x, 6, y) + rms_norm(x, (5, 6), eps=0.1) + rms_norm(x * 0, 6)",
          lambda x, y: F.rms_norm(x, (6,), y) + F.rms_norm(x, (5, 6), eps=0.1) + F.rms_norm(x * 0, (6,)), MATRIX, (6,)),
    probe("group_norm", "group_norm(x, 3, y, z) + group_norm(x, 1, eps=0.1) + group_norm(x, 6)",
          lambda x, y, z: F.group_norm(x, 3, y, z) + F.group_norm(x, 1, eps=0.1) + F.group_norm(x, 6),
          (4, 6, 2, 3), (6,), (6,)),
    probe("group_norm of features", "group_norm(x, 2)", lambda x: F.group_norm(x, 2), (3, 8)),
    probe("instance_norm", "instance_norm(x, None, None, y, z) + instance_norm(x)",
          lambda x, y, z: F.instance_norm(x, None, None, y, z) + F.instance_norm(x), (4, 3, 5), (3,), (3,)),
    probe("instance_norm by given statistics", "instance_norm(x, y.detach(), (z * z + 0.5).detach(), use_input_stats=False)",
          lambda x, y, z: F.instance_norm(x, y.detach(), (z * z + 0.5).detach(), use_input_stats=False), (4, 3, 5), (3,), (3,)),
    probe("batch_norm", "batch_norm(x, zeros(5), ones(5), y, z, True) + batch_norm(x, None, None, training=True, eps=0.1)",
          lambda x, y, z: F.batch_norm(x, None, None, y, z, True) + F.batch_norm(x, None, None, training=True, eps=0.1),
          MATRIX, (5,), (5,)),
    probe("batch_norm in inference", "batch_norm(x, y.detach(), (z * z + 0.5).detach(), y, z)",
          lambda x, y, z: F.batch_norm(x, y.detach(), (z * z + 0.5).detach(), y, z), (4, 5), (5,), (5,)),
    probe("linear", "linear(x, y, z) + linear(x, y)", lambda x, y, z: F.linear(x, y, z) + F.linear(x, y), MATRIX, (3, 6), (3,)),
    probe("bilinear", "bilinear(x, y, z, z[:, 0, 0]) + bilinear(x, y, z)",
          lambda x, y, z: F.bilinear(x, y, z, z[:, 0, 0]) + F.bilinear(x, y, z), (2, 3, 4), (2, 3, 5), (6, 4, 5)),
    probe("embedding", f"embedding({PLACES}, x) + embedding({PLACES}, x, padding_idx=-1)",
          lambda x: F.embedding(places(), x) + F.embedding(places(), x, padding_idx=3), (4, 5)),
    probe("gather", "gather(x, 1, tensor([[0, 6], [3, 3], [2, 1]])) + x.gather(-1, tensor([[0, 0], [6, 5], [1, 1]]))",
          lambda x: x.gather(1, torch.tensor([[0, 6], [3, 3], [2, 1]])) + x.gather(1, torch.tensor([[0, 0], [6, 5], [1, 1]])),
          (3, 7)),
    probe("gather along the first axis", f"gather(x, 0, {PLACES})", lambda x: x.gather(0, places()), (4, 3)),
    probe("vectors", "x @ y", lambda x, y: x @ y, (33,), (33,)),
    probe("matrix by vector", "matmul(x, y)", lambda x, y: x @ y, (5, 17), (17,)),
    probe("vector by matrix", "x @ y", lambda x, y: x @ y, (17,), (17, 3)),
    probe("matrices", "x @ y", lambda x, y: x @ y, (9, 33), (33, 8)),
    probe("transposed matrices", "x.T @ y.T", lambda x, y: x.T @ y.T, (16, 9), (31, 16)),
    probe("batches of matrices", "x @ y", lambda x, y: x @ y, (3, 4, 5), (3, 5, 8)),
    probe("batch by matrix", "x @ y", lambda x, y: x @ y, (3, 4, 5), (5, 2)),
    probe("broadcast batches", "x @ y.mT", lambda x, y: x @ y.mT, (2, 1, 4, 5), (3, 8, 5)),
]

# ---- Movement
MOVEMENT = [
    probe("reshape", "x.reshape(10, -1)", lambda x: x.reshape(10, -1), MATRIX),
    probe("view", "x.view(-1, x.size(-1)) + view(x, (20, 6))", lambda x: 2 * x.reshape(-1, 6), MATRIX),
    probe("flatten", "flatten(x) + x.contiguous().flatten(1, 2)", lambda x: 2 * x.flatten(1), MATRIX),
    probe("flatten all", "x.flatten(0)", lambda x: x.flatten(), MATRIX),
    probe("unflatten", "x.unflatten(2, (2, -1))", lambda x: x.unflatten(2, (2, -1)), MATRIX),
    probe("squeeze", "squeeze(x) + x.squeeze(1).squeeze(-1)", lambda x: 2 * x.squeeze(), (4, 1, 5, 1)),
    probe("unsqueeze", "x.unsqueeze(-1) + y.unsqueeze(0)", lambda x, y: x.unsqueeze(-1) + y.unsqueeze(0), (4, 5), (5, 3)),
    probe("transpose", "x.transpose(1, 2)", lambda x: x.transpose(1, 2), MATRIX),
    probe("permute", "x.permute(2, 0, 1) + permute(x, (2, 0, 1))", lambda x: 2 * x.permute(2, 0, 1), MATRIX),
    probe("T", "x.T", lambda x: x.T, (4, 7)),
    probe("expand", "x.expand(3, -1, 5) + x.expand((3, 4, 5))", lambda x: 2 * x.expand(3, 4, 5), (4, 1)),
    probe("concat", "concat([x, y, x], 1)", lambda x, y: torch.cat([x, y, x], 1), (3, 2), (3, 5)),
    probe("cat", "cat((x, y))", lambda x, y: torch.cat((x, y)), (3, 2), (1, 2)),
    probe("stack", "stack([x, y], dim=1)", lambda x, y: torch.stack([x, y], 1), (3, 2), (3, 2)),
    probe("chunk", "chunk(x, 3, 1)[2] + x.chunk(3, dim=-1)[0][:, :1]",
          lambda x: x.chunk(3, 1)[2] + x.chunk(3, 1)[0][:, :1], (4, 7)),
    probe("split", "split(x, 3, 1)[1] * split(x, [2, 3, 2], 1)[1]", lambda x: x[:, 3:6] * x[:, 2:5], (4, 7)),
    probe("slice", "slice(x, 1, 1, 7, 2)", lambda x: x[:, 1:7:2], (4, 7)),
    probe("index", "x[1, ..., -2]", lambda x: x[1, ..., -2], MATRIX),
    probe("index ranges", "x[1:, ::2, None, -3:-1]", lambda x: x[1:, ::2, None, -3:-1], MATRIX),
    probe("index past the end", "x[:9, 2:99]", lambda x: x[:9, 2:99], MATRIX),
    probe("overlapping slices", "x[:, :-1] * x[:, 1:]", lambda x: x[:, :-1] * x[:, 1:], (3, 8)),
    probe("pad", "pad(x, (1, 2, 0, 3))", lambda x: F.pad(x, (1, 2, 0, 3)), MATRIX),
    probe("pad with a value", "pad(x, (2, -1), value=1.5)", lambda x: F.pad(x, (2, -1), value=1.5), (3, 5)),
    probe("repeat", "x.repeat(2, 3)", lambda x: x.repeat(2, 3), (3, 4)),
    probe("repeat to new axes", "x.repeat(2, 1, 3)", lambda x: x.repeat(2, 1, 3), (3, 4)),
    probe("tril", "tril(x) + x.tril(-1)", lambda x: x.tril() + x.tril(-1), (2, 5, 4)),
    probe("triu", "triu(x, 1)", lambda x: x.triu(1), (2, 5, 4)),
    probe("shape", "x * x.shape[0] + x.shape[-1] * x.ndim + numel(x) + x.dim() + x.size()[1]",
          lambda x: x * 4 + 6 * 3 + 120 + 3 + 5, MATRIX),
    probe("masked_fill", "masked_fill(x, x > 1, -7.5)", lambda x: x.masked_fill(x > 1, -7.5), MATRIX),
    probe("dropout without chance", "dropout(x, 0) + dropout(x, p=1) + dropout(x, 0.5, training=False)",
          lambda x: 2 * x, (4, 5)),
    probe("dropout2d without chance", "dropout2d(x, 0) + dropout2d(x, p=1) + dropout2d(x, 0.5, training=False)",
          lambda x: 2 * x, MATRIX),
    probe("interpolate", "interpolate(x, scale_factor=2) + interpolate(x, size=(6, 8))",
          lambda x: F.interpolate(x, scale_factor=2) + F.interpolate(x, size=(6, 8)), (2, 2, 3, 4)),
    probe("interpolate between places",
          "interpolate(x, (5, 7), mode='bilinear') + interpolate(x, (5, 7), None, 'bilinear', True)",
          lambda x: F.interpolate(x, (5, 7), mode="bilinear") + F.interpolate(x, (5, 7), mode="bilinear", align_corners=True),
          (2, 2, 3, 4)),
    layer("Upsample(scale_factor=1.5, mode='linear')", lambda x: F.interpolate(x, scale_factor=1.5, mode="linear"), (2, 3, 5)),
    layer("Upsample(3)", lambda x: F.interpolate(x, 3), (2, 3, 7)),
    layer("Upsample(98)", lambda x: F.interpolate(x, 98), (2, 3, 2)),
    layer("Upsample(scale_factor=(2.35, 1.4))", lambda x: F.interpolate(x, scale_factor=(2.35, 1.4)), (2, 2, 3, 9)),
    layer("Upsample(scale_factor=1.4, recompute_scale_factor=True)",
          lambda x: F.interpolate(x, scale_factor=1.4, recompute_scale_factor=True), (2, 2, 3, 9)),
    probe("pixel_shuffle", "pixel_shuffle(x, 2)", lambda x: F.pixel_shuffle(x, 2), (2, 8, 2, 3)),
]

# ---- Creation
CREATION = [
    probe("zeros", "x + zeros(4, 5) + zeros_like(x)", lambda x: x * 1, (4, 5)),
    probe("ones", "x * ones((4, 5)) + ones_like(x)", lambda x: x + 1, (4, 5)),
    probe("full", "x * full((4, 5), 2.5) + full_like(x, 3)", lambda x: x * 2.5 + 3, (4, 5)),
    probe("tensor", "x * tensor([[1., 2.], [3., 4.]])",
          lambda x: x * torch.tensor([[1., 2.], [3., 4.]], dtype=x.dtype), (2, 2)),
    probe("arange", "x * arange(5) + arange(2, 12, 2)", lambda x: x * torch.arange(5) + torch.arange(2, 12, 2), (4, 5)),
    probe("arange of floats", "x * arange(0.5, 3, 0.5)", lambda x: x * torch.arange(0.5, 3, 0.5, dtype=x.dtype), (4, 5)),
    probe("one_hot", "one_hot(x.long(), 4).float()", lambda x: F.one_hot(x.long(), 4).to(x.dtype), (6,), low=0, high=4),
    probe("grad", "grad(sum(x ** 3 * y), x)", lambda x, y: 3 * x ** 2 * y, (4, 5), (5,)),
    probe("grad of a list", "sum(grad(sum(x * x * y), [x, y]))", lambda x, y: 2 * x * y + x * x, (4, 5), (4, 5)),
    probe("second grad", "grad(sum(grad(sum(sin(x)), x) * y), x)", lambda x, y: -x.sin() * y, (4, 5), (4, 5)),
]

# ---- Losses as functions, on literal targets
CLASSES = "tensor([2, 0, 4, 1, 3, 2])"
FLOATS = "tensor([[0.5, -1.], [2., 0.25], [0., 3.]])"


def classes():
    return torch.tensor([2, 0, 4, 1, 3, 2])


def floats(x):
    return torch.tensor([[0.5, -1.], [2., 0.25], [0., 3.]], dtype=x.dtype)


def class_weight(x):
    return torch.tensor([1., 0.5, 2., 0.25, 3.], dtype=x.dtype)


PARTS = "tensor([[0., 1.], [0.5, 0.125], [1., 0.75]])"
SIGNS = "tensor([1, -1, -1, 1, 0, -1])"
CERTAIN = (0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 2.0 ** -43, 2.0 ** -43, 2.0 ** -36, 1.0 - 2.0 ** -24)
certain_targets = [0.0, 1.0, 0.5, 0.0, 1.0, 0.5, 0.0, 1.0, 1.0, 0.0]
CERTAIN_TARGETS = f"tensor({certain_targets})"


def parts(x):
    return torch.tensor([[0., 1.], [0.5, 0.125], [1., 0.75]], dtype=x.dtype)


def signs():
    return torch.tensor([1, -1, -1, 1, 0, -1])


LOSSES = [
    probe("cross_entropy", f"cross_entropy(x, {CLASSES})", lambda x: F.cross_entropy(x, classes()), (6, 5), low=-9, high=9),
    probe("cross_entropy, all arguments",
          f"cross_entropy(x, {CLASSES}, weight=[1., 0.5, 2., 0.25, 3.], ignore_index=2, label_smoothing=0.2)",
          lambda x: F.cross_entropy(x, classes(), class_weight(x), ignore_index=2, label_smoothing=0.2), (6, 5)),
    probe("cross_entropy, sum", f"cross_entropy(x, {CLASSES}, ignore_index=0, reduction='sum', label_smoothing=0.1)",
          lambda x: F.cross_entropy(x, classes(), ignore_index=0, reduction="sum", label_smoothing=0.1), (6, 5)),
    probe("cross_entropy, none", f"cross_entropy(x, {CLASSES}, weight=[1., 0.5, 2., 0.25, 3.], reduction='none')",
          lambda x: F.cross_entropy(x, classes(), class_weight(x), reduction="none"), (6, 5)),
    probe("cross_entropy of probabilities",
          "cross_entropy(x, softmax(y, 1), weight=[1., 0.5, 2., 0.25, 3.], label_smoothing=0.1)",
          lambda x, y: F.cross_entropy(x, y.softmax(1), class_weight(x), label_smoothing=0.1), (6, 5), (6, 5)),
    probe("cross_entropy over places", "cross_entropy(x, tensor([[0, 1, 2, 1], [2, 2, 0, 1]]))",
          lambda x: F.cross_entropy(x, torch.tensor([[0, 1, 2, 1], [2, 2, 0, 1]])), (2, 3, 4)),
    probe("cross_entropy of large numbers", f"cross_entropy(x * 100, {CLASSES})",
          lambda x: F.cross_entropy(x * 100, classes()), (6, 5), low=-9, high=9),
    probe("nll_loss", f"nll_loss(x, {CLASSES}, weight=[1., 0.5, 2., 0.25, 3.])",
          lambda x: F.nll_loss(x, classes(), class_weight(x)), (6, 5)),
    probe("nll_loss, sum", f"nll_loss(x, {CLASSES}, ignore_index=2, reduction='sum')",
          lambda x: F.nll_loss(x, classes(), ignore_index=2, reduction="sum"), (6, 5)),
    probe("mse_loss", f"mse_loss(x, {FLOATS}) + mse_loss(x, {FLOATS}, 'sum')",
          lambda x: F.mse_loss(x, floats(x)) + F.mse_loss(x, floats(x), reduction="sum"), (3, 2)),
    probe("smooth_l1_loss", f"smooth_l1_loss(x, {FLOATS}) + smooth_l1_loss(x, {FLOATS}, 'sum', 0.5)",
          lambda x: F.smooth_l1_loss(x, floats(x)) + F.smooth_l1_loss(x, floats(x), reduction="sum", beta=0.5), (3, 2)),
    probe("smooth_l1_loss without corner", f"smooth_l1_loss(x, {FLOATS}, beta=0)",
          lambda x: F.smooth_l1_loss(x, floats(x), beta=0), (3, 2)),
    probe("l1_loss", f"l1_loss(x, {FLOATS}) + l1_loss(x, {FLOATS}, 'sum')",
          lambda x: F.l1_loss(x, floats(x)) + F.l1_loss(x, floats(x), reduction="sum"), (3, 2)),
    probe("huber_loss", f"huber_loss(x, {FLOATS}) + huber_loss(x, {FLOATS}, 'sum', 0.5)",
          lambda x: F.huber_loss(x, floats(x)) + F.huber_loss(x, floats(x), reduction="sum", delta=0.5), (3, 2)),
    probe("weighted losses", f"mse_loss(x, {FLOATS}, weight=y) + l1_loss(x, {FLOATS}, 'mean', y) + "
          f"huber_loss(x, {FLOATS}, 'mean', 0.7, y) + l1_loss(x, {FLOATS}, 'sum', y) + huber_loss(x, {FLOATS}, weight=y)",
          lambda x, y: F.mse_loss(x, floats(x), weight=y) + F.l1_loss(x, floats(x), weight=y)
          + F.huber_loss(x, floats(x), delta=0.7, weight=y) + F.l1_loss(x, floats(x), reduction="sum", weight=y)
          + F.huber_loss(x, floats(x), weight=y), (3, 2), (3, 2), low=0.1),
    Probe("l1_loss and huber_loss at corners", "l1_loss(x, x * 0, 'none') + huber_loss(x, x * 0, 'none', 2.)",
          lambda x: F.l1_loss(x, x * 0, reduction="none") + F.huber_loss(x, x * 0, reduction="none", delta=2.0),
          values=(0.0, -0.0, 1.0, -2.0, 2.0, 2.0 ** 100, -2.0 ** 100)),
    probe("binary_cross_entropy", f"binary_cross_entropy(x, {PARTS}) + binary_cross_entropy(x, {PARTS}, [2., 0.5], 'sum')",
          lambda x: F.binary_cross_entropy(x, parts(x))
          + F.binary_cross_entropy(x, parts(x), x.new_tensor([2.0, 0.5]), reduction="sum"), (3, 2), low=0, high=1),
    Probe("binary_cross_entropy at certainty", f"binary_cross_entropy(x, {CERTAIN_TARGETS}, reduction='none')",
          lambda x: F.binary_cross_entropy(x, x.new_tensor(certain_targets), reduction="none"), values=CERTAIN),
    probe("binary_cross_entropy by the target", "binary_cross_entropy(x, y)", lambda x, y: F.binary_cross_entropy(x, y),
          (3, 2), (3, 2), low=0, high=1),
    probe("binary_cross_entropy_with_logits", f"binary_cross_entropy_with_logits(x, {PARTS})",
          lambda x: F.binary_cross_entropy_with_logits(x, parts(x)), (3, 2), low=-30, high=30),
    probe("binary_cross_entropy_with_logits, weights",
          f"binary_cross_entropy_with_logits(x, {PARTS}, [2., 0.5], 'sum', pos_weight=[3., 0.25])",
          lambda x: F.binary_cross_entropy_with_logits(x, parts(x), x.new_tensor([2.0, 0.5]), reduction="sum",
                                                       pos_weight=x.new_tensor([3.0, 0.25])), (3, 2)),
    probe("binary_cross_entropy_with_logits by the target", "binary_cross_entropy_with_logits(x, y, pos_weight=3)",
          lambda x, y: F.binary_cross_entropy_with_logits(x, y, pos_weight=x.new_tensor(3.0)), (3, 2), (3, 2)),
    Probe("binary_cross_entropy_with_logits at corners",
          "binary_cross_entropy_with_logits(x, tensor([1., 0., 1., 0., 1., 0., 0.5, 0.5]), reduction='none')",
          lambda x: F.binary_cross_entropy_with_logits(x, x.new_tensor([1, 0, 1, 0, 1, 0, 0.5, 0.5]), reduction="none"),
          values=(0.0, 0.0, 200.0, 200.0, -200.0, -200.0, -0.0, math.nan)),
    probe("kl_div", f"kl_div(x, {PARTS}) + kl_div(x, {PARTS}, 'batchmean') + kl_div(x, {PARTS}, 'sum')",
          lambda x: F.kl_div(x, parts(x), reduction="none").mean()    # 'mean' itself warns
          + F.kl_div(x, parts(x), reduction="batchmean") + F.kl_div(x, parts(x), reduction="sum"), (3, 2)),
    probe("kl_div of logarithms", "kl_div(x, y, 'batchmean', log_target=True)",
          lambda x, y: F.kl_div(x, y, reduction="batchmean", log_target=True), (3, 2), (3, 2)),
    probe("kl_div, none", "kl_div(x, y, 'none')", lambda x, y: F.kl_div(x, y, reduction="none"), (3, 2), (3, 2), low=0.1),
    probe("cosine_embedding_loss", f"cosine_embedding_loss(x, y, {SIGNS}, 0.1)",
          lambda x, y: F.cosine_embedding_loss(x, y, signs(), 0.1), (6, 5), (6, 5)),
    probe("cosine_embedding_loss, sum", f"cosine_embedding_loss(x, y, {SIGNS}, reduction='sum') * z",
          lambda x, y, z: F.cosine_embedding_loss(x, y, signs(), reduction="sum") * z, (6, 5), (6, 5), (1,)),
    probe("cosine_embedding_loss of nothing", f"cosine_embedding_loss(x * 0, y, {SIGNS})",
          lambda x, y: F.cosine_embedding_loss(x * 0, y, signs()), (6, 5), (6, 5)),
    probe("triplet_margin_loss", "triplet_margin_loss(x, y, z)", lambda x, y, z: F.triplet_margin_loss(x, y, z),
          (7, 5), (7, 5), (7, 5)),
    probe("triplet_margin_loss, all arguments", "triplet_margin_loss(x, y, z, 2.5, 1, 1e-3, True, 'sum')",
          lambda x, y, z: F.triplet_margin_loss(x, y, z, 2.5, 1, 1e-3, True, reduction="sum"), (7, 5), (7, 5), (7, 5)),
    probe("triplet_margin_loss, cubes", "triplet_margin_loss(x, y, z, 1.5, 3, swap=True, reduction='none')",
          lambda x, y, z: F.triplet_margin_loss(x, y, z, 1.5, 3, swap=True, reduction="none"), (7, 5), (7, 5), (7, 5)),
    probe("triplet_margin_loss of equals", "triplet_margin_loss(x, x, x, eps=0)",
          lambda x: F.triplet_margin_loss(x, x, x, eps=0), (3, 5)),
]


def cases():
    return [ProbeCase("elementwise", ELEMENTWISE), ProbeCase("activations", activation_probes()),
            ProbeCase("reductions", REDUCTIONS), ProbeCase("movement", MOVEMENT), ProbeCase("creation", CREATION),
            ProbeCase("loss_functions", LOSSES)]
