// Ctrl-C and its like, while there are temporary files: they wait until those are removed. Without handlers, so without state.
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

void signals_hold(sigset_t *before);          // SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGCHLD wait from here on
void signals_release(const sigset_t *before); // what waited takes effect now, and mostly ends netc

// Waits for a child while signals are held; one of the ending signals is handed on to the child.
int signals_wait(pid_t child);
