"""Ctrl-C ends a run cleanly after the case at hand; a second one ends it at once."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_on_interrupt(cancelled: threading.Event) -> Iterator[None]:
    """Set `cancelled` on the first interrupt or termination signal."""

    def stop(number: int, frame: FrameType | None) -> None:
        if cancelled.is_set():
            signal.default_int_handler(number, frame)
        print("\nstrati: stopping after the case at hand; again to stop at once", file=sys.stderr)
        cancelled.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
