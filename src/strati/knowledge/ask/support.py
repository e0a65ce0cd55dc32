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

from strati.knowledge.ask.polarity import contrary, opposed, unsaid
from strati.knowledge.ask.quantities import Quantity, comparable, missing, quantities
from strati.knowledge.ask.swap import swap
from strati.knowledge.ask.text import Text
from strati.knowledge.ask.words import Word, content

Weigh = Callable[[Word], float]
"""How much a word tells."""

# Fitted by benchmarks/support_check.py on the even pairs of its sets; read there what they are worth on the odd ones.
WEIGHTS: Mapping[str, float] = {
    "window": 4.0,
    "pairs": 2.5,
    "names": -2.0,
    "heavy": -8.0,
    "numbers": -1.4,
    "apart": -0.5,
}
INTERCEPT = 1.6
SUPPORTED = 0.5  # score from which a claim counts as supported
LEAST_SHARE = 0.4  # of the claim's words in sentences in a row: below it nothing is supported
SAME_MATTER = 0.6  # share of the claim's words in a sentence from which another number there is a contradiction
SAME_WORDS = 0.8  # the same for a negation, an opposite, or where the sentence beside it has the number
LONGER = 0.08  # share that a further sentence must add to be part of the quote
LONGER_SOURCE = 2.5  # times the words of the claim: in a longer sentence a negation may be about something else
WINDOW = 3  # sentences in a row that may support a claim together


class Verdict(StrEnum):
    """What evidence says about a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    NOT_FOUND = "not_found"
    NOT_CHECKABLE = "not_checkable"


@dataclass(frozen=True, slots=True)
class Support:
    """How well one text supports a claim, and where.

    `start` to `end` are the characters of the text that come nearest; `reason` says what is missing or differs.
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
    made = _Claim.of(claim, weigh)
    if not made.words or not evidence.pieces:
        return Support(Verdict.NOT_FOUND, 0.0, "nothing was found", {}, 0, 0)
    first, last, window = _window(made, evidence)
    start, end = evidence.pieces[first].start, evidence.pieces[last].end
    lost = made.missing(evidence, evidence.under(first))
    differs, subject = _difference(made, evidence, lost)
    apart = len(made.missing(evidence, evidence.near(first, last))) - len(lost) if made.numbers else 0
    gone = [word for word in made.words if word.key not in evidence.all]
    features = _features(made, window, evidence, gone, lost, apart)
    score = scored(features, WEIGHTS, INTERCEPT)
    if differs:
        at = evidence.pieces[subject]
        return Support(Verdict.CONTRADICTED, min(score, 0.2), differs, features, at.start, at.end)
    hard = [one.text for one in lost if one.hard]
    if hard:
        reason = f"{_quoted(hard)} {'are' if len(hard) > 1 else 'is'} not in the source"
        return Support(Verdict.NOT_FOUND, min(score, 0.3), reason, {**features, "veto": 1.0}, start, end)
    rare = sorted({word.text: made.weights[word.key] for word in gone}.items(), key=lambda pair: -pair[1])[:3]
    told = [text for text, _ in rare]
    are = "are" if len(told) > 1 else "is"
    if score >= SUPPORTED and window >= LEAST_SHARE:
        reason = f"in other words: {_quoted(told)} {are} not in the source" if told else ""
        return Support(Verdict.SUPPORTED, score, reason, features, start, end)
    reason = f"{_quoted(told)} {are} not in the source" if told else "its words do not stand together in the source"
    return Support(Verdict.NOT_FOUND, min(score, 0.4), reason, features, start, end)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A claim taken apart: its telling words outside of numbers with their weights, and its numbers."""

    text: str
    words: tuple[Word, ...]
    weights: Mapping[str, float]
    total: float
    numbers: tuple[Quantity, ...]

    @classmethod
    def of(cls, text: str, weigh: Weigh) -> _Claim:
        numbers = tuple(quantities(text))
        told = content(text)
        rest = [word for word in told if not any(one.start <= word.start and word.end <= one.end for one in numbers)]
        weights = {word.key: weigh(word) for word in rest or told}
        return cls(text, tuple(rest or told), weights, math.fsum(weights.values()) or 1.0, numbers)

    def held(self, keys: frozenset[str]) -> float:
        """The weighted share of its words among some."""
        return math.fsum(weight for key, weight in self.weights.items() if key in keys) / self.total

    def missing(self, evidence: Text, pieces: Sequence[int]) -> list[Quantity]:
        """Its numbers that do not stand in these pieces, their labels, or the headings above."""
        if not self.numbers:
            return []
        there = [one for at in pieces for one in evidence.numbers(at)]
        lost = missing(self.numbers, there, "".join("".join(evidence.pieces[at].text.split()) for at in pieces))
        return missing(lost, quantities(evidence.above)) if lost and evidence.above else lost


def scored(features: Mapping[str, float], weights: Mapping[str, float], intercept: float) -> float:
    """The probability of a logistic regression."""
    logit = intercept + math.fsum(weight * features.get(name, 0.0) for name, weight in weights.items())
    return 0.5 * (1 + math.tanh(logit / 2))


def _window(claim: _Claim, evidence: Text) -> tuple[int, int, float]:
    """The pieces in a row (first, last) under one label that hold most of the claim, and the share they hold; the
    shortest such, and of equal ones the one that has the claim's numbers."""
    best, most = (0, 0, -1.0), -1.0
    for first in range(len(evidence.pieces)):
        seen = frozenset[str]()
        for last in range(first, min(first + WINDOW, len(evidence.pieces))):
            if evidence.items[last] != evidence.items[first]:
                break
            seen |= evidence.keys[last] & claim.weights.keys()
            share = claim.held(seen) - LONGER * (last - first)
            if share < most - 1e-9:
                continue
            equal = abs(share - most) <= 1e-9
            if equal and len(claim.missing(evidence, range(first, last + 1))) >= len(
                claim.missing(evidence, range(best[0], best[1] + 1))
            ):
                continue
            best, most = (first, last, share), share
    return best


