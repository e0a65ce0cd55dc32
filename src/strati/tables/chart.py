"""A chart where one fits: two or more groups with one number each. Vega-Lite for tools, a small SVG for pages."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from strati.core.records import JSON

_MOST = 30  # bars
_WIDTH, _BAR, _LEFT, _RIGHT = 560, 22, 170, 80


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
    return isinstance(value, int | float) and not isinstance(value, bool)


def svg(chart: JSON) -> str:
    """The same chart as a small picture, without script."""
    values = chart["data"]["values"]
    line = isinstance(chart["mark"], dict)
    return _line(values) if line else _bars(values)


def _bars(values: list[dict[str, JSON]]) -> str:
    low, high = min(0, *(v["value"] for v in values)), max(0, *(v["value"] for v in values))
    scale = (_WIDTH - _LEFT - _RIGHT) / ((high - low) or 1)
    zero = _LEFT - low * scale
    parts = []
    for place, value in enumerate(values):
        y, size = place * _BAR, value["value"] * scale
        x = zero if size >= 0 else zero + size
        name = value["group"] if len(value["group"]) < 26 else value["group"][:24] + "..."
        parts.append(
            f'<text x="{_LEFT - 6}" y="{y + 15}" text-anchor="end">{escape(name)}</text>'
            f'<rect x="{x:.1f}" y="{y + 3}" width="{abs(size):.1f}" height="{_BAR - 6}"/>'
            f'<text x="{max(zero, zero + size) + 5:.1f}" y="{y + 15}">{_short(value["value"])}</text>'
        )
    return _picture(len(values) * _BAR + 4, "".join(parts))


def _line(values: list[dict[str, JSON]]) -> str:
    height = 180
    low, high = min(v["value"] for v in values), max(v["value"] for v in values)
    step = (_WIDTH - 120) / (len(values) - 1)
    points = [(60 + i * step, 150 - (v["value"] - low) / ((high - low) or 1) * 130) for i, v in enumerate(values)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    ends = (
        f'<text x="60" y="172">{escape(values[0]["group"])}</text>'
        f'<text x="{_WIDTH - 60}" y="172" text-anchor="end">{escape(values[-1]["group"])}</text>'
        f'<text x="4" y="24">{_short(high)}</text><text x="4" y="154">{_short(low)}</text>'
    )
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in points)
    return _picture(
        height, f'<polyline points="{path}" fill="none" stroke="currentColor" stroke-width="1.5"/>{dots}{ends}'
    )


def _picture(height: int, inside: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}" '
        f'role="img" font-family="sans-serif" font-size="12" fill="currentColor">{inside}</svg>'
    )


def _short(value: float) -> str:
    return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
