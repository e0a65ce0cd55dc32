"""Orange `.tab` files: three header lines (names, types, flags), or one whose cells carry prefixes (`mS#text`).

The format is described in Orange's "Loading your Data": a prefix has a flag (`c` class, `m` meta, `i` ignore, `w`
weight) and a type (`C` continuous, `D` discrete, `S` string, `T` time), both optional, before the `#`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TextIO

from strati.data.files.delimited import Delimited
from strati.data.files.table import Row

_PREFIX = re.compile(r"^(?P<flag>[cmiw]?)(?P<type>[CDSTcdst]?)#(?P<name>.+)$")
_TYPES = frozenset(["c", "d", "s", "t", "continuous", "discrete", "string", "time"])
_FLAGS = frozenset(["class", "c", "meta", "m", "ignore", "i", "weight", "w"])
_ROLES = {"c": "class", "class": "class", "m": "meta", "meta": "meta", "i": "ignore", "ignore": "ignore"}


class OrangeHeader(NamedTuple):
    """Column names, what the file declares of them, and how many lines the header takes."""

    columns: tuple[str, ...]
    roles: Mapping[str, str]
    lines: int


def orange_header(lines: Sequence[str]) -> OrangeHeader | None:
    """The header, if the first lines of a file are one of Orange's two."""
    cells = [[cell.strip() for cell in line.rstrip("\r\n").split("\t")] for line in lines[:3]]
    return _prefixed(cells) or _three_lines(cells)


class Orange(Delimited):
    """A tab separated table with one of Orange's headers. "?" is a missing value."""

    def __init__(self, name: str, open_: Callable[[], TextIO], header: OrangeHeader) -> None:
        super().__init__(name, open_, (), tabs=True)
        self.format = "orange"
        self.columns = header.columns
        self.roles = header.roles
        self.notes = tuple(note for note in self.notes if not note.startswith("there is no header"))
        self._header = False
        self._skip = header.lines

    def rows(self, wanted: Sequence[str]) -> Iterator[Row]:
        for place, row in enumerate(super().rows(wanted)):
            if place >= self._skip:
                yield row if isinstance(row, str) else tuple("" if value == "?" else value for value in row)


def _prefixed(cells: Sequence[Sequence[str]]) -> OrangeHeader | None:
    found = [_PREFIX.match(cell) for cell in cells[0]] if cells else []
    if not any(found):
        return None
    names, roles = [], {}
    for cell, match in zip(cells[0], found, strict=True):
        names.append(match["name"] if match else cell)
        if match and match["flag"] in _ROLES:
            roles[names[-1]] = _ROLES[match["flag"]]
    return OrangeHeader(tuple(names), roles, 1)


def _three_lines(cells: Sequence[Sequence[str]]) -> OrangeHeader | None:
    if len(cells) < 3 or any(len(row) > len(cells[0]) for row in cells[1:]):
        return None
    names, types, flags = cells
    if not any(types) or not all(not cell or cell in _TYPES for cell in types):
        return None
    words = [word for cell in flags for word in cell.split()]
    if not all(word in _FLAGS or "=" in word for word in words):
        return None
    roles = {
        name: _ROLES[word]
        for name, cell in zip(names, flags, strict=False)
        for word in cell.split()[:1]
        if word in _ROLES
    }
    return OrangeHeader(tuple(names), roles, 3)
