#!/usr/bin/env bash
# `profile`: what it shows of a training step and of a prediction, whether its numbers agree with each other, what it refuses.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
unset NETC_DATA
write_small
expect 0 "compiling" "$NETC" small.net || finish

# agrees WHAT STATEMENTS: `kernels` and `total`, the objects on standard output, fulfil these assertions.
agrees() {
    expect 0 "$1" python3 -c 'import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
kernels, total = rows[:-1], rows[-1]
exec(sys.argv[2])' json.txt "$2"
}

expect 1 "before training" ./small profile
says "$err" "it says what to run" "small.safetensors is not here: run ./small train first"
expect 0 "training" ./small train --epochs 1
before=$(cksum small.safetensors)

# For people.
expect 0 "profile" ./small profile --steps 20
cp "$out" table.txt
says table.txt "says what it measured" "^a training step of small\.net: 64 samples in a batch, [0-9]+ threads?, medians of 20 steps$"
says table.txt "has the columns" "^ *# +kernel +lines +µs +% +GFLOP/s +GB/s +% of peak( +threads)?$"
says table.txt "names a layer and its line" "^ *[0-9]+ +fc1 +[0-9,]*3 +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+ +[0-9.]+( +[0-9]+)?$"
says table.txt "and both lines of an update" "^ *[0-9]+ +update fc1\.weight +[0-9,]*3,5 "
for row in "all kernels" "all else" "the step"; do says table.txt "sums up: $row" "^ +$row +[0-9.]+ +[0-9.]+"; done
says table.txt "tells the machine's peak" "peak, measured just now: [0-9.]+ GFLOP/s \((FMA|multiply and add) in float32 with (AVX-512|AVX2|SSE2),"
says table.txt "and what the clock cost" "^Reading the clock, [0-9]+ ns a kernel, is taken off\.$"
expect 0 "shares add up to 100 %, rows are numbered, no line is longer than 100 columns" python3 - <<'END'
lines = open("table.txt").read().split("\n")
assert max(len(line) for line in lines if "peak, measured" not in line) <= 100
rows = [line.split() for line in lines if line[:4].strip().isdigit()]
assert [int(row[0]) for row in rows] == list(range(1, len(rows) + 1)) and len(rows) > 5
kernels, rest = ([line.split() for line in lines if what in line][0][3] for what in ("all kernels", "all else"))
assert abs(float(kernels) + float(rest) - 100) < 0.2
END
expect 0 "profile --inference" ./small profile --inference --steps 20
says "$out" "is about a prediction" "^a prediction of small\.net: 64 samples in a batch"
lacks "$out" "which updates nothing" "update"
holds "the saved file is as it was" test "$(cksum small.safetensors)" = "$before"

# For programs.
expect 0 "profile --json" ./small profile --steps 30 --threads 1 --json
cp "$out" json.txt
agrees "an object for each kernel, in order" 'assert [k["kernel"] for k in kernels] == list(range(1, len(kernels) + 1))
assert {k["entry"] for k in kernels} == {"train_step"} and all("small.net:" in k["lines"] for k in kernels if not k["name"].startswith("copy"))'
agrees "and one for the step" 'assert total["steps"] == 30 and total["threads"] == 1 and total["batch_size"] == 64
assert abs(total["samples_per_second"] - 64e6 / total["step_microseconds"]) < 1e-6 * total["samples_per_second"]'
agrees "one thread ran them" 'assert all(k["threads"] == 1 for k in kernels)'
agrees "shares add up" 'share = sum(k["share"] for k in kernels)
assert 0.5 < share < 1 + 1e-9, share
assert abs(sum(k["microseconds"] for k in kernels) - total["kernel_microseconds"]) < 1e-6 * total["kernel_microseconds"]'
agrees "rates are work by time" 'for k in kernels + [dict(total, microseconds=total["step_microseconds"])]:
    for work, rate in ("flops", "gflops"), ("bytes", "gigabytes_per_second"):
        assert abs(k[rate] * k["microseconds"] * 1e3 - k[work]) <= 1e-6 * k[work], k
    if total["peak_gflops"]: assert abs(k["peak_share"] - k["gflops"] / total["peak_gflops"]) < 1e-9'
agrees "the work of the products is right" 'flops = {k["name"]: k["flops"] for k in kernels}
assert 64 * 24 <= flops["fc1"] - 64 * 2 * 784 * 24 <= 4 * 64 * 24, flops
assert 64 * 2 * 784 * 24 < flops["update fc1.weight"] < 64 * 2 * 784 * 24 + 10 * 784 * 24
assert total["flops"] > 64 * 2 * (2 * 784 * 24 + 3 * 24 * 10)'
if [ "$(uname -m)" = x86_64 ]; then
    agrees "the peak is one of this machine's" 'assert 1 < total["peak_gflops"] < 1e5'
    agrees "which the products do not exceed" 'assert max(k["peak_share"] for k in kernels) < 2'
