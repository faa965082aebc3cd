#!/usr/bin/env bash
# Files that are not what they should be, as a program meets them: each is refused with status 1 in one line that names the file
# and says what is wrong, before anything is written.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
unset NETC_DATA

cat >files.py <<'EOF'
import gzip, json, struct, sys
names = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
def images(count): return struct.pack(">4B3I", 0, 0, 8, 3, count, 28, 28) + bytes(i * 7 % 251 for i in range(count * 784))
def labels(count, last=0): return struct.pack(">4BI", 0, 0, 8, 1, count) + bytes([i % 10 for i in range(count - 1)] + [last])
def write(name, data): open(f"set/{name}", "wb").write(data)
def good():
    for i, name in enumerate(names):
        write(name, labels(20 if i < 2 else 10) if i % 2 else images(20 if i < 2 else 10))
def safetensors(path, entries, blob, length=None):
    text = json.dumps(entries).encode() if isinstance(entries, dict) else entries
    open(path, "wb").write(struct.pack("<Q", len(text) if length is None else length) + text + blob)
cases = {
    "a label outside the classes": lambda: write(names[1], labels(20, 10)),
    "counts that differ": lambda: write(names[1], labels(19)),
    "a truncated file": lambda: write(names[0], images(20)[:-1]),
    "a truncated header": lambda: write(names[0], images(20)[:9]),
    "an empty file": lambda: write(names[0], b""),
    "a wrong magic": lambda: write(names[0], b"\x00\x01" + images(20)[2:]),
    "more than the header promises": lambda: write(names[0], images(20) + b"x"),
    "pictures of another size": lambda: write(names[0], struct.pack(">4B3I", 0, 0, 8, 3, 20, 14, 14) + bytes(20 * 196)),
    "sizes that overflow": lambda: write(names[0], struct.pack(">4B3I", 0, 0, 8, 3, *[2 ** 32 - 1] * 3)),
    "no samples": lambda: (write(names[0], images(0)[:16]), write(names[1], struct.pack(">4BI", 0, 0, 8, 1, 0))),
    "a web page": lambda: write(names[0], b"<!DOCTYPE html><html><title>404 Not Found</title></html>"),
    "a web page called .gz": lambda: write(names[0] + ".gz", b"<html><body>Moved</body></html>"),
    "a gz that inflates past its header": lambda: write(names[0] + ".gz", gzip.compress(images(20) + bytes(50_000_000))),
    "a gz that is cut": lambda: write(names[0] + ".gz", gzip.compress(images(20))[:-20]),
    "a gz that is damaged": lambda: write(names[0] + ".gz", gzip.compress(images(20))[:-6] + b"\0\0\0\0\0\0"),
}
if sys.argv[1:]:
    import os, shutil
    shutil.rmtree("set", ignore_errors=True)
    os.mkdir("set")
    good()
    if sys.argv[1] != "good":
        cases[sys.argv[1]]()
        if os.path.exists(f"set/{names[0]}.gz"): os.remove(f"set/{names[0]}")
EOF

cat >digits.net <<'EOF'
data  = MNIST()
model = Sequential(Flatten(), fc1=Linear(784, 8), act=ReLU(), fc2=Linear(8, 10))
train = Trainer(epochs=2, batch_size=8)
EOF
expect 0 "a program for MNIST" "$NETC" digits.net || finish
# The reader's own memory, and no more than that, however large a file claims to be.
limited() { in_memory 1000000 "$@"; }
refused() { # WHAT PATTERN COMMAND…
    local what=$1 pattern=$2
    shift 2
    expect 1 "$what" limited "$@"
    says "$err" "says so" "$pattern"
    holds "in one line" test "$(wc -l <"$err")" -eq 1
}
data_case() { # NAME PATTERN
    python3 files.py "$1"
    refused "$1" "^digits: $2" ./digits train --data set --save digits.safetensors
    holds "nothing is written" absent digits.safetensors
}
python3 files.py good
expect 0 "good files" ./digits train --data set --save good.safetensors
images=set/train-images-idx3-ubyte labels=set/train-labels-idx1-ubyte
data_case "a label outside the classes" "$labels: label 10 of sample 19 is outside the classes 0 to 9"
data_case "counts that differ" "$images has 20 samples, but $labels has 19"
for cut in "a truncated file" "a truncated header" "an empty file"; do
    data_case "$cut" "$images: truncated: the file ends before its contents do; fetch or copy it again"
