#!/usr/bin/env bash
# What predict draws on a terminal, and what it makes of pictures that are not the size, the colours or the way round of the
# training data. Weights are fixed: a bias alone decides the probabilities.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
unset NETC_DATA NO_COLOR COLORTERM LC_ALL LC_CTYPE COLUMNS
export LANG=C.UTF-8 HOME=$work XDG_CACHE_HOME=$work/cache

# Pictures, weights and data, written with nothing but Python's own zlib.
cat >make.py <<'EOF2'
import json, math, struct, zlib

def safetensors(path, tensors, **metadata):
    header, data = {"__metadata__": metadata}, b""
    for name, (shape, values) in tensors.items():
        packed = struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(packed)]}
        data += packed
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + data)

def linear(path, inputs, shares, **metadata):
    safetensors(path, {"fc.bias": ([len(shares)], [math.log(s) for s in shares]),
                       "fc.weight": ([len(shares), inputs], [0.0] * len(shares) * inputs)}, **metadata)

def png(path, width, height, colour, rows, depth=8):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    packed = zlib.compress(b"".join(b"\0" + row for row in rows))
    open(path, "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
                           + chunk(b"IDAT", packed) + chunk(b"IEND", b""))

def pnm(path, kind, width, height, pixels):
    open(path, "wb").write(b"%s\n%d %d\n255\n" % (kind, width, height) + bytes(pixels))

def npy(path, descr, shape, data):
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (63 - (len(text) + 10) % 64) + b"\n"
    open(path, "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data)

def idx(path, shape, data):
    open(path, "wb").write(struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape) + bytes(data))

# A bar of ink on paper, 56 × 42, and the same the other way round.
paper = [[230 if not (10 <= y < 32 and 24 <= x < 32) else 20 for x in range(56)] for y in range(42)]
pnm("paper.pgm", b"P5", 56, 42, sum(paper, []))
png("paper.png", 56, 42, 0, [bytes(row) for row in paper])
png("paper_rgb.png", 56, 42, 2, [bytes(v for p in row for v in (p, p, p)) for row in paper])
png("paper_alpha.png", 56, 42, 4, [bytes(v for p in row for v in (0, 0 if p > 128 else 255)) for row in paper])
pnm("dark.pgm", b"P5", 56, 42, [255 - p for p in sum(paper, [])])
pnm("wide.pgm", b"P5", 8, 2, [90, 200, 200, 200, 200, 200, 200, 90] * 2)
pnm("paper.ppm", b"P6", 56, 42, [v for p in sum(paper, []) for v in (p, p, p)])
open("cut.png", "wb").write(open("paper.png", "rb").read()[:-20])
square = [[(i * 9 + j * 5) % 256 for j in range(28)] for i in range(28)]
pnm("square.pgm", b"P5", 28, 28, sum(square, []))
npy("square.npy", "|u1", "(28, 28)", bytes(sum(square, [])))
shares = [.01, .02, .03, .04, .05, .06, .07, .02, .10, .60]
linear("digits.safetensors", 784, shares)
linear("fashion.safetensors", 784, shares)
linear("spirals.safetensors", 2, [.25, .75])
linear("letters.safetensors", 12, [(i % 100 + 1) / 15150 for i in range(300)])
linear("colours.safetensors", 12, [.5, .3, .2])
safetensors("line.safetensors", {"fc.bias": ([1], [0.5]), "fc.weight": ([1, 1], [0.0])})
for number, borders in enumerate(["", "x", "0.5 x", "-0.5 0.5", "0.9 0.1", "0 1.5"]):
    linear(f"borders{number}.safetensors", 12, [(i % 100 + 1) / 15150 for i in range(300)], borders=borders)
