#!/usr/bin/env bash
# Every network in examples/ compiles, trains and learns; what has no model computes and prints.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
need_mnist

# The mean of the last ten losses lies well under that of the first ten.
cat >learns.py <<'EOF'
import json, sys
losses = [row["loss"] for row in map(json.loads, open(sys.argv[1])) if "step" in row]
assert len(losses) >= 60, f"{len(losses)} steps"
first, last = sum(losses[:10]) / 10, sum(losses[-10:]) / 10
print(f"loss {first:.4f}, then {last:.4f}")
sys.exit(not last < 0.9 * first)
EOF
count=0
for net in "$SOURCE"/examples/*.net; do
    name=$(basename "$net" .net)
    expect 0 "$name.net compiles" "$NETC" "$net" -o "$name" || continue
    if is_calculator "$net"; then
        expect 0 "computes" "./$name"
        holds "and prints" test -s "$out"
        continue
    fi
    expect 0 "trains" "./$name" train --steps 200 --log-every 1 --json --no-save --data "$mnist" || continue
    cp "$out" losses.json
    expect 0 "and learns" python3 learns.py losses.json
    sed 's/^/            /' "$out"
    count=$((count + 1))
done
holds "there are examples" test $count -ge 13
finish
