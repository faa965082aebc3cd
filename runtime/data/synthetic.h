// Data sets that need no files. Every byte follows from the seed by integer arithmetic, so they are the same on every machine.
#pragma once

#include "data/array.h"

// Draws `count` samples of data->kind with seed data->seed; `test` gives samples of the test split, which share nothing
// with those of the training split.
//   "digits"   x u8 (count, 1, 28, 28), y i64 (count) in 0 … 9: strokes, shifted, turned, scaled, with noise
//   "blobs"    x (count, 2), y i64 (count): a Gaussian-like cloud a class, on a circle; data->class_count classes (3 if 0)
//   "spirals"  x (count, 2), y i64 (count): arms of a spiral; data->class_count classes (2 if 0)
//   "sine"     x (count, 1) in [−1, 1], y (count, 1) = sin(πx) + noise
// Floats are f32. On success the caller closes both arrays; on failure they are empty.
bool netrt_synthetic_make(const NetrtData *data, int64_t count, bool test, NetrtArray *x, NetrtArray *y, NetrtError *error);

// Samples of the test split of a set whose training split has `count`.
int64_t netrt_synthetic_test_count(int64_t count);
