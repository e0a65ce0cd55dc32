"""A knowledge base: one folder, everything in it findable.

with KnowledgeBase.open("work.kb") as base:
    base.ingest(["contracts/"])
    for hit in base.search("termination for convenience"):
        print(hit.place, hit.text)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from strati.core.identity import fingerprint
from strati.core.records import JSON
from strati.knowledge.search.engine import Engine, Reranker
from strati.knowledge.search.hits import Hit
from strati.knowledge.store.contract import ALL, Entry, Filter, Kept
from strati.knowledge.store.lock import writing
from strati.knowledge.store.schema import SCHEMA
from strati.knowledge.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from strati.knowledge.document import Document
    from strati.knowledge.ingest.pipeline import Settings
    from strati.knowledge.ingest.report import IngestReport
    from strati.knowledge.verify import Verification
    from strati.models.contract import Embedder


def folder_of(name: str | Path) -> Path:
    """`work` and `work.kb` are the folder work.kb.

    >>> folder_of("work").name, folder_of("notes/work.kb").name
    ('work.kb', 'work.kb')
    """
    path = Path(name)
    return path if path.suffix == ".kb" else path.with_name(path.name + ".kb")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was forgotten, when, and what the base was before and is now; `left` is empty when nothing stayed."""

    forgotten: tuple[Entry, ...]
    before: str
    after: str
    at: str
    left: tuple[str, ...]

    def to_json(self) -> dict[str, JSON]:
        return {
            "forgotten": [asdict(entry) for entry in self.forgotten],
            "passages": sum(entry.passages for entry in self.forgotten),
            "snapshot_before": self.before,
            "snapshot_after": self.after,
            "at": self.at,
            "left": list(self.left),
        }


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

        Where the base has a graph, what is read goes into it in the same transaction.

        Raises:
            DataError: no file was found.
            BusyError: another process writes this base.
        """
        from strati.knowledge.graph.follow import Follow
        from strati.knowledge.ingest.pipeline import Ingest, Settings

        follow = Follow(self.store)
        with writing(self.store.folder):
            report = Ingest(self.store, self.embedder, settings or Settings(), follow.prepare).run(paths)
        report.graph = follow.part
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

    def near_words(self, query: str) -> list[str]:
        """Words of the base that are spelt like those of a query that finds nothing.

        >>> import tempfile
        >>> with KnowledgeBase.open(tempfile.mkdtemp() + "/small") as base:
        ...     base.near_words("nothing")
        []
        """
        from strati.knowledge.search.query import parse

        return self.store.near_words(parse(query))

    def alike(self, passage: int, least: float = 0.8) -> list[tuple[Kept, float]]:
        """Near-duplicates of a passage in the whole base, with their estimated similarity, most similar first."""
        from strati.knowledge.signature import similarities

        own = self.store.passages([passage]).get(passage)
        ids, signatures = self.store.signatures()
        if own is None or not own.row.signature or not len(ids):
            return []
        shares = similarities(own.row.signature, signatures)
        found = {
            int(ids[at]): float(shares[at]) for at in range(len(ids)) if shares[at] >= least and ids[at] != passage
        }
        kept = self.store.passages(found)
        return sorted(((kept[id], share) for id, share in found.items()), key=lambda pair: (-pair[1], pair[0].id))

    def document(self, id: str) -> Document:
        """A document by id, path or name, as its reader gave it."""
        return self.store.document(self.store.find(id).id)

    def documents(self, filters: Filter = ALL) -> list[Entry]:
        """What is kept, by path."""
        return self.store.entries(filters)

    def forget(self, documents: Sequence[str]) -> Receipt:
        """Forget documents (by id, path or name; an archive with all in it) without a trace.

        Raises `DataError`, and forgets nothing, when one of them is not there.
        """
        with writing(self.store.folder):
            before = self.snapshot()
            found = {entry.id: entry for document in documents for entry in self._all(document)}
            self.store.remove(list(found))
            left = [id for id in found if self.store.find_all(id)] + self.store.integrity()
        at = datetime.now(UTC).isoformat(timespec="seconds")
        return Receipt(tuple(found.values()), before, self.snapshot(), at, tuple(left))

    def _all(self, document: str) -> list[Entry]:
        return self.store.find_all(document) or [self.store.find(document)]

    def verify(self, settings: Settings | None = None) -> Verification:
        """Check every stored span, and read every source again that can be reached."""
        from strati.knowledge.ingest.pipeline import Settings
        from strati.knowledge.verify import verify

        return verify(self.store, settings or Settings())

    def export(self) -> Iterator[dict[str, JSON]]:
        """One JSON value for each document (without its passages' vectors), then one for each passage."""
        for entry in self.store.entries():
            about = self.store.document(entry.id).metadata
            yield {"record": "document", **asdict(entry), "metadata": asdict(about)}
            for kept in self.store.passages_of(entry.id):
                row = kept.row
                yield {
                    "record": "passage",
                    "document": entry.id,
                    "name": entry.name,
                    "sha256": entry.sha256,
                    "position": row.position,
                    "start": row.start,
                    "end": row.end,
                    "kind": row.kind,
                    "path": list(row.path),
                    "header": row.header,
                    "language": row.language,
                    "locator": row.locate(row.start, row.end).to_json(),
                    "text": row.text,
                }

    def status(self) -> dict[str, JSON]:
        """What the base holds, in numbers; of its `vectors`, `indexed` are searched by a graph."""
        from strati.knowledge.search.approximate import Graph
        from strati.knowledge.search.build import why_exact

        entries = self.store.entries()
        files = [file for file in self.store.folder.iterdir() if file.is_file()]
        embedder = self.store.embedder()
        vectors = self.store.vector_count(embedder[1]) if embedder else 0
        index = Graph.open(self.store, embedder[1]) if embedder else None
        return {
            "folder": str(self.store.folder),
            "documents": len(entries),
            "passages": sum(entry.passages for entry in entries),
            "bytes": sum(file.stat().st_size for file in files),
            "types": dict(Counter(entry.reader.split(".v")[0] for entry in entries).most_common()),
            "languages": dict(Counter(entry.language or "unknown" for entry in entries).most_common()),
            "embedder": embedder[0] if embedder else None,
            "embedded": len(self.store.embedded(embedder[1])) if embedder else 0,
            "vectors": vectors,
            "indexed": index.count if index else 0,
            "note": "" if index else why_exact(vectors),
            "snapshot": self.snapshot(),
            "schema": SCHEMA,
        }

    def stale_vectors(self) -> str:
        """A sentence when the base has vectors that this embedder cannot be compared with; else ""."""
        kept = self.store.embedder()
        if self.embedder is None or kept is None or kept[1] == self.embedder.fingerprint():
            return ""
        return (
            f"{self.store.folder} was embedded by another model or version ({kept[0]}), so this search went by words "
            "only: strati ingest its documents again to embed them anew"
        )

    def snapshot(self) -> str:
        """The id of what the base holds now: the same content, readers and embedder give the same id anywhere."""
        entries = sorted([e.name, e.sha256, e.reader, e.sizes] for e in self.store.entries())
        embedder = self.store.embedder()
        key = embedder[1] if embedder and self.store.embedded(embedder[1]) else ""
        return fingerprint("knowledge.v1", schema=SCHEMA, documents=entries, embedder=key)[:16]
