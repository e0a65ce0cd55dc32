"""False claims made from true sentences of a base: a number, date, unit, name or negation changed, or a sentence from
elsewhere. They train a check, and show what a check misses."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from enum import StrEnum

from strati.knowledge.ask.polarity import OPPOSITES, denied
from strati.knowledge.ask.quantities import Quantity, quantities
from strati.knowledge.ask.words import Word, content, words

_BE = re.compile(r"\b(is|are|was|were|can|could|may|must|will|would|should|has been|have been|had been)\b(?! not)")
_NOT = re.compile(r"\s+not\b|\bno\b\s+", re.IGNORECASE)
_UNITS = (
    ("days", "months"), ("months", "days"), ("years", "months"), ("weeks", "days"), ("hours", "minutes"),
    ("minutes", "hours"), ("percent", "euros"), ("%", " euros"), ("million", "billion"), ("billion", "million"),
    ("km", "miles"), ("miles", "kilometres"), ("metres", "feet"), ("feet", "metres"), ("$", "€"), ("€", "$"),
    ("£", "$"), ("dollars", "euros"), ("thousand", "million"), ("kg", "tonnes"), ("inches", "metres"),
)  # fmt: skip


class Error(StrEnum):
    """What is wrong with a made claim."""

    NUMBER = "number"
    DATE = "date"
    UNIT = "unit"
    NAME = "name"
    NEGATION = "negation"
    OPPOSITE = "opposite"
    SOURCE = "source"


def number(sentence: str, rng: random.Random) -> str | None:
    """Another value for one of its numbers, with as many digits."""
    found = [one for one in quantities(sentence) if one.kind == "number" and any(c.isdigit() for c in one.text)]
    return _other_digits(sentence, rng.choice(found), rng) if found else None


def date(sentence: str, rng: random.Random) -> str | None:
    """Another day or year for one of its dates."""
    found = [one for one in quantities(sentence) if one.kind == "date" or one.year]
    return _other_digits(sentence, rng.choice(found), rng) if found else None


def unit(sentence: str, rng: random.Random) -> str | None:
    """Another unit for one of its quantities."""
    for one in _shuffled([q for q in quantities(sentence) if q.kind == "number" and (q.unit or q.value[0] > 999)], rng):
        for old, new in _UNITS:
            at = sentence.find(old, one.start, one.end)
            if at >= 0 and (not old.isalpha() or not sentence[at + len(old) : at + len(old) + 1].isalpha()):
                return sentence[:at] + new + sentence[at + len(old) :]
    return None


def name(sentence: str, rng: random.Random, names: Sequence[str]) -> str | None:
    """A name of another sentence in place of one of its own."""
    own = {word.key for word in words(sentence)}
    places = [word for word in content(sentence) if _is_name(word)]
    others = [one for one in names if all(word.key not in own for word in words(one))]
    if not places or not others:
        return None
    word = rng.choice(places)
    return sentence[: word.start] + rng.choice(others) + sentence[word.end :]


def negation(sentence: str, rng: random.Random) -> str | None:
    """Denied where it affirms, affirmed where it denies."""
    if denied(sentence):
        found = _NOT.search(sentence)
        return None if found is None else (sentence[: found.start()] + " " + sentence[found.end() :]).replace("  ", " ")
    places = list(_BE.finditer(sentence))
    if not places:
        return None
    at = rng.choice(places)
    return sentence[: at.end()] + " not" + sentence[at.end() :]


def opposite(sentence: str, rng: random.Random) -> str | None:
    """The opposite of one of its words."""
    found = [(word, OPPOSITES[word.text.lower()]) for word in content(sentence) if word.text.lower() in OPPOSITES]
    if not found:
        return None
    word, others = rng.choice(found)
    return sentence[: word.start] + rng.choice(sorted(others)) + sentence[word.end :]


def corrupted(
    sentence: str, rng: random.Random, names: Sequence[str], elsewhere: Sequence[str]
) -> list[tuple[Error, str]]:
    """One false claim of each kind that the sentence allows."""
    makers: list[tuple[Error, Callable[[], str | None]]] = [
        (Error.NUMBER, lambda: number(sentence, rng)),
        (Error.DATE, lambda: date(sentence, rng)),
        (Error.UNIT, lambda: unit(sentence, rng)),
        (Error.NAME, lambda: name(sentence, rng, names)),
        (Error.NEGATION, lambda: negation(sentence, rng)),
        (Error.OPPOSITE, lambda: opposite(sentence, rng)),
        (Error.SOURCE, lambda: rng.choice(elsewhere) if elsewhere else None),
    ]
    made = ((kind, make()) for kind, make in makers)
    return [(kind, text) for kind, text in made if text is not None and text != sentence]


def names_in(sentences: Sequence[str]) -> list[str]:
    """The single words of sentences that look like names, each once, in order."""
    return list(dict.fromkeys(word.text for one in sentences for word in content(one) if _is_name(word)))


def _is_name(word: Word) -> bool:
    return word.start > 0 and word.text[:1].isupper() and len(word.text) > 2


def _other_digits(sentence: str, one: Quantity, rng: random.Random) -> str:
    places = [at for at in range(one.start, one.end) if sentence[at].isdigit()]
    at = rng.choice(places[-3:])
    low = "1" if at == places[0] else "0"
    others = [digit for digit in "0123456789" if digit != sentence[at] and digit >= low]
    return sentence[:at] + rng.choice(others) + sentence[at + 1 :]


def _shuffled(found: list[Quantity], rng: random.Random) -> list[Quantity]:
    return rng.sample(found, len(found))
