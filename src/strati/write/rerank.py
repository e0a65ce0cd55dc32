"""Which of the words that a rule offers fits the place: by rules over the words themselves and their neighbours."""

from __future__ import annotations

import re
from typing import Protocol

from strati.write.harper import SPELLING, Flag

_CODE = re.compile(r"\d|_|[a-z][A-Z]|^[A-Z]{2,}s?$")
_VOWELS = frozenset("aeiou")


class Ranker(Protocol):
    """Puts the words of a flag in order, best first; none are left where the text had better stay as it is."""

    def rank(self, text: str, flag: Flag) -> tuple[str, ...]: ...


class FirstWord:
    """The order in which the rules give them."""

    def rank(self, text: str, flag: Flag) -> tuple[str, ...]:
        return flag.words


class RuleRanker:
    """By how near a word is in letters and sound, and whether it can stand beside its neighbours."""

    def rank(self, text: str, flag: Flag) -> tuple[str, ...]:
        if flag.rule != SPELLING:
            return flag.words
        before = text[flag.start : flag.end]
        if _CODE.search(before):
            return ()
        scored = [(self.score(text, flag, word, place), place, word) for place, word in enumerate(flag.words)]
        return tuple(word for score, _, word in sorted(scored))

    def score(self, text: str, flag: Flag, word: str, place: int) -> float:
        """Less is better."""
        return float(place)
