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
finish
