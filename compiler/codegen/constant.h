// Constant data in the object: strings, arrays, and structures that are checked, field by field, against a C declaration.
#pragma once

#include <stddef.h>

#include "codegen/gen.h"

Value constant_string(Gen *g, const char *text);             // NULL gives a null pointer
Value constant_bytes(Gen *g, const void *data, size_t size); // aligned to NETRT_ALIGN
// A private array. `some` makes one even of no elements, so that its address is not null.
Value constant_array(Gen *g, LLVMTypeRef type, const Value *elements, size_t count, bool some);
Value constant_strings(Gen *g, const char *const *texts, size_t count, bool end_with_null);
Value constant_doubles(Gen *g, const double *values, size_t count);
Value constant_i32(const Gen *g, int64_t value);
Value constant_f64(const Gen *g, double value);

// A structure under construction. Fields are added in order, each with its place in the C declaration: a field that was
// forgotten, moved or changed there is a BUG in the first compilation.
enum { MAX_FIELDS = 32 };

typedef struct Fields {
    Gen *g;
    const char *name;
    size_t size, end;
    Value values[MAX_FIELDS];
    size_t offsets[MAX_FIELDS];
    unsigned count;
} Fields;

#define FIELDS(gen, Struct) ((Fields){.g = (gen), .name = #Struct, .size = sizeof(Struct)})
#define FIELD(fields, Struct, member, value)                                                                                   \
    fields_add((fields), #member, offsetof(Struct, member), sizeof(__typeof__(((Struct *)0)->member)), (value))

void fields_add(Fields *fields, const char *name, size_t offset, size_t size, Value value);
void fields_padding(Fields *fields, size_t bytes); // that the C declaration has here
Value fields_end(Fields *fields);
