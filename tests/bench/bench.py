#!/usr/bin/env python3
"""netc against PyTorch, JAX, onnxruntime and a program written by hand, on the same work in one interleaved run.

    bench.py [CASE…]         cases.py has them; all of them if none is named

Each side first proves that it does the same work: from the same initial parameters, the losses of 20 steps and the parameters
after them agree with PyTorch's. Then they take turns, A B C, C B A, …; every round gives one ratio for each pair, and no round
is dropped. Who cannot take part on this machine is named. Wall time decides; the processor time stands beside it.

It needs netc (--netc or $NETC) and MNIST (--data or $NETC_DATA). ./setup bench sees to both, and to the peers.
"""
import argparse
import datetime
import json
import os
import pathlib
import signal
import sys
import tempfile
import time

import cases
import networks
import picture
import report
import rounds

ROOT = pathlib.Path(__file__).resolve().parents[2]


def quiet_core():
    """The core of this process's that is least busy now."""
    def idle():
        cores = {}
        for line in pathlib.Path("/proc/stat").read_text(encoding="utf-8").splitlines():
            name, *numbers = line.split()
            if name.startswith("cpu") and name != "cpu":
                cores[int(name[3:])] = int(numbers[3])
        return cores
    before = idle()
    time.sleep(0.5)
    after = idle()
    return max(sorted(os.sched_getaffinity(0)), key=lambda core: after.get(core, 0) - before.get(core, 0))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="; ".join(dict.fromkeys(c.name for c in cases.table(0, 1))))
    parser.add_argument("--among", action="append", metavar="PEER",
                        help="only this one beside netc, such as 'by hand'; may be repeated")
    parser.add_argument("--random", type=int, default=1, metavar="SEED", help="of the networks of the case 'random' (1)")
    parser.add_argument("--count", type=int, default=10, metavar="N", help="how many of them (10)")
    parser.add_argument("--rounds", type=int, default=8, metavar="N", help="measurements of each side, 7 or more (8)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="an object a case; text goes to standard error")
    form.add_argument("--markdown", action="store_true", help="tables for docs/performance.md; text goes to standard error")
    parser.add_argument("--picture", type=pathlib.Path, metavar="FILE.svg", help="a picture of it, too")
    parser.add_argument("--results", type=pathlib.Path, metavar="FILE", help="measure nothing: show what --json printed")
    parser.add_argument("--core", type=int, metavar="N", help="the core to run on (the least busy one)")
    parser.add_argument("--keep", metavar="DIR", help="put the networks there and keep them, to profile them")
    parser.add_argument("--netc", default=os.environ.get("NETC", str(ROOT / "build" / "netc")))
    parser.add_argument("--data", default=os.environ.get("NETC_DATA", str(ROOT / "data")), metavar="DIR",
                        help="where MNIST lies")
    arguments = parser.parse_args()
    if arguments.rounds < 7:
        parser.error("--rounds: fewer than 7 say too little")
    if arguments.picture and arguments.picture.suffix != ".svg":
        parser.error("--picture: the file's name must end in .svg")
    arguments.netc, arguments.data = os.path.abspath(arguments.netc), os.path.abspath(arguments.data)
    if not os.access(arguments.netc, os.X_OK):
        parser.error(f"{arguments.netc} is no program: build netc, or name it with --netc")
    table = cases.table(arguments.random, arguments.count)
    unknown = sorted(set(arguments.cases) - {case.name for case in table})
    if unknown:
        parser.error(f"there is no case '{unknown[0]}': " + ", ".join(dict.fromkeys(case.name for case in table)))
    chosen = [case for case in table if not arguments.cases or case.name in arguments.cases]
    arguments.table = [case.among(arguments.among) for case in chosen] if arguments.among else chosen
    return arguments


def measure(arguments):
    """A result for each case, as soon as it is there."""
    core = quiet_core() if arguments.core is None else arguments.core
    about = {"date": datetime.date.today().isoformat(), "machine": rounds.machine(), "core": core, "rounds": arguments.rounds,
             "load": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory(prefix="netc-bench-") as temporary:
        folder = pathlib.Path(arguments.keep or temporary).resolve()
        bench = rounds.Bench(networks.Workshop(folder, arguments.netc, arguments.data), arguments.rounds, core)
        for case in arguments.table:
            yield report.result_of(case, rounds.measure(bench, case), about)
        bench.close()


def read_results(arguments):
    for line in arguments.results.read_text(encoding="utf-8").splitlines():
        result = json.loads(line)
        if not arguments.cases or result["case"] in arguments.cases:
            yield result


def main():
    arguments = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))    # the temporary folder may hold a gigabyte
    out = sys.stderr if arguments.json or arguments.markdown else sys.stdout
    results = []
    for result in read_results(arguments) if arguments.results else measure(arguments):
        if not results:
            print(f"{result['date']}: {result['machine']}, core {result['core']}; load before the run {result['load']:.1f}",
                  file=out)
        results.append(result)
        report.text(result, out)
        if arguments.json:
            print(json.dumps(result), flush=True)
    if arguments.markdown:
        report.markdown(results, sys.stdout)
    if arguments.picture:
        picture.draw(results, arguments.picture)
    return 0 if all(result["agrees"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
