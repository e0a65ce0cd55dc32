"""Other spellings of words that are nowhere in the base, from its own vocabulary.

The distance is that of Damerau (CACM 7, 1964) for a single mistake: a letter too many, missing, wrong, or two swapped.
The vocabulary holds stems, so a stem is compared with the start of the word. The first letter is taken to be right.
"""

from __future__ import annotations

from collections.abc import Iterable

SHORTEST = 4  # letters: shorter words are one mistake away from too many others
MOST = 3
_LONGEST_ENDING = 5


def spellings(word: str, vocabulary: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    """Up to three stems that the word may have meant, nearest first, then most frequent.

    >>> spellings("enviroment", [("environ", 9), ("envelop", 3), ("entri", 2)])
    ('environ',)
    """
    found = []
    for stem, count in vocabulary:
        ending = len(word) - len(stem)
        if len(stem) < SHORTEST or not -1 <= ending <= _LONGEST_ENDING:
            continue
        if any(one_mistake(word[:length], stem) for length in (len(stem), len(stem) - 1, len(stem) + 1)):
            found.append((abs(ending), -count, stem))
    return tuple(stem for *_, stem in sorted(found)[:MOST])


def one_mistake(one: str, other: str) -> bool:
    """Whether two words are the same but for one mistake at most.

    >>> one_mistake("recieve", "receive"), one_mistake("cat", "dog")
    (True, False)
    """
    if one == other:
        return True
    if abs(len(one) - len(other)) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, against = one[at:], other[at:]
    if len(rest) == len(against):
        return rest[1:] == against[1:] or (rest[:2] == against[1::-1] and rest[2:] == against[2:])
    longer, shorter = (rest, against) if len(rest) > len(against) else (against, rest)
    return longer[1:] == shorter
