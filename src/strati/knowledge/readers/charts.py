"""Charts of Office files: the title, then the numbers as a table, then whatever else is written in the chart."""

from __future__ import annotations

from typing import Any

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Kind
from strati.knowledge.locator import Locator

Element = Any  # lxml's, which has no types
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
CX = "{http://schemas.microsoft.com/office/drawing/2014/chartex}"


def write_chart(made: DocumentBuilder, root: Element, at: Locator) -> None:
    """Write a chart into a document: a row for each category, a column for each series."""
    title = root.find(f"./{C}chart/{C}title")
    made.block(Kind.PARAGRAPH, _words(title) if title is not None else "", at=at)
    series = list(root.iter(f"{C}ser"))
    names = [" ".join(_points(one.find(f"{C}tx")).values()) for one in series]
    values = [_points(one.find(f"{C}val")) or _points(one.find(f"{C}yVal")) for one in series]
    axes = [_points(one.find(f"{C}cat")) or _points(one.find(f"{C}xVal")) for one in series]
    categories = axes[0] if axes else {}
    places = sorted({place for points in [categories, *values] for place in points})
    rows = [["", *names]] if any(names) else []
    rows += [[categories.get(place, ""), *(points.get(place, "") for points in values)] for place in places]
    made.table(([(cell, at if cell else None) for cell in row] for row in rows), header=bool(any(names)))
    _rest(made, root, title, at)


def _rest(made: DocumentBuilder, root: Element, title: Element | None, at: Locator) -> None:
    """Titles of axes, labels, and the charts of newer versions, whose texts are taken as they come."""
    shown = set(title.iter()) if title is not None else set()
    for paragraph in root.iter(f"{A}p"):
        if paragraph not in shown:
            made.block(Kind.PARAGRAPH, _words(paragraph), at=at)
    newer = [element.text or "" for element in root.iter(f"{CX}pt", f"{CX}v")]
    made.block(Kind.PARAGRAPH, " ".join(" ".join(newer).split()), at=at)


def _words(element: Element) -> str:
    return " ".join("".join(piece.text or "" for piece in element.iter(f"{A}t", f"{C}v")).split())


def _points(element: Element | None) -> dict[int, str]:
    """The cached texts or numbers of a series by their index."""
    found: dict[int, str] = {}
    for point in element.iter(f"{C}pt") if element is not None else ():
        index, value = point.get("idx", ""), point.find(f"{C}v")
        if index.isdigit() and value is not None:
            below = found.get(int(index))  # categories in levels: the lowest comes first
            found[int(index)] = f"{value.text or ''} {below}" if below else value.text or ""
    if not found and element is not None and (only := element.find(f"{C}v")) is not None:
        found[0] = only.text or ""
    return found
