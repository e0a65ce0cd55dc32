"""Which files are meant: paths, folders with all below them, and patterns.

A file is called by its path as it was asked for; one that was asked for by a path from the root, or upwards, by what
comes after: `/home/ann/contracts` gives contracts/lease.pdf.
"""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from strati.core.errors import DataError
from strati.knowledge.reader import Reason

_OWN = "base.db"


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read, under the name it was asked for; or why it is not read (`skipped`)."""

    path: Path
    name: str
    skipped: Reason | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """What was asked for: the files, each once, in order; and the folders that were looked through."""

    files: tuple[Found, ...]
    roots: tuple[Path, ...]


def discover(paths: Sequence[str | Path]) -> Search:
    """All files under the paths. A file is read once, under its real path, however many links lead to it.

    In folders, hidden files and knowledge bases are left alone.

    Raises:
        DataError: nothing at all was found.
    """
    _real_folder.cache_clear()
    files: dict[str, Found] = {}
    roots: list[Path] = []
    for asked in paths:
        for path in _expanded(str(asked)):
            if path.is_dir():
                roots.append(path.resolve())
            above = _above(path)
            for found in _under(path):
                if above and found.name.startswith(above):
                    found = replace(found, name=found.name.removeprefix(above))
                files.setdefault(real_path(found.path), found)
    if not files:
        raise DataError(f"no file was found in {', '.join(map(str, paths))}")
    called = Counter(found.name for found in files.values())
    told = [found if called[found.name] == 1 else replace(found, name=str(found.path)) for found in files.values()]
    return Search(tuple(told), tuple(roots))


def _above(path: Path) -> str:
    """What is left off the names of files: the folders above what was asked for, where they tell nothing to people."""
    if not path.is_absolute() and ".." not in path.parts:
        return ""
    return str(path.parent).rstrip("/\\") + os.sep if path.name not in ("", "..") else str(path) + os.sep


def real_path(path: Path) -> str:
    """The path of a file with every link followed; folders are looked up once."""
    if os.path.islink(path):
        return os.path.realpath(path)
    return os.path.join(_real_folder(os.path.dirname(path)), os.path.basename(path))


@lru_cache(maxsize=10_000)
def _real_folder(path: str) -> str:
    return os.path.realpath(path)


def _expanded(asked: str) -> list[Path]:
    """The path itself, or what fits the pattern when there is no such path."""
    if os.path.lexists(asked) or not glob.has_magic(asked):
        return [Path(asked)]
    return [Path(path) for path in sorted(glob.glob(asked, recursive=True))]


def _under(path: Path) -> Iterator[Found]:
    if path.is_dir():
        yield from _folder(path, frozenset())
    elif not os.path.lexists(path):
        yield Found(path, str(path), Reason.UNREADABLE, "there is no such file")
    else:
        yield _file(path)


def _folder(path: Path, above: frozenset[tuple[int, int]]) -> Iterator[Found]:
    try:
        status = path.stat()
        entries = sorted(path.iterdir())
    except OSError as error:
        yield Found(path, str(path), Reason.UNREADABLE, error.strerror or str(error))
        return
    here = (status.st_dev, status.st_ino)
    if here in above:
        yield Found(path, str(path), Reason.UNREADABLE, "the link leads back to a folder above it")
        return
    if path.suffix == ".kb" and (path / _OWN).is_file():
        return
    for entry in entries:
        if entry.name.startswith((".", "~$")):
            continue
        if entry.is_dir():
            yield from _folder(entry, above | {here})
        else:
            yield _file(entry)


def _file(path: Path) -> Found:
    name = str(path).encode("utf-8", "replace").decode()
    if name != str(path):
        return Found(path, name, Reason.UNREADABLE, "its name is not valid UTF-8: rename it")
    if not path.exists():
        return Found(path, str(path), Reason.UNREADABLE, "the link leads nowhere")
    if not path.is_file():
        return Found(path, str(path), Reason.UNREADABLE, "it is not a regular file")
    return Found(path, str(path))