done
data_case "a wrong magic" "$images: is no IDX file: it begins with 00 01 08 03 instead of 00 00 08"
data_case "more than the header promises" "$images: holds more than its header promises"
data_case "pictures of another size" "$images: its shape is \\(20, 14, 14\\), but a sample of the program's input is \\(1, 28, 28\\)"
data_case "sizes that overflow" "$images: the sizes in its header are impossibly large"
data_case "no samples" "$images: holds no samples"
data_case "a web page" "$images: is a web page \\(HTML\\), not data: the download went wrong; delete it and fetch it again"
data_case "a web page called .gz" "$images\\.gz: is a web page"
data_case "a gz that inflates past its header" "$images\\.gz: holds more than its header promises"
data_case "a gz that is cut" "$images\\.gz: truncated"
data_case "a gz that is damaged" "$images\\.gz: the gzip data is damaged"

# Saved parameters that are not this model's, or none at all.
python3 - <<'EOF'
import struct, sys
sys.argv = [""]
exec(open("files.py").read())
def tensor(shape, begin, end): return {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
whole = {"fc1.weight": [8, 784], "fc1.bias": [8], "fc2.weight": [10, 8], "fc2.bias": [10]}
def layout(shapes, shift=lambda name, at: at):
    entries, at = {}, 0
    for name, shape in shapes.items():
        bytes_ = 4
        for size in shape: bytes_ *= size
        at = shift(name, at)
        entries[name] = tensor(shape, at, at + bytes_)
        at += bytes_
    return entries, bytes(at)
safetensors("shape.safetensors", *layout({**whole, "fc1.weight": [16, 784], "fc1.bias": [16], "fc2.weight": [10, 16]}))
safetensors("names.safetensors", *layout({"a" + name: shape for name, shape in whole.items()}))
safetensors("overlap.safetensors", *layout(whole, lambda name, at: at - 4 if name == "fc2.bias" else at))
safetensors("hole.safetensors", *layout(whole, lambda name, at: at + 4 if name == "fc2.bias" else at))
entries, blob = layout(whole)
text = json.dumps(entries)
safetensors("twice.safetensors", (text[:-1] + ", " + text[1:]).encode(), blob)
safetensors("cut.safetensors", entries, blob[:-1])
for name, length in (("huge", 2 ** 63), ("most", 2 ** 64 - 1), ("long", 10 ** 12)):
    safetensors(f"{name}.safetensors", entries, blob, length)
open("torch.safetensors", "wb").write(b"PK\3\4" + bytes(1000))
open("page.safetensors", "w").write("<!DOCTYPE html><html></html>")
EOF
python3 files.py good
load_case() { # NAME PATTERN
    refused "--load $1.safetensors" "^digits: $1\\.safetensors: $2" ./digits test --data set --load "$1.safetensors"
    refused "and for training" "^digits: $1\\.safetensors: " ./digits train --data set --load "$1.safetensors" --save new.safetensors
    holds "nothing is written" absent new.safetensors
}
load_case shape "fc1\\.weight has the shape \\(16, 784\\) there, but \\(8, 784\\) in digits\\.net; './digits train' trains anew"
load_case names "its tensors are not those of digits\\.net; missing: fc1\\.weight, .*; unexpected: afc1\\.weight.*'./digits train' trains anew"
load_case overlap "is no valid safetensors file: tensor '[a-z0-9.]*' overlaps"
load_case hole "is no valid safetensors file: tensor '[a-z0-9.]*' leaves a hole"
load_case twice "is no valid safetensors file: tensor '[a-z0-9.]*' comes twice"
load_case cut "is no valid safetensors file: "
for length in huge most long; do
    load_case $length "is no safetensors file: the length of its header would be [0-9]+ bytes"
done
load_case page "is no safetensors file, but a web page"
load_case torch "is no safetensors file, but PyTorch's own format \\(torch\\.save\\): write it with safetensors"

# Places that cannot be written: said before training begins, and a disk that fills up leaves the old file.
refused "a folder that is not there" "the parameters could not be saved in nowhere \\(No such file or directory\\): give --save FILE elsewhere" \
    ./digits train --data set --save nowhere/x.safetensors
refused "a folder for a file" "set is a folder: name a file" ./digits train --data set --save set
before=$(cksum good.safetensors)
# shellcheck disable=SC2016
expect 1 "a disk that is full" bash -c 'ulimit -f 8; exec ./digits train --data set --save good.safetensors'
says "$err" "is said to be" "good\\.safetensors: cannot be written: "
holds "the old file is whole" test "$(cksum good.safetensors)" = "$before"
holds "and nothing is left beside it" test -z "$(find . -name '*.tmp*' -o -name '.good*')"
if [ "$(id -u)" -ne 0 ]; then
    mkdir locked && chmod 500 locked
    refused "a folder that may not be written" "the parameters could not be saved in locked" ./digits train --data set --save locked/x.safetensors
fi
finish
