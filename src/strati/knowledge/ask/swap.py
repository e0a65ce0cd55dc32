"""One word put in another's place: a claim and a sentence that run alike but for a number, a name or an opposite."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from strati.knowledge.ask.polarity import opposed
from strati.knowledge.ask.quantities import missing, quantities
from strati.knowledge.ask.words import Word, carries, words

ALIKE = 0.6  # share of the claim's words that run alike
CLOSE = 0.8  # the same where the sentence has the word elsewhere, too
SHORT = 4  # words that may stand in another's place
BESIDE = 3  # words alike that must stand around the place


class Swap(NamedTuple):
    """What the claim says in the place of what the sentence says."""

    claim: str
    source: str


def swap(claim: str, sentence: str) -> Swap | None:
    """What a claim has put in another's place; None when it says the same or runs otherwise.

    >>> swap("The tower was built by Gustave Eiffel in 1931.", "The tower was built by Ida Brunner in 1931.")
    Swap(claim='Gustave Eiffel', source='Ida Brunner')
    >>> swap("The tower is old.", "The harbour lies in the north.") is None
    True
    """
    mine, theirs = words(claim), words(sentence)
    if not mine or not theirs:
        return None
    blocks = SequenceMatcher(None, [w.key for w in mine], [w.key for w in theirs], autojunk=False)
    codes = blocks.get_opcodes()
    alike = sum(end - start for tag, start, end, *_ in codes if tag == "equal") / len(mine)
    if alike < ALIKE:
        return None
    for number, (tag, first, last, other, end) in enumerate(codes):
        if tag != "replace" or last - first > SHORT or end - other > SHORT:
            continue
        left = _length(codes, number - 1)
        right = _length(codes, number + 1)
        inside = left and right and left + right >= BESIDE
        if not inside and max(left, right) < 2 * BESIDE:
            continue
        said, told = _piece(claim, mine[first:last]), _piece(sentence, theirs[other:end])
        if _excluded(said, told, mine[first:last], theirs, alike, first):
            return Swap(said, told)
    return None


def _excluded(said: str, told: str, mine: Sequence[Word], theirs: Sequence[Word], alike: float, first: int) -> bool:
    numbers, others = quantities(said), quantities(told)
    if numbers and others:
        return bool(missing(numbers, others)) and alike >= CLOSE
    if opposed(words(said), told) is not None:
        return alike >= CLOSE
    there = {word.key for word in theirs}
    names = [word for at, word in enumerate(mine) if _name(word, first + at)]
    rivals = [word for word in words(told) if _name(word, 1)]
    return bool(names and rivals) and not any(word.key in there for word in names)


def _name(word: Word, place: int) -> bool:
    return carries(word) and place > 0 and word.text[:1].isupper() and len(word.text) > 2


def _length(codes: Sequence[tuple[str, int, int, int, int]], at: int) -> int:
    if not 0 <= at < len(codes) or codes[at][0] != "equal":
        return 0
    return codes[at][2] - codes[at][1]


def _piece(text: str, found: Sequence[Word]) -> str:
    return text[found[0].start : found[-1].end]
