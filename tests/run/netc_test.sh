#!/usr/bin/env bash
# The compiler's command line: every flag, every kind of output, every exit status.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
write_small
export TMPDIR=$work/temporary
mkdir "$TMPDIR"

expect 0 "--version" "$NETC" --version
says "$out" "names itself and its version" '^netc [0-9]+\.[0-9]+\.[0-9]+'
expect 0 "--help" "$NETC" --help
for flag in -o --run --check --emit -O0 -march --dtype -D --time --list; do
    says "$out" "--help explains $flag" "(^|[ ,|])$flag"
done

# Usage.
expect 2 "no arguments" "$NETC"
expect 2 "an unknown flag" "$NETC" small.net --nonsense
says "$err" "is named" "nonsense"
expect 2 "an unknown kind of --emit" "$NETC" small.net --emit=nonsense
expect 2 "an unknown --dtype" "$NETC" small.net --dtype=f16
expect 2 "an unknown -march" "$NETC" small.net -march=z80
expect 2 "-o without a name" "$NETC" small.net -o
cp small.net small
expect 2 "a file without .net needs -o" "$NETC" small
says "$err" "and that is said" "-o"
expect '[12]' "a file that is not there" "$NETC" nowhere.net
says "$err" "is named" "nowhere.net"
expect '[12]' "a folder instead of a file" "$NETC" "$work" -o x

# Executables.
expect 0 "an executable under the file's name" "$NETC" small.net
mkdir elsewhere
expect 0 "-o" "$NETC" small.net -o elsewhere/program
holds "an executable file" test -x elsewhere/program
expect 0 "it runs" elsewhere/program summary
expect 0 "--run with arguments" "$NETC" small.net --run -- train --steps 3 --no-save
expect 0 "--run passes arguments as they are" "$NETC" small.net --run -- init -o "a b'c.safetensors"
holds "and the program's file is there" test -s "a b'c.safetensors"
expect 2 "--run gives the program's own status" "$NETC" small.net --run -- nonsense
mkdir "a 'b"
cp small.net "a 'b/c d.net"
expect 0 "a folder and name with blanks and quotes" "$NETC" "a 'b/c d.net" -o "a 'b/c d"
holds "are taken literally" test -x "a 'b/c d"
holds "no temporary files stay behind" test -z "$(ls -A "$TMPDIR")"

cat >names.net <<'EOF'
data  = Synthetic(count=200)
model = Sequential(Flatten(), main=Linear(784, 8), malloc=ReLU(), printf=Linear(8, 10))
EOF
expect 0 "layers called main, malloc and printf" "$NETC" names.net --run -- train --steps 2 --no-save

# Kinds of output.
for kind in ast graph grad kernels llvm asm; do
    expect 0 "--emit=$kind" "$NETC" small.net --emit=$kind
    holds "writes text to standard output" test -s "$out"
    cp "$out" "text.$kind"
    expect 0 "--emit=$kind -o FILE" "$NETC" small.net --emit=$kind -o "file.$kind"
    holds "writes the same" cmp -s "file.$kind" "text.$kind"
    expect 0 "--emit=$kind -o -" "$NETC" small.net --emit=$kind -o -
    holds "too" cmp -s "$out" "text.$kind"
done
says text.ast "the ast is of the source" "Linear"
says text.kernels "kernels say what they do" "fc1"
says text.llvm "LLVM's text" "^define "
expect 0 "--emit=obj -o FILE" "$NETC" small.net --emit=obj -o small.o
holds "is an object that exports the descriptor alone" test "$(nm -g --defined-only small.o | awk '{ print $3 }')" = netrt_program
expect 0 "--check" within elsewhere "$NETC" ../small.net --check
says "$out" "prints the model" "fc1.*Linear|Linear.*fc1"
says "$out" "and its parameters" "18[,.']?840|19[,.']?090"
holds "and writes nothing" test "$(ls elsewhere)" = program
expect 0 "--time" "$NETC" small.net -o timed --time
for stage in parse elaborate simplify schedule 'LLVM IR' 'LLVM optimise' 'LLVM emit' link total; do
    says "$err" "has a row for $stage" "^$stage +[0-9.]+ +[0-9]+"
done

