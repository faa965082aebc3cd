#!/usr/bin/env bash
# Calculators, programs without a model: what they print, and what they answer to a user.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

cat >calc.net <<'END'
x = torch.randn(2, 2)
z = mean(x ** 2)
print(x, z, grad(z, x))
print(grad_fn(z))
END
expect 0 "a calculator compiles" "$NETC" calc.net -o calc
expect 0 "and runs" ./calc
cp "$out" reference
says "$out" "with PyTorch's draws" "^tensor\(\[\[ 1\.5410, -0\.2934\],$"
says "$out" "and derivatives as formulas" "dz/dx = 0\.5 \* x$"
holds "an error stream without a word" test ! -s "$err"
expect 0 "--run does the same" "$NETC" calc.net --run
holds "to the letter" cmp reference "$out"
expect 0 "-O0 too" "$NETC" calc.net -O0 --run
holds "to the letter" cmp reference "$out"

expect 0 "--seed chooses the draws" ./calc --seed 3
lacks "$out" "which are others then" "1\.5410"
sed '1i torch.manual_seed(3)' calc.net >seeded.net
expect 0 "manual_seed does, too" "$NETC" seeded.net --run
cp "$out" seeded
./calc --seed=3 >by_option
holds "with the same draws" cmp seeded by_option

expect 0 "--help" ./calc --help
says "$out" "says that there is no model" "no model"
says "$out" "and what there is" "--seed S"
expect 0 "--version" ./calc --version
expect 2 "train is answered" ./calc train
says "$err" "by what is missing" "calc: calc.net has no model, so there is no command \"train\""
expect 2 "an option of train's is answered" ./calc --epochs 3
expect 2 "a misspelt option is answered" ./calc --sed 3
says "$err" "with a suggestion" "did you mean --seed"

expect 0 "--check sees a calculator" "$NETC" calc.net --check
says "$out" "and says so" "^a calculator: no model, 3 tensors to compute and print$"
for kind in graph grad kernels; do
    expect 0 "--emit=$kind" "$NETC" calc.net "--emit=$kind"
    says "$out" "shows what is computed" "calculat|result 2 = 0\.5 \* x"
done

echo 'x = check(rand(4) < 0, "too large", rand(4)); print(x)' >fails.net
expect 1 "a check that fails ends the program" "$NETC" fails.net --run
says "$err" "with its message" "too large"

printf 'model = Linear(3, 2)\n' >model.inc
printf 'input = Tensor(3)\nloss = MSELoss()\ninclude "model.inc"\nprint(input.shape)\n' >included.net
expect 0 "a model may come from an included file" "$NETC" included.net --check
says "$out" "and makes a network of it" "Linear"
says "$out" "that prints when it is compiled" "^\(3,\)$"

if grep -q 'CMAKE_BUILD_TYPE:STRING=Release' "$BUILD/CMakeCache.txt"; then
    "$NETC" included.net -o network
    holds "a calculator is less than half of a network's program" test "$(stat -c %s calc)" -lt $(($(stat -c %s network) / 2))
fi
finish
