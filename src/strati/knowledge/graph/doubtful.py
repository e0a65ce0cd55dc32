"""How likely a relation is right: a few features of how it was read, a logistic score, and what people decided.

The weights are ours, set by hand and looked at on half of CUAD's contracts. People's decisions move them, as those
about names move the weights of merges; the fit uses the decisions that hold now and nothing else, so forgetting a
document forgets what it taught.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from strati.kinds.extract.lists.places import COUNTRIES, STATES
from strati.kinds.extract.words import core_of, key_of
from strati.knowledge.graph.definitions import is_paper, is_role
from strati.knowledge.graph.records import NAMED, WEAK, Doubt, Fact, Node, Reading
from strati.knowledge.graph.scoring import score, taught

LEAST = 0.75  # relations that are less likely to be right are shown to people
FEATURES = ("always", "the kind of a name is not known", "a name is in capitals only", "the kinds of names are unusual",
            "one place says so", "something else is said of it, too", "other names stand between",
            "the names stand far apart", "read from a signature", "a name is a role or a common word")  # fmt: skip
WEIGHTS = (3.0, -0.6, -0.8, -1.0, -0.4, -1.6, -0.8, -0.5, -1.2, -2.0)
_NEVER = frozenset((WEAK, "part of", "refers to", "defined as", "amount of", "e-mail"))  # by form, not by reading
_ONE = frozenset(("dated", "governed by"))  # a document has one
_ONE_WAY = frozenset(("acquired", "bought", "owns", "owned", "founded", "controls", "subsidiary", "parent", "hired"))
_FRAME = frozenset(("party to", "organised in", "dated", "governed by", "signed"))  # read from the document's frame
_MOST_PARTIES = 4
_FAR = 200
_CROWD = 4


class Key(NamedTuple):
    """A relation between two names, as decisions call them."""

    a: str
    label: str
    b: str


class Said(NamedTuple):
    """One piece of evidence: the relation, the document, and features of the place (crowd, far, signature)."""

    key: Key
    document: str
    crowd: float
    far: float
    late: float


def said_in(reading: Reading, ends: Mapping[int, str]) -> list[tuple[Fact, Said]]:
    """What a reading says, without what form alone tells. `ends` are the names of its atoms by number."""
    starts = sorted(mention.start for mention in reading.mentions)
    length = max((end for _, end in reading.sentences), default=0)
    found = []
    for fact in reading.facts:
        if fact.label not in _NEVER:
            between = bisect_left(starts, fact.end) - bisect_left(starts, fact.start) - 2
            late = fact.label == "party to" and fact.start > 0.6 * length
            key = Key(ends[fact.head], fact.label, ends[fact.tail])
            inner = fact.label not in _FRAME
            crowd = inner * min(max(between, 0), _CROWD) / _CROWD
            far = float(inner and fact.end - fact.start > _FAR)
            found.append((fact, Said(key, reading.document, crowd, far, float(late))))
    return found


def doubts(
    said: Iterable[tuple[Said, Node, Node]], decided: Mapping[Key, bool], shown: Mapping[str, str]
) -> list[Doubt]:
    """The relations that a person should look at.

    Args:
        said: the evidence with the entities it joins; also what a person called wrong, which teaches.
        decided: what people said of relations: right or wrong.
        shown: what people call the names.
    """
    groups: defaultdict[tuple[str, str, str], list[Said]] = defaultdict(list)
    nodes: dict[str, Node] = {}
    for one, head, tail in said:
        groups[head.id, one.key.label, tail.id].append(one)
        nodes[head.id], nodes[tail.id] = head, tail
    held = {key: [one for one in some if decided.get(one.key) is not False] for key, some in groups.items()}
    counts = Counter((key[0], key[1]) for key, some in held.items() if some)
    parties = Counter(key[2] for key, some in held.items() if some and key[1] == "party to")
    features = {key: _features(key, some, nodes, counts, parties, held, decided) for key, some in groups.items()}
    told = [
        (features[key], verdict)
        for key in sorted(groups)
        for verdict in sorted({decided[one.key] for one in groups[key] if one.key in decided})
    ]
    weights = taught(told, WEIGHTS)
    found = []
    for key, some in held.items():
        value = score(features[key], weights)
        if some and value < LEAST and not any(decided.get(one.key) for one in some):
            first = min(one.key for one in some)
            names = (shown[first.a], shown[first.b])
            found.append(Doubt("relation", first.a, first.b, names, value, _reasons(features[key]), first.label))
    return found


def _features(
    key: tuple[str, str, str], some: Sequence[Said], nodes: Mapping[str, Node], counts: Mapping[tuple[str, str], int],
    parties: Mapping[str, int], held: Mapping[tuple[str, str, str], Sequence[Said]], decided: Mapping[Key, bool],
) -> tuple[float, ...]:  # fmt: skip
    head, label, tail = nodes[key[0]], key[1], nodes[key[2]]
    back = held.get((tail.id, label, head.id), ()) if _ONE_WAY & set(label.split()) else ()
    against = bool(back) or (label in _ONE and counts[head.id, label] > 1)
    against = against or (label == "party to" and parties[tail.id] > _MOST_PARTIES)
    against = against or any(decided.get(one.key) is False for one in some)
    settled = any(decided.get(one.key) for one in back)  # a person said that the contrary is right
    return (
        1.0,
        float("term" in (head.type, tail.type)),
        float(any(_loud(node) for node in (head, tail))),
        float(_unusual(head, label, tail)),
        float(len(some) == 1),
        float(against) + settled,
        min(one.crowd for one in some),
        min(one.far for one in some),
        min(one.late for one in some),
        float(any(_common(node) for node in (head, tail))),
    )


def _loud(node: Node) -> bool:
    return node.type != "document" and node.name.isupper() and " " in node.name and not core_of(key_of(node.name))[1]


def _common(node: Node) -> bool:
    core = core_of(key_of(node.name))[0]
    generic = is_paper(core) or core.split()[-1:] in (["party"], ["parties"]) or (is_role(core) and " " not in core)
    return node.type in NAMED and node.type != "term" and generic


def _unusual(head: Node, label: str, tail: Node) -> bool:
    if label == "party to":
        return head.type == "person" or (head.type == "organisation" and not core_of(key_of(head.name))[1])
    if label in ("governed by", "organised in"):
        return tail.name.casefold() not in STATES and tail.name.casefold() not in COUNTRIES
    return head.type in ("date", "amount") or (head.type == "place" and label not in ("located in", "organised in"))


def _reasons(features: Sequence[float]) -> tuple[str, ...]:
    """The features that speak against it, the heaviest first."""
    some = [(WEIGHTS[at] * features[at], FEATURES[at]) for at in range(1, len(FEATURES)) if features[at] >= 0.5]
    return tuple(name for _, name in sorted(some))
