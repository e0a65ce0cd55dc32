"""Risk against coverage in the HTML report: how much less is wrong where only sure answers are given."""

from __future__ import annotations

from strati.core import figures
from strati.report.axes import Axis
from strati.report.facts import Record, is_chosen, name_of, record, records
from strati.report.lines import Graph, Line, figure, share_axis
from strati.report.markup import Html, join
from strati.report.tables import fold, note

MOST_LINES = 4
LEAST = 0.05  # coverage from which a curve is drawn: the risk of a handful of answers jumps


def ranking(verdict: Record) -> Html:
    """The curves of the chosen rung and the best others, closed at first; nothing where no rung gives a confidence."""
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
    said = (
        "The lower the curve, the better confidence tells right from wrong. AURC is the area under it, on test answers."
    )
    return fold("Risk and coverage: what is gained by answering only what is sure", figure(graph, y_axis), note(said))


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
