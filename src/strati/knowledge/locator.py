"""Where in a file something stands: for people ("page 3", "sheet A!B2", "12:34", "Section > Sub") and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import NamedTuple

from strati.core.records import JSON


class Box(NamedTuple):
    """A rectangle on a page in points (1/72 inch); the origin is the page's top left corner, y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def joined(self, other: Box) -> Box:
        """The smallest box around both."""
        (a, b, c, d), (e, f, g, h) = self, other
        return Box(min(a, e), min(b, f), max(c, g), max(d, h))


@dataclass(frozen=True, slots=True)
class Locator:
    """A place in the original file; what a format does not have stays None.

    `page`, `slide` and `line` count from 1 and have a `last_...` where the place goes on; `box` lies on `page`; `cell`
    is a cell or a range ("B2", "A2:F2"); `seconds` and `until` are from the start of the recording; `part` names a
    piece of a container (a chapter's file in an EPUB, "notes" of a slide, a cell of a notebook); `path` holds the
    headings above, outermost first (readers leave it to `Document.locate`).
    """

    page: int | None = None
    last_page: int | None = None
    box: Box | None = None
    sheet: str | None = None
    cell: str | None = None
    slide: int | None = None
    last_slide: int | None = None
    seconds: float | None = None
    until: float | None = None
    line: int | None = None
    last_line: int | None = None
    part: str | None = None
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        """For people.

        >>> str(Locator(page=3)), str(Locator(sheet="A", cell="B2")), str(Locator(seconds=754.2))
        ('page 3', 'sheet A!B2', '12:34')
        >>> str(Locator(line=4, last_line=6, path=("Section", "Sub")))
        'Section > Sub, lines 4-6'
        """
        parts = [" > ".join(self.path)]
        parts.append(_counted("page", self.page, self.last_page))
        parts.append(_counted("slide", self.slide, self.last_slide))
        if self.sheet is not None:
            parts.append(f"sheet {self.sheet}" + (f"!{self.cell}" if self.cell else ""))
        parts.append(self.part or "")
        if self.seconds is not None:
            parts.append(clock(self.seconds))
        parts.append(_counted("line", self.line, self.last_line))
        return ", ".join(part for part in parts if part)

    def to_json(self) -> dict[str, JSON]:
        """Only what is known.

        >>> Locator(page=3, box=Box(1, 2, 3, 4)).to_json()
        {'page': 3, 'box': [1, 2, 3, 4]}
        """
        # dataclasses.asdict copies every value deeply: that was most of the time a document took.
        said = [pair for pair in zip(_NAMES, _VALUES(self), strict=True) if pair[1] is not None and pair[1] != ()]
        return {key: list(value) if isinstance(value, tuple) else value for key, value in said}

    @classmethod
    def from_json(cls, value: Mapping[str, JSON]) -> Locator:
        """What `to_json` gave; keys of a later version are left out."""
        known = {key: value[key] for key in _NAMES if key in value}
        if "box" in known:
            known["box"] = Box(*known["box"])
        if "path" in known:
            known["path"] = tuple(known["path"])
        return cls(**known)

    def to(self, last: Locator) -> Locator:
        """The place from here to `last`, which comes later in the same file.

        The boxes are joined on one page; over several pages only the box on the first is kept, on several sheets or
        parts only the first is named.
        """
        same_page = last.page == self.page
        box = self.box.joined(last.box) if same_page and self.box and last.box else self.box
        return replace(
            self,
            last_page=_end(self.page, last.last_page or last.page),
            last_slide=_end(self.slide, last.last_slide or last.slide),
            last_line=_end(self.line, last.last_line or last.line) if self.part == last.part else None,
            until=_latest(self.until, last.until),
            cell=_cells(self.cell, last.cell) if self.sheet == last.sheet else self.cell,
            box=box,
        )


_NAMES = tuple(field.name for field in fields(Locator))
_VALUES = attrgetter(*_NAMES)


def clock(seconds: float) -> str:
    """A time code as players show it.

    >>> clock(5), clock(754.9), clock(3723)
    ('0:05', '12:34', '1:02:03')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _counted(word: str, first: int | None, last: int | None) -> str:
    if first is None:
        return ""
    return f"{word} {first}" if last is None or last == first else f"{word}s {first}-{last}"


def _end(first: int | None, last: int | None) -> int | None:
    return None if first is None or last is None or last == first else last


def _latest(one: float | None, other: float | None) -> float | None:
    """Captions may overlap: the place ends when the last of them does."""
    return other if one is None else one if other is None else max(one, other)


def _cells(first: str | None, last: str | None) -> str | None:
    if first is None or last is None or first == last:  # the name of a sheet has no cell
        return first or last
    return f"{first.split(':')[0]}:{last.split(':')[-1]}"
