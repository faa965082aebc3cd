#!/usr/bin/env bash
# What a program reports of its training: the log file beside --json, the live line of a terminal; and gradcheck where functions
# have corners, ends and no slope.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
unset NETC_DATA NO_COLOR
write_small
sed 's/seed=3)/seed=3, validation=0.2)/' small.net >valid.net
sed 's/train   .*/train     = Trainer(epochs=4, validate_every=2)/' valid.net >every.net
printf 'data = Synthetic("sine", count=500)\nmodel = Sequential(fc=Linear(1, 1))\nloss = MSELoss()\n' >line.net
for net in small valid every line; do
    expect 0 "compiling $net.net" "$NETC" $net.net || finish
done

# ---- --log: the same numbers, to the last bit, as --json gives
cat >same.py <<'EOF2'
import csv, json, sys
rows = [json.loads(line) for line in open("out")]
log = open(sys.argv[1])
entries = list(csv.DictReader(log)) if sys.argv[1].endswith(".csv") else [json.loads(line) for line in log]
rows = [row for row in rows if ("step" in row) == ("loss" in entries[0])]
assert len(rows) == len(entries) > 0, (rows, entries)
for row, entry in zip(rows, entries):
    said = {key: float(value) for key, value in entry.items() if value not in ("", None)}
    both = [key for key in said if key in row]
    assert all(said[key] == row[key] for key in both), (row, entry)
    losses = {key for key in row if key.endswith(("loss", "accuracy")) and key != "train_accuracy"}
    assert losses == set(said) - {"step", "epoch"}, (row, entry)
print(" ".join(entries[-1]), "|", len(entries))
EOF2
for net in small valid every line; do
    for form in csv jsonl; do
        expect 0 "$net with --log $net.$form" ./$net train --json --no-save --log $net.$form
        holds "has what --json has" python3 same.py $net.$form
        expect 0 "and a row for each third step" ./$net train --json --no-save --log-every 3 --log steps.$form
        holds "the same" python3 same.py steps.$form
    done
done
says every.csv "what was not evaluated is empty" '^[0-9]+,1,[0-9.e-]+,,,,$'
says line.csv "nor is there an accuracy where there are no classes" '^[0-9]+,1,[0-9.e-]+,,,[0-9.e-]+,$'
expect 1 "a log without an end to its name" ./small train --no-save --log log
says "$err" "is refused" "\-\-log log: the name must end in .csv or .jsonl"
expect 1 "a log in no folder" ./small train --no-save --log nowhere/log.csv
says "$err" "names it" "nowhere/log.csv: No such file"
ln -s /dev/full full.csv
expect 1 "a log on a full disk" ./small train --no-save --log full.csv
says "$err" "is said" "full.csv could not be written: is the disk full"
ln -s /dev/full full.jsonl
expect 1 "and where training fails, too, that comes first" ./small train --no-save --log full.jsonl --lr 1e38
says "$err" "in its one line" "holds NaN or Inf after step"

# ---- The live line. on_terminal COMMAND…: standard error is a terminal; what was printed to it goes to
# `err`, and what is left on it to `screen`.
cat >terminal.py <<'EOF2'
import os, pty, subprocess, sys, threading
master, terminal = pty.openpty()
text = b""
def read():
    global text
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # the child has closed it
            return
        text += part
reader = threading.Thread(target=read)
reader.start()
with open("out", "wb") as out:
    status = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=out, stderr=terminal).returncode
os.close(terminal)
reader.join()
text = text.replace(b"\r\n", b"\n")
open("err", "wb").write(text)
open("screen", "wb").write(b"\n".join(line.split(b"\r\033[K")[-1] for line in text.split(b"\n")))
sys.exit(status)
EOF2
on_terminal() { # WHAT COMMAND…
    local what=$1 status=0
    shift
    python3 terminal.py "$@" || status=$?
    holds "$what" test $status -eq 0
}
live=$'\r\033\\[K'
epochs=8 # enough for some tenths of a second, however fast the machine is
long=(--batch-size 1 --no-save)
while begin=$(date +%s%N) && ./small train "${long[@]}" --epochs $epochs --quiet && [ $(($(date +%s%N) - begin)) -lt 600000000 ]; do
    epochs=$((4 * epochs))
