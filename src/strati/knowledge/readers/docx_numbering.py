"""The numbers Word draws before paragraphs: "2.1", "(a)", "Article IV". They are not in the text of the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from strati.knowledge.readers.package import Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
LEVELS = 9
_ROMAN = [(1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")]
_ROMAN += [(10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")]


class Level(NamedTuple):
    """How one level of a list is numbered; `text` has `%1` to `%9` for the numbers of the levels."""

    form: str
    text: str
    start: int


class Numbering:
    """Counts through a document; `numbering` is the root of `numbering.xml`, or None."""

    def __init__(self, numbering: Element | None) -> None:
        self._levels: dict[str, dict[int, Level]] = {}
        self._abstract: dict[str, str] = {}
        self._counts: dict[str, list[int]] = {}
        if numbering is not None:
            abstract = {item.get(f"{W}abstractNumId"): _levels(item) for item in numbering.iter(f"{W}abstractNum")}
            for item in numbering.iter(f"{W}num"):
                self._add(item, abstract)

    def next(self, number: str, level: int) -> str:
        """The number of the next paragraph of a list at a level (from 0), "" for bullets and unknown lists."""
        levels = self._levels.get(number, {})
        if level not in levels:
            return ""
        counts = self._counts.setdefault(self._abstract[number], [0] * LEVELS)
        for above in range(level):
            counts[above] = counts[above] or levels.get(above, _PLAIN).start
        counts[level] = counts[level] + 1 if counts[level] else levels[level].start
        counts[level + 1 :] = [0] * (LEVELS - level - 1)
        if levels[level].form in ("bullet", "none"):
            return ""
        return re.sub(r"%([1-9])", lambda found: _shown(counts[int(found[1]) - 1], levels, int(found[1]) - 1),
                      levels[level].text).strip()  # fmt: skip

    def _add(self, item: Element, abstract: Mapping[str, dict[int, Level]]) -> None:
        name, base = item.get(f"{W}numId"), item.find(f"{W}abstractNumId")
        if name is None or base is None:
            return
        key = base.get(f"{W}val")
        levels = dict(abstract.get(key, {}))
        overrides = item.findall(f"{W}lvlOverride")
        for override in overrides:
            levels |= _levels(override)
            start = override.find(f"{W}startOverride")
            place = _number(override.get(f"{W}ilvl"), 0)
            if start is not None and place in levels:
                levels[place] = levels[place]._replace(start=_number(start.get(f"{W}val"), 1))
        self._levels[name] = levels
        self._abstract[name] = f"own {name}" if overrides else key


_PLAIN = Level("decimal", "%1.", 1)


def _levels(item: Element) -> dict[int, Level]:
    found = {}
    for level in item.findall(f"{W}lvl"):
        values = {name: _value(level, name) for name in ("numFmt", "lvlText", "start")}
        place = _number(level.get(f"{W}ilvl"), 0)
        if 0 <= place < LEVELS:
            start = _number(values["start"], 1)
            found[place] = Level(values["numFmt"] or "decimal", values["lvlText"] or "", start)
    return found


def _value(element: Element, name: str) -> str | None:
    child = element.find(f"{W}{name}")
    return None if child is None else child.get(f"{W}val")


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and re.fullmatch(r"\d{1,6}", text) else otherwise


def _shown(count: int, levels: Mapping[int, Level], level: int) -> str:
    """A count in the form of its level.

    >>> _shown(4, {0: Level("upperRoman", "", 1)}, 0), _shown(28, {0: Level("lowerLetter", "", 1)}, 0)
    ('IV', 'bb')
    """
    form = levels.get(level, _PLAIN).form
    count = max(count, 1)
    if form in ("lowerLetter", "upperLetter"):
        text = chr(ord("a") + (count - 1) % 26) * min(1 + (count - 1) // 26, 10)
    elif form in ("lowerRoman", "upperRoman"):
        text = _roman(min(count, 3999))
    else:
        text = f"{count:02}" if form == "decimalZero" else str(count)
    return text.upper() if form.startswith("upper") else text


def _roman(count: int) -> str:
    text = ""
    for value, letters in _ROMAN:
        text += letters * (count // value)
        count %= value
    return text
