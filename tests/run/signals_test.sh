#!/usr/bin/env bash
# Ctrl-C finishes the step and saves; kill -9 at any moment leaves a whole file or the one before.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
unset NETC_DATA
write_small
expect 0 "compiling" "$NETC" small.net || finish

# Starts training that would take hours, and waits until it is at it.
start() {
    ./small train --epochs 1000000 --log-every 1 --json >"$out" 2>"$err" &
    program=$!
    for _ in $(seq 200); do
        ! grep -q '"step"' "$out" || return 0
        sleep 0.05
    done
    echo "it does not start:" && cat "$err"
    failures=$((failures + 1))
}

for signal in INT TERM; do
    rm -f small.safetensors
    set -m # a job of its own: a background process of a script would ignore SIGINT
    start
    set +m
    kill -$signal $program
    status=0
    wait $program || status=$?
    if [ $signal = INT ]; then
        holds "Ctrl-C ends with 130 (was $status)" test $status -eq 130
        holds "and saves" test -s small.safetensors
        says <(cat "$out" "$err") "and says how to go on" "--load"
        expect 0 "what it saved is whole" ./small test
    else
        holds "a terminated program ends (with $status)" test $status -ne 0
    fi
done

# A larger one, so that a save takes its time.
sed 's/^hidden .*/hidden = 2000/' small.net >large.net
expect 0 "compiling a larger one" "$NETC" large.net || finish
expect 0 "kill -9 at 200 moments of saving leaves the old file or the new one" python3 "$SOURCE/tests/run/kill.py" ./large 200
cat "$out"
finish
