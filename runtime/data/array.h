// An array read from a file: IDX, NPY and PGM readers give one, data sets and `grad`/`predict` take rows from it.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "data/error.h"
#include "netrt.h"

// Row-major. Elements are in the machine's byte order; narrow integers of a file (i8, i16, i32) are widened to NETRT_I64.
typedef struct NetrtArray {
    int32_t dtype; // NETRT_BOOL … NETRT_F64
    int32_t rank;  // 0 for a scalar
    int64_t shape[NETRT_MAX_RANK];
    int64_t count;    // elements = product of shape
    const void *data; // count elements, aligned for their type; lies in `map` or `heap`
    void *map;        // mapped file, or NULL
    size_t map_bytes;
    void *heap; // allocated memory, or NULL
} NetrtArray;

// Bytes of one element of a NETRT_* type.
size_t netrt_dtype_size(int32_t dtype);
// "u8", "i64", "f32", …: for messages.
const char *netrt_dtype_name(int32_t dtype);

// Element i of memory of a NETRT_* type, as a number.
double netrt_number(const void *data, int32_t dtype, int64_t i);

// *out = a × b; false if that does not fit or a factor is negative.
bool netrt_mul_checked(int64_t a, int64_t b, int64_t *out);

// Writes "(1, 28, 28)" into text and returns text.
char *netrt_shape_text(char *text, size_t capacity, const int64_t *shape, int32_t rank);

// Releases what the array owns and leaves it empty. Harmless on an empty (zeroed) one.
void netrt_array_close(NetrtArray *array);

// Rows for one input of a program, one row a sample, in the type that its kernels read.
typedef struct NetrtRows {
    int64_t count;    // samples
    const void *data; // count × (product of input->shape) elements of input->dtype
    void *heap;       // owned memory if a conversion was needed, else NULL: data lies in the array
} NetrtRows;

// Reads `array` as samples of `input`. Its elements must be count × product(input->shape): (count, shape…), one sample without
// the batch dimension (with or without its dimensions of 1: (28, 28) for (1, 28, 28)), or any other split of the elements whose
// first dimension is the number of samples ((n, 784) for (1, 28, 28)). Types: the same type is not copied; f32 and f64 convert
// into each other; integers and booleans convert to i64 and, as the numbers they are, to floats; bytes become x / 255 for an
// input that wants floats (but not for targets of one element a row). Floats are refused where bytes or integers are wanted.
// The array must outlive the rows. `what` names the array in messages (a file name).
bool netrt_rows_from_array(const NetrtArray *array, const NetrtInput *input, const char *what, NetrtRows *out,
                           NetrtError *error);
void netrt_rows_close(NetrtRows *rows);
