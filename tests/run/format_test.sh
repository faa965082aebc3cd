#!/usr/bin/env bash
# netc --format: the library and the examples are in canonical form, blanks do not matter, files are rewritten with care.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

expect 0 "examples and library are in canonical form" "$NETC" --format --diff "$SOURCE"/examples/*.net "$SOURCE"/compiler/prelude/*.net
cat "$out"
expect 0 "other blanks and line ends, the same text; comments stay" \
    python3 "$SOURCE/tests/run/format_mutations.py" "$NETC" 2 "$SOURCE"/examples/*.net "$SOURCE"/compiler/prelude/*.net
says "$out" "and there were mutants" '^[1-9][0-9]+ mutants'

expect 0 "diffs lead from one to the other" python3 "$SOURCE/tests/run/diffs.py" "$NETC" 3 "$SOURCE"/examples/*.net
says "$out" "and there were some of each kind" '^[1-9][0-9]+ diffs, [1-9][0-9]+ of several hunks$'

# Every golden case that parses.
formatted=0 unstable=""
for case in "$SOURCE"/tests/golden/*/*.net; do
    "$NETC" --format - <"$case" >once.net 2>/dev/null
    case $? in
        0) ;;
        1) continue ;;
        *) unstable="$unstable $case" ;;
    esac
    formatted=$((formatted + 1))
    "$NETC" --format - <once.net >twice.net 2>&1
    cmp -s once.net twice.net || unstable="$unstable $case"
done
holds "golden cases are formatted ($formatted)" test "$formatted" -gt 40
holds "and formatting again changes nothing" test -z "$unstable"

# Files.
printf 'x=1\r\ny  = 2' >a.net
printf 'x = 1\n' >b.net
printf 'x = = 1\n' >wrong.net
chmod 640 a.net
mkdir folder
cp a.net folder/target.net
ln -s folder/target.net link.net
cp a.net before.net
expect 1 "--diff of what is not canonical" "$NETC" --format --diff a.net b.net
says "$out" "is a unified diff" '^@@ -1,2 \+1,2 @@$'
cp "$out" a.diff
holds "and changes nothing" cmp -s a.net before.net
expect 1 "a file with errors among others" "$NETC" --format a.net wrong.net b.net link.net
says "$out" "names what was formatted" '^formatted a\.net$'
lacks "$out" "and not what was not" 'b\.net|wrong\.net'
says "$err" "and the mistake" '^wrong\.net:1:5: error: '
holds "the mistaken file is as it was" test "$(cat wrong.net)" = 'x = = 1'
holds "the others are canonical" test "$(cat a.net)" = "$(printf 'x = 1\ny = 2')"
holds "with their mode" test "$(stat -c %a a.net)" = 640
holds "a link stays a link" test -L link.net
holds "to the file that was formatted" cmp -s folder/target.net a.net
holds "no temporary file stays behind" test -z "$(find . -name '*netc-*')"
expect 0 "canonical files" "$NETC" --format --diff a.net b.net link.net
holds "have no diff" test ! -s "$out"
if command -v patch >/dev/null; then
    expect 0 "the diff can be applied" patch --binary before.net a.diff
    holds "with that result" cmp -s before.net a.net
else
    echo "not tried: applying the diff, for there is no patch here"
fi
expect 0 "-- before a name that starts with a dash" within folder "$NETC" --format -- ../a.net
expect 1 "a file that is not there" "$NETC" --format nowhere.net
expect 1 "a folder" "$NETC" --format folder
if [ "$(id -u)" -ne 0 ]; then
    cp wrong.net folder/read-only.net
    printf 'x=1\n' >folder/read-only.net
    chmod 500 folder
    expect 1 "a folder that may not be written" "$NETC" --format folder/read-only.net
    says "$err" "is said to be so" "cannot write 'folder/read-only.net': Permission denied"
    chmod 700 folder
else
    echo "not tried: files and folders that may not be written, which root may"
fi
printf 'x=1\n' >c.net && chmod 400 c.net
[ "$(id -u)" -eq 0 ] || expect 1 "a file that may not be written" "$NETC" --format c.net
expect 2 "no file" "$NETC" --format
expect 2 "--diff alone" "$NETC" --diff a.net
expect 2 "-o" "$NETC" --format a.net -o x.net
finish
