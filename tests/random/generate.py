"""Draws a network from a seed and an index: the two texts, its data and what can be expected of it."""
import random

import layers
import learning
import moves
import sequences
import shapes
import tables
from network import Input, Module, Network, Value, both

BATCHES = (1, 2, 3, 7, 16, 17, 64, 65, 257)
SEVERAL_INPUTS = 0.1    # of networks
MOVES = [  # how often, which
    (6, moves.linear), (6, moves.activation), (2, moves.row_activation), (1, moves.gated), (1, moves.prelu),
    (0.5, moves.plain_layer), (1.5, moves.layer_norm), (5, moves.shared), (2.5, moves.tied), (2, moves.sequential),
    (1, moves.layer_list),
    (10, moves.unary), (8, moves.binary), (1, moves.pairing), (4, moves.broadcast), (2, moves.constants),
    (1, moves.differentiated),
    (4, moves.reduction), (2, moves.dropping_reduction), (0.7, moves.highest), (2, moves.over_all),
    (3, shapes.reshaping), (2, shapes.permuting), (3, shapes.slicing), (2.5, shapes.joining), (2, shapes.splitting),
    (1.5, shapes.padding), (1.5, shapes.repeating), (1.5, shapes.unit_axes), (1, shapes.triangles),
    (1.5, shapes.through_the_batch), (2, layers.normalising), (2, layers.batch_norm), (1, layers.normalising_function),
    (2, layers.images), (1, layers.bilinear), (0.7, layers.linear_function), (0.7, layers.gathering), (2, shapes.product),
    (1.5, shapes.batched_product), (2, shapes.attention),
]
BLOCK_MOVES = [(weight, move) for weight, move in MOVES if move not in (moves.over_all, layers.batch_norm,
                                                                           shapes.through_the_batch)]


def grow(module, steps, choices):
    weights = [weight for weight, _ in choices]
    done = tries = 0
    while done < steps and tries < 10 * steps:
        tries += 1
        done += bool(module.rng.choices(choices, weights)[0][1](module))


def block(m):
    """A module class of its own, made once or twice, each used once or twice."""
    if m.name != "Net" or len(m.blocks) > 1:
        return False
    x = m.pick(lambda v: v.count <= 200)
    if not x:
        return False
    inner = Module(m.rng, f"Block{len(m.blocks)}", "width")
    start = Value("x", x.shape, 3.0)
    inner.values.append(start)
    out = m.rng.choice([x.shape[-1], moves.a_size(m.rng, 34)])
    first = inner.member("fc", "Linear(width, width)")
    inner.let(f"tanh({first}({start}))", x.shape, 1.0)
    grow(inner, m.rng.choice([0, 1, 1, 2]), BLOCK_MOVES)
    last = inner.pick(lambda v: v is not start) if m.chance(0.3) else inner.values[-1]
    final = inner.member("fc", f"Linear({last.shape[-1]}, {out})")
    inner.result = (f"{final}({last})",) * 2
    m.features |= inner.features
    m.blocks.append(inner)
    shape = last.shape[:-1] + (out,)
    names = [m.member("block", f"{inner.name}({x.shape[-1]})") for _ in range(m.rng.choice([1, 1, 2]))]
    values = [m.let(f"{name}({x if i == 0 else f'sin({x})'})", shape, 3.0) for i, name in enumerate(names)]
    if shape == x.shape and m.chance(0.5):
        m.features.add("shared")
        m.let(f"{names[0]}({values[-1]})", shape, 3.0)
    return True


# ---- What goes in
def first_values(net, rng):
    """The inputs, and the values that a forward starts with."""
    kind = rng.choices(["vector", "matrix", "image", "tokens", "bytes"], [6, 4, 2.5, 2, 1.5])[0]
    if kind == "tokens":
        classes, length = rng.choice([2, 5, 7]), rng.choice([1, 3, 6, 10])
        fed = Input("input", "tokens", (length,), classes)
        layers.table(net, "x", classes, length)
        return fed
    if kind == "vector":
        shape = (moves.a_size(rng, 130),)
    elif kind == "matrix":
        shape = (rng.choice([1, 2, 3, 5, 7, 10, 17]), rng.choice([1, 2, 3, 4, 7, 16, 33]))
    elif kind == "image":
        shape = (rng.choice([1, 2, 3, 4, 8]), rng.choice([2, 3, 5]), rng.choice([2, 3, 4, 7]))
    else:
        shape = rng.choice([(7,), (16,), (33,), (3, 5)])
    net.values.append(Value("x", shape, 3.0))
    return Input("input", "bytes" if kind == "bytes" else "floats", shape)


