// A plan becomes a module: each kernel that differs from the others as a function, then the descriptor that names them all.
#include "codegen/codegen.h"

#include <llvm-c/Core.h>

#include "codegen/gen.h"
#include "support/vec.h"

// ---- Equal kernels once

typedef struct Made {
    const Kernel *kernel;
    LLVMValueRef function;
} Made;

typedef VEC(Made) MadeList;

// A name that any assembler takes: "kernel.fc1_forward".
static const char *function_name(const Gen *g, const Kernel *kernel) {
    char *name = arena_printf(g->arena, "kernel.%s", kernel->name ? kernel->name : "");
    for (char *c = name; *c; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || *c == '.' || *c == '_';
        if (!plain) *c = '_';
    }
    return name;
}

static LLVMValueRef kernel_function(Gen *g, MadeList *made, const Kernel *kernel) {
    const Kernel *first = kernel->same ? kernel->same : kernel;
    for (size_t i = made->count; i-- > 0;)
        if (made->items[i].kernel == first) return made->items[i].function;
    gen_kernel(g, kernel, function_name(g, kernel));
    Made entry = {first, g->function};
    VEC_PUSH(g->arena, made, entry);
    return g->function;
}

static Value **kernel_functions(Gen *g, CodegenResult *result) {
    MadeList made = {0};
    Value **functions = NEW_ARRAY(g->arena, Value *, ENTRY_COUNT);
    for (int e = 0; e < ENTRY_COUNT; e++) {
        const PlanEntry *entry = &g->plan->entries[e];
        functions[e] = NEW_ARRAY(g->arena, Value, entry->steps.count + 1);
        for (size_t i = 0; i < entry->steps.count; i++) {
            if (entry->steps.items[i].draw) continue;
            functions[e][i] = kernel_function(g, &made, entry->steps.items[i].kernel);
            result->kernels++;
        }
    }
    result->distinct = made.count;
    return functions;
}

// ---- The module

static void open_module(Gen *g) {
    g->context = LLVMContextCreate();
    g->module = LLVMModuleCreateWithNameInContext(g->plan->program->name, g->context);
    g->builder = LLVMCreateBuilderInContext(g->context);
    g->i1 = LLVMInt1TypeInContext(g->context);
    g->i8 = LLVMInt8TypeInContext(g->context);
    g->i32 = LLVMInt32TypeInContext(g->context);
    g->i64 = LLVMInt64TypeInContext(g->context);
    g->f32 = LLVMFloatTypeInContext(g->context);
    g->f64 = LLVMDoubleTypeInContext(g->context);
    g->ptr = LLVMPointerTypeInContext(g->context, 0);
    g->none = LLVMVoidTypeInContext(g->context);
    LLVMTypeRef parameters[] = {g->ptr, g->ptr, g->i64, g->i64}; // NetrtKernel
    g->kernel_type = LLVMFunctionType(g->none, parameters, 4, 0);
    emit_open(g);
}

// What the executable does, a function of the runtime: the linker takes in what that one needs, and nothing else. Declared
// before any kernel, so that none takes its name.
static void declare_main(Gen *g) {
    const char *name = g->plan->entries[ENTRY_CALCULATE].present ? "netrt_calculate" : "netrt_run";
    LLVMTypeRef parameters[] = {g->ptr, g->i32, g->ptr}; // NetrtMain
    g->main = LLVMAddFunction(g->module, name, LLVMFunctionType(g->i32, parameters, 3, 0));
}

static void close_module(Gen *g) {
    emit_close(g);
    LLVMDisposeBuilder(g->builder);
    LLVMDisposeModule(g->module);
    LLVMContextDispose(g->context);
    arena_free(g->arena);
}

static void lap(const CodegenOptions *options, const char *stage) {
    if (options->lap) options->lap(options->lap_context, stage);
}

void codegen(const Plan *plan, CodegenKind kind, const CodegenOptions *options, CodegenResult *result) {
    Gen g = {.plan = plan, .target = plan->target, .optimize = options->optimize, .arena = arena_new()};
    open_module(&g);
    declare_main(&g);
    result->kernels = 0;
    Value **functions = kernel_functions(&g, result);
    gen_descriptor(&g, functions, options);
    lap(options, "LLVM IR");
    emit_optimize(&g);
    lap(options, "LLVM optimise");
    emit_module(&g, kind, result);
    close_module(&g);
    lap(options, "LLVM emit");
}
