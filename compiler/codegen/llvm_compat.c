// What differs between the versions of LLVM that netc is built with.
#include "codegen/llvm_compat.h"

#include <llvm/Config/llvm-config.h>
#include <string.h>

static LLVMValueRef call_overloaded(LLVMModuleRef module, LLVMBuilderRef builder, const char *name, LLVMTypeRef *overload,
                                    size_t overload_count, LLVMValueRef *args, unsigned count) {
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    LLVMValueRef function = LLVMGetIntrinsicDeclaration(module, id, overload, overload_count);
    LLVMTypeRef type = LLVMIntrinsicGetType(LLVMGetModuleContext(module), id, overload, overload_count);
    return LLVMBuildCall2(builder, type, function, args, count, "");
}

#if LLVM_VERSION_MAJOR >= 22

// 22 took the alignment from the arguments and made it an attribute of the pointer.
static void set_align(LLVMModuleRef module, LLVMValueRef call, unsigned argument, unsigned align) {
    unsigned kind = LLVMGetEnumAttributeKindForName("align", 5);
    LLVMAddCallSiteAttribute(call, argument + 1, LLVMCreateEnumAttribute(LLVMGetModuleContext(module), kind, align));
}

static LLVMValueRef masked_read(LLVMModuleRef module, LLVMBuilderRef builder, const char *name, LLVMTypeRef type,
                                LLVMValueRef pointer, unsigned align, LLVMValueRef mask) {
    LLVMTypeRef overload[] = {type, LLVMTypeOf(pointer)};
    LLVMValueRef args[] = {pointer, mask, LLVMConstNull(type)};
    LLVMValueRef call = call_overloaded(module, builder, name, overload, 2, args, 3);
    set_align(module, call, 0, align);
    return call;
}

static void masked_write(LLVMModuleRef module, LLVMBuilderRef builder, const char *name, LLVMValueRef value,
                         LLVMValueRef pointer, unsigned align, LLVMValueRef mask) {
    LLVMTypeRef overload[] = {LLVMTypeOf(value), LLVMTypeOf(pointer)};
    LLVMValueRef args[] = {value, pointer, mask};
    set_align(module, call_overloaded(module, builder, name, overload, 2, args, 3), 1, align);
}

#else

static LLVMValueRef i32(LLVMModuleRef module, unsigned value) {
    return LLVMConstInt(LLVMInt32TypeInContext(LLVMGetModuleContext(module)), value, 0);
}

static LLVMValueRef masked_read(LLVMModuleRef module, LLVMBuilderRef builder, const char *name, LLVMTypeRef type,
                                LLVMValueRef pointer, unsigned align, LLVMValueRef mask) {
    LLVMTypeRef overload[] = {type, LLVMTypeOf(pointer)};
    LLVMValueRef args[] = {pointer, i32(module, align), mask, LLVMConstNull(type)};
    return call_overloaded(module, builder, name, overload, 2, args, 4);
}

static void masked_write(LLVMModuleRef module, LLVMBuilderRef builder, const char *name, LLVMValueRef value,
                         LLVMValueRef pointer, unsigned align, LLVMValueRef mask) {
    LLVMTypeRef overload[] = {LLVMTypeOf(value), LLVMTypeOf(pointer)};
    LLVMValueRef args[] = {value, pointer, i32(module, align), mask};
    call_overloaded(module, builder, name, overload, 2, args, 4);
}

#endif

LLVMValueRef compat_masked_load(LLVMModuleRef module, LLVMBuilderRef builder, LLVMTypeRef type, LLVMValueRef pointer,
                                unsigned align, LLVMValueRef mask) {
    return masked_read(module, builder, "llvm.masked.load", type, pointer, align, mask);
}

void compat_masked_store(LLVMModuleRef module, LLVMBuilderRef builder, LLVMValueRef value, LLVMValueRef pointer, unsigned align,
                         LLVMValueRef mask) {
    masked_write(module, builder, "llvm.masked.store", value, pointer, align, mask);
}

LLVMValueRef compat_masked_gather(LLVMModuleRef module, LLVMBuilderRef builder, LLVMTypeRef type, LLVMValueRef pointers,
                                  unsigned align, LLVMValueRef mask) {
    return masked_read(module, builder, "llvm.masked.gather", type, pointers, align, mask);
}

void compat_masked_scatter(LLVMModuleRef module, LLVMBuilderRef builder, LLVMValueRef value, LLVMValueRef pointers,
                           unsigned align, LLVMValueRef mask) {
    masked_write(module, builder, "llvm.masked.scatter", value, pointers, align, mask);
}

LLVMValueRef compat_string(LLVMContextRef context, const char *text, size_t length) {
    return LLVMConstStringInContext2(context, text, length, 0);
}

LLVMValueRef compat_bytes(LLVMContextRef context, const void *data, size_t length) {
    return LLVMConstStringInContext2(context, data, length, 1);
}
