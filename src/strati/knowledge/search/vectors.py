"""Search by meaning: the vectors of a base, compared with the query's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from strati.knowledge.store.contract import Filter, Ranked
    from strati.knowledge.store.sqlite import SqliteStore


class Vectors(Protocol):
    """The vectors of one embedder in one generation of a base."""

    generation: int

    def search(self, vector: NDArray[np.float32], limit: int, store: SqliteStore, filter: Filter) -> Ranked:
        """Passages by inner product, which is the cosine for vectors of length 1; equal scores by id."""
        ...


class Matrix:
    """All vectors in one matrix, read once, searched exactly."""

    def __init__(self, store: SqliteStore, embedder: str) -> None:
        self.generation = store.generation()
        self.kept = store.vectors(embedder)

    def search(self, vector: NDArray[np.float32], limit: int, store: SqliteStore, filter: Filter) -> Ranked:
        """See `Vectors`."""
        import numpy as np

        ids, rows = self.kept.ids, self.kept.rows
        if not len(ids):
            return ranked(ids, rows, vector, limit)
        scores = rows @ vector
        if filter.empty:
            at = highest(scores, limit)
        else:
            among = np.flatnonzero(self.kept.inside(store.allowed(filter)))
            at = among[highest(scores[among], limit)]
        return ranked(ids[at], rows[at], vector, limit)


def highest(scores: NDArray[np.float32], limit: int) -> NDArray[np.int64]:
    """Where the `limit` highest scores are, in any order."""
    import numpy as np

    if len(scores) <= limit:
        return np.arange(len(scores))
    return np.asarray(np.argpartition(-scores, limit - 1)[:limit], np.int64)


def ranked(ids: NDArray[np.int64], rows: NDArray[np.float32], vector: NDArray[np.float32], limit: int) -> Ranked:
    """The best of a few candidates. A score depends on its row alone, not, as in BLAS, on what it is compared with."""
    import numpy as np

    from strati.knowledge.store.contract import Ranked

    scores = np.zeros(0) if not len(ids) else (rows.astype(np.float64) * vector.astype(np.float64)).sum(axis=1)
    order = np.lexsort((ids, -scores))[:limit]
    return Ranked(ids[order], scores[order])
