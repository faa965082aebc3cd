"""Prints branch coverage by folder and file from gcovr's JSON summary, and fails under what is promised: coverage_report.py FILE."""
import collections
import json
import sys

LEAST = {"compiler": 90.0, "runtime": 90.0}  # per cent of branches
# What reads files of strangers, and what every shape goes through.
ALL = """runtime/data/idx.c runtime/checkpoint/header.c runtime/checkpoint/safetensors.c runtime/checkpoint/vars.c
compiler/ir/shape.c compiler/ir/build_shape.c""".split()


def share(taken, total):
    return 100.0 * taken / total if total else 100.0


def row(name, counts):
    return f"{share(*counts):6.1f} %  {counts[1] - counts[0]:5d} of {counts[1]:5d} missed  {name}"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        summary = json.load(file)
    files = {entry["filename"]: (entry["branch_covered"], entry["branch_total"]) for entry in summary["files"]}
    folders, parts = collections.defaultdict(lambda: [0, 0]), collections.defaultdict(lambda: [0, 0])
    for name, counts in files.items():
        for sums in (folders[name.rpartition("/")[0]], parts[name.partition("/")[0]]):
            sums[0] += counts[0]
            sums[1] += counts[1]
    print("Branches taken, by file:")
    for name, counts in sorted(files.items(), key=lambda item: -share(*item[1])):
        if counts[0] < counts[1]:
            print(row(name, counts))
    print("\nby folder:")
    for name, counts in sorted(folders.items()):
        print(row(name, counts))
    print("\nin all:")
    failed = False
    for name, least in LEAST.items():
        bad = share(*parts[name]) < least or parts[name][1] == 0
        failed |= bad
        print(row(name, parts[name]), f"(less than {least:g} %)" if bad else "")
    for name in ALL:
        bad = name not in files or files[name][0] < files[name][1]
        failed |= bad
        print(row(name, files.get(name, (0, 0))), "(must be all)" if bad else "")
    return 1 if failed else 0


sys.exit(main())
