#!/usr/bin/env bash
# No memory: every allocation of netc and of the programs it makes is refused in turn. They say so, end with status 1, and leave
# nothing half done.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
unset NETC_DATA
write_small
expect 0 "compiling" "$NETC" small.net || finish
expect 0 "training" ./small train --steps 2 || finish
mkdir place

# each_allocation GROWTH COMMAND…: after the first ten, every (n / GROWTH)th is tried. Some allocations have a way round.
each_allocation() {
    local growth=$1 n status refusals=0 wrong=0
    shift
    for ((n = 1; n < 100000; n += 1 + (n > 10 ? n / growth : 0))); do
        rm -rf place/*
        status=0
        LD_PRELOAD=$BUILD/tests/libfail_allocation.so FAIL_ALLOCATION=$n "$@" >"$out" 2>"$err" </dev/null || status=$?
        grep -q '^refused an allocation$' "$err" || break
        refusals=$((refusals + 1))
        [ $status -eq 0 ] && continue
        [ $status -eq 1 ] && grep -v '^refused' "$err" | grep -q 'memory' && [ -z "$(ls -A place)" ] && continue
        wrong=$((wrong + 1))
        echo "FAILED  $*: allocation $n: status $status, left behind: $(ls -A place)"
        sed 's/^/        | /' "$err"
    done
    holds "$refusals allocations refused: $*" test $refusals -ge 4 -a $wrong -eq 0 -a $status -eq 0
}

each_allocation 1000 ./small train --steps 2 --threads 2 --save place/w.safetensors
each_allocation 1000 ./small train --epochs 1 --batch-size 500 --no-save --threads 1
each_allocation 1000 ./small test
each_allocation 1000 ./small predict test:1
each_allocation 1000 ./small init -o place/w.safetensors
each_allocation 1000 ./small grad -o place/w.safetensors
each_allocation 1000 ./small summary
each_allocation 10 ./small profile --steps 2
each_allocation 1000 ./small gradcheck --threads 1

# Parts of a step, validation and --check-finite; pictures and arrays that are made to fit, and drawn; a calculator.
sed -e 's/seed=3)/seed=3, validation=0.2)/' -e 's/seed=0)/seed=0, accumulate=2)/' small.net >parts.net
cat >colours.net <<'EOF'
data  = IDX(images='x', labels='y', test_images='x', test_labels='y', classes=3)
model = Sequential(Flatten(), Linear(12, 3))
EOF
printf 'print(randn(3, 3))\n' >draws.net
printf '\0\0\010\4\0\0\0\1\0\0\0\3\0\0\0\2\0\0\0\2ABCDEFGHIJKL' >x
printf '\0\0\010\1\0\0\0\1\0' >y
printf 'P5 3 2 255\nABCDEF' >photo.pgm
python3 - <<'EOF'
header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2, 3), }".ljust(117) + b"\n"
open("last.npy", "wb").write(b"\x93NUMPY\1\0" + bytes([len(header), 0]) + header + b"ABCDEFGHIJKL")
EOF
for net in parts colours draws; do
    expect 0 "compiling $net.net" "$NETC" $net.net || finish
done
expect 0 "training" ./colours train --epochs 1 || finish
each_allocation 1000 ./parts train --epochs 1 --check-finite --threads 1 --save place/w.safetensors
each_allocation 1000 ./colours predict last.npy
each_allocation 1000 ./colours predict photo.pgm --png place/drawing.png
each_allocation 1000 ./draws
each_allocation 40 "$NETC" small.net --check
each_allocation 10 "$NETC" small.net -O0 -o place/small
finish
