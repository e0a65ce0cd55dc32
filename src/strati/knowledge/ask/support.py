"""Does this evidence support this claim? By the words they share, and rules for what must not differ.

Numbers, dates, amounts and units of the claim must stand in the evidence; one that does not may veto. So may a negation
or an opposite in a sentence that otherwise says the same. Words that are missing, names among them, lower the score.
There is no model in it: it reads about a thousand pairs a second and says which word it missed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from strati.knowledge.ask.polarity import negated, negation_of, opposed
from strati.knowledge.ask.quantities import Quantity, comparable, missing, quantities
from strati.knowledge.ask.units import Unit, units
from strati.knowledge.ask.words import Word, content, words

Weigh = Callable[[Word], float]
"""How much a word tells."""

# Fitted by benchmarks/support_check.py on the even pairs of its sets; read there what they are worth on the odd ones.
WEIGHTS: Mapping[str, float] = {
    "covered": 2.2,
    "window": 2.6,
    "pairs": 2.0,
    "names_missing": -1.2,
    "numbers_missing": -1.4,
    "opposite": -1.0,
}
INTERCEPT = -2.6
SUPPORTED = 0.5  # score from which a claim counts as supported
SAME_MATTER = 0.6  # share of the claim's words in a sentence from which their difference is a contradiction
LONGER = 0.08  # share that a further sentence must add to be part of the quote
SAME_WORDS = 0.8  # the same for a negation or an opposite
WINDOW = 3  # sentences in a row that may support a claim together


class Verdict(StrEnum):
    """What evidence says about a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    NOT_FOUND = "not_found"
    NOT_CHECKABLE = "not_checkable"


@dataclass(frozen=True, slots=True)
class Text:
    """A text of evidence, taken apart once for all claims that are held against it."""

    text: str
    pieces: tuple[Unit, ...]
    keys: tuple[frozenset[str], ...]
    pairs: frozenset[tuple[str, str]]
    quantities: tuple[Quantity, ...]
    all: frozenset[str]

    @classmethod
    def of(cls, text: str, kind: str = "text", above: str = "") -> Text:
        """`above` is what stands over the text (title, headings): its words count as said."""
        pieces = tuple(units(text, 0, kind))
        over = [word.key for word in words(above)]
        keys = tuple(frozenset(word.key for word in words(piece.text)) for piece in pieces)
        told = [word.key for word in content(text)]
        every = frozenset(word.key for word in words(text)) | frozenset(over)
        numbers = (*quantities(text), *quantities(above))
        return cls(text, pieces, keys, frozenset(pairwise(told)), numbers, every)


@dataclass(frozen=True, slots=True)
class Support:
    """How well one text supports a claim, and where.

    `first` and `last` are the pieces of the text that come nearest; `reason` says in words what is missing or differs.
    """

    verdict: Verdict
    score: float
    reason: str
    features: Mapping[str, float]
    start: int
    end: int

    @property
    def veto(self) -> bool:
        return self.verdict is Verdict.CONTRADICTED or bool(self.features.get("veto"))


def even(word: Word) -> float:
    """A word's weight where no base tells how rare it is: longer words and names tell more."""
    return 1.0 + 0.15 * min(len(word.text), 12) + (1.0 if word.text[:1].isupper() else 0.0)


