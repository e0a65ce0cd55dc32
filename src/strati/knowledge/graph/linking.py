"""From readings to the graph: which names are one entity, and the edges between entities.

The graph is worked out anew from the readings and the decisions, so it knows nothing of the order in which documents
came, and a merge is undone by not making it: what comes out is then what was there before, byte for byte.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from strati.kinds.extract.words import core_of, key_of
from strati.knowledge.graph import doubtful
from strati.knowledge.graph.alarms import Tie, alarms, ties
from strati.knowledge.graph.atoms import best
from strati.knowledge.graph.doubtful import Key
from strati.knowledge.graph.pairs import pairs
from strati.knowledge.graph.records import NAMED, WEAK, Atom, Doubt, Edge, Graph, Merge, Node, Place, Reading, digest
from strati.knowledge.graph.scoring import DOUBT, MERGE, Name, score, taught, veto

LARGEST = 12  # names of one entity that differ: more is an alarm, not a merge
MOST_WEAK = 20  # sentences kept for a weak edge


class Decision(NamedTuple):
    """What a person decided.

    `kind` is "merge" or "split" (of two names), "scope" (in the document `b`, the name `a` is somebody else), "right"
    or "wrong" (of the relation `label`, in the document `document`, or in all when that is ""). Names are called as
    `Atom.end` does, or "END@DOCUMENT" for one that is somebody else there; `names` is for people.
    """

    number: int
    kind: str
    a: str
    b: str
    names: tuple[str, ...]
    label: str = ""
    document: str = ""


@dataclass
class Group:
    """All readings of one atom; `end` is what decisions call it."""

    id: str
    end: str
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
    ordered = _ordered(readings)
    groups, places = _groups(ordered, decisions)
    joined = _Joined(groups, decisions)
    joined.decide()
    nodes = _nodes(groups, joined, {reading.document: rank for rank, reading in enumerate(ordered)})
    node_of = {atom: node for node in nodes for atom in node.atoms}
    edges, doubts = _edges(ordered, places, node_of, groups, decisions)
    found = sorted([*joined.doubts, *doubts], key=lambda d: (-d.wrong, d.kind, d.names, d.label, d.a, d.b))
    merges = tuple(replace(one, score=round(one.score, 3)) for one in joined.merges)
    return Graph(tuple(nodes), tuple(edges), merges, tuple(replace(one, score=round(one.score, 3)) for one in found))


def groups_of(readings: Iterable[Reading], decisions: Sequence[Decision] = ()) -> dict[str, Group]:
    """All names of these readings by id."""
    return _groups(_ordered(readings), decisions)[0]


def ends_of(reading: Reading, decisions: Sequence[Decision]) -> dict[int, str]:
    """What decisions call the atoms of a reading, by number."""
    scoped = {d.a for d in decisions if d.kind == "scope" and d.b == reading.document}
    return {number: _end(atom, reading, scoped) for number, atom in enumerate(reading.atoms)}


def _ordered(readings: Iterable[Reading]) -> list[Reading]:
    return sorted(readings, key=lambda reading: (reading.digest, reading.document))


def _end(atom: Atom, reading: Reading, scoped: Collection[str]) -> str:
    end = atom.end(reading.document)
    return f"{end}@{reading.document}" if end in scoped and not atom.scope else end


def _groups(
    ordered: Sequence[Reading], decisions: Sequence[Decision]
) -> tuple[dict[str, Group], dict[tuple[str, int], str]]:
    """Atoms by id with all their mentions, without unsure ones; and the id of each document's atoms by number."""
    groups: dict[str, Group] = {}
    places: dict[tuple[str, int], str] = {}
    for reading in ordered:
        ends = ends_of(reading, decisions)
        for number, atom in enumerate(reading.atoms):
            id, scope = atom.id, atom.scope
            if "@" in ends[number]:
                scope = reading.digest[:16]
                id = atom._replace(scope=scope).id
            places[reading.document, number] = id
            made = groups.setdefault(
                id, Group(id, ends[number], atom.type, atom.key, scope, Counter(), Counter(), set(), set(), [])
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

    def __init__(self, groups: Mapping[str, Group], decisions: Sequence[Decision]) -> None:
        self.names = names = {id: group.compared() for id, group in groups.items()}
        self.ends = {id: group.end for id, group in groups.items()}
        at = {end: id for id, end in self.ends.items()}
        some = [d for d in decisions if d.kind in ("merge", "split") and d.a in at and d.b in at]
        self.decisions = [d._replace(a=at[d.a], b=at[d.b]) for d in some]
        self.apart = {frozenset((d.a, d.b)) for d in self.decisions if d.kind == "split"}
        self.members: dict[str, set[str]] = {id: {id} for id in names}
        self.merges: list[Merge] = []
        self.doubts: list[Doubt] = []

    def decide(self) -> None:
        """First what people said, then the surest pairs."""
        for decision in sorted(self.decisions, key=lambda d: (d.kind, min(d.a, d.b), max(d.a, d.b))):
            if decision.kind == "merge" and not self._forbidden(decision.a, decision.b):
                names = (decision.names[0], decision.names[1])
                self._join(Merge(decision.a, decision.b, names, 1.0, ("a person said so",), "person"))
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
        said = [Tie(m.a, m.b, 1.0, m.reasons, True) for m in self.merges if m.by == "person"]
        by_person = {frozenset((one.a, one.b)) for one in said}
        rest = [tie for tie in ties(scored) if frozenset((tie.a, tie.b)) not in by_person]
        doubts = [*self.doubts, *alarms(self.names, self.members, [*said, *rest], MERGE)]
        self.doubts = [replace(one, a=self.ends[one.a], b=self.ends[one.b]) for one in doubts]

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


def _edges(
    ordered: Sequence[Reading], places: Mapping[tuple[str, int], str], node_of: Mapping[str, Node],
    groups: Mapping[str, Group], decisions: Sequence[Decision],
) -> tuple[list[Edge], list[Doubt]]:  # fmt: skip
    """The edges without what people called wrong, and those that a person should look at."""
    found: defaultdict[tuple[str, str, str], dict[Place, None]] = defaultdict(dict)
    decided = {Key(d.a, d.label, d.b): d.kind == "right" for d in decisions if _about_all(d)}
    here = {(d.document, Key(d.a, d.label, d.b)) for d in decisions if d.kind == "wrong" and d.document}
    said: list[tuple[doubtful.Said, Node, Node]] = []
    for reading in ordered:
        ends = ends_of(reading, decisions)
        judged = dict(doubtful.said_in(reading, ends))
        for fact in reading.facts:
            head = node_of.get(places[reading.document, fact.head])
            tail = node_of.get(places[reading.document, fact.tail])
            if head is None or tail is None or head.id == tail.id:
                continue
            key = Key(ends[fact.head], fact.label, ends[fact.tail])
            if (reading.document, key) in here:
                continue
            if fact in judged:
                said.append((judged[fact], head, tail))
            if decided.get(key) is False:
                continue
            if fact.label == WEAK and head.id > tail.id:
                head, tail = tail, head
            found[head.id, tail.id, fact.label].setdefault(Place(reading.document, fact.start, fact.end))
    strong = {frozenset((head, tail)) for head, tail, label in found if label != WEAK}
    edges = []
    for (head_id, tail_id, label), evidence in sorted(found.items()):
        if label == WEAK:
            if frozenset((head_id, tail_id)) in strong:
                continue
            evidence = dict.fromkeys(list(evidence)[:MOST_WEAK])
        edges.append(Edge(head_id, tail_id, label, tuple(evidence)))
    return edges, doubtful.doubts(said, decided, {group.end: group.name for group in groups.values()})


def _about_all(decision: Decision) -> bool:
    return decision.kind in ("right", "wrong") and not decision.document
