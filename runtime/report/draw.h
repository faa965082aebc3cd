// A picture beside a bar chart of probabilities, drawn in characters for a terminal.
#pragma once

#include <stdio.h>

#include "data/picture.h"
#include "report/terminal.h"

typedef struct NetrtBar {
    const char *name;
    double share;          // 0 … 1
    bool predicted, truth; // truth: known to be right
} NetrtBar;

typedef struct NetrtChart {
    const NetrtBar *bars;
    int count;
    int64_t more; // classes that are left out
} NetrtChart;

#define NETRT_TRUTH_MARK "the truth" // stands beside the bar of the true class, where another is predicted

// Whether the true class is known and another one is predicted.
bool netrt_chart_wrong(const NetrtChart *chart);

// Draws them side by side, or one above the other where the terminal is too narrow for that. A larger picture is scaled down to
// fit, never up. `picture` may be NULL. Two rows of pixels share a line: as half blocks in their colours, or in ASCII as a
// shade of their mean, dense for light.
bool netrt_draw(FILE *out, const NetrtTerminal *terminal, const NetrtPicture *picture, const NetrtChart *chart,
                NetrtError *error);
