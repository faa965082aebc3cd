// What a compiled program and the runtime say to each other: the only header that both sides share.
//
// The generated object exports one constant, `netrt_program`: tables of variables, inputs, and for each entry point the steps
// that compute it. The runtime owns data sets, shuffling, threads, checkpoints, the command line and everything shown to a
// person; it walks a step table by calling kernels on pointers. Nothing here depends on a model.
//
// The compiler writes these structures as LLVM constants, field by field, in compiler/codegen/descriptor.c: change both.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NETRT_ABI 3
#define NETRT_MAX_RANK 8
#define NETRT_BLOCK 16 // batch-dependent buffers grow in blocks of so many samples
#define NETRT_ALIGN 64 // bytes; every buffer's alignment

enum { NETRT_BOOL, NETRT_U8, NETRT_I64, NETRT_F32, NETRT_F64 }; // = DType of the compiler

// Run-time scalars, by index (= ScalarKind of the compiler).
enum { NETRT_N, NETRT_STEP, NETRT_STEPS, NETRT_EPOCH, NETRT_EPOCHS, NETRT_LR, NETRT_SEED, NETRT_SCALARS };

typedef union NetrtScalar {
    int64_t i;
    double f; // NETRT_LR only
} NetrtScalar;

// What a kernel sees besides its buffers. One for each thread and call.
typedef struct NetrtCall {
    int64_t N;                  // samples in the batch
    const NetrtScalar *scalars; // [NETRT_SCALARS]
    void *scratch;              // this thread's own NetrtProgram.scratch_bytes, aligned
    int32_t *failed;            // a failed check stores 1 + the index of its message (plain store; any one wins)
} NetrtCall;

// Computes tiles first ≤ t < last of the step's grid. Tiles of one step may run in any order on any thread.
typedef void NetrtKernel(char *const *buffers, const NetrtCall *call, int64_t first, int64_t last);

enum {
    NETRT_SPACE_VARS, // the block of variables
    NETRT_SPACE_WORKSPACE,
    NETRT_SPACE_INPUT, // + index: rows of input `index` as the data set holds them (row-major, one row a sample)
    NETRT_SPACE_INDEX, // int32_t[N]: which row of the inputs is sample i of the batch
    NETRT_SPACE_CONST, // read-only data in the object
};

// Where a buffer is: base of the space + fixed + per_block × ⌈N / NETRT_BLOCK⌉ bytes.
typedef struct NetrtRef {
    int32_t space;
    int32_t index; // of the input
    int64_t fixed;
    int64_t per_block;
    const void *data; // NETRT_SPACE_CONST
} NetrtRef;

// ⌈(fixed + per_sample × N) / block⌉
typedef struct NetrtExtent {
    int64_t fixed, per_sample, block;
} NetrtExtent;

enum {
    NETRT_STEP_KERNEL,
    NETRT_STEP_DRAW_UNIFORM,
    NETRT_STEP_DRAW_NORMAL,
    NETRT_STEP_DRAW_ORTHOGONAL,
    NETRT_STEP_DRAW_INTEGERS,
    NETRT_STEP_SEED, // PyTorch's generator starts anew
};

typedef struct NetrtWrite { // floats that a step writes
    uint32_t buffer;        // which of its buffers
    int32_t dtype;
    int64_t count, per_sample; // elements: count + per_sample × N
} NetrtWrite;

typedef struct NetrtStep {
    int32_t kind;
    uint32_t buffer_count;
    NetrtKernel *kernel;     // NETRT_STEP_KERNEL
    const NetrtRef *buffers; // a draw fills buffers[0]: `count` contiguous f32 (integers: i64), in PyTorch's way
    NetrtExtent grid[3];     // tiles = the product of the three; unused ones are 1
    int64_t least_samples;   // batches that the kernel is for: with others there are no tiles
    int64_t most_samples;    // 0: no limit
    int64_t count;           // of a draw
    double a, b;             // of a draw: uniform and integers [a, b); normal(mean a, std b); a orthogonal rows; seed a
    double flops, flops_per_sample, bytes, bytes_per_sample;
    const char *name;  // "fc1 forward": for profiles
    const char *lines; // "mnist.net:3": the .net lines it came from
    const NetrtWrite *writes;
    int64_t write_count;
} NetrtStep;

typedef struct NetrtOutput { // a metric (rank 0) or a result of an entry, to be read after it ran
    const char *name;        // "loss", "correct", "output", "probabilities", "predicted"
    int32_t dtype;
    int32_t rank;
    int64_t shape[NETRT_MAX_RANK]; // row-major, contiguous
    int32_t batch_axis;            // shape[batch_axis] counts multiples of N; −1 when none does. It is 0 or −1.
    NetrtRef ref;
} NetrtOutput;

// The order is that of EntryKind in the compiler.
enum {
    NETRT_INIT,
    NETRT_TRAIN_STEP,
    NETRT_GRADIENTS,
    NETRT_APPLY,
    NETRT_EVALUATE,
    NETRT_PREDICT,
    NETRT_LOSS,
    NETRT_CALCULATE,
    NETRT_ENTRIES
};

