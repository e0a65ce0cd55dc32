"""A chart where one fits: two or more names with one number each. Vega-Lite for tools, SVG for pages and files."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from html import escape
from pathlib import Path

from strati.core.errors import UserError
from strati.core.records import JSON

FORMS = (".svg", ".json")
_MOST = 30  # bars
_WIDTH, _BAR, _LETTER = 640, 24, 7.0  # pixels; a letter of the mean width
_COLOR, _GRID = "#1f8289", "#8a979c"


def chart_of(columns: Sequence[str], rows: Sequence[Sequence[JSON]], *, time: bool = False) -> dict[str, JSON] | None:
    """A Vega-Lite specification with its data, or None where the rows make no chart.

    Args:
        columns: the names of the columns; the first is drawn along the bars, the second is their length.
        rows: the rows.
        time: whether the first column is in order of time, which makes a line.
    """
    if len(columns) < 2 or not 2 <= len(rows) <= (200 if time else _MOST):
        return None
    if any(not _number(row[1]) or row[0] is None for row in rows):
        return None
    values = [{"group": str(row[0]), "value": row[1]} for row in rows]
    if len({value["group"] for value in values}) < len(values):
        return None
    group = {"field": "group", "type": "nominal", "title": columns[0], "sort": None}
    value = {"field": "value", "type": "quantitative", "title": columns[1]}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "data": {"values": values},
        "mark": {"type": "line", "point": True} if time else "bar",
        "encoding": {"x": group, "y": value} if time else {"y": group, "x": value},
    }


def _number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def form_of(path: Path) -> str:
    """The form that a file's name asks for. Raises `UserError` for another ending than .svg and .json."""
    if (form := path.suffix.lower()) not in FORMS:
        raise UserError(f"a chart is written as .svg or .json (Vega-Lite), found {path.name!r}")
    return form


def written(chart: JSON, title: str, path: Path) -> None:
    """Write a chart as a picture or as its Vega-Lite specification, by the ending of the name.

    Raises `UserError` for another ending, or where the file cannot be written.
    """
    text = svg(chart, title) if form_of(path) == ".svg" else spec(chart, title)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from None


def spec(chart: JSON, title: str) -> str:
    """The Vega-Lite specification as text."""
    return json.dumps({**chart, "title": title}, ensure_ascii=False, indent=1)


def svg(chart: JSON, title: str = "") -> str:
    """The chart as a picture without script: with a title it stands alone, on white; else in the colour of the page."""
    values = [(_clean(one["group"]), float(one["value"])) for one in chart["data"]["values"]]
    names = [_clean(chart["encoding"][axis]["title"]) for axis in ("x", "y")]
    head = 58 if title else 24
    height, inside = (_line if isinstance(chart["mark"], dict) else _bars)(values, names, head)
    if title:
        shown = _short(title, 88)
        inside = (
            f'<rect width="100%" height="100%" fill="#ffffff"/><text x="12" y="24" font-size="15" font-weight="600">'
            f"{escape(shown)}</text>{inside}"
        )
    label = escape(f"{names[0]} and {names[1]}: {len(values)} values", quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}" '
        f'role="img" aria-label="{label}" font-family="system-ui, Helvetica, Arial, sans-serif" font-size="12" '
        f'fill="{"#1b262c" if title else "currentColor"}">{inside}</svg>'
    )


