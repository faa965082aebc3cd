"""Spoils files and shows them to netc and to a program that it made: mutate.py NETC EXAMPLES [--count N] [--seed S] [--jobs J].

Of each .net file in the folder EXAMPLES, and of data files made here, N mutants are drawn: bytes and words deleted, doubled,
swapped, replaced, numbers made huge, lines cut. Whatever comes out is answered within 5 seconds by status 0, or by status 1
with a message and without a result. A mutant that is not is kept, and its path printed.
"""
import argparse
import collections
import concurrent.futures
import gzip
import json
import os
import pathlib
import random
import re
import resource
import signal
import struct
import subprocess
import sys
import tempfile

LIMIT = 5  # seconds of processor time: a busy machine is no fault of netc's
PATIENCE = 60  # seconds
TOKEN = re.compile(rb"\w+|[ \t]+|\n|[^\w\s]+")
WORDS = b"""and or not in is if elif else for def return True False None _ while class lambda module optimizer state update include
infer forward model loss train data input target epoch lr training frozen ( ) [ ] { } , ; : . ... = == -> * ** @ // % + - < > ' "
Sequential Linear Flatten ReLU Dropout Tensor Parameter Buffer zeros normal mean sum grad range len x self nn.
0 1 -1 0.5 1e400 -9223372036854775808 # \\ $ \xc3\xa9 \xff \x00""".split()
NUMBERS = [b"0", b"-1", b"7", b"0.5", b"1e308", b"4294967296", b"4000000000", b"9223372036854775807", b"99999999999999999999999"]


def spoil_words(text, draw):
    """Some tokens of a text changed."""
    tokens = TOKEN.findall(text)
    for _ in range(draw.choice((1, 1, 1, 2, 3, 6))):
        at, other = draw.randrange(len(tokens)), draw.randrange(len(tokens))
        kind = draw.randrange(7)
        if kind == 0:
            tokens[at] = b""
        elif kind == 1:
            tokens[at] += b" " + tokens[at]
        elif kind == 2:
            tokens[at], tokens[other] = tokens[other], tokens[at]
        elif kind == 3:
            tokens[at] = draw.choice(WORDS)
        elif kind == 4:
            tokens[at] = tokens[other]
        elif kind == 5:
            numbers = [i for i, token in enumerate(tokens) if token.isdigit()] or [at]
            tokens[draw.choice(numbers)] = draw.choice(NUMBERS)
        else:
            tokens[at:at] = tokens[other:other + draw.randrange(1, 20)]
    return b"".join(tokens)


def spoil_lines(text, draw):
    """A line cut, left out, doubled or moved, or the end of the text missing."""
    lines = text.splitlines(keepends=True)
    at = draw.randrange(len(lines))
    kind = draw.randrange(5)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines[at] = lines[at][:draw.randrange(len(lines[at]))]
    elif kind == 2:
        lines.insert(draw.randrange(len(lines)), lines[at])
    elif kind == 3:
        lines.append(lines.pop(at))
    else:
        return text[:draw.randrange(len(text))]
    return b"".join(lines)


def spoil_bytes(data, draw):
    """Some bytes changed, inserted, left out."""
    data = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 4, 16))):
        at = draw.randrange(len(data) + 1)
        kind = draw.randrange(6)
        if kind == 0:
            data[at:at + 1] = bytes([draw.randrange(256)])
        elif kind == 1:
            data[at:at + 1] = bytes([data[at] ^ 1 << draw.randrange(8)]) if at < len(data) else b""
        elif kind == 2:
            del data[at:at + draw.choice((1, 4, 100))]
        elif kind == 3:
            data[at:at] = bytes(draw.choice((1, 4, 100)))
        elif kind == 4:
            data[at:at + 4] = draw.choice((b"\xff" * 4, b"\x7f" + b"\xff" * 3, bytes(4), b"\x80" + bytes(3)))
        else:
            del data[at:]
        data = data or bytearray(1)
    return bytes(data)


def spoil(data, is_text, draw):
    if is_text:
        return draw.choice((spoil_words, spoil_words, spoil_words, spoil_lines, spoil_bytes))(data, draw)
    return spoil_bytes(data, draw)


# ---- Data files, and the program that reads them
PROGRAM = """
data  = IDX(images='images', labels='labels', test_images='images', test_labels='labels', classes=3)
input = Tensor(1, 2, 3)
model = Sequential(Flatten(), fc1=Linear(6, 4), act=Tanh(), fc2=Linear(4, 3))
train = Trainer(batch_size=4)
"""


def idx(code, shape, payload):
    return bytes([0, 0, code, len(shape)]) + struct.pack(f">{len(shape)}I", *shape) + payload


def npy(descr, shape, payload):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + payload


def safetensors(tensors):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, shape in tensors.items():
        count = 1
        for size in shape:
            count *= size
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * count]}
        data += struct.pack(f"<{count}f", *(0.1 * i for i in range(count)))
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


