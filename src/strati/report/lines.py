"""A line chart as SVG: a few lines with their names at the end, and points of note."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from strati.core import figures
from strati.report.axes import Axis
from strati.report.labels import Box, width_of
from strati.report.markup import Html, join, tag

SIZE = 13.0
LONGEST = 26
BESIDE = 190.0  # free at the right of the frame on a wide page
WIDEST = 6  # letters of a mark on a phone; of longer ones every second is shown
GAP = 17.0  # between the names at the ends of lines


class Line(NamedTuple):
    """One line: its number in the key, its name, its points in the order of x, and classes for the style."""

    number: int
    name: str
    points: Sequence[tuple[float, float]]
    kind: str


class Spot(NamedTuple):
    """A point of note with its words."""

    x: float
    y: float
    text: str


class Graph(NamedTuple):
    """All that is drawn, in the units of the data."""

    title: str
    summary: str
    name: str
    lines: Sequence[Line]
    spots: Sequence[Spot]
    x_name: str
    y_name: str
    x_text: Callable[[float], str]
    y_text: Callable[[float], str]
    straight: bool = False  # x is a share on a straight axis, not a logarithmic one
    room: float = 1.0  # kept free at both ends of a logarithmic x axis, as a factor


def log_axis(values: Sequence[float], start: float, end: float, most: int, room: float = 1.0) -> Axis:
    """A logarithmic axis from the least to the greatest value, with some room, and marks at powers of ten.

    Where less than two powers lie inside, marks stand at 1, 2 and 5 times them.
    """
    known = [value for value in values if value > 0 and math.isfinite(value)] or [1.0]
    low, high = min(known) / room, max(known) * room
    if high / low < 3:
        low, high = low / 1.75, high * 1.75
    powers = [10.0**p for p in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    ticks = [power for power in powers if low <= power <= high]
    if len(ticks) < 3:
        ticks = [step * power for power in powers for step in (1, 2, 5) if low <= step * power <= high]
    step = max(1, math.ceil(len(ticks) / most))
    return Axis(low, high, start, end, True, tuple(ticks[::step]))


def share_axis(values: Sequence[float], start: float, end: float) -> Axis:
    """A straight axis that holds all of some shares, with marks at round ones."""
    low, high = max(0.0, min(values) - 0.02), min(1.0, max(values) + 0.02)
    step = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.2) if (high - low) / s <= 7 or s == 0.2)
    first, last = math.ceil(round(low / step, 6)), math.floor(round(high / step, 6))
    return Axis(low, high, start, end, False, tuple(round(n * step, 6) for n in range(first, last + 1)))


def line_chart(graph: Graph, wide: bool, y_axis: Callable[[float, float], Axis]) -> Html:
    """The drawing, for a wide page with names, or for a phone with numbers. `y_axis` makes the axis from two places."""
    width, height = (900.0, 400.0) if wide else (350.0, 330.0)
    frame = Box(54 if wide else 46, 28 if wide else 44, width - (212 if wide else 34), height - 52)
    values = [*(x for line in graph.lines for x, _ in line.points), *(spot.x for spot in graph.spots)]
    if graph.straight:
        x = share_axis([0.0, 1.0], frame.left, frame.right)
    else:
        x = log_axis(values, frame.left, frame.right, 8 if wide else 5, graph.room)
    if not wide and max((len(graph.x_text(tick)) for tick in x.ticks), default=0) > WIDEST:
        x = x._replace(ticks=x.ticks[::2])
    y = y_axis(frame.bottom, frame.top)
    kind = "wide" if wide else "narrow"
    mark = f"{graph.name}-{kind}"
    return tag(
        "svg",
        tag("title", graph.title, id=f"{mark}-title"),
        tag("desc", graph.summary, id=f"{mark}-desc"),
        _scales(graph, x, y, frame),
        [_line(line, x, y) for line in graph.lines],
        [_spot(spot, x, y, frame, wide) for spot in graph.spots],
        _ends(graph, x, y, frame, wide),
        class_=f"chart {kind}",
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        aria_labelledby=f"{mark}-title {mark}-desc",
    )


def figure(graph: Graph, y_axis: Callable[[float, float], Axis]) -> Html:
    """The chart for wide pages and for phones, with the key that the latter needs."""
    key = [tag("li", line.name, value=line.number) for line in graph.lines]
    drawings = [line_chart(graph, wide, y_axis) for wide in (True, False)]
    return tag("figure", drawings, tag("ol", key, class_="key"))


def _scales(graph: Graph, x: Axis, y: Axis, frame: Box) -> Html:
    middle = (frame.left + frame.right) / 2
    return join(
        [_stroke(frame.left, y.at(v), frame.right, y.at(v), "grid") for v in y.ticks],
        [_words(frame.left - 7, y.at(v) + 4, graph.y_text(v), "tick", "end") for v in y.ticks],
        [_stroke(x.at(v), frame.bottom, x.at(v), frame.bottom + 5, "axis") for v in x.ticks],
        [_words(x.at(v), frame.bottom + 20, graph.x_text(v), "tick", "middle") for v in x.ticks],
        _stroke(frame.left, frame.bottom, frame.right, frame.bottom, "axis"),
        _words(middle, frame.bottom + 42, graph.x_name, "name", "middle"),
        _words(0, 13, graph.y_name, "name", "start"),
    )


def _line(line: Line, x: Axis, y: Axis) -> Html:
    path = " ".join(f"{x.at(a):.1f},{y.at(b):.1f}" for a, b in line.points)
    return tag("polyline", points=path, class_=f"line {line.kind}")


def _spot(spot: Spot, x: Axis, y: Axis, frame: Box, wide: bool) -> Html:
    left, top = x.at(spot.x), y.at(spot.y)
    below = top + 20 if top + 24 < frame.bottom else top - 10  # of rising lines the lowest is marked: free below it
    over = left + 8 + width_of(spot.text, SIZE) > frame.right + BESIDE
    at, anchor = (left - 8, "end") if over else (left + 8, "start")
    text = _words(at, below, spot.text, "label spot", anchor) if wide else None
    return join(tag("circle", cx=f"{left:.1f}", cy=f"{top:.1f}", r="5.0", class_="spot"), text)


def _ends(graph: Graph, x: Axis, y: Axis, frame: Box, wide: bool) -> Html:
    """The names at the ends of the lines, moved apart where they would touch."""
    ends = sorted(((y.at(line.points[-1][1]), line) for line in graph.lines), key=lambda end: end[0])
    places = apart([place for place, _ in ends], GAP, frame.top, frame.bottom)
    parts: list[Html] = []
    for at, (place, line) in zip(places, ends, strict=True):
        edge = x.at(line.points[-1][0])
        parts.append(_stroke(edge, place, edge + 10, at, "leader"))
        text = figures.squeeze(line.name, LONGEST) if wide else str(line.number)
        parts.append(_words(edge + 13, at + 4.5, text, f"label {line.kind}", "start"))
    return join(parts)


def apart(places: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Rising places moved so that neighbours are a gap apart, staying between two ends as far as there is room.

    >>> apart([10, 11, 50], 10, 0, 55)
    [10.0, 20.0, 50.0]
    """
    found: list[float] = []
    for place in places:
        found.append(max(place, found[-1] + gap if found else low))
    limit = high
    for index in reversed(range(len(found))):
        found[index] = min(found[index], limit)
        limit = found[index] - gap
    return [float(place) for place in found]


def _words(x: float, y: float, text: str, kind: str, anchor: str) -> Html:
    return tag("text", text, x=f"{x:.1f}", y=f"{y:.1f}", class_=kind, text_anchor=anchor)


def _stroke(x1: float, y1: float, x2: float, y2: float, kind: str) -> Html:
    return tag("line", x1=f"{x1:.1f}", y1=f"{y1:.1f}", x2=f"{x2:.1f}", y2=f"{y2:.1f}", class_=kind)
