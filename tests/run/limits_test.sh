#!/usr/bin/env bash
# Sizes, times, memory and allocations that a compiled MNIST network must keep to, and the accuracy that it must reach.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
need_mnist
export NETC_DATA=$mnist
net=$SOURCE/examples/mnist.net

# measure COMMAND…: the least wall time of five runs in seconds, and the largest memory in MB, into `wall` and `peak`.
cat >measure.py <<'EOF'
import os, sys, time
best, peak = 1e9, 0
for _ in range(5):
    start = time.monotonic()
    child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 1, "measured.out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
        (os.POSIX_SPAWN_OPEN, 2, "measured.err", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)])
    _, status, usage = os.wait4(child, 0)
    best, peak = min(best, time.monotonic() - start), max(peak, usage.ru_maxrss * 1024 / 1e6)
    if status:
        sys.exit(f"{sys.argv[1:]} failed: " + open("measured.err").read())
print(f"{best:.4f} {peak:.2f}")
EOF
measure() { read -r wall peak < <(python3 measure.py "$@"); }
at_most() { # WHAT VALUE LIMIT UNIT
    holds "$1: $2 $4 (at most $3)" awk "BEGIN { exit !(\"$2\" != \"\" && $2 + 0 <= $3) }"
}

measure "$NETC" "$net" -o mnist
at_most "netc mnist.net -o mnist takes" "$wall" 1 s
strip -o stripped mnist
at_most "the stripped program has" "$(($(stat -c %s stripped) / 1000))" 400 KB
holds "it needs libc and libm alone" test -z "$(ldd mnist | awk '{ print $1 }' | grep -vE 'linux-vdso|ld-linux|^libc\.so|^libm\.so')"

measure ./mnist train --steps 1 --no-save --threads 1
at_most "the first step is done after" "$wall" 0.060 s
measure ./mnist train --epochs 1 --no-save --threads 1
data_set=$(cat "$mnist"/mnist/*-ubyte | wc -c)
at_most "peak memory of an epoch is" "$peak" "$(awk "BEGIN { print $data_set / 1e6 + 20 }")" MB

kernels=$("$NETC" "$net" --emit=kernels | sed -n 's/^# train_step: \([0-9]*\) steps.*/\1/p')
at_most "kernels in a training step" "$kernels" 14 kernels

# A step allocates nothing: 1,000 more of them, across the end of an epoch, make no call more.
allocations() {
    LD_PRELOAD=$BUILD/tests/libcount_allocations.so ./mnist train --steps "$1" --no-save --threads "$2" 2>&1 >/dev/null |
        sed -n 's/^allocations: //p'
}
for threads in 1 2; do
    few=$(allocations 10 $threads)
    many=$(allocations 1010 $threads)
    holds "1,000 steps on $threads threads allocate nothing ($few calls, then $many)" test -n "$few" -a "$few" = "$many"
done

# Nor does a step that accumulates and clips, in epochs with validation.
sed -e 's/MNIST(/MNIST(validation=0.1, /' -e 's/batch_size=64/batch_size=32, accumulate=2, clip_grad_norm=1.0/' "$net" >parts.net
expect 0 "a network whose steps have parts" "$NETC" parts.net
few=$(LD_PRELOAD=$BUILD/tests/libcount_allocations.so ./parts train --steps 10 --no-save 2>&1 >/dev/null | sed -n 's/^allocations: //p')
many=$(LD_PRELOAD=$BUILD/tests/libcount_allocations.so ./parts train --steps 1010 --no-save 2>&1 >/dev/null | sed -n 's/^allocations: //p')
holds "allocates nothing for 1,000 steps more ($few calls, then $many)" test -n "$few" -a "$few" = "$many"

expect 0 "five epochs" ./mnist --seed 0 --json
accuracy=$(sed -n 's/.*"test_accuracy": *\([0-9.]*\).*/\1/p' "$out" | tail -n 1)
holds "reach an accuracy of $accuracy (at least 0.975)" awk "BEGIN { exit !(\"$accuracy\" != \"\" && $accuracy >= 0.975) }"
expect 0 "the saved network" ./mnist test --json
says "$out" "has the same accuracy" "\"accuracy\": *$accuracy"
finish
