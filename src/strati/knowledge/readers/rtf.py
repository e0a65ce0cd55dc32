"""Rich Text Format (.rtf): paragraphs, headings, lists, tables, notes, comments, text boxes.

Code pages of fonts, Unicode escapes, fields and revisions are followed; deleted and hidden text is listed as left out.
A place is the number of the paragraph or table cell, as in Word documents.
"""

from __future__ import annotations

import re

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Document, Kind, Metadata
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, Reason, Refused, label
from strati.knowledge.readers.rtf_text import RtfParser
from strati.knowledge.readers.sheet_tables import names_columns

_HEAD = re.compile(rb"\s*\{\s*\\rtf")


class RtfReader:
    """Rich Text Format."""

    name = "rtf"
    version = "1"

    def sniff(self, data: bytes, name: str) -> float:
        return 1.0 if _HEAD.match(data[:64].removeprefix(b"\xef\xbb\xbf")) else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        if not _HEAD.match(data[:64].removeprefix(b"\xef\xbb\xbf")):
            raise Refused(Reason.MALFORMED, r"it does not begin with {\rtf")
        made = DocumentBuilder(limits)
        writer = _Writer(made)
        parser = RtfParser(data.decode("latin-1"), writer)
        parser.run()
        writer.finish()
        if parser.embedded:
            made.warnings.append("objects of other programs are embedded in it; only what is shown of them is read")
        about = writer.about
        metadata = Metadata(title=about.get("title") or None, author=about.get("author") or None)
        return made.document(name, media_type="application/rtf", reader=label(self), metadata=metadata)


class _Writer:
    """Takes paragraphs and cells as the parser finds them."""

    def __init__(self, made: DocumentBuilder) -> None:
        self.made = made
        self.about: dict[str, str] = {}
        self._paragraph = 0
        self._table = 0
        self._rows: list[list[str]] = []
        self._cells: list[str] = []
        self._open = ""  # the cell at hand
        self._notes: list[tuple[str, str]] = []
        self._margins: list[tuple[Kind, str]] = []

    def paragraph(self, text: str, *, level: int, listed: bool, in_table: bool) -> None:
        text = text.strip()
        if in_table:
            self._open = f"{self._open}\n{text}" if self._open else text
            return
        self._end_table()
        self._paragraph += 1
        at = Locator(part=f"paragraph {self._paragraph}")
        if level:
            self.made.block(Kind.HEADING, text, level=min(level, 6), at=at)
        elif listed:
            self.made.block(Kind.LIST_ITEM, text, level=1, at=at)
        else:
            self.made.block(Kind.PARAGRAPH, text, at=at)
        self._write_notes(at)

    def cell(self, text: str) -> None:
        self._cells.append(f"{self._open}\n{text}".strip() if self._open else text.strip())
        self._open = ""

    def row(self) -> None:
        if self._cells:
            self._rows.append(self._cells)
        self._cells = []

    def beside(self, what: str, text: str) -> None:
        """A note, a comment, a text box, a running head or foot, or metadata."""
        text = text.strip()
        if what in ("title", "author"):
            self.about[what] = text
        elif what in ("header", "footer"):
            self._margins.append((Kind(what), text))
        elif text:
            self._notes.append((what, text))

    def left_out(self, what: str, text: str) -> None:
        self.made.leave_out(what, text, Locator(part=f"paragraph {self._paragraph + 1}"))

    def finish(self) -> None:
        self.row()
        self._end_table()
        if self._open:
            text, self._open = self._open, ""
            self.paragraph(text, level=0, listed=False, in_table=False)
        self._write_notes(Locator(part=f"paragraph {self._paragraph}"))
        for kind, text in self._margins:
            self.made.block(kind, text, at=Locator(part=str(kind)))

    def _end_table(self) -> None:
        if not self._rows:
            return
        self._table += 1
        rows, self._rows = self._rows, []
        cells: list[list[tuple[str, Locator | None]]] = [
            [
                (text, Locator(part=f"table {self._table}, row {row}, column {column}") if text else None)
                for column, text in enumerate(found, 1)
            ]
            for row, found in enumerate(rows, 1)
        ]
        self.made.table(cells, header=names_columns(rows))
        self._write_notes(Locator(part=f"table {self._table}"))

    def _write_notes(self, at: Locator) -> None:
        for what, text in self._notes:
            kind = Kind.PARAGRAPH if what == "text box" else Kind.NOTE
            self.made.block(kind, text, at=Locator(part=f"{what} at {at.part}"))
        self._notes = []
