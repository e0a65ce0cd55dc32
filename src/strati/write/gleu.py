"""GLEU, and what else is measured of an edited text: facts kept, edits that a person made as well.

GLEU (Napoles et al. 2015, without tuning 2016) rewards n-grams of the references and punishes n-grams of the source
that the references have changed. Here the statistics of a text are the mean over its references, so a text scores the
same every time; the published script draws one reference at random and repeats.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np

from strati.core.records import JSON, Score
from strati.statistics.metric import Rule, Statistics
from strati.write.facts import kept

ORDERS = 4
RULE = Rule(
    "write.v2",
    "of a text, the share of its changes that are wrong: made though no person made them, or left out though every "
    "person made one there; 1 when a fact changed",
)
_TOKEN = re.compile(r"n't\b|'(?:s|re|ve|ll|d|m)\b|[^\W_]+(?:[-.][^\W_]+)*|[^\w\s]", re.IGNORECASE)
_CONTRACTED = re.compile(r"(?<=[a-z])n['’]t\b|(?<=\w)['’](?:s|re|ve|ll|d|m)\b", re.IGNORECASE)


def tokens(text: str) -> tuple[str, ...]:
    """Words and signs, with contractions in two, so that "don't" and "do n't" are the same.

    >>> tokens("I don't, really.")
    ('I', 'do', "n't", ',', 'really', '.')
    """
    apart = _CONTRACTED.sub(lambda found: " " + found[0], text.replace("’", "'"))
    return tuple(_TOKEN.findall(re.sub(r"n'\s?t\b", "n't", apart)))


def statistics(source: str, value: str, references: Sequence[str]) -> tuple[float, ...]:
    """Lengths of value and reference, then matches and places for n-grams of 1 to 4; means over the references."""
    hypothesis, original = tokens(value), tokens(source)
    rows = [_against(original, hypothesis, tokens(reference)) for reference in references]
    return tuple(float(value) for value in np.mean(rows, axis=0))


def _against(source: Sequence[str], value: Sequence[str], reference: Sequence[str]) -> list[int]:
    row = [len(value), len(reference)]
    for order in range(1, ORDERS + 1):
        mine, theirs, old = _grams(value, order), _grams(reference, order), _grams(source, order)
        left = Counter({gram: count for gram, count in old.items() if gram not in theirs})
        matches = sum((mine & theirs).values()) - sum((mine & left).values())
        row += [max(matches, 0), max(len(value) + 1 - order, 0)]
    return row


def _grams(words: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[at : at + order]) for at in range(len(words) - order + 1))


@dataclass(frozen=True)
class Gleu:
    """GLEU over all examples. The loss of one text is that of `loss`, by `RULE`."""

    name: str = "gleu"
    binary: bool = False
    graded: bool = True
    rule: Rule = RULE

    def score(self, reference: JSON, value: JSON | None) -> Score:
        if value is None:
            lengths = [len(tokens(one)) for one in reference["references"]]
            return Score((0.0, float(np.mean(lengths)), *(0.0,) * (2 * ORDERS)), "nothing was delivered")
        found = statistics(reference["source"], value, reference["references"])
        one = float(self.aggregate(np.array(found)))
        return Score(found, f"GLEU {100 * one:.1f} by itself")

    def loss(self, value: JSON, reference: JSON) -> float:
        return loss(value, reference)

    def aggregate(self, sums: Statistics) -> Statistics:
        length, wanted = sums[..., 0], sums[..., 1]
        matches, places = sums[..., 2::2], sums[..., 3::2]
        precise = np.where(places > 0, matches / np.where(places > 0, places, 1.0), 0.0)
        known = (precise > 0).all(axis=-1) & (length > 0)
        logs = np.log(np.where(precise > 0, precise, 1.0)).mean(axis=-1)
        short = np.minimum(0.0, 1.0 - wanted / np.where(length > 0, length, 1.0))
        value = np.where(known, np.exp(short + logs), 0.0)
        return np.where(wanted > 0, value, np.nan)

    def best(self, sums: Statistics) -> Statistics:
        return np.repeat(sums[..., 1:2], 2 + 2 * ORDERS, axis=-1)

    def worst(self, sums: Statistics) -> Statistics:
        lowest = np.zeros_like(sums)
        lowest[..., 1] = sums[..., 1]
        return lowest


Span = tuple[int, int, tuple[str, ...]]


def edits(before: str, after: str) -> set[Span]:
    """What changed, in tokens: the span of the tokens before, and the tokens in their place."""
    old, new = tokens(before), tokens(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return {(a, b, new[c:d]) for op, a, b, c, d in matcher.get_opcodes() if op != "equal"}


def accepted(source: str, value: str, references: Sequence[str]) -> tuple[int, int]:
    """How many edits some reference makes, and how many there are."""
    made = edits(source, value)
    theirs = [edit for one in references for edit in edits(source, one)]
    return sum(any(_holds(other, one) for other in theirs) for one in made), len(made)


def _holds(other: Span, one: Span) -> bool:
    """The other edit is this one, or changes more around it and has the same words there."""
    start, end, new = one
    first, last, more = other
    if not (first <= start and end <= last):
        return False
    if (first, last) == (start, end):
        return new == more
    return bool(new) and any(more[at : at + len(new)] == new for at in range(len(more) - len(new) + 1))


def accepted_share(value: JSON, reference: JSON) -> float:
    """The share of the edits that some reference makes as well: that a person accepts; 1 where there is no edit."""
    good, every = accepted(reference["source"], value, reference["references"])
    return good / every if every else 1.0


def facts_kept(value: JSON, reference: JSON) -> float:
    """1 when no fact of the source changed that every reference keeps, else 0."""
    changes = kept(reference["source"], value)
    return float(not changes or any(not kept(one, value) for one in reference["references"]))


def loss(value: JSON, reference: JSON) -> float:
    """Of one delivered text: 1 for a lost fact, else the share of its changes that are wrong.

    Wrong is an edit that no reference makes, and a place left alone that every reference changes.

    >>> reference = {"source": "I has a apple.", "references": ["I have an apple.", "I had an apple."]}
    >>> [loss(text, reference) for text in ("I have an apple.", "I have a apple.", "I has a apple.")]
    [0.0, 0.5, 1.0]
    """
    if not facts_kept(value, reference):
        return 1.0
    good, every = accepted(reference["source"], value, reference["references"])
    left = len(left_alone(reference["source"], value, reference["references"]))
    return (every - good + left) / (every + left) if every + left else 0.0


def left_alone(source: str, value: str, references: Sequence[str]) -> list[range]:
    """The places that every reference changes and the value does not touch.

    Token i is the place 2i + 1, and what is put in before it 2i; places side by side are one.
    """
    wanted = set.intersection(*(_places(source, one) for one in references))
    found = list[range]()
    for place in sorted(wanted - _places(source, value)):
        if found and found[-1].stop == place:
            found[-1] = range(found[-1].start, place + 1)
        else:
            found.append(range(place, place + 1))
    return found


def _places(before: str, after: str) -> set[int]:
    spans = ((start, end) for start, end, _ in edits(before, after))
    return {place for a, b in spans for place in (range(2 * a + 1, 2 * b) if a < b else (2 * a,))}
