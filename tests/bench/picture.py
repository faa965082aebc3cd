"""What was measured, as a picture (SVG): a bar for each entrant of a case, with the spread of the rounds.

A bar is a time, so shorter is better; where networks of different sizes stand beside each other it is the share of the FMA
peak. The line across a bar reaches from the lowest round to the highest.
"""
import html

import report
import targets
WIDTH, LEFT, RIGHT, ROW, GAP, TOP = 900, 190, 220, 22, 46, 60
STYLE = """text { font: 13px sans-serif; fill: #222 } .case { font-weight: bold } .small { font-size: 11px; fill: #666 }
rect { fill: #9db4c8 } .netc { fill: #d9653b } line { stroke: #222; stroke-width: 1.5 }
.NO { fill: #b00020 } .yes { fill: #187a2f }"""


def draw(results, path):
    body, y = [], TOP
    for result in results:
        part, height = draw_case(result, y)
        body.append(part)
        y += height
    about = results[0]
    head = words(20, 26, f"netc {about['date']}: {about['machine']}", "case") + \
        words(20, 44, f"medians of {about['rounds']} interleaved rounds, with lowest and highest; shorter is faster", "small")
    size = f'width="{WIDTH}" height="{y}"'
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" {size}><style>{STYLE}</style>'
                    f'<rect {size} style="fill: #fff"/>{head}{"".join(body)}</svg>\n', encoding="utf-8")


def words(x, y, text, kind="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{html.escape(text)}</text>'


def bars_of(result):
    """(label, length, lowest, highest, what is written beside it), by the clock that decides."""
    prefix = "" if result["of_a_core"] >= targets.CORE_FREE else "cpu_"
    entrants = [entrant for entrant in result["entrants"] if "us" in entrant and not entrant["label"].startswith("FMA peak")]
    compares = any("slower" in entrant for entrant in entrants)
    for i, entrant in enumerate(entrants):
        us, share, slower = entrant[f"{prefix}us"], entrant.get(f"{prefix}peak_share"), entrant.get(f"{prefix}slower")
        time = f"{report.number(us)} µs" if us < 1e4 else f"{report.number(us / 1e3)} ms"
        if share and not compares:
            yield (entrant["label"], share["median"], share["lowest"], share["highest"],
                   f"{report.number(entrant['gflops'])} GFLOP/s, {100 * share['median']:.0f} % of peak")
        elif slower:
            yield (entrant["label"], slower["median"], slower["lowest"], slower["highest"],
                   f"{time}, {report.number(slower['median'])} ×")
        elif i == 0 or not compares:
            length = us / entrants[0][f"{prefix}us"]
            yield entrant["label"], length, length, length, time


def draw_case(result, top):
    bars, compares = list(bars_of(result)), any("slower" in entrant for entrant in result["entrants"])
    scale = (WIDTH - LEFT - RIGHT) / max((min(highest, 2 * length) for _, length, _, highest, _ in bars), default=1)
    parts, y = [words(20, top + 14, f"{result['case']}: {result['what']}", "case")], top + 24
    for label, length, lowest, highest, beside in bars:
        kind = "netc" if label.startswith("netc") or not compares else ""
        end, middle = min(highest, 2 * length), y + ROW / 2
        parts += [words(LEFT - 8, middle + 4, label, anchor="end"),
                  f'<rect x="{LEFT}" y="{y + 3}" width="{length * scale:.1f}" height="{ROW - 6}" class="{kind}"/>',
                  f'<line x1="{LEFT + lowest * scale:.1f}" x2="{LEFT + end * scale:.1f}" y1="{middle}" y2="{middle}"/>',
                  words(LEFT + max(end, length) * scale + 8, middle + 4, beside, "small")]
        y += ROW
    for line in [*report.verdicts(result), *(f"{entrant['label']} was left out: {entrant['left_out']}"
                                             for entrant in result["entrants"] if "left_out" in entrant)]:
        parts.append(words(LEFT, y + 12, line, f"small {line.split(':')[0]}"))
        y += 15
    return "".join(parts), y + GAP - 24 - top
