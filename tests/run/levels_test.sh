#!/usr/bin/env bash
# Every network in examples/ learns alike, node by node (-O0) and fused, on every machine this processor can be: each loss of
# twenty steps agrees to one part in ten thousand. A calculator prints the same.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

cat >agree.py <<'EOF'
import json, sys
mine, reference = ([row["loss"] for row in map(json.loads, open(path)) if "step" in row] for path in sys.argv[1:])
assert len(mine) == len(reference) == 20, f"{len(mine)} and {len(reference)} steps"
worst = max(abs(a - b) / abs(b) for a, b in zip(mine, reference))
print(f"largest relative difference {worst:.1e}")
sys.exit(not worst < 1e-4)
EOF
levels=(-O0 -march=x86-64)
grep -qw avx2 /proc/cpuinfo && levels+=(-march=x86-64-v3)
grep -qw avx512f /proc/cpuinfo && levels+=(-march=x86-64-v4 "-O0 -march=x86-64")
losses() { # FILE NET FLAG…: trains the program that NET becomes
    local to=$1 net=$2
    shift 2
    "$NETC" "$net" "$@" -o prog && ./prog train --steps 20 --log-every 1 --json --no-save >"$to"
}
count=0
for net in "$SOURCE"/examples/*.net; do
    name=$(basename "$net")
    sed -E -e "s/^(data *= *)MNIST\(target='input'\)$/\1Synthetic('digits', count=2000, target='input')/" \
        -e "s/^(data *= *)MNIST\(.*$/\1Synthetic('digits', count=2000)/" "$net" >"$name"
    if is_calculator "$net"; then
        for level in '' "${levels[@]}"; do
            # shellcheck disable=SC2086
            expect 0 "$name with ${level:-nothing special}" "$NETC" "$name" $level --run || continue
            [ -n "$level" ] || cp "$out" reference.txt
            holds "prints the same" cmp reference.txt "$out"
        done
        continue
    fi
    expect 0 "$name, as usual" losses reference.json "$name" || continue
    for level in "${levels[@]}"; do
        # shellcheck disable=SC2086
        expect 0 "$name with $level" losses level.json "$name" $level || continue
        expect 0 "learns alike" python3 agree.py level.json reference.json
        sed 's/^/            /' "$out"
    done
    count=$((count + 1))
done
holds "there are examples" test $count -ge 13
finish
