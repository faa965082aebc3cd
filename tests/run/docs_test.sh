#!/usr/bin/env bash
# The documentation shows what netc does: its programs are compiled and run, its tables are those that netc prints.
# NETC_DOCS_UPDATE=1 writes what is printed now into the pages.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
python=$(sed -n 's/^NETC_PYTHON:FILEPATH=//p' "$BUILD/CMakeCache.txt")

for page in tutorial language; do
    mkdir "$page"
    expect 0 "docs/$page.md" within "$page" "${python:-python3}" "$SOURCE/tests/run/docs_blocks.py" "$NETC" "$SOURCE/docs/$page.md"
    cat "$out"
done
expect 0 "docs/from-pytorch.md: each text of the tables compiles" \
    "${python:-python3}" "$SOURCE/tests/run/docs_cells.py" "$NETC" "$SOURCE/docs/from-pytorch.md"
cat "$out"
finish
