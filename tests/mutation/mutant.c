// The number of the mutant that runs, read before main(). Goes into compiler/support/ of an instrumented tree.
#include <stdlib.h>

int netc_mutant = -1;

__attribute__((constructor)) static void read_mutant(void) {
    const char *number = getenv("NETC_MUTANT");
    if (number) netc_mutant = atoi(number);
}
