"""What is read from the embedded store; `sqlite` adds what is written."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from strati.core.errors import DataError, UserError
from strati.core.records import JSON
from strati.knowledge.record import PassageRow, unpack
from strati.knowledge.store import sqlite_search
from strati.knowledge.store.contract import ALL, Embedded, Entry, Filter, Kept, Ranked
from strati.knowledge.store.dump import dump
from strati.knowledge.store.filters import condition
from strati.knowledge.store.sqlite_match import highlighted

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from strati.knowledge.document import Document
    from strati.knowledge.search.query import Query

_ENTRY = (
    "d.id, d.path, d.name, d.container, d.sha256, d.size, d.media_type, d.reader, d.sizes, d.title, d.author, d.date, "
    "d.language, (SELECT count(*) FROM passages p WHERE p.document = d.id)"
)
_PASSAGE = "id, document, position, start_at, end_at, kind, path, header, language, signature, places, text"
_AT_ONCE = 500


class Reading:
    """Everything a search asks of the base in `folder`."""

    folder: Path
    db: sqlite3.Connection
    _planned: tuple[Query, sqlite_search.Plan] | None = None

    @contextmanager
    def _words(self) -> Iterator[None]:
        """What goes wrong with the disk or the file, in a sentence."""
        try:
            yield
        except (sqlite3.OperationalError, OSError) as error:
            raise in_words(error, self.folder) from error
        except sqlite3.DatabaseError as error:
            raise DataError(f"{self.folder} is damaged or is no knowledge base: {error}") from error

    def read(self, key: str) -> object:
        """The value kept under a key, or None."""
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else json.loads(row[0])

    def generation(self) -> int:
        found = self.read("generation")
        return found if isinstance(found, int) else 0

    def entries(self, filter: Filter = ALL) -> list[Entry]:
        where, values = condition(filter)
        query = f"SELECT {_ENTRY} FROM documents d" + (f" WHERE {where}" if where else "") + " ORDER BY d.path"
        with self._words():
            return [Entry(*row) for row in self.db.execute(query, values)]

    def find_all(self, document: str) -> list[Entry]:
        """The documents with this id, path or name; or those inside the archive or mail with this path or name."""
        path = str(Path(document).resolve())
        query = f"SELECT {_ENTRY} FROM documents d WHERE d.id = ? OR d.path = ? OR d.path = ? OR d.name = ?"
        found = [Entry(*row) for row in self.db.execute(query, (document, document, path, document))]
        if found:
            return found
        inside = (f"{document}!/", f"{path}!/")
        return [e for e in self.entries() if e.name.startswith(inside) or e.path.startswith(inside)]

    def find(self, document: str) -> Entry:
        """The document with this id, path or name. Raises `DataError` when none or several fit."""
        found = self.find_all(document)
        if not found:
            raise DataError(f"{self.folder} has no document {document!r}: strati kb status --documents lists them")
        if len(found) > 1:
            ids = ", ".join(entry.id for entry in found)
            raise DataError(f"{self.folder} has {len(found)} documents called {document!r}, give one of the ids {ids}")
        return found[0]

    def document(self, id: str) -> Document:
        query = "SELECT name, media_type, reader, text, structure FROM documents WHERE id = ?"
        row = self.db.execute(query, (id,)).fetchone()
        if row is None:
            raise DataError(f"{self.folder} has no document {id}")
        name, media_type, reader, text, structure = row
        return unpack(name, media_type, reader, zlib.decompress(text).decode(), structure)

    def packed(self, id: str) -> tuple[bytes, bytes]:
        """Text and structure of a document as `Record.packed` gives them."""
        text, structure = self.db.execute("SELECT text, structure FROM documents WHERE id = ?", (id,)).fetchone()
        return zlib.decompress(text), zlib.decompress(structure)

    def integrity(self) -> list[str]:
        """What is wrong with the file and the search index, in sentences."""
        with self._words():
            found = [text for (text,) in self.db.execute("PRAGMA integrity_check") if text != "ok"]
            return found + sqlite_search.faults(self.db)

    def dump(self) -> Iterator[JSON]:
        return dump(self.db)

    def passages(self, ids: Iterable[int]) -> dict[int, Kept]:
        wanted = [int(id) for id in ids]
        found: dict[int, Kept] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            query = f"SELECT {_PASSAGE} FROM passages WHERE id IN ({', '.join('?' * len(some))})"
            found.update((row[0], _kept(row)) for row in self.db.execute(query, some))
        return found

    def signatures(self) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Ids and signatures (passages, 64) of all passages that are long enough to have one."""
        import numpy as np

        rows = self.db.execute("SELECT id, signature FROM passages WHERE length(signature) > 0 ORDER BY id").fetchall()
        ids = np.array([id for id, _ in rows], np.int64)
        return ids, np.frombuffer(b"".join(mark for _, mark in rows), np.uint8).reshape(len(rows), -1)

    def documents_of(self, ids: Sequence[int]) -> dict[int, str]:
        """The documents of passages; ids that are gone are left out."""
        found: dict[int, str] = {}
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            query = f"SELECT id, document FROM passages WHERE id IN ({', '.join('?' * len(some))})"
            found.update(self.db.execute(query, some))
        return found

    def lengths_of(self, documents: Iterable[str]) -> dict[str, int]:
        """How many passages documents have."""
        query = "SELECT max(position) + 1 FROM passages WHERE document = ?"
        return {one: self.db.execute(query, (one,)).fetchone()[0] or 0 for one in documents}

    def passages_of(self, document: str) -> list[Kept]:
        query = f"SELECT {_PASSAGE} FROM passages WHERE document = ? ORDER BY position"
        return [_kept(row) for row in self.db.execute(query, (document,))]

    def search(self, query: Query, limit: int, filter: Filter) -> Ranked:
        import numpy as np

        where, values = condition(filter)
        found = sqlite_search.ranked(self.db, query, self._plan(query), limit, where, values)
        return Ranked(np.array([id for id, _ in found], np.int64), np.array([score for _, score in found], np.float64))

    def highlighted(self, query: Query) -> str:
        """What `sqlite_search.Marker` has to look for in the hits of a query."""
        return highlighted(query, self._plan(query).near)

    def near_words(self, query: Query) -> list[str]:
        """Words of passages that are spelt like words of the query which no passage holds."""
        with self._words():
            return sqlite_search.near_words(self.db, query)

    def _plan(self, query: Query) -> sqlite_search.Plan:
        """The plan of a query, made once while the same query is worked on."""
        if self._planned is None or self._planned[0] is not query:
            self._planned = (query, sqlite_search.plan(self.db, query))
        return self._planned[1]

    def passage_count(self) -> int:
        """How many passages there are."""
        return int(self.db.execute("SELECT count(*) FROM passages").fetchone()[0])

    def holding(self, word: str) -> int:
        """How many passages hold a word in any of its forms."""
        return sqlite_search.holding(self.db, word)

    def vectors(self, embedder: str, after: int = 0) -> Embedded:
        import numpy as np

        parts = list(self.vector_parts(embedder, after))
        none = np.zeros((0, 0), np.float32)
        return Embedded(
            np.array([id for _, ids, _ in parts for id in ids], np.int64),
            np.concatenate([rows for _, _, rows in parts]) if parts else none,
            np.array([document for document, _, _ in parts], np.uint64),
            np.array([len(ids) for _, ids, _ in parts], np.int64),
        )

    def vector_parts(self, embedder: str, after: int = 0) -> Iterator[tuple[int, list[int], NDArray[np.float32]]]:
        """A document's number, the ids of its passages and their vectors; only of documents that were embedded later
        than `vector_mark` said."""
        import numpy as np

        query = "SELECT document, dimensions, data FROM vectors WHERE embedder = ? AND rowid > ? ORDER BY document"
        for document, size, data in self.db.execute(query, (embedder, after)):
            found = self.db.execute("SELECT id FROM passages WHERE document = ? ORDER BY position", (document,))
            yield int(document, 16), [id for (id,) in found], np.frombuffer(data, "<f4").reshape(-1, size)

    def vector_mark(self, embedder: str, until: int | None = None) -> tuple[int, int]:
        """How many documents this embedder has vectors for, and a number that grows with each; or only up to one."""
        query = "SELECT count(*), coalesce(max(rowid), 0) FROM vectors WHERE embedder = ?"
        if until is None:
            found = self.db.execute(query, (embedder,)).fetchone()
        else:
            found = self.db.execute(f"{query} AND rowid <= ?", (embedder, until)).fetchone()
        return int(found[0]), int(found[1])

    def vector_count(self, embedder: str) -> int:
        """How many passages have a vector by this embedder."""
        query = "SELECT coalesce(sum(length(data) / (4 * dimensions)), 0) FROM vectors WHERE embedder = ?"
        return int(self.db.execute(query, (embedder,)).fetchone()[0])

    def allowed(self, filter: Filter) -> NDArray[np.uint64]:
        """The documents that a filter lets through, by the numbers that `Embedded` has."""
        import numpy as np

        where, values = condition(filter)
        query = f"SELECT d.id FROM documents d WHERE {where or '1 = 1'}"
        return np.array([int(id, 16) for (id,) in self.db.execute(query, values)], np.uint64)

    def entry(self, id: str) -> Entry:
        """What is known of one document, by id. Raises `DataError` when it is not there."""
        row = self.db.execute(f"SELECT {_ENTRY} FROM documents d WHERE d.id = ?", (id,)).fetchone()
        if row is None:
            raise DataError(f"{self.folder} has no document {id}")
        return Entry(*row)

    def embedder(self) -> tuple[str, str] | None:
        """Name and fingerprint of the embedder whose vectors are kept, if any."""
        found = self.read("embedder")
        return (str(found[0]), str(found[1])) if isinstance(found, list) else None

    def embedded(self, embedder: str) -> set[str]:
        """Ids of the documents whose passages this embedder has vectors for."""
        return {id for (id,) in self.db.execute("SELECT document FROM vectors WHERE embedder = ?", (embedder,))}


def in_words(error: Exception, folder: Path) -> UserError:
    """What a disk or a database says, as a sentence that says what to do."""
    text = str(error)
    if "full" in text or "No space" in text:
        return UserError(f"no space left on the disk that holds {folder}: free some and run the same command again")
    if isinstance(error, OSError):
        return UserError(f"{folder} cannot be written: {error.strerror or text}")
    if "readonly" in text or "unable to open" in text:
        return UserError(f"{folder} cannot be opened for writing: check its permissions")
    if "locked" in text:
        return UserError(f"{folder} is being written by another process: wait for it and run again")
    return UserError(f"{folder}: {text}")


def _kept(row: Sequence[object]) -> Kept:
    id, document, position, start, end, kind, path, header, language, signature, places, text = row
    made = PassageRow(
        position, start, end, kind, tuple(json.loads(str(path))), header, language, signature, places, text  # type: ignore[arg-type]
    )  # fmt: skip
    return Kept(int(str(id)), str(document), made)
