"""What the names of .net mean in PyTorch, so that most lines of a random network are the same text for both.

A network's PyTorch text runs in this module's names. Each is one call of PyTorch, so that nothing here computes by itself.
"""
import builtins
import collections
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from training import Lion   # noqa: F401: PyTorch has none

inf, pi = math.inf, math.pi
ReLU, LeakyReLU, PReLU, ELU, SELU, CELU, GELU, SiLU, Mish = (
    nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish)
Sigmoid, LogSigmoid, Tanh, Hardtanh, Hardswish, Softplus, Softsign, Tanhshrink, ReLU6 = (
    nn.Sigmoid, nn.LogSigmoid, nn.Tanh, nn.Hardtanh, nn.Hardswish, nn.Softplus, nn.Softsign, nn.Tanhshrink, nn.ReLU6)
GLU, Softmax, LogSoftmax, Softmin = nn.GLU, nn.Softmax, nn.LogSoftmax, nn.Softmin
Linear, Flatten, Unflatten, Identity, Dropout, ModuleList = (
    nn.Linear, nn.Flatten, nn.Unflatten, nn.Identity, nn.Dropout, nn.ModuleList)
BatchNorm1d, BatchNorm2d, InstanceNorm2d, LayerNorm, RMSNorm, GroupNorm, Embedding, Bilinear = (
    nn.BatchNorm1d, nn.BatchNorm2d, nn.InstanceNorm2d, nn.LayerNorm, nn.RMSNorm, nn.GroupNorm, nn.Embedding, nn.Bilinear)
Upsample, PixelShuffle, Dropout2d = nn.Upsample, nn.PixelShuffle, nn.Dropout2d
rms_norm, group_norm, instance_norm, batch_norm, linear, bilinear, pixel_shuffle, interpolate, dropout2d, gather, embedding = (
    F.rms_norm, F.group_norm, F.instance_norm, F.batch_norm, F.linear, F.bilinear, F.pixel_shuffle, F.interpolate, F.dropout2d,
    torch.gather, F.embedding)
relu, leaky_relu, prelu, elu, selu, celu, gelu, silu, mish = (
    F.relu, F.leaky_relu, F.prelu, F.elu, F.selu, F.celu, F.gelu, F.silu, F.mish)
logsigmoid = log_sigmoid = F.logsigmoid
amax, amin = torch.amax, torch.amin
hardtanh, relu6, hardswish, softplus, softsign, tanhshrink, glu, layer_norm = (
    F.hardtanh, F.relu6, F.hardswish, F.softplus, F.softsign, F.tanhshrink, F.glu, F.layer_norm)
dropout, pad, normalize, pairwise_distance, cosine_similarity = (
    F.dropout, F.pad, F.normalize, F.pairwise_distance, F.cosine_similarity)
exp, log, log1p, sqrt, rsqrt, sin, cos, atan, tanh, sigmoid, erf, floor, sign, neg = (
    torch.exp, torch.log, torch.log1p, torch.sqrt, torch.rsqrt, torch.sin, torch.cos, torch.atan, torch.tanh, torch.sigmoid,
    torch.erf, torch.floor, torch.sign, torch.neg)
round = torch.round
logical_and, logical_or, logical_not = torch.logical_and, torch.logical_or, torch.logical_not
minimum, maximum, clamp, matmul, masked_fill = torch.minimum, torch.maximum, torch.clamp, torch.matmul, torch.masked_fill
reshape, permute, transpose, unsqueeze, unflatten, stack, chunk, split, tril, triu, numel = (
    torch.reshape, torch.permute, torch.transpose, torch.unsqueeze, torch.unflatten, torch.stack, torch.chunk, torch.split,
    torch.tril, torch.triu, torch.numel)
concat = cat = torch.cat
mm, dot, t, linspace = torch.mm, torch.dot, torch.t, torch.linspace
zeros_like, ones_like, full_like = (
    torch.zeros_like, torch.ones_like, torch.full_like)
tensor, arange, full = torch.tensor, torch.arange, torch.full
int64 = torch.int64


class Hardsigmoid(nn.Module):
    """PyTorch's own has 1/6 in f32 in its gradient, in f64 too."""

    def forward(self, x):
        return hardsigmoid(x)


def hardsigmoid(x):
    return F.relu6(x + 3) / 6


# ---- Axes by keyword or position, values without their indices
def softmax(x, dim=-1):
    return F.softmax(x, dim)


def log_softmax(x, dim=-1):
    return F.log_softmax(x, dim)


def softmin(x, dim=-1):
    return F.softmin(x, dim)


def sum(x, dim=None, keepdim=False):
    if isinstance(x, list):
        return builtins.sum(x[1:], x[0])
    return torch.sum(x) if dim is None else torch.sum(x, dim, keepdim)


def mean(x, dim=None, keepdim=False):
    return torch.mean(x) if dim is None else torch.mean(x, dim, keepdim)


def prod(x, dim, keepdim=False):
    return torch.prod(x, dim, keepdim)


def max(x, dim=None, keepdim=False):
    if isinstance(dim, torch.Tensor):
        return torch.maximum(x, dim)
    return torch.max(x) if dim is None else torch.max(x, dim, keepdim).values


def min(x, dim=None, keepdim=False):
    if isinstance(dim, torch.Tensor):
        return torch.minimum(x, dim)
    return torch.min(x) if dim is None else torch.min(x, dim, keepdim).values


def argmax(x, dim=None, keepdim=False):
    return torch.argmax(x, dim, keepdim)


def logsumexp(x, dim, keepdim=False):
    return torch.logsumexp(x, dim, keepdim)


def var(x, dim=None, unbiased=True, keepdim=False, correction=None):
    return torch.var(x, dim, correction=builtins.int(unbiased) if correction is None else correction, keepdim=keepdim)


