"""Total cost of ownership in the HTML report: cost over volume with break-even points, and what it is made of."""

from __future__ import annotations

from collections.abc import Sequence

from strati.core import figures
from strati.report.axes import Axis
from strati.report.facts import Record, chosen, name_of, record, records, texts
from strati.report.lines import Graph, Line, Spot, figure, log_axis, short
from strati.report.markup import Child, Html, join, tag
from strati.report.tables import Column, Row, fold, note, section, table

MOST_LINES = 7
PARTS = ("labels", "training", "retraining", "machine", "paid", "people", "wrong_answers")
STATED = {
    "label_costs": "what a label costs (label_costs)",
    "labels_per_retraining": "labels for training anew (labels_per_retraining)",
    "wrong_answer_costs": "what a wrong answer costs (wrong_answer_costs)",
    "human_answer_costs": "what an answer by a person costs (human_answer_costs)",
    "human_error_rate": "how often a person is wrong (human_error_rate)",
}


def total(verdict: Record) -> Html:
    """The section, or nothing where no cost is known."""
    owned = record(verdict, "ownership")
    rows = records(owned, "rows")
    if not rows:
        return join()
    span = f"{figures.count(owned.get('horizon_months'))} months"
    stated = f"At {figures.count(owned.get('volume_per_month'))} answers a month over {span}"
    times = figures.finite(owned.get("retrainings"))
    stated += f", trained anew {figures.count(times)} times" if times else ""
    return section(
        "Total cost of ownership",
        "total",
        tag("p", f"{stated}: labels, training, answers, people and wrong answers, as far as the goal prices them."),
        _drawing(verdict, owned),
        table("What the total is made of, at the stated volume", _columns(), [_row(verdict, r) for r in rows]),
        _points(verdict, owned),
        note(missing(owned)),
        note(
            f"{composed_words(verdict, owned)} "
            "The range follows the interval of the quality; prices of machine and labels are taken as given. "
            "Labels count those fitted on or drawn on for shots, and those to choose, calibrate and test."
        ),
    )


def composed_words(verdict: Record, owned: Record) -> str:
    """What "composed with people" is, where it has a row."""
    row = next((row for row in records(owned, "rows") if row.get("estimated_on")), None)
    frontier = record(verdict, "frontier")
    best = frontier.get("best")
    if row is None or not isinstance(best, int) or best >= len(records(frontier, "points")):
        return ""
    point = records(frontier, "points")[best]
    return (
        f"{figures.line(row.get('candidate')).capitalize()}: {' > '.join(texts(point, 'rungs'))}, then people for "
        f"{figures.share(point.get('people'))} of the cases; estimated on tune, not "
        "certified, so not among the cheapest."
    )


def row_name(row: Record) -> str:
    """Its name, marked where it was not measured on test."""
    name = figures.line(row.get("candidate"))
    return f"{name} (estimated on tune, not certified)" if row.get("estimated_on") else name


def missing(owned: Record) -> str:
    """What is not in any total because the goal does not state it."""
    keys = [STATED.get(key, key) for key in texts(owned, "not_stated")]
    return f"Not stated in the goal, so not counted: {', '.join(keys)}." if keys else ""


def drawn_rows(verdict: Record, owned: Record) -> list[Record]:
    """The rows that get a line: the chosen one, those that are cheapest somewhere, people, then the cheapest here."""
    rows = [row for row in records(owned, "rows") if row.get("compared") and records(row, "line")]
    rung = chosen(verdict)
    first = {entry.get("name") for entry in records(owned, "cheapest")} | {rung.get("name") if rung else None}
    ranked = sorted(rows, key=lambda row: (row.get("candidate") not in first, figures.finite(row.get("total")) or 0.0))
    kept = [row.get("candidate") for row in ranked[:MOST_LINES]]
    drawn = [row for row in rows if row.get("candidate") in kept or row.get("people")]
    return [*drawn, *(row for row in records(owned, "rows") if row.get("estimated_on") and records(row, "line"))]


