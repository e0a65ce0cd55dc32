"""Which of given mentions of one document are one entity: the rules of reading and linking, for names found elsewhere.

A trained or pulled extractor brings mentions with types; this puts them together.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from strati.kinds.extract.lists.names import SHORT_TITLES, TITLES
from strati.kinds.extract.lists.places import DEMONYMS, PLACES
from strati.kinds.extract.words import core_of, key_of
from strati.knowledge.graph.records import VALUES


class Named(NamedTuple):
    """A mention: what kind of thing it names, and the words."""

    type: str
    name: str


def clusters(mentions: Sequence[Named]) -> list[int]:
    """The number of the entity of each mention, in order.

    >>> clusters([Named("person", "Ann Lee"), Named("place", "Rome"), Named("person", "Lee")])
    [0, 1, 0]
    """
    whole: dict[tuple[str, str], int] = {}
    found: list[int] = []
    keys = [(one.type, _key(one)) for one in mentions]
    for key in keys:
        found.append(whole.setdefault(key, len(whole)))
    joined = list(range(len(whole)))
    by_number = {number: key for key, number in whole.items()}
    for number, (type_, words) in by_number.items():
        targets = _targets(type_, words, by_number, number)
        if len(targets) == 1:
            joined[number] = targets.pop()
    return [_root(joined, number) for number in found]


def _root(joined: Sequence[int], number: int) -> int:
    seen: set[int] = set()
    while joined[number] != number and number not in seen:
        seen.add(number)
        number = joined[number]
    return number


def _key(one: Named) -> str:
    key = key_of(one.name)
    words = key.split()
    if one.type == "person":
        while len(words) > 1 and (words[0] in SHORT_TITLES or (words[0] in TITLES and len(words) > 2)):
            words = words[1:]
        return " ".join(words)
    if one.type == "organisation":
        return core_of(key)[0]
    if one.type == "place":
        return key_of(PLACES.get(one.name.casefold().removeprefix("the ")) or PLACES.get(key, key))
    return key


def _targets(type_: str, key: str, known: dict[int, tuple[str, str]], own: int) -> set[int]:
    """The longer names that a shorter one can stand for."""
    if type_ in VALUES or type_ in ("date", "amount"):
        return set()
    words = key.split()
    found: defaultdict[int, set[int]] = defaultdict(set)
    for number, (other_type, other) in known.items():
        if number == own or other_type != type_:
            continue
        rank = _fits(type_, words, other.split())
        if rank:
            found[rank].add(number)
    return found[min(found)] if found else set()


def _fits(type_: str, short: Sequence[str], whole: Sequence[str]) -> int:
    """How well a shorter name fits a longer one: 1 best, 0 not at all."""
    if len(short) == 1 and len(whole) > 1 and _initials(short[0], whole):
        return 1
    if len(short) >= len(whole) or _numbers(short) != _numbers(whole):
        return 0
    if type_ == "person":
        if short[-1] == whole[-1] or (len(short) == 1 and short[0] == whole[0]):
            return 1 if set(short) <= set(whole) or short[0][0] == whole[0][0] else 0
        return 2 if set(short) <= set(whole) and len(short) > 1 else 0
    if type_ in ("organisation", "term") and list(whole[: len(short)]) == list(short):
        return 2 if len(short) > 1 or (type_ != "term" and short[0] not in DEMONYMS and short[0] not in PLACES) else 0
    if type_ in ("organisation", "term") and len(short) > 1 and list(whole[-len(short) :]) == list(short):
        return 3
    return 0


def _numbers(words: Sequence[str]) -> set[str]:
    """Numbers, and what tells a father from his son."""
    return {word for word in words if re.fullmatch(r"\d+|[ivx]+|jr|sr", word)}


def _initials(short: str, whole: Sequence[str]) -> bool:
    letters = "".join(word[0] for word in whole if word not in ("of", "the", "and", "for", "in"))
    return len(short) >= 2 and short in (letters, "".join(word[0] for word in whole))
