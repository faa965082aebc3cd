"""What random networks are made of: a row for each entry of the library. A new entry is a new row.

Texts are .net and, read in the names of dialect.py, PyTorch at once; where the two differ a row is a pair (.net, PyTorch).
{x}, {y} are tensors, {a} is one of the row's numbers, {d} an axis, {n} its size. Arguments are kept where functions are defined
and smooth, and comparisons off the numbers that networks like to produce (0, 1, 0.5), so that rounding cannot decide them.
"""
import dataclasses

# ---- Activations: layer, function, numbers for {a}, by how much the largest value may grow (None: not at all)
ACTIVATIONS = [
    ("ReLU()", "relu({x})"),
    ("LeakyReLU({a})", "leaky_relu({x}, {a})", (0.01, 0.2)),
    ("LeakyReLU(negative_slope={a})", "leaky_relu({x}, negative_slope={a})", (0.1, 0.3)),
    ("ELU({a})", "elu({x}, {a})", (1.0, 0.5, 1.5)),
    ("ELU(alpha={a})", "elu({x}, alpha={a})", (0.7,)),
    ("SELU()", "selu({x})"),
    ("CELU({a})", "celu({x}, {a})", (1.0, 0.625, 2.5)),
    ("CELU(alpha={a})", "celu({x}, alpha={a})", (1.25,)),   # f32 holds it: PyTorch's derivative rounds it to f32,
    ("GELU()", "gelu({x})"),
    ("GELU(approximate='tanh')", "gelu({x}, approximate='tanh')"),
    ("SiLU()", "silu({x})"),
    ("Mish()", "mish({x})"),
    ("Sigmoid()", "sigmoid({x})"),
    ("LogSigmoid()", "logsigmoid({x})"),
    ("LogSigmoid()", "log_sigmoid({x})"),
    ("Tanh()", "tanh({x})"),
    ("Hardtanh()", "hardtanh({x})"),
    ("Hardtanh(-{a}, 1.3)", "hardtanh({x}, -{a}, 1.3)", (0.45, 0.8)),
    ("Hardtanh(min_val=-{a}, max_val=2)", "hardtanh({x}, min_val=-{a}, max_val=2)", (0.35,)),
    ("Hardswish()", "hardswish({x})"),
    ("Hardsigmoid()", "hardsigmoid({x})"),
    ("Softplus()", "softplus({x})"),
    ("Softplus(beta={a}, threshold=9)", "softplus({x}, beta={a}, threshold=9)", (0.5, 2)),
    ("Softsign()", "softsign({x})"),
    ("Tanhshrink()", "tanhshrink({x})"),
    ("ReLU6()", "relu6({x})"),
]
ROW_ACTIVATIONS = [
    ("Softmax(dim={d})", "softmax({x}, dim={d})"),
    ("Softmax({d})", "softmax({x}, {d})"),
    ("LogSoftmax(dim={d})", "log_softmax({x}, dim={d})"),
    ("Softmin(dim={d})", "softmin({x}, dim={d})"),
]

