"""What the layers ask of a knowledge base: passages for a text, how rare a word is, and quotes at their place."""

from __future__ import annotations

import math
import re
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from strati.core.errors import ModelError, StackError
from strati.core.records import JSON, Evidence, Source
from strati.knowledge.ask.equivalents import others
from strati.knowledge.ask.quantities import quantities
from strati.knowledge.ask.untrusted import instruction_in
from strati.knowledge.ask.words import IRREGULAR_FORMS, Word, content, fold
from strati.knowledge.store.contract import ALL, Filter, Kept
from strati.models.contract import Embedder

if TYPE_CHECKING:
    from strati.knowledge.base import KnowledgeBase
    from strati.knowledge.search.hits import Hit

PASSAGE = "passage"
_SIGNS = re.compile(r'["“”„]|(?<!\S)-(?=\w)|(?<=\w):(?=\S)')
DEPTH = 20_000  # passages that are looked through for each document's best
LONGEST_QUERY = 1500  # characters of a text that are searched for


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote at its place: `quote` is `text[start:end]` of the document. `n` counts from 1 in a reply."""

    n: int
    document: str
    name: str
    start: int
    end: int
    quote: str
    place: str
    locator: JSON
    date: str = ""

    def to_json(self) -> dict[str, JSON]:
        return {
            "n": self.n,
            "document": self.document,
            "name": self.name,
            "start": self.start,
            "end": self.end,
            "quote": self.quote,
            "place": self.place,
            "locator": self.locator,
        }


@dataclass
class Sources:
    """A knowledge base, or the documents of it that a filter lets through, as the layers see it.

    It is the base as it was when it was first asked; another thread opens the same folder for itself.
    """

    base: KnowledgeBase
    filters: Filter = ALL
    mode: str = "auto"
    covered: Any = field(default=None, repr=False, compare=False)
    learned: dict[tuple[str, int], Any] = field(default_factory=dict, repr=False, compare=False)
    _counts: dict[str, int] = field(default_factory=dict, repr=False)
    _thread: int = field(default_factory=threading.get_ident, repr=False)
    _local: threading.local = field(default_factory=threading.local, repr=False)

    @classmethod
    def open(cls, path: Path, embedder: Embedder | None = None, mode: str = "auto") -> Sources:
        """The base in a folder. Raises `DataError` when there is none."""
        from strati.knowledge.base import KnowledgeBase

        return cls(KnowledgeBase.open(path, embedder, create=False), mode=mode)

    @property
    def here(self) -> KnowledgeBase:
        """The base, for the thread that asks."""
        from strati.knowledge.base import KnowledgeBase

        if threading.get_ident() == self._thread:
            return self.base
        if not hasattr(self._local, "base"):
            self._local.base = KnowledgeBase.open(self.base.store.folder, self.base.embedder, create=False)
        return cast("KnowledgeBase", self._local.base)

    def save(self) -> dict[str, JSON]:
        """What `load` needs: the folder, by its name, and what it held."""
        return {
            "base": str(self.base.store.folder),
            "snapshot": self.snapshot,
            "mode": self.mode,
            "embedder_name": self.base.embedder.card.name if self.base.embedder else None,
        }

    @classmethod
    def load(cls, settings: Mapping[str, JSON], resources: Mapping[str, object]) -> Sources:
        """The same base again; one that several layers of a stack name is opened once.

        Raises:
            DataError: the folder is not there.
            StackError: the base holds something else now.
        """
        name, wanted = settings["base"], settings["embedder_name"]
        embedder = resources.get(wanted) if wanted else None
        if wanted and not isinstance(embedder, Embedder):
            raise ModelError(f"the stack needs the embedder {wanted}: it was not found among the models given")
        found = cls.open(Path(name), embedder if isinstance(embedder, Embedder) else None, settings["mode"])
        if found.snapshot != settings["snapshot"]:
            raise StackError(
                f"the stack was made for {name} at snapshot {settings['snapshot']}, which is now at {found.snapshot}: "
                "measure and certify it again"
            )
        return found

    @cached_property
    def snapshot(self) -> str:
        """The id of what the base holds."""
        return self.here.snapshot()

    @cached_property
    def size(self) -> int:
        """How many passages there are."""
        return self.here.store.passage_count()

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages of the documents, most common first; those that cannot be told are left out."""
        found = Counter(entry.language for entry in self.here.documents(self.filters) if entry.language)
        return tuple(language for language, _ in found.most_common())

    def search(self, text: str, k: int) -> list[Evidence]:
        """The best passages for a text, which is taken as plain words: signs have no meaning."""
        plain = " ".join(_SIGNS.sub(" ", text[:LONGEST_QUERY]).split())
        if not plain:
            return []
        return [evidence_of(hit) for hit in self.here.search(plain, k, self.mode, self.filters)]

    def by_document(self, text: str, most: int) -> dict[str, list[Evidence]]:
        """For each document that has a word of a text its best passages by words, at most `most`, best first."""
        from strati.knowledge.search.query import parse

        query = parse(" ".join(_SIGNS.sub(" ", text[:LONGEST_QUERY]).split()))
        ids = self.here.store.search(query, DEPTH, self.filters).ids.tolist()
        kept = self.here.store.passages(ids)
        found: dict[str, list[Evidence]] = {}
        for one in (kept[id] for id in ids if id in kept):
            some = found.setdefault(one.document, [])
            if len(some) < most:
                some.append(self.evidence(one))
        return found

    def passage_of(self, piece: Evidence) -> Evidence | None:
        """The passage that a piece was cut from; None when it is not there any more."""
        id = int(piece.data["passage"])
        kept = self.here.store.passages([id]).get(id)
        return None if kept is None else self.evidence(kept)

    def around(self, found: Sequence[Evidence], most: int) -> list[Evidence]:
        """The passages before and after those found, of the same documents, at most so many."""
        have = {(one.source.document, one.source.start) for one in found if one.source}
        more: list[Evidence] = []
        for one in found:
            if one.source is None or len(more) >= most:
                break
            rows = self.here.store.passages_of(one.source.document)
            at = next((i for i, kept in enumerate(rows) if kept.row.start == one.source.start), None)
            for kept in [] if at is None else [*rows[max(0, at - 1) : at], *rows[at + 1 : at + 2]]:
                if (kept.document, kept.row.start) not in have and len(more) < most:
                    have.add((kept.document, kept.row.start))
                    source = Source(kept.document, one.source.sha256, kept.row.start, kept.row.end)
                    about = {**one.data, "passage": kept.id, "kind": kept.row.kind, "path": list(kept.row.path)}
                    more.append(Evidence(PASSAGE, kept.row.text, one.score / 2, source, {**about, "near": True}))
        return more

    def versions(self, found: Sequence[Evidence], most: int) -> list[Evidence]:
        """Passages that nearly repeat those found and have other numbers or dates in them, at most so many.

        Search leaves near-duplicates out; two versions of a contract that differ in one amount are such.
        """
        more: list[Evidence] = []
        allowed = None
        for one in found:
            if one.data.get("repeated") and len(more) < most:
                if allowed is None:
                    allowed = {entry.id for entry in self.here.documents(self.filters)}
                told = _values(one.text)
                for kept, _ in self.here.alike(int(one.data["passage"])):
                    if kept.document in allowed and _values(kept.row.text) != told and len(more) < most:
                        more.append(self.evidence(kept))
        have = {one.data["passage"] for one in found}
        return [one for one in more if one.data["passage"] not in have]

    def evidence(self, kept: Kept, score: float = 0.0) -> Evidence:
        """A passage as it is kept, as evidence; for what search did not find itself."""
        entry = self.here.store.entry(kept.document)
        row = kept.row
        locator = str(row.locate(row.start, row.end))
        about: dict[str, JSON] = {
            "passage": kept.id, "name": entry.name, "title": entry.title, "date": entry.date, "kind": row.kind,
            "path": list(row.path), "language": row.language, "rank": 99,
            "place": f"{entry.name}, {locator}" if locator else entry.name,
        }  # fmt: skip
        unsafe = instruction_in(row.text)
        if unsafe:
            about["unsafe"] = unsafe
        return Evidence(PASSAGE, row.text, score, Source(kept.document, entry.sha256, row.start, row.end), about)

    def holding(self, word: str) -> int:
        """In how many passages of the whole base a word occurs, in any of its forms."""
        if word not in self._counts:
            forms = (word, *IRREGULAR_FORMS.get(fold(word), ()))
            self._counts[word] = min(self.size, sum(map(self.here.store.holding, forms)))
        return self._counts[word]

    def weight(self, word: Word) -> float:
        """How much a word tells: its inverse document frequency, from 0 for one that is everywhere."""
        count = self.holding(word.text.lower())
        if not count:  # one of the same sense tells as much
            count = max((self.holding(one) for one in others(word.text)), default=0)
        return idf(count, self.size)

    def unknown(self, text: str) -> list[Word]:
        """The words of a text that no passage holds."""
        return [word for word in content(text) if not self.holding(word.text.lower())]

    def cite(self, n: int, piece: Evidence) -> Citation | None:
        """A citation for a piece of a passage, read anew from the base; None when it does not stand there any more."""
        source = piece.source
        if source is None:
            return None
        kept = self.here.store.passages([int(piece.data["passage"])]).get(int(piece.data["passage"]))
        if kept is None or kept.document != source.document:
            return None
        row = kept.row
        quote = row.text[source.start - row.start : source.end - row.start]
        if not quote or quote != piece.text or not row.start <= source.start < source.end <= row.end:
            return None
        locator = row.locate(source.start, source.end)
        name = str(piece.data["name"])
        where = str(locator)
        return Citation(
            n, source.document, name, source.start, source.end, quote,
            f"{name}, {where}" if where else name, locator.to_json(), str(piece.data.get("date", "")),
        )  # fmt: skip

    def canonical(self, document: str) -> str:
        """The text of a document as its reader gave it: what spans count in."""
        return self.here.store.packed(document)[0].decode()


