// What the command line asks for. docs: `netc --help`.
#pragma once

#include "elaborate/elaborate.h"
#include "schedule/target.h"

typedef enum ExitStatus { STATUS_DONE = 0, STATUS_INPUT = 1, STATUS_USAGE = 2 } ExitStatus; // 70: netc_bug

// What comes out, in the order of the stages that make it.
typedef enum Emit {
    EMIT_PROGRAM, // an executable
    EMIT_AST,
    EMIT_CHECK, // the model summary
    EMIT_GRAPH,
    EMIT_GRAD,
    EMIT_KERNELS,
    EMIT_LLVM,
    EMIT_ASM,
    EMIT_OBJECT,
} Emit;

typedef struct Options {
    const char *input;
    const char *output; // NULL with --run and --check; "-": standard output
    Emit emit;
    bool run;
    bool list;
    bool markdown; // of list: as a table
    bool format;   // rewrite `files` in canonical form,
    bool diff;     // or show what that would change
    bool optimize;
    bool time;
    DType float_type;
    char **run_arguments;  // NULL-terminated
    const char *list_kind; // NULL: everything
    const char *explain;   // the expression, or NULL
    char **files;
    size_t file_count;
    const Target *target;
    const Define *defines;
    size_t define_count;
    DiagOptions diagnostics;
} Options;

typedef enum OptionsOutcome {
    OPTIONS_COMPILE,
    OPTIONS_ANSWERED, // --help, --version: said on standard output
    OPTIONS_WRONG,    // said on standard error
} OptionsOutcome;

OptionsOutcome options_parse(Arena *perm, int argc, char **argv, Options *options);

// The file's own name without folders and ".net", or NULL where nothing is left or there is no such ending.
const char *options_base_name(Arena *perm, const char *path);

extern const char netc_version_text[]; // "netc 0.1.0"
