"""Builds the graph of a base: reads what is new or changed, then links."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from strati.core.errors import DataError
from strati.core.records import JSON
from strati.knowledge.graph.follow import DocumentReader
from strati.knowledge.graph.records import WEAK, Graph
from strati.knowledge.graph.settings import GraphSettings
from strati.knowledge.graph.store import GraphStore
from strati.knowledge.store.lock import writing

if TYPE_CHECKING:
    import threading

    from strati.knowledge.base import KnowledgeBase

Told = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did: documents read anew, unchanged, without any name, and kept out by a fault of ours; and what
    the graph holds now.
    """

    read: int
    unchanged: int
    empty: tuple[str, ...]
    nodes: dict[str, int] = field(default_factory=dict)
    edges: dict[str, int] = field(default_factory=dict)
    merges: int = 0
    doubts: int = 0
    seconds: float = 0.0
    processor: float = 0.0
    characters: int = 0
    stopped: bool = False
    failed: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, JSON]:
        return {
            "read": self.read, "unchanged": self.unchanged, "empty": list(self.empty), "nodes": self.nodes,
            "edges": self.edges, "merges": self.merges, "doubts": self.doubts, "seconds": round(self.seconds, 3),
            "processor_seconds": round(self.processor, 3), "characters": self.characters, "tokens": 0,
            "stopped": self.stopped, "failed": self.failed,
        }  # fmt: skip


def build(
    base: KnowledgeBase,
    settings: GraphSettings | None = None,
    told: Told = lambda what, done, total: None,
    cancelled: threading.Event | None = None,
) -> BuildReport:
    """Read the documents that are new or changed, and link all.

    Each document is one transaction: after a death at any moment the same call goes on.

    Args:
        base: the knowledge base.
        settings: types and patterns; by default all that is built in.
        told: hears (what is done, done, total).
        cancelled: ends the work after the document at hand.

    Raises:
        DataError: the base is empty, or no name was found in any document.
        BusyError: another process writes the base.
    """
    made = settings or GraphSettings()
    entries = base.documents()
    if not entries:
        raise DataError(f"{base.store.folder} holds no document: strati ingest PATH --kb NAME first")
    began, ran = time.perf_counter(), time.process_time()
    graph = GraphStore(base.store)
    reader = DocumentReader(made)
    characters = done = 0
    stopped = False
    empty: list[str] = []
    failed: dict[str, str] = {}
    with base.store._words(), writing(base.store.folder):
        graph.create()
        graph.keep_settings(made)
        kept = graph.kept()
        todo = [e for e in entries if e.id not in kept or (kept[e.id].sha256, kept[e.id].reader, kept[e.id].version)
                != (e.sha256, e.reader, reader.version)]  # fmt: skip
        told("reading", 0, len(todo))
        for entry in todo:
            if cancelled is not None and cancelled.is_set():
                stopped = True
                break
            document = base.store.document(entry.id)
            done += 1
            characters += len(document.text)
            try:
                reading = reader.read(document, entry.id, entry.sha256, entry.language)
            except Exception as error:  # one odd document must not keep the others out
                failed[entry.name] = f"{type(error).__name__}: {error}"
                continue
            if len(reading.atoms) < 2:
                empty.append(entry.name)
            graph.put(reading, entry.reader)
            told("reading", done, len(todo))
        if not stopped:
            graph.prune()
        found = graph.graph()
    report = BuildReport(
        done, len(entries) - len(todo), tuple(empty), _counted([node.type for node in found.nodes]),
        _counted([edge.label if edge.label in _COUNTED else "verbs and roles" for edge in found.edges]),
        len(found.merges), len(found.doubts), time.perf_counter() - began, time.process_time() - ran, characters,
        stopped, failed,
    )  # fmt: skip
    if not stopped:
        _must_hold(found, len(entries), base)
    return report


_COUNTED = frozenset(
    (WEAK, "party to", "dated", "amount of", "defined as", "refers to", "part of", "governed by", "located in",
     "e-mail", "organised in", "signed")
)  # fmt: skip


def _counted(items: list[str]) -> dict[str, int]:
    return dict(sorted(Counter(items).items(), key=lambda pair: (-pair[1], pair[0])))


def _must_hold(found: Graph, documents: int, base: KnowledgeBase) -> None:
    if not any(node.type not in ("document", "topic", "section") for node in found.nodes):
        raise DataError(
            f"nothing was found in the {documents} documents of {base.store.folder}: no name, date, amount, "
            "address or term; see strati kb status --documents for what was read, and [graph.patterns] in strati.toml "
            "for patterns of your own"
        )
