"""From readings to the graph: which names are one entity, and the edges between entities.

The graph is worked out anew from the readings and the decisions, so it knows nothing of the order in which documents
came, and a merge is undone by not making it: what comes out is then what was there before, byte for byte.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from strati.kinds.extract.words import core_of, key_of
from strati.knowledge.graph.atoms import best
from strati.knowledge.graph.pairs import pairs
from strati.knowledge.graph.records import NAMED, WEAK, Doubt, Edge, Graph, Merge, Node, Place, Reading, digest
from strati.knowledge.graph.scoring import DOUBT, MERGE, Name, score, taught, veto

LARGEST = 12  # names of one entity that differ: more is an alarm, not a merge
MOST_WEAK = 20  # sentences kept for a weak edge


class Decision(NamedTuple):
    """What a person decided: `kind` is "merge" or "split" (two names by id) or "scope" (in the document `b`, the name
    `a` is somebody else). `names` is for people."""

    number: int
    kind: str
    a: str
    b: str
    names: tuple[str, str]


@dataclass
class Group:
    """All readings of one atom."""

    id: str
    type: str
    key: str
    scope: str
    names: Counter[str]
    shown: Counter[str]
    aliases: set[str]
    nicknames: set[str]
    mentions: list[Place]
    sure: int = 0
    facts: int = 0

    @property
    def name(self) -> str:
        return best(self.shown)

    def compared(self) -> Name:
        return Name(self.id, self.type, self.key, self.name, frozenset(map(key_of, self.aliases)), self.scope)


def link(readings: Iterable[Reading], decisions: Sequence[Decision] = ()) -> Graph:
    """The graph of these readings; decisions of people come before rules.

    Args:
        readings: one a document, in any order.
        decisions: those that hold, in any order.
    """
    ordered = sorted(readings, key=lambda reading: (reading.digest, reading.document))
    groups, places = _groups(ordered, {(d.a, d.b) for d in decisions if d.kind == "scope"})
    joined = _Joined({id: group.compared() for id, group in groups.items()}, decisions)
    joined.decide()
    nodes = _nodes(groups, joined, {reading.document: rank for rank, reading in enumerate(ordered)})
    node_of = {atom: node.id for node in nodes for atom in node.atoms}
    edges = _edges(ordered, places, node_of)
    return Graph(tuple(nodes), tuple(edges), tuple(joined.merges), tuple(joined.doubts))


def groups_of(readings: Iterable[Reading], decisions: Sequence[Decision] = ()) -> dict[str, Group]:
    """All names of these readings by id."""
    ordered = sorted(readings, key=lambda reading: (reading.digest, reading.document))
    return _groups(ordered, {(d.a, d.b) for d in decisions if d.kind == "scope"})[0]


def _groups(
    ordered: Sequence[Reading], scoped: set[tuple[str, str]]
) -> tuple[dict[str, Group], dict[tuple[str, int], str]]:
    """Atoms by id with all their mentions, without unsure ones; and the id of each document's atoms by number."""
    groups: dict[str, Group] = {}
    places: dict[tuple[str, int], str] = {}
    for reading in ordered:
        for number, atom in enumerate(reading.atoms):
            id, scope = atom.id, atom.scope
            if (id, reading.document) in scoped:
                scope = reading.digest[:16]
                id = atom._replace(scope=scope).id
            places[reading.document, number] = id
            made = groups.setdefault(
                id, Group(id, atom.type, atom.key, scope, Counter(), Counter(), set(), set(), [])
            )  # fmt: skip
            made.aliases.update(atom.aliases)
            made.nicknames.update(atom.nicknames)
            made.sure = max(made.sure, atom.sure)
            made.shown[atom.name] += 1
        for mention in reading.mentions:
            groups[places[reading.document, mention.atom]].mentions.append(
                Place(reading.document, mention.start, mention.end)
            )
        for fact in reading.facts:
            if fact.label != WEAK:
                for end in (fact.head, fact.tail):
                    groups[places[reading.document, end]].facts += 1
    known = {part for group in groups.values() if group.sure == 2 and group.type in NAMED for part in
             (group.key, core_of(group.key)[0], *map(key_of, group.aliases))}  # fmt: skip
    kept = {
        id: group for id, group in groups.items()
        if group.sure == 2 or (group.sure and (group.facts or len(group.mentions) > 1)) or group.key in known
    }  # fmt: skip
    return kept, places