# Ink on paper again, for pages: the training data is dark on light. And pictures that need one thing each.
idx("pages-x", (2, 4, 4), ([255] * 5 + [0, 0, 255, 255, 0, 0] + [255] * 5) * 2)
idx("pages-y", (2,), b"\x00\x01")
linear("pages.safetensors", 16, [.25, .75])
pnm("light.pgm", b"P5", 4, 4, [10] * 5 + [240, 240, 10, 10, 240, 240] + [10] * 5)
pnm("low.pgm", b"P5", 4, 2, [255, 0, 255, 255, 255, 0, 255, 0])
pnm("tall.pgm", b"P5", 4, 8, [255] * 8 + [255, 0, 0, 255] * 4 + [255] * 8)
pnm("four.ppm", b"P6", 4, 4, [v for p in [255] * 5 + [0, 0, 255, 255, 0, 0] + [255] * 5 for v in (p, p, p)])
linear("many.safetensors", 2, [(i + 1) / 720600 for i in range(1200)])
# 300 classes of 4 × 3 pixels; 3 classes of 2 × 2 in colour.
letters = [[0, 85, 170, 255, 0, 85, 170, 255, 255, 170, 85, 0], [0] * 12]
idx("letters-x", (2, 3, 4), sum(letters, []))
idx("letters-y", (2,), b"\x07\x63")
idx("colours-x", (1, 3, 2, 2), [255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255])
idx("colours-y", (1,), b"\x00")
npy("last.npy", "|u1", "(2, 2, 3)", bytes([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255]))
npy("lasts.npy", "|u1", "(2, 2, 2, 3)", bytes([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255] * 2))
npy("first.npy", "|u1", "(3, 2, 2)", bytes([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255]))
EOF2
python3 make.py || exit 1
network() { # NAME DATA INPUTS CLASSES
    printf 'data  = %s\nmodel = Sequential(Flatten(), fc=Linear(%s, %s))\n' "$2" "$3" "$4" >"$1.net"
    expect 0 "compiling $1.net" "$NETC" "$1.net" || finish
}
network digits "Synthetic(kind='digits', count=200)" 784 10
network fashion "FashionMNIST()" 784 10
network spirals "Synthetic(kind='spirals')" 2 2
network letters "IDX(images='letters-x', labels='letters-y', test_images='letters-x', test_labels='letters-y', classes=300)" 12 300
network colours "IDX(images='colours-x', labels='colours-y', test_images='colours-x', test_labels='colours-y', classes=3)" 12 3
network pages "IDX(images='pages-x', labels='pages-y', test_images='pages-x', test_labels='pages-y', classes=2)" 16 2
network many "Synthetic(kind='spirals')" 2 1200
network line "Synthetic(kind='sine')
loss  = MSELoss()" 1 1

# terminal COLUMNS COMMAND…: runs it with a terminal of that width as standard output; what it printed goes to `out`.
cat >terminal.py <<'EOF2'
import fcntl, os, pty, struct, sys, termios
columns, command = int(sys.argv[1]), sys.argv[2:]
os.environ.pop("LC_CTYPE", None)  # Python's own, where LANG is C
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    os.execvp(command[0], command)
text = b""
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:  # the child has closed it
        break
    if not part:
        break
    text += part
_, status = os.waitpid(child, 0)
sys.stdout.buffer.write(text.replace(b"\r\n", b"\n"))
sys.exit(os.waitstatus_to_exitcode(status))
EOF2
terminal() { python3 terminal.py "$@" >"$out" 2>"$err"; }
# draws WHAT: `out` equals standard input, but for spaces at the ends of lines.
draws() {
    sed 's/ *$//' "$out" >shown
    if cat >wanted && cmp -s wanted shown; then
        printf 'ok      %s\n' "$1"
    else
        printf 'FAILED  %s\n' "$1"
        diff wanted shown | head -n 40
        failures=$((failures + 1))
    fi
}

# Where there are no colours, or no UTF-8, a drawing is ASCII.
fashion_drawing() {
    cat <<'EOF2'
dark.pgm: 56 × 42 cut to 42 × 42, resized to 28 × 28, not inverted: the training data, which would tell whether to, is not here
dark.pgm: Ankle boot   60.00 %

  ............................
  ............................
  ............................   T-shirt       1.00 %
  ...........=****=...........   Trouser       2.00 %
  ...........*%%%%*...........   Pullover      3.00 %  #
  ...........*%%%%*...........   Dress         4.00 %  #
  ...........*%%%%*...........   Coat          5.00 %  #
  ...........*%%%%*...........   Sandal        6.00 %  #
  ...........*%%%%*...........   Shirt         7.00 %  ##
  ...........*%%%%*...........   Sneaker       2.00 %
  ...........=****=...........   Bag          10.00 %  ##
  ............................   Ankle boot   60.00 %  ###############
  ............................
  ............................

EOF2
}
TERM=dumb terminal 80 ./fashion predict dark.pgm
fashion_drawing | draws "TERM=dumb: shades in ASCII, names lined up"
NO_COLOR=1 TERM=xterm-256color terminal 80 ./fashion predict dark.pgm
fashion_drawing | draws "NO_COLOR: the same"
LANG=C TERM=xterm-256color terminal 80 ./fashion predict dark.pgm
fashion_drawing | draws "LANG=C: the same"
TERM=vt100 terminal 80 ./fashion predict dark.pgm
fashion_drawing | draws "TERM=vt100: the same"
TERM=dumb terminal 54 ./fashion predict dark.pgm
sed -i 1d "$out"
draws "a narrow terminal: a smaller picture" <<'EOF2'
dark.pgm: Ankle boot   60.00 %

  .................   T-shirt       1.00 %
  .................   Trouser       2.00 %
  ......:#%#:......   Pullover      3.00 %
  ......:%%%:......   Dress         4.00 %
  ......:%%%:......   Coat          5.00 %
  ......:%%%:......   Sandal        6.00 %  #
  ......:===:......   Shirt         7.00 %  #
  .................   Sneaker       2.00 %
  .................   Bag          10.00 %  #
                      Ankle boot   60.00 %  ######

