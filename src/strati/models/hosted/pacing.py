"""How fast a server is asked: calls in flight, waits between attempts, and how many attempts a run may repeat."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar
from weakref import WeakKeyDictionary

from strati.core.budget import Budget
from strati.core.context import Context

FIRST_WAIT = 0.5
LONGEST_WAIT = 30.0
LONGEST_ASKED = 300.0
"""A server that asks for a longer wait than this has no place for the run: the call fails instead."""
TICK = 0.25


class RetryBudget:
    """The attempts that a run may repeat, whichever model they are for: a store that successes refill.

    Retry throttling as in gRPC proposal A6: when a server is in trouble, repeating every call makes it worse. A store
    that is never refilled lasts for `capacity` retries; in the long run there are `refill` retries for a success.
    """

    _by_run: ClassVar[WeakKeyDictionary[Budget, RetryBudget]] = WeakKeyDictionary()
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, capacity: float = 100.0, refill: float = 0.5) -> None:
        self._capacity = capacity
        self._refill = refill
        self._left = capacity
        self._own = threading.Lock()

    @classmethod
    def of(cls, ctx: Context) -> RetryBudget:
        """The one of a run, known by its budget of money."""
        with cls._lock:
            return cls._by_run.setdefault(ctx.budget, cls())

    def take(self) -> bool:
        """Whether another attempt may be repeated; it is counted if so."""
        with self._own:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def succeeded(self) -> None:
        with self._own:
            self._left = min(self._capacity, self._left + self._refill)


class Gate:
    """Lets at most a number of calls through at once; fewer after signs of overload, more again after successes.

    Additive increase, multiplicative decrease (Chiu and Jain 1989, section 3). Calls that began before the last
    decrease do not cause another one: they are the same congestion.
    """

    def __init__(self, most: int) -> None:
        self._most = float(most)
        self._limit = float(most)
        self._inside = 0
        self._decreased = 0.0
        self._opens = 0.0
        self._changed = threading.Condition()

    @property
    def limit(self) -> int:
        """Calls that may be in flight now."""
        return int(self._limit)

    @contextmanager
    def passing(self, ctx: Context) -> Iterator[float]:
        """Wait for a place, hold it; gives the time of entry. Raises `Stopped` when the run ends first."""
        with self._changed:
            while True:
                ctx.check()
                shut = self._opens - time.monotonic()
                if shut <= 0 and self._inside < self.limit:
                    break
                self._changed.wait(min(TICK, shut) if shut > 0 else TICK)
            self._inside += 1
        try:
            yield time.monotonic()
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    def succeeded(self) -> None:
        with self._changed:
            self._limit = min(self._most, self._limit + 1 / self._limit)

    def overloaded(self, entered: float) -> None:
        """A call that entered at that time met signs of overload."""
        with self._changed:
            if entered > self._decreased:
                self._limit = max(1.0, self._limit / 2)
                self._decreased = time.monotonic()

    def shut(self, seconds: float) -> None:
        """Let nobody through for so long: the server asked for it."""
        with self._changed:
            self._opens = max(self._opens, time.monotonic() + seconds)


def wait_before(attempt: int, asked: float | None) -> float:
    """Seconds to wait before the attempt of that number, from 1: exponential with full jitter, at least what is asked.

    Full jitter: Brooker 2015, Exponential Backoff and Jitter, AWS Architecture Blog.
    """
    if asked is not None:
        return asked + random.uniform(0.0, min(1.0, FIRST_WAIT + asked / 10))
    return random.uniform(0.0, min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempt, 16)))


def sleep(seconds: float, ctx: Context) -> None:
    """Wait; raises `Stopped` as soon as the run is cancelled or its time is over."""
    until = time.monotonic() + seconds
    if ctx.deadline is not None:
        until = min(until, ctx.deadline + 0.001)
    ctx.cancelled.wait(max(0.0, until - time.monotonic()))
    ctx.check()
