#!/usr/bin/env bash
# Linking: what happens without a C compiler, with one that fails, and when netc is ended while it links.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
write_small
export TMPDIR=$work/temporary
mkdir "$TMPDIR" fake
real_path=$PATH

# stand_in LINES…: a cc that does this instead.
stand_in() {
    printf '%s\n' '#!/bin/sh' "$@" >fake/cc
    chmod +x fake/cc
    PATH=$work/fake:$real_path
}
clean() {
    PATH=$real_path
    holds "$1 leaves no temporary files" test -z "$(ls -A "$TMPDIR"; find . -name '.netc-*')"
}

echo old >small
without_cc() { PATH=$work/nowhere "$NETC" "$@"; }
expect 1 "without cc" without_cc small.net
says "$err" "what is needed is said" "netc needs a C compiler to link: cc: No such file"
says "$err" "and what works without" "install one \(package gcc or clang\); --emit=obj"
expect 0 "--emit=obj needs none" without_cc small.net --emit=obj
holds "its name is the file's" test -s small.o
expect 0 "--check needs none" without_cc small.net --check
clean "netc without cc"

stand_in 'echo "ld: cannot find -lm" >&2' 'exit 3'
expect 1 "a cc that fails" "$NETC" small.net
says "$err" "is said" "cc could not link the program \(status 3\)"
says "$err" "is quoted" "note: ld: cannot find -lm"
says "$err" "with a hint" "netc links with the system's C compiler"
expect 1 "--run with a cc that fails" "$NETC" small.net --run
clean "a cc that fails"
stand_in 'echo "ld: final link failed: No space left on device" >&2' 'exit 1'
expect 1 "cc on a full disk" "$NETC" small.net -o small
says "$err" "is no lack of packages" "hint: the disk is full"
lacks "$err" "and none is named" libc6
stand_in 'kill -9 $$'
expect 1 "a cc that is killed" "$NETC" small.net
says "$err" "is said" "cc was ended by signal 9"
clean "a cc that is killed"
stand_in 'exit 0'
expect 1 "a cc that does nothing" "$NETC" small.net -o nothing
says "$err" "is said" "cc wrote no program"
holds "is no program" absent nothing
clean "a cc that does nothing"
holds "the older result stays" test "$(cat small)" = old

# No place for what goes to cc, and for what comes from it.
few_files() {
    for files in $(seq 4 40); do # one of these limits is reached there
        (ulimit -S -n "$files" && exec "$NETC" small.net -o few) 2>few.err
        grep "no memory to link in: Too many open files" few.err && return
    done
    return 1
}
expect 0 "a limit of open files is said" few_files
clean "netc with few files"
unknown_folder() { TMPDIR=$work/nowhere "$NETC" small.net --run; }
expect 1 "--run without a folder for temporary files" unknown_folder
says "$err" "names it" "cannot make a temporary file .*/nowhere/netc-.*: No such file"

# Ctrl-C and its like reach a netc that waits for cc.
for signal in INT TERM HUP; do
    for action in -o --run; do
        stand_in "echo \$\$ >$work/cc.pid" 'exec sleep 20'
        rm -f cc.pid
        arguments=(small.net "$action")
        [ $action = --run ] || arguments+=(interrupted)
        set -m # a job of its own: a background process of a script would ignore SIGINT
        "$NETC" "${arguments[@]}" >"$out" 2>"$err" &
        netc=$!
        set +m
        for _ in $(seq 200); do
            [ ! -s cc.pid ] || break
            sleep 0.05
        done
        kill -$signal $netc
        status=0
        wait $netc 2>/dev/null || status=$?
        holds "SIG$signal ends netc $action by that signal (status $status)" test $status -eq $((128 + $(kill -l $signal)))
        holds "and cc" sh -c "! kill -0 $(cat cc.pid) 2>/dev/null"
        clean "it"
    done
done
holds "nothing is there that was not finished" absent interrupted

# The program replaces netc: it has netc's standard streams and its own status and signals.
expect 0 "--run" "$NETC" small.net --run -- summary
says "$out" "writes to standard output" "fc1"
holds "what was printed before --run stays apart" test ! -s "$err"
clean "--run"
for folder in "" unset; do
    as_said() { TMPDIR=$folder "$NETC" small.net --run -- summary; }
    [ "$folder" != unset ] || as_said() { env -u TMPDIR "$NETC" small.net --run -- summary; }
    expect 0 "--run where TMPDIR is '$folder'" as_said
    says "$out" "runs, too" "fc1"
done

# Two compilations into one place at once: either result, whole.
"$NETC" small.net -o both >/dev/null 2>&1 &
"$NETC" small.net -o both >/dev/null 2>&1
wait
expect 0 "two at once give a whole program" ./both summary

# netc moved with its runtime, and netc without it.
mkdir -p moved/bin moved/lib/netc
cp "$NETC" moved/bin/netc
expect 1 "netc without its runtime" moved/bin/netc small.net -o moved/program
says "$err" "names it" "runtime libnetrt\.a is missing"
says "$err" "and says what to do" "install netc anew"
expect 1 "nor can it run one" moved/bin/netc small.net --run
says "$err" "which is said" "runtime libnetrt\.a is missing"
cp "$BUILD/lib/netc/libnetrt.a" moved/lib/netc
expect 0 "an installed tree that was moved" moved/bin/netc small.net -o moved/program
mask=$(umask)
umask 027
expect 0 "a umask" "$NETC" small.net -o masked
umask "$mask"
holds "is kept to" test "$(stat -c %a masked)" = 750
finish
