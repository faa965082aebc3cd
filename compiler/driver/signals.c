// Signals are blocked rather than handled: the only thing to do about them is to clean up and then let them end netc.
#include "driver/signals.h"

#include <errno.h>
#include <stddef.h>
#include <sys/wait.h>

// What would end netc, if it does not ignore it, and the end of a child.
static sigset_t held_signals(void) {
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        struct sigaction action;
        bool ignored = sigaction(ending[i], NULL, &action) == 0 && action.sa_handler == SIG_IGN;
        if (!ignored) sigaddset(&set, ending[i]);
    }
    return set;
}

void signals_hold(sigset_t *before) {
    signal(SIGCHLD, SIG_DFL); // a parent may have had it ignored, and children would vanish
    sigset_t set = held_signals();
    sigprocmask(SIG_BLOCK, &set, before);
}

void signals_release(const sigset_t *before) { sigprocmask(SIG_SETMASK, before, NULL); }

int signals_wait(pid_t child) {
    sigset_t set = held_signals();
    int status = 0, ending = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        int received = sigwaitinfo(&set, NULL);
        if (received <= 0 || received == SIGCHLD) continue;
        ending = received;
        kill(child, SIGTERM);
    }
    if (ending) raise(ending); // stays pending until signals_release
    return status;
}
