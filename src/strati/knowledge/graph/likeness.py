"""What is like an entity or a document: a walk over entities, passages and facts that keeps coming home.

Personalised PageRank (Haveliwala, WWW 2002) on one graph of entities and passages, as HippoRAG and LinearRAG do: what
the walker visits often is close to where it starts, by many short ways. Each recommendation comes with such a way.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strati.core.records import JSON
from strati.knowledge.graph.find import Quote, View
from strati.knowledge.graph.paths import Path, path
from strati.knowledge.graph.records import VALUES, Node, Place

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DAMPING = 0.5  # how often the walker goes on rather than home
_STEPS = 40
_WEAK = 0.3


@dataclass(frozen=True, slots=True)
class LikeDocument:
    """A document like the one asked for, and the names both speak of, with the words of each in it."""

    document: str
    name: str
    score: float
    shared: tuple[tuple[Node, Quote], ...]

    def to_json(self) -> dict[str, JSON]:
        return {
            "document": self.document, "name": self.name, "score": round(self.score, 6),
            "shared": [{"id": n.id, "type": n.type, "name": n.name, "evidence": q.to_json()} for n, q in self.shared],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Likeness:
    """Entities with the path that leads there, documents with what they share, passages with what they name."""

    node: Node
    entities: tuple[tuple[Node, float, Path], ...]
    documents: tuple[LikeDocument, ...]
    passages: tuple[tuple[Quote, float, tuple[Node, ...]], ...]

    def to_json(self) -> dict[str, JSON]:
        return {
            "id": self.node.id, "type": self.node.type, "name": self.node.name,
            "entities": [
                {"id": n.id, "type": n.type, "name": n.name, "score": round(score, 6), "path": way.to_json()}
                for n, score, way in self.entities
            ],
            "documents": [one.to_json() for one in self.documents],
            "passages": [
                {**quote.to_json(), "score": round(score, 6),
                 "names": [{"id": n.id, "type": n.type, "name": n.name} for n in nodes]}
                for quote, score, nodes in self.passages
            ],
        }  # fmt: skip


class Walk:
    """Entities and passages as one matrix; made once for many questions."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.nodes = [node for node in view.graph.nodes if node.type not in VALUES]
        self.number = {node.id: at for at, node in enumerate(self.nodes)}
        self.passages: list[Place] = []
        self.of: defaultdict[str, list[int]] = defaultdict(list)
        for document, start, end in view.store.passages():
            self.of[document].append(len(self.passages))
            self.passages.append(Place(document, start, end))
        self.named: defaultdict[int, list[int]] = defaultdict(list)
        self.matrix = self._matrix()

    def _matrix(self) -> Any:
        import numpy as np
        from scipy.sparse import coo_matrix, diags

        rows: list[int] = []
        columns: list[int] = []
        weights: list[float] = []
        offset, total = len(self.nodes), max(1, len(self.of))
        starts = {id: [self.passages[at].start for at in some] for id, some in self.of.items()}
        for at, node in enumerate(self.nodes):
            documents = {place.document for place in node.mentions}
            rare = math.log(1 + total / (1 + len(documents))) + 0.1
            if node.type == "document":
                rare = 0.1
            seen: defaultdict[int, int] = defaultdict(int)
            for place in node.mentions:
                slot = bisect_right(starts.get(place.document, []), place.start) - 1
                if slot >= 0:
                    seen[self.of[place.document][slot]] += 1
            for passage, times in seen.items():
                self.named[passage].append(at)
                rows.append(at)
                columns.append(offset + passage)
                weights.append(rare * (1 + math.log(times)))
        for edge in self.view.graph.edges:
            head, tail = self.number.get(edge.head), self.number.get(edge.tail)
            if head is not None and tail is not None and edge.label != "part of":
                rows.append(head)
                columns.append(tail)
                weights.append(_WEAK if edge.weak else 1.0)
        size = offset + len(self.passages)
        half = coo_matrix((np.array(weights), (np.array(rows, int), np.array(columns, int))), (size, size)).tocsr()
        whole = half + half.T
        degree = np.asarray(whole.sum(axis=0)).ravel()
        return whole @ diags(1 / np.maximum(degree, 1e-12))

    def from_node(self, node: Node) -> NDArray[np.float64]:
        """How often each entity and passage is visited, starting at a node; for a document, at its passages."""
        import numpy as np

        home = np.zeros(self.matrix.shape[0])
        home[self.homes(node)] = 1.0
        return self.walk(home)

    def passage(self, place: Place) -> int | None:
        """The number of the passage that holds the start of a place."""
        some = self.of.get(place.document, [])
        slot = bisect_right([self.passages[at].start for at in some], place.start) - 1
        return some[slot] if slot >= 0 else None

    def homes(self, node: Node) -> list[int]:
        """Where a walk from a node starts."""
        if node.type == "document":
            return [len(self.nodes) + passage for place in node.mentions for passage in self.of[place.document]]
        return [self.number[node.id]] if node.id in self.number else []

    def walk(self, home: NDArray[np.float64]) -> NDArray[np.float64]:
        """Personalised PageRank; `home` is where the walker starts and returns to (any weights)."""
        if not home.sum():
            return home
        start = home / home.sum()
        rank = start.copy()
        for _ in range(_STEPS):
            rank = (1 - DAMPING) * start + DAMPING * (self.matrix @ rank)
        return rank  # type: ignore[no-any-return]


