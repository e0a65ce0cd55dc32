"""Drafts as files: text and Markdown in any usual encoding, Word documents; read whole, written back byte for byte."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from strati.core.errors import DataError
from strati.knowledge.decoding import looks_like_text
from strati.write.proposal import Edit, Span, changed
from strati.write.regions import protected

LARGEST = 20_000_000
MARKDOWN = frozenset({".md", ".markdown", ".mdown", ".mkd", ".qmd", ".rmd"})
_ENCODINGS = ("utf-8", "cp1252", "latin-1")  # the last one takes any bytes
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Draft(Protocol):
    """A file's text, the regions to leave alone, and the way back to bytes."""

    @property
    def text(self) -> str: ...
    @property
    def protected(self) -> tuple[Span, ...]: ...
    @property
    def markdown(self) -> bool: ...

    def with_edits(self, edits: Sequence[Edit]) -> bytes:
        """The bytes of the file with the edits made and everything else as it was."""
        ...


@dataclass(frozen=True, slots=True)
class TextDraft:
    """A text or Markdown file; its encoding, mark and ends of lines stay."""

    text: str
    encoding: str
    mark: bytes
    markdown: bool

    @property
    def protected(self) -> tuple[Span, ...]:
        return protected(self.text, markdown=self.markdown)

    def with_edits(self, edits: Sequence[Edit]) -> bytes:
        text = changed(self.text, edits)
        try:
            return self.mark + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            sign = text[error.start : error.end]
            raise DataError(
                f"the file is written in {self.encoding}, which has no {sign!r}: nothing was changed"
            ) from None


def read_bytes(path: Path) -> bytes:
    """The bytes of a draft.

    Raises `DataError` when it is not there, no file, or larger than `LARGEST`.
    """
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise DataError(f"{path} is a folder, expected a draft: a Markdown, text or Word file")
        if size > LARGEST:
            raise DataError(f"{path} has {size / 1e6:,.0f} MB, a draft has at most {LARGEST / 1e6:.0f} MB")
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"there is no file {path}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None


def read_draft(path: Path, data: bytes) -> Draft:
    """What the bytes of a file hold.

    Raises `DataError` when they are neither text nor a Word document.
    """
    if path.suffix.lower() in (".docx", ".docm", ".dotx"):
        from strati.write.docx import DocxDraft

        return DocxDraft.read(path, data)
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _text(path, data, mark, encoding)
    if not looks_like_text(data[:65_536]):
        raise DataError(f"{path} is binary, expected a Markdown, text or Word (.docx) file")
    return _text(path, data, b"", next(name for name in _ENCODINGS if _fits(data, name)))


def _fits(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _text(path: Path, data: bytes, mark: bytes, encoding: str) -> TextDraft:
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not the {encoding} text that it says it is: {error.reason} at {error.start}"
        ) from None
    if mark + text.encode(encoding) != data:
        raise DataError(f"{path}: its text in {encoding} cannot be written back byte for byte, so it is left alone")
    return TextDraft(text, encoding, mark, path.suffix.lower() in MARKDOWN)
