"""What was measured, as a picture (SVG): a bar for each entrant of a case, with the spread of the rounds.

A bar is a time, so shorter is better; where networks of different sizes stand beside each other it is the share of the FMA
peak. The line across a bar reaches from the lowest round to the highest.
"""
import html

import report

WIDTH, LEFT, RIGHT, ROW, GAP, TOP = 900, 190, 220, 22, 46, 60
STYLE = """text { font: 13px sans-serif; fill: #222 } .case { font-weight: bold } .small { font-size: 11px; fill: #666 }
rect { fill: #9db4c8 } .netc { fill: #d9653b } line { stroke: #222; stroke-width: 1.5 } .NO { fill: #b00020 } .yes { fill: #187a2f }"""


def draw(results, path):
    body, y = [], TOP
    for result in results:
        part, height = draw_case(result, y)
        body.append(part)
        y += height
    about = results[0]
    head = words(20, 26, f"netc {about['date']}: {about['machine']}", "case") + \
        words(20, 44, f"medians of {about['rounds']} interleaved rounds, and their lowest and highest; shorter is faster", "small")
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}">'
                    f'<style>{STYLE}</style><rect width="{WIDTH}" height="{y}" style="fill: #fff"/>{head}{"".join(body)}</svg>\n',
                    encoding="utf-8")


def words(x, y, text, kind="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{html.escape(text)}</text>'


def bars_of(result):
    """(label, length, lowest, highest, what is written beside it)"""
    entrants = [entrant for entrant in result["entrants"] if "us" in entrant and not entrant["label"].startswith("FMA peak")]
    if all("slower" not in entrant for entrant in entrants[1:]) or result["case"] in ("widths", "depths"):
        for entrant in entrants:
            share = entrant.get("cpu_peak_share")
            if share:
                yield (entrant["label"], share["median"], share["lowest"], share["highest"],
                       f"{report.number(entrant['gflops'])} GFLOP/s, {100 * share['median']:.0f} % of peak")
            else:
                yield entrant["label"], entrant["us"], entrant["us"], entrant["us"], f"{report.number(entrant['us'] / 1e3)} ms"
        return
    for entrant in entrants:
        ratio = entrant.get("slower", {"median": 1, "lowest": 1, "highest": 1})
        beside = f"{report.number(entrant['us'])} µs" + (f", {report.number(ratio['median'])} ×" if "slower" in entrant else "")
        yield entrant["label"], ratio["median"], ratio["lowest"], ratio["highest"], beside


def draw_case(result, top):
    bars = list(bars_of(result))
    scale = (WIDTH - LEFT - RIGHT) / max((min(highest, 2 * length) for _, length, _, highest, _ in bars), default=1)
    parts, y = [words(20, top + 14, f"{result['case']}: {result['what']}", "case")], top + 24
    for label, length, lowest, highest, beside in bars:
        kind = "netc" if label.startswith("netc") or result["case"] in ("widths", "depths", "compile") else ""
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
