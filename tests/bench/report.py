"""What was measured, as an object for --json, as text and as Markdown."""
import statistics

import cases
import rounds


def result_of(case, sides, about):
    """One case as an object of plain values."""
    first, peak = sides[0], next((side for side in sides if side.entrant.label == "FMA peak" and side.wall), None)
    entrants = [entrant_of(side, first, peak) for side in sides]
    result = {"case": case.name, "what": case.title, "unit": case.unit, **about, "entrants": entrants}
    result["targets"] = [target_of(target, sides, peak) for target in case.targets]
    result["agrees"] = all(side.agrees for side in sides)
    return result


def entrant_of(side, first, peak):
    entrant = {"label": side.entrant.label, "version": side.version}
    if side.left_out:
        return entrant | {"left_out": side.left_out}
    entrant["differences"] = {what: {"found": found, "allowed": allowed} for what, (found, allowed) in side.differences.items()}
    entrant["agrees"] = side.agrees
    if not side.wall:
        return entrant
    alone = side.entrant.threads == 1
    entrant |= {"us": 1e6 * statistics.median(side.wall), "cpu_us": 1e6 * statistics.median(side.cpu),
                "got_the_core": statistics.median(cpu / wall for cpu, wall in zip(side.cpu, side.wall)) / side.entrant.threads,
                "gflops": side.flops / statistics.median(side.cpu if alone else side.wall) / 1e9,
                "shortest_measurement": side.shortest}
    if side is not first and side is not peak and first.wall:
        entrant["ratio"] = rounds.spread(rounds.ratios(first, side))
        if alone and first.entrant.threads == 1:
            entrant["cpu_ratio"] = rounds.spread(rounds.ratios(first, side, "cpu"))
    if peak and side is not peak and alone:
        entrant["peak_share"] = rounds.spread(rounds.shares(side, peak))
        entrant["cpu_peak_share"] = rounds.spread(rounds.shares(side, peak, "cpu"))
    return entrant


def target_of(target, sides, peak):
    """{"text", "found", "met"}; met is None when it could not be measured."""
    by_label = {side.entrant.label: side for side in sides}
    who, found, cpu = by_label[target.who], None, None
    if isinstance(target, cases.Faster):
        than = by_label[target.than]
        text = f"{target.who} at least {target.at_least:g} times as fast as {target.than}"
        if who.wall and than.wall:
            found = statistics.median(rounds.ratios(who, than))
            if who.entrant.threads == than.entrant.threads == 1:
                cpu = statistics.median(rounds.ratios(who, than, "cpu"))
    else:
        text = f"{target.who} at least {100 * target.at_least:g} % of the FMA peak"
        if who.wall and peak:
            found, cpu = (statistics.median(rounds.shares(who, peak, clock)) for clock in ("wall", "cpu"))
    return {"text": text, "found": found, "cpu_found": cpu, "met": None if found is None else found >= target.at_least}


# ---- Text

def verdict(target):
    return {True: "yes", False: "NO", None: "not measured"}[target["met"]]


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def text(result, out):
    print(f"\n{result['case']}: {result['what']}", file=out)
    unit = result["unit"]
    print(f"  {'':22} {'µs a ' + unit:>10} {'of CPU':>9} {'GFLOP/s':>8} {'of peak':>8}   times slower than {result['entrants'][0]['label']}",
          file=out)
    for entrant in result["entrants"]:
        print("  " + text_row(entrant), file=out)
    for entrant in result["entrants"]:
        for what, difference in entrant.get("differences", {}).items():
            if difference["found"] > difference["allowed"]:
                print(f"  WRONG: the {what} of {entrant['label']} differ from PyTorch's by {difference['found']:.1e}, more than "
                      f"{difference['allowed']:.1e}: it was not measured", file=out)
    for target in result["targets"]:
        found = "" if target["found"] is None else f": {number(target['found'])}"
        cpu = "" if target["cpu_found"] is None else f" ({number(target['cpu_found'])} of processor time)"
        print(f"  {verdict(target):>5}  {target['text']}{found}{cpu}", file=out)
    out.flush()


def text_row(entrant):
    if "left_out" in entrant:
        return f"{entrant['label']:22} left out: {entrant['left_out']}"
    if "us" not in entrant:
        return f"{entrant['label']:22} not measured"
    if entrant["label"].startswith("FMA peak"):
        return f"{entrant['label']:22} {'':10} {'':9} {entrant['gflops']:8.1f}"
    share = f"{100 * entrant['cpu_peak_share']['median']:6.0f} %" if "cpu_peak_share" in entrant else ""
    row = f"{entrant['label']:22} {entrant['us']:10.1f} {entrant['cpu_us']:9.1f} {entrant['gflops']:8.1f} {share:>8}"
    if "ratio" in entrant:
        ratio = entrant["ratio"]
        row += f"   {number(ratio['median']):>5} ({number(ratio['lowest'])} to {number(ratio['highest'])})"
        if "cpu_ratio" in entrant:
            row += f", of processor time {number(entrant['cpu_ratio']['median'])}"
    return row
