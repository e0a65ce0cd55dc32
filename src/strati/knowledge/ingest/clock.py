"""How long a process has worked on something: processor time, so that a busy machine costs a document nothing."""

from __future__ import annotations

import os
import time
from typing import NamedTuple


class Used(NamedTuple):
    """Seconds of processor time of a process so far, and whether it waits for something else than a processor."""

    seconds: float
    sleeps: bool


def used_by(process: int) -> Used | None:
    """What the system tells of a process; None where it does not tell, or there is no such process."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
    except (OSError, ValueError, IndexError):
        return None
    return Used(ticks / os.sysconf("SC_CLK_TCK"), fields[0] in (b"S", b"D", b"T"))


class Clock:
    """Measures one process since it was last heard.

    Its time is that of the processor, or, while it sleeps and nothing moves, that of the wall: a reader that waits for
    ever comes to an end, too. Where the system does not tell, all of it is that of the wall.
    """

    def __init__(self) -> None:
        self._heard = 0.0
        self._began = self._last = 0.0  # processor time at the first look since then, and at the last one
        self._moved = 0.0  # when it last worked

    def passed(self, process: int, heard: float) -> float:
        """Seconds since `heard` (of `time.monotonic`) that count."""
        now, used = time.monotonic(), used_by(process)
        if used is None:
            return now - heard
        if heard != self._heard:
            self._heard, self._began, self._last, self._moved = heard, used.seconds, used.seconds, now
        if used.seconds > self._last or not used.sleeps:
            self._last, self._moved = used.seconds, now
        return max(used.seconds - self._began, now - self._moved)