def _bars(values: list[tuple[str, float]], names: list[str], head: int) -> tuple[int, str]:
    shown = [(_short(name, 34), _figure(value)) for name, value in values]
    left = 18 + _LETTER * max(len(_short(names[1], 34)), *(len(name) for name, _ in shown))
    right = 16 + _LETTER * max(len(figure) for _, figure in shown)
    low, high = min(0.0, *(v for _, v in values)), max(0.0, *(v for _, v in values))
    room = right if low < 0 else 0  # figures of bars to the left
    scale = (_WIDTH - left - room - right) / ((high - low) or 1)
    zero = left + room - low * scale
    parts = [
        f'<g font-weight="600"><text x="{left - 8:.1f}" y="{head - 8}" text-anchor="end">{escape(_short(names[1], 34))}'
        f'</text><text x="{zero:.1f}" y="{head - 8}">{escape(_short(names[0], 48))}</text></g>'
    ]
    for place, ((name, figure), (_, value)) in enumerate(zip(shown, values, strict=True)):
        y, size = head + place * _BAR, abs(value) * scale
        x = zero if value >= 0 else zero - size
        at, anchor = (x + size + 6, "start") if value >= 0 else (x - 6, "end")
        parts.append(
            f'<text x="{left - 8:.1f}" y="{y + 16}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{x:.1f}" y="{y + 3}" width="{size:.1f}" height="{_BAR - 6}" fill="{_COLOR}"/>'
            f'<text x="{at:.1f}" y="{y + 16}" text-anchor="{anchor}">{figure}</text>'
        )
    end = head + len(values) * _BAR
    parts.append(f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="{head}" y2="{end}" stroke="{_GRID}"/>')
    return end + 12, "".join(parts)


def _line(values: list[tuple[str, float]], names: list[str], head: int) -> tuple[int, str]:
    figures = [value for _, value in values]
    ticks = _ticks(min(figures), max(figures))
    left, right, top, bottom = 18 + _LETTER * max(len(_figure(t)) for t in ticks), _WIDTH - 34, head + 8, head + 208
    low, high = min(*ticks, *figures), max(*ticks, *figures)

    def x(place: int) -> float:
        return left + 12 + place * (right - left - 12) / (len(values) - 1)

    def y(value: float) -> float:
        return bottom - (value - low) / ((high - low) or 1) * (bottom - top)

    parts = [f'<text x="12" y="{head - 8}" font-weight="600">{escape(_short(names[1], 60))}</text>']
    for tick in ticks:
        parts.append(
            f'<line x1="{left:.1f}" x2="{right}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="{_GRID}" '
            f'stroke-opacity="0.35"/>'
            f'<text x="{left - 6:.1f}" y="{y(tick) + 4:.1f}" text-anchor="end">{_figure(tick)}</text>'
        )
    wide = max(len(name) for name, _ in values) * _LETTER + 14
    step = max(1, math.ceil(len(values) * wide / (right - left)))
    parts += [
        f'<text x="{x(i):.1f}" y="{bottom + 20}" text-anchor="middle">{escape(_short(values[i][0], 20))}</text>'
        for i in range(0, len(values), step)
    ]
    path = " ".join(f"{x(i):.1f},{y(value):.1f}" for i, value in enumerate(figures))
    parts.append(f'<polyline points="{path}" fill="none" stroke="{_COLOR}" stroke-width="2" stroke-linejoin="round"/>')
    size = 3 if len(values) < 60 else 1.5
    parts += [f'<circle cx="{x(i):.1f}" cy="{y(v):.1f}" r="{size}" fill="{_COLOR}"/>' for i, v in enumerate(figures)]
    parts.append(
        f'<text x="{right}" y="{bottom + 40}" text-anchor="end" font-weight="600">{escape(_short(names[0], 60))}</text>'
    )
    return bottom + 50, "".join(parts)


def _ticks(low: float, high: float) -> list[float]:
    """Four to six round values that span the figures; from zero on where that is not far."""
    if 0 < low <= 0.6 * high:
        low = 0.0
    elif 0.6 * low <= high < 0:
        high = 0.0
    span = (high - low) or abs(high) or 1.0
    step = 10.0 ** math.floor(math.log10(span / 4))
    step *= next(factor for factor in (1, 2, 2.5, 5, 10) if span / (factor * step) <= 5)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(place * step, 10) for place in range(first, last + 1)]


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "\u2026"


def _clean(text: str) -> str:
    """Text that XML may hold, in one line."""
    return "".join(c if c.isprintable() else " " for c in text)


def _figure(value: float) -> str:
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
