"""What a run may use and must tell: `Context` goes with every call of a layer or a check."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from strati.core.budget import Budget
from strati.core.errors import Stopped
from strati.core.records import JSON, Usage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from strati.models.contract import Embedder


class Memo(Protocol):
    """Model calls already made, so that none is made twice; kept in the journal of a run."""

    def recall(self, key: str) -> tuple[JSON, Usage] | None:
        """The reply to an earlier call and what it took, or None."""
        ...

    def remember(self, key: str, reply: JSON, usage: Usage) -> None:
        """Keep a reply; it is on disk when this returns."""
        ...


class MemoryMemo:
    """A memo that lives as long as the process."""

    def __init__(self) -> None:
        self._calls: dict[str, tuple[JSON, Usage]] = {}

    def recall(self, key: str) -> tuple[JSON, Usage] | None:
        return self._calls.get(key)

    def remember(self, key: str, reply: JSON, usage: Usage) -> None:
        self._calls.setdefault(key, (reply, usage))


class VectorCache:
    """Embeddings already computed while fitting, by embedder and text, so that several rungs embed a text once.

    A run that measures answers afresh and only adds to it (`Context.fresh`), so measured times are honest. Thread safe.
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def embed(self, embedder: Embedder, texts: Sequence[str], *, fresh: bool) -> NDArray[np.float32]:
        """One row per text, in their order; only new texts are embedded, or all when `fresh`."""
        import numpy as np

        key = embedder.fingerprint()
        with self._lock:
            new = list(texts) if fresh else [t for t in dict.fromkeys(texts) if (key, t) not in self._rows]
            found = embedder.embed(new)
            self._rows.update(zip(((key, text) for text in new), found, strict=True))
            return np.stack([self._rows[key, text] for text in texts]) if len(texts) else found


@dataclass
class Context:
    """The surroundings of one run.

    `deadline` is a `time.monotonic()` value; `cancelled` may be set from another thread or a signal handler;
    `begin` is told what is being done and how many cases it has, `advance` of every finished case: for progress bars.
    `tick` is for layers that are slow: they tell it of each case as it is done, inside a longer piece of work.
    `paid` is told of the dollars spent in all, at the start of a run and after each paid call.
    `vectors` keeps embeddings for fitting; with `fresh` nothing is taken from it, as when answers are timed.
    """

    seed: int = 0
    deadline: float | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    budget: Budget = field(default_factory=Budget)
    memo: Memo = field(default_factory=MemoryMemo)
    advance: Callable[[int, Usage], None] = lambda count, usage: None
    begin: Callable[[str, int], None] = lambda what, total: None
    tick: Callable[[int, Usage], None] = lambda count, usage: None
    paid: Callable[[float], None] = lambda dollars: None
    vectors: VectorCache | None = None
    fresh: bool = False

    def embed(self, embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed texts; layers go through this so that fitting does no work twice."""
        if self.vectors is None:
            return embedder.embed(texts)
        return self.vectors.embed(embedder, texts, fresh=self.fresh)

    def check(self) -> None:
        """Raise `Stopped` when the run was cancelled or its time is over. Layers call it between model calls."""
        if self.cancelled.is_set():
            raise Stopped("stopped by the user; everything so far is kept")
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise Stopped("the time limit is reached; everything so far is kept")
