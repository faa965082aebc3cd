// From a plan to LLVM IR, assembly or an object file. The only stage that includes LLVM's headers.
#pragma once

#include "schedule/plan.h"

typedef enum CodegenKind { CODEGEN_LLVM, CODEGEN_ASM, CODEGEN_OBJECT } CodegenKind;

typedef struct CodegenOptions {
    bool optimize;                                 // -O3, else -O0
    const char *compiler;                          // "netc 0.1.0", for the descriptor
    void (*lap)(void *context, const char *stage); // called when a part of the work is done; may be NULL
    void *lap_context;
} CodegenOptions;

typedef struct CodegenResult {
    char *bytes; // malloc'ed; free() it
    size_t length;
    size_t kernels, distinct; // of the plan, and those of them that differ
} CodegenResult;

// Equal kernels are emitted once. Everything has internal linkage but `netrt_program`. A failure of LLVM's is a BUG.
void codegen(const Plan *plan, CodegenKind kind, const CodegenOptions *options, CodegenResult *result);
