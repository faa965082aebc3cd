"""What a random network is trained with: its loss, its optimiser, statements by path, its trainer and its data."""
import tables


def loss_of(rng, row, width, extra, several):
    """The .net and PyTorch texts of the loss statement."""
    options = []
    for name, values in row.options.items():
        if rng.random() < 0.4:
            if values == "W":
                numbers = ", ".join(str(rng.randrange(1, 17) / 8) for _ in range(width))
                options.append((name, f"[{numbers}]"))
            else:
                options.append((name, rng.choice(values)))
    net = ", ".join(f"{name}={value}" for name, value in options)
    python = ", ".join(f"{name}={value if value[0] != '[' else f'tensor({value})'}" for name, value in options)
    parts = {"pairs": "output[0], output[1], target", "triplets": "output[0], output[1], output[2]"}
    parts = parts.get(row.output_kind, "output[0], target" if several else "output, target")
    if several:
        extra = ("", "0.1 * mean(tanh(output[1]) ** 2)", "0.1 * mean(tanh(output[1]) ** 2)")
    call = f"F.{row.function}({parts}{', ' if python else ''}{python})"
    form = rng.randrange(4)
    if extra:
        more = f"{', ' if net else ''}{net}"
        return (f"def loss(output, target{extra[0]}) = {row.function}({parts}{more}) + {extra[1]}",
                f"def loss(output, target, x, model):\n    return {call} + {extra[2]}\n")
    python = f"def loss(output, target, x, model):\n    return {call}\n"
    if form == 0 and row.output_kind == "single":
        return f"loss = {row.function}({net})" if net else f"loss = {row.function}", python
    if form == 1 and net:
        return f"loss = (output, target) -> {row.function}({parts}, {net})", python
    return f"loss = {rng.choice(['', 'nn.'])}{row.name}({net})", python


def optimiser_of(rng, name, rates, options):
    rate = rng.choice(rates)
    chosen = [f"{key}={rng.choice(values)}" for key, values in options.items()
              if rng.random() < 0.4 or "," in key]
    text = ", ".join([f"lr={rate}"] + chosen)
    schedule = rng.choice(tables.SCHEDULES) if rng.random() < 0.35 else None
    net = text.replace(f"lr={rate}", f"lr={rate} * {schedule[0]}") if schedule else text
    prefix = rng.choice(["", "", "optim."])
    first = "model.parameters(), " if prefix and rng.random() < 0.5 else ""
    return (f"optimizer = {prefix}{name}({first}{net})",
            f"def optimiser(groups):\n    return {name}(groups, {text})\n\n\n"
            f"def factor(step, epoch, steps, epochs):\n    return {schedule[1] if schedule else 1}\n")


class Paths:
    """Statements about parameters by their paths, and the same in PyTorch."""

    def __init__(self):
        self.net, self.python = [], []

    def add(self, net, *python):
        self.net.append(net)
        self.python += [f"    {line}" for line in python]

    def prepare(self):
        return ["def prepare(model):", *self.python, "    return model", ""]


def linear_layers(net):
    return [(name, text) for name, _, text in net.members if text.startswith("Linear(")]


def by_path(rng, net):
    """Initial values, frozen parts, ties, rates and decays of some layers."""
    paths, layers = Paths(), linear_layers(net)
    names = [name for name, _ in layers]
    if layers and rng.random() < 0.25:
        layer, init = rng.choice(names), rng.choice(tables.INITIALISERS + tables.MATRIX_INITIALISERS)
        paths.add(f"model.{layer}.weight = {init}", f"{init}(model.get_submodule('{layer}').weight)")
    if rng.random() < 0.1 and any("bias=False" not in text for _, text in layers):
        paths.add("model.**.bias = zeros()", "for name, p in model.named_parameters():", "    if name.endswith('bias'):",
                  "        zeros()(p)")
    if layers and rng.random() < 0.2:
        layer = rng.choice(names)
        paths.add(f"model.{layer}.requires_grad = False", f"model.get_submodule('{layer}').requires_grad_(False)")
    sized = [(name, text) for name, text, _ in net.members if text.startswith("Linear(") and "_" not in text]
    if tie(rng, sized, paths):      # whose options are told from those of both names
        return paths
    norms = [name for name, _, text in net.members if "Norm" in text and "affine=False" not in text]
    if norms and rng.random() < 0.2:
        paths.add(f"model.{norms[0]}.requires_grad = False", f"model.get_submodule('{norms[0]}').requires_grad_(False)",
                  f"model.get_submodule('{norms[0]}').stays_eval = True")
    for option, values in (("lr_scale", ("0.5", "2")), ("weight_decay", ("0.2", "0.0"))):
        if layers and rng.random() < 0.12:
            layer, value = rng.choice(names), rng.choice(values)
            paths.add(f"model.{layer}.{option} = {value}", f"model.get_submodule('{layer}').{option} = {value}")
    return paths


