// Ctrl-C that lets the step finish. The one piece of state that a signal handler can only reach as a global.
#pragma once

#include <stdbool.h>

// From now on SIGINT and SIGTERM set a flag; a second one ends the program at once.
void netrt_interrupt_watch(void);
// Back to the usual effect of these signals; forgets one that has come.
void netrt_interrupt_unwatch(void);
bool netrt_interrupted(void);
