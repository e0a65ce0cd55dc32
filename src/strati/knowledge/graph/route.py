"""Where a question is answered: at one place, by plain search; at two, by the graph's paths and a walk over it.

The walk is personalised PageRank over entities, passages and relations (HippoRAG, arXiv 2405.14831; LinearRAG, arXiv
2510.10114, from the papers alone): one from each entity that the question names and from what search found for it. Its
ranks are fused with those of search, and each entity has its say in turn: passages about the one that is asked about
most no longer push out those about the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from strati.core.records import JSON
from strati.kinds.extract.words import core_of, key_of
from strati.knowledge.graph.find import View
from strati.knowledge.graph.paths import Path, path
from strati.knowledge.graph.records import VALUES, Node, Place

if TYPE_CHECKING:
    from strati.knowledge.base import KnowledgeBase
    from strati.knowledge.graph.likeness import Walk

DEPTH = 200  # passages of search that the fused order is made of
RRF = 60
FOUND = 0.5  # how often the walker comes home to what search found, entities: the rest
_NEAREST = 3  # passages of search that are looked at for one that names all
_COMMON = 0.1  # a term that more of the documents have names no place
_MOST = 5


@dataclass(frozen=True, slots=True)
class Route:
    """How a question is best answered, and why: `entities` it names, and the paths between each two of them."""

    entities: tuple[Node, ...]
    paths: tuple[Path, ...]
    by: str = "search"
    why: str = ""

    def to_json(self) -> dict[str, JSON]:
        return {
            "by": self.by,
            "why": self.why,
            "entities": [{"id": one.id, "type": one.type, "name": one.name} for one in self.entities],
            "paths": [one.to_json() for one in self.paths],
        }


def entities_in(view: View, question: str) -> list[Node]:
    """The entities a question names, longest names first where they overlap."""
    words = key_of(question).split()
    found: list[Node] = []
    at = 0
    while at < len(words):
        for size in range(min(8, len(words) - at), 0, -1):
            key = " ".join(words[at : at + size])
            nodes = [n for n in view.names.get(key, ()) if n.type not in ("topic", "section", "definition")]
            exact = [n for n in nodes if size > 1 or _worth(n, key)]
            if exact:
                best = max(exact, key=lambda n: (n.type != "term", len(n.mentions), n.id))
                if best not in found:
                    found.append(best)
                at += size - 1
                break
        at += 1
    return found


def _worth(node: Node, word: str) -> bool:
    """Whether one word alone names a node: its own name, not a nickname such as "Company"."""
    return (
        core_of(key_of(node.name))[0] == word
        or any(alias.isupper() and key_of(alias) == word for alias in node.aliases)
        or (node.type == "person" and word in key_of(node.name).split())
    )


def places_in(view: View, question: str) -> list[Node]:
    """The entities of a question that tell where to look: no values, and no terms that stand everywhere."""
    most = max(2.0, _COMMON * len(view.entries))
    return [
        node for node in entities_in(view, question)
        if node.type not in VALUES and (node.type != "term" or len({p.document for p in node.mentions}) <= most)
    ][:_MOST]  # fmt: skip


def route_for(view: View, question: str, found: Sequence[Place] = (), most: int = 3) -> Route:
    """Whether a question is answered at one place or at two, and how the graph connects them.

    Args:
        view: the graph.
        question: in plain words.
        found: the spans of the passages that search found, best first.
        most: how many paths at most, best first.
    """
    named = places_in(view, question)
    if len(named) < 2:
        told = f"the question names {named[0].name} alone" if named else "the question names nothing of the graph"
        return Route(tuple(named), (), why=told)
    paths = [one for a, b in combinations(named, 2) if (one := path(view, a, b)).found]
    paths.sort(key=lambda one: (one.weak, one.cost, one.start.id, one.end.id))
    told = " and ".join(node.name for node in named)
    if any(all(_inside(node, place) for node in named) for place in found[:_NEAREST]):
        return Route(tuple(named), tuple(paths[:most]), why=f"one passage names {told}")
    return Route(tuple(named), tuple(paths[:most]), "graph", f"the question names {told}, in two places")


def _inside(node: Node, place: Place) -> bool:
    return any(m.document == place.document and place.start <= m.start < place.end for m in node.mentions)


def ordered(walk: Walk, named: Sequence[Node], found: Sequence[Place], k: int) -> list[Place]:
    """The best `k` passages for a question that names these entities: search and a walk from each entity, fused.

    Args:
        walk: over the graph of the base.
        named: entities.
        found: the spans of the passages that search found, best first; `DEPTH` of them.
        k: how many to return.
    """
    import numpy as np

    number = {place: at for at, place in enumerate(walk.passages)}
    known = [number[place] for place in found if place in number]
    offset = len(walk.nodes)
    lists = []
    for node in named:
        home = np.zeros(walk.matrix.shape[0])
        own = {place.document for place in node.mentions}
        here = [at for at in known if walk.passages[at].document in own]
        for rank, at in enumerate(here, 1):
            home[offset + at] = 1 / (RRF + rank)
        home *= FOUND / max(home.sum(), 1e-12)
        for at in walk.homes(node):
            home[at] += 1 - FOUND
        share = walk.walk(home)[offset:]
        near = [int(at) for at in np.argsort(-np.round(share, 15), kind="stable")[:DEPTH] if share[at] > 0]
        near = [at for at in near if walk.passages[at].document in own]
        lists.append(_fused((here, near)))
    return [walk.passages[at] for at in _in_turn(known[:1], lists, k)]


def _fused(lists: Sequence[Sequence[int]]) -> list[int]:
    """By reciprocal ranks."""
    scores: dict[int, float] = {}
    for some in lists:
        for rank, at in enumerate(some, 1):
            scores[at] = scores.get(at, 0.0) + 1 / (RRF + rank)
    return sorted(scores, key=lambda at: (-scores[at], at))


def _in_turn(first: Sequence[int], lists: Sequence[Sequence[int]], k: int) -> list[int]:
    chosen = dict.fromkeys(first)
    for rank in range(max(map(len, lists), default=0)):
        for some in lists:
            if rank < len(some):
                chosen.setdefault(some[rank])
    return list(chosen)[:k]


def paths_for(question: str, base: KnowledgeBase, most: int = 3) -> Route:
    """The entities a question names and how the graph connects them; empty when the base has no graph.

    Args:
        question: in plain words.
        base: the knowledge base.
        most: how many paths at most, best first.
    """
    view = view_of(base)
    return route_for(view, question, spans_of(base, question, _NEAREST), most) if view else Route((), ())


def view_of(base: KnowledgeBase) -> View | None:
    """The graph of a base; None where it has none."""
    from strati.knowledge.graph.store import GraphStore

    return View(base) if GraphStore(base.store).built else None


def spans_of(base: KnowledgeBase, text: str, k: int) -> list[Place]:
    """Where the passages stand that search finds for a text."""
    found: Mapping[Place, None] = dict.fromkeys(
        Place(hit.source.document, hit.source.start, hit.source.end) for hit in base.search(text, k) if hit.source
    )
    return list(found)