# ---- Functions of one tensor: text, and the largest value of the result ("x": as large as x; "x2": its square)
UNARY = [
    ("-{x}", "x"), ("neg({x})", "x"), ("abs({x})", "x"), ("sign({x} + 0.0137) * {x}", "x"),
    ("exp(-abs({x}))", 1), ("exp(tanh({x}))", 3), ("log({x} * {x} + 0.5)", 8), ("log1p(abs({x}))", 4),
    ("sqrt({x} * {x} + 0.3)", "x"), ("rsqrt({x} * {x} + 0.3)", 2), ("sin({x})", 1), ("cos({x} * 2 + 0.1)", 1),
    ("atan({x} * 2 + 0.1)", 2), ("tanh({x})", 1), ("sigmoid({x})", 1), ("erf({x})", 1), ("tanh({x} / 2) * 2", 2),
    ("floor({x} * 0.73 + 0.19) + {x}", "x"), ("round({x} * 0.73 + 0.19) * {x}", "x2"),
    ("(abs({x}) + 0.4) ** 1.7", "x2"), ("{x} ** 2", "x2"), ("pow(tanh({x}), 3)", 1), ("2 ** tanh({x})", 2),
    ("pow(abs({x}) + 0.4, -0.5)", 2), ("1 / (abs({x}) + 0.6)", 2), ("0.3 - {x}", "x"),
    ("clamp({x}, -0.7, 1.3)", 1.3), ("clamp({x}, min=-0.35)", "x"), ("clamp({x}, max=0.65)", "x"),
    ("({x} + 0.31) % 1.7", 1.7), (("(({x} + 0.31) // 0.7) * 0.1 + {x}", "(({x} + 0.31) // 0.7).detach() * 0.1 + {x}"), "x"),
    ("float({x} > 0.137) + {x}", "x"), ("long({x} * 2 + 0.19) * 0.1 + {x}", "x"), ("int({x} + 0.19) + {x}", "x"),
    ("cast({x} > 0.213, int64) * {x}", "x"), ("to({x} <= 0.317, int64) + {x}", "x"), ("float({x}) * 0.5", "x"),
    ("where(bool(floor({x} + 0.37)), {x}, 0.25)", "x"), ("masked_fill({x}, {x} > 0.631, -0.45)", "x"),
    ("where({x} > 0.137, {x}, {x} * 0.3)", "x"), ("where(({x} >= 0.137) != ({x} < 0.9), {x}, 0.5)", "x"),
    ("where(logical_not({x} > 0.737), {x}, 0.737)", "x"),
    ("where(logical_or({x} > 0.537, {x} < -0.237), {x}, {x} * {x})", "x2"),
    (("where({x} > -0.337 and not ({x} > 1.037), {x}, 0.6)", "where(({x} > -0.337) & ~({x} > 1.037), {x}, 0.6)"), "x"),
    (("where({x} > 0.437 or {x} < -0.437, {x}, -0.1)", "where(({x} > 0.437) | ({x} < -0.437), {x}, -0.1)"), "x"),
    ("stop_gradient({x}) * tanh({x})", "x"), ("detach(sigmoid({x})) + {x}", "x"), ("contiguous({x}) * 0.9", "x"),
    ("normalize({x} + 0.3, dim=-1)", 1), ("normalize({x} + 0.3, p=3.0, dim=1, eps=0.1)", 1),
    ("dropout({x}, 0.0)", "x"), ("dropout({x}, p=0.5, training=False)", "x"),
    ("{x} + zeros_like({x})", "x"), ("ones_like({x}) - {x}", "x"), ("{x} * full_like({x}, 0.75)", "x"),
    ("where(rand_like({x}) < 2, {x}, 0.5)", "x"), ("where(randn_like({x}) < 100, {x}, 0.5)", "x"),
    ("{x} * where(rand(1) >= 0, 0.75, 0.5)", "x"), ("{x} + where(abs(randn(1)) < 100, 0.25, 0.5)", "x"),
    ("check({x} > -1e30, 'a value is far too small', {x})", "x"),
    ("{x} * (1 + 1 / {x}.shape[0])", "x"), ("tanh({x}) * {x}.shape[-1] / 4", 4),
    (("{x} / ({x}.ndim + 1)", "{x} / ({x}.dim() + 1)"), "x"), ("{x} + dim({x}) / 10", "x"),
    ("{x} + {x}.size(-1) / 100", "x"), ("{x} * 2 / {x}.size()[0]", "x"),
]

# ---- Functions of two tensors of one shape
BINARY = [
    ("{x} + {y}", "+"), ("{x} - {y}", "+"), ("{x} - 0.5 * {y}", "+"), ("{x} * tanh({y})", "x"), ("{x} * {y}", "*"),
    ("{x} / (1.5 + abs({y}))", "x"), ("minimum({x}, {y})", "+"), ("maximum({x}, {y})", "+"), ("min({x}, {y})", "+"),
    ("max({x}, {y})", "+"), ("(abs({x}) + 0.5) ** tanh({y})", "x"), ("where({x} > {y} + 0.0137, {x}, {y} * 0.5)", "+"),
    ("where({x} <= {y} * 0.97 + 0.0137, sin({x}), {y})", "+"), ("where(logical_and({x} > 0.137, {y} < 0.237), {x}, {y})", "+"),
    ("float({x} >= {y} + 0.0137) * {x}", "x"), ("(sigmoid({y}) * {x} + (1 - sigmoid({y})) * tanh({x}))", "x"),
    ("clamp({x}, -abs({y}) - 0.1, abs({y}) + 0.2)", "+"), ("sum([{x}, {y}, {x} * 0.5])", "+"),
    ("(({x} + 0.31) % (abs({y}) + 1.3))", "+"),
]

# ---- Functions of two tensors of one shape that leave no or one number for a row
PAIRINGS = ["pairwise_distance({x}, {y}, keepdim=True) / {n}",
            "pairwise_distance({x}, {y}, p=3.0, eps=1e-3, keepdim=True) / {n}",
            "cosine_similarity({x} + 0.3, {y} + 0.2, dim=-1).unsqueeze(-1)",
            "cosine_similarity({x}, {y}, dim={last}, eps=0.1).unsqueeze(-1)"]

