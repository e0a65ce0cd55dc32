"""How much of a question the evidence holds: what is said about it at all, and what is missing by name."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from strati.core.records import Evidence
from strati.knowledge.ask.equivalents import CLOSE, sense
from strati.knowledge.ask.question import Question, fits, names
from strati.knowledge.ask.sources import Sources
from strati.knowledge.ask.text import labelled
from strati.knowledge.ask.units import Unit, units
from strati.knowledge.ask.untrusted import instruction_in
from strati.knowledge.ask.words import Word, content, words

AROUND = 0.45  # what a word counts that stands in the sentence before or after, or in the headings above
RANK = 0.25  # what the best rank counts against the words of a question
HEADING = 0.7  # what it counts in the last of the headings
KIND = 0.2  # what an answer of the wanted kind counts

ENDS = '.!?。！？"”)'
_CODE = re.compile(r"^\s*(?:>>>|\.\.\. |\$ |#!|import |from \w+ import|def \w+\(|class \w+[(:]|<\w+|\{%)|[;{}]\s*$")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer: its passage, its place in the document, its score and the share of the question's
    words it holds."""

    passage: Evidence
    unit: Unit
    score: float
    share: float
    kind: float
    own: float
    before: float
    pairs: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the evidence holds of a question.

    `passage` is the weighted share of the question's words in the best passage alone, `own` in the best sentence,
    `before` in the one before it and not in it; `pairs` the share of the question's pairs of neighbouring words that
    follow each other there; `margin` its lead over the next sentence, `gap` its passage's lead over all others;
    `unknown` are its words that no passage of the base holds, `names` those of them that look like
    a name; `absent` its words that the best passage does not hold, most telling first.
    """

    passage: float
    own: float
    before: float
    pairs: float
    margin: float
    gap: float
    telling: int
    unknown: tuple[str, ...]
    names: tuple[str, ...]
    absent: tuple[str, ...]
    absent_names: tuple[str, ...]
    candidates: tuple[Candidate, ...]

    @property
    def features(self) -> dict[str, float]:
        return {
            "passage": self.passage,
            "own": self.own,
            "before": self.before,
            "pairs": self.pairs,
            "margin": self.margin,
            "gap": self.gap,
            "telling": float(min(self.telling, 12)),
            "unknown": float(min(len(self.unknown), 3)),
            "names": float(bool(self.names)),
            "absent_names": float(min(len(self.absent_names), 3)),
        }


def cover(question: Question, passages: Sequence[Evidence], sources: Sources) -> Coverage:
    """Weigh the question's words and look for them in each passage and sentence. What was looked at last is kept."""
    key = (question.text, tuple(one.data.get("passage") for one in passages))
    if sources.covered is None or sources.covered[0] != key:
        sources.covered = (key, _cover(question, passages, sources))
    found: Coverage = sources.covered[1]
    return found


def _cover(question: Question, passages: Sequence[Evidence], sources: Sources) -> Coverage:
    weights = {word.key: sources.weight(word) for word in question.words}
    total = math.fsum(weights.values()) or 1.0
    named = names(question)
    topics = [word for word in question.words if word.start not in question.measures]
    unknown = [word for word in topics if not sources.holding(word.text.lower())]
    best, held = 0.0, frozenset[str]()
    found: list[Candidate] = []
    shares: dict[int, float] = {}
    for rank, passage in enumerate(passages):
        above = _keys(" ".join([str(passage.data.get("title", "")), *map(str, passage.data.get("path", ()))]))
        keys = _keys(passage.text)
        share = _share(weights, keys | above) / total
        shares[id(passage)] = share
        if share > best + 1e-9:
            best, held = share, keys | above
        found += _candidates(question, passage, above, weights, total, rank)
    found.sort(key=lambda one: (-one.score, one.passage.source.document if one.passage.source else "", one.unit.start))
    absent = sorted(
        (w for w in topics if w.key not in held and sense(w.key) not in held), key=lambda w: -weights[w.key]
    )
    lost = [word for word in named if word.key not in held]
    top = found[0] if found else None
    return Coverage(
        best,
        top.own if top else 0.0,
        top.before if top else 0.0,
        top.pairs if top else 0.0,
        found[0].score - found[1].score if len(found) > 1 else 0.0,
        _gap(top, shares),
        len(weights),
        _texts(unknown),
        _texts([word for word in unknown if word in named]),
        _texts(absent),
        _texts(lost),
        tuple(found),
    )


def _candidates(
    question: Question, passage: Evidence, above: frozenset[str], weights: dict[str, float], total: float, rank: int
) -> list[Candidate]:
    if passage.source is None:
        return []
    pieces = units(passage.text, passage.source.start, str(passage.data.get("kind", "text")))
    keys, items, labels = labelled(pieces, str(passage.data.get("kind", "text")))
    keys = tuple(with_senses(one) for one in keys)
    last = _keys(" ".join(map(str, list(passage.data.get("path", ()))[-1:])))
    made = []
    for at, piece in enumerate(pieces):
        if at + 1 < len(pieces) and items[at + 1 : at + 2] == items[at : at + 1] and labels[at + 1] == piece.text:
            continue  # a label answers nothing by itself
        if passage.data.get("unsafe") and instruction_in(piece.text):
            continue
        own = _share(weights, keys[at])
        near = [one for one in (at - 1, at + 1) if 0 <= one < len(keys) and items[one] == items[at]]
        beside = sum(_share(weights, keys[one] - keys[at]) for one in near)
        before = _share(weights, keys[at - 1] - keys[at]) if at and at - 1 in near else 0.0
        heads = _share(weights, last - keys[at]) * HEADING + _share(weights, above - last - keys[at]) * AROUND
        share = (own + AROUND * beside + heads) / total
        kind = fits(question.wanted, piece.text, question.keys, question.quantities)
        score = min(share, 1.0) + KIND * kind + RANK / (1 + rank) - _odd(piece.text, str(passage.data.get("kind")))
        pairs = _pairs(question, piece.text)
        made.append(Candidate(passage, piece, score, min(share, 1.0), kind, own / total, before / total, pairs))
    return made


def _odd(piece: str, kind: str) -> float:
    """What counts against a piece: a question, a heading or fragment, a line of code."""
    if kind == "code" or _CODE.search(piece):
        return 0.4
    if piece.endswith(("?", "？")):
        return 0.3
    if kind == "text" and piece[-1:] not in ENDS:
        return 0.3 if len(piece) < 60 else 0.1
    return 0.0


def _pairs(question: Question, sentence: str) -> float:
    asked = set(pairwise(word.key for word in question.words))
    said = set(pairwise(word.key for word in content(sentence)))
    return len(asked & said) / max(1, len(asked))


def _gap(top: Candidate | None, shares: dict[int, float]) -> float:
    if top is None:
        return 0.0
    own = shares[id(top.passage)]
    return own - max((share for key, share in shares.items() if key != id(top.passage)), default=0.0)


def _share(weights: dict[str, float], keys: frozenset[str]) -> float:
    return math.fsum(
        weight if key in keys else CLOSE * weight
        for key, weight in weights.items()
        if key in keys or (sense(key) and sense(key) in keys)
    )


def _keys(text: str) -> frozenset[str]:
    return with_senses(word.key for word in words(text))


def with_senses(keys: Iterable[str]) -> frozenset[str]:
    """Keys and the marks of their groups."""
    own = frozenset(keys)
    return own | {mark for key in own if (mark := sense(key))}


def _texts(found: Sequence[Word]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.text for word in found))
