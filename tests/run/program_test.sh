#!/usr/bin/env bash
# The commands of a compiled program: what they print, what they write, what they refuse.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
unset NETC_DATA
write_small
expect 0 "compiling" "$NETC" small.net || finish
expect 0 "compiling in f64" "$NETC" small.net -o small64 --dtype=f64 -D hidden=6 || finish

# json WHAT EXPRESSION: `rows`, the objects on standard output, make the expression true.
json() {
    if python3 -c 'import json, math, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
sys.exit(0 if eval(sys.argv[2]) else f"rows = {rows}")' "$out" "$2" 2>"$work/json.err"; then
        printf 'ok      %s\n' "$1"
    else
        printf 'FAILED  %s: %s\n' "$1" "$2"
        tail -n 3 "$work/json.err"
        failures=$((failures + 1))
    fi
}

# tensors FILE: names, types and shapes of a safetensors file, a line each; fails if the file is not whole.
cat >tensors.py <<'EOF'
import json, os, struct, sys
with open(sys.argv[1], "rb") as file:
    length, = struct.unpack("<Q", file.read(8))
    header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    end = 0
    for tensor in sorted(header.values(), key=lambda tensor: tensor["data_offsets"]):
        assert tensor["data_offsets"][0] == end, "a gap between tensors"
        end = tensor["data_offsets"][1]
    for name, tensor in sorted(header.items()):
        print(name, tensor["dtype"], *tensor["shape"])
    assert os.path.getsize(sys.argv[1]) == 8 + length + end, "bytes after the last tensor"
EOF
tensors() { python3 tensors.py "$1"; }

# Help and usage.
expect 0 "--help" ./small --help
for command in train test predict summary init grad gradcheck profile; do
    says "$out" "--help names $command" "(^|[^a-z])$command([^a-z]|\$)"
    expect 0 "$command --help" ./small $command --help
    holds "prints something" test -s "$out"
    expect 0 "--help again, for the next" ./small --help
done
expect 2 "an unknown command" ./small nonsense
says "$err" "is named" nonsense
expect 2 "a misspelt command" ./small trian
says "$err" "gets a suggestion" train
expect 2 "an unknown flag" ./small train --epcohs 2
says "$err" "gets a suggestion" --epochs
for wrong in "--epochs x" "--epochs -1" "--batch-size 0" "--threads 0" "--lr" "--steps 1e99" "--seed two"; do
    # shellcheck disable=SC2086
    expect 2 "train $wrong" ./small train $wrong
done

# Without a saved file.
for command in test "predict test:1" profile; do
    # shellcheck disable=SC2086
    expect 1 "$command before training" ./small $command
    says "$err" "says what to run" train
    holds "in one line" test "$(wc -l <"$err")" -le 2
done

# init and summary.
expect 0 "init" ./small init -o initial.safetensors
expect 0 "writes safetensors" tensors initial.safetensors
holds "with PyTorch's names and shapes" test "$(cat "$out")" = "fc1.bias F32 24
fc1.weight F32 24 784
fc2.bias F32 10
fc2.weight F32 10 24"
./small init -o again.safetensors >/dev/null
holds "the same twice" cmp -s initial.safetensors again.safetensors
./small init --seed 1 -o seed1.safetensors >/dev/null
holds "another with another seed" bash -c "! cmp -s initial.safetensors seed1.safetensors"
expect 0 "summary" ./small summary
says "$out" "has the layers" "fc1"
says "$out" "and the sum of parameters" "19[,.' ]?090"

