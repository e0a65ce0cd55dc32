"""What a search finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from strati.core.records import JSON, Evidence, Source
from strati.knowledge.document import cut, joined
from strati.knowledge.locator import Locator
from strati.knowledge.store.contract import Entry, Kept

NEAR = 240  # characters: words that match so near each other are one match


@dataclass(frozen=True, slots=True)
class Highlight:
    """Characters of the document's text that match, and where they stand."""

    start: int
    end: int
    locator: Locator


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found; `text` is `document.text[start:end]`.

    `locator` is the place of the whole passage, `found_at` that of the match in it; `header` has the column names of a
    table when they stand elsewhere. `score` orders hits of one search and means nothing across searches; `ranks` has
    the passage's rank (from 1) in each list it was in; `same` tells where nearly the same passage stands, which is left
    out.
    """

    passage: int
    document: str
    name: str
    sha256: str
    title: str
    date: str
    media_type: str
    text: str
    start: int
    end: int
    kind: str
    path: tuple[str, ...]
    language: str | None
    locator: Locator
    score: float
    ranks: Mapping[str, int]
    highlights: tuple[Highlight, ...] = ()
    same: tuple[str, ...] = field(default=())
    found_at: Locator = field(default_factory=Locator)
    header: str = ""

    @property
    def place(self) -> str:
        """For people: the file and where in it."""
        return _place(self.name, self.locator)

    @property
    def match_place(self) -> str:
        """For people: the file and where in it the words that match stand."""
        return _place(self.name, self.found_at)

    @property
    def source(self) -> Source:
        return Source(self.document, self.sha256, self.start, self.end, str(self.locator))

    @property
    def evidence(self) -> Evidence:
        """The hit as layers take it."""
        return Evidence("passage", self.text, self.score, self.source, {"name": self.name, "title": self.title})

    def to_json(self) -> dict[str, JSON]:
        return {
            "document": self.document,
            "name": self.name,
            "title": self.title,
            "date": self.date,
            "type": self.media_type,
            "sha256": self.sha256,
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "kind": self.kind,
            "language": self.language,
            "place": self.place,
            "locator": self.locator.to_json(),
            "match": {"place": self.match_place, "locator": self.found_at.to_json()},
            "header": self.header,
            "highlights": [
                {"start": one.start, "end": one.end, "locator": one.locator.to_json()} for one in self.highlights
            ],
            "score": self.score,
            "ranks": dict(self.ranks),
            "same": list(self.same),
        }


def place_of(kept: Kept, name: str) -> str:
    """For people: the file a passage is from, and where in it."""
    return _place(name, joined(kept.row.marks, kept.row.path))


def _place(name: str, locator: Locator) -> str:
    where = str(locator)
    return f"{name}, {where}" if where else name


def hit_of(
    kept: Kept,
    entry: Entry,
    score: float,
    ranks: Mapping[str, int],
    spans: Sequence[tuple[int, int]],
    same: tuple[str, ...],
) -> Hit:
    """A hit from a kept passage; `spans` are matches, counted from the start of the passage."""
    row, marks = kept.row, kept.row.marks
    found = [(row.start + start, row.start + end) for start, end in spans]
    return Hit(
        passage=kept.id,
        document=kept.document,
        name=entry.name,
        sha256=entry.sha256,
        title=entry.title,
        date=entry.date,
        media_type=entry.media_type,
        text=row.text,
        start=row.start,
        end=row.end,
        kind=row.kind,
        path=row.path,
        language=row.language,
        locator=joined(marks, row.path),
        score=score,
        ranks=ranks,
        same=same,
        found_at=joined(cut(marks, *densest(row.text, row.start, found)) if found else marks, row.path),
        header=row.header,
        highlights=tuple(Highlight(start, end, joined(cut(marks, start, end), row.path)) for start, end in found),
    )


def densest(text: str, offset: int, spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The stretch of at most `NEAR` characters in which most different words of `spans` stand, the first of such.

    `text` starts at `offset`, as the spans count.

    >>> densest("a fox, then nothing, then a red fox", 0, [(2, 5), (28, 31), (32, 35)])
    (28, 35)
    """
    best, most = spans[0], 0
    for number, (start, end) in enumerate(spans):
        inside = [span for span in spans[number:] if span[1] <= max(start + NEAR, end)]
        different = len({text[a - offset : b - offset].lower() for a, b in inside})
        if different > most:
            best, most = (start, inside[-1][1]), different
    words = {text[a - offset : b - offset].lower() for a, b in spans if best[0] <= a and b <= best[1]}
    return _tightest(text, offset, [span for span in spans if best[0] <= span[0] and span[1] <= best[1]], words)


def _tightest(text: str, offset: int, spans: Sequence[tuple[int, int]], words: set[str]) -> tuple[int, int]:
    """The shortest stretch of `spans` that holds all these words, the first of such."""
    shortest = (spans[0][0], spans[-1][1])
    for number, (start, _) in enumerate(spans):
        left = set(words)
        for a, b in spans[number:]:
            left.discard(text[a - offset : b - offset].lower())
            if not left:
                if b - start < shortest[1] - shortest[0]:
                    shortest = (start, b)
                break
    return shortest
