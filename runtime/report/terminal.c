// See terminal.h.
#include "report/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { USUAL_COLUMNS = 80, MOST_COLUMNS = 10000 };

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value ? value : "";
}

// The first of the three that is set decides, as for the C library.
static bool is_utf8(void) {
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = variable(names[i]);
        if (*value) {
            const char *charset = strchr(value, '.');
            return charset && (strncasecmp(charset, ".UTF-8", 6) == 0 || strncasecmp(charset, ".UTF8", 5) == 0);
        }
    }
    return false;
}

static NetrtColours colours(void) {
    const char *terminal = variable("TERM"), *promise = variable("COLORTERM");
    if (*variable("NO_COLOR") || !*terminal || strcmp(terminal, "dumb") == 0 || !is_utf8()) return NETRT_ASCII;
    if (strcmp(promise, "truecolor") == 0 || strcmp(promise, "24bit") == 0 || strstr(terminal, "-direct")) return NETRT_TRUE;
    return strstr(terminal, "256color") ? NETRT_256 : NETRT_ASCII;
}

static int columns(int descriptor) {
    struct winsize size = {0};
    if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    long wanted = strtol(variable("COLUMNS"), NULL, 10); // nonsense is 0
    return wanted > 0 && wanted < MOST_COLUMNS ? (int)wanted : USUAL_COLUMNS;
}

NetrtTerminal netrt_terminal(int descriptor) {
    return (NetrtTerminal){.is = isatty(descriptor), .columns = columns(descriptor), .colours = colours()};
}
