// What this machine could do at best: the rate of multiplications and additions in registers alone, measured here and now.
#pragma once

#include <stdint.h>

#include "threads/pool.h"

// Operations on floats of this type (NETRT_F32, NETRT_F64) in a second, with the instructions of NETRT_ISA_…, on all threads of
// the pool together; a fused multiply-add is two. The best of some tries of a millisecond. 0 where it is not known.
double netrt_peak(NetrtPool *pool, int isa, int32_t dtype);
