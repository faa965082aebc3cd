#!/usr/bin/env bash
# Wide layers: what each target computes with its own panels, groups, chunks and copies is what the others compute, for batches
# below and beyond the limits between them. The networks drawn at random elsewhere are too small to reach most of that.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
unset NETC_DATA
targets=(x86-64)
for each in avx2:x86-64-v3 avx512vl:x86-64-v4; do
    if grep -qw "${each%:*}" /proc/cpuinfo; then targets+=("${each#*:}"); else echo "not tried: ${each#*:}, which this processor lacks"; fi
done

# wide NAME SIZES OPTIMISER: 784 - SIZES - 10
wide() {
    local name=$1 in=784 layers="Flatten()" size
    for size in $2; do
        layers+=", Linear($in, $size), Tanh()"
        in=$size
    done
    cat >"$name.net" <<EOF
data      = Synthetic(kind='digits', count=420, seed=1)
model     = Sequential($layers, Linear($in, 10))
optimizer = $3
EOF
}
wide groups "1030 1000" "SGD(lr=0.5)"
wide odd "1021 717" "SGD(lr=0.2, momentum=0.9)"
wide last_panel "600 2096" "SGD(lr=0.5)" # 33 to 48 lanes, more rows than a tile of the grid has
wide large_pitch "530 260 2049" "SGD(lr=0.5)"

for case in groups:f32 odd:f64 last_panel:f32 large_pitch:f64; do
    name=${case%:*} dtype=${case#*:}
    for target in "${targets[@]}"; do
        expect 0 "compiling $name.net in $dtype for $target" "$NETC" "$name.net" -march="$target" --dtype="$dtype" -o "$target" || continue 2
        for batch in 20 200; do
            expect 0 "batch $batch" "./$target" train --steps 2 --batch-size $batch --threads 2 --save "$target.$batch.safetensors"
        done
    done
    for batch in 20 200; do
        for target in "${targets[@]:1}"; do
            holds "$name.net in $dtype, batch $batch: $target is x86-64" \
                python3 "$SOURCE/tests/run/near.py" "x86-64.$batch.safetensors" "$target.$batch.safetensors" "$dtype"
        done
    done
    rm -f ./*.safetensors
done
finish
