"""Tables in text: values parted by commas, semicolons, tabs or bars, with quotes as RFC 4180 has them."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import Literal

from strati.knowledge.decoding import begin_text, looks_like_text
from strati.knowledge.document import Document
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, Reason, Refused, label
from strati.knowledge.readers.sheet_tables import cell_name, write_tables

DELIMITERS = ",;\t|"
SAMPLE = 30_000
WIDEST = 1 << 30  # characters of a cell; Python allows 128 KiB otherwise
_ENDINGS = (".csv", ".tsv", ".tab")


class CsvReader:
    """Comma separated values and their kin."""

    name = "csv"
    version = "1"

    def sniff(self, data: bytes, name: str) -> float:
        if not looks_like_text(data):
            return 0.0
        text = data[:SAMPLE].decode("utf-8", "replace")
        _, share, width, rows = _best(text)
        if name.lower().endswith(_ENDINGS):
            return 0.7 if share > 0.8 else 0.4
        return (
            0.45 if share > 0.95 and rows >= 5 and width >= 3 and not text.lstrip().startswith(("{", "[", "<")) else 0.0
        )

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        text, made = begin_text(data, limits)
        delimiter = _best(text[:SAMPLE])[0]
        lines: list[int] = []
        if text.count('"') % 2:
            made.warnings.append("a quotation mark is not closed: they are all read as text")
        rows = _rows(text, delimiter, lines)
        write_tables(made, rows, lambda row, column: Locator(line=lines[row], cell=cell_name(row, column)))
        return made.document(name, media_type="text/csv", reader=label(self))


def _rows(text: str, delimiter: str, lines: list[int]) -> Iterator[list[str]]:
    """The rows; puts the line on which each starts in `lines`."""
    csv.field_size_limit(max(csv.field_size_limit(), WIDEST))
    quoting: Literal[0, 3] = csv.QUOTE_NONE if text.count('"') % 2 else csv.QUOTE_MINIMAL
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)
    before = 0
    try:
        for row in reader:
            lines.append(before + 1)
            before = reader.line_num
            yield [" ".join(cell.split()) for cell in row]
    except csv.Error as error:
        raise Refused(Reason.MALFORMED, f"line {reader.line_num}: {error}") from error


def _best(text: str) -> tuple[str, float, int, int]:
    """The likeliest delimiter, the share of rows with the commonest number of cells, that number, and the rows."""
    fits = (_fits(text, delimiter) for delimiter in DELIMITERS)
    return max(fits, key=lambda fit: (fit[1] * min(fit[2], 3), fit[2]))


def _fits(text: str, delimiter: str) -> tuple[str, float, int, int]:
    first = text.lstrip("\r\n").partition("\n")[0]
    if delimiter not in first and '"' not in first:  # no row of several cells begins the text
        return delimiter, 0.0, 0, 0
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row)][:200]
    except csv.Error:
        return delimiter, 0.0, 0, 0
    rows = rows[:-1] if len(rows) > 2 and len(text) >= SAMPLE - 4 else rows  # the sample may end inside a row
    counts = Counter(map(len, rows))
    width, often = max(counts.items(), key=lambda item: item[1], default=(0, 0))
    fits = width > 1 and len(rows[0]) > 1
    return delimiter, often / len(rows) if fits else 0.0, width, len(rows)
