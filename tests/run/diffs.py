"""Lines of canonical files are changed, doubled and taken apart at random; what `netc --format --diff` prints must be a unified
diff that leads to what `netc --format` writes, with at most three lines around each change, and each of those equal in both.

Usage: diffs.py NETC ROUNDS FILE.net…   (files in canonical form)
"""

import random
import re
import subprocess
import sys

HUNK = re.compile(r"@@ -(\d+),(\d+) \+(\d+),(\d+) @@\n")


def lines_of(text):
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def parse(diff):
    """(first line, number of lines) of both, and the lines, for each hunk."""
    lines = lines_of(diff)
    assert lines[0].startswith("--- ") and lines[1].startswith("+++ "), lines[:2]
    hunks = []
    for line in lines[2:]:
        head = HUNK.fullmatch(line)
        if head:
            hunks.append(([int(n) for n in head.groups()], []))
        elif line.startswith("\\"):
            hunks[-1][1][-1] = hunks[-1][1][-1][:-1]  # the line before has no end
        else:
            hunks[-1][1].append(line)
    return hunks


def apply(diff, text):
    before, after, at = lines_of(text), [], 0
    for (old, old_count, new, new_count), lines in parse(diff):
        first = old - 1 if old_count else old
        assert first >= at, "hunks overlap"
        after += before[at:first]
        at = first
        assert len(after) == (new - 1 if new_count else new), "the hunk begins elsewhere"
        changed = [i for i, line in enumerate(lines) if line[0] != " "]
        assert changed and changed[0] <= 3 and len(lines) - 1 - changed[-1] <= 3, "too many lines around a change"
        assert all(b - a <= 7 for a, b in zip(changed, changed[1:])), "these should be two hunks"
        assert sum(line[0] != "+" for line in lines) == old_count and sum(line[0] != "-" for line in lines) == new_count
        for line in lines:
            if line[0] != "+":
                assert before[at] == line[1:], f"{before[at]!r} is said to be {line[1:]!r}"
                at += 1
            if line[0] != "-":
                after.append(line[1:])
    return "".join(after + before[at:])


def mutate(rng, text):
    lines = lines_of(text)
    for _ in range(rng.randint(1, 6)):
        i = rng.randrange(len(lines))
        kind = rng.randrange(4)
        if kind == 0:
            lines[i] = "  " + lines[i].replace(" = ", "   =  ").replace(", ", " ,")
        elif kind == 1:
            lines[i:i] = ["\n"] * rng.randint(1, 4)
        elif kind == 2:
            lines.append("  \n")
        else:
            lines[i] = lines[i].rstrip("\n") + "   \n"
    text = "".join(lines)
    return text.rstrip("\n") if rng.random() < 0.2 else text


def main(netc, rounds, *paths):
    rng = random.Random(0)
    tried = several = 0
    texts = [(path, mutate(rng, open(path).read())) for path in paths for _ in range(int(rounds))]
    texts.append(("many lines", "".join(f"x{i}   = {i}\n" for i in range(5000))))
    texts += [("all of it", "x=1\n"), ("no end", "x = 1"), ("blanks alone", "\n\n\n")]
    for path, text in texts:
        formatted = subprocess.run([netc, "--format", "-"], input=text, capture_output=True, text=True)
        if formatted.returncode:
            continue  # a string over several lines was hit
        with open("mutant.net", "w") as file:
            file.write(text)
        shown = subprocess.run([netc, "--format", "--diff", "mutant.net"], capture_output=True, text=True)
        assert shown.returncode == (text != formatted.stdout), (path, shown.stderr)
        if text == formatted.stdout:
            assert shown.stdout == "", path
            continue
        assert apply(shown.stdout, text) == formatted.stdout, f"{path}:\n{text}\n{shown.stdout}"
        tried += 1
        several += len(parse(shown.stdout)) > 1
    print(f"{tried} diffs, {several} of several hunks")


main(*sys.argv[1:])