typedef struct NetrtEntry {
    const NetrtStep *steps; // NULL: the program has no such entry
    int64_t step_count;
    int64_t workspace_fixed, workspace_per_block; // bytes: fixed + per_block × ⌈N / NETRT_BLOCK⌉
    const NetrtOutput *metrics;
    int64_t metric_count;
    const NetrtOutput *results;
    int64_t result_count;
} NetrtEntry;

enum { NETRT_PARAM, NETRT_BUFFER, NETRT_STATE, NETRT_GRADIENT }; // = VarKind of the compiler

typedef struct NetrtVar {
    const char *name;           // of a state: "fc1.weight/velocity"; of a gradient: the parameter's name
    const char *const *aliases; // NULL-terminated, or NULL
    int32_t kind;
    int32_t dtype;
    int32_t rank;
    int32_t frozen;
    int64_t shape[NETRT_MAX_RANK];  // as PyTorch shows it
    int64_t stride[NETRT_MAX_RANK]; // as it lies in memory, in elements: the compiler chooses the layout
    int64_t offset;                 // bytes into the block of variables
    int64_t param;                  // NETRT_STATE, NETRT_GRADIENT: index of the parameter's NetrtVar
} NetrtVar;

typedef struct NetrtInput {
    const char *name; // "input", "target"
    int32_t dtype;    // as rows are stored: NETRT_U8 for images, NETRT_I64 for classes, the program's float
    int32_t target;   // bool
    int32_t rank;     // of one sample, without the batch
    int64_t shape[NETRT_MAX_RANK];
} NetrtInput;

typedef struct NetrtData {
    const char *format;        // "idx", "npy", "synthetic"; NULL: the program has no data set
    const char *name;          // "MNIST"
    const char *kind;          // synthetic: "digits", "blobs", "spirals", "sine"
    const char *folder;        // sub-folder looked for under --data besides --data itself; may be NULL
    const char *fetch;         // "'./setup data' fetches it": what an error says when it is missing; may be NULL
    const char *const *not_in; // NULL-terminated: folders of other sets with files of these names, or "*"
    const char *const *train_x, *const *test_x; // file names without .gz, x_count of them; test ones may be NULL
    int64_t x_count;                            // inputs of the model that have files
    const char *train_y, *test_y;               // may be NULL
    const char *const *classes;                 // class_count names, or NULL
    int64_t class_count;                        // 0: no classes
    int64_t count;                              // synthetic
    int64_t seed;
    double validation; // fraction of the training samples
    int32_t target_is_input;
    int32_t channels;         // length of mean and std
    const double *mean, *std; // normalisation done inside the kernels; for showing pictures only
} NetrtData;

typedef struct NetrtTrain {
    int64_t epochs, batch_size;
    int64_t shuffle, seed, drop_last, accumulate;
    double clip_grad_norm, clip_grad_value; // 0: none
    int64_t patience, validate_every;       // patience 0: none
    double lr;                              // the literal rate
} NetrtTrain;

typedef struct NetrtLayer { // a row of `summary`
    const char *path, *type;
    int64_t depth;
    int32_t rank, batch_axis;
    int64_t shape[NETRT_MAX_RANK]; // shape[batch_axis] counts multiples of N
    int64_t params, flops;         // flops of the forward pass of one sample
} NetrtLayer;

typedef struct NetrtPrint { // a piece of what a calculator (a program without a model) prints
    const char *text;       // first this,
    int32_t result;         // then this one of NETRT_CALCULATE's results; −1: none
    int32_t number;         // bool: as Python shows a number, not a tensor
    const char *check;      // or a check's message: when it fails, only what stands before it is printed; NULL: none
} NetrtPrint;

// What main() does with its arguments. Returns the exit status.
struct NetrtProgram;
typedef int NetrtMain(const struct NetrtProgram *program, int argc, char **argv);

enum { NETRT_ISA_BASE, NETRT_ISA_AVX2, NETRT_ISA_AVX512 }; // x86-64, x86-64-v3, x86-64-v4

typedef struct NetrtProgram {
    int32_t abi;          // NETRT_ABI
    int32_t isa;          // what the kernels need
    int32_t float_type;   // NETRT_F32 or NETRT_F64
    int32_t class_target; // bool: targets are classes, accuracy means something
    NetrtMain *main;      // netrt_run, or netrt_calculate of a calculator
    const char *name;     // "mnist"
    const char *source;   // "mnist.net"
    const char *compiler; // "netc 0.1.0"
    const NetrtVar *vars;
    int64_t var_count;
    int64_t vars_bytes;    // size of the block of variables
    int64_t scratch_bytes; // per thread
    const NetrtInput *inputs;
    int64_t input_count;
    const char *const *messages; // of checks
    int64_t message_count;
    const NetrtLayer *layers;
    int64_t layer_count;
    const NetrtPrint *prints; // of a calculator
    int64_t print_count;
    NetrtData data;
    NetrtTrain train;
    NetrtEntry entries[NETRT_ENTRIES];
} NetrtProgram;

extern const NetrtProgram netrt_program;
