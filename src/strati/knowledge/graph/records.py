"""What is passed on: names as one document has them (`Reading`), and the graph over all documents (`Graph`).

A `Reading` depends on its document and the settings alone, and the graph on the readings and on what people decided:
so a graph from which a document is taken away is the graph that never had it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from strati.core.records import JSON

WEAK = "mentioned with"  # stand in one sentence: never shown as a fact
TYPES = (
    "organisation", "person", "place", "date", "period", "amount", "percentage", "email", "url", "identifier",
    "section", "term", "topic", "definition", "document",
)  # fmt: skip
VALUES = frozenset(("date", "period", "amount", "percentage", "definition"))
NAMED = frozenset(("organisation", "person", "place", "term"))


def digest(*parts: str) -> str:
    """Sixteen hexadecimal digits that depend on these texts alone."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


class Atom(NamedTuple):
    """One name in one document, with all its mentions there.

    `key` is what makes names equal across documents: of one `type` and `key` and with the same `scope`, they are the
    same. `scope` is the digest of the document for names that mean something in it only (section 4.2), else "".
    `aliases` are other names that hold everywhere (an acronym that is spelt out), `nicknames` those that hold in this
    document only ("the Company"). `sure` is 2 for a name, 1 for a capitalised word of unknown kind (one mention makes
    no entity), 0 for one that only began sentences (it counts where it is another name of something known).
    """

    type: str
    key: str
    name: str
    scope: str = ""
    sure: int = 2
    aliases: tuple[str, ...] = ()
    nicknames: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return digest(self.type, self.key, self.scope)

    def end(self, document: str) -> str:
        """What decisions call the name: as `id`, but one that holds in this document only is known by where the
        document is, so that a decision outlives a change of the document's text."""
        return digest(self.type, self.key, document) if self.scope else self.id


class Mention(NamedTuple):
    """`text[start:end]` names the atom; `sentence` is the number of its sentence."""

    atom: int
    start: int
    end: int
    sentence: int


class Fact(NamedTuple):
    """What `text[start:end]` says: the head stands in this relation to the tail (numbers of atoms)."""

    head: int
    label: str
    tail: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What one document speaks of. `sentences` are spans; the first atom is the document itself."""

    document: str
    digest: str
    version: str
    atoms: tuple[Atom, ...]
    mentions: tuple[Mention, ...]
    facts: tuple[Fact, ...]
    sentences: tuple[tuple[int, int], ...]

    def to_json(self) -> JSON:
        return {
            "atoms": [list(atom) for atom in self.atoms],
            "mentions": [list(mention) for mention in self.mentions],
            "facts": [list(fact) for fact in self.facts],
            "sentences": [list(span) for span in self.sentences],
        }

    @classmethod
    def from_json(cls, document: str, digest: str, version: str, value: Mapping[str, JSON]) -> Reading:
        atoms = tuple(
            Atom(type_, key, name, scope, sure, tuple(aliases), tuple(nicknames))
            for type_, key, name, scope, sure, aliases, nicknames in value["atoms"]
        )
        return cls(
            document, digest, version, atoms,
            tuple(Mention(*row) for row in value["mentions"]),
            tuple(Fact(*row) for row in value["facts"]),
            tuple((start, end) for start, end in value["sentences"]),
        )  # fmt: skip


class Place(NamedTuple):
    """Where an edge or a mention stands: `text[start:end]` of the document with this id."""

    document: str
    start: int
    end: int


class Node(NamedTuple):
    """An entity. `atoms` are the names (by id) it was put together from, `aliases` its other names."""

    id: str
    type: str
    name: str
    aliases: tuple[str, ...]
    mentions: tuple[Place, ...]
    atoms: tuple[str, ...]


class Edge(NamedTuple):
    """A relation between two nodes (by id) with the words that say so."""

    head: str
    tail: str
    label: str
    evidence: tuple[Place, ...]

    @property
    def weak(self) -> bool:
        return self.label == WEAK


@dataclass(frozen=True, slots=True)
class Doubt:
    """What a person should look at, as a question: are `a` and `b` one, or does `a` stand in a relation to `b`?

    Attributes:
        kind: "merge" (the graph keeps two names apart that may be one), "split" (it counts two names as one that may
            be two), "relation" (an edge that may be wrong).
        a: one name, as decisions call it; `b` the other.
        names: what people call them.
        score: how probable "yes" is, by rules and by what people decided.
        reasons: what speaks for and against.
        label: of the relation; "" for names.
    """

    kind: str
    a: str
    b: str
    names: tuple[str, str]
    score: float
    reasons: tuple[str, ...]
    label: str = ""

    @property
    def id(self) -> str:
        """The same as long as both names are there, whatever else is read."""
        ends = (self.a, self.label, self.b) if self.kind == "relation" else tuple(sorted((self.a, self.b)))
        return digest(self.kind, *ends)

    @property
    def wrong(self) -> float:
        """How probable it is that the graph is wrong as it stands."""
        return self.score if self.kind == "merge" else 1 - self.score

    @property
    def question(self) -> str:
        """In words, for a "yes" or "no"."""
        return f"{self.names[0]} - {self.label} - {self.names[1]}?" if self.label else " = ".join(self.names) + "?"

    def to_json(self) -> dict[str, JSON]:
        return {
            "id": self.id, "kind": self.kind, "question": self.question, "a": self.a, "b": self.b,
            "names": list(self.names), "label": self.label, "score": self.score,
            "wrong": round(self.wrong, 3), "reasons": list(self.reasons),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Merge:
    """Why two names (atoms by id) count as one entity: the log of merges is this, made again from the readings."""

    a: str
    b: str
    names: tuple[str, str]
    score: float
    reasons: tuple[str, ...]
    by: str = "rules"

    def to_json(self) -> dict[str, JSON]:
        return {
            "a": self.a, "b": self.b, "names": list(self.names), "score": self.score,
            "reasons": list(self.reasons), "by": self.by,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Graph:
    """All entities and edges of a base, in an order that depends on content alone."""

    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    merges: tuple[Merge, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    def to_json(self) -> JSON:
        """In short, for the store: `from_json` reads it."""
        return {
            "nodes": [[*node[:4], [list(place) for place in node.mentions], list(node.atoms)] for node in self.nodes],
            "edges": [[*edge[:3], [list(place) for place in edge.evidence]] for edge in self.edges],
            "merges": [merge.to_json() for merge in self.merges],
            "doubts": [doubt.to_json() for doubt in self.doubts],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, JSON]) -> Graph:
        """The inverse of `to_json`."""
        return cls(
            tuple(
                Node(id, type_, name, tuple(aliases), tuple(Place(*place) for place in mentions), tuple(atoms))
                for id, type_, name, aliases, mentions, atoms in value["nodes"]
            ),
            tuple(
                Edge(head, tail, label, tuple(Place(*place) for place in evidence))
                for head, tail, label, evidence in value["edges"]
            ),
            tuple(
                Merge(one["a"], one["b"], tuple(one["names"]), one["score"], tuple(one["reasons"]), one["by"])
                for one in value["merges"]
            ),
            tuple(
                Doubt(
                    one["kind"], one["a"], one["b"], tuple(one["names"]), one["score"], tuple(one["reasons"]),
                    one["label"],
                )
                for one in value["doubts"]
            ),
        )  # fmt: skip


def dumped(value: JSON) -> str:
    """JSON in one form: the same value, the same text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
