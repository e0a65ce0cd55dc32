"""One writer at a time: the lock of a base, freed by the operating system when its owner dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from strati.core.errors import BusyError
from strati.measure.journal import RunLock


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold the base for writing. Raises `BusyError` when another process does."""
    lock = RunLock(folder / "lock")
    try:
        lock.__enter__()
    except BusyError as error:
        owner = (folder / "lock").read_text(encoding="utf-8").strip() or "unknown"
        raise BusyError(f"{folder} is being written by process {owner}: wait for it and run again") from error
    try:
        yield
    finally:
        lock.__exit__(None, None, None)
