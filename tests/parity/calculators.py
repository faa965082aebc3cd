"""Calculator programs against PyTorch: calculators.py NETC FILE.net…

Each file is Python as well, but for grad(y, x) and grad_fn, and runs here under names that stand for those. Both print the
same, character by character; a line that prints a formula (grad_fn) is left out on either side, as PyTorch has none.
"""
import contextlib
import io
import pathlib
import re
import subprocess
import sys
import tempfile

import torch


def plain(value):
    """Without requires_grad and grad_fn=, which netc's tensors do not have."""
    if isinstance(value, torch.Tensor):
        return value.detach()
    if isinstance(value, (list, tuple)) and not isinstance(value, torch.Size):
        return type(value)(plain(x) for x in value)
    return value


def python_says(text):
    names = {
        "torch": torch,
        "nn": torch.nn,
        "sum": torch.sum,
        "grad": lambda y, x: torch.autograd.grad(y, x, create_graph=True)[0],
        "print": lambda *values, **options: print(*map(plain, values), **options),
        **{name: getattr(torch, name) for name in ("tensor", "randn", "rand", "ones", "zeros", "mean", "exp")},
    }
    out = io.StringIO()
    torch.manual_seed(0)
    with contextlib.redirect_stdout(out):
        exec(compile(text, "calculator", "exec"), names)
    return out.getvalue()


def main():
    netc, *files = sys.argv[1:]
    failed = 0
    for file in files:
        text = pathlib.Path(file).read_text()
        text = "".join(line for line in text.splitlines(True) if not re.match(r"print\(.*grad_fn", line))
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder, "calculator.net")
            source.write_text(text)
            ours = subprocess.run([netc, source, "--run"], capture_output=True, text=True)
        theirs = python_says(text)
        if ours.stdout != theirs or ours.returncode:
            failed += 1
            print(f"FAILED {file}\nnetc: {ours.stdout}{ours.stderr}\nPyTorch: {theirs}")
        else:
            print(f"ok {file}: {len(theirs.splitlines())} lines")
    return failed


sys.exit(main())
