"""Progress on the terminal: bars where somebody looks, plain lines where a file or a pipe does."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from strati.core.records import Usage


class Show:
    """Shows what a run is doing, on standard error: rate, cost so far, time left.

    The cost is this machine's time and what others have been paid, earlier processes of the same run included.
    """

    def __init__(self, machine_per_hour: float, quiet: bool = False) -> None:
        self._price = machine_per_hour
        self._quiet = quiet
        self._bars: Progress | None = None
        self._task: TaskID | None = None
        self._machine = 0.0
        self._paid = 0.0
        self._start = time.monotonic()
        self._said: set[str] = set()

    def __enter__(self) -> Show:
        if not self._quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._bars = Progress(
                TextColumn("{task.description}", table_column=None),
                BarColumn(bar_width=12),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TextColumn("${task.fields[dollars]:.4f}"),
                TimeRemainingColumn(compact=True),
                console=Console(stderr=True),
                transient=True,
            )
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def begin(self, what: str, total: int) -> None:
        """A new piece of work with `total` cases; as a plain line it is told once, however many units it has."""
        if self._quiet:
            return
        if self._bars is None:
            if what in self._said:  # the next unit of cross-fitting
                return
            self._said.add(what)
            print(
                f"[{time.monotonic() - self._start:6.1f} s] {what}" + (f" ({total:,})" if total else ""),
                file=sys.stderr,
            )
            return
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(_short(what), total=total or None, rate="", dollars=self._dollars)

    def advance(self, count: int, usage: Usage) -> None:
        """Finished cases and what they took."""
        if not usage.dollars:  # what others are paid for, they compute
            self._machine += usage.seconds / 3600 * self._price
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, advance=count, dollars=self._dollars)
            speed = self._bars.tasks[0].speed if self._bars.tasks else None
            self._bars.update(self._task, rate=f"{speed:,.1f}/s" if speed else "")

    def paid(self, dollars: float) -> None:
        """What others have been paid for this run so far, in all."""
        self._paid = dollars
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, dollars=self._dollars)

    @property
    def _dollars(self) -> float:
        return self._machine + self._paid


def _short(what: str) -> str:
    return what if len(what) <= 34 else what[:33] + "…"
