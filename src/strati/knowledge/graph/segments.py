"""A document as sentences with their tokens, and what capitals tell in each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from strati.kinds.extract.words import Token, shouted, tokens
from strati.knowledge.document import Document, Kind
from strati.knowledge.sentences import sentences

LONGEST = 900  # characters of a sentence without an end: transcripts, lists
_INITIALS = re.compile(r"(?:^|\s)(?!U\.[SK]\.|D\.C\.|L\.[LP]\.|N\.A\.|[APap]\.M\.|E\.U\.)(?:[A-Z]\.){2,3}$")
_TITLES = (Kind.TITLE, Kind.HEADING)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, a heading, a row of a table. `telling`: whether a capital tells a name from other words in it."""

    start: int
    end: int
    kind: Kind
    path: tuple[str, ...]
    tokens: list[Token]
    telling: bool
    level: int = 0


def segments(document: Document) -> Iterator[Sentence]:
    """The sentences of a document in order, without running heads and feet of pages."""
    for kind, start, end, path, level in _runs(document):
        spans = (
            [(start, end)]
            if kind in (*_TITLES, Kind.TABLE_ROW)
            else _whole(document.text, sentences(document.text, start, end))
        )
        for first, last in spans:
            for a, b in _cut(document.text, first, last):
                found = tokens(document.text, a, b)
                if found:
                    telling = kind not in _TITLES and kind is not Kind.CODE and not shouted(found)
                    yield Sentence(a, b, kind, path, found, telling, level)


def _whole(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Sentences, without an end at initials that begin a name: "and A.B. Watley, Inc."."""
    held: tuple[int, int] | None = None
    for start, end in spans:
        if held is not None and start - held[1] < 4 and _INITIALS.search(text[held[0] : held[1]]):
            held = (held[0], end)
            continue
        if held is not None:
            yield held
        held = (start, end)
    if held is not None:
        yield held


def _runs(document: Document) -> Iterator[tuple[Kind, int, int, tuple[str, ...], int]]:
    """Blocks; captions in a row are one, because sentences go on from one to the next."""
    held: list[tuple[int, int, tuple[str, ...]]] = []
    for block in document.blocks:
        if block.kind is Kind.CAPTION and (not held or block.start - held[-1][1] < 3):
            held.append((block.start, block.end, block.path))
            continue
        if held:
            yield Kind.CAPTION, held[0][0], held[-1][1], held[0][2], 0
            held = []
        if block.kind is Kind.CAPTION:
            held.append((block.start, block.end, block.path))
        elif block.kind not in (Kind.HEADER, Kind.FOOTER):
            yield block.kind, block.start, block.end, block.path, block.level
    if held:
        yield Kind.CAPTION, held[0][0], held[-1][1], held[0][2], 0


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > LONGEST:
        at = max(text.rfind(sign, start + LONGEST // 2, start + LONGEST) for sign in ("\n", "; ", ". "))
        if at < 0:
            at = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
        at = start + LONGEST if at < 0 else at + 1
        yield start, len(text[:at].rstrip()) if text[at - 1].isspace() else at
        start = at
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        yield start, end