def tie(rng, layers, paths):
    """Gives two layers of the same sizes one weight."""
    same = {}
    for name, text in layers:
        same.setdefault(text.partition(", bias")[0].rstrip(")"), []).append(name)
    twins = [names for names in same.values() if len(names) > 1]
    if not twins or rng.random() < 0.5:
        return False
    first, second = twins[0][:2]
    paths.add(f"model.{second}.weight = model.{first}.weight",
              f"model.get_submodule('{second}').weight = model.get_submodule('{first}').weight")
    return True


def penalty(rng, net, row, fed):
    """A term that a loss of its own adds: of a parameter, or of the gradient by the input."""
    output = "output" if row.output_kind == "single" else "output[0]"
    layers = linear_layers(net)
    kind = rng.random()
    if kind < 0.08 and layers:
        layer, _ = rng.choice(layers)
        return "", f"0.01 * sum(model.{layer}.weight ** 2)", f"0.01 * sum(model.get_submodule('{layer}').weight ** 2)"
    if kind < 0.14 and len(fed) == 1 and fed[0].kind != "tokens":
        text = f"0.1 * mean(grad(sum(sin({output})), x) ** 2)"
        return ", x", text, text
    if kind < 0.2:
        text = f"0.1 * mean(tanh({output}) ** 2)"
        return "", text, text
    return None


def trainer_options(rng, network):
    if network.drop_last and network.batch > network.rows:
        network.drop_last = False
    if rng.random() < 0.12:
        network.clip = rng.choice([{"clip_grad_norm": 0.5}, {"clip_grad_norm": 0.1}, {"clip_grad_value": 0.05},
                                   {"clip_grad_value": 0.3}, {"clip_grad_norm": 0.5, "clip_grad_value": 0.05}])
    if rng.random() < 0.12:
        batches = network.rows // network.batch if network.drop_last else -(-network.rows // network.batch)
        network.accumulate = min(batches, rng.choice([2, 3]))


def data_text(network):
    fed = network.inputs
    more = f", classes={network.target.classes}" if network.target.classes else ""
    more += f", normalize={network.normalize}" if network.normalize else ""
    y = {"nothing": ("", ""), "itself": ("target='input', ", "")}
    y = y.get(network.target.kind, ("y='y.npy', ", ", test_y='test_y.npy'"))
    x, test_x = "'x.npy'", "'test_x.npy'"
    if len(fed) > 1:
        x, test_x = "['x.npy', 'x1.npy']", "['test_x.npy', 'test_x1.npy']"
    text = f"data = NPY(x={x}, {y[0]}test_x={test_x}{y[1]}{more})\n"
    if network.target.kind == "signs":
        text += "target = Tensor(dtype=int64)\n"
    if fed[0].kind == "tokens":
        ids = f"Tensor({fed[0].shape[0]}, dtype=int64)"
        text += f"input = {ids}\n" if len(fed) == 1 else f"input = ({ids}, Tensor({', '.join(map(str, fed[1].shape))}))\n"
    return text


def trainer_text(network):
    options = {"epochs": network.epochs, "batch_size": network.batch, "shuffle": network.shuffle, "seed": network.torch_seed}
    if network.drop_last:
        options["drop_last"] = True
    if network.accumulate > 1:
        options["accumulate"] = network.accumulate
    options |= network.clip
    return f"train = Trainer({', '.join(f'{key}={value}' for key, value in options.items())})"
