"""Steps of a forward that move elements, and products of matrices."""
import math

from moves import LARGEST, a_size
from network import initialiser


def factors(rng, n):
    """n as a product of two or three sizes."""
    divisors = [d for d in range(1, n + 1) if n % d == 0]
    first = rng.choice(divisors)
    if rng.random() < 0.3:
        rest = n // first
        second = rng.choice([d for d in range(1, rest + 1) if rest % d == 0])
        return [first, second, rest // second]
    return [first, n // first]


def reshaping(m):
    x = m.pick()
    how = m.rng.randrange(6)
    if how == 0:
        axis = m.rng.choice(["", ", 1", ", start_dim=1"])
        m.let(f"flatten({x}{axis})", (x.count,), x.size)
        return True
    if how == 1 and len(x.shape) < 4:
        place = m.rng.randrange(len(x.shape))
        sizes = factors(m.rng, x.shape[place])
        hole = list(sizes)
        if m.chance(0.4):
            hole[m.rng.randrange(len(hole))] = -1
        text = f"({', '.join(map(str, hole))})"
        shape = x.shape[:place] + tuple(sizes) + x.shape[place + 1:]
        if m.chance(0.4):
            m.let(f"{m.member('unf', f'Unflatten({place + 1}, {text})')}({x})", shape, x.size)
        else:
            m.let(f"unflatten({x}, {place + 1}, {text})", shape, x.size)
        return True
    sizes = factors(m.rng, x.count)
    text = ", ".join(map(str, sizes))
    batch = m.rng.choice(["-1", f"{x}.shape[0]"])
    form = [f"reshape({x}, ({batch}, {text}))", f"{x}.reshape({batch}, {text})", f"view({x}, {batch}, {text})",
            f"flatten({x}).reshape({x}.shape[0], {text})"]
    m.let(form[how - 2], sizes, x.size)
    return True


def permuting(m):
    x = m.pick(lambda v: len(v.shape) > 1)
    if not x:
        return False
    rank = len(x.shape)
    if m.chance(0.5):
        a, b = m.rng.sample(range(rank), 2)
        shape = list(x.shape)
        shape[a], shape[b] = shape[b], shape[a]
        a = m.rng.choice([a + 1, a - rank])
        m.let(m.rng.choice([f"transpose({x}, {a}, {b + 1})", f"{x}.transpose({a}, {b + 1})"]), shape, x.size)
        return True
    order = m.rng.sample(range(rank), rank)
    axes = ", ".join(str(i + 1) for i in order)
    m.let(m.rng.choice([f"permute({x}, (0, {axes}))", f"{x}.permute(0, {axes})"]), [x.shape[i] for i in order], x.size)
    return True


def slicing(m):
    """A range with a step, one element, or both, of any axis but the batch."""
    x = m.pick()
    rank, place = len(x.shape), m.rng.randrange(len(x.shape))
    n = x.shape[place]
    if rank > 1 and m.chance(0.3):
        index = m.rng.randrange(n)
        index = index if m.chance(0.5) else index - n
        where = ":, " * (place + 1) if m.chance(0.6) else None
        text = f"{x}[{where}{index}]" if where else f"{x}[..., {index}{', :' * (rank - 1 - place)}]"
        m.let(text, x.shape[:place] + x.shape[place + 1:], x.size)
        return True
    start, step = m.rng.randrange((n + 1) // 2), m.rng.choice([1, 1, 1, 2, 3])
    end = m.rng.randrange(start + 1, n + 1)
    size = len(range(start, end, step))
    shape = x.shape[:place] + (size,) + x.shape[place + 1:]
    if m.chance(0.3):
        m.let(f"slice({x}, {place + 1}, {start}, {end}, {step})", shape, x.size)
    else:
        ends = "" if end == n and m.chance(0.7) else end
        steps = f":{step}" if step > 1 else ""
        m.let(f"{x}[{':, ' * (place + 1)}{start or ''}:{ends}{steps}]", shape, x.size)
    return True


def joining(m):
    x = m.pick(lambda v: v.count * 2 <= LARGEST)
    if not x:
        return False
    rank, place = len(x.shape), m.rng.randrange(len(x.shape))
    y = m.pick(lambda v: v is not x and len(v.shape) == rank and v.count + x.count <= LARGEST and
               all(a == b for i, (a, b) in enumerate(zip(v.shape, x.shape)) if i != place)) or x
    m.features.add("branch")
    axis = m.rng.choice([place + 1, place - rank])
    if y.shape == x.shape and rank < 4 and m.chance(0.4):
        third = f", {x}" if m.chance(0.3) and x.count * 3 <= LARGEST else ""
        shape = x.shape[:place] + (3 if third else 2,) + x.shape[place:]
        m.let(f"stack([{x}, {y}{third}], {place + 1})", shape, max(x.size, y.size))
        return True
    shape = x.shape[:place] + (x.shape[place] + y.shape[place],) + x.shape[place + 1:]
    m.let(m.rng.choice([f"concat([{x}, {y}], {axis})", f"cat([{x}, {y}], dim={axis})", f"cat(({x}, {y}), {axis})"]), shape,
          max(x.size, y.size))
    return True


def splitting(m):
    """Parts of an axis, of which two are used."""
    x = m.pick(lambda v: v.shape[-1] >= 2)
    if not x:
        return False
    n, last = x.shape[-1], len(x.shape)
    m.features.add("branch")
    if n % 2 == 0 and m.chance(0.5):
        m.let(f"chunk({x}, 2, {last})[0] * tanh(chunk({x}, 2, dim=-1)[1])", x.shape[:-1] + (n // 2,), x.size)
        return True
    cut = m.rng.randrange(1, n)
    axis = m.rng.choice([last, -1])
    first = f"split({x}, [{cut}, {n - cut}], {axis})[0]"
    m.let(f"sum({first}, dim=-1, keepdim=True) / {cut} + split({x}, [{cut}, {n - cut}], dim={axis})[1]",
          x.shape[:-1] + (n - cut,), 2 * x.size)
    return True


def padding(m):
    x = m.pick(lambda v: v.count <= LARGEST // 3)
    if not x:
        return False
    left, right = m.rng.choice([(0, 1), (1, 0), (2, 1), (3, 3), (-1, 1), (1, -1)])
    n = x.shape[-1]
    if n + left + right < 1 or n < 2:
        return False
    value = m.rng.choice(["", ", value=0.5", ", 'constant', -0.25"])
    if len(x.shape) > 1 and m.chance(0.4):
        shape = x.shape[:-2] + (x.shape[-2] + 1, n + left + right)
        m.let(f"pad({x}, ({left}, {right}, 0, 1){value})", shape, x.size)
    else:
        m.let(f"pad({x}, ({left}, {right}){value})", x.shape[:-1] + (n + left + right,), x.size)
    return True


def repeating(m):
    x = m.pick(lambda v: v.count <= LARGEST // 3)
    if not x:
        return False
    rank = len(x.shape)
    place = m.rng.randrange(rank)
    if x.shape[place] == 1 and m.chance(0.7):
        n = m.rng.choice([2, 3, 5])
        sizes = ", ".join("-1" if i != place else str(n) for i in range(rank))
        m.let(m.rng.choice([f"expand({x}, -1, {sizes})", f"{x}.expand(-1, {sizes})"]),
              [n if i == place else size for i, size in enumerate(x.shape)], x.size)
        return True
    times = [m.rng.choice([1, 1, 2]) for _ in range(rank)]
    if math.prod(times) == 1:
        times[place] = 3
    if x.count * math.prod(times) > LARGEST:
        return False
    m.let(f"repeat({x}, 1, {', '.join(map(str, times))})", [a * b for a, b in zip(x.shape, times)], x.size)
    return True


def unit_axes(m):
    x = m.pick(lambda v: len(v.shape) < 4)
    if not x:
        return False
    ones = [i for i, size in enumerate(x.shape) if size == 1]
    if ones and len(x.shape) > 1 and m.chance(0.6):
        place = m.rng.choice(ones)
        m.let(m.rng.choice([f"squeeze({x}, {place + 1})", f"{x}.squeeze({place + 1})",
                            f"squeeze({x}, dim={place - len(x.shape)})"]), x.shape[:place] + x.shape[place + 1:], x.size)
        return True
    place = m.rng.randrange(len(x.shape) + 1)
    text = m.rng.choice([f"unsqueeze({x}, {place + 1})", f"{x}.unsqueeze({place + 1})", f"{x}[{':, ' * (place + 1)}None]"])
    m.let(text, x.shape[:place] + (1,) + x.shape[place:], x.size)
    return True


def triangles(m):
    x = m.pick(lambda v: len(v.shape) > 1)
    if not x:
        return False
    diagonal = m.rng.choice(["", ", 1", ", -1", ", diagonal=1"])
    m.let(m.rng.choice([f"tril({x}{diagonal})", f"triu({x}{diagonal})"]), x.shape, x.size)
    return True


def through_the_batch(m):
    """The batch moves to another axis, or absorbs one, and comes back."""
    x = m.pick(lambda v: len(v.shape) > 1)
    if not x:
        return False
    rank = len(x.shape)
    rest = ", ".join(map(str, x.shape[1:]))
    whole = ", ".join(map(str, x.shape))
    m.features.add("across the batch")
    forms = [f"tanh({x}.transpose(0, 1)).transpose(0, 1)", f"sin({x}.transpose(0, {rank})).transpose(0, {rank})",
             f"softmax({x}.reshape(-1, {rest}), dim=1).reshape(-1, {whole})",
             f"tanh({x}.reshape(-1, {rest})).reshape({x}.shape[0], {whole})"]
    inner = a_size(m.rng, 18)
    if rank == 2 and inner * x.shape[0] <= LARGEST:
        n = x.shape[-1]
        name = m.member("fc", f"Linear({n}, {inner})")
        m.let(f"{name}({x}.reshape(-1, {n})).reshape(-1, {x.shape[0]}, {inner})", (x.shape[0], inner), x.size)
        return True
    m.let(m.rng.choice(forms), x.shape, max(1.0, x.size))
    return True


# ---- Products
def product(m):
    """By a parameter that is a matrix or a vector."""
    x = m.pick()
    n = x.shape[-1]
    if m.chance(0.2):
        name = m.member("p", f"Parameter({n}, init={initialiser(m.rng, 1)})")
        if len(x.shape) == 1:
            m.let("({x} @ {p}).unsqueeze(1) / {n}", (1,), x.size, x=x, p=name, n=n)
        else:
            m.let("matmul({x}, {p}) / {n}", x.shape[:-1], x.size, x=x, p=name, n=n)
        return True
    out = a_size(m.rng, LARGEST // max(x.count // n, 1) + 2)
    turned = m.chance(0.5)
    name = m.member("p", f"Parameter({out}, {n}, init={initialiser(m.rng, 2)})" if turned else
                    f"Parameter({n}, {out}, init={initialiser(m.rng, 2)})")
    flat = ["mm({x}, {p})"] if len(x.shape) == 1 else []
    form = m.rng.choice(["{x} @ {p}.T", "{x} @ {p}.transpose(0, 1)", "{x} @ {p}.t()", "{x} @ t({p})"] if turned else
                        ["{x} @ {p}", "matmul({x}, {p})", *flat])
    m.let(f"({form}) / {max(1, math.isqrt(n))}", x.shape[:-1] + (out,), x.size, x=x, p=name)
    return True


def batched_product(m):
    x = m.pick(lambda v: len(v.shape) > 1)
    if not x:
        return False
    rank, (a, b) = len(x.shape), x.shape[-2:]
    y = m.pick(lambda v: len(v.shape) == rank and v.shape[:-2] == x.shape[:-2] and v.shape[-1] == b) or x
    if x.count // b * y.shape[-2] > LARGEST:
        return False
    m.features.add("branch")
    form = m.rng.choice(["{x} @ {y}.mT", "matmul({x}, {y}.transpose(-2, -1))"])
    m.let(f"({form}) / {b}", x.shape[:-1] + (y.shape[-2],), x.size * y.size, x=x, y=y)
    return True


def attention(m):
    """Softmax over products of positions, with one head or several, causal or not."""
    x = m.pick(lambda v: len(v.shape) == 2 and v.shape[0] <= 17)
    if not x:
        return False
    positions, width = x.shape
    heads, size = m.rng.choice([1, 1, 2, 3]), m.rng.choice([1, 3, 4, 8])
    q, k, v = (m.member(stem, f"Linear({width}, {heads * size}, bias={m.chance(0.5)})") for stem in ("query", "key", "value"))
    m.features.add("branch")
    if heads > 1:
        parts = f".unflatten(2, ({heads}, {size})).transpose(1, 2)"
        shape = (heads, positions, size)
    else:
        parts, shape = "", (positions, size)
    q, k, v = (m.let(f"{name}({x}){parts}", shape, x.size) for name in (q, k, v))
    scores = m.let(f"{q} @ {k}.transpose(-2, -1) / {size ** 0.5:.4f}", shape[:-1] + (positions,), 8.0)
    masked = f"masked_fill({scores}, triu(ones({positions}, {positions}), 1) > 0.5, -1e9)" if m.chance(0.5) else f"{scores}"
    result = m.let(f"softmax({masked}, dim=-1) @ {v}", shape, v.size)
    if heads > 1:
        result = m.let(f"{result}.transpose(1, 2).flatten(2)", (positions, heads * size), result.size)
    out = m.member("out", f"Linear({heads * size}, {width})")
    m.let(f"{x} + {out}({result})" if m.chance(0.6) else f"{out}({result})", x.shape, x.size + result.size)
    return True
