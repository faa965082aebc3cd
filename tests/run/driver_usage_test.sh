#!/usr/bin/env bash
# What netc says about command lines and files that it cannot use, and that it leaves nothing behind then.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
write_small

# usage WHAT REGEX ARGUMENT…: bad usage, said in a line that matches.
usage() {
    local what=$1 regex=$2
    shift 2
    expect 2 "$what" "$NETC" "$@" && says "$err" "and that is said" "^netc: .*$regex"
}
usage "a misspelt option" "--emot; did you mean --emit\?" --emot=ast small.net
usage "a misspelt kind" "did you mean kernels" small.net --emit=kernel
usage "an unknown letter" "unknown option -Z" small.net -Zw
usage "a value for an option that takes none" "--check takes no value" small.net --check=3
usage "an option without its value" "--emit needs a value" small.net --emit
usage "two actions" "--check and --run exclude" small.net --check --run
usage "one twice" "--check twice" small.net --check --check
usage "two files" "one file at a time" small.net other.net
usage "arguments without --run" "are for --run" small.net -- train
usage "-o with --check" "leave -o out" small.net --check -o x
usage "-o with --run" "leave -o out" small.net --run -o x
usage "an executable to standard output" "standard output" small.net -o -
usage "an empty name" "empty" ""
usage "-D without a value" "-D NAME=VALUE" small.net -D hidden
usage "an unknown level" "-O7" small.net -O7
usage "a level that is no number" "-O0 and -O3" small.net -Ofast
usage "a level below 0" "unknown option -O-" small.net -O-
usage "-D without a name" "-D NAME=VALUE" small.net -D =3
usage "-mcpu" "-march=MACHINE" small.net -mcpu=znver4
usage "several machines" "several machines in one program" small.net -march=x86-64,x86-64-v3
usage "an empty output" "-o needs the name" small.net -o ""
usage "--explain with -o" "leave -o out" --explain relu -o x
usage "--list with files behind --" "one kind" --list layers -- small.net
usage "an unknown machine lists the known" "native, .*x86-64-v3" small.net -march=z80
usage "an unknown colour" "auto, always or never" small.net --color=maybe
usage "an unknown form of diagnostics" "text or json" small.net --diagnostics=xml
usage "a kind of a later version" "not in this version" small.net --emit=header
usage "an option of a later version" "--target is not in this version" --target=x small.net
usage "two kinds to list" "one kind" --list layers losses
holds "nothing was written" test "$(find . -type f | sort | tr '\n' ' ')" = "./err ./out ./small.net "

expect 0 "-march=x86-64-v2" "$NETC" small.net -march=x86-64-v2 --emit=kernels
cp "$out" v2
expect 0 "-march=x86-64" "$NETC" small.net -march=x86-64 --emit=kernels
holds "is the same" cmp v2 "$out"
expect 0 "--version and --help" "$NETC" --version --help
says "$out" "answers the first" "^netc [0-9.]+ \(LLVM [0-9.]+\)$"
holds "alone" test "$(wc -l <"$out")" = 1

# Names.
cp small.net ./-odd.net
expect 0 "a file that starts with a dash, after --" "$NETC" --check -- -odd.net
expect 0 "the same as a path" "$NETC" ./-odd.net -o ./-odd
holds "its program is there" test -x ./-odd
mkdir ./@folder ./-folder
expect 0 "an output folder that starts with @" "$NETC" small.net -o @folder/x
expect 0 "one that starts with a dash" "$NETC" small.net -o -folder/x
holds "both are there" test -x @folder/x -a -x ./-folder/x
cp small.net "$(printf 'tab\tand\nline.net')"
expect 0 "a name with a tab and a line's end" "$NETC" "$(printf 'tab\tand\nline.net')"
holds "its program is there" test -x "$(printf 'tab\tand\nline')"
cp small.net .net
usage "a file whose name is .net alone" "does not end in .net" .net

# Files.
expect 1 "a folder" "$NETC" . --check
says "$err" "is called one" "cannot read '.': Is a directory"
expect 1 "an endless file" "$NETC" /dev/zero --check
says "$err" "is too large" "is larger than 16 MB, too large for a description"
printf 'include "/dev/zero"\n' | cat - small.net >endless.net
expect 1 "an endless file that is included" "$NETC" endless.net --check
says "$err" "is too large at its line" "^endless.net:1:9: error: .* is larger than 16 MB"
piped() { "$NETC" /dev/stdin --check < <(cat small.net); }
expect 0 "a pipe" piped
cp small.net unreadable.net && chmod 000 unreadable.net
[ "$(id -u)" -eq 0 ] || expect 1 "a file that may not be read" "$NETC" unreadable.net --check
rm -f unreadable.net

