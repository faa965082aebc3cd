#!/usr/bin/env bash
# Results are bitwise the same for every number of threads, in every batch size and type. Every step is shared, however short.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
unset NETC_DATA
export NETC_SHARE=always
write_small
expect 0 "compiling" "$NETC" small.net || finish
# Where there is no room for so many threads, those that there is room for do the work.
expect 0 "1,024 threads" in_memory 400000 ./small train --steps 5 --threads 1024 --save many.safetensors
expect 0 "and one" ./small train --steps 5 --threads 1 --save one.safetensors
holds "give the same" cmp many.safetensors one.safetensors
cat >deep.net <<'EOF'
data      = Synthetic(kind='digits', count=700, seed=1)
model     = Sequential(Flatten(), fc1=Linear(784, 300), a=Tanh(), drop=Dropout(0.2), fc2=Linear(300, 129), b=GELU(), fc3=Linear(129, 10))
optimizer = Adam(lr=0.001)
EOF
cat >parts.net <<'EOF'
data      = Synthetic(kind='digits', count=700, seed=1)
model     = Sequential(Flatten(), fc1=Linear(784, 130), a=Tanh(), drop=Dropout(0.2), fc2=Linear(130, 10))
optimizer = SGD(lr=0.1, momentum=0.9)
train     = Trainer(accumulate=3, clip_grad_norm=0.5, clip_grad_value=0.01)
EOF
for dtype in f32 f64; do
    for net in small deep parts; do
        expect 0 "compiling $net.net in $dtype" "$NETC" $net.net -o $net.$dtype --dtype=$dtype || continue
        for batch in 1 16 65 256; do
            for threads in 1 2 3 8; do
                ./$net.$dtype train --steps 7 --batch-size $batch --threads $threads --save $threads.safetensors >"$out" 2>"$err" ||
                    { failures=$((failures + 1)); cat "$err"; }
                holds "$net.$dtype, batch $batch: 1 and $threads threads" cmp 1.safetensors $threads.safetensors
            done
            rm -f ./*.safetensors
        done
    done
done
finish
