# shellcheck shell=bash
# PyTorch for the tests that compare with it, in a virtual environment of its own in the build folder. Sourced by ./setup.

torch_version=2.13.0

# ensure_torch VENV: 0 if PyTorch can be used there. Returns 1, having said why, if this machine cannot have it.
ensure_torch() {
    local venv=$1 report
    ! torch_installed "$venv" || return 0
    need_packages python
    step "Installing PyTorch $torch_version into $venv"
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 || python3 -m venv --clear "$venv" || fail "python3 could not make a virtual environment in $venv"

    # The CPU build is enough; which build a plain specification takes depends on how pip is set up here.
    local index=()
    [ -z "${NETC_TORCH_INDEX:-}" ] || index=(--index-url "$NETC_TORCH_INDEX")
    report=$("$venv/bin/python" -m pip install --dry-run --quiet --report - ${index[@]+"${index[@]}"} "torch==$torch_version" 2>/dev/null) || {
        say "setup: pip finds no PyTorch $torch_version for this Python: committed references are used instead" >&2
        return 1
    }
    if grep -q '"name": "nvidia-' <<<"$report"; then
        say "pip takes the build with CUDA here: about 3 GB to download, 8 GB of disk, several minutes. To have the CPU build" \
            "(200 MB) instead, set NETC_TORCH_INDEX to the CPU index that PyTorch's page 'Start Locally' shows; to do without" \
            "PyTorch: ./setup test --no-torch"
        if [ "$(df -Pk "$venv" | awk 'NR == 2 { print $4 }')" -lt 10000000 ]; then
            say "setup: less than 10 GB of disk are free, so committed references are used instead of live PyTorch" >&2
            return 1
        fi
    else
        say "The CPU build: about 200 MB to download, 900 MB of disk, a minute or two."
    fi
    if ! "$venv/bin/python" -m pip install -qq ${index[@]+"${index[@]}"} "torch==$torch_version" ||
        ! "$venv/bin/python" -m pip install -qq numpy safetensors || ! torch_installed "$venv"; then
        fail "PyTorch could not be installed; what pip said stands above. Without it: ./setup test --no-torch"
    fi
}

# Reads the installed versions without importing anything: importing PyTorch takes seconds.
torch_installed() {
    [ -x "$1/bin/python" ] && "$1/bin/python" - "$torch_version" <<'EOF' 2>/dev/null
import importlib.metadata as metadata, sys
metadata.version("numpy"), metadata.version("safetensors")
sys.exit(metadata.version("torch").split("+")[0] != sys.argv[1])
EOF
}