# Training.
expect 0 "train --steps --no-save" ./small train --steps 5 --no-save
holds "saves nothing" absent small.safetensors
expect 0 "training is the default" ./small
holds "saves under the program's name" test -f small.safetensors
says "$err" "plain lines, not a terminal's" "epoch"
holds "without control characters" bash -c "! grep -q $'[\r\e]' out err"
expect 0 "test" ./small test
expect 0 "train again" ./small train --epochs 1
says <(cat "$out" "$err") "says what it replaced" "replaced small.safetensors"
expect 0 "--save" ./small train --epochs 1 --save other.safetensors
expect 0 "safetensors" tensors other.safetensors
expect 0 "train --json" ./small train --epochs 2 --json --no-save --log-every 4
json "an object each epoch" 'len([r for r in rows if "epoch" in r and "step" not in r]) == 2'
json "with what there is to say" 'all({"train_loss", "seconds", "samples_per_second"} <= set(r) for r in rows if "epoch" in r and "step" not in r)'
json "and steps" 'len([r for r in rows if "step" in r and math.isfinite(r["loss"])]) >= 4'
json "it learns" '[r["train_loss"] for r in rows if "train_loss" in r][1] < [r["train_loss"] for r in rows if "train_loss" in r][0]'
for flags in "--lr 0.001" "--batch-size 7" "--seed 5" "--no-shuffle" "--shuffle" "--epochs 1 --quiet" "--batch-size 2000"; do
    # shellcheck disable=SC2086
    expect 0 "train $flags" ./small train --epochs 1 --no-save $flags
done
./small train --steps 9 --save a.safetensors >/dev/null 2>&1
./small train --steps 9 --save b.safetensors >/dev/null 2>&1
holds "training is repeatable" cmp -s a.safetensors b.safetensors
./small train --steps 9 --lr 0.5 --save b.safetensors >/dev/null 2>&1
holds "--lr matters" bash -c "! cmp -s a.safetensors b.safetensors"
./small train --steps 9 --no-shuffle --save b.safetensors >/dev/null 2>&1
holds "--no-shuffle matters" bash -c "! cmp -s a.safetensors b.safetensors"
./small train --steps 0 --save b.safetensors >/dev/null 2>&1
holds "no step leaves the initial parameters" bash -c "[ ! -e b.safetensors ] || python3 tensors.py b.safetensors >/dev/null"

