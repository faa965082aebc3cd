#!/usr/bin/env python3
"""Breaks netc on purpose and demands that the tests notice: gradient rules, simplifications and kernel tails, one at a time.

    tests/mutation/run.py --build DIR [--sample N --seed S] [--only TEXT] [--keep-going]

The sources are copied to DIR, every mutant is put into the copy behind a switch that $NETC_MUTANT sets (instrument.py,
tables.py, tails.py), and the copy is built once. Then for each mutant the tests run until one fails: the mutant is killed. One
that no test notices has survived, and the run fails, unless equivalent.txt says why it computes the same.
"""

import argparse
import collections
import concurrent.futures
import os
import pathlib
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import instrument  # noqa: E402
import tables  # noqa: E402
import tails  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SLOWER = 10  # a mutant that takes so many times as long as the unbroken test, and a minute more, has been noticed

# The tests by what a mutant is in, likely ones first.
TESTS = {
    "autodiff": ["autodiff_rules_test", "autodiff_corners_test", "elaborate_tensor_test"],
    "simplify": ["simplify_rows_test", "simplify_guards_test", "simplify_graphs_test", "simplify_text_test", "simplify_random_test"],
    "tail": ["cg_kernel_test", "cg_schedule_test", "cg_schedule_random_test"],
}
GOLDEN = {"autodiff": ["grad", "graph"], "simplify": ["graph", "grad", "kernels"], "tail": ["kernels"]}

SOURCES = {
    "autodiff": ["rules_elementwise.c", "rules_movement.c", "rules_reduce.c"],
    "simplify": [
        "rules_algebra.c", "rules_constant.c", "rules_movement.c", "rules_outward.c", "rules_reduce.c", "saved_relu.c",
    ],
}  # fmt: skip

Mutant = collections.namedtuple("Mutant", "id kind name")


