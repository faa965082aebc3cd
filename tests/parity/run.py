"""Parity of netc with PyTorch: run.py --netc NETC [--reference] [--data DIR] [--only NAME…] [-k]

Every entry that `netc --list` names has a case here, in f64 and in f32. With --reference, what PyTorch says comes from the
files of reference/ (see make_reference.py) instead of PyTorch; the default is PyTorch where it is installed.
"""
import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import harness
import networks
import norms
import probes
import trainer
import training

# Entries that need no case of their own, with the reason.
ELSEWHERE = {
    **dict.fromkeys(["FashionMNIST", "KMNIST"], "files like MNIST's under other names"),
    **dict.fromkeys(["IDX", "Synthetic", "dataset"], "tests/run trains on them"),
    **dict.fromkeys(["Buffer", "OrderedDict", "Trainer", "assert", "container", "enumerate", "is_list", "len", "list", "print", "range",
                     "reversed", "str", "tuple", "warn", "zip"], "the language's own, without a counterpart in PyTorch"),
    **dict.fromkeys(["manual_seed", "randint", "item", "grad_fn", "requires_grad_", "mm", "dot", "t", "linspace"], "calculators.py and tests/golden/calculate"),
    **dict.fromkeys(["const", "var", "input", "scalar", "iota", "draw", "not", "eq", "ne", "lt", "le", "gt", "ge", "checked",
                     "floordiv", "mod", "sub", "mul", "div", "add"], "graph ops behind operators and names"),
}


def listed(netc):
    text = subprocess.run([netc, "--list"], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"^([A-Za-z_]\w*)(?![\w:-])", text, re.MULTILINE))


def all_cases(data):
    return probes.cases() + networks.cases() + norms.cases() + trainer.cases() + training.cases(data)


def data_folder(given):
    for folder in (given, os.environ.get("NETC_DATA"), harness.HERE.parents[1] / "data"):
        if folder and training.find_idx(folder, "train-images-idx3-ubyte"):
            return pathlib.Path(folder).resolve()
    return None


def uncovered(netc, cases):
    words = set()
    for case in cases:
        words |= set(re.findall(r"[A-Za-z_]\w*", case.covers()))
    return sorted(listed(netc) - words - set(ELSEWHERE) - {"MNIST"})


def expectation(case, reference):
    if not reference:
        return case.expected()
    path = harness.HERE / "reference" / f"{case.name}.safetensors"
    if not path.exists():
        raise harness.Failure(f"{case.name}: no reference {path.name}; make_reference.py makes it")
    return harness.Expected.load(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--netc", required=True)
    parser.add_argument("--reference", action="store_true", help="compare with the committed files, without PyTorch")
    parser.add_argument("--data", help="where MNIST lies")
    parser.add_argument("--only", nargs="*", help="names of cases")
    parser.add_argument("--dtype", choices=["f64", "f32"])
    parser.add_argument("--flags", default="", help="more flags for netc, such as -march=x86-64-v3")
    parser.add_argument("-k", "--keep", action="store_true", help="keep the programs, and say where")
    options = parser.parse_args()
    netc = str(pathlib.Path(options.netc).resolve())
    reference = options.reference or harness.torch is None
    if reference and not options.reference:
        print("PyTorch is not installed: comparing with the committed references")
    data = data_folder(options.data)
    cases = [case for case in all_cases(data) if not options.only or case.name in options.only]
    folder = tempfile.mkdtemp(prefix="netc-parity-")
    session = harness.Session(netc, folder, data, options.flags.split())
    started = time.monotonic()
    for case in cases:
        before, begun = len(session.failures), time.monotonic()
        try:
            expected = expectation(case, reference)
            for dtype in [options.dtype] if options.dtype else ["f64", "f32"]:
                try:
                    case.check(session, dtype, expected)
                except harness.Failure as failure:
                    session.fail(str(failure))
        except harness.Failure as failure:
            session.fail(str(failure))
        verdict = "ok    " if len(session.failures) == before else "FAILED"
        print(f"{verdict} {case.name} ({time.monotonic() - begun:.1f} s)", flush=True)
    if not options.only:
        missing = uncovered(netc, cases)
        if missing:
            session.fail("netc --list names entries without a case: " + ", ".join(missing))
    for line in session.notes + session.failures:
        print(line)
    for dtype, (worst, where) in session.worst.items():
        print(f"{dtype}: at most {worst:.3g} of the tolerance ({where})")
    if data is None:
        print("MNIST was not found (--data, $NETC_DATA, ./data): its losses were not compared")
    print(f"{session.compared} tensors compared with {'references' if reference else 'PyTorch ' + harness.torch.__version__} "
          f"in {time.monotonic() - started:.0f} s, {len(session.failures)} failures")
    if options.keep:
        print(f"programs are in {folder}")
    else:
        subprocess.run(["rm", "-rf", folder], check=True)
    sys.exit(bool(session.failures))


if __name__ == "__main__":
    main()