def _drawing(verdict: Record, owned: Record) -> Html:
    rows = drawn_rows(verdict, owned)
    if not rows:
        return note("No drawing: errors have no price and no candidate qualifies, so there is nothing to compare.")
    lines = [_line(verdict, number, row) for number, row in enumerate(rows, 1)]
    names = {row.get("candidate") for row in rows}
    spots = _spots(owned, names)
    heights = [y for line in lines for _, y in line.points]

    def y_axis(start: float, end: float) -> Axis:
        return log_axis(heights, start, end, 7, 1.3)

    graph = Graph(
        "Total cost over the horizon against answers a month",
        _cheapest(owned),
        "total",
        lines,
        spots,
        (float(owned["volume_per_month"]), "your volume") if figures.finite(owned.get("volume_per_month")) else None,
        "answers a month, log scale",
        "total over the horizon, log scale",
        short,
        lambda dollars: f"${short(dollars)}",
    )
    legend = "Marked: where another candidate becomes the cheapest." if spots else ""
    return join(figure(graph, y_axis), note(f"{legend} {_cheapest(owned)}".strip()))


def _line(verdict: Record, number: int, row: Record) -> Line:
    rung = next((c for c in records(verdict, "candidates") if c.get("name") == row.get("candidate")), None)
    kind = (
        "composed"
        if row.get("estimated_on")
        else "people"
        if rung is None
        else "llm"
        if rung.get("uses_llm")
        else "plain"
    )
    bold = chosen(verdict)
    mark = " chosen" if bold is not None and rung is bold else ""
    points = [(float(p["volume_per_month"]), float(p["total"])) for p in records(row, "line")]
    return Line(number, figures.line(row.get("candidate")), points, kind + mark)


def _spots(owned: Record, names: set[object]) -> list[Spot]:
    """The volumes at which another candidate becomes the cheapest."""
    steps = [figures.finite(entry.get("from")) for entry in records(owned, "cheapest")[1:]]
    found = []
    for row in records(owned, "break_even"):
        volume, cost = figures.finite(row.get("volume_per_month")), figures.finite(row.get("total"))
        if volume is None or cost is None or not {row.get("a"), row.get("b")} <= names:
            continue
        if any(step is not None and abs(step - volume) <= 1e-9 * volume for step in steps):
            found.append(Spot(volume, cost, f"{_volume(volume)} a month"))
    return found


def _cheapest(owned: Record) -> str:
    parts = [
        f"{figures.line(entry.get('name'))} from {_volume(entry.get('from'))} to {_volume(entry.get('to'))}"
        for entry in records(owned, "cheapest")
    ]
    return f"Cheapest by answers a month: {'; '.join(parts)}." if parts else ""


def _columns() -> list[Column]:
    titles = ["Total", "Range", *(part.replace("_", " ").capitalize() for part in PARTS)]
    return [Column("Rung"), *(Column(title, "number") for title in titles), Column("Not counted", "prose")]


def _row(verdict: Record, row: Record) -> Row:
    parts, rung = record(row, "parts"), chosen(verdict)
    cells: list[Child] = [row_name(row), figures.money(row.get("total")), cost_range(row)]
    cells += [figures.money(parts.get(part)) for part in PARTS]
    cells.append(", ".join(texts(row, "left_out")))
    return Row(cells, "chosen" if rung is not None and name_of(rung) == figures.line(row.get("candidate")) else None)


def cost_range(row: Record) -> str:
    """The limits of a total, or a dash where it has none."""
    low, high = figures.finite(row.get("low")), figures.finite(row.get("high"))
    if low is None or high is None or high <= low:
        return figures.MISSING
    return f"{figures.money(low)} to {figures.money(high)}"


def _points(verdict: Record, owned: Record) -> Html:
    """The break-even points of the chosen rung; the others below it, closed."""
    rung, rows = chosen(verdict), records(owned, "break_even")
    name = rung.get("name") if rung else None
    mine = [row for row in rows if name is not None and name in (row.get("a"), row.get("b"))]
    return join(
        _points_table(f"Where {figures.line(name)} breaks even", mine) if mine else None,
        fold("All break-even points", _points_table("Break-even points", rows), in_print=False) if rows else None,
        note("Looked for from a hundredth to a hundred times the stated volume.") if rows else None,
    )


def _points_table(caption: str, rows: Sequence[Record]) -> Html:
    titles = [
        ("Cheaper above", "prose"),
        ("Cheaper below", "prose"),
        ("Answers a month", "number"),
        ("Without", "text"),
    ]
    made = []
    for row in rows:
        above = figures.line(row.get("cheaper_above"))
        below = figures.line(row.get("a") if row.get("cheaper_above") == row.get("b") else row.get("b"))
        made.append(Row([above, below, _volume(row.get("volume_per_month")), ", ".join(texts(row, "without")) or "–"]))
    return table(caption, [Column(title, kind or "text") for title, kind in titles], made)


def _volume(x: object) -> str:
    value = figures.finite(x)
    if value is None:
        return figures.MISSING
    return figures.count(float(f"{value:.3g}"))
