"""The page Graph as records: an entity with its quoted facts, what is near it, and the way to another."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strati.knowledge.base import KnowledgeBase
    from strati.knowledge.graph.find import Quote, View
    from strati.knowledge.graph.likeness import Likeness
    from strati.knowledge.graph.paths import Path
    from strati.knowledge.graph.records import Edge, Node
    from strati.knowledge.store.contract import Entry

NEAR = 11  # drawn around an entity, so 12 with itself: more would be a hairball
FACTS, TIMES, BESIDE, DOCUMENTS, BEGIN, DOUBTS = 24, 24, 24, 24, 24, 6
_ROW, _CENTRE, _LEFT, _WIDTH = 46, 140, 214, 440  # of the drawing
_MOST_LETTERS = 27


@dataclass(frozen=True, slots=True)
class FactView:
    """One fact; `more` is how often else it is said."""

    head: Node
    label: str
    tail: Node
    quote: Quote
    more: int


@dataclass(frozen=True, slots=True)
class NearView:
    """A neighbour in the drawing: `out` when the arrow leads to it, `weak` when no fact does."""

    node: Node
    label: str
    out: bool
    weak: bool
    shown: str
    x: int
    y: int
    line: str


@dataclass(frozen=True, slots=True)
class NearbyView:
    """The drawing: the entity's name in short lines, its neighbours in rows."""

    lines: tuple[str, ...]
    near: tuple[NearView, ...]
    left_out: int
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class EntityView:
    """What is known of an entity; the counts say how much there is where not all is shown."""

    node: Node
    facts: tuple[FactView, ...]
    fact_count: int
    timeline: tuple[tuple[str, Quote], ...]
    time_count: int
    beside: tuple[Node, ...]
    documents: tuple[tuple[Entry, int], ...]
    document_count: int
    nearby: NearbyView


@dataclass(frozen=True, slots=True)
class DoubtView:
    """`relation`: whether it is about a relation, not about two names."""

    id: str
    question: str
    reasons: tuple[str, ...]
    relation: bool


@dataclass(frozen=True, slots=True)
class GraphView:
    """What the page shows of a base's graph.

    `wanted` is a name that has no entity or several: `choices` are those it may mean, `similar` those spelt like it.
    """

    built: bool
    missing: int = 0
    entities: int = 0
    relations: int = 0
    begin: tuple[Node, ...] = ()
    doubts: tuple[DoubtView, ...] = ()
    doubt_count: int = 0
    entity: EntityView | None = None
    wanted: str = ""
    choices: tuple[Node, ...] = ()
    similar: tuple[str, ...] = ()
    path: Path | None = None
    like: Likeness | None = None


@cache
def graph_is_here() -> bool:
    """Whether this installation can show graphs."""
    from importlib.util import find_spec

    return find_spec("strati.knowledge.graph") is not None


def looked_up(name: str, to: str = "", *, like: bool = False) -> Callable[[KnowledgeBase], GraphView]:
    """What a base's own thread does for the page: an entity by name or id, the way `to` another, what is like it."""
    return lambda base: _looked_up(base, name, to, like)


def _looked_up(base: KnowledgeBase, name: str, to: str, like: bool) -> GraphView:
    from strati.knowledge.graph.find import View
    from strati.knowledge.graph.store import GraphStore

    if not GraphStore(base.store).built:
        return GraphView(built=False)
    view = View(base)
    found = GraphView(True, view.missing(), len(view.graph.nodes), len(view.graph.edges))
    if not name:
        return replace(found, begin=_begin(view), doubts=_doubts(view), doubt_count=len(view.graph.doubts))
    nodes = view.find_all(name)
    if len(nodes) != 1:
        return _unclear(found, view, name, nodes)
    found = replace(found, entity=entity_view(view, nodes[0]))
    if like:
        from strati.knowledge.graph.likeness import like as near

        found = replace(found, like=near(view, nodes[0]))
    if not to:
        return found
    from strati.knowledge.graph.paths import path

    ends = view.find_all(to)
    return replace(found, path=path(view, nodes[0], ends[0])) if len(ends) == 1 else _unclear(found, view, to, ends)