def std(x, dim=None, unbiased=True, keepdim=False, correction=None):
    return torch.std(x, dim, correction=builtins.int(unbiased) if correction is None else correction, keepdim=keepdim)


def norm(x, p=2, dim=None, keepdim=False):
    return torch.linalg.vector_norm(x, p, dim, keepdim)


def squeeze(x, dim=None):
    return torch.squeeze(x) if dim is None else torch.squeeze(x, dim)


def expand(x, *shape):
    return x.expand(*shape)


def repeat(x, *repeats):
    return x.repeat(*repeats)


def view(x, *shape):
    return x.reshape(*shape)


def flatten(x, start_dim=1, end_dim=-1):
    return torch.flatten(x, start_dim, end_dim)


def dim(x):
    return x.dim()


def slice(x, dim, start, end, step=1):
    return x[(builtins.slice(None),) * dim + (builtins.slice(start, end, step),)]


def contiguous(x):
    return x.contiguous()


# ---- Types, conditions, creation
def float(x):
    return x.to(torch.get_default_dtype())


def long(x):
    return x.long()


def int(x):
    return x.long()


def bool(x):
    return x != 0


def cast(x, dtype):
    return x.to(dtype)


to = cast


def one_hot(x, num_classes):
    return F.one_hot(x, num_classes)


def where(condition, x, y):
    return torch.where(condition, x, y)


def stop_gradient(x):
    return x.detach()


def detach(x):
    return x.detach()


def check(condition, message, value):
    if not condition.all():
        raise ValueError(message)
    return value


def grad(y, x):
    result = torch.autograd.grad(y, x, create_graph=True)
    return result[0] if isinstance(x, torch.Tensor) else builtins.list(result)


def rand_like(x):
    """Some number in [0, 1): results do not depend on which, and PyTorch's generator is left alone."""
    return torch.full_like(x, 0.5)


def randn_like(x):
    return torch.full_like(x, 0.5)


def rand(*shape):
    return torch.full(shape, 0.5)


def randn(*shape):
    return torch.full(shape, 0.5)


# ---- Initialisers: of a shape in .net, of a tensor in PyTorch. Those with an error are right within it, others to the bit.
class Initialiser:
    def __init__(self, fill, error=0.0):
        self.fill, self.error = fill, error

    def __call__(self, parameter):
        with torch.no_grad():
            self.fill(parameter)
        parameter.initial_error = self.error
        return parameter


def Parameter(*shape, init):
    return init(nn.Parameter(torch.empty(shape)))


def zeros(*shape):
    return torch.zeros(shape) if shape else Initialiser(nn.init.zeros_)


def ones(*shape):
    return torch.ones(shape) if shape else Initialiser(nn.init.ones_)


def constant(value):
    return Initialiser(lambda t: nn.init.constant_(t, value))


def uniform(a=0.0, b=1.0):
    return Initialiser(lambda t: nn.init.uniform_(t, a, b))


def normal(mean=0.0, std=1.0):
    return Initialiser(lambda t: nn.init.normal_(t, mean, std), 4e-7)


def trunc_normal(mean=0.0, std=1.0, a=-2.0, b=2.0):
    """The inverse of the distribution at one uniform draw: netc's own, which never draws twice."""
    def fill(t):
        low, high = (math.erf((x - mean) / std / math.sqrt(2)) for x in (a, b))
        u = low + (high - low) * torch.empty_like(t).uniform_().double()
        t.copy_((u.erfinv() * std * math.sqrt(2) + mean).clamp(a, b))
    return Initialiser(fill, 2e-6)


def xavier_uniform(gain=1.0):
    return Initialiser(lambda t: nn.init.xavier_uniform_(t, gain))


def xavier_normal(gain=1.0):
    return Initialiser(lambda t: nn.init.xavier_normal_(t, gain), 4e-7)


def kaiming_uniform(**options):
    return Initialiser(lambda t: nn.init.kaiming_uniform_(t, **options))


def kaiming_normal(**options):
    return Initialiser(lambda t: nn.init.kaiming_normal_(t, **options), 4e-7)


def orthogonal(gain=1.0):
    return Initialiser(lambda t: nn.init.orthogonal_(t, gain), 4e-6)


def eye():
    return Initialiser(nn.init.eye_)


def calculate_gain(nonlinearity):
    return nn.init.calculate_gain(nonlinearity)


# ---- Layers that PyTorch has not, or spells otherwise
class Lambda(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def named(items):
    """(name, layer) or a layer alone, which is named by its position among all."""
    pairs = [item if isinstance(item, tuple) else (str(i), item) for i, item in enumerate(items)]
    return collections.OrderedDict((name, x if isinstance(x, nn.Module) else Lambda(x)) for name, x in pairs)


def Sequential(*items):
    return nn.Sequential(named(items))


class _Residual(nn.Sequential):
    def forward(self, x):
        return x + super().forward(x)


def Residual(*items):
    return _Residual(named(items))


# ---- Training
SGD, Adam, AdamW, NAdam, RMSprop, Adagrad, Adadelta = (
    torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.NAdam, torch.optim.RMSprop, torch.optim.Adagrad,
    torch.optim.Adadelta)


def one_cycle(t, T, pct_start=0.3, anneal_strategy="cos", div_factor=25.0, final_div_factor=1e4):
    """The factor that PyTorch's scheduler gives at step t."""
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, 1.0, total_steps=T, pct_start=pct_start, anneal_strategy=anneal_strategy, div_factor=div_factor,
        final_div_factor=final_div_factor)
    for _ in range(t):
        optimiser.step()
        scheduler.step()
    return optimiser.param_groups[0]["lr"]
