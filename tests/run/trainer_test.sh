#!/usr/bin/env bash
# What the Trainer does over an epoch that no comparison with PyTorch shows: draws, patience, numbers that are none.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
unset NETC_DATA

# Each batch of a step has draws of its own; the first has those of a step without accumulation.
cat >drawn.net <<'EOF'
batches   = 1
module Drawn {
    u = Parameter(1, init=zeros())
    forward(x) = 0 * x + u * rand(1)
}
data      = Synthetic(kind='sine', count=8)
model     = Drawn()
loss      = (output, target) -> mean(output)
optimizer = SGD(lr=1.0)
train     = Trainer(batch_size=1, accumulate=batches, shuffle=False)
EOF
value() { python3 -c 'import struct, sys; print(struct.unpack("<f", open(sys.argv[1], "rb").read()[-4:])[0])' "$1"; }
for batches in 1 2 4; do
    expect 0 "steps of $batches batches" "$NETC" drawn.net -D batches=$batches -o drawn$batches
    expect 0 "are made" ./drawn$batches train --steps 1 --save drawn$batches.safetensors
done
one=$(value drawn1.safetensors) two=$(value drawn2.safetensors) four=$(value drawn4.safetensors)
holds "one draw, then the mean of two, then of four: $one, $two, $four" \
    awk "BEGIN { exit !($one < 0 && $one > -1 && $two != $one && $four != $two && $four != $one) }"
expect 0 "an epoch of 8 samples has 2 steps of 4 batches" ./drawn4 train --epochs 1 --log-every 1 --json --no-save
holds "each reported once" test "$(grep -c '"step"' "$out")" = 2

# --check-finite names what was no number first, and leaves what is infinite by intent.
cat >logs.net <<'EOF'
data      = Synthetic(kind='blobs', count=400)
module Bad {
    fc  = Linear(2, 8)
    out = Linear(8, 3)
    forward(x) {
        h = fc(x)
        h = log(h + 1.2)
        return out(h)
    }
}
model     = Bad()
EOF
cat >masked.net <<'EOF'
data      = Synthetic(kind='blobs', count=400)
module Masked {
    fc = Linear(2, 4)
    forward(x) = where(arange(4) < 3, fc(x), -inf)
}
model     = Masked()
loss      = (output, target) -> nll_loss(log_softmax(output, dim=1)[:, :3], target)
EOF
write_small
expect 0 "a network that takes logarithms" "$NETC" logs.net
expect 1 "without --check-finite" ./logs train --epochs 3
says "$err" "it is said once, with the step" "logs: the loss became NaN at step 1 \\(epoch 1\\): look for NaN in the data"
lacks "$err" "and the rate is not blamed" "--lr"
says "$err" "and nothing is saved" "holds NaN or Inf .* nothing was saved"
holds "nothing is" absent logs.safetensors
expect 1 "with it" ./logs train --check-finite
says "$err" "the tensor is named with its line" "step 1 \\(epoch 1\\) gave NaN, first in 'fc' \\(logs\\.net:6,7\\) or"
holds "and nothing is saved" absent logs.safetensors
expect 0 "without fusion" "$NETC" logs.net -O0
expect 1 "it is exact" ./logs train --check-finite
says "$err" "to the operation" "first in 'log in Bad' \\(logs\\.net:7\\)"
expect 0 "in f64" "$NETC" logs.net --dtype=f64 -O0
expect 1 "it is the same" ./logs train --check-finite
says "$err" "operation" "first in 'log in Bad' \\(logs\\.net:7\\)"
# A loss without a fault, whose gradient has one; and one without bound.
cat >root.net <<'EOF'
data  = Synthetic(kind='blobs', count=400)
module Root {
    p = Parameter(2, init=zeros())
    forward(x) = x * sqrt(p * p)
}
model = Root()
loss  = (output, target) -> mean(output)
EOF
sed 's/sqrt(p \* p)/exp(1000 + p)/' root.net >bound.net
for dtype in f32 f64; do
    expect 0 "the root of 0 in $dtype" "$NETC" root.net --dtype=$dtype -O0
    expect 1 "has no slope" ./root train --check-finite
    says "$err" "which is said where it arises" "step 1 \\(epoch 1\\) gave Inf, first in 'div[^']*' \\(root\\.net:4"
    expect 0 "exp(1000) in $dtype" "$NETC" bound.net --dtype=$dtype -O0
    expect 1 "is infinite" ./bound train --check-finite
    says "$err" "which is said" "step 1 \\(epoch 1\\) gave Inf, first in 'exp[^']*' \\(bound\\.net:4"
done
expect 0 "a mask of -inf" "$NETC" masked.net
expect 0 "is no accident" ./masked train --check-finite --epochs 3 --no-save
for accumulate in 1 2; do
    sed "s/seed=0)/seed=0, accumulate=$accumulate)/" small.net >rate.net
    expect 0 "a network" "$NETC" rate.net
    expect 0 "with a good rate" ./rate train --check-finite --save rate.safetensors
    before=$(cksum rate.safetensors)
    expect 1 "with a rate of 1e30" ./rate train --check-finite --lr 1e30 --save rate.safetensors
    says "$err" "gets advice" "step [2-9] .* gave (NaN|Inf), first in .*rate\\.net.* try a smaller --lr than 1e\\+30"
    holds "and the good file stays" test "$(cksum rate.safetensors)" = "$before"
done

# Early stopping counts evaluations, and says epochs.
sed -e "s/seed=3)/seed=3, validation=0.2)/" -e "s/seed=0)/seed=0, patience=2, validate_every=2)/" small.net >patient.net
expect 0 "patience=2, validate_every=2" "$NETC" patient.net
expect 0 "stops early" ./patient train --epochs 1000 --lr 3 --no-save --json
says "$err" "and says when" "no better validation loss than [0-9.]* for 4 epochs"
holds "with a validation loss in every second row" python3 -c '
import json
rows = [json.loads(line) for line in open("out")]
assert len(rows) < 1000 and all(("validation_loss" in row) == (row["epoch"] % 2 == 0) for row in rows)'

# Batches of any size: one batch of what there is, in bounded memory.
sed -e "s/batch_size=64/batch_size=1_000_000_000/" small.net >large.net
expect 0 "batch_size=1_000_000_000" "$NETC" large.net
expect 0 "is one batch" in_memory 2000000 ./large train --epochs 1 --no-save --log-every 1
holds "and one step" test "$(grep -c '^step' "$err")" = 1
for command in "train --no-save" grad gradcheck; do
    # shellcheck disable=SC2086
    expect 0 "$command --batch-size 1000000000000000000" ./large $command --batch-size 1000000000000000000
done
sed -e "s/batch_size=64/batch_size=0/" small.net >zero.net
expect 1 "batch_size=0" "$NETC" zero.net
says "$err" "is an error" "batch_size must be at least 1"
finish
