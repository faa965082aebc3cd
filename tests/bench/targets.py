"""Whether netc does what it is asked for: yes, no, or not measured, with the figure that was found.

The wall time decides, unless other programs took the core away from somebody who was measured: then the processor time does,
and what only the wall time could tell (two threads) was not measured.
"""
import statistics

import cases
import rounds

BOTH_CORES_FREE = 1.8     # times that the FMA peak grows with the second core
CORE_FREE = 0.9           # of the wall time that who is alone on a core worked


def core_shares(sides):
    """What part of a core everybody with one thread had."""
    return [statistics.median(cpu / wall for cpu, wall in zip(side.cpu, side.wall))
            for side in sides if side.wall and side.entrant.threads == 1]


def judge(target, sides):
    """{"text", "clock", "found": {clock: figure}, "met", "why"}; met is None when it was not measured, and why says why not."""
    text, found, why = JUDGES[type(target)](target, {side.entrant.label: side for side in sides})
    clock = "wall" if min(core_shares(sides), default=1) >= CORE_FREE else "cpu"
    if found and clock not in found:
        why = "other programs wanted the cores"
    met = None
    if clock in found:
        met = found[clock] >= target.at_least if hasattr(target, "at_least") else found[clock] <= target.at_most
    return {"text": text, "clock": clock, "found": found, "met": met, "why": why}


def clocks(*sides):
    """Two threads have no processor time that means anything."""
    if not all(side and side.wall for side in sides):
        return ()
    return ("wall", "cpu") if all(side.entrant.threads == 1 for side in sides) else ("wall",)


def missing(*sides):
    return "; ".join(f"{side.entrant.label}: {side.left_out or 'it was not measured'}" for side in sides if not side.wall)


def faster(target, by_label):
    who, than = by_label[target.who], by_label[target.than]
    return (f"{target.who} at least {target.at_least:.3g} times as fast as {target.than}",
            {clock: statistics.median(rounds.ratios(who, than, clock)) for clock in clocks(who, than)}, missing(who, than))


def gain(target, by_label):
    one, two, peak, both = (by_label[label] for label in ("netc", "netc x2", "FMA peak", "FMA peak x2"))
    text = f"two threads at least {target.at_least:g} times as fast as one"
    if not clocks(one, two, peak, both):
        return text, {}, missing(one, two, peak, both)
    growth = statistics.median(alone / together for alone, together in zip(peak.cpu, both.wall))
    if growth < BOTH_CORES_FREE:
        return text, {}, f"the cores were not free: both together had {growth:.2f} times the FMA peak of one"
    return text, {"wall": statistics.median(rounds.ratios(two, one))}, ""


def unharmed(target, by_label):
    one, two = by_label["netc"], by_label["netc x2, other core busy"]
    return (f"two threads, with the other core busy, take at most {target.at_most:g} times as long as one",
            {clock: statistics.median(rounds.ratios(one, two, clock)) for clock in clocks(one, two)}, missing(one, two))


def share(target, by_label):
    who, peak = by_label[target.who], by_label["FMA peak"]
    return (f"{target.who} at least {target.at_least:g} of the FMA peak",
            {clock: statistics.median(rounds.shares(who, peak, clock)) for clock in clocks(who, peak)}, missing(who, peak))


def level(target, by_label):
    peak = by_label["FMA peak"]
    others = [side for side in by_label.values() if side is not peak]
    found = {}
    for clock in clocks(peak, *others):
        shares = [statistics.median(rounds.shares(side, peak, clock)) for side in others]
        found[clock] = min(shares) / max(shares)
    return f"none below {target.at_least:g} of the best one's GFLOP/s", found, missing(peak, *others)


def within(target, by_label):
    who = by_label[target.who]
    return (f"{target.who} in at most {target.at_most:g} s",
            {clock: statistics.median(getattr(who, clock)) for clock in clocks(who)}, missing(who))


def linear(target, by_label):
    sides = [by_label[label] for label in (target.first, target.middle, target.last)]
    found = {}
    for clock in clocks(*sides):
        first, middle, last = (statistics.median(getattr(side, clock)) for side in sides)
        layers = [len(side.entrant.network.widths) - 1 for side in sides]
        found[clock] = (last - middle) / (layers[2] - layers[1]) / ((middle - first) / (layers[1] - layers[0]))
    return (f"a layer more costs at most {target.at_most:g} times as much from {target.middle} to {target.last} as from "
            f"{target.first} to {target.middle}", found, missing(*sides))


JUDGES = {cases.Faster: faster, cases.Gain: gain, cases.Unharmed: unharmed, cases.Share: share, cases.Level: level,
          cases.Within: within, cases.Linear: linear}