# test and predict.
expect 0 "test --json" ./small test --json
json "loss, accuracy and count" 'len(rows) == 1 and 0 <= rows[0]["accuracy"] <= 1 and rows[0]["loss"] > 0 and rows[0]["count"] > 0'
expect 0 "predict test:17 test:0" ./small predict test:17 test:0
expect 0 "predict --json" ./small predict test:17 test:0 --json
json "an object each" 'len(rows) == 2 and [r["input"] for r in rows] == ["test:17", "test:0"]'
json "with probabilities" 'all(len(r["probabilities"]) == 10 and abs(sum(r["probabilities"]) - 1) < 1e-5 for r in rows)'
json "of which the class has the largest" 'all(str(r["class"]) == str(max(range(10), key=r["probabilities"].__getitem__)) for r in rows)'
python3 - <<'EOF'
import struct
pixels = bytes((i * 7) % 256 for i in range(784))
open("digit.pgm", "wb").write(b"P5\n# a comment\n28 28\n255\n" + pixels)
def npy(path, descr, shape, data):
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
    open(path, "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data)
npy("digit.npy", "|u1", "(1, 28, 28)", pixels)
npy("x.npy", "|u1", "(3, 1, 28, 28)", pixels * 3)
npy("xf.npy", "<f4", "(3, 1, 28, 28)", b"".join(struct.pack("<f", p / 255) for p in pixels) * 3)
npy("y.npy", "<i8", "(3,)", struct.pack("<qqq", 1, 2, 9))
npy("bad_label.npy", "<i8", "(3,)", struct.pack("<qqq", 1, 2, 10))
npy("two.npy", "<i8", "(2,)", struct.pack("<qq", 1, 2))
npy("wide.npy", "|u1", "(29, 28)", bytes(29 * 28))
open("cut.npy", "wb").write(open("x.npy", "rb").read()[:500])
open("cut.pgm", "wb").write(open("digit.pgm", "rb").read()[:100])
open("noise.npy", "wb").write(bytes(range(256)))
EOF
expect 0 "predict from PGM and .npy" ./small predict digit.pgm digit.npy --json
json "the same picture is the same" 'rows[0]["probabilities"] == rows[1]["probabilities"]'
for input in test:99999999 test:-1 test:x nowhere.pgm cut.pgm cut.npy noise.npy wide.npy .; do
    expect '[12]' "predict $input" ./small predict $input
    holds "is refused in a line or two" test "$(wc -l <"$err")" -le 2
done

# grad and gradcheck.
expect 0 "grad" ./small grad --input x.npy --target y.npy -o gradients.safetensors
expect 0 "writes safetensors" tensors gradients.safetensors
holds "a gradient for each parameter" test "$(cut -d' ' -f1 "$out" | sort | tr '\n' ' ')" = "fc1.bias fc1.weight fc2.bias fc2.weight "
expect 0 "grad --json" ./small grad --input x.npy --target y.npy -o gradients.safetensors --json
json "prints the loss" 'rows[0]["loss"] > 0'
for bad in bad_label.npy two.npy nowhere.npy cut.npy; do
    expect '[12]' "grad with $bad as target" ./small grad --input x.npy --target $bad -o g.safetensors
    holds "writes nothing" absent g.safetensors
done
expect 0 "gradcheck in f64" ./small64 gradcheck --batch-size 4
expect 0 "gradcheck in f32" ./small gradcheck --batch-size 4
says <(cat "$out" "$err") "says that it is along directions" "along a direction"

# --load.
expect 0 "--load" ./small train --steps 1 --load a.safetensors --no-save
expect 0 "an f32 file in an f64 program" "$NETC" small.net -o wide64 --dtype=f64
expect 0 "is widened" ./wide64 test --load small.safetensors
expect 1 "weights of another shape" ./small64 test --load small.safetensors
says "$err" "name the tensor and both shapes" "fc1.*24.*6|fc1.*6.*24"
says "$err" "and what to run" "train"
printf '{"a":1}' >short.safetensors
head -c 1000 small.safetensors >cut.safetensors
head -c 100000 /dev/urandom >noise.safetensors
python3 -c 'import struct; open("huge.safetensors", "wb").write(struct.pack("<Q", 2**63) + b"{}")'
: >empty.safetensors
for file in short cut noise huge empty nowhere; do
    expect 1 "--load $file.safetensors" ./small test --load $file.safetensors
    holds "is refused in a line or two" test "$(wc -l <"$err")" -le 2
done

# Places that cannot be written.
expect 1 "--save into a folder that is not there" ./small train --steps 2 --save nowhere/x.safetensors
says "$err" "is named" nowhere
expect 1 "init into a file as a folder" ./small init -o small.net/x.safetensors
mkdir folder
expect 1 "--save over a folder" ./small train --steps 2 --save folder
expect 1 "standard output that is full" bash -c "./small summary >/dev/full"
mkdir limited
expect 0 "a file saved without a limit" ./small train --steps 2 --save limited/x.safetensors
before=$(cksum limited/x.safetensors)
# shellcheck disable=SC2016
expect 1 "a limit of files' sizes" bash -c 'ulimit -f 1; exec ./small train --steps 3 --save limited/x.safetensors'
holds "leaves the old file whole" test "$(cksum limited/x.safetensors)" = "$before"
holds "and nothing else" test "$(ls limited)" = x.safetensors
if [ "$(id -u)" -ne 0 ]; then
    chmod 500 folder
    expect 1 "an unwritable folder" ./small train --steps 2 --save folder/x.safetensors
fi

# Data that is not there.
cat >needs.net <<'EOF'
data  = MNIST()
model = Sequential(Flatten(), Linear(784, 10))
EOF
expect 0 "a program for MNIST" "$NETC" needs.net
expect 1 "without the data" env HOME="$work" XDG_CACHE_HOME="$work/cache" ./needs
says "$err" "names the command that fetches it" "setup data"
mkdir -p bad/mnist
for name in train-images-idx3 train-labels-idx1 t10k-images-idx3 t10k-labels-idx1; do
    head -c 5000 /dev/urandom >bad/mnist/$name-ubyte
done
expect 1 "with data that is no IDX" ./needs --data bad
finish
