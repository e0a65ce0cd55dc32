"""Finds entities by name, and says what is known of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from strati.core.errors import DataError
from strati.core.records import JSON, Source
from strati.kinds.extract.words import core_of, key_of
from strati.knowledge.graph.linking import Group, groups_of
from strati.knowledge.graph.records import WEAK, Edge, Graph, Node, Place
from strati.knowledge.graph.relations import clause
from strati.knowledge.graph.scoring import alike
from strati.knowledge.graph.store import GraphStore

if TYPE_CHECKING:
    from strati.knowledge.base import KnowledgeBase
    from strati.knowledge.document import Document
    from strati.knowledge.store.contract import Entry

_SIMILAR = 78.0


@dataclass(frozen=True, slots=True)
class Quote:
    """The words at a place, with where that is for people."""

    document: str
    name: str
    start: int
    end: int
    quote: str
    place: str
    sha256: str

    @property
    def source(self) -> Source:
        return Source(self.document, self.sha256, self.start, self.end, self.place)

    def to_json(self) -> dict[str, JSON]:
        return {
            "document": self.document, "name": self.name, "start": self.start, "end": self.end, "quote": self.quote,
            "place": self.place,
        }  # fmt: skip


class View:
    """The graph of a base, ready to be asked; texts are loaded when they are quoted.

    With `documents` (ids) it is what the graph knows from these alone.
    """

    def __init__(self, base: KnowledgeBase, documents: Collection[str] | None = None) -> None:
        self.base = base
        self.store = GraphStore(base.store)
        if not self.store.built:
            raise DataError(f"{base.store.folder} has no graph yet: strati graph build --kb {base.store.folder.stem}")
        whole: Graph = self.store.graph()
        self.graph = whole if documents is None else _within(whole, documents)
        self._documents: dict[str, Document] = {}

    @cached_property
    def nodes(self) -> dict[str, Node]:
        return {node.id: node for node in self.graph.nodes}

    @cached_property
    def entries(self) -> dict[str, Entry]:
        return {entry.id: entry for entry in self.base.documents()}

    @cached_property
    def groups(self) -> Mapping[str, Group]:
        """The names the entities are put together from, by id."""
        return groups_of(self.store.readings(), self.store.decisions())

    @cached_property
    def by_end(self) -> Mapping[str, Group]:
        """The same by what decisions call them."""
        return {group.end: group for group in self.groups.values()}

    def group(self, end: str) -> Group:
        return self.by_end[end]

    @cached_property
    def edges_of(self) -> Mapping[str, Sequence[Edge]]:
        """The edges of each node, in the graph's order."""
        found: defaultdict[str, list[Edge]] = defaultdict(list)
        for edge in self.graph.edges:
            found[edge.head].append(edge)
            found[edge.tail].append(edge)
        return found

    @cached_property
    def names(self) -> Mapping[str, Sequence[Node]]:
        """Nodes by every name they have, as names are compared."""
        found: defaultdict[str, dict[str, Node]] = defaultdict(dict)
        for node in self.graph.nodes:
            if node.type == "definition":
                continue
            for name in (node.name, *node.aliases):
                key = key_of(name)
                for one in {key, core_of(key)[0]}:
                    if one:
                        found[one][node.id] = node
        return {key: list(nodes.values()) for key, nodes in found.items()}

    @cached_property
    def beginnings(self) -> Mapping[str, Sequence[Node]]:
        """Organisations and people by the first words of their names, of which the name has more."""
        found: defaultdict[str, dict[str, Node]] = defaultdict(dict)
        for node in self.graph.nodes:
            if node.type in ("organisation", "person"):
                for name in (node.name, *node.aliases):
                    words = key_of(name).split()
                    for size in range(1, min(4, len(words))):
                        found[" ".join(words[:size])][node.id] = node
        return {key: list(nodes.values()) for key, nodes in found.items()}

    def missing(self) -> int:
        """How many documents of the base are not in the graph, or are there as they were."""
        kept = self.store.kept()
        return sum(1 for e in self.entries.values() if e.id not in kept or kept[e.id].sha256 != e.sha256)

    def document(self, id: str) -> Document:
        if id not in self._documents:
            self._documents[id] = self.base.store.document(id)
        return self._documents[id]

    def quote(self, place: Place) -> Quote:
        document, entry = self.document(place.document), self.entries[place.document]
        where = str(document.locate(place.start, place.end))
        text = document.text[place.start : place.end]
        shown = f"{entry.name}, {where}" if where else entry.name
        return Quote(place.document, entry.name, place.start, place.end, text, shown, entry.sha256)

    def around(self, place: Place) -> Quote:
        """The sentence a place stands in, or where it is long the words around it."""
        reading = self.store.reading(place.document)
        some = reading.sentences if reading is not None else ()
        inside = next(((a, b) for a, b in some if a <= place.start and place.end <= b), (place.start, place.end))
        start, end = clause(self.document(place.document).text, inside, place.start, place.end)
        return self.quote(Place(place.document, start, end))

    def find(self, name: str) -> Node:
        """The entity that is called so: by id, by name, without legal form, then by similar spelling.

        Raises:
            DataError: none is called so, or several are.
        """
        found = self.find_all(name)
        if len(found) == 1:
            return found[0]
        if found:
            names = "; ".join(f"{node.name} ({node.type}, {node.id})" for node in found[:6])
            raise DataError(f"{len(found)} entities are called {name!r}, give one of the ids: {names}")
        close = self.similar(name)
        near = f"; similar: {', '.join(close)}" if close else ""
        raise DataError(f"the graph has no entity called {name!r}{near}")

    def find_all(self, name: str) -> list[Node]:
        """All entities that are called so; the surest kind of match only."""
        if name in self.nodes:
            return [self.nodes[name]]
        key = key_of(name)
        exact = [node for node in self.names.get(key, ()) if key_of(node.name) == key]
        for some in (exact, self.names.get(key, ()), self.names.get(core_of(key)[0], ())):
            chosen = self._best(some)
            if chosen:
                return chosen
        return []

    def _best(self, nodes: Sequence[Node]) -> list[Node]:
        """Entities before terms before topics: a name that is both is asked for as the entity."""
        for kinds in (
            lambda n: n.type not in ("term", "topic", "section", "document"), lambda n: n.type == "document",
            lambda n: n.type == "term", lambda n: True,
        ):  # fmt: skip
            some = [node for node in nodes if kinds(node)]
            if some:
                return self._clearest(some)
        return []

    def _clearest(self, nodes: Sequence[Node]) -> list[Node]:
        """One that is spoken of much more than the others is meant."""
        ranked = sorted(nodes, key=lambda node: (-len(node.mentions), node.id))
        if len(ranked) > 1 and len(ranked[0].mentions) >= 5 * len(ranked[1].mentions):
            return ranked[:1]
        return ranked

    def similar(self, name: str) -> list[str]:
        """Names of entities that are spelt like one, nearest first; at most three."""
        wanted = key_of(name)
        scored = [(max(alike(wanted, key), 90.0 * (f" {wanted} " in f" {key} ")), key) for key in self.names]
        found = sorted(((near, key) for near, key in scored if near >= _SIMILAR), key=lambda one: (-one[0], one[1]))
        return list(dict.fromkeys(self.names[key][0].name for _, key in found[:5]))[:3]

    # --- what is known of one ---------------------------------------------------------------------------------------

    def facts(self, node: Node) -> list[Edge]:
        """Its edges that are facts, those it is the head of first."""
        some = [edge for edge in self.edges_of.get(node.id, ()) if not edge.weak]
        return sorted(
            some, key=lambda e: (e.head != node.id, e.label == "part of", e.label, self.nodes[e.tail].name, e.tail)
        )

    def beside(self, node: Node) -> list[Edge]:
        """Its weak edges: what stands in one sentence with it, most often first."""
        some = [edge for edge in self.edges_of.get(node.id, ()) if edge.label == WEAK]
        return sorted(some, key=lambda e: (-len(e.evidence), e.head, e.tail))

    def other(self, edge: Edge, node: Node) -> Node:
        return self.nodes[edge.tail if edge.head == node.id else edge.head]

    def timeline(self, node: Node) -> list[tuple[str, Quote]]:
        """Dates that stand in one sentence with the entity, with that sentence; earliest first."""
        found: dict[tuple[str, str, int], Place] = {}
        for document in dict.fromkeys(place.document for place in node.mentions):
            reading = self.store.reading(document)
            if reading is None:
                continue
            spans = {(p.start, p.end) for p in node.mentions if p.document == document}
            sentences = {
                m.sentence
                for m in reading.mentions
                if (m.start, m.end) in spans and reading.atoms[m.atom].type != "date"
            }
            for m in reading.mentions:
                atom = reading.atoms[m.atom]
                if atom.type == "date" and m.sentence in sentences:
                    start, end = reading.sentences[m.sentence]
                    found.setdefault((atom.key, document, start), Place(document, start, end))
        for edge in self.facts(node):
            if self.nodes[edge.tail].type == "date" and edge.head == node.id:
                for place in edge.evidence:
                    found.setdefault((self.nodes[edge.tail].name, place.document, place.start), place)
        return [(when, self.quote(place)) for (when, _, _), place in sorted(found.items())]

    def documents(self, node: Node) -> list[tuple[Entry, int]]:
        """The documents that speak of it with how often, most first."""
        counts: defaultdict[str, int] = defaultdict(int)
        for place in node.mentions:
            counts[place.document] += 1
        order = sorted(counts, key=lambda id: (-counts[id], self.entries[id].name))
        return [(self.entries[id], counts[id]) for id in order]


