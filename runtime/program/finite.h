// Whether a model has come to numbers: what NaN and infinities have reached.
#pragma once

#include "netrt.h"

enum { NETRT_FINITE, NETRT_HAS_INF, NETRT_HAS_NAN }; // from good to worst

// What `count` elements of memory of a NETRT_* type hold; integers are always finite.
uint8_t netrt_classify(const void *data, int32_t dtype, int64_t count);

// The first variable of these kinds (1 << NETRT_PARAM | …) that holds a NaN or an infinity, NULL if none does. Frozen ones are
// left out: a mask of −inf is no accident.
const NetrtVar *netrt_not_finite(const NetrtProgram *program, char *vars, unsigned kinds);
