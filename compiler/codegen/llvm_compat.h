// What differs between the versions of LLVM that netc is built with (19 to 22) stands here and nowhere else.
#pragma once

#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>

// Masked access to `type` (a vector) at `pointer`; lanes that do not take part read as zero and are not written.
LLVMValueRef compat_masked_load(LLVMModuleRef module, LLVMBuilderRef builder, LLVMTypeRef type, LLVMValueRef pointer,
                                unsigned align, LLVMValueRef mask);
void compat_masked_store(LLVMModuleRef module, LLVMBuilderRef builder, LLVMValueRef value, LLVMValueRef pointer, unsigned align,
                         LLVMValueRef mask);
// The same with a pointer for each lane.
LLVMValueRef compat_masked_gather(LLVMModuleRef module, LLVMBuilderRef builder, LLVMTypeRef type, LLVMValueRef pointers,
                                  unsigned align, LLVMValueRef mask);
void compat_masked_scatter(LLVMModuleRef module, LLVMBuilderRef builder, LLVMValueRef value, LLVMValueRef pointers,
                           unsigned align, LLVMValueRef mask);

// A C string as a constant array, with its terminating NUL.
LLVMValueRef compat_string(LLVMContextRef context, const char *text, size_t length);
// Raw bytes as a constant array.
LLVMValueRef compat_bytes(LLVMContextRef context, const void *data, size_t length);
