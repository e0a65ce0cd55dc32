"""Where a question is answered: at one place, by plain search; at two, by the graph's paths and a walk over it.

The walk is personalised PageRank over entities, passages and relations (HippoRAG, arXiv 2405.14831; LinearRAG, arXiv
2510.10114, from the papers alone): one from each entity that the question names and from what search found for it. Its
ranks are fused with those of a search in the documents that name it, and each entity has its say in turn: passages
about the one that is asked about most no longer push out those about the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, NamedTuple

from strati.core.records import JSON
from strati.kinds.extract.words import core_of, key_of
from strati.knowledge.graph.find import View
from strati.knowledge.graph.paths import Path, path
from strati.knowledge.graph.records import VALUES, Node, Place
from strati.knowledge.store.contract import ALL, Filter

if TYPE_CHECKING:
    from strati.knowledge.base import KnowledgeBase
    from strati.knowledge.graph.likeness import Walk

Search = Callable[[str, tuple[str, ...]], Sequence[Place]]
DEPTH = 50  # passages of each search and each walk that the fused order is made of
RRF = 60
FACT = 0.05  # a fact that is asked for, beside 1 / (RRF + rank) for what search found
FOUND = 0.9  # how often the walker comes home to what search found, entities: the rest
_NEAREST = 3  # passages of search that are looked at for one that names all
_COMMON = 0.1  # a term that more of the documents have names no place
_MOST = 5
_TELLING = 4  # letters of the beginning of a name that may stand for it
_JOINS = frozenset(("and", "or", "compared", "than", "while", "whereas", "but", "versus", "vs"))
_PARTIES = frozenset(("party to", "signed"))
_SAID = {
    "governed by": "governed law laws governs jurisdiction", "dated": "date dated made entered",
    "amount of": "amount price cost fee paid pays much", "defined as": "mean means meaning defined definition",
    "organised in": "organised organized incorporated company", "located in": "located where address office",
    "e-mail": "email mail address",
}  # fmt: skip


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


class Named(NamedTuple):
    """An entity with the words of the question that name it, by number from 0."""

    node: Node
    first: int
    last: int


def _words(question: str) -> list[str]:
    return re.findall(r"[\w&+#.\-]*[\w&+#]", re.sub(r"['’]s\b", "", question))


def _named(view: View, question: str) -> list[Named]:
    written = _words(question)
    capitals = any(word[0].isupper() for word in written[1:])
    found: list[Named] = []
    at = 0
    while at < len(written):
        for size in range(min(8, len(written) - at), 0, -1):
            some = written[at : at + size]
            node = _called(view, some, at == 0, capitals)
            if node is not None:
                if all(one.node != node for one in found):
                    found.append(Named(node, at, at + size))
                at += size - 1
                break
        at += 1
    return found


def _called(view: View, words: Sequence[str], first: bool, capitals: bool) -> Node | None:
    """What these words of a question name: a name as it is written there, or the beginning of just one name."""
    key = key_of(" ".join(words))
    proper = words[-1][0].isupper() or words[-1][0].isdigit() or not words[-1][0].isalpha()
    proper = (proper and (words[0][0].isupper() or not words[0][0].isalpha())) or not capitals
    nodes = [n for n in view.names.get(key, ()) if n.type not in ("topic", "section", "definition", "document")]
    nodes = [n for n in nodes if (proper and not (first and len(words) == 1)) or (n.type == "term" and len(words) > 1)]
    exact = [n for n in nodes if len(words) > 1 or _worth(n, key)]
    if exact:
        return max(exact, key=lambda n: (n.type != "term", len(n.mentions), n.id))
    if proper and capitals and not first and (len(words) > 1 or len(key) >= _TELLING):
        begun = view.beginnings.get(key, ())
        return begun[0] if len(begun) == 1 else None
    return None


def _worth(node: Node, word: str) -> bool:
    """Whether one word alone names a node: its own name, not a nickname such as "Company"."""
    return (
        core_of(key_of(node.name))[0] == word
        or any(alias.isupper() and key_of(alias) == word for alias in node.aliases)
        or (node.type == "person" and word in key_of(node.name).split())
    )


def places_in(view: View, question: str) -> list[Named]:
    """The entities of a question that tell where to look: no values, and no terms that stand everywhere."""
    most = max(2.0, _COMMON * len(view.entries))
    return [
        one for one in _named(view, question)
        if one.node.type not in VALUES
        and (one.node.type != "term" or len({p.document for p in one.node.mentions}) <= most)
    ][:_MOST]  # fmt: skip


def route_for(view: View, question: str, found: Sequence[Place] = (), most: int = 3) -> Route:
    """Whether a question is answered at one place or at two, and how the graph connects them.

    Args:
        view: the graph.
        question: in plain words.
        found: the spans of the passages that search found, best first.
        most: how many paths at most, best first.
    """
    named = [one.node for one in places_in(view, question)]
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


def ordered(walk: Walk, question: str, search: Search, k: int) -> list[Place]:
    """The best `k` passages for a question about several places: search and a walk for each entity, fused.

    For each entity the documents that name it are searched for the words of its part of the question and of all of it,
    names left out. The walk starts at the entity, at what was found so, and at facts of it that the question asks for.

    Args:
        walk: over the graph of the base.
        question: in plain words.
        search: finds the spans of passages for a text, in some documents or (none given) in all.
        k: how many to return.
    """
    import numpy as np

    named = places_in(walk.view, question)
    number = {place: at for at, place in enumerate(walk.passages)}
    offset = len(walk.nodes)
    lists = []
    for own, part, whole in _asked(question, named):
        documents = tuple(sorted({place.document for place in own.mentions}))
        texts = [text for text in dict.fromkeys((part, whole)) if text]
        here = _fused([[number[p] for p in search(text, documents) if p in number] for text in texts])
        home = np.zeros(walk.matrix.shape[0])
        for rank, at in enumerate(here, 1):
            home[offset + at] = 1 / (RRF + rank)
        for place in _told(walk.view, own, part or whole):
            if (fact := walk.passage(place)) is not None:
                home[offset + fact] += FACT
        home *= FOUND / max(home.sum(), 1e-12)
        for at in walk.homes(own):
            home[at] += 1 - FOUND
        share = walk.walk(home)[offset:]
        allowed = set(documents)
        near = [int(at) for at in np.argsort(-np.round(share, 15), kind="stable")[:DEPTH] if share[at] > 0]
        lists.append(_fused((here, [at for at in near if walk.passages[at].document in allowed])))
    return [walk.passages[at] for at in _in_turn(lists, k)]


def _asked(question: str, named: Sequence[Named]) -> Iterator[tuple[Node, str, str]]:
    """Each entity with the part of the question that is about it, and all of the question, without any names."""
    words = _words(question)
    names = {at for one in named for at in range(one.first, one.last)}
    whole = " ".join(word for at, word in enumerate(words) if at not in names)
    cuts = [0, *(at for at, word in enumerate(words) if word.lower() in _JOINS and at not in names), len(words)]
    for one in named:
        start, end = next((a, b) for a, b in pairwise(cuts) if a <= one.first < b)
        part = " ".join(words[at] for at in range(start, end) if at not in names)
        yield one.node, part, whole


def _told(view: View, node: Node, asked: str) -> Iterator[Place]:
    """Where the facts of an entity, or of a document it is party to, stand that are of a kind the question asks for."""
    words = {word[:5] for word in key_of(asked).split()}
    homes = {node.id} | {edge.tail for edge in view.edges_of.get(node.id, ()) if edge.label in _PARTIES}
    for id in sorted(homes):
        for edge in view.edges_of.get(id, ()):
            if edge.weak or edge.label in _PARTIES or edge.label == "part of":
                continue
            said = _SAID.get(edge.label, edge.label)
            if words & {word[:5] for word in said.split() if len(word) > 3}:
                yield from edge.evidence


def _fused(lists: Sequence[Sequence[int]]) -> list[int]:
    """By reciprocal ranks."""
    scores: dict[int, float] = {}
    for some in lists:
        for rank, at in enumerate(some, 1):
            scores[at] = scores.get(at, 0.0) + 1 / (RRF + rank)
    return sorted(scores, key=lambda at: (-scores[at], at))


def _in_turn(lists: Sequence[Sequence[int]], k: int) -> list[int]:
    chosen: dict[int, None] = {}
    for rank in range(max(map(len, lists), default=0)):
        for some in lists:
            if rank < len(some):
                chosen.setdefault(some[rank])
    return list(chosen)[:k]


def paths_for(question: str, base: KnowledgeBase, most: int = 3, source: str | None = None) -> Route:
    """The entities a question names and how the graph connects them; empty when the base has no graph.

    Args:
        question: in plain words.
        base: the knowledge base.
        most: how many paths at most, best first.
        source: only what documents with this id or name, or that fit this pattern, say.
    """
    filters = Filter((source,)) if source else ALL
    view = view_of(base, filters)
    if view is None:
        return Route((), ())
    return route_for(view, question, spans_of(base, question, _NEAREST, filters), most)


def view_of(base: KnowledgeBase, filters: Filter = ALL) -> View | None:
    """The graph of a base, or what it knows from the documents that a filter lets through; None where it has none."""
    from strati.knowledge.graph.store import GraphStore

    if not GraphStore(base.store).built:
        return None
    return View(base, None if filters.empty else {entry.id for entry in base.documents(filters)})


def spans_of(base: KnowledgeBase, text: str, k: int, filters: Filter = ALL) -> list[Place]:
    """Where the passages stand that search finds for a text."""
    found: Mapping[Place, None] = dict.fromkeys(
        Place(hit.source.document, hit.source.start, hit.source.end)
        for hit in base.search(text, k, filters=filters)
        if hit.source
    )
    return list(found)
