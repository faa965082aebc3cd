// A program made by hand, as the compiler would make it: softmax regression 2 → 3 on Synthetic('blobs'), in f32 and in f64
// (linear_f32, linear_f64). It has every entry, so that the runtime can be tested without the compiler.
#pragma once

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "netrt.h"
#include "threads/denormals.h"

// What the kernels saw: whether subnormals were flushed in init and in the training step.
static _Atomic int linear_flushed_in_init, linear_flushed_in_step;

static int linear_flushes(void) {
    volatile float tiny = 1e-38f;
    return tiny * 0.5f == 0;
}

static const char *const linear_messages[] = {"a target is outside of the 3 classes"};
static const NetrtLayer linear_layers[] = {{"fc", "Linear", 0, 2, 0, {1, 3}, 9, 15}};

#define CONCAT_(a, b) a##_##b
#define CONCAT(a, b) CONCAT_(a, b)

#define REAL float
#define REAL_TYPE NETRT_F32
#define KERNEL(name) CONCAT(name, f32)
#include "rt_linear_kernels.inc"
#undef REAL
#undef REAL_TYPE
#undef KERNEL

#define REAL double
#define REAL_TYPE NETRT_F64
#define KERNEL(name) CONCAT(name, f64)
#include "rt_linear_kernels.inc"
#undef REAL
#undef REAL_TYPE
#undef KERNEL