# Outputs that are not files, full or not to be written.
expect 0 "text to a device" "$NETC" small.net --emit=graph -o /dev/null
holds "which stays one" test -c /dev/null
expect 1 "a program to a device" "$NETC" small.net -o /dev/null
says "$err" "is refused" "cannot write '/dev/null': it is not a file"
expect 1 "an output that is a folder" "$NETC" small.net -o ./@folder
expect 1 "--emit to a folder that is not there" "$NETC" small.net --emit=ast -o no/where
says "$err" "is said" "cannot write 'no/where': No such file"
full() { "$NETC" small.net --emit=graph >/dev/full; }
[ ! -c /dev/full ] || expect 1 "a full standard output" full

# Forms of diagnostics.
echo 'model = Liner(1, 1)' >typo.net
expect 1 "--diagnostics=json" "$NETC" typo.net --check --diagnostics=json
holds "is an object a line" python3 -c 'import json, sys; [json.loads(line)["severity"] for line in open(sys.argv[1])]' "$err"
expect 1 "--color=always" "$NETC" typo.net --check --color=always
says "$err" "colours" "$(printf '\033')\\["
expect 1 "--color=auto" "$NETC" typo.net --check
lacks "$err" "does not, into a file" "$(printf '\033')"
expect 0 "--time" "$NETC" small.net --check --time
says "$err" "lists stages" "^elaborate +[0-9.]+ +[0-9]+"
expect 0 "--time of all stages" "$NETC" small.net -o timed --time
for stage in parse elaborate simplify schedule "LLVM IR" "LLVM optimise" "LLVM emit" link total; do
    says "$err" "lists $stage" "^$stage +[0-9.]+ +[0-9.]+ +[0-9]+ +[0-9]+\$"
done
says "$err" "counts kernels" "^[0-9]+ kernels, [0-9]+ of them distinct; LLVM takes [0-9]+ % of the time\$"
holds "the parts are the whole" python3 -c '
rows = [line.rstrip().rsplit(None, 4) for line in open("err").read().split("\n")[1:10]]
assert rows[-1][0] == "total" and abs(sum(float(row[1]) for row in rows[:-1]) - float(rows[-1][1])) < 0.1, rows'
# Eight equal layers in a row are the kernels of one.
for depth in 3 8; do
    printf "data = Synthetic()\nmodel = Sequential(Flatten(), Linear(784, 32), *[Linear(32, 32) for i in range(%s)], Linear(32, 10))\n" $depth >deep.net
    expect 0 "$depth equal layers" "$NETC" deep.net -o deep --time
    sed -n "s/.* kernels, \([0-9]*\) of them distinct.*/\1/p" "$err" >distinct.$depth
done
holds "are the same distinct kernels" cmp distinct.3 distinct.8

# Warnings.
printf '%s\n' "criterion = MSELoss()" "data = Synthetic(count=10)" "model = Sequential(Flatten(), Linear(784, 10))" >warned.net
expect 0 "a warning" "$NETC" warned.net --check
says "$err" "is shown" "warning: .*criterion"
name=$("$NETC" warned.net --check --diagnostics=json 2>&1 >/dev/null | sed -n 's/.*"name":"\([a-z-]*\)".*/\1/p' | head -n 1)
holds "has a name" test -n "$name"
expect 1 "-Werror" "$NETC" warned.net --check -Werror
expect 1 "-Werror=NAME" "$NETC" warned.net --check "-Werror=$name"
expect 0 "-Werror=another" "$NETC" warned.net --check -Werror=large-lr
usage "an unknown warning" "-Wno-noefect: there is no such warning; did you mean no-effect\?" warned.net --check -Wno-noefect
usage "an unknown one as an error" "-Werror=nothing: there is no such warning" warned.net --check -Werror=nothing
expect 0 "--list warnings" "$NETC" --list warnings
says "$out" "names them" "^double-softmax  +[a-z]"
expect 0 "-Wno-NAME" "$NETC" warned.net --check "-Wno-$name"
lacks "$err" "is silent" "$name"
expect 0 "-w" "$NETC" warned.net --check -w -Werror
lacks "$err" "too" "warning"

# What `print` says goes where it does not mix with results.
printf 'print("hello", 1 + 2)\n' | cat - small.net >prints.net
expect 0 "print" "$NETC" prints.net --check
says "$out" "speaks on standard output" "^hello 3$"
expect 0 "print with --emit" "$NETC" prints.net --emit=graph
lacks "$out" "keeps out of the graph" "^hello"
says "$err" "and speaks on standard error" "^hello 3$"
finish
