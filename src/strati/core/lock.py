"""One process writes a run: the lock that says so, and what the operating system refuses, in words."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path
from typing import IO

from strati.core.errors import BusyError, NoSpace, UserError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


class RunLock:
    """Held while a run is written; freed by the operating system when the process dies."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def __enter__(self) -> RunLock:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a+", encoding="utf-8")
        except OSError as error:
            raise in_words(error, self.path) from error
        if not _try_lock(self._file):
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            self._file.close()
            raise BusyError(
                f"the same run is being computed by process {owner} (lock {self.path}); "
                "wait for it, or ask for another run with --seed or --runs-dir"
            )
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


def _try_lock(file: IO[str]) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def in_words(error: Exception, path: Path) -> UserError:
    """What went wrong with a file on disk, as an error that people can act on."""
    code = getattr(error, "sqlite_errorcode", -1) & 0xFF
    if code == sqlite3.SQLITE_FULL or (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)):
        return NoSpace(f"no space left on the disk that holds {path}: free some and run the same command again")
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return NoSpace(f"{path} would be larger than files may be here (ulimit -f): raise the limit and run again")
    if code == sqlite3.SQLITE_IOERR or (isinstance(error, OSError) and error.errno == errno.EIO):
        return NoSpace(f"the disk did not take what was written to {path}: see that it has space and works, run again")
    if isinstance(error, OSError):
        return UserError(f"{path} cannot be written: {error.strerror}")
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN):
        return UserError(f"{path} cannot be written: {error}")
    return UserError(f"{path}: {error}")


def raise_if_full(error: BaseException, path: Path) -> None:
    """Raise `NoSpace` where an error says that the disk took no more; the file it names is told, else `path`."""
    if isinstance(error, NoSpace):
        raise error
    if isinstance(error, OSError) and error.errno in FULL:
        raise in_words(error, Path(error.filename) if isinstance(error.filename, str) else path) from error
