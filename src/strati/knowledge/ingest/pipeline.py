"""Ingest: find files, read them in worker processes, keep whole documents, many small ones in one transaction.

Interrupted at any moment, the base holds whole documents only, and the same call goes on: what is kept with the same
content, reader and sizes of passages is not read again.
"""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from strati.core.threads import threads
from strati.knowledge.ingest.discover import Search, discover, real_path
from strati.knowledge.ingest.pool import Event, Job, Pool
from strati.knowledge.ingest.report import IngestReport, Outcome, Status, status_of
from strati.knowledge.passages import Sizes
from strati.knowledge.reader import Limits
from strati.knowledge.search.build import LEAST, bring_up_to_date

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from strati.knowledge.record import PassageRow, Record
    from strati.knowledge.store.contract import Entry
    from strati.knowledge.store.sqlite import SqliteStore
    from strati.models.contract import Embedder

# Documents that are kept in one transaction: so many, of so many compressed bytes, within so many seconds.
TOGETHER, LARGE, SECONDS = 256, 4_000_000, 1.0
EMBEDDED = 64  # passages that are embedded together

Told = Callable[[str, int, int], None]
# Makes what goes with documents (the graph's part) and gives what writes it, inside the documents' transaction.
Beside = Callable[[Sequence["Record"]], Callable[[], None]]


@dataclass
class Settings:
    """How to ingest. `full_pages` takes all of a web page, not its main content only; more than `approximate_above`
    vectors get an index; `told` hears (what is done, done, total); `cancelled` ends work after the document at hand;
    `environment` holds variables for the processes that read.
    """

    limits: Limits = field(default_factory=Limits)
    sizes: Sizes = field(default_factory=Sizes)
    workers: int = field(default_factory=threads)
    prune: bool = False
    full_pages: bool = False
    approximate_above: int = LEAST
    told: Told = lambda what, done, total: None
    cancelled: threading.Event = field(default_factory=threading.Event)
    environment: dict[str, str] = field(default_factory=dict)


