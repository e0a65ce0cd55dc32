"""What a run may use and must tell: `Context` goes with every call of a layer or a check."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from strati.errors import Stopped
from strati.records import JSON, Usage


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


class Budget:
    """Money that may be spent: the worst case is reserved before a call and settled after it.

    At every moment `spent + reserved <= limit`. Thread safe.
    """

    def __init__(self, dollars: float = 0.0) -> None:
        self.limit = dollars
        self.spent = 0.0
        self.reserved = 0.0
        self._lock = threading.Lock()

    def reserve(self, dollars: float) -> None:
        """Set money aside; raises `Stopped` when the limit does not allow it."""
        with self._lock:
            if self.spent + self.reserved + dollars > self.limit:
                raise Stopped(
                    f"the budget of ${self.limit:.2f} does not allow another ${dollars:.4f}: "
                    f"${self.spent:.4f} is spent and ${self.reserved:.4f} is reserved"
                )
            self.reserved += dollars

    def settle(self, reserved: float, paid: float) -> None:
        """Give a reservation back and book what was paid, which may not exceed it."""
        with self._lock:
            self.reserved -= reserved
            self.spent += min(paid, reserved)


@dataclass
class Context:
    """The surroundings of one run.

    `deadline` is a `time.monotonic()` value; `cancelled` may be set from another thread or a signal handler;
    `advance` is told of every finished case, for progress bars; `say` is told what is being done.
    """

    seed: int = 0
    deadline: float | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    budget: Budget = field(default_factory=Budget)
    memo: Memo = field(default_factory=MemoryMemo)
    advance: Callable[[int, Usage], None] = lambda count, usage: None
    say: Callable[[str], None] = lambda text: None

    def check(self) -> None:
        """Raise `Stopped` when the run was cancelled or its time is over. Layers call it between model calls."""
        if self.cancelled.is_set():
            raise Stopped("stopped by the user; everything so far is kept")
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise Stopped("the time limit is reached; everything so far is kept")
