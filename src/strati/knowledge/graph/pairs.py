"""Which names may be one entity: only these pairs are scored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from strati.kinds.extract.words import core_of
from strati.knowledge.graph.definitions import is_paper, is_role
from strati.knowledge.graph.records import NAMED
from strati.knowledge.graph.scoring import Name, Pair, alike

_SIMILAR = 90.0
_LEAST_LENGTH = 8
_MOST_OF_A_BLOCK = 400


def pairs(names: Sequence[Name]) -> list[Pair]:
    """Pairs of names with their features, by id: the same whatever order the names come in.

    Names that mean something in one document only (a surname, a defined term) are in no pair.
    """
    some = sorted(
        (name for name in names if name.type in NAMED and not name.scope and not _generic(name.key)),
        key=lambda name: name.id,
    )
    found: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    _same_words(some, found)
    _whole_names(some, found)
    _plurals(some, found)
    _similar(some, found)
    by_id = {name.id: name for name in some}
    partners: defaultdict[str, set[str]] = defaultdict(set)
    for a, b in found:
        partners[a].add(b)
        partners[b].add(a)
    return [_pair(by_id[a], by_id[b], marks, partners, by_id) for (a, b), marks in sorted(found.items())]


def _generic(key: str) -> bool:
    """Words that name somebody else in every document: "Company", "Agreement"."""
    return " " not in key and (is_role(key) or is_paper(key))


Found = dict[tuple[str, str], dict[int, float]]


def _note(found: Found, a: Name, b: Name, feature: int, value: float = 1.0) -> None:
    if a.id != b.id:
        key = (min(a.id, b.id), max(a.id, b.id))
        found[key][feature] = max(value, found[key].get(feature, 0.0))


def _same_words(names: Sequence[Name], found: Found) -> None:
    words: defaultdict[str, list[Name]] = defaultdict(list)
    other: defaultdict[str, list[Name]] = defaultdict(list)
    for name in names:
        words[_core(name)].append(name)
        for alias in name.aliases:
            other[core_of(alias)[0]].append(name)
    for group in words.values():
        for a, b in _two(group):
            _note(found, a, b, 1)
    for alias, group in other.items():
        for a in group:
            for b in words.get(alias, [])[:_MOST_OF_A_BLOCK]:
                _note(found, a, b, 2)
        for a, b in _two(group):
            if _core(a).split()[:1] == _core(b).split()[:1]:
                _note(found, a, b, 2)


def _core(name: Name) -> str:
    return core_of(name.key)[0]


def _two(group: Sequence[Name]) -> Iterator[tuple[Name, Name]]:
    some = group[:_MOST_OF_A_BLOCK]
    for at, a in enumerate(some):
        for b in some[at + 1 :]:
            yield a, b


def _whole_names(names: Sequence[Name], found: Found) -> None:
    """ "J. Smith" and "John Smith", "John Smith" and "John F. Smith"."""
    surnames: defaultdict[str, list[Name]] = defaultdict(list)
    for name in names:
        words = name.key.split()
        if name.type == "person" and len(words) > 1:
            surnames[words[-1]].append(name)
    for group in surnames.values():
        for a, b in _two(group):
            x, y = a.key.split(), b.key.split()
            first, other = x[0], y[0]
            initial = min(len(first), len(other)) == 1 and first[0] == other[0]
            middle = (
                first == other
                and len(x) != len(y)
                and set(x) <= set(y) | set(x)
                and (set(x) <= set(y) or set(y) <= set(x))
            )
            if initial or middle:
                _note(found, a, b, 3)


def _plurals(names: Sequence[Name], found: Found) -> None:
    known = {name.key: name for name in names if name.type == "term"}
    for key, name in known.items():
        if key + "s" in known and len(key) > 3:
            _note(found, name, known[key + "s"], 4)


def _similar(names: Sequence[Name], found: Found) -> None:
    """Names with a slip of the pen. Blocked by type and first letters, so that large bases stay quick."""
    blocks: defaultdict[tuple[str, str], list[Name]] = defaultdict(list)
    for name in names:
        if len(name.key) >= _LEAST_LENGTH and name.type in ("organisation", "person"):
            blocks[name.type, name.key[:2]].append(name)
    for group in blocks.values():
        some = group[:_MOST_OF_A_BLOCK]
        keys = [_core(name) for name in some]
        for at, a in enumerate(some):
            for place in range(at + 1, len(some)):
                near = alike(keys[at], keys[place], _SIMILAR)
                if 0 < near < 100:
                    _note(found, a, some[place], 5, (near - _SIMILAR) / (100 - _SIMILAR))


def _pair(
    a: Name, b: Name, marks: Mapping[int, float], partners: Mapping[str, set[str]], by_id: Mapping[str, Name]
) -> Pair:
    features = [0.0] * 9
    features[0] = 1.0
    for feature, value in marks.items():
        features[feature] = value
    unknown = "term" in (a.type, b.type) and a.type != b.type
    features[6] = float(unknown)
    features[7] = float(" " not in _core(a) or " " not in _core(b))
    others = _rivals(a, b, partners, by_id) | _rivals(b, a, partners, by_id)
    features[8] = float(bool(others))
    reasons = [_reason(feature, a, b) for feature in sorted(marks)]
    if unknown:
        reasons.append("the kind of one is not known")
    if others:
        reasons.append(f"it fits {', '.join(sorted(by_id[one].shown for one in others))} as well")
    return Pair(a.id, b.id, tuple(features), tuple(reasons))


def _rivals(a: Name, b: Name, partners: Mapping[str, set[str]], by_id: Mapping[str, Name]) -> set[str]:
    """Partners of the shorter name that cannot be the longer one: then it is not clear which is meant."""
    from strati.knowledge.graph.scoring import veto

    return {one for one in partners[a.id] if one != b.id and veto(by_id[one], b) and not veto(by_id[one], a)}


def _reason(feature: int, a: Name, b: Name) -> str:
    said = {
        1: f"the same words apart from the form: {a.shown}, {b.shown}",
        2: f"a document gives one as another name: {a.shown}, {b.shown}",
        3: f"the shorter name fits the whole one: {a.shown}, {b.shown}",
        4: f"one is the plural: {a.shown}, {b.shown}",
        5: f"spelt almost the same: {a.shown}, {b.shown}",
    }
    return said[feature]
