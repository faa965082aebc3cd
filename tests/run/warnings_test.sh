#!/usr/bin/env bash
# Warnings on ordinary networks would teach people to ignore them: the examples have none.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

for example in "$SOURCE"/examples/*.net; do
    expect 0 "no warning on $(basename "$example")" "$NETC" "$example" --check -Werror
done
finish