done
long+=(--epochs "$epochs")
TERM=xterm on_terminal "training on a terminal" ./small train "${long[@]}"
says "$err" "shows how far it is" "epoch [0-9]+/$epochs +[0-9]+ %  loss [0-9.]+  accuracy [0-9.]+ %  [0-9,]+ samples/s$live"
holds "in a line that an epoch's takes the place of" test "$(grep -Ec '^epoch [0-9]+/[0-9]+  loss [0-9.]+  test loss ' screen)" = $epochs
holds "and that is gone in the end" test "$(wc -l <screen)" = $epochs
TERM=xterm on_terminal "--json leaves the terminal its lines" ./small train "${long[@]}" --json
says "$err" "in place" "epoch [0-9]+/.* samples/s$live"
holds "and of each epoch" test "$(grep -Ec '^epoch [0-9]+/[0-9]+  loss ' screen)" = $epochs
holds "and standard output its objects" python3 -c 'import json; assert [json.loads(line)["epoch"] for line in open("out")][:2] == [1, 2]'
TERM=dumb on_terminal "a dumb terminal" ./small train "${long[@]}"
lacks "$err" "gets no control characters" $'[\r\033]'
TERM=xterm on_terminal "a quiet one" ./small train "${long[@]}" --quiet
holds "gets nothing" test ! -s "$err"
expect 0 "numbers without classes" ./line train --epochs 2
says "$err" "have no accuracy" "^epoch 2/2  loss [0-9.]+  test loss [0-9.]+  [0-9.]+ s"
sed -i 's/count=500/count=20_000/' line.net
expect 0 "more of them" "$NETC" line.net
TERM=xterm on_terminal "on a terminal" ./line train --batch-size 1 --epochs 40 --no-save
says "$err" "neither" "epoch [0-9]+/40 +[0-9]+ %  loss [0-9.]+  [0-9,]+ samples/s$live"

# ---- gradcheck. A parameter of one number; what it is and what the loss makes of it decide.
slope() { # NAME INITIAL EXPRESSION [FLAGS…]
    local name=$1
    cat >"$name.net" <<EOF2
data  = Synthetic('sine', count=100)
module Slope {
    p = Parameter(1, init=constant($2))
    forward(x) = 0 * x + $3
}
model = Slope()
loss  = (output, target) -> mean(output)
EOF2
    shift 3
    expect 0 "compiling $name.net $*" "$NETC" "$name.net" "$@"
}
slope corner 5e-7 'relu(p)' --dtype=f64
expect 0 "a corner within the step is looked at more closely" ./corner gradcheck
says "$out" "and is none" "^p +all 1 +1 +1  ok"
slope nearer 2e-9 'relu(p)' --dtype=f64
expect 1 "one that is nearer still" ./nearer gradcheck --json
says "$out" "is not told from a mistake" '^\{"parameter":"p","elements":1,"checked":1,"symbolic":1,"numerical":0\.[0-9]+,"ok":false\}'
slope infinite 0 'sqrt(p)' --dtype=f64
expect 1 "no slope at all" ./infinite gradcheck
says "$out" "is wrong" "WRONG"
slope still 3 '0 * p'
expect 0 "what the loss does not depend on" ./still gradcheck
says "$out" "has no slope" "^p +along a direction +0 +0  ok"
slope logarithm 0.05 'log(p)'
expect 0 "a step out of the domain" ./logarithm gradcheck
says "$out" "is no verdict" "^p +along a direction +-?(19|20)\.?[0-9]* +-?(19|20)\.?[0-9]*  ok"
slope narrow 0.001 'log(p)'
expect 1 "where each step leads out of it" ./narrow gradcheck --json
says "$out" "there is no number" '"numerical":null,"ok":false\}'
expect 0 "a large layer in f64" "$NETC" small.net -o wide --dtype=f64
expect 0 "is checked in part" ./wide gradcheck --batch-size 2
says "$out" "which is said" "^fc1.weight +256 of 18,816 .*ok"
says "$out" "and a small one altogether" "^fc1.bias +all 24 "
finish
