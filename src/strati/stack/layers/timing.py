"""Sharing the time of a batch among its cases."""

from __future__ import annotations

import time
from types import TracebackType


class Stopwatch:
    """Measures wall time: `with Stopwatch() as watch: ...; watch.seconds`."""

    seconds: float = 0.0

    def __enter__(self) -> Stopwatch:
        self._start = time.perf_counter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.seconds = time.perf_counter() - self._start

    def each(self, count: int) -> float:
        """Seconds per case of a batch of `count`."""
        return self.seconds / count if count else 0.0
