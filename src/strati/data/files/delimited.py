"""CSV and its relatives: the delimiter, the quotes and the header are found from the content."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice
from operator import itemgetter
from typing import Literal, TextIO

from strati.core.errors import DataError
from strati.data.files.table import Row, places_of

DELIMITERS = (",", "\t", ";", "|")
_SAMPLE = 200
_WIDEST_FIELD = 1 << 30  # characters; the csv module allows 128 KiB otherwise
_TOLD = re.compile(r'\s*"?sep=(?P<delimiter>[^\r\n"])"?\s*$')
_LONGEST_RECORD = 2000  # lines; beyond it, a quotation mark was opened and never closed
_HEADER_WORDS = frozenset(
    ("text", "label", "category", "class", "intent", "sentence", "message", "utterance", "id", "target", "sentiment")
)


class Delimited:
    """A text table whose fields are separated by one character.

    `known` are column names the user gave: where the first row holds them all, it is the header.
    """

    roles: Mapping[str, str] = {}

    def __init__(self, name: str, open_: Callable[[], TextIO], known: Collection[str], tabs: bool = False) -> None:
        self.name = name
        self._open = open_
        self._quoting: Literal[0, 3] = csv.QUOTE_MINIMAL
        told = self._told()
        self._told_line = told is not None
        self.delimiter: str | None = "\t" if tabs else told or self._sniff(set(known))
        if self._quotes_are_text():
            self._quoting = csv.QUOTE_NONE
        self.format = "tsv" if self.delimiter == "\t" else "csv"
        first = self._first_records(_SAMPLE)
        if not any(cell.strip() for record in first for cell in record):
            raise DataError(f"{name} holds only blank lines, expected labelled examples")
        self._header = _is_header(first, set(known))
        self.columns = tuple(cell.strip() for cell in first[0])
        self.notes: tuple[str, ...] = ()
        if not self._header:
            self.columns = tuple(f"column{place}" for place in range(1, len(first[0]) + 1))
            self.notes += (f"there is no header: the columns are named {', '.join(self.columns)}",)
        if self._quoting == csv.QUOTE_NONE:
            self.notes += ("quotation marks are part of the text: they do not close at the end of the fields",)

    def rows(self, wanted: Sequence[str]) -> Iterator[Row]:
        pick = _picker(places_of(wanted, self.columns, self.name))
        width = len(self.columns)
        records = self._records()
        if self._header:
            next((record for record in records if record), None)
        for record in records:
            if len(record) == width:
                yield pick(record)
            elif record:  # a blank line is no row
                yield _ragged(record, width, pick)

    def _records(self) -> Iterator[list[str]]:
        csv.field_size_limit(max(csv.field_size_limit(), _WIDEST_FIELD))
        with self._open() as file:
            if self._told_line:
                file.readline()
            reader = csv.reader(file, delimiter=self.delimiter or ",", quoting=self._quoting)
            line = 0
            try:
                for record in reader:
                    if reader.line_num - line > _LONGEST_RECORD:
                        raise DataError(f"{self.name}, line {line + 1}: a quotation mark opens here and does not close")
                    line = reader.line_num
                    yield record
            except csv.Error as error:
                raise DataError(f"{self.name}, line {reader.line_num}: {error}") from None

    def _told(self) -> str | None:
        """The delimiter of a first line `sep=;`, which Excel writes and reads; None for any other."""
        with self._open() as file:
            found = _TOLD.match(file.readline(100))
        return found["delimiter"] if found else None

    def _first_records(self, count: int) -> list[list[str]]:
        return list(islice((record for record in self._records() if record), count))

    def _sniff(self, known: set[str]) -> str:
        """The delimiter that cuts the first records into most, and equally many, fields."""
        best, best_score = ",", (False, 0.0, 0)
        for delimiter in DELIMITERS:
            self.delimiter = delimiter
            try:
                records = self._first_records(_SAMPLE)
            except DataError:
                continue
            if not records or len(records[0]) < 2:
                continue
            width = len(records[0])
            even = round(sum(len(record) == width for record in records) / len(records), 1)
            score = (bool(known) and known <= {cell.strip() for cell in records[0]}, even, width)
            if score > best_score:
                best, best_score = delimiter, score
        return best

    def _quotes_are_text(self) -> bool:
        """True when fields open with a quotation mark that they do not close, though all lines have equal width."""
        if self.delimiter is None:
            return False
        width, unclosed = 0, False
        with self._open() as file:
            if self._told_line:
                file.readline()
            for line in file:
                if not line.strip():
                    continue
                cells = line.rstrip("\r\n").split(self.delimiter)
                width = width or len(cells)
                if len(cells) != width:
                    return False
                if '"' in line and any(cell.startswith('"') and not _closes(cell) for cell in cells):
                    unclosed = True
        return unclosed and width > 1


def _closes(cell: str) -> bool:
    return len(cell) > 1 and cell.endswith('"')


def _picker(places: Sequence[int]) -> Callable[[Sequence[str]], tuple[object, ...]]:
    if len(places) == 1:
        only = places[0]
        return lambda record: (record[only],)
    return itemgetter(*places)


def _ragged(record: Sequence[str], width: int, pick: Callable[[Sequence[str]], tuple[object, ...]]) -> Row:
    if len(record) > width and not any(record[width:]):
        return pick(record)
    return f"{len(record)} field{'s' if len(record) != 1 else ''}, expected {width}"


def _is_header(records: Sequence[Sequence[str]], known: set[str]) -> bool:
    """Whether the first record names the columns: known names, or cells that look like names and not like values."""
    cells = [cell.strip() for cell in records[0]]
    if known and known <= set(cells):
        return True
    if known and known <= {f"column{place}" for place in range(1, len(cells) + 1)}:
        return False
    if any(cell.casefold() in _HEADER_WORDS for cell in cells):
        return True
    if len(cells) < 2 or len(records) < 3:
        return True
    return not any(_is_value(cell, place, records) for place, cell in enumerate(cells))


def _is_value(cell: str, place: int, records: Sequence[Sequence[str]]) -> bool:
    below = Counter(record[place].strip() for record in records[1:] if len(record) > place)
    numeric = cell.replace(".", "", 1).lstrip("-").isdigit()
    return bool(cell) and (below[cell] > 0 or len(cell) > 60 or numeric)