def misquoted(sources: Sources, citations: Iterable[Citation]) -> list[Citation]:
    """The citations whose quote does not stand at their place in the canonical text. They are not delivered."""
    texts: dict[str, str] = {}
    wrong: list[Citation] = []
    for one in citations:
        if one.document not in texts:
            texts[one.document] = sources.canonical(one.document)
        if texts[one.document][one.start : one.end] != one.quote or not one.quote:
            wrong.append(one)
    return wrong


def idf(count: int, size: int) -> float:
    """The weight that BM25 gives a word which `count` of `size` passages hold.

    >>> round(idf(0, 100), 1), round(idf(100, 100), 3)
    (5.3, 0.005)
    """
    return math.log(1 + (size - count + 0.5) / (count + 0.5))


def _values(text: str) -> set[tuple[object, ...]]:
    return {(one.kind, one.value, one.unit) for one in quantities(text)}


def evidence_of(hit: Hit) -> Evidence:
    """A hit as the layers here take it."""
    about: dict[str, JSON] = {
        "passage": hit.passage, "name": hit.name, "title": hit.title, "date": hit.date, "kind": hit.kind,
        "path": list(hit.path), "language": hit.language, "place": hit.place,
        "rank": min(hit.ranks.values(), default=99),
    }  # fmt: skip
    unsafe = instruction_in(hit.text)
    if unsafe:
        about["unsafe"] = unsafe
    if hit.same:
        about["repeated"] = len(hit.same)
    return Evidence(PASSAGE, hit.text, hit.score, hit.source, about)


def piece_of(passage: Evidence, start: int, end: int) -> Evidence:
    """A piece of a passage as evidence of its own; `start` and `end` count in the document."""
    source = passage.source
    if source is None:
        raise ValueError("a passage without a source cannot be cut")
    text = passage.text[start - source.start : end - source.start]
    return Evidence("quote", text, passage.score, Source(source.document, source.sha256, start, end), passage.data)