class Ingest:
    """One ingest into a store; the caller holds the base for writing."""

    def __init__(
        self,
        store: SqliteStore,
        embedder: Embedder | None,
        settings: Settings,
        beside: Beside = lambda records: lambda: None,
    ) -> None:
        self.store = store
        self.beside = beside
        self.embedder = embedder
        self.settings = settings
        self.report = IngestReport()
        self.key = embedder.fingerprint() if embedder else ""
        self._waiting: list[Record] = []
        self._rows = 0  # passages of what waits
        self._size = 0  # bytes of what waits to be kept
        self._since = 0.0  # when the first of it came

    def run(self, paths: Sequence[str | Path]) -> IngestReport:
        """Read all files under the paths. Raises `DataError` when there are none."""
        began = time.perf_counter()
        search = discover(paths)
        if self.embedder is not None and self.store.embedder() != (self.embedder.card.name, self.key):
            self.store.write("embedder", [self.embedder.card.name, self.key])
        kept = {entry.path: entry for entry in self.store.entries()}
        self._files(search, kept)
        if self.settings.prune and not self._stopped():
            self._prune(search, kept)
        if self.embedder is not None and not self._stopped():
            self._embed_missing()
            self._index_vectors()
        self.report.stopped = self._stopped()
        self.report.seconds = time.perf_counter() - began
        return self.report

    def _stopped(self) -> bool:
        return self.settings.cancelled.is_set()

    def _files(self, search: Search, kept: dict[str, Entry]) -> None:
        inside: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
        for path, entry in kept.items():
            inside[path.split("!/")[0]][path] = [entry.sha256, entry.reader, entry.sizes]
        jobs = []
        for found in search.files:
            if found.skipped is not None:
                self._add(found.name, status_of(found.skipped), f"{found.skipped}: {found.detail}")
            else:
                real = real_path(found.path)
                jobs.append(Job(real, found.name, inside.get(real, {}), self.settings.full_pages))
        done, total = len(search.files) - len(jobs), len(search.files)
        self.settings.told("reading", done, total)
        limits, sizes, workers = self.settings.limits, self.settings.sizes, self.settings.workers
        try:
            for event in Pool(jobs, limits, sizes, workers, self.settings.environment, self._keep_late).events():
                if event.job_done:
                    done += 1
                    self._forget_stale(event)
                    self.settings.told("reading", done, total)
                else:
                    self._event(event, kept)
                if self._stopped():
                    break
        finally:
            self._keep()

    def _event(self, event: Event, kept: dict[str, Entry]) -> None:
        if event.record is not None:
            self._waiting.append(event.record)
            self._rows += len(event.record.rows)
            self._size += len(event.record.text) + len(event.record.structure)
            self._since = self._since or time.monotonic()
            full = self._rows >= EMBEDDED if self.embedder else len(self._waiting) >= TOGETHER
            if full or self._size >= LARGE:
                self._keep()
            self._keep_late()
            self._add(event.name, Status.READ, "", len(event.record.rows), event.record.warnings)
        elif event.reason is not None:
            old = "; the version read earlier is kept" if event.path in kept else ""
            detail = f": {event.detail}" if event.detail else ""
            self._add(event.name, status_of(event.reason), f"{event.reason}{detail}{old}")
        elif event.archive:
            self._forget([event.path] if event.path in kept else [], kept)  # the path was a document before
        else:
            self._add(event.name, Status.UNCHANGED, "", kept[event.path].passages)

    def _keep(self) -> None:
        """Keep what waits, in one transaction; its passages are embedded together, which fills the batches."""
        waiting, self._waiting, self._size, self._rows, self._since = self._waiting, [], 0, 0, 0.0
        if waiting:
            vectors = self._vectors([record.rows for record in waiting])
            self.store.put_all(zip(waiting, vectors, strict=True), self.beside(waiting))

    def _vectors(self, documents: Sequence[Sequence[PassageRow]]) -> list[dict[str, NDArray[np.float32]]]:
        """The vectors of the passages of each document, by embedder; none for documents without passages."""
        rows = [row for found in documents for row in found]
        if self.embedder is None or not rows:
            return [{} for _ in documents]
        vectors, made, at = self._embed(rows), [], 0
        for found in documents:
            made.append({self.key: vectors[at : at + len(found)]} if found else {})
            at += len(found)
        return made

    def _keep_late(self) -> None:
        """Keep what has waited for a second: so much is read again after a kill, not more."""
        if self._since and time.monotonic() - self._since >= SECONDS:
            self._keep()

    def _forget_stale(self, event: Event) -> None:
        """What was inside this file and is no more."""
        gone = [path for path in event.job.known if path not in event.seen and path != event.job.path]
        self._forget(gone)

    def _prune(self, search: Search, kept: dict[str, Entry]) -> None:
        """Forget documents under the folders that were looked through whose file is gone."""
        gone = [
            path
            for path in kept
            if not os.path.lexists(path.split("!/")[0]) and any(_within(path, root) for root in search.roots)
        ]
        self._forget(gone, kept)

    def _forget(self, paths: Sequence[str], kept: dict[str, Entry] | None = None) -> None:
        from strati.knowledge.record import document_id

        if not paths:
            return
        self._keep()
        self.store.remove([document_id(path) for path in paths])
        for path in paths:
            self._add(kept[path].name if kept else path, Status.FORGOTTEN, "its file is gone")

    def _embed(self, rows: Sequence[PassageRow]) -> NDArray[np.float32]:
        if self.embedder is None:
            raise ValueError("there is no embedder")
        self.report.embedded += len(rows)
        return self.embedder.embed([row.embedded for row in rows])

    def _embed_missing(self) -> None:
        """Vectors for documents that were read without this embedder."""
        have = self.store.embedded(self.key)
        missing = [entry for entry in self.store.entries() if entry.id not in have and entry.passages]
        some: list[Entry] = []
        for number, entry in enumerate(missing, 1):
            some.append(entry)
            if number < len(missing) and sum(one.passages for one in some) < EMBEDDED:
                continue
            self.settings.told("embedding", number - len(some), len(missing))
            rows = [[kept.row for kept in self.store.passages_of(one.id)] for one in some]
            for one, vectors in zip(some, self._vectors(rows), strict=True):
                self.store.add_vectors(one.id, self.key, vectors[self.key])
            some = []
            if self._stopped():
                return
        if missing:
            self.settings.told("embedding", len(missing), len(missing))
        self.store.keep_only(self.key)

    def _index_vectors(self) -> None:
        made = self.settings
        if not self._stopped():
            self.report.note = bring_up_to_date(
                self.store, self.key, made.approximate_above, made.workers, made.told, made.cancelled
            )

    def _add(self, name: str, status: Status, reason: str, passages: int = 0, warnings: tuple[str, ...] = ()) -> None:
        self.report.outcomes.append(Outcome(name, status, reason, passages, warnings))


def _within(path: str, root: Path) -> bool:
    return Path(path.split("!/")[0]).is_relative_to(root)
