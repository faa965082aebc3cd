// The meaning of elementwise ops on one element, as the op table has it, and of conversions between types.
#include <math.h>

#include "ir/interpret.h"
#include "ir/op.h"

double interpret_float(Op op, const double *operands) {
    if (!op_defs[op]->real) BUG("%s has no meaning for floats", op_info[op].name);
    return op_defs[op]->real(operands);
}

int64_t interpret_int(Op op, const int64_t *operands) {
    if (!op_defs[op]->integer) BUG("%s has no meaning for integers", op_info[op].name);
    return op_defs[op]->integer(operands);
}

// Floats are cut off towards zero. What an int64 cannot hold, and NaN, becomes its smallest value, as on x86.
int64_t cast_to_int(DType dtype, double value) {
    if (dtype == DT_BOOL) return value != 0;
    int64_t whole = value >= -0x1p63 && value < 0x1p63 ? (int64_t)value : INT64_MIN;
    return dtype == DT_U8 ? (uint8_t)whole : whole;
}