fi
expect 0 "--inference --json" ./small profile --inference --steps 5 --batch-size 1 --json
cp "$out" json.txt
agrees "of one sample" 'assert total["batch_size"] == 1 and {k["entry"] for k in kernels} == {"predict"}
assert total["flops"] >= 2 * (784 * 24 + 24 * 10)'
expect 0 "a batch larger than the data set" ./small profile --steps 2 --batch-size 5000 --json
cp "$out" json.txt
agrees "is the data set" 'assert total["batch_size"] == 1000'
expect 0 "one step" ./small profile --steps 1 --batch-size 1
expect 0 "three threads" ./small profile --steps 3 --threads 3
says "$out" "are said" ", 3 threads,"
says "$out" "and of each kernel how many" "% of peak +threads$"
expect 0 "all of them for all that can be shared" env NETC_SHARE=always ./small profile --steps 3 --threads 3 --json
cp "$out" json.txt
agrees "is said, too" 'assert {k["threads"] for k in kernels} == {1, 3} and total["threads"] == 3'

# Other programs: gradients apart from the update, f64, an older processor.
sed 's/batch_size=64/batch_size=64, accumulate=3, clip_grad_norm=1.0/' small.net >halves.net
expect 0 "gradients and update apart" "$NETC" halves.net --dtype=f64 -march=x86-64
expect 0 "training" ./halves train --steps 3
expect 0 "profile" ./halves profile --steps 3
says "$out" "says how many batches" ": 3 batches of 64 samples, "
says "$out" "says which arithmetic" "multiply and add in float64 with SSE2"
expect 0 "profile --json" ./halves profile --steps 3 --json
cp "$out" json.txt
agrees "shows both halves, one for three batches" 'assert [e for e in ("gradients", "apply") if any(k["entry"] == e for k in kernels)] == ["gradients", "apply"]
assert next(k["flops"] for k in kernels if k["name"] == "fc1") >= 3 * 64 * 2 * 784 * 24
assert abs(total["samples_per_second"] - 3 * 64e6 / total["step_microseconds"]) < 1e-6 * total["samples_per_second"]'

# Names that are long, or the same twice.
cat >long.net <<'END'
data  = Synthetic(kind='blobs', count=200)
model = Sequential(a_block_with_a_very_long_name=Sequential(another_one_inside_of_it=Linear(2, 9), again=Tanh()), out=Linear(9, 3))
END
expect 0 "long names" "$NETC" long.net
expect 0 "training" ./long train --steps 2
expect 0 "profile" ./long profile --steps 2
says "$out" "are cut in the middle" "^ *[0-9]+ +a_block_[a-z_.]*….*weight|^ *[0-9]+ +update a_[a-z_]*…[a-z_.]*weight "
expect 0 "lines stay short" test "$(grep -v peak, "$out" | wc -L)" -le 100

# Without data, without training, without a model.
printf 'input = Tensor(6)\nmodel = Sequential(Linear(6, 5), ReLU(), Linear(5, 4))\n' >bare.net
expect 0 "a network without data" "$NETC" bare.net
expect 0 "its initial parameters" ./bare init -o bare.safetensors
expect 0 "has a profile of predictions" ./bare profile --inference --steps 4
says "$out" "on rows of zeros" "^a prediction of bare\.net: 64 samples"
expect 1 "and none of training" ./bare profile
says "$err" "which it says" "bare\.net names no data set to train with: profile --inference needs none$"
sed "s/^data .*/data = MNIST()/" small.net >needs.net
expect 0 "a program for MNIST" "$NETC" needs.net
expect 1 "without the data" env HOME="$work" XDG_CACHE_HOME="$work/cache" ./needs profile --load small.safetensors
says "$err" "names the command that fetches it" "setup data"
expect 2 "a flag of train's" ./small profile --epochs 2
expect 2 "--steps 0" ./small profile --steps 0
expect 1 "more steps than can be kept" ./small profile --steps 999999999999
says "$err" "is answered" "try fewer --steps"
printf 'print(1 + 1)\n' >calc.net
expect 0 "a calculator" "$NETC" calc.net
expect 2 "has no profile" ./calc profile
says "$err" "and says why" "calc.net has no model, so there is no command \"profile\""
if grep -q 'CMAKE_BUILD_TYPE:STRING=Release' "$BUILD/CMakeCache.txt" && [ -z "${SANITIZE:-}" ]; then
    holds "a program has at most 400 KB" test "$(stat -c %s small)" -le 400000
fi
finish
