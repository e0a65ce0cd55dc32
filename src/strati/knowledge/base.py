"""A knowledge base: one folder, everything in it findable.

with KnowledgeBase.open("work.kb") as base:
    base.ingest(["contracts/"])
    for hit in base.search("termination for convenience"):
        print(hit.place, hit.text)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from strati.identity import fingerprint
from strati.knowledge.search.engine import Engine, Reranker
from strati.knowledge.search.hits import Hit
from strati.knowledge.store.contract import ALL, Entry, Filter
from strati.knowledge.store.lock import writing
from strati.knowledge.store.schema import SCHEMA
from strati.knowledge.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from strati.knowledge.document import Document
    from strati.knowledge.ingest.pipeline import Settings
    from strati.knowledge.ingest.report import IngestReport
    from strati.model import Embedder


def folder_of(name: str | Path) -> Path:
    """`work` and `work.kb` are the folder work.kb.

    >>> folder_of("work").name, folder_of("notes/work.kb").name
    ('work.kb', 'work.kb')
    """
    path = Path(name)
    return path if path.suffix == ".kb" else path.with_name(path.name + ".kb")


class KnowledgeBase:
    """Documents and their passages in one folder.

    Args:
        store: where they are kept.
        embedder: makes passages findable by meaning too; the same one at every ingest.
    """

    def __init__(self, store: SqliteStore, embedder: Embedder | None = None) -> None:
        self.store = store
        self.embedder = embedder
        self._engine = Engine(store, embedder)

    @classmethod
    def open(cls, path: str | Path, embedder: Embedder | None = None, *, create: bool = True) -> KnowledgeBase:
        """The base at `path` (the ending .kb is added), made when it is not there and `create` is true.

        Raises:
            DataError: there is none, or it is damaged.
            UserError: a newer strati wrote it.
        """
        return cls(SqliteStore(folder_of(path), create=create), embedder)

    def close(self) -> None:
        self.store.close()

    def __enter__(self) -> KnowledgeBase:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ingest(self, paths: Sequence[str | Path], settings: Settings | None = None) -> IngestReport:
        """Read files, folders and patterns; what is unchanged is not read again.

        Raises:
            DataError: no file was found.
            BusyError: another process writes this base.
        """
        from strati.knowledge.ingest.pipeline import Ingest, Settings

        with writing(self.store.folder):
            report = Ingest(self.store, self.embedder, settings or Settings()).run(paths)
        report.snapshot = self.snapshot()
        return report

    def search(
        self,
        query: str,
        k: int = 10,
        mode: str = "auto",
        filters: Filter = ALL,
        *,
        per_document: int | None = None,
        reranker: Reranker | None = None,
    ) -> list[Hit]:
        """The best `k` passages for a query; see `strati.knowledge.search.query` for what it may hold.

        `mode` is "bm25" (words), "embeddings" (meaning), "fusion" (both), or "auto": both when there is an embedder.
        """
        return self._engine.search(query, k, mode, filters, per_document=per_document, reranker=reranker)

    def document(self, id: str) -> Document:
        """A document by id, path or name, as its reader gave it."""
        return self.store.document(self.store.find(id).id)

    def documents(self, filters: Filter = ALL) -> list[Entry]:
        """What is kept, by path."""
        return self.store.entries(filters)

    def forget(self, documents: Sequence[str]) -> list[Entry]:
        """Forget documents without a trace; returns what they were."""
        with writing(self.store.folder):
            found = [self.store.find(document) for document in documents]
            self.store.remove([entry.id for entry in found])
        return found

    def snapshot(self) -> str:
        """The id of what the base holds now: the same content, readers and embedder give the same id anywhere."""
        entries = sorted([e.name, e.sha256, e.reader, e.sizes] for e in self.store.entries())
        embedder = self.embedder.fingerprint() if self.embedder else ""
        return fingerprint("knowledge.v1", schema=SCHEMA, documents=entries, embedder=embedder)[:16]
