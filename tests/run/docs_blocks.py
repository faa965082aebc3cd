"""Runs what a page of the documentation shows, in the current folder, and compares.

Usage: docs_blocks.py NETC PAGE.md…

    ```net NAME.net      is saved under that name; it must be in canonical form and compile (with `part` behind it: only the first)
    ```python NAME.py    is saved; run where this Python has what it imports
    ```console           lines that begin with `$ ` are run; the lines below are what they print. `…` stands for anything, on a
                         line of its own for any lines. Of lines about losses, accuracies and speed only the words count.
    ```console after NAME.py   the same, where that was run
    <!-- netc ARGUMENTS -->  what follows, up to an empty comment, is what netc prints

NETC_DOCS_UPDATE=1 writes what is printed now into the page instead.
"""

import os
import re
import subprocess
import sys

UPDATE = os.environ.get("NETC_DOCS_UPDATE") == "1"
VARIES = re.compile(r"loss|accuracy|samples/s|GFLOP|seconds|µs| s\b|difference|error ")


def normal(line):
    line = line.rstrip()
    return re.sub(r"\s+", " ", re.sub(r"[-+]?[\d,]*\.?\d+(e[-+]?\d+)?", "#", line)) if VARIES.search(line) else line


def line_matches(shown, got):
    parts = [re.escape(part) for part in normal(shown).split("…")]
    return re.fullmatch(".*".join(parts), normal(got)) is not None


def lines_match(shown, got):
    if not shown:
        return not got
    if shown[0].strip() == "…":
        return any(lines_match(shown[1:], got[i:]) for i in range(len(got) + 1))
    return bool(got) and line_matches(shown[0], got[0]) and lines_match(shown[1:], got[1:])


def run(command):
    result = subprocess.run(["bash", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            stdin=subprocess.DEVNULL, timeout=300, check=False)
    return result.stdout.splitlines()


class Page:
    def __init__(self, netc, path):
        self.netc, self.path = netc, path
        with open(path, encoding="utf-8") as file:
            self.lines = file.read().splitlines()
        self.out, self.failures, self.checked, self.ran = [], [], 0, set()

    def compare(self, what, shown, got):
        """What goes into the page."""
        self.checked += 1
        if lines_match(shown, got):
            return shown
        if not UPDATE:
            self.failures.append(f"{self.path}: {what}\n--- shown\n" + "\n".join(shown) + "\n--- printed\n" + "\n".join(got))
        return got

    def console(self, block):
        out, i = [], 0
        while i < len(block):
            assert block[i].startswith("$ "), f"{self.path}: no command before {block[i]!r}"
            end = i + 1
            while end < len(block) and not block[end].startswith("$ "):
                end += 1
            out.append(block[i])
            out += self.compare(block[i], block[i + 1:end], run(block[i][2:]))
            i = end
        return out

    def save(self, name, block):
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        with open(name, "w", encoding="utf-8") as file:
            file.write("\n".join(block) + "\n")

    def block(self, info, block):
        words = info.split()
        if words[:1] == ["console"]:
            if "after" in words and words[-1] not in self.ran:
                return block
            return self.console(block)
        if words[:1] == ["net"] and len(words) > 1:
            self.save(words[1], block)
            result = subprocess.run([self.netc, "--format", "--diff", words[1]], capture_output=True, text=True, check=False)
            self.checked += 1
            if result.returncode:
                self.failures.append(f"{self.path}: {words[1]} is not in canonical form\n{result.stdout}{result.stderr}")
            if "part" not in words:
                result = subprocess.run([self.netc, "--check", words[1]], capture_output=True, text=True, check=False)
                if result.returncode:
                    self.failures.append(f"{self.path}: {words[1]} does not compile\n{result.stdout}{result.stderr}")
        if words[:1] == ["python"] and len(words) > 1:
            self.save(words[1], block)
            wanted = set(re.findall(r"^(?:import|from) (\w+)", "\n".join(block), re.M))
            probe = "; ".join(f"import {name}" for name in sorted(wanted)) or "pass"
            if subprocess.run([sys.executable, "-c", probe], capture_output=True, check=False).returncode:
                print(f"{self.path}: {words[1]} is not run: this Python lacks some of {', '.join(sorted(wanted))}")
                return block
            result = subprocess.run([sys.executable, words[1]], capture_output=True, text=True, check=False)
            self.checked += 1
            self.ran.add(words[1])
            if result.returncode:
                self.failures.append(f"{self.path}: {words[1]}\n{result.stdout}{result.stderr}")
        return block

    def read(self):
        i = 0
        while i < len(self.lines):
            line = self.lines[i]
            self.out.append(line)
            i += 1
            command = re.fullmatch(r"<!-- netc (.*) -->", line)
            if line.startswith("```"):
                end = self.lines.index("```", i)
                self.out += self.block(line[3:], self.lines[i:end])
                i = end
                self.out.append(self.lines[i])
                i += 1
            elif command:
                end = self.lines.index("<!-- -->", i)
                shown = [text for text in self.lines[i:end] if text]
                head = ["| | |", "| --- | --- |"]
                self.out += ["", *self.compare(line, shown, head + run(f"netc {command.group(1)}")), ""]
                i = end
        if UPDATE:
            with open(self.path, "w", encoding="utf-8") as file:
                file.write("\n".join(self.out) + "\n")


def main():
    netc = os.path.abspath(sys.argv[1])
    os.environ["PATH"] = os.path.dirname(netc) + os.pathsep + os.environ["PATH"]
    failures = checked = 0
    for path in sys.argv[2:]:
        page = Page(netc, path)
        page.read()
        for failure in page.failures:
            print(failure)
        failures += len(page.failures)
        checked += page.checked
    print(f"{checked} blocks and commands of {len(sys.argv) - 2} pages, {failures} not as shown")
    sys.exit(failures > 0 or checked == 0)


main()
