// Sources have no operands: nothing flows on from them. A variable or an input gets its gradient by being asked for.
#include "autodiff/rule.h"

NO_GRADIENT(CONST)
NO_GRADIENT(VAR)
NO_GRADIENT(INPUT)
NO_GRADIENT(SCALAR)
NO_GRADIENT(IOTA)
NO_GRADIENT(RAND)
NO_GRADIENT(RANDN)
NO_GRADIENT(DRAW)