images = idx(8, (5, 2, 3), bytes(range(30)))
labels = idx(8, (5,), bytes([0, 1, 2, 0, 1]))
weights = safetensors({"fc1.weight": [4, 6], "fc1.bias": [4], "fc2.weight": [3, 4], "fc2.bias": [3]})
# File name → its bytes and the arguments that make the program read it; the other files stay good.
DATA = {
    "images": (images, ["train", "--steps", "2", "--no-save"]),
    "images.gz": (gzip.compress(images, mtime=0), ["test"]),
    "labels": (labels, ["test"]),
    "weights.safetensors": (weights, ["test", "--load", "weights.safetensors"]),
    "x.npy": (npy("|u1", (2, 6), bytes(range(12))), ["predict", "x.npy"]),
    "x.pgm": (b"P5\n# six pixels\n3 2\n255\n" + bytes(range(6)), ["predict", "x.pgm"]),
    "x.txt.pgm": (b"P2 3 2 15\n0 1 2\n13 14 15\n", ["predict", "x.txt.pgm"]),
    "x.idx.gz": (gzip.compress(images, mtime=0), ["predict", "x.idx.gz"]),
}


# ---- Runs
def answer(command, folder):
    """What is wrong with how the command ends, or None; and its status."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return f"was not done after {PATIENCE} s", None
    if done.returncode == -signal.SIGXCPU:
        return f"took more than {LIMIT} s", None
    if done.returncode not in (0, 1):
        return f"status {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}", done.returncode
    said = done.stderr.decode(errors="replace").strip()
    if done.returncode == 1 and not said:
        return "failed without a message", 1
    if "runtime error:" in said or "AddressSanitizer" in said:
        return said[:500], done.returncode
    return None, done.returncode


def try_source(netc, name, number, mutant, folder):
    """--check of every mutant; of those that pass, one in ten becomes a program."""
    path = folder / f"{number}-{name}"
    path.write_bytes(mutant)
    form = ["--diagnostics=json"] if number % 4 == 3 else []
    trouble, status = answer([netc, path, "--check", *form], folder)
    if not trouble and status == 0 and number % 10 == 0:
        trouble, status = answer([netc, path, "-O0", "-march=x86-64-v2", "-o", f"{path}.out"], folder)
    if not trouble and status == 1 and pathlib.Path(f"{path}.out").exists():
        trouble = "failed, but wrote a program"
    pathlib.Path(f"{path}.out").unlink(missing_ok=True)
    if not trouble:
        path.unlink()
    return trouble, status, path


def try_data(program, name, number, mutant, folder):
    arguments = DATA[name][1]
    own = folder / f"{name}-{number}"
    own.mkdir()
    for other, (good, _) in DATA.items():
        if other != "images.gz" or name == "images.gz":
            (own / other).write_bytes(good)
    if name == "images.gz":
        (own / "images").unlink()
    (own / name).write_bytes(mutant)
    load = [] if "--load" in arguments or arguments[0] == "train" else ["--load", "weights.safetensors"]
    trouble, status = answer([program, *arguments, *load, "--data", ".", "--threads", "1"], own)
    if not trouble:
        for entry in own.iterdir():
            entry.unlink()
        own.rmdir()
    return trouble, status, own


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("netc")
    parser.add_argument("examples", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    signal.signal(signal.SIGXCPU, lambda *_: None)  # the limit is meant for those that are started here
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    netc = str(pathlib.Path(arguments.netc).resolve())
    folder = pathlib.Path(tempfile.mkdtemp(prefix="netc-mutants-"))
    program = folder / "program"
    (folder / "program.net").write_text(PROGRAM)
    subprocess.run([netc, "program.net", "-o", "program"], cwd=folder, check=True)

    files = [(try_source, netc, path.name, path.read_bytes()) for path in sorted(arguments.examples.glob("*.net"))]
    files += [(try_data, program, name, good) for name, (good, _) in DATA.items()]
    jobs = [(*file, number) for file in files for number in range(-1, arguments.count)]

    def run(job):
        attempt, tool, name, good, number = job
        draw = random.Random(f"{arguments.seed} {name} {number}")
        return attempt(tool, name, number, good if number < 0 else spoil(good, name.endswith(".net"), draw), folder)

    accepted, refused, troubles = collections.Counter(), collections.Counter(), 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for (_, _, name, _, number), (trouble, status, path) in zip(jobs, pool.map(run, jobs)):
            if number < 0 and status != 0:
                trouble = trouble or "the file as it was is refused"
            (refused if status else accepted)[name] += number >= 0
            if trouble:
                troubles += 1
                print(f"FAILED {path}: {trouble}")
    for name in accepted | refused:
        print(f"{name}: {accepted[name]} accepted, {refused[name]} refused")
    print(f"{len(files) * arguments.count} mutants, {troubles} answered badly")
    if not troubles:
        for path in (program, folder / "program.net"):
            path.unlink()
        folder.rmdir()  # fails if anything was left behind
    return 1 if troubles else 0


sys.exit(main())
