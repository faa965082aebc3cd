#!/usr/bin/env bash
# Data from the user's own .npy files: types, orders, several inputs, what does not fit.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
unset NETC_DATA

cat >npy.py <<'EOF'
import struct
def npy(path, descr, shape, data, fortran=False):
    header = f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}".encode()
    header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
    open(path, "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data)
rows = [[i + 0.5, 2 * i, -i] for i in range(6)]
flat = [x for row in rows for x in row]
for name, descr, code in (("f4", "<f4", "f"), ("f8", "<f8", "d")):
    npy(f"{name}.npy", descr, "(6, 3)", struct.pack(f"<18{code}", *flat))
npy("columns.npy", "<f4", "(6, 3)", struct.pack("<18f", *[row[k] for k in range(3) for row in rows]), True)
npy("big.npy", ">f4", "(6, 3)", struct.pack(">18f", *flat))
npy("half.npy", "<f2", "(6, 3)", struct.pack("<18e", *flat))
npy("bytes.npy", "|u1", "(6, 3)", bytes(range(18)))
npy("whole.npy", "<i4", "(6, 3)", struct.pack("<18i", *range(18)))
npy("extra.npy", "|u1", "(6, 2)", bytes(range(12)))
npy("labels.npy", "<i8", "(6,)", struct.pack("<6q", 0, 1, 1, 0, 1, 0))
npy("bad.npy", "<i8", "(6,)", struct.pack("<6q", 0, 1, 2, 0, 1, 0))
npy("few.npy", "<i8", "(5,)", struct.pack("<5q", 0, 1, 1, 0, 1))
npy("one.npy", "<f4", "(3,)", struct.pack("<3f", 1, 2, 3))
npy("nan.npy", "<f4", "(6, 3)", struct.pack("<18f", *[-float("nan")] * 18))
open("page.npy", "w").write("<!DOCTYPE html><title>404</title>")
open("cut.npy", "wb").write(open("f4.npy", "rb").read()[:-8])
EOF
python3 npy.py

# net NAME X [MORE]: a classifier of the rows of these files.
net() {
    cat >"$1.net" <<EOF
data  = NPY(x=$2, y='labels.npy'${3:-})
model = Sequential(Linear(_, 4), Tanh(), Linear(4, 2))
train = Trainer(epochs=3, batch_size=4)
EOF
}
# The 26 numbers of the parameters.
same() { cmp <(tail -c 104 "$1.safetensors") <(tail -c 104 "$2.safetensors"); }
for name in f4 f8 columns bytes; do
    net $name "'$name.npy'"
    expect 0 "$name.npy" "$NETC" $name.net && expect 0 "is trained on" ./$name train --json --save $name.safetensors
done
holds "f64 numbers that f32 holds are the same" same f4 f8
holds "Fortran's order is put right" same f4 columns
holds "bytes are another thing" bash -c "! cmp -s <(tail -c 104 f4.safetensors) <(tail -c 104 bytes.safetensors)"
expect 0 "f64 files in an f64 program" "$NETC" f8.net -o wide --dtype=f64
expect 0 "are trained on" ./wide train --no-save

# Types that are not read: said by the compiler, which sees the file, and by the program.
for name in big half; do
    net $name "'$name.npy'"
    expect 1 "$name.npy" "$NETC" $name.net
    says "$err" "is named with its type" "'$name\\.npy' holds elements of type '[<>]f[24]'"
    cp f4.npy later.npy && net later "'later.npy'"
    expect 0 "a file that is fine when it is compiled" "$NETC" later.net
    cp $name.npy later.npy
    expect 1 "and no longer when it runs" ./later train
    says "$err" "is named with its type" "later: .*later\\.npy: elements of type '[<>]f[24]' cannot be read"
done
net page "'page.npy'"
expect 1 "a web page" "$NETC" page.net
says "$err" "is told from data" "page\.npy.* is a web page"

# Files that do not fit are refused before training, and nothing is written.
refused() { # WHAT FILE PATTERN
    cp "$2" later.npy
    expect 1 "$1" ./later train --save refused.safetensors
    says "$err" "says so" "$3"
    holds "in one line, and nothing is written" test "$(wc -l <"$err")" -eq 1 -a ! -e refused.safetensors
}
refused "a file that was cut" cut.npy "later\\.npy: truncated"
refused "a web page" page.npy "later\\.npy: is a web page"
refused "one row" one.npy "but .*labels\\.npy has 6|has 1 samples"
refused "integers for floats are converted, other sizes not" extra.npy "its shape is \\(6, 2\\), but a sample of the program's input is \\(3,\\)"
cp f4.npy later.npy
cp bad.npy keep.npy && cp labels.npy good.npy && cp few.npy labels.npy
expect 1 "fewer labels than rows" ./later train --no-save
says "$err" "says how many" "later\\.npy has 6 samples, but .*labels\\.npy has 5"
cp keep.npy labels.npy
expect 1 "a label outside the model's outputs" ./later train --no-save
says "$err" "says which there are" "outside 0 … 1"
cp good.npy labels.npy

# Several inputs: a file for each.
cat >two.net <<'EOF'
data  = NPY(x=['f4.npy', 'extra.npy'], y='labels.npy', test_x=['f8.npy', 'extra.npy'], test_y='labels.npy')
module Two {
    a = Linear(3, 4)
    b = Linear(2, 4)
    c = Linear(4, 2)
    forward(x, z) = c(tanh(a(x) + b(z)))
}
model = Two()
train = Trainer(epochs=2, batch_size=4)
EOF
expect 0 "two inputs" "$NETC" two.net
expect 0 "are trained on" ./two
expect 0 "tested" ./two test --json
expect 0 "and predicted" ./two predict test:0
expect 0 "gradients of files" ./two grad --input f4.npy --input extra.npy --target labels.npy -o g.safetensors
expect 0 "checked" ./two gradcheck --input f4.npy --input extra.npy --target labels.npy
expect 1 "one file for two inputs" ./two grad --input f4.npy --target labels.npy
says "$err" "says how many there are" "--input is given 1 times, but the model has 2 inputs"
expect 1 "a file of another number of rows" ./two grad --input f4.npy --input one.npy --target labels.npy

# Nobody waits for whoever might write into a pipe.
mkfifo pipe.npy
printf "data = NPY(x='pipe.npy', y='labels.npy')\nmodel = Linear(3, 2)\n" >pipe.net
expect 1 "a pipe in the place of data" timeout 20 "$NETC" pipe.net
says "$err" "tells no shape" "the shape of the samples is not known"

# NaN in the data is not the rate's fault.
cat >none.net <<'EOF'
data  = NPY(x='nan.npy', y='labels.npy')
model = Linear(3, 2)
EOF
expect 0 "data that is no number" "$NETC" none.net
expect 1 "trains nothing" ./none
says "$err" "shows no sign of NaN" "loss nan "
says "$err" "and the data is named" "the loss became NaN at step 1 .*: look for NaN in the data"
expect 1 "a folder of data that is not there" ./none --data nowhere
says "$err" "is said" "--data nowhere: there is no such folder"
expect 1 "a sample of no test set" ./none predict test:0 --load none.safetensors
finish
