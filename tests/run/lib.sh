# shellcheck shell=bash
# What the tests of finished programs share. Such a test is a script that says what it checks, a line each, and exits 1 if
# anything was not so (77: what it needs is not on this machine). ctest gives it NETC (the compiler), SOURCE and BUILD (the
# project's folders); it works in a temporary folder of its own, where `out` and `err` hold what the last command printed.
set -uo pipefail
: "${NETC:?run the tests with ctest}" "${SOURCE:?}" "${BUILD:?}"

failures=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
out=$work/out
err=$work/err

# expect STATUS WHAT COMMAND…: the command ends with STATUS, which may be a pattern such as [12].
expect() {
    local wanted=$1 what=$2 status=0
    shift 2
    "$@" >"$out" 2>"$err" </dev/null || status=$?
    # shellcheck disable=SC2254
    case $status in
        $wanted) printf 'ok      %s\n' "$what" ;;
        *)
            printf 'FAILED  %s: status %s, wanted %s, of: %s\n' "$what" "$status" "$wanted" "$*"
            sed 's/^/        | /' "$out" "$err" | tail -n 20
            failures=$((failures + 1))
            return 1
            ;;
    esac
}

# in_memory KB COMMAND…: runs it in so much address space. A sanitizer needs terabytes of it: there nothing is limited.
in_memory() {
    local most=$1
    shift
    ([ -n "${SANITIZE:-}" ] || ulimit -v "$most" && exec "$@")
}

# says FILE WHAT REGEX: FILE (out, err or any other) has a line that matches.
says() {
    if grep -Eq -- "$3" "$1"; then
        printf 'ok      %s\n' "$2"
    else
        printf 'FAILED  %s: no line matches %s in\n' "$2" "$3"
        tail -n 20 "$1" | sed 's/^/        | /'
        failures=$((failures + 1))
    fi
}

# lacks FILE WHAT REGEX: no line matches.
lacks() {
    if grep -E -- "$3" "$1" >"$work/matches"; then
        printf 'FAILED  %s: these lines match %s\n' "$2" "$3"
        head -n 10 "$work/matches" | sed 's/^/        | /'
        failures=$((failures + 1))
    else
        printf 'ok      %s\n' "$2"
    fi
}

# within FOLDER COMMAND…: runs it there.
within() (
    cd "$1" && shift && "$@"
)

# holds WHAT COMMAND…: a condition, as a command.
holds() {
    local what=$1
    shift
    if "$@"; then
        printf 'ok      %s\n' "$what"
    else
        printf 'FAILED  %s: %s\n' "$what" "$*"
        failures=$((failures + 1))
    fi
}

# Whether a file has no model: its program computes and prints.
is_calculator() { "$NETC" "$1" --check 2>/dev/null | grep -q '^a calculator'; }

absent() { [ ! -e "$1" ]; }

finish() {
    [ "$failures" -eq 0 ] || printf '%s checks failed\n' "$failures"
    exit $((failures > 0))
}

# Where MNIST is, or the end of the test where there is none (./setup test always has it).
need_mnist() {
    local folder
    for folder in "${NETC_DATA:-}" "$SOURCE/data"; do
        if [ -n "$folder" ] && [ -f "$folder/mnist/train-images-idx3-ubyte" ]; then
            export mnist=$folder
            return
        fi
    done
    echo "MNIST is not here: ./setup data fetches it"
    exit 77
}

# small.net: a network on data that netc draws itself, in MNIST's shapes, without files.
write_small() {
    cat >small.net <<'EOF'
hidden    = 24
data      = Synthetic(kind='digits', count=1000, seed=3)
model     = Sequential(Flatten(), fc1=Linear(784, hidden), relu1=ReLU(), fc2=Linear(hidden, 10))
loss      = CrossEntropyLoss()
optimizer = SGD(lr=0.05, momentum=0.9)
train     = Trainer(epochs=2, batch_size=64, shuffle=True, seed=0)
EOF
}
