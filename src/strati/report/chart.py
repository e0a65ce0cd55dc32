"""Quality against cost as SVG: whiskers for intervals, shape for LLM or not, names beside their marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from strati.core import figures
from strati.report.axes import LEAST, SPAN, Axis, cost_axis, quality_axis
from strati.report.facts import Record, is_chosen, metric_of, name_of, record, records
from strati.report.labels import Box, Label, place, width_of
from strati.report.markup import Html, join, tag

SIZE = 13.0
LONGEST = 44
FEW = 8


class Mark(NamedTuple):
    """One rung of the chart; `number` is its place on the ladder."""

    number: int
    name: str
    value: float
    low: float
    high: float
    cost: float
    llm: bool
    chosen: bool
    whole: bool


class Sheet(NamedTuple):
    """The frame of one drawing and its axes."""

    kind: str
    width: float
    height: float
    frame: Box
    x: Axis
    y: Axis


def marks_of(verdict: Record) -> list[Mark]:
    """The rungs that have both a quality and a cost."""
    return [
        Mark(
            number,
            figures.squeeze(name_of(candidate), LONGEST),
            value,
            _or(figures.finite(quality.get("low")), value),
            _or(figures.finite(quality.get("high")), value),
            cost,
            bool(candidate.get("uses_llm")),
            is_chosen(verdict, candidate),
            candidate.get("status") in {"measured", "recorded"},
        )
        for number, candidate in enumerate(records(verdict, "candidates"), 1)
        for quality in [record(candidate, "quality")]
        for value in [figures.finite(quality.get("value"))]
        for cost in [figures.finite(candidate.get("cost_per_1000"))]
        if value is not None and cost is not None
    ]


def sunk(marks: Sequence[Mark]) -> bool:
    """Whether a rung lies so far below the best that it stands at the lower edge."""
    best = max((mark.value for mark in marks), default=0.0)
    return any(mark.value < best - SPAN for mark in marks)


def chart(verdict: Record, wide: bool) -> Html:
    """The drawing, for a wide page with names, or for a phone with numbers of the ladder."""
    marks = marks_of(verdict)
    sheet = _sheet(marks, figures.finite(record(verdict, "goal").get("at_least")), wide)
    drawn = sorted(marks, key=lambda mark: (not mark.chosen, -mark.value))
    texts = [_label_text(mark, sheet) for mark in drawn]
    places = [(sheet.x.at(mark.cost), sheet.y.at(mark.value)) for mark in drawn]
    widths = [width_of(text, SIZE) * (1.08 if mark.chosen else 1) for mark, text in zip(drawn, texts, strict=True)]
    labels = place(places, widths, SIZE + 3, _taken(verdict, marks, sheet), sheet.frame)
    title = f"{metric_of(verdict).capitalize()} on test against cost per 1,000 answers"
    summary = "; ".join(f"{mark.name} {figures.share(mark.value)} at {figures.money(mark.cost)}" for mark in marks)
    return tag(
        "svg",
        tag("title", title, id=f"{sheet.kind}-title"),
        tag("desc", summary, id=f"{sheet.kind}-desc"),
        _lines(verdict, sheet, marks),
        [_whisker(mark, sheet) for mark in marks],
        [_leader(at, label) for at, label in zip(places, labels, strict=True) if label.leader],
        [_shape(mark, sheet) for mark in reversed(drawn)],
        [_text(mark, text, label) for mark, text, label in zip(drawn, texts, labels, strict=True)],
        class_=f"chart {sheet.kind}",
        viewBox=f"0 0 {sheet.width:g} {sheet.height:g}",
        role="img",
        aria_labelledby=f"{sheet.kind}-title {sheet.kind}-desc",
    )


def _sheet(marks: Sequence[Mark], bar: float | None, wide: bool) -> Sheet:
    width, height = (900.0, 420.0 if len(marks) < FEW else 500.0) if wide else (350.0, 380.0)
    frame = Box(46, 26, width - (14 if wide else 6), height - 52)
    x = cost_axis([m.cost for m in marks], frame.left, frame.right, 8 if wide else 4)
    lows, highs = [m.low for m in marks], [*(m.high for m in marks), *([] if bar is None else [bar])]
    y = quality_axis([m.value for m in marks], lows, highs, frame.bottom - 12, frame.top)
    return Sheet("wide" if wide else "narrow", width, height, frame, x, y)


def _label_text(mark: Mark, sheet: Sheet) -> str:
    text = mark.name if sheet.kind == "wide" else str(mark.number)
    return f"{text} ({figures.share(mark.value)})" if mark.value < sheet.y.low else text


def _taken(verdict: Record, marks: Sequence[Mark], sheet: Sheet) -> list[Box]:
    bar = figures.finite(record(verdict, "goal").get("at_least"))
    boxes = [] if bar is None else [Box(sheet.frame.left, sheet.y.at(bar), sheet.frame.left + 75, sheet.y.at(bar) + 18)]
    for mark in marks:
        x, y = sheet.x.at(mark.cost), sheet.y.at(mark.value)
        boxes.append(Box(x - 8, y - 8, x + 8, y + 8))
        boxes.append(Box(x - 2, sheet.y.at(mark.high), x + 2, sheet.y.at(mark.low)))
    return boxes


def _lines(verdict: Record, sheet: Sheet, marks: Sequence[Mark]) -> Html:
    frame, x, y = sheet.frame, sheet.x, sheet.y
    return join(
        _band(verdict, sheet, marks),
        [_line(frame.left, y.at(v), frame.right, y.at(v), "grid") for v in y.ticks],
        [_words(frame.left - 7, y.at(v) + 4, figures.share(v).replace(".0", ""), "tick", "end") for v in y.ticks],
        [_line(x.at(v), frame.bottom, x.at(v), frame.bottom + 5, "axis") for v in x.ticks],
        [_words(x.at(v), frame.bottom + 20, _dollars(v), "tick", "middle") for v in x.ticks],
        _line(frame.left, frame.bottom, frame.right, frame.bottom, "axis"),
        _words(
            (frame.left + frame.right) / 2, frame.bottom + 42, "cost per 1,000 answers, log scale", "name", "middle"
        ),
        _words(0, 13, metric_of(verdict), "name", "start"),
        _limits(verdict, sheet),
    )


def _band(verdict: Record, sheet: Sheet, marks: Sequence[Mark]) -> Html:
    margin = figures.finite(record(verdict, "goal").get("margin"))
    best = max((mark.value for mark in marks if mark.whole), default=None)
    if margin is None or best is None:
        return join()
    top, bottom = sheet.y.at(best), sheet.y.at(best - margin)
    width = sheet.frame.right - sheet.frame.left
    return tag("rect", x=_n(sheet.frame.left), y=_n(top), width=_n(width), height=_n(bottom - top), class_="band")


def _limits(verdict: Record, sheet: Sheet) -> Html:
    goal, frame = record(verdict, "goal"), sheet.frame
    bar, cost = figures.finite(goal.get("at_least")), figures.finite(goal.get("max_cost_per_1000"))
    parts: list[str] = []
    if bar is not None and sheet.y.low <= bar <= sheet.y.high:
        y = sheet.y.at(bar)
        parts.append(_line(frame.left, y, frame.right, y, "limit"))
        parts.append(_words(frame.left + 5, y + 14, f"bar {figures.share(bar)}", "limit-name", "start"))
    if cost is not None and sheet.x.low <= cost <= sheet.x.high:
        x = sheet.x.at(cost)
        parts.append(_line(x, frame.top, x, frame.bottom, "limit"))
        parts.append(_words(x, frame.top - 8, f"limit {figures.money(cost)}", "limit-name", "middle"))
    return join(parts)


def _whisker(mark: Mark, sheet: Sheet) -> Html:
    x, high, low = sheet.x.at(mark.cost), sheet.y.at(mark.high), sheet.y.at(mark.low)
    kind = f"whisker {_kind(mark)}"
    return join(
        _line(x, high, x, low, kind),
        _line(x - 4, high, x + 4, high, kind) if mark.high > sheet.y.low else None,
        _line(x - 4, low, x + 4, low, kind) if mark.low > sheet.y.low else None,
    )


def _shape(mark: Mark, sheet: Sheet) -> Html:
    x, y, r = sheet.x.at(mark.cost), sheet.y.at(mark.value), 7.5 if mark.chosen else 5.5
    kind = f"mark {_kind(mark)}"
    if mark.value < sheet.y.low:
        return tag("path", d=f"M{_n(x - 6)} {_n(y)}h12l-6 9z", class_=kind)
    if mark.llm:
        return tag(
            "path",
            d=f"M{_n(x)} {_n(y - r - 1)}l{_n(r + 1)} {_n(r + 1)}l{_n(-r - 1)} {_n(r + 1)}l{_n(-r - 1)} {_n(-r - 1)}z",
            class_=kind,
        )
    return tag("circle", cx=_n(x), cy=_n(y), r=_n(r), class_=kind)


def _leader(at: tuple[float, float], label: Label) -> Html:
    x = min(max(at[0], label.box.left + 4), label.box.right - 4)
    y = label.box.bottom if label.box.bottom < at[1] else label.box.top
    return _line(at[0], at[1], x, y, "leader")


def _text(mark: Mark, text: str, label: Label) -> Html:
    left, _, right, bottom = label.box
    x, anchor = {"start": left, "middle": (left + right) / 2, "end": right}[label.anchor], label.anchor
    return _words(x, bottom - 4.5, text, f"label {_kind(mark)}", anchor)


def _kind(mark: Mark) -> str:
    return " ".join(("llm" if mark.llm else "plain", *(["chosen"] * mark.chosen), *(["part"] * (not mark.whole))))


def _words(x: float, y: float, text: str, kind: str, anchor: str) -> Html:
    return tag("text", text, x=_n(x), y=_n(y), class_=kind, text_anchor=anchor)


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Html:
    return tag("line", x1=_n(x1), y1=_n(y1), x2=_n(x2), y2=_n(y2), class_=kind)


def _dollars(power: float) -> str:
    if power >= 1:
        return f"${power:,.0f}"
    return "≤ $0.0001" if power <= LEAST * 1.01 else f"${power:.4f}".rstrip("0")


def _n(value: float) -> str:
    return f"{value:.1f}"


def _or(value: float | None, other: float) -> float:
    return other if value is None else value
