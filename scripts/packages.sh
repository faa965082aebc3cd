# shellcheck shell=bash
# Debian and Ubuntu packages: which are missing, and how they are installed with the user's knowledge. Sourced by ./setup.
#
# What is missing is found by looking for the thing itself (a command, a header), so that a tool that did not come from a
# package counts too, and so that nothing is asked of apt when everything is there.

llvm_versions="19 22 21 20" # in order of preference; 19 is the tested default

have() { command -v "$1" >/dev/null 2>&1; }
have_header() { echo "#include <$1>" | cc -E -xc - >/dev/null 2>&1; }

have_llvm() {
    local version
    for version in ${1:-$llvm_versions}; do
        [ ! -f "/usr/lib/llvm-$version/lib/cmake/llvm/LLVMConfig.cmake" ] || return 0
    done
    return 1
}

# Prints the packages of one set that are missing, a line each. 'llvm' stands for whichever version apt offers.
missing_of() {
    case $1 in
        build)
            have cc || echo gcc
            { have cc && have_header stdlib.h; } || echo libc6-dev
            { have cc && have_header zlib.h; } || echo zlib1g-dev
            have flex || echo flex
            have bison || echo bison
            have cmake || echo cmake
            have ninja || echo ninja-build
            have_llvm || echo llvm
            ;;
        test)
            { have cc && have_header stdlib.h && have_cmocka; } || echo libcmocka-dev
            have curl || echo curl
            have python3 || echo python3
            ;;
        python) python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv ;;
        curl)
            have curl || echo curl
            [ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
            ;;
        npm) have npm || echo npm ;;
        bench) have g++ || echo g++ ;; # for torch.compile
        ci)
            have_llvm 22 || echo llvm-22-dev
            have clang-format-19 || echo clang-format-19
            have clang-tidy-19 || echo clang-tidy-19
            have shellcheck || echo shellcheck
            have clang-19 || echo clang-19
            [ -n "$(ls /usr/lib/llvm-19/lib/clang/19/lib/*/libclang_rt.fuzzer* 2>/dev/null)" ] || echo libclang-rt-19-dev
            have gcovr || echo gcovr
            ;;
        *) fail "no set of packages is called '$1'" ;;
    esac
}

# cmocka.h wants some headers before itself.
have_cmocka() {
    printf '#include <stdarg.h>\n#include <stddef.h>\n#include <setjmp.h>\n#include <stdint.h>\n#include <cmocka.h>\n' |
        cc -E -xc - >/dev/null 2>&1
}

# need_packages SET…: installs what is missing of these sets.
need_packages() {
    local set missing=()
    for set in "$@"; do
        mapfile -t -O "${#missing[@]}" missing < <(missing_of "$set")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    step "Missing: ${missing[*]}"
    have apt-get || fail "setup installs packages on Debian and Ubuntu only; install these by hand (llvm: the development" \
        "files of LLVM 19, 20, 21 or 22), then run it again: ${missing[*]}"

    local sudo=()
    if [ "$(id -u)" -ne 0 ]; then
        sudo=(sudo)
        have sudo || no_way_to_root "there is no sudo here" "${missing[@]}"
    fi

    if [ -z "${lists_are_new:-}" ]; then
        say "First the lists of packages are brought up to date (seconds; up to 150 MB of disk). Setup runs:"
        announce_and_run "${sudo[@]}" apt-get -q update ||
            say "setup: some lists of packages could not be read; trying with those that are there" >&2
        lists_are_new=yes
    fi
    choose_llvm missing
    say "The packages: $(cost_of "${missing[@]}"). Setup runs:"
    announce_and_run "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 \
        install -y --no-install-recommends "${missing[@]}" ||
        fail "the packages could not be installed; what apt-get said stands above"
}

# no_way_to_root REASON PACKAGE…
no_way_to_root() {
    local reason=$1 packages
    shift
    packages=$(sed -E 's/(^| )llvm( |$)/\1llvm-19-dev\2/' <<<"$*")
    fail "packages are missing, you are not root, and $reason. Ask an administrator to run" \
        "    apt-get update && apt-get install --no-install-recommends $packages" "and then run ./setup again."
}

# Shows the exact line, says that sudo may ask for a password, and runs it; apt's chatter is shown only if it fails.
announce_and_run() {
    say "    $*"
    if [ "$1" = sudo ] && ! sudo -n true 2>/dev/null; then
        say "(sudo asks for your password)"
        sudo true || no_way_to_root "sudo does not let you" "${missing[@]}"
    fi
    local log
    log=$(mktemp)
    if "$@" >"$log" 2>&1 </dev/null; then
        rm -f "$log"
    else
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
}

# Replaces 'llvm' in the array named $1 by the first version that apt offers.
choose_llvm() {
    local -n packages=$1
    local i version
    for i in "${!packages[@]}"; do
        [ "${packages[i]}" = llvm ] || continue
        for version in $llvm_versions; do
            if apt-cache show "llvm-$version-dev" >/dev/null 2>&1; then
                packages[i]=llvm-$version-dev
                continue 2
            fi
        done
        fail "apt offers none of llvm-19-dev, llvm-22-dev, llvm-21-dev, llvm-20-dev. Debian 12 or later has them; on Ubuntu" \
            "24.04 or later they are in 'universe': sudo add-apt-repository universe"
    done
}

# What apt itself says that an installation downloads and fills, and how long that takes.
cost_of() {
    local plan download disk time="less than a minute"
    plan=$(LC_ALL=C apt-get -o Debug::NoLocking=1 install --assume-no --no-install-recommends "$@" 2>/dev/null </dev/null) || :
    download=$(sed -n 's/^Need to get \(.*\) of archives\.$/\1/p' <<<"$plan")
    disk=$(sed -n 's/^After this operation, \(.*\) of additional disk space will be used\.$/\1/p' <<<"$plan")
    case $download in
        '' | [0-9][0-9][0-9]*MB) time="one to three minutes" ;;
    esac
    say "${download:-about 210 MB} to download, ${disk:-about 1.1 GB} of disk, mostly $time"
}