def decided(doubt: str, *, same: bool) -> Callable[[KnowledgeBase], list[int]]:
    """What a base's own thread does when a person says yes or no to a doubt; the decisions' numbers."""

    def work(base: KnowledgeBase) -> list[int]:
        from strati.knowledge.graph import review
        from strati.knowledge.graph.find import View

        view = View(base)
        return review.accept(view, doubt) if same else review.refuse(view, doubt)

    return work


def _unclear(found: GraphView, view: View, name: str, nodes: Sequence[Node]) -> GraphView:
    similar = () if nodes else tuple(view.similar(name))
    return replace(found, wanted=name, choices=tuple(nodes[:12]), similar=similar)


def _begin(view: View) -> tuple[Node, ...]:
    """What the documents speak of most."""
    from strati.knowledge.graph.records import NAMED

    named = [node for node in view.graph.nodes if node.type in NAMED]
    return tuple(sorted(named, key=lambda node: (-len(node.mentions), node.name))[:BEGIN])


def _doubts(view: View) -> tuple[DoubtView, ...]:
    some = view.graph.doubts[:DOUBTS]
    return tuple(DoubtView(one.id, one.question, one.reasons, one.kind == "relation") for one in some)


def entity_view(view: View, node: Node) -> EntityView:
    """An entity as the page shows it."""
    facts, timeline, documents = view.facts(node), view.timeline(node), view.documents(node)
    beside = view.beside(node)
    return EntityView(
        node,
        tuple(_fact(view, edge) for edge in facts[:FACTS]),
        len(facts),
        tuple(timeline[:TIMES]),
        len(timeline),
        tuple(view.other(edge, node) for edge in beside[:BESIDE]),
        tuple(documents[:DOCUMENTS]),
        len(documents),
        nearby(view, node, [*facts, *beside]),
    )


def _fact(view: View, edge: Edge) -> FactView:
    head, tail = view.nodes[edge.head], view.nodes[edge.tail]
    return FactView(head, edge.label, tail, view.quote(edge.evidence[0]), len(edge.evidence) - 1)


def nearby(view: View, node: Node, edges: Sequence[Edge]) -> NearbyView:
    """At most twelve nodes: the entity, and what stands nearest to it, names before values and facts before others."""
    from strati.knowledge.graph.records import VALUES

    first: dict[str, Edge] = {}
    for edge in edges:
        other = view.other(edge, node).id
        if other != node.id:
            first.setdefault(other, edge)
    order = sorted(first.items(), key=lambda one: (one[1].weak, view.nodes[one[0]].type in VALUES))
    shown = order[:NEAR]
    height = max(1, len(shown)) * _ROW
    x, y = _CENTRE, height // 2
    near = tuple(_near(view, node, edge, at, x, y) for at, (_, edge) in enumerate(shown))
    return NearbyView(_lines(node.name), near, len(order) - len(shown), x, y, _WIDTH, height)


def _near(view: View, node: Node, edge: Edge, at: int, x: int, y: int) -> NearView:
    other, row = view.other(edge, node), at * _ROW + _ROW // 2
    middle = (x + _LEFT) // 2
    line = f"M{x} {y}C{middle} {y} {middle} {row} {_LEFT} {row}"
    return NearView(other, edge.label, edge.head == node.id, edge.weak, _short(other.name), _LEFT, row, line)


def _lines(name: str) -> tuple[str, ...]:
    found = textwrap.wrap(" ".join(name.split()), 15)
    return tuple(found if len(found) <= 3 else [*found[:2], found[2][:14] + "…"])


def _short(name: str) -> str:
    plain = " ".join(name.split())
    return plain if len(plain) <= _MOST_LETTERS else plain[: _MOST_LETTERS - 1] + "…"
