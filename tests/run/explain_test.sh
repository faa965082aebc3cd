#!/usr/bin/env bash
# netc --explain: every name of the library, calls, the user's own definitions, and what is no name.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"

expect 0 "everything that --list names is explained" python3 "$SOURCE/tests/run/explain_all.py" "$NETC"
cat "$out"
expect 0 "a function" "$NETC" --explain gelu
says "$out" "its arguments" "^gelu\(x, approximate='none'\): a function$"
says "$out" "its documentation" "normal distribution function"
says "$out" "its formula" '^    y = 0\.5 \* x \* \(1 \+ erf\(0\.7071'
says "$out" "and its derivative" '^    dy/dx = .*exp\(.*erf\('
expect 0 "a function with arguments" "$NETC" --explain "gelu(approximate='tanh')"
says "$out" "is another formula" 'tanh\('
expect 0 "a layer" "$NETC" --explain 'Linear(4, 3)'
says "$out" "its parameters" '^    parameter weight \(3, 4\), at first kaiming_uniform'
says "$out" "what it computes" '^    y = x @ weight\.T \+ bias$'
says "$out" "the gradient of its input" '^    dL/dx = dL/dy @ weight$'
says "$out" "and of its parameters" '^    dL/dbias = sum\(dL/dy, dim=0\)$'
expect 0 "a layer that needs one of its optional arguments" "$NETC" --explain 'Upsample(scale_factor=2)'
says "$out" "with the shape that comes out" '^Upsample\(scale_factor=2\)\(x\)  with x: \(N, .*gives \(N, '
expect 0 "a loss" "$NETC" --explain MSELoss
says "$out" "its gradient" '^    dloss/doutput = '
expect 0 "an optimiser" "$NETC" --explain 'SGD(momentum=0.9)'
says "$out" "its state" "^    momentum_buffer' = 0\.9 \* momentum_buffer \+ g$"
says "$out" "and its step" "^    p' = p - lr \* momentum_buffer'$"
expect 0 "a schedule" "$NETC" --explain step_lr
says "$out" "as a formula" '^    step_lr\(epoch, step_size\) = 0\.1 \*\* \(epoch // step_size\)$'
expect 0 "an op" "$NETC" --explain floordiv
says "$out" "is one of the graph" '^floordiv: an op of the graph \(elementwise\)$'
expect 0 "one without operands" "$NETC" --explain iota
says "$out" "is a source" '^iota: an op of the graph \(source\)$'
expect 0 "a definition of the user's" "$NETC" "$SOURCE/examples/custom_layer.net" --explain Bottleneck
says "$out" "with its comment" '^x plus a scaled correction'
says "$out" "and its parameters" 'parameter down\.weight \(16, 4\)'
expect 0 "an optimiser of the user's" "$NETC" "$SOURCE/examples/custom_optimizer.net" --explain SignDescent
says "$out" "with its step" "^    p' = p - lr \* \(sign\(mean_gradient'\)"

expect 0 "the user's model" "$NETC" "$SOURCE/examples/mnist.net" --explain model
says "$out" "on the user's data" '^model\(x\)  with x: \(N, 1, 28, 28\)  gives \(N, 10\)$'
says "$out" "and the gradient of each parameter" '^    dL/dfc1\.weight = '
expect 0 "the user's optimiser" "$NETC" "$SOURCE/examples/mnist.net" --explain optimizer
says "$out" "with its schedule" "^    p' = p - lr \* .*cos\(.*epoch / epochs"
printf 'x = randn(2, 2)\ny = mean(x ** 2)\nprint(y)\n' >calculator.net
expect 0 "a tensor" "$NETC" calculator.net --explain y
says "$out" "and its derivative" 'dy/dx = 0\.5 \* x'
printf 'layer = Linear(3, 2)\nloss = mean(layer(ones(4, 3)))\nloss = loss * 2\nprint(loss)\n' >calculator.net
expect 0 "a name that a calculator binds again" "$NETC" calculator.net --explain loss
says "$out" "by the layer's parameters" 'dloss/dlayer\.bias = '
expect 0 "a calculator's layer" "$NETC" calculator.net --explain layer
says "$out" "like one of a network" '^    parameter layer\.weight \(2, 3\), at first kaiming_uniform'
holds "with each parameter once" test "$(grep -c '^    parameter' "$out")" = 2

printf 'def f(a, b, c, d, e) {\n    s = a.shape\n    for i in range(3000) { x = sin(zeros(2, 2)) }\n    assert(False)\n}\nprint(1)\n' >costly.net
expect 0 "a function whose trials fill the graph" "$NETC" costly.net --explain f
says "$out" "is named without an example" '^f\(a, b, c, d, e\): a function$'

expect 1 "a misspelt name" "$NETC" --explain Lineer
says "$err" "is answered by the right one" "did you mean 'Linear'\?"
expect 1 "half an expression" "$NETC" --explain '1 +'
expect 1 "two statements" "$NETC" --explain 'x = 1'
says "$err" "are no name" "takes a name or a call"
expect 1 "arguments that do not fit" "$NETC" --explain 'Linear(4, 3, colour=2)'
says "$err" "are named" "colour"
expect 1 "a file with errors" "$NETC" /dev/null/none.net --explain gelu
expect 2 "--explain without a name" "$NETC" --explain
expect 2 "--markdown alone" "$NETC" --markdown
finish