# ---- Reductions along one axis or a list of them
REDUCTIONS = [
    ("sum({x}, dim={d}, keepdim={k}) / {n}", "x"), ("mean({x}, dim={d}, keepdim={k})", "x"),
    ("mean({x}, {d}, {k})", "x"), ("max({x}, dim={d}, keepdim={k})", "x"), ("min({x}, dim={d}, keepdim={k})", "x"),
    ("logsumexp({x}, {d}, keepdim={k})", "x"), ("norm({x} + 0.5, dim={d}, keepdim={k}) / {n}", "x"),
    ("norm({x} + 0.3, 1, dim={d}, keepdim={k}) / {n}", "x"), ("norm({x} + 0.3, p=3, dim={d}, keepdim={k}) / {n}", "x"),
    ("norm({x}, inf, dim={d}, keepdim={k})", "x"), ("sqrt(var({x}, dim={d}, correction=0, keepdim={k}) + 0.1)", "x"),
    ("var({x}, dim={d}, unbiased=False, keepdim={k})", "x2"), ("prod(tanh({x}) * 0.5 + 1, dim={d}, keepdim={k})", "prod"),
    ("sum(tanh({x}) ** 2, dim={d}, keepdim={k}) / ({n} + 1)", 1),
    ("amax({x}, dim={d}, keepdim={k})", "x"), ("amin({x}, dim={d}, keepdim={k})", "x"),
]
WIDE_REDUCTIONS = [   # of axes with at least two elements
    ("var({x}, dim={d}, keepdim={k})", "x2"), ("std({x}, dim={d}, correction=0, keepdim={k})", "x"),
    ("std({x}, {d}, True, {k})", "x"),
]

# ---- Initialisers of parameters with one axis or more, and of those with two or more
INITIALISERS = ["uniform(-0.5, 0.5)", "uniform(a=-0.3, b=0.7)", "normal(0.1, 0.4)", "normal(std=0.3)", "constant(0.3)",
                "ones()", "trunc_normal(std=0.4, a=-0.7, b=0.9)", "trunc_normal(0.1, 0.5, -0.4, 0.6)"]
MATRIX_INITIALISERS = [
    "xavier_uniform()", "xavier_uniform(gain=0.7)", "xavier_normal()", "xavier_normal(gain=0.8)", "kaiming_uniform()",
    "kaiming_uniform(a=0.3)", "kaiming_uniform(mode='fan_out', nonlinearity='relu')", "kaiming_normal()",
    "kaiming_normal(a=0.2, mode='fan_out')", "kaiming_normal(nonlinearity='tanh')", "orthogonal()", "orthogonal(gain=0.6)",
    "eye()", "xavier_uniform(gain=calculate_gain('selu'))",
]


# ---- Losses: class, function, what the target is, arguments with their values, what the output has to be
@dataclasses.dataclass
class Loss:
    name: str
    function: str
    target: str                          # classes | like the output: floats, units (0 … 1), signs …
    options: dict = dataclasses.field(default_factory=dict)
    output: str = "{x}"                 # or a pair or triplet of tensors

    @property
    def output_kind(self):
        return {"CosineEmbeddingLoss": "pairs", "TripletMarginLoss": "triplets"}.get(self.name, "single")


REDUCTION = ("'mean'", "'sum'")
LOSSES = [
    Loss("CrossEntropyLoss", "cross_entropy", "classes",
         {"weight": "W", "ignore_index": ("1", "0"), "reduction": REDUCTION, "label_smoothing": ("0.1", "0.25")}),
    Loss("NLLLoss", "nll_loss", "classes", {"weight": "W", "ignore_index": ("1", "0"), "reduction": REDUCTION},
         "log_softmax({x}, dim=1)"),
    Loss("MSELoss", "mse_loss", "floats", {"reduction": REDUCTION}),
    Loss("SmoothL1Loss", "smooth_l1_loss", "floats", {"reduction": REDUCTION, "beta": ("0.5", "1.5")}),
    Loss("L1Loss", "l1_loss", "floats", {"reduction": REDUCTION}),
    Loss("HuberLoss", "huber_loss", "floats", {"reduction": REDUCTION, "delta": ("0.5", "1.5")}),
    Loss("BCELoss", "binary_cross_entropy", "units", {"weight": "W", "reduction": REDUCTION}, "sigmoid({x})"),
    Loss("BCEWithLogitsLoss", "binary_cross_entropy_with_logits", "units",
         {"weight": "W", "reduction": REDUCTION, "pos_weight": "W"}),
    Loss("KLDivLoss", "kl_div", "units", {"reduction": REDUCTION + ("'batchmean'",), "log_target": ("True",)},
         "log_softmax({x}, dim=1)"),
    Loss("CosineEmbeddingLoss", "cosine_embedding_loss", "signs", {"margin": ("0.1", "0.3"), "reduction": REDUCTION},
         "{x}, cos({x} + 0.3)"),
    Loss("TripletMarginLoss", "triplet_margin_loss", "nothing",
         {"margin": ("0.5", "2.0"), "p": ("1.0", "3.0"), "eps": ("1e-3",), "swap": ("True",), "reduction": REDUCTION},
         "{x}, {x} * 0.5 + 0.1, sin({x} + 0.3)"),
]

