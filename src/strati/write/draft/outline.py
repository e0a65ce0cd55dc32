"""An outline: headings, and under each the points that its section should cover.

Markdown headings make sections; list items and lines under a heading are its points. An outline that is one list is
read as well: the items of the first level are the sections.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from strati.core.errors import DataError

_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")
_ITEM = re.compile(r"^(\s*)(?:[-*+•]|\d+(?:\.\d+)*[.)]?)\s+(.*\S)\s*$")
MOST_SECTIONS = 2000


@dataclass(frozen=True, slots=True)
class Section:
    """A heading at a depth (1 the outermost), the headings above it, and the points to cover."""

    heading: str
    level: int
    path: tuple[str, ...]
    points: tuple[str, ...] = ()

    @property
    def questions(self) -> tuple[str, ...]:
        """What is looked for: each point, or the heading where there is none."""
        return self.points or ((self.heading,) if self.heading else ())

    @property
    def key(self) -> str:
        """By what a section is known again when the outline is read once more."""
        return "\n".join([*self.path, self.heading, *self.points])


@dataclass(frozen=True, slots=True)
class Outline:
    """A title, which may be empty, and the sections in order."""

    title: str
    sections: tuple[Section, ...]


def read_outline(text: str, name: str = "the outline") -> Outline:
    """What an outline asks for.

    Raises `DataError` when it has no section, or more than `MOST_SECTIONS`.

    >>> outline = read_outline("# Leases\\n## Ending\\n- notice period\\n- penalties\\n## Rent\\n")
    >>> outline.title, [(one.heading, one.points) for one in outline.sections]
    ('Leases', [('Ending', ('notice period', 'penalties')), ('Rent', ())])
    """
    lines = text.removeprefix("\ufeff").splitlines()
    found = _of_headings(lines) if any(_HEADING.match(line) for line in lines) else _of_list(lines)
    if not found:
        raise DataError(f"{name} has no section, expected headings (## Ending the lease) or a list of topics")
    if len(found) > MOST_SECTIONS:
        raise DataError(f"{name} has {len(found):,} sections, expected at most {MOST_SECTIONS:,}")
    top = [one for one in found if one.level == 1]
    if len(top) == 1 and found[0] is top[0] and len(found) > 1:
        rest = tuple(replace(one, path=one.path[1:]) for one in found[1:])
        first = (found[0],) if found[0].points else ()
        return Outline(top[0].heading, (*(replace(one, heading="") for one in first), *rest))
    return Outline("", tuple(found))


def _of_headings(lines: Sequence[str]) -> list[Section]:
    found: list[Section] = []
    above: list[tuple[int, str]] = []
    for line in lines:
        heading = _HEADING.match(line)
        if heading:
            level = len(heading[1])
            above = [one for one in above if one[0] < level]
            found.append(Section(heading[2], level, tuple(name for _, name in above)))
            above.append((level, heading[2]))
        elif line.strip() and found and not line.lstrip().startswith("<!--"):
            item = _ITEM.match(line)
            point = item[2] if item else line.strip()
            found[-1] = replace(found[-1], points=(*found[-1].points, point))
    return found


def _of_list(lines: Sequence[str]) -> list[Section]:
    found: list[Section] = []
    depth: int | None = None
    for line in lines:
        if not line.strip():
            continue
        item = _ITEM.match(line)
        indent = len(item[1].expandtabs(4)) if item else 0
        text = item[2] if item else line.strip()
        depth = indent if depth is None else depth
        if indent > depth and found:
            found[-1] = replace(found[-1], points=(*found[-1].points, text))
        else:
            found.append(Section(text, 2, ()))
    return found