def support(claim: str, evidence: Text, weigh: Weigh = even) -> Support:
    """Hold a claim against a text.

    Args:
        claim: one sentence or clause.
        evidence: the text, taken apart.
        weigh: how much a word tells, for the shares.

    >>> found = support("The fee is 7 euros.", Text.of("Nothing is free. The fee is 5 euros."))
    >>> str(found.verdict), found.reason
    ('contradicted', "the claim says '7 euros', the source '5 euros'")
    """
    numbers = quantities(claim)
    lost = missing(numbers, evidence.quantities)
    there = [one for one in numbers if one not in lost]
    told = [word for word in content(claim) if not _inside(word, there)]
    if not told and there:
        told = content(claim)
    if not told or not evidence.pieces:
        return Support(Verdict.NOT_FOUND, 0.0, "nothing was found", {}, 0, 0)
    weights = {word.key: weigh(word) for word in told}
    total = math.fsum(weights.values()) or 1.0
    first, last, window = _window(weights, total, evidence)
    start, end = evidence.pieces[first].start, evidence.pieces[last].end
    near = evidence.text[start:end]
    differs = _difference(claim, told, near, weights, lost)
    gone = [word for word in told if word.key not in evidence.all and not _inside(word, numbers)]
    features = _features(told, weights, total, window, evidence, gone, lost, bool(differs))
    score = scored(features, WEIGHTS, INTERCEPT)
    if differs:
        return Support(Verdict.CONTRADICTED, min(score, 0.2), differs, features, start, end)
    if lost:
        reason = f"{_quoted([one.text for one in lost])} is not in the source"
        return Support(Verdict.NOT_FOUND, min(score, 0.3), reason, {**features, "veto": 1.0}, start, end)
    if score >= SUPPORTED:
        return Support(Verdict.SUPPORTED, score, "", features, start, end)
    rare = sorted(dict.fromkeys(word.text for word in gone), key=lambda text: -max(
        weights[w.key] for w in gone if w.text == text))[:3]  # fmt: skip
    reason = f"{_quoted(rare)} is not in the source" if rare else "its words do not stand together in the source"
    return Support(Verdict.NOT_FOUND, score, reason, features, start, end)


def scored(features: Mapping[str, float], weights: Mapping[str, float], intercept: float) -> float:
    """The probability of a logistic regression."""
    logit = intercept + math.fsum(weight * features.get(name, 0.0) for name, weight in weights.items())
    return 0.5 * (1 + math.tanh(logit / 2))


def _window(weights: Mapping[str, float], total: float, evidence: Text) -> tuple[int, int, float]:
    """The pieces in a row (first, last) that hold most of the claim, and the share they hold; the shortest such."""
    best = (0, 0, -1.0)
    for first in range(len(evidence.pieces)):
        seen: set[str] = set()
        for last in range(first, min(first + WINDOW, len(evidence.pieces))):
            seen |= evidence.keys[last] & weights.keys()
            share = math.fsum(weights[key] for key in seen) / total - LONGER * (last - first)
            if share > best[2] + 1e-9:
                best = (first, last, share)
    return best


def _features(
    told: Sequence[Word], weights: Mapping[str, float], total: float, window: float, evidence: Text,
    gone: Sequence[Word], lost: Sequence[Quantity], differs: bool,
) -> dict[str, float]:  # fmt: skip
    pairs = list(pairwise(told))
    shared = sum((a.key, b.key) in evidence.pairs for a, b in pairs)
    covered = math.fsum(weight for key, weight in weights.items() if key in evidence.all) / total
    names = [word for word in gone if word.text[:1].isupper() and word.start > 0]
    return {
        "covered": covered,
        "window": max(window, 0.0),
        "pairs": shared / len(pairs) if pairs else covered,
        "names_missing": float(min(len(names), 3)),
        "numbers_missing": float(min(len(lost), 3)),
        "opposite": float(differs),
    }


def _difference(
    claim: str, told: Sequence[Word], near: str, weights: Mapping[str, float], lost: Sequence[Quantity]
) -> str:
    """In words, what the nearest sentences say that the claim excludes; "" when nothing does."""
    keys = {word.key for word in words(near)}
    numbers = quantities(claim)
    rest = [word for word in told if not _inside(word, numbers)]
    whole = math.fsum(weights[word.key] for word in rest)
    shared = math.fsum(weights[word.key] for word in rest if word.key in keys)
    if not rest or shared < SAME_MATTER * whole:
        return ""
    others = quantities(near)
    for one in lost:
        rivals = [other for other in others if comparable(one, other) and missing([other], numbers)]
        if rivals:
            return f"the claim says {one.text!r}, the source {rivals[0].text!r}"
    exact = opposed(told, near)
    if exact is not None:
        other = math.fsum(weights[word.key] for word in rest if word.text != exact[0])
        if shared >= SAME_WORDS * other > 0:
            return f"the claim says {exact[0]!r}, the source {exact[1]!r}"
    if shared >= SAME_WORDS * whole and negated(claim) != negated(near):
        word = negation_of(claim) or negation_of(near)
        return f"{'the claim' if negated(claim) else 'the source'} says {word!r}, the other does not"
    return ""


def _inside(word: Word, numbers: Sequence[Quantity]) -> bool:
    return any(one.start <= word.start and word.end <= one.end for one in numbers)


def _quoted(texts: Sequence[str]) -> str:
    return " and ".join(repr(text) for text in texts)
