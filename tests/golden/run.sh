#!/bin/sh
# Golden tests: text in, text out. Usage: run.sh NETC KIND [CASE.net ...]
#
# For every tests/golden/KIND/*.net the output of netc is compared with the file of the same name that ends in .expected:
# first what it wrote on standard output, then what it wrote on standard error, then a line with its exit status if that is
# not 0. A kind is a folder: adding one is enough. What is run is
#     netc CASE.net --check        for kinds whose subject is what the user is told: diagnostics, syntax, summary, warnings
#     netc --format - <CASE.net    for the kind format
#     netc CASE.net --run          for calculate: programs without a model
#     netc CASE.net --emit=KIND    for every other kind
# A first line `#! FLAGS` in the case, or a file named flags in the folder, adds flags.
# NETC_GOLDEN_UPDATE=1 writes the expectations instead; `git diff` then shows what changed.
set -u
export LC_ALL=C

netc=$1
kind=$2
shift 2
cd "$(dirname "$0")/$kind" || exit 2
[ $# -gt 0 ] || set -- *.net

case $kind in
diagnostics | syntax | summary | warnings) action=--check ;;
format) action=--format ;;
calculate) action=--run ;;
*) action=--emit=$kind ;;
esac

out=$(mktemp -d) || exit 2
trap 'rm -rf "$out"' EXIT HUP INT TERM
failed=0 ran=0

for case in "$@"; do
    [ -f "$case" ] || continue
    ran=$((ran + 1))
    expected=${case%.net}.expected
    flags=$(sed -n '1s/^#! //p' "$case")
    [ ! -f flags ] || flags="$flags $(cat flags)"
    file=$case
    [ "$kind" != format ] || file=-
    # shellcheck disable=SC2086 # flags are words
    "$netc" "$file" $action --color=never $flags <"$case" >"$out/stdout" 2>"$out/stderr"
    status=$?
    # Where in the library's text a line stands is no part of what is promised, nor which call is the one too many for the stack.
    cat "$out/stdout" "$out/stderr" | sed -e 's,^\(prelude/[a-z_]*\.net:\)[0-9]*:[0-9]*:,\1*:*:,' \
        -e '/: error: calls and expressions are nested too deeply$/{s,:[0-9]*: error,:*: error,;n;N;d;}' >"$out/actual"
    [ $status -eq 0 ] || echo "exit status $status" >>"$out/actual"
    if [ "${NETC_GOLDEN_UPDATE:-}" = 1 ]; then
        cmp -s "$out/actual" "$expected" || { cp "$out/actual" "$expected" && echo "updated $kind/$expected"; }
    elif ! diff -u "$expected" "$out/actual" >"$out/diff" 2>&1; then
        failed=$((failed + 1))
        echo "FAILED: $kind/$case"
        cat "$out/diff"
    fi
done

echo "$kind: $ran cases, $failed failed"
[ $failed -eq 0 ] || echo "(NETC_GOLDEN_UPDATE=1 makes what netc does now the expectation)"
[ $failed -eq 0 ] && [ $ran -gt 0 ]
