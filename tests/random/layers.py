"""Steps of a forward that are a layer of the library with a shape of its own: normalisation, tables, images, pairs."""
import math

from moves import LARGEST, a_size


def options(m, **choices):
    """`, name=value` for some of the arguments."""
    return "".join(f", {name}={m.rng.choice(values)}" for name, values in choices.items() if m.chance(0.35))


EPS = ("0.1", "0.01", "1e-3")


def normalising(m):
    """LayerNorm and RMSNorm over the last axes, GroupNorm over groups of channels."""
    x = m.pick(lambda v: v.shape[-1] > 1)
    if not x:
        return False
    kind = m.rng.randrange(3)
    if kind == 2:
        channels = x.shape[0]
        groups = m.rng.choice([g for g in range(1, channels + 1) if channels % g == 0])
        if x.count // groups < 2:
            return False
        layer = f"GroupNorm({groups}, {channels}{options(m, eps=EPS, affine=('True', 'False'), bias=('False',))})"
        m.let(f"{m.member('norm', layer)}({x})", x.shape, 3.0)
        return True
    sizes = x.shape[-1] if len(x.shape) < 2 or m.chance(0.6) else x.shape[-2:]
    more = options(m, eps=EPS, elementwise_affine=("False", "True"))
    more += "" if kind else options(m, bias=("False", "True"))
    text = f"{('LayerNorm', 'RMSNorm')[kind]}({sizes}{more})"
    if m.chance(0.15) and isinstance(sizes, int):
        text = (text.replace(f"({sizes}", "(_", 1), text)
    m.let(f"{m.member('norm', text)}({x})", x.shape, 3.0)
    return True


def batch_norm(m):
    """BatchNorm1d or 2d, InstanceNorm2d: running statistics."""
    x = m.pick()
    more = options(m, eps=EPS, affine=("False", "True"), track_running_stats=("False", "True"), bias=("False", "True"))
    if len(x.shape) == 3 and m.chance(0.5) and math.prod(x.shape[1:]) > 1:
        text = f"InstanceNorm2d({x.shape[0]}{more}{options(m, momentum=('0.3',))})"
    else:
        kind = {1: "BatchNorm1d", 2: "BatchNorm1d", 3: "BatchNorm2d"}.get(len(x.shape))
        if not kind:
            return False
        text = f"{kind}({x.shape[0]}{more}{options(m, momentum=('0.3', 'None'))})"
    m.features.add("across the batch")
    m.let(f"{m.member('bn', text)}({x})", x.shape, 3.0)
    return True


def normalising_function(m):
    x = m.pick(lambda v: v.shape[-1] > 1)
    if not x:
        return False
    n, channels = x.shape[-1], x.shape[0]
    scale = m.member("scale", f"Parameter({n}, init=uniform(0.5, 1.5))")
    forms = [f"rms_norm({{x}}, ({n},), {scale}, eps=0.01)", f"rms_norm({{x}}, ({n},), weight={scale}, eps=0.1)",
             f"group_norm({{x}}, 1, eps=0.1) * {scale}"]
    if len(x.shape) > 1:
        forms += [f"instance_norm({{x}}, eps=0.1) + {scale}", f"instance_norm({{x}} * {scale}, eps=0.01)"]
    forms += [f"batch_norm({{x}}, zeros({channels}) + 0.1, ones({channels}) * 1.5, eps=0.1) * {scale}",
              f"batch_norm({{x}} * {scale}, zeros({channels}), ones({channels}), training=True, eps=0.1)"]
    m.let(m.rng.choice(forms), x.shape, 5.0, x=x)
    return True


