// Constant data in the object. Everything is private; what has no pointers in it lands in read-only memory, the rest in
// .data.rel.ro.
#include "codegen/constant.h"

#include <netrt.h>
#include <string.h>

#include "codegen/llvm_compat.h"

static Value private_global(Gen *g, Value initializer, unsigned align) {
    Value global = LLVMAddGlobal(g->module, LLVMTypeOf(initializer), "");
    LLVMSetInitializer(global, initializer);
    LLVMSetGlobalConstant(global, 1);
    LLVMSetLinkage(global, LLVMPrivateLinkage);
    LLVMSetUnnamedAddress(global, LLVMGlobalUnnamedAddr); // equal ones may be merged
    if (align) LLVMSetAlignment(global, align);
    return global;
}

Value constant_string(Gen *g, const char *text) {
    if (!text) return LLVMConstNull(g->ptr);
    return private_global(g, compat_string(g->context, text, strlen(text)), 1);
}

Value constant_bytes(Gen *g, const void *data, size_t size) {
    return private_global(g, compat_bytes(g->context, data, size), NETRT_ALIGN);
}

Value constant_array(Gen *g, LLVMTypeRef type, const Value *elements, size_t count, bool some) {
    if (count == 0 && !some) return LLVMConstNull(g->ptr);
    return private_global(g, LLVMConstArray2(type, (Value *)elements, count), 0);
}

Value constant_strings(Gen *g, const char *const *texts, size_t count, bool end_with_null) {
    if (!texts || count == 0) return LLVMConstNull(g->ptr);
    Value *pointers = NEW_ARRAY(g->arena, Value, count + 1);
    for (size_t i = 0; i < count; i++) pointers[i] = constant_string(g, texts[i]);
    pointers[count] = LLVMConstNull(g->ptr);
    return constant_array(g, g->ptr, pointers, count + (end_with_null ? 1 : 0), false);
}

Value constant_doubles(Gen *g, const double *values, size_t count) {
    Value *elements = NEW_ARRAY(g->arena, Value, count + 1);
    for (size_t i = 0; i < count; i++) elements[i] = constant_f64(g, values[i]);
    return constant_array(g, g->f64, elements, count, false);
}

Value constant_i32(const Gen *g, int64_t value) { return LLVMConstInt(g->i32, (uint64_t)value, 1); }
Value constant_f64(const Gen *g, double value) { return LLVMConstReal(g->f64, value); }

// ---- Structures

void fields_add(Fields *fields, const char *name, size_t offset, size_t size, Value value) {
    if (fields->count == MAX_FIELDS) BUG("%s has more than %d fields", fields->name, MAX_FIELDS);
    size_t written = (size_t)LLVMABISizeOfType(fields->g->layout, LLVMTypeOf(value));
    if (offset != fields->end || size != written)
        BUG("%s.%s has %zu bytes at %zu in netrt.h, but %zu at %zu in the descriptor", fields->name, name, size, offset,
            written, fields->end);
    fields->values[fields->count] = value;
    fields->offsets[fields->count++] = offset;
    fields->end += size;
}

void fields_padding(Fields *fields, size_t bytes) { fields->end += bytes; }

Value fields_end(Fields *fields) {
    Value result = LLVMConstStructInContext(fields->g->context, fields->values, fields->count, 0);
    LLVMTypeRef type = LLVMTypeOf(result);
    for (unsigned i = 0; i < fields->count; i++)
        if (LLVMOffsetOfElement(fields->g->layout, type, i) != fields->offsets[i])
            BUG("field %u of %s lies elsewhere in LLVM's structure", i, fields->name);
    if (fields->end != fields->size || LLVMABISizeOfType(fields->g->layout, type) != fields->size)
        BUG("%s has %zu bytes in netrt.h, but %zu in the descriptor", fields->name, fields->size, fields->end);
    return result;
}
