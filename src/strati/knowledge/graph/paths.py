"""Why two entities are connected: the cheapest chain of facts, each step quoted; weak steps only where none leads."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

from strati.core.records import JSON
from strati.knowledge.graph.find import Quote, View
from strati.knowledge.graph.records import VALUES, WEAK, Edge, Node, Place

_COST, _WEAK_COST, _TOGETHER_COST = 1.0, 4.0, 8.0
_HUB = 0.35  # what it costs more to go through an entity with ten times the edges
_LONGEST = 6
MENTIONED = "mentioned in"  # a step of a path, never an edge of the graph


@dataclass(frozen=True, slots=True)
class Step:
    """One edge of a path as it is walked: `back` when from tail to head."""

    head: Node
    label: str
    tail: Node
    back: bool
    quotes: tuple[Quote, ...]

    @property
    def weak(self) -> bool:
        return self.label in (WEAK, MENTIONED)

    def to_json(self) -> dict[str, JSON]:
        return {
            "head": {"id": self.head.id, "type": self.head.type, "name": self.head.name},
            "label": self.label,
            "tail": {"id": self.tail.id, "type": self.tail.type, "name": self.tail.name},
            "weak": self.weak,
            "evidence": [quote.to_json() for quote in self.quotes],
        }


@dataclass(frozen=True, slots=True)
class Path:
    """The steps from one entity to another; none when nothing leads there. `cost` is lower for shorter, surer ones."""

    start: Node
    end: Node
    steps: tuple[Step, ...]
    cost: float

    @property
    def found(self) -> bool:
        return bool(self.steps)

    @property
    def weak(self) -> bool:
        """Whether a step of it only says that two stand in one sentence or document."""
        return any(step.weak for step in self.steps)

    def to_json(self) -> dict[str, JSON]:
        return {
            "from": {"id": self.start.id, "type": self.start.type, "name": self.start.name},
            "to": {"id": self.end.id, "type": self.end.type, "name": self.end.name},
            "found": self.found,
            "weak": self.weak,
            "cost": round(self.cost, 3) if self.found else None,
            "steps": [step.to_json() for step in self.steps],
        }


def path(view: View, a: Node, b: Node) -> Path:
    """The cheapest path from `a` to `b`: facts, then sentences that name both, then documents that do."""
    walked = _walk(view, a.id, b.id, weak=False) or _walk(view, a.id, b.id, weak=True)
    if walked is not None:
        cost, edges = walked
        return Path(a, b, tuple(_steps(view, a, edges)), cost)
    return _by_document(view, a, b)


def _walk(view: View, start: str, end: str, weak: bool) -> tuple[float, list[Edge]] | None:
    best: dict[str, float] = {start: 0.0}
    came: dict[str, tuple[str, Edge]] = {}
    heap: list[tuple[float, int, str]] = [(0.0, 0, start)]
    done: set[str] = set()
    while heap:
        cost, length, at = heapq.heappop(heap)
        if at in done:
            continue
        done.add(at)
        if at == end:
            return cost, _back(came, start, end)
        if length >= _LONGEST or (at != start and _closed(view.nodes[at])):
            continue
        for edge in view.edges_of.get(at, ()):
            if edge.weak and not weak:
                continue
            to = edge.tail if edge.head == at else edge.head
            more = cost + (_WEAK_COST if edge.weak else _COST) + (0 if to == end else _through(view, to))
            if more < best.get(to, math.inf):
                best[to] = more
                came[to] = (at, edge)
                heapq.heappush(heap, (more, length + 1, to))
    return None


def _closed(node: Node) -> bool:
    """That two are of one day or cost the same connects nothing; nor does a heading that many documents have."""
    return node.type in VALUES or node.type == "topic"


def _through(view: View, id: str) -> float:
    return _HUB * math.log10(max(1, len(view.edges_of.get(id, ()))))


def _back(came: dict[str, tuple[str, Edge]], start: str, end: str) -> list[Edge]:
    edges = []
    at = end
    while at != start:
        at, edge = came[at]
        edges.append(edge)
    return edges[::-1]


def _steps(view: View, start: Node, edges: list[Edge]) -> list[Step]:
    steps = []
    at = start.id
    for edge in edges:
        back = edge.head != at
        quotes = tuple(view.quote(place) for place in edge.evidence[:3])
        steps.append(Step(view.nodes[edge.head], edge.label, view.nodes[edge.tail], back, quotes))
        at = edge.head if back else edge.tail
    return steps


def _by_document(view: View, a: Node, b: Node) -> Path:
    """Two that no edge connects but one document names: a weak path over that document."""
    ours, theirs = {place.document for place in a.mentions}, {place.document for place in b.mentions}
    shared = sorted(ours & theirs, key=lambda id: (len(view.document(id).text), view.entries[id].sha256))
    if not shared:
        return Path(a, b, (), math.inf)
    node = next(
        (n for n in view.graph.nodes if n.type == "document" and any(p.document == shared[0] for p in n.mentions)), None
    )
    if node is None:
        return Path(a, b, (), math.inf)
    steps = []
    for one, back in ((a, False), (b, True)):
        place = next(place for place in one.mentions if place.document == shared[0])
        steps.append(Step(one, MENTIONED, node, back, (view.quote(_sentence(view, place)),)))
    return Path(a, b, tuple(steps), 2 * _TOGETHER_COST)


def _sentence(view: View, place: Place) -> Place:
    reading = view.store.reading(place.document)
    for mention in reading.mentions if reading else ():
        if reading is not None and (mention.start, mention.end) == (place.start, place.end):
            return Place(place.document, *reading.sentences[mention.sentence])
    return place