def _features(
    claim: _Claim, window: float, evidence: Text, gone: Sequence[Word], lost: Sequence[Quantity], apart: int
) -> dict[str, float]:
    pairs = list(pairwise(claim.words))
    shared = sum((a.key, b.key) in evidence.pairs for a, b in pairs)
    covered = claim.held(evidence.all)
    names = [word for word in gone if _name(word)]
    return {
        "covered": covered,
        "window": max(window, 0.0),
        "pairs": shared / len(pairs) if pairs else covered,
        "names": float(min(len(names), 3)),
        "heavy": max((claim.weights[word.key] for word in gone), default=0.0) / claim.total,
        "numbers": float(min(len(lost), 3)),
        "apart": float(min(apart, 3)),
    }


def _name(word: Word) -> bool:
    """A capital inside a sentence, or one inside the word."""
    inner = any(char.isupper() or char.isdigit() for char in word.text[1:])
    return word.text[:1].isupper() and (word.start > 0 or inner)


def _difference(claim: _Claim, evidence: Text, lost: Sequence[Quantity]) -> tuple[str, int]:
    """In words, what the sentence about the same matter says that the claim excludes, and which sentence it is."""
    shares = [claim.held(keys) for keys in evidence.keys]
    top = max(shares)
    if top < SAME_MATTER:
        return "", 0
    equal = [at for at, share in enumerate(shares) if share >= top - 1e-9]
    at = min(equal, key=lambda one: (len(claim.missing(evidence, [one])), one))
    told = _other_number(claim, evidence, at, top, lost) or _other_sense(claim, evidence, at, top)
    if not told and (other := swap(claim.text, evidence.pieces[at].text)):
        told = f"the claim says {other.claim!r}, the source {other.source!r}"
    return told, at


def _other_number(claim: _Claim, evidence: Text, at: int, share: float, lost: Sequence[Quantity]) -> str:
    numbers = evidence.numbers(at)
    for one in claim.missing(evidence, [at]):
        if one not in lost and share < SAME_WORDS:
            continue  # the sentence beside it has the number, and may be meant
        rivals = [other for other in numbers if comparable(one, other) and missing([other], claim.numbers)]
        if rivals:
            return f"the claim says {one.text!r}, the source {rivals[0].text!r}"
    return ""


def _other_sense(claim: _Claim, evidence: Text, at: int, share: float) -> str:
    near = evidence.pieces[at].text
    exact = opposed(claim.words, near)
    if exact is not None:
        rest = claim.total - max(claim.weights[word.key] for word in claim.words if word.text == exact[0])
        if share * claim.total >= SAME_WORDS * rest > 0:
            return f"the claim says {exact[0]!r}, the source {exact[1]!r}"
    if share >= SAME_WORDS:
        longer = len(content(near)) > LONGER_SOURCE * max(len(claim.words), 2)
        word = unsaid(claim.text, near) if longer else contrary(claim.text, near)
        if word:
            return f"only one of claim and source says {word!r}"
    return ""


def _quoted(texts: Sequence[str]) -> str:
    return " and ".join(repr(text) for text in texts)
