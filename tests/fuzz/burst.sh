#!/usr/bin/env bash
# Fuzzes each target for some seconds with libFuzzer: burst.sh BUILD SECONDS [TARGET…]. BUILD is a folder configured with
#
#     cmake -B BUILD -G Ninja -DCMAKE_C_COMPILER=clang-19 -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=-O2 -DNETC_FUZZ=ON \
#         -DNETC_SANITIZE=address,undefined
#
# What is found new stays in BUILD/fuzz/TARGET and is where the next run begins; an input that breaks something is left in
# BUILD/fuzz/found. The first seeds are the corpus, and for .net the examples, the golden tests and the library itself.
set -uo pipefail
build=${1:?usage: burst.sh BUILD SECONDS [TARGET…]} seconds=${2:?}
shift 2
[ $# -gt 0 ] || set -- net idx safetensors arrays
source=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$build/fuzz/found"
build=$(cd "$build" && pwd)
cd "$build/fuzz" || exit 1

dictionary() {
    cat "$source/tests/fuzz/net.dict"
    grep -hoE '^(def|module|optimizer) \w+' "$source"/compiler/prelude/*.net | sed -E 's/.* (\w+)/"\1("/' | sort -u
}

status=0
for target in "$@"; do
    mkdir -p "$target"
    seeds=("$source/tests/fuzz/corpus/$target")
    options=(-max_len=65536)
    if [ "$target" = net ]; then
        dictionary >net.dict
        mkdir -p net.seeds
        for file in "$source"/{examples,compiler/prelude,tests/golden/*}/*.net; do
            cp "$file" "net.seeds/$(basename "$(dirname "$file")")-$(basename "$file")"
        done
        seeds+=(net.seeds)
        options=(-max_len=4096 -dict=net.dict)
    fi
    # An allocation that fails returns NULL, as it does to a user; a single one of more than 1 GB is a find.
    ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=1 "$build/tests/fuzz_$target" "$target" "${seeds[@]}" "${options[@]}" \
        -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -malloc_limit_mb=1024 -artifact_prefix=found/"$target"- \
        -print_final_stats=1 >"$target.log" 2>&1 || status=1
    grep -aE '^(==|SUMMARY|.*does not hold|netc: )|^found' "$target.log"
    echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$target.log") inputs in $seconds s, $(grep -aoE 'cov: [0-9]+' "$target.log" |
        tail -n 1)"
done
exit $status
