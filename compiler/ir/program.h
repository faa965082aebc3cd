// What elaboration hands to the later stages: variables, data, trainer, and one graph for each entry point.
#pragma once

#include "ir/graph.h"

typedef enum VarKind {
    VAR_PARAM,    // learned
    VAR_BUFFER,   // saved, not learned
    VAR_STATE,    // of the optimiser, belongs to a parameter
    VAR_GRADIENT, // written by `gradients`, read by `apply`
} VarKind;

typedef struct Variable {
    VarKind kind;
    const char *name;           // PyTorch's state_dict name: "fc1.weight"; of a state "velocity"
    const char *const *aliases; // further names of the same parameter (a layer used twice, ties)
    size_t alias_count;
    DType dtype;
    Shape shape; // constants only
    bool frozen;
    uint32_t param; // VAR_STATE, VAR_GRADIENT: index of the parameter
    Span span;
} Variable;

// One input of the entries: what the data set, or --input, gives for a batch.
typedef struct InputSpec {
    const char *name; // "input", "target"
    DType dtype;      // as stored: U8 for bytes of images (converted in the graph), I64, F32/F64
    Shape shape;      // with the batch as dimension 0
    bool target;
} InputSpec;

typedef enum EntryKind {
    ENTRY_INIT,       // draws and assigns every parameter, buffer and state
    ENTRY_TRAIN_STEP, // forward, backward, update; METRIC loss (mean over the batch), correct
    ENTRY_GRADIENTS,  // forward, backward; METRIC loss; ASSIGN to each VAR_GRADIENT, and to buffers
    ENTRY_APPLY,      // update from VAR_GRADIENT
    ENTRY_EVALUATE,   // training = False: METRIC loss, correct; RESULT predicted (I64) for class targets
    ENTRY_PREDICT,    // training = False: RESULT output (what the model returns), probabilities (if the loss says how)
    ENTRY_LOSS,       // training = True, loss only: for gradcheck's finite differences
    ENTRY_CALCULATE,  // of a file without a model: a RESULT for each tensor that it prints, in the order of the text
    ENTRY_COUNT
} EntryKind;

// Elaboration builds one graph for everything, in which an entry is a set of outputs; simplify() then cuts out what each
// needs, so that afterwards every entry has a graph of its own.
typedef struct Entry {
    bool present;
    Graph *graph;
    Output *outputs;
    size_t output_count;
} Entry;

// The data set's description, from `dataset(...)` in the prelude: strings and numbers the runtime understands.
typedef struct DataSpec {
    bool present;
    const char *format;        // "idx", "npy", "synthetic"
    const char *name;          // shown to the user: "MNIST"
    const char *kind;          // synthetic: "digits", …
    const char *folder;        // sub-folder looked for under --data, besides --data itself
    const char *fetch;         // what an error says when files are missing: "'./setup data' fetches it"
    const char *const *not_in; // names of folders that hold another set's files of the same names, or "*"
    size_t not_in_count;
    const char *const *train_x, *const *test_x; // file names, one for each input of the model; NULL when there are none
    size_t x_count;
    const char *train_y, *test_y; // NULL when there are none
    const char *const *classes;   // names, NULL when there are none
    size_t class_count;           // 0: no classes
    int64_t count;                // synthetic
    int64_t seed;
    double validation; // fraction
    bool target_is_input;
    Span span;
} DataSpec;

typedef struct TrainSpec {
    int64_t epochs, batch_size;
    bool shuffle;
    int64_t seed;
    bool drop_last;
    int64_t accumulate;
    double clip_grad_norm, clip_grad_value; // 0: none
    int64_t patience;                       // 0: none
    int64_t validate_every;
} TrainSpec;

// A row of `summary`.
typedef struct LayerRow {
    const char *path; // "fc1"
    const char *type; // "Linear"
    Shape output;
    int64_t params; // elements owned by this layer itself
    int64_t flops;  // of the forward pass for one sample
    int depth;
} LayerRow;

// A piece of what a program without a model prints: a text, then perhaps a tensor.
typedef struct PrintPiece {
    const char *text;
    int32_t result;    // index of the RESULT among those of ENTRY_CALCULATE; −1: none
    bool number;       // as Python shows a number, not a tensor
    const char *check; // or the message of a check: when that fails, what stands before it is printed; else NULL
} PrintPiece;

typedef struct Program {
    Arena *arena;
    const char *name;   // the file's name without .net
    const char *source; // path of the .net file
    DType float_type;
    Variable *vars;
    size_t var_count;
    InputSpec *inputs;
    size_t input_count;
    DataSpec data;
    TrainSpec train;
    double lr; // the literal rate: default of SCALAR_LR
    bool class_target;
    LayerRow *layers;
    size_t layer_count;
    PrintPiece *prints; // of a program without a model
    size_t print_count;
    Entry entries[ENTRY_COUNT];
} Program;
