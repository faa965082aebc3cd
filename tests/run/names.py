"""Names of the library that occur in the compiler's C: names.py NETC, in the project's folder. Prints each, and exits 1.

The library is written in .net, so the C may know no layer, loss, activation or optimiser: neither as a word of the code nor
inside a string literal. Comments may speak of them. The containers belong to the language, and ops are the compiler's own.
"""
import pathlib
import re
import subprocess
import sys


def listed(netc, kind):
    lines = subprocess.run([netc, "--list", kind], check=True, capture_output=True, text=True).stdout.splitlines()
    names = {match.group(0) for match in (re.match(r"[A-Za-z_][\w-]*", line.strip()) for line in lines) if match}
    if not names:
        sys.exit(f"netc --list {kind} names nothing")
    return names


def without_comments(text):
    token = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
    return token.sub(lambda m: m.group(0) if m.group(0)[0] in "\"'" else re.sub(r"[^\n]", " ", m.group(0)), text)


netc = sys.argv[1]
names = set().union(*(listed(netc, kind) for kind in ("layers", "activations", "losses", "optimizers")))
names -= {"Sequential", "ModuleList", "OrderedDict"} | listed(netc, "ops")
sources = [path for path in pathlib.Path("compiler").rglob("*") if path.suffix in (".c", ".h", ".def")]
sources += pathlib.Path("grammar").glob("net.*")
# The names of warnings are the language's, and one of them speaks of an activation.
warnings = listed(netc, "warnings")
found = 0
for path in sorted(sources):
    for number, line in enumerate(without_comments(path.read_text()).splitlines(), 1):
        for warning in warnings:
            line = line.replace(f'"{warning}"', '""')
        for word in sorted(set(re.findall(r"[A-Za-z_]\w*", line)) & names):
            print(f"{path}:{number}: {word}: {line.strip()}")
            found += 1
print(f"{len(names)} names looked for in {len(sources)} files")
sys.exit(found > 0)
