"""Puts a document together piece by piece, so that spans are right by construction.

>>> made = DocumentBuilder()
>>> made.block(Kind.HEADING, "Terms", level=1, at=Locator(line=1))
>>> made.begin(Kind.PARAGRAPH)
>>> _ = made.add("Either party ", at=Locator(line=3))
>>> _ = made.add("may leave.", at=Locator(line=4))
>>> _ = made.end()
>>> document = made.document("terms.md", media_type="text/markdown", reader="markdown.v1")
>>> document.text, str(document.locate(7, 30))
('Terms\\n\\nEither party may leave.', 'Terms, lines 3-4')
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from strati.knowledge.document import Attachment, Block, Document, Kind, LeftOut, Mark, Metadata, Page
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, Reason, Refused

_UNKEPT = re.compile("[\0\ud800-\udfff]")
_LINE_ENDS = re.compile(r"\r\n?")
_TIGHT = {Kind.TABLE_ROW, Kind.LIST_ITEM, Kind.CAPTION}  # neighbours of these kinds: one line end between them


def clean(text: str) -> str:
    """A piece of text as a document may hold it: line ends as \\n, U+FFFD for what stores cannot keep."""
    if "\r" in text:
        text = _LINE_ENDS.sub("\n", text)
    return text if text.isascii() and "\0" not in text else _UNKEPT.sub("\ufffd", text)


class DocumentBuilder:
    """Collects blocks; see the example at the head of this file.

    `limits`, when given, ends the reading of a document that grows past `limits.characters` (`Refused`).
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits
        self._pieces: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._marks: list[Mark] = []
        self._headings: list[tuple[int, str]] = []
        self._open: tuple[Kind, int, int, tuple[int, int] | None] | None = None
        self._begun = 0  # how many pieces and marks there were before the open block
        self._length_of_rest = 0
        self.warnings: list[str] = []
        self.attachments: list[Attachment] = []
        self.pages: list[Page] = []
        self._left_out: list[LeftOut] = []

    def leave_out(self, what: str, text: str, at: Locator) -> None:
        """List words of the file that do not become text of the document; blank ones are ignored."""
        words = " ".join(clean(text).split())
        if words:
            self._length_of_rest += len(words)
            if self._limits and self._length_of_rest > self._limits.characters:
                raise Refused(Reason.TOO_LARGE, f"its text is longer than {self._limits.characters:,} characters")
            self._left_out.append(LeftOut(what, words, at))

    def section(self) -> None:
        """What follows stands under none of the headings so far."""
        self.end()
        self._headings = []

    def begin(self, kind: Kind, *, level: int = 0, header: tuple[int, int] | None = None) -> None:
        """Open a block; `add` fills it, `end` closes it."""
        if self._open is not None:
            self.end()
        if self._blocks:
            tight = kind in _TIGHT and self._blocks[-1].kind is kind
            self._write("\n" if tight else "\n\n")
        self._begun = len(self._pieces)
        self._open = (kind, level, self._length, header)

    def add(self, text: str, *, at: Locator | None = None) -> tuple[int, int]:
        """Add text to the open block, as it is, and say where it stands in the file; returns its span."""
        if self._open is None:
            raise ValueError("no block is open: call begin first")
        start = self._length
        self._write(clean(text))
        if at is not None and self._length > start:
            if self._marks and self._marks[-1].end == start and self._marks[-1].locator == at:
                start = self._marks.pop().start
            self._marks.append(Mark(start, self._length, at))
        return start, self._length

    def end(self) -> tuple[int, int] | None:
        """Close the open block; returns its span, or None when it was blank and is left out."""
        if self._open is None:
            return None
        kind, level, start, header = self._open
        self._open = None
        text = "".join(self._pieces[self._begun :])
        if not text.strip():
            self._undo(start)
            return None
        self._blocks.append(Block(kind, start, self._length, level, self._path(kind, level, text), header))
        return start, self._length

    def block(
        self,
        kind: Kind,
        text: str,
        *,
        level: int = 0,
        at: Locator | None = None,
        header: tuple[int, int] | None = None,
    ) -> None:
        """A whole block at one place; a blank one is left out."""
        self.begin(kind, level=level, header=header)
        self.add(text, at=at)
        self.end()

    def lines(self, kind: Kind, lines: Iterable[tuple[str, Locator]], *, level: int = 0, joint: str = "\n") -> None:
        """A block of several lines, each with its own place, joined by `joint` (a line end or a blank)."""
        self.begin(kind, level=level)
        for number, (text, at) in enumerate(lines):
            if number:
                self.add(joint)
            self.add(text, at=at)
        self.end()

    def table(self, rows: Iterable[Sequence[tuple[str, Locator | None]]], *, header: bool = True) -> None:
        """A table: one block a row, cells separated by tabs; with `header` its first row holds the column names.

        Tabs and line ends inside a cell become blanks.
        """
        names: tuple[int, int] | None = None
        for row in rows:
            self.begin(Kind.TABLE_ROW, header=names)
            for number, (text, at) in enumerate(row):
                if number:
                    self.add("\t")
                self.add(re.sub(r"\s+", " ", text).strip(), at=at)
            span = self.end()
            if header and names is None and span is not None:
                names = span
                self._blocks[-1] = self._blocks[-1]._replace(header=span)

    def document(
        self,
        name: str,
        *,
        media_type: str,
        reader: str,
        metadata: Metadata | None = None,
    ) -> Document:
        """The finished document. Raises `Refused` when there is neither text nor an attachment."""
        self.end()
        if not self._blocks and not self.attachments:
            raise Refused(Reason.EMPTY, "it holds no text")
        return Document(
            name=name,
            text="".join(self._pieces),
            media_type=media_type,
            reader=reader,
            blocks=tuple(self._blocks),
            marks=tuple(self._marks),
            metadata=metadata or Metadata(),
            warnings=tuple(self.warnings),
            attachments=tuple(self.attachments),
            pages=tuple(self.pages),
            left_out=tuple(self._left_out),
        )

    def _write(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)
        if self._limits and self._length > self._limits.characters:
            raise Refused(Reason.TOO_LARGE, f"its text is longer than {self._limits.characters:,} characters")

    def _undo(self, start: int) -> None:
        """Take the blank block back, and the separator before it."""
        del self._pieces[self._begun :]
        self._length = start
        if self._blocks:
            self._length -= len(self._pieces.pop())
        while self._marks and self._marks[-1].end > self._length:
            self._marks.pop()

    def _path(self, kind: Kind, level: int, text: str) -> tuple[str, ...]:
        if kind is Kind.TITLE:
            self._headings = []
        if kind is not Kind.HEADING:
            return tuple(heading for _, heading in self._headings)
        self._headings = [(above, heading) for above, heading in self._headings if above < level]
        path = tuple(heading for _, heading in self._headings)
        self._headings.append((level, " ".join(text.split())))
        return path
