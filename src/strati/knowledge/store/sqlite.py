"""The embedded store: one SQLite file in WAL mode.

`synchronous=NORMAL` in WAL mode keeps the file whole after the death of the process or of the machine. `secure_delete`
overwrites what is deleted with zeros; `remove` also merges the search index and empties the log, so that nothing of a
forgotten document stays in the folder.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from strati.core.errors import DataError
from strati.core.records import JSON
from strati.knowledge.record import Record
from strati.knowledge.store import derived, graph_tables, sqlite_search
from strati.knowledge.store.reading import Reading
from strati.knowledge.store.schema import SCHEMA, check_version, migrate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


FILE = "base.db"


def _connected(path: Path, read_only: bool) -> sqlite3.Connection:
    """SQLite needs a file beside a base in WAL mode; where there can be none, it is told that nobody writes."""
    log = path.with_name(path.name + "-wal")
    whole = not log.exists() or not log.stat().st_size
    target = f"{path.resolve().as_uri()}?immutable=1" if read_only and whole else str(path)
    uri = target != str(path)
    return sqlite3.connect(target, timeout=60, isolation_level=None, check_same_thread=False, uri=uri)


class SqliteStore(Reading):
    """The store in `folder`; see `contract.Store`. Not shared between threads: open one for each.

    Raises:
        UserError: the folder has no base and `create` is false, or a newer strati wrote it.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.folder = folder
        path = folder / FILE
        if not create and not path.is_file():
            raise DataError(f"there is no knowledge base {folder}: strati ingest PATH --kb {folder} makes one")
        with self._words():
            folder.mkdir(parents=True, exist_ok=True)
            self.db = _connected(path, read_only=not create and not os.access(folder, os.W_OK))
            try:
                self._open()
            except BaseException:
                self.db.close()
                raise

    def _open(self) -> None:
        sqlite_search.connect(self.db)
        self.db.execute("PRAGMA secure_delete=ON")
        self.db.execute("PRAGMA synchronous=NORMAL")
        found = check_version(self.db, str(self.folder))
        if found != SCHEMA:
            self.db.execute("PRAGMA journal_mode=WAL")
            with self.transaction():
                migrate(
                    self.db, check_version(self.db, str(self.folder)), sqlite_search.TABLES, sqlite_search.MIGRATIONS
                )
        if self.read("erase"):
            self._erase()

    def close(self) -> None:
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise

    def put(self, record: Record, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        self.put_all([(record, vectors)])

    def put_all(
        self,
        records: Iterable[tuple[Record, Mapping[str, NDArray[np.float32]]]],
        beside: Callable[[], None] = lambda: None,
    ) -> None:
        """Keep several documents in one transaction: most of what a small one costs is its transaction.

        `beside` writes what goes with them, in the same transaction.
        """
        with self._words(), self.transaction():
            for record, vectors in records:
                self._put(record, vectors)
            beside()
            self._changed()

    def _put(self, record: Record, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        if self.db.execute("SELECT 1 FROM documents WHERE id = ?", (record.id,)).fetchone():
            self._delete(record.id)
        self.db.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                record.id, record.path, record.name, record.container, record.sha256, record.size,
                record.media_type, record.reader, record.sizes, record.title, record.author, record.date,
                record.language, record.text, record.structure,
            ),
        )  # fmt: skip
        self.db.executemany(
            "INSERT INTO passages (document, position, start_at, end_at, kind, path, header, language, signature, "
            "places, title, heading, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    record.id, row.position, row.start, row.end, row.kind, json.dumps(row.path, ensure_ascii=False),
                    row.header, row.language, row.signature, row.places, record.title, row.context, row.text,
                )
                for row in record.rows
            ],
        )  # fmt: skip
        sqlite_search.add(self.db, record.id)
        for embedder, rows in vectors.items():
            self._insert_vectors(record.id, embedder, rows)

    def add_vectors(self, document: str, embedder: str, vectors: NDArray[np.float32]) -> None:
        with self._words(), self.transaction():
            old = "DELETE FROM vectors WHERE document = ? AND embedder = ?"
            if self.db.execute(old, (document, embedder)).rowcount:
                self._drop_derived()
            self._insert_vectors(document, embedder, vectors)
            self._changed()

    def keep_only(self, embedder: str) -> None:
        """Drop the vectors of all other embedders."""
        if self.db.execute("SELECT 1 FROM vectors WHERE embedder <> ? LIMIT 1", (embedder,)).fetchone():
            with self._words(), self.transaction():
                self.db.execute("DELETE FROM vectors WHERE embedder <> ?", (embedder,))
                self._drop_derived()
                self._changed()

    def remove(self, ids: Sequence[str]) -> int:
        with self._words():
            with self.transaction():
                gone = sum(self._delete(id) for id in ids)
                graph_tables.prune(self.db)
                self._changed()
                self._write("erase", 1)  # a death from here on leaves the rest to whoever opens the base next
            self._erase()
        return gone

    def _delete(self, id: str) -> int:
        sqlite_search.drop(self.db, id)
        graph_tables.drop(self.db, id)
        gone = self.db.execute("DELETE FROM passages WHERE document = ?", (id,)).rowcount
        if self.db.execute("DELETE FROM vectors WHERE document = ?", (id,)).rowcount:
            self._drop_derived()
        self.db.execute("DELETE FROM documents WHERE id = ?", (id,))
        return gone

    def _drop_derived(self) -> None:
        """Before the transaction that takes vectors away ends, no file beside the base holds them any more."""
        self.db.execute("DELETE FROM meta WHERE key = ?", (derived.NOTE,))
        derived.erase(self.folder)

    def note_derived(self, about: JSON) -> None:
        """Keep what the files beside the base were made of; searches look for them from now on."""
        with self._words(), self.transaction():
            self._write(derived.NOTE, about)
            self._changed()

    def _erase(self) -> None:
        with self.transaction():
            sqlite_search.erase(self.db)
            self.db.execute("DELETE FROM meta WHERE key = 'erase'")
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _insert_vectors(self, document: str, embedder: str, rows: NDArray[np.float32]) -> None:
        import numpy as np

        data = np.ascontiguousarray(rows, dtype="<f4").tobytes()
        self.db.execute("INSERT INTO vectors VALUES (?, ?, ?, ?)", (document, embedder, rows.shape[1], data))

    def _changed(self) -> None:
        self._write("generation", self.generation() + 1)

    def _write(self, key: str, value: object) -> None:
        self.db.execute("DELETE FROM meta WHERE key = ?", (key,))
        self.db.execute("INSERT INTO meta VALUES (?, ?)", (key, json.dumps(value)))

    def write(self, key: str, value: object) -> None:
        """Keep a JSON value under a key."""
        with self._words(), self.transaction():
            self._write(key, value)
