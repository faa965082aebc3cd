# shellcheck shell=bash
# What the benchmark compares netc with, beside PyTorch, in the same virtual environment. Sourced by ./setup.

peers="jax==0.10.2 onnxruntime==1.32.0 onnx==1.23.2"

# ensure_peers VENV: installs what pip can have. What it cannot is named, here and in the benchmark's tables.
ensure_peers() {
    local venv=$1 peer missing=()
    for peer in $peers; do
        package_installed "$venv" "$peer" || missing+=("$peer")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    step "Installing ${missing[*]} into $venv (about 150 MB to download, 500 MB of disk)"
    for peer in "${missing[@]}"; do
        "$venv/bin/python" -m pip install -qq --disable-pip-version-check "$peer" ||
            say "setup: pip cannot install $peer for this Python, so the benchmark leaves it out" >&2
    done
}

# package_installed VENV NAME==VERSION
package_installed() {
    "$1/bin/python" -c 'import importlib.metadata as m, sys; sys.exit(m.version(sys.argv[1]) != sys.argv[2])' \
        "${2%%==*}" "${2##*==}" 2>/dev/null
}