def second_value(net, rng, fed):
    """Now and then another input beside the first, which the first step of the forward may read already."""
    if rng.random() > SEVERAL_INPUTS or fed.kind == "bytes":
        return []
    shape = rng.choice([fed.shape, (moves.a_size(rng, 40),), (rng.choice([2, 3, 7]), rng.choice([3, 4, 16]))])
    net.values.append(Value("z", shape, 3.0))
    net.inputs.append("z")
    net.features.add("several inputs")
    return [Input("input", "floats", shape)]


# ---- What comes out
def as_row(net, value):
    """A value as (N, k)."""
    if len(value.shape) == 1:
        return value
    if value.count > 100:
        axis = net.rng.randrange(len(value.shape))
        return as_row(net, net.let(f"mean({value}, dim={axis + 1})", value.shape[:axis] + value.shape[axis + 1:], value.size))
    return net.let(f"flatten({value})", (value.count,), value.size)


def ending(net, classes, wanted=None):
    """One row for the loss, which depends on all that nothing else has used: often as it is, without a layer of its own."""
    rng = net.rng
    open_ends = [value for value in net.values if not value.uses] or [net.values[-1]]
    if len(open_ends) > 4:
        open_ends = open_ends[-4:]
    if len(open_ends) > 1:
        net.features.add("branch")
    rows = [as_row(net, value) for value in open_ends]
    if len(rows) > 1 and rng.random() < 0.7:
        joined = net.let(f"cat([{', '.join(map(str, rows))}], 1)", (sum(row.shape[0] for row in rows),),
                         max(row.size for row in rows))
        rows = [joined]
    if not wanted and len(rows) == 1 and 2 <= rows[0].shape[0] <= 40 and rng.random() < 0.75:
        return rows[0]
    width = wanted or (rng.choice([2, 3, 5, 10]) if classes else moves.a_size(rng, 34))
    heads = [net.let(f"{net.member('head', f'Linear({row.shape[0]}, {width})')}({row})", (width,), 1.0) for row in rows]
    total = heads[0]
    for head in heads[1:]:
        total = net.let(f"{total} + {head}", (width,), total.size + head.size)
    return total


# ---- All of it
def a_forward(rng, row):
    """A module with a forward, what it is fed, and the width of its output."""
    net = Module(rng, "Net")
    first = first_values(net, rng)
    fed = [first, *second_value(net, rng, first)]
    if len(first.shape) == 3 and first.kind == "floats":
        grow(net, rng.choice([1, 1, 2]), [(1, layers.images), (1, layers.batch_norm)])
    grow(net, 1, [(1, moves.linear), (1, shapes.product), (1, moves.sequential)])
    net.random = rng.random() < 0.04
    if net.random:
        grow(net, 1, [(1, moves.drawn)])
    grow(net, rng.choice([1, 2, 2, 3, 3, 4, 5]), MOVES + [(1.5, block)])
    plain = len(fed) == 1 and first.kind == "floats" and len(first.shape) == 1
    itself = row.target == "floats" and plain and rng.random() < 0.2
    last = ending(net, row.target == "classes", first.shape[0] if itself else None)
    output = row.output
    if output == "{x}" and rng.random() < 0.1:
        net.features.add("tuple")
        output = "{x}, {y}"
    net.result = both(output, x=last, y=net.pick())
    return net, fed, last.shape[0], itself


def draw(seed, index, attempt=0):
    """Network number `index` of a seed."""
    rng = random.Random(f"{seed}:{index}:{attempt}")
    row = rng.choice(tables.LOSSES)
    build = sequences.a_sequence if rng.random() < 0.15 and row.output_kind == "single" else a_forward
    net, fed, width, itself = build(rng, row)
    classes = width if row.target == "classes" else 0
    target = Input("target", "itself" if itself else row.target, () if classes or row.target == "signs" else (width,), classes)
    loss, python_loss = learning.loss_of(rng, row, width, learning.penalty(rng, net, row, fed), "tuple" in net.features)
    steps, python_steps = learning.optimiser_of(rng, *rng.choice(tables.OPTIMISERS))
    paths = learning.by_path(rng, net)
    batch = rng.choice(BATCHES)
    rows = max(1, batch * rng.choice([1, 2, 2]) + rng.choice([0, 0, 1, batch // 2]))
    network = Network(seed, index, "", "", fed, target, rows, rng.choice([1, 5, 33]), batch, rng.choice([1, 2]),
                      rng.random() < 0.5, rng.random() < 0.2, rng.choice(BATCHES), rng.choice([0, 1, 7, 123456789]),
                      features=net.features)
    if fed[0].kind == "bytes":
        network.normalize = rng.choice([None, (0.3, 0.25), (0.5, 1.5)])
    network.random = net.random
    learning.trainer_options(rng, network)
    network.net = "\n".join([learning.data_text(network), net.net_text(), net.construction(), loss, steps, *paths.net,
                             learning.trainer_text(network), ""])
    network.python = "\n".join([net.torch_text() + python_loss, "", python_steps, "", *paths.prepare()])
    return network
