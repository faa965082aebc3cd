#!/usr/bin/env bash
# Disks that fail: every system call on files of a save is made to fail in turn, to be interrupted, and to write half. What was
# to be replaced is the old file or the new one, whole, each time; nothing is left beside it; the failure is said.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
unset NETC_DATA
fail_call=$BUILD/tests/fail_call
write_small
expect 0 "compiling" "$NETC" small.net || finish

# each_fault FILE COMMAND…: COMMAND writes FILE anew, alone, into the folder `place`; the older FILE is old.file.
each_fault() {
    local file=place/$1 kind n status answers=0 wrong=0
    shift
    rm -rf place new.file
    mkdir place
    expect 0 "$* without faults" "$@" || return
    cp "$file" new.file
    for kind in error interrupt short; do
        for ((n = 1; n < 500; n++)); do
            cp old.file "$file"
            status=0
            "$fail_call" $kind $n "$@" >"$out" 2>"$err" </dev/null || status=$?
            tail -n 1 "$err" | grep -q '^failed: none$' && break
            answers=$((answers + 1))
            if [ $status -eq 0 ]; then cmp -s "$file" new.file; else
                [ $status -eq 1 ] && cmp -s "$file" old.file && [ "$(wc -l <"$err")" -gt 1 ]
            fi && [ "$(ls -A place)" = "$(basename "$file")" ] && continue
            wrong=$((wrong + 1))
            echo "FAILED  $*: $kind of call $n: status $status, in the folder: $(ls -A place)"
            sed 's/^/        | /' "$err"
        done
        [ $status -eq 0 ] && cmp -s "$file" new.file || wrong=$((wrong + 1))
    done
    holds "$answers faults of $*: the old file or the new one" test $answers -ge 8 -a $wrong -eq 0
}

echo "an older file" >old.file
each_fault w.safetensors ./small train --steps 2 --quiet --save place/w.safetensors
each_fault w.safetensors ./small init -o place/w.safetensors
each_fault w.safetensors ./small grad -o place/w.safetensors
each_fault small.o "$NETC" small.net --emit=obj -o place/small.o
each_fault small.txt "$NETC" small.net --emit=kernels -o place/small.txt
each_fault small "$NETC" small.net -O0 -o place/small

# A log is written row by row. What could not be written is said, and the parameters are whole even so.
mkdir log
for kind in error short; do
    failed=0 wrong=0
    for ((n = 1; n < 100; n++)); do
        status=0
        rm -f log/*
        "$fail_call" $kind $n ./small train --epochs 2 --quiet --log log/log.csv --save log/w.safetensors >"$out" 2>"$err" || status=$?
        tail -n 1 "$err" | grep -q '^failed: none$' && break
        failed=$((failed + 1))
        if [ $status -eq 0 ]; then [ "$(wc -l <log/log.csv)" -eq 3 ]; else [ $status -eq 1 ] && [ "$(wc -l <"$err")" -gt 1 ]; fi &&
            { [ ! -e log/w.safetensors ] || ./small test --load log/w.safetensors >/dev/null; } &&
            [ -z "$(find log -name '*.tmp')" ] && continue
        wrong=$((wrong + 1))
        echo "FAILED  log: $kind of call $n: status $status" && cat "$err"
    done
    holds "$failed faults of a log and a save ($kind)" test $failed -ge 3 -a $wrong -eq 0
done
finish
