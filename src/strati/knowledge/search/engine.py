"""From a query to hits: rank by words and by meaning, fuse, leave out what is said twice, show the place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from strati.core.errors import TaskError
from strati.knowledge.search.approximate import open_vectors
from strati.knowledge.search.fusion import fuse
from strati.knowledge.search.hits import Hit, hit_of, place_of
from strati.knowledge.search.query import Query, parse
from strati.knowledge.search.vectors import Vectors
from strati.knowledge.signature import alike
from strati.knowledge.store.contract import ALL, Filter, Kept
from strati.knowledge.store.sqlite_search import Marker

if TYPE_CHECKING:
    from strati.knowledge.store.sqlite import SqliteStore
    from strati.models.contract import Embedder

MODES = ("auto", "bm25", "embeddings", "fusion")
DEPTH = 50  # passages taken from each list before they are fused, at least
# Chosen by benchmarks/retrieval.py: words tell more than meaning where the words are known.
WEIGHTS = {"bm25": 1.0, "embeddings": 0.5}
# The next passage of a document counts so much of its score, where it has `SHORT` passages or fewer; in one of `LONG`
# all of it.
SPREAD, SHORT, LONG = 0.8, 4, 12


class Reranker(Protocol):
    """Puts hits in a better order: scores for hits, in their order, higher is better."""

    def rerank(self, query: str, hits: Sequence[Hit]) -> Sequence[float]: ...


class Engine:
    """Searches one store; keeps the vectors between searches."""

    def __init__(self, store: SqliteStore, embedder: Embedder | None = None) -> None:
        self.store = store
        self.embedder = embedder
        self._key = embedder.fingerprint() if embedder else ""
        self._vectors: Vectors | None = None
        self._marker = Marker()

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
        lists: dict[str, list[int]] = {}
        depth = max(DEPTH, 5 * k)
        if mode != "embeddings":
            lists["bm25"] = self.store.search(query, depth, filter).ids.tolist()
        if self.embedder is not None and mode != "bm25" and query.meaning and not query.required:
            lists["embeddings"] = self._nearest(query, depth, filter)
        ranking = self._spread(fuse(lists, WEIGHTS))
        hits = self._hits(query, ranking, lists, k if reranker is None else depth, per_document)
        if reranker is not None:
            scores = reranker.rerank(text, hits)
            order = sorted(range(len(hits)), key=lambda at: (-scores[at], at))
            hits = [replace(hits[at], score=float(scores[at])) for at in order][:k]
        return hits

    def _spread(self, ranking: dict[int, float]) -> dict[int, float]:
        """Each further passage of a short document counts less, so that one document does not take all places.

        The passages of a long one tell different things: they keep their score.
        """
        documents = self.store.documents_of(list(ranking))
        often = [document for document, times in Counter(documents.values()).items() if times > 1]
        lengths = self.store.lengths_of(often)
        seen: Counter[str] = Counter()
        scores: dict[int, float] = {}
        for id, score in ranking.items():
            document = documents.get(id, "")
            short = min(1.0, max(0.0, (LONG - lengths.get(document, LONG)) / (LONG - SHORT)))
            scores[id] = score * SPREAD ** (short * seen[document])
            seen[document] += 1
        return dict(sorted(scores.items(), key=lambda pair: (-pair[1], pair[0])))

    def _nearest(self, query: Query, depth: int, filter: Filter) -> list[int]:
        if self.embedder is None:
            return []
        if self._vectors is None or self._vectors.generation != self.store.generation():
            self._vectors = open_vectors(self.store, self._key)
        vector = self.embedder.embed([query.meaning])[0]
        found: list[int] = self._vectors.search(vector, depth, self.store, filter).ids.tolist()
        return found

    def _hits(
        self, query: Query, ranking: dict[int, float], lists: dict[str, list[int]], k: int, per_document: int | None
    ) -> list[Hit]:
        kept, same = self._chosen(list(ranking), k, per_document)
        chosen = list(kept)
        entries = {document: self.store.entry(document) for document in {kept[id].document for id in chosen}}
        ranks = {name: {id: rank for rank, id in enumerate(items, 1)} for name, items in lists.items()}
        spans = self._spans(query, [kept[id].row.text for id in chosen])
        return [
            hit_of(
                kept[id], entries[kept[id].document], ranking[id],
                {name: rank[id] for name, rank in ranks.items() if id in rank}, marked,
                tuple(place_of(one, self.store.entry(one.document).name) for one in same[id]),
            )
            for id, marked in zip(chosen, spans, strict=True)
        ]  # fmt: skip

    def _chosen(
        self, ids: list[int], k: int, per_document: int | None
    ) -> tuple[dict[int, Kept], dict[int, list[Kept]]]:
        """The first `k` passages, at most `per_document` of one document, and for each those that nearly repeat it."""
        chosen: dict[int, Kept] = {}
        same: dict[int, list[Kept]] = {}
        count: Counter[str] = Counter()
        for start in range(0, len(ids), 2 * k):
            some = ids[start : start + 2 * k]
            found = self.store.passages(some)
            for one in (found[id] for id in some if id in found):
                first = next(
                    (id for id, other in chosen.items() if alike(one.row.signature, other.row.signature)), None
                )
                if first is not None:
                    same[first].append(one)
                elif len(chosen) < k and (per_document is None or count[one.document] < per_document):
                    chosen[one.id], same[one.id] = one, []
                    count[one.document] += 1
            if len(chosen) == k:
                break
        return chosen, same

    def _spans(self, query: Query, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        match = self.store.highlighted(query)
        return self._marker.spans(match, texts) if match and texts else [[] for _ in texts]
