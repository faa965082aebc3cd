"""What was measured, as an object for --json, as text and as Markdown. picture.py draws it."""
import statistics

import rounds
import targets

def result_of(case, sides, about):
    """One case as an object of plain values: what --json prints and everything else is made of."""
    first, peak = sides[0], next((side for side in sides if side.entrant.label == "FMA peak" and side.wall), None)
    return {"case": case.name, "what": case.title, "unit": case.unit, **about,
            "entrants": [entrant_of(side, first, peak) for side in sides],
            "targets": [targets.judge(target, sides) for target in case.targets],
            "of_a_core": min(targets.core_shares(sides), default=1),
            "agrees": all(side.agrees for side in sides)}


def entrant_of(side, first, peak):
    entrant = {"label": side.entrant.label, "version": side.version, "threads": side.entrant.threads}
    if side.left_out:
        return entrant | {"left_out": side.left_out}
    entrant["differences"] = {what: {"found": found, "allowed": allowed} for what, (found, allowed) in side.differences.items()}
    if not side.wall:
        return entrant
    alone = side.entrant.threads == 1
    clock = "cpu" if alone else "wall"
    entrant |= {"us": 1e6 * statistics.median(side.wall), "cpu_us": 1e6 * statistics.median(side.cpu),
                "shortest_measurement": side.shortest}
    if side.flops:
        entrant["gflops"] = side.flops / statistics.median(getattr(side, clock)) / 1e9
    if side is not first and side.flops == first.flops > 0:    # the same work
        entrant["slower"] = rounds.spread(rounds.ratios(first, side))
        if alone and first.entrant.threads == 1:
            entrant["cpu_slower"] = rounds.spread(rounds.ratios(first, side, "cpu"))
    if peak and side is not peak and alone:
        entrant["peak_share"] = rounds.spread(rounds.shares(side, peak))
        entrant["cpu_peak_share"] = rounds.spread(rounds.shares(side, peak, "cpu"))
    return entrant


def rows_of(result):
    """(columns, rows): a row of words for each entrant."""
    measured = [entrant for entrant in result["entrants"] if "us" in entrant]
    milli = bool(measured) and measured[0]["us"] > 1e4
    compares = any("slower" in entrant for entrant in measured)
    columns = ["", f"{'ms' if milli else 'µs'} a {result['unit']}", "of processor", "GFLOP/s", "of peak"]
    columns += [f"slower than {result['entrants'][0]['label']}", "by processor"] if compares else []
    return columns, [row_of(entrant, 1e-3 if milli else 1, compares) for entrant in result["entrants"]]


def row_of(entrant, scale, compares):
    if "us" not in entrant:
        words = [f"left out: {entrant['left_out']}" if "left_out" in entrant else "WRONG, so not measured", "", "", ""]
    elif entrant["label"].startswith("FMA peak"):
        words = ["", "", number(entrant["gflops"]), ""]
    else:
        share = entrant.get("cpu_peak_share")
        words = [number(scale * entrant["us"]), number(scale * entrant["cpu_us"]),
                 number(entrant["gflops"]) if "gflops" in entrant else "", f"{100 * share['median']:.0f} %" if share else ""]
    if compares:
        words += [times(entrant.get(key)) for key in ("slower", "cpu_slower")]
    return [entrant["label"], *words]


def number(value):
    return f"{value:.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def times(ratio):
    return f"{number(ratio['median'])} ({number(ratio['lowest'])} to {number(ratio['highest'])})" if ratio else ""


def verdicts(result):
    """A line for each target."""
    words = {True: "yes", False: "NO", None: "not measured"}
    for target in result["targets"]:
        figures = [f"by {'wall' if clock == 'wall' else 'processor'} time {number(target['found'][clock])}"
                   for clock in sorted(target["found"], key=lambda clock: clock != target["clock"])]
        yield f"{words[target['met']]}: {target['text']} ({', '.join([target['why']] * bool(target['why']) + figures)})"


def remarks(result):
    """What a reader must know of this case."""
    for entrant in result["entrants"]:
        for what, difference in entrant.get("differences", {}).items():
            if difference["found"] > difference["allowed"]:
                yield (f"WRONG: the {what} of {entrant['label']} differ from PyTorch's by {difference['found']:.1e}, and "
                       f"{difference['allowed']:.0e} is allowed")
    if result["of_a_core"] < targets.CORE_FREE:
        yield (f"other programs wanted the core (somebody here had {100 * result['of_a_core']:.0f} % of it), so the processor "
               "time decides")


def text(result, out):
    columns, rows = rows_of(result)
    widths = [max(len(row[i]) for row in [columns, *(row for row in rows if not row[1].startswith("left out"))])
              for i in range(len(columns))]
    print(f"\n{result['case']}: {result['what']}", file=out)
    for row in [columns, *rows]:
        cells = [row[0].ljust(widths[0])] + [word.rjust(width) for word, width in zip(row[1:], widths[1:])]
        print("  " + "  ".join(cells).rstrip() if not row[1].startswith("left out") else f"  {cells[0]}  {row[1]}", file=out)
    for line in [*verdicts(result), *remarks(result)]:
        print(f"  {line}", file=out)
    out.flush()


def markdown(results, out):
    """docs/performance.md's tables."""
    about, versions = results[0], {}
    for entrant in (entrant for result in results for entrant in result["entrants"] if entrant["version"]):
        versions[entrant["version"]] = True
    dates, loads = sorted({result["date"] for result in results}), sorted(result["load"] for result in results)
    load = number(loads[0]) + (f" to {number(loads[-1])}" if loads[-1] > loads[0] else "")
    print(f"{' and '.join(dates)}; {about['machine']}; {', '.join(versions)}; {about['rounds']} rounds; load before the run "
          f"{load}.", file=out)
    for result in results:
        columns, rows = rows_of(result)
        print(f"\n### {result['case']}: {result['what']}\n", file=out)
        print(f"| {' | '.join(columns)} |\n|{' --- |' + ' ---: |' * (len(columns) - 1)}", file=out)
        for row in rows:
            print(f"| {' | '.join(row)} |", file=out)
        print("\n" + "\n".join(f"- {line}" for line in [*verdicts(result), *remarks(result)]), file=out)
