"""What PyTorch makes of a network: initial parameters, gradients, losses of the steps, the end, predictions."""
import functools
import math
import warnings

import dialect
import tensors
import torch
from check import Unusable, require_usable
from harness import from_torch, to_torch

warnings.filterwarnings("ignore", message="reduction: 'mean' divides")      # said of KLDivLoss, which is meant


def world(network):
    names = dict(vars(dialect))
    exec(compile(network.python, f"network {network.name}", "exec"), names)
    return names


def build(names, network):
    """The model with PyTorch's draws, and the rows of each batch of each epoch."""
    torch.set_default_dtype(torch.float32)
    torch.manual_seed(network.torch_seed)
    model = names["prepare"](names["Net"]())
    loader = torch.utils.data.DataLoader(range(network.rows), batch_size=network.batch, shuffle=network.shuffle,
                                         drop_last=network.drop_last)
    return model, [[rows.tolist() for rows in loader] for _ in range(network.epochs)]


def fed(network, tensor, kind, dtype):
    x = to_torch(tensor, dtype)
    if kind.kind == "bytes":
        x = x.to(dtype) / 255
        if network.normalize:
            x = (x - network.normalize[0]) / network.normalize[1]
    return x.requires_grad_() if x.is_floating_point() else x


def parameter_groups(model, rate, decay):
    """A group for each parameter that learns, with the rate and the decay of its module."""
    groups, seen = [], set()
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            if parameter.requires_grad and id(parameter) not in seen:
                seen.add(id(parameter))
                group = {"params": [parameter], "lr": rate * getattr(module, "lr_scale", 1.0)}
                if hasattr(module, "weight_decay") and decay is not None:
                    group["weight_decay"] = module.weight_decay
                groups.append(group)
    return groups


