"""Random networks against PyTorch: run.py --netc NETC [--seed S] [--count N | --only K…] [--state FILE] [--keep DIR]

Each network is drawn from the seed and its index, written as .net text and as a module of PyTorch, compiled in several variants
(-O0 and -O3, SSE2, AVX2 and AVX-512, f32 and f64, with 1 and 2 threads) and compared: initial parameters, gradients, losses,
the parameters after training, losses and predictions in inference. What differs in f32 is looked at again in f64; it is a
failure if f64 shows it too, and also if it is more than rounding can do. A failure prints the network and how to run it again.
"""
import argparse
import collections
import json
import multiprocessing
import os
import pathlib
import shutil
import sys
import tempfile
import time
from dataclasses import replace

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "parity"))

import check  # noqa: E402
import coverage  # noqa: E402
import data  # noqa: E402
import generate  # noqa: E402
import harness  # noqa: E402

if harness.torch:
    import reference

MACHINES = ["x86-64", "x86-64-v3", "x86-64-v4"]
NO_GRADIENT = "does not require grad"  # PyTorch's answer to a derivative by what comes from integers alone
ATTEMPTS = 20       # until a network has numbers that can be compared


def machines():
    flags = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    return [m for m in MACHINES if {"x86-64-v3": " avx2 ", "x86-64-v4": " avx512f "}.get(m, " ") in flags]


def variants(index, count, found, both_types):
    """`count` of all combinations of level, machine and type, in turn. Every other time f64, which is compared strictly."""
    strict = [check.Variant(level, m, "f64") for level in ("-O3", "-O0") for m in found]
    loose = [check.Variant("-O3", found[-1], "f32"), *(replace(v, dtype="f32") for v in strict)] if both_types else strict
    turn = index // 2
    order = [loose[turn % len(loose)], strict[turn % len(strict)]]
    order = order if index % 2 else order[::-1]
    order += [v for v in loose + strict if v not in order]
    return list(dict.fromkeys(order))[:count]


def explained(deviations, ref, dtype):
    """Whether PyTorch's own results move as much when the last bits of what goes in move."""
    spread = ref.spread(dtype)
    return all(d.off <= 30 * spread.get(d.name, 0.0) for d in deviations)


def judge(session, network, variant, ref, deviations, outcome):
    """A failure's text, or None with the reason counted."""
    if variant.dtype == "f32":
        wide = replace(variant, dtype="f64")
        again = check.compare(check.results_of(session, network, check.compile_variant(session, network, wide)), ref, "f64")
        if not again:
            rounding = explained(deviations, ref, "f32")
            outcome["rounding" if rounding else "f32 alone"] = f"{variant}: {deviations[0]}"
            return None
        deviations, variant = again, wide
    if explained(deviations, ref, "f64"):
        outcome["unstable"] = f"{variant}: {deviations[0]}"
        return None
    return f"{variant}: " + "; ".join(map(str, deviations[:6]))


def a_network(options, index, session):
    """The first attempt at this index whose numbers can be compared, and what it is compared with."""
    for attempt in range(ATTEMPTS):
        network = generate.draw(options.seed, index, attempt)
        numbers = data.draw(network)
        check.write_data(session, network, numbers)
        try:
            with_torch = options.torch and not network.random
            ref = reference.Reference(network, numbers) if with_torch else check.OwnReference(session, network)
        except check.Unusable:
            continue
        except Exception as problem:
            if NO_GRADIENT in str(problem):
                continue
            problem.network = network
            raise
        session.write("start.safetensors", ref.initial)
        return network, ref, attempt
    raise harness.Failure(f"{options.seed}:{index}: no attempt has finite numbers")


def check_variant(session, network, variant, ref, number, outcome):
    """What is wrong with one variant, as texts. The first one's initial parameters and threads are looked at, too."""
    program = check.compile_variant(session, network, variant)
    deviations = check.compare(check.results_of(session, network, program, 1 + number % 2), ref, variant.dtype)
    strict = [] if number else check.compare_initial(session, program, ref) + check.compare_threads(session, program)
    failures = [f"{variant}: {deviation}" for deviation in strict[:2]]
    text = judge(session, network, variant, ref, deviations, outcome) if deviations else None
    return failures + ([text] if text else [])


def run_one(options, index, folder):
    outcome = {"index": index}
    begun = time.monotonic()
    session = harness.Session(options.netc, folder)
    network, ref, outcome["redrawn"] = a_network(options, index, session)
    outcome["reference_s"] = round(time.monotonic() - begun, 3)
    failures = []
    plan = variants(index, options.variants, options.machines, options.torch and not network.random)
    for number, variant in enumerate(plan):
        try:
            failures += check_variant(session, network, variant, ref, number, outcome)
        except harness.Failure as failure:
            failures.append(f"{variant}: {failure}")
    outcome |= {"variants": [str(variant) for variant in plan], "features": sorted(network.features),
                "covers": coverage.of(network, options.signatures), "seconds": round(time.monotonic() - begun, 3)}
    if failures:
        outcome |= {"failures": failures, "net": network.net, "python": network.python}
    return outcome


