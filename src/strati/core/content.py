"""The bytes of a data file: can they be read, and what do they look like?"""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, TextIO

from strati.core.errors import DataError

HEAD = 1 << 18

_MAGIC = (
    (b"\x89PNG", "a PNG image"),
    (b"GIF8", "a GIF image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"ARROW1", "an Arrow file"),
    (b"\x93NUMPY", "a numpy array"),
    (b"\x80\x04\x95", "a Python pickle"),
    (b"\x7fELF", "a program"),
    (b"version https://git-lfs", "a Git LFS pointer instead of the data"),
)
_ARCHIVE_MEMBERS = (("xl/", "an Excel workbook"), ("word/", "a Word document"), ("ppt/", "a PowerPoint file"))


@dataclass(frozen=True)
class Content:
    """A file, or what came over standard input, ready to be read more than once."""

    name: str
    open: Callable[[], BinaryIO]
    head: bytes
    path: Path | None

    def sha256(self) -> str:
        """The SHA-256 of all bytes."""
        with self.open() as file:
            total = hashlib.sha256()
            while block := file.read(1 << 20):
                total.update(block)
            return total.hexdigest()


def content_of(source: Path | str) -> Content:
    """The content of a file, or of standard input for "-". Raises `DataError` where there is nothing to read."""
    if str(source) == "-":
        data = _all_of(sys.stdin)
        return _checked(Content("stdin", lambda: io.BytesIO(data), data[:HEAD], None))
    path = Path(source)
    try:
        with path.open("rb") as file:
            start = file.read(HEAD)
    except FileNotFoundError:
        raise DataError(f"there is no file {path}") from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder, expected a file of labelled examples") from None
    except PermissionError:
        raise DataError(f"{path} cannot be read: permission denied") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    return _checked(Content(str(path), lambda: path.open("rb"), start, path))


@lru_cache(maxsize=1)
def _all_of(stream: TextIO) -> bytes:
    """The bytes of standard input, which can be read once only but are peeked at before they are read."""
    return stream.buffer.read()


def looks_like(head: bytes, whole: Callable[[], BinaryIO] | None = None) -> str | None:
    """What a binary file is, in words, or None when it may be text or Parquet."""
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _archive(whole)
    found = next((words for magic, words in _MAGIC if head.startswith(magic)), None)
    start = head[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if found is None and start.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    return found


def _checked(content: Content) -> Content:
    if not content.head:
        raise DataError(f"{content.name} is empty, expected labelled examples")
    found = looks_like(content.head, content.open)
    if found:
        raise DataError(
            f"{content.name} looks like {found}, expected labelled examples as CSV, TSV, JSONL, Parquet or Orange .tab"
        )
    return content


def _archive(whole: Callable[[], BinaryIO] | None) -> str:
    if whole is not None:
        try:
            with whole() as file, zipfile.ZipFile(file) as archive:
                names = archive.namelist()
            for prefix, words in _ARCHIVE_MEMBERS:
                if any(name.startswith(prefix) for name in names):
                    return words
        except (zipfile.BadZipFile, OSError):
            return "a damaged zip archive"
    return "a zip archive"