def instrument_tree(tree):
    """Copies the project's files to `tree`, with all mutants in them. Files that did not change are left alone."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files"], capture_output=True, text=True, check=False).stdout.split("\n")
    files = [f for f in listed if f and (ROOT / f).is_file()]
    if not files:
        files = [str(p.relative_to(ROOT)) for d in ("compiler", "runtime", "grammar", "tests", "cmake", "examples")
                 for p in (ROOT / d).rglob("*") if p.is_file()] + ["CMakeLists.txt"]  # fmt: skip
    texts, mutants, next_id = {}, [], 1

    def read(path):
        return (ROOT / path).read_text()

    for kind, names in SOURCES.items():
        for name in names:
            path = f"compiler/{kind}/{name}"
            maker = instrument.Instrumenter(f"{kind}/{name}", next_id)
            texts[path] = maker.file(read(path))
            next_id = maker.next_id
            mutants += [Mutant(i, kind, text) for i, text in maker.mutants]
    for kind, function, path in (
        ("autodiff", tables.gradients, "compiler/autodiff/differentiate.c"),
        ("simplify", tables.rewrites, "compiler/simplify/simplify.c"),
    ):
        made, texts[path], next_id = function(read, next_id)
        mutants += [Mutant(i, kind, text) for i, text in made]
    made, changed, next_id = tails.tails(read, next_id)
    texts.update(changed)
    mutants += [Mutant(i, "tail", text) for i, text in made]
    for stale in [p for p in tree.rglob("*") if p.is_file() and str(p.relative_to(tree)) not in files]:
        stale.unlink()
    copies = {path: path for path in files} | {"compiler/support/mutant.c": "tests/mutation/mutant.c"}
    for path, source in copies.items():
        target = tree / path
        content = texts[path].encode() if path in texts else (ROOT / source).read_bytes()
        if not target.is_file() or target.read_bytes() != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            shutil.copymode(ROOT / source, target)
    return mutants


def build(tree, folder, jobs):
    flags = f"-O1 -include {tree}/tests/mutation/mutant.h"
    configure = ["cmake", "-S", tree, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None", f"-DCMAKE_C_FLAGS={flags}"]
    targets = ["netc"] + [test for tests in TESTS.values() for test in tests]
    for command in (configure, ["cmake", "--build", folder, "-j", str(jobs), "--target", *targets]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{done.stdout[-4000:]}{done.stderr[-4000:]}\nmutation: the instrumented sources do not build")


def commands(tree, folder, kind):
    for test in TESTS[kind]:
        yield test, [folder / "tests" / test]
    for golden in GOLDEN[kind]:
        yield f"golden_{golden}", [tree / "tests/golden/run.sh", folder / "netc", golden]


def killer(tree, folder, mutant, seconds):
    """The test that fails with this mutant, or None. `seconds` has how long each test takes unbroken, or gets it from -1."""
    environment = dict(os.environ, NETC_MUTANT=str(mutant.id))
    environment.pop("NETC_GOLDEN_UPDATE", None)
    for name, command in commands(tree, folder, mutant.kind):
        limit, started = seconds[name] * SLOWER + 60 if name in seconds else None, time.monotonic()
        try:
            done = subprocess.run(
                command, env=environment, timeout=limit, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired:
            return f"{name} (no end)"
        seconds.setdefault(name, time.monotonic() - started)
        if done.returncode != 0:
            return name
    return None


def read_equivalents():
    """{name: reason}; a name stands on a line of its own, its reason indented below it."""
    reasons, name = {}, None
    for line in (HERE / "equivalent.txt").read_text().split("\n"):
        if line.startswith("    ") and name:
            reasons[name] = (reasons[name] + " " + line.strip()).strip()
        elif line and not line.startswith("#"):
            name = line
            reasons[name] = ""
    return reasons


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help="where the copy and its build go")
    parser.add_argument("--sample", type=int, help="only so many mutants, drawn evenly from all")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--only", default="", help="mutants whose name has this text")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--list", action="store_true", help="print the mutants' names and end")
    parser.add_argument("--try-equivalents", action="store_true", help="run those of equivalent.txt too")
    options = parser.parse_args()

    tree = options.build.resolve() / "tree"
    mutants = instrument_tree(tree)
    equivalents = read_equivalents()
    unknown = set(equivalents) - {m.name for m in mutants}
    if unknown or not all(equivalents.values()):
        sys.exit("mutation: equivalent.txt has lines that are no mutants, or without a reason:\n  " + "\n  ".join(
            sorted(unknown | {n for n, why in equivalents.items() if not why})))  # fmt: skip
    chosen = [m for m in mutants if options.only in m.name and (options.try_equivalents or m.name not in equivalents)]
    if options.sample and options.sample < len(chosen):
        chosen = random.Random(options.seed).sample(chosen, options.sample)
    if options.list:
        print(*(f"{m.id} {m.name}" for m in chosen), sep="\n")
        return
    folder = tree.parent / "build"
    build(tree, folder, options.jobs)
    seconds = {}
    for kind in TESTS:
        unbroken = killer(tree, folder, Mutant(-1, kind, ""), seconds)
        if unbroken:
            sys.exit(f"mutation: {unbroken} fails without any mutant")

    started, kills, survivors = time.monotonic(), collections.Counter(), []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for mutant, by in zip(chosen, pool.map(lambda m: killer(tree, folder, m, seconds), chosen)):
            kills[mutant.kind, by or "survived"] += 1
            if by is None:
                survivors.append(mutant)
                print(f"SURVIVED: {mutant.name}", flush=True)
    for (kind, by), count in sorted(kills.items()):
        print(f"  {kind}: {by}: {count}")
    print(f"{len(chosen)} of {len(mutants)} mutants ({len(equivalents)} are known to compute the same): "
          f"{len(chosen) - len(survivors)} killed, {len(survivors)} survived, {time.monotonic() - started:.0f} s")  # fmt: skip
    sys.exit(1 if survivors else 0)


if __name__ == "__main__":
    main()