class Run:
    """One pass through everything in one dtype. `shake` moves parameters and data by that share: what rounding may do."""

    def __init__(self, names, network, data, dtype, state, shake=0.0):
        self.names, self.network, self.data, self.dtype, self.shake = names, network, data, dtype, shake
        self.exact = dtype == torch.float64 and not shake
        self.results = {}
        self.model = names["prepare"](names["Net"]()).to(dtype)
        self.model.load_state_dict({name: self.moved(x.to(dtype) if x.is_floating_point() else x) for name, x in state.items()})
        torch.set_default_dtype(dtype)

    def moved(self, x):
        if not self.shake or not x.is_floating_point():
            return x
        return (x.double() * (1 + self.shake * (2 * torch.rand(x.shape, dtype=torch.float64) - 1))).to(x.dtype)

    def batch(self, prefix, rows=None):
        inputs = []
        for place, kind in enumerate(self.network.inputs):
            tensor = self.names_of(prefix, place, kind)
            inputs.append(tensor if rows is None else tensor[rows].detach().requires_grad_(tensor.requires_grad))
        if self.network.target.kind in ("nothing", "itself"):
            return inputs, inputs[0].detach()
        y = to_torch(self.data[f"{prefix}y"], self.dtype)
        return inputs, y if rows is None else y[rows]

    def names_of(self, prefix, place, kind):
        x = fed(self.network, self.data[f"{prefix}x{place or ''}"], kind, self.dtype)
        if self.shake and x.is_floating_point():
            x = self.moved(x.detach()).requires_grad_()
        return x

    def loss(self, inputs, y):
        output = self.model(*inputs)
        return output, self.names["loss"](output, y, inputs[0] if len(inputs) == 1 else tuple(inputs), self.model)

    def learn(self):
        """The model's mode of training, in which frozen parts stay as in inference."""
        self.model.train()
        for module in self.model.modules():
            if getattr(module, "stays_eval", False):
                module.eval()

    def gradients(self):
        self.learn()
        before = {name: buffer.clone() for name, buffer in self.model.named_buffers()}
        inputs, y = self.batch("grad_")
        self.model.zero_grad()
        _, loss = self.loss(inputs, y)
        if loss.requires_grad:      # else everything is frozen
            loss.backward()
        self.results["grad/loss"] = loss.detach()
        for name, parameter in self.model.named_parameters():
            if parameter.requires_grad:
                grad = parameter.grad
                self.results[f"grad/{name}"] = torch.zeros_like(parameter) if grad is None else grad.clone()
        for name, buffer in self.model.named_buffers():     # a program's training does not know of its gradients' batch
            buffer.copy_(before[name])

    def steps(self, epochs):
        plain = self.names["optimiser"]([torch.zeros(1, requires_grad=True)]).defaults
        groups = parameter_groups(self.model, plain["lr"], plain.get("weight_decay"))
        optimiser = self.names["optimiser"](groups) if groups else None
        rates = [group["lr"] for group in groups]
        losses, tests, accuracies, step = [], [], [], 0
        several = self.network.accumulate
        planned = sum(-(-len(batches) // several) for batches in epochs)
        for epoch, batches in enumerate(epochs):
            self.learn()
            for first in range(0, len(batches), several):
                factor = self.names["factor"](step, epoch, planned, len(epochs))
                losses.append(self.step(optimiser, [rate * factor for rate in rates], batches[first:first + several]))
                step += 1
            loss, accuracy = self.evaluate()
            tests.append(loss)
            accuracies.append(accuracy)
        self.results["train/losses"] = torch.stack(losses)
        self.results["train/test_losses"] = torch.stack(tests)
        if self.network.target.classes:
            self.results["train/accuracies"] = torch.tensor(accuracies, dtype=torch.float64)
        for name, value in self.model.state_dict().items():
            self.results[f"end/{name}"] = value.clone()

    def step(self, optimiser, rates, batches):
        """One step of one batch or several; the mean loss of their samples."""
        self.model.zero_grad()
        total = 0.0
        for rows in batches:
            _, loss = self.loss(*self.batch("", rows))
            if loss.requires_grad:
                (loss / self.network.accumulate).backward()
            total = total + loss.detach() * len(rows)
        learning = [p for p in self.model.parameters() if p.requires_grad]
        for parameter in learning:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        if self.exact and not all(p.grad.isfinite().all() for p in learning):
            raise Unusable("a gradient that is not finite")     # which Lion, for one, takes for none
        self.move_gradients(learning)
        if optimiser:
            for group, rate in zip(optimiser.param_groups, rates):
                group["lr"] = rate
            if "clip_grad_norm" in self.network.clip:
                torch.nn.utils.clip_grad_norm_(learning, self.network.clip["clip_grad_norm"])
            if "clip_grad_value" in self.network.clip:
                torch.nn.utils.clip_grad_value_(learning, self.network.clip["clip_grad_value"])
            optimiser.step()
        return total / sum(map(len, batches))

    def move_gradients(self, learning):
        """Moves gradients as the order of their sums may: a sum whose terms cancel is nothing but rounding, and Lion takes its
        sign. What is exactly zero, such as behind a closed ReLU, stays."""
        if not self.shake or not learning:
            return
        largest = max(float(p.grad.abs().max()) if p.numel() else 0.0 for p in learning)
        for p in learning:
            noise = 4 * self.shake * largest * (2 * torch.rand(p.shape, dtype=torch.float64) - 1)
            p.grad += (noise * (p.grad != 0)).to(p.dtype)

    def evaluate(self):
        self.model.eval()
        inputs, y = self.batch("test_")
        output, loss = self.loss(inputs, y)
        first = output[0] if isinstance(output, tuple) else output
        right = (first.argmax(1) == y).double().mean().item() if self.network.target.classes else math.nan
        return loss.detach(), right

    def predict(self):
        self.model.eval()
        output = self.model(*self.batch("test_")[0])
        output = output[0] if isinstance(output, tuple) else output
        self.results["predict/output"] = output.detach()
        for kind in ("softmax", "exp", "sigmoid"):
            self.results[f"predict/{kind}"] = (output.softmax(1) if kind == "softmax" else getattr(output, kind)()).detach()


def run(names, network, data, dtype, state, epochs, shake=0.0):
    """All results by name."""
    one = Run(names, network, data, dtype, state, shake)
    one.gradients()
    one.steps(epochs)
    one.predict()
    torch.set_default_dtype(torch.float32)
    return one.results


class Reference:
    """PyTorch's results in f64; more on demand."""

    def __init__(self, network, data):
        self.network, self.data = network, data
        self.names = world(network)
        self.model, self.epochs = build(self.names, network)
        self.state = {name: x.detach().clone() for name, x in self.model.state_dict().items()}
        try:
            exact = self.run(torch.float64)
        except ValueError as problem:
            if "more than 1 value per channel" in str(problem):
                raise Unusable("a batch norm of one value") from None
            raise
        self.values = {name: from_torch(x) for name, x in exact.items()}
        require_usable(self.values)
        self.initial = {name: from_torch(x) for name, x in self.state.items()}
        self.initial_errors = {name: getattr(p, "initial_error", 0.0)
                               for name, p in self.model.named_parameters(remove_duplicate=False)}
        self.initial_errors |= {f"{name}.weight": 4e-7 for name, module in self.model.named_modules()
                                if isinstance(module, torch.nn.Embedding)}      # normal draws

    @functools.cached_property
    def errors(self):
        """How far PyTorch in f32 is from each result."""
        rounded = self.run(torch.float32)
        return {name: tensors.largest_difference(from_torch(rounded[name]), x) for name, x in self.values.items()}

    def run(self, dtype, shake=0.0):
        return run(self.names, self.network, self.data, dtype, self.state, self.epochs, shake)

    def spread(self, dtype, times=8):
        """How far PyTorch's results in a type move when every number that goes in moves by its last bits."""
        exact, result = self.run(torch.float64), {}
        for _ in range(times):
            moved = self.run(torch.float32 if dtype == "f32" else torch.float64, 2e-7 if dtype == "f32" else 4e-16)
            for name, x in exact.items():
                off = float((moved[name].double() - x.double()).abs().max()) if x.numel() else 0.0
                result[name] = max(result.get(name, 0.0), off)
        return result
