"""Search by meaning in large bases: a navigable small-world graph finds candidates, which are compared exactly.

HNSW (Malkov & Yashunin, IEEE TPAMI 42(4), 2020, algorithms 1 and 5) by `usearch`. Two files beside the base are mapped
into memory, not read: the graph, and the vectors as they are in the base. They hold what was there when they were
built; passages embedded since are compared one by one. As soon as one vector is taken from the base both files are
erased, and searches are exact until the next ingest builds them anew.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from strati.core.identity import sha256_of
from strati.knowledge.search.hnsw import empty_index, installed
from strati.knowledge.search.vectors import Matrix, Vectors, highest, ranked
from strati.knowledge.store import derived

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from strati.core.records import JSON
    from strati.knowledge.store.contract import Embedded, Filter, Ranked
    from strati.knowledge.store.sqlite import SqliteStore

FORMAT = 1  # of the files and of the note about them
EXPANSION = 128  # candidates that are kept while the graph is walked; chosen by benchmarks/vector_search.py
FEW = 20_000  # passages that a filter leaves: they are compared one by one
MOST = 5_000  # candidates that are asked for because of a filter
_PIECE = 8_192  # rows that are compared at once


def open_vectors(store: SqliteStore, embedder: str) -> Vectors:
    """The graph where there is one that fits the base, else the matrix."""
    return Graph.open(store, embedder) or Matrix(store, embedder)


class Graph:
    """The vectors of one embedder by their files; `count` of them are in the graph."""

    def __init__(self, store: SqliteStore, embedder: str, about: dict[str, JSON], generation: int) -> None:
        self.generation = generation
        self.count, size = int(about["count"]), int(about["dimensions"])
        self.kept = _mapped(store.folder / derived.ROWS, self.count, size, int(about["documents"]))
        self._index = empty_index(size, expansion_search=EXPANSION)
        self._index.view(store.folder / derived.GRAPH)
        if len(self._index) != self.count:
            raise ValueError(f"the graph has {len(self._index)} vectors, expected {self.count}")
        self.recent = store.vectors(embedder, int(about["mark"]))

    @classmethod
    def open(cls, store: SqliteStore, embedder: str) -> Graph | None:
        """The graph, or None where `usearch` or a file that fits the base is missing."""
        generation = store.generation()  # first: what changes from here on is seen at the next search
        about = usable(store, embedder)
        if about is None:
            return None
        try:
            return cls(store, embedder, about, generation)
        except (OSError, ValueError, RuntimeError):  # gone, or not what this version of usearch reads
            return None

    def search(self, vector: NDArray[np.float32], limit: int, store: SqliteStore, filter: Filter) -> Ranked:
        """See `Vectors`; a passage that belongs to the best may be missing, scores are exact."""
        import numpy as np

        ids, rows = self.recent.ids, self.recent.rows
        if filter.empty:
            at = self._walk(vector, min(2 * limit, self.count))  # the graph has the vectors in bfloat16
            if len(at) < min(limit, self.count):  # not all of them can be reached
                at = self._one_by_one(vector, limit, np.arange(self.count))
        else:
            allowed = store.allowed(filter)
            inside = self.recent.inside(allowed)
            ids, rows = ids[inside], rows[inside]
            at = self._filtered(vector, limit, self.kept.inside(allowed))
        found = self.kept.ids[at], self.kept.rows[at]
        if len(ids):
            best = highest(rows @ vector, limit)
            found = np.concatenate([found[0], ids[best]]), np.concatenate([found[1], rows[best]])
        return ranked(*found, vector, limit)

    def _filtered(self, vector: NDArray[np.float32], limit: int, inside: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The best rows among those inside: by the graph if that gives enough of them, else one by one."""
        import numpy as np

        left = int(inside.sum())
        wanted = math.ceil(2 * limit * self.count / max(left, 1))
        if left > FEW and wanted <= MOST:
            at = self._walk(vector, wanted)
            at = at[inside[at]]
            if len(at) >= limit:
                return at[: 2 * limit]
        return self._one_by_one(vector, limit, np.flatnonzero(inside))

    def _one_by_one(self, vector: NDArray[np.float32], limit: int, among: NDArray[np.int64]) -> NDArray[np.int64]:
        import numpy as np

        pieces = [self.kept.rows[among[start : start + _PIECE]] @ vector for start in range(0, len(among), _PIECE)]
        return among[highest(np.concatenate(pieces), limit)] if pieces else among

    def _walk(self, vector: NDArray[np.float32], wanted: int) -> NDArray[np.int64]:
        """Rows near the vector, nearest first."""
        import numpy as np

        return np.asarray(self._index.search(vector, wanted, threads=1).keys).astype(np.int64)


def _mapped(path: Path, count: int, size: int, documents: int) -> Embedded:
    """The file of vectors; only what is looked at is read."""
    import numpy as np

    from strati.knowledge.store.contract import Embedded

    rows = np.memmap(path, "<f4", "r", shape=(count, size))
    about = np.fromfile(path, "<i8", offset=rows.nbytes)
    if len(about) != count + 2 * documents:
        raise ValueError(f"{path} has {len(about)} numbers after the vectors, expected {count + 2 * documents}")
    ids, names, lengths = np.split(about, [count, count + documents])
    return Embedded(ids, rows, names.view("<u8"), lengths)


def usable(store: SqliteStore, embedder: str) -> dict[str, JSON] | None:
    """What the files of the index were made of, if they fit the base and can be searched here; else None."""
    about = store.read(derived.NOTE)
    if not isinstance(about, dict) or (about.get("format"), about.get("embedder")) != (FORMAT, embedder):
        return None
    if not installed():
        return None
    if store.vector_mark(embedder, int(about["mark"])) != (about["documents"], about["mark"]):
        return None
    whole = all(_same(store.folder / name, about["files"].get(name)) for name in (derived.ROWS, derived.GRAPH))
    return about if whole else None


def _same(path: Path, expected: JSON) -> bool:
    """Whether a file is the one that was written; hashed when it looks touched or copied since."""
    try:
        found = derived.stamp(path)
        size, time, sha256 = expected
        return found == [size, time] or (found[0] == size and sha256_of(path) == sha256)
    except (OSError, TypeError, ValueError):
        return False
