"""Tables, sections and lists of the HTML report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from strati.report.markup import Child, Html, join, tag


class Column(NamedTuple):
    """A column: its heading, and how its cells are set (`number`, `text`, `prose`, `picture`)."""

    title: str
    set_as: str = "text"


class Row(NamedTuple):
    """A row: one cell per column, the first being its heading; `kind` is a class for the style."""

    cells: Sequence[Child]
    kind: str | None = None


def table(caption: str, columns: Sequence[Column], rows: Iterable[Row]) -> Html:
    """A table that scrolls sideways inside its own frame where the page is too narrow."""
    head = [tag("th", column.title, scope="col", class_=column.set_as) for column in columns]
    body = [tag("tr", _cells(columns, row.cells), class_=row.kind) for row in rows]
    return tag(
        "div",
        tag("table", tag("caption", tag("span", caption)), tag("thead", tag("tr", head)), tag("tbody", body)),
        class_="scroll",
        role="region",
        tabindex=0,
        aria_label=caption,
    )


def section(title: str, anchor: str, *children: Child) -> Html:
    """A section under a heading; nothing where it has no content."""
    content = join(*children)
    return tag("section", tag("h2", title), content, id=anchor) if content else content


def fold(summary: str, *children: Child, in_print: bool = True) -> Html:
    """Content that is closed at first; nothing where there is none. Long ones stay closed in print."""
    content = join(*children)
    return (
        tag("details", tag("summary", summary), content, class_=None if in_print else "screen") if content else content
    )


def pairs(entries: Iterable[tuple[str, Child]], kind: str | None = None) -> Html:
    """Names and values as a description list; nothing for none."""
    items = [tag("div", tag("dt", name), tag("dd", value)) for name, value in entries]
    return tag("dl", items, class_=kind) if items else join()


def bullets(texts: Iterable[Child], kind: str | None = None) -> Html:
    """A list; nothing for none."""
    items = [tag("li", text) for text in texts]
    return tag("ul", items, class_=kind) if items else join()


def note(text: str) -> Html:
    """A paragraph in smaller type; nothing for an empty text."""
    return tag("p", text, class_="note") if text else join()


def _cells(columns: Sequence[Column], cells: Sequence[Child]) -> list[Html]:
    first = tag("th", cells[0], scope="row", class_=columns[0].set_as)
    rest = [tag("td", cell, class_=column.set_as) for column, cell in zip(columns[1:], cells[1:], strict=True)]
    return [first, *rest]
