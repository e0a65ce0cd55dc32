"""Search by meaning: all vectors of a base in one matrix, compared exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from strati.knowledge.store.contract import Filter, Ranked
    from strati.knowledge.store.sqlite import SqliteStore


class Matrix:
    """The vectors of one embedder in one generation of a base; read once, searched exactly."""

    def __init__(self, store: SqliteStore, embedder: str) -> None:
        self.generation = store.generation()
        self.ids, self.rows = store.vectors(embedder)

    def search(self, vector: NDArray[np.float32], limit: int, store: SqliteStore, filter: Filter) -> Ranked:
        """Passages by cosine similarity; equal scores by id."""
        import numpy as np

        from strati.knowledge.store.contract import Ranked

        if not len(self.ids):
            return Ranked(np.zeros(0, np.int64), np.zeros(0, np.float64))
        ids, scores = self.ids, (self.rows @ vector).astype(np.float64)
        if not filter.empty:
            inside = np.isin(ids, store.allowed(filter))
            ids, scores = ids[inside], scores[inside]
        if len(ids) > limit:
            best = np.argpartition(-scores, limit - 1)[:limit]
            ids, scores = ids[best], scores[best]
        order = np.lexsort((ids, -scores))
        return Ranked(ids[order], scores[order])
