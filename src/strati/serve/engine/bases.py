"""A knowledge base as it is served: one thread owns it; questions wait for their turn."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, TypeVar

from strati.core.context import Context
from strati.core.records import State
from strati.knowledge.base import KnowledgeBase, Receipt, folder_of
from strati.serve.engine.worker import step_record
from strati.serve.records import Cited, Outcome, Request, Said

if TYPE_CHECKING:
    from strati.knowledge.ask import CheckReport, Citation, Sentence
    from strati.knowledge.document import Document
    from strati.knowledge.search.hits import Hit
    from strati.knowledge.store.contract import Entry, Filter
    from strati.models.contract import Embedder, LanguageModel

T = TypeVar("T")


@dataclass(frozen=True)
class Asking:
    """How a question is answered: a language model that writes, or none; who hears of each checked sentence."""

    model: LanguageModel | None = None
    on_sentence: Callable[[Sentence], None] | None = None
    ctx: Context = field(default_factory=Context)


class Base:
    """One knowledge base under the name clients call it.

    Args:
        folder: NAME.kb.
        embedder: opens the embedder for it, or gives None; called in the owning thread, at the first question.
        waiting: most questions in the queue.
        model: writes answers from the evidence; without one the nearest sentences are quoted.

    Attributes:
        note: what to know about it, in a sentence, such as that its embedder is not here.

    Raises:
        DataError: there is no base, or another version of strati wrote it.
    """

    def __init__(
        self,
        folder: Path,
        embedder: Callable[[Path], Embedder | None] = lambda folder: None,
        waiting: int = 256,
        model: LanguageModel | None = None,
    ) -> None:
        self.folder = folder_of(folder)
        self.note = ""
        self.model = model
        self.name = self.folder.name.removesuffix(".kb")
        self.waiting = waiting
        KnowledgeBase.open(self.folder, create=False).close()  # better told now than at the first question
        self._open_embedder = embedder
        self._pool = ThreadPoolExecutor(1, f"base {self.name}")
        self._base: KnowledgeBase | None = None
        self._count = 0
        self._lock = threading.Lock()

    @property
    def depth(self) -> int:
        return self._count

    def submit(self, work: Callable[[KnowledgeBase], T]) -> Future[T] | None:
        """Have the owning thread do something with the base; None, and nothing is done, when too much waits."""
        with self._lock:
            if self._count >= self.waiting:
                return None
            self._count += 1

        def run() -> T:
            try:
                return work(self._opened())
            finally:
                with self._lock:
                    self._count -= 1

        return self._pool.submit(run)

    def _opened(self) -> KnowledgeBase:
        if self._base is None:
            self._base = KnowledgeBase.open(self.folder, self._open_embedder(self.folder), create=False)
        return self._base

    def close(self) -> None:
        self._pool.shutdown(wait=True)
        if self._base is not None:
            self._base.close()

    # What may be asked of it; each runs in the owning thread.

    def answer(self, request: Request, asking: Asking) -> Callable[[KnowledgeBase], Outcome]:
        return lambda base: answered(self.name, base, request, asking)

    def check(self, text: str) -> Callable[[KnowledgeBase], CheckReport]:
        from strati.knowledge.ask import check_text

        return lambda base: check_text(base, text)

    def search(self, query: str, k: int, mode: str, filters: Filter) -> Callable[[KnowledgeBase], list[Hit]]:
        return lambda base: base.search(query, k, mode, filters)

    def entries(self) -> Callable[[KnowledgeBase], list[Entry]]:
        return lambda base: base.documents()

    def document(self, id: str) -> Callable[[KnowledgeBase], tuple[Entry, Document]]:
        return lambda base: (base.store.find(id), base.document(id))

    def forget(self, id: str) -> Callable[[KnowledgeBase], Receipt]:
        return lambda base: base.forget([id])

    def embed(self, texts: Sequence[str]) -> Callable[[KnowledgeBase], Any]:
        return lambda base: None if base.embedder is None else base.embedder.embed(texts)


def answered(name: str, base: KnowledgeBase, request: Request, asking: Asking) -> Outcome:
    """A question put to a base: sentences with their places, or withheld with the reason and the nearest passages."""
    from strati.knowledge.ask import ask

    began = time.perf_counter()
    reply = ask(base, request.text, model=asking.model, on_sentence=asking.on_sentence, ctx=asking.ctx)
    usage = reply.usage
    return Outcome(
        request,
        State.ANSWERED if reply.answered else State.WITHHELD,
        reply.answer if reply.answered else None,
        reply.confidence,
        reply.steps[-1].layer if reply.answered and reply.steps else None,
        reply.reason or (reply.steps[-1].reason if reply.steps else ""),
        (),
        tuple(map(step_record, reply.steps)),
        tuple(cited_of(name, one) for one in (reply.citations if reply.answered else reply.nearest)),
        tuple(Said(one.text, one.state, one.citations) for one in reply.sentences),
        time.perf_counter() - began,
        usage.dollars,
        usage.tokens_in,
        usage.tokens_out,
        reply.snapshot,
    )


def cited_of(name: str, one: Citation) -> Cited:
    """A citation as it is kept, without the folders that its file lies in."""
    plain = PurePath(one.name).name
    return Cited(one.quote, one.place.replace(one.name, plain), name, one.document, one.start, one.end)


def place_of(hit: Hit) -> str:
    """The file and where in it, without the folders that it lies in: they are nobody's business outside."""
    where = str(hit.locator)
    return f"{PurePath(hit.name).name}, {where}" if where else PurePath(hit.name).name


def embedder_for(folder: Path, catalogs: Sequence[Path] = ()) -> Embedder | None:
    """The embedder that a base was made with, when it is here; else None: search then goes by words."""
    from importlib.util import find_spec

    from strati.core.errors import ModelError
    from strati.knowledge.store.sqlite import SqliteStore
    from strati.models.open import open_models

    store = SqliteStore(folder)
    try:
        own = store.embedder()
    finally:
        store.close()
    if own is None or find_spec("onnxruntime") is None or find_spec("tokenizers") is None:
        return None
    try:
        found = open_models([own[0]], catalogs, llms=False)[1]
    except ModelError:
        return None
    return found[0] if found else None


def without_embedder(folder: Path, catalogs: Sequence[Path] = ()) -> str:
    """Why a base that was made with an embedder goes by words alone here, in a sentence; "" where it does not."""
    from importlib.util import find_spec

    from strati.core.errors import install
    from strati.knowledge.store.sqlite import SqliteStore
    from strati.models.catalog.catalog import Catalog
    from strati.models.catalog.store import Store

    store = SqliteStore(folder_of(folder))
    try:
        own = store.embedder()
    finally:
        store.close()
    if own is None:
        return ""
    begin = f"{folder_of(folder).name} was made with the embedder {own[0]}"
    if find_spec("onnxruntime") is None or find_spec("tokenizers") is None:
        return f"{begin}, which needs packages: {install('local')}; until then it is searched by words alone"
    catalog = Catalog.load(catalogs)
    if own[0] in {entry.name for entry in Store().pulled(catalog)}:
        return ""
    how = f"strati models pull {own[0]}" if own[0] in catalog else "--catalog FILE names the catalog that has it"
    return f"{begin}, which is not here: {how}; until then it is searched by words alone"