EOF2
TERM=dumb terminal 44 ./fashion predict dark.pgm
sed -i 1d "$out"
draws "still narrower: the chart is under it" <<'EOF2'
dark.pgm: Ankle boot   60.00 %

  ............................
  ............................
  ............................
  ...........=****=...........
  ...........*%%%%*...........
  ...........*%%%%*...........
  ...........*%%%%*...........
  ...........*%%%%*...........
  ...........*%%%%*...........
  ...........*%%%%*...........
  ...........=****=...........
  ............................
  ............................
  ............................
  T-shirt       1.00 %
  Trouser       2.00 %
  Pullover      3.00 %  #
  Dress         4.00 %  #
  Coat          5.00 %  #
  Sandal        6.00 %  #
  Shirt         7.00 %  #
  Sneaker       2.00 %
  Bag          10.00 %  ##
  Ankle boot   60.00 %  ############

EOF2
TERM=dumb terminal 60 ./letters predict test:0 test:1
draws "a small picture as it is; of 300 classes the first ten, and the truth" <<'EOF2'
test:0 (a 7): 99    0.66 %

         99     0.66 %
         199    0.66 %
         299    0.66 %
         98     0.65 %
         198    0.65 %
   -*@   298    0.65 %
  @*-    97     0.65 %
         197    0.65 %
         297    0.65 %
         96     0.64 %
         7      0.05 %  the truth
         ... and 289 more

test:1 (a 99): 99    0.66 %

         99     0.66 %
         199    0.66 %
         299    0.66 %
         98     0.65 %
         198    0.65 %
         298    0.65 %
         97     0.65 %
         197    0.65 %
         297    0.65 %
         96     0.64 %
         ... and 290 more

EOF2
TERM=dumb terminal 80 ./spirals predict test:1
draws "no picture: the chart alone" <<'EOF2'
test:1 (a 1): 1   75.00 %

  0   25.00 %  ##########
  1   75.00 %  ##############################

EOF2

# Colours: red over blue beside green over white.
chart() { # COLOUR OF THE FIRST BAR
    printf '       0   50.00 %%  \033[%sm██████████\033[0m\n' "$1"
}
TERM=xterm COLORTERM=truecolor terminal 40 ./colours predict test:0
{
    printf 'test:0 (a 0): 0   50.00 %%\n\n'
    chart 32
    printf '  \033[38;2;255;0;0m\033[48;2;0;0;255m▀\033[38;2;0;255;0m\033[48;2;255;255;255m▀\033[0m   1   30.00 %%  \033[36m██████\033[0m\n'
    printf '       2   20.00 %%  \033[36m████\033[0m\n\n'
} | draws "half blocks in 24 bits"
TERM=xterm-256color terminal 40 ./colours predict first.npy
{
    printf 'first.npy: 0   50.00 %%\n\n'
    chart 36
    printf '  \033[38;5;196m\033[48;5;21m▀\033[38;5;46m\033[48;5;231m▀\033[0m   1   30.00 %%  \033[36m██████\033[0m\n'
    printf '       2   20.00 %%  \033[36m████\033[0m\n\n'
} | draws "and in 256 colours"
grep -v last "$out" | sed 's/first/last/' >first
TERM=xterm-256color terminal 40 ./colours predict last.npy
says "$out" "channels that come last are put first, which is said" "^last.npy: its channels, which come last, were put first$"
sed -i 1d "$out"
draws "the picture is the same" <first
TERM=xterm-256color terminal 40 ./colours predict lasts.npy
says "$out" "in a batch, too" '^lasts.npy\[1\]: 0   50.00 %'
says "$out" "to the same picture" "$(sed -n 4p first | sed 's/[][]/\\&/g')"

