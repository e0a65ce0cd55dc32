"""A temporary folder that only this user can enter. What a killed process left behind is removed by the next one."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

from strati.core.errors import UserError
from strati.core.lock import RunLock

PREFIX = "strati-engine-"
YOUNG = 60.0
"""Seconds: a folder younger than this may belong to a process that is about to lock it."""


class Scratch:
    """The folder `path`, removed by `close`."""

    def __init__(self) -> None:
        for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
            _remove_left(folder)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = RunLock(self.path / "lock")
        self._lock.__enter__()

    def close(self) -> None:
        self._lock.__exit__()
        shutil.rmtree(self.path, ignore_errors=True)


def _remove_left(folder: Path) -> None:
    """Remove a folder whose process is dead; leave those of others alone."""
    try:
        if time.time() - folder.stat().st_mtime > YOUNG:
            with RunLock(folder / "lock"):
                shutil.rmtree(folder, ignore_errors=True)
    except (OSError, UserError):  # another user's, in use, or just removed by another process
        return
