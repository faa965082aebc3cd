"""Compiles the .net side of the tables in a page: docs_cells.py NETC PAGE.md, in an empty folder.

The last column of a row holds texts in backticks, a line of a file each; the row's own lines replace those of the same name in a small
network (or, below `<!-- calculator -->`, go behind some tensors). Commands that begin with `./net` are run on that network.
"""

import os
import re
import subprocess
import sys

NETWORK = ["data = Synthetic('digits', count=500)",
           "model = Sequential(Flatten(), fc1=Linear(784, 32), relu1=ReLU(), fc2=Linear(32, 10))",
           "loss = CrossEntropyLoss()", "optimizer = SGD(lr=0.05)", "train = Trainer(epochs=1)"]
TENSORS = ["x = randn(4, 3)", "w = randn(3, 2)", "b = zeros(2)", "y = x @ w + b"]


def bound(line):
    match = re.match(r"(\w+)\s*=[^=]", line)
    return match.group(1) if match else None


def program(base, lines):
    given = {bound(line): line for line in lines if bound(line)}
    definitions = [line for line in lines if re.match(r"(module|def|optimizer) \w", line)]
    first = [given.pop(bound(line), line) for line in base[:1]]
    rest = [given.pop(bound(line), line) for line in base[1:]]
    new = [line for line in lines if line in given.values()]
    other = [line for line in lines if not bound(line) and line not in definitions]
    if base is TENSORS:
        return base + lines + ["print(x)"]
    return new + first + definitions + rest + other


def rows(path):
    calculator = False
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("#"):
                calculator = False
            calculator |= line.strip() == "<!-- calculator -->"
            if line.startswith("| ") and not line.startswith("| ---"):
                texts = re.findall(r"`` (.+?) ``|`([^`]+)`", line.rstrip().strip("|").split(" | ")[-1])
                texts = [a or b for a, b in texts]
                if texts:
                    yield calculator, texts


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    return None if result.returncode == 0 else result.stdout + result.stderr


def main():
    netc, page = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    count = failures = 0

    def write(name, lines):
        with open(name, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    write("net.net", NETWORK)
    for command in ((netc, "net.net"), ("./net", "--quiet")):
        problem = run(*command)
        if problem:
            sys.exit(problem)
    for calculator, texts in rows(page):
        commands = [text for text in texts if text.startswith("./net")]
        lines = [text for text in texts if text not in commands]
        problems = [run(*command.split()) for command in commands]
        if lines:
            write("cell.net", program(TENSORS if calculator else NETWORK, lines))
            problems.append(run(netc, "cell.net", "--check"))
        count += 1
        for problem in problems:
            if problem:
                failures += 1
                print(f"{texts}\n{problem}")
    print(f"{count} rows, {failures} not right")
    sys.exit(failures > 0 or count < 20)


main()
