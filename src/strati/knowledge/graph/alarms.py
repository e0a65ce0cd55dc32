"""Merges that chain: names of which no two speak against each other pair by pair, and all together do.

Being one entity is transitive, evidence is not. So an entity of several names is looked at as a whole: a merge that
alone holds two groups of names together, and two names in it that were merged only through others although they speak
against each other, are put before a person. So are entities with very many names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from strati.kinds.extract.words import core_of
from strati.knowledge.graph.records import Doubt
from strati.knowledge.graph.scoring import DOUBT, Name, Pair

LARGE = 6  # different names of one entity from which on a merge is looked at again
_CHAINED = 0.25  # taken from the score of a merge that alone holds two groups together
_SHOWN = 3


class Tie(NamedTuple):
    """Two names with the score of their being one; `person` when somebody said so."""

    a: str
    b: str
    score: float
    reasons: tuple[str, ...]
    person: bool = False


def ties(scored: Sequence[tuple[float, Pair]]) -> list[Tie]:
    """The pairs of names as ties."""
    return [Tie(pair.a, pair.b, value, pair.reasons) for value, pair in scored]


def alarms(
    names: Mapping[str, Name], members: Mapping[str, set[str]], some: Sequence[Tie], merge: float
) -> list[Doubt]:
    """The merges to look at again.

    Args:
        names: by id.
        members: the ids that are one entity with each id.
        some: all ties that were looked at, inside entities and between them.
        merge: the score from which on names are merged.
    """
    inside: defaultdict[int, list[Tie]] = defaultdict(list)
    for tie in some:
        if tie.b in members[tie.a]:
            inside[id(members[tie.a])].append(tie)
    found: list[Doubt] = []
    for within in inside.values():
        whole = members[within[0].a]
        if len(whole) > 2:
            holding = [tie for tie in within if tie.score >= merge or tie.person]
            found += _cuts(names, whole, holding)
            found += _against(names, within, holding)
    return found


def _cuts(names: Mapping[str, Name], whole: set[str], holding: Sequence[Tie]) -> Iterator[Doubt]:
    """Ties of rules that alone hold two groups of at least two names together; in a large entity, any that do."""
    large = len({core_of(names[one].key)[0] for one in whole}) > LARGE
    for tie, ours, theirs in cut_edges(holding):
        if tie.person or (min(len(ours), len(theirs)) < 2 and not large):
            continue
        why = f"this alone holds {_some(names, ours)} and {_some(names, theirs)} together"
        yield _doubt(names, tie, max(0.0, tie.score - _CHAINED), (*tie.reasons, why))


def _against(names: Mapping[str, Name], within: Sequence[Tie], holding: Sequence[Tie]) -> Iterator[Doubt]:
    """Names that are one through others only, and by themselves would not be."""
    held = {frozenset((tie.a, tie.b)) for tie in holding}
    for tie in within:
        if tie.score < DOUBT and frozenset((tie.a, tie.b)) not in held:
            yield _doubt(names, tie, tie.score, (*tie.reasons, "they are one through other names only"))


def _doubt(names: Mapping[str, Name], tie: Tie, score: float, reasons: tuple[str, ...]) -> Doubt:
    return Doubt("split", tie.a, tie.b, (names[tie.a].shown, names[tie.b].shown), score, reasons)


def _some(names: Mapping[str, Name], ids: set[str]) -> str:
    shown = sorted(names[one].shown for one in ids)
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return f"{', '.join(shown[:_SHOWN])}{more}"


def cut_edges(some: Sequence[Tie]) -> Iterator[tuple[Tie, set[str], set[str]]]:
    """Each tie without which what it ties falls apart, with the names on both sides.

    >>> [(tie.a, tie.b) for tie, _, _ in cut_edges([Tie("a", "b", 1, ()), Tie("b", "c", 1, ()), Tie("a", "c", 1, ()),
    ...                                             Tie("c", "d", 1, ())])]
    [('c', 'd')]
    """
    beside: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for number, tie in enumerate(some):
        beside[tie.a].append((tie.b, number))
        beside[tie.b].append((tie.a, number))
    for number, tie in enumerate(some):
        ours = _reached(beside, tie.a, number)
        if tie.b not in ours:
            yield tie, ours, _reached(beside, tie.b, number)


def _reached(beside: Mapping[str, Sequence[tuple[str, int]]], start: str, without: int) -> set[str]:
    seen, todo = {start}, [start]
    while todo:
        for other, number in beside[todo.pop()]:
            if number != without and other not in seen:
                seen.add(other)
                todo.append(other)
    return seen