# ---- Optimisers: rates, arguments with their values. An argument that needs another is written as one text.
OPTIMISERS = [
    ("SGD", ("0.01", "0.05", "0.1"), {"momentum": ("0.5", "0.9"), "weight_decay": ("0.01", "0.1"), "maximize": ("True",)}),
    ("SGD", ("0.05", "0.1"), {"momentum": ("0.9", "0.7"), "dampening": ("0.1", "0.5"), "weight_decay": ("0.05",)}),
    ("SGD", ("0.02", "0.1"), {"momentum=0.8, nesterov": ("True",), "weight_decay": ("0.05",)}),
    ("Adam", ("0.001", "0.01"), {"betas": ("(0.7, 0.9)", "(0.9, 0.99)"), "eps": ("1e-3", "1e-5"),
                                 "weight_decay": ("0.01", "0.1"), "amsgrad": ("True",), "maximize": ("True",),
                                 "decoupled_weight_decay": ("True",)}),
    ("AdamW", ("0.001", "0.01"), {"betas": ("(0.7, 0.9)", "(0.9, 0.99)"), "eps": ("1e-3", "1e-5"),
                                  "weight_decay": ("0.05", "0.3"), "amsgrad": ("True",), "maximize": ("True",)}),
    ("NAdam", ("0.002", "0.01"), {"betas": ("(0.7, 0.9)", "(0.9, 0.99)"), "eps": ("1e-3", "1e-5"), "weight_decay": ("0.05",),
                                  "momentum_decay": ("0.01", "0.1"), "decoupled_weight_decay": ("True",),
                                  "maximize": ("True",)}),
    ("RMSprop", ("0.001", "0.01"), {"alpha": ("0.9", "0.5"), "eps": ("1e-3", "1e-5"), "weight_decay": ("0.05",),
                                    "momentum": ("0.5", "0.9"), "centered": ("True",), "maximize": ("True",)}),
    ("Adagrad", ("0.01", "0.05"), {"lr_decay": ("0.1", "0.5"), "weight_decay": ("0.05",),
                                   "initial_accumulator_value": ("0.1",), "eps": ("1e-3", "1e-5"), "maximize": ("True",)}),
    ("Adadelta", ("1.0", "0.3"), {"rho": ("0.9", "0.5"), "eps": ("1e-3", "1e-5"), "weight_decay": ("0.05",),
                                  "maximize": ("True",)}),
    ("Lion", ("0.001", "0.01"), {"betas": ("(0.9, 0.99)", "(0.7, 0.9)"), "weight_decay": ("0.05",), "maximize": ("True",)}),
]

# ---- Schedules: in .net, and the factor in Python from step, epoch, steps, epochs
SCHEDULES = [
    ("step_lr(epoch, 1, 0.5)", "0.5 ** epoch"),
    ("step_lr(epoch, step_size=2, gamma=0.3)", "0.3 ** (epoch // 2)"),
    ("multi_step_lr(epoch, [1, 3], gamma=0.4)", "0.4 ** ((epoch >= 1) + (epoch >= 3))"),
    ("exponential_lr(epoch, 0.8)", "0.8 ** epoch"),
    ("exponential_lr(step, gamma=0.9)", "0.9 ** step"),
    ("cosine_annealing(epoch, epochs)", "(1 + math.cos(math.pi * epoch / epochs)) / 2"),
    ("cosine_annealing(step, steps, eta_min=0.1)", "0.1 + 0.9 * (1 + math.cos(math.pi * step / steps)) / 2"),
    ("linear_warmup(step, 4)", "builtins.min((step + 1) / 4, 1)"),
    ("one_cycle(step, 12)", "one_cycle(step, 12)"),
    ("one_cycle(step, 12, pct_start=0.5, anneal_strategy='linear', div_factor=10.0, final_div_factor=100.0)",
     "one_cycle(step, 12, 0.5, 'linear', 10.0, 100.0)"),
    ("(1 / (1 + step))", "1 / (1 + step)"),
]
