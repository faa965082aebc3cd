"""Every message of compiler/support/messages.def is shown by a test.

Usage: messages.py NETC SOURCE. Runs netc with --diagnostics=json on the cases of the golden tests whose subject is what a user
is told (their .expected files hold the same messages as people see them) and takes down the id of each. A message that needs
more than a text (a compiler that is missing, a full disk) is shown by another test, which is named here.
"""

import json
import pathlib
import re
import subprocess
import sys

netc, source = sys.argv[1], pathlib.Path(sys.argv[2])

# What no .net file alone can show, the test that does, and the words that stand there.
LINK, USAGE = "run/driver_link_test.sh", "run/driver_usage_test.sh"
OPS, LIMITS = "unit/ir_shape_test.c", "unit/syntax_limits_test.c"
ELSEWHERE = {
    "cannot-read": (USAGE, "cannot read '.': Is a directory"),
    "source-too-large": (USAGE, "is larger than 16 MB, too large for a description"),
    "cannot-write": (USAGE, "cannot write 'no/where': No such file"),
    "output-not-a-file": (USAGE, "it is not a file"),
    "link-no-cc": (LINK, "netc needs a C compiler to link: cc: "),
    "hint-install-cc": (LINK, "; --emit=obj"),
    "link-cc-failed": (LINK, "cc could not link the program"),
    "note-cc-said": (LINK, "note: ld: cannot find -lm"),
    "hint-cc-packages": (LINK, "netc links with the system's C compiler"),
    "hint-disk-full": (LINK, "hint: the disk is full"),
    "link-cc-signal": (LINK, "cc was ended by signal 9"),
    "link-cc-silent": (LINK, "cc wrote no program"),
    "link-no-memory": (LINK, "no memory to link in: Too many open files"),
    "cannot-make-temporary": (LINK, "cannot make a temporary file "),
    "link-no-runtime": (LINK, "is missing"),
    "hint-install": (LINK, "install netc anew"),
    "literal-string-too-long": (LIMITS, "at most 1 MB"),
    "too-many-words": (LIMITS, "more than 2,000,000 words"),
    "explain-expression": ("run/explain_test.sh", "takes a name or a call"),
    "comment-nul": ("golden/format/nul.expected", "has a NUL byte in a comment"),
    # What an op asks of its operands. The language's functions look first and say it in their own words.
    "rank": (OPS, "a tensor has at most 8 dimensions"),
    "op-type": (OPS, "exp is not defined for int64"),
    "op-types": (OPS, "add: types differ: float32 and int64"),
    "op-shapes": (OPS, "add: shapes differ: (3, 4) and (3, 5)"),
    "where-condition": (OPS, "where needs a bool condition, got float32"),
    "where-shapes": (OPS, "where: shapes differ: (3,) and (4,)"),
    "check-condition": (OPS, "check needs a bool condition, got float32"),
    "check-shapes": (OPS, "check: shapes differ: (3,) and (4,)"),
    "op-permute": (OPS, "permute: the axes of (3, 4) must each be named once"),
    "op-slice": (OPS, "slice: (3, 4) cannot become (3,)"),
    "op-slice-start": (OPS, "step at least 1"),
    "op-slice-batch": (OPS, "whole multiples of N: (3, 5) of (N, 5)"),
    "op-slice-range": (OPS, "slice: axis 0 of (5,) holds no 3 elements from 3 on in steps of 1"),
    "op-pad-negative": (OPS, "pad: amounts must be at least 0"),
    "op-pad-batch": (OPS, "pad: the batch dimension of (N,) takes zeros either"),
    "op-concat-none": (OPS, "concat needs at least one tensor"),
    "op-concat-axis": (OPS, "concat: (3,) has no axis 1"),
    "concat-types": (OPS, "concat: types differ: float32 and int64"),
    "op-axes": (OPS, "sum: no such axes of (3,)"),
    "argmax-axes": (OPS, "argmax takes one axis"),
    "op-matmul": (OPS, "matmul: shapes do not fit: (3, 4) and (5, 4)"),
    "literal-batch": (OPS, "a literal tensor cannot depend on the batch size: (N,)"),
    "literal-count": (OPS, "a tensor of shape (3,) needs 3 numbers, got 2"),
    "parameter-batch": (OPS, "the shape of a parameter or state cannot depend on the batch size: (N, 3)"),
    "op-scalar-kind": (OPS, "there is no run-time scalar"),
    "op-iota-axis": (OPS, "iota: axis 1 of shape (3,)"),
    "random-type": (OPS, "random numbers are floats, not int64"),
}
# What no test can bring about.
UNSHOWN = {
    "link-no-self": "/proc is not mounted",
    "cannot-open": "another program takes the new file away before netc opens it",
}


def table():
    """The names of the messages and their formats."""
    text = (source / "compiler/support/messages.def").read_text()
    return {name.lower().replace("_", "-"): words for name, words in re.findall(r'^X\((\w+),\s*"((?:[^"\\]|\\.)*)"\)', text, re.M)}


def advice():
    """What the tables of other languages' words say: {"word", "advice"}, the advice perhaps through a macro."""
    for name in ("syntax/hints.c", "elaborate/habits.c"):
        text = (source / "compiler" / name).read_text()
        for macro, words in re.findall(r'^#define (\w+)((?: \\\n)? *".*")$', text, re.M):
            text = re.sub(rf"\b{macro}\b", words.strip(), text)
        for row in re.findall(r'^    \{"(?:[^"\\]|\\.)*",\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\}', text, re.M):
            yield "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', row)).replace('\\"', '"')


def shown_by(case):
    """The ids in what netc says of one case."""
    first = case.read_bytes().split(b"\n", 1)[0].decode(errors="replace")
    flags = first[3:].split() if first.startswith("#! ") else []
    command = [netc, case.name, "--check", "--diagnostics=json", *flags]
    said = subprocess.run(command, cwd=case.parent, capture_output=True, timeout=60).stderr.decode()
    reports = [json.loads(line) for line in said.splitlines()]
    return {part["id"] for report in reports for part in [report, *report.get("remarks", [])]}


def main():
    messages = table()
    shown = set()
    for kind in ("diagnostics", "syntax", "warnings"):
        for case in sorted((source / "tests/golden" / kind).glob("*.net")):
            shown |= shown_by(case)
    for name, (test, words) in ELSEWHERE.items():
        if words in (source / "tests" / test).read_text().replace("\\", ""):
            shown.add(name)
    wrong = [f"no test shows {name}: {messages[name]}" for name in messages if name not in shown and name not in UNSHOWN]
    said = "".join(file.read_text(errors="replace") for file in (source / "tests/golden").glob("*/*.expected"))
    wrong += [f"no test shows the hint: {words}" for words in set(advice()) if f"hint: {words}\n" not in said]
    wrong += [f"there is no message {name}" for name in [*ELSEWHERE, *UNSHOWN] if name not in messages]
    print("\n".join(wrong), f"{len(messages)} messages, {len(shown)} of them shown", sep="\n")
    return 1 if wrong or len(messages) < 200 else 0


sys.exit(main())
