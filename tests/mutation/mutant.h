// Which mutant runs: the number in $NETC_MUTANT. Included before every source of an instrumented tree (run.py), so it includes
// nothing itself.
#pragma once

extern int netc_mutant; // mutant.c

static inline _Bool mutant(int number) { return netc_mutant == number; }
