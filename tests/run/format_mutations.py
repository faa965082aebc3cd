"""Blanks and line ends that mean nothing are changed at random: the canonical form and the syntax tree must stay the same.
With comments added at those line ends, each must still be there, in the same order, and formatting again must change nothing.

Usage: format_mutations.py NETC ROUNDS FILE.net…   (files in canonical form)
"""

import random
import re
import subprocess
import sys

TOKEN = re.compile(
    r"""[ \t\r]+|\n|\#[^\n]*|[fF]?"(?:\\.|[^"\\])*"|[fF]?'(?:\\.|[^'\\])*'|(?<![\w.])\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\w+"""
    r"""|\.\.\.|->|\*\*|//|[=!<>+*/-]=|[^\w\s]""")
GOES_ON_AFTER = set("+ * / // % @ ** == != < <= > >= = += -= *= /= , and or not in is ->".split())
GOES_ON_BEFORE = {"else", "and", "or", "{"}


def tokens_of(text):
    tokens, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        assert match, f"cannot read {text[at:at + 20]!r}"
        tokens.append(match.group())
        at = match.end()
    return tokens


def glued(before, after):
    """Whether nothing may stand between the two."""
    word = lambda c: c.isalnum() or c == "_"
    if word(before[-1]) and (word(after[0]) or after[0] in "\"'."):
        return False
    return not (before[-1] in "=!<>+*/->.\"'" and after[0] in "=!<>+*/->.\"'")


def blanks(rng, least):
    return "".join(rng.choice("  \t") for _ in range(rng.randint(least, 3)))


def mutate(rng, text, comments=False):
    end = rng.choice(["\n", "\r\n"])
    tokens = [t for t in tokens_of(text) if not t.isspace() or t == "\n"]
    gaps = {}  # whether blanks stood before token i
    position = 0
    for i, token in enumerate(tokens):
        found = text.index(token, position)
        gaps[i] = found > position
        position = found + len(token)
    out, depth, line_start, imports = [], 0, True, False
    for i, token in enumerate(tokens):
        before = tokens[i - 1] if i else "\n"
        if token == "\n":
            empty = before == "\n"
            comment = before.startswith("#")
            if depth and not comment and not empty and (i + 1 >= len(tokens) or tokens[i + 1] != "\n") \
                    and not tokens[i + 1].startswith("#") and rng.random() < 0.5:
                out.append(" ")
            else:
                out.append(blanks(rng, 0) + end)
                if empty and rng.random() < 0.3:
                    out.append(blanks(rng, 0) + end)
                line_start = True
            continue
        if line_start:
            imports = token in ("import", "from")  # such a line ends where it ends
            out.append(blanks(rng, 0))
        elif token.startswith("#"):
            out.append(blanks(rng, 1))
        elif before != "\n":
            may_break = not imports and (depth > 0 or before in GOES_ON_AFTER or token in GOES_ON_BEFORE)
            least = 0 if glued(before, token) else 1 if gaps[i] else None
            if least is None:
                pass  # 1.5, a.b: one word for the scanner
            elif may_break and before != "." and token != "." and rng.random() < 0.15:
                note = f" # note {i}" if comments and rng.random() < 0.7 else ""
                out.append(blanks(rng, 0) + note + end + blanks(rng, 0))
            elif least == 1 or rng.random() < 0.7:
                out.append(blanks(rng, least))
        line_start = False
        depth += (token in "([") - (token in ")]")
        out.append(token)
    return "".join(out)


def run(*command, text=None):
    result = subprocess.run(command, input=text, capture_output=True, text=False, check=False)
    assert result.returncode == 0, f"{command}: status {result.returncode}\n{result.stderr.decode()}"
    return result.stdout.decode()


def comments_of(text):
    return [t.rstrip() for t in tokens_of(text) if t.startswith("#")]


def main():
    netc, rounds, files = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    changed = 0
    for path in files:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        tree = run(netc, path, "--emit=ast")
        for seed in range(rounds):
            mutant = mutate(random.Random(f"{path} {seed}"), text)
            changed += mutant != text
            with open("mutant.net", "w", encoding="utf-8", newline="") as file:
                file.write(mutant)
            again = run(netc, "--format", "-", text=mutant.encode())
            if again != text or run(netc, "mutant.net", "--emit=ast") != tree:
                sys.exit(f"{path}, seed {seed}: mutant.net is formatted differently\n{mutant}\n----\n{again}")
            noted = mutate(random.Random(seed), text, comments=True)
            once = run(netc, "--format", "-", text=noted.encode())
            if run(netc, "--format", "-", text=once.encode()) != once or comments_of(once) != comments_of(noted):
                sys.exit(f"{path}, seed {seed}: comments\n{noted}\n----\n{once}")
    print(f"{changed} mutants of {len(files)} files")
    assert changed > 0


main()