def work(arguments):
    """One network in a process of its own pool."""
    options, index = arguments
    folder = pathlib.Path(options.keep).resolve() / str(index) if options.keep else tempfile.mkdtemp(prefix="netc-random-")
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return run_one(options, index, folder)
    except Exception as problem:      # a network that PyTorch cannot run is a mistake of the generator
        network = getattr(problem, "network", None) or generate.draw(options.seed, index)
        return {"index": index, "failures": [f"{type(problem).__name__}: {problem}"], "net": network.net,
                "python": network.python, "variants": [], "features": [], "covers": [], "redrawn": 0, "seconds": 0.0,
                "reference_s": 0.0}
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


def show_failure(options, outcome):
    print(f"\nFAILED network {options.seed}:{outcome['index']}")
    for failure in outcome["failures"]:
        print(f"  {failure}")
    print(f"  run.py --netc {options.netc} --seed {options.seed} --only {outcome['index']} --keep DIR\n")
    print("\n".join("    " + line for line in (outcome["net"] + "\n" + outcome["python"]).splitlines()), flush=True)


def prepare_worker():
    if harness.torch:
        harness.torch.set_num_threads(1)


def run_all(options, wanted, state):
    """Every wanted network that the state file does not hold yet; all outcomes."""
    outcomes = {}
    if state and state.exists():
        outcomes = {o["index"]: o for o in map(json.loads, state.read_text(encoding="utf-8").splitlines())}
    left = [index for index in wanted if index not in outcomes]
    deadline = time.monotonic() + options.seconds if options.seconds else None
    with multiprocessing.get_context("fork").Pool(options.jobs, prepare_worker) as pool:
        for outcome in pool.imap_unordered(work, ((options, index) for index in left)):
            outcomes[outcome["index"]] = outcome
            if state:
                with open(state, "a", encoding="utf-8") as file:
                    file.write(json.dumps(outcome) + "\n")
            if "failures" in outcome:
                show_failure(options, outcome)
            if deadline and time.monotonic() > deadline:
                pool.terminate()
                break
    return [outcomes[index] for index in wanted if index in outcomes]


def summary(options, outcomes, wall):
    failed = [o for o in outcomes if "failures" in o]
    count = len(outcomes)
    problems = coverage.report(options, outcomes)
    for kind, meaning in (("rounding", "differed in f32, not in f64, by no more than rounding does"),
                          ("unstable", "differed in f64 by no more than rounding does: a tie or a corner"),
                          ("f32 alone", "differed in f32, not in f64, by more than our estimate of rounding")):
        found = [o for o in outcomes if kind in o]
        print(f"{len(found):6} {meaning}")
        for o in found[:0 if kind == "rounding" else 20]:
            print(f"       {options.seed}:{o['index']} {o[kind]}")
    redrawn = sum(o["redrawn"] for o in outcomes)
    spent = sum(o["seconds"] for o in outcomes) / max(count, 1)
    before = sum(o["reference_s"] for o in outcomes) / max(count, 1)
    turns = collections.Counter(variant for o in outcomes for variant in o["variants"])
    print("variants: " + ", ".join(f"{variant} {n}" for variant, n in sorted(turns.items())))
    print(f"{redrawn:6} were redrawn: numbers not finite or too large, or a derivative that PyTorch does not take")
    print(f"{count} networks of seed {options.seed} in {wall:.0f} s ({spent:.2f} s a network and core, {before:.2f} s of it "
          f"for the reference): {len(failed)} differ")
    return bool(failed) or bool(problems)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--netc", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--only", type=int, nargs="*", help="indices of networks")
    parser.add_argument("--variants", type=int, default=2, help="for each network: an f32 one and an f64 one, then more")
    parser.add_argument("--no-torch", dest="torch", action="store_false", help="compare with netc's own -O0 in f64")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--state", help="a file of outcomes, so that a long run can be taken up again")
    parser.add_argument("--seconds", type=float, help="stop after so long")
    parser.add_argument("--keep", help="keep texts, data and programs in a folder for each network")
    options = parser.parse_args()
    os.environ["NETC_SHARE"] = "always"     # or steps as short as these would never use a second thread
    options.netc = str(pathlib.Path(options.netc).resolve())
    if options.torch and not harness.torch:
        print("PyTorch is not installed")
        options.torch = False
    if not options.torch:
        print("without PyTorch: f64 programs of all levels and machines are compared with netc's own at -O0 for x86-64")
    options.machines = machines()
    options.signatures = coverage.signatures(options.netc)
    begun = time.monotonic()
    wanted = options.only if options.only else range(options.count)
    outcomes = run_all(options, wanted, pathlib.Path(options.state) if options.state else None)
    sys.exit(summary(options, outcomes, time.monotonic() - begun))


if __name__ == "__main__":
    main()
