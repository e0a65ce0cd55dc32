"""Sentences of a knowledge base that bear on a point: whole, readable on their own, best first."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strati.knowledge.document import Document, Kind
from strati.knowledge.sentences import sentences
from strati.write.draft.record import Cited
from strati.write.words import telling

if TYPE_CHECKING:
    from strati.knowledge.base import KnowledgeBase
    from strati.knowledge.search.hits import Hit

PASSAGES = 8
_FEWEST_WORDS, _MOST_WORDS = 5, 70
_LEAST_SHARE = 0.34  # of the weight of a point's words that a sentence has to have
_PROSE = frozenset({Kind.PARAGRAPH, Kind.LIST_ITEM, Kind.NOTE})
_DOCUMENTS = 16  # that are kept at hand
# Without what was said before it, such a sentence says nothing.
_LEANS = re.compile(
    r"^(?:it|this|that|these|those|they|he|she|such|here|there|thus|therefore|however|but|and|so|also|moreover|"
    r"furthermore|hence|instead|otherwise|in addition|for example|for instance|as a result|on the other hand|the "
    r"former|the latter)\b",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"^\s*(?:[-*+•>]|\d+[.)]|#{1,6})\s+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of the sources, and how well it serves a point (no scale across points)."""

    cited: Cited
    text: str
    score: float
    words: frozenset[str]


class Sources:
    """A knowledge base as drafts see it.

    Args:
        base: an open base.
        passages: how many passages are read for each point.
    """

    def __init__(self, base: KnowledgeBase, passages: int = PASSAGES) -> None:
        self.base, self.passages = base, passages
        self._documents: dict[str, Document] = {}

    def document(self, id: str) -> Document:
        """A document of the base; the last few stay at hand."""
        if id not in self._documents:
            while len(self._documents) >= _DOCUMENTS:
                self._documents.pop(next(iter(self._documents)))
            self._documents[id] = self.base.document(id)
        return self._documents[id]

    def quoted(self, cited: Cited) -> bool:
        """The quote stands in the base at the place that it names, letter by letter."""
        return self.document(cited.document).text[cited.start : cited.end] == cited.quote

    def candidates(self, point: str, about: Sequence[str] = ()) -> list[Candidate]:
        """Sentences that bear on a point, best first.

        Args:
            point: what to cover.
            about: the headings that it stands under; they help to find, and weigh less.
        """
        asked = list(dict.fromkeys(telling(point)))
        around = [word for word in dict.fromkeys(telling(" ".join(about))) if word not in asked]
        if not asked:
            asked, around = around, []
        if not asked:
            return []
        hits = self.base.search(" ".join([_plain(point), *map(_plain, about[-2:])]), self.passages)
        weights = self._weights(asked, around, hits)
        found = [one for rank, hit in enumerate(hits) for one in self._of(hit, rank, weights, asked)]
        return sorted(found, key=lambda one: (-one.score, one.cited.name, one.cited.start))

    def _weights(self, asked: Sequence[str], around: Sequence[str], hits: Sequence[Hit]) -> dict[str, float]:
        """Rarer words tell more; how rare they are is seen in what was found."""
        texts = [set(telling(hit.text)) for hit in hits]
        weights = {}
        for words, share in ((asked, 1.0), (around, 0.3)):
            for word in words:
                holding = sum(word in text for text in texts)
                weights[word] = share * math.log(1 + (len(texts) + 1) / (holding + 0.5))
        return weights

    def _of(self, hit: Hit, rank: int, weights: dict[str, float], asked: Sequence[str]) -> Iterator[Candidate]:
        whole = sum(weights[word] for word in asked) or 1.0
        heading = set(telling(" ".join([hit.title, *hit.path])))
        document = self.document(hit.document)
        for start, end in _readable(document, hit):
            quote = document.text[start:end]
            text = " ".join(quote.split())
            words = frozenset(telling(text))
            own = sum(weights[word] for word in asked if word in words)
            over = sum(weights[word] for word in asked if word in heading and word not in words)
            if own + 0.6 * over < _LEAST_SHARE * whole or not own:
                continue
            other = sum(weight for word, weight in weights.items() if word in words and word not in asked)
            score = (own + 0.4 * over + other) / whole - 0.04 * rank
            score *= 0.5 if _LEANS.match(text) else 1.0
            score -= 0.004 * max(0, len(text.split()) - 35)
            cited = Cited(hit.document, hit.name, hit.sha256, start, end, quote, hit.place)
            yield Candidate(cited, text, score, words)


def _readable(document: Document, hit: Hit) -> Iterator[tuple[int, int]]:
    """Whole sentences of prose in a passage."""
    for block in document.blocks:
        if block.kind not in _PROSE or block.end <= hit.start or block.start >= hit.end:
            continue
        for start, end in sentences(document.text, max(block.start, hit.start), min(block.end, hit.end)):
            marked = _MARKUP.match(document.text[start:end])
            first = start + (marked.end() if marked else 0)
            text = document.text[first:end]
            ends = text.rstrip("\"'”’») ").endswith((".", "!", "。", "！"))
            fits = _FEWEST_WORDS <= len(text.split()) <= _MOST_WORDS
            if fits and ends and "\t" not in text and text[:1].isalnum():
                yield first, end


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Two sentences that say the same, by the words that they share."""
    shared = len(one & other)
    return shared >= 0.75 * max(1, min(len(one), len(other))) and shared >= 0.6 * max(len(one), len(other))


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[\w'’]+(?:-[\w'’]+)*", text))
