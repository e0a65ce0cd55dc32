"""What a store of knowledge does. Ids of passages are the store's own and may change when a document is read again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from strati.core.records import JSON

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from strati.knowledge.document import Document
    from strati.knowledge.record import PassageRow, Record
    from strati.knowledge.search.query import Query


@dataclass(frozen=True, slots=True)
class Filter:
    """Which documents take part in a search; what is empty or None does not restrict.

    `documents` are ids, names, or patterns such as "contracts/*"; `types` media types or their last part ("pdf");
    `since` and `until` ISO 8601 dates, both included; `languages` ISO 639-1 codes.
    """

    documents: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    languages: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return self == ALL


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a kept document without opening it."""

    id: str
    path: str
    name: str
    container: str
    sha256: str
    size: int
    media_type: str
    reader: str
    sizes: str
    title: str
    author: str
    date: str
    language: str | None
    passages: int


ALL = Filter()


class Kept(NamedTuple):
    """A passage as kept: its id, the id of its document, and its row."""

    id: int
    document: str
    row: PassageRow


class Ranked(NamedTuple):
    """Passage ids with scores, best first; higher is better."""

    ids: NDArray[np.int64]
    scores: NDArray[np.float64]


class Embedded(NamedTuple):
    """Vectors (passages, dimensions), document by document: `ids` of the passages in this order, `documents` by the
    number that their id is in hexadecimal digits, and how many passages each has (`lengths`)."""

    ids: NDArray[np.int64]
    rows: NDArray[np.float32]
    documents: NDArray[np.uint64]
    lengths: NDArray[np.int64]

    def inside(self, allowed: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """For each row, whether it is of one of these documents."""
        import numpy as np

        return np.repeat(np.isin(self.documents, allowed), self.lengths)


class Store(Protocol):
    """Whole documents only: `put`, `put_all` and `remove` are one transaction each. Reading goes on meanwhile."""

    def put(self, record: Record, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        """Keep a document in place of what was at its path, with vectors (passages, dimensions) by embedder."""
        ...

    def put_all(self, records: Iterable[tuple[Record, Mapping[str, NDArray[np.float32]]]]) -> None:
        """Keep several documents in one transaction."""
        ...

    def remove(self, ids: Sequence[str]) -> int:
        """Forget documents without a trace; returns how many passages went with them."""
        ...

    def entries(self, filter: Filter = ...) -> list[Entry]:
        """Kept documents by path."""
        ...

    def document(self, id: str) -> Document:
        """A document as its reader gave it, without attachments."""
        ...

    def passages(self, ids: Iterable[int]) -> dict[int, Kept]:
        """Passages by id; ids that are gone are left out."""
        ...

    def passages_of(self, document: str) -> list[Kept]:
        """The passages of a document in their order."""
        ...

    def search(self, query: Query, limit: int, filter: Filter) -> Ranked:
        """Passages by BM25, best first."""
        ...

    def passage_count(self) -> int:
        """How many passages there are."""
        ...

    def holding(self, word: str) -> int:
        """How many passages hold a word in any of its forms."""
        ...

    def vectors(self, embedder: str) -> Embedded:
        """Everything embedded by this embedder."""
        ...

    def add_vectors(self, document: str, embedder: str, vectors: NDArray[np.float32]) -> None:
        """Keep the vectors of a document's passages, in their order."""
        ...

    def generation(self) -> int:
        """Grows with every change: what was derived from an older one is stale."""
        ...

    def dump(self) -> Iterator[JSON]:
        """Everything that search can depend on, in an order and form that know nothing of how it came to be."""
        ...