def _within(graph: Graph, documents: Collection[str]) -> Graph:
    """What is left of a graph without the other documents: their mentions and evidence are gone."""
    nodes = [
        node._replace(mentions=tuple(place for place in node.mentions if place.document in documents))
        for node in graph.nodes
    ]
    edges = [
        edge._replace(evidence=tuple(place for place in edge.evidence if place.document in documents))
        for edge in graph.edges
    ]
    kept = {node.id for node in nodes if node.mentions}
    return replace(
        graph,
        nodes=tuple(node for node in nodes if node.id in kept),
        edges=tuple(edge for edge in edges if edge.evidence and edge.head in kept and edge.tail in kept),
    )


def page_of(view: View, node: Node) -> dict[str, JSON]:
    """All that `strati graph show` says of an entity, as JSON."""
    return {
        "id": node.id,
        "type": node.type,
        "name": node.name,
        "aliases": list(node.aliases),
        "facts": list(_facts(view, view.facts(node))),
        "timeline": [{"date": when, **quote.to_json()} for when, quote in view.timeline(node)],
        "mentioned_with": list(_facts(view, view.beside(node))),
        "documents": [
            {"document": e.id, "name": e.name, "title": e.title, "mentions": n} for e, n in view.documents(node)
        ],
        "mentions": [view.quote(place).to_json() for place in node.mentions],
    }


def _facts(view: View, edges: Sequence[Edge]) -> Iterator[JSON]:
    for edge in edges:
        head, tail = view.nodes[edge.head], view.nodes[edge.tail]
        yield {
            "head": {"id": head.id, "type": head.type, "name": head.name},
            "label": edge.label,
            "tail": {"id": tail.id, "type": tail.type, "name": tail.name},
            "evidence": [view.quote(place).to_json() for place in edge.evidence],
        }
