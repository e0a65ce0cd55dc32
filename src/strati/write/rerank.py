"""Which word fits the place: those that a rule offers, and common words one letter away, by how near they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from strati.write.common import FREQUENT, WORDS, is_common, near
from strati.write.harper import SPELLING, SPLITTING, Flag

_CODE = re.compile(r"\d|_|[a-z][A-Z]|^[A-Z]{2,}s?$")
_VOWELS = frozenset("aeiouy")
_SOUNDS = (("ph", "f"), ("c", "k"), ("z", "s"), ("q", "k"))
_LAST_RANK = 3  # of words that the rule did not give
# Weights of a softmax over the words of a misspelling, fitted on JFLEG's even sentences.
_RANK, _DISTANCE, _FIRST, _LAST, _COMMON, _FREQUENT, _SOUND = -0.24, -1.56, -0.92, -0.35, 2.09, 1.00, -1.06
_FAR = -1.0  # a score below which a word that is used twice is no misspelling
_SWAPPED = 3.0  # letters that changed places; too few among those sentences to fit


class Ranker(Protocol):
    """Puts the words of a flag in order, best first; none are left where the text had better stay as it is."""

    def rank(self, text: str, flag: Flag) -> tuple[str, ...]: ...


class FirstWord:
    """The words in the order in which the rule gives them: the first is taken blindly."""

    def rank(self, text: str, flag: Flag) -> tuple[str, ...]:  # noqa: ARG002
        return flag.words


class RuleRanker:
    """Misspelled words by letters, sound and how common each word is; what looks like code is left alone.

    Args:
        knows: tells whether a word is spelled right: forms of common words are made by rule, and not all exist.
    """

    def __init__(self, knows: Callable[[str], bool] = lambda word: word in WORDS) -> None:
        self.knows = knows

    def rank(self, text: str, flag: Flag) -> tuple[str, ...]:
        before = text[flag.start : flag.end]
        if flag.rule == SPLITTING:
            return tuple(word for word in flag.words if all(is_common(part.lower()) for part in word.split()))
        if flag.rule != SPELLING:
            return flag.words
        if _CODE.search(before):
            return ()
        scored = sorted((-score(before, word, rank), word) for word, rank in words_for(before, flag, self.knows))
        if scored and -scored[0][0] < _FAR and text.count(before) > 1:
            return ()  # far from all words, and used again: a term of its own
        return tuple(word for _, word in scored)


def words_for(before: str, flag: Flag, knows: Callable[[str], bool]) -> list[tuple[str, int]]:
    """The words of a rule with their ranks, and common words one letter away; names are not guessed at."""
    found = [(word, min(rank, _LAST_RANK)) for rank, word in enumerate(flag.words)]
    have = {word.lower() for word in flag.words}
    if before[:1].islower() or (before[:1].isupper() and before[1:].islower()):
        for word in near(before.lower()):
            if word not in have and (word in WORDS or knows(word)):
                found.append((word.capitalize() if before[:1].isupper() else word, _LAST_RANK))
    return found


def score(before: str, word: str, rank: int) -> float:
    """How well a word fits a misspelling, by its letters; more is better.

    >>> score("wich", "which", 1) > score("wich", "wish", 0)
    True
    """
    from rapidfuzz.distance import OSA

    old, new = before.lower(), word.lower()
    if new.replace("'", "") == old:  # "dont": nothing else can have been meant
        return 10.0
    return (
        _RANK * rank
        + _DISTANCE * OSA.distance(old, new)
        + _FIRST * (old[:1] != new[:1])
        + _LAST * (old[-1:] != new[-1:])
        + _COMMON * is_common(new)
        + _SOUND * (_sound(old) != _sound(new))
        + _FREQUENT * (new in FREQUENT)
        + _SWAPPED * (sorted(old) == sorted(new))
    )


def _sound(word: str) -> str:
    """The consonants of a word, double ones once: misspellings mostly keep them."""
    for old, new in _SOUNDS:
        word = word.replace(old, new)
    return re.sub(r"(.)\1", r"\1", "".join(c for c in word if c not in _VOWELS))
