"""netc --explain for everything that netc --list names: explain_all.py NETC. Prints what is wrong, and how much was explained."""

import re
import subprocess
import sys

netc = sys.argv[1]
# What has no example by its name alone: it makes no tensor, needs files, or one of several arguments that may all be left out.
WITHOUT = {"ModuleList", "Upsample", "calculate_gain", "IDX", "NPY", "CSV", "Images", "Text"}
KINDS = ("layers", "activations", "losses", "initialisers", "optimizers", "schedules", "data", "functions", "ops")


def run(*arguments):
    return subprocess.run([netc, *arguments], capture_output=True, text=True, check=False)


wrong, count = [], {}
for kind in KINDS:
    names = [re.match(r"\w+", line).group() for line in run("--list", kind).stdout.splitlines()]
    table = run("--list", kind, "--markdown").stdout.splitlines()
    if len(table) != len(names):
        wrong.append(f"--list {kind} --markdown has {len(table)} rows, not {len(names)}")
    examples = derivatives = 0
    for name in names:
        result = run("--explain", name)
        lines = result.stdout.splitlines()
        if result.returncode or not lines or not re.match(rf"{name}(\(|:)", lines[0]) or result.stderr:
            wrong.append(f"{name}: status {result.returncode}: {result.stdout}{result.stderr}")
        example = "" in lines
        examples += example
        derivatives += any(re.match(r" +d\w+/d", line) for line in lines)
        if not example and kind not in ("functions", "ops") and name not in WITHOUT:
            wrong.append(f"{name}: no example of one of the {kind}")
        if kind in ("activations", "losses") and not any(re.match(r" +d\w+/d", line) for line in lines):
            wrong.append(f"{name}: no derivative")
    count[kind] = (len(names), examples, derivatives)
    if examples < len(names) // 2:
        wrong.append(f"{kind}: {examples} examples of {len(names)}")
if wrong:
    print("\n".join(wrong))
for kind, (names, examples, derivatives) in count.items():
    print(f"{kind}: {names} names, {examples} examples, {derivatives} with derivatives")
sys.exit(bool(wrong))