# No terminal, or JSON: no drawing.
expect 0 "predict into a file" env TERM=xterm-256color ./colours predict test:0
printf 'test:0 (a 0): 0   50.00 %%\n    1   30.00 %%\n    2   20.00 %%\n' >plain
holds "is plain lines" cmp -s plain "$out"
TERM=xterm-256color terminal 80 ./colours predict test:0 --json
holds "JSON on a terminal is JSON" test "$(wc -l <"$out")" -eq 1
says "$out" "with all of it" '^\{"input":"test:0","class":0,"target":0,"probabilities":\[0\.5'
TERM=xterm-256color terminal 80 ./line predict test:0
holds "numbers have no chart" test "$(wc -l <"$out")" -eq 1
says "$out" "they are printed" '^test:0: 0\.5$'

# --png: the same drawing in a file. `look` gives the colours that a PNG has, and how many pixels of each.
cat >look.py <<'EOF2'
import collections, struct, sys, zlib
data = open(sys.argv[1], "rb").read()
assert data[:8] == b"\x89PNG\r\n\x1a\n"
at, chunks = 8, {}
while at < len(data):
    length, kind = struct.unpack(">I4s", data[at:at + 8])
    body = data[at + 8:at + 8 + length]
    assert struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0] == zlib.crc32(kind + body), "a wrong checksum"
    chunks[kind], at = body, at + 12 + length
assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
width, height, *kind = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
assert kind == [8, 2, 0, 0, 0]
rows = zlib.decompress(chunks[b"IDAT"])
assert len(rows) == height * (1 + 3 * width)
count = collections.Counter(rows[y * (1 + 3 * width) + 1 + 3 * x:][:3].hex() for y in range(height) for x in range(width))
for colour, n in sorted(count.items()):
    print(colour, n)
EOF2
expect 0 "predict --png" ./colours predict test:0 --png drawing.png
holds "prints what it always prints" cmp -s plain "$out"
says "$err" "says what it wrote" "^saved drawing.png$"
expect 0 "the file is a whole PNG" python3 look.py drawing.png
for colour in ff0000 00ff00 0000ff; do
    says "$out" "with a pixel of the picture in $colour, enlarged 126 times" "^$colour 15876$"
done
says "$out" "with a bar of half the length for the right class" "^2ca02c 2000$"
says "$out" "and blue ones for the others" "^1f77b4 2000$"
says "$out" "and letters" "^282828 [0-9]{3,}$"
expect 0 "--png of a wrong one" ./letters predict test:1 --png wrong.png --json
expect 0 "is a PNG, too" python3 look.py wrong.png
expect 0 "--png of a vector" ./spirals predict test:1 --png vector.png
expect 0 "is a PNG, too" python3 look.py vector.png
expect 2 "--png of two inputs" ./colours predict test:0 test:0 --png two.png
expect 1 "--png of a file of two" ./colours predict lasts.npy --png two.png
says "$err" "is refused" "--png draws one sample, but lasts.npy has 2"
expect 1 "--png of numbers" ./line predict test:0 --png two.png
says "$err" "is refused" "gives none"
expect 1 "--png into a folder that is not there" ./colours predict test:0 --png no/two.png
says "$err" "is named" "no/two.png"
holds "nothing is left of them" bash -c '! ls two.png* 2>/dev/null'

# Pictures of any size, kind and way round. The digits are light on dark.
for picture in paper.png paper_rgb.png paper.ppm; do
    TERM=dumb terminal 80 ./digits predict paper.pgm
    sed 1d "$out" | sed "s/paper.pgm/$picture/" >paper
    TERM=dumb terminal 80 ./digits predict $picture
    says "$out" "$picture is made to fit, which is said" "^$picture: 56 × 42 cut to 42 × 42, resized to 28 × 28,( made grey,)? inverted \(dark on light\)$"
    sed -i 1d "$out"
    draws "and looks as paper.pgm does" <paper
