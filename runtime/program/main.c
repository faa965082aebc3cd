// Every compiled program begins here.
#include <signal.h>
#include <stddef.h>

#include "netrt.h"

int main(int argc, char **argv) {
    // A file that would grow beyond the user's limit is then an error of write, answered like a full disk.
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGXFSZ, &ignore, NULL);
    return netrt_program.main(&netrt_program, argc, argv);
}
