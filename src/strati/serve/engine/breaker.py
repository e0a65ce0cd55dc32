"""A circuit breaker: when a stack's layers are down, its cases go to people at once, and one is tried now and then."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Breaker:
    """Opens after `after` failures in a row, tries again after `pause` seconds with one case.

    >>> now = [0.0]
    >>> breaker = Breaker(after=2, pause=10, clock=lambda: now[0])
    >>> breaker.failed("gone"), breaker.failed("gone"), breaker.allows()
    (None, None, False)
    >>> now[0] = 11.0
    >>> breaker.allows(), breaker.allows(), breaker.worked(), breaker.allows()
    (True, False, None, True)
    """

    after: int = 5
    pause: float = 10.0
    clock: Callable[[], float] = time.monotonic
    reason: str = ""
    _failures: int = 0
    _until: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def allows(self) -> bool:
        """Whether a case may be tried; while the circuit is open only one at a time, after each pause."""
        if self._until is None:
            return True
        with self._lock:
            if self._until is None:
                return True
            if self.clock() < self._until:
                return False
            self._until = self.clock() + self.pause
            return True

    def worked(self) -> None:
        if self._failures or self._until is not None:
            with self._lock:
                self._failures, self._until, self.reason = 0, None, ""

    def failed(self, reason: str) -> None:
        with self._lock:
            self._failures += 1
            self.reason = reason
            if self._failures >= self.after:
                self._until = self.clock() + self.pause

    @property
    def open(self) -> bool:
        return self._until is not None


@dataclass
class Retries:
    """One budget for all second tries: `share` of the requests, so that trouble is not multiplied."""

    share: float = 0.1
    most: float = 10.0
    _left: float = 10.0

    def earned(self) -> None:
        self._left = min(self.most, self._left + self.share)

    def take(self) -> bool:
        if self._left < 1:
            return False
        self._left -= 1
        return True
