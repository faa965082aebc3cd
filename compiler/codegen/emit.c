// LLVM's own part: the target machine, the passes, and the module as text, assembly or object code.
#include "codegen/gen.h"

#include <llvm-c/Analysis.h>
#include <llvm-c/Error.h>
#include <llvm-c/Support.h>
#include <llvm-c/Target.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <stdlib.h>
#include <string.h>

// What gen_kernel leaves to do: registers out of memory, equal addresses shared, sums out of loops, dead code. The loops are
// already as they should be, so that the rest of -O3, most of it about calls and loops, would cost time and find nothing.
static const char *const passes = "function(sroa,early-cse<memssa>,instcombine<no-verify-fixpoint>,"
                                  "loop-mssa(licm<allowspeculation>),gvn,instcombine<no-verify-fixpoint>,simplifycfg,adce)";

// Code for x86-64 alone; more would be rows of the target table with a triple.
static const char *const triple = "x86_64-unknown-linux-gnu";

// Loops' addresses are as they should be when they come: to reduce their strength finds nothing and takes a third of the time.
// There is no other way to leave that pass out; a second call changes nothing.
static void leave_out_strength_reduction(void) {
    static const char *const arguments[] = {"netc", "-disable-lsr"};
    LLVMParseCommandLineOptions(2, arguments, NULL);
}

void emit_open(Gen *g) {
    leave_out_strength_reduction();
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMTargetRef target;
    char *message = NULL;
    if (LLVMGetTargetFromTriple(triple, &target, &message)) BUG("LLVM has no target %s: %s", triple, message);
    LLVMCodeGenOptLevel level = g->optimize ? LLVMCodeGenLevelDefault : LLVMCodeGenLevelNone;
    g->machine =
        LLVMCreateTargetMachine(target, triple, g->target->cpu, g->target->features, level, LLVMRelocPIC, LLVMCodeModelDefault);
    if (!g->machine) BUG("LLVM made no machine for %s", g->target->cpu);
    g->layout = LLVMCreateTargetDataLayout(g->machine);
    LLVMSetTarget(g->module, triple);
    LLVMSetModuleDataLayout(g->module, g->layout);
}

static void verify(const Gen *g) {
    char *message = NULL;
    if (!LLVMVerifyModule(g->module, LLVMReturnStatusAction, &message)) {
        LLVMDisposeMessage(message);
        return;
    }
    for (LLVMValueRef f = LLVMGetFirstFunction(g->module); f; f = LLVMGetNextFunction(f)) {
        size_t length;
        if (LLVMVerifyFunction(f, LLVMReturnStatusAction)) BUG("LLVM rejects %s: %s", LLVMGetValueName2(f, &length), message);
    }
    BUG("LLVM rejects the module: %s", message);
}

void emit_optimize(Gen *g) {
    verify(g);
    if (!g->optimize) return;
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    LLVMErrorRef error = LLVMRunPasses(g->module, passes, g->machine, options);
    if (error) BUG("LLVM's passes: %s", LLVMGetErrorMessage(error));
    LLVMDisposePassBuilderOptions(options);
}

static void keep(CodegenResult *result, const char *bytes, size_t length) {
    result->bytes = malloc(length + 1);
    if (!result->bytes) arena_no_memory();
    memcpy(result->bytes, bytes, length);
    result->bytes[length] = '\0';
    result->length = length;
}

void emit_module(Gen *g, CodegenKind kind, CodegenResult *result) {
    if (kind == CODEGEN_LLVM) {
        char *text = LLVMPrintModuleToString(g->module);
        keep(result, text, strlen(text));
        LLVMDisposeMessage(text);
        return;
    }
    LLVMMemoryBufferRef buffer;
    char *message = NULL;
    LLVMCodeGenFileType type = kind == CODEGEN_ASM ? LLVMAssemblyFile : LLVMObjectFile;
    if (LLVMTargetMachineEmitToMemoryBuffer(g->machine, g->module, type, &message, &buffer))
        BUG("LLVM emits no code: %s", message);
    keep(result, LLVMGetBufferStart(buffer), LLVMGetBufferSize(buffer));
    LLVMDisposeMemoryBuffer(buffer);
}

void emit_close(Gen *g) {
    LLVMDisposeTargetData(g->layout);
    LLVMDisposeTargetMachine(g->machine);
}
