"""What random networks cover of `netc --list`: entries, and the arguments of layers, losses and optimisers."""
import pathlib
import re
import subprocess

# Entries that no random network needs, with the reason.
EXCEPTIONS = {
    **dict.fromkeys(["MNIST", "FashionMNIST", "KMNIST", "IDX", "Synthetic", "dataset"], "other sources of the same batches"),
    **dict.fromkeys(["OrderedDict", "Trainer", "Tensor", "container", "print", "assert", "str", "tuple", "list", "reversed",
                     "enumerate", "zip", "len", "range"], "evaluated at compile time"),
    **dict.fromkeys(["draw_uniform", "draw_normal", "draw_orthogonal"], "what the initialisers are made of"),
    "Buffer": "a random forward has no state of its own",
    **dict.fromkeys(["randint", "item", "grad_fn", "requires_grad_", "manual_seed", "backward"], "for calculator programs"),
    **dict.fromkeys(["is_tensor", "is_list", "warn"], "evaluated at compile time"),
}
# Arguments that netc answers with an error, or that change nothing.
REFUSED = {"Embedding.max_norm", "Embedding.norm_type", "Embedding.scale_grad_by_freq", "Embedding.sparse"}
# Graph ops that no name but an operator, or another entry, makes.
OPERATORS = {
    "const": r"\d", "var": r"Linear|Parameter", "input": r"\(x\)|x\.", "scalar": r"\bepoch\b|\bstep\b|\.shape\[0\]",
    "iota": r"arange|one_hot", "draw": r"Linear|Parameter", "not": r"logical_not|\bnot\b", "and": r"logical_and|\band\b",
    "or": r"logical_or|\bor\b", "add": r"\+", "sub": r" - ", "mul": r"\*", "div": r"/", "floordiv": r"//", "mod": r"%",
    "eq": r"==", "ne": r"!=", "lt": r"<", "le": r"<=", "gt": r">", "ge": r">=", "checked": r"\bcheck\(|CrossEntropy|nll_loss",
    "matmul": r"@|Linear", "T": r"\.T\b",
}
LISTS = ("layers", "activations", "losses", "optimizers")       # whose arguments are counted too


def signatures(netc):
    """{entry: its arguments}, of layers, activations, losses and optimisers; no arguments of the others."""
    text = subprocess.run([netc, "--list"], check=True, capture_output=True, text=True).stdout
    result, kind = {}, ""
    for line in text.splitlines():
        if re.match(r"^\w+:$", line):
            kind = line[:-1]
        elif kind != "warnings" and (match := re.match(r"^([A-Za-z_]\w*)(?:\(((?:[^()]|\([^()]*\))*)\))?", line)):
            arguments = re.findall(r"(\w+)(?:=(?:\([^()]*\)|[^,]*))?(?:, |$)", match[2] or "") if kind in LISTS else []
            result.setdefault(match[1], [a for a in arguments if a not in ("inplace", "items")])
    return result


def calls(text, name):
    """The arguments, as text, of each call of a name."""
    for match in re.finditer(rf"\b{name}\(", text):
        depth, end = 1, match.end()
        while depth:
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(text[end], 0)
            end += 1
        yield text[match.end():end - 1]


def split_arguments(text):
    depth, start, parts = 0, 0, []
    for i, c in enumerate(text):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(c, 0)
        if c == "," and depth == 0:
            parts.append(text[start:i].strip())
            start = i + 1
    return [part for part in [*parts, text[start:].strip()] if part]


def words_of(text):
    """All names but those of arguments by keyword."""
    return set(re.findall(r"[A-Za-z_]\w*\b(?!=[^=])", text))


def undrawn(entries):
    """Entries that no line of the generator names, and no exception: the tables lack a row."""
    folder = pathlib.Path(__file__).resolve().parent
    files = [folder / f"{name}.py" for name in ("tables", "moves", "layers", "shapes", "sequences", "generate", "learning")]
    words = words_of(" ".join(file.read_text(encoding="utf-8") for file in files))
    return sorted(set(entries) - words - set(EXCEPTIONS) - set(OPERATORS))


def of(network, entries):
    """The entries and arguments (`Adam.eps`) that a network's text has."""
    text = network.net
    words = words_of(text)
    found = {name for name in entries if name in words or (name in OPERATORS and re.search(OPERATORS[name], text))}
    for name in [name for name in found if entries[name]]:
        for arguments in calls(text, name):
            if arguments.startswith("model.parameters()"):
                arguments = arguments.removeprefix("model.parameters()").removeprefix(", ")
            for place, part in enumerate(split_arguments(arguments)):
                keyword = re.match(r"(\w+)=[^=]", part)
                if keyword and keyword[1] in entries[name]:
                    found.add(f"{name}.{keyword[1]}")
                elif not keyword and place < len(entries[name]):
                    found.add(f"{name}.{entries[name][place]}")
    return sorted(found)


def report(options, outcomes):
    """Prints how often everything was covered; what is missing: too rare for the count, or not at all."""
    counts, features = {}, {}
    for outcome in outcomes:
        for name in outcome["covers"]:
            counts[name] = counts.get(name, 0) + 1
        for feature in outcome["features"]:
            features[feature] = features.get(feature, 0) + 1
    wanted = [name for name in options.signatures if name not in EXCEPTIONS]
    wanted += [f"{name}.{argument}" for name in wanted for argument in options.signatures[name]
               if f"{name}.{argument}" not in REFUSED]
    total = max(len(outcomes), 1)
    print("\ncoverage: how many of the networks have each entry")
    line = ""
    for name in sorted(wanted, key=lambda name: (counts.get(name, 0), name)):
        item = f"{name} {counts.get(name, 0)}"
        if len(line) + len(item) > 124:
            print("  " + line)
            line = ""
        line += item + "  "
    print("  " + line)
    print("features: " + ", ".join(f"{name} {n} ({100 * n / total:.0f} %)" for name, n in sorted(features.items())))
    problems = undrawn(options.signatures)
    if problems:
        print("netc --list names entries that no random network has (a row for tables.py): " + ", ".join(problems))
    rare = [name for name in wanted if counts.get(name, 0) < 20 * total / 10000] if total >= 10000 else []
    if rare:
        print("in fewer than 20 of 10,000: " + ", ".join(rare))
    if features.get("branch", 0) < 0.3 * total and total >= 100:
        problems.append("branches")
        print("fewer than 30 % of the networks branch")
    return problems + rare