class _Joined:
    """Union of names under vetoes; keeps why."""

    def __init__(self, names: Mapping[str, Name], decisions: Sequence[Decision]) -> None:
        self.names = names
        self.decisions = [d for d in decisions if d.a in names and (d.b in names or d.kind == "scope")]
        self.apart = {frozenset((d.a, d.b)) for d in self.decisions if d.kind == "split"}
        self.members: dict[str, set[str]] = {id: {id} for id in names}
        self.merges: list[Merge] = []
        self.doubts: list[Doubt] = []

    def decide(self) -> None:
        """First what people said, then the surest pairs."""
        for decision in sorted(self.decisions, key=lambda d: (d.kind, min(d.a, d.b), max(d.a, d.b))):
            if decision.kind == "merge" and not self._forbidden(decision.a, decision.b):
                self._join(Merge(decision.a, decision.b, decision.names, 1.0, ("a person said so",), "person"))
        found = pairs(list(self.names.values()))
        known = {frozenset((pair.a, pair.b)): pair.features for pair in found}
        told = [
            (known[frozenset((d.a, d.b))], d.kind == "merge")
            for d in sorted(self.decisions, key=lambda d: (d.kind, d.a, d.b))
            if frozenset((d.a, d.b)) in known
        ]
        weights = taught(told)
        scored = sorted(((score(pair.features, weights), pair) for pair in found), key=lambda one: (-one[0], one[1]))
        for value, pair in scored:
            self._consider(pair.a, pair.b, value, pair.reasons)
        self.merges.sort(key=lambda m: (m.a, m.b))
        self.doubts.sort(key=lambda d: (-d.score, d.names, d.a, d.b))

    def _consider(self, a: str, b: str, value: float, reasons: tuple[str, ...]) -> None:
        if b in self.members[a] or value < DOUBT or frozenset((a, b)) in self.apart:
            return
        names = (self.names[a].shown, self.names[b].shown)
        if veto(self.names[a], self.names[b]):
            return
        why = self._forbidden(a, b)
        if value >= MERGE and not why:
            self._join(Merge(a, b, names, value, reasons))
        else:
            self.doubts.append(Doubt("merge", a, b, names, value, (*reasons, *((why,) if why else ()))))

    def _forbidden(self, a: str, b: str) -> str:
        """Why the entities that hold two names cannot be one, in words; "" when they can."""
        ours, theirs = self.members[a], self.members[b]
        for one in sorted(ours):
            for other in sorted(theirs):
                if frozenset((one, other)) in self.apart:
                    return f"a person said that {self.names[one].shown} and {self.names[other].shown} are two"
                why = veto(self.names[one], self.names[other])
                if why:
                    return f"{self.names[one].shown} and {self.names[other].shown}: {why}"
        cores = {core_of(self.names[one].key)[0] for one in ours | theirs}
        if len(cores) > LARGEST:
            return f"together they have {len(cores)} different names, more than {LARGEST}"
        return ""

    def _join(self, merge: Merge) -> None:
        whole = self.members[merge.a] | self.members[merge.b]
        for one in whole:
            self.members[one] = whole
        self.merges.append(merge)


def _nodes(groups: Mapping[str, Group], joined: _Joined, rank: Mapping[str, int]) -> list[Node]:
    nodes = []
    done: set[str] = set()
    for id in sorted(groups):
        if id in done:
            continue
        members = sorted(joined.members[id])
        done.update(members)
        nodes.append(_node([groups[one] for one in members], rank))
    return sorted(nodes, key=lambda node: (node.type, node.name.casefold(), node.id))


def _node(members: Sequence[Group], rank: Mapping[str, int]) -> Node:
    """The entity is called what its fullest name is called: of a known type, with a legal form, the longest."""
    lead = max(
        members,
        key=lambda g: (g.type != "term", bool(core_of(g.key)[1]) if g.type == "organisation" else False,
                       len(g.key.split()) if g.type == "person" else 0, len(g.mentions), g.id),
    )  # fmt: skip
    names = {name for group in members for name in (*group.shown, *group.aliases, *group.nicknames)}
    places = {place for group in members for place in group.mentions}
    mentions = sorted(places, key=lambda place: (rank[place.document], place.start, place.end))
    return Node(
        digest("node", lead.type, lead.key, lead.scope), lead.type, lead.name, tuple(sorted(names - {lead.name})),
        tuple(mentions), tuple(group.id for group in members),
    )  # fmt: skip


def _edges(ordered: Sequence[Reading], places: Mapping[tuple[str, int], str], node_of: Mapping[str, str]) -> list[Edge]:
    found: defaultdict[tuple[str, str, str], dict[Place, None]] = defaultdict(dict)
    for reading in ordered:
        for fact in reading.facts:
            head = node_of.get(places[reading.document, fact.head])
            tail = node_of.get(places[reading.document, fact.tail])
            if head is None or tail is None or head == tail:
                continue
            if fact.label == WEAK and head > tail:
                head, tail = tail, head
            found[head, tail, fact.label].setdefault(Place(reading.document, fact.start, fact.end))
    strong = {frozenset((head, tail)) for head, tail, label in found if label != WEAK}
    edges = []
    for (head, tail, label), evidence in sorted(found.items()):
        if label == WEAK:
            if frozenset((head, tail)) in strong:
                continue
            evidence = dict.fromkeys(list(evidence)[:MOST_WEAK])
        edges.append(Edge(head, tail, label, tuple(evidence)))
    return edges