def like(view: View, node: Node, most: int = 5, walk: Walk | None = None) -> Likeness:
    """What is like an entity or document, each with why.

    Args:
        view: the graph.
        node: an entity; a document's node for documents like it.
        most: how many of each.
        walk: made before, for many calls.
    """
    made = walk or Walk(view)
    rank = made.from_node(node)
    own = {place.document for place in node.mentions} if node.type == "document" else set()
    return Likeness(
        node,
        _entities(made, node, rank, most),
        _documents(made, node, rank, own, most),
        _passages(made, rank, own, most),
    )


def _entities(made: Walk, node: Node, rank: Any, most: int) -> tuple[tuple[Node, float, Path], ...]:
    kinds = (
        {node.type}
        if node.type in ("organisation", "person", "place")
        else {"organisation", "person", "place", "term", "identifier"}
    )
    order = sorted(
        (at for at, one in enumerate(made.nodes) if one.id != node.id and rank[at] > 0 and one.type in kinds),
        key=lambda at: (-round(float(rank[at]) / math.sqrt(1 + len(made.nodes[at].mentions)), 15), made.nodes[at].id),
    )
    if len(order) < most:
        more = [at for at, one in enumerate(made.nodes) if one.id != node.id and rank[at] > 0 and at not in set(order)
                and one.type in ("organisation", "person", "place", "term", "identifier")]  # fmt: skip
        order += sorted(more, key=lambda at: (-round(float(rank[at]), 15), made.nodes[at].id))
    found = []
    for at in order[: 3 * most]:
        way = path(made.view, node, made.nodes[at])
        if way.found:
            found.append((made.nodes[at], float(rank[at]), way))
        if len(found) == most:
            break
    return tuple(found)


def document_scores(made: Walk, rank: Any) -> dict[str, float]:
    """How often the passages of each document are visited, long documents no more than short ones."""
    offset = len(made.nodes)
    return {
        id: float(sum(rank[offset + at] for at in some)) / math.sqrt(len(some)) for id, some in made.of.items()
    }  # fmt: skip


def _documents(made: Walk, node: Node, rank: Any, own: set[str], most: int) -> tuple[LikeDocument, ...]:
    scores = document_scores(made, rank)
    order = sorted(
        (id for id in scores if id not in own and scores[id] > 0),
        key=lambda id: (-round(scores[id], 15), made.view.entries[id].sha256),
    )
    found = []
    for id in order:
        shared = _shared(made, node, own, id)
        if shared:
            found.append(LikeDocument(id, made.view.entries[id].name, scores[id], shared))
        if len(found) == most:
            break
    return tuple(found)


def _shared(made: Walk, node: Node, own: set[str], id: str) -> tuple[tuple[Node, Quote], ...]:
    """Names that both documents (or the entity and the document) have, rarest first."""
    some = []
    near = {made.view.other(edge, node).id for edge in made.view.edges_of.get(node.id, ())} | {node.id}
    for one in made.nodes:
        places = [place for place in one.mentions if place.document == id]
        if not places or one.type == "document":
            continue
        if (not own and one.id in near) or (own and any(place.document in own for place in one.mentions)):
            some.append((len({place.document for place in one.mentions}), -len(places), one.name, one, places[0]))
    some.sort(key=lambda row: row[:3])
    return tuple((one, made.view.quote(place)) for _, _, _, one, place in some[:3])


def _passages(made: Walk, rank: Any, own: set[str], most: int) -> tuple[tuple[Quote, float, tuple[Node, ...]], ...]:
    offset = len(made.nodes)
    order = sorted(
        (at for at, place in enumerate(made.passages) if place.document not in own and rank[offset + at] > 0),
        key=lambda at: (
            -round(float(rank[offset + at]), 15),
            made.view.entries[made.passages[at].document].sha256,
            made.passages[at].start,
        ),
    )
    return tuple(
        (
            made.view.quote(made.passages[at]), float(rank[offset + at]),
            tuple(made.nodes[n] for n in sorted(made.named[at], key=lambda n: (-rank[n], n))[:4]),
        )
        for at in order[:most]
    )  # fmt: skip
