"""The steps by which a forward grows: each picks tensors that it fits, appends lines, and says whether it could."""
import math

import tables
from network import both, initialiser

SIZES = (1, 2, 3, 5, 7, 8, 10, 15, 16, 17, 31, 33, 64, 65, 100, 129)
LARGEST = 700       # elements of a sample


def a_size(rng, below=10 ** 9):
    sizes = [size for size in SIZES if size < below]
    return rng.choice(sizes[:11] if rng.random() < 0.8 else sizes)


def an_axis(module, value, least=1):
    """An axis (with the batch) of a value that has at least so many elements, in one of its two spellings; and its place."""
    places = [i for i, size in enumerate(value.shape) if size >= least]
    if not places:
        return None, None
    place = module.rng.choice(places)
    return (place + 1 if module.chance(0.5) else place - len(value.shape)), place


def grown(size, rule, other=0.0):
    return {"x": size, "x2": size * size + 1, "+": size + other, "*": size * other}.get(rule, rule)


# ---- Layers
def linear(m):
    x = m.pick()
    out = a_size(m.rng, LARGEST // max(x.count // x.shape[-1], 1) + 2)
    bias = m.rng.choice(["", "", "", ", bias=False", ", bias=True"])
    first = "_" if m.chance(0.15) else x.shape[-1]
    name = m.member("fc", (f"Linear({first}, {out}{bias})" if m.chance(0.9) else f"LazyLinear({out}{bias})",
                           f"Linear({x.shape[-1]}, {out}{bias})"))
    m.shareable.append((name, x.shape[-1], out))
    m.let(f"{name}({x})", x.shape[:-1] + (out,), x.size * 0.6 + 0.5)
    return True


def activation(m):
    x = m.pick()
    layer, function, *numbers = m.rng.choice(tables.ACTIVATIONS)
    a = m.rng.choice(numbers[0]) if numbers else None
    if m.chance(0.5):
        name = m.member("act", layer.format(a=a))
        m.let(f"{name}({x})", x.shape, x.size)
    else:
        text = function.format(x=x, a=a)
        method = text.startswith(function.split("(")[0] + f"({x.name}") and m.chance(0.2)
        m.let((as_method(text, x.name), text) if method else text, x.shape, x.size)
    return True


def as_method(text, x):
    """f(x, a) as x.f(a)."""
    name, _, rest = text.partition(f"({x}")
    return f"{x}.{name}({rest.removeprefix(', ')}"


def row_activation(m):
    x = m.pick()
    axis, _ = an_axis(m, x)
    layer, function = m.rng.choice(tables.ROW_ACTIVATIONS)
    size = 8.0 if "og" in function else 1.0
    if m.chance(0.5):
        m.let(f"{m.member('act', layer.format(d=axis))}({x})", x.shape, size)
    else:
        m.let(function, x.shape, size, x=x, d=axis)
    return True


def gated(m):
    x = m.pick(lambda v: v.shape[-1] % 2 == 0)
    if not x:
        return False
    shape = x.shape[:-1] + (x.shape[-1] // 2,)
    axis = m.rng.choice([-1, len(x.shape)])
    if m.chance(0.5):
        m.let(f"{m.member('act', f'GLU({axis})')}({x})", shape, x.size)
    else:
        m.let("glu({x}, dim={d})" if m.chance(0.5) else "glu({x}, {d})", shape, x.size, x=x, d=axis)
    return True


def prelu(m):
    x = m.pick()
    many = m.chance(0.5)
    if m.chance(0.5):
        text = f"PReLU({x.shape[0]})" if many else m.rng.choice(["PReLU()", "PReLU(init=0.1)", "PReLU(num_parameters=1)"])
        m.let(f"{m.member('act', text)}({x})", x.shape, x.size)
    else:
        slope = m.member("slope", f"Parameter({x.shape[0] if many else 1}, init=uniform(0.1, 0.4))")
        m.let(f"prelu({x}, {slope})", x.shape, x.size)
    return True


def plain_layer(m):
    x = m.pick()
    text = m.rng.choice(["Identity()", "Dropout(0.0)", "Dropout(p=0.0)"])
    m.let(f"{m.member('layer', text)}({x})", x.shape, x.size)
    return True


def layer_norm(m):
    x = m.pick()
    last = m.rng.choice([1, 2]) if len(x.shape) > 1 else 1
    shape = x.shape[-last:]
    if math.prod(shape) < 2:
        return False
    arguments = f"({', '.join(map(str, shape))},)"
    if m.chance(0.6):
        sizes = ", ".join(map(str, shape))
        arguments += f", {m.member('scale', f'Parameter({sizes}, init=uniform(0.5, 1.5))')}"
        if m.chance(0.7):
            arguments += f", {m.member('shift', f'Parameter({sizes}, init={initialiser(m.rng, 1)})')}"
    eps = m.rng.choice([0.1, 0.01])
    m.let(f"layer_norm({x}, {arguments}, eps={eps})", x.shape, 3.0)
    return True


def shared(m):
    """A layer that is there already, once more."""
    if not m.shareable:
        return False
    name, size, out = m.rng.choice(m.shareable)
    x = m.pick(lambda v: v.shape[-1] == size and v.count // size * out <= LARGEST)
    if not x:
        return False
    m.features.add("shared")
    m.let(f"{name}({x})", x.shape[:-1] + (out,), x.size * 0.6 + 0.5)
    return True


def sequential(m):
    """A Sequential or Residual as a member, named or numbered, with functions between its layers."""
    x = m.pick()
    width, inner = x.shape[-1], a_size(m.rng, 40)
    layer, function, *numbers = m.rng.choice(tables.ACTIVATIONS)
    a = m.rng.choice(numbers[0]) if numbers else None
    middle = both(layer, a=a)
    if m.chance(0.4):
        lambda_net, lambda_python = f"x -> {function.format(x='x', a=a)}", f"lambda x: {function.format(x='x', a=a)}"
        middle = (lambda_net, lambda_python)
    out = width if m.chance(0.6) else a_size(m.rng, LARGEST // (x.count // width) + 2)
    items = [(f"Linear({width}, {inner})",) * 2, middle, (f"Linear({inner}, {out})",) * 2]
    names = ["first", "bent", "second"]
    if m.chance(0.4):
        net = ", ".join(f"{n}={i[0]}" for n, i in zip(names, items))
        python = ", ".join(f"('{n}', {i[1]})" for n, i in zip(names, items))
    else:
        net, python = (", ".join(i[k] for i in items) for k in (0, 1))
    kind = "Residual" if out == width and m.chance(0.6) else "Sequential"
    if kind == "Residual":
        m.features.add("branch")
    name = m.member("seq", (f"{kind}({net})", f"{kind}({python})"))
    m.shareable.append((name, width, out))
    m.let(f"{name}({x})", x.shape[:-1] + (out,), x.size + 1)
    return True


def layer_list(m):
    """A ModuleList that forward goes through."""
    x = m.pick(lambda v: v.shape[-1] <= 33)
    if not x:
        return False
    width, count = x.shape[-1], m.rng.choice([2, 3])
    name = m.member("list", f"ModuleList([Linear({width}, {width}) for i in range({count})])")
    f = m.rng.choice(["tanh", "gelu", "softsign", "silu"])
    value = m.let(f"{f}({name}[0]({x}))", x.shape, x.size)
    for i in range(1, count):
        value = m.let(f"{f}({name}[{i}]({value}))", x.shape, x.size)
    return True


# ---- Elementwise
def unary(m):
    """One function of a tensor, or two in a row."""
    x = m.pick()
    for _ in range(m.rng.choice([1, 1, 2])):
        text, size = m.rng.choice(tables.UNARY)
        x = m.let(text, x.shape, grown(x.size, size), x=x)
    return True


def binary(m):
    x = m.pick()
    y = m.pick(lambda v: v.shape == x.shape and v is not x)
    if not y:
        return False
    m.features.add("branch")
    text, rule = m.rng.choice(tables.BINARY)
    m.let(text, x.shape, grown(x.size, rule, y.size), x=x, y=y)
    return True


def pairing(m):
    """A number for each pair of rows."""
    x = m.pick()
    y = m.pick(lambda v: v.shape == x.shape and v is not x)
    if not y:
        return False
    m.features |= {"branch", "reduction"}
    m.let(m.rng.choice(tables.PAIRINGS), x.shape[:-1] + (1,), x.size + y.size, x=x, y=y, n=x.shape[-1], last=len(x.shape))
    return True


def broadcast(m):
    """Two tensors of different shapes that broadcast, or a tensor and a parameter."""
    x = m.pick()
    y = m.pick(lambda v: v is not x and v.shape != x.shape and len(v.shape) <= len(x.shape) and
               all(a in (1, b) for a, b in zip(v.shape[::-1], x.shape[::-1])) and len(v.shape) == len(x.shape))
    text, rule = m.rng.choice(tables.BINARY)
    if y and m.chance(0.7):
        m.features |= {"branch", "broadcast"}
        m.let(text, x.shape, grown(x.size, rule, y.size), x=x, y=y)
        return True
    shape = [size if m.chance(0.7) else 1 for size in x.shape][m.rng.randrange(len(x.shape)):]
    name = m.member("p", f"Parameter({', '.join(map(str, shape))}, init={initialiser(m.rng, len(shape))})")
    m.features.add("broadcast")
    m.let(text, x.shape, grown(x.size, rule, 1.0), x=x, y=name)
    return True


def constants(m):
    x = m.pick()
    n = x.shape[-1]
    numbers = [f"{m.rng.randrange(-16, 17) / 8}" for _ in range(n)]
    sizes = ", ".join(map(str, x.shape))
    text = m.rng.choice([
        f"{{x}} * tensor([{', '.join(numbers)}])" if n < 20 else f"{{x}} + arange({n}) / {n}",
        f"{{x}} + arange({n}) / {n}", f"{{x}} - arange(0.5, {n}, 1) * 0.1", f"{{x}} * ones({sizes})", f"{{x}} + zeros({n})",
        f"{{x}} * full(({sizes},), 0.75)", f"where(arange({n}) % 2 == 0, {{x}}, 0.25)", f"{{x}} * (arange({n}) < {n // 2 + 1})",
        f"{{x}} + one_hot(tensor([{n - 1}]), {n})", f"{{x}} * numel(ones({sizes})) / {x.count}",
        f"{{x}} + linspace(-1, 1, {n})", f"{{x}} * dot(linspace(0.5, 1.5, {n}), ones({n})) / {n}",
    ])
    if "arange(0.5" in text or "arange" in text:
        m.let(text, x.shape, x.size + max(1, n * 0.1), x=x)
    else:
        m.let(text, x.shape, x.size * 2 + 1, x=x)
    return True


def differentiated(m):
    """A derivative inside of the forward."""
    x = m.pick(lambda v: v.name != "x" and not v.name.startswith("input"))
    if not x:
        return False
    name = m.member("p", f"Parameter({x.shape[-1]}, init=uniform(-0.5, 0.5))")
    text = m.rng.choice(["grad(sum(sin({x} * {p})), {x})", "grad(sum(tanh({x}) ** 2 * {p}), {x})",
                         "grad(sum(sin({x} * {p})) + sum({x} * {x}), [{x}, {p}])[0]"])
    m.features.add("branch")
    m.let(text + " + {x}", x.shape, 3 * x.size + 1, x=x, p=name)
    return True


def drawn(m):
    """Random numbers that decide the result."""
    x = m.pick()
    text = m.rng.choice(["dropout({x}, 0.3)", "{x} + 0.1 * randn_like({x})", "{x} * (rand_like({x}) + 0.5)", "DROP",
                         "{x} + 0.2 * rand({n})", "where(rand_like({x}) > 0.4, {x}, 0.1)"])
    m.features.add("random")
    if text == "DROP":
        m.let(f"{m.member('drop', 'Dropout(0.4)')}({x})", x.shape, 2 * x.size)
    else:
        m.let(text, x.shape, 2 * x.size, x=x, n=x.shape[-1])
    return True


def tied(m):
    """The weight of a layer that is there already, as a matrix: back to where it came from."""
    found = [item for item in m.shareable if item[0].startswith("self.fc")]
    if not found:
        return False
    name, size, out = m.rng.choice(found)
    x = m.pick(lambda v: v.shape[-1] == out and v.count // out * size <= LARGEST)
    if not x:
        return False
    m.features.add("shared")
    m.let(f"{x} @ {name}.weight", x.shape[:-1] + (size,), x.size * 0.6 + 0.5)
    return True


# ---- Reductions
def reduction(m, keep=True):
    x = m.pick(lambda v: keep or len(v.shape) > 1)
    if not x:
        return False
    wide = m.chance(0.3)
    axis, place = an_axis(m, x, 2 if wide else 1)
    if axis is None:
        return False
    text, rule = m.rng.choice(tables.WIDE_REDUCTIONS if wide else tables.REDUCTIONS)
    n, places = x.shape[place], {place}
    if len(x.shape) > (1 if keep else 2) and m.chance(0.3) and not text.startswith(("max", "min", "prod")):
        other = m.rng.choice([i for i in range(len(x.shape)) if i != place] or [place])
        if other != place:
            axis, n, places = f"[{place + 1}, {other - len(x.shape)}]", n * x.shape[other], {place, other}
    if rule == "prod":
        if n > 6:
            return False
        rule = 1.5 ** n
    if keep:
        shape = [1 if i in places else size for i, size in enumerate(x.shape)]
    else:
        shape = [size for i, size in enumerate(x.shape) if i not in places]
    if "std(" in text:      # away from the corner at 0
        sizes = ", ".join(map(str, x.shape))
        noise = m.member("p", f"Parameter({sizes}, init=uniform(-0.9, 0.9))")
        text = text.replace("{x}", "({x} + " + noise + ")")
    m.features.add("reduction")
    value = m.let(text, shape, grown(x.size, rule), x=x, d=axis, k=keep, n=n)
    if keep and m.chance(0.7):
        m.features |= {"branch", "broadcast"}
        m.let(m.rng.choice(["{x} - {y}", "{x} + {y}", "{x} / (1 + abs({y}))", "{x} * tanh({y})"]), x.shape, x.size + value.size,
              x=x, y=value)
    return True


def dropping_reduction(m):
    return reduction(m, keep=False)


def highest(m):
    """argmax as a feature, kept away from ties."""
    x = m.pick()
    n = x.shape[-1]
    text = m.rng.choice(["{x} + float(argmax({x} + arange({n}) * 0.0171, dim=-1, keepdim=True)) / {n}",
                         "{x} + one_hot(argmax({x} + arange({n}) * 0.0171, -1), {n})"])
    m.features |= {"branch", "reduction"}
    m.let(text, x.shape, x.size + 1, x=x, n=n)
    return True


def over_all(m):
    """Reductions over everything, the batch too."""
    x = m.pick()
    text = m.rng.choice([
        "{x} - mean({x})", "{x} / (1 + abs(max({x})))", "{x} + tanh(min({x}))", "{x} * sigmoid(sum({x}) / numel({x}))",
        "{x} - mean({x}, dim=0)", "({x} - mean({x}, 0)) / sqrt(var({x}, dim=0, unbiased=False) + 0.1)",
        "{x} + logsumexp({x}, dim=0) / 4", "{x} - max({x}, dim=0, keepdim=True)", "{x} / (1 + norm({x}) / 10)",
        "{x} * sigmoid(sum({x}, dim=[0, 1]) / {x}.shape[0])", "{x} / sqrt(1 + mean({x} ** 2))"])
    m.features |= {"branch", "reduction", "across the batch"}
    m.let(text, x.shape, x.size * 2 + 3, x=x)
    return True
