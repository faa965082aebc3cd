#!/usr/bin/env bash
# Which branches of the compiler and the runtime the tests take: scripts/coverage.sh [BUILD], by default build-coverage.
#
# Builds with --coverage, runs the tests of all labels, and prints the share of branches for each folder and file, the worst
# last. Programs that netc makes are linked with the runtime of this build, so that their runs count. Fails when less than is
# promised is taken: the numbers are in coverage_report.py. With --report the tests are not run again.
#
# A branch on a line with BUG(…) does not count: it is taken when netc is wrong, which no test can arrange.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
report_only=
if [ "${1:-}" = --report ]; then
    report_only=yes
    shift
fi
build=${1:-$root/build-coverage}
jobs=$(nproc)
python=$root/build/venv/bin/python # with PyTorch, if ./setup test put it there

status=0
if [ -z "$report_only" ]; then
    options=(-DCMAKE_BUILD_TYPE=Debug -DNETC_COVERAGE=ON)
    [ ! -x "$python" ] || options+=("-DNETC_PYTHON=$python")
    cmake -S "$root" -B "$build" -G Ninja "${options[@]}" >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
    rm -f "$build.log"
    cmake --build "$build" -j "$jobs" | grep -vE '^\[[0-9]+/[0-9]+\]' || [ "${PIPESTATUS[0]}" -eq 0 ]
    find "$build" -name '*.gcda' -delete
    (cd "$build" && NETC_DATA=${NETC_DATA:-$root/data} ctest --output-on-failure --no-tests=error -j "$jobs") >"$build/tests.log" 2>&1 || {
        status=1
        tail -n 60 "$build/tests.log"
    }
fi
# Where a test kills a program, gcov may find a branch taken less often than never: gcovr is to go on.
gcovr --gcov-ignore-parse-errors --root "$root" --object-directory "$build" --filter "$root/(compiler|runtime)/" -j "$jobs" \
    --exclude-branches-by-pattern '.*\bBUG\(.*' --json-summary "$build/coverage.json" "$build" >/dev/null
python3 "$root/scripts/coverage_report.py" "$build/coverage.json" || status=1
[ ! -f "$build/tests.log" ] || grep -E '^[0-9]+% tests passed' "$build/tests.log"
exit $status
