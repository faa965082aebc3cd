// What standard output can show: whether it is a terminal, how wide, with which colours and characters.
#pragma once

#include <stdbool.h>

typedef enum NetrtColours {
    NETRT_ASCII, // neither colours nor characters beyond ASCII
    NETRT_256,   // UTF-8 and the 256 colours of xterm
    NETRT_TRUE,  // UTF-8 and colours of 24 bits
} NetrtColours;

typedef struct NetrtTerminal {
    bool is; // a terminal, not a file or a pipe
    int columns;
    NetrtColours colours;
} NetrtTerminal;

// Looks at the descriptor and at the environment: NO_COLOR (not empty) and TERM=dumb forbid colours; COLORTERM (truecolor,
// 24bit) and TERM (…-256color, …-direct) promise them; LC_ALL, LC_CTYPE and LANG tell whether it is UTF-8; COLUMNS is the width
// of terminals that do not know theirs.
NetrtTerminal netrt_terminal(int descriptor);
