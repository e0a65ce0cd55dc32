"""Two drawings of curves: quality against training labels, and wrong answers against the share answered."""

from __future__ import annotations

from strati.core import figures
from strati.report.axes import Axis
from strati.report.facts import Record, chosen, is_chosen, metric_words, name_of, record, records
from strati.report.lines import Graph, Line, figure, share_axis
from strati.report.markup import Html, join

MOST_LINES = 4
LEAST = 0.05  # coverage from which a curve is drawn: the risk of a handful of answers jumps


def curves_drawing(verdict: Record, curves: list[Record]) -> Html:
    """The learning curves, with a level line for each language model; nothing where no curve has two points."""
    kept = [curve for curve in curves if len(records(curve, "points")) > 1]
    if not kept:
        return join()
    bold = chosen(verdict)
    lines = [
        Line(
            number,
            figures.line(curve.get("candidate")),
            [(float(p["labels"]), float(p["value"])) for p in records(curve, "points")],
            "plain chosen" if bold is not None and bold.get("name") == curve.get("candidate") else "plain",
        )
        for number, curve in enumerate(kept, 1)
    ]
    ends = (lines[0].points[0][0], max(line.points[-1][0] for line in lines))
    for row in levels(verdict):
        level = float(row["llm_quality"])
        lines.append(Line(len(lines) + 1, figures.line(row.get("llm")), [(ends[0], level), (ends[1], level)], "llm"))
    heights = [y for line in lines for _, y in line.points]

    def y_axis(start: float, end: float) -> Axis:
        return share_axis(heights, start, end)

    metric = metric_words(kept[0].get("metric"))
    graph = Graph(
        f"{metric.capitalize()} on tune against training labels",
        "; ".join(f"{line.name} {figures.share(line.points[-1][1])} with all labels" for line in lines),
        "labels",
        lines,
        [],
        "training labels, log scale",
        f"{metric} on tune",
        figures.count,
        lambda value: figures.share(value).replace(".0", ""),
    )
    return figure(graph, y_axis)


def levels(verdict: Record) -> list[Record]:
    """One row for each language model that has a place on the scale."""
    found: dict[str, Record] = {}
    for row in records(record(verdict, "label_price"), "rows"):
        if figures.finite(row.get("llm_quality")) is not None:
            found.setdefault(figures.line(row.get("llm")), row)
    return list(found.values())


def risk_drawing(verdict: Record) -> Html:
    """Wrong answers against answers given, of the chosen rung and the best others; nothing without confidences."""
    lines = [_line(verdict, number, c) for number, c in enumerate(drawn(verdict), 1)]
    if not lines:
        return join()
    heights = [y for line in lines for _, y in line.points]

    def y_axis(start: float, end: float) -> Axis:
        return share_axis(heights, start, end)

    graph = Graph(
        "Share of wrong answers against the share answered",
        "; ".join(f"AURC of {name_of(c)} {figures.ratio(record(c, 'aurc').get('value'))}" for c in drawn(verdict)),
        "risk",
        lines,
        (),
        "share answered, the most confident first",
        "wrong among the answered",
        _percent,
        _percent,
        straight=True,
    )
    return figure(graph, y_axis)


def drawn(verdict: Record) -> list[Record]:
    """The chosen rung and those of the least AURC, in the order of the ladder."""
    able = [c for c in records(verdict, "candidates") if len(_points(c)) > 1]
    ranked = sorted(
        able, key=lambda c: (not is_chosen(verdict, c), figures.finite(record(c, "aurc").get("value")) or 0.0)
    )
    kept = [name_of(c) for c in ranked[:MOST_LINES]]
    return [c for c in able if name_of(c) in kept]


def _line(verdict: Record, number: int, candidate: Record) -> Line:
    kind = "llm" if candidate.get("uses_llm") else "plain"
    return Line(number, name_of(candidate), _points(candidate), kind + " chosen" * is_chosen(verdict, candidate))


def _points(candidate: Record) -> list[tuple[float, float]]:
    found = record(candidate, "aurc")
    pairs = zip(found.get("coverage") or [], found.get("risk") or [], strict=False)
    return [
        (x, y)
        for a, b in pairs
        if (x := figures.finite(a)) is not None and (y := figures.finite(b)) is not None and x >= LEAST
    ]


def _percent(share: float) -> str:
    return figures.share(share).replace(".0", "")