done
TERM=dumb terminal 80 ./digits predict dark.pgm
says "$out" "light on dark is not inverted" "^dark.pgm: 56 × 42 cut to 42 × 42, resized to 28 × 28$"
sed -i 1d "$out"
sed 's/paper.ppm/dark.pgm/' paper >dark
draws "and looks the same" <dark
expect 0 "a wide picture without empty strips" ./digits predict wide.pgm
says "$err" "is padded, which is said" "^wide.pgm: 8 × 2 resized to 28 × 7 and padded to 28 × 28, inverted \(dark on light\)$"
expect 0 "a grey picture for a network of colours" ./colours predict wide.pgm
says "$err" "is made colour" "^wide.pgm: 8 × 2 resized to 2 × 1 and padded to 2 × 2, made colour"
TERM=dumb terminal 80 ./digits predict paper_alpha.png
says "$out" "what is transparent is white" "^ {33}0    1.00 %"
TERM=dumb terminal 80 ./digits predict square.pgm
cp "$out" square
TERM=dumb terminal 80 ./digits predict square.npy
sed -i s/npy/pgm/ "$out"
draws "(28, 28) is taken for (1, 28, 28)" <square
lacks "$out" "and nothing is done to it" "resized|inverted"
# What train saves tells which way round pictures are, without the training data.
expect 0 "training" ./letters train --steps 1 --save trained.safetensors
mkdir away
mv letters-x letters-y away
expect 0 "predicting without the data" ./letters predict paper.pgm --load trained.safetensors
says "$err" "it is known that it was light on dark" "^paper.pgm: .*, inverted \(dark on light\)$"
expect 0 "predicting with weights that say nothing" ./letters predict paper.pgm
says "$err" "that is said" "not inverted: the training data, which would tell whether to, is not here$"
for number in 0 1 2 3 4 5; do
    expect 0 "weights that say nonsense of it ($number)" ./letters predict paper.pgm --load borders$number.safetensors
    says "$err" "are not believed" "not inverted: the training data, which would tell whether to, is not here$"
done
mv away/* .
expect 0 "several pictures at once" ./letters predict paper.pgm dark.pgm
says "$err" "one is inverted" "^paper.pgm: .*, inverted \(dark on light\)$"
says "$err" "the other is not" "^dark.pgm: .* resized to 4 × 3$"
# What a picture does not need is not done, nor said.
expect 0 "a network of ink on paper" ./pages predict light.pgm
says "$err" "has what is not so inverted" "^light.pgm: 4 × 4, inverted \(light on dark\)$"
expect 0 "a low one" ./pages predict low.pgm
says "$err" "is padded alone" "^low.pgm: 4 × 2 padded to 4 × 4$"
expect 0 "a tall one" ./pages predict tall.pgm
says "$err" "is cut alone" "^tall.pgm: 4 × 8 cut to 4 × 4$"
expect 0 "one in grey colours" ./pages predict four.ppm
says "$err" "is made grey alone" "^four.ppm: 4 × 4, made grey$"
expect 0 "one that is as it should be" ./pages predict pages-x
holds "is taken as it is" test ! -s "$err"
# Arrays that are gzipped.
gzip -k square.npy letters-x
cp square.npy.gz square
expect 0 "a gzipped .npy" ./digits predict square.npy.gz --json
cp "$out" zipped
expect 0 "is the .npy" ./digits predict square.npy --json
holds "to the last digit" cmp zipped <(sed 's/square.npy/square.npy.gz/' "$out")
expect 0 "a gzipped IDX file" ./letters predict letters-x.gz
says "$out" "has its samples" '^letters-x.gz\[1\]: 99 '
expect 1 "a gzipped .npy by another name" ./digits predict square
says "$err" "is taken for IDX" "^digits: square: "
# More classes than are worth a list.
expect 0 "1,200 classes" ./many predict test:0
says "$out" "the best of them" '^test:0 \(a [01]\): 1199    0.17 %$'
expect 1 "a cut PNG" ./digits predict cut.png
says "$err" "is refused in a line" "^digits: cut.png: truncated"
expect 1 "a picture for a network of numbers" ./spirals predict paper.png
says "$err" "is refused with the shape" "paper.png is a picture, but the program's input is none: its shape is \(2,\)"
expect 1 "an array of another size" ./letters predict square.npy
says "$err" "is refused with both shapes" "\(28, 28\).*\(3, 4\)"
printf 'GIF89a' >x.gif
expect 1 "a GIF" ./digits predict x.gif
says "$err" "is refused with what works" "PNG, PGM, PPM, .npy"
finish
