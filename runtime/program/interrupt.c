// See interrupt.h.
#include "program/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t interrupted;

static void note(int signal_number) {
    (void)signal_number;
    interrupted = 1;
}

static void install(void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void netrt_interrupt_watch(void) {
    interrupted = 0;
    install(note, SA_RESTART | (int)SA_RESETHAND); // interrupted writes go on; the second signal finds the usual effect
}

void netrt_interrupt_unwatch(void) {
    install(SIG_DFL, 0);
    interrupted = 0;
}

bool netrt_interrupted(void) { return interrupted != 0; }
