// See sharing.h.
#include "program/sharing.h"

#define WINDOW 2e7 // nanoseconds
#define FEWEST_RUNS 4
#define SHORTEST_STAY 8 // windows
#define LONGEST_STAY 128
#define SETTLING 24 // runs in which tuning.h still tries each step on one thread, two, four, …
#define WORTH 0.97  // sharing must be at least this much faster

bool netrt_sharing_next(const NetrtSharing *sharing) { return !sharing->alone; }

static void turn(NetrtSharing *sharing, int32_t patience) {
    sharing->alone = !sharing->alone;
    sharing->patience = sharing->stay = patience;
}

static void end_look(NetrtSharing *sharing) {
    int32_t better = sharing->mean[1] >= WORTH * sharing->mean[0]; // alone
    int32_t longer = 2 * sharing->patience < LONGEST_STAY ? 2 * sharing->patience : LONGEST_STAY;
    sharing->looking = 0;
    if (better != sharing->alone) turn(sharing, longer); // back
    else sharing->patience = sharing->stay = SHORTEST_STAY;
}

void netrt_sharing_report(NetrtSharing *sharing, double nanoseconds) {
    if (sharing->settling < SETTLING) {
        sharing->settling++;
        return;
    }
    sharing->sum += nanoseconds;
    if (++sharing->runs < FEWEST_RUNS || sharing->sum < WINDOW) return;
    sharing->mean[!sharing->alone] = sharing->sum / (double)sharing->runs;
    sharing->sum = 0;
    sharing->runs = 0;
    if (sharing->looking) end_look(sharing);
    else if (!sharing->alone && sharing->mean[0] > 0 && sharing->mean[1] > sharing->mean[0]) turn(sharing, SHORTEST_STAY);
    else if (--sharing->stay <= 0) {
        sharing->looking = 1;
        sharing->alone = !sharing->alone;
        if (sharing->patience == 0) sharing->patience = SHORTEST_STAY / 2;
    }
}
