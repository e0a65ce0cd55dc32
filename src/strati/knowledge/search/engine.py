"""From a query to hits: rank by words and by meaning, fuse, leave out what is said twice, show the place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from strati.errors import TaskError
from strati.knowledge.search.fts import highlight_of, match_of
from strati.knowledge.search.fusion import fuse
from strati.knowledge.search.hits import Highlight, Hit
from strati.knowledge.search.query import Query, parse
from strati.knowledge.search.vectors import Matrix
from strati.knowledge.store import sqlite_search
from strati.knowledge.store.contract import ALL, Entry, Filter, Kept

if TYPE_CHECKING:
    from strati.knowledge.store.sqlite import SqliteStore
    from strati.model import Embedder

MODES = ("auto", "bm25", "embeddings", "fusion")
DEPTH = 100  # passages taken from each list before they are fused


class Reranker(Protocol):
    """Puts hits in a better order: scores for hits, in their order, higher is better."""

    def rerank(self, query: str, hits: Sequence[Hit]) -> Sequence[float]: ...


class Engine:
    """Searches one store; keeps the matrix of vectors between searches."""

    def __init__(self, store: SqliteStore, embedder: Embedder | None = None) -> None:
        self.store = store
        self.embedder = embedder
        self._key = embedder.fingerprint() if embedder else ""
        self._matrix: Matrix | None = None

    def search(
        self,
        text: str,
        k: int = 10,
        mode: str = "auto",
        filter: Filter = ALL,
        *,
        per_document: int | None = None,
        reranker: Reranker | None = None,
    ) -> list[Hit]:
        """The best `k` passages, at most `per_document` of one document.

        Raises:
            TaskError: the mode is unknown, or needs an embedder and there is none.
        """
        if mode not in MODES:
            raise TaskError(f"the mode is {mode!r}, expected one of {', '.join(MODES)}")
        if mode in ("embeddings", "fusion") and self.embedder is None:
            raise TaskError(f"the mode {mode} needs an embedder: strati models list shows those there are")
        query = parse(text)
        match = match_of(query)
        lists: dict[str, list[int]] = {}
        depth = max(DEPTH, k)
        if mode != "embeddings" and match:
            lists["bm25"] = self.store.search(match, depth, filter).ids.tolist()
        if self.embedder is not None and mode != "bm25" and query.meaning and not query.required:
            lists["embeddings"] = self._nearest(query, depth, filter)
        ranking = fuse(lists)
        hits = self._hits(query, ranking, lists, k if reranker is None else depth, per_document)
        if reranker is not None:
            scores = reranker.rerank(text, hits)
            order = sorted(range(len(hits)), key=lambda at: (-scores[at], at))
            hits = [replace(hits[at], score=float(scores[at])) for at in order][:k]
        return hits

    def _nearest(self, query: Query, depth: int, filter: Filter) -> list[int]:
        if self.embedder is None:
            return []
        if self._matrix is None or self._matrix.generation != self.store.generation():
            self._matrix = Matrix(self.store, self._key)
        vector = self.embedder.embed([query.meaning])[0]
        found: list[int] = self._matrix.search(vector, depth, self.store, filter).ids.tolist()
        return found

    def _hits(
        self, query: Query, ranking: dict[int, float], lists: dict[str, list[int]], k: int, per_document: int | None
    ) -> list[Hit]:
        kept = self.store.passages(ranking)
        chosen: list[int] = []
        count: dict[str, int] = {}
        for id in ranking:
            if id not in kept:
                continue
            document = kept[id].document
            if per_document is None or count.get(document, 0) < per_document:
                chosen.append(id)
                count[document] = count.get(document, 0) + 1
            if len(chosen) == k:
                break
        places = {name: {id: rank for rank, id in enumerate(items, 1)} for name, items in lists.items()}
        marked = self._marked(query, chosen)
        entries = {document: self.store.entry(document) for document in {kept[id].document for id in chosen}}
        return [
            _hit(
                kept[id], entries[kept[id].document], ranking[id],
                {name: ranks[id] for name, ranks in places.items() if id in ranks}, marked.get(id, ""),
            )
            for id in chosen
        ]  # fmt: skip

    def _marked(self, query: Query, ids: Sequence[int]) -> dict[int, str]:
        match = highlight_of(query)
        return sqlite_search.marked(self.store.db, match, ids) if match and ids else {}


def _hit(kept: Kept, entry: Entry, score: float, ranks: dict[str, int], marked: str) -> Hit:
    row = kept.row
    marks = tuple(
        Highlight(row.start + start, row.start + end, row.locate(row.start + start, row.start + end))
        for start, end in spans_of(marked)
    )
    return Hit(
        passage=kept.id,
        document=kept.document,
        name=entry.name,
        sha256=entry.sha256,
        title=entry.title,
        date=entry.date,
        media_type=entry.media_type,
        text=row.text,
        start=row.start,
        end=row.end,
        kind=row.kind,
        path=row.path,
        language=row.language,
        locator=row.locate(row.start, row.end),
        score=score,
        ranks=ranks,
        highlights=marks,
    )


def spans_of(marked: str) -> list[tuple[int, int]]:
    """Where the marks of `sqlite_search.marked` are, counted in the text without them."""
    found: list[tuple[int, int]] = []
    position, opened = 0, 0
    for character in marked:
        if character == sqlite_search.OPEN:
            opened = position
        elif character == sqlite_search.CLOSE:
            found.append((opened, position))
        else:
            position += 1
    return found