def images(m):
    """Layers of channels and places: Upsample, PixelShuffle, Dropout2d without chance."""
    x = m.pick(lambda v: len(v.shape) in (2, 3) and v.count <= LARGEST // 4)
    if not x:
        return False
    rank, shape = len(x.shape), x.shape
    if rank == 3 and shape[0] % 4 == 0 and m.chance(0.7):
        layer = m.chance(0.5)
        text = f"{m.member('shuffle', 'PixelShuffle(2)')}({x})" if layer else f"pixel_shuffle({x}, 2)"
        m.let(text, (shape[0] // 4, shape[1] * 2, shape[2] * 2), x.size)
        return True
    if m.chance(0.3) and rank == 3:
        text = m.rng.choice([f"{m.member('drop', 'Dropout2d(0.0)')}({x})", f"dropout2d({x}, p=0.5, training=False)"])
        m.let(text, shape, x.size)
        return True
    mode = m.rng.choice(["", ", mode='nearest'", ", mode='linear'" if rank == 2 else ", mode='bilinear'"])
    align = ", align_corners=True" if "linear" in mode and m.chance(0.4) else ""
    if m.chance(0.5):
        size, sizes = m.rng.choice(["scale_factor=2", "scale_factor=2.0, recompute_scale_factor=True"]), [2 * n for n in shape[1:]]
    else:
        sizes = [m.rng.choice([1, 2, 3, 5, 7]) for _ in shape[1:]]
        size = f"size={sizes[0]}" if rank == 2 else f"size=({sizes[0]}, {sizes[1]})"
    if m.chance(0.5):
        text = f"{m.member('up', f'Upsample({size}{mode}{align})')}({x})"
    else:
        text = f"interpolate({x}, {size}{mode}{align})"
    m.let(text, (shape[0], *sizes), x.size)
    return True


def bilinear(m):
    x = m.pick(lambda v: v.shape[-1] <= 17)
    y = m.pick(lambda v: v.shape[:-1] == x.shape[:-1] and v.shape[-1] <= 17) if x else None
    if not y:
        return False
    out = min(a_size(m.rng, 18), LARGEST // (x.count // x.shape[-1]))
    m.features.add("branch")
    shape = x.shape[:-1] + (out,)
    if m.chance(0.7):
        text = f"Bilinear({x.shape[-1]}, {y.shape[-1]}, {out}{options(m, bias=('False', 'True'))})"
        m.let(f"{m.member('bi', text)}({x}, {y})", shape, x.size + y.size)
    else:
        weight = m.member("p", f"Parameter({out}, {x.shape[-1]}, {y.shape[-1]}, init=uniform(-0.3, 0.3))")
        m.let(f"bilinear({x}, {y}, {weight})", shape, x.size + y.size)
    return True


def linear_function(m):
    x = m.pick()
    out = a_size(m.rng, LARGEST // max(x.count // x.shape[-1], 1) + 2)
    weight = m.member("p", f"Parameter({out}, {x.shape[-1]}, init=xavier_uniform())")
    bias = f", {m.member('p', f'Parameter({out}, init=normal(std=0.3))')}" if m.chance(0.6) else ""
    m.let(f"linear({x}, {weight}{bias})", x.shape[:-1] + (out,), x.size)
    return True


def gathering(m):
    """The elements that the largest ones of another row point to."""
    x = m.pick()
    n = x.shape[-1]
    axis = m.rng.choice([-1, len(x.shape)])
    m.features.add("branch")
    text = "gather({x}, {d}, argmax({x} * -0.7 + arange({n}) * 0.0171, dim=-1, keepdim=True)) + {x}"
    m.let(text, x.shape, 2 * x.size, x=x, n=n, d=axis)
    return True


def table(m, name, classes, length):
    """Vectors for token ids: as a layer, as the function, or as one_hot."""
    width, form = m.rng.choice([1, 3, 4, 8]), m.rng.random()
    if form < 0.4:
        more = options(m, padding_idx=("0", "-1"))
        m.let(f"{m.member('emb', f'Embedding({classes}, {width}{more})')}({name})", (length, width), 3.0)
    elif form < 0.6:
        weight = m.member("p", f"Parameter({classes}, {width}, init=normal())")
        m.let(f"embedding({name}, {weight}{options(m, padding_idx=('0',))})", (length, width), 3.0)
    else:
        m.let(f"float(one_hot({name}, {classes}))", (length, classes), 1.0)
