"""The pieces of a passage that can be quoted: sentences, and lines where there are no sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from strati.knowledge.sentences import sentences

_LINES = {"table", "code"}
_NEW_ITEM = re.compile(r"\n(?=[ \t]*(?:[-*•–·▪◦]|\(?[0-9a-zA-Z]{1,3}[.)])[ \t]+\S)")
LONGEST = 600  # characters: a longer piece without the end of a sentence is cut at its line ends


class Unit(NamedTuple):
    """A piece of a document's text, by its characters."""

    start: int
    end: int
    text: str


def units(text: str, start: int = 0, kind: str = "text") -> list[Unit]:
    """The pieces of a passage in order; `start` is where the passage starts in its document.

    >>> [unit.text for unit in units("One is here. Two is there.\\n- three\\n- four")]
    ['One is here.', 'Two is there.', '- three', '- four']
    """
    return [Unit(start + first, start + last, text[first:last]) for first, last in _spans(text, kind)]


def _spans(text: str, kind: str) -> Iterator[tuple[int, int]]:
    if kind in _LINES:
        yield from _lines(text, 0, len(text))
        return
    edges = [0, *(found.end() for found in _NEW_ITEM.finditer(text)), len(text)]
    for first, last in pairwise(edges):
        for begin, end in sentences(text, first, last):
            if end - begin > LONGEST and "\n" in text[begin:end]:
                yield from _lines(text, begin, end)
            else:
                yield begin, end


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for found in re.compile(r"[^\s\n](?:[^\n]*[^\s\n])?").finditer(text, start, end):
        yield found.span()