# Flags of code generation; the results agree within rounding, and are equal for -O1, -O2, -O3.
losses() { ./"$1" train --steps 20 --no-save --threads 1 --json --log-every 1 | grep '"step"'; }
"$NETC" small.net -o reference >/dev/null && losses reference >reference.json 2>/dev/null
holds "the reference trains" test "$(wc -l <reference.json)" -eq 20
cat >near.py <<'EOF'
import json, sys
read = lambda path: [json.loads(line)["loss"] for line in open(path)]
a, b = read(sys.argv[1]), read(sys.argv[2])
assert len(a) == len(b) == 20, (len(a), len(b))
worst = max(abs(x - y) / abs(x) for x, y in zip(a, b))
print("largest relative difference", worst)
assert worst < float(sys.argv[3])
EOF
levels=(-march=x86-64 -march=x86-64-v3)
grep -qw avx512f /proc/cpuinfo && levels+=(-march=x86-64-v4)
for flag in -O0 -O1 -O2 -O3 -march=native "${levels[@]}"; do
    expect 0 "$flag" "$NETC" small.net -o variant "$flag"
    expect 0 "trains" losses variant
    cp "$out" variant.json
    case $flag in
        -O[123] | -march=native) holds "exactly as without" cmp -s variant.json reference.json ;;
        *) expect 0 "as without, within rounding" python3 near.py reference.json variant.json 1e-3 ;;
    esac
done
expect 0 "--dtype=f64" "$NETC" small.net -o variant --dtype=f64
expect 0 "trains" losses variant
cp "$out" variant.json
expect 0 "as in f32, within rounding" python3 near.py reference.json variant.json 1e-3

expect 0 "-D" "$NETC" small.net --check -D hidden=32
says "$out" "overrides a number" "25[,.']?120|25[,.']?450"
expect '[12]' "-D of a name that the file does not have" "$NETC" small.net --check -D hiden=32
says "$err" "is named" "hiden"

expect 0 "--list" "$NETC" --list
for name in Linear ReLU CrossEntropyLoss SGD Adam cosine_annealing MNIST; do
    says "$out" "lists $name" "(^|[^A-Za-z])$name([^A-Za-z]|\$)"
done
lacks "$out" "a heading of the library's text is nobody's documentation" "----"
expect 0 "--list layers" "$NETC" --list layers
says "$out" "lists Linear" "^ *Linear"
lacks "$out" "and no optimiser" "^ *Adam"
expect '[12]' "--list of nothing known" "$NETC" --list nonsense

# Mistakes: all of them in one run, located; nothing is written, what was there stays.
cat >wrong.net <<'EOF'
data  = Synthetic(count=200)
a     = = 3
model = Sequential(Flatten(), Linear(784, 10)
b     = [1, 2
c     = 1 +
EOF
echo old >wrong
expect 1 "a file with mistakes" "$NETC" wrong.net
holds "at least three are reported" test "$(grep -c 'error:' "$err")" -ge 3
says "$err" "with place" '^wrong\.net:2:[0-9]+: error: '
says "$err" "and a caret" '\^'
lacks "$err" "bison's own message is not among them" "syntax error, unexpected"
holds "an older result stays" test "$(cat wrong)" = old
cat >shapes.net <<'EOF'
data  = Synthetic(count=200)
model = Sequential(Flatten(), fc1=Linear(784, 128), fc2=Linear(64, 10))
EOF
expect 1 "shapes that do not fit" "$NETC" shapes.net -o new
says "$err" "are located in the user's file first" '^shapes\.net:2:[0-9]+: error: .*(64|128)'
holds "and nothing is written" absent new
printf 'data = Synthetic(count=200)\nmodel = Sequential(Flatten(), Liner(784, 10))\n' >typo.net
expect 1 "a misspelt layer" "$NETC" typo.net
says "$err" "gets a suggestion" "did you mean.*Linear"
: >empty.net
head -c 3000 /dev/urandom >noise.net
printf 'model = %s' "$(printf '(%.0s' $(seq 5000))" >deep.net
printf 'model = Sequential(Linear(4' >cut.net
for file in noise deep cut; do expect 1 "$file.net" "$NETC" $file.net -o new; done
expect '[01]' "an empty file" "$NETC" empty.net -o new
rm -f new
expect 1 "an output that cannot be written" "$NETC" small.net -o small.net/program
expect 1 "an output in a folder that is not there" "$NETC" small.net -o nowhere/program
says "$err" "is named" "nowhere"
holds "no temporary files stay behind" test -z "$(ls -A "$TMPDIR")"
finish
